/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/virtio_config.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "null.h"

#define BIT(n) (UINT64_C(1) << (n))

/* vhost-user, "Front-end message types" and "Protocol features": what the two drivers use. */
#define PROTOCOL_F_REPLY_ACK 3
#define FLAGS_REPLY          0x5u /* version 1, reply */
#define FLAG_NEED_REPLY      0x8u
#define REGIONS_MAX          8
#define FDS_MAX              8
#define PACKED_WRAP          (1u << 15) /* in a packed ring's base */

struct state {
	uint32_t index, num;
};

struct address {
	uint32_t index, flags;
	uint64_t desc, used, avail, log;
};

struct table {
	uint32_t n, padding;
	struct {
		uint64_t guest, bytes, user, offset;
	} region[REGIONS_MAX];
};

struct message {
	uint32_t request, flags, bytes;
	union {
		uint64_t number;
		struct state state;
		struct address address;
		struct table table;
	};
} __attribute__((packed));

#define HEADER_BYTES offsetof(struct message, number)

/* What a request does. Return: bytes of the answer that it has left in @m; 0: none; a negative
 * errno. */
typedef int (*handler)(struct null_device *dev, struct message *m);

static struct null_ring *ring_at(struct null_device *dev, uint32_t index)
{
	return index < 2 ? &dev->rings[index] : NULL;
}

static int nothing(struct null_device *dev, struct message *m)
{
	(void)dev;
	(void)m;
	return 0;
}

static int answer(struct message *m, uint64_t number)
{
	m->number = number;
	return sizeof(m->number);
}

static int get_features(struct null_device *dev, struct message *m)
{
	return answer(m, dev->offered);
}

static int set_features(struct null_device *dev, struct message *m)
{
	dev->taken = m->number;
	for (int i = 0; i < 2; i++)
		dev->rings[i].packed = m->number & BIT(VIRTIO_F_RING_PACKED);
	return m->number & ~dev->offered ? -EINVAL : 0;
}

static int get_protocol_features(struct null_device *dev, struct message *m)
{
	(void)dev;
	return answer(m, BIT(PROTOCOL_F_REPLY_ACK));
}

/* Descriptors carry guest addresses; here they must be the process's own. */
static int set_mem_table(struct null_device *dev, struct message *m)
{
	(void)dev;
	if (m->table.n > REGIONS_MAX)
		return -EINVAL;
	for (uint32_t i = 0; i < m->table.n; i++)
		if (m->table.region[i].guest != m->table.region[i].user)
			return -ENOTSUP;
	return 0;
}

static int set_vring_num(struct null_device *dev, struct message *m)
{
	struct null_ring *ring = ring_at(dev, m->state.index);

	if (!ring || !m->state.num || m->state.num > NULL_ENTRIES_MAX)
		return -EINVAL;
	ring->entries = m->state.num;
	return 0;
}

static int set_vring_addr(struct null_device *dev, struct message *m)
{
	struct null_ring *ring = ring_at(dev, m->address.index);

	if (!ring)
		return -EINVAL;
	ring->desc = (void *)(uintptr_t)m->address.desc;
	ring->driver = (void *)(uintptr_t)m->address.avail;
	ring->device = (void *)(uintptr_t)m->address.used;
	return 0;
}

static int set_vring_base(struct null_device *dev, struct message *m)
{
	struct null_ring *ring = ring_at(dev, m->state.index);

	if (!ring)
		return -EINVAL;
	ring->wrap = m->state.num & PACKED_WRAP;
	ring->at = (uint16_t)(ring->packed ? m->state.num & ~PACKED_WRAP : m->state.num);
	return 0;
}

/* The ring stops with this. */
static int get_vring_base(struct null_device *dev, struct message *m)
{
	struct null_ring *ring = ring_at(dev, m->state.index);

	if (!ring)
		return -EINVAL;
	__atomic_store_n(&ring->live, false, __ATOMIC_RELEASE);
	m->state.num = ring->at;
	if (ring->packed)
		m->state.num = (ring->at | (ring->wrap ? PACKED_WRAP : 0)) * 0x10001u;
	return sizeof(m->state);
}

static int set_vring_enable(struct null_device *dev, struct message *m)
{
	struct null_ring *ring = ring_at(dev, m->state.index);

	if (!ring)
		return -EINVAL;
	if (m->state.num && ring->device && ring->entries)
		null_ring_start(ring);
	else
		__atomic_store_n(&ring->live, false, __ATOMIC_RELEASE);
	return 0;
}

