/* SPDX-License-Identifier: BSD-3-Clause */
#include "msg.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../../lib/base/clock.h"

/* As many as the kernel lets through in one message (SCM_MAX_FD). */
#define FDS_MAX 253

static const struct request {
	const char *name;
	uint16_t payload, reply;
	bool has_fd;
} requests[] = {
#define X(name, number, payload, reply, fd) [number] = { #name, payload, reply, fd },
	VU_REQUESTS(X)
#undef X
};

int vu_break(struct vu_conn *conn, enum err err, int code, const char *what, ...)
{
	const size_t n = (size_t)snprintf(conn->what, sizeof(conn->what) / 2, "%s: ", conn->path);
	va_list ap;

	va_start(ap, what);
	vsnprintf(conn->what + n, sizeof(conn->what) - n, what, ap);
	va_end(ap);
	conn->err = err;
	conn->code = code;
	/* The backend learns of it now. The other direction stays, to see by its end that the
	 * backend has done with us: see vu_hung_up(). */
	shutdown(conn->fd, SHUT_WR);
	return err_set(err, code, "%s", conn->what);
}

static int break_closed(struct vu_conn *conn, const char *name, const char *doing)
{
	return vu_break(conn, ERR_VU_CLOSED, -EIO, "%s: the connection was closed %s", name, doing);
}

/* The connection is unusable already. */
static int broken_before(const struct vu_conn *conn)
{
	return err_set(conn->err, conn->code, "%s", conn->what);
}

/* An error of send or receive: what it means for the connection. */
static int break_errno(struct vu_conn *conn, const char *name, const char *doing)
{
	if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
		return break_closed(conn, name, doing);
	return vu_break(conn, ERR_SOCK_FAIL, -errno, "%s: %s: %s", name, doing, strerror(errno));
}

/* Wait until the socket is ready for @events. What poll says besides is left to the next send or
 * receive to find out. */
static int wait_for(struct vu_conn *conn, short events, struct deadline until, const char *name)
{
	struct pollfd pfd = { .fd = conn->fd, .events = events };
	int left, rc;

	do {
		left = deadline_left_ms(until);
		rc = poll(&pfd, 1, left);
		if (rc > 0)
			return 0;
		if (rc < 0 && errno != EINTR)
			return break_errno(conn, name, "while waiting");
	} while (left);
	return vu_break(conn, ERR_DEVICE_TIMEOUT, -ETIMEDOUT, "%s: no answer in %u ms", name,
			conn->timeout_ms);
}

/* True if the operation that set errno may be tried again; then the wait is over, in @rc. */
static bool again(struct vu_conn *conn, short events, struct deadline until, const char *name,
		  int *rc)
{
	*rc = 0;
	if (errno == EINTR)
		return true;
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return false;
	*rc = wait_for(conn, events, until, name);
	return true;
}

union fd_control {
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

static void attach_fd(struct msghdr *msg, union fd_control *control, int fd)
{
	struct cmsghdr *c = &control->align;

	memset(control, 0, sizeof(*control)); /* what pads the message goes to the kernel too */
	*c = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(fd)),
			       .cmsg_level = SOL_SOCKET,
			       .cmsg_type = SCM_RIGHTS };
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	msg->msg_control = control;
	msg->msg_controllen = CMSG_SPACE(sizeof(fd));
}

/* Send all @bytes; @fd, unless -1, goes with the first of them. */
static int send_all(struct vu_conn *conn, const char *buf, size_t bytes, int fd,
		    struct deadline until, const char *name)
{
	union fd_control control;
	int rc;

	while (bytes) {
		struct iovec iov = { (void *)(uintptr_t)buf, bytes };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
		ssize_t n;

		if (fd >= 0)
			attach_fd(&msg, &control, fd);
		n = sendmsg(conn->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && !again(conn, POLLOUT, until, name, &rc))
			return break_errno(conn, name, "while sending");
		if (n < 0 && rc < 0)
			return rc;
		if (n > 0) {
			buf += n;
			bytes -= (size_t)n;
			fd = -1;
		}
	}
	return 0;
}

/* Close every file that came along. Return: how many. */
static unsigned int close_fds(struct msghdr *msg)
{
	unsigned int n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + CMSG_LEN(sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			close(fd);
			n++;
		}
	}
	return n;
}

