/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../lib/port/address.h"

#include "../../drivers/transport/loop/device.h"
#include "../../drivers/virtio/features.h"
#include "../cases.h"
#include "input.h"

/* A port's address, with the features' options and those of the device model: the input is its
 * text. */

static void take_all(struct address *addr)
{
	struct feature_wishes wishes = { .legacy = false };
	struct loop_options loop;
	uint64_t number = 55;
	bool yes = false;

	if (address_take_number(addr, "size", 2, 100, &number) == 0)
		assert_true(number == 55 || (number >= 2 && number <= 100));
	else
		assert_int_equal(number, 55);
	(void)address_take_bool(addr, "wait", &yes);
	(void)features_parse(addr, &wishes);
	if (loop_options_take(addr, &loop) == 0)
		assert_true(loop.src_len <= loop.src_len_max);
	(void)address_finish(addr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct address addr;
	char text[512];

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (address_parse(text, &addr) < 0)
		return 0;
	assert_string_equal(addr.whole, text);
	assert_true(addr.n <= ADDRESS_OPTIONS_MAX);
	take_all(&addr);
	address_free(&addr);
	return 0;
}
