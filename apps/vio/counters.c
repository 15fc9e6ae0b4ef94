/* SPDX-License-Identifier: BSD-3-Clause */
#include "counters.h"

#define AT(field) offsetof(struct totals, field)

/* clang-format off */
const struct counter_def counter_defs[] = {
	{ "sent_packets", "packets that the device took", AT(sent), SIDE_TX, false },
	{ "sent_bytes", "their bytes, with the FCS", AT(tx_bytes), SIDE_TX, false },
	{ "unsent_packets", "packets of the schedule that were given up, or that a full ring did not take", AT(unsent), SIDE_TX, false },
	{ "sent_bursts", "bursts that were sent", AT(bursts), SIDE_TX, false },
	{ "late_bursts", "bursts that left late", AT(late_bursts), SIDE_TX, false },
	{ "ring_full_bursts", "bursts that the ring did not take whole", AT(ring_full), SIDE_TX, false },
	{ "no_buffers_bursts", "bursts for which the pool had too few buffers", AT(no_buffers), SIDE_TX, false },
	{ "received_packets", "packets that came back intact, each once", AT(received), SIDE_RX, false },
	{ "received_bytes", "their bytes, with the FCS", AT(rx_bytes), SIDE_RX, false },
	{ "missing_packets", "packets that have not come though later ones have", AT(missing), SIDE_NUMBERS, true },
	{ "reordered_packets", "packets that came after a later one of their queue", AT(reordered), SIDE_NUMBERS, false },
	{ "duplicate_packets", "packets that had come before", AT(duplicate), SIDE_NUMBERS, false },
	{ "late_packets", "packets that came after 262144 later ones", AT(late), SIDE_NUMBERS, false },
	{ "corrupt_packets", "packets that were damaged on the way", AT(corrupt), SIDE_NUMBERS, false },
	{ "foreign_packets", "packets of others", AT(foreign), SIDE_RX, false },
	{ 0 }
};
/* clang-format on */
