/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "../../drivers/transport/pci/device.h"
#include "../../lib/base/err.h"
#include "pci_bench.h"

/* The life of a modern device, register by register. */

#define BASE  (BIT64(F_VERSION_1) | BIT64(NET_F_MAC) | BIT64(NET_F_STATUS) | BIT64(NET_F_MTU))
#define ALL   UINT64_MAX
#define RESET BIT64(F_RING_RESET)

#define STATUS(old, now) R(COMMON_STATUS, 1, old), W(COMMON_STATUS, 1, now)
#define OFFER(word, value) \
	W(COMMON_DEVICE_FEATURE_SELECT, 4, word), R(COMMON_DEVICE_FEATURE, 4, value)
#define TAKE(word, value) \
	W(COMMON_DRIVER_FEATURE_SELECT, 4, word), W(COMMON_DRIVER_FEATURE, 4, value)
#define CONFIG(off, width, value) R(FAKE_CONFIG + (off), width, value)
#define STILL                     R(COMMON_GENERATION, 1, 0)
#define ADDRESS(off)              W(off, 4, ANY), W((off) + 4, 4, ANY)
#define PARTS                     ADDRESS(COMMON_QUEUE_DESC), ADDRESS(COMMON_QUEUE_DRIVER)
#define PLACE                     PARTS, ADDRESS(COMMON_QUEUE_DEVICE)

/* "Device Initialization" with 64-entry queues, of which 32 entries are used. */
static const struct pci_step bring_up[] = {
	W(COMMON_STATUS, 1, 0),
	R(COMMON_STATUS, 1, 0),
	STATUS(0, 1),
	STATUS(1, 3),
	OFFER(0, 0x10028),
	OFFER(1, 1),
	OFFER(2, 0),
	OFFER(3, 0),
	STILL,
	CONFIG(10, 2, 1500),
	STILL,
	TAKE(0, 0x10028),
	TAKE(1, 1),
	STATUS(3, 11),
	R(COMMON_STATUS, 1, 11),
	STILL,
	CONFIG(0, 1, 0x52),
	CONFIG(1, 1, 0x54),
	CONFIG(2, 1, 0),
	CONFIG(3, 1, 1),
	CONFIG(4, 1, 2),
	CONFIG(5, 1, 3),
	STILL,
	STILL,
	CONFIG(6, 2, 1),
	STILL,
	R(COMMON_NUM_QUEUES, 2, 9),
	W(COMMON_QUEUE_SELECT, 2, 0),
	R(COMMON_QUEUE_SIZE, 2, 64),
	R(COMMON_QUEUE_SIZE, 2, 64),
	W(COMMON_QUEUE_SIZE, 2, 32),
	R(COMMON_QUEUE_SIZE, 2, 32),
	PLACE,
	R(COMMON_QUEUE_NOTIFY_OFF, 2, 0),
	W(COMMON_QUEUE_ENABLE, 2, 1),
	W(COMMON_QUEUE_SELECT, 2, 1),
	R(COMMON_QUEUE_SIZE, 2, 64),
	R(COMMON_QUEUE_SIZE, 2, 64),
	W(COMMON_QUEUE_SIZE, 2, 32),
	R(COMMON_QUEUE_SIZE, 2, 32),
	PLACE,
	R(COMMON_QUEUE_NOTIFY_OFF, 2, 1),
	W(COMMON_QUEUE_ENABLE, 2, 1),
	STATUS(11, 15),
};

static uint64_t queue_address(const struct fake_pci *f, unsigned int q, unsigned int part)
{
	return f->queue[q].addr[2 * part] | (uint64_t)f->queue[q].addr[2 * part + 1] << 32;
}

static void comes_up(void **state)
{
	struct transport *tp;
	struct port_bench b;
	struct fake_pci f;

	(void)state;
	fake_modern(&f, BASE);
	tp = pci_bench_transport(&f);
	assert_true(f.master);
	port_bench_open(&b, tp, 1, 32);
	fake_log_clear(&f);
	assert_int_equal(device_start(b.port), 0);
	pci_bench_steps(&f, bring_up, ARRAY_SIZE(bring_up));
	for (unsigned int q = 0; q < 2; q++) {
		const struct ring *r = q ? &b.port->txq[0]->ring : &b.port->rxq[0]->ring;

		assert_int_equal(queue_address(&f, q, 0), (uintptr_t)r->desc.split + FAKE_BIAS);
		assert_int_equal(queue_address(&f, q, 1), (uintptr_t)r->driver.avail + FAKE_BIAS);
		assert_int_equal(queue_address(&f, q, 2), (uintptr_t)r->device.used + FAKE_BIAS);
		assert_int_equal(r->bias, FAKE_BIAS);
		/* A used element that lies across pages is more than some devices can bear. */
		assert_int_equal(queue_address(&f, q, 2) % 8, 4);
	}
	for (unsigned int q = 2; q < FAKE_QUEUES; q++)
		assert_int_equal(f.queue[q].enable, 0);
	assert_non_null(
		strstr(tp->ops->describe(tp), "virtio 1.x over pci 0000:00:04.0, scripted"));
	device_stop(b.port);
	assert_int_equal(f.status, 0);
	pci_bench_close(&b, tp, &f);
	assert_false(f.master);
}

