/* SPDX-License-Identifier: BSD-3-Clause */
#include "mbufs.h"

#include <rte_mbuf.h>

void mbufs_number(struct rte_mbuf *const *pkts, uint16_t n, const struct mix *mix, uint64_t number)
{
	for (uint16_t i = 0; i < n; i++, number++) {
		pkts[i]->data_len = frame_bytes(mix, number);
		pkts[i]->pkt_len = pkts[i]->data_len;
		frame_make(rte_pktmbuf_mtod(pkts[i], void *), mix, number);
	}
}
