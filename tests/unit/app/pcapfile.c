/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <stdio.h>
#include <string.h>

#include "../../../apps/vio/pcapfile.h"
#include "capture.h"

#define ETHERNET   1u
#define MAGIC_US   0xa1b2c3d4u
#define MAGIC_NS   0xa1b23c4du
#define SECOND     UINT64_C(1000000000)
#define FRAMES_MAX 16u

static uint8_t frame[40000];

/* --- what captures are made of, and what should be read from them ------------------------------
 */

struct seen {
	uint32_t stored, len;
	uint64_t ns;
	bool data; /* there is some, and it is the frame's */
};

struct seen_list {
	unsigned int n;
	struct seen seen[FRAMES_MAX];
};

static void make_us(struct capture *c)
{
	capture_classic(c, MAGIC_US, ETHERNET);
	capture_record(c, 1, 500000, frame, 60, 60);
	capture_record(c, 2, 1, frame, 61, 1514);
	capture_record(c, 0xffffffff, 999999, frame, 0, 0);
}

static void make_ns(struct capture *c)
{
	capture_classic(c, MAGIC_NS, ETHERNET);
	capture_record(c, 1, 500000000, frame, 60, 60);
	capture_record(c, 2, 1, frame, 33, 33);
}

static void make_fcs(struct capture *c)
{
	capture_classic(c, MAGIC_NS, 0x24000000u | ETHERNET);
	capture_record(c, 1, 0, frame, 64, 64);
	capture_record(c, 1, 0, frame, 40, 64);
	capture_record(c, 1, 0, frame, 3, 3);
}

static void make_large(struct capture *c)
{
	capture_classic(c, MAGIC_US, ETHERNET);
	capture_record(c, 1, 0, frame, PCAPFILE_FRAME_MAX, PCAPFILE_FRAME_MAX);
	capture_record(c, 2, 0, frame, PCAPFILE_FRAME_MAX + 1, PCAPFILE_FRAME_MAX + 1);
	capture_record(c, 3, 0, frame, 40000, 70000);
	capture_record(c, 4, 0, frame, 60, 60);
}

static void make_interfaces(struct capture *c)
{
	size_t begin;

	capture_section(c);
	capture_interface(c, ETHERNET, 0, 9, 0);
	capture_interface(c, 113, 96, 6, 0); /* of which nothing comes */
	capture_interface(c, ETHERNET, 96, 6, 3);
	capture_interface(c, ETHERNET, 0, 0x80 | 10, -1);
	capture_interface(c, ETHERNET, 0, 12, 0);
	capture_interface(c, ETHERNET, 0, 0, 0);
	capture_interface(c, ETHERNET, 0, 127, 7);
	capture_packet(c, 0, 1 * SECOND + 7, frame, 60, 60, 0);
	capture_packet(c, 2, 1000007, frame, 96, 1514, 9);
	begin = capture_block(c, 5); /* interface statistics */
	capture_more(c, 12);
	capture_block_end(c, begin);
	capture_packet(c, 3, 2048 + 512, frame, 61, 61, 0);
	capture_packet(c, 4, UINT64_C(5000000001999), frame, 62, 62, 0);
	capture_packet(c, 5, 9, frame, 63, 63, 0);
	capture_packet(c, 6, UINT64_MAX, frame, 63, 63, 0);
}

static void make_simple(struct capture *c)
{
	size_t begin;

	capture_section(c);
	capture_interface(c, ETHERNET, 70, 9, 0);
	capture_packet(c, 0, 5, frame, 60, 60, 0);
	for (uint32_t len = 65; len <= 75; len += 10) {
		begin = capture_block(c, 3);
		capture_put(c, len, 4);
		capture_add(c, frame, len < 70 ? len : 70);
		capture_block_end(c, begin);
	}
	begin = capture_block(c, 2); /* the obsolete packet block: interface and drops */
	capture_put(c, 0, 2);
	capture_put(c, 3, 2);
	capture_put(c, 0, 4);
	capture_put(c, 99, 4);
	capture_put(c, 17, 4);
	capture_put(c, 17, 4);
	capture_add(c, frame, 17);
	capture_block_end(c, begin);
}

/* Two sections of unlike byte order, the second of which has other interfaces. */
static void make_sections(struct capture *c)
{
	capture_section(c);
	capture_interface(c, ETHERNET, 0, 9, 0);
	capture_packet(c, 0, 1, frame, 60, 60, 0);
	c->big = !c->big;
	capture_section(c);
	capture_interface(c, ETHERNET, 0, 6, 0);
	capture_packet(c, 0, 1, frame, 60, 60, 0);
	c->big = !c->big;
}

