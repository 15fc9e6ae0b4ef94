/* SPDX-License-Identifier: BSD-3-Clause */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <string.h>

#include "frame.h"

#define STEP      0x9e3779b97f4a7c15u
#define ETHERTYPE 0x88b5
#define ETH_LEN   14u

struct header {
	uint8_t dst[6], src[6];
	uint16_t type, flow;
	uint64_t seq;
	uint32_t len, kind;
};
_Static_assert(sizeof(struct header) == FRAME_HEADER, "header of a frame");

void frame_init(struct frame *f, enum frame_kind kind, uint16_t flow, uint64_t seq, uint32_t len)
{
	struct header h = {
		.dst = { 2, 'v', 'i', 'o', 0, 2 },
		.src = { 2, 'v', 'i', 'o', 0, 1 },
		.type = htons(ETHERTYPE),
		.flow = flow,
		.seq = seq,
		.len = len,
		.kind = kind,
	};

	memcpy(f->header, &h, sizeof(h));
	f->key = (seq ^ (uint64_t)flow << 48) * 0xd6e8feb86659fd93u;
}

static uint64_t word(const struct frame *f, uint32_t i)
{
	return i < FRAME_HEADER / 8 ? f->header[i] : f->key + i * STEP;
}

static uint8_t byte(const struct frame *f, uint32_t off)
{
	uint8_t b[8];
	uint64_t w = word(f, off / 8);

	memcpy(b, &w, sizeof(b));
	return b[off % 8];
}

/* Bytes from @off on to handle one by one, before whole words can be. */
static uint32_t odd_bytes(uint32_t off, uint32_t n)
{
	uint32_t odd = -off % 8;

	return odd < n ? odd : n;
}

/* Words from @off on that belong to the header. */
static uint32_t header_words(uint32_t off, uint32_t n)
{
	uint32_t words = off < FRAME_HEADER ? (FRAME_HEADER - off) / 8 : 0;

	return words < n / 8 ? words : n / 8;
}

void frame_write(const struct frame *f, uint32_t off, void *dst, uint32_t n)
{
	uint8_t *d = dst;
	uint32_t odd = odd_bytes(off, n);

	for (; odd; odd--, n--)
		*d++ = byte(f, off++);

	uint32_t words = header_words(off, n);
	if (words)
		memcpy(d, (const uint8_t *)f->header + off, words * 8);
	d += words * 8, off += words * 8, n -= words * 8;

	uint64_t w = f->key + off / 8 * STEP;
	for (words = n / 8; words; words--, w += STEP, d += 8)
		memcpy(d, &w, 8);

	for (off += n / 8 * 8, n %= 8; n; n--)
		*d++ = byte(f, off++);
}

/* True if @n bytes at @src are those of the frame from @off on. */
static bool same(const struct frame *f, uint32_t off, const uint8_t *src, uint32_t n)
{
	uint64_t diff = 0, got;
	uint32_t odd = odd_bytes(off, n);

	for (; odd; odd--, n--)
		diff |= *src++ ^ byte(f, off++);

	uint32_t words = header_words(off, n);
	if (words)
		diff |= (uint64_t) !!memcmp(src, (const uint8_t *)f->header + off, words * 8);
	src += words * 8, off += words * 8, n -= words * 8;

	uint64_t w = f->key + off / 8 * STEP;
	for (words = n / 8; words; words--, w += STEP, src += 8) {
		memcpy(&got, src, 8);
		diff |= got ^ w;
	}

	for (off += n / 8 * 8, n %= 8; n; n--)
		diff |= *src++ ^ byte(f, off++);
	return !diff;
}

bool frame_same(const struct frame *f, const struct vio_pkt *pkts, uint16_t segments)
{
	uint32_t off = 0;

	for (uint16_t i = 0; i < segments; off += pkts[i++].len)
		if (!same(f, off, pkts[i].data, pkts[i].len))
			return false;
	return true;
}

uint32_t frame_len(const struct vio_pkt *pkts, uint16_t segments)
{
	uint32_t len = 0;

	for (uint16_t i = 0; i < segments; i++)
		len += pkts[i].len;
	return len;
}

/* Copy the first @n bytes of a packet, wherever its segments are cut. False: it is shorter. */
static bool peek(const struct vio_pkt *pkts, uint16_t segments, void *dst, uint32_t n)
{
	uint8_t *d = dst;

	for (uint16_t i = 0; i < segments && n; i++) {
		uint32_t part = pkts[i].len < n ? pkts[i].len : n;

		memcpy(d, pkts[i].data, part);
		d += part, n -= part;
	}
	return !n;
}

bool frame_header(const struct vio_pkt *pkts, uint16_t segments, enum frame_kind *kind,
		  uint16_t *flow, uint64_t *seq, uint32_t *len)
{
	struct header h;

	if (!peek(pkts, segments, &h, sizeof(h)))
		return false;
	*kind = h.kind;
	*flow = h.flow;
	*seq = h.seq;
	*len = h.len;
	return h.type == htons(ETHERTYPE) && (h.kind == FRAME_DATA || h.kind == FRAME_HELLO);
}

/* The sum that a right IPv4 header gives is 0xffff (RFC 1071). */
static bool ip_sum_right(const struct iphdr *ip)
{
	uint16_t half[sizeof(*ip) / 2];
	uint32_t sum = 0;

	memcpy(half, ip, sizeof(half));
	for (unsigned int i = 0; i < sizeof(*ip) / 2; i++)
		sum += half[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16) == 0xffff;
}

bool frame_udp(const struct vio_pkt *pkts, uint16_t segments, uint32_t *dst)
{
	struct {
		uint8_t mac[12];
		uint16_t type;
		struct iphdr ip;
		struct udphdr udp;
	} __attribute__((packed)) h;
	struct iphdr ip;
	uint32_t len = frame_len(pkts, segments);

	if (!peek(pkts, segments, &h, sizeof(h)))
		return false;
	memcpy(&ip, &h.ip, sizeof(ip));
	*dst = ntohl(ip.daddr);
	return h.type == htons(0x0800) && ip.version == 4 && ip.ihl == 5 && ip.protocol == 17 &&
	       ntohs(ip.tot_len) == len - ETH_LEN && ip_sum_right(&ip) &&
	       ntohs(h.udp.len) == len - ETH_LEN - sizeof(ip);
}
