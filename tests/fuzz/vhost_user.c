/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../drivers/transport/vhost_user/vhost_user.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../drivers/transport/vhost_user/device.h"
#include "../../drivers/transport/vhost_user/socket.h"
#include "port_run.h"
#include "ring_device.h"

/*
 * The vhost-user front-end against a back-end that sends the bytes and files that the input says.
 * Both are one thread: the back-end acts when the front-end waits for it, in poll(). All 0 is an
 * honest back-end.
 */
static struct backend {
	struct input in;
	int fd;    /* its end of the connection; -1: closed */
	int front; /* the other one, until the front-end takes it */
} backend;

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_sock_connect(const char *path, struct deadline until, int *fd);
void __wrap_sock_peer(int fd, char *text, size_t bytes);

#define FEATURES \
	(BIT64(F_VERSION_1) | BIT64(F_RING_PACKED) | BIT64(NET_F_MRG_RXBUF) | BIT64(NET_F_MTU) | \
	 BIT64(NET_F_MQ) | BIT64(VHOST_USER_F_PROTOCOL_FEATURES))

/* What an honest back-end says. */
static uint64_t honest_value(uint32_t request)
{
	switch (request) {
	case VU_GET_FEATURES:
		return FEATURES;
	case VU_GET_PROTOCOL_FEATURES:
		return UINT64_MAX;
	case VU_GET_QUEUE_NUM:
	case VU_GET_MAX_MEM_SLOTS:
		return 2;
	default:
		return 0;
	}
}

struct message {
	struct vu_header header;
	uint64_t payload[2];
};

enum { LIE_VALUE = 1, LIE_BYTE = 2, LIE_SHORT = 4, LIE_MORE = 8, LIE_FILES = 16, LIE_CLOSE = 32 };

/* Send @bytes of @data, and @files of the back-end's. */
static void send_bytes(const void *data, size_t bytes, unsigned int files)
{
	char control[CMSG_SPACE(8 * sizeof(int))] = { 0 };
	struct iovec iov = { (void *)(uintptr_t)data, bytes };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c = (void *)control;

	if (files) {
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(files * sizeof(int));
		for (unsigned int i = 0; i < files; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &backend.fd, sizeof(int));
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(files * sizeof(int));
	}
	if (bytes)
		(void)!sendmsg(backend.fd, &msg, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Bend @m. Return: bytes of it to send. */
static size_t bend(struct message *m, size_t bytes, uint8_t how)
{
	struct input *in = &backend.in;
	uint8_t at;

	if (how & LIE_VALUE)
		m->payload[0] = input_u64(in);
	if (how & LIE_BYTE) {
		at = input_u8(in) % sizeof(*m);
		((uint8_t *)m)[at] ^= input_u8(in);
	}
	if (how & LIE_SHORT)
		bytes = input_u8(in) % bytes;
	if (how & LIE_MORE)
		bytes = sizeof(*m);
	return bytes;
}

static void reply_to(const struct message *request)
{
	const uint32_t what = request->header.request;
	const bool state = what == VU_GET_VRING_BASE;
	const uint8_t how = input_u8(&backend.in);
	struct message m = {
		.header = { what, VU_VERSION | VU_REPLY, 8 },
		.payload = { state ? request->payload[0] & UINT32_MAX : honest_value(what) },
	};
	const size_t bytes = bend(&m, sizeof(m.header) + 8, how);

	send_bytes(&m, bytes, how & LIE_FILES ? 1 + input_u8(&backend.in) % 8 : 0);
	if (how & LIE_CLOSE || bytes < sizeof(m.header) + 8) {
		close(backend.fd);
		backend.fd = -1;
	}
}

/* The last request that has come is the one that is waited on. */
static void take_turn(void)
{
	struct message last = { 0 };
	char bytes[512];
	ssize_t n;

	if (backend.fd < 0)
		return;
	n = recv(backend.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	for (size_t at = 0; n > 0 && at + sizeof(last.header) <= (size_t)n;) {
		memcpy(&last, bytes + at, sizeof(last.header));
		at += sizeof(last.header);
		if (last.header.bytes && at + 8 <= (size_t)n)
			memcpy(last.payload, bytes + at, 8);
		at += last.header.bytes;
	}
	reply_to(&last);
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)timeout_ms;
	assert_int_equal(n, 1);
	take_turn();
	fds->revents = fds->events;
	return 1;
}

int __wrap_sock_connect(const char *path, struct deadline until, int *fd)
{
	(void)path, (void)until;
	*fd = backend.front;
	backend.front = -1;
	return 0;
}

/* It looks into /proc, which takes longer than all the rest. */
void __wrap_sock_peer(int fd, char *text, size_t bytes)
{
	(void)fd;
	snprintf(text, bytes, "the input");
}

static void connect_both(void)
{
	int ends[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends),
			 0);
	backend.fd = ends[0];
	backend.front = ends[1];
}

/* The least number that no open file has. */
static int next_file(void)
{
	const int fd = dup(STDERR_FILENO);

	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t acts[16];
	struct input in = { acts, sizeof(acts) };
	struct address addr;
	struct transport *tp;
	int first;

	device_pool(); /* has a file of its own */
	first = next_file();
	assert_int_equal(address_parse("vhost-user:/b,host_mtu=1500", &addr), 0);
	backend.in = (struct input){ data, size };
	input_take(&backend.in, acts, sizeof(acts));
	connect_both();
	if (vhost_user_transport.open(&addr, 0, &tp) == 0) {
		port_run(tp, &in);
		tp->ops->close(tp);
	}
	address_free(&addr);
	if (backend.fd >= 0)
		close(backend.fd);
	assert_int_equal(next_file(), first);
	return 0;
}