static void make_large_blocks(struct capture *c)
{
	size_t begin;

	capture_section(c);
	begin = capture_block(c, 0x0bad);
	capture_more(c, 100000);
	capture_block_end(c, begin);
	capture_interface(c, ETHERNET, 0, 9, 0);
	capture_packet(c, 0, 1, frame, 60, 60, 50000);
	capture_packet(c, 0, 2, frame, 33001, 33001, 0);
	capture_packet(c, 0, 3, frame, 20000, 20000, 60000);
	capture_packet(c, 0, 4, frame, 63, 63, 0);
}

static void make_nothing_in_it(struct capture *c)
{
	capture_classic(c, MAGIC_NS, ETHERNET);
}

static const struct good_case {
	const char *what;
	void (*make)(struct capture *c);
	struct seen_list should;
} good[] = {
	{ "microseconds",
	  make_us,
	  { 3,
	    { { 60, 60, 1500000000, true },
	      { 61, 1514, 2000001000, true },
	      { 0, 0, 0xffffffff * SECOND + 999999000, true } } } },
	{ "nanoseconds",
	  make_ns,
	  { 2, { { 60, 60, 1500000000, true }, { 33, 33, 2000000001, true } } } },
	{ "an FCS is no part of the frame",
	  make_fcs,
	  { 3, { { 60, 60, SECOND, true }, { 40, 64, SECOND, true }, { 3, 3, SECOND, true } } } },
	{ "frames too large for any port have no data",
	  make_large,
	  { 4,
	    { { PCAPFILE_FRAME_MAX, PCAPFILE_FRAME_MAX, SECOND, true },
	      { PCAPFILE_FRAME_MAX + 1, PCAPFILE_FRAME_MAX + 1, 2 * SECOND, false },
	      { 40000, 70000, 3 * SECOND, false },
	      { 60, 60, 4 * SECOND, true } } } },
	{ "several interfaces, each with its clock",
	  make_interfaces,
	  { 6,
	    { { 60, 60, SECOND + 7, true },
	      { 96, 1514, 4 * SECOND + 7000, true },
	      { 61, 61, SECOND + SECOND / 2, true },
	      { 62, 62, 5 * SECOND + 1, true },
	      { 63, 63, 9 * SECOND, true },
	      { 63, 63, 7 * SECOND, true } } } },
	{ "simple and old packet blocks",
	  make_simple,
	  { 4,
	    { { 60, 60, 5, true },
	      { 65, 65, 5, true },
	      { 70, 75, 5, true },
	      { 17, 17, 99, true } } } },
	{ "two sections of unlike byte order",
	  make_sections,
	  { 2, { { 60, 60, 1, true }, { 60, 60, 1000, true } } } },
	{ "blocks larger than the window",
	  make_large_blocks,
	  { 4,
	    { { 60, 60, 1, true },
	      { 33001, 33001, 2, false },
	      { 20000, 20000, 3, false },
	      { 63, 63, 4, true } } } },
	{ "no frame at all", make_nothing_in_it, { 0 } },
};

static struct capture made(void (*make)(struct capture *c), bool big)
{
	struct capture c = { .big = big };

	make(&c);
	return c;
}

/* --- reading, with a window that lies alone in memory, so that a byte too far is seen -----------
 */

enum outcome { GOOD, BAD, BROKEN_RULE };

struct reading {
	struct pcapfile f;
	struct seen_list list;
	struct why why;
	size_t at, window;
};

static void note(struct reading *r, const struct pcapfile_frame *fr)
{
	struct seen s = { fr->stored, fr->len, fr->ns, fr->data != NULL };

	if (fr->data && fr->stored)
		s.data = !memcmp(fr->data, frame, fr->stored);
	if (r->list.n < FRAMES_MAX)
		r->list.seen[r->list.n] = s;
	r->list.n++;
}

/* One step with a window of @len bytes. */
static enum pcapfile_step step(struct reading *r, const uint8_t *file, size_t len, size_t *used)
{
	struct pcapfile_frame fr = { 0 };
	uint8_t *window = malloc(len ? len : 1);
	enum pcapfile_step s;

