/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "sum.h"

#define ETH_LEN  14u
#define VLAN_LEN 4u
#define IP4_LEN  20u
#define IP6_LEN  40u
#define UDP_LEN  8u

#define TPID_INNER 0x8100u
#define TPID_OUTER 0x88a8u
#define TYPE_IP4   0x0800u
#define TYPE_IP6   0x86ddu
#define PROTO_UDP  17u

static void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

unsigned int frame_least_size(const struct frame_spec *spec)
{
	unsigned int len = ETH_LEN + VLAN_LEN * spec->vlans.n +
			   (spec->flow.v6 ? IP6_LEN : IP4_LEN) + UDP_LEN + FRAME_PAYLOAD + SIZE_FCS;

	return len < SIZE_MIN ? SIZE_MIN : len;
}

static void write_ethernet(const struct frame_spec *spec, uint8_t *head)
{
	uint8_t *at = head + 12;

	memcpy(head, spec->dst_mac, 6);
	memcpy(head + 6, spec->src_mac, 6);
	for (unsigned int i = 0; i < spec->vlans.n; i++, at += VLAN_LEN) {
		put16(at, i + 1 < spec->vlans.n ? TPID_OUTER : TPID_INNER);
		put16(at + 2, spec->vlans.id[i]);
	}
	put16(at, spec->flow.v6 ? TYPE_IP6 : TYPE_IP4);
}

/* RFC 791, with DF set: an atomic datagram, whose identification may be constant (RFC 6864). */
static void write_ip4(uint8_t *ip, unsigned int len)
{
	ip[0] = 0x45;
	put16(ip + 2, len);
	ip[6] = 0x40;
	ip[8] = 64;
	ip[9] = PROTO_UDP;
}

/* RFC 8200 */
static void write_ip6(uint8_t *ip, unsigned int payload_len)
{
	ip[0] = 0x60;
	put16(ip + 4, payload_len);
	ip[6] = PROTO_UDP;
	ip[7] = 64;
}

/* Everything of a template but the addresses and ports, which are the flow's. */
static void template_init(struct frame_template *t, const struct frames *f,
			  const struct frame_spec *spec, unsigned int size)
{
	unsigned int head_used = f->payload + FRAME_PAYLOAD, udp_len;
	uint64_t sum;

	memset(t->head, 0, sizeof(t->head));
	t->len = (uint16_t)(size - SIZE_FCS);
	udp_len = t->len - f->l4;
	write_ethernet(spec, t->head);
	if (f->v6)
		write_ip6(t->head + f->l3, udp_len);
	else
		write_ip4(t->head + f->l3, t->len - f->l3);
	t->ip_sum = sum_fold(sum_add(0, t->head + f->l3, IP4_LEN));
	put16(t->head + f->l4 + 4, udp_len);
	put16(t->head + f->payload, FRAME_MAGIC >> 16);
	put16(t->head + f->payload + 2, FRAME_MAGIC & 0xffff);
	memcpy(t->head + head_used, f->pattern + head_used, FRAME_HEAD_MAX - head_used);

	/* The length counts twice: in the UDP header and in the pseudo header. */
	sum = htons(PROTO_UDP) + htons((uint16_t)udp_len);
	sum = sum_add(sum, t->head + f->l4, head_used - f->l4);
	sum = sum_add(sum, f->pattern + head_used, t->len - head_used);
	t->l4_sum = sum_fold(sum);
}

/* With a single flow, its bytes and the IPv4 checksum are part of the templates. */
static void template_bake_flow(struct frame_template *t, const struct frames *f)
{
	const struct flow *flow = &f->flows[0];
	uint16_t csum = (uint16_t)~sum_fold((uint64_t)t->ip_sum + flow->addr_sum);

	memcpy(t->head + f->tuple, flow->tuple, f->tuple_len);
	if (!f->v6)
		memcpy(t->head + f->l3 + 10, &csum, sizeof(csum));
	t->l4_sum += flow->l4_sum;
}

static void frames_place(struct frames *f, const struct frame_spec *spec)
{
	f->v6 = spec->flow.v6;
	f->l3 = (uint16_t)(ETH_LEN + VLAN_LEN * spec->vlans.n);
	f->l4 = (uint16_t)(f->l3 + (f->v6 ? IP6_LEN : IP4_LEN));
	f->payload = (uint16_t)(f->l4 + UDP_LEN);
	f->tuple = (uint16_t)(f->l3 + (f->v6 ? 8 : 12));
	f->tuple_len = f->v6 ? FLOW_TUPLE6 : FLOW_TUPLE4;
}

bool frames_init(struct frames *out, const struct frame_spec *spec, struct why *why)
{
	unsigned int least = frame_least_size(spec);

	if (sizes_least(spec->sizes) < least)
		return why_set(why, "a frame with these headers has at least %u bytes, not %u",
			       least, sizes_least(spec->sizes));
	*out = (struct frames){ .sizes = spec->sizes };
	frames_place(out, spec);
	for (unsigned int i = 0; i < sizeof(out->pattern); i++)
		out->pattern[i] = (uint8_t)i;
	if (!flows_make(&spec->flow, &out->flows, &out->n_flows, why))
		return false;
	out->templates = aligned_alloc(64, out->sizes->n * sizeof(*out->templates));
	if (!out->templates) {
		frames_fini(out);
		return why_set(why, "no memory for %u frame sizes", out->sizes->n);
	}
	for (unsigned int i = 0; i < out->sizes->n; i++) {
		template_init(&out->templates[i], out, spec, out->sizes->size[i]);
		if (out->n_flows == 1)
			template_bake_flow(&out->templates[i], out);
	}
	return true;
}