/* What a device may do wrong on the way, and what comes of it. */
static const struct bad_case {
	const char *what;
	uint64_t offered;
	uint32_t word2, word3;
	struct fake_how how;
	bool translated;
	int rc;
	const char *id, *text;
} bad_cases[] = {
	{ "the status does not become 0",
	  BASE,
	  0,
	  0,
	  { .reset_stuck = true, .status = 4 },
	  false,
	  -ETIMEDOUT,
	  "VIO-DEV-03",
	  "still 0x04, 20 ms after the reset" },
	{ "the status becomes 0 after some reads",
	  BASE,
	  0,
	  0,
	  { .reset_takes = 3 },
	  false,
	  0,
	  NULL,
	  NULL },
	{ "FEATURES_OK is refused",
	  BASE,
	  0,
	  0,
	  { .hidden = STATUS_FEATURES_OK },
	  false,
	  -ENOTSUP,
	  "VIO-DEV-02",
	  "refused the features" },
	{ "the configuration changes once", BASE, 0, 0, { .restless = 1 }, false, 0, NULL, NULL },
	{ "a ring of the size asked for is refused",
	  BASE,
	  0,
	  0,
	  { .size_forced = true },
	  false,
	  -EINVAL,
	  "VIO-DEV-06",
	  "queue 0: the device made 64 entries of the 32" },
	{ "a ring is made larger than asked for",
	  BASE,
	  0,
	  0,
	  { .size_floor = 48 },
	  false,
	  -EINVAL,
	  "VIO-DEV-06",
	  "queue 0: the device made 48 entries of the 32" },
	{ "there is an IOMMU, and the device keeps off it",
	  BASE,
	  0,
	  0,
	  { 0 },
	  true,
	  -ENOTSUP,
	  "VIO-VPCI-04",
	  "access_platform" },
	{ "there is an IOMMU, and the device minds it",
	  BASE | BIT64(F_ACCESS_PLATFORM),
	  0,
	  0,
	  { 0 },
	  true,
	  0,
	  NULL,
	  NULL },
	{ "there is no VERSION_1",
	  BASE & ~BIT64(F_VERSION_1),
	  0,
	  0,
	  { 0 },
	  false,
	  -ENOTSUP,
	  "VIO-DEV-01",
	  "version_1" },
	{ "the number of a word of features is cut",
	  BASE,
	  0x10028,
	  1,
	  { 0 },
	  false,
	  0,
	  NULL,
	  NULL },
};

static void goes_wrong(void **state)
{
	const struct bad_case *c = *state;
	struct transport *tp;
	struct port_bench b;
	struct fake_pci f;

	fake_modern(&f, c->offered);
	f.offered[2] = c->word2;
	f.offered[3] = c->word3;
	f.dev.translated = c->translated;
	f.how = c->how;
	f.status = c->how.status;
	tp = pci_bench_transport(&f);
	port_bench_open(&b, tp, 1, 32);
	assert_int_equal(device_start(b.port), c->rc);
	if (c->rc < 0) {
		assert_string_equal(vio_error_last()->id, c->id);
		assert_non_null(strstr(vio_error_last()->what, c->text));
	} else {
		assert_int_equal(f.status, 15);
		assert_int_equal(b.port->offered.word[1], 0);
		assert_int_equal(f.taken[2] | f.taken[3], 0);
		device_stop(b.port);
	}
	if (f.how.reset_stuck)
		assert_false(f.master); /* it can't be trusted with memory any more */
	f.how.reset_stuck = false;
	pci_bench_close(&b, tp, &f);
}

/* Barriers between processors are device barriers, too, on x86 only. */
#if defined(__x86_64__)
static const uint64_t never_taken;
#else
static const uint64_t never_taken = BIT64(F_ORDER_PLATFORM);
#endif

