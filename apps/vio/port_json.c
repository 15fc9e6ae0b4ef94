/* SPDX-License-Identifier: BSD-3-Clause */
#include "port_json.h"

#include <stdio.h>
#include <vio/loop.h>

#include "document.h"

static json_t *features_json(const struct vio_features *f)
{
	json_t *list = json_array();

	for (unsigned int bit = 0; bit < 128; bit++) {
		const char *name = vio_feature_name(bit);
		char number[16];

		if (!vio_feature_in(f, bit))
			continue;
		snprintf(number, sizeof(number), "bit%u", bit);
		json_array_append_new(list, json_string(name ? name : number));
	}
	return list;
}

static json_t *stats_json(const struct vio_queue_stats *s)
{
	json_t *o = json_object();

#define X(name, what) json_object_set_new(o, #name, json_integer((json_int_t)s->name));
	VIO_QUEUE_STATS(X)
#undef X
	return o;
}

static void stats_add(struct vio_queue_stats *sum, const struct vio_queue_stats *s)
{
#define X(name, what) sum->name += s->name;
	VIO_QUEUE_STATS(X)
#undef X
}

/* All queues of a direction together. */
static json_t *queues_json(struct vio_port *port, uint16_t queues, bool rx)
{
	struct vio_queue_stats sum = { 0 }, s;

	for (uint16_t i = 0; i < queues; i++) {
		if (rx)
			vio_rxq_stats(vio_port_rxq(port, i), &s);
		else
			vio_txq_stats(vio_port_txq(port, i), &s);
		stats_add(&sum, &s);
	}
	return stats_json(&sum);
}

static json_t *loop_json(const struct vio_loop *loop)
{
	struct vio_loop_stats s;
	const char *first = NULL;
	uint64_t violations = vio_loop_violations(loop, &first);
	json_t *o;

	vio_loop_stats(loop, &s);
	o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "in", (json_int_t)s.in, "out",
		      (json_int_t)s.out, "lost", (json_int_t)s.lost, "duplicated",
		      (json_int_t)s.duplicated, "reordered", (json_int_t)s.reordered, "corrupted",
		      (json_int_t)s.corrupted, "no_buffer", (json_int_t)s.no_buffer, "violations",
		      (json_int_t)violations);
	if (violations && first)
		json_object_set_new(o, "first_violation", json_any_text(first));
	return o;
}

json_t *port_json(struct vio_port *port)
{
	struct vio_port_info i;
	json_t *o = json_object();
	char mac[24];
	int packed = vio_feature_bit("packed");
	struct vio_loop *loop = vio_port_loop(port);

	vio_port_info(port, &i);
	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", i.mac[0], i.mac[1], i.mac[2],
		 i.mac[3], i.mac[4], i.mac[5]);
	json_object_set_new(o, "uri", json_any_text(i.address));
	json_object_set_new(o, "transport", json_string(i.transport));
	if (i.backend && *i.backend)
		json_object_set_new(o, "backend", json_any_text(i.backend));
	json_object_set_new(
		o, "ring",
		json_string(packed >= 0 && vio_feature_in(&i.taken, (unsigned int)packed)
				    ? "packed"
				    : "split"));
	json_object_set_new(o, "size", json_integer(i.entries));
	json_object_set_new(o, "queues", json_integer(i.queues));
	json_object_set_new(o, "queues_max", json_integer(i.queues_max));
	json_object_set_new(o, "features", features_json(&i.taken));
	json_object_set_new(o, "features_offered", features_json(&i.offered));
	json_object_set_new(o, "rx_variant", json_string(i.rx_variant));
	json_object_set_new(o, "tx_variant", json_string(i.tx_variant));
	json_object_set_new(o, "net_hdr_bytes", json_integer(i.net_hdr_len));
	json_object_set_new(o, "mac", json_string(mac));
	json_object_set_new(o, "mtu", json_integer(i.mtu));
	json_object_set_new(o, "link_up", json_boolean(i.link_up));
	json_object_set_new(o, "rx_frame_max_bytes", json_integer(i.rx_frame_max));
	if (i.speed_mbps)
		json_object_set_new(o, "speed_mbps", json_integer(i.speed_mbps));
	if (i.duplex != VIO_DUPLEX_UNKNOWN)
		json_object_set_new(o, "duplex",
				    json_string(i.duplex == VIO_DUPLEX_FULL ? "full" : "half"));
	json_object_set_new(o, "ring_bytes", json_integer((json_int_t)i.ring_bytes));
	json_object_set_new(o, "private_bytes", json_integer((json_int_t)i.private_bytes));
	json_object_set_new(o, "rx", queues_json(port, i.queues, true));
	json_object_set_new(o, "tx", queues_json(port, i.queues, false));
	if (loop)
		json_object_set_new(o, "loop", loop_json(loop));
	return o;
}
