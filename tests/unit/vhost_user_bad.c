/* SPDX-License-Identifier: BSD-3-Clause */
#include "vhost_session.h"

#include <errno.h>

#include <vio/clock.h>

/* What the machine may need on top of a deadline. */
#define SLACK_MS 1000

static void run_bad(const struct fake_script *script, int code, const char *id)
{
	uint64_t from = vio_clock_ns(), ms;
	int rc;

	if (code == -ETIMEDOUT)
		env.timeout_ms = HASTY_MS;
	fake_listen(&env.fake, env.path, script);
	rc = whole_session("", &plain);
	ms = (vio_clock_ns() - from) / 1000000;
	assert_error(rc, code, id);
	if (ms > env.timeout_ms + SLACK_MS)
		fail_msg("it took %u ms", (unsigned int)ms);
	if (env.tp)
		assert_dead(code, id);
	/* The backend learns of it at once, not at close: its thread ends. */
	from = vio_clock_ns();
	fake_stop(&env.fake);
	assert_true(vio_clock_ns() - from < SLACK_MS * UINT64_C(1000000));
	assert_string_equal(env.fake.violation, "");
}

/* Each message of a session is once the last that the backend reads, and once the last that it
 * answers. */
static void test_closed_at(void **state)
{
	struct fake_script script = usual;

	script.at = (unsigned int)(uintptr_t)*state;
	script.fault = FAULT_CLOSE;
	run_bad(&script, -EIO, "VIO-VU-01");
}

static void test_closed_after(void **state)
{
	struct fake_script script = usual;

	script.at = (unsigned int)(uintptr_t)*state;
	script.fault = FAULT_LAST;
	run_bad(&script, -EIO, "VIO-VU-01");
}

static void test_silent_at(void **state)
{
	struct fake_script script = usual;

	script.at = (unsigned int)(uintptr_t)*state;
	script.fault = FAULT_SILENT;
	run_bad(&script, -ETIMEDOUT, "VIO-DEV-03");
}

static const struct bad {
	const char *what;
	enum fake_fault fault;
	int rc;
	const char *id;
} bads[] = {
	{ "an answer to another request", FAULT_REQUEST, -EPROTO, "VIO-VU-02" },
	{ "an answer of another version", FAULT_VERSION, -EPROTO, "VIO-VU-02" },
	{ "an answer without the reply flag", FAULT_NO_REPLY, -EPROTO, "VIO-VU-02" },
	{ "an answer that wants a reply", FAULT_NEED_REPLY, -EPROTO, "VIO-VU-02" },
	{ "an answer with undefined flags", FAULT_RESERVED, -EPROTO, "VIO-VU-02" },
	{ "an answer of 0 bytes", FAULT_SIZE_0, -EPROTO, "VIO-VU-02" },
	{ "an answer that is a byte short", FAULT_SIZE_SMALL, -EPROTO, "VIO-VU-02" },
	{ "an answer that is a byte long", FAULT_SIZE_LARGE, -EPROTO, "VIO-VU-02" },
	{ "an answer of 4 GB", FAULT_SIZE_ABSURD, -EPROTO, "VIO-VU-02" },
	{ "an answer with a file", FAULT_FD, -EPROTO, "VIO-VU-02" },
	{ "an answer with 253 files", FAULT_FDS, -EPROTO, "VIO-VU-02" },
	{ "a close in the header of an answer", FAULT_HEADER_CUT, -EIO, "VIO-VU-01" },
	{ "a close in the payload of an answer", FAULT_PAYLOAD_CUT, -EIO, "VIO-VU-01" },
	{ "a stall in the payload of an answer", FAULT_STALL, -ETIMEDOUT, "VIO-DEV-03" },
	{ "a backend that does not even read", FAULT_DEAF, -ETIMEDOUT, "VIO-DEV-03" },
	{ "a message that nobody asked for", FAULT_EXTRA, -EPROTO, "VIO-VU-02" },
};

/* One request of each kind: with a number, with a state, with an acknowledgement. */
static const struct where {
	const char *what;
	unsigned int at;
} wheres[] = { { "GET_FEATURES", 2 }, { "SET_FEATURES", 10 }, { "GET_VRING_BASE", 29 } };

struct bad_at {
	const struct bad *bad;
	unsigned int at;
};

static void test_bad(void **state)
{
	const struct bad_at *c = *state;
	struct fake_script script = usual;

	script.at = c->at;
	script.fault = c->bad->fault;
	run_bad(&script, c->bad->rc, c->bad->id);
}

