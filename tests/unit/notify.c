/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/virtio/vring.h"

#include <string.h>

#include "../cases.h"

static const struct event_case {
	const char *what;
	uint16_t event, now, old;
	bool wanted;
} event_cases[] = {
	{ "the index steps onto the event", 5, 6, 5, true },
	{ "the event lies in the middle of a batch", 5, 10, 2, true },
	{ "the event is the last of the batch", 9, 10, 2, true },
	{ "the event is the first of the batch", 2, 10, 2, true },
	{ "the event was passed before", 1, 10, 2, false },
	{ "the event lies ahead", 10, 10, 2, false },
	{ "nothing was added", 5, 5, 5, false },
	{ "the batch crosses 0xffff and passes the event before it", 0xfffe, 3, 0xfff0, true },
	{ "the batch crosses 0xffff and passes the event behind it", 1, 3, 0xfff0, true },
	{ "the batch crosses 0xffff and the event lies ahead", 3, 3, 0xfff0, false },
	{ "the event at 0xffff is passed by the step to 0", 0xffff, 0, 0xffff, true },
	{ "the event at 0 is not passed by the step to 0", 0, 0, 0xffff, false },
};

static void asks_for_event(void **state)
{
	const struct event_case *c = *state;

	assert_int_equal(ring_need_event(c->event, c->now, c->old), c->wanted);
}

/* The specification's words, spelled out: some index in [old, now) is the event. */
static void agrees_with_enumeration(void **state)
{
	(void)state;
	for (uint32_t old = 0xff00; old < 0x10100; old += 7)
		for (uint16_t n = 0; n < 40; n++)
			for (uint32_t event = 0xfee0; event < 0x10140; event++) {
				bool passed = false;

				for (uint16_t i = 0; i < n; i++)
					passed |= (uint16_t)(old + i) == (uint16_t)event;
				assert_int_equal(ring_need_event((uint16_t)event,
								 (uint16_t)(old + n),
								 (uint16_t)old),
						 passed);
			}
}

static const struct packed_case {
	const char *what;
	uint16_t flags;
	bool event_idx, wanted;
} packed_cases[] = {
	{ "packed: enabled means always", PACKED_EVENT_ENABLE, true, true },
	{ "packed: disabled means never", PACKED_EVENT_DISABLE, true, false },
	{ "packed: enabled without event_idx", PACKED_EVENT_ENABLE, false, true },
	{ "packed: a descriptor event without event_idx is taken as enabled", PACKED_EVENT_DESC,
	  false, true },
	{ "packed: the reserved value is taken as enabled", 3, true, true },
};

static void obeys_packed_flags(void **state)
{
	const struct packed_case *c = *state;
	struct packed_event event = { .flags = le16_from(c->flags) };
	struct ring r = { .entries = 7, .device.event = &event, .event_idx = c->event_idx };

	assert_int_equal(packed_kick_wanted(&r), c->wanted);
}

/* A descriptor event is wanted exactly when the batch covers its position in its lap. */
static void packed_event_in_every_position(void **state)
{
	struct packed_desc descs[20];

	(void)state;
	for (uint16_t entries = 2; entries < 20; entries++)
		for (uint16_t from = 0; from < 2 * entries; from++)
			for (uint16_t n = 1; n <= entries; n++)
				for (uint16_t at = 0; at < 2 * entries; at++) {
					const uint16_t to = (uint16_t)(from + n);
					const bool at_wrap = !(at / entries);
					struct packed_event event = {
						.off_wrap = le16_from(
							(uint16_t)(at % entries | at_wrap << 15)),
						.flags = le16_from(PACKED_EVENT_DESC),
					};
					struct ring r = {
						.entries = entries,
						.device.event = &event,
						.event_idx = true,
						.post.at = to % entries,
						.desc.packed = descs,
						.post.first = descs + from % entries,
						.post.flags = packed_rest(
							0, to / entries % 2 ? PACKED_USED
									    : PACKED_AVAIL),
					};
					/* Positions of two laps; the batch may reach into the
					 * third, which is the first's wrap. */
					bool covered = false;

					for (uint16_t i = from; i < to; i++)
						covered |= i % (2 * entries) == at;
					assert_int_equal(packed_kick_wanted(&r), covered);
				}
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, event_cases, asks_for_event);
	CASES_ADD(&list, packed_cases, obeys_packed_flags);
	case_add(&list, "the arithmetic agrees with counting, across 0xffff",
		 agrees_with_enumeration, NULL);
	case_add(&list, "packed: an event is found in every position and lap",
		 packed_event_in_every_position, NULL);
	return case_run("notify", &list);
}
