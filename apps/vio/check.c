/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <arpa/inet.h>
#include <string.h>

#include "sum.h"

#define PROTO_UDP 17u

static inline unsigned int get16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static inline uint32_t get32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return ntohl(v);
}

void check_id_init(struct check_id *id, const struct frame_spec *spec, const struct frames *f)
{
	*id = (struct check_id){ .port = { spec->flow.sport, spec->flow.dport },
				 .l4 = f->l4,
				 .payload = f->payload };
	for (int i = 0; i < 2; i++) {
		memcpy(id->macs[i], i ? spec->src_mac : spec->dst_mac, 6);
		memcpy(id->macs[i] + 6, i ? spec->dst_mac : spec->src_mac, 6);
	}
}

static bool port_in(const struct port_range *r, unsigned int port)
{
	return port - r->first < r->count;
}

static inline bool macs_ours(const struct check_id *id, const uint8_t *frame)
{
	return !memcmp(frame, id->macs[0], 12) || !memcmp(frame, id->macs[1], 12);
}

static bool mark_macs(const struct check_id *id, const uint8_t *frame, uint32_t len)
{
	return len >= 12 && macs_ours(id, frame);
}

/* Bits in which the addresses differ from @macs. */
static int bits_off(const uint8_t *macs, const uint8_t *frame)
{
	int bits = 0;

	for (int i = 0; i < 12; i++)
		bits += __builtin_popcount(macs[i] ^ frame[i]);
	return bits;
}

static __attribute__((cold, noinline)) bool macs_one_off(const struct check_id *id,
							 const uint8_t *frame)
{
	return bits_off(id->macs[0], frame) == 1 || bits_off(id->macs[1], frame) == 1;
}

static bool mark_ports(const struct check_id *id, const uint8_t *frame, uint32_t len)
{
	unsigned int a, b;

	if (len < id->l4 + 4u)
		return false;
	a = get16(frame + id->l4);
	b = get16(frame + id->l4 + 2);
	return (port_in(&id->port[0], a) && port_in(&id->port[1], b)) ||
	       (port_in(&id->port[0], b) && port_in(&id->port[1], a));
}

static bool mark_magic(const struct check_id *id, const uint8_t *frame, uint32_t len)
{
	return len >= id->payload + 4u && get32(frame + id->payload) == FRAME_MAGIC;
}

static __attribute__((cold, noinline)) enum check_result
check_stranger(const struct check_id *id, const uint8_t *frame, uint32_t len)
{
	int marks =
		mark_macs(id, frame, len) + mark_ports(id, frame, len) + mark_magic(id, frame, len);

	return marks >= 2 ? CHECK_CORRUPT : CHECK_FOREIGN;
}

/* A UDP datagram inside a frame. */
struct datagram {
	const uint8_t *udp;
	uint32_t len;
	uint64_t pseudo; /* sum of the pseudo header */
};

static inline bool parse_ip4(const uint8_t *ip, uint32_t room, struct datagram *d)
{
	uint32_t hdr, total;

	if (room < 20 || ip[0] >> 4 != 4)
		return false;
	hdr = (ip[0] & 15u) * 4u;
	total = get16(ip + 2);
	if (hdr < 20 || total > room || total < hdr || ip[9] != PROTO_UDP)
		return false;
	if (get16(ip + 6) & 0x3fff || sum_fold(sum_add(0, ip, hdr)) != 0xffff)
		return false;
	d->udp = ip + hdr;
	d->len = total - hdr;
	d->pseudo = sum_add(htons(PROTO_UDP), ip + 12, 8);
	return true;
}

static inline bool parse_ip6(const uint8_t *ip, uint32_t room, struct datagram *d)
{
	if (room < 40 || ip[0] >> 4 != 6 || ip[6] != PROTO_UDP)
		return false;
	d->udp = ip + 40;
	d->len = get16(ip + 4);
	d->pseudo = sum_add(htons(PROTO_UDP), ip + 8, 32);
	return d->len <= room - 40;
}

static inline bool parse_frame(const uint8_t *frame, uint32_t len, struct datagram *d)
{
	uint32_t at = 12;
	unsigned int type;

	for (int tags = 0;; tags++, at += 4) {
		if (len < at + 2)
			return false;
		type = get16(frame + at);
		if ((type != 0x8100 && type != 0x88a8) || tags == 2)
			break;
	}
	at += 2;
	if (type == 0x0800)
		return parse_ip4(frame + at, len - at, d);
	return type == 0x86dd && parse_ip6(frame + at, len - at, d);
}

static inline bool datagram_intact(const struct datagram *d, bool csum_done)
{
	uint64_t sum;

	if (d->len < 8 + FRAME_PAYLOAD || get16(d->udp + 4) != d->len)
		return false;
	if (get32(d->udp + 8) != FRAME_MAGIC)
		return false;
	if (csum_done)
		return true;
	sum = sum_add(d->pseudo + htons((uint16_t)d->len), d->udp, d->len);
	return get16(d->udp + 6) && sum_fold(sum) == 0xffff;
}

enum check_result check_frame(const struct check_id *id, const uint8_t *frame, uint32_t len,
			      bool csum_done, struct check_info *out)
{
	unsigned int stream_ns;
	const uint8_t *p;
	struct datagram d;

	if (!parse_frame(frame, len, &d) || !datagram_intact(&d, csum_done))
		return check_stranger(id, frame, len);
	out->odd_macs = !macs_ours(id, frame) && macs_one_off(id, frame);
	p = d.udp + 8;
	stream_ns = get16(p + 16);
	out->seq = get32(p + 4);
	out->stream = stream_ns >> 10;
	out->sent_ns = (uint64_t)get32(p + 8) * 1000000000u + (uint64_t)get32(p + 12) * 1000u +
		       (stream_ns & 0x3ff);
	return CHECK_OURS;
}
