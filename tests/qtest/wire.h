/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QTEST_WIRE_H
#define QTEST_WIRE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* QEMU's qtest protocol: a line asks, a line answers. */
struct wire {
	int fd;
	pthread_mutex_t lock; /* a question and its answer */
	bool level[64];       /* interrupt lines */
	char in[1024];
	size_t from, to; /* what of @in has not been read yet */
};

/*
 * Ask, and wait for the answer, at most some seconds. @value (may be NULL) receives the number in
 * it. Return: 0; -EIO with the error set: QEMU does not answer, or refuses.
 */
int wire_ask(struct wire *w, uint64_t *value, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Is one of the interrupt lines from @first on raised? Any thread. */
bool wire_line_high(struct wire *w, unsigned int first);

#endif
