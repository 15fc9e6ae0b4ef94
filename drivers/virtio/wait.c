/* SPDX-License-Identifier: BSD-3-Clause */
#include "wait.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../../lib/base/clock.h"
#include "../../lib/base/err.h"

/* Where an event may be read away by others, or buffers are short, nobody sleeps longer at once. */
#define SLICE_MS 10

#define NO_EVENT "this kind of device, as it is set up, can't notify"

/*
 * Take what an event has counted. An eventfd may belong to the device's process too, which could
 * make reading it block (O_NONBLOCK is of the open file, not of our number for it): so each read
 * says for itself that it must not.
 */
static void event_clear(int fd)
{
	uint64_t count;
	struct iovec to = { &count, sizeof(count) };
	ssize_t n = preadv2(fd, &to, 1, -1, RWF_NOWAIT);

	if (n < 0 && errno == EOPNOTSUPP) /* a file that only its owner writes */
		n = read(fd, &count, sizeof(count));
	(void)n;
}

static void event_ack(struct transport *tp)
{
	if (tp->ops->event_ack)
		tp->ops->event_ack(tp);
}

/* ---- the configuration ---- */

int wait_config(struct virtio_port *port)
{
	const struct transport_ops *ops = port->tp->ops;
	int rc;

	port->config_event = (struct config_event){ 0 };
	if (!port->wait || !ops->config_event)
		return 0;
	rc = ops->config_event(port->tp, &port->config_event.on);
	if (rc < 0)
		return rc == -ENOTSUP ? 0 : rc;
	port->config_event.there = true;
	return 0;
}

int wait_config_fd(struct vio_port *pub)
{
	const struct virtio_port *port = container_of(pub, struct virtio_port, pub);
	const struct config_event *e = &port->config_event;

	if (e->there && !e->on.shared)
		return e->on.fd;
	err_set(ERR_EVENT_NONE, -ENOTSUP, "%s: no event for changes of the configuration",
		port->pub.address);
	if (port->wait)
		err_why(NO_EVENT);
	return -ENOTSUP;
}

void wait_config_clear(struct virtio_port *port)
{
	const struct config_event *e = &port->config_event;
	struct pollfd fd = { .fd = e->on.fd, .events = POLLIN };

	if (!e->there || e->on.shared || poll(&fd, 1, 0) <= 0)
		return;
	event_clear(e->on.fd);
	event_ack(port->tp);
}

/* ---- receive queues ---- */

static int open_wake(const struct virtio_port *port, struct rx_event *e)
{
	e->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return e->wake >= 0 ? 0
			    : err_set(ERR_SOCK_FAIL, -errno, "%s: eventfd: %s", port->pub.address,
				      strerror(errno));
}

int wait_queue(struct virtio_port *port, struct rxq *q, uint16_t index)
{
	const struct transport_ops *ops = port->tp->ops;
	struct rx_event *e = &q->event;
	int rc;

	if (!port->wait)
		return 0;
	rc = ops->queue_event ? ops->queue_event(port->tp, index, &e->on) : -ENOTSUP;
	if (rc == -ENOTSUP) {
		err_set(ERR_EVENT_NONE, rc, "%s: wait=on: no event for receive queue %u",
			port->pub.address, index / 2);
		err_why(NO_EVENT);
	}
	if (rc == 0 && !e->tp)
		rc = open_wake(port, e);
	if (rc < 0)
		return rc;
	e->mode = (struct mode){
		.packed = features_have(&port->taken, F_RING_PACKED),
		.in_order = features_have(&port->taken, F_IN_ORDER),
	};
	if (!e->tp) /* who sleeps on it may be looking at it */
		e->tp = port->tp;
	return 0;
}

void wait_wake(struct rxq *q)
{
	static const uint64_t one = 1;
	ssize_t n = q->event.tp ? write(q->event.wake, &one, sizeof(one)) : 0;

	(void)n; /* a counter that is full is readable, too */
}

void wait_close(struct rxq *q)
{
	if (q->event.tp)
		close(q->event.wake);
}

/* Queues that somebody sleeps for. Asleep, nobody is inside them, and they may be made anew. */
struct sleeper {
	uint16_t n;
	int slice_ms; /* the longest sleep at once */
	bool short_of_buffers;
	struct rxq *q[VIO_WAIT_QUEUES_MAX];
	uint32_t renewed[VIO_WAIT_QUEUES_MAX];
	struct pollfd fd[2 * VIO_WAIT_QUEUES_MAX]; /* of each: the device's event, and wake */
};

