/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_SEARCH_H
#define APP_SEARCH_H

#include "gen.h"
#include "search_logic.h"

#define PDRS_MAX           6u
#define SEARCH_ITEMS_MAX   64u
#define SEARCH_TRIALS_MAX  10000u /* of a size: whatever the device does, it ends */
#define SEARCH_LATENCIES   3
#define SEARCH_MRR_REPEATS 5u

/* What to do about a load that the generator does not reach. */
enum on_limited { LIMITED_FAIL, LIMITED_STOP, LIMITED_IGNORE };

/* What `vio search` was asked for. */
struct search_config {
	struct gen_config gen; /* of every trial; options that pktgen has too are read into it */
	const char *sizes;     /* of --size */
	bool ndr, mrr, bisection, repeat_final, no_latency, quiet;
	unsigned int n_pdr;
	double pdr[PDRS_MAX]; /* percent */
	uint64_t soak_ns, trial_min_ns, trial_max_ns, sum_ns, gap_ns, limit_ns, warmup_ns;
	double width, exceed; /* percent; exceed below 0: by goal */
	struct rate min_rate, max_rate;
	uint64_t retries;
	enum on_limited on_limited;
	const char *pre_cmd;
};

enum trial_kind { TRIAL_WARMUP, TRIAL_MRR, TRIAL_SEARCH, TRIAL_LATENCY };

/* A trial as it was made, used or not. */
struct search_trial {
	enum trial_kind kind;
	unsigned int goal; /* that wanted it, of a search's trial */
	bool probe, used;
	double load;       /* packets per second of each sending port; 0: as fast as can be */
	double duration_s; /* asked for */
	enum verdict verdict;
	char reason[160]; /* why it is not valid, or not used */
	struct totals t;
	uint64_t lost;
	double measured_s, rate_pps;
	double loss_ratio;
	uint64_t latency_n, latency_min, latency_p50, latency_p90, latency_p99,
		latency_max;     /* ns */
	enum search_class class; /* of its load, for its goal, after it */
};

/* What was found for a goal. */
struct search_found {
	struct search_bounds is;
	double conditional;
	bool complete; /* the bounds are as near as asked for, or there is only one */
};

/* A frame size, or mix of sizes: a search of its own. */
struct search_item {
	char name[64];
	struct sizes sizes;
	double min_load, max_load;
	bool max_found; /* max_load is what the generator managed, not what was asked for */
	bool begun, done;
	double start;
	struct search_trial *trials;
	size_t n_trials, trials_room;
	struct search_point *points;
	size_t n_points;
	struct search_found found[SEARCH_GOALS_MAX];
	double mrr[SEARCH_MRR_REPEATS]; /* received, packets per second */
	unsigned int n_mrr;
	uint64_t began_ns, ended_ns;
};

struct search {
	const struct search_config *cfg;
	struct gen_config run; /* of the present trial */
	struct gen *gen;
	bool ports_open;
	FILE *out;
	struct search_goal goals[SEARCH_GOALS_MAX];
	char goal_names[SEARCH_GOALS_MAX][32];
	unsigned int n_goals;
	struct search_item items[SEARCH_ITEMS_MAX];
	unsigned int n_items;
	uint64_t began_ns;
	enum verdict verdict;
	char reason[240]; /* why it is not valid */
};

/*
 * Fill s->items from a list: "64,imix,1518", "imix:64=7,1518=1,512", "rfc2544". Return: 0, or an
 * exit code with the error reported; then too, end with search_items_free().
 */
int search_items_read(struct search *s);
void search_items_free(struct search *s);

/* Goals from the configuration. */
void search_goals_make(struct search *s);

/*
 * Open the ports, and search for every item. What was found by then stands in @s whatever happens.
 * Return: exit code, with errors reported; end with search_close().
 */
int search_run(struct search *s);
void search_close(struct search *s);

/* Loads are of each sending port. */
static inline unsigned int search_directions(const struct search *s)
{
	return s->cfg->gen.bidir ? 2 : 1;
}

/* A trial that is wanted. */
struct trial_order {
	enum trial_kind kind;
	struct search_next next; /* load 0: as fast as can be */
};

/**
 * search_trial - make a trial of @item, with retries
 * @out: receives the last one, which belongs to the item; valid until the next trial
 *
 * Return: 0: @out may be used, or out->verdict is not VALID and what to do about it is up to the
 * policy; otherwise the search ends with this exit code, the reason is noted and reported.
 */
int search_trial(struct search *s, struct search_item *item, const struct trial_order *order,
		 struct search_trial **out);

/* All trials that count. */
struct search_book search_item_book(const struct search_item *item);

/* The goal whose rate latency is measured at: the first PDR, or the first of all. */
unsigned int search_main_goal(const struct search *s);

/* Text for people. */
void search_text_header(const struct search *s);
void search_text_begin(const struct search *s, const struct search_item *item,
		       const struct trial_order *order);
void search_text_end(const struct search *s, const struct search_trial *t); /* NULL: it failed */
void search_text_result(const struct search *s);

/* Write all as JSON. Return: 0, or an exit code with the error reported. */
int search_json_write(const struct search *s, const char *file);

#endif
