/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame.h"

#define ADDRESS_BYTES 6
#define NUMBER_AT     (2 * ADDRESS_BYTES)

static const char addresses[][ADDRESS_BYTES] = { "\2frame", "\2bench" };

const char *const traffic_names[N_TRAFFICS] = { "transmit", "receive", "loop" };

/* The last one is the simple IMIX: 7 short, 4 of 594, 1 long. */
const struct mix mixes[N_MIXES] = {
	{ "64", { 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60 } },
	{ "512", { 508, 508, 508, 508, 508, 508, 508, 508, 508, 508, 508, 508 } },
	{ "1500", { 1496, 1496, 1496, 1496, 1496, 1496, 1496, 1496, 1496, 1496, 1496, 1496 } },
	{ "IMIX", { 60, 590, 60, 60, 590, 60, 1514, 60, 590, 60, 590, 60 } },
};

void frame_make(void *frame, const struct mix *mix, uint64_t number)
{
	char *bytes = frame;

	memcpy(bytes, addresses, NUMBER_AT);
	memcpy(bytes + frame_bytes(mix, number) - sizeof(number), &number, sizeof(number));
	memcpy(bytes + NUMBER_AT, &number, sizeof(number));
}

uint64_t frame_number(const void *frame, uint32_t len)
{
	uint64_t number = UINT64_MAX;

	if (len >= NUMBER_AT + sizeof(number))
		memcpy(&number, (const char *)frame + NUMBER_AT, sizeof(number));
	return number;
}

bool frame_is(const void *frame, uint32_t len, const struct mix *mix, uint64_t number, bool swapped)
{
	const char *bytes = frame;

	return len == frame_bytes(mix, number) && frame_number(frame, len) == number &&
	       memcmp(bytes, addresses[swapped], ADDRESS_BYTES) == 0 &&
	       memcmp(bytes + ADDRESS_BYTES, addresses[!swapped], ADDRESS_BYTES) == 0 &&
	       memcmp(bytes + len - sizeof(number), &number, sizeof(number)) == 0;
}