/* Return: false: the queue has stopped. */
static bool enter(struct rxq *q)
{
	if (!gate_enter(&q->gate))
		return false;
	if (rxq_running(q))
		return true;
	gate_leave(&q->gate);
	return false;
}

static int add_queue(struct sleeper *s, struct vio_rxq *rxq)
{
	struct rxq *q = container_of(rxq, struct rxq, pub);
	struct pollfd *fd = &s->fd[2 * s->n];

	if (!q->event.tp)
		return err_set(ERR_EVENT_NONE, -ENOTSUP, "vio_rx_wait: the queue has no event");
	if (!enter(q))
		return err_set(ERR_QUEUE_BROKEN, -EPIPE, "vio_rx_wait: the queue has stopped");
	s->q[s->n] = q;
	s->renewed[s->n++] = q->event.renewed;
	fd[0] = (struct pollfd){ .fd = q->event.on.fd, .events = POLLIN };
	fd[1] = (struct pollfd){ .fd = q->event.wake, .events = POLLIN };
	if (q->ring.post.free)
		s->short_of_buffers = true;
	if (q->event.on.shared || q->ring.post.free)
		s->slice_ms = SLICE_MS;
	gate_leave(&q->gate);
	return 0;
}

/* Is there anything to look at? Also where a queue has stopped, or was made anew since it was
 * armed.
 */
static bool is_pending(const struct sleeper *s, uint16_t i)
{
	struct rxq *q = s->q[i];
	bool pending;

	if (!enter(q))
		return true;
	pending = q->event.renewed != s->renewed[i] || vring_pending(&q->ring, q->event.mode);
	gate_leave(&q->gate);
	return pending;
}

static bool any_pending(const struct sleeper *s)
{
	for (uint16_t i = 0; i < s->n; i++)
		if (is_pending(s, i))
			return true;
	return false;
}

/* Arm or disarm each ring. */
static void each_ring(const struct sleeper *s, void (*set)(struct ring *r, const struct mode mode))
{
	for (uint16_t i = 0; i < s->n; i++) {
		struct rxq *q = s->q[i];

		if (!enter(q))
			continue;
		set(&q->ring, q->event.mode);
		gate_leave(&q->gate);
	}
}

/* The device's own part of it only while the device is not being reset. */
static void take_event(struct rxq *q, int fd)
{
	event_clear(fd);
	if (!enter(q))
		return;
	event_ack(q->event.tp);
	gate_leave(&q->gate);
}

static void take_events(const struct sleeper *s)
{
	for (uint16_t i = 0; i < s->n; i++) {
		if (s->fd[2 * i].revents)
			take_event(s->q[i], s->fd[2 * i].fd);
		if (s->fd[2 * i + 1].revents)
			event_clear(s->fd[2 * i + 1].fd);
	}
}

/*
 * Events are taken before the look that follows, so none that belongs to a later buffer is lost;
 * one that was left over from an earlier sleep costs a turn of the loop. Return as vio_rx_wait().
 */
static int sleep_armed(struct sleeper *s, struct deadline end)
{
	for (;;) {
		int left = deadline_left_ms(end), ready;

		if (any_pending(s))
			return 1;
		if (!left)
			return 0;
		ready = poll(s->fd, 2u * s->n, left < s->slice_ms ? left : s->slice_ms);
		if (ready < 0)
			return 0; /* a signal */
		take_events(s);
		if (s->short_of_buffers)
			return 1;
	}
}

int vio_rx_wait_any(struct vio_rxq *const *rxqs, uint16_t n, uint32_t timeout_ms)
{
	const struct deadline end = deadline_in(timeout_ms);
	struct sleeper s = { .slice_ms = INT_MAX };
	int rc;

	if (!n || n > VIO_WAIT_QUEUES_MAX)
		return err_set(ERR_OPTS, -EINVAL, "vio_rx_wait: %u queues", n);
	for (uint16_t i = 0; i < n; i++) {
		rc = add_queue(&s, rxqs[i]);
		if (rc < 0)
			return rc;
	}
	each_ring(&s, vring_arm);
	rc = sleep_armed(&s, end);
	each_ring(&s, vring_disarm);
	return rc;
}
