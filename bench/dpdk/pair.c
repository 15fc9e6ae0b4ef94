/* SPDX-License-Identifier: BSD-3-Clause */
#include "pair.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <vio/clock.h>

#define READY_MS 2000

const struct driver *const drivers[N_SIDES] = { &driver_vio, &driver_dpdk };

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

static int backend_open(struct side *side, bool vhost, const char *path, const struct mode *mode)
{
	return vhost ? vhost_open(&side->vhost, path, mode) : null_open(&side->dev, path, mode);
}

static bool backend_ready(const struct side *side, bool vhost)
{
	return vhost ? vhost_ready(&side->vhost) : null_ready(&side->dev);
}

/* Wait until the driver has handed its rings over. */
static int backend_wait(const struct side *side, bool vhost)
{
	const uint64_t until = vio_clock_ns() + READY_MS * UINT64_C(1000000);
	const struct timespec moment = { .tv_nsec = 1000000 };

	while (!backend_ready(side, vhost)) {
		if (vio_clock_ns() > until)
			return -ETIMEDOUT;
		nanosleep(&moment, NULL);
	}
	return 0;
}

static void backend_close(struct side *side, bool vhost)
{
	if (vhost)
		vhost_close(&side->vhost);
	else
		null_close(&side->dev);
}

static int side_open(struct side *side, const struct pair *pair, const struct driver *driver,
		     const char *folder)
{
	char path[108];
	const struct setup setup = { pair->mode, path, pair->entries };
	int rc;

	snprintf(path, sizeof(path), "%.90s/%s.sock", folder, driver->name);
	side->driver = driver;
	rc = backend_open(side, pair->vhost, path, pair->mode);
	if (rc < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(-rc));
		goto close_backend;
	}
	side->port = driver->open(&setup);
	if (!side->port)
		goto close_backend;
	if (backend_wait(side, pair->vhost) == 0)
		return 0;
	fprintf(stderr, "%s, %s: the rings were not handed over in %d ms\n", driver->name,
		pair->mode->name, READY_MS);
	driver->close(side->port);
close_backend:
	backend_close(side, pair->vhost);
	return -1;
}

static void side_close(struct side *side, bool vhost)
{
	side->driver->close(side->port);
	backend_close(side, vhost);
}

int pair_open(struct pair *pair, bool vhost, const struct mode *mode, uint16_t entries,
	      const char *folder)
{
	*pair = (struct pair){ .vhost = vhost, .mode = mode, .entries = entries };
	for (int i = 0; i < N_SIDES; i++)
		if (side_open(&pair->sides[i], pair, drivers[i], folder) < 0) {
			while (i-- > 0)
				side_close(&pair->sides[i], vhost);
			return -1;
		}
	return 0;
}

void pair_close(struct pair *pair)
{
	for (int i = N_SIDES; i-- > 0;)
		side_close(&pair->sides[i], pair->vhost);
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
