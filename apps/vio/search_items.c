/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "search.h"

/* Frame sizes of RFC 2544, 9.1 "Frame sizes to be used on Ethernet". */
static const char preset_name[] = "rfc2544";
static const char preset[] = "64,128,256,512,1024,1280,1518";

/* Is what stands before the next comma a part of the mix before: "570=4"? */
static bool is_part(const char *text)
{
	size_t len = strcspn(text, ",");

	return memchr(text, '=', len) && !memchr(text, ':', len);
}

/*
 * The item that *@text begins with; move *@text to the next one, NULL after the last. Commas
 * separate items, and parts of a mix as well. Return: its length.
 */
static size_t take_item(const char **text)
{
	const char *begin = *text, *end = begin + strcspn(begin, ",");

	if (memchr(begin, ':', (size_t)(end - begin)))
		while (*end && is_part(end + 1))
			end += 1 + strcspn(end + 1, ",");
	*text = *end ? end + 1 : NULL;
	return (size_t)(end - begin);
}

static int bad_item(const char *name, const char *why)
{
	return fail(FAIL_VALUE, why, "search: --size '%s' is not valid", name);
}

static int add_item(struct search *s, const char *text, size_t len)
{
	struct search_item *item = &s->items[s->n_items];
	struct why why;

	if (s->n_items == SEARCH_ITEMS_MAX)
		return bad_item(s->cfg->sizes, "there are too many");
	if (len >= sizeof(item->name))
		return bad_item(text, "a size or mix is too long");
	memcpy(item->name, text, len);
	item->name[len] = '\0';
	if (!sizes_parse(item->name, &item->sizes, &why))
		return bad_item(item->name, why.text);
	s->n_items++;
	return 0;
}

static int add_list(struct search *s, const char *list)
{
	int rc = 0;

	do {
		const char *begin = list;
		size_t len = take_item(&list);

		if (len == strlen(preset_name) && !strncmp(begin, preset_name, len))
			rc = add_list(s, preset);
		else
			rc = add_item(s, begin, len);
	} while (list && !rc);
	return rc;
}

int search_items_read(struct search *s)
{
	return add_list(s, s->cfg->sizes);
}

void search_items_free(struct search *s)
{
	for (unsigned int i = 0; i < s->n_items; i++) {
		sizes_free(&s->items[i].sizes);
		free(s->items[i].trials);
		free(s->items[i].points);
	}
}

struct search_book search_item_book(const struct search_item *item)
{
	return (struct search_book){ item->points, item->n_points, item->min_load, item->max_load };
}

static void add_goal(struct search *s, const char *name, double loss_percent, double sum_s,
		     double exceed)
{
	const struct search_config *cfg = s->cfg;

	snprintf(s->goal_names[s->n_goals], sizeof(s->goal_names[0]), "%s", name);
	s->goals[s->n_goals++] = (struct search_goal){
		.loss_ratio = loss_percent / 100,
		.exceed_ratio = (cfg->exceed < 0 ? exceed : cfg->exceed) / 100,
		.initial_s = (double)cfg->trial_min_ns / 1e9,
		.final_s = (double)cfg->trial_max_ns / 1e9,
		.sum_s = sum_s,
		.width = cfg->width / 100,
	};
}

void search_goals_make(struct search *s)
{
	const struct search_config *cfg = s->cfg;
	double sum_s = (double)(cfg->sum_ns ? cfg->sum_ns : cfg->trial_max_ns) / 1e9;
	char name[32];

	if (cfg->ndr || (!cfg->n_pdr && !cfg->soak_ns && !cfg->mrr))
		add_goal(s, "NDR", 0, sum_s, 0);
	for (unsigned int i = 0; i < cfg->n_pdr; i++) {
		snprintf(name, sizeof(name), "PDR(%g %%)", cfg->pdr[i]);
		add_goal(s, name, cfg->pdr[i], sum_s, 0);
	}
	if (cfg->soak_ns)
		add_goal(s, "soak", cfg->n_pdr ? cfg->pdr[0] : 0, (double)cfg->soak_ns / 1e9, 50);
}

unsigned int search_main_goal(const struct search *s)
{
	for (unsigned int i = 0; i < s->n_goals; i++)
		if (s->goals[i].loss_ratio > 0)
			return i;
	return 0;
}
