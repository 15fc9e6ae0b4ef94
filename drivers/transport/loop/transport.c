/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../../../lib/base/err.h"
#include "shared.h"

/* The order of locks: a loop's own, then its link's. */
void loop_lock(struct vio_loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	if (loop->link)
		pthread_mutex_lock(&loop->link->lock);
}

void loop_unlock(struct vio_loop *loop)
{
	if (loop->link)
		pthread_mutex_unlock(&loop->link->lock);
	pthread_mutex_unlock(&loop->lock);
}

struct vio_loop *loop_of(struct transport *tp)
{
	return container_of(tp, struct vio_loop, tp);
}

static void drop_queues(struct vio_loop *loop)
{
	for (size_t i = 0; i < LOOP_QUEUES; i++) {
		queue_close(loop->queue[i]);
		loop->queue[i] = NULL;
		loop->queue_reset[i] = false;
	}
}

static void reset_pair(struct vio_loop *loop, uint32_t i)
{
	struct pair *p = &loop->pair[i];

	p->inbox.head = p->inbox.tail = p->inbox.n = 0;
	p->held_for = 0;
	p->source_seq = 0;
	p->source_len = (uint32_t)loop->opt.src_len;
	p->random = (loop->opt.seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + 2 * i + 1;
}

static void reset(struct vio_loop *loop)
{
	drop_queues(loop);
	for (uint32_t i = 0; i < LOOP_PAIRS_MAX; i++)
		reset_pair(loop, i);
	loop->taken = (struct vio_features){ 0 };
	loop->bucket = (struct bucket){ 0 };
	loop->pairs = 0;
	loop->generation++;
	loop_config_fill(loop);
	ctrl_reset(loop);
	__atomic_store_n(&loop->status, 0, __ATOMIC_RELEASE);
}

static void loop_free(struct vio_loop *loop)
{
	for (uint32_t i = 0; i < LOOP_PAIRS_MAX; i++) {
		free(loop->pair[i].inbox.bytes);
		free(loop->pair[i].held);
	}
	free(loop->bounce);
	if (loop->config_fd >= 0)
		close(loop->config_fd);
	for (size_t i = 0; i < LOOP_QUEUES; i++)
		if (loop->event_fd[i] >= 0)
			close(loop->event_fd[i]);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

static void describe_self(struct vio_loop *loop)
{
	snprintf(loop->about, sizeof(loop->about),
		 "device in this process: %s, up to %u pairs of %u entries, mtu %u",
		 loop_behaviours[loop->opt.behaviour], (unsigned int)loop->opt.max_queues,
		 (unsigned int)loop->opt.max_size, (unsigned int)loop->opt.mtu);
}

static int loop_open(struct address *addr, uint32_t timeout_ms, struct transport **out)
{
	struct vio_loop *loop = calloc(1, sizeof(*loop));
	int rc;

	(void)timeout_ms;
	if (!loop)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "loop: a device");
	loop->tp.ops = &loop_transport;
	loop->config_fd = -1;
	for (size_t i = 0; i < LOOP_QUEUES; i++)
		loop->event_fd[i] = -1;
	pthread_mutex_init(&loop->lock, NULL);
	rc = loop_options_take(addr, &loop->opt);
	if (rc < 0)
		goto free_loop;
	loop->bounce = calloc(1, LOOP_FRAME_MAX + sizeof(struct record));
	if (!loop->bounce) {
		rc = err_set(ERR_NO_MEMORY, -ENOMEM, "loop: a device");
		goto free_loop;
	}
	loop->impaired = loop->opt.loss || loop->opt.dup || loop->opt.corrupt ||
			 loop->opt.reorder || loop->opt.delay_ns || loop->opt.capacity;
	loop_offer(loop);
	reset(loop);
	describe_self(loop);
	*out = &loop->tp;
	return 0;

free_loop:
	loop_free(loop);
	return rc;
}

static void unlink_loop(struct vio_loop *loop)
{
	struct link *link;
	bool last;

	pthread_mutex_lock(&loop->lock);
	link = loop->link;
	loop->link = NULL;
	pthread_mutex_unlock(&loop->lock);
	if (!link)
		return;
	pthread_mutex_lock(&link->lock);
	link->end[loop->end] = NULL;
	last = !link->end[!loop->end];
	pthread_mutex_unlock(&link->lock);
	if (!last)
		return;
	pthread_mutex_destroy(&link->lock);
	free(link);
}

static void loop_close(struct transport *tp)
{
	struct vio_loop *loop = loop_of(tp);

	unlink_loop(loop);
	drop_queues(loop);
	loop_free(loop);
}

static int loop_features(struct transport *tp, struct vio_features *offered)
{
	*offered = loop_of(tp)->offered;
	return 0;
}

static int loop_accept(struct transport *tp, const struct vio_features *taken)
{
	struct vio_loop *loop = loop_of(tp);

	loop_lock(loop);
	if ((loop->status & (STATUS_DRIVER | STATUS_FEATURES_OK)) != STATUS_DRIVER)
		violate(loop, NULL, RULE_FEATURES_LATE, loop->status);
	else
		loop->taken = *taken;
	loop_unlock(loop);
	return 0;
}

static int loop_status(struct transport *tp)
{
	return __atomic_load_n(&loop_of(tp)->status, __ATOMIC_ACQUIRE);
}

/* Each bit, and what must stand before it ("Device Initialization"). */
static const struct {
	uint8_t bit, before;
} status_order[] = {
	{ STATUS_DRIVER, STATUS_ACKNOWLEDGE },
	{ STATUS_FEATURES_OK, STATUS_ACKNOWLEDGE | STATUS_DRIVER },
	{ STATUS_DRIVER_OK, STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_FEATURES_OK },
};

static void check_status(struct vio_loop *loop, uint8_t old, uint8_t status)
{
	const uint8_t drivers = STATUS_ACKNOWLEDGE | STATUS_DRIVER | STATUS_DRIVER_OK |
				STATUS_FEATURES_OK | STATUS_FAILED;
	uint8_t fresh = status & (uint8_t)~old;

	if (old & drivers & ~status)
		violate(loop, NULL, RULE_STATUS_CLEARED, status);
	if (fresh & ~drivers)
		violate(loop, NULL, RULE_STATUS_DEVICE_BIT, status);
	for (size_t i = 0; i < ARRAY_SIZE(status_order); i++)
		if ((fresh & status_order[i].bit) &&
		    (old & status_order[i].before) != status_order[i].before)
			violate(loop, NULL, RULE_STATUS_ORDER, status);
}

static void write_status(struct vio_loop *loop, uint8_t status)
{
	uint8_t old = loop->status, fresh = status & (uint8_t)~old;

	check_status(loop, old, status);
	status = (uint8_t)((old | status) & ~STATUS_NEEDS_RESET) | (old & STATUS_NEEDS_RESET);
	if (fresh & STATUS_FEATURES_OK) {
		if (loop_features_met(loop, &loop->taken))
			loop_features_apply(loop);
		else
			status &= (uint8_t)~STATUS_FEATURES_OK;
	}
	/* Pairs with the acquire in doorbells. */
	__atomic_store_n(&loop->status, status, __ATOMIC_RELEASE);
}

static int loop_set_status(struct transport *tp, uint8_t status)
{
	struct vio_loop *loop = loop_of(tp);

	loop_lock(loop);
	if (status)
		write_status(loop, status);
	else
		reset(loop);
	loop_unlock(loop);
	return 0;
}

static int loop_config_read(struct transport *tp, size_t off, void *dst, size_t len)
{
	struct vio_loop *loop = loop_of(tp);

	if (off > loop->config_len || len > loop->config_len - off)
		return -ENODATA;
	loop_lock(loop);
	memcpy(dst, (const uint8_t *)&loop->config + off, len);
	loop_unlock(loop);
	return 0;
}

/* Any thread. */
static void config_notify(const struct vio_loop *loop)
{
	static const uint64_t one = 1;

	if (loop->config_fd >= 0) {
		ssize_t n = write(loop->config_fd, &one, sizeof(one));

		(void)n;
	}
}

void loop_config_changed(struct vio_loop *loop)
{
	loop->generation++;
	config_notify(loop);
}

/* "Device Status Field": a device that needs a reset says so by a configuration change, too. */
void loop_needs_reset(struct vio_loop *loop)
{
	__atomic_fetch_or(&loop->status, STATUS_NEEDS_RESET, __ATOMIC_RELEASE);
	config_notify(loop);
}

void vio_loop_needs_reset(struct vio_loop *loop)
{
	loop_lock(loop);
	if (loop->status & STATUS_DRIVER_OK)
		loop_needs_reset(loop);
	loop_unlock(loop);
}

/* Change bits of the configuration's status. */
static void change_status(struct vio_loop *loop, uint16_t bits, bool on)
{
	uint16_t status;

	loop_lock(loop);
	status = le16_to(loop->config.status);
	status = (uint16_t)(on ? status | bits : status & ~bits);
	loop->config.status = le16_from(status);
	loop_config_changed(loop);
	loop_unlock(loop);
}

void vio_loop_link_set(struct vio_loop *loop, bool up)
{
	change_status(loop, NET_STATUS_LINK_UP, up);
}

void vio_loop_announce(struct vio_loop *loop)
{
	change_status(loop, NET_STATUS_ANNOUNCE, true);
}

static int loop_map(struct transport *tp, const struct vio_region *region, uint64_t *bias)
{
	struct vio_loop *loop = loop_of(tp);
	struct vio_region_info info;
	int rc = 0;

	vio_region_info(region, &info);
	loop_lock(loop);
	if (shared_at(loop, (uintptr_t)info.base, info.bytes)) {
		*bias = 0; /* a second time, after a reset */
	} else if (loop->n_regions == LOOP_REGIONS) {
		rc = err_set(ERR_REGION_FULL, -ENOMEM, "loop: more than %u regions", LOOP_REGIONS);
	} else {
		loop->regions[loop->n_regions].base = info.base;
		loop->regions[loop->n_regions++].bytes = info.bytes;
		*bias = 0;
	}
	loop_unlock(loop);
	return rc;
}

/* A queue exists by the features that were negotiated. 0: there is none. */
static uint16_t size_max(const struct vio_loop *loop, uint16_t index)
{
	uint32_t pairs = loop_has(loop, NET_F_MQ) ? (uint32_t)loop->opt.max_queues : 1;

	if (!(loop->status & STATUS_FEATURES_OK))
		return 0;
	if (index == loop->ctrl_index)
		return (uint16_t)min_u32(LOOP_CTRL_SIZE, (uint32_t)loop->opt.max_size);
	return index < 2 * pairs ? (uint16_t)loop->opt.max_size : 0;
}

static int loop_queue_size_max(struct transport *tp, uint16_t index, uint16_t *entries)
{
	struct vio_loop *loop = loop_of(tp);

	loop_lock(loop);
	*entries = size_max(loop, index);
	loop_unlock(loop);
	return 0;
}

static void ring_data(struct doorbell *db)
{
	queue_kicked(db->arg);
}

static void ring_ctrl(struct doorbell *db)
{
	struct queue *q = db->arg;
	struct vio_loop *loop = q->loop;

	queue_kicked(q);
	loop_lock(loop);
	if (loop->status & STATUS_DRIVER_OK)
		ctrl_serve(loop, q);
	loop_unlock(loop);
}

/* Buffers between the directions, made when a pair is first used. */
static int pair_room(struct vio_loop *loop, uint32_t i)
{
	struct pair *p = &loop->pair[i];

	if (!p->inbox.bytes)
		p->inbox.bytes = aligned_alloc(CACHE_LINE, LOOP_INBOX_BYTES);
	if (!p->held)
		p->held = aligned_alloc(CACHE_LINE, INBOX_RECORD_MAX);
	if (p->inbox.bytes && p->held)
		return 0;
	return err_set(ERR_NO_MEMORY, -ENOMEM, "loop: queue pair %u", i);
}

static int enable(struct vio_loop *loop, const struct ring_place *ring, struct queue **out)
{
	uint16_t max = size_max(loop, ring->index);
	uint32_t status = loop->status & (STATUS_FEATURES_OK | STATUS_DRIVER_OK);
	enum rule rule = RULES;

	if (status != STATUS_FEATURES_OK &&
	    !(ring->index < LOOP_QUEUES && loop->queue_reset[ring->index]))
		rule = RULE_QUEUE_TIME;
	else if (!max)
		rule = RULE_QUEUE_NONE;
	else if (loop->queue[ring->index])
		rule = RULE_QUEUE_TWICE;
	else if (ring->packed != loop->packed)
		rule = RULE_QUEUE_LAYOUT;
	else if (!ring->entries || ring->entries > max ||
		 (!ring->packed && !is_power_of_two(ring->entries)))
		rule = RULE_RING_SIZE;
	if (rule != RULES) {
		violate(loop, NULL, rule, rule == RULE_RING_SIZE ? ring->entries : ring->index);
		return err_set(ERR_QUEUE_SIZE, -EINVAL,
			       "loop: queue %u of %u entries was refused: %s", ring->index,
			       ring->entries, violation_first(loop));
	}
	if (ring->index != loop->ctrl_index) {
		int rc = pair_room(loop, ring->index / 2);

		if (rc < 0)
			return rc;
	}
	return queue_open(loop, ring, out);
}

static int loop_queue_enable(struct transport *tp, const struct ring_place *ring,
			     struct doorbell *db)
{
	struct vio_loop *loop = loop_of(tp);
	struct queue *q = NULL;
	int rc;

	loop_lock(loop);
	rc = enable(loop, ring, &q);
	if (rc == 0) {
		loop->queue[ring->index] = q;
		loop->queue_reset[ring->index] = false;
		*db = (struct doorbell){
			.ring = ring->index == loop->ctrl_index ? ring_ctrl : ring_data,
			.arg = q,
			.fd = -1,
			.data = ring->index,
		};
	}
	loop_unlock(loop);
	return rc;
}

/* "Virtqueue Reset": the queue forgets its ring; frames on their way to it wait. */
static int loop_queue_disable(struct transport *tp, uint16_t index)
{
	struct vio_loop *loop = loop_of(tp);

	if (!loop_has(loop, F_RING_RESET))
		return -ENOTSUP;
	loop_lock(loop);
	if (index < LOOP_QUEUES && loop->queue[index]) {
		queue_close(loop->queue[index]);
		loop->queue[index] = NULL;
		loop->queue_reset[index] = true;
	} else {
		violate(loop, NULL, RULE_QUEUE_NONE, index);
	}
	loop_unlock(loop);
	return 0;
}

static int loop_config_event(struct transport *tp, struct transport_event *ev)
{
	struct vio_loop *loop = loop_of(tp);

	if (loop->config_fd < 0)
		loop->config_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->config_fd < 0)
		return err_set(ERR_NO_MEMORY, -errno, "loop: eventfd: %s", strerror(errno));
	*ev = (struct transport_event){ .fd = loop->config_fd };
	return 0;
}

