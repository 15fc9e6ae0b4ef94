/* SPDX-License-Identifier: BSD-3-Clause */
#include "loop_rig.h"

#include <stdio.h>

#define RIG_BYTES (RIG_BUFS * RIG_BUF_BYTES + (1u << 20))

static void open_region(struct rig *r)
{
	struct vio_region_opts opts = { .size = sizeof(opts),
					.bytes = RIG_BYTES,
					.page = VIO_PAGE_NORMAL };

	assert_int_equal(vio_region_open(&opts, &r->region), 0);
	r->bufs = region_alloc(r->region, (size_t)RIG_BUFS * RIG_BUF_BYTES, 4096);
	assert_non_null(r->bufs);
}

static void open_device(struct rig *r, const char *address)
{
	struct address addr;
	uint64_t bias = 1;

	assert_int_equal(address_parse(address, &addr), 0);
	assert_int_equal(loop_transport.open(&addr, 1000, &r->tp), 0);
	assert_int_equal(address_finish(&addr), 0);
	address_free(&addr);
	r->loop = loop_of(r->tp);
	assert_int_equal(loop_transport.map(r->tp, r->region, &bias), 0);
	assert_int_equal(bias, 0);
}

static void choose(struct rig *r, const uint8_t *bits)
{
	r->taken = (struct vio_features){ 0 };
	features_add(&r->taken, F_VERSION_1);
	for (; bits && *bits; bits++)
		features_add(&r->taken, *bits - 1u);
	r->packed = features_have(&r->taken, F_RING_PACKED);
	r->hdr_len = NET_HDR_LEN_BASE;
	if (features_have(&r->taken, NET_F_HASH_REPORT))
		r->hdr_len = NET_HDR_LEN_HASH;
	if (features_have(&r->taken, NET_F_HOST_UDP_TUNNEL_GSO))
		r->hdr_len = NET_HDR_LEN_TUNNEL;
}

void rig_open(struct rig *r, const char *address, const uint8_t *bits, enum rig_level level,
	      uint16_t entries)
{
	*r = (struct rig){ 0 };
	open_region(r);
	open_device(r, address);
	choose(r, bits);
	if (level >= RIG_DRIVER) {
		loop_transport.set_status(r->tp, 0);
		loop_transport.set_status(r->tp, STATUS_ACKNOWLEDGE);
		loop_transport.set_status(r->tp, STATUS_ACKNOWLEDGE | STATUS_DRIVER);
	}
	if (level >= RIG_FEATURES) {
		loop_transport.accept(r->tp, &r->taken);
		loop_transport.set_status(r->tp, 11);
		assert_int_equal(loop_transport.status(r->tp), 11);
	}
	if (level >= RIG_QUEUED) {
		assert_int_equal(rig_enable(r, 0, entries), 0);
		assert_int_equal(rig_enable(r, 1, entries), 0);
	}
	if (level >= RIG_QUEUED && features_have(&r->taken, NET_F_CTRL_VQ))
		assert_int_equal(rig_enable(r, 2, 16), 0);
	if (level >= RIG_LIVE)
		loop_transport.set_status(r->tp, 15);
}

void rig_close(struct rig *r)
{
	loop_transport.set_status(r->tp, 0);
	loop_transport.close(r->tp);
	for (unsigned int i = 0; i < RIG_QUEUES; i++) {
		region_free(r->region, r->q[i].place.desc);
		region_free(r->region, r->q[i].place.driver);
		region_free(r->region, r->q[i].place.device);
	}
	region_free(r->region, r->bufs);
	assert_int_equal(vio_region_close(r->region), 0);
}

void rig_rules_kept(struct rig *r)
{
	const char *first = "";
	uint64_t n = vio_loop_violations(r->loop, &first);

	if (n)
		fail_msg("%llu violations: %s", (unsigned long long)n, first);
}

void rig_place(struct rig *r, uint16_t i, uint16_t entries)
{
	struct rig_ring *q = &r->q[i];

	q->n = entries;
	q->wrap = q->used_wrap = true;
	q->place = (struct ring_place){
		.index = i,
		.entries = entries,
		.packed = r->packed,
		.desc = region_alloc(r->region, 16u * entries + 16u, 64),
		.driver = region_alloc(r->region, 2u * entries + 64u, 64),
		.device = region_alloc(r->region, 8u * entries + 64u, 64),
	};
	assert_non_null(q->place.device);
	q->slots = q->place.desc;
	q->desc = q->place.desc;
	q->driver = q->place.driver;
	q->avail = q->place.driver;
	q->device = q->place.device;
	q->used = q->place.device;
}

int rig_enable(struct rig *r, uint16_t i, uint16_t entries)
{
	rig_place(r, i, entries);
	return loop_transport.queue_enable(r->tp, &r->q[i].place, &r->q[i].db);
}

