/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_backend.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	GET_FEATURES = 1,
	SET_FEATURES = 2,
	SET_OWNER = 3,
	SET_MEM_TABLE = 5,
	SET_VRING_NUM = 8,
	SET_VRING_ADDR = 9,
	SET_VRING_BASE = 10,
	GET_VRING_BASE = 11,
	SET_VRING_KICK = 12,
	SET_VRING_CALL = 13,
	GET_PROTOCOL_FEATURES = 15,
	SET_PROTOCOL_FEATURES = 16,
	GET_QUEUE_NUM = 17,
	SET_VRING_ENABLE = 18,
	NET_SET_MTU = 20,
	GET_MAX_MEM_SLOTS = 36,
	ADD_MEM_REG = 37,
	SET_STATUS = 39,
	GET_STATUS = 40,
};

#define BIT(n)    (UINT64_C(1) << (n))
#define PROTO_BIT 30

#define FAIL(fake, ...) \
	do { \
		if (!(fake)->violation[0]) \
			snprintf((fake)->violation, sizeof((fake)->violation), __VA_ARGS__); \
	} while (0)

static void take_file(int *slot, int fd)
{

	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

/* One function per message; @reply holds the payload of the answer. Each returns its size, 0: none.
 */
static uint32_t get_features(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)m, (void)fd;
	memcpy(reply, &f->script.features, 8);
	return 8;
}

static uint32_t set_features(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)reply, (void)fd;
	if (m->payload.u64 & ~f->script.features)
		FAIL(f, "features 0x%llx were not offered",
		     (unsigned long long)(m->payload.u64 & ~f->script.features));
	f->features_set = true;
	f->taken_features = m->payload.u64;
	return 0;
}

static uint32_t set_owner(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)m, (void)reply, (void)fd;
	if (f->n != 1)
		FAIL(f, "SET_OWNER is message %u", f->n);
	return 0;
}

static uint32_t set_mem(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	struct stat st = { 0 };

	(void)reply;
	if (!f->features_set)
		FAIL(f, "memory came before the features");
	if (m->request == SET_MEM_TABLE && m->payload.mem.head != 1)
		FAIL(f, "the memory table has not one region");
	if (fstat(fd, &st) || (uint64_t)st.st_size < m->payload.mem.offset + m->payload.mem.bytes)
		FAIL(f, "the region's file is smaller than the region");
	f->has_mem = true;
	f->mem_base = m->payload.mem.user;
	f->mem_bytes = m->payload.mem.bytes;
	close(fd);
	return 0;
}

static uint32_t set_num(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)reply, (void)fd;
	if (!m->payload.state.num || m->payload.state.num > 32768)
		FAIL(f, "ring %u has %u entries", m->payload.state.index, m->payload.state.num);
	f->rings[m->payload.state.index].num = true;
	return 0;
}

static bool in_region(const struct fake *f, uint64_t at)
{
	return at >= f->mem_base && at - f->mem_base < f->mem_bytes;
}

static uint32_t set_addr(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)reply, (void)fd;
	if (!f->has_mem)
		FAIL(f, "ring addresses came before the memory");
	if (!in_region(f, m->payload.addr.desc) || !in_region(f, m->payload.addr.used) ||
	    !in_region(f, m->payload.addr.avail))
		FAIL(f, "ring %u lies outside the region", m->payload.addr.index);
	if (m->payload.addr.flags || m->payload.addr.log)
		FAIL(f, "logging was asked for");
	f->rings[m->payload.addr.index].addr = true;
	return 0;
}

static uint32_t set_base(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)reply, (void)fd;
	f->rings[m->payload.state.index].base = true;
	return 0;
}

static uint32_t get_base(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	const uint32_t answer[2] = { m->payload.state.index, 0 };
	uint32_t i = m->payload.state.index;

	(void)fd;
	if (f->rings[i].enabled)
		FAIL(f, "ring %u was stopped while enabled", i);
	f->rings[i].addr = f->rings[i].num = f->rings[i].base = false;
	take_file(&f->rings[i].kick, -1);
	take_file(&f->rings[i].call, -1);
	memcpy(reply, answer, sizeof(answer));
	return sizeof(answer);
}

static uint32_t set_kick(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	uint32_t i = m->payload.u64 & 0xff;

	(void)reply;
	if (m->payload.u64 > 0xff)
		FAIL(f, "ring %u came with flags", i);
	if (m->request == SET_VRING_KICK &&
	    (!f->rings[i].addr || !f->rings[i].num || !f->rings[i].base))
		FAIL(f, "ring %u was kicked off half set", i);
	take_file(m->request == SET_VRING_KICK ? &f->rings[i].kick : &f->rings[i].call, fd);
	if (f->script.hostile_kicks)
		fcntl(fd, F_SETFL, 0);
	return 0;
}

