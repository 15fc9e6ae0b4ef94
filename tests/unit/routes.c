/* SPDX-License-Identifier: BSD-3-Clause */
#include "routes.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../drivers/virtio/feature_bits.h"

#define OFFERED     (UINT64_MAX & ~BIT64(NET_F_MQ))
#define PROTOCOL    BIT64(30) /* VHOST_USER_F_PROTOCOL_FEATURES */
#define FRAME_BYTES 60u

const struct route_mode route_modes[ROUTE_MODES] = {
#define RX(what, bits, rx, tx) \
	{ \
		what, bits, rx, tx \
	}
#define KIND(what, bits, name) \
	RX(what, bits, "rx_" name, "tx_" name), \
		RX(what ", offload", (bits) | BIT64(NET_F_GUEST_CSUM), "rx_" name "_offload", \
		   "tx_" name), \
		RX(what ", mergeable", (bits) | BIT64(NET_F_MRG_RXBUF), "rx_" name "_mrg_offload", \
		   "tx_" name)
	KIND("split", 0, "split"),
	KIND("split in order", BIT64(F_IN_ORDER), "split_in_order"),
	KIND("packed", BIT64(F_RING_PACKED), "packed"),
	KIND("packed in order", BIT64(F_RING_PACKED) | BIT64(F_IN_ORDER), "packed_in_order"),
#undef KIND
#undef RX
};

static struct feature_wishes wishes_of(const struct route_mode *mode)
{
	const uint64_t on = mode->bits | BIT64(F_VERSION_1);

	return (struct feature_wishes){ .on = { { on } }, .off = { { ~on, UINT64_MAX } } };
}

static void open_address(struct route *w, const struct route_mode *mode, const char *address)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts pool =
		VIO_OPTS(struct vio_pool_opts, .buffers = 1024, .region_opts = &pages);
	const struct feature_wishes wishes = wishes_of(mode);
	const struct vio_port_opts opts =
		VIO_OPTS(struct vio_port_opts, .entries = ROUTE_ENTRIES, .features_on = wishes.on,
			 .features_off = wishes.off);

	assert_int_equal(vio_pool_open(&pool, &w->pool), 0);
	if (vio_port_open(address, w->pool, &opts, &w->pub) < 0)
		fail_msg("%s", vio_error_text());
	w->port = container_of(w->pub, struct virtio_port, pub);
}

static void close_address(struct route *w)
{
	vio_port_close(w->pub);
	assert_int_equal(vio_pool_close(w->pool), 0);
}

static void open_loop(struct route *w, const struct route_mode *mode)
{
	open_address(w, mode, "loop:sink");
}

static void open_vhost(struct route *w, const struct route_mode *mode)
{
	const struct fake_script script = { .features = OFFERED | PROTOCOL, .queues = 1 };
	char address[128];

	snprintf(w->dir, sizeof(w->dir), "/tmp/vio-routes-XXXXXX");
	assert_non_null(mkdtemp(w->dir));
	snprintf(w->path, sizeof(w->path), "%s/s", w->dir);
	snprintf(address, sizeof(address), "vhost-user:%s", w->path);
	fake_listen(&w->backend, w->path, &script);
	open_address(w, mode, address);
}

static void close_vhost(struct route *w)
{
	close_address(w);
	fake_stop(&w->backend);
	assert_string_equal(w->backend.violation, "");
	assert_int_equal(rmdir(w->dir), 0);
}

static void open_pci(struct route *w, const struct route_mode *mode)
{
	fake_modern(&w->pci, OFFERED);
	w->tp = pci_bench_transport(&w->pci);
	port_bench_open(&w->bench, w->tp, 1, ROUTE_ENTRIES);
	w->port = w->bench.port;
	w->pool = w->bench.pool;
	w->port->wishes = wishes_of(mode);
	if (device_start(w->port) < 0)
		fail_msg("%s", vio_error_text());
}

static void close_pci(struct route *w)
{
	device_stop(w->port);
	pci_bench_close(&w->bench, w->tp, &w->pci);
}

static const struct {
	const char *name;
	void (*open)(struct route *w, const struct route_mode *mode);
	void (*close)(struct route *w);
} routes[] = {
	{ "loop", open_loop, close_address },
	{ "vhost-user", open_vhost, close_vhost },
	{ "pci", open_pci, close_pci },
};

const char *route_name(size_t i)
{
	return i < ARRAY_SIZE(routes) ? routes[i].name : NULL;
}

void route_open(struct route *w, const char *name, const struct route_mode *mode)
{
	*w = (struct route){ .name = NULL };
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (!strcmp(routes[i].name, name)) {
			w->name = routes[i].name;
			routes[i].open(w, mode);
		}
	assert_non_null(w->name);
}

void route_close(struct route *w)
{
	for (size_t i = 0; i < ARRAY_SIZE(routes); i++)
		if (routes[i].name == w->name)
			routes[i].close(w);
}

void route_rig(const struct route *w, const struct route_mode *mode, bool tx, struct rig *rig)
{
	const unsigned int kind =
		2 * !!(mode->bits & BIT64(F_RING_PACKED)) + !!(mode->bits & BIT64(F_IN_ORDER));
	struct ring *r = tx ? &w->port->txq[0]->ring : &w->port->rxq[0]->ring;

	*rig = (struct rig){ .kind = &ring_kinds[kind],
			     .ring = r,
			     .avail_wrap = true,
			     .used_wrap = true,
			     .place = { .entries = (uint16_t)r->entries,
					.desc = r->desc.split,
					.driver = r->driver.avail,
					.device = r->device.used } };
}

void route_wish(struct rig *rig, bool kicks)
{
	struct ring *r = rig->ring;

	if (rig->kind->packed)
		ring_store(&r->device.event->flags,
			   le16_from(kicks ? PACKED_EVENT_ENABLE : PACKED_EVENT_DISABLE));
	else
		ring_store(&r->device.used->flags, le16_from(kicks ? 0 : USED_NO_NOTIFY));
}

void route_receive(const struct route *w, struct rig *rig, unsigned int n)
{
	const struct net_hdr hdr = { .num_buffers = le16_from(1) };
	struct offer offer;

	for (unsigned int i = 0; i < n; i++) {
		assert_true(rig_pop(rig, &offer));
		memcpy(offer.data - rig->ring->bias, &hdr, sizeof(hdr));
		rig_use(rig, offer.id, w->port->hdr_len + FRAME_BYTES, 1, 1);
	}
}

void route_transmit(struct rig *rig)
{
	struct offer offer;

	while (rig_pop(rig, &offer))
		rig_use(rig, offer.id, 0, 1, offer.slots);
}
