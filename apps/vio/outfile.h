/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_OUTFILE_H
#define APP_OUTFILE_H

#include <limits.h>
#include <stdio.h>

/*
 * A file that is written whole or not at all: under another name in the same folder, and renamed
 * when it is complete. Readers never see half of it, and a full disk leaves what was there before.
 * What is no plain file (a pipe, a device), and "-", stdout, is written directly.
 */
struct outfile {
	FILE *f;
	char path[PATH_MAX], temp[PATH_MAX + 16]; /* temp "": written directly */
};

/* Create @path, or open what stands there, without waiting for the reader of a pipe. Return: 0, or
 * a negative errno: -ENXIO nobody reads the pipe. */
int outfile_direct(const char *path, FILE **out);

/* Return: 0, or a negative errno. End it with outfile_commit() or outfile_abort(). */
int outfile_begin(struct outfile *o, const char *path);

/* Return: 0; or a negative errno, and the file is as it was before. */
int outfile_commit(struct outfile *o);

void outfile_abort(struct outfile *o);

/* Has all that was printed into @f reached the system? Return: 0, or a negative errno. */
int outfile_flush(FILE *f);

/* Could it be written? Return: 0, or an exit code with the error reported. NULL: nothing to do. */
int outfile_check(const char *path);

#endif
