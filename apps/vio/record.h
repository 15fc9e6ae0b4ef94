/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_RECORD_H
#define APP_RECORD_H

#include <jansson.h>
#include <stdbool.h>

/* A result that was written with -o, and read again. Nothing of it is to be trusted. */
struct record {
	const char *file;  /* borrowed from the command line */
	const char *label; /* what its series are called; repetitions share it */
	json_t *doc;
	bool search; /* of vio search */
	bool valid;  /* its figures are results */
};

struct records {
	unsigned int n;
	struct record *r;
	unsigned int n_groups;
	const char **group; /* labels, each once */
};

/*
 * Read "FILE" or "LABEL=FILE", @n of them; without LABEL it is the file's name. @args is borrowed
 * and its texts are cut. End it with records_free(), whatever is returned.
 * Return: 0, or an exit code with the error reported.
 */
int records_read(struct records *rs, char **args, unsigned int n);

void records_free(struct records *rs);

/* Number at @path. Return: NAN if there is none. */
double record_number(const struct record *r, const char *path);

/* Text at @path; "" if there is none. */
const char *record_text(const struct record *r, const char *path);

/* Bytes of a frame on average, with the FCS; NAN: nothing was sent. */
double record_size(const struct record *r);

#endif
