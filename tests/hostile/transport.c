/* SPDX-License-Identifier: BSD-3-Clause */
#include "transport.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../drivers/virtio/port.h"
#include "../../lib/base/err.h"

static struct transport_ops ops;

static const enum word words[] = {
	[LIE_ID] = WORD_USED_ID,       [LIE_LEN] = WORD_USED_LEN, [LIE_INDEX] = WORD_USED_INDEX,
	[LIE_FLAGS] = WORD_USED_FLAGS, [LIE_ACK] = WORD_CTRL_ACK,
};

/* A slot that is free: the driver takes them in turn and never has so many in flight. */
static uint32_t free_id(const struct queue *q, uint32_t id)
{
	return (id + q->entries - 4) % q->entries;
}

static uint32_t tail_id(const struct queue *q, uint32_t id, uint32_t behind)
{
	for (; behind; behind--)
		id = q->slots ? (id + 1u) % q->entries : le16_to(ring_load(&q->desc[id].next));
	return id;
}

static uint32_t falsify(const struct mischief *m, const struct queue *q, uint32_t v,
			uint32_t before)
{
	const uint32_t value = m->lie->value;

	switch (m->lie->op) {
	case OP_SET:
		return value;
	case OP_ADD:
		return v + value;
	case OP_XOR:
		return v ^ value;
	case OP_OR:
		return v | value;
	case OP_SIZE:
		return q->entries + value;
	case OP_LAP:
		return v + q->entries * value;
	case OP_BEFORE:
		return before;
	case OP_FREE:
		return free_id(q, v);
	case OP_TAIL:
		return tail_id(q, v, value);
	}
	return v;
}

/* Is it time, at the completion number @n? */
static bool due(struct mischief *m, uint64_t n)
{
	if (m->over || n < m->at)
		return false;
	m->over = !m->always;
	m->told++;
	return true;
}

/* An index stands for all completions before it; each other word for one. */
static uint64_t number_of(struct mischief *m, enum word word)
{
	if (word != WORD_USED_INDEX)
		return m->seen[word]++;
	return m->seen[WORD_USED_ID] ? m->seen[WORD_USED_ID] - 1 : 0;
}

static uint32_t tell_word(void *arg, struct queue *q, enum word word, uint32_t v)
{
	struct mischief *m = arg;
	uint32_t before;
	uint64_t n;

	/* Split: there the word of this name says whether kicks are wanted. */
	if (q->role != m->lie->role || (word == WORD_USED_FLAGS && !q->slots))
		return v;
	before = m->before[word];
	m->before[word] = v;
	n = number_of(m, word);
	if (m->lie->in >= ARRAY_SIZE(words) || words[m->lie->in] != word || n < m->lie->second ||
	    !due(m, n - m->lie->second))
		return v;
	m->value = falsify(m, q, v, before);
	return m->value;
}

static void tell_header(struct mischief *m, struct queue *q, uint8_t *at)
{
	struct net_hdr *hdr = (struct net_hdr *)(void *)at;
	const le16 buffers = hdr->num_buffers;

	if (m->lie->second) {
		if (m->headers++ == m->at)
			hdr->num_buffers = le16_from(2);
		return;
	}
	if (!due(m, m->headers++))
		return;
	if (m->lie->in == LIE_HDR) {
		*hdr = m->lie->hdr;
		hdr->num_buffers = buffers;
	} else {
		m->value = falsify(m, q, le16_to(buffers), 0) & UINT16_MAX;
		hdr->num_buffers = le16_from((uint16_t)m->value);
	}
}

/* A header is written in one piece, and no frame is so short. */
static void tell_bytes(void *arg, struct queue *q, uint8_t *at, size_t len)
{
	struct mischief *m = arg;

	if (q->role == ROLE_RX && len == q->loop->hdr_len &&
	    (m->lie->in == LIE_HDR || m->lie->in == LIE_NUM || m->lie->second))
		tell_header(m, q, at);
}

struct mischief *mischief_of(struct vio_loop *loop)
{
	return loop->tp.ops == &ops ? loop->fault->arg : NULL;
}

bool mischief_begin(struct vio_loop *loop, bool idle)
{
	struct mischief *m = mischief_of(loop);
	struct queue *q;

	if (!m || !m->lie || !m->lie->memory || m->lie->idle != idle ||
	    m->seen[WORD_USED_ID] <= m->at || !due(m, m->at))
		return false;
	q = loop->queue[m->lie->role == ROLE_RX ? QUEUE_RX(0) : QUEUE_TX(0)];
	memory_save(q, m->copy.before);
	m->lie->memory(q, m->lie->value);
	memory_save(q, m->copy.after);
	return true;
}

void mischief_end(struct vio_loop *loop)
{
	struct mischief *m = mischief_of(loop);

	if (m->lie->undo)
		memory_undo(loop->queue[m->lie->role == ROLE_RX ? QUEUE_RX(0) : QUEUE_TX(0)],
			    &m->copy);
}

/* ---- beside the rings ---- */

/* The lie about what is @asked now; NULL: the truth is told. */
static const struct device_lie *lie_of(struct transport *tp, enum asked asked)
{
	struct mischief *m = mischief_of(loop_of(tp));
	const struct device_lie *lie = m->device;
	const int status = loop_transport.status(tp);

	if (!lie || lie->asked != asked || (status & lie->status) != lie->status)
		return NULL;
	m->told++;
	return lie;
}

static int failure(const struct device_lie *lie)
{
	return err_set(ERR_DEVICE_TIMEOUT, -(int)lie->value, "hostile: %s", lie->what);
}