/* Every bit that the fake can show, and a device that knows 128 of them. */
static void all_features(void **state)
{
	struct vio_features offered, taken = { { BIT64(F_VERSION_1), BIT64(5) } };
	struct transport *tp;
	struct fake_pci f;

	(void)state;
	fake_modern(&f, ALL);
	f.offered[2] = 0x7f;
	tp = pci_bench_transport(&f);
	assert_int_equal(tp->ops->features(tp, &offered), 0);
	assert_true(offered.word[0] == (ALL & ~never_taken));
	assert_int_equal(offered.word[1], 0x7f);
	assert_int_equal(tp->ops->accept(tp, &taken), 0);
	assert_int_equal(f.taken[0], 0);
	assert_int_equal(f.taken[1], 1);
	assert_int_equal(f.taken[2], 0x20);
	assert_int_equal(f.taken[3], 0);
	tp->ops->close(tp);
}

/* What a common configuration of @bytes and doorbells like these can't carry. */
static const struct withheld_case {
	const char *what;
	uint32_t common, notify_off, notify_bytes, multiplier;
	uint64_t lacking;
} withheld_cases[] = {
	{ "everything is there", 0x3c, FAKE_NOTIFY, 0x1000, 4, 0 },
	{ "queue_reset is not", 0x3a, FAKE_NOTIFY, 0x1000, 4, BIT64(F_RING_RESET) },
	{ "queue_notif_config_data is not", 0x38, FAKE_NOTIFY, 0x1000, 4,
	  BIT64(F_RING_RESET) | BIT64(F_NOTIF_CONFIG_DATA) },
	{ "doorbells lie 2 bytes apart", 0x3c, FAKE_NOTIFY, 0x1000, 2, BIT64(F_NOTIFICATION_DATA) },
	{ "doorbells begin at 2", 0x3c, FAKE_NOTIFY + 2, 0x100, 4, BIT64(F_NOTIFICATION_DATA) },
	{ "there is one doorbell of 2 bytes", 0x3c, FAKE_NOTIFY, 2, 0, BIT64(F_NOTIFICATION_DATA) },
};

static void withheld(void **state)
{
	const struct withheld_case *c = *state;
	struct vio_features offered;
	struct transport *tp;
	struct fake_pci f;

	fake_bare(&f, ALL);
	fake_cap(&f, 16, VCAP_COMMON, FAKE_BAR, FAKE_COMMON, c->common, 0);
	fake_cap(&f, 16, VCAP_ISR, FAKE_BAR, FAKE_ISR, 1, 0);
	fake_cap(&f, 20, VCAP_NOTIFY, FAKE_BAR, c->notify_off, c->notify_bytes, c->multiplier);
	tp = pci_bench_transport(&f);
	assert_int_equal(tp->ops->features(tp, &offered), 0);
	assert_true(offered.word[0] == (ALL & ~(c->lacking | never_taken)));
	tp->ops->close(tp);
}

/* The device goes away before each access in turn. */
static void goes_away(void **state)
{
	unsigned int accesses;
	struct transport *tp;
	struct port_bench b;
	struct fake_pci f;

	(void)state;
	fake_modern(&f, BASE);
	tp = pci_bench_transport(&f);
	port_bench_open(&b, tp, 1, 32);
	fake_log_clear(&f);
	assert_int_equal(device_start(b.port), 0);
	accesses = f.accesses;
	device_stop(b.port);
	pci_bench_close(&b, tp, &f);
	for (unsigned int at = 1; at < accesses; at++) {
		fake_modern(&f, BASE);
		tp = pci_bench_transport(&f);
		port_bench_open(&b, tp, 1, 32);
		fake_log_clear(&f);
		f.how.gone_at = at;
		assert_int_equal(device_start(b.port), -EIO);
		assert_string_equal(vio_error_last()->id, "VIO-VPCI-03");
		assert_int_equal(tp->ops->status(tp), -EIO);
		assert_int_equal(tp->ops->check(tp), -ENODEV);
		pci_bench_close(&b, tp, &f);
	}
}

