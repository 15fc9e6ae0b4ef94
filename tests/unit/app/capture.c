/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <vio/clock.h>

#include "../../../apps/vio/capture.h"

/* --- blocks -------------------------------------------------------------------------------------
 */

static uint32_t word_at(const uint8_t *block, uint32_t at)
{
	uint32_t v;

	memcpy(&v, block + at, sizeof(v));
	return v;
}

/* What every block has: a length at both ends, which is a multiple of 4. */
static void check_block(const uint8_t *block, uint32_t len, uint32_t type)
{
	assert_int_equal(len % 4, 0);
	assert_int_equal(word_at(block, 0), type);
	assert_int_equal(word_at(block, 4), len);
	assert_int_equal(word_at(block, len - 4), len);
}

static void test_blocks(void **state)
{
	const struct pcapng_counts counts = { UINT64_C(1) << 40, 77, 5 };
	uint8_t block[PCAPNG_HEAD_MAX];
	struct pcapng_counts read;
	struct pcapng_packet p;
	uint32_t len;
	char text[1000];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	check_block(block, pcapng_section(block, "vio"), PCAPNG_SECTION);
	check_block(block, pcapng_section(block, text), PCAPNG_SECTION);
	check_block(block, pcapng_interface(block, text, text, 99), PCAPNG_INTERFACE);
	check_block(block, pcapng_interface(block, "a", NULL, 99), PCAPNG_INTERFACE);
	assert_false(pcapng_stats_read(block, word_at(block, 4), &read));
	len = pcapng_stats(block, 3, 1, 2, &counts);
	check_block(block, len, PCAPNG_STATS);
	assert_true(pcapng_stats_read(block, len, &read));
	assert_memory_equal(&read, &counts, sizeof(counts));
	assert_false(pcapng_packet_read(block, len, &p));
}

static void test_packet_blocks(void **state)
{
	uint8_t block[PCAPNG_PACKET_ROOM(9)];

	(void)state;
	for (uint32_t kept = 0; kept <= 9; kept++) {
		const struct pcapng_packet p = { 4, 5, UINT64_MAX - 7, kept, 1000, kept % 2 };
		struct pcapng_packet read;
		uint32_t len;

		memset(pcapng_frame(block), 0xee, kept);
		len = pcapng_packet(block, &p);
		check_block(block, len, PCAPNG_PACKET);
		assert_true(pcapng_packet_read(block, len, &read));
		assert_int_equal(read.interface, p.interface);
		assert_int_equal(read.queue, p.queue);
		assert_int_equal(read.ns, p.ns);
		assert_int_equal(read.kept, p.kept);
		assert_int_equal(read.len, p.len);
		assert_int_equal(read.sent, p.sent);
		assert_false(pcapng_packet_read(block, len - 4, &read));
	}
}

/* --- captures -----------------------------------------------------------------------------------
 */

static struct tap taps[2];
static struct stamp_clock run_clock;

static const struct capture_source *source(void)
{
	static const char *const ports[] = { "a", "b" };
	static const struct capture_point points[] = { { &taps[0], 0, 0, true },
						       { &taps[1], 1, 0, false } };
	static const struct capture_source src = { points, 2, ports, 2, &run_clock };

	memset(taps, 0, sizeof(taps));
	stamp_clock_init(&run_clock);
	return &src;
}

static void offer(struct tap *tap, unsigned int n, uint32_t len)
{
	static uint8_t frame[1514] = { 2 };
	const struct vio_pkt pkt = { .data = frame, .len = len };

	while (n--)
		tap_received(tap, &pkt, 1);
}

static struct capture *begin(const struct capture_opts *opts)
{
	struct capture *c = NULL;
	struct why why = { "" };

	assert_true(capture_open(source(), opts, &c, &why));
	return c;
}

/* Read what there is, until its end. Return: packet blocks; and the drops that the statistics of
 * all interfaces tell. */
