/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_MBUFS_H
#define BENCH_DPDK_MBUFS_H

#include "frame.h"

struct rte_mbuf;

/* Make @n frames, numbered from @number on, in buffers of DPDK's. */
void mbufs_number(struct rte_mbuf *const *pkts, uint16_t n, const struct mix *mix, uint64_t number);

#endif
