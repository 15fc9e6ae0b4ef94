/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_HISTFILE_H
#define APP_HISTFILE_H

#include <stdio.h>

#include "hist.h"
#include "parse.h"

/* What the ending of a file's name asks for. */
enum histfile_kind {
	HISTFILE_NONE,
	HISTFILE_LOG,  /* .hlog: HdrHistogram's log, a line per interval; nanoseconds */
	HISTFILE_TEXT, /* .hgrm: percentiles as its plotters read them; microseconds */
};

/* Return: HISTFILE_NONE for NULL, and for an ending that is neither. */
enum histfile_kind histfile_kind(const char *path);

/* The lines before the first interval, which begins at @start_ns since 1970. */
void histfile_log_begin(uint64_t start_ns, FILE *f);

/* What @h got from @from_s to @to_s, in seconds since the start. Return: false: no memory. */
bool histfile_log(const struct hist *h, double from_s, double to_s, FILE *f);

void histfile_text(const struct hist *h, FILE *f);

#endif
