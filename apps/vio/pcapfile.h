/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PCAPFILE_H
#define APP_PCAPFILE_H

#include <stddef.h>

#include "parse.h"
#include "size.h"

/*
 * Reads captures of Ethernet: classic pcap (draft-ietf-opsawg-pcap) with microseconds or
 * nanoseconds, and pcapng (draft-ietf-opsawg-pcapng) with any number of sections and interfaces,
 * both in either byte order. It works on a window that the caller moves over the file, keeps
 * nothing of what it has read but the interfaces, and trusts no length.
 */

/* The most bytes that a step ever needs at once. */
#define PCAPFILE_WINDOW 32768u

/* Frames with more bytes have no data: no port takes them. */
#define PCAPFILE_FRAME_MAX (SIZE_MAX_FRAME - SIZE_FCS)

#define PCAPFILE_INTERFACES 1024u

enum pcapfile_format { PCAPFILE_UNKNOWN, PCAPFILE_CLASSIC, PCAPFILE_NG };

/* How an interface counts time: ns = stamp * mult / div >> shift, and the offset. */
struct pcapfile_interface {
	uint16_t link;
	uint32_t snap; /* 0: no limit */
	uint64_t mult, div;
	uint8_t shift;
	int64_t offset_s;
};

struct pcapfile {
	enum pcapfile_format format;
	bool swapped;
	uint64_t offset;      /* of the next step's first byte */
	uint64_t begin;       /* of the record or block that the next step belongs to */
	uint64_t skip;        /* bytes to pass over first */
	uint32_t trailer;     /* then, the length that must stand there; 0: none */
	uint32_t fraction_ns; /* classic: unit of the second half of a time */
	uint32_t fcs;         /* classic: bytes of FCS that each frame ends with */
	uint64_t last_ns;     /* time of the last frame */
	uint32_t n_interfaces;
	struct pcapfile_interface interface[PCAPFILE_INTERFACES];
};

struct pcapfile_frame {
	const uint8_t *data; /* in the window; NULL: more than PCAPFILE_FRAME_MAX bytes */
	uint32_t stored;     /* bytes in the file, without FCS */
	uint32_t len;        /* that the frame had; more than stored: cut off by the snap length */
	uint64_t ns;         /* since 1970 */
};

enum pcapfile_step {
	PCAPFILE_MORE,  /* the window must hold more */
	PCAPFILE_FRAME, /* here is one */
	PCAPFILE_OTHER, /* something else was passed over */
	PCAPFILE_BAD,   /* the file is damaged, or of another kind */
};

void pcapfile_init(struct pcapfile *f);

/**
 * pcapfile_step - take the next thing from the window
 * @data: the file's bytes from f->offset on; may be NULL with @len 0
 * @len: how many; with PCAPFILE_WINDOW or more there is never PCAPFILE_MORE
 * @frame: filled for PCAPFILE_FRAME
 * @used: receives how many bytes the window moves on; 0 with PCAPFILE_MORE
 * @why: set for PCAPFILE_BAD, with the offset in the file
 */
enum pcapfile_step pcapfile_step(struct pcapfile *f, const uint8_t *data, size_t len,
				 struct pcapfile_frame *frame, size_t *used, struct why *why);

/* The file ends @left bytes behind the last step. Return: true; false with @why set: it was cut. */
bool pcapfile_end(const struct pcapfile *f, size_t left, struct why *why);

/* "pcap", "pcapng" */
const char *pcapfile_format_name(enum pcapfile_format format);

#endif
