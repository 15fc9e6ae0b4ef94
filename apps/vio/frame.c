/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "frame_head.h"
#include "painted.h"
#include "proto.h"
#include "sum.h"

/* A head that simple frames have: less is copied. */
#define HEAD_SHORT 96u

/* Of each protocol on IP: its header's length, and where in it the checksum is. */
static const struct proto {
	uint8_t len, csum;
} protos[] = {
	[FRAME_UDP] = { UDP_LEN, 6 },
	[FRAME_TCP] = { TCP_LEN, 16 },
	[FRAME_ICMP] = { ICMP_LEN, 2 },
};

static void place_ip(const struct frame_spec *spec, struct frame_places *at)
{
	const struct proto *proto = &protos[spec->flow.proto];

	at->l4 = (uint16_t)(at->l3 + (spec->flow.v6 ? IP6_LEN : IP4_LEN));
	at->payload = (uint16_t)(at->l4 + proto->len);
	at->tuple = (uint16_t)(at->l3 + (spec->flow.v6 ? 8 : 12));
	at->tuple_len = spec->flow.v6 ? FLOW_TUPLE6 : FLOW_TUPLE4;
	at->csum = (uint16_t)(at->l4 + proto->csum);
	if (spec->flow.proto == FRAME_ICMP)
		at->number = (uint16_t)(at->l4 + 6);
}

struct frame_places frame_place(const struct frame_spec *spec)
{
	struct frame_places at = { .tags = ETH_LEN };
	uint16_t outer = (uint16_t)(ETH_LEN + VLAN_LEN * spec->flow.vlans.n);

	at.l3 = outer;
	if (spec->style.vxlan.on) {
		at.outer_ip = outer;
		at.macs = (uint16_t)(outer + IP4_LEN + UDP_LEN + VXLAN_LEN);
		at.l3 = (uint16_t)(at.macs + ETH_LEN);
	}
	if (spec->flow.proto != FRAME_ARP) {
		place_ip(spec, &at);
		return at;
	}
	at.l4 = at.l3;
	at.payload = (uint16_t)(at.l3 + ARP_LEN);
	return at;
}

unsigned int frame_least_size(const struct frame_spec *spec)
{
	unsigned int len = frame_place(spec).payload + FRAME_PAYLOAD + SIZE_FCS;

	return len < SIZE_MIN ? SIZE_MIN : len;
}

/* Do such frames have room for what was asked for? */
static bool style_fits(const struct frame_spec *spec, struct why *why)
{
	unsigned int least = frame_least_size(spec);

	if (sizes_least(spec->sizes) < least)
		return why_set(why, "a frame with these headers has at least %u bytes, not %u",
			       least, sizes_least(spec->sizes));
	if (spec->flow.proto == FRAME_ARP && !spec->style.vxlan.on &&
	    (spec->style.tos || spec->style.ttl))
		return why_set(why, "ARP has neither a type of service nor a time to live");
	return true;
}

/* The checksum of the IPv4 header. */
static inline void write_ip_sum(const struct frames *f, const struct frame_template *t,
				const struct flow *flow, uint8_t *frame)
{
	uint16_t csum = (uint16_t)~sum_fold_small(t->ip_sum + flow->addr_sum);

	memcpy(frame + f->at.l3 + 10, &csum, sizeof(csum));
}

/* Addresses and ports of UDP and TCP. Return: their part of the checksum. */
static inline uint32_t write_flow(const struct frames *f, const struct frame_template *t,
				  const struct flow *flow, uint8_t *frame)
{
	if (f->v6) {
		memcpy(frame + f->at.tuple, flow->tuple, FLOW_TUPLE6);
		return flow->l4_sum;
	}
	memcpy(frame + f->at.tuple, flow->tuple, FLOW_TUPLE4);
	write_ip_sum(f, t, flow, frame);
	return flow->l4_sum;
}

/* Addresses and identifier. */
static inline void write_icmp_flow(const struct frames *f, const struct frame_template *t,
				   const struct flow *flow, uint8_t *frame)
{
	size_t addresses = f->at.tuple_len - 4u;

	memcpy(frame + f->at.tuple, flow->tuple, addresses);
	memcpy(frame + f->at.l4 + 4, flow->tuple + addresses, 2);
	if (!f->v6)
		write_ip_sum(f, t, flow, frame);
}

static inline void write_arp_flow(const struct frame_places *at, const struct flow *flow,
				  uint8_t *frame)
{
	memcpy(frame + at->l3 + 8, frame + at->macs + 6, 6);
	memcpy(frame + at->l3 + 14, flow->tuple, 4);
	memcpy(frame + at->l3 + 24, flow->tuple + 4, 4);
}

/* MAC addresses, and tags and outer port where there are any. */
static inline void write_link(const struct frames *f, const struct flow_link *link, uint8_t *frame)
{
	const struct frame_places *at = &f->at;

	memcpy(frame + at->macs, link->macs, sizeof(link->macs));
	for (unsigned int i = 0; i < f->tags; i++)
		memcpy(frame + at->tags + i * VLAN_LEN, link->vlan[i], 2);
	if (at->outer_ip)
		memcpy(frame + at->outer_ip + IP4_LEN, &link->outer_port, 2);
}