void frames_fini(struct frames *f)
{
	free(f->templates);
	free(f->flows);
	f->templates = NULL;
	f->flows = NULL;
}

/* What all frames of a burst share: by value, since the bytes stored might be those of @f for all
 * that the compiler knows. */
struct burst {
	size_t payload, l4;
	uint32_t sec; /* big endian */
	uint16_t sum;
	uint64_t tail; /* what lies behind sec, and two bytes of pattern: whole words are cheaper */
};

/* Two words as one that lies in memory as they do one behind the other. */
static inline uint64_t two_words(uint32_t first, uint32_t second)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return first | (uint64_t)second << 32;
#else
	return (uint64_t)first << 32 | second;
#endif
}

static struct burst burst_begin(const struct frames *f, unsigned int stream, uint64_t now_ns)
{
	uint64_t sec = now_ns / 1000000000u;
	uint32_t ns = (uint32_t)(now_ns - sec * 1000000000u), usec = ns / 1000, last;
	uint16_t stream_ns = htons((uint16_t)(stream << 10 | (ns - usec * 1000)));
	struct burst b = { f->payload, f->l4, .sec = htonl((uint32_t)sec) };

	memcpy(&last, f->pattern + b.payload + FRAME_PAYLOAD - sizeof(stream_ns), sizeof(last));
	memcpy(&last, &stream_ns, sizeof(stream_ns));
	b.tail = two_words(htonl(usec), last);
	b.sum = sum_fold((uint64_t)b.sec + htonl(usec) + stream_ns);
	return b;
}

/* The address, ports and IPv4 checksum of @flow. Return: its part of the UDP checksum. */
static inline uint32_t write_flow(const struct frames *f, const struct frame_template *t,
				  const struct flow *flow, uint8_t *frame)
{
	uint16_t csum;

	if (f->v6) {
		memcpy(frame + f->tuple, flow->tuple, FLOW_TUPLE6);
		return flow->l4_sum;
	}
	memcpy(frame + f->tuple, flow->tuple, FLOW_TUPLE4);
	csum = (uint16_t)~sum_fold_small(t->ip_sum + flow->addr_sum);
	memcpy(frame + f->l3 + 10, &csum, sizeof(csum));
	return flow->l4_sum;
}

static inline void write_payload(const struct burst *b, uint32_t sum, uint32_t seq, uint8_t *frame)
{
	uint8_t *payload = frame + b->payload;
	uint32_t number = htonl(seq);
	uint64_t words = two_words(number, b->sec);
	uint16_t csum = sum_udp(sum + b->sum + (number & 0xffff) + (number >> 16));

	memcpy(payload + offsetof(struct frame_payload, seq), &words, sizeof(words));
	memcpy(payload + offsetof(struct frame_payload, usec), &b->tail, sizeof(b->tail));
	memcpy(frame + b->l4 + 6, &csum, sizeof(csum));
}

/* The constant bytes. The head is copied whole: shorter frames leave the rest of it unsent. */
static inline void write_constant(const struct frames *f, const struct frame_template *t,
				  uint32_t len, uint8_t *frame)
{
	memcpy(frame, t->head, 64);
	if (len <= 64)
		return;
	memcpy(frame + 64, t->head + 64, FRAME_HEAD_MAX - 64);
	if (len > FRAME_HEAD_MAX)
		memcpy(frame + FRAME_HEAD_MAX, f->pattern + FRAME_HEAD_MAX, len - FRAME_HEAD_MAX);
}

uint32_t frames_build(const struct frames *f, struct frame_cursor *cursor, struct vio_pkt *pkts,
		      uint16_t n, unsigned int stream, uint32_t seq, uint64_t now_ns)
{
	const struct burst b = burst_begin(f, stream, now_ns);
	const struct frame_template *const templates = f->templates;
	const uint16_t *const pattern = f->sizes->pattern;
	const uint32_t sizes = f->sizes->pattern_len, flows = f->n_flows;
	struct frame_cursor at = *cursor;
	uint32_t bytes = n * SIZE_FCS;

	for (uint16_t i = 0; i < n; i++) {
		const struct frame_template *t = &templates[pattern[at.size]];
		uint8_t *frame = pkts[i].data;
		uint32_t sum = t->l4_sum, len = t->len;

		write_constant(f, t, len, frame);
		if (flows > 1) {
			sum += write_flow(f, t, &f->flows[at.flow], frame);
			at.flow = at.flow + 1 == flows ? 0 : at.flow + 1;
		}
		write_payload(&b, sum, seq + i, frame);
		pkts[i].len = len;
		bytes += len;
		at.size = at.size + 1 == sizes ? 0 : at.size + 1;
	}
	*cursor = at;
	return bytes;
}

static uint32_t step_back(uint32_t at, uint32_t n, uint32_t round)
{
	n %= round;
	return at >= n ? at - n : at + round - n;
}

void frames_rewind(const struct frames *f, struct frame_cursor *cursor, uint32_t n)
{
	cursor->size = step_back(cursor->size, n, f->sizes->pattern_len);
	if (f->n_flows > 1)
		cursor->flow = step_back(cursor->flow, n, f->n_flows);
}
