/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../apps/vio/dump_attach.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../../apps/vio/capture_sink.h"
#include "app.h"

/* What the control socket of a command sends to `vio dump --attach`, behind a byte that says in
 * what pieces it comes. */

#define SOCKET_NUMBER 1000000

static struct {
	struct input in;
	size_t piece;
} peer;

int __wrap_capture_control_connect(const char *path);
ssize_t __wrap_send(int fd, const void *data, size_t bytes, int flags);
ssize_t __wrap_recv(int fd, void *to, size_t bytes, int flags);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms);
int __wrap_close(int fd);
int __real_close(int fd);
bool __wrap_capture_sink_init(struct capture_sink *s, int fd);

int __wrap_capture_control_connect(const char *path)
{
	(void)path;
	return SOCKET_NUMBER;
}

ssize_t __wrap_send(int fd, const void *data, size_t bytes, int flags)
{
	(void)data, (void)flags;
	assert_int_equal(fd, SOCKET_NUMBER);
	return (ssize_t)bytes;
}

ssize_t __wrap_recv(int fd, void *to, size_t bytes, int flags)
{
	size_t n = bytes < peer.piece ? bytes : peer.piece;

	(void)flags;
	assert_int_equal(fd, SOCKET_NUMBER);
	n = n < peer.in.left ? n : peer.in.left;
	input_take(&peer.in, to, n);
	return (ssize_t)n;
}

int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	(void)timeout_ms;
	assert_int_equal(n, 1);
	fds->revents = POLLIN;
	return 1;
}

int __wrap_close(int fd)
{
	return fd == SOCKET_NUMBER ? 0 : __real_close(fd);
}

/* Nothing goes there, since put() takes it. */
bool __wrap_capture_sink_init(struct capture_sink *s, int fd)
{
	*s = (struct capture_sink){ .fd = fd };
	return true;
}

/* Every byte of what is passed on has come. */
static int put(const uint8_t *block, uint32_t len)
{
	uint8_t copy[PCAPNG_PACKET_ROOM(CAPTURE_SNAP_MAX)];

	assert_true(len >= 12 && len <= sizeof(copy));
	memcpy(copy, block, len);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const volatile sig_atomic_t stopped;
	const struct capture_opts opts = { .fd = -1, .put = put };
	struct capture_stats stats;

	peer.in = (struct input){ data, size };
	peer.piece = 1 + (size_t)input_u8(&peer.in) * 4;
	(void)dump_attach("peer", &opts, 0, &stopped, &stats);
	return 0;
}
