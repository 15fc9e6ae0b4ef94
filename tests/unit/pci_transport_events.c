/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../../drivers/transport/pci/device.h"
#include "../../drivers/virtio/vring.h"
#include "../../lib/base/err.h"
#include "../../lib/mem/mem.h"
#include "pci_bench.h"

/* Doorbells, and interrupts as events. */

struct setup {
	struct fake_pci f;
	struct transport *tp;
	struct vio_region *region;
};

/* A device that has @taken accepted and shares a region. */
static void setup_open(struct setup *s, uint64_t taken)
{
	const struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = 1 << 20, .page = VIO_PAGE_NORMAL);
	const struct vio_features bits = { { taken, 0 } };
	struct vio_features offered;
	uint64_t bias;

	assert_int_equal(vio_region_open(&opts, &s->region), 0);
	s->tp = pci_bench_transport(&s->f);
	assert_int_equal(s->tp->ops->set_status(s->tp, 0), 0);
	assert_int_equal(s->tp->ops->features(s->tp, &offered), 0);
	assert_int_equal(s->tp->ops->accept(s->tp, &bits), 0);
	assert_int_equal(s->tp->ops->map(s->tp, s->region, &bias), 0);
}

static void setup_close(struct setup *s)
{
	s->tp->ops->close(s->tp);
	assert_int_equal(s->f.wrong, 0);
	assert_int_equal(s->f.closes, 1);
	assert_int_equal(vio_region_close(s->region), 0);
}

/* A ring as queue @index, and its kick. */
struct kicked {
	struct ring ring;
	struct ring_place place;
};

static void kicked_init(struct setup *s, struct kicked *k, uint16_t index, bool packed)
{
	const struct vring_opts opts = { .entries = 64, .packed = packed };

	assert_int_equal(vring_init(&k->ring, s->region, &opts, &k->place), 0);
	k->place.index = index;
}

static const struct bell_case {
	const char *what;
	uint64_t taken;
	uint32_t multiplier;
	uint16_t index;
	bool packed, no_map;
	uint16_t position;
	bool wrap;
	/* what is written */
	uint32_t off, value;
	uint8_t width;
} bell_cases[] = {
	{ "the queue's number, at its own place", 0, 4, 3, false, false, 7, true, 12, 3, 2 },
	{ "the queue's number, where all have one place", 0, 0, 3, false, false, 7, true, 0, 3, 2 },
	{ "the queue's number, a page for each", 0, 1024, 3, false, false, 7, true, 3072, 3, 2 },
	{ "what the device wants to read instead", BIT64(F_NOTIF_CONFIG_DATA), 4, 3, false, false,
	  7, true, 12, FAKE_NOTIF(3), 2 },
	{ "the available index of a split ring too", BIT64(F_NOTIFICATION_DATA), 4, 3, false, false,
	  0x8123, true, 12, 0x81230003, 4 },
	{ "the position in a packed ring too, in its first lap", BIT64(F_NOTIFICATION_DATA), 4, 3,
	  true, false, 17, true, 12, 0x80110003, 4 },
	{ "the position in a packed ring too, in its second lap", BIT64(F_NOTIFICATION_DATA), 4, 3,
	  true, false, 17, false, 12, 0x00110003, 4 },
	{ "both together", BIT64(F_NOTIFICATION_DATA) | BIT64(F_NOTIF_CONFIG_DATA), 4, 3, true,
	  false, 17, true, 12, 0x80110000 | FAKE_NOTIF(3), 4 },
	{ "a register that can't be mapped", 0, 4, 3, false, true, 7, true, 12, 3, 2 },
	{ "a register that can't be mapped, with the position", BIT64(F_NOTIFICATION_DATA), 4, 3,
	  true, true, 17, false, 12, 0x00110003, 4 },
};

/* One store and nothing else; or one call, where there is nothing to store to. */
static void assert_knocked(const struct fake_pci *f, const struct bell_case *c)
{
	assert_int_equal(f->calls, c->no_map);
	assert_int_equal(f->n_log, c->no_map);
	if (!c->no_map)
		return;
	assert_true(f->log[0].write);
	assert_int_equal(f->log[0].off, FAKE_NOTIFY + c->off);
	assert_int_equal(f->log[0].width, c->width);
	assert_int_equal(f->log[0].value, c->value);
}

