/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "mix.h"
#include "sum.h"

/* Source ports of VXLAN are dynamic ones (RFC 7348, section 5). */
#define OUTER_PORT_FIRST 49152u
#define OUTER_PORTS      16384u

/* Combinations that can be drawn from by chance. */
#define RANDOM_MAX (UINT64_C(1) << 62)

bool flow_step_read(const char *text, struct flow_step *out, struct why *why)
{
	static const char *const names[] = { "inc", "dec", "random" };
	struct flow_step step = { FLOW_INC, 0 };
	size_t len = strcspn(text, ":");

	while (step.order <= FLOW_RANDOM &&
	       (strncmp(text, names[step.order], len) || names[step.order][len]))
		step.order++;
	if (step.order > FLOW_RANDOM || (text[len] && step.order != FLOW_RANDOM))
		return why_set(why, "inc, dec, random or random:SEED is wanted");
	if (text[len] && !parse_count(text + len + 1, 0, UINT32_MAX, &step.seed, why))
		return false;
	*out = step;
	return true;
}

void flow_spec_turn(struct flow_spec *spec)
{
	field_swap(&spec->src, &spec->dst);
	if (spec->proto != FRAME_ICMP)
		field_swap(&spec->sport, &spec->dport);
	field_swap(&spec->src_mac, &spec->dst_mac);
}

/* The fields, that which varies fastest first. */
enum { SPORT, DPORT, SRC, DST, SRC_MAC, DST_MAC, VLAN_INNER, VLAN_OUTER, DIGITS };

struct digits {
	const struct field *field[DIGITS];
};

/* ICMP and ARP have no such ports: theirs do not vary. */
static struct digits digits_of(const struct flow_spec *spec)
{
	static const struct field none = { .n = 1, .count = 1, .part = { { .count = 1 } } };
	bool sport = spec->proto != FRAME_ARP, dport = sport && spec->proto != FRAME_ICMP;
	const struct field *vlan[2] = { &none, &none };

	for (unsigned int i = 0; i < spec->vlans.n; i++)
		vlan[i] = &spec->vlans.id[i];
	return (struct digits){ {
		[SPORT] = sport ? &spec->sport : &none,
		[DPORT] = dport ? &spec->dport : &none,
		[SRC] = &spec->src,
		[DST] = &spec->dst,
		[SRC_MAC] = &spec->src_mac,
		[DST_MAC] = &spec->dst_mac,
		[VLAN_OUTER] = vlan[0],
		[VLAN_INNER] = vlan[1],
	} };
}

/* Combinations of the fields, not above @limit. */
static uint64_t combinations(const struct digits *d, uint64_t limit)
{
	uint64_t all = 1;

	for (int i = 0; i < DIGITS; i++) {
		if (d->field[i]->count > limit / all)
			return limit;
		all *= d->field[i]->count;
	}
	return all;
}

/* Let @f take @n values from its only one on, or as many as there are up to @end. Return: how many.
 */
static uint64_t widen(struct field *f, uint64_t n, uint64_t end)
{
	const uint64_t room = end - f->part[0].first;

	f->count = f->part[0].count = n < room ? n : room;
	return f->count;
}

void flow_spec_spread(struct flow_spec *spec)
{
	struct digits d = digits_of(spec);
	uint64_t ports;

	if (combinations(&d, 2) != 1 || !spec->flows)
		return;
	if (spec->proto == FRAME_ARP) {
		widen(&spec->dst, spec->flows, UINT64_C(1) << 32);
		return;
	}
	ports = widen(&spec->sport, spec->flows, 65536);
	if (ports < spec->flows)
		widen(&spec->src, (spec->flows + ports - 1) / ports, UINT64_MAX);
}

/*
 * Number @i of 0 to @all - 1 in an order of chance: a Feistel network over the next power of four,
 * asked again until the answer is below @all. Each number comes once.
 */
static uint64_t shuffled(uint64_t i, uint64_t all, uint64_t seed)
{
	unsigned int half = 1;
	uint64_t mask, left, right, old;

	while (half < 31 && all > UINT64_C(1) << 2 * half)
		half++;
	mask = (UINT64_C(1) << half) - 1;
	do {
		left = i >> half;
		right = i & mask;
		for (uint64_t round = 0; round < 4; round++) {
			old = right;
			right = left ^ (mix64(mix64(seed << 2 | round) ^ right) & mask);
			left = old;
		}
		i = left << half | right;
	} while (i >= all);
	return i;
}

/* Which value of each field a flow has. */
struct choice {
	uint64_t value[DIGITS];
};

static struct choice choose(const struct digits *d, const struct flow_step *step, uint64_t all,
			    uint64_t i)
{
	struct choice c;

	if (step->order == FLOW_RANDOM)
		i = shuffled(i, all, step->seed);
	for (int k = 0; k < DIGITS; k++) {
		uint64_t count = d->field[k]->count, v = i % count;

		c.value[k] = step->order == FLOW_DEC ? count - 1 - v : v;
		i /= count;
	}
	return c;
}

