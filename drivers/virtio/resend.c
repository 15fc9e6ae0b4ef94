/* SPDX-License-Identifier: BSD-3-Clause */
#include "resend.h"

#include <errno.h>
#include <stdlib.h>

#include "../../lib/base/err.h"

struct note {
	uint64_t seq;
	struct vio_pkt pkt;
};

int resend_open(struct resend **out, const struct slots *slots, uint32_t entries)
{
	/* A ring holds a segment for each entry, and those of indirect tables. */
	const size_t room = entries + INDIRECT_TABLES * INDIRECT_PARTS;
	struct resend *rs = calloc(1, sizeof(*rs));

	if (!rs)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "no memory to note packets in");
	rs->slots = *slots;
	rs->notes = calloc(slots->bytes / slots->stride, sizeof(*rs->notes));
	rs->held = calloc(room, sizeof(*rs->held));
	rs->pkts = calloc(room, sizeof(*rs->pkts));
	if (!rs->notes || !rs->held || !rs->pkts) {
		resend_close(rs);
		return err_set(ERR_NO_MEMORY, -ENOMEM, "no memory to note packets in");
	}
	*out = rs;
	return 0;
}

void resend_close(struct resend *rs)
{
	if (!rs)
		return;
	free(rs->notes);
	free(rs->held);
	free(rs->pkts);
	free(rs);
}

static struct note *note_of(struct resend *rs, const void *p)
{
	const uint64_t off = (uintptr_t)p - rs->slots.base;

	return off < rs->slots.bytes ? &rs->notes[slots_index(&rs->slots, off)] : NULL;
}

void resend_note(struct resend *rs, const struct vio_pkt *pkts, uint32_t n, uint16_t hdr_len)
{
	for (uint32_t i = 0; i < n; i++) {
		struct note *note = note_of(rs, pkts[i].data);

		if (!note) /* foreign, and so dropped */
			continue;
		*note = (struct note){ .seq = rs->seq++, .pkt = pkts[i] };
		if (pkts[i].flags & VIO_PKT_OFFLOAD) /* what stands there now is ours */
			note->pkt.net_hdr_len = hdr_len;
	}
}

static int by_seq(const void *a, const void *b)
{
	const uint64_t x = ((const struct note *)a)->seq, y = ((const struct note *)b)->seq;

	return (x > y) - (x < y);
}

void resend_hold(struct resend *rs, struct ring *r, const struct mode mode)
{
	uint64_t *bufs = (uint64_t *)(void *)rs->pkts; /* not needed before they are sorted */
	const uint32_t n = vring_list(r, bufs, mode);

	for (uint32_t i = 0; i < n; i++)
		rs->held[rs->held_n + i] = *note_of(rs, (void *)(uintptr_t)bufs[i]);
	rs->held_n += n;
	qsort(rs->held, rs->held_n, sizeof(*rs->held), by_seq);
	for (uint32_t i = 0; i < rs->held_n; i++)
		rs->pkts[i] = rs->held[i].pkt;
}
