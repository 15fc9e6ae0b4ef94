/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_CHECK_PAIR_H
#define BENCH_DPDK_CHECK_PAIR_H

#include "pair.h"

/* Move numbered frames of all lengths between @side and its librte_vhost, which must be served by
 * vhost_start(). Return: each one came through, in order, as it was sent, and both ends counted as
 * many; false after a line of TAP that says what came instead. */
bool check_pair(struct side *side, enum traffic traffic);

/* The same one by one: each frame is sent back before the next one is sent. */
bool check_echo(struct side *side);

#endif
