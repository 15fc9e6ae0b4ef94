/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_LINEFILE_H
#define APP_LINEFILE_H

#include <stdbool.h>
#include <stdio.h>

/* A file that grows by lines while a run goes on; others may follow it. */
struct linefile {
	FILE *f; /* NULL: not asked for, or given up */
	const char *path;
	bool failed;
};

/*
 * Create @path ("-": stdout), which is borrowed; NULL: every call does nothing.
 * Return: 0, or an exit code with the error reported.
 */
int linefile_open(struct linefile *l, const char *path);

/*
 * Hand what has been printed into l->f to the system. The first time that this fails it is
 * reported, and the file is given up: l->f is NULL from then on. What it has got stays.
 */
void linefile_flush(struct linefile *l);

void linefile_close(struct linefile *l);

#endif
