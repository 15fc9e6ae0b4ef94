/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TESTS_UNIT_APP_FRAME_RIG_H
#define TESTS_UNIT_APP_FRAME_RIG_H

#include "../../cases.h"

#include "../../../apps/vio/check.h"

/* One frame as it is sent, and what its receiver knows of it. */
static uint8_t buffer[4096];

struct rig {
	struct sizes sizes;
	struct frame_spec spec;
	struct frames frames;
	struct check_id id;
	struct vio_pkt pkt;
};

/* What is sent. */
struct kind {
	const char *what, *size;
	bool v6;
	unsigned int vlans;
	enum frame_proto proto;
	const char *vxlan;
};

static inline void rig_make(struct rig *r, const struct kind *k)
{
	struct frame_cursor cursor = { 0 };
	struct why why;

	assert_true(sizes_parse(k->size, &r->sizes, &why));
	r->spec = (struct frame_spec){ .flow = { .v6 = k->v6,
						 .proto = k->proto,
						 .sport = FIELD_ONE(1024),
						 .dport = FIELD_ONE(9),
						 .src_mac = FIELD_ONE(0x020000000001),
						 .dst_mac = FIELD_ONE(0x020000000002),
						 .vlans = { k->vlans,
							    { FIELD_ONE(100), FIELD_ONE(200) } },
						 .outer_ports = k->vxlan },
				       .sizes = &r->sizes };
	assert_true(field_read_ips(k->v6 ? "2001:2::1" : "198.18.0.1", &r->spec.flow.src, &why));
	assert_true(field_read_ips(k->v6 ? "2001:2::2" : "198.18.0.2", &r->spec.flow.dst, &why));
	assert_true(!k->vxlan || vxlan_read(k->vxlan, &r->spec.style.vxlan, &why));
	assert_true(frames_init(&r->frames, &r->spec, &why));
	check_id_init(&r->id, &r->spec, &r->frames);
	r->pkt = (struct vio_pkt){ .data = buffer };
	frames_build(&r->frames, &cursor, &r->pkt, 1, 5, 123456, 1700000000987654321u);
}

static inline void rig_init(struct rig *r, const char *size, bool v6, unsigned int vlans)
{
	rig_make(r, &(struct kind){ .size = size, .v6 = v6, .vlans = vlans });
}

static inline void rig_fini(struct rig *r)
{
	frames_fini(&r->frames);
	sizes_free(&r->sizes);
}

#endif
