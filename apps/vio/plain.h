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

/*
 * The first 48 bytes as six words of 8, and which of their bits are known beforehand: addresses,
 * types, lengths, no fragment, the protocol, our magic. Service, identification, hop limit,
 * addresses and ports vary; so do checksums, which are proved by themselves.
 */
#define PLAIN_WORDS 6u

static const uint8_t plain_known[PLAIN_WORDS * 8] = {
	[0 ... 14] = 0xff, [16] = 0xff, [17] = 0xff, [20] = 0x3f,        [21] = 0xff,
	[23] = 0xff,       [38] = 0xff, [39] = 0xff, [42 ... 45] = 0xff,
};

/* What those bits are. */
struct plain_like {
	uint32_t len, least; /* least: of all that can be plain; UINT32_MAX: none is */
	uint64_t word[PLAIN_WORDS];
	uint64_t pseudo; /* of the pseudo header's sum, what the length decides */
	const struct check_id *id;
	unsigned int macs; /* which of the id's */
};

static inline void plain_put(struct plain_like *like, size_t at, const void *from, size_t n)
{
	memcpy((uint8_t *)like->word + at, from, n);
}

/* Frames of @len bytes are expected from now on. */
static inline void plain_resize(struct plain_like *like, uint32_t len)
{
	const uint16_t total = htons((uint16_t)(len - PLAIN_L3));
	const uint16_t udp_len = htons((uint16_t)(len - PLAIN_L4));

	plain_put(like, PLAIN_L3 + 2, &total, sizeof(total));
	plain_put(like, PLAIN_L4 + 4, &udp_len, sizeof(udp_len));
	like->pseudo = (uint64_t)htons(17) + udp_len;
	like->len = len;
}

/* Those of @id are. */
static inline void plain_begin(struct plain_like *like, const struct check_id *id)
{
	static const uint8_t type[3] = { 0x08, 0x00, 0x45 }, udp = 17;
	const uint32_t magic = htonl(FRAME_MAGIC);

	*like = (struct plain_like){ .id = id, .len = UINT32_MAX, .least = UINT32_MAX };
	if (!id->plain)
		return;
	like->least = PLAIN_LEAST;
	plain_put(like, 0, id->macs[0], 12);
	plain_put(like, 12, type, sizeof(type));
	plain_put(like, PLAIN_L3 + 9, &udp, sizeof(udp));
	plain_put(like, PLAIN_PAYLOAD, &magic, sizeof(magic));
	plain_resize(like, PLAIN_LEAST);
}

/* Known bits in which word @i of @f differs. */
static inline uint64_t plain_odd(const struct plain_like *like, const uint8_t *f, unsigned int i)
{
	return (plain_load(f + 8 * i, 8) ^ like->word[i]) & plain_load(plain_known + 8 * i, 8);
}

static inline bool plain_macs(const struct plain_like *like, const uint8_t *f)
{
	return !((plain_load(f, 8) ^ plain_load((const uint8_t *)like->word, 8)) |
		 (plain_load(f + 8, 4) ^ plain_load((const uint8_t *)like->word + 8, 4)));
}

/* Are the addresses those of the id the other way round? They are expected so from now on. */
static __attribute__((noinline)) bool plain_turned(struct plain_like *like, const uint8_t *f)
{
	like->macs ^= 1;
	plain_put(like, 0, like->id->macs[like->macs], 12);
	return plain_macs(like, f);
}

static inline bool plain_known_holds(const struct plain_like *like, const uint8_t *f)
{
	return !(plain_odd(like, f, 0) | plain_odd(like, f, 1) | plain_odd(like, f, 2) |
		 plain_odd(like, f, 4) | plain_odd(like, f, 5));
}

/* Of the datagram and what is below it: that of 64 bytes with FCS needs no loop. */
static inline uint64_t plain_udp_sum(uint64_t pseudo, const uint8_t *udp, uint32_t len)
{
	uint64_t sum;

	if (len != PLAIN_LEAST)
		return sum_words(pseudo, udp, len - PLAIN_L4);
	sum = sum_wrap(plain_load(udp, 8), plain_load(udp + 8, 8));
	sum = sum_wrap(sum, plain_load(udp + 16, 8));
	return sum_wrap(sum, plain_load(udp + 24, 2) + pseudo);
}

/* Do both checksums hold, and is there one of UDP? Neither sum is 0: there are a version and a
 * protocol in them. */
static inline bool plain_sums(const struct plain_like *like, const uint8_t *f, uint32_t len)
{
	const uint8_t *ip = f + PLAIN_L3, *udp = f + PLAIN_L4;
	const uint64_t addresses = plain_load(ip + 12, 4) + plain_load(ip + 16, 4);
	const uint64_t header = sum_wrap(plain_load(ip, 8), plain_load(ip + 8, 4) + addresses);

	return plain_load(udp + 6, 2) && sum_is_zero(header) &&
	       sum_is_zero(plain_udp_sum(addresses + like->pseudo, udp, len));
}

/* Is it one that is expected, intact and without any doubt? Fills @out if so. */
static inline bool plain_frame(struct plain_like *like, const uint8_t *f, uint32_t len,
			       struct plain *out)
{
	if (len != like->len) {
		if (len < like->least)
			return false;
		plain_resize(like, len);
	}
	if (!plain_known_holds(like, f) &&
	    (plain_macs(like, f) || !plain_turned(like, f) || !plain_known_holds(like, f)))
		return false;
	if (!plain_sums(like, f, len))
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
