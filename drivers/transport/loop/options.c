/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../../lib/base/err.h"
#include "device.h"

const char loop_help[] =
	"loop:[BEHAVIOUR][,OPTION...]  a strict virtio-net device inside this process\n"
	"  echo            gives back what is sent (default)\n"
	"  source          makes frames as fast as there are buffers\n"
	"  sink            takes what is sent\n"
	"  pair            two ports, connected by the program\n"
	"  max_queues=N    queue pairs offered, 1 to 64 (64)\n"
	"  max_size=N      largest ring, 2 to 32768 (1024)\n"
	"  max_mtu=N       the MTU that it tells, 68 to 65535 (1500)\n"
	"  speed=N         the link's speed that it tells, in Mb/s (unknown)\n"
	"  no=NAME+NAME    features that are not offered\n"
	"  refuse=NAME+... features that the device does not accept though it offers them\n"
	"  kick=never|always|event  which kicks it asks for; always and event sleep until one "
	"(never)\n"
	"  delay=TIME      hold each frame, 0 to 10s: 5us, 2ms (0)\n"
	"  loss=P dup=P corrupt=P reorder=P  chance for each frame, 0 to 1: 1e-4 (0)\n"
	"  distance=N      frames that overtake a reordered one, 1 to 64 (3)\n"
	"  ooo             complete buffers out of order, unless IN_ORDER is negotiated\n"
	"  batch=N         with IN_ORDER, up to N buffers by one used entry, 1 to 64 (1)\n"
	"  slow=N          at most N packets a step, 1 to 65535\n"
	"  capacity=N      frames a second that it carries; others are lost, 1 to 1000000000\n"
	"  buffer=N        with capacity, frames that it carries at once after a rest, 1 to "
	"1000000\n"
	"                  (64)\n"
	"  src_len=N[-M]   frame lengths that source makes, 60 to 65535 (60)\n"
	"  null            source and sink do not touch the payload\n"
	"  seed=N          of all that is random (1)\n";

const char *const loop_behaviours[] = { "echo", "source", "sink", "pair", NULL };
static const char *const kick_modes[] = { "never", "always", "event", NULL };

static int bad_value(const char *name, const char *value)
{
	return err_set(ERR_ADDR_VALUE, -EINVAL, "loop: %s=%s", name, value);
}

static int find_word(const char *const *words, const char *word)
{
	for (int i = 0; words[i]; i++)
		if (!strcmp(words[i], word))
			return i;
	return -1;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "0.01", "1e-4", whatever the locale; false: no such number. */
static bool read_decimal(const char *s, const char **end, double *out)
{
	double v = 0, unit = 1;
	const char *start = s;

	for (; is_digit(*s); s++)
		v = v * 10 + (*s - '0');
	if (*s == '.')
		for (s++; is_digit(*s); s++)
			v += (*s - '0') * (unit /= 10);
	if (s == start || !is_digit(s[-1]))
		return false;
	if (*s == 'e' && s[1] == '-' && is_digit(s[2])) {
		char *stop;

		for (unsigned long e = strtoul(s + 2, &stop, 10); e && v > 0; e--)
			v /= 10;
		s = stop;
	}
	*end = s;
	*out = v;
	return true;
}

static int take_chance(struct address *addr, const char *name, uint64_t *out)
{
	const char *value = address_take(addr, name), *end;
	double p;

	if (!value)
		return 0;
	if (!read_decimal(value, &end, &p) || *end || p > 1)
		return bad_value(name, value);
	*out = (uint64_t)(p * 4294967296.0);
	return 0;
}

static int take_time(struct address *addr, const char *name, uint64_t *ns)
{
	static const struct {
		const char *name;
		double ns;
	} units[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
	const char *value = address_take(addr, name), *end;
	double v;

	if (!value)
		return 0;
	if (!read_decimal(value, &end, &v))
		return bad_value(name, value);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(end, units[i].name) || v * units[i].ns > 10e9)
			continue;
		*ns = (uint64_t)(v * units[i].ns);
		return 0;
	}
	return bad_value(name, value);
}

static int take_features(struct address *addr, const char *name, struct vio_features *out)
{
	const char *value = address_take(addr, name);
	char word[64];

	for (const char *p = value; p; p = *p ? p + 1 : NULL) { /* past the '+' */
		size_t len = strcspn(p, "+");
		int bit;

		if (!len || len >= sizeof(word))
			return bad_value(name, value);
		memcpy(word, p, len);
		word[len] = '\0';
		bit = vio_feature_bit(word);
		if (bit < 0)
			return bad_value(name, value);
		features_add(out, (unsigned int)bit);
		p += len;
	}
	return 0;
}