/* Bring a device up whose owner fails at call @at; 0: never. Return: calls that it took. */
static unsigned int start_failing(unsigned int at)
{
	struct transport *tp;
	struct port_bench b;
	struct fake_pci f;
	unsigned int calls;
	int rc;

	fake_modern(&f, BASE);
	tp = pci_bench_transport(&f);
	port_bench_open(&b, tp, 1, 32);
	fake_log_clear(&f);
	f.how.fail_at = at;
	rc = device_start(b.port);
	calls = f.calls;
	if (rc == 0)
		device_stop(b.port);
	else
		assert_non_null(strstr(vio_error_last()->what, "fake: call"));
	assert_int_equal(rc, at ? -EIO : 0);
	pci_bench_close(&b, tp, &f);
	return calls;
}

static void owner_fails(void **state)
{
	const unsigned int calls = start_failing(0);

	(void)state;
	for (unsigned int at = 1; at <= calls; at++)
		start_failing(at);
}

/* All ones is a value too, where the status says that the device is there. */
static void ones_are_a_value(void **state)
{
	struct transport *tp;
	struct fake_pci f;
	uint16_t value = 0;

	(void)state;
	fake_modern(&f, BASE);
	f.generation = 0xff;
	memset(f.config, 0xff, sizeof(f.config));
	tp = pci_bench_transport(&f);
	assert_int_equal(tp->ops->config_read(tp, 10, &value, 2), 0);
	assert_int_equal(value, 0xffff);
	tp->ops->close(tp);
}

static const struct config_case {
	const char *what;
	uint16_t bytes, off, len;
	unsigned int restless;
	int rc;
} config_cases[] = {
	{ "a field that the device has", 64, 10, 2, 0, 0 },
	{ "a field of four bytes", 64, 12, 4, 0, 0 },
	{ "the last field", 12, 10, 2, 0, 0 },
	{ "half of a field", 11, 10, 2, 0, -ENODATA },
	{ "a field behind the end", 10, 10, 2, 0, -ENODATA },
	{ "the configuration changes now and then", 64, 10, 2, 10, 0 },
	{ "the configuration changes 63 times", 64, 10, 2, 63, 0 },
	{ "the configuration never holds still", 64, 10, 2, 64, -EIO },
	{ "an address that never holds still", 64, 0, 6, 1000, -EIO },
};

static void config(void **state)
{
	const struct config_case *c = *state;
	struct transport *tp;
	struct fake_pci f;
	uint8_t dst[8];

	fake_bare(&f, BASE);
	fake_cap(&f, 16, VCAP_COMMON, FAKE_BAR, FAKE_COMMON, 0x38, 0);
	fake_cap(&f, 16, VCAP_ISR, FAKE_BAR, FAKE_ISR, 1, 0);
	fake_cap(&f, 20, VCAP_NOTIFY, FAKE_BAR, FAKE_NOTIFY, 0x1000, 4);
	fake_cap(&f, 16, VCAP_DEVICE, FAKE_BAR, FAKE_CONFIG, c->bytes, 0);
	tp = pci_bench_transport(&f);
	f.how.restless = c->restless;
	assert_int_equal(tp->ops->config_read(tp, c->off, dst, c->len), c->rc);
	if (c->rc == 0)
		assert_memory_equal(dst, f.config + c->off, c->len);
	if (c->rc == -EIO)
		assert_string_equal(vio_error_last()->id, "VIO-VPCI-05");
	assert_true(f.accesses < 1000);
	tp->ops->close(tp);
	assert_int_equal(f.wrong, 0);
}

static const struct size_case {
	const char *what;
	uint16_t queues, index, size, expected;
} size_cases[] = {
	{ "a queue that the device has", 3, 2, 256, 256 },
	{ "a queue behind the last, which queue_select would not take", 3, 3, 256, 0 },
	{ "a queue that is not there", 3, 1, 0, 0 },
	{ "a device without queues", 0, 0, 256, 0 },
};

static void sizes(void **state)
{
	const struct size_case *c = *state;
	uint16_t entries = 1;
	struct transport *tp;
	struct fake_pci f;

	fake_modern(&f, BASE);
	f.num_queues = c->queues;
	for (unsigned int i = 0; i < FAKE_QUEUES; i++)
		f.queue[i].size = c->size;
	tp = pci_bench_transport(&f);
	assert_int_equal(tp->ops->queue_size_max(tp, c->index, &entries), 0);
	assert_int_equal(entries, c->expected);
	tp->ops->close(tp);
}

/* With a reset the device forgets which queue was selected. */
static void selects_anew(void **state)
{
	uint16_t entries = 0;
	struct transport *tp;
	struct fake_pci f;

	(void)state;
	fake_modern(&f, BASE);
	f.queue[1].size = 16;
	tp = pci_bench_transport(&f);
	for (int lap = 0; lap < 2; lap++) {
		assert_int_equal(tp->ops->queue_size_max(tp, 1, &entries), 0);
		assert_int_equal(entries, 16);
		assert_int_equal(tp->ops->set_status(tp, 0), 0);
	}
	tp->ops->close(tp);
}

