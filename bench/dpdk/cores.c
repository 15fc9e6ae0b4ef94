/* SPDX-License-Identifier: BSD-3-Clause */
#include "cores.h"

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <vio/clock.h>

#include "spin.h"

#define ROUNDS  200 /* of which the fastest counts: the others were interrupted */
#define TRIPS   500
#define WAIT_NS 100000000

/* The line: odd numbers go one way, even ones the other. */
struct line {
	uint32_t number __attribute__((aligned(64)));
	int core __attribute__((aligned(64)));
};

int cores_last(void)
{
	cpu_set_t set;
	int last = 0;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		for (int i = 0; i < CPU_SETSIZE; i++)
			if (CPU_ISSET(i, &set))
				last = i;
	return last;
}

int cores_pin(int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (core >= 0 && core < CPU_SETSIZE)
		CPU_SET(core, &set);
	if (sched_setaffinity(0, sizeof(set), &set) == 0)
		return 0;
	fprintf(stderr, "processor %d: ", core);
	perror("it can't be used");
	return -1;
}

/* Wait until the number is @number, then make it the next. Return: false when that took too long:
 * the other one does not run. */
static bool take_turn(struct line *line, uint32_t number)
{
	if (!spin_until(&line->number, number, WAIT_NS))
		return false;
	__atomic_store_n(&line->number, number + 1, __ATOMIC_RELEASE);
	return true;
}

static void *answer(void *arg)
{
	struct line *line = arg;

	if (cores_pin(line->core) < 0)
		return NULL;
	for (uint32_t i = 0; i < ROUNDS * TRIPS; i++)
		if (!take_turn(line, 2 * i + 1))
			break;
	return NULL;
}

/* Return: the fastest round, in ns for one way; 0: none was complete. */
static double ask(struct line *line)
{
	double least = 0;

	for (uint32_t round = 0, i = 0; round < ROUNDS; round++) {
		const uint64_t from = vio_clock_ns();
		double ns;

		for (uint32_t trip = 0; trip < TRIPS; trip++, i++)
			if (!take_turn(line, 2 * i))
				return least;
		ns = (double)(vio_clock_ns() - from) / (2 * TRIPS);
		if (!least || ns < least)
			least = ns;
	}
	return least;
}

/* The affinity mask of the process has shrunk to @core by now: what can be used is tried. */
int cores_other(int core)
{
	cpu_set_t set;

	for (int i = 0; i < CPU_SETSIZE; i++) {
		CPU_ZERO(&set);
		CPU_SET(i, &set);
		if (i != core && sched_setaffinity(0, sizeof(set), &set) == 0) {
			cores_pin(core);
			return i;
		}
	}
	return -1;
}

struct cores cores_measure(int core)
{
	struct line line = { .core = cores_other(core) };
	struct cores cores = { .other = line.core };
	pthread_t thread;

	if (line.core < 0)
		return cores;
	if (pthread_create(&thread, NULL, answer, &line) != 0)
		return (struct cores){ .other = -1 };
	cores.one_way_ns = ask(&line);
	pthread_join(thread, NULL);
	return cores;
}
