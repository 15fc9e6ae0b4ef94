/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctrl.h"

#include <errno.h>
#include <string.h>

#include "../../lib/base/clock.h"
#include "../../lib/base/err.h"
#include "../../lib/mem/mem.h"

#define CTRL_DATA_MAX 256

struct ctrl_block {
	struct ctrl_hdr hdr;
	uint8_t ack;
	uint8_t data[CTRL_DATA_MAX];
};

#define ACK_NONE 0xff /* neither OK nor ERR */

int ctrl_init(struct ctrl *c, struct vio_region *region, const struct vring_opts *opts,
	      uint32_t timeout_ms, struct ring_place *place)
{
	int rc;

	*c = (struct ctrl){
		.mode = { .packed = opts->packed, .in_order = opts->in_order },
		.timeout_ms = timeout_ms,
	};
	c->block = region_alloc(region, sizeof(*c->block), CACHE_LINE);
	if (!c->block)
		return -ENOMEM;
	rc = vring_init(&c->ring, region, opts, place);
	if (rc < 0)
		region_free(region, c->block);
	return rc;
}

void ctrl_fini(struct ctrl *c)
{
	struct vio_region *region = c->ring.region;

	vring_fini(&c->ring);
	region_free(region, c->block);
}

/* Wait for the one command in flight. Return: its head as the device wrote it, or a negative errno.
 */
static int64_t wait_used(struct ctrl *c)
{
	const struct deadline end = deadline_in(c->timeout_ms);
	struct used u;

	for (unsigned int round = 0;; round++) {
		int rc = vring_take_one(&c->ring, &u, 0, c->mode);

		if (rc)
			return rc < 0 ? rc : (int64_t)u.id;
		if (deadline_passed(end))
			return -ETIMEDOUT;
		clock_pause(round);
	}
}

/* Three descriptors, header, data, acknowledgement: older devices insist on it. */
static uint16_t post(struct ctrl *c, size_t len, uint16_t *slots)
{
	struct ctrl_block *b = c->block;
	struct chain_part parts[3];
	uint16_t n = 0;

	parts[n++] = (struct chain_part){ (uintptr_t)&b->hdr, sizeof(b->hdr), false };
	if (len)
		parts[n++] = (struct chain_part){ (uintptr_t)b->data, (uint32_t)len, false };
	parts[n++] = (struct chain_part){ (uintptr_t)&b->ack, sizeof(b->ack), true };
	vring_post_chain(&c->ring, parts, n, slots, c->mode);
	for (uint16_t i = 0; i < n; i++)
		c->ring.cookie[slots[i]] = i ? COOKIE_TAIL : n - 1u;
	if (vring_publish(&c->ring, c->mode))
		vring_kick(&c->ring);
	return n;
}

int ctrl_send(struct ctrl *c, uint8_t class, uint8_t command, const void *data, size_t len)
{
	struct ctrl_block *b = c->block;
	uint16_t slots[3], n;
	int64_t head;
	uint8_t ack;

	if (c->dead)
		return err_set(ERR_DEVICE_TIMEOUT, -ETIMEDOUT,
			       "control queue: an earlier command was never answered");
	if (len > sizeof(b->data) || c->ring.entries < 3)
		return err_set(ERR_OPTS, -EINVAL,
			       "control queue: command of %zu bytes does not fit a ring of %u", len,
			       c->ring.entries);
	b->hdr = (struct ctrl_hdr){ class, command };
	ring_store(&b->ack, ACK_NONE);
	if (len)
		memcpy(b->data, data, len);
	n = post(c, len, slots);
	head = wait_used(c);
	if (head != slots[0]) {
		c->dead = true;
		return head == -ETIMEDOUT
			       ? err_set(ERR_DEVICE_TIMEOUT, -ETIMEDOUT,
					 "control queue: no answer to command %u.%u within %u ms",
					 class, command, c->timeout_ms)
			       : err_set(ERR_QUEUE_BROKEN, -EPROTO,
					 "control queue: the device completed what was not posted");
	}
	for (uint16_t i = 0; i < n; i++)
		c->ring.cookie[slots[i]] = COOKIE_FREE;
	ack = ring_load(&b->ack);
	if (ack != CTRL_OK)
		return err_set(ERR_CTRL_REFUSED, -EIO,
			       "control queue: command %u.%u was answered with %u", class, command,
			       ack);
	return 0;
}

int ctrl_set_pairs(struct ctrl *c, uint16_t pairs)
{
	const le16 data = le16_from(pairs);

	return ctrl_send(c, CTRL_CLASS_MQ, CTRL_MQ_VQ_PAIRS, &data, sizeof(data));
}
