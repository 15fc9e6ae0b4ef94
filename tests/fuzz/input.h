/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FUZZ_INPUT_H
#define FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What libFuzzer calls: one run of a target. A failed assert_...() of cmocka is a finding. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The bytes that decide what happens, from first to last; behind the end all are 0. */
struct input {
	const uint8_t *at;
	size_t left;
};

/* Move the next @n bytes to @to. */
static inline void input_take(struct input *in, void *to, size_t n)
{
	const size_t have = n < in->left ? n : in->left;

	memset(to, 0, n);
	if (!have)
		return;
	memcpy(to, in->at, have);
	in->at += have;
	in->left -= have;
}

static inline uint8_t input_u8(struct input *in)
{
	uint8_t value;

	input_take(in, &value, sizeof(value));
	return value;
}

static inline uint16_t input_u16(struct input *in)
{
	uint16_t value;

	input_take(in, &value, sizeof(value));
	return value;
}

static inline uint32_t input_u32(struct input *in)
{
	uint32_t value;

	input_take(in, &value, sizeof(value));
	return value;
}

static inline uint64_t input_u64(struct input *in)
{
	uint64_t value;

	input_take(in, &value, sizeof(value));
	return value;
}

#endif
