/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_MANUAL_H
#define APP_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

/* What there is to say of an error of the library or the tool, or of a check of vio doctor. */
struct topic {
	const char *id;
	const char *why, *fix; /* NULL: a check, whose findings depend on the machine */
	const char *more;      /* paragraphs; NULL: why and fix say it all */
};

/* Walk all topics, @i from 0. Return: false when @i is past the end. */
bool topic_at(unsigned int i, struct topic *out);

/* Return: the paragraphs about @id, NULL where there are none. */
const char *topic_more(const char *id);

/* Id of text @i, from 0. Return: NULL when @i is past the end. */
const char *topic_more_at(unsigned int i);

/*
 * Write the manual page @name as troff: "vio", a command's name, or "errors".
 * Return: false if there is no such page.
 */
bool manual_page(const char *name, FILE *out);

/* Write a completion script for bash. */
void manual_completion(FILE *out);

#endif