static unsigned int read_packets(int fd, uint64_t *dropped)
{
	static uint8_t buf[1 << 24];
	unsigned int n = 0;
	size_t have = 0;
	ssize_t got;

	while ((got = read(fd, buf + have, sizeof(buf) - have)) > 0)
		have += (size_t)got;
	*dropped = 0;
	for (size_t at = 0; at < have; at += word_at(buf + at, 4)) {
		struct pcapng_counts counts;

		assert_true(word_at(buf + at, 4) <= have - at);
		n += word_at(buf + at, 0) == PCAPNG_PACKET;
		if (pcapng_stats_read(buf + at, word_at(buf + at, 4), &counts))
			*dropped += counts.dropped;
	}
	return n;
}

static void test_file(void **state)
{
	FILE *f = tmpfile();
	struct capture_stats stats;
	struct capture *c;
	uint64_t dropped;

	(void)state;
	assert_non_null(f);
	c = begin(&(struct capture_opts){ .fd = fileno(f), .title = "f" });
	for (unsigned int i = 0; i < 500; i++)
		offer(&taps[i % 2], 1, 60);
	capture_close(c, &stats);
	rewind(f);
	assert_int_equal(read_packets(fileno(f), &dropped), 500);
	assert_int_equal(dropped, 0);
	assert_int_equal(stats.written, 500);
	assert_int_equal(stats.counts.seen, 500);
	assert_int_equal(stats.error, 0);
	fclose(f);
}

static void test_filter_and_count(void **state)
{
	FILE *f = tmpfile();
	struct capture_stats stats;
	struct capture *c;
	char filter[] = "len > 100";
	uint64_t dropped;

	(void)state;
	assert_non_null(f);
	c = begin(&(struct capture_opts){
		.fd = fileno(f), .title = "f", .filter = filter, .count = 3 });
	memset(filter, 'x', sizeof(filter) - 1); /* no longer needed */
	offer(&taps[0], 10, 60);
	offer(&taps[0], 2, 200);
	assert_false(capture_done(c));
	offer(&taps[1], 2, 200);
	capture_close(c, &stats);
	rewind(f);
	assert_int_equal(read_packets(fileno(f), &dropped), 3);
	assert_int_equal(stats.counts.seen, 14);
	assert_int_equal(stats.counts.accepted, 4);
	assert_int_equal(stats.written, 3);
	assert_int_equal(stats.lost, 0);
	fclose(f);
}

static void test_bad_filter(void **state)
{
	struct capture *c = NULL;
	struct why why = { "" };

	(void)state;
	assert_false(capture_open(source(), &(struct capture_opts){ .fd = 1, .filter = "upd" }, &c,
				  &why));
	assert_non_null(strstr(why.text, "libpcap"));
	assert_null(c);
	assert_int_equal(taps[0].active, 0);
}

static void test_full_disk(void **state)
{
	int fd = open("/dev/full", O_WRONLY);
	struct capture_stats stats;
	struct capture *c;

	(void)state;
	assert_true(fd >= 0);
	c = begin(&(struct capture_opts){ .fd = fd });
	offer(&taps[0], 1000, 60);
	capture_close(c, &stats);
	assert_int_equal(stats.error, ENOSPC);
	assert_int_equal(stats.written, 0);
	assert_int_equal(stats.lost, 1000);
	assert_int_equal(stats.counts.dropped, 0);
	close(fd);
}

/* A disk that fills up: the file ends with a complete block, and what it has not is counted. */
static void test_disk_fills_up(void **state)
{
	const struct rlimit little = { 500000, RLIM_INFINITY },
			    all = { RLIM_INFINITY, RLIM_INFINITY };
	FILE *f = tmpfile();
	struct capture_stats stats;
	struct capture *c;
	uint64_t dropped;

	(void)state;
	assert_non_null(f);
	c = begin(&(struct capture_opts){ .fd = fileno(f) });
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
	offer(&taps[0], 20000, 60);
	capture_close(c, &stats);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &all), 0);
	rewind(f);
	assert_int_equal(stats.error, EFBIG);
	assert_true(stats.written > 0);
	assert_int_equal(read_packets(fileno(f), &dropped), stats.written);
	assert_int_equal(stats.written + stats.lost + stats.counts.dropped, 20000);
	fclose(f);
}

