/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PARSE_H
#define APP_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* Why a text was refused: one line for the user. */
struct why {
	char text[200];
};

/* Fill @why. Return: false, so that "return why_set(...)" reads well. */
bool why_set(struct why *why, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Read the decimal number that *@text begins with ("3", "1.5", "1e6") and move *@text behind it.
 * Return: false if there is none.
 */
bool parse_decimal(const char **text, double *out);

/* Which of @n names is @text? Return: its index; -1: none. */
int parse_name(const char *text, const char *const names[], unsigned int n);

/* The parsers below return true, or false with @why set and @out untouched. */

/* "1000", "10k", "1.5M", "2G": a whole number of at least @min and at most @max. */
bool parse_count(const char *text, uint64_t min, uint64_t max, uint64_t *out, struct why *why);

/* "10s", "200ms", "50us", "1m", "1h"; a bare number is seconds. */
bool parse_duration_ns(const char *text, uint64_t *out, struct why *why);

/* The same of at least @least_ns. @otherwise: what a shorter one is refused with */
bool parse_duration_least(const char *text, uint64_t least_ns, const char *otherwise, uint64_t *out,
			  struct why *why);

/* "02:00:00:00:00:01" */
bool parse_mac(const char *text, uint8_t out[6], struct why *why);

/* "0.5%" or "0.5" */
bool parse_percent(const char *text, double *out, struct why *why);

struct percent_limits {
	double least, most;
	bool open;             /* neither of these two */
	const char *otherwise; /* what others are refused with */
};

/* The same within @limits. */
bool parse_percent_within(const char *text, const struct percent_limits *limits, double *out,
			  struct why *why);

/*
 * Read "A" or "A-B" with @min <= A <= B <= @max and move *@text behind it.
 * Return: false if there is none.
 */
bool parse_range(const char **text, unsigned long min, unsigned long max, unsigned long *a,
		 unsigned long *b);

#define CPUS_MAX 1024

struct cpu_list {
	unsigned int n; /* 0: auto */
	uint16_t cpu[CPUS_MAX];
};

/* "auto", "2-5", "0,2,4-7" */
bool parse_cpus(const char *text, struct cpu_list *out, struct why *why);

#endif
