/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../../apps/vio/idle.h"
#include "../../../apps/vio/options.h"

struct config {
	uint64_t count, time_ns;
	const char *text;
	bool flag;
	struct idle_option wait;
};

#define AT(field) offsetof(struct config, field)

static const struct option_def defs[] = {
	{ "count", 'c', "N", option_count, AT(count), "a number" },
	{ "time", 't', "TIME", option_duration, AT(time_ns), "a time\nand more about it" },
	{ "text", 0, "TEXT", option_text, AT(text), "a text" },
	{ "flag", 'f', NULL, option_flag, AT(flag), "a flag" },
	{ "wait", 0, "[=USEC]", option_wait, AT(wait), "a value that may be left out" },
	{ 0 },
};

static const struct command cmd = { .name = "test",
				    .args = "THING",
				    .summary = "Does it.",
				    .options = defs,
				    .examples = "example\n" };

static const struct line_case {
	const char *what;
	const char *argv[8];
	enum options_result result;
	int rest; /* arguments left over */
	struct config want;
} cases[] = {
	{ "nothing is given", { "test" }, OPTIONS_OK, 0, { 0 } },
	{ "long options",
	  { "test", "--count", "5", "--flag" },
	  OPTIONS_OK,
	  0,
	  { 5, 0, NULL, true, { false, 0 } } },
	{ "long options with =",
	  { "test", "--count=5k" },
	  OPTIONS_OK,
	  0,
	  { 5000, 0, NULL, false, { false, 0 } } },
	{ "short options",
	  { "test", "-c", "7", "-f" },
	  OPTIONS_OK,
	  0,
	  { 7, 0, NULL, true, { false, 0 } } },
	{ "short options in one word",
	  { "test", "-fc7" },
	  OPTIONS_OK,
	  0,
	  { 7, 0, NULL, true, { false, 0 } } },
	{ "arguments before options",
	  { "test", "a", "b", "-f" },
	  OPTIONS_OK,
	  2,
	  { 0, 0, NULL, true, { false, 0 } } },
	{ "arguments between options",
	  { "test", "-f", "a", "-t", "2s" },
	  OPTIONS_OK,
	  1,
	  { 0, 2000000000, NULL, true, { false, 0 } } },
	{ "what follows -- is no option", { "test", "--", "-f" }, OPTIONS_OK, 1, { 0 } },
	{ "the last one counts",
	  { "test", "-c1", "-c2" },
	  OPTIONS_OK,
	  0,
	  { 2, 0, NULL, false, { false, 0 } } },
	{ "a text", { "test", "--text", "x" }, OPTIONS_OK, 0, { 0, 0, "x", false, { false, 0 } } },
	{ "an abbreviation that is clear",
	  { "test", "--fl" },
	  OPTIONS_OK,
	  0,
	  { 0, 0, NULL, true, { false, 0 } } },
	{ "an abbreviation that is not clear", { "test", "--t", "x" }, OPTIONS_BAD, 0, { 0 } },
	{ "an unknown option", { "test", "--speed" }, OPTIONS_BAD, 0, { 0 } },
	{ "an unknown letter", { "test", "-z" }, OPTIONS_BAD, 0, { 0 } },
	{ "a missing value", { "test", "--count" }, OPTIONS_BAD, 0, { 0 } },
	{ "a missing value of a letter", { "test", "-c" }, OPTIONS_BAD, 0, { 0 } },
	{ "a value where there is none", { "test", "--flag=1" }, OPTIONS_BAD, 0, { 0 } },
	{ "a bad value", { "test", "--count", "x" }, OPTIONS_BAD, 0, { 0 } },
	{ "an empty text", { "test", "--text", "" }, OPTIONS_BAD, 0, { 0 } },
	{ "a value that is left out",
	  { "test", "--wait", "7" },
	  OPTIONS_OK,
	  1,
	  { 0, 0, NULL, false, { true, IDLE_SPIN_US } } },
	{ "a value that is not left out",
	  { "test", "--wait=7" },
	  OPTIONS_OK,
	  0,
	  { 0, 0, NULL, false, { true, 7 } } },
	{ "no time to wait for",
	  { "test", "--wait=0" },
	  OPTIONS_OK,
	  0,
	  { 0, 0, NULL, false, { true, 0 } } },
	{ "too long a wait", { "test", "--wait=1000001" }, OPTIONS_BAD, 0, { 0 } },
	{ "help", { "test", "--help" }, OPTIONS_HELP, 0, { 0 } },
	{ "help by letter", { "test", "a", "-h" }, OPTIONS_HELP, 0, { 0 } },
};

/* Help goes to stdout, where the test's own results stand. */
static enum options_result read_in_silence(int argc, char **argv, struct config *config, int *first)
{
	int nowhere = open("/dev/null", O_WRONLY), out = dup(1);
	enum options_result result;

	assert_true(nowhere >= 0 && out >= 0);
	fflush(stdout);
	dup2(nowhere, 1);
	result = options_read(&cmd, argc, argv, config, first);
	fflush(stdout);
	dup2(out, 1);
	close(out);
	close(nowhere);
	return result;
}

static void test_line(void **state)
{
	const struct line_case *c = *state;
	struct config config = { 0 };
	char *argv[9] = { NULL };
	int argc = 0, first = 0;

	for (; c->argv[argc]; argc++)
		argv[argc] = (char *)(uintptr_t)c->argv[argc];
	assert_int_equal(read_in_silence(argc, argv, &config, &first), c->result);
	if (c->result != OPTIONS_OK)
		return;
	assert_int_equal(argc - first, c->rest);
	assert_int_equal(config.count, c->want.count);
	assert_int_equal(config.time_ns, c->want.time_ns);
	assert_int_equal(config.flag, c->want.flag);
	assert_int_equal(config.wait.on, c->want.wait.on);
	assert_int_equal(config.wait.spin_us, c->want.wait.spin_us);
	if (c->want.text)
		assert_string_equal(config.text, c->want.text);
	else
		assert_null(config.text);
}

int main(void)
{
	struct case_list list = { 0 };

	/* Errors are the tool's output; here they would only frighten. */
	if (!freopen("/dev/null", "w", stderr))
		return 1;
	CASES_ADD(&list, cases, test_line);
	return case_run("options", &list);
}