/* "60" or "60-1514". */
static int take_lengths(struct address *addr, uint64_t *min, uint64_t *max)
{
	const char *value = address_take(addr, "src_len");
	char *end;

	if (!value)
		return 0;
	if (!is_digit(*value))
		return bad_value("src_len", value);
	*min = *max = strtoull(value, &end, 10);
	if (*end == '-' && is_digit(end[1]))
		*max = strtoull(end + 1, &end, 10);
	if (*end || *min < 60 || *max < *min || *max > 65535)
		return bad_value("src_len", value);
	return 0;
}

static int take_behaviour(const struct address *addr, struct loop_options *opt)
{
	int i = *addr->path ? find_word(loop_behaviours, addr->path) : LOOP_ECHO;

	if (i < 0)
		return err_set(ERR_ADDR_VALUE, -EINVAL,
			       "loop:%s is none of echo, source, sink, pair", addr->path);
	opt->behaviour = (enum behaviour)i;
	return 0;
}

static int take_kick(struct address *addr, struct loop_options *opt)
{
	const char *value = address_take(addr, "kick");
	int i = value ? find_word(kick_modes, value) : KICK_NEVER;

	if (i < 0)
		return bad_value("kick", value);
	opt->kick = (enum kick_mode)i;
	return 0;
}

static int take_numbers(struct address *addr, struct loop_options *opt)
{
	const struct {
		const char *name;
		uint64_t min, max;
		uint64_t *out;
	} numbers[] = {
		{ "max_queues", 1, LOOP_PAIRS_MAX, &opt->max_queues },
		{ "max_size", 2, SPLIT_ENTRIES_MAX, &opt->max_size },
		{ "max_mtu", NET_MTU_MIN, 65535, &opt->mtu },
		{ "speed", 0, UINT32_MAX, &opt->speed },
		{ "seed", 0, UINT64_MAX, &opt->seed },
		{ "batch", 1, LOOP_DONE_MAX, &opt->batch },
		{ "slow", 1, 65535, &opt->slow },
		{ "distance", 1, LOOP_HELD_MAX, &opt->distance },
		{ "capacity", 1, 1000000000, &opt->capacity },
		{ "buffer", 1, 1000000, &opt->buffer },
	};

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int rc = address_take_number(addr, numbers[i].name, numbers[i].min, numbers[i].max,
					     numbers[i].out);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int take_chances(struct address *addr, struct loop_options *opt)
{
	const struct {
		const char *name;
		uint64_t *out;
	} chances[] = {
		{ "loss", &opt->loss },
		{ "dup", &opt->dup },
		{ "corrupt", &opt->corrupt },
		{ "reorder", &opt->reorder },
	};

	for (size_t i = 0; i < ARRAY_SIZE(chances); i++) {
		int rc = take_chance(addr, chances[i].name, chances[i].out);

		if (rc < 0)
			return rc;
	}
	return 0;
}

static int take_switches(struct address *addr, struct loop_options *opt)
{
	int rc = address_take_bool(addr, "ooo", &opt->ooo);

	if (rc >= 0)
		rc = address_take_bool(addr, "null", &opt->null);
	if (rc >= 0 && opt->null && opt->behaviour != LOOP_SOURCE && opt->behaviour != LOOP_SINK)
		rc = err_set(ERR_ADDR_VALUE, -EINVAL, "loop: null goes with source and sink only");
	return rc;
}

int loop_options_take(struct address *addr, struct loop_options *opt)
{
	int rc;

	*opt = (struct loop_options){
		.max_queues = LOOP_PAIRS_MAX,
		.max_size = 1024,
		.mtu = 1500,
		.speed = UINT32_MAX,
		.seed = 1,
		.batch = 1,
		.slow = UINT32_MAX,
		.distance = 3,
		.buffer = 64,
		.src_len = 60,
		.src_len_max = 60,
	};
	if ((rc = take_behaviour(addr, opt)) < 0 || (rc = take_kick(addr, opt)) < 0 ||
	    (rc = take_numbers(addr, opt)) < 0 || (rc = take_chances(addr, opt)) < 0 ||
	    (rc = take_time(addr, "delay", &opt->delay_ns)) < 0 ||
	    (rc = take_features(addr, "no", &opt->no)) < 0 ||
	    (rc = take_features(addr, "refuse", &opt->refuse)) < 0 ||
	    (rc = take_lengths(addr, &opt->src_len, &opt->src_len_max)) < 0 ||
	    (rc = take_switches(addr, opt)) < 0)
		return rc;
	return 0;
}
