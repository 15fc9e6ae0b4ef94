/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_CAPTURE_RUN_H
#define APP_CAPTURE_RUN_H

#include <jansson.h>
#include <stddef.h>
#include <stdio.h>

#include "capture.h"
#include "capture_control.h"
#include "options.h"

/* What a command that works on packets was asked for beside its work. */
struct capture_config {
	const char *file, *filter; /* NULL: none */
	const char *control;       /* path of a socket */
	uint64_t snap;             /* 0: all */
};

bool capture_read_file(const char *text, void *field, struct why *why);   /* const char * */
bool capture_read_filter(const char *text, void *field, struct why *why); /* const char * */
bool capture_read_snap(const char *text, void *field, struct why *why);   /* uint64_t */

/* The options of such a command, for its table; @member is a struct capture_config of @type. */
/* clang-format off */
#define CAPTURE_OPTIONS(type, member) \
	{ "capture", 0, "FILE", capture_read_file, offsetof(type, member.file), \
	  "write received and sent frames into a pcapng file" }, \
	{ "capture-filter", 0, "BPF", capture_read_filter, offsetof(type, member.filter), \
	  "only those that match, in the language of tcpdump" }, \
	{ "capture-snap", 0, "N", capture_read_snap, offsetof(type, member.snap), \
	  "bytes kept of each frame, 1 to 65535; default all" }, \
	{ "control", 0, "SOCKET", option_text, offsetof(type, member.control), \
	  "let `vio dump --attach SOCKET` capture from this run" }
/* clang-format on */

/* Return: a file to capture into, or negative with the error reported: FAIL_FILE. */
int capture_file_open(const char *path);

/* Do they fit each other? @command: for the error. Return: 0, or an exit code with the error
 * reported.
 */
int capture_check(const char *command, const struct capture_config *cfg);

/* The captures of one run. */
struct capture_run {
	const struct capture_config *cfg;
	struct capture_source src;
	struct capture *file; /* NULL: none */
	int fd;
	struct capture_control *control; /* NULL: none */
	struct capture_stats stats;      /* of the file, at the end */
};

/* Begin what @cfg asks for. @src is copied, what it points to is borrowed until the end.
 * Return: 0, or an exit code with the error reported; nothing is to be closed then. */
int capture_run_open(struct capture_run *r, const struct capture_config *cfg,
		     const struct capture_source *src);

/* End it; one that was never opened, all zero, stays so.
 * Return: 0, or an exit code if not all was written, with the error reported. */
int capture_run_close(struct capture_run *r);

/* One line for people, and a member of the result, if there was a file. */
void capture_run_report(const struct capture_run *r, FILE *out);
void capture_run_json(const struct capture_run *r, json_t *o);

#endif
