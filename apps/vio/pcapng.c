/* SPDX-License-Identifier: BSD-3-Clause */
#include "pcapng.h"

#include <stddef.h>
#include <string.h>

#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINK_ETHERNET    1u
#define PACKET_HEAD      28u /* in front of the frame */
#define PACKET_TAIL      (PCAPNG_PACKET_EXTRA - PACKET_HEAD)

/* Codes of options; what a code means depends on the block. */
enum {
	OPT_END = 0,
	IF_NAME = 2,
	IF_TSRESOL = 9,
	IF_FILTER = 11,
	SHB_USERAPPL = 4,
	EPB_FLAGS = 2,
	EPB_QUEUE = 6,
	ISB_STARTTIME = 2,
	ISB_ENDTIME = 3,
	ISB_IFRECV = 4,
	ISB_IFDROP = 5,
	ISB_FILTERACCEPT = 6,
};

/* epb_flags, bits 0 and 1 */
#define INBOUND  1u
#define OUTBOUND 2u

/* A block that grows; the caller's room is known to do. */
struct block {
	uint8_t *out;
	uint32_t len;
};

static void put(struct block *b, const void *data, uint32_t len)
{
	static const uint8_t zero[4];
	uint32_t pad = -len & 3;

	if (len)
		memcpy(b->out + b->len, data, len);
	memcpy(b->out + b->len + len, zero, pad);
	b->len += len + pad;
}

static void put32(struct block *b, uint32_t value)
{
	put(b, &value, sizeof(value));
}

static struct block block_begin(uint8_t *out, uint32_t type)
{
	struct block b = { .out = out };

	put32(&b, type);
	put32(&b, 0);
	return b;
}

/* The length stands at both ends. */
static uint32_t block_end(struct block *b)
{
	uint32_t len = b->len + 4;

	memcpy(b->out + 4, &len, sizeof(len));
	put32(b, len);
	return len;
}

static void option(struct block *b, uint16_t code, const void *data, uint16_t len)
{
	const uint16_t head[2] = { code, len };

	put(b, head, sizeof(head));
	put(b, data, len);
}

static void option_words(struct block *b, uint16_t code, uint32_t first, uint32_t second)
{
	const uint32_t words[2] = { first, second };

	option(b, code, words, sizeof(words));
}

static void option_text(struct block *b, uint16_t code, const char *text)
{
	if (text)
		option(b, code, text, (uint16_t)strnlen(text, PCAPNG_TEXT_MAX));
}

uint32_t pcapng_section(uint8_t out[PCAPNG_HEAD_MAX], const char *program)
{
	static const uint16_t version[2] = { 1, 0 };
	static const uint64_t unknown = UINT64_MAX; /* length of the section */
	struct block b = block_begin(out, PCAPNG_SECTION);

	put32(&b, BYTE_ORDER_MAGIC);
	put(&b, version, sizeof(version));
	put(&b, &unknown, sizeof(unknown));
	option_text(&b, SHB_USERAPPL, program);
	option(&b, OPT_END, NULL, 0);
	return block_end(&b);
}

/* if_filter begins with a byte that says what it is: 0 for libpcap's language. */
static void option_filter(struct block *b, const char *filter)
{
	char text[PCAPNG_TEXT_MAX + 1] = { 0 };
	size_t len = strnlen(filter, PCAPNG_TEXT_MAX);

	memcpy(text + 1, filter, len);
	option(b, IF_FILTER, text, (uint16_t)(1 + len));
}

uint32_t pcapng_interface(uint8_t out[PCAPNG_HEAD_MAX], const char *name, const char *filter,
			  uint32_t snap)
{
	static const uint8_t nanoseconds = 9; /* 10^-9 s */
	struct block b = block_begin(out, PCAPNG_INTERFACE);

	put32(&b, LINK_ETHERNET);
	put32(&b, snap);
	option_text(&b, IF_NAME, name);
	option(&b, IF_TSRESOL, &nanoseconds, 1);
	if (filter)
		option_filter(&b, filter);
	option(&b, OPT_END, NULL, 0);
	return block_end(&b);
}

static uint32_t high(uint64_t v)
{
	return (uint32_t)(v >> 32);
}

static uint32_t low(uint64_t v)
{
	return (uint32_t)v;
}

static void option_count(struct block *b, uint16_t code, uint64_t value)
{
	option(b, code, &value, sizeof(value));
}

