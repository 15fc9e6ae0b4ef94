/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen_options.h"

#include "histfile.h"
#include "replay.h"

#define X(name, parse) \
	bool gen_read_##name(const char *text, void *field, struct why *why) \
	{ \
		return parse(text, field, why); \
	}
GEN_PARSED(X)
#undef X

#define X(name, least, most) \
	bool gen_read_##name(const char *text, void *field, struct why *why) \
	{ \
		return parse_count(text, least, most, field, why); \
	}
GEN_COUNTED(X)
#undef X

bool gen_read_rate(const char *text, void *field, struct why *why)
{
	struct gen_config *c = field;

	return c->rate_given = rate_parse(text, &c->rate, why);
}

bool gen_read_sizes(const char *text, void *field, struct why *why)
{
	struct sizes s;

	if (!sizes_parse(text, &s, why))
		return false;
	sizes_free(field);
	*(struct sizes *)field = s;
	return true;
}

bool gen_read_interval(const char *text, void *field, struct why *why)
{
	return parse_duration_least(text, 10000000, "an interval is at least 10ms", field, why);
}

bool gen_read_time(const char *text, void *field, struct why *why)
{
	return parse_duration_least(
		text, 1, "a run takes some time; leave --time out and give --count", field, why);
}

bool gen_read_histogram(const char *text, void *field, struct why *why)
{
	if (histfile_kind(text) == HISTFILE_NONE)
		return why_set(why, "its name ends in .hlog or .hgrm");
	return option_text(text, field, why);
}

bool gen_read_learn(const char *text, void *field, struct why *why)
{
	*(uint64_t *)field = 10;
	return !text || parse_count(text, 1, 1000000, field, why);
}
