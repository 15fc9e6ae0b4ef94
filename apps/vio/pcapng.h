/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PCAPNG_H
#define APP_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Blocks of a pcapng file (draft-ietf-opsawg-pcapng) in our byte order, with time in nanoseconds.
 * Each writer stores one complete block and returns its bytes, a multiple of 4.
 */
#define PCAPNG_SECTION   0x0a0d0d0au
#define PCAPNG_INTERFACE 1u
#define PCAPNG_STATS     5u
#define PCAPNG_PACKET    6u

#define PCAPNG_HEAD_MAX 512u /* of any block but a packet */
#define PCAPNG_TEXT_MAX 200u /* bytes of a text that are kept */

/* Bytes of a packet block that are not the frame, and the most that it takes. */
#define PCAPNG_PACKET_EXTRA     52u
#define PCAPNG_PACKET_ROOM(len) (PCAPNG_PACKET_EXTRA + (((len) + 3u) & ~3u))

/* @program: who writes, with its version */
uint32_t pcapng_section(uint8_t out[PCAPNG_HEAD_MAX], const char *program);

/* The next interface, numbered from 0. @filter: NULL: none; @snap: bytes kept of a frame */
uint32_t pcapng_interface(uint8_t out[PCAPNG_HEAD_MAX], const char *name, const char *filter,
			  uint32_t snap);

/* What an interface has seen, kept by the filter, and lost for want of room. */
struct pcapng_counts {
	uint64_t seen, accepted, dropped;
};

static inline void pcapng_counts_add(struct pcapng_counts *sum, const struct pcapng_counts *c)
{
	sum->seen += c->seen;
	sum->accepted += c->accepted;
	sum->dropped += c->dropped;
}

/* @began, @ended: nanoseconds since 1970 */
uint32_t pcapng_stats(uint8_t out[PCAPNG_HEAD_MAX], uint32_t interface, uint64_t began,
		      uint64_t ended, const struct pcapng_counts *counts);

/* Everything of a packet block but the frame's bytes. */
struct pcapng_packet {
	uint32_t interface, queue;
	uint64_t ns; /* since 1970 */
	uint32_t kept, len;
	bool sent;
};

/* Where the frame's @p->kept bytes belong in a packet block at @out. */
static inline uint8_t *pcapng_frame(uint8_t *out)
{
	return out + 28;
}

/* The same of a block that is read. */
static inline const uint8_t *pcapng_frame_of(const uint8_t *block)
{
	return block + 28;
}

/* Write the rest of the block at @out, which is aligned to 4. Return: its bytes. */
uint32_t pcapng_packet(uint8_t *out, const struct pcapng_packet *p);

/*
 * Read a block of ours: @len bytes at @block. Return: false if it is no such block, or one that
 * another program has made.
 */
bool pcapng_packet_read(const uint8_t *block, uint32_t len, struct pcapng_packet *out);
bool pcapng_stats_read(const uint8_t *block, uint32_t len, struct pcapng_counts *out);

#endif
