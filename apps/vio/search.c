/* SPDX-License-Identifier: BSD-3-Clause */
#include "search.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "fail.h"
#include "gen_options.h"
#include "log.h"
#include "outfile.h"

#define SECOND UINT64_C(1000000000)

static bool read_pdr(const char *text, void *field, struct why *why)
{
	static const struct percent_limits limits = {
		0, 100, true, "a loss between 0% and 100% is wanted; --ndr is without any"
	};
	struct search_config *c = field;
	double percent;

	if (!parse_percent_within(text, &limits, &percent, why))
		return false;
	if (c->n_pdr == PDRS_MAX)
		return why_set(why, "at most %u of them can be searched for at once", PDRS_MAX);
	c->pdr[c->n_pdr++] = percent;
	return true;
}

static bool read_time(const char *text, void *field, struct why *why)
{
	return parse_duration_least(text, 1000000, "at least 1ms is wanted", field, why);
}

/* "1s..30s", or one duration for both. */
static bool read_trial(const char *text, void *field, struct why *why)
{
	struct search_config *c = field;
	const char *dots = strstr(text, "..");
	uint64_t min = 0, max = 0;
	char first[32];

	if (!dots)
		return read_time(text, &c->trial_min_ns, why) &&
		       read_time(text, &c->trial_max_ns, why);
	if ((size_t)(dots - text) >= sizeof(first))
		return why_set(why, "two durations are wanted, such as 1s..30s");
	memcpy(first, text, (size_t)(dots - text));
	first[dots - text] = '\0';
	if (!read_time(first, &min, why) || !read_time(dots + 2, &max, why))
		return false;
	if (min > max)
		return why_set(why, "the first trials are the shorter ones");
	c->trial_min_ns = min;
	c->trial_max_ns = max;
	return true;
}

static bool read_width(const char *text, void *field, struct why *why)
{
	static const struct percent_limits limits = { 0.001, 50, false, "from 0.001% to 50%" };

	return parse_percent_within(text, &limits, field, why);
}

static bool read_exceed(const char *text, void *field, struct why *why)
{
	static const struct percent_limits limits = { 0, 99, false, "at most 99%" };

	return parse_percent_within(text, &limits, field, why);
}

static bool read_tolerance(const char *text, void *field, struct why *why)
{
	static const struct percent_limits limits = { 0, INFINITY, true, "more than 0% is wanted" };

	return parse_percent_within(text, &limits, field, why);
}

static bool read_rate(const char *text, void *field, struct why *why)
{
	struct rate r;

	if (!rate_parse(text, &r, why))
		return false;
	if (r.unit == RATE_MAX || r.ramp_ns)
		return why_set(why, "a rate that stays the same is wanted, such as 10Mpps or 50%%");
	*(struct rate *)field = r;
	return true;
}

static bool read_retries(const char *text, void *field, struct why *why)
{
	return parse_count(text, 0, 1000, field, why);
}

static bool read_limited(const char *text, void *field, struct why *why)
{
	static const char *const names[] = { "fail", "stop", "ignore" };
	int i = parse_name(text, names, sizeof(names) / sizeof(names[0]));

	if (i < 0)
		return why_set(why, "fail, stop or ignore");
	*(enum on_limited *)field = (enum on_limited)i;
	return true;
}

#define AT(field) offsetof(struct search_config, field)

