/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../lib/port/address.h"

#include "../cases.h"
#include "input.h"

/* A port's address: the input is its text. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t number = 55;
	struct address addr;
	char text[512];
	bool yes;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (address_parse(text, &addr) < 0)
		return 0;
	assert_string_equal(addr.whole, text);
	assert_true(addr.n <= ADDRESS_OPTIONS_MAX);
	if (address_take_number(&addr, "size", 2, 100, &number) == 0)
		assert_true(number == 55 || (number >= 2 && number <= 100));
	else
		assert_int_equal(number, 55);
	(void)address_take_bool(&addr, "packed", &yes);
	(void)address_finish(&addr);
	address_free(&addr);
	return 0;
}
