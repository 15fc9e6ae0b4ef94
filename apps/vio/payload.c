/* SPDX-License-Identifier: BSD-3-Clause */
#include "payload.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "mix.h"

static bool read_random(const char *text, struct payload_spec *out, struct why *why)
{
	if (*text == ':')
		return parse_count(text + 1, 0, UINT32_MAX, &out->seed, why);
	return !*text || why_set(why, "random takes a seed behind a colon, or nothing");
}

static bool read_hex(const char *text, struct payload_spec *out, struct why *why)
{
	size_t n = strspn(text, "0123456789abcdefABCDEF");

	if (!n || n % 2 || text[n])
		return why_set(why,
			       "an even number of hexadecimal digits is wanted, such as 0xbeef");
	strcpy(out->text, text);
	return true;
}

static bool open_file(const char *name, FILE **f, struct why *why)
{
	*f = fopen(name, "rb");
	return *f || why_set(why, "%s: %s", name, strerror(errno));
}

static bool read_file(const char *text, struct payload_spec *out, struct why *why)
{
	FILE *f;

	if (!open_file(text, &f, why))
		return false;
	fclose(f);
	strcpy(out->text, text);
	return true;
}

static bool read_nothing(const char *text, struct payload_spec *out, struct why *why)
{
	(void)out;
	return !*text || why_set(why, "'%s' is not understood here", text);
}

bool payload_read(const char *text, struct payload_spec *out, struct why *why)
{
	static const struct {
		const char *word;
		enum payload_kind kind;
		bool (*read)(const char *rest, struct payload_spec *out, struct why *why);
	} kinds[] = {
		{ "inc", PAYLOAD_INC, read_nothing },      { "zero", PAYLOAD_ZERO, read_nothing },
		{ "random", PAYLOAD_RANDOM, read_random }, { "0x", PAYLOAD_HEX, read_hex },
		{ "@", PAYLOAD_FILE, read_file },
	};

	if (strlen(text) > PAYLOAD_TEXT_MAX)
		return why_set(why,
			       "a payload is told by at most %u characters; a file can "
			       "hold more",
			       PAYLOAD_TEXT_MAX);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct payload_spec spec = { .kind = kinds[i].kind };
		size_t len = strlen(kinds[i].word);

		if (strncmp(text, kinds[i].word, len))
			continue;
		if (!kinds[i].read(text + len, &spec, why))
			return false;
		*out = spec;
		return true;
	}
	return why_set(why, "inc, zero, random, 0xHEX or @FILE is wanted");
}

static uint8_t hex_digit(char c)
{
	return (uint8_t)(isdigit((unsigned char)c) ? c - '0'
						   : tolower((unsigned char)c) - 'a' + 10);
}

/* Fill @out by repeating its first @have bytes. */
static void repeat(uint8_t *out, size_t have, size_t len)
{
	for (size_t i = have; i < len; i++)
		out[i] = out[i - have];
}

static void fill_hex(const char *digits, uint8_t *out, size_t len)
{
	size_t n = strlen(digits) / 2;

	for (size_t i = 0; i < n && i < len; i++)
		out[i] = (uint8_t)(hex_digit(digits[2 * i]) << 4 | hex_digit(digits[2 * i + 1]));
	repeat(out, n, len);
}

static bool fill_file(const char *name, uint8_t *out, size_t len, struct why *why)
{
	size_t n;
	FILE *f;

	if (!open_file(name, &f, why))
		return false;
	n = fread(out, 1, len, f);
	if (ferror(f)) {
		why_set(why, "%s: %s", name, strerror(errno));
		n = 0;
	} else if (!n) {
		why_set(why, "%s is empty: no payload can be made of it", name);
	}
	fclose(f);
	repeat(out, n ? n : len, len);
	return n != 0;
}

bool payload_fill(const struct payload_spec *spec, uint8_t *out, size_t offset, size_t len,
		  struct why *why)
{
	switch (spec->kind) {
	case PAYLOAD_INC:
		for (size_t i = 0; i < len; i++)
			out[i] = (uint8_t)(offset + i);
		return true;
	case PAYLOAD_ZERO:
		memset(out, 0, len);
		return true;
	case PAYLOAD_RANDOM:
		for (size_t i = 0; i < len; i++)
			out[i] = (uint8_t)mix64(spec->seed << 32 | i);
		return true;
	case PAYLOAD_HEX:
		fill_hex(spec->text, out, len);
		return true;
	case PAYLOAD_FILE:
		return fill_file(spec->text, out, len, why);
	}
	return why_set(why, "there is no such payload");
}
