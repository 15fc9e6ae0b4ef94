/* SPDX-License-Identifier: BSD-3-Clause */
#include "huge.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#define RESERVED "/proc/sys/vm/nr_hugepages"
#define FREE     "/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages"
#define WAIT_S   60

/* For the group that runs. */
static long wanted, before;
static int turn;

static long number_in(const char *path)
{
	FILE *f = fopen(path, "re");
	long n = -1;

	if (f && fscanf(f, "%ld", &n) != 1)
		n = -1;
	if (f)
		fclose(f);
	return n;
}

static void set_reserved(long n)
{
	FILE *f = fopen(RESERVED, "we");

	if (!f)
		return; /* not root: huge_need() sees what there is */
	fprintf(f, "%ld", n);
	fclose(f);
}

/* The lock is on the number itself: there is one of it, and it needs no right but to read. */
static int take_turn(void)
{
	turn = open(RESERVED, O_RDONLY | O_CLOEXEC);
	if (turn < 0)
		return 0;
	for (int i = 0; flock(turn, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == WAIT_S * 10) {
			print_message("# another test has held %s for %d s\n", RESERVED, WAIT_S);
			return -1;
		}
		usleep(100000);
	}
	return 0;
}

static int reserve(void **state)
{
	(void)state;
	if (take_turn() < 0)
		return -1;
	before = number_in(RESERVED);
	if (before >= 0)
		set_reserved(before + wanted);
	return 0;
}

static int give_back(void **state)
{
	(void)state;
	if (before >= 0)
		set_reserved(before);
	close(turn);
	return 0;
}

int huge_case_run(const char *group, const struct case_list *list, long pages)
{
	wanted = pages;
	return _cmocka_run_group_tests(group, list->test, list->n, reserve, give_back);
}

long huge_free(void)
{
	return number_in(FREE);
}

void huge_need(long n)
{
	if (huge_free() >= n)
		return;
	print_message("# SKIPPED: %ld huge pages of 2 MiB needed, %ld free, and this user can't "
		      "reserve them in %s\n",
		      n, huge_free(), RESERVED);
	skip();
}