static void test_wrong_ring(void **state)
{
	struct fake_script script = usual;

	(void)state;
	script.at = 29;
	script.fault = FAULT_INDEX;
	run_bad(&script, -EPROTO, "VIO-VU-02");
}

static void test_no_slots(void **state)
{
	struct fake_script script = usual;

	(void)state;
	script.protocol |= P_SLOTS;
	run_bad(&script, -EPROTO, "VIO-VU-02");
}

static void test_wide_status(void **state)
{
	struct fake_script script = usual;

	(void)state;
	script.status_or = 0x100;
	run_bad(&script, -EPROTO, "VIO-VU-02");
}

static void test_slow_trickle(void **state)
{
	struct fake_script script = usual;

	(void)state;
	script.trickle_us = 40000;
	run_bad(&script, -ETIMEDOUT, "VIO-DEV-03");
}

/* A device that does not reset is an error, but the connection is in order. */
static void test_stuck_status(void **state)
{
	struct fake_script script = usual;

	(void)state;
	script.status_or = STATUS_DRIVER_OK;
	env.timeout_ms = HASTY_MS;
	fake_listen(&env.fake, env.path, &script);
	assert_int_equal(open_at(env.path, ""), 0);
	assert_error(ops->set_status(env.tp, 0), -ETIMEDOUT, "VIO-DEV-03");
	assert_int_equal(ops->check(env.tp), 0);
	assert_int_equal(ops->status(env.tp), STATUS_DRIVER_OK);
	finish();
}

/* Messages that the backend can say no to, by their place in a session. */
static const struct where nacks[] = {
	{ "a reset", 6 },        { "features", 10 },      { "memory", 13 },
	{ "a ring's size", 14 }, { "a ring's base", 15 }, { "a ring's addresses", 16 },
	{ "a ring's call", 17 }, { "a ring's kick", 18 }, { "enabling a ring", 24 },
	{ "driver_ok", 26 },
};

static void test_nack(void **state)
{
	const struct where *c = *state;
	struct fake_script script = usual;

	script.at = c->at;
	script.fault = FAULT_NACK;
	fake_listen(&env.fake, env.path, &script);
	assert_error(whole_session("", &plain), -EIO, "VIO-VU-03");
	/* That was an answer: the conversation goes on. */
	assert_int_equal(ops->check(env.tp), 0);
	assert_int_equal(bring_up(&plain), 0);
	close_it();
	fake_stop(&env.fake);
}

static void add_each_message(void)
{
	for (uintptr_t at = 1; at <= ARRAY_SIZE(usual_requests); at++) {
		add(test_closed_at, (void *)at, "the backend closes at message %u (request %u)",
		    (unsigned int)at, usual_requests[at - 1]);
		add(test_silent_at, (void *)at, "the backend falls silent at message %u (%u)",
		    (unsigned int)at, usual_requests[at - 1]);
	}
	/* From where each message is answered, to the last but one: the last answer is the end. */
	for (uintptr_t at = 5; at < ARRAY_SIZE(usual_requests); at++)
		add(test_closed_after, (void *)at, "the backend closes after answer %u (%u)",
		    (unsigned int)at, usual_requests[at - 1]);
}

static void add_bad_answers(void)
{
	static struct bad_at at[ARRAY_SIZE(wheres)][ARRAY_SIZE(bads)];

	for (size_t w = 0; w < ARRAY_SIZE(wheres); w++)
		for (size_t b = 0; b < ARRAY_SIZE(bads); b++) {
			at[w][b] = (struct bad_at){ &bads[b], wheres[w].at };
			add(test_bad, &at[w][b], "%s at %s is refused", bads[b].what,
			    wheres[w].what);
		}
}

int main(void)
{
	add(test_wrong_ring, NULL, "GET_VRING_BASE of another ring is refused");
	add(test_no_slots, NULL, "a backend with 0 memory slots is refused");
	add(test_wide_status, NULL, "a status of more than 8 bits is refused");
	add(test_slow_trickle, NULL, "a trickle of bytes does not stretch the deadline");
	add(test_stuck_status, NULL, "a status that never reads 0 ends the reset in time");
	for (size_t i = 0; i < ARRAY_SIZE(nacks); i++)
		add(test_nack, &nacks[i], "the backend says no to %s", nacks[i].what);
	add_bad_answers();
	add_each_message();
	return run_group("vhost_user_bad");
}
