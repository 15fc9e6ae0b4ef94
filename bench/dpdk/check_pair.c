/* SPDX-License-Identifier: BSD-3-Clause */
#include "check_pair.h"

#include <stdio.h>
#include <vio/clock.h>

#include "latency.h"

/* Enough to go round the ring several times, within this time. */
#define FRAMES   1000
#define LIMIT_NS UINT64_C(2000000000)

/* Of the driver's calls: frames that they said they moved. */
static uint32_t drive(struct side *side, const struct load *load, struct tally *tally)
{
	const uint64_t until = vio_clock_ns() + LIMIT_NS;
	uint32_t moved = 0;

	while (moved < FRAMES && vio_clock_ns() < until)
		moved += side->driver->run[load->traffic](side->port, load, tally);
	return moved;
}

/* Take what the device has left in the ring. */
static uint32_t drain(struct side *side, const struct load *load, struct tally *tally)
{
	uint32_t moved = 0;
	uint16_t n;

	do {
		n = side->driver->run[RECEIVE](side->port, load, tally);
		moved += n;
	} while (n);
	return moved;
}

static bool tell(const struct tally *tally, const struct vhost_tally *device, uint32_t moved)
{
	printf("# the driver moved %u and had %llu wrong ones; "
	       "the backend gave %llu, took %u and had %llu wrong ones\n",
	       moved, (unsigned long long)tally->wrong, (unsigned long long)device->given,
	       device->taken, (unsigned long long)device->wrong);
	return false;
}

bool check_pair(struct side *side, enum traffic traffic)
{
	const struct load load = {
		.traffic = traffic, .burst = 32, .mix = &mixes[N_MIXES - 1], .verify = true
	};
	const struct load any = { .traffic = RECEIVE, .burst = 32, .mix = mixes };
	struct tally tally = { 0 }, before = { 0 };
	struct vhost_tally device;
	uint32_t moved;

	drain(side, &any, &before);
	vhost_serve(&side->vhost, &load);
	moved = drive(side, &load, &tally);
	if (traffic != RECEIVE)
		vhost_has_taken(moved);
	vhost_serve(NULL, &load);
	device = vhost_tally();
	if (traffic != TRANSMIT) /* of a loop, what the driver has not come to yet */
		drain(side, &load, &tally);
	if (moved < FRAMES || tally.wrong || device.wrong)
		return tell(&tally, &device, moved);
	if (traffic != RECEIVE && device.taken != moved)
		return tell(&tally, &device, moved);
	if (traffic != TRANSMIT && device.given != tally.number)
		return tell(&tally, &device, moved);
	return true;
}

bool check_echo(struct side *side)
{
	struct trip trip = trip_start(true);
	struct tally left = { 0 };
	uint64_t ticks;
	int n = 0;

	drain(side, &trip.receive, &left);
	vhost_serve(&side->vhost, &trip.send);
	while (n < FRAMES && trip_once(&trip, side, &ticks))
		n++;
	vhost_serve(NULL, &trip.send);
	if (n == FRAMES && trip.received.number == FRAMES && !trip.received.wrong)
		return true;
	printf("# %d of %d round trips, %llu packets received of which %llu were wrong\n", n,
	       FRAMES, (unsigned long long)trip.received.number,
	       (unsigned long long)trip.received.wrong);
	return false;
}
