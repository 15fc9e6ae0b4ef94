/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair.h"

#include <stdio.h>
#include <string.h>

#define READY_MS 2000

static const struct driver *const drivers[N_SIDES] = { &driver_vio, &driver_dpdk };

int drivers_start(void)
{
	for (int i = 0; i < N_SIDES; i++)
		if (drivers[i]->start() < 0)
			return -1;
	return 0;
}

void drivers_stop(void)
{
	for (int i = N_SIDES; i-- > 0;)
		drivers[i]->stop();
}

static int side_open(struct side *side, const struct driver *driver, const struct mode *mode,
		     uint16_t entries, const char *folder)
{
	char path[108];
	const struct setup setup = { mode, path, entries };
	int rc;

	snprintf(path, sizeof(path), "%.90s/%s.sock", folder, driver->name);
	side->driver = driver;
	rc = null_open(&side->dev, path, mode);
	if (rc < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-rc));
		goto close_dev;
	}
	side->port = driver->open(&setup);
	if (!side->port)
		goto close_dev;
	if (null_wait(&side->dev, READY_MS) == 0)
		return 0;
	fprintf(stderr, "%s, %s: the rings were not handed over in %d ms\n", driver->name,
		mode->name, READY_MS);
	driver->close(side->port);
close_dev:
	null_close(&side->dev);
	return -1;
}

static void side_close(struct side *side)
{
	side->driver->close(side->port);
	null_close(&side->dev);
}

int pair_open(struct pair *pair, const struct mode *mode, uint16_t entries, const char *folder)
{
	*pair = (struct pair){ .mode = mode, .entries = entries };
	for (int i = 0; i < N_SIDES; i++)
		if (side_open(&pair->sides[i], drivers[i], mode, entries, folder) < 0) {
			while (i-- > 0)
				side_close(&pair->sides[i]);
			return -1;
		}
	return 0;
}

void pair_close(struct pair *pair)
{
	for (int i = N_SIDES; i-- > 0;)
		side_close(&pair->sides[i]);
}

struct batch side_move(struct side *side, enum direction dir, struct how how)
{
	struct batch b;

	if (dir == RX) {
		side->waiting = (uint16_t)(side->waiting + null_step(&side->dev, RX, BATCH));
		how.n = side->waiting < BATCH ? side->waiting : BATCH;
		b = side->driver->receive(side->port, &how);
		side->waiting = (uint16_t)(side->waiting - b.packets);
		return b;
	}
	how.n = BATCH;
	b = side->driver->send(side->port, &how);
	null_step(&side->dev, TX, BATCH);
	return b;
}
