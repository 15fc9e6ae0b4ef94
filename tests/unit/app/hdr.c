/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <string.h>

#include "../../../apps/vio/base64.h"
#include "../../../apps/vio/hdr.h"

static struct hist h, back;

/* What a histogram may hold: @n values, from @first on, each @step times the last and one more. */
static const struct values {
	const char *what;
	unsigned int n;
	uint64_t first, step, times;
} values[] = {
	{ "nothing comes back as nothing", 0, 0, 0, 0 },
	{ "one value comes back", 1, 6200, 1, 1 },
	{ "neighbours come back", 3000, 0, 1, 3 },
	{ "values with gaps of one bucket come back", 12, 1, 2, 1 },
	{ "values over the whole range come back", 34, 0, 2, 100000 },
	{ "what is beyond the range comes back in the last bucket", 60, 0, 2, 7 },
	{ "counts that need nine bytes come back", 4, 1000, 1, UINT64_C(1) << 61 },
	{ "the largest counts come back", 2, 1000, 1, INT64_MAX },
};

static void test_round(void **state)
{
	const struct values *v = *state;
	uint64_t value = v->first;
	char *text;

	memset(&h, 0, sizeof(h));
	for (unsigned int i = 0; i < v->n; i++, value = value * v->step + 1)
		hist_record(&h, value, v->times);
	text = hdr_encode(&h);
	assert_non_null(text);
	assert_true(!strncmp(text, "HISTFAAA", 8));
	assert_true(hdr_decode(text, &back));
	assert_int_equal(back.count, h.count);
	assert_memory_equal(back.bucket, h.bucket, sizeof(h.bucket));
	assert_int_equal(hist_bucket(hist_percentile(&back, 50)),
			 hist_bucket(hist_percentile(&h, 50)));
	free(text);
}

/* A text that is right but for one byte of it in base64, or for its end. */
static const struct damage {
	const char *what;
	size_t at, length;
	char byte;
} damages[] = {
	{ "another cookie is refused", 0, 0, 'I' },
	{ "another length is refused", 8, 0, 'B' },
	{ "damage within is refused", 40, 0, '_' },
	{ "damage of the compressed part is refused", 12, 0, 'A' },
	{ "half of it is refused", 0, 40, 'H' },
	{ "a text that is no base64 is refused", 0, 41, 'H' },
	{ "eight bytes are refused", 0, 12, 'H' },
};

static void test_damage(void **state)
{
	const struct damage *d = *state;
	char *text;

	memset(&h, 0, sizeof(h));
	for (uint64_t v = 1; v < 1000000; v += 777)
		hist_record(&h, v, v % 5 + 1);
	text = hdr_encode(&h);
	assert_non_null(text);
	assert_true(hdr_decode(text, &back));
	text[d->at] = d->byte;
	if (d->length)
		text[d->length] = '\0';
	assert_false(hdr_decode(text, &back));
	free(text);
}

static void test_empty_text(void **state)
{
	(void)state;
	assert_false(hdr_decode("", &back));
}

/* The vectors of RFC 4648, section 10. */
static const struct vector {
	const char *what, *plain, *coded;
} vectors[] = {
	{ "base64 of nothing", "", "" },
	{ "base64 of one byte", "f", "Zg==" },
	{ "base64 of two bytes", "fo", "Zm8=" },
	{ "base64 of three bytes", "foo", "Zm9v" },
	{ "base64 of four bytes", "foob", "Zm9vYg==" },
	{ "base64 of five bytes", "fooba", "Zm9vYmE=" },
};

static void test_base64(void **state)
{
	const struct vector *v = *state;
	size_t len = strlen(v->plain), got = 99;
	char *text = base64_encode((const uint8_t *)v->plain, len);
	uint8_t *plain = base64_decode(v->coded, &got);

	assert_string_equal(text, v->coded);
	assert_non_null(plain);
	assert_int_equal(got, len);
	assert_memory_equal(plain, v->plain, len);
	free(text);
	free(plain);
}

int main(void)
{
	struct case_list list = { 0 };

	CASES_ADD(&list, values, test_round);
	CASES_ADD(&list, damages, test_damage);
	case_add(&list, "an empty text is refused", test_empty_text, NULL);
	CASES_ADD(&list, vectors, test_base64);
	return case_run("hdr", &list);
}
