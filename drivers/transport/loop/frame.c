/* SPDX-License-Identifier: BSD-3-Clause */
#include "shared.h"

#define GSO_TUNNEL4         0x20
#define GSO_TUNNEL6         0x40
#define GSO_EXTRA           (NET_GSO_ECN | GSO_TUNNEL4 | GSO_TUNNEL6)
#define HDR_UDP_TUNNEL_CSUM 0x08

/* What each kind of segmentation needs: to be asked for by the driver, to be passed on to it. */
static const struct gso_kind {
	uint8_t type, host, guest, guest6;
} gso_kinds[] = {
	{ NET_GSO_TCPV4, NET_F_HOST_TSO4, NET_F_GUEST_TSO4, NET_F_GUEST_TSO4 },
	{ NET_GSO_TCPV6, NET_F_HOST_TSO6, NET_F_GUEST_TSO6, NET_F_GUEST_TSO6 },
	{ NET_GSO_UDP, NET_F_HOST_UFO, NET_F_GUEST_UFO, NET_F_GUEST_UFO },
	{ NET_GSO_UDP_L4, NET_F_HOST_USO, NET_F_GUEST_USO4, NET_F_GUEST_USO6 },
};

static const struct gso_kind *gso_kind(uint8_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(gso_kinds); i++)
		if (gso_kinds[i].type == (type & ~GSO_EXTRA))
			return &gso_kinds[i];
	return NULL;
}

/* May a frame with this header be given to the driver as it is? */
bool gso_allowed(const struct vio_loop *loop, const struct frame_hdr *hdr)
{
	uint8_t type = hdr->base.gso_type;
	const struct gso_kind *kind = gso_kind(type);

	if (!type)
		return true;
	if (!kind || !loop_has(loop, kind->guest) || !loop_has(loop, kind->guest6))
		return false;
	if ((type & NET_GSO_ECN) && !loop_has(loop, NET_F_GUEST_ECN))
		return false;
	if ((hdr->base.flags & HDR_UDP_TUNNEL_CSUM) &&
	    !loop_has(loop, NET_F_GUEST_UDP_TUNNEL_GSO_CSUM))
		return false;
	return !(type & (GSO_TUNNEL4 | GSO_TUNNEL6)) || loop_has(loop, NET_F_GUEST_UDP_TUNNEL_GSO);
}

static bool check_tunnel(struct vio_loop *loop, struct queue *q, const struct frame_hdr *hdr,
			 uint32_t len)
{
	uint8_t type = hdr->base.gso_type & (GSO_TUNNEL4 | GSO_TUNNEL6);
	uint16_t outer = le16_to(hdr->outer_th_offset), inner = le16_to(hdr->inner_nh_offset);

	if (!type && !(hdr->base.flags & HDR_UDP_TUNNEL_CSUM))
		return true;
	if (!loop_has(loop, NET_F_HOST_UDP_TUNNEL_GSO))
		return violate(loop, q, RULE_TX_GSO_REFUSED, hdr->base.gso_type);
	if (!type || type == (GSO_TUNNEL4 | GSO_TUNNEL6))
		return violate(loop, q, RULE_TX_GSO_TYPE, hdr->base.gso_type);
	if ((hdr->base.flags & HDR_UDP_TUNNEL_CSUM) &&
	    !loop_has(loop, NET_F_HOST_UDP_TUNNEL_GSO_CSUM))
		return violate(loop, q, RULE_TX_FLAGS, hdr->base.flags);
	if (outer >= inner || inner >= len || inner >= le16_to(hdr->base.csum_start))
		return violate(loop, q, RULE_TX_TUNNEL, inner);
	return true;
}

static bool check_gso(struct vio_loop *loop, struct queue *q, const struct frame_hdr *hdr,
		      uint32_t len)
{
	const struct net_hdr *h = &hdr->base;
	const struct gso_kind *kind = gso_kind(h->gso_type);

	if (!h->gso_type)
		return check_tunnel(loop, q, hdr, len);
	if (!kind)
		return violate(loop, q, RULE_TX_GSO_TYPE, h->gso_type);
	if (!loop_has(loop, kind->host) ||
	    ((h->gso_type & NET_GSO_ECN) && !loop_has(loop, NET_F_HOST_ECN)))
		return violate(loop, q, RULE_TX_GSO_REFUSED, h->gso_type);
	if (!(h->flags & NET_HDR_NEEDS_CSUM))
		return violate(loop, q, RULE_TX_GSO_CSUM, h->flags);
	if (!le16_to(h->gso_size))
		return violate(loop, q, RULE_TX_GSO_SIZE, 0);
	if (le16_to(h->hdr_len) > len)
		return violate(loop, q, RULE_TX_GSO_HDR_LEN, le16_to(h->hdr_len));
	return check_tunnel(loop, q, hdr, len);
}

