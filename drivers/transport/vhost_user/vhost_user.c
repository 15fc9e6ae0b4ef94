/* SPDX-License-Identifier: BSD-3-Clause */
#include "vhost_user.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "device.h"

#define VHOST_F_LOG_ALL 26

/*
 * Bits of the backend that are not passed on to the driver. The rest is between driver and backend
 * alone.
 */
static const uint8_t withheld[] = {
	/* Speaks of the configuration space, and no backend of a network device serves one. */
	NET_F_MAC,
	NET_F_STATUS,
	NET_F_SPEED_DUPLEX,
	/* The control queue, and all that is done through it: it would end in the front-end. */
	NET_F_CTRL_VQ,
	NET_F_CTRL_GUEST_OFFLOADS,
	NET_F_CTRL_RX,
	NET_F_CTRL_VLAN,
	NET_F_CTRL_RX_EXTRA,
	NET_F_GUEST_ANNOUNCE,
	NET_F_MQ, /* see accepted_bits() */
	NET_F_CTRL_MAC_ADDR,
	NET_F_DEVICE_STATS,
	NET_F_HASH_TUNNEL,
	NET_F_VQ_NOTF_COAL,
	NET_F_NOTF_COAL,
	NET_F_HASH_REPORT,
	NET_F_RSS,
	/* Addresses would be I/O addresses, for which the backend would have to ask us one by one.
	 */
	F_ACCESS_PLATFORM,
	/* What the message socket and a kick that carries no data can't express. */
	F_SR_IOV,
	F_NOTIFICATION_DATA,
	F_NOTIF_CONFIG_DATA,
	F_RING_RESET,
	F_ADMIN_VQ,
	F_SUSPEND,
	/* Of vhost and of legacy devices. */
	F_NOTIFY_ON_EMPTY,
	VHOST_F_LOG_ALL,
	VHOST_USER_F_PROTOCOL_FEATURES,
};

static const struct {
	uint8_t bit;
	const char *name;
} protocol_features[] = {
#define X(name, text, bit) { bit, text },
	VU_PROTOCOL_FEATURES(X)
#undef X
};

static struct vu_device *device_of(struct transport *tp)
{
	return container_of(tp, struct vu_device, tp);
}

static int get_u64(struct vu_device *dev, enum vu_request request, uint64_t *value)
{
	return vu_call(&dev->conn, request, NULL, -1, value);
}

static int set_u64(struct vu_device *dev, enum vu_request request, uint64_t value)
{
	return vu_call(&dev->conn, request, &value, -1, NULL);
}

static bool offers(const struct vu_device *dev, unsigned int bit)
{
	return dev->offered >> bit & 1;
}

/* Features and shared memory. */

static int vu_features(struct transport *tp, struct vio_features *offered)
{
	const struct vu_device *dev = device_of(tp);

	*offered = (struct vio_features){ .word = { dev->offered } };
	for (size_t i = 0; i < ARRAY_SIZE(withheld); i++)
		features_drop(offered, withheld[i]);
	/* The one piece of configuration space that we can serve, if the user said so. */
	if (!dev->mtu)
		features_drop(offered, NET_F_MTU);
	return 0;
}

/*
 * What the backend is told: the driver's choice, and what is between backend and transport. MQ is
 * needed by a backend that shall use more than one pair; the number is then set by
 * SET_VRING_ENABLE.
 */
static uint64_t accepted_bits(const struct vu_device *dev, const struct vio_features *taken)
{
	uint64_t bits = taken->word[0];

	if (dev->has_protocol)
		bits |= BIT64(VHOST_USER_F_PROTOCOL_FEATURES);
	if (dev->pairs_max > 1 && offers(dev, NET_F_MQ))
		bits |= BIT64(NET_F_MQ);
	return bits;
}

static int share_by_table(struct vu_device *dev, const struct vu_mem_region *region)
{
	const struct vu_mem_table table = { .n = 1, .region = *region };

	return vu_call(&dev->conn, VU_SET_MEM_TABLE, &table, dev->region.fd, NULL);
}

static int share_by_slot(struct vu_device *dev, const struct vu_mem_region *region)
{
	const struct vu_mem_slot slot = { .region = *region };
	uint64_t slots;
	int rc = get_u64(dev, VU_GET_MAX_MEM_SLOTS, &slots);

	if (rc < 0)
		return rc;
	if (!slots)
		return vu_break(&dev->conn, ERR_VU_PROTOCOL, -EPROTO,
				"GET_MAX_MEM_SLOTS: the backend has room for 0 regions");
	return vu_call(&dev->conn, VU_ADD_MEM_REG, &slot, dev->region.fd, NULL);
}