uint32_t pcapng_stats(uint8_t out[PCAPNG_HEAD_MAX], uint32_t interface, uint64_t began,
		      uint64_t ended, const struct pcapng_counts *counts)
{
	struct block b = block_begin(out, PCAPNG_STATS);

	put32(&b, interface);
	put32(&b, high(ended));
	put32(&b, low(ended));
	option_words(&b, ISB_STARTTIME, high(began), low(began));
	option_words(&b, ISB_ENDTIME, high(ended), low(ended));
	option_count(&b, ISB_IFRECV, counts->seen);
	option_count(&b, ISB_IFDROP, counts->dropped);
	option_count(&b, ISB_FILTERACCEPT, counts->accepted);
	option(&b, OPT_END, NULL, 0);
	return block_end(&b);
}

/* A packet's block, up to the frame. */
struct packet_head {
	uint32_t type, total, interface, ns_high, ns_low, kept, len;
};
_Static_assert(sizeof(struct packet_head) == PACKET_HEAD, "as pcapng_frame() has it");

/* And from behind the frame. */
struct packet_tail {
	uint16_t flags_code, flags_len;
	uint32_t flags;
	uint16_t queue_code, queue_len;
	uint32_t queue;
	uint32_t end;
	uint32_t total;
};
_Static_assert(sizeof(struct packet_tail) == PACKET_TAIL, "as PCAPNG_PACKET_EXTRA has it");

uint32_t pcapng_packet(uint8_t *out, const struct pcapng_packet *p)
{
	uint32_t total = PCAPNG_PACKET_ROOM(p->kept);
	struct packet_head head = { PCAPNG_PACKET, total,   p->interface, high(p->ns),
				    low(p->ns),    p->kept, p->len };
	struct packet_tail tail = { .flags_code = EPB_FLAGS,
				    .flags_len = sizeof(tail.flags),
				    .flags = p->sent ? OUTBOUND : INBOUND,
				    .queue_code = EPB_QUEUE,
				    .queue_len = sizeof(tail.queue),
				    .queue = p->queue,
				    .total = total };

	memcpy(out, &head, sizeof(head));
	memset(pcapng_frame(out) + p->kept, 0, -p->kept & 3);
	memcpy(out + total - sizeof(tail), &tail, sizeof(tail));
	return total;
}

bool pcapng_packet_read(const uint8_t *block, uint32_t len, struct pcapng_packet *out)
{
	struct packet_head head;
	struct packet_tail tail;

	if (len < PCAPNG_PACKET_EXTRA)
		return false;
	memcpy(&head, block, sizeof(head));
	memcpy(&tail, block + len - sizeof(tail), sizeof(tail));
	if (head.type != PCAPNG_PACKET || head.kept > len || PCAPNG_PACKET_ROOM(head.kept) != len ||
	    tail.flags_code != EPB_FLAGS || tail.queue_code != EPB_QUEUE)
		return false;
	*out = (struct pcapng_packet){ .interface = head.interface,
				       .queue = tail.queue,
				       .ns = (uint64_t)head.ns_high << 32 | head.ns_low,
				       .kept = head.kept,
				       .len = head.len,
				       .sent = (tail.flags & 3) == OUTBOUND };
	return true;
}

/* Value of the option @code, of 8 bytes, among those in front of @end; 0: it is not there. */
static uint64_t find_count(const uint8_t *at, const uint8_t *end, uint16_t code)
{
	uint16_t head[2];
	uint64_t value;

	for (; end - at >= (ptrdiff_t)(sizeof(head) + sizeof(value));
	     at += sizeof(head) + ((head[1] + 3u) & ~3u)) {
		memcpy(head, at, sizeof(head));
		memcpy(&value, at + sizeof(head), sizeof(value));
		if (head[0] == code && head[1] == sizeof(value))
			return value;
		if (head[1] + sizeof(head) > (size_t)(end - at))
			break;
	}
	return 0;
}

bool pcapng_stats_read(const uint8_t *block, uint32_t len, struct pcapng_counts *out)
{
	const uint32_t head = 20; /* bytes in front of the options */
	uint32_t type;

	if (len < head + 4)
		return false;
	memcpy(&type, block, sizeof(type));
	if (type != PCAPNG_STATS)
		return false;
	*out = (struct pcapng_counts){
		.seen = find_count(block + head, block + len - 4, ISB_IFRECV),
		.accepted = find_count(block + head, block + len - 4, ISB_FILTERACCEPT),
		.dropped = find_count(block + head, block + len - 4, ISB_IFDROP),
	};
	return true;
}
