/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PAYLOAD_H
#define APP_PAYLOAD_H

#include <stddef.h>

#include "parse.h"

enum payload_kind { PAYLOAD_INC, PAYLOAD_ZERO, PAYLOAD_RANDOM, PAYLOAD_HEX, PAYLOAD_FILE };

#define PAYLOAD_TEXT_MAX 255u

/* What fills frames behind their headers. */
struct payload_spec {
	enum payload_kind kind;
	uint64_t seed;                   /* of PAYLOAD_RANDOM */
	char text[PAYLOAD_TEXT_MAX + 1]; /* digits of PAYLOAD_HEX, name of PAYLOAD_FILE */
};

/* "inc", "zero", "random", "random:7", "0xdeadbeef", "@file". The file is opened, to see that
 * it is there. Return: true, or false with @why set. */
bool payload_read(const char *text, struct payload_spec *out, struct why *why);

/*
 * Write @len bytes of the pattern, those that begin at byte @offset of the frame: "inc" counts the
 * frame's bytes; hex digits and files begin here, and again where they end.
 * Return: true; false with @why set: the file can't be read, or is empty.
 */
bool payload_fill(const struct payload_spec *spec, uint8_t *out, size_t offset, size_t len,
		  struct why *why);

#endif