static uint32_t get_protocol(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)m, (void)fd;
	if (!(f->script.features & BIT(PROTO_BIT)))
		FAIL(f, "protocol features were not offered");
	memcpy(reply, &f->script.protocol, 8);
	return 8;
}

static uint32_t set_protocol(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)reply, (void)fd;
	if (m->payload.u64 & ~f->script.protocol)
		FAIL(f, "protocol features that were not offered");
	f->taken_protocol = m->payload.u64;
	f->protocol_set = true;
	return 0;
}

static uint32_t get_queue_num(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)m, (void)fd;
	memcpy(reply, &f->script.queues, 8);
	return 8;
}

static uint32_t set_enable(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	uint32_t i = m->payload.state.index;

	(void)reply, (void)fd;
	if (!(f->taken_features & BIT(PROTO_BIT)))
		FAIL(f, "SET_VRING_ENABLE without protocol features");
	if (m->payload.state.num > 1 || f->rings[i].kick < 0 || f->rings[i].call < 0)
		FAIL(f, "ring %u was enabled with %u before it was set", i, m->payload.state.num);
	if (f->rings[i].enabled == m->payload.state.num)
		FAIL(f, "ring %u was set to %u twice", i, m->payload.state.num);
	f->rings[i].enabled = m->payload.state.num;
	return 0;
}

static uint32_t set_mtu(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)m, (void)reply, (void)fd;
	if (!(f->taken_features & BIT(3)))
		FAIL(f, "an MTU came without its feature");
	return 0;
}

static uint32_t get_slots(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)m, (void)fd;
	memcpy(reply, &f->script.slots, 8);
	return 8;
}

static uint32_t set_status(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	(void)reply, (void)fd;
	if (m->payload.u64 && f->status & ~m->payload.u64)
		FAIL(f, "status bits 0x%llx were cleared without a reset",
		     (unsigned long long)(f->status & ~m->payload.u64));
	f->status = m->payload.u64;
	return 0;
}

static uint32_t get_status(struct fake *f, const struct fake_message *m, void *reply, int fd)
{
	const uint64_t status = f->status | f->script.status_or;

	(void)m, (void)fd;
	memcpy(reply, &status, 8);
	return 8;
}

/* vhost-user, "Front-end message types" */
static const struct handler {
	uint32_t bytes;
	unsigned int fds;
	int needs; /* protocol feature; -1: none */
	uint32_t (*fn)(struct fake *f, const struct fake_message *m, void *reply, int fd);
} handlers[] = {
	[GET_FEATURES] = { 0, 0, -1, get_features },
	[SET_FEATURES] = { 8, 0, -1, set_features },
	[SET_OWNER] = { 0, 0, -1, set_owner },
	[SET_MEM_TABLE] = { 40, 1, -1, set_mem },
	[SET_VRING_NUM] = { 8, 0, -1, set_num },
	[SET_VRING_ADDR] = { 40, 0, -1, set_addr },
	[SET_VRING_BASE] = { 8, 0, -1, set_base },
	[GET_VRING_BASE] = { 8, 0, -1, get_base },
	[SET_VRING_KICK] = { 8, 1, -1, set_kick },
	[SET_VRING_CALL] = { 8, 1, -1, set_kick },
	[GET_PROTOCOL_FEATURES] = { 0, 0, -1, get_protocol },
	[SET_PROTOCOL_FEATURES] = { 8, 0, -1, set_protocol },
	[GET_QUEUE_NUM] = { 0, 0, 0, get_queue_num },
	[SET_VRING_ENABLE] = { 8, 0, -1, set_enable },
	[NET_SET_MTU] = { 8, 0, 4, set_mtu },
	[GET_MAX_MEM_SLOTS] = { 0, 0, 15, get_slots },
	[ADD_MEM_REG] = { 40, 1, 15, set_mem },
	[SET_STATUS] = { 8, 0, 16, set_status },
	[GET_STATUS] = { 0, 0, 16, get_status },
};

