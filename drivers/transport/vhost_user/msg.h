/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VHOST_USER_MSG_H
#define VHOST_USER_MSG_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "../../../lib/base/err.h"

/*
 * Messages of the vhost-user protocol (QEMU, "Vhost-user Protocol", here "vhost-user"), as far as
 * the front-end of a network device sends them. All numbers are in native byte order.
 */

/* Payloads: vhost-user, "Payload". */
struct vu_state {
	uint32_t index;
	uint32_t num;
};
static_assert(sizeof(struct vu_state) == 8, "vring state");

struct vu_addr {
	uint32_t index;
	uint32_t flags;
	uint64_t desc;
	uint64_t used;  /* packed: device event suppression */
	uint64_t avail; /* packed: driver event suppression */
	uint64_t log;
};
static_assert(sizeof(struct vu_addr) == 40, "vring address");

struct vu_mem_region {
	uint64_t guest;
	uint64_t bytes;
	uint64_t user;
	uint64_t offset;
};

/* The table with one region, the only form that is sent. */
struct vu_mem_table {
	uint32_t n;
	uint32_t padding;
	struct vu_mem_region region;
};
static_assert(sizeof(struct vu_mem_table) == 40, "memory table of one region");

struct vu_mem_slot {
	uint64_t padding;
	struct vu_mem_region region;
};
static_assert(sizeof(struct vu_mem_slot) == 40, "single memory region");

/*
 * X(NAME, number, bytes sent, bytes of reply, takes an fd). A request without a reply is answered
 * by a number, 0 for success, once REPLY_ACK is negotiated.
 */
/* clang-format off */
#define VU_REQUESTS(X) \
	X(GET_FEATURES,          1, 0,                           sizeof(uint64_t),        false) \
	X(SET_FEATURES,          2, sizeof(uint64_t),            0,                       false) \
	X(SET_OWNER,             3, 0,                           0,                       false) \
	X(SET_MEM_TABLE,         5, sizeof(struct vu_mem_table), 0,                       true) \
	X(SET_VRING_NUM,         8, sizeof(struct vu_state),     0,                       false) \
	X(SET_VRING_ADDR,        9, sizeof(struct vu_addr),      0,                       false) \
	X(SET_VRING_BASE,       10, sizeof(struct vu_state),     0,                       false) \
	X(GET_VRING_BASE,       11, sizeof(struct vu_state),     sizeof(struct vu_state), false) \
	X(SET_VRING_KICK,       12, sizeof(uint64_t),            0,                       true) \
	X(SET_VRING_CALL,       13, sizeof(uint64_t),            0,                       true) \
	X(GET_PROTOCOL_FEATURES, 15, 0,                          sizeof(uint64_t),        false) \
	X(SET_PROTOCOL_FEATURES, 16, sizeof(uint64_t),           0,                       false) \
	X(GET_QUEUE_NUM,        17, 0,                           sizeof(uint64_t),        false) \
	X(SET_VRING_ENABLE,     18, sizeof(struct vu_state),     0,                       false) \
	X(NET_SET_MTU,          20, sizeof(uint64_t),            0,                       false) \
	X(GET_MAX_MEM_SLOTS,    36, 0,                           sizeof(uint64_t),        false) \
	X(ADD_MEM_REG,          37, sizeof(struct vu_mem_slot),  0,                       true) \
	X(SET_STATUS,           39, sizeof(uint64_t),            0,                       false) \
	X(GET_STATUS,           40, 0,                           sizeof(uint64_t),        false)
/* clang-format on */

enum vu_request {
#define X(name, number, payload, reply, fd) VU_##name = number,
	VU_REQUESTS(X)
#undef X
};

#define VU_PAYLOAD_MAX sizeof(struct vu_addr)

/* vhost-user, "Header" */
struct vu_header {
	uint32_t request;
	uint32_t flags;
	uint32_t bytes; /* of payload */
};
static_assert(sizeof(struct vu_header) == 12, "message header");

#define VU_VERSION    0x1u
#define VU_REPLY      0x4u
#define VU_NEED_REPLY 0x8u

/*
 * A connection. Its first failure ends it, since nobody knows any more which answer would belong to
 * which request; every later call fails at once with the same error.
 */
struct vu_conn {
	int fd;
	const char *path;    /* of the socket, for errors; borrowed */
	uint32_t timeout_ms; /* of each exchange */
	bool ack;            /* REPLY_ACK is negotiated */
	int code;            /* 0: in order; else what every call returns */
	enum err err;
	char what[320];
};

/*
 * Send one request and wait for its answer. @payload and @reply have the sizes of the table, or are
 * NULL where those are 0. @fd goes along where the table says so, and stays the caller's.
 *
 * Return: 0; -EIO ERR_VU_REFUSED: the backend said no, and the connection goes on; else the
 * connection has ended: -EIO ERR_VU_CLOSED, -EPROTO ERR_VU_PROTOCOL, -ETIMEDOUT ERR_DEVICE_TIMEOUT.
 */
int vu_call(struct vu_conn *conn, enum vu_request request, const void *payload, int fd,
	    void *reply);

/* vu_call() in two halves that do not wait, for a request that has a reply and nothing else.
 * vu_answer(): -EAGAIN with the error set: there is none yet. */
int vu_ask(struct vu_conn *conn, enum vu_request request);
int vu_answer(struct vu_conn *conn, enum vu_request request, void *reply);

/* See, without blocking, that the backend is there and silent, as it should be between exchanges.
 * Return: as vu_call(). */
int vu_quiet(struct vu_conn *conn);

/* Behind an end of the connection: has the other side closed it, too? Never blocks. */
bool vu_hung_up(struct vu_conn *conn);

/* End the connection with an error that was found in a reply's value; @what begins with the
 * request. Return: @code. */
int vu_break(struct vu_conn *conn, enum err err, int code, const char *what, ...) PRINTF(4, 5);

#endif