static bool check_csum(struct vio_loop *loop, struct queue *q, const struct net_hdr *h,
		       uint32_t len)
{
	uint32_t field = (uint32_t)le16_to(h->csum_start) + le16_to(h->csum_offset);

	if (!(h->flags & NET_HDR_NEEDS_CSUM))
		return true;
	if (!loop_has(loop, NET_F_CSUM))
		return violate(loop, q, RULE_TX_CSUM_REFUSED, h->flags);
	if (field + 2 > len || le16_to(h->csum_start) >= len)
		return violate(loop, q, RULE_TX_CSUM_RANGE, field);
	return true;
}

/* "Device Requirements: Packet Transmission", from the other side: what the driver must not say. */
static COLD bool check_header(struct vio_loop *loop, struct queue *q, const struct frame_hdr *hdr,
			      uint32_t len)
{
	const struct net_hdr *h = &hdr->base;

	if (h->num_buffers)
		violate(loop, q, RULE_TX_NUM_BUFFERS, le16_to(h->num_buffers));
	if (h->flags & ~(NET_HDR_NEEDS_CSUM | HDR_UDP_TUNNEL_CSUM))
		return violate(loop, q, RULE_TX_FLAGS, h->flags);
	if (!check_csum(loop, q, h, len) || !check_gso(loop, q, hdr, len))
		return false;
	if (len > LOOP_FRAME_MAX || (!h->gso_type && len > loop->tx_max))
		return violate(loop, q, RULE_TX_LONG, len);
	return true;
}

static void copy_header(const struct queue *q, const struct chain *c, uint8_t *to, uint32_t len)
{
	for (uint32_t i = c->seg, n; len; i++, to += n, len -= n) {
		n = min_u32(q->segs[i].len, len);
		memcpy(to, q->segs[i].p, n);
	}
}

/* Read and check the header of a frame to be sent. False: the frame is of no use. */
bool frame_take(struct vio_loop *loop, struct queue *q, const struct chain *c,
		struct frame_hdr *hdr)
{
	uint32_t len = (uint32_t)c->read_bytes - loop->hdr_len;

	if (unlikely(c->read_bytes < loop->hdr_len + 14u))
		return violate(loop, q, RULE_TX_SHORT, c->read_bytes);
	if (unlikely(c->read_bytes > loop->hdr_len + LOOP_FRAME_MAX))
		return violate(loop, q, RULE_TX_LONG, c->read_bytes);
	memset(hdr, 0, sizeof(*hdr));
	if (likely(q->segs[c->seg].len >= NET_HDR_LEN_BASE && loop->hdr_len == NET_HDR_LEN_BASE))
		memcpy(hdr, q->segs[c->seg].p, NET_HDR_LEN_BASE);
	else
		copy_header(q, c, (uint8_t *)hdr, loop->hdr_len);
	if (likely(!hdr->base.flags && !hdr->base.gso_type && !hdr->base.num_buffers &&
		   len <= loop->tx_max))
		return true;
	return check_header(loop, q, hdr, len);
}

static uint32_t sum_words(uint32_t sum, const uint8_t *p, uint32_t len)
{
	for (; len > 1; p += 2, len -= 2) {
		sum += (uint32_t)(p[0] << 8 | p[1]);
		sum = (sum & 0xffff) + (sum >> 16);
	}
	if (len)
		sum += (uint32_t)(p[0] << 8);
	return (sum & 0xffff) + (sum >> 16);
}

static void put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint16_t get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

/* Do what NEEDS_CSUM asks for. The field holds the sum of the pseudo header. */
static void complete_csum(uint8_t *frame, uint32_t len, uint32_t start, uint32_t offset)
{
	uint16_t sum = (uint16_t)~sum_words(0, frame + start, len - start);

	put_be16(frame + start + offset, sum ? sum : 0xffff);
}

void frame_checksum(struct record *r)
{
	struct net_hdr *h = &r->hdr.base;

	if (!(h->flags & NET_HDR_NEEDS_CSUM))
		return;
	complete_csum(r->frame, r->len, le16_to(h->csum_start), le16_to(h->csum_offset));
	h->flags = 0;
	h->csum_start = h->csum_offset = 0;
}

