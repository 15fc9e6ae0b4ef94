/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FAIL_H
#define APP_FAIL_H

/* Exit codes of every command. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,    /* the run did */
	EXIT_USAGE = 2,     /* the command line is wrong */
	EXIT_PREFLIGHT = 3, /* a port or something else that is needed can't be had */
	EXIT_LIMITED = 5, /* the generator did not keep what was asked for: the result is invalid */
};

/*
 * Errors of the tool itself: X(NAME, id, exit code, why, fix). Those of the library come with their
 * own text.
 */
#define FAIL_TABLE(X) \
	X(COMMAND, "VIO-CLI-01", EXIT_USAGE, "the tool has no such command", \
	  "`vio --help` lists the commands") \
	X(OPTION, "VIO-CLI-02", EXIT_USAGE, \
	  "the command has no such option, or it lacks its value", \
	  "`vio COMMAND --help` lists the options") \
	X(VALUE, "VIO-CLI-03", EXIT_USAGE, "the option does not take this value", \
	  "`vio COMMAND --help` shows what it takes") \
	X(PORTS, "VIO-CLI-04", EXIT_USAGE, "the command needs a port to work on", \
	  "name one, such as loop:echo or vhost-user:/run/vhost0.sock") \
	X(CONFLICT, "VIO-CLI-05", EXIT_USAGE, "the options contradict each other", \
	  "leave one out") \
	X(FRAME, "VIO-GEN-01", EXIT_USAGE, "such frames can't be built", \
	  "choose larger sizes (--size), fewer headers (--vlan, --ipv6) or fewer flows (--flows)") \
	X(MTU, "VIO-GEN-02", EXIT_PREFLIGHT, "the port carries no frames of this size", \
	  "choose smaller sizes, or raise the MTU of the device") \
	X(CPU, "VIO-GEN-03", EXIT_PREFLIGHT, "the processors can't be used", \
	  "`taskset -p $$` shows what is allowed; --cores auto chooses from it") \
	X(MEMORY, "VIO-GEN-04", EXIT_PREFLIGHT, "the system has no memory or threads left", \
	  "ask for fewer queues or flows, or raise the limits (ulimit -a)") \
	X(FILE, "VIO-GEN-05", EXIT_PREFLIGHT, "the file can't be written", \
	  "check its folder, its rights and the free space (df)") \
	X(BUFFERS, "VIO-GEN-07", EXIT_PREFLIGHT, \
	  "receive rings and caches take them all, and none is left to send", \
	  "--buffers N takes more, size=N in the port's address makes the rings smaller") \
	X(STALLED, "VIO-GEN-06", EXIT_FAILED, \
	  "the device has not taken a packet for several seconds", \
	  "see whether its process runs and polls its queues")

enum fail {
#define X(name, id, code, why, fix) FAIL_##name,
	FAIL_TABLE(X)
#undef X
};

/**
 * fail - report an error on stderr
 * @why: replaces the general reason; NULL or "": that is printed
 * @what: one line that names the thing and the numbers
 *
 * Return: the exit code.
 */
int fail(enum fail f, const char *why, const char *what, ...) __attribute__((format(printf, 3, 4)));

/* The same for the last error of the library. Return: EXIT_PREFLIGHT. */
int fail_library(void);

#endif