/* Features come first, since DPDK's backend lays its tables out by them. So whoever comes second of
 * accept and map does this. */
static int share_region(struct vu_device *dev)
{
	const struct vu_mem_region region = {
		.guest = (uintptr_t)dev->region.base,
		.bytes = dev->region.bytes,
		.user = (uintptr_t)dev->region.base,
	};
	int rc;

	if (dev->shared || !dev->accepted || !dev->region.bytes)
		return 0;
	rc = vu_protocol_has(dev, VU_PROTOCOL_CONFIGURE_MEM_SLOTS) ? share_by_slot(dev, &region)
								   : share_by_table(dev, &region);
	dev->shared = !rc;
	return rc;
}

static int vu_accept(struct transport *tp, const struct vio_features *taken)
{
	struct vu_device *dev = device_of(tp);
	int rc;

	rc = set_u64(dev, VU_SET_FEATURES, accepted_bits(dev, taken));
	if (rc < 0)
		return rc;
	dev->accepted = true;
	if (features_have(taken, NET_F_MTU) && vu_protocol_has(dev, VU_PROTOCOL_NET_MTU)) {
		rc = set_u64(dev, VU_NET_SET_MTU, dev->mtu);
		if (rc < 0)
			return rc;
	}
	return share_region(dev);
}

static int vu_map(struct transport *tp, const struct vio_region *region, uint64_t *bias)
{
	struct vu_device *dev = device_of(tp);
	struct vio_region_info info;

	vio_region_info(region, &info);
	if (dev->shared && (info.base != dev->region.base || info.bytes != dev->region.bytes))
		return err_set(ERR_OPTS, -EINVAL,
			       "%s: a device has one region, of %zu bytes, and can't have "
			       "another",
			       dev->path, dev->region.bytes);
	dev->region = info;
	*bias = 0;
	return share_region(dev);
}

/* Status. */

static int vu_status(struct transport *tp)
{
	struct vu_device *dev = device_of(tp);
	uint64_t status = dev->status;
	int rc;

	rc = vu_protocol_has(dev, VU_PROTOCOL_STATUS) ? get_u64(dev, VU_GET_STATUS, &status)
						      : vu_quiet(&dev->conn);
	if (rc < 0)
		return rc;
	if (status > UINT8_MAX)
		return vu_break(&dev->conn, ERR_VU_PROTOCOL, -EPROTO,
				"GET_STATUS: the answer is 0x%llx, more than 8 bits",
				(unsigned long long)status);
	return (int)status;
}

static int wait_reset(struct vu_device *dev)
{
	const struct deadline until = deadline_in(dev->conn.timeout_ms);

	for (unsigned int round = 0;; round++) {
		int status = vu_status(&dev->tp);

		if (status <= 0)
			return status;
		if (deadline_passed(until))
			return err_set(ERR_DEVICE_TIMEOUT, -ETIMEDOUT,
				       "%s: the status is still 0x%02x, %u ms after the reset",
				       dev->path, status, dev->conn.timeout_ms);
		clock_pause(round);
	}
}

static int write_status(struct vu_device *dev, uint8_t status)
{
	int rc = 0;

	if (vu_protocol_has(dev, VU_PROTOCOL_STATUS))
		rc = set_u64(dev, VU_SET_STATUS, status);
	if (rc >= 0)
		dev->status = status;
	return rc;
}

/* The protocol has no reset that all backends understand (RESET_OWNER is deprecated and not sent):
 * stopping the rings is what counts. */
static int reset(struct vu_device *dev)
{
	int rc;

	rc = vu_rings_stop(dev);
	if (rc < 0)
		return rc;
	dev->accepted = false;
	dev->pairs = dev->pairs_max;
	rc = write_status(dev, 0);
	return rc < 0 ? rc : wait_reset(dev);
}

/*
 * All rings go live with DRIVER_OK. Where the backend does not confirm each request, one that has
 * an answer tells that it has come this far: it closes the connection over what it does not like.
 */
static int start(struct vu_device *dev, uint8_t status)
{
	uint64_t again;
	int rc;

	rc = vu_rings_enable(dev);
	if (rc < 0)
		return rc;
	rc = write_status(dev, status);
	if (rc < 0)
		return rc;
	if (!dev->conn.ack) {
		rc = get_u64(dev, VU_GET_FEATURES, &again);
		if (rc < 0)
			return rc;
	}
	vu_rings_kick(dev);
	return 0;
}

