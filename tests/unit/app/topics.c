/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <string.h>

#include "../../../apps/vio/commands.h"
#include "../../../apps/vio/manual.h"

static bool is_topic(const char *id, size_t len)
{
	struct topic t;

	for (unsigned int i = 0; topic_at(i, &t); i++)
		if (strlen(t.id) == len && !strncmp(t.id, id, len))
			return true;
	return false;
}

static void each_once(void **state)
{
	struct topic a, b;

	(void)state;
	for (unsigned int i = 0; topic_at(i, &a); i++)
		for (unsigned int k = 0; k < i && topic_at(k, &b); k++)
			assert_string_not_equal(a.id, b.id);
}

static void each_tells(void **state)
{
	struct topic t;

	(void)state;
	for (unsigned int i = 0; topic_at(i, &t); i++) {
		assert_true(t.more || (t.why && t.fix));
		assert_int_equal(!t.why, !t.fix);
	}
}

/* A text for an id that nobody gives would never be seen. */
static void texts_have_topics(void **state)
{
	const char *id;

	(void)state;
	for (unsigned int i = 0; (id = topic_more_at(i)); i++)
		assert_true(is_topic(id, strlen(id)));
}

static void references_lead_somewhere(void **state)
{
	struct topic t;

	(void)state;
	for (unsigned int i = 0; topic_at(i, &t); i++)
		for (const char *at = t.more; at && (at = strstr(at, "VIO-")); at++)
			assert_true(
				is_topic(at, strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-0123456789")));
}

static void commands_are_found(void **state)
{
	(void)state;
	for (const struct command *const *c = commands; *c; c++)
		assert_ptr_equal(command_find((*c)->name), *c);
	assert_null(command_find("none"));
	assert_null(command_find(""));
}

static void no_such_page(void **state)
{
	(void)state;
	assert_false(manual_page("none", stdout));
}

int main(void)
{
	struct case_list list = { 0 };

	case_add(&list, "each id is there once", each_once, NULL);
	case_add(&list, "each topic tells something", each_tells, NULL);
	case_add(&list, "each text belongs to a topic", texts_have_topics, NULL);
	case_add(&list, "texts refer to topics that exist", references_lead_somewhere, NULL);
	case_add(&list, "each command is found by its name", commands_are_found, NULL);
	case_add(&list, "an unknown page is refused", no_such_page, NULL);
	return case_run("topics", &list);
}
