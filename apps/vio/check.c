/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <arpa/inet.h>
#include <string.h>

#include "proto.h"
#include "sum.h"

static bool is_plain(const struct frame_spec *spec)
{
	return spec->flow.proto == FRAME_UDP && !spec->flow.v6 && !spec->flow.vlans.n &&
	       !spec->style.vxlan.on && spec->flow.src_mac.count <= 1 &&
	       spec->flow.dst_mac.count <= 1;
}

void check_id_init(struct check_id *id, const struct frame_spec *spec, const struct frames *f)
{
	*id = (struct check_id){ .macs_vary = !f->at.outer_ip && (spec->flow.src_mac.count > 1 ||
								  spec->flow.dst_mac.count > 1),
				 .plain = is_plain(spec),
				 .vxlan = spec->style.vxlan.on,
				 .vni = spec->style.vxlan.vni,
				 .at = f->at,
				 .flow = spec->flow };
	memcpy(id->macs[0], f->templates[0].head, 12);
	for (int i = 0; i < 12; i++)
		id->macs[1][i] = id->macs[0][(i + 6) % 12];
}

/* Are @first and @second values of @a and @b, or of @b and @a? */
static bool pair_held(const struct field *a, const struct field *b, const uint8_t *first,
		      const uint8_t *second, size_t len)
{
	return (field_holds(a, first, len) && field_holds(b, second, len)) ||
	       (field_holds(b, first, len) && field_holds(a, second, len));
}

static __attribute__((noinline)) bool macs_held(const struct check_id *id, const uint8_t *frame)
{
	return pair_held(&id->flow.dst_mac, &id->flow.src_mac, frame, frame + 6, 6);
}