static int vu_set_status(struct transport *tp, uint8_t status)
{
	struct vu_device *dev = device_of(tp);

	if (!status)
		return reset(dev);
	if (status & ~dev->status & STATUS_DRIVER_OK)
		return start(dev, status);
	return write_status(dev, status);
}

/* Nothing but the MTU, where the user gave one; not an error. */
static int vu_config_read(struct transport *tp, size_t off, void *dst, size_t len)
{
	const struct vu_device *dev = device_of(tp);
	const le16 mtu = le16_from(dev->mtu);

	if (!dev->mtu || off != offsetof(struct net_config, mtu) || len != sizeof(mtu))
		return -ENODATA;
	memcpy(dst, &mtu, sizeof(mtu));
	return 0;
}

/* Queues. */

/* The backend does not say how large its rings may be; those known take any that the layout allows.
 */
static int vu_queue_size_max(struct transport *tp, uint16_t index, uint16_t *entries)
{
	*entries = index < 2 * device_of(tp)->pairs_max ? SPLIT_ENTRIES_MAX : 0;
	return 0;
}

static int vu_queue_enable(struct transport *tp, const struct ring_place *ring, struct doorbell *db)
{
	struct vu_device *dev = device_of(tp);

	if (ring->index >= 2 * dev->pairs_max)
		return err_set(ERR_QUEUE_NONE, -EINVAL, "%s: queue %u: the backend has %u pairs",
			       dev->path, ring->index, dev->pairs_max);
	if (!dev->shared)
		return err_set(ERR_OPTS, -EINVAL,
			       "%s: queue %u: the backend has no features or memory yet", dev->path,
			       ring->index);
	return vu_ring_set(dev, ring, db);
}

/* The file that the backend was given by SET_VRING_CALL. */
static int vu_queue_event(struct transport *tp, uint16_t index, struct transport_event *ev)
{
	const struct vu_ring *ring = &device_of(tp)->rings[index];

	if (!ring->set)
		return -ENOTSUP;
	*ev = (struct transport_event){ .fd = ring->call };
	return 0;
}

static int vu_pairs_max(struct transport *tp, uint16_t *pairs)
{
	*pairs = device_of(tp)->pairs_max;
	return 0;
}

/* Before DRIVER_OK this is only noted. */
static int vu_pairs_set(struct transport *tp, uint16_t pairs)
{
	struct vu_device *dev = device_of(tp);

	if (!pairs || pairs > dev->pairs_max)
		return err_set(ERR_QUEUE_NONE, -EINVAL, "%s: %u queue pairs: the backend has %u",
			       dev->path, pairs, dev->pairs_max);
	dev->pairs = pairs;
	return dev->status & STATUS_DRIVER_OK ? vu_rings_enable(dev) : 0;
}

static int vu_check(struct transport *tp)
{
	int rc = vu_quiet(&device_of(tp)->conn);

	/* The error stays what it was; to the driver the backend has gone either way. */
	return rc < 0 ? -EPIPE : 0;
}

static const char *vu_describe(struct transport *tp)
{
	return device_of(tp)->text;
}

static void describe(struct vu_device *dev)
{
	size_t n;

	sock_peer(dev->conn.fd, dev->text, sizeof(dev->text));
	n = strlen(dev->text);
	n += (size_t)snprintf(dev->text + n, sizeof(dev->text) - n, ", %s",
			      dev->protocol ? "protocol features" : "no protocol features");
	for (size_t i = 0; i < ARRAY_SIZE(protocol_features); i++)
		if (dev->protocol >> protocol_features[i].bit & 1)
			n += (size_t)snprintf(dev->text + n, sizeof(dev->text) - n, " %s",
					      protocol_features[i].name);
}

static int negotiate_protocol(struct vu_device *dev)
{
	uint64_t offered;
	int rc;

	rc = get_u64(dev, VU_GET_PROTOCOL_FEATURES, &offered);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < ARRAY_SIZE(protocol_features); i++)
		dev->protocol |= offered & BIT64(protocol_features[i].bit);
	rc = set_u64(dev, VU_SET_PROTOCOL_FEATURES, dev->protocol);
	if (rc < 0)
		return rc;
	dev->conn.ack = vu_protocol_has(dev, VU_PROTOCOL_REPLY_ACK);
	return 0;
}

