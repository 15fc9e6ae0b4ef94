/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../../lib/base/clock.h"
#include "../../lib/base/err.h"
#include "../../lib/base/log.h"
#include "../../lib/base/opts.h"
#include "sentence.h"

/* ---- errors ---- */

static void ids_unique(void **state)
{
	const char *a, *b, *why, *fix;

	(void)state;
	for (unsigned int i = 0; vio_error_at(i, &a, &why, &fix); i++)
		for (unsigned int j = 0; j < i; j++) {
			assert_true(vio_error_at(j, &b, &why, &fix));
			assert_string_not_equal(a, b);
		}
}

/* VIO-WORD-NN */
static bool well_formed(const char *id)
{
	char word[8], tail;
	unsigned int number;

	return sscanf(id, "VIO-%7[A-Z]-%2u%c", word, &number, &tail) == 2 && strlen(id) < 16;
}

static void entries_complete(void **state)
{
	const struct vio_error *room = NULL;
	const char *id, *why, *fix;
	unsigned int n = 0;

	(void)state;
	for (; vio_error_at(n, &id, &why, &fix); n++) {
		assert_true(well_formed(id));
		assert_in_range(strlen(why), 1, sizeof(room->why) - 1);
		assert_in_range(strlen(fix), 1, sizeof(room->fix) - 1);
		assert_null(strchr(why, '\n'));
		assert_null(strchr(fix, '\n'));
	}
	assert_true(n > 0);
	assert_false(vio_error_at(UINT32_MAX, &id, &why, &fix));
}

static void three_lines(void **state)
{
	(void)state;
	assert_int_equal(err_set(ERR_OPTS, -EINVAL, "%s is %d", "x", 7), -EINVAL);
	err_why("because of %d", 8);
	err_fix("do %d", 9);
	assert_int_equal(vio_error_last()->code, -EINVAL);
	assert_string_equal(vio_error_text(),
			    "error[VIO-ADDR-04]: x is 7\n  why   because of 8\n  fix   do 9\n");
}

static void cut_to_fit(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	err_set(ERR_OPTS, -EINVAL, "%s", text);
	err_why("%s", text);
	err_fix("%s", text);
	assert_int_equal(strlen(vio_error_last()->what), sizeof(vio_error_last()->what) - 1);
	assert_int_equal(vio_error_text()[strlen(vio_error_text()) - 1], '\n');
}

static void restored(void **state)
{
	struct vio_error before;

	(void)state;
	err_set(ERR_OPTS, -EINVAL, "the first");
	before = *vio_error_last();
	err_set(ERR_NO_MEMORY, -ENOMEM, "the second");
	err_restore(&before);
	assert_int_equal(vio_error_last()->code, -EINVAL);
	assert_string_equal(vio_error_last()->what, "the first");
}

static void *fresh_thread(void *arg)
{
	*(int *)arg = vio_error_last()->code;
	err_set(ERR_NO_MEMORY, -ENOMEM, "in the other thread");
	return NULL;
}

static void per_thread(void **state)
{
	pthread_t thread;
	int code = 1;

	(void)state;
	err_set(ERR_OPTS, -EINVAL, "here");
	assert_int_equal(pthread_create(&thread, NULL, fresh_thread, &code), 0);
	pthread_join(thread, NULL);
	assert_int_equal(code, 0);
	assert_string_equal(vio_error_last()->what, "here");
}

/* ---- log ---- */

static char logged[256];

static void keep_line(void *arg, enum vio_log_level level, const char *text)
{
	++*(int *)arg;
	snprintf(logged, sizeof(logged), "%d %s", (int)level, text);
}

static void log_levels(void **state)
{
	int lines = 0;

	(void)state;
	log_err("nobody listens");
	vio_log_set(keep_line, &lines, VIO_LOG_WARN);
	log_err("broken %d", 1);
	assert_string_equal(logged, "0 broken 1");
	log_warn("odd");
	log_info("not wanted");
	log_debug("not wanted");
	vio_log_set(NULL, NULL, VIO_LOG_DEBUG);
	log_err("nobody listens");
	assert_int_equal(lines, 2);
}

/* ---- options ---- */

