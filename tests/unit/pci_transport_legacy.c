/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "../../drivers/transport/pci/device.h"
#include "../../lib/base/err.h"
#include "pci_bench.h"
#include "ring_rig.h"

/* A legacy device: its registers, its rings, and packets that it moves. */

#define MRG   ((uint32_t)BIT64(NET_F_MRG_RXBUF))
#define PLAIN ((uint32_t)(BIT64(NET_F_MAC) | BIT64(F_ANY_LAYOUT)))

#define STATUS(old, now) R(LEGACY_STATUS, 1, old), W(LEGACY_STATUS, 1, now)
#define VENDOR           R(20, 1, 0x52), R(21, 1, 0x54), R(22, 1, 0)
#define MAC              VENDOR, R(23, 1, 1), R(24, 1, 2), R(25, 1, 3)
#define SIZE             R(LEGACY_QUEUE_SIZE, 2, 64), R(LEGACY_QUEUE_SIZE, 2, 64)
#define QUEUE(i)         W(LEGACY_QUEUE_SELECT, 2, i), SIZE, W(LEGACY_QUEUE_PFN, 4, ANY)

/* "Legacy Interface: Device Initialization": no FEATURES_OK, and the ring is as large as it is. */
static const struct pci_step bring_up[] = {
	W(LEGACY_STATUS, 1, 0),
	R(LEGACY_STATUS, 1, 0),
	STATUS(0, 1),
	STATUS(1, 3),
	R(LEGACY_HOST_FEATURES, 4, PLAIN | 1u << 30),
	W(LEGACY_GUEST_FEATURES, 4, PLAIN),
	MAC,
	MAC,
	QUEUE(0),
	QUEUE(1),
	STATUS(3, 7),
	W(LEGACY_QUEUE_NOTIFY, 2, 0), /* receive buffers are there */
};

static void comes_up(void **state)
{
	struct transport *tp;
	struct port_bench b;
	struct fake_pci f;

	(void)state;
	fake_legacy(&f, PLAIN | 1u << 30);
	tp = pci_bench_transport(&f);
	assert_true(f.dev.dma_limit == (UINT64_C(1) << 44) - 1);
	port_bench_open(&b, tp, 1, 0);
	fake_log_clear(&f);
	assert_int_equal(device_start(b.port), 0);
	pci_bench_steps(&f, bring_up, ARRAY_SIZE(bring_up));
	assert_int_equal(b.port->hdr_len, 10);
	assert_int_equal(b.port->entries, 64);
	assert_non_null(strstr(tp->ops->describe(tp), "legacy virtio over pci 0000:00:04.0"));
	device_stop(b.port);
	pci_bench_close(&b, tp, &f);
}

/* The ring of queue @q as the device finds it ("Legacy Interfaces: A Note on Virtqueue Layout"). */
static struct rig ring_seen(const struct fake_pci *f, const struct port_bench *b, unsigned int q)
{
	const size_t n = f->queue[q].size, used = (18 * n + 6 + 4095) / 4096 * 4096;
	struct vio_region_info info;
	char *at;

	vio_region_info(b->port->region, &info);
	at = (char *)info.base + (((uint64_t)f->queue[q].pfn << 12) - FAKE_BIAS);
	return (struct rig){ .kind = &ring_kinds[0],
			     .place = { .entries = (uint16_t)n,
					.desc = at,
					.driver = at + 16 * n,
					.device = at + used } };
}

/* Where the driver has what the device knows by this address. */
static char *memory_of(const struct port_bench *b, const char *address)
{
	struct vio_region_info info;

	vio_region_info(b->port->region, &info);
	return (char *)info.base + ((uintptr_t)address - FAKE_BIAS);
}

/* The device gives back what is sent, with a header of @hdr bytes. Return: frames. */
static unsigned int echo(struct rig *tx, struct rig *rx, const struct port_bench *b, uint32_t hdr)
{
	struct offer from, to;
	unsigned int n = 0;

	for (; rig_pop(tx, &from); n++) {
		char zero[12] = { 0 };
		char *data = memory_of(b, from.data), *into;

		assert_true(rig_pop(rx, &to));
		assert_true(to.flags & DESC_WRITE);
		into = memory_of(b, to.data);
		assert_memory_equal(data, zero, hdr);
		memcpy(into, data, from.len);
		if (hdr == 12)
			into[10] = 1; /* num_buffers */
		rig_use(tx, from.id, 0, 1, 1);
		rig_use(rx, to.id, from.len, 1, 1);
	}
	return n;
}

