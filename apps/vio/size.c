/* SPDX-License-Identifier: BSD-3-Clause */
#include "size.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define SIMPLE_IMIX "64=7,570=4,1518=1"
#define ITEMS_MAX   64u

struct item {
	unsigned int first, last, weight;
};

struct items {
	unsigned int n;
	struct item item[ITEMS_MAX];
};

static unsigned int read_number(const char **text)
{
	char *end;
	unsigned long v;

	if (!isdigit((unsigned char)**text))
		return 0;
	v = strtoul(*text, &end, 10);
	*text = end;
	return v > 1000000 ? 1000000 : (unsigned int)v;
}

static bool read_item(const char **text, struct item *it, struct why *why)
{
	it->first = it->last = read_number(text);
	it->weight = 1;
	if (**text == '-') {
		++*text;
		it->last = read_number(text);
	} else if (**text == '=') {
		++*text;
		it->weight = read_number(text);
	}
	if (it->first < SIZE_MIN || it->last > SIZE_MAX_FRAME || it->first > it->last)
		return why_set(why, "a size is from %u to %u bytes (the 4 of the FCS included)",
			       SIZE_MIN, SIZE_MAX_FRAME);
	if (!it->weight || it->weight > SIZE_PATTERN_MAX)
		return why_set(why, "a weight is from 1 to %u", SIZE_PATTERN_MAX);
	return true;
}

static bool read_items(const char *text, struct items *items, struct why *why)
{
	items->n = 0;
	for (;;) {
		if (items->n == ITEMS_MAX)
			return why_set(why, "at most %u sizes can be listed", ITEMS_MAX);
		if (!read_item(&text, &items->item[items->n++], why))
			return false;
		if (!*text)
			return true;
		if (*text++ != ',')
			return why_set(why, "sizes are wanted, such as 64 or 64,512,1518 or "
					    "64-1518 or imix");
	}
}

static unsigned int gcd(unsigned int a, unsigned int b)
{
	return b ? gcd(b, a % b) : a;
}

/*
 * Lay the weighted sizes out as evenly as can be: each turn every size gains its weight, and the
 * one that has most is sent and pays the sum.
 */
static void spread(struct sizes *s, const unsigned int *weight)
{
	int credit[ITEMS_MAX] = { 0 };

	for (unsigned int k = 0; k < s->pattern_len; k++) {
		unsigned int best = 0;

		for (unsigned int i = 0; i < s->n; i++) {
			credit[i] += (int)weight[i];
			if (credit[i] > credit[best])
				best = i;
		}
		credit[best] -= (int)s->pattern_len;
		s->pattern[k] = (uint16_t)best;
	}
}

static bool sizes_alloc(struct sizes *s, unsigned int n, unsigned int pattern_len, struct why *why)
{
	*s = (struct sizes){ .n = n, .pattern_len = pattern_len };
	s->size = calloc(n, sizeof(*s->size));
	s->pattern = calloc(pattern_len, sizeof(*s->pattern));
	if (s->size && s->pattern)
		return true;
	sizes_free(s);
	return why_set(why, "no memory for %u sizes", n);
}

/* Sizes listed or in ranges, each as often as the others. */
static bool sizes_even(const struct items *items, struct sizes *s, struct why *why)
{
	unsigned int n = 0, k = 0;

	for (unsigned int i = 0; i < items->n; i++)
		n += items->item[i].last - items->item[i].first + 1;
	if (n > SIZE_PATTERN_MAX)
		return why_set(why, "these are %u sizes; at most %u can be sent in turn", n,
			       SIZE_PATTERN_MAX);
	if (!sizes_alloc(s, n, n, why))
		return false;
	for (unsigned int i = 0; i < items->n; i++)
		for (unsigned int v = items->item[i].first; v <= items->item[i].last; v++, k++) {
			s->size[k] = (uint16_t)v;
			s->pattern[k] = (uint16_t)k;
		}
	return true;
}

static bool sizes_weighted(const struct items *items, struct sizes *s, struct why *why)
{
	unsigned int weight[ITEMS_MAX], sum = 0, div = 0;

	for (unsigned int i = 0; i < items->n; i++) {
		if (items->item[i].first != items->item[i].last)
			return why_set(why, "imix takes sizes with weights, no ranges");
		div = gcd(items->item[i].weight, div);
	}
	for (unsigned int i = 0; i < items->n; i++) {
		weight[i] = items->item[i].weight / div;
		sum += weight[i];
	}
	if (sum > SIZE_PATTERN_MAX)
		return why_set(why, "the weights add up to %u; at most %u", sum, SIZE_PATTERN_MAX);
	if (!sizes_alloc(s, items->n, sum, why))
		return false;
	for (unsigned int i = 0; i < items->n; i++)
		s->size[i] = (uint16_t)items->item[i].first;
	spread(s, weight);
	return true;
}

bool sizes_parse(const char *text, struct sizes *out, struct why *why)
{
	bool imix = !strncmp(text, "imix", 4);
	struct items items;

	if (!strcmp(text, "imix"))
		text = SIMPLE_IMIX;
	else if (!strncmp(text, "imix:", 5))
		text += 5;
	if (!read_items(text, &items, why))
		return false;
	if (imix)
		return sizes_weighted(&items, out, why);
	if (strchr(text, '='))
		return why_set(why, "weights belong to imix: write imix:%s", text);
	return sizes_even(&items, out, why);
}

void sizes_free(struct sizes *s)
{
	free(s->size);
	free(s->pattern);
	*s = (struct sizes){ 0 };
}

unsigned int sizes_least(const struct sizes *s)
{
	unsigned int least = s->size[0];

	for (unsigned int i = 1; i < s->n; i++)
		least = s->size[i] < least ? s->size[i] : least;
	return least;
}

unsigned int sizes_largest(const struct sizes *s)
{
	unsigned int largest = s->size[0];

	for (unsigned int i = 1; i < s->n; i++)
		largest = s->size[i] > largest ? s->size[i] : largest;
	return largest;
}

double sizes_mean(const struct sizes *s)
{
	double sum = 0;

	for (unsigned int k = 0; k < s->pattern_len; k++)
		sum += s->size[s->pattern[k]];
	return sum / s->pattern_len;
}
