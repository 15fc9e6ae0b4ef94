/* SPDX-License-Identifier: BSD-3-Clause */
#include "recover.h"

#include <errno.h>
#include <vio/clock.h>

#include "../../lib/base/err.h"
#include "../../lib/base/log.h"
#include "control.h"
#include "device.h"
#include "wait.h"

#define BACKOFF_MS_MAX 1000u
#define NOBODY_MS      10u /* between looks whether anybody is there to be reached again */
#define MS_NS          UINT64_C(1000000)

int recover_open(struct virtio_port *port)
{
	return port->recover.on ? gates_register() : 0;
}

int recover_ready(const struct virtio_port *port)
{
	if (!port->recover.down || !port->recover.on)
		return 0;
	return err_set(ERR_RECOVERING, -EAGAIN, "%s: the port is down", port->pub.address);
}

/* ---- queues ---- */

static void stop_rx(struct rxq *q, bool shut)
{
	if (shut)
		gate_shut(&q->gate);
	rxq_stop(q);
	wait_wake(q);
}

static void stop_tx(struct txq *q, bool shut)
{
	if (shut)
		gate_shut(&q->gate);
	txq_stop(q);
}

static void stop_all(struct virtio_port *port)
{
	for (uint16_t i = 0; i < port->queues; i++) {
		stop_rx(port->rxq[i], port->recover.on);
		stop_tx(port->txq[i], port->recover.on);
	}
}

/* Wait until no thread is inside a queue. */
static int quiesce(struct virtio_port *port)
{
	struct gate *gates[2 * QUEUE_PAIRS_MAX];
	unsigned int n = 0;

	for (uint16_t i = 0; i < port->queues; i++) {
		gates[n++] = &port->rxq[i]->gate;
		gates[n++] = &port->txq[i]->gate;
	}
	return gates_wait(gates, n, port->timeout_ms);
}

static void reset_queues(struct virtio_port *port)
{
	for (uint16_t i = 0; i < port->queues; i++) {
		rxq_reset(port->rxq[i]);
		txq_reset(port->txq[i]);
	}
	if (port->ctrl)
		ctrl_renew(port->ctrl);
}

/* ---- one attempt ---- */

/* The device uses none of our memory any more when this returns 0. */
static int part(struct virtio_port *port)
{
	const struct transport_ops *ops = port->tp->ops;
	struct recover *rec = &port->recover;
	int rc;

	if (port->state == VIO_PORT_DEVICE_GONE)
		return 0;
	if (!rec->lost) {
		rc = ops->set_status(port->tp, 0);
		if (rc == 0 || !ops->leave)
			return rc;
		rec->lost = true;
	}
	return ops->leave(port->tp);
}

/* Take all from a device, whatever becomes of it. */
static int take_all(struct virtio_port *port)
{
	int rc;

	if (port->recover.clean)
		return 0;
	rc = quiesce(port);
	if (rc == 0)
		rc = part(port);
	if (rc < 0)
		return rc;
	reset_queues(port);
	port->recover.clean = true;
	return 0;
}

/* Has all been done when the buffers are back? */
static bool is_over(const struct virtio_port *port)
{
	return port->recover.given_up || port->state == VIO_PORT_DEVICE_GONE;
}

/* What came back is of no use: where there is a connection, end it at once. */
static void end_connection(struct virtio_port *port)
{
	const struct vio_error why = *vio_error_last();

	if (!port->tp->ops->leave)
		return;
	port->recover.lost = true;
	port->tp->ops->leave(port->tp);
	err_restore(&why);
}

static int attempt(struct virtio_port *port)
{
	struct recover *rec = &port->recover;
	int rc = take_all(port);

	if (rc < 0 || is_over(port))
		return rc;
	if (rec->lost) {
		rc = port->tp->ops->rejoin(port->tp);
		if (rc < 0)
			return rc;
		rec->lost = false;
	}
	rec->clean = false;
	rc = device_restart(port);
	if (rc < 0)
		end_connection(port);
	return rc;
}

/* ---- how often ---- */

static void wait_ms(struct recover *rec, uint32_t ms)
{
	rec->next_ns = vio_clock_ns() + ms * MS_NS;
}

static void back_off(struct recover *rec)
{
	rec->backoff_ms = rec->backoff_ms ? min_u32(2 * rec->backoff_ms, BACKOFF_MS_MAX) : 1;
	wait_ms(rec, rec->backoff_ms);
}

/* A device that asks for reset after reset would have us do nothing else. */
static bool may_reset(struct recover *rec)
{
	const uint64_t now_ns = vio_clock_ns();
	uint64_t *oldest;

	if (!rec->resets_max)
		return true;
	oldest = &rec->resets[rec->resets_n % rec->resets_max];
	if (*oldest && now_ns - *oldest < RESETS_WINDOW_NS)
		return false;
	*oldest = now_ns;
	rec->resets_n++;
	return true;
}

