/* SPDX-License-Identifier: BSD-3-Clause */
#include "pacer.h"

#include <math.h>

/* A number above 0 and at most 1 (xorshift64*, 53 bits of it). */
static double random_part(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return ((double)((*state * UINT64_C(0x2545f4914f6cdd1d)) >> 11) + 1) / 9007199254740992.0;
}

/* The moment of one more packet. */
static uint64_t shape_draw(struct pacer_shape *h)
{
	const struct schedule *s = &h->schedule;
	double units = (double)h->drawn;

	if (s->random)
		units = h->units -= log(random_part(&h->random));
	else if (s->burst > 1)
		units = floor(units / s->burst) * s->burst;
	h->drawn++;
	return h->start + (uint64_t)(schedule_at(s, units) * (double)h->hz + 0.5);
}

static void shape_fill(struct pacer *p)
{
	struct pacer_shape *h = &p->shape;

	h->head = 0;
	for (unsigned int i = 0; i < PACER_AHEAD; i++)
		h->at[i] = shape_draw(h);
	p->due = h->at[0];
}

static void shape_init(struct pacer *p, const struct pace *pace, uint64_t start)
{
	struct pacer_shape *h = &p->shape;

	schedule_init(&h->schedule, &pace->rate, &pace->pacing, pace->mean_size);
	h->start = start;
	h->hz = pace->hz;
	/* Spread small seeds over all bits; the generator's state is never 0. */
	h->random = (pace->pacing.seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1;
	p->quantum = pace->pacing.kind == PACING_BURST && pace->pacing.burst < pace->burst
			     ? (uint16_t)pace->pacing.burst
			     : 1;
	p->quantum_ticks = (uint64_t)((double)pace->hz / fmax(h->schedule.first, h->schedule.last) *
				      p->quantum);
	shape_fill(p);
}

/* One gap behind the other, in whole quanta. */
static void even_init(struct pacer *p, const struct pace *pace)
{
	double pps = rate_pps(&pace->rate, pace->mean_size), units, quantum;

	p->per_byte = pace->rate.unit != RATE_PPS;
	p->extra = pace->rate.unit == RATE_BPS_L1 ? RATE_L1_BYTES : 0;
	units = p->per_byte ? pace->rate.value / 8 : pace->rate.value;
	p->gap = (uint64_t)((double)pace->hz / units * (double)(1 << PACER_FRAC_BITS) + 0.5);
	quantum = pps * PACER_QUANTUM_NS / 1e9 + 1e-6;
	p->quantum = quantum < 1 ? 1 : quantum > p->burst ? p->burst : (uint16_t)quantum;
	p->quantum_ticks = (uint64_t)((double)pace->hz / pps * p->quantum);
	p->slack = p->quantum_ticks / 2;
	p->per_tick = pps / (double)pace->hz;
}

void pacer_init(struct pacer *p, const struct pace *pace, uint64_t start)
{
	*p = (struct pacer){ .due = start, .burst = pace->burst, .quantum = pace->burst };
	p->unlimited = pace->rate.unit == RATE_MAX;
	p->shaped = !p->unlimited && (pace->pacing.kind != PACING_SMOOTH || pace->rate.ramp_ns);
	if (p->shaped)
		shape_init(p, pace, start);
	else if (!p->unlimited)
		even_init(p, pace);
}

static double shape_seconds(const struct pacer_shape *h, uint64_t at)
{
	return (double)(at - h->start) / (double)h->hz;
}

static uint64_t shape_missed(const struct pacer *p, uint64_t to)
{
	const struct pacer_shape *h = &p->shape;
	double until = schedule_packets(&h->schedule, shape_seconds(h, to));
	double done = (double)(h->drawn - PACER_AHEAD);

	if (h->schedule.random)
		done = schedule_units(&h->schedule, shape_seconds(h, p->due)) - 1;
	return until > done ? (uint64_t)(until - done + 0.5) : 0;
}

uint64_t pacer_missed(const struct pacer *p, uint64_t to)
{
	if ((int64_t)(to - p->due) <= 0)
		return 0;
	if (p->shaped)
		return shape_missed(p, to);
	return (uint64_t)((double)(to - p->due) * p->per_tick + 0.5);
}

void pacer_skip(struct pacer *p, uint64_t now)
{
	struct pacer_shape *h = &p->shape;

	p->due = now;
	p->frac = 0;
	if (!p->shaped)
		return;
	h->units = schedule_units(&h->schedule, shape_seconds(h, now));
	h->drawn = (uint64_t)schedule_packets(&h->schedule, shape_seconds(h, now));
	shape_fill(p);
}

uint16_t pacer_shape_due(const struct pacer *p, uint64_t now)
{
	const struct pacer_shape *h = &p->shape;
	uint16_t n = 0;

	while (n < p->burst && (int64_t)(now - h->at[(h->head + n) % PACER_AHEAD]) >= 0)
		n++;
	return n;
}

void pacer_shape_advance(struct pacer *p, uint32_t packets)
{
	struct pacer_shape *h = &p->shape;

	while (packets--) {
		h->at[h->head] = shape_draw(h);
		h->head = (uint16_t)((h->head + 1) % PACER_AHEAD);
	}
	p->due = h->at[h->head];
}
