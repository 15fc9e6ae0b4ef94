/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_VHOST_SESSION_H
#define UNIT_VHOST_SESSION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* After those above. */
#include <cmocka.h>

#include <vio/error.h>
#include <vio/region.h>

#include "../../drivers/transport/vhost_user/vhost_user.h"
#include "../../drivers/virtio/feature_bits.h"
#include "../../drivers/virtio/spec.h"
#include "fake_backend.h"

/* What the tests of the vhost-user transport share: a fake backend, the transport, and the steps in
 * which a driver uses it. */

/* Deadlines where an answer comes, and where none will. */
#define PATIENT_MS 3000
#define HASTY_MS   60

#define NET_BITS \
	(BIT64(NET_F_CSUM) | BIT64(NET_F_MTU) | BIT64(NET_F_MRG_RXBUF) | BIT64(NET_F_STATUS) | \
	 BIT64(NET_F_CTRL_VQ) | BIT64(NET_F_MQ) | BIT64(F_VERSION_1) | BIT64(F_RING_PACKED))
#define PROTOCOL_BIT BIT64(VHOST_USER_F_PROTOCOL_FEATURES)

#define P_MQ     BIT64(0)
#define P_ACK    BIT64(3)
#define P_MTU    BIT64(4)
#define P_SLOTS  BIT64(15)
#define P_STATUS BIT64(16)

/* Like DPDK's vhost, with two pairs. */
extern const struct fake_script usual;

#define ops (&vhost_user_transport)

struct env {
	char dir[64], path[108];
	unsigned int fds;
	uint32_t timeout_ms;
	struct fake fake;
	struct vio_region *region;
	struct vio_region_info mem;
	struct transport *tp;
	struct doorbell db[FAKE_RINGS];
};
extern struct env env;

struct session {
	bool packed, map_first;
	uint16_t pairs;
	uint64_t also; /* features taken besides the usual ones */
};
extern const struct session plain;

int open_at(const char *path, const char *options);
void close_it(void);
struct ring_place place_of(uint16_t index, bool packed);

/* From reset to DRIVER_OK. */
int bring_up(const struct session *s);

/* Open, bring up, check and reset. Return: the first error. */
int whole_session(const char *options, const struct session *s);

/* Close, wait for the backend, and fail if it has seen a mistake. */
void finish(void);

void assert_requests(const uint32_t *expect, size_t n);
void assert_error(int rc, int code, const char *id);

/* The @nth message with that request, from 0. */
const struct fake_message *message(uint32_t request, unsigned int nth);

/* After the first failure each operation fails at once with the same error. */
void assert_dead(int rc, const char *id);

/* Numbers of the specification, apart from those in the product. */
enum {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_OWNER = 3,
	MEM_TABLE = 5,
	NUM = 8,
	ADDR = 9,
	BASE = 10,
	GET_BASE = 11,
	KICK = 12,
	CALL = 13,
	GET_PROTO = 15,
	SET_PROTO = 16,
	QUEUE_NUM = 17,
	ENABLE = 18,
	SET_MTU = 20,
	MAX_SLOTS = 36,
	ADD_MEM = 37,
	SET_STATUS = 39,
	GET_STATUS = 40,
};

/* Messages of a session with the usual backend. */
#define USUAL_REQUESTS 32
extern const uint32_t usual_requests[USUAL_REQUESTS];

/* Tests are put into a list by calls, since most of them come from tables. */
void add(CMUnitTestFunction fn, const void *state, const char *fmt, ...) PRINTF(3, 4);
int run_group(const char *group);

#define ADD_TABLE(fn, table) \
	for (size_t i_ = 0; i_ < ARRAY_SIZE(table); i_++) \
	add(fn, &(table)[i_], "%s", (table)[i_].what)

#endif