static uint64_t answer(const struct device_lie *lie, uint64_t v)
{
	if (lie->answer == ANSWER_OR)
		return v | lie->value;
	return lie->answer == ANSWER_AND ? v & lie->value : lie->value;
}

static int hostile_features(struct transport *tp, struct vio_features *offered)
{
	const struct device_lie *lie = lie_of(tp, ASKED_FEATURES);
	const int rc = loop_transport.features(tp, offered);

	if (!lie)
		return rc;
	if (lie->answer == ANSWER_FAIL)
		return failure(lie);
	if (lie->value >= 128)
		*offered = (struct vio_features){ { UINT64_MAX, UINT64_MAX } };
	else if (lie->answer == ANSWER_OR)
		features_add(offered, (unsigned int)lie->value);
	else
		features_drop(offered, (unsigned int)lie->value);
	return rc;
}

static int hostile_status(struct transport *tp)
{
	const struct device_lie *lie = lie_of(tp, ASKED_STATUS);
	const int status = loop_transport.status(tp);

	if (!lie)
		return status;
	return lie->answer == ANSWER_FAIL ? failure(lie) : (int)answer(lie, (uint64_t)status);
}

static int hostile_set_status(struct transport *tp, uint8_t status)
{
	const struct device_lie *lie = status ? NULL : lie_of(tp, ASKED_RESET);

	return lie ? failure(lie) : loop_transport.set_status(tp, status);
}

static int hostile_config_read(struct transport *tp, size_t off, void *dst, size_t len)
{
	const struct device_lie *lie = lie_of(tp, ASKED_CONFIG);
	const int rc = loop_transport.config_read(tp, off, dst, len);

	if (!lie || off > lie->off || lie->off + (size_t)lie->size > off + len)
		return rc;
	if (lie->answer == ANSWER_FAIL)
		return failure(lie);
	memcpy((uint8_t *)dst + lie->off - off, &lie->value, lie->size);
	return rc;
}

static int hostile_queue_size_max(struct transport *tp, uint16_t index, uint16_t *entries)
{
	const struct device_lie *lie = lie_of(tp, ASKED_QUEUE_SIZE);
	const int rc = loop_transport.queue_size_max(tp, index, entries);

	if (!lie)
		return rc;
	if (lie->answer == ANSWER_FAIL)
		return failure(lie);
	*entries = (uint16_t)lie->value;
	return rc;
}

static int hostile_queue_enable(struct transport *tp, const struct ring_place *ring,
				struct doorbell *db)
{
	const struct device_lie *lie = lie_of(tp, ASKED_QUEUE);

	if (lie && lie->value == ring->index)
		return err_set(ERR_DEVICE_TIMEOUT, lie->rc, "hostile: %s", lie->what);
	return loop_transport.queue_enable(tp, ring, db);
}

static int hostile_map(struct transport *tp, const struct vio_region *region, uint64_t *bias)
{
	const struct device_lie *lie = lie_of(tp, ASKED_MAP);

	return lie ? failure(lie) : loop_transport.map(tp, region, bias);
}

static const struct device_lie *device_find(const char *name)
{
	for (size_t i = 0; i < n_device_lies; i++)
		if (!strcmp(device_lies[i].name, name))
			return &device_lies[i];
	return NULL;
}

static int take_options(struct address *addr, struct mischief *m)
{
	const char *name = address_take(addr, "lie");
	int rc = address_take_number(addr, "at", 0, UINT32_MAX, &m->at);

	if (rc >= 0)
		rc = address_take_bool(addr, "always", &m->always);
	if (rc < 0 || !name)
		return rc;
	m->lie = ring_lie_find(name);
	m->device = device_find(name);
	if (m->lie || m->device)
		return 0;
	return err_set(ERR_ADDR_VALUE, -EINVAL, "hostile: lie=%s", name);
}

static int hostile_open(struct address *addr, uint32_t timeout_ms, struct transport **out)
{
	struct mischief *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "hostile: no memory");
	rc = take_options(addr, m);
	if (rc >= 0)
		rc = loop_transport.open(addr, timeout_ms, out);
	if (rc < 0) {
		free(m);
		return rc;
	}
	m->fault.arg = m;
	if (m->lie) {
		m->fault.word = tell_word;
		m->fault.bytes = tell_bytes;
	}
	(*out)->ops = &ops;
	loop_of(*out)->fault = &m->fault;
	return 0;
}

static void hostile_close(struct transport *tp)
{
	struct mischief *m = mischief_of(loop_of(tp));

	loop_transport.close(tp);
	free(m);
}

void hostile_init(void)
{
	ops = loop_transport;
	ops.scheme = "hostile";
	ops.open = hostile_open;
	ops.close = hostile_close;
	ops.features = hostile_features;
	ops.status = hostile_status;
	ops.set_status = hostile_set_status;
	ops.config_read = hostile_config_read;
	ops.queue_size_max = hostile_queue_size_max;
	ops.queue_enable = hostile_queue_enable;
	ops.map = hostile_map;
}

/* In place of drivers/drivers.c: what this program is made of. */
const struct transport_ops *const transports[] = { &loop_transport, &ops, NULL };

const struct port_scheme port_schemes[] = {
	{ "loop", &loop_transport.help, &virtio_driver },
	{ "hostile", &loop_transport.help, &virtio_driver },
	{ NULL, NULL, NULL },
};

struct vio_loop *vio_port_loop(struct vio_port *port)
{
	return loop_of(virtio_transport(port));
}