/* clang-format off */
static const struct option_def options[] = {
	{ "size", 's', "LIST", option_text, AT(sizes), "sizes and mixes to search for, one after the other:\n64,imix,1518 | rfc2544 (64,128,256,512,1024,1280,1518) |\n64,imix:64=7,570=4,1518=1; default 64" },
	{ "ndr", 0, NULL, option_flag, AT(ndr), "search for the rate without loss (the default)" },
	{ "pdr", 0, "PERCENT", read_pdr, 0, "search for the rate with so much loss; up to 6 times" },
	{ "mrr", 0, NULL, option_flag, AT(mrr), "measure what comes back of --max-rate, or of all that can\nbe sent, 5 times" },
	{ "soak", 0, "TIME", option_duration, AT(soak_ns), "search for the rate that is held for so long, with half of\nthe time in excess, and the loss of the first --pdr or none" },
	{ "bisection", 0, NULL, option_flag, AT(bisection), "search by halves with long trials only, as RFC 2544;\ndefault: MLRsearch, RFC 9971" },
	{ "trial", 0, "MIN..MAX", read_trial, 0, "lengths of trials: short ones find the neighbourhood, long\nones decide; default 1s..30s" },
	{ "goal-duration-sum", 0, "TIME", read_time, AT(sum_ns), "how long trials at a load last in all, to decide on it;\ndefault: one long trial" },
	{ "exceed-ratio", 0, "PERCENT", read_exceed, AT(exceed), "share of that time that may lose more; default 0%, with\n--soak 50%" },
	{ "width", 0, "PERCENT", read_width, AT(width), "how near the bounds are in the end, of the upper one;\ndefault 0.5%" },
	{ "min-rate", 0, "RATE", read_rate, AT(min_rate), "least rate to try, of each sending port; default 100pps" },
	{ "max-rate", 0, "RATE", read_rate, AT(max_rate), "largest one; default: what can be sent, measured first;\n50% is of --line-rate" },
	{ "warmup", 0, "TIME", option_duration, AT(warmup_ns), "a trial before the others that does not count; default 0" },
	{ "trial-gap", 0, "TIME", option_duration, AT(gap_ns), "rest after each trial; default 100ms" },
	{ "retries", 0, "N", read_retries, AT(retries), "repeat a trial in which the generator did not keep rate or\ntime; default 3" },
	{ "on-generator-limited", 0, "WHAT", read_limited, AT(on_limited), "when that does not help: fail (the default), stop (take it\nfor the upper end, and say so), ignore (use the trial)" },
	{ "rate-tolerance", 0, "PERCENT", read_tolerance, AT(gen.rate_tolerance), "by how much rate and time may be off; default: as pktgen" },
	{ "repeat-final", 0, NULL, option_flag, AT(repeat_final), "try each result once more, and go on if it does not hold" },
	{ "pre-trial-cmd", 0, "CMD", option_text, AT(pre_cmd), "run a command of the shell before each trial; it has 30 s" },
	{ "no-latency", 0, NULL, option_flag, AT(no_latency), "leave out the trials at 90, 50 and 10 % of the first --pdr,\nor of the rate without loss" },
	{ "time-limit", 0, "TIME", read_time, AT(limit_ns), "end the whole search then, without result; default 24h" },
	{ "quiet", 'q', NULL, option_flag, AT(quiet), "print the result only" },
	/* Those of pktgen, which mean the same here. */
	GEN_LINE_RATE, GEN_COUNT_L1, GEN_PACING, GEN_DRAIN, GEN_SRC_IP, GEN_DST_IP, GEN_SRC_PORT,
	GEN_DST_PORT, GEN_FLOWS, GEN_SRC_MAC, GEN_DST_MAC, GEN_VLAN, GEN_VXLAN, GEN_IPV6,
	GEN_PROTO, GEN_TOS, GEN_TTL, GEN_STEP, GEN_PAYLOAD, GEN_BURST, GEN_QUEUES, GEN_BUFFERS,
	GEN_CORES, GEN_BIDIR, GEN_LEARN, GEN_RESPOND, GEN_LATE_LIMIT, GEN_JSON, GEN_VERBOSE,
	{ 0 }
};

