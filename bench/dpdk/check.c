/* SPDX-License-Identifier: BSD-3-Clause */
#include "check.h"

#include <stdio.h>

#include "check_pair.h"

/* Enough to go round the largest ring several times. */
#define BATCHES 40

#define PAIR_ENTRIES 256

#define N_ALONE 2
#define N_PAIR  (N_TRAFFICS + 1)
#define N_MOVES (N_ALONE + N_PAIR)
#define N_CASES (N_MODES * N_SIDES * (N_RINGS * N_ALONE + N_PAIR))

/* Return: all packets came, with the right numbers. */
static bool moves_all(struct side *side, int dir)
{
	struct how how = { .burst = 32, .verify = true };
	unsigned int wrong = 0;

	side->dev.verify = true;
	for (int i = 0; i < BATCHES; i++) {
		const struct batch b = side_move(side, (enum direction)dir, how);

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

static bool pair_moves_all(struct side *side, int traffic)
{
	return check_pair(side, (enum traffic)traffic);
}

static bool echoes_all(struct side *side, int unused)
{
	(void)unused;
	return check_echo(side);
}

/* What is looked at in each mode: with which backend, what, and what it is called. */
static const struct move {
	bool vhost;
	bool (*moves)(struct side *side, int what);
	int what;
	const char *text;
} moves[N_MOVES] = {
	{ false, moves_all, RX, "receives each packet" },
	{ false, moves_all, TX, "sends each packet" },
	{ true, pair_moves_all, TRANSMIT, "sends each packet to librte_vhost" },
	{ true, pair_moves_all, RECEIVE, "receives each packet from librte_vhost" },
	{ true, pair_moves_all, LOOP, "loops packets with librte_vhost" },
	{ true, echoes_all, ECHO, "gets back each packet from librte_vhost" },
};

struct checked {
	const char *folder;
	unsigned int number; /* of the last case */
	int failed;
};

/* One line of TAP. */
static void tell(struct checked *c, const struct pair *pair, int side, const char *what,
		 const char *skip, bool good)
{
	printf("%sok %u - %s %s, %s, ring of %u%s%s\n", good ? "" : "not ", ++c->number,
	       drivers[side]->name, what, pair->mode->name, pair->entries, skip ? " # SKIP " : "",
	       skip ? skip : "");
	c->failed += !good;
}

/* Every case of a mode and a ring, with one kind of backend. */
static void check_mode(struct checked *c, bool vhost, const struct mode *mode, uint16_t entries)
{
	const char *skip = dpdk_lacks(mode);
	struct pair pair = { .mode = mode, .entries = entries };
	bool open;

	open = !skip && pair_open(&pair, vhost, mode, entries, c->folder) == 0;
	for (int side = 0; side < N_SIDES; side++)
		for (const struct move *m = moves; m < moves + N_MOVES; m++)
			if (m->vhost == vhost)
				tell(c, &pair, side, m->text, skip,
				     skip || (open && m->moves(&pair.sides[side], m->what)));
	if (open)
		pair_close(&pair);
}

int check(const char *folder, int other_core)
{
	struct checked c = { .folder = folder };

	printf("1..%d\n", N_CASES);
	for (int ring = 0; ring < N_RINGS; ring++)
		for (size_t i = 0; i < N_MODES; i++)
			check_mode(&c, false, &modes[i], rings[ring]);
	if (vhost_start(other_core) < 0)
		return 1;
	for (size_t i = 0; i < N_MODES; i++)
		check_mode(&c, true, &modes[i], PAIR_ENTRIES);
	vhost_stop();
	return c.failed != 0;
}