static void check_back(const struct vio_pkt *pkts, unsigned int n, unsigned int *next)
{
	for (unsigned int i = 0; i < n; i++, ++*next) {
		const uint8_t *data = pkts[i].data;

		assert_int_equal(pkts[i].len, 60 + *next % 1400);
		for (uint32_t j = 0; j < pkts[i].len; j++)
			assert_int_equal(data[j], (uint8_t)(*next + j));
	}
}

static void legacy_sized(struct fake_pci *f, uint32_t offered, uint16_t size)
{
	fake_legacy(f, offered);
	for (unsigned int i = 0; i < FAKE_QUEUES; i++)
		f->queue[i].size = size;
}

static const struct move_case {
	const char *what;
	uint32_t offered;
	uint16_t size, hdr;
} move_cases[] = {
	{ "packets with a header of 10 bytes", PLAIN, 256, 10 },
	{ "packets with a header of 12 bytes, for mergeable buffers", PLAIN | MRG, 256, 12 },
	{ "packets in rings of 16", PLAIN, 16, 10 },
	{ "packets in rings of 512 with an event index", PLAIN | 1u << 29, 512, 10 },
};

static void moves(void **state)
{
	const struct move_case *c = *state;
	unsigned int sent = 0, received = 0;
	struct vio_cache *cache;
	struct rig rx, tx;
	struct transport *tp;
	struct port_bench b;
	struct fake_pci f;

	legacy_sized(&f, c->offered, c->size);
	tp = pci_bench_transport(&f);
	port_bench_open(&b, tp, 1, 0);
	if (c->offered & MRG)
		features_add(&b.port->wishes.on, NET_F_MRG_RXBUF);
	assert_int_equal(device_start(b.port), 0);
	assert_int_equal(b.port->hdr_len, c->hdr);
	assert_int_equal(vio_cache_open(b.pool, &cache), 0);
	rx = ring_seen(&f, &b, 0);
	tx = ring_seen(&f, &b, 1);
	for (unsigned int round = 0; round < 500; round++) {
		struct vio_pkt pkts[8];
		uint16_t n = vio_pkt_get(cache, pkts, 8), taken;

		for (unsigned int i = 0; i < n; i++) {
			pkts[i].len = 60 + (sent + i) % 1400;
			for (uint32_t j = 0; j < pkts[i].len; j++)
				((uint8_t *)pkts[i].data)[j] = (uint8_t)(sent + i + j);
		}
		taken = vio_tx_burst(&b.port->txq[0]->pub, pkts, n);
		vio_pkt_put(cache, pkts + taken, (uint16_t)(n - taken));
		sent += taken;
		assert_int_equal(echo(&tx, &rx, &b, c->hdr), taken);
		n = vio_rx_burst(&b.port->rxq[0]->pub, pkts, 8);
		check_back(pkts, n, &received);
		vio_pkt_put(cache, pkts, n);
	}
	assert_int_equal(received, sent);
	assert_true(received > 3000);
	assert_true(f.n_knocks > 0);
	assert_true(f.knocks[0] < 2);
	vio_cache_close(cache);
	device_stop(b.port);
	pci_bench_close(&b, tp, &f);
}

static const struct bad_case {
	const char *what;
	uint32_t offered;
	struct fake_how how;
	bool translated;
	uint16_t size, entries;
	int rc;
	const char *id;
} bad_cases[] = {
	{ "a size is asked for that the device has", PLAIN, { 0 }, false, 64, 64, 0, NULL },
	{ "another size is asked for", PLAIN, { 0 }, false, 64, 32, -EINVAL, "VIO-DEV-06" },
	{ "the device has a size that can't be",
	  PLAIN,
	  { 0 },
	  false,
	  48,
	  0,
	  -EINVAL,
	  "VIO-DEV-06" },
	{ "there are no queues", PLAIN, { 0 }, false, 0, 0, -ENODEV, "VIO-DEV-08" },
	{ "the header wants a descriptor of its own",
	  1u << NET_F_MAC,
	  { 0 },
	  false,
	  64,
	  0,
	  -ENOTSUP,
	  "VIO-VPCI-06" },
	{ "there is an IOMMU", PLAIN, { 0 }, true, 64, 0, -ENOTSUP, "VIO-VPCI-04" },
	{ "the last page below 16 TiB is too near",
	  PLAIN,
	  { .further = (UINT64_C(1) << 44) - FAKE_BIAS - 4096 },
	  false,
	  64,
	  0,
	  -EINVAL,
	  "VIO-VPCI-06" },
	{ "memory lies above 16 TiB",
	  PLAIN,
	  { .further = UINT64_C(1) << 44 },
	  false,
	  64,
	  0,
	  -EINVAL,
	  "VIO-VPCI-06" },
	{ "memory lies across pages",
	  PLAIN,
	  { .further = 64 },
	  false,
	  64,
	  0,
	  -EINVAL,
	  "VIO-VPCI-06" },
	{ "the status does not become 0",
	  PLAIN,
	  { .reset_stuck = true, .status = 7 },
	  false,
	  64,
	  0,
	  -ETIMEDOUT,
	  "VIO-DEV-03" },
	{ "the configuration changes now and then",
	  PLAIN,
	  { .restless = 3 },
	  false,
	  64,
	  0,
	  0,
	  NULL },
};

