/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctrl.h"

#include <errno.h>
#include <string.h>

#include "../../lib/base/clock.h"
#include "../../lib/base/err.h"
#include "../../lib/mem/mem.h"

#define PARTS_MAX (CTRL_PIECES_MAX + 2u) /* header, data, acknowledgement */

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

void ctrl_renew(struct ctrl *c)
{
	vring_reset(&c->ring, c->mode);
	c->dead = false;
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

/*
 * Header, each piece of data and acknowledgement stand in descriptors of their own: legacy devices
 * insist on it ("Legacy Interface: Framing Requirements"), and QEMU takes a MAC table only so.
 */
static uint16_t post(struct ctrl *c, const struct ctrl_piece *pieces, unsigned int n_pieces,
		     uint16_t *slots)
{
	struct ctrl_block *b = c->block;
	struct chain_part parts[PARTS_MAX];
	uint8_t *data = b->data;
	uint16_t n = 0;

	parts[n++] = (struct chain_part){ (uintptr_t)&b->hdr, sizeof(b->hdr), false };
	for (unsigned int i = 0; i < n_pieces; i++) {
		memcpy(data, pieces[i].data, pieces[i].len);
		parts[n++] = (struct chain_part){ (uintptr_t)data, (uint32_t)pieces[i].len, false };
		data += pieces[i].len;
	}
	parts[n++] = (struct chain_part){ (uintptr_t)&b->ack, sizeof(b->ack), true };
	vring_post_chain(&c->ring, parts, n, slots, c->mode);
	for (uint16_t i = 0; i < n; i++)
		c->ring.cookie[slots[i]] = i ? COOKIE_TAIL : COOKIE_HEAD(n - 1);
	if (vring_publish(&c->ring, c->mode))
		vring_kick(&c->ring);
	return n;
}

static int check_fits(const struct ctrl *c, const struct ctrl_piece *pieces, unsigned int n)
{
	size_t len = 0;

	for (unsigned int i = 0; i < n; i++)
		len += pieces[i].len;
	if (n <= CTRL_PIECES_MAX && len <= CTRL_DATA_MAX && n + 2u <= c->ring.entries)
		return 0;
	return err_set(ERR_OPTS, -EINVAL,
		       "control queue: a command of %zu bytes in %u pieces does not fit a ring of "
		       "%u",
		       len, n, c->ring.entries);
}

/* The device completed @head, or nothing that makes sense: what it does later is of no interest any
 * more, but its buffers stay, as it may still write them. */
static int die(struct ctrl *c, uint8_t class, uint8_t command, int64_t head)
{
	c->dead = true;
	if (head == -ETIMEDOUT)
		return err_set(ERR_DEVICE_TIMEOUT, -ETIMEDOUT,
			       "control queue: no answer to command %u.%u within %u ms", class,
			       command, c->timeout_ms);
	return err_set(ERR_QUEUE_BROKEN, -EPROTO,
		       "control queue: the device completed what was not posted");
}

int ctrl_send(struct ctrl *c, uint8_t class, uint8_t command, const struct ctrl_piece *pieces,
	      unsigned int n_pieces)
{
	struct ctrl_block *b = c->block;
	uint16_t slots[PARTS_MAX], n;
	int64_t head;
	uint8_t ack;
	int rc;

	if (c->dead)
		return err_set(ERR_DEVICE_TIMEOUT, -ETIMEDOUT,
			       "control queue: an earlier command was never answered");
	rc = check_fits(c, pieces, n_pieces);
	if (rc < 0)
		return rc;
	b->hdr = (struct ctrl_hdr){ class, command };
	ring_store(&b->ack, ACK_NONE);
	n = post(c, pieces, n_pieces, slots);
	head = wait_used(c);
	if (head != slots[0])
		return die(c, class, command, head);
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

	return ctrl_send(c, CTRL_CLASS_MQ, CTRL_MQ_VQ_PAIRS,
			 &(struct ctrl_piece){ &data, sizeof(data) }, 1);
}