static const struct reset_case {
	const char *what;
	uint64_t offered;
	unsigned int takes;
	bool stays;
	int rc;
} reset_cases[] = {
	{ "a queue is reset at once", BASE | RESET, 0, false, 0 },
	{ "a queue is reset after a while", BASE | RESET, 5, false, 0 },
	{ "a queue is never reset", BASE | RESET, 1000000, false, -ETIMEDOUT },
	{ "a queue is still enabled after its reset", BASE | RESET, 0, true, -EPROTO },
	{ "queues can't be reset", BASE, 0, false, -ENOTSUP },
};

static void queue_resets(void **state)
{
	const struct reset_case *c = *state;
	struct transport *tp;
	struct port_bench b;
	struct fake_pci f;

	fake_modern(&f, c->offered);
	f.how.queue_reset_takes = c->takes;
	f.how.stays_enabled = c->stays;
	tp = pci_bench_transport(&f);
	port_bench_open(&b, tp, 1, 32);
	assert_int_equal(device_start(b.port), 0);
	assert_int_equal(tp->ops->queue_disable(tp, 1), c->rc);
	if (c->rc == 0) {
		assert_int_equal(f.queue[1].enable, 0);
		assert_int_equal(f.queue[0].enable, 1);
	}
	device_stop(b.port);
	pci_bench_close(&b, tp, &f);
}

static const struct status_case {
	const char *what;
	uint8_t status;
	int rc;
	const char *id;
} status_cases[] = {
	{ "all is well", 0x0f, 0, NULL },
	{ "the device needs a reset", 0x4f, -ESTALE, "VIO-DEV-09" },
	{ "the device has failed", 0x8f, -ESTALE, "VIO-DEV-04" },
	{ "the device has gone", 0xff, -ENODEV, "VIO-VPCI-03" },
};

static void checks(void **state)
{
	const struct status_case *c = *state;
	struct transport *tp;
	struct fake_pci f;

	fake_modern(&f, BASE);
	tp = pci_bench_transport(&f);
	f.status = c->status;
	assert_int_equal(tp->ops->check(tp), c->rc);
	if (c->id)
		assert_string_equal(vio_error_last()->id, c->id);
	tp->ops->close(tp);
}

/* A region that comes again is not mapped again; a ring outside is not handed over. */
static void regions(void **state)
{
	char outside[16];
	const struct ring_place nowhere = { .entries = 64, .desc = outside, .desc_bytes = 16 };
	struct doorbell db = { 0 };
	uint64_t bias[2];
	struct transport *tp;
	struct port_bench b;
	struct fake_pci f;

	(void)state;
	fake_modern(&f, BASE);
	tp = pci_bench_transport(&f);
	port_bench_open(&b, tp, 1, 32);
	assert_int_equal(tp->ops->map(tp, b.port->region, &bias[0]), 0);
	assert_int_equal(tp->ops->map(tp, b.port->region, &bias[1]), 0);
	assert_true(bias[0] == FAKE_BIAS && bias[1] == FAKE_BIAS);
	assert_int_equal(f.regions, 1);
	assert_int_equal(tp->ops->queue_enable(tp, &nowhere, &db), -EINVAL);
	assert_int_equal(f.queue[0].enable, 0);
	pci_bench_close(&b, tp, &f);
}

int main(void)
{
	static struct case_list list;

	case_add(&list, "a device comes up, each register in turn", comes_up, NULL);
	CASES_ADD(&list, bad_cases, goes_wrong);
	case_add(&list, "128 feature bits are read and written", all_features, NULL);
	CASES_ADD(&list, withheld_cases, withheld);
	case_add(&list, "the device goes away before each access", goes_away, NULL);
	case_add(&list, "the owner of the device reports errors", owner_fails, NULL);
	case_add(&list, "all ones may be a value", ones_are_a_value, NULL);
	CASES_ADD(&list, config_cases, config);
	CASES_ADD(&list, size_cases, sizes);
	case_add(&list, "a queue is selected anew after a reset", selects_anew, NULL);
	CASES_ADD(&list, reset_cases, queue_resets);
	CASES_ADD(&list, status_cases, checks);
	case_add(&list, "memory is shared once, and rings lie in it", regions, NULL);
	return case_run("pci_transport", &list);
}