static void goes_wrong(void **state)
{
	const struct bad_case *c = *state;
	struct transport *tp;
	struct port_bench b;
	struct fake_pci f;

	legacy_sized(&f, c->offered, c->size);
	f.dev.translated = c->translated;
	f.how = c->how;
	f.status = c->how.status;
	tp = pci_bench_transport(&f);
	port_bench_open(&b, tp, 1, c->entries);
	assert_int_equal(device_start(b.port), c->rc);
	if (c->rc < 0)
		assert_string_equal(vio_error_last()->id, c->id);
	else
		device_stop(b.port);
	f.how.reset_stuck = false;
	pci_bench_close(&b, tp, &f);
}

/* What is no legacy device. */
static const struct find_case {
	const char *what;
	uint8_t revision;
	uint64_t bar_bytes;
	bool memory;
	int rc;
} find_cases[] = {
	{ "I/O ports in BAR 0", 0, 32, false, 0 },
	{ "memory in BAR 0", 0, 4096, true, 0 },
	{ "a revision that is not 0", 1, 32, false, -ENOTSUP },
	{ "no BAR 0", 0, 0, false, -ENOTSUP },
	{ "a BAR 0 that is too short", 0, 16, false, -ENOTSUP },
};

static void finds(void **state)
{
	const struct find_case *c = *state;
	struct transport *tp = NULL;
	struct fake_pci f;

	fake_legacy(&f, PLAIN);
	f.space[PCI_REVISION_ID] = c->revision;
	f.dev.bar[0] = (struct pci_bar){ .bytes = c->bar_bytes, .io = !c->memory };
	assert_int_equal(pci_transport_make(&f.dev, 20, &tp), c->rc);
	if (c->rc == 0) {
		assert_true(tp->ops->legacy(tp));
		tp->ops->close(tp);
		return;
	}
	assert_null(tp);
	assert_string_equal(vio_error_last()->id, "VIO-VPCI-02");
}

/* A device with both kinds of registers is driven by the modern ones. */
static void transitional(void **state)
{
	struct transport *tp;
	struct fake_pci f;

	(void)state;
	fake_modern(&f, BIT64(F_VERSION_1));
	f.space[PCI_DEVICE_ID] = 0;
	f.space[PCI_DEVICE_ID + 1] = 0x10;
	f.space[PCI_SUBSYSTEM_ID] = VIRTIO_PCI_NET_SUBSYSTEM;
	f.space[PCI_SUBSYSTEM_ID + 1] = 0;
	f.dev.bar[0] = (struct pci_bar){ .bytes = 32, .io = true };
	tp = pci_bench_transport(&f);
	assert_ptr_equal(tp->ops, &virtio_pci_modern);
	tp->ops->close(tp);
}

