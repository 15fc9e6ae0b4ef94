/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FLOOR_H
#define APP_FLOOR_H

#include "worker.h"

/*
 * What a packet that takes no time would read: between two readings of the clock a poll of @j's
 * queue that finds nothing; the median of many, in nanoseconds. Packets that come meanwhile are
 * dropped, and end it. Before @j's thread runs. Return: 0 if each poll found something.
 */
uint64_t floor_measure(struct rx_job *j);

#endif
