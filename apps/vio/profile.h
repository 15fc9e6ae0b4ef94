/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PROFILE_H
#define APP_PROFILE_H

#include "gen.h"

#define STREAM_NAME_MAX 31

/* A stream as a profile describes it. */
struct profile_stream {
	char name[STREAM_NAME_MAX + 1];
	double weight;            /* 1 where it is not told */
	bool own_rate, own_sizes; /* not those of the command line */
	struct gen_config cfg;    /* the command line's, with what the stream has of its own */
};

/* Several streams, from a file. */
struct profile {
	unsigned int n;
	struct profile_stream *stream;
	void *document; /* the values' texts */
};

/**
 * profile_read - read streams from a file of YAML, of which JSON is a part
 * @file: its name
 * @base: the command line's configuration: what a stream does not say is taken from there
 * @out: receives the streams; untouched on failure. End with profile_free().
 *
 * Return: 0, or an exit code with the error reported: the file's name, the line, the key.
 */
int profile_read(const char *file, const struct gen_config *base, struct profile **out);

/* @p may be NULL. */
void profile_free(struct profile *p);

#endif