/* What network backends call queues here are pairs. */
static int count_pairs(struct vu_device *dev)
{
	uint64_t pairs = 1;
	int rc = 0;

	if (vu_protocol_has(dev, VU_PROTOCOL_MQ))
		rc = get_u64(dev, VU_GET_QUEUE_NUM, &pairs);
	if (rc < 0)
		return rc;
	if (!pairs)
		return vu_break(&dev->conn, ERR_VU_PROTOCOL, -EPROTO,
				"GET_QUEUE_NUM: the backend has 0 queues");
	dev->pairs_max = pairs < VU_PAIRS_MAX ? (uint16_t)pairs : VU_PAIRS_MAX;
	dev->pairs = dev->pairs_max;
	return 0;
}

/* What follows from the features that the backend offers. */
static int get_acquainted(struct vu_device *dev)
{
	int rc;

	dev->has_protocol = offers(dev, VHOST_USER_F_PROTOCOL_FEATURES);
	if (dev->has_protocol) {
		rc = negotiate_protocol(dev);
		if (rc < 0)
			return rc;
	}
	if (dev->mtu && !offers(dev, NET_F_MTU))
		return err_set(ERR_FEATURE_MISSING, -ENOTSUP,
			       "%s: host_mtu=%u: the backend does not offer mtu", dev->path,
			       dev->mtu);
	rc = count_pairs(dev);
	if (rc == 0)
		describe(dev);
	return rc;
}

static int take_options(struct vu_device *dev, struct address *addr)
{
	uint64_t mtu = 0;
	int rc;

	rc = address_take_bool(addr, "server", &dev->server);
	if (rc < 0)
		return rc;
	rc = address_take_number(addr, "host_mtu", NET_MTU_MIN, UINT16_MAX, &mtu);
	if (rc < 0)
		return rc;
	dev->mtu = (uint16_t)mtu;
	if (snprintf(dev->path, sizeof(dev->path), "%s", addr->path) >= (int)sizeof(dev->path))
		return err_set(ERR_SOCK_PATH, -ENAMETOOLONG, "%.64s...: the path has %zu bytes",
			       addr->path, strlen(addr->path));
	return 0;
}

/* Connection. */

/* Let the events tell of @fd, too; it leaves them when it is closed. */
static int watch(struct vu_device *dev, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN | EPOLLRDHUP };

	if (dev->events < 0 || fd < 0 || !epoll_ctl(dev->events, EPOLL_CTL_ADD, fd, &ev))
		return 0;
	return err_set(ERR_SOCK_FAIL, -errno, "%s: epoll: %s", dev->path, strerror(errno));
}

/* A backend that comes or goes: there is no configuration that could change. */
static int vu_config_event(struct transport *tp, struct transport_event *ev)
{
	struct vu_device *dev = device_of(tp);
	int rc = 0;

	if (dev->events < 0) {
		dev->events = epoll_create1(EPOLL_CLOEXEC);
		if (dev->events < 0)
			return err_set(ERR_SOCK_FAIL, -errno, "%s: epoll: %s", dev->path,
				       strerror(errno));
		rc = watch(dev, dev->conn.fd);
	}
	*ev = (struct transport_event){ .fd = dev->events };
	return rc;
}