/* Where the headers of a TCP or UDP packet stand, found by walking them. */
struct packet {
	const uint8_t *frame;
	uint32_t len, ip, l4, payload;
	bool v6, tcp;
};

static bool parse(const struct record *r, struct packet *p)
{
	uint32_t at = 12;

	*p = (struct packet){ .frame = r->frame, .len = r->len };
	while (at + 2 <= r->len &&
	       (get_be16(r->frame + at) == 0x8100 || get_be16(r->frame + at) == 0x88a8))
		at += 4;
	p->ip = at + 2;
	if (p->ip + 40 > r->len)
		return false;
	p->v6 = r->frame[p->ip] >> 4 == 6;
	p->tcp = (r->hdr.base.gso_type & ~GSO_EXTRA) != NET_GSO_UDP_L4;
	/* The checksum starts where the transport header does, behind whatever extension headers.
	 */
	p->l4 = le16_to(r->hdr.base.csum_start);
	if (p->l4 < p->ip + (p->v6 ? 40u : 20u) || p->l4 + (p->tcp ? 20u : 8u) > r->len)
		return false;
	p->payload = p->l4 + (p->tcp ? 4u * (r->frame[p->l4 + 12] >> 4) : 8u);
	return p->payload < r->len && p->payload >= p->l4 + (p->tcp ? 20u : 8u);
}

static void fix_ip(uint8_t *f, const struct packet *p, uint32_t len, uint32_t index)
{
	uint8_t *ip = f + p->ip;

	if (p->v6) {
		put_be16(ip + 4, (uint16_t)(len - p->ip - 40));
		return;
	}
	put_be16(ip + 2, (uint16_t)(len - p->ip));
	put_be16(ip + 4, (uint16_t)(get_be16(ip + 4) + index));
	put_be16(ip + 10, 0);
	put_be16(ip + 10, (uint16_t)~sum_words(0, ip, 4u * (ip[0] & 15)));
}

static void add_be32(uint8_t *p, uint32_t n)
{
	uint32_t v = ((uint32_t)get_be16(p) << 16 | get_be16(p + 2)) + n;

	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}

/* CWR goes with the first segment only, FIN and PSH with the last. */
static void fix_tcp(uint8_t *tcp, uint32_t done, bool last)
{
	add_be32(tcp + 4, done);
	if (done)
		tcp[13] &= (uint8_t)~0x80;
	if (!last)
		tcp[13] &= (uint8_t)~0x09;
}

static uint32_t pseudo_sum(const uint8_t *f, const struct packet *p, uint32_t l4_len)
{
	const uint8_t *ip = f + p->ip;
	uint32_t sum = p->v6 ? sum_words(0, ip + 8, 32) : sum_words(0, ip + 12, 8);

	sum += (p->tcp ? 6u : 17u) + l4_len;
	return (sum & 0xffff) + (sum >> 16);
}

static void fix_segment(uint8_t *f, const struct packet *p, uint32_t len, uint32_t done,
			uint32_t index, bool last)
{
	uint32_t field = p->tcp ? 16 : 6;

	fix_ip(f, p, len, index);
	if (p->tcp)
		fix_tcp(f + p->l4, done, last);
	else
		put_be16(f + p->l4 + 4, (uint16_t)(len - p->l4));
	put_be16(f + p->l4 + field, (uint16_t)pseudo_sum(f, p, len - p->l4));
	complete_csum(f, len, p->l4, field);
}

/*
 * Do what gso_type asks for, since the receiver has not said that it can take the whole: one frame
 * for each gso_size bytes, headers and checksums made for it. Tunnels and UFO are not segmented.
 * Return: false if the frame can't be.
 */
bool frame_segment(struct vio_loop *loop, const struct record *r, frame_fn fn, void *arg)
{
	static const struct frame_hdr plain;
	uint32_t size = le16_to(r->hdr.base.gso_size), index = 0;
	struct packet p;

	if (r->hdr.base.gso_type & (GSO_TUNNEL4 | GSO_TUNNEL6) ||
	    r->hdr.base.gso_type == NET_GSO_UDP || !parse(r, &p))
		return false;
	for (uint32_t at = p.payload, n; at < r->len; at += n) {
		n = min_u32(size, r->len - at);
		memcpy(loop->bounce, r->frame, p.payload);
		memcpy(loop->bounce + p.payload, r->frame + at, n);
		fix_segment(loop->bounce, &p, p.payload + n, at - p.payload, index++,
			    at + n == r->len);
		if (!fn(arg, &plain, loop->bounce, p.payload + n))
			return true;
	}
	return true;
}