/* Receive exactly @bytes. No answer that is asked for carries files. */
static int receive_all(struct vu_conn *conn, char *buf, size_t bytes, struct deadline until,
		       const char *name)
{
	union fd_control control;
	unsigned int fds;
	int rc;

	while (bytes) {
		struct iovec iov = { buf, bytes };
		struct msghdr msg = { .msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = &control,
				      .msg_controllen = sizeof(control) };
		ssize_t n = recvmsg(conn->fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

		if (n < 0 && !again(conn, POLLIN, until, name, &rc))
			return break_errno(conn, name, "while receiving");
		if (n < 0 && rc < 0)
			return rc;
		if (n < 0)
			continue;
		fds = close_fds(&msg);
		if (fds || msg.msg_flags & MSG_CTRUNC)
			return vu_break(conn, ERR_VU_PROTOCOL, -EPROTO,
					"%s: the answer came with %u files, which were closed",
					name, fds);
		if (!n)
			return break_closed(conn, name, "before the answer");
		buf += n;
		bytes -= (size_t)n;
	}
	return 0;
}

static int check_header(struct vu_conn *conn, const struct vu_header *h, enum vu_request request,
			uint32_t bytes)
{
	const char *name = requests[request].name;

	if (h->request != request)
		return vu_break(conn, ERR_VU_PROTOCOL, -EPROTO,
				"%s: the answer is one to request %u, not %u", name, h->request,
				request);
	if (h->flags != (VU_VERSION | VU_REPLY))
		return vu_break(conn, ERR_VU_PROTOCOL, -EPROTO,
				"%s: the answer has flags 0x%x, not 0x%x", name, h->flags,
				VU_VERSION | VU_REPLY);
	if (h->bytes != bytes)
		return vu_break(conn, ERR_VU_PROTOCOL, -EPROTO,
				"%s: the answer says %u bytes, not %u", name, h->bytes, bytes);
	return 0;
}

static int receive_reply(struct vu_conn *conn, enum vu_request request, void *reply, uint32_t bytes,
			 struct deadline until)
{
	const char *name = requests[request].name;
	struct vu_header h;
	int rc;

	rc = receive_all(conn, (char *)&h, sizeof(h), until, name);
	if (rc < 0)
		return rc;
	rc = check_header(conn, &h, request, bytes);
	if (rc < 0)
		return rc;
	return receive_all(conn, reply, bytes, until, name);
}

/* vhost-user, "REPLY_ACK": zero is success. */
static int receive_ack(struct vu_conn *conn, enum vu_request request, struct deadline until)
{
	uint64_t answer;
	int rc = receive_reply(conn, request, &answer, sizeof(answer), until);

	if (rc < 0)
		return rc;
	if (answer)
		return err_set(ERR_VU_REFUSED, -EIO, "%s: %s: the backend answered %llu",
			       conn->path, requests[request].name, (unsigned long long)answer);
	return 0;
}

static int quiet_before(struct vu_conn *conn, const char *name)
{
	char byte;
	ssize_t n;

	do
		n = recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);

	if (!n)
		return break_closed(conn, name, "between two requests");
	if (n > 0)
		return vu_break(conn, ERR_VU_PROTOCOL, -EPROTO,
				"%s: the backend sent a message that nobody asked for", name);
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return break_errno(conn, name, "between two requests");
	return 0;
}

int vu_quiet(struct vu_conn *conn)
{
	return conn->code ? broken_before(conn) : quiet_before(conn, "check");
}

bool vu_hung_up(struct vu_conn *conn)
{
	char rest[256];
	ssize_t n;

	/* What it still had to say; files that came along are closed by the kernel. */
	for (unsigned int i = 0; i < 64; i++) {
		n = recv(conn->fd, rest, sizeof(rest), MSG_DONTWAIT);
		if (!n)
			return true;
		if (n < 0 && errno != EINTR)
			return errno != EAGAIN && errno != EWOULDBLOCK;
	}
	return false;
}

static int send_request(struct vu_conn *conn, enum vu_request request, const void *payload, int fd,
			struct deadline until)
{
	const struct request *r = &requests[request];
	const bool ack = conn->ack && !r->reply;
	struct {
		struct vu_header header;
		char payload[VU_PAYLOAD_MAX];
	} msg = { { request, VU_VERSION | (ack ? VU_NEED_REPLY : 0), r->payload }, { 0 } };
	int rc;

	if (conn->code)
		return broken_before(conn);
	/* What lies in the socket already can't be the answer. */
	rc = quiet_before(conn, r->name);
	if (rc < 0)
		return rc;

	if (payload)
		memcpy(msg.payload, payload, r->payload);
	return send_all(conn, (const char *)&msg, sizeof(msg.header) + r->payload,
			r->has_fd ? fd : -1, until, r->name);
}

int vu_call(struct vu_conn *conn, enum vu_request request, const void *payload, int fd, void *reply)
{
	const struct request *r = &requests[request];
	const struct deadline until = deadline_in(conn->timeout_ms);
	int rc = send_request(conn, request, payload, fd, until);

	if (rc < 0)
		return rc;
	if (r->reply)
		return receive_reply(conn, request, reply, r->reply, until);
	return conn->ack ? receive_ack(conn, request, until) : 0;
}

int vu_ask(struct vu_conn *conn, enum vu_request request)
{
	return send_request(conn, request, NULL, -1, deadline_in(0));
}

int vu_answer(struct vu_conn *conn, enum vu_request request, void *reply)
{
	const struct request *r = &requests[request];
	struct pollfd pfd = { .fd = conn->fd, .events = POLLIN };

	if (poll(&pfd, 1, 0) <= 0)
		return err_set(ERR_DEVICE_TIMEOUT, -EAGAIN, "%s: %s: no answer yet", conn->path,
			       r->name);
	return receive_reply(conn, request, reply, r->reply, deadline_in(conn->timeout_ms));
}