static int loop_queue_event(struct transport *tp, uint16_t index, struct transport_event *ev)
{
	const struct queue *q = loop_of(tp)->queue[index];

	if (!q || q->event_fd < 0)
		return -ENOTSUP;
	*ev = (struct transport_event){ .fd = q->event_fd };
	return 0;
}

static int loop_check(struct transport *tp)
{
	struct vio_loop *loop = loop_of(tp);

	for (size_t i = 0; i < LOOP_QUEUES; i++)
		if (loop->queue[i])
			queue_looked_after(loop->queue[i]);
	if (!(loop_status(tp) & STATUS_NEEDS_RESET))
		return 0;
	return err_set(ERR_NEEDS_RESET, -ESTALE, "loop: %s", violation_first(loop));
}

static const char *loop_describe(struct transport *tp)
{
	return loop_of(tp)->about;
}

static int join(struct vio_loop *a, struct vio_loop *b, struct link *link)
{
	if (a->opt.behaviour != LOOP_PAIR || b->opt.behaviour != LOOP_PAIR)
		return err_set(ERR_OPTS, -EINVAL, "vio_loop_connect: not two \"loop:pair\" ports");
	if (a->link || b->link)
		return err_set(ERR_OPTS, -EINVAL, "vio_loop_connect: a port is connected already");
	link->end[0] = a;
	link->end[1] = b;
	a->link = b->link = link;
	a->end = 0;
	b->end = 1;
	return 0;
}

