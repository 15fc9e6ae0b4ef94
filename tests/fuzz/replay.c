/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../apps/vio/replay.h"

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "app.h"

/*
 * A capture on its way to the queues: how it is sent, then the file. One thread: the reader runs to
 * its end before the queues begin, for no input is as large as the ring. The ring is made once.
 */

#define FILE_NUMBER 1000000 /* of the input as a file */
#define QUEUES      3u
#define FRAMES_MAX  1000u

static struct {
	struct input in, whole;
	void *ring;
} state;

ssize_t __wrap_read(int fd, void *to, size_t bytes);
ssize_t __real_read(int fd, void *to, size_t bytes);
off_t __wrap_lseek64(int fd, off_t off, int whence);
void *__wrap_aligned_alloc(size_t align, size_t bytes);
void *__real_aligned_alloc(size_t align, size_t bytes);
void __wrap_free(void *p);
void __real_free(void *p);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg);
int __wrap_pthread_join(pthread_t thread, void **result);

ssize_t __wrap_read(int fd, void *to, size_t bytes)
{
	const size_t n = bytes < state.in.left ? bytes : state.in.left;

	if (fd != FILE_NUMBER)
		return __real_read(fd, to, bytes);
	input_take(&state.in, to, n);
	return (ssize_t)n;
}

off_t __wrap_lseek64(int fd, off_t off, int whence)
{
	assert_int_equal(fd, FILE_NUMBER);
	assert_true(off == 0 && whence == SEEK_SET);
	state.in = state.whole;
	return 0;
}

void *__wrap_aligned_alloc(size_t align, size_t bytes)
{
	if (bytes < REPLAY_BLOCKS * sizeof(struct replay_block))
		return __real_aligned_alloc(align, bytes);
	if (!state.ring)
		state.ring = __real_aligned_alloc(align, bytes);
	return state.ring;
}

void __wrap_free(void *p)
{
	if (p != state.ring)
		__real_free(p);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
			  void *arg)
{
	(void)attr;
	*thread = pthread_self();
	fn(arg);
	return 0;
}

int __wrap_pthread_join(pthread_t thread, void **result)
{
	(void)thread, (void)result;
	return 0;
}

/* Each record of a block lies in it, and time does not run backwards. */
static void check_block(const struct replay_block *b, unsigned int queue, uint64_t *due)
{
	unsigned int n = 0;

	for (uint32_t i = b->first[queue]; i != REPLAY_NONE; i = b->record[i].next) {
		const struct replay_record *rec = &b->record[i];

		assert_true(i < b->n && n++ < b->n);
		assert_true(rec->len <= REPLAY_BLOCK_BYTES);
		assert_true(rec->at <= REPLAY_BLOCK_BYTES - rec->len);
		assert_true(rec->due >= *due);
		*due = rec->due;
	}
}

static void check_blocks(const struct replay *r)
{
	assert_true(r->published >= 1 && r->published < REPLAY_BLOCKS);
	for (unsigned int q = 0; q < r->plan.queues; q++) {
		uint64_t due = 0;

		for (uint64_t i = 0; i < r->published; i++)
			check_block(&r->blocks[i], q, &due);
	}
	assert_true(r->blocks[r->published - 1].last);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct replay r; /* it is large */
	struct input in = { data, size };
	const uint8_t how = input_u8(&in);
	const struct replay_plan plan = {
		.timing = { how & 1 ? REPLAY_RATE : REPLAY_KEEP, how & 2 ? 0.5 : 1e6 },
		.flow = how & 4 ? REPLAY_FLOW_IP : REPLAY_FLOW_PORTS,
		.queues = 1 + (how >> 3) % QUEUES,
		.mtu = 1500,
		.passes = 1 + (how >> 6),
		.frames = FRAMES_MAX,
		.hz = 2000000000,
		.period_ns = UINT64_C(1) << 60, /* no file takes longer */
	};

	if (size > TEXT_MAX)
		return 0;
	memset(&r, 0, sizeof(r));
	state.whole = in;
	r.in.fd = FILE_NUMBER;
	assert_int_equal(replay_start(&r, &plan), 0);
	check_blocks(&r);
	replay_stop(&r);
	return 0;
}
