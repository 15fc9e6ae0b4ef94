/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../apps/vio/hdr.h"

#include "app.h"

/* A histogram as a result holds it: the input is its text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct hist h;
	char text[TEXT_MAX + 1];

	if (app_text(data, size, text) && hdr_decode(text, &h))
		assert_true(hist_percentile(&h, 50) <= hist_largest(&h));
	return 0;
}