static inline bool macs_ours(const struct check_id *id, const uint8_t *frame)
{
	return !memcmp(frame, id->macs[0], 12) || !memcmp(frame, id->macs[1], 12) ||
	       (id->macs_vary && macs_held(id, frame));
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

/* Where addresses vary, many are near each other, and this would tell nothing. */
static __attribute__((cold, noinline)) bool macs_one_off(const struct check_id *id,
							 const uint8_t *frame)
{
	return !id->macs_vary &&
	       (bits_off(id->macs[0], frame) == 1 || bits_off(id->macs[1], frame) == 1);
}

static bool arp_addresses_ours(const struct flow_spec *flow, const uint8_t *arp)
{
	return field_holds(&flow->src, arp + 14, 4) && field_holds(&flow->dst, arp + 24, 4);
}

/* Ports, or what stands for them. */
static bool mark_flow(const struct check_id *id, const uint8_t *frame, uint32_t len)
{
	const uint8_t *l4 = frame + id->at.l4;

	if (id->flow.proto == FRAME_ARP)
		return len >= id->at.l3 + ARP_LEN &&
		       arp_addresses_ours(&id->flow, frame + id->at.l3);
	if (id->flow.proto == FRAME_ICMP)
		return len >= id->at.l4 + 6u && field_holds(&id->flow.sport, l4 + 4, 2);
	return len >= id->at.l4 + 4u && pair_held(&id->flow.sport, &id->flow.dport, l4, l4 + 2, 2);
}

static bool mark_magic(const struct check_id *id, const uint8_t *frame, uint32_t len)
{
	return len >= id->at.payload + 4u && get32(frame + id->at.payload) == FRAME_MAGIC;
}

static __attribute__((cold, noinline)) enum check_result
check_stranger(const struct check_id *id, const uint8_t *frame, uint32_t len)
{
	int marks =
		mark_macs(id, frame, len) + mark_flow(id, frame, len) + mark_magic(id, frame, len);

	return marks >= 2 ? CHECK_CORRUPT : CHECK_FOREIGN;
}

/* What IP carries inside a frame. */
struct datagram {
	const uint8_t *l4;
	uint32_t len;
	uint64_t pseudo; /* sum of the pseudo header, but for the length */
	uint8_t proto;
};

static inline bool parse_ip4(const uint8_t *ip, uint32_t room, struct datagram *d)
{
	uint32_t hdr, total;

	if (room < IP4_LEN || ip[0] >> 4 != 4)
		return false;
	hdr = (ip[0] & 15u) * 4u;
	total = get16(ip + 2);
	if (hdr < IP4_LEN || total > room || total < hdr)
		return false;
	if (get16(ip + 6) & 0x3fff || sum_fold(sum_add(0, ip, hdr)) != 0xffff)
		return false;
	d->l4 = ip + hdr;
	d->len = total - hdr;
	d->proto = ip[9];
	d->pseudo = sum_add(htons(d->proto), ip + 12, 8);
	return true;
}

static inline bool parse_ip6(const uint8_t *ip, uint32_t room, struct datagram *d)
{
	if (room < IP6_LEN || ip[0] >> 4 != 6)
		return false;
	d->l4 = ip + IP6_LEN;
	d->len = get16(ip + 4);
	d->proto = ip[6];
	d->pseudo = sum_add(htons(d->proto), ip + 8, 32);
	return d->len <= room - IP6_LEN;
}

/* Type of what stands behind up to two tags, and where that is. Return: 0: the frame ends there. */
static inline unsigned int parse_link(const uint8_t *frame, uint32_t len, uint32_t *at)
{
	unsigned int type;

	*at = 12;
	for (int tags = 0;; tags++, *at += VLAN_LEN) {
		if (len < *at + 2)
			return 0;
		type = get16(frame + *at);
		if (!is_tag(type) || tags == 2)
			break;
	}
	*at += 2;
	return type;
}

static inline bool parse_ip(unsigned int type, const uint8_t *ip, uint32_t room, struct datagram *d)
{
	if (type == TYPE_IP4)
		return parse_ip4(ip, room, d);
	return type == TYPE_IP6 && parse_ip6(ip, room, d);
}

static inline bool has_magic(const struct datagram *d, uint32_t hdr)
{
	return d->len >= hdr + FRAME_PAYLOAD && get32(d->l4 + hdr) == FRAME_MAGIC;
}

/* The payload of an intact UDP datagram of ours; NULL: it is none. */
static inline const uint8_t *udp_payload(const struct datagram *d, bool csum_done)
{
	uint64_t sum;

	if (d->proto != PROTO_UDP || !has_magic(d, UDP_LEN) || get16(d->l4 + 4) != d->len)
		return NULL;
	if (csum_done)
		return d->l4 + UDP_LEN;
	sum = sum_add(d->pseudo + htons((uint16_t)d->len), d->l4, d->len);
	return get16(d->l4 + 6) && sum_fold(sum) == 0xffff ? d->l4 + UDP_LEN : NULL;
}

/* The same of TCP, as we send it: without options. */
static const uint8_t *tcp_payload(const struct datagram *d, bool csum_done)
{
	uint64_t sum = d->pseudo + htons((uint16_t)d->len);

	if (!has_magic(d, TCP_LEN))
		return NULL;
	return csum_done || sum_fold(sum_add(sum, d->l4, d->len)) == 0xffff ? d->l4 + TCP_LEN
									    : NULL;
}

/* The same of an echo request or reply. */
static const uint8_t *icmp_payload(const struct datagram *d, unsigned int type)
{
	bool v6 = d->proto == PROTO_ICMP6;
	uint64_t sum = v6 ? d->pseudo + htons((uint16_t)d->len) : 0;

	if (!has_magic(d, ICMP_LEN))
		return NULL;
	if (v6 ? type != TYPE_IP6 || (d->l4[0] != ICMP6_REQUEST && d->l4[0] != ICMP6_REPLY)
	       : type != TYPE_IP4 || (d->l4[0] != ICMP4_REQUEST && d->l4[0] != ICMP4_REPLY))
		return NULL;
	return sum_fold(sum_add(sum, d->l4, d->len)) == 0xffff ? d->l4 + ICMP_LEN : NULL;
}

/* Behind an ARP request that says who sent it. */
static const uint8_t *arp_payload(const struct check_id *id, const uint8_t *frame, uint32_t len,
				  uint32_t at)
{
	static const uint8_t fixed[8] = { 0, 1, 8, 0, 6, 4, 0, 1 }, nobody[6] = { 0 };
	const uint8_t *arp = frame + at;

	if (len < at + ARP_LEN + FRAME_PAYLOAD || get32(arp + ARP_LEN) != FRAME_MAGIC)
		return NULL;
	if (memcmp(arp, fixed, 8) || memcmp(arp + 8, frame + 6, 6) || memcmp(arp + 18, nobody, 6))
		return NULL;
	if (id->flow.proto == FRAME_ARP && !arp_addresses_ours(&id->flow, arp))
		return NULL;
	return arp + ARP_LEN;
}

/* What kind of frame @frame is, but for VXLAN. */
static const uint8_t *inner_payload(const struct check_id *id, const uint8_t *frame, uint32_t len,
				    bool csum_done)
{
	struct datagram d;
	uint32_t at;
	unsigned int type = parse_link(frame, len, &at);

	if (type == TYPE_ARP)
		return arp_payload(id, frame, len, at);
	if (!parse_ip(type, frame + at, len - at, &d))
		return NULL;
	if (d.proto == PROTO_TCP)
		return tcp_payload(&d, csum_done);
	if (d.proto == PROTO_ICMP4 || d.proto == PROTO_ICMP6)
		return icmp_payload(&d, type);
	return udp_payload(&d, csum_done);
}

/* The frame inside VXLAN. Return: false if there is none, or not of our network. */
static bool parse_vxlan(const struct check_id *id, const uint8_t *frame, uint32_t len,
			bool csum_done, const uint8_t **inner, uint32_t *inner_len)
{
	const uint8_t *head;
	struct datagram d;
	uint32_t at;
	unsigned int type = parse_link(frame, len, &at);

	if (!type || !parse_ip(type, frame + at, len - at, &d) || d.proto != PROTO_UDP ||
	    d.len < UDP_LEN + VXLAN_LEN || get16(d.l4 + 4) != d.len ||
	    get16(d.l4 + 2) != VXLAN_PORT)
		return false;
	if (get16(d.l4 + 6) && !csum_done &&
	    sum_fold(sum_add(d.pseudo + htons((uint16_t)d.len), d.l4, d.len)) != 0xffff)
		return false;
	head = d.l4 + UDP_LEN;
	*inner = head + VXLAN_LEN;
	*inner_len = d.len - UDP_LEN - VXLAN_LEN;
	return head[0] == VXLAN_HAS_ID && (!id->vxlan || get32(head + 4) >> 8 == id->vni);
}

/* Everything but UDP right in the frame, which is what most runs send. */
static __attribute__((noinline)) const uint8_t *
other_payload(const struct check_id *id, const uint8_t *frame, uint32_t len, bool csum_done)
{
	const uint8_t *payload = inner_payload(id, frame, len, csum_done);

	if (payload || !parse_vxlan(id, frame, len, csum_done, &frame, &len))
		return payload;
	return inner_payload(id, frame, len, csum_done);
}

enum check_result check_frame(const struct check_id *id, const uint8_t *frame, uint32_t len,
			      bool csum_done, struct check_info *out)
{
	const uint8_t *p = NULL;
	unsigned int stream_ns;
	struct datagram d;
	uint32_t at;
	unsigned int type = parse_link(frame, len, &at);

	if (parse_ip(type, frame + at, len - at, &d))
		p = udp_payload(&d, csum_done);
	if (!p)
		p = other_payload(id, frame, len, csum_done);
	if (!p)
		return check_stranger(id, frame, len);
	out->odd_macs = !macs_ours(id, frame) && macs_one_off(id, frame);
	stream_ns = get16(p + 16);
	out->seq = get32(p + 4);
	out->stream = stream_ns >> 10;
	out->sent_ns = (uint64_t)get32(p + 8) * 1000000000u + (uint64_t)get32(p + 12) * 1000u +
		       (stream_ns & 0x3ff);
	return CHECK_OURS;
}
