/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "../../drivers/transport/pci/device.h"
#include "../../lib/base/err.h"
#include "pci_bench.h"

/* Which registers the capabilities lead to. */

struct cap {
	uint8_t bytes, type, bar;
	uint32_t off, length, multiplier;
};

#define COMMON \
	{ \
		16, VCAP_COMMON, 4, FAKE_COMMON, 0x1000, 0 \
	}
#define ISR \
	{ \
		16, VCAP_ISR, 4, FAKE_ISR, 0x1000, 0 \
	}
#define DEVICE \
	{ \
		16, VCAP_DEVICE, 4, FAKE_CONFIG, 64, 0 \
	}
#define NOTIFY \
	{ \
		20, VCAP_NOTIFY, 4, FAKE_NOTIFY, 0x1000, 4 \
	}

/* Well, and nothing but COMMON and NOTIFY was found. */
#define AS_USUAL 0, 0, 0, 4, FAKE_NOTIFY, 4

/* Device with BAR 1 of 4 KiB, BAR 2 of I/O ports, BAR 4 of 16 KiB. */
static const struct cap_case {
	const char *what;
	struct cap cap[8];
	int rc;
	/* what was found */
	uint32_t common_off, config_bytes;
	uint8_t notify_bar;
	uint32_t notify_off, multiplier;
} cap_cases[] = {
	{ "the usual ones", { COMMON, ISR, DEVICE, NOTIFY }, 0, 0, 64, 4, FAKE_NOTIFY, 4 },
	{ "in another order", { NOTIFY, DEVICE, ISR, COMMON }, 0, 0, 64, 4, FAKE_NOTIFY, 4 },
	{ "no device configuration", { COMMON, ISR, NOTIFY }, AS_USUAL },
	{ "none at all", { { 0 } }, -ENOTSUP, 0, 0, 0, 0, 0 },
	{ "no common configuration", { ISR, DEVICE, NOTIFY }, -ENOTSUP, 0, 0, 0, 0, 0 },
	{ "no notifications", { COMMON, ISR, DEVICE }, -ENOTSUP, 0, 0, 0, 0, 0 },
	{ "no ISR", { COMMON, DEVICE, NOTIFY }, -ENOTSUP, 0, 0, 0, 0, 0 },
	{ "the first of two is taken",
	  { { 16, VCAP_COMMON, 4, 0x40, 0x100, 0 }, COMMON, ISR, NOTIFY },
	  0,
	  0x40,
	  0,
	  4,
	  FAKE_NOTIFY,
	  4 },
	{ "one in BAR 6 is passed over",
	  { { 16, VCAP_COMMON, 6, 0x40, 0x100, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "one in a BAR that the device lacks is passed over",
	  { { 16, VCAP_COMMON, 3, 0x40, 0x100, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "one that begins at the end of its BAR is passed over",
	  { { 16, VCAP_COMMON, 4, 0x4000, 0x38, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "one that ends behind its BAR is passed over",
	  { { 16, VCAP_COMMON, 4, 0x3fcc, 0x38, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "one whose end overflows 32 bits is passed over",
	  { { 16, VCAP_COMMON, 4, 0xfffffffc, 0x38, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "one whose length overflows 32 bits is passed over",
	  { { 16, VCAP_COMMON, 4, 0x40, 0xffffffff, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "one shorter than its structure is passed over",
	  { { 16, VCAP_COMMON, 4, 0x40, 0x37, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "one that is not aligned is passed over",
	  { { 16, VCAP_COMMON, 4, 0x42, 0x100, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "a capability too short for its fields is passed over",
	  { { 15, VCAP_COMMON, 4, 0x40, 0x100, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "a notification without multiplier is passed over",
	  { COMMON, ISR, { 16, VCAP_NOTIFY, 4, 0, 0x100, 0 }, NOTIFY },
	  AS_USUAL },
	{ "a capability that claims to reach beyond the space is passed over",
	  { { 255, VCAP_COMMON, 4, 0x40, 0x100, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "types of later times are passed over",
	  { { 16, 6, 4, 0, 64, 0 },
	    { 16, 77, 4, 0, 64, 0 },
	    { 16, 0, 4, 0, 64, 0 },
	    COMMON,
	    ISR,
	    NOTIFY },
	  AS_USUAL },
	{ "a vendor's own is no structure",
	  { { 16, VCAP_VENDOR, 4, 0, 64, 0 }, { 16, VCAP_PCI, 4, 0, 64, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "shared memory is no structure",
	  { { 24, VCAP_SHARED_MEMORY, 4, 0, 64, 0 }, COMMON, ISR, NOTIFY },
	  AS_USUAL },
	{ "doorbells in memory are preferred to earlier ones in I/O ports",
	  { COMMON, ISR, { 20, VCAP_NOTIFY, 2, 0, 4, 0 }, NOTIFY },
	  AS_USUAL },
	{ "doorbells in I/O ports do where there are no others",
	  { COMMON, ISR, { 20, VCAP_NOTIFY, 2, 2, 4, 2 } },
	  0,
	  0,
	  0,
	  2,
	  2,
	  2 },
	{ "doorbells in memory stay before later ones in I/O ports",
	  { COMMON, ISR, NOTIFY, { 20, VCAP_NOTIFY, 2, 0, 4, 0 } },
	  AS_USUAL },
	{ "of two in memory the first is taken",
	  { COMMON, ISR, { 20, VCAP_NOTIFY, 1, 8, 64, 2 }, NOTIFY },
	  0,
	  0,
	  0,
	  1,
	  8,
	  2 },
};

static void add_bars(struct fake_pci *f)
{
	f->dev.bar[1].bytes = 0x1000;
	f->dev.bar[2] = (struct pci_bar){ .bytes = 64, .io = true };
}

static void caps(void **state)
{
	const struct cap_case *c = *state;
	struct transport *tp = NULL;
	struct virtio_pci *vp;
	struct fake_pci f;

	fake_bare(&f, 0);
	add_bars(&f);
	for (size_t i = 0; i < ARRAY_SIZE(c->cap) && c->cap[i].bytes; i++)
		fake_cap(&f, c->cap[i].bytes, c->cap[i].type, c->cap[i].bar, c->cap[i].off,
			 c->cap[i].length, c->cap[i].multiplier);
	assert_int_equal(pci_transport_make(&f.dev, 20, &tp), c->rc);
	if (c->rc < 0) {
		assert_null(tp);
		assert_int_equal(vio_error_last()->code, c->rc);
		assert_int_equal(f.closes, 0);
		return;
	}
	vp = container_of(tp, struct virtio_pci, tp);
	assert_int_equal(vp->common.off, c->common_off);
	assert_int_equal(vp->config.bytes, c->config_bytes);
	assert_int_equal(vp->notify.bar, c->notify_bar);
	assert_int_equal(vp->notify.off, c->notify_off);
	assert_int_equal(vp->notify_multiplier, c->multiplier);
	tp->ops->close(tp);
	assert_int_equal(f.closes, 1);
}

/* The list itself. @at in the space of the usual device is set to @value. */
static const struct list_case {
	const char *what;
	uint8_t at, value;
	int rc;
} list_cases[] = {
	{ "the status says that there is no list", PCI_STATUS, 0, -ENOTSUP },
	{ "the list begins in the header", PCI_CAPABILITY_LIST, 0x3c, -ENOTSUP },
	{ "the first points to itself", 0x41, 0x40, -ENOTSUP },
	{ "the last points to the first", 0x71, 0x40, 0 },
	{ "the list ends early", 0x41, 0, -ENOTSUP },
	{ "the last leads to the last word", 0x71, 0xfc, 0 },
	{ "another's capability is none of ours", 0x40, 0x05, -ENOTSUP },
};

static void lists(void **state)
{
	const struct list_case *c = *state;
	struct transport *tp = NULL;
	struct fake_pci f;

	fake_modern(&f, 0);
	f.space[c->at] = c->value;
	f.space[0xfc] = PCI_CAP_ID_VNDR;
	f.space[0xfe] = 4;
	assert_int_equal(pci_transport_make(&f.dev, 20, &tp), c->rc);
	assert_true(f.calls < 1000);
	if (tp)
		tp->ops->close(tp);
}

static const struct id_case {
	const char *what;
	uint16_t vendor, device, subsystem;
	int rc;
} id_cases[] = {
	{ "a network device", 0x1af4, 0x1041, 0x1100, 0 },
	{ "a transitional network device", 0x1af4, 0x1000, 1, 0 },
	{ "a transitional number that nobody gave out, with the type of a network", 0x1af4, 0x103f,
	  1, 0 },
	{ "a transitional block device", 0x1af4, 0x1001, 2, -ENODEV },
	{ "a block device", 0x1af4, 0x1042, 1, -ENODEV },
	{ "another vendor", 0x8086, 0x1041, 1, -ENODEV },
	{ "nobody there", 0xffff, 0xffff, 0xffff, -EIO },
};

static void identities(void **state)
{
	const struct id_case *c = *state;
	struct transport *tp = NULL;
	struct fake_pci f;

	fake_modern(&f, 0);
	memcpy(f.space + PCI_VENDOR_ID, &c->vendor, 2);
	memcpy(f.space + PCI_DEVICE_ID, &c->device, 2);
	memcpy(f.space + PCI_SUBSYSTEM_ID, &c->subsystem, 2);
	assert_int_equal(pci_transport_make(&f.dev, 20, &tp), c->rc);
	if (tp)
		tp->ops->close(tp);
	else
		assert_non_null(strstr(vio_error_last()->what, "0000:00:04.0"));
}

/* Whatever call of the owner's fails, its error comes through and nothing is left. */
static void owner_fails(void **state)
{
	struct transport *tp = NULL;
	struct fake_pci f;
	unsigned int calls;

	(void)state;
	fake_modern(&f, 0);
	tp = pci_bench_transport(&f);
	calls = f.calls;
	tp->ops->close(tp);
	for (unsigned int at = 1; at <= calls; at++) {
		tp = NULL;
		fake_modern(&f, 0);
		f.how.fail_at = at;
		assert_int_equal(pci_transport_make(&f.dev, 20, &tp), -EIO);
		assert_null(tp);
		assert_non_null(strstr(vio_error_last()->what, "fake: call"));
		assert_int_equal(f.closes, 0);
	}
}

/* Addresses of functions that no machine has. */
static const struct address_case {
	const char *what, *address;
	int rc;
	const char *text;
} address_cases[] = {
	{ "a full address", "pci:0000:ff:1f.7", -ENODEV, "0000:ff:1f.7" },
	{ "an address without its domain", "pci:ff:1f.7,iommu=auto,vfio=cdev", -ENODEV,
	  "0000:ff:1f.7" },
	{ "no address", "pci:", -EINVAL, "''" },
	{ "an address that is too long", "pci:0000:00:04.00000000", -EINVAL, "0000:00:04.00000" },
	{ "another value of iommu", "pci:ff:1f.7,iommu=on", -EINVAL, "iommu=on" },
	{ "another value of vfio", "pci:ff:1f.7,vfio=no", -EINVAL, "vfio=no" },
};

static void addresses(void **state)
{
	const struct address_case *c = *state;
	struct transport *tp = NULL;
	struct address addr;

	assert_int_equal(address_parse(c->address, &addr), 0);
	assert_int_equal(pci_transport.open(&addr, 20, &tp), c->rc);
	assert_null(tp);
	assert_non_null(strstr(vio_error_last()->what, c->text));
	if (c->rc == -ENODEV)
		assert_int_equal(address_finish(&addr), 0);
	address_free(&addr);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, cap_cases, caps);
	CASES_ADD(&list, list_cases, lists);
	CASES_ADD(&list, id_cases, identities);
	CASES_ADD(&list, address_cases, addresses);
	case_add(&list, "the owner of the device reports errors", owner_fails, NULL);
	return case_run("pci_transport_caps", &list);
}