static void bells(void **state)
{
	const struct bell_case *c = *state;
	uint32_t memory[FAKE_WINDOW / 4] = { 0 };
	struct setup s;
	struct kicked k;

	fake_bare(&s.f, UINT64_MAX);
	fake_cap(&s.f, 16, VCAP_COMMON, FAKE_BAR, FAKE_COMMON, FAKE_WINDOW, 0);
	fake_cap(&s.f, 16, VCAP_ISR, FAKE_BAR, FAKE_ISR, 1, 0);
	fake_cap(&s.f, 20, VCAP_NOTIFY, FAKE_BAR, FAKE_NOTIFY, FAKE_WINDOW, c->multiplier);
	s.f.how.no_map = c->no_map;
	setup_open(&s, c->taken | BIT64(F_VERSION_1));
	kicked_init(&s, &k, c->index, c->packed);
	assert_int_equal(s.tp->ops->queue_enable(s.tp, &k.place, &k.ring.doorbell), 0);
	k.ring.post.shown = k.ring.post.at = c->position;
	k.ring.post.flags = packed_rest(0, c->wrap ? PACKED_AVAIL : PACKED_USED);
	if (!c->no_map)
		memcpy((char *)memory + c->off, &c->value, c->width);
	for (int beside = 0; beside < 2; beside++) {
		fake_log_clear(&s.f);
		memset(s.f.bell, 0, sizeof(s.f.bell));
		beside ? vring_kick_beside(&k.ring) : vring_kick(&k.ring);
		assert_knocked(&s.f, c);
		assert_memory_equal(s.f.bell, memory, sizeof(memory));
	}
	vring_fini(&k.ring);
	setup_close(&s);
}

static const struct outside_case {
	const char *what;
	uint64_t taken;
	uint32_t off, bytes, multiplier;
	uint16_t notify_off;
	int rc;
} outside_cases[] = {
	{ "the last doorbell", 0, FAKE_NOTIFY, 64, 2, 31, 0 },
	{ "one behind the last", 0, FAKE_NOTIFY, 64, 2, 32, -EINVAL },
	{ "one half inside", 0, FAKE_NOTIFY, 63, 2, 31, -EINVAL },
	{ "one far outside", 0, FAKE_NOTIFY, 64, 0xfffffffe, 0xffff, -EINVAL },
	{ "one at an odd address", 0, FAKE_NOTIFY, 64, 1, 1, -EINVAL },
	{ "the last of 32 bits", BIT64(F_NOTIFICATION_DATA), FAKE_NOTIFY, 64, 4, 15, 0 },
};

static void outside(void **state)
{
	const struct outside_case *c = *state;
	struct setup s;
	struct kicked k;

	fake_bare(&s.f, UINT64_MAX);
	fake_cap(&s.f, 16, VCAP_COMMON, FAKE_BAR, FAKE_COMMON, FAKE_WINDOW, 0);
	fake_cap(&s.f, 16, VCAP_ISR, FAKE_BAR, FAKE_ISR, 1, 0);
	fake_cap(&s.f, 20, VCAP_NOTIFY, FAKE_BAR, c->off, c->bytes, c->multiplier);
	s.f.queue[3].notify_off = c->notify_off;
	setup_open(&s, c->taken | BIT64(F_VERSION_1));
	kicked_init(&s, &k, 3, false);
	assert_int_equal(s.tp->ops->queue_enable(s.tp, &k.place, &k.ring.doorbell), c->rc);
	if (c->rc < 0) {
		assert_string_equal(vio_error_last()->id, "VIO-VPCI-02");
		assert_int_equal(s.f.queue[3].enable, 0);
	}
	vring_fini(&k.ring);
	setup_close(&s);
}

/* Queues 0, 2 and 4 ask, as receive queues do. @vector: the configuration's and theirs. */
static const struct event_case {
	const char *what;
	uint16_t msix, taken;
	bool intx;
	enum pci_irq kind;
	uint16_t vector[4];
	bool shared[4], none[4];
	unsigned int n;
} event_cases[] = {
	{ "a vector each", 8, 0, true, PCI_IRQ_MSIX, { 0, 1, 2, 3 }, { false }, { false }, 4 },
	{ "exactly a vector each",
	  4,
	  0,
	  true,
	  PCI_IRQ_MSIX,
	  { 0, 1, 2, 3 },
	  { false, false, false, true },
	  { false },
	  4 },
	{ "one vector too few, and the last is shared",
	  3,
	  0,
	  true,
	  PCI_IRQ_MSIX,
	  { 0, 1, 2, 2 },
	  { false, false, true, true },
	  { false },
	  3 },
	{ "two vectors",
	  2,
	  0,
	  true,
	  PCI_IRQ_MSIX,
	  { 0, 1, 1, 1 },
	  { false, true, true, true },
	  { false },
	  2 },
	{ "one vector for all",
	  1,
	  0,
	  true,
	  PCI_IRQ_MSIX,
	  { 0, 0, 0, 0 },
	  { true, true, true, true },
	  { false },
	  1 },
	{ "a line for all",
	  0,
	  0,
	  true,
	  PCI_IRQ_INTX,
	  { NO_VECTOR, NO_VECTOR, NO_VECTOR, NO_VECTOR },
	  { true, true, true, true },
	  { false },
	  1 },
	{ "nothing",
	  0,
	  0,
	  false,
	  PCI_IRQ_NONE,
	  { NO_VECTOR, NO_VECTOR, NO_VECTOR, NO_VECTOR },
	  { false },
	  { true, true, true, true },
	  0 },
	{ "a device that takes two of its vectors",
	  8,
	  2,
	  true,
	  PCI_IRQ_MSIX,
	  { 0, 1, NO_VECTOR, NO_VECTOR },
	  { false },
	  { false, false, true, true },
	  2 },
};