int vio_loop_connect(struct vio_loop *a, struct vio_loop *b)
{
	struct link *link;
	int rc;

	if (!a || !b || a == b)
		return err_set(ERR_OPTS, -EINVAL, "vio_loop_connect: two loop ports are needed");
	link = calloc(1, sizeof(*link));
	if (!link)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "vio_loop_connect");
	pthread_mutex_init(&link->lock, NULL);
	/* The one place that locks two loops: by address, so that two threads can't cross. */
	pthread_mutex_lock(a < b ? &a->lock : &b->lock);
	pthread_mutex_lock(a < b ? &b->lock : &a->lock);
	rc = join(a, b, link);
	pthread_mutex_unlock(&a->lock);
	pthread_mutex_unlock(&b->lock);
	if (rc < 0) {
		pthread_mutex_destroy(&link->lock);
		free(link);
	}
	return rc;
}

const struct transport_ops loop_transport = {
	.scheme = "loop",
	.help = loop_help,
	.open = loop_open,
	.close = loop_close,
	.features = loop_features,
	.accept = loop_accept,
	.status = loop_status,
	.set_status = loop_set_status,
	.config_read = loop_config_read,
	.map = loop_map,
	.queue_size_max = loop_queue_size_max,
	.queue_enable = loop_queue_enable,
	.queue_disable = loop_queue_disable,
	.config_event = loop_config_event,
	.queue_event = loop_queue_event,
	.check = loop_check,
	.describe = loop_describe,
};
