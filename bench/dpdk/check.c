/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <stdio.h>

#include "pair.h"

/* Enough to go round the largest ring several times. */
#define BATCHES 40

#define N_CASES (N_MODES * N_RINGS * N_SIDES * 2)

static const char *const moves[] = { "receives", "sends" };

/* One line of TAP. Return: 1 if the case has failed. */
static int tell(unsigned int number, const struct mode *mode, uint16_t entries, const char *driver,
		enum direction dir, const char *skip, bool good)
{
	printf("%sok %u - %s %s each packet, %s, ring of %u%s%s\n", good ? "" : "not ", number,
	       driver, moves[dir], mode->name, entries, skip ? " # SKIP " : "", skip ? skip : "");
	return !good;
}

/* Return: all packets came, with the right numbers. */
static bool moves_all(struct side *side, enum direction dir)
{
	struct how how = { .burst = 32, .verify = true };
	unsigned int wrong = 0;

	side->dev.verify = true;
	for (int i = 0; i < BATCHES; i++) {
		const struct batch b = side_move(side, dir, how);

		how.number += b.packets;
		wrong += b.wrong;
	}
	if (how.number == BATCHES * BATCH && !wrong && !side->dev.wrong)
		return true;
	printf("# %llu of %d packets, %u wrong in the driver, %llu in the device\n",
	       (unsigned long long)how.number, BATCHES * BATCH, wrong,
	       (unsigned long long)side->dev.wrong);
	return false;
}

/* Every case of a mode and a ring. Return: how many have failed. */
static int check_mode(unsigned int number, const struct mode *mode, uint16_t entries,
		      const char *folder)
{
	const char *skip = dpdk_lacks(mode);
	struct pair pair;
	int failed = 0;
	bool open;

	open = !skip && pair_open(&pair, false, mode, entries, folder) == 0;
	for (int side = 0; side < N_SIDES; side++)
		for (int dir = RX; dir <= TX; dir++)
			failed += tell(number++, mode, entries, drivers[side]->name, dir, skip,
				       skip || (open && moves_all(&pair.sides[side], dir)));
	if (open)
		pair_close(&pair);
	return failed;
}

int check(const char *folder)
{
	unsigned int number = 1;
	int failed = 0;

	printf("1..%d\n", N_CASES);
	for (int ring = 0; ring < N_RINGS; ring++)
		for (size_t i = 0; i < N_MODES; i++, number += N_SIDES * 2)
			failed += check_mode(number, &modes[i], rings[ring], folder);
	return failed != 0;
}