static void assert_event(struct setup *s, const struct event_case *c, unsigned int i)
{
	struct transport_event ev = { -1, false };
	const int rc = i ? s->tp->ops->queue_event(s->tp, (uint16_t)(2 * (i - 1)), &ev)
			 : s->tp->ops->config_event(s->tp, &ev);

	assert_int_equal(i ? s->f.queue[2 * (i - 1)].vector : s->f.config_vector, c->vector[i]);
	assert_int_equal(rc, c->none[i] ? -ENOTSUP : 0);
	assert_int_equal(ev.shared, c->shared[i]);
	if (rc < 0 || c->kind == PCI_IRQ_NONE)
		return;
	/* The signal on this vector, or on the line, is what the caller waits for. */
	assert_int_equal(ev.fd, s->f.irq_fd[c->kind == PCI_IRQ_MSIX ? c->vector[i] : 0]);
	assert_true(ev.fd > 2);
}

static void events(void **state)
{
	const struct event_case *c = *state;
	struct transport_event ev;
	struct kicked k[3];
	struct setup s;

	fake_modern(&s.f, BIT64(F_VERSION_1));
	s.f.dev.msix = c->msix;
	s.f.dev.intx = c->intx;
	s.f.how.vectors = c->taken;
	setup_open(&s, BIT64(F_VERSION_1));
	s.tp->ops->config_event(s.tp, &ev);
	for (uint16_t i = 0; i < 3; i++) {
		kicked_init(&s, &k[i], (uint16_t)(2 * i), false);
		k[i].place.event = true;
		assert_int_equal(s.tp->ops->queue_enable(s.tp, &k[i].place, &k[i].ring.doorbell),
				 0);
	}
	assert_int_equal(s.tp->ops->set_status(s.tp, STATUS_DRIVER_OK), 0);
	assert_int_equal(s.f.irq, c->kind);
	assert_int_equal(s.f.n_irq, c->n);
	assert_int_equal(s.f.irq_sets, c->kind != PCI_IRQ_NONE); /* all at once */
	for (unsigned int i = 0; i < 4; i++)
		assert_event(&s, c, i);
	assert_int_equal(s.tp->ops->set_status(s.tp, 0), 0);
	assert_int_equal(s.f.irq, PCI_IRQ_NONE);
	for (unsigned int i = 0; i < 3; i++)
		vring_fini(&k[i].ring);
	setup_close(&s);
}

/* A device that gives its configuration no vector: the line is left. */
static void no_config_vector(void **state)
{
	struct transport_event ev;
	struct setup s;

	(void)state;
	fake_modern(&s.f, BIT64(F_VERSION_1));
	s.f.dev.msix = 4;
	s.f.dev.intx = true;
	s.f.config_vector = NO_VECTOR;
	setup_open(&s, BIT64(F_VERSION_1));
	s.f.how.config_refused = true;
	assert_int_equal(s.tp->ops->config_event(s.tp, &ev), 0);
	assert_true(ev.shared);
	assert_int_equal(s.tp->ops->set_status(s.tp, STATUS_DRIVER_OK), 0);
	assert_int_equal(s.f.irq, PCI_IRQ_INTX);
	setup_close(&s);
}

/* The line is let go by one read of the ISR, and unmasked; MSI-X needs neither. */
static void acknowledges(void **state)
{
	const uint16_t msix = (uint16_t)(uintptr_t)*state;
	struct transport_event ev;
	struct setup s;

	fake_modern(&s.f, BIT64(F_VERSION_1));
	s.f.dev.msix = msix;
	s.f.dev.intx = true;
	s.f.isr = ISR_QUEUE;
	setup_open(&s, BIT64(F_VERSION_1));
	assert_int_equal(s.tp->ops->config_event(s.tp, &ev), 0);
	fake_log_clear(&s.f);
	assert_int_equal(s.tp->ops->event_ack(s.tp), 0);
	assert_int_equal(s.f.n_log, !msix);
	assert_int_equal(s.f.unmasks, !msix);
	assert_int_equal(s.f.isr, msix ? ISR_QUEUE : 0);
	s.f.how.gone_at = 1;
	assert_int_equal(s.tp->ops->event_ack(s.tp), msix ? 0 : -EIO);
	setup_close(&s);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, bell_cases, bells);
	CASES_ADD(&list, outside_cases, outside);
	CASES_ADD(&list, event_cases, events);
	case_add(&list, "the configuration's vector is refused", no_config_vector, NULL);
	case_add(&list, "a line is acknowledged", acknowledges, (const void *)0);
	case_add(&list, "a message is not acknowledged", acknowledges, (const void *)4);
	return case_run("pci_transport_events", &list);
}
