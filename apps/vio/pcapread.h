/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PCAPREAD_H
#define APP_PCAPREAD_H

#include "pcapfile.h"

/* A capture that is read from a file, in rooms that the caller gives. */
struct pcapread {
	int fd;
	bool eof;
	uint64_t bytes;    /* of the file */
	const uint8_t *at; /* what has been read and not taken yet */
	size_t left;
	struct pcapfile file;
};

enum pcapread_next {
	PCAPREAD_FRAME,
	PCAPREAD_ROOM, /* pcapread_fill() first */
	PCAPREAD_END,
	PCAPREAD_BAD, /* damaged */
};

/* Open @path, which must be a regular file: it is read several times.
 * Return: true; false with @why set. End with pcapread_close(). */
bool pcapread_open(struct pcapread *r, const char *path, struct why *why);
void pcapread_close(struct pcapread *r);

/* Begin with the first byte again. */
void pcapread_rewind(struct pcapread *r);

/**
 * pcapread_fill - read on
 * @room: receives the file's next bytes; may be where they were before. Frames that lie elsewhere
 * stay as they are
 * @bytes: at least PCAPFILE_WINDOW
 *
 * Return: true; false with @why set: the system's error.
 */
bool pcapread_fill(struct pcapread *r, uint8_t *room, size_t bytes, struct why *why);

/* The next frame, which lies in the room. @why: set for PCAPREAD_BAD. */
enum pcapread_next pcapread_next(struct pcapread *r, struct pcapfile_frame *frame, struct why *why);

#endif
