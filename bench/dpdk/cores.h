/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_CORES_H
#define BENCH_DPDK_CORES_H

/* How far two processors are from each other. */
struct cores {
	int other;         /* the one that was tried; -1: there is none */
	double one_way_ns; /* a cache line from one to the other */
};

/* The last processor that this process may use. */
int cores_last(void);

/* Bind the calling thread to @core. Return: 0, or -1 after it has told why. */
int cores_pin(int core);

/* Any processor that can be used besides @core, where the calling thread runs; -1: there is none.
 */
int cores_other(int core);

/* Send a cache line to and fro between @core, where the calling thread runs, and another one. */
struct cores cores_measure(int core);

#endif