	assert_non_null(window);
	memcpy(window, file + r->at, len);
	s = pcapfile_step(&r->f, window, len, &fr, used, &r->why);
	if (s == PCAPFILE_FRAME)
		note(r, &fr);
	free(window);
	return s;
}

/* @least: bytes in the window at first; it grows until something comes of it. */
static enum outcome read_all(struct reading *r, const uint8_t *file, size_t n, size_t least)
{
	size_t used, len = least;

	memset(r, 0, offsetof(struct reading, f.interface));
	r->list.n = 0;
	r->at = 0;
	pcapfile_init(&r->f);
	for (;;) {
		size_t left = n - r->at, have = len < left ? len : left;
		enum pcapfile_step s = step(r, file, have, &used);

		if (s == PCAPFILE_BAD)
			return BAD;
		if (used > have || (s != PCAPFILE_MORE) != (used > 0))
			return BROKEN_RULE;
		r->at += used;
		if (s != PCAPFILE_MORE) {
			len = least;
		} else if (have == left) {
			return pcapfile_end(&r->f, left, &r->why) ? GOOD : BAD;
		} else if (have >= PCAPFILE_WINDOW) {
			return BROKEN_RULE;
		} else {
			len++;
		}
	}
}

static struct reading r;

static void test_good(void **state)
{
	static const size_t windows[] = { 1, 100, PCAPFILE_WINDOW, SIZE_MAX };
	const struct good_case *g = *state;

	for (unsigned int i = 0; i < 8; i++) {
		struct capture c = made(g->make, i & 1);

		assert_int_equal(read_all(&r, c.bytes, c.n, windows[i / 2]), GOOD);
		assert_int_equal(r.list.n, g->should.n);
		for (unsigned int k = 0; k < r.list.n; k++) {
			const struct seen *is = &r.list.seen[k], *should = &g->should.seen[k];

			assert_int_equal(is->stored, should->stored);
			assert_int_equal(is->len, should->len);
			assert_int_equal(is->ns, should->ns);
			assert_int_equal(is->data, should->data);
		}
		capture_free(&c);
	}
}

/* --- damage ------------------------------------------------------------------------------------
 */

/* A cut file is refused with the offset, but where the cut is between two frames. */
static void test_cut(void **state)
{
	const struct good_case *g = *state;
	struct capture c = made(g->make, false);
	size_t step_by = c.n > 5000 ? 97 : 1;
	unsigned int good_ends = 0, frames = 0;

	for (size_t n = 0; n < c.n; n += step_by) {
		enum outcome o = read_all(&r, c.bytes, n, PCAPFILE_WINDOW);

		assert_int_not_equal(o, BROKEN_RULE);
		good_ends += o == GOOD;
		assert_true(r.list.n >= frames);
		frames = r.list.n;
		if (o == BAD && !strstr(r.why.text, "offset"))
			assert_true(strstr(r.why.text, "too few") && n < 28);
	}
	assert_true(good_ends <= 14); /* where a block or record ends */
	capture_free(&c);
}

/* Whatever stands in a byte, nothing is read outside the window and it comes to an end. */
static void test_damaged(void **state)
{
	static const uint8_t masks[] = { 0xff, 0x80, 0x01, 0x10 };
	const struct good_case *g = *state;
	unsigned int refused = 0;

	for (unsigned int big = 0; big < 2; big++) {
		struct capture c = made(g->make, big);
		size_t step_by = c.n > 5000 ? 997 : 1;

		for (size_t at = 0; at < c.n; at += step_by)
			for (size_t m = 0; m < sizeof(masks); m++) {
				enum outcome o;

				c.bytes[at] ^= masks[m];
				o = read_all(&r, c.bytes, c.n, PCAPFILE_WINDOW);
				assert_int_not_equal(o, BROKEN_RULE);
				refused += o == BAD;
				c.bytes[at] ^= masks[m];
			}
		capture_free(&c);
	}
	assert_true(refused > 0);
}

/* --- single values, and what is said of them ----------------------------------------------------
 */