/* Read @bytes; files that come along go to @fd. Return: false at the end of the connection. */
static bool receive(struct fake *f, void *buf, size_t bytes, struct fake_message *m, int *fd)
{
	for (size_t done = 0; done < bytes;) {
		char control[CMSG_SPACE(sizeof(int) * 8)];
		struct iovec iov = { (char *)buf + done, bytes - done };
		struct msghdr msg = { .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = control,
				      .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(f->fd, &msg, MSG_CMSG_CLOEXEC);
		struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

		if (n <= 0)
			return false;
		if (c && c->cmsg_type == SCM_RIGHTS) {
			m->fds += (unsigned int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
			memcpy(fd, CMSG_DATA(c), sizeof(int));
		}
		done += (size_t)n;
	}
	return true;
}

static void send_bytes(struct fake *f, const char *buf, size_t bytes, unsigned int fds)
{
	char control[CMSG_SPACE(sizeof(int) * 253)] = { 0 };
	size_t step = f->script.trickle_us ? 1 : bytes;

	for (size_t at = 0; at < bytes; at += step) {
		struct iovec iov = { (void *)(uintptr_t)(buf + at), step };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

		if (fds && !at) {
			struct cmsghdr *c = (struct cmsghdr *)control;

			c->cmsg_level = SOL_SOCKET;
			c->cmsg_type = SCM_RIGHTS;
			c->cmsg_len = CMSG_LEN(fds * sizeof(int));
			for (unsigned int i = 0; i < fds; i++)
				memcpy(CMSG_DATA(c) + i * sizeof(int), &f->fd, sizeof(int));
			msg.msg_control = control;
			msg.msg_controllen = CMSG_SPACE(fds * sizeof(int));
		}
		if (sendmsg(f->fd, &msg, MSG_NOSIGNAL) != (ssize_t)step)
			return;
		if (f->script.trickle_us)
			usleep(f->script.trickle_us);
	}
}

/* Change the answer as the fault wants it. */
static void spoil(enum fake_fault fault, uint32_t header[3], char *payload)
{
	static const struct {
		uint32_t xor_request, xor_flags, add_bytes;
	} changes[] = {
		[FAULT_REQUEST] = { 0x10, 0, 0 },
		[FAULT_VERSION] = { 0, 0x3, 0 },
		[FAULT_NO_REPLY] = { 0, 0x4, 0 },
		[FAULT_NEED_REPLY] = { 0, 0x8, 0 },
		[FAULT_RESERVED] = { 0, 0x80000000, 0 },
		[FAULT_SIZE_0] = { 0, 0, (uint32_t)-8 },
		[FAULT_SIZE_SMALL] = { 0, 0, (uint32_t)-1 },
		[FAULT_SIZE_LARGE] = { 0, 0, 1 },
		[FAULT_SIZE_ABSURD] = { 0, 0, (uint32_t)-9 },
		[FAULT_LAST] = { 0, 0, 0 },
	};

	header[0] ^= changes[fault].xor_request;
	header[1] ^= changes[fault].xor_flags;
	header[2] += changes[fault].add_bytes;
	if (fault == FAULT_NACK || fault == FAULT_INDEX)
		payload[0] ^= 1;
}

/* Send the answer with the fault in it. Return: false if the connection ends here. */
static bool answer(struct fake *f, uint32_t request, char *payload, uint32_t bytes,
		   enum fake_fault fault)
{
	uint32_t header[3] = { request, 0x5, bytes };
	char buf[12 + 64 + 1] = { 0 };
	size_t total = 12 + bytes;

	spoil(fault, header, payload);
	memcpy(buf, header, 12);
	memcpy(buf + 12, payload, bytes);
	if (fault == FAULT_SIZE_LARGE)
		total++;
	if (fault == FAULT_HEADER_CUT)
		total = 6;
	if (fault == FAULT_PAYLOAD_CUT || fault == FAULT_STALL)
		total = 12 + bytes / 2;
	if (fault == FAULT_EXTRA) {
		memcpy(buf + total, header, 12);
		total += 12;
	}
	send_bytes(f, buf, total, fault == FAULT_FD ? 1 : fault == FAULT_FDS ? 253 : 0);
	return fault != FAULT_HEADER_CUT && fault != FAULT_PAYLOAD_CUT && fault != FAULT_LAST;
}

static bool message_in_order(struct fake *f, const struct fake_message *m)
{
	const struct handler *h;
	bool ack = f->protocol_set && f->taken_protocol & BIT(3);
	bool is_get = m->request == GET_FEATURES || m->request == GET_VRING_BASE ||
		      m->request == GET_PROTOCOL_FEATURES || m->request == GET_QUEUE_NUM ||
		      m->request == GET_MAX_MEM_SLOTS || m->request == GET_STATUS;

	if (m->request >= sizeof(handlers) / sizeof(handlers[0]) || !handlers[m->request].fn) {
		FAIL(f, "request %u is not one that a network device needs", m->request);
		return false;
	}
	h = &handlers[m->request];
	if (m->bytes != h->bytes || m->fds != h->fds)
		FAIL(f, "request %u has %u bytes and %u files", m->request, m->bytes, m->fds);
	if (m->flags != (ack && !is_get ? 0x9u : 0x1u))
		FAIL(f, "request %u has flags 0x%x", m->request, m->flags);
	if (h->needs >= 0 && !(f->taken_protocol >> h->needs & 1))
		FAIL(f, "request %u needs protocol feature %d", m->request, h->needs);
	return m->bytes == h->bytes && m->fds == h->fds;
}

/* Serve one message. Return: false if the connection ends here. */
static bool serve(struct fake *f, struct fake_message *m, int fd)
{
	char payload[64] = { 0 };
	enum fake_fault fault = f->script.at == f->n ? f->script.fault : FAULT_NONE;
	uint32_t bytes;

	if (fault == FAULT_CLOSE || !message_in_order(f, m)) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	bytes = handlers[m->request].fn(f, m, payload, fd);
	if (!bytes && m->flags & 0x8)
		bytes = 8;
	if (!bytes && fault != FAULT_EXTRA)
		return true;
	return answer(f, m->request, payload, bytes, fault);
}

/* Stay until the front-end has gone, without another answer. */
static void fall_silent(struct fake *f, bool deaf)
{
	struct pollfd pfd = { .fd = f->fd, .events = deaf ? POLLRDHUP : POLLIN };
	char buf[512];

	while (poll(&pfd, 1, 3000) > 0 && !(pfd.revents & (POLLHUP | POLLERR | POLLRDHUP)))
		if (recv(f->fd, buf, sizeof(buf), 0) <= 0)
			return;
}

static void converse(struct fake *f)
{
	for (bool go_on = true; go_on && f->n < FAKE_MESSAGES;) {
		struct fake_message *m = &f->log[f->n];
		int fd = -1;
		bool turn;

		if (!receive(f, &m->request, 12, m, &fd) || m->bytes > sizeof(m->payload) ||
		    !receive(f, &m->payload, m->bytes, m, &fd)) {
			if (fd >= 0)
				close(fd);
			return;
		}
		__atomic_fetch_add(&f->n, 1, __ATOMIC_RELEASE); /* a test may be counting along */
		turn = f->script.at == f->n;
		if (turn && (f->script.fault == FAULT_SILENT || f->script.fault == FAULT_DEAF)) {
			if (fd >= 0)
				close(fd);
			fall_silent(f, f->script.fault == FAULT_DEAF);
			return;
		}
		go_on = serve(f, m, fd);
		if (turn && f->script.fault == FAULT_STALL)
			fall_silent(f, false);
	}
}

static int connect_patiently(const struct fake *f, const struct sockaddr_un *un)
{
	usleep(f->script.delay_ms * 1000);
	for (int i = 0; i < 200; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		if (!connect(fd, (const struct sockaddr *)un, sizeof(*un)))
			return fd;
		close(fd);
		usleep(10000);
	}
	return -1;
}

static struct sockaddr_un address(const char *path)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	return un;
}

static void *run(void *arg)
{
	struct fake *f = arg;
	const struct timeval patience = { .tv_sec = 5 };
	struct sockaddr_un un = address(f->path);

	f->fd = f->client ? connect_patiently(f, &un)
			  : accept4(f->listener, NULL, NULL, SOCK_CLOEXEC);
	if (f->fd < 0)
		return NULL;
	setsockopt(f->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	converse(f);
	close(f->fd);
	return NULL;
}

static void start(struct fake *fake, const char *path, const struct fake_script *script)
{
	memset(fake, 0, sizeof(*fake));
	fake->path = path;
	fake->script = *script;
	fake->listener = -1;
	for (int i = 0; i < FAKE_RINGS; i++)
		fake->rings[i].kick = fake->rings[i].call = -1;
}

void fake_listen(struct fake *fake, const char *path, const struct fake_script *script)
{
	struct sockaddr_un un = address(path);

	start(fake, path, script);
	fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(fake->listener, (struct sockaddr *)&un, sizeof(un)) || listen(fake->listener, 1) ||
	    pthread_create(&fake->thread, NULL, run, fake)) {
		perror(path);
		exit(1);
	}
}

void fake_connect(struct fake *fake, const char *path, const struct fake_script *script)
{
	start(fake, path, script);
	fake->client = true;
	if (pthread_create(&fake->thread, NULL, run, fake)) {
		perror(path);
		exit(1);
	}
}

void fake_stop(struct fake *fake)
{
	/* Where nobody ever connected, this is what ends the accept. */
	if (fake->listener >= 0)
		shutdown(fake->listener, SHUT_RDWR);
	pthread_join(fake->thread, NULL);
	for (int i = 0; i < FAKE_RINGS; i++) {
		take_file(&fake->rings[i].kick, -1);
		take_file(&fake->rings[i].call, -1);
	}
	if (fake->listener >= 0) {
		close(fake->listener);
		unlink(fake->path);
	}
}
