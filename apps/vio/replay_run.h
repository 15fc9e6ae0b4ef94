/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_REPLAY_RUN_H
#define APP_REPLAY_RUN_H

#include "replay.h"

struct gen;
struct gen_config;

/* A replay as part of a run of the generator. */
struct gen_replay {
	struct replay_timing timing; /* not REPLAY_AUTO */
	struct replay_size sendable; /* in the file, by the port */
	struct replay_file file;
	struct replay r;
};

/* Options that contradict a replay, or that only a replay has. Return: 0, or an exit code with the
 * error reported. */
int gen_replay_check(const struct gen_config *cfg);

/* Read the file through, before the ports are opened. Return: 0, or an exit code with the error
 * reported. End with gen_replay_close() in any case. */
int gen_replay_scan(struct gen *g);
void gen_replay_close(struct gen *g);

/* Size of the largest frame that may be sent, FCS included. */
uint32_t gen_replay_largest(const struct gen *g);

/* Frames that the port's MTU keeps from being sent. */
uint64_t gen_replay_too_long(const struct gen_replay *p);

/* The jobs are there: have them replay, and begin to read. Return: 0, or an exit code with the
 * error reported. */
int gen_replay_open(struct gen *g);

/* Are there frames that should have left and can't? */
bool gen_replay_held_up(const struct gen *g);

/* The run is over: bring what was counted into the result. */
void gen_replay_settle(struct gen *g);

/* Did the frames keep their time? Return: true; false with @why set. */
bool gen_replay_good(const struct gen *g, struct why *why);

/* Tell what the file holds, without a port. Return: 0, or an exit code with the error reported. */
int gen_replay_dry_run(struct gen *g);

void report_replay_header(const struct gen *g);
void report_replay(const struct gen *g);

#endif