static const handler handlers[] = {
	[1] = get_features,
	[2] = set_features,
	[3] = nothing, /* SET_OWNER */
	[5] = set_mem_table,
	[8] = set_vring_num,
	[9] = set_vring_addr,
	[10] = set_vring_base,
	[11] = get_vring_base,
	[12] = nothing, /* SET_VRING_KICK: the rings are polled */
	[13] = nothing, /* SET_VRING_CALL: nobody is notified */
	[14] = nothing, /* SET_VRING_ERR */
	[15] = get_protocol_features,
	[16] = nothing, /* SET_PROTOCOL_FEATURES */
	[18] = set_vring_enable,
};

#define N_HANDLERS (sizeof(handlers) / sizeof(handlers[0]))

/* No file that comes along is needed. */
static void close_files(struct msghdr *msg)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c))
		for (size_t at = 0; at + CMSG_LEN(sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			close(fd);
		}
}

/* Receive a message. Return: false when the connection has ended, or makes no sense. */
static bool receive(int fd, struct message *m)
{
	union {
		char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { m, HEADER_BYTES };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	if (recvmsg(fd, &msg, MSG_CMSG_CLOEXEC | MSG_WAITALL) != (ssize_t)HEADER_BYTES)
		return false;
	close_files(&msg);
	if (m->bytes > sizeof(*m) - HEADER_BYTES)
		return false;
	return !m->bytes ||
	       recv(fd, (char *)m + HEADER_BYTES, m->bytes, MSG_WAITALL) == (ssize_t)m->bytes;
}

/* Do what @m asks, and answer it. Return: false: the connection has ended. */
static bool handle(struct null_device *dev, struct message *m)
{
	const bool ack = m->flags & FLAG_NEED_REPLY;
	int bytes = -ENOSYS;

	if (m->request < N_HANDLERS && handlers[m->request])
		bytes = handlers[m->request](dev, m);
	if (bytes <= 0 && !ack)
		return true;
	if (bytes <= 0)
		bytes = answer(m, bytes < 0);
	m->flags = FLAGS_REPLY;
	m->bytes = (uint32_t)bytes;
	return send(dev->conn, m, HEADER_BYTES + (size_t)bytes, MSG_NOSIGNAL) > 0;
}

/* Return: false when it is time to end. */
static bool wait_for(const struct null_device *dev, int fd)
{
	struct pollfd files[] = { { .fd = fd, .events = POLLIN },
				  { .fd = dev->stop, .events = POLLIN } };

	while (poll(files, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return !files[1].revents;
}

/* Serve one driver until it goes, or until null_close() calls. */
static void *serve(void *arg)
{
	struct null_device *dev = arg;
	struct message m;

	if (!wait_for(dev, dev->listener))
		return NULL;
	dev->conn = accept4(dev->listener, NULL, NULL, SOCK_CLOEXEC);
	while (dev->conn >= 0 && wait_for(dev, dev->conn))
		if (!receive(dev->conn, &m) || !handle(dev, &m))
			break;
	return NULL;
}

static int listen_at(struct null_device *dev, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (snprintf(address.sun_path, sizeof(address.sun_path), "%s", path) >=
	    (int)sizeof(address.sun_path))
		return -ENAMETOOLONG;
	dev->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (dev->listener < 0)
		return -errno;
	if (bind(dev->listener, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	snprintf(dev->path, sizeof(dev->path), "%s", path);
	return listen(dev->listener, 1) < 0 ? -errno : 0;
}

int null_open(struct null_device *dev, const char *path, const struct mode *mode)
{
	int rc;

	*dev = (struct null_device){
		.offered = mode_features(mode), .listener = -1, .conn = -1, .stop = -1
	};
	rc = listen_at(dev, path);
	if (rc < 0)
		return rc;
	dev->stop = eventfd(0, EFD_CLOEXEC);
	if (dev->stop < 0)
		return -errno;
	rc = -pthread_create(&dev->thread, NULL, serve, dev);
	dev->has_thread = !rc;
	return rc;
}

void null_close(struct null_device *dev)
{
	if (dev->has_thread) {
		eventfd_write(dev->stop, 1);
		pthread_join(dev->thread, NULL);
	}
	close(dev->conn);
	close(dev->stop);
	close(dev->listener);
	if (dev->path[0])
		unlink(dev->path);
}

bool null_ready(const struct null_device *dev)
{
	return __atomic_load_n(&dev->rings[RX].live, __ATOMIC_ACQUIRE) &&
	       __atomic_load_n(&dev->rings[TX].live, __ATOMIC_ACQUIRE);
}