static void drop(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static int await(struct vu_device *dev, struct deadline until)
{
	int rc = 0;

	if (dev->listener < 0) {
		rc = sock_listen(dev->path, &dev->listener, &dev->file);
		if (rc == 0)
			rc = watch(dev, dev->listener);
	}
	if (rc == 0)
		rc = sock_accept(dev->listener, dev->path, until, &dev->conn.fd);
	if (rc == 0)
		drop(&dev->listener);
	return rc;
}

/* Meet a backend. Return: as open(). */
static int meet(struct vu_device *dev, struct deadline until)
{
	int rc = dev->server ? await(dev, until) : sock_connect(dev->path, until, &dev->conn.fd);

	return rc < 0 ? rc : watch(dev, dev->conn.fd);
}

static int greet(struct vu_device *dev)
{
	int rc = vu_call(&dev->conn, VU_SET_OWNER, NULL, -1, NULL);

	if (rc == 0)
		rc = get_u64(dev, VU_GET_FEATURES, &dev->offered);
	return rc < 0 ? rc : get_acquainted(dev);
}

static int vu_leave(struct transport *tp)
{
	struct vu_device *dev = device_of(tp);

	if (dev->conn.fd < 0)
		return 0;
	if (!dev->conn.code)
		vu_break(&dev->conn, ERR_VU_CLOSED, -EIO, "left by the driver");
	if (!vu_hung_up(&dev->conn))
		return err_set(ERR_VU_HOLDS, -EAGAIN,
			       "%s: the backend has not closed its end of the connection",
			       dev->path);
	drop(&dev->conn.fd);
	return 0;
}

/* Nobody there: no socket, nobody who listens, nobody who came. */
static bool is_nobody(int rc)
{
	return rc == -ENOENT || rc == -ECONNREFUSED || rc == -ETIMEDOUT;
}

/* A backend may be slow to see that somebody has come: DPDK's takes up to a second. So the first
 * request that has an answer is sent, and the answer looked for later. */
#define ANSWER_TIMEOUTS 3u

static int knock(struct vu_device *dev)
{
	const struct vu_conn before = dev->conn;
	int rc;

	vu_rings_forget(dev);
	dev->protocol = 0;
	dev->accepted = dev->shared = false;
	dev->status = 0;
	dev->conn =
		(struct vu_conn){ .fd = -1, .path = before.path, .timeout_ms = before.timeout_ms };
	dev->answer = deadline_in(ANSWER_TIMEOUTS * before.timeout_ms);
	rc = meet(dev, deadline_in(0));
	if (rc == 0) {
		rc = vu_call(&dev->conn, VU_SET_OWNER, NULL, -1, NULL);
		return rc < 0 ? rc : vu_ask(&dev->conn, VU_GET_FEATURES);
	}
	drop(&dev->conn.fd);
	dev->conn = before; /* unusable as it was */
	return is_nobody(rc) ? -EAGAIN : rc;
}

/* The answer to knock(). Return: as rejoin(). */
static int answered(struct vu_device *dev)
{
	int rc = vu_answer(&dev->conn, VU_GET_FEATURES, &dev->offered);

	if (rc == -EAGAIN && deadline_passed(dev->answer))
		return vu_break(&dev->conn, ERR_DEVICE_TIMEOUT, -ETIMEDOUT,
				"GET_FEATURES: no answer in %u ms",
				ANSWER_TIMEOUTS * dev->conn.timeout_ms);
	return rc;
}

static int vu_rejoin(struct transport *tp)
{
	struct vu_device *dev = device_of(tp);
	int rc = dev->conn.fd < 0 ? knock(dev) : 0;

	if (rc == 0)
		rc = answered(dev);
	if (rc == 0)
		rc = get_acquainted(dev);
	if (rc < 0 && rc != -EAGAIN)
		drop(&dev->conn.fd);
	return rc;
}

/* Life cycle. */

static void vu_close(struct transport *tp)
{
	struct vu_device *dev = device_of(tp);

	/* Nothing to do after the driver's own reset. */
	if (dev->status && !dev->conn.code)
		reset(dev);
	drop(&dev->conn.fd);
	drop(&dev->listener);
	drop(&dev->events);
	sock_file_remove(&dev->file);
	vu_rings_close(dev);
	free(dev);
}

static int vu_open(struct address *addr, uint32_t timeout_ms, struct transport **out)
{
	const struct deadline until = deadline_in(timeout_ms);
	struct vu_device *dev;
	int rc;

	dev = calloc(1, sizeof(*dev));
	if (!dev)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "vhost-user: %zu bytes", sizeof(*dev));
	dev->tp.ops = &vhost_user_transport;
	dev->conn = (struct vu_conn){ .fd = -1, .path = dev->path, .timeout_ms = timeout_ms };
	dev->listener = dev->events = -1;
	rc = take_options(dev, addr);
	if (rc == 0)
		rc = meet(dev, until);
	if (rc == 0)
		rc = greet(dev);
	if (rc < 0) {
		vu_close(&dev->tp);
		return rc;
	}
	*out = &dev->tp;
	return 0;
}

const struct transport_ops vhost_user_transport = {
	.scheme = "vhost-user",
	.help = "vhost-user:PATH  a backend behind the UNIX socket PATH (dpdk vhost, ovs, ...)\n"
		"  server         listen at PATH and wait for the backend to connect\n"
		"  host_mtu=N     layer 3 packet size, 68 to 65535, told to driver and backend",
	.open = vu_open,
	.close = vu_close,
	.features = vu_features,
	.accept = vu_accept,
	.status = vu_status,
	.set_status = vu_set_status,
	.config_read = vu_config_read,
	.map = vu_map,
	.queue_size_max = vu_queue_size_max,
	.queue_enable = vu_queue_enable,
	.config_event = vu_config_event,
	.queue_event = vu_queue_event,
	.pairs_max = vu_pairs_max,
	.pairs_set = vu_pairs_set,
	.check = vu_check,
	.leave = vu_leave,
	.rejoin = vu_rejoin,
	.describe = vu_describe,
};