static void link_fill(struct flow_link *l, const struct flow *f, const struct digits *d,
		      const struct choice *c)
{
	uint32_t hash = 0, word;

	field_write(d->field[DST_MAC], c->value[DST_MAC], l->macs, 6);
	field_write(d->field[SRC_MAC], c->value[SRC_MAC], l->macs + 6, 6);
	field_write(d->field[VLAN_OUTER], c->value[VLAN_OUTER], l->vlan[0], 2);
	field_write(d->field[VLAN_INNER], c->value[VLAN_INNER], l->vlan[1], 2);
	for (size_t k = 0; k < FLOW_TUPLE6; k += sizeof(word)) {
		memcpy(&word, f->tuple + k, sizeof(word));
		hash = (uint32_t)mix64((uint64_t)hash << 32 | word);
	}
	l->outer_port = htons((uint16_t)(OUTER_PORT_FIRST + hash % OUTER_PORTS));
}

static void flow_fill(struct flow *f, const struct flow_spec *spec, const struct digits *d,
		      const struct choice *c)
{
	size_t len = spec->v6 ? 16 : 4;
	uint16_t ports[2];

	field_write(d->field[SRC], c->value[SRC], f->tuple, len);
	field_write(d->field[DST], c->value[DST], f->tuple + len, len);
	field_write(d->field[SPORT], c->value[SPORT], f->tuple + 2 * len, 2);
	field_write(d->field[DPORT], c->value[DPORT], f->tuple + 2 * len + 2, 2);
	memcpy(ports, f->tuple + 2 * len, sizeof(ports));
	f->addr_sum = sum_fold(sum_add(0, f->tuple, 2 * len));
	f->l4_sum = (uint32_t)ports[0] + ports[1];
	/* ICMP of IPv4 has no pseudo header. */
	if (spec->proto != FRAME_ICMP || spec->v6)
		f->l4_sum += f->addr_sum;
}

/* Do flows differ in more than addresses and ports? */
static bool links_vary(const struct flow_spec *spec, const struct digits *d)
{
	return spec->outer_ports || d->field[SRC_MAC]->count > 1 || d->field[DST_MAC]->count > 1 ||
	       d->field[VLAN_OUTER]->count > 1 || d->field[VLAN_INNER]->count > 1;
}

/* Has the user named what frames of this kind do not have? */
static bool fields_fit(const struct flow_spec *spec, struct why *why)
{
	if (spec->proto == FRAME_ARP && spec->v6)
		return why_set(why, "ARP is of IPv4 (IPv6 has neighbour discovery)");
	if (spec->src.v6 != spec->v6 || spec->dst.v6 != spec->v6)
		return why_set(why,
			       "an address is of the other IP version (--ipv6 takes both as IPv6)");
	if (spec->proto == FRAME_ARP && (spec->sport.count > 1 || spec->dport.count > 1))
		return why_set(why, "ARP has no ports that could vary");
	if (spec->proto == FRAME_ICMP && spec->dport.count > 1)
		return why_set(why, "ICMP has no destination port that could vary (its identifier "
				    "is the source port)");
	return true;
}

static bool flows_alloc(struct flow_table *t, uint64_t n, bool links, struct why *why)
{
	*t = (struct flow_table){ .n = (uint32_t)n };
	t->flows = calloc(n, sizeof(*t->flows));
	t->links = links ? calloc(n, sizeof(*t->links)) : NULL;
	if (t->flows && (!links || t->links))
		return true;
	flows_fini(t);
	return why_set(why, "no memory for %llu flows", (unsigned long long)n);
}

static void flows_fill(struct flow_table *t, const struct flow_spec *spec, const struct digits *d)
{
	uint64_t all = combinations(d, RANDOM_MAX);

	for (uint32_t i = 0; i < t->n; i++) {
		struct choice c = choose(d, &spec->step, all, i);

		flow_fill(&t->flows[i], spec, d, &c);
		if (t->links || !i)
			link_fill(t->links ? &t->links[i] : &t->first, &t->flows[i], d, &c);
	}
	if (t->links)
		t->first = t->links[0];
}

bool flows_init(struct flow_table *out, const struct flow_spec *spec, struct why *why)
{
	struct digits d = digits_of(spec);
	uint64_t all = combinations(&d, FLOWS_MAX + 1), want = spec->flows ? spec->flows : all;

	if (!fields_fit(spec, why))
		return false;
	if (want > FLOWS_MAX)
		return why_set(why, "the ranges make more than %u flows; --flows N takes fewer",
			       FLOWS_MAX);
	if (want > all)
		return why_set(why, "the ranges of addresses and ports make %llu flows, not %llu",
			       (unsigned long long)all, (unsigned long long)want);
	if (!flows_alloc(out, want, want > 1 && links_vary(spec, &d), why))
		return false;
	flows_fill(out, spec, &d);
	return true;
}

void flows_fini(struct flow_table *t)
{
	free(t->flows);
	free(t->links);
	*t = (struct flow_table){ 0 };
}
