/* SPDX-License-Identifier: BSD-3-Clause */
#include <vio/offload.h>

#include <errno.h>
#include <string.h>

#include "../../drivers/virtio/feature_bits.h"
#include "../../drivers/virtio/net_hdr.h"
#include "../cases.h"

#define FRAME 1000u

/* A buffer with a header in front of its frame, and the packet in it. */
struct frame {
	uint8_t bytes[256];
	struct vio_pkt pkt;
};

static struct frame *frame_with(const struct net_hdr *hdr)
{
	static struct frame f;

	memset(&f, 0xee, sizeof(f));
	memcpy(f.bytes + 128 - sizeof(*hdr), hdr, sizeof(*hdr));
	f.pkt = (struct vio_pkt){ .data = f.bytes + 128,
				  .len = 128,
				  .flags = VIO_PKT_OFFLOAD,
				  .net_hdr_len = sizeof(*hdr) };
	return &f;
}

#define CSUM(start, off) .flags = NET_HDR_NEEDS_CSUM, .csum_start = (start), .csum_offset = (off)

static const struct get_case {
	const char *what;
	struct net_hdr hdr;
	int rc;
	struct vio_offload off;
} get_cases[] = {
	{ "an empty header asks for nothing", { 0 }, 0, { 0 } },
	{ "a valid checksum", { .flags = NET_HDR_DATA_VALID }, 0, { .csum_valid = true } },
	{ "a checksum to do",
	  { CSUM(34, 6) },
	  0,
	  { .csum_needed = true, .csum_start = 34, .csum_offset = 6 } },
	{ "a checksum in the frame's last bytes",
	  { CSUM(FRAME - 2, 0) },
	  0,
	  { .csum_needed = true, .csum_start = FRAME - 2 } },
	{ "a checksum half beyond the frame", { CSUM(FRAME - 1, 0) }, -EBADMSG, { 0 } },
	{ "a checksum that wraps 16 bits", { CSUM(0xffff, 0xffff) }, -EBADMSG, { 0 } },
	{ "a checksum offset beyond the frame", { CSUM(34, FRAME) }, -EBADMSG, { 0 } },
	{ "a TCP segment",
	  { CSUM(34, 16), .gso_type = NET_GSO_TCPV4, .gso_size = 500, .hdr_len = 54 },
	  0,
	  { .csum_needed = true,
	    .csum_start = 34,
	    .csum_offset = 16,
	    .gso = VIO_GSO_TCP4,
	    .gso_size = 500,
	    .gso_hdr_len = 54 } },
	{ "segmentation without a checksum",
	  { .gso_type = NET_GSO_TCPV4, .gso_size = 500 },
	  -EBADMSG,
	  { 0 } },
	{ "segments of no bytes", { CSUM(34, 16), .gso_type = NET_GSO_TCPV6 }, -EBADMSG, { 0 } },
	{ "an unknown kind of segment",
	  { CSUM(34, 16), .gso_type = 2, .gso_size = 1 },
	  -EBADMSG,
	  { 0 } },
	{ "a tunnel that was not negotiated",
	  { CSUM(34, 16), .gso_type = 0x21, .gso_size = 1 },
	  -EBADMSG,
	  { 0 } },
	{ "ecn alone", { .gso_type = NET_GSO_ECN }, -EBADMSG, { 0 } },
	{ "ecn with udp segments",
	  { CSUM(34, 6), .gso_type = NET_GSO_ECN | NET_GSO_UDP_L4, .gso_size = 9 },
	  -EBADMSG,
	  { 0 } },
	{ "ecn with tcp",
	  { CSUM(34, 16), .gso_type = NET_GSO_ECN | NET_GSO_TCPV6, .gso_size = 9 },
	  0,
	  { .csum_needed = true,
	    .csum_start = 34,
	    .csum_offset = 16,
	    .gso = VIO_GSO_TCP6,
	    .gso_size = 9,
	    .gso_ecn = true } },
};

static void assert_offload(const struct vio_offload *a, const struct vio_offload *b)
{
	assert_int_equal(a->csum_needed, b->csum_needed);
	assert_int_equal(a->csum_valid, b->csum_valid);
	assert_int_equal(a->csum_start, b->csum_start);
	assert_int_equal(a->csum_offset, b->csum_offset);
	assert_int_equal(a->gso, b->gso);
	assert_int_equal(a->gso_size, b->gso_size);
	assert_int_equal(a->gso_hdr_len, b->gso_hdr_len);
	assert_int_equal(a->gso_ecn, b->gso_ecn);
}

static void reads(void **state)
{
	const struct get_case *c = *state;
	struct frame *f = frame_with(&c->hdr);
	struct vio_offload off = { .gso_size = 77 };

	assert_int_equal(vio_offload_get(&f->pkt, FRAME, &off), c->rc);
	if (c->rc < 0)
		assert_int_equal(off.gso_size, 77); /* untouched */
	else
		assert_offload(&off, &c->off);
}

static void reads_nothing_without_flag(void **state)
{
	const struct net_hdr hdr = { .flags = 0xff, .gso_type = 0xff };
	struct frame *f = frame_with(&hdr);
	struct vio_offload off;

	(void)state;
	f->pkt.flags = 0;
	assert_int_equal(vio_offload_get(&f->pkt, FRAME, &off), 0);
	assert_offload(&off, &(struct vio_offload){ 0 });
}

static void writes_what_it_reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(get_cases) / sizeof(get_cases[0]); i++) {
		const struct get_case *c = &get_cases[i];
		struct frame *f = frame_with(&(struct net_hdr){ 0 });
		struct vio_offload off;

		if (c->rc < 0 || c->off.csum_valid)
			continue;
		f->pkt.flags = 0;
		assert_int_equal(vio_offload_set(&f->pkt, 12, FRAME, &c->off), 0);
		assert_int_equal(f->pkt.flags, VIO_PKT_OFFLOAD);
		assert_int_equal(vio_offload_get(&f->pkt, FRAME, &off), 0);
		assert_offload(&off, &c->off);
	}
}