/* With MSI-X the configuration stands 4 bytes further on, and returns when it is switched off. */
static void msix_shifts(void **state)
{
	struct transport_event ev;
	struct transport *tp;
	struct fake_pci f;
	uint16_t mtu = 0;

	(void)state;
	fake_legacy(&f, PLAIN);
	f.dev.msix = 3;
	tp = pci_bench_transport(&f);
	assert_int_equal(tp->ops->config_read(tp, 10, &mtu, 2), 0);
	assert_int_equal(le16_to(mtu), 1500);
	assert_int_equal(tp->ops->config_event(tp, &ev), 0);
	assert_int_equal(f.irq, PCI_IRQ_MSIX);
	assert_int_equal(f.config_vector, 0);
	fake_log_clear(&f);
	assert_int_equal(tp->ops->config_read(tp, 10, &mtu, 2), 0);
	assert_int_equal(f.log[0].off, 34);
	assert_int_equal(tp->ops->set_status(tp, 0), 0);
	assert_int_equal(f.irq, PCI_IRQ_NONE);
	fake_log_clear(&f);
	assert_int_equal(tp->ops->config_read(tp, 10, &mtu, 2), 0);
	assert_int_equal(f.log[0].off, 30);
	tp->ops->close(tp);
	assert_int_equal(f.wrong, 0);
}

/* A device that takes no vector is left with its line, and its registers where they were. */
static void msix_refused(void **state)
{
	struct transport_event ev;
	struct transport *tp;
	struct fake_pci f;
	uint16_t mtu;

	(void)state;
	fake_legacy(&f, PLAIN);
	f.dev.msix = 3;
	f.dev.intx = true;
	f.how.config_refused = true;
	tp = pci_bench_transport(&f);
	assert_int_equal(tp->ops->config_event(tp, &ev), 0);
	assert_true(ev.shared);
	assert_int_equal(f.irq, PCI_IRQ_NONE);
	fake_log_clear(&f);
	assert_int_equal(tp->ops->config_read(tp, 10, &mtu, 2), 0);
	assert_int_equal(f.log[0].off, 30);
	assert_int_equal(tp->ops->event_ack(tp), 0);
	tp->ops->close(tp);
	assert_int_equal(f.wrong, 0);
}

/* The address is set by writing it where it is read. */
static void sets_address(void **state)
{
	static const uint8_t mac[6] = { 2, 9, 8, 7, 6, 5 };
	struct transport *tp;
	struct fake_pci f;

	(void)state;
	fake_legacy(&f, PLAIN);
	tp = pci_bench_transport(&f);
	assert_int_equal(tp->ops->config_write(tp, 0, mac, sizeof(mac)), 0);
	assert_memory_equal(f.config, mac, sizeof(mac));
	assert_int_equal(tp->ops->config_write(tp, 43, mac, sizeof(mac)), -ENODATA);
	tp->ops->close(tp);
	assert_int_equal(f.wrong, 0);
}

static void never_still(void **state)
{
	struct transport *tp;
	struct fake_pci f;
	uint8_t mac[6];

	(void)state;
	fake_legacy(&f, PLAIN);
	tp = pci_bench_transport(&f);
	f.how.restless = 100000;
	assert_int_equal(tp->ops->config_read(tp, 0, mac, 6), -EIO);
	assert_string_equal(vio_error_last()->id, "VIO-VPCI-05");
	assert_true(f.accesses < 1000);
	assert_int_equal(tp->ops->config_read(tp, 43, mac, 2), -ENODATA);
	tp->ops->close(tp);
}

/* The device goes away before each access in turn; the last two are writes. */
static void goes_away(void **state)
{
	unsigned int accesses = UINT32_MAX;

	(void)state;
	for (unsigned int at = 0; at < accesses; at++) {
		struct transport *tp;
		struct port_bench b;
		struct fake_pci f;

		fake_legacy(&f, PLAIN);
		tp = pci_bench_transport(&f);
		port_bench_open(&b, tp, 1, 0);
		fake_log_clear(&f);
		f.how.gone_at = at;
		assert_int_equal(device_start(b.port), at ? -EIO : 0);
		if (!at) {
			accesses = f.accesses - 1;
			device_stop(b.port);
		}
		pci_bench_close(&b, tp, &f);
	}
}

int main(void)
{
	static struct case_list list;

	case_add(&list, "a device comes up, each register in turn", comes_up, NULL);
	CASES_ADD(&list, move_cases, moves);
	CASES_ADD(&list, bad_cases, goes_wrong);
	CASES_ADD(&list, find_cases, finds);
	case_add(&list, "modern registers are preferred", transitional, NULL);
	case_add(&list, "MSI-X moves the configuration", msix_shifts, NULL);
	case_add(&list, "MSI-X is refused", msix_refused, NULL);
	case_add(&list, "the address is written to the configuration", sets_address, NULL);
	case_add(&list, "the configuration never holds still", never_still, NULL);
	case_add(&list, "the device goes away before each access", goes_away, NULL);
	return case_run("pci_transport_legacy", &list);
}
