/* SPDX-License-Identifier: BSD-3-Clause */
#include "hdr.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base64.h"

#define COOKIE            0x1c849313u
#define COOKIE_COMPRESSED 0x1c849314u
#define HIGHEST           UINT64_C(10000000000)
#define DIGITS            3u
#define VARINT_MAX        9u

struct head {
	uint32_t cookie, payload, offset, digits;
	uint64_t lowest, highest, ratio;
};

struct outer {
	uint32_t cookie, bytes;
};

/* No bucket takes more than its count, or its share of a run. */
#define PLAIN_MAX (sizeof(struct head) + (size_t)HIST_BUCKETS * VARINT_MAX)

static_assert(sizeof(struct head) == 40, "as on the wire");
static_assert(sizeof(struct outer) == 8, "as on the wire");

/* The bits of a double 1.0. */
#define RATIO_ONE UINT64_C(0x3ff0000000000000)

/* Seven bits a byte, least first; the ninth has eight. */
static size_t put_varint(uint8_t *out, int64_t value)
{
	uint64_t v = ((uint64_t)value << 1) ^ (value < 0 ? UINT64_MAX : 0);
	size_t n = 0;

	for (; v > 0x7f && n < VARINT_MAX - 1; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return n;
}

/* Return: bytes read; 0: there are too few. */
static size_t get_varint(const uint8_t *in, size_t len, int64_t *value)
{
	uint64_t v = 0;

	for (size_t n = 0; n < len && n < VARINT_MAX; n++) {
		bool last = n == VARINT_MAX - 1 || !(in[n] & 0x80);

		v |= (uint64_t)(n == VARINT_MAX - 1 ? in[n] : in[n] & 0x7f) << (7 * n);
		if (!last)
			continue;
		*value = (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
		return n + 1;
	}
	return 0;
}

static size_t put_counts(uint8_t *out, const struct hist *h)
{
	unsigned int end = HIST_BUCKETS, zeros;
	size_t n = 0;

	while (end && !h->bucket[end - 1])
		end--;
	for (unsigned int i = 0; i < end; i += zeros ? zeros : 1) {
		for (zeros = 0; !h->bucket[i + zeros];)
			zeros++;
		n += put_varint(out + n, zeros ? -(int64_t)zeros : (int64_t)h->bucket[i]);
	}
	return n;
}

static void count(struct hist *h, unsigned int bucket, uint64_t n)
{
	uint64_t first = hist_bucket_first(bucket), last = hist_bucket_last(bucket);

	if (!h->count)
		h->min = first;
	h->max = last;
	h->count += n;
	h->sum += n * (first + (last - first) / 2);
	h->bucket[bucket] = n;
}

static bool get_counts(const uint8_t *in, size_t len, struct hist *h)
{
	unsigned int i = 0;
	int64_t value;

	memset(h, 0, sizeof(*h));
	for (size_t n = 0, k; n < len; n += k) {
		k = get_varint(in + n, len - n, &value);
		if (!k || value <= -(int64_t)(HIST_BUCKETS - i) - 1 ||
		    (value >= 0 && i >= HIST_BUCKETS))
			return false;
		if (value > 0)
			count(h, i, (uint64_t)value);
		i += value < 0 ? (unsigned int)-value : 1;
	}
	return true;
}

char *hdr_encode(const struct hist *h)
{
	uLongf packed = compressBound(PLAIN_MAX);
	uint8_t *plain = malloc(PLAIN_MAX), *out = malloc(sizeof(struct outer) + packed);
	struct head head = {
		.cookie = htobe32(COOKIE),
		.digits = htobe32(DIGITS),
		.lowest = htobe64(1),
		.highest = htobe64(HIGHEST),
		.ratio = htobe64(RATIO_ONE),
	};
	struct outer outer = { .cookie = htobe32(COOKIE_COMPRESSED) };
	char *text = NULL;
	size_t n;

	if (!plain || !out)
		goto free_both;
	n = put_counts(plain + sizeof(head), h);
	head.payload = htobe32((uint32_t)n);
	memcpy(plain, &head, sizeof(head));
	if (compress(out + sizeof(outer), &packed, plain, sizeof(head) + n) != Z_OK)
		goto free_both;
	outer.bytes = htobe32((uint32_t)packed);
	memcpy(out, &outer, sizeof(outer));
	text = base64_encode(out, sizeof(outer) + packed);
free_both:
	free(out);
	free(plain);
	return text;
}

/* Of other histograms only what has our buckets can be read. */
static bool read_plain(const uint8_t *plain, size_t len, struct hist *h)
{
	struct head head;

	if (len < sizeof(head))
		return false;
	memcpy(&head, plain, sizeof(head));
	return head.cookie == htobe32(COOKIE) && head.digits == htobe32(DIGITS) && !head.offset &&
	       head.lowest == htobe64(1) && head.ratio == htobe64(RATIO_ONE) &&
	       be32toh(head.payload) == len - sizeof(head) &&
	       get_counts(plain + sizeof(head), len - sizeof(head), h);
}

bool hdr_decode(const char *text, struct hist *h)
{
	size_t len = 0;
	uint8_t *in = base64_decode(text, &len), *plain = malloc(PLAIN_MAX);
	uLongf unpacked = PLAIN_MAX;
	struct outer outer;
	bool ok = false;

	if (!in || !plain || len < sizeof(outer))
		goto free_both;
	memcpy(&outer, in, sizeof(outer));
	ok = outer.cookie == htobe32(COOKIE_COMPRESSED) &&
	     be32toh(outer.bytes) == len - sizeof(outer) &&
	     uncompress(plain, &unpacked, in + sizeof(outer), len - sizeof(outer)) == Z_OK &&
	     read_plain(plain, unpacked, h);
free_both:
	free(plain);
	free(in);
	return ok;
}