static void give_up(struct virtio_port *port)
{
	struct recover *rec = &port->recover;

	rec->given_up = true;
	err_restore(&port->why);
	err_why("the device was reset %u times within 10 s, and that did not help",
		rec->resets_max);
	err_fix("restart the device, then close the port and open it again");
	port->why = *vio_error_last();
	log_warn("%s: given up: %s", port->pub.address, port->why.what);
}

/* Does this attempt reset a device that answers, and was it reset too often? */
static bool too_often(struct virtio_port *port)
{
	struct recover *rec = &port->recover;

	if (is_over(port) || rec->lost || may_reset(rec))
		return false;
	give_up(port);
	return true;
}

/* ---- states ---- */

static void succeed(struct virtio_port *port)
{
	struct recover *rec = &port->recover;

	port->state = VIO_PORT_UP;
	rec->down = false;
	rec->done++;
	rec->up_ns = vio_clock_ns();
	rec->cause.code = 0;
	log_info("%s: up again", port->pub.address);
}

/* -EAGAIN: nothing has been tried, as there is nobody yet. */
static void fail(struct virtio_port *port, int rc)
{
	struct recover *rec = &port->recover;

	rec->cause = *vio_error_last();
	if (rc == -EAGAIN) {
		wait_ms(rec, NOBODY_MS);
		return;
	}
	if (rc == -ENOTSUP)
		port->state = VIO_PORT_REFUSED;
	rec->failed++;
	back_off(rec);
}

static void try_all(struct virtio_port *port)
{
	struct recover *rec = &port->recover;
	int rc;

	too_often(port);
	rc = attempt(port);
	if (rc < 0) {
		fail(port, rc);
		return;
	}
	if (is_over(port))
		rec->next_ns = UINT64_MAX;
	else
		succeed(port);
}

static void go_down(struct virtio_port *port)
{
	struct recover *rec = &port->recover;

	rec->down = true;
	rec->clean = false;
	stop_all(port);
}

void recover_begin(struct virtio_port *port, enum vio_port_state state)
{
	struct recover *rec = &port->recover;

	if (port->state == state)
		return;
	port->state = state;
	port->why = *vio_error_last();
	rec->cause.code = 0;
	log_warn("%s", port->why.what);
	rec->backoff_ms = 0;
	rec->next_ns = 0;
	rec->lost = state == VIO_PORT_BACKEND_GONE && port->tp->ops->leave;
	if (state != VIO_PORT_QUEUE_BROKEN)
		go_down(port);
}

/* ---- a broken queue ---- */

static bool is_broken_rx(const struct virtio_port *port, uint16_t i)
{
	return !rxq_running(port->rxq[i]);
}

static bool is_broken_tx(const struct virtio_port *port, uint16_t i)
{
	return !txq_running(port->txq[i]) && !(port->control.tx_paused >> i & 1);
}

/* "Virtqueue Reset": this queue alone; the device goes on with the others. */
static int renew_queue(struct virtio_port *port, uint16_t index)
{
	const struct transport_ops *ops = port->tp->ops;
	struct rxq *rx = port->rxq[index / 2];
	struct txq *tx = port->txq[index / 2];
	struct gate *gate = index % 2 ? &tx->gate : &rx->gate;
	int rc;

	if (index % 2)
		stop_tx(tx, true);
	else
		stop_rx(rx, true);
	rc = gates_wait(&gate, 1, port->timeout_ms);
	if (rc == 0)
		rc = ops->queue_disable(port->tp, index);
	if (rc < 0)
		return rc;
	if (index % 2)
		txq_reset(tx);
	else
		rxq_reset(rx);
	return device_requeue(port, index);
}

static int renew_broken(struct virtio_port *port)
{
	int rc = 0;

	if (!port->tp->ops->queue_disable || !features_have(&port->taken, F_RING_RESET))
		return -ENOTSUP;
	for (uint16_t i = 0; i < port->queues && rc == 0; i++) {
		if (is_broken_rx(port, i))
			rc = renew_queue(port, QUEUE_RX(i));
		if (rc == 0 && is_broken_tx(port, i))
			rc = renew_queue(port, QUEUE_TX(i));
	}
	return rc;
}

/* Other queues go on for as long as they can. */
static void try_queues(struct virtio_port *port)
{
	int rc;

	if (too_often(port))
		return;
	if (renew_broken(port) == 0) {
		succeed(port);
		return;
	}
	go_down(port);
	rc = attempt(port);
	if (rc == 0)
		succeed(port);
	else
		fail(port, rc);
}

void recover_step(struct virtio_port *port)
{
	struct recover *rec = &port->recover;

	if (!rec->on || vio_clock_ns() < rec->next_ns)
		return;
	if (rec->down)
		try_all(port);
	else if (!rec->given_up)
		try_queues(port);
}