/* All that flow number @i has, in any kind of frame. Return: its part of the checksum. */
static inline uint32_t write_any_flow(const struct frames *f, const struct frame_template *t,
				      uint32_t i, uint8_t *frame)
{
	const struct flow *flow = &f->flows.flows[i];

	if (f->flows.links)
		write_link(f, &f->flows.links[i], frame);
	if (f->proto <= FRAME_TCP)
		return write_flow(f, t, flow, frame);
	if (f->proto == FRAME_ICMP)
		write_icmp_flow(f, t, flow, frame);
	else
		write_arp_flow(&f->at, flow, frame);
	return flow->l4_sum;
}

/* Everything of a template but the addresses and ports, which are the flow's. */
static void template_init(struct frame_template *t, const struct frames *f,
			  const struct frame_spec *spec, unsigned int size)
{
	unsigned int used = f->at.payload + FRAME_PAYLOAD;
	struct frame_payload payload = { .magic = htonl(FRAME_MAGIC) };
	uint64_t sum;

	memset(t->head, 0, sizeof(t->head));
	t->len = (uint16_t)(size - SIZE_FCS);
	frame_head_write(t->head, f, spec, t->len);
	memcpy(t->head + f->at.payload, &payload, sizeof(payload));
	memcpy(t->head + used, f->pattern + used, FRAME_HEAD_MAX - used);
	t->ip_sum = sum_fold(sum_add(0, t->head + f->at.l3, IP4_LEN));
	sum = frame_pseudo_sum(f, t->len - f->at.l4);
	sum = sum_add(sum, t->head + f->at.l4, used - f->at.l4);
	sum = sum_add(sum, f->pattern + used, t->len - used);
	t->l4_sum = sum_fold(sum);
}

static bool templates_init(struct frames *f, const struct frame_spec *spec, struct why *why)
{
	f->templates = aligned_alloc(64, f->sizes->n * sizeof(*f->templates));
	if (!f->templates)
		return why_set(why, "no memory for %u frame sizes", f->sizes->n);
	for (unsigned int i = 0; i < f->sizes->n; i++) {
		struct frame_template *t = &f->templates[i];

		template_init(t, f, spec, f->sizes->size[i]);
		/* A single flow is part of the templates. */
		if (f->flows.n == 1)
			t->l4_sum += write_any_flow(f, t, 0, t->head);
	}
	return true;
}

bool frames_init(struct frames *out, const struct frame_spec *spec, struct why *why)
{
	const struct frame_places at = frame_place(spec);
	const unsigned int used = at.payload + FRAME_PAYLOAD;

	*out = (struct frames){ .at = at,
				.proto = spec->flow.proto,
				.v6 = spec->flow.v6,
				.tags = (uint8_t)spec->flow.vlans.n,
				.sizes = spec->sizes };
	if (!style_fits(spec, why) || !payload_fill(&spec->style.payload, out->pattern + used, used,
						    sizeof(out->pattern) - used, why))
		return false;
	if (!flows_init(&out->flows, &spec->flow, why))
		return false;
	out->simple = spec->flow.proto <= FRAME_TCP && !out->flows.links && used <= HEAD_SHORT;
	if (!templates_init(out, spec, why)) {
		frames_fini(out);
		return false;
	}
	return true;
}

void frames_fini(struct frames *f)
{
	free(f->templates);
	f->templates = NULL;
	flows_fini(&f->flows);
}

/* What all frames of a burst share: by value, since the bytes stored might be those of @f for all
 * that the compiler knows. */
struct burst {
	size_t payload, csum;
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
	struct burst b = { .payload = f->at.payload,
			   .csum = f->at.csum,
			   .sec = htonl((uint32_t)sec) };

	memcpy(&last, f->pattern + b.payload + FRAME_PAYLOAD - sizeof(stream_ns), sizeof(last));
	memcpy(&last, &stream_ns, sizeof(stream_ns));
	b.tail = two_words(htonl(usec), last);
	b.sum = sum_fold((uint64_t)b.sec + htonl(usec) + stream_ns);
	return b;
}

/* What a run has in common, known to the compiler: most do not pay for what few want. */
struct build_mode {
	bool simple;
	uint16_t zero; /* what a checksum of 0 is written as */
};

/* Number and time, and the checksum of it all where there is one. */
static inline void write_payload(const struct burst *b, uint32_t sum, uint32_t seq,
				 const struct build_mode mode, uint8_t *frame)
{
	uint8_t *payload = frame + b->payload;
	uint32_t number = htonl(seq);
	uint64_t words = two_words(number, b->sec);
	uint16_t csum = sum_close(sum + b->sum + (number & 0xffff) + (number >> 16), mode.zero);

	memcpy(payload + offsetof(struct frame_payload, seq), &words, sizeof(words));
	memcpy(payload + offsetof(struct frame_payload, usec), &b->tail, sizeof(b->tail));
	if (mode.simple || b->csum)
		memcpy(frame + b->csum, &csum, sizeof(csum));
}