static const char examples[] =
	"One port: what is sent should come back. Two ports: sent on the first, received on the second.\n"
	"A trial in which the generator did not keep rate and time is never used.\n\n"
	"examples:\n"
	"  vio search loop:echo,capacity=50000 --trial 100ms..1s --max-rate 100kpps\n"
	"  vio search pci:0000:00:04.0 pci:0000:00:05.0 --size 64,imix,1518 --ndr --pdr 0.5% -o ndr.json\n"
	"  vio search vhost-user:/run/vhost0.sock --bisection --trial 60s --size rfc2544\n"
	"  vio search vhost-user:/run/vhost0.sock --pdr 0.1% --trial 1s --goal-duration-sum 21s --exceed-ratio 50%\n\n"
	"exit codes: 0 valid; 1 the search failed; 2 usage; 3 a port or something else can't be had;\n"
	"            5 the generator did not keep rate or time: there is no result\n";
/* clang-format on */

static_assert(offsetof(struct search_config, gen) == 0, "pktgen's options are read into it");

static int resolve(const struct search_config *c, struct rate *rate, const char *name)
{
	struct why why = { "" };

	if (rate_resolve(rate, c->gen.line_bps, c->gen.count_l1, &why))
		return 0;
	return fail(FAIL_CONFLICT, why.text, "search: --%s has no meaning", name);
}

static int check(struct search_config *c)
{
	double min, max;
	int rc = resolve(c, &c->min_rate, "min-rate");

	if (!rc)
		rc = resolve(c, &c->max_rate, "max-rate");
	if (rc)
		return rc;
	min = rate_pps(&c->min_rate, SIZE_MIN);
	max = rate_pps(&c->max_rate, SIZE_MIN);
	if (c->gen.bidir && c->gen.n_ports < 2)
		return fail(FAIL_CONFLICT, NULL, "search: --bidir is for two ports");
	if (c->min_rate.unit == c->max_rate.unit && max > 0 && min > max)
		return fail(FAIL_CONFLICT, NULL, "search: --min-rate is above --max-rate");
	if (c->bisection && (c->repeat_final || c->soak_ns))
		return fail(FAIL_CONFLICT, NULL,
			    "search: --repeat-final and --soak are not for --bisection");
	return outfile_check(c->gen.json);
}

static int run(struct search *s)
{
	int rc = search_items_read(s), written = 0;

	if (rc)
		return rc;
	search_goals_make(s);
	rc = search_run(s);
	if (s->ports_open) {
		search_text_result(s);
		if (s->cfg->gen.json)
			written = search_json_write(s, s->cfg->gen.json);
	}
	search_close(s);
	return rc ? rc : written;
}

static int start(const struct search_config *cfg)
{
	struct search *s = calloc(1, sizeof(*s));
	struct gen *g = calloc(1, sizeof(*g));
	int rc;

	if (cfg->gen.verbose)
		log_to_stderr();
	if (s && g) {
		s->cfg = cfg;
		s->gen = g;
		rc = run(s);
		search_items_free(s);
	} else {
		rc = fail(FAIL_MEMORY, NULL, "no room for a search");
	}
	free(g);
	free(s);
	return rc;
}

static int check_and_run(struct search_config *cfg)
{
	int rc = check(cfg);

	return rc ? rc : start(cfg);
}

static int search(const struct command *cmd, int argc, char **argv)
{
	struct search_config cfg = {
		.sizes = "64",
		.trial_min_ns = SECOND,
		.trial_max_ns = 30 * SECOND,
		.gap_ns = SECOND / 10,
		.limit_ns = 24 * 3600 * SECOND,
		.width = 0.5,
		.exceed = -1,
		.retries = 3,
	};
	int rc = gen_config_init(&cfg.gen), first;

	if (rc)
		return rc;
	first = gen_config_read(&cfg.gen, cmd, argc, argv);
	rc = first > 0 ? check_and_run(&cfg) : -first;
	sizes_free(&cfg.gen.sizes);
	return rc;
}

const struct command command_search = {
	.name = "search",
	.args = "PORT [PORT2] [options]",
	.summary = "Find the rate that a device carries without loss, or with so much.",
	.options = options,
	.examples = examples,
	.ports_least = 1,
	.ports_most = 2,
	.run = search,
};
