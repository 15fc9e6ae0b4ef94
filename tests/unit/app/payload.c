/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../../apps/vio/payload.h"

/* The first bytes, where the pattern begins at byte 60 of the frame. */
static const struct good_case {
	const char *what, *text;
	uint8_t bytes[8];
} good[] = {
	{ "the frame's bytes counted", "inc", { 60, 61, 62, 63, 64, 65, 66, 67 } },
	{ "zeros", "zero", { 0 } },
	{ "one byte of hex", "0xAb", { 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab } },
	{ "three bytes of hex", "0x01efA0", { 1, 0xef, 0xa0, 1, 0xef, 0xa0, 1, 0xef } },
};

static void test_good(void **state)
{
	const struct good_case *c = *state;
	struct payload_spec spec;
	struct why why;
	uint8_t out[300];

	assert_true(payload_read(c->text, &spec, &why));
	assert_true(payload_fill(&spec, out, 60, sizeof(out), &why));
	assert_memory_equal(out, c->bytes, sizeof(c->bytes));
}

#define TEN(s) s s s s s s s s s s

static const struct {
	const char *what, *text;
} refused[] = {
	{ "nothing is no payload", "" },
	{ "an unknown pattern", "dec" },
	{ "text behind a pattern", "zeros" },
	{ "hex without digits", "0x" },
	{ "half a byte of hex", "0xabc" },
	{ "hex that is none", "0xfg" },
	{ "a file that is not there", "@/nonexistent" },
	{ "a seed of a payload that is no number", "random:x" },
	{ "a seed without its colon", "random7" },
	{ "hex without end", "0x" TEN(TEN("abc")) },
};

static void test_refused(void **state)
{
	const char *text = ((const char *const *)*state)[1];
	struct payload_spec spec;
	struct why why = { "" };

	assert_false(payload_read(text, &spec, &why));
	assert_true(why.text[0]);
}

static void test_random(void **state)
{
	static const char *const texts[] = { "random", "random:0", "random:9" };
	uint8_t out[3][4096];
	unsigned int seen[256] = { 0 };
	struct payload_spec spec;
	struct why why;

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(payload_read(texts[i], &spec, &why));
		assert_true(payload_fill(&spec, out[i], 60, sizeof(out[i]), &why));
	}
	assert_memory_equal(out[0], out[1], sizeof(out[0]));
	assert_memory_not_equal(out[0], out[2], sizeof(out[0]));
	for (size_t k = 0; k < sizeof(out[0]); k++)
		seen[out[0][k]]++;
	for (int v = 0; v < 256; v++)
		assert_in_range(seen[v], 1, 48);
}

/* A file of @len bytes counted from 1, as a payload. Return: could it be made? */
static bool fill_from_file(size_t len, uint8_t *out, size_t room)
{
	char name[] = "/tmp/vio-payload-XXXXXX", text[64];
	struct payload_spec spec;
	struct why why = { "" };
	int fd = mkstemp(name);
	bool ok;

	assert_true(fd >= 0);
	for (size_t i = 0; i < len; i++)
		assert_int_equal(write(fd, &(uint8_t){ (uint8_t)(i + 1) }, 1), 1);
	close(fd);
	snprintf(text, sizeof(text), "@%s", name);
	ok = payload_read(text, &spec, &why) && payload_fill(&spec, out, 60, room, &why);
	unlink(name);
	assert_int_equal(why.text[0] != 0, !ok);
	return ok;
}

static void test_file(void **state)
{
	uint8_t out[100];

	(void)state;
	assert_true(fill_from_file(3, out, sizeof(out)));
	for (size_t i = 0; i < sizeof(out); i++)
		assert_int_equal(out[i], i % 3 + 1);
	assert_true(fill_from_file(200, out, sizeof(out)));
	for (size_t i = 0; i < sizeof(out); i++)
		assert_int_equal(out[i], i + 1);
	assert_false(fill_from_file(0, out, sizeof(out)));
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, good, test_good);
	CASES_ADD(&list, refused, test_refused);
	case_add(&list, "chance is the same in every run", test_random, NULL);
	case_add(&list, "a file is sent again where it ends", test_file, NULL);
	return case_run("payload", &list);
}
