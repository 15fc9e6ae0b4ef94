/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../apps/vio/assertion.h"

#include <math.h>

#include "app.h"

/* An assertion about a result: the input is its text. */

static json_t *document(void)
{
	static json_t *doc;

	if (!doc)
		doc = json_loads("{\"a\": 1, \"rx\": {\"loss_ratio\": 0.5, \"t\": \"x\"},"
				 " \"ports\": [{\"p\": 10}, {\"p\": 2.5}]}",
				 0, NULL);
	return doc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct assertion_list list; /* it is large */
	char text[TEXT_MAX + 1];
	struct why why = { "" };
	json_t *judged;

	if (!app_text(data, size, text))
		return 0;
	list.n = 0;
	if (!assertion_parse(text, &list, &why)) {
		assert_true(*why.text);
		return 0;
	}
	assert_int_equal(list.n, 1);
	assert_true(isfinite(list.a[0].wanted));
	judged = assertions_judge(&list, document());
	assert_int_equal(json_array_size(judged), 1);
	assert_true(assertions_print(judged, app_nowhere()) <= 1);
	json_decref(judged);
	return 0;
}