struct opts {
	size_t size;
	uint32_t a, b;
};

static const struct opts_case {
	const char *what;
	size_t size;
	uint32_t beyond; /* what stands behind the known fields */
	int rc;
	struct opts want;
} opts_cases[] = {
	{ "a struct of the same version is copied",
	  sizeof(struct opts),
	  9,
	  0,
	  { sizeof(struct opts), 1, 2 } },
	{ "fields that an older struct lacks are 0",
	  offsetof(struct opts, b),
	  9,
	  0,
	  { offsetof(struct opts, b), 1, 0 } },
	{ "a newer struct with nothing new in it is copied",
	  sizeof(struct opts) + 4,
	  0,
	  0,
	  { sizeof(struct opts) + 4, 1, 2 } },
	{ "a newer struct with news in it is refused", sizeof(struct opts) + 4, 1, -EINVAL, { 0 } },
	{ "size 0 is refused", 0, 0, -EINVAL, { 0 } },
	{ "a size smaller than the size field is refused", 7, 0, -EINVAL, { 0 } },
	{ "a size beyond sense is refused without a look", SIZE_MAX, 0, -EINVAL, { 0 } },
};

static void options(void **state)
{
	const struct opts_case *c = *state;
	struct {
		struct opts known;
		uint32_t beyond[2];
	} src = { { c->size, 1, 2 }, { c->beyond, 0 } };
	struct opts dst;

	assert_int_equal(opts_copy(&dst, sizeof(dst), &src, "opts"), c->rc);
	if (c->rc == 0)
		assert_memory_equal(&dst, &c->want, sizeof(dst));
}

static void no_options(void **state)
{
	const struct opts none = { 0 };
	struct opts dst = { 1, 2, 3 };

	(void)state;
	assert_int_equal(opts_copy(&dst, sizeof(dst), NULL, "opts"), 0);
	assert_memory_equal(&dst, &none, sizeof(dst));
}

/* ---- clock ---- */

static void ticks(void **state)
{
	uint64_t hz = vio_ticks_hz(), ns, t;

	(void)state;
	assert_in_range(hz, 1000000, UINT64_C(20000000000));
	assert_int_equal(vio_ticks_hz(), hz);
	ns = vio_clock_ns();
	t = vio_ticks();
	clock_pause(7);
	t = vio_ticks() - t;
	ns = vio_clock_ns() - ns;
	/* Within a tenth, or a fifth of a millisecond on a busy machine. */
	assert_in_range(t * 1000 / (hz / 1000000), ns - ns / 10 - 200000, ns + ns / 10 + 200000);
}

static void deadlines(void **state)
{
	struct deadline soon = deadline_in(2), now = deadline_in(0);

	(void)state;
	assert_true(deadline_passed(now));
	assert_int_equal(deadline_left_ms(now), 0);
	assert_in_range(deadline_left_ms(soon), 0, 2);
	for (unsigned int round = 0; !deadline_passed(soon); round++)
		clock_pause(round);
	assert_int_equal(deadline_left_ms(soon), 0);
	assert_in_range(deadline_left_ms(deadline_in(60000)), 59000, 60000);
}

static const struct CMUnitTest fixed[] = {
	UNIT("no two errors have the same id", ids_unique),
	UNIT("each error has an id, a reason and a cure of one line", entries_complete),
	UNIT("an error is three lines of text", three_lines),
	UNIT("texts that are too long are cut", cut_to_fit),
	UNIT("an error can be made the last one again", restored),
	UNIT("each thread has its own last error", per_thread),
	UNIT("only lines that are urgent enough are logged", log_levels),
	UNIT("no options are all defaults", no_options),
	UNIT("ticks and nanoseconds tell the same time", ticks),
	UNIT("a deadline passes when its time has come", deadlines),
};

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(fixed) + ARRAY_SIZE(opts_cases)];
	size_t n = ARRAY_SIZE(fixed);

	memcpy(tests, fixed, sizeof(fixed));
	for (size_t i = 0; i < ARRAY_SIZE(opts_cases); i++)
		tests[n++] =
			(struct CMUnitTest)UNIT_CASE(opts_cases[i].what, options, &opts_cases[i]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