uint8_t *rig_buf(struct rig *r, unsigned int i)
{
	return r->bufs + (size_t)i * RIG_BUF_BYTES;
}

uint64_t rig_addr(struct rig *r, unsigned int i)
{
	return (uintptr_t)rig_buf(r, i);
}

void rig_desc(struct rig *r, uint16_t qi, uint16_t at, uint64_t addr, uint32_t len, uint16_t flags,
	      uint16_t next)
{
	struct rig_ring *q = &r->q[qi];

	if (r->packed) {
		q->slots[at].addr = le64_from(addr);
		q->slots[at].len = le32_from(len);
		q->slots[at].id = le16_from(next);
		ring_store_release(
			&q->slots[at].flags,
			le16_from((uint16_t)(flags ^ (q->wrap ? PACKED_AVAIL : PACKED_USED))));
	} else {
		q->desc[at] = (struct split_desc){ le64_from(addr), le32_from(len),
						   le16_from(flags), le16_from(next) };
	}
}

void rig_avail(struct rig *r, uint16_t qi, uint16_t head)
{
	struct rig_ring *q = &r->q[qi];

	if (r->packed)
		return;
	ring_store(&q->avail->ring[q->next++ & (q->n - 1)], le16_from(head));
	ring_store_release(&q->avail->idx, le16_from(q->next));
}

void rig_post(struct rig *r, uint16_t qi, unsigned int buf, uint32_t len, bool writable)
{
	struct rig_ring *q = &r->q[qi];
	uint16_t at = (uint16_t)(q->next % q->n);

	rig_desc(r, qi, at, rig_addr(r, buf), len, writable ? DESC_WRITE : 0, r->packed ? at : 0);
	rig_avail(r, qi, at);
	if (r->packed && ++q->next == q->n) {
		q->next = 0;
		q->wrap = !q->wrap;
	}
}

void rig_command(struct rig *r, uint16_t q, uint32_t len, uint32_t ack_len)
{
	memset(rig_buf(r, 0), 0, len);
	rig_desc(r, q, 1, rig_addr(r, 1), ack_len, DESC_WRITE, 0);
	rig_desc(r, q, 0, rig_addr(r, 0), len, DESC_NEXT, r->packed ? 0 : 1);
	rig_avail(r, q, 0);
	r->q[q].db.ring(&r->q[q].db);
}

static bool used_split(struct rig_ring *q, uint32_t *id, uint32_t *len)
{
	const struct split_used_elem *e = &q->used->ring[q->used_next & (q->n - 1)];

	if (le16_to(ring_load_acquire(&q->used->idx)) == q->used_next)
		return false;
	*id = le32_to(e->id);
	*len = le32_to(e->len);
	q->used_next++;
	return true;
}

static bool used_packed(struct rig_ring *q, uint32_t *id, uint32_t *len)
{
	const struct packed_desc *d = &q->slots[q->used_next];
	uint16_t flags = le16_to(ring_load_acquire(&d->flags));

	if (!!(flags & PACKED_AVAIL) != q->used_wrap || !!(flags & PACKED_USED) != q->used_wrap)
		return false;
	*id = le16_to(d->id);
	*len = le32_to(d->len);
	if (++q->used_next == q->n) {
		q->used_next = 0;
		q->used_wrap = !q->used_wrap;
	}
	return true;
}

bool rig_used(struct rig *r, uint16_t qi, uint32_t *id, uint32_t *len)
{
	return r->packed ? used_packed(&r->q[qi], id, len) : used_split(&r->q[qi], id, len);
}

void rig_frame(struct rig *r, unsigned int buf, uint32_t len, uint32_t mark)
{
	uint8_t *p = rig_buf(r, buf);

	memset(p, 0, r->hdr_len);
	for (uint32_t i = 0; i < len; i++)
		p[r->hdr_len + i] = (uint8_t)(mark + i);
	memcpy(p + r->hdr_len, &mark, sizeof(mark));
}

uint32_t rig_mark(struct rig *r, unsigned int buf)
{
	uint32_t mark;

	memcpy(&mark, rig_buf(r, buf) + r->hdr_len, sizeof(mark));
	return mark;
}

void rig_add(struct rig_list *l, const char *name, CMUnitTestFunction fn, const void *entry)
{
	struct CMUnitTest *t = &l->tests[l->n];

	assert_true(l->n < RIG_TESTS_MAX);
	snprintf(l->names[l->n], sizeof(l->names[0]), "%s", name);
	*t = (struct CMUnitTest){ l->names[l->n++], fn, NULL, NULL, (void *)(uintptr_t)entry };
}

int rig_run(struct rig_list *l, const char *name)
{
	return _cmocka_run_group_tests(name, l->tests, l->n, NULL, NULL);
}
