/* SPDX-License-Identifier: BSD-3-Clause */
#include "gen_options.h"

#include "fail.h"
#include "histfile.h"
#include "replay.h"

#define SECOND UINT64_C(1000000000)

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

int gen_config_init(struct gen_config *cfg)
{
	struct why why;

	*cfg = (struct gen_config){
		.burst = 32,
		.drain_ns = SECOND / 5,
		.interval_ns = SECOND,
		.src_port = FIELD_ONE(1024),
		.dst_port = FIELD_ONE(9),
		.late_limit = 10,
		.loops = 1,
	};
	if (!sizes_parse("64", &cfg->sizes, &why))
		return fail(FAIL_MEMORY, NULL, "no room for a frame size");
	return 0;
}

int gen_config_read(struct gen_config *cfg, const struct command *cmd, int argc, char **argv)
{
	int first = options_ports(cmd, argc, argv, cfg);

	for (int i = first; i > 0 && i < argc; i++)
		cfg->port[cfg->n_ports++] = argv[i];
	return first;
}