/* An echo's own number is the low half of ours. Return: its part of the checksum. */
static inline uint32_t write_number(const struct frames *f, uint32_t seq, uint8_t *frame)
{
	uint16_t low = htons((uint16_t)seq);

	if (!f->at.number)
		return 0;
	memcpy(frame + f->at.number, &low, sizeof(low));
	return low;
}

/* The pattern behind the head, unless the buffer has it. */
static inline void write_pattern(const struct frames *f, uint32_t len, uint32_t head,
				 uint8_t *frame)
{
	uint16_t *upto = f->painted ? painted_mark(f->painted, frame) : NULL;

	if (upto && *upto >= len)
		return;
	if (upto && *upto > head)
		head = *upto;
	memcpy(frame + head, f->pattern + head, len - head);
	if (upto)
		*upto = (uint16_t)len;
}

/* The constant bytes. The head is copied whole: shorter frames leave the rest of it unsent. */
static inline void write_constant(const struct frames *f, const struct frame_template *t,
				  uint32_t len, uint32_t head, uint8_t *frame)
{
	memcpy(frame, t->head, 64);
	if (len <= 64)
		return;
	memcpy(frame + 64, t->head + 64, head - 64);
	if (len > head)
		write_pattern(f, len, head, frame);
}

/* @mode is a constant in every instance. */
static inline __attribute__((always_inline)) uint32_t
build_body(const struct frames *f, struct frame_cursor *cursor, struct vio_pkt *pkts, uint16_t n,
	   unsigned int stream, uint32_t seq, uint64_t now_ns, const struct build_mode mode)
{
	const struct burst b = burst_begin(f, stream, now_ns);
	const struct frame_template *const templates = f->templates;
	const uint16_t *const pattern = f->sizes->pattern;
	const uint32_t sizes = f->sizes->pattern_len, flows = f->flows.n;
	struct frame_cursor at = *cursor;
	uint32_t bytes = n * SIZE_FCS;

	for (uint16_t i = 0; i < n; i++) {
		const struct frame_template *t = &templates[pattern[at.size]];
		uint8_t *frame = pkts[i].data;
		uint32_t sum = t->l4_sum, len = t->len;

		write_constant(f, t, len, mode.simple ? HEAD_SHORT : FRAME_HEAD_MAX, frame);
		if (flows > 1) {
			sum += mode.simple ? write_flow(f, t, &f->flows.flows[at.flow], frame)
					   : write_any_flow(f, t, at.flow, frame);
			at.flow = at.flow + 1 == flows ? 0 : at.flow + 1;
		}
		if (!mode.simple)
			sum += write_number(f, seq + i, frame);
		write_payload(&b, sum, seq + i, mode, frame);
		pkts[i].len = len;
		bytes += len;
		at.size = at.size + 1 == sizes ? 0 : at.size + 1;
	}
	*cursor = at;
	return bytes;
}

/* Every way of building that there is: its mode. */
#define BUILD_VARIANTS(X) \
	X(simple_udp, true, 0xffff) \
	X(simple_tcp, true, 0) \
	X(any_udp, false, 0xffff) \
	X(any, false, 0)

#define X(name, ...) \
	static __attribute__((noinline)) uint32_t build_##name( \
		const struct frames *f, struct frame_cursor *cursor, struct vio_pkt *pkts, \
		uint16_t n, unsigned int stream, uint32_t seq, uint64_t now_ns) \
	{ \
		return build_body(f, cursor, pkts, n, stream, seq, now_ns, \
				  (struct build_mode){ __VA_ARGS__ }); \
	}
BUILD_VARIANTS(X)
#undef X

uint32_t frames_build(const struct frames *f, struct frame_cursor *cursor, struct vio_pkt *pkts,
		      uint16_t n, unsigned int stream, uint32_t seq, uint64_t now_ns)
{
	if (f->simple && f->proto == FRAME_UDP)
		return build_simple_udp(f, cursor, pkts, n, stream, seq, now_ns);
	if (f->simple)
		return build_simple_tcp(f, cursor, pkts, n, stream, seq, now_ns);
	if (f->proto == FRAME_UDP)
		return build_any_udp(f, cursor, pkts, n, stream, seq, now_ns);
	return build_any(f, cursor, pkts, n, stream, seq, now_ns);
}

static uint32_t step_back(uint32_t at, uint32_t n, uint32_t round)
{
	n %= round;
	return at >= n ? at - n : at + round - n;
}

void frames_rewind(const struct frames *f, struct frame_cursor *cursor, uint32_t n)
{
	cursor->size = step_back(cursor->size, n, f->sizes->pattern_len);
	if (f->flows.n > 1)
		cursor->flow = step_back(cursor->flow, n, f->flows.n);
}
