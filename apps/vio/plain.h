/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PLAIN_H
#define APP_PLAIN_H

#include <arpa/inet.h>
#include <string.h>

#include "check.h"
#include "sum.h"

/*
 * Nearly all frames come back as they were sent, but for MAC addresses that may be exchanged: IPv4
 * right behind Ethernet, UDP right behind that, nothing behind the datagram. Such a frame is told
 * by a few comparisons at fixed offsets and two sums, with nothing read twice; whatever differs is
 * for check_frame(), which looks at it from the beginning. All that both accept, they read alike.
 */
#define PLAIN_L3      14u
#define PLAIN_L4      (PLAIN_L3 + 20u)
#define PLAIN_PAYLOAD (PLAIN_L4 + 8u)
#define PLAIN_LEAST   (PLAIN_PAYLOAD + FRAME_PAYLOAD)

/* Number and stamp, as they lie in the frame. */
struct plain {
	uint32_t seq;
	uint16_t stream_ns;
	uint64_t time; /* seconds and microseconds */
};

static inline uint64_t plain_load(const uint8_t *at, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, at, n);
	return v;
}

static inline bool plain_macs(const uint8_t *frame, const uint8_t *macs)
{
	return !((plain_load(frame, 8) ^ plain_load(macs, 8)) |
		 (plain_load(frame + 8, 4) ^ plain_load(macs + 8, 4)));
}

/* What 8 bytes from the type on are in our frames, but for service, length and identification; and
 * 8 from the fragment on, where only bits and the protocol are known. In the order of memory. */
static const uint8_t plain_type[8] = { 0x08, 0x00, 0x45 };
static const uint8_t plain_type_mask[8] = { 0xff, 0xff, 0xff, 0, 0xff, 0xff, 0, 0 };
static const uint8_t plain_proto[8] = { 0, 0, 0, 17 };
static const uint8_t plain_proto_mask[8] = { 0x3f, 0xff, 0, 0xff };

/* Bytes that differ from those of a frame of this length that we write; one comparison for all. */
static inline uint64_t plain_odd(const uint8_t *f, uint32_t len)
{
	const uint16_t total = htons((uint16_t)(len - PLAIN_L3));
	const uint16_t udp_len = htons((uint16_t)(len - PLAIN_L4));
	uint64_t type = plain_load(plain_type, 8);

	memcpy((uint8_t *)&type + 4, &total, sizeof(total));
	return ((plain_load(f + PLAIN_L3 - 2, 8) ^ type) & plain_load(plain_type_mask, 8)) |
	       ((plain_load(f + PLAIN_L3 + 6, 8) ^ plain_load(plain_proto, 8)) &
		plain_load(plain_proto_mask, 8)) |
	       (plain_load(f + PLAIN_L4 + 4, 2) ^ udp_len) | !plain_load(f + PLAIN_L4 + 6, 2) |
	       (plain_load(f + PLAIN_PAYLOAD, 4) ^ htonl(FRAME_MAGIC));
}

/* Do both checksums hold? Neither sum is 0: there are a version and a protocol in them. */
static inline bool plain_sums(const uint8_t *f, uint32_t len)
{
	const uint8_t *ip = f + PLAIN_L3, *udp = f + PLAIN_L4;
	const uint64_t addresses = plain_load(ip + 12, 4) + plain_load(ip + 16, 4);
	const uint64_t header =
		addresses + plain_load(ip, 4) + plain_load(ip + 4, 4) + plain_load(ip + 8, 4);
	const uint64_t pseudo = addresses + htons(17) + plain_load(udp + 4, 2);

	return sum_is_zero(header) && sum_is_zero(sum_words(pseudo, udp, len - PLAIN_L4));
}

/* Is it one of ours, intact and without any doubt? Fills @out if so. */
static inline bool plain_frame(const struct check_id *id, const uint8_t *f, uint32_t len,
			       struct plain *out)
{
	if (len < PLAIN_LEAST || !id->plain || plain_odd(f, len) ||
	    !(plain_macs(f, id->macs[0]) || plain_macs(f, id->macs[1])) || !plain_sums(f, len))
		return false;
	f += PLAIN_PAYLOAD;
	*out = (struct plain){ (uint32_t)plain_load(f + 4, 4), (uint16_t)plain_load(f + 16, 2),
			       plain_load(f + 8, 8) };
	return true;
}

/* What check_frame() would have told. */
static inline void plain_info(const struct plain *p, struct check_info *out)
{
	uint32_t words[2];
	const unsigned int stream_ns = ntohs(p->stream_ns);

	memcpy(words, &p->time, sizeof(words));
	*out = (struct check_info){
		.seq = ntohl(p->seq),
		.stream = stream_ns >> 10,
		.sent_ns = (uint64_t)ntohl(words[0]) * 1000000000u +
			   (uint64_t)ntohl(words[1]) * 1000u + (stream_ns & 0x3ff),
	};
}

#endif