/* A legacy header ends before num_buffers: what follows is the packet. */
static void writes_ten_bytes(void **state)
{
	const struct vio_offload off = { .csum_needed = true, .csum_start = 34, .csum_offset = 6 };
	struct frame *f = frame_with(&(struct net_hdr){ 0 });
	uint8_t *data = f->pkt.data;
	struct vio_offload back;
	struct net_hdr hdr;
	const struct vio_features taken = { { UINT64_C(1) << NET_F_CSUM, 0 } };

	(void)state;
	data[0] = 0xab;
	data[1] = 0xcd;
	f->pkt.flags = 0;
	assert_int_equal(vio_offload_set(&f->pkt, 10, FRAME, &off), 0);
	assert_int_equal(f->pkt.net_hdr_len, 10);
	assert_int_equal(data[0], 0xab);
	assert_int_equal(data[1], 0xcd);
	assert_int_equal(vio_offload_get(&f->pkt, FRAME, &back), 0);
	assert_offload(&back, &off);
	assert_true(net_hdr_for_tx(&f->pkt, FRAME, &taken, &hdr));
}

static void refuses_to_write_nonsense(void **state)
{
	const struct vio_offload beyond = { .csum_needed = true, .csum_start = FRAME };
	const struct vio_offload good = { .csum_needed = true, .csum_start = 34 };
	struct frame *f = frame_with(&(struct net_hdr){ 0 });

	(void)state;
	f->pkt.flags = 0;
	assert_int_equal(vio_offload_set(&f->pkt, 12, FRAME, &beyond), -EINVAL);
	assert_int_equal(vio_offload_set(&f->pkt, 9, FRAME, &good), -EINVAL);
	assert_int_equal(f->pkt.flags, 0);
}

#define HOST(bit) (UINT64_C(1) << NET_F_CSUM | UINT64_C(1) << (bit))

static const struct tx_case {
	const char *what;
	struct net_hdr hdr;
	uint64_t taken;
	bool ok;
} tx_cases[] = {
	{ "sending a checksum request that was negotiated", { CSUM(34, 6) }, HOST(0), true },
	{ "sending one that was not", { CSUM(34, 6) }, 0, false },
	{ "forwarding a packet whose checksum was valid",
	  { .flags = NET_HDR_DATA_VALID, .num_buffers = 3 },
	  0,
	  true },
	{ "sending tcp segments that were negotiated",
	  { CSUM(34, 16), .gso_type = NET_GSO_TCPV4, .gso_size = 9 },
	  HOST(NET_F_HOST_TSO4),
	  true },
	{ "sending tcp segments of the other version",
	  { CSUM(34, 16), .gso_type = NET_GSO_TCPV6, .gso_size = 9 },
	  HOST(NET_F_HOST_TSO4),
	  false },
	{ "sending ecn that was not negotiated",
	  { CSUM(34, 16), .gso_type = NET_GSO_TCPV4 | NET_GSO_ECN, .gso_size = 9 },
	  HOST(NET_F_HOST_TSO4),
	  false },
};

static void sends(void **state)
{
	const struct tx_case *c = *state;
	struct frame *f = frame_with(&c->hdr);
	const struct vio_features taken = { { c->taken, 0 } };
	struct net_hdr hdr = { .num_buffers = 9 };

	assert_int_equal(net_hdr_for_tx(&f->pkt, FRAME, &taken, &hdr), c->ok);
	if (!c->ok)
		return;
	assert_int_equal(hdr.num_buffers, 0);
	assert_int_equal(hdr.flags & ~NET_HDR_NEEDS_CSUM, 0);
}

static const struct len_case {
	const char *what;
	struct vio_features taken;
	uint16_t len;
} len_cases[] = {
	{ "the plain header has 12 bytes", { { UINT64_C(1) << F_VERSION_1, 0 } }, 12 },
	{ "a legacy device's has 10", { { 0, 0 } }, 10 },
	{ "with mergeable buffers a legacy device's has 12",
	  { { UINT64_C(1) << NET_F_MRG_RXBUF, 0 } },
	  12 },
	{ "hash_report makes it 20", { { UINT64_C(1) << NET_F_HASH_REPORT, 0 } }, 20 },
	{ "tunnels make it 24", { { 0, UINT64_C(1) << (NET_F_HOST_UDP_TUNNEL_GSO - 64) } }, 24 },
	{ "tunnels with hashes stay at 24",
	  { { UINT64_C(1) << NET_F_HASH_REPORT, UINT64_C(1)
							<< (NET_F_GUEST_UDP_TUNNEL_GSO - 64) } },
	  24 },
	{ "an outer header makes it 32",
	  { { 0, UINT64_C(1) << (NET_F_OUT_NET_HEADER - 64) } },
	  32 },
};

static void has_length(void **state)
{
	const struct len_case *c = *state;

	assert_int_equal(net_hdr_len(&c->taken), c->len);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, get_cases, reads);
	CASES_ADD(&list, tx_cases, sends);
	CASES_ADD(&list, len_cases, has_length);
	case_add(&list, "without the flag the header is not looked at", reads_nothing_without_flag,
		 NULL);
	case_add(&list, "what is written is read back", writes_what_it_reads, NULL);
	case_add(&list, "a header of 10 bytes is no longer", writes_ten_bytes, NULL);
	case_add(&list, "contradictions are not written", refuses_to_write_nonsense, NULL);
	return case_run("offload", &list);
}
