/* SPDX-License-Identifier: BSD-3-Clause */
#include "size.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "mix.h"

#define SIMPLE_IMIX   "64=7,570=4,1518=1"
#define SIMPLE_RANDOM "64-1518"
#define ITEMS_MAX     64u

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

/* RFC 6985, "IMIX Genome", section 4; its letter z, the MTU, is left out. */
static const uint16_t genome_sizes[] = { 64, 128, 256, 512, 1024, 1280, 1518, 2112 };

#define GENOME_LETTERS (sizeof(genome_sizes) / sizeof(genome_sizes[0]))

/* The letters used, each once; @index receives the place of each among the sizes. */
static unsigned int genome_used(const char *letters, uint16_t index[GENOME_LETTERS],
				uint16_t size[GENOME_LETTERS])
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < GENOME_LETTERS; i++)
		if (strchr(letters, 'a' + (int)i)) {
			size[n] = genome_sizes[i];
			index[i] = (uint16_t)n++;
		}
	return n;
}

static bool sizes_genome(const char *letters, struct sizes *s, struct why *why)
{
	uint16_t index[GENOME_LETTERS] = { 0 }, size[GENOME_LETTERS] = { 0 };
	size_t len = strlen(letters);
	unsigned int n;

	if (!len || strspn(letters, "abcdefgh") != len)
		return why_set(why,
			       "a genome is made of letters from a to h: a is 64 bytes, b 128, "
			       "c 256, d 512, e 1024, f 1280, g 1518, h 2112");
	if (len > SIZE_PATTERN_MAX)
		return why_set(why, "a genome has at most %u letters", SIZE_PATTERN_MAX);
	n = genome_used(letters, index, size);
	if (!sizes_alloc(s, n, (unsigned int)len, why))
		return false;
	memcpy(s->size, size, n * sizeof(*size));
	for (size_t k = 0; k < len; k++)
		s->pattern[k] = index[letters[k] - 'a'];
	return true;
}

/* "A-B" or "A-B:SEED" */
static bool sizes_random(const char *text, struct sizes *s, struct why *why)
{
	struct item range;
	uint64_t seed = 0;
	unsigned int n;

	if (!read_item(&text, &range, why))
		return false;
	if (*text == ':' && !parse_count(text + 1, 0, UINT32_MAX, &seed, why))
		return false;
	if ((*text && *text != ':') || range.weight != 1)
		return why_set(why, "random sizes are of one range, with a seed if wanted: "
				    "random:64-1518 or random:64-1518:7");
	n = range.last - range.first + 1;
	if (!sizes_alloc(s, n, SIZE_PATTERN_MAX, why))
		return false;
	for (unsigned int i = 0; i < n; i++)
		s->size[i] = (uint16_t)(range.first + i);
	for (unsigned int k = 0; k < SIZE_PATTERN_MAX; k++)
		s->pattern[k] = (uint16_t)(mix64(seed << 32 | k) % n);
	return true;
}

/* Lists and ranges, or with @imix lists of weights. */
static bool sizes_listed(const char *text, bool imix, struct sizes *s, struct why *why)
{
	struct items items;

	if (!read_items(text, &items, why))
		return false;
	if (imix)
		return sizes_weighted(&items, s, why);
	if (strchr(text, '='))
		return why_set(why, "weights belong to imix: write imix:%s", text);
	return sizes_even(&items, s, why);
}

/* What stands behind @word in @text. Return: false if @text begins otherwise. */
static bool behind(const char *text, const char *word, const char **rest)
{
	size_t len = strlen(word);

	*rest = text + len;
	return !strncmp(text, word, len);
}

bool sizes_parse(const char *text, struct sizes *out, struct why *why)
{
	const char *rest;

	if (!strcmp(text, "imix"))
		return sizes_listed(SIMPLE_IMIX, true, out, why);
	if (!strcmp(text, "random"))
		return sizes_random(SIMPLE_RANDOM, out, why);
	if (behind(text, "imix:genome:", &rest))
		return sizes_genome(rest, out, why);
	if (behind(text, "imix:", &rest))
		return sizes_listed(rest, true, out, why);
	if (behind(text, "random:", &rest))
		return sizes_random(rest, out, why);
	return sizes_listed(text, false, out, why);
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