static bool wait_done(const struct capture *c)
{
	for (unsigned int ms = 0; ms < 10000 && !capture_done(c); ms++)
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	return capture_done(c);
}

/* A reader that takes nothing costs frames, which are counted, and never the worker's time. */
static void test_slow_reader(void **state)
{
	struct capture_stats stats;
	struct capture *c;
	uint64_t began;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c = begin(&(struct capture_opts){ .fd = pair[0], .ring_bytes = CAPTURE_RING_MIN });
	offer(&taps[0], 20000, 1514);
	shutdown(pair[1], SHUT_WR);
	began = vio_clock_ns();
	capture_close(c, &stats);
	assert_true(vio_clock_ns() - began < UINT64_C(60000000000));
	assert_int_equal(stats.counts.seen, 20000);
	assert_true(stats.counts.dropped > 0);
	assert_int_equal(stats.error, ETIMEDOUT);
	assert_int_equal(stats.written + stats.lost + stats.counts.dropped, 20000);
	close(pair[0]);
	close(pair[1]);
}

static void test_reader_asks_for_the_end(void **state)
{
	struct capture_stats stats;
	uint64_t dropped;
	struct capture *c;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c = begin(&(struct capture_opts){ .fd = pair[0] });
	offer(&taps[0], 20, 60);
	assert_false(capture_done(c));
	shutdown(pair[1], SHUT_WR);
	assert_true(wait_done(c));
	capture_close(c, &stats);
	close(pair[0]);
	assert_int_equal(read_packets(pair[1], &dropped), 20);
	assert_int_equal(stats.written, 20);
	close(pair[1]);
}

static void test_dead_reader(void **state)
{
	struct capture_stats stats;
	struct capture *c;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	c = begin(&(struct capture_opts){ .fd = pair[0] });
	close(pair[1]);
	offer(&taps[0], 20, 60);
	assert_true(wait_done(c));
	capture_close(c, &stats);
	assert_int_equal(stats.error, EPIPE);
	assert_int_equal(stats.written + stats.lost, 20);
	close(pair[0]);
}

static void test_too_many(void **state)
{
	struct capture *c[TAP_CAPTURES + 1] = { NULL };
	struct capture_stats stats;
	struct why why = { "" };
	FILE *f = tmpfile();
	const struct capture_source *src = source();
	const struct capture_opts opts = { .fd = fileno(f) };

	(void)state;
	for (unsigned int i = 0; i < TAP_CAPTURES; i++)
		assert_true(capture_open(src, &opts, &c[i], &why));
	assert_false(capture_open(src, &opts, &c[TAP_CAPTURES], &why));
	assert_int_equal(taps[1].active, TAP_CAPTURES);
	for (unsigned int i = 0; i < TAP_CAPTURES; i++)
		capture_close(c[i], &stats);
	assert_int_equal(taps[0].active, 0);
	assert_int_equal(taps[1].active, 0);
	fclose(f);
}

int main(void)
{
	struct case_list list = { 0 };

	case_add(&list, "every block has its length at both ends", test_blocks, NULL);
	case_add(&list, "what a packet's block says can be read", test_packet_blocks, NULL);
	case_add(&list, "a capture writes what its taps give", test_file, NULL);
	case_add(&list, "filter and count choose", test_filter_and_count, NULL);
	case_add(&list, "a filter that is none begins nothing", test_bad_filter, NULL);
	case_add(&list, "a full disk: all frames are counted as lost", test_full_disk, NULL);
	case_add(&list, "a disk that fills up: what is written can be read", test_disk_fills_up,
		 NULL);
	case_add(&list, "a reader that takes nothing costs frames only", test_slow_reader, NULL);
	case_add(&list, "a reader may ask for the end", test_reader_asks_for_the_end, NULL);
	case_add(&list, "a reader that is gone ends it", test_dead_reader, NULL);
	case_add(&list, "one capture too many is refused", test_too_many, NULL);
	return case_run("capture", &list);
}