static const struct bad_case {
	const char *what;
	void (*make)(struct capture *c);
	size_t at;
	uint32_t value;
	const char *text;
} bad[] = {
	{ "an unknown magic", make_us, 0, 0x12345678, "offset 0: it begins with 78 56 34 12" },
	{ "a gzip file", make_us, 0, 0x00088b1f, "gzip" },
	{ "a version before 2.4", make_us, 4, 0x00030002, "offset 0: pcap of version 2.3" },
	{ "a link type that is not Ethernet", make_us, 20, 113, "link type 113 (Linux cooked)" },
	{ "a link type without name", make_us, 20, 999, "link type 999 (unknown)" },
	{ "more stored than the frame had", make_us, 32, 61, "offset 24: 61 bytes are stored of" },
	{ "a frame that is too large to be one", make_us, 32, 262145,
	  "offset 24: a frame of 2621" },
	{ "a section without byte order", make_sections, 8, 1, "without its byte-order magic" },
	{ "a section too short", make_sections, 4, 24, "offset 0: a section's block of 24 bytes" },
	{ "a section of odd length", make_sections, 4, 30, "offset 0: a section's block of 30" },
	{ "a section of another version", make_sections, 12, 2, "pcapng of version 2.0" },
	{ "a section that ends otherwise", make_sections, 24, 32, "of 28 bytes ends with the le" },
	{ "an interface too short", make_sections, 32, 16,
	  "offset 28: an interface's block of 16" },
	{ "an interface of odd length", make_sections, 32, 51, "offset 28: a block of type 0x1" },
	{ "an option longer than its block", make_sections, 44, 0x00ff0009,
	  "option 9 of 255 byte" },
	{ "a resolution of two bytes", make_sections, 44, 0x00020009, "option 9 of 2 bytes" },
	{ "another link type", make_sections, 36, 127, "offset 72: link type 127 (radiotap)" },
	{ "a block too short", make_sections, 76, 8, "offset 72: a block of type 0x6 of 8 bytes" },
	{ "a packet too short", make_sections, 76, 28, "offset 72: a packet's block of 28 bytes" },
	{ "a packet of no interface", make_sections, 80, 1,
	  "interface 1, where the section has 1" },
	{ "more stored in a block than the frame had", make_sections, 92, 64,
	  "64 bytes are stored of a frame" },
	{ "a block that ends otherwise", make_sections, 160, 1,
	  "of 92 bytes ends with the length 1" },
	{ "a block that goes on for ever", make_sections, 76, 0xfffffffc,
	  "offset 72: what begins" },
	{ "a simple packet larger than its block", make_simple, 172, 69,
	  "69 bytes of a frame in a" },
};

static void test_bad(void **state)
{
	const struct bad_case *b = *state;
	struct capture c = made(b->make, false);

	capture_set(&c, b->at, b->value);
	assert_int_equal(read_all(&r, c.bytes, c.n, PCAPFILE_WINDOW), BAD);
	if (!strstr(r.why.text, b->text))
		fail_msg("'%s' does not say '%s'", r.why.text, b->text);
	capture_free(&c);
}

static void test_many_interfaces(void **state)
{
	struct capture c = { 0 };

	(void)state;
	capture_section(&c);
	for (unsigned int i = 0; i < PCAPFILE_INTERFACES; i++)
		capture_interface(&c, ETHERNET, 0, 9, 0);
	capture_packet(&c, PCAPFILE_INTERFACES - 1, 1, frame, 60, 60, 0);
	assert_int_equal(read_all(&r, c.bytes, c.n, PCAPFILE_WINDOW), GOOD);
	assert_int_equal(r.list.n, 1);
	capture_interface(&c, ETHERNET, 0, 9, 0);
	assert_int_equal(read_all(&r, c.bytes, c.n, PCAPFILE_WINDOW), BAD);
	assert_non_null(strstr(r.why.text, "more than 1024 interfaces"));
	capture_free(&c);
}

int main(void)
{
	struct case_list list = { 0 };
	static char names[3][sizeof(good) / sizeof(good[0])][100];

	for (unsigned int i = 0; i < sizeof(frame); i++)
		frame[i] = (uint8_t)(i * 7 + (i >> 8));
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		snprintf(names[0][i], sizeof(names[0][i]), "read: %s", good[i].what);
		snprintf(names[1][i], sizeof(names[1][i]), "cut at every byte: %s", good[i].what);
		snprintf(names[2][i], sizeof(names[2][i]), "every byte damaged: %s", good[i].what);
		case_add(&list, names[0][i], test_good, &good[i]);
		case_add(&list, names[1][i], test_cut, &good[i]);
		case_add(&list, names[2][i], test_damaged, &good[i]);
	}
	CASES_ADD(&list, bad, test_bad);
	case_add(&list, "a section has 1024 interfaces at most", test_many_interfaces, NULL);
	return case_run("pcapfile", &list);
}
