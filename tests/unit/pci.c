/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <linux/pci_regs.h>
#include <string.h>

#include <vio/error.h>

#include "../../lib/pci/bars.h"
#include "../../lib/pci/caps.h"
#include "../cases.h"

/* ---- a function that is a page of configuration space ---- */

struct scripted {
	struct pci_dev dev;
	uint8_t config[256];
	unsigned int reads;
	unsigned int fail_read; /* number of the read that fails, from 1; 0: none */
};

static int scripted_read(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t *value)
{
	struct scripted *s = (struct scripted *)dev;

	assert_true(width == 1 || width == 2 || width == 4);
	assert_int_equal(off % width, 0);
	assert_in_range(off + width, 1, sizeof(s->config));
	if (++s->reads == s->fail_read)
		return -EIO;
	*value = 0;
	memcpy(value, s->config + off, width);
	return 0;
}

static int scripted_write(struct pci_dev *dev, uint32_t off, unsigned int width, uint32_t value)
{
	memcpy(((struct scripted *)dev)->config + off, &value, width);
	return 0;
}

static const struct pci_ops scripted_ops = { .config_read = scripted_read,
					     .config_write = scripted_write };

/* Bytes at places of configuration space. */
struct poke {
	uint8_t off, byte;
};

#define POKES 64

static struct scripted scripted_with(const struct poke pokes[POKES])
{
	struct scripted s = { .dev = { .ops = &scripted_ops, .address = "0000:00:04.0" } };

	for (int i = 0; i < POKES && pokes[i].off; i++)
		s.config[pokes[i].off] = pokes[i].byte;
	return s;
}

/* ---- the capability list ---- */

#define LIST(first) \
	{ PCI_STATUS, PCI_STATUS_CAP_LIST }, \
	{ \
		PCI_CAPABILITY_LIST, first \
	}
#define CAP(at, id, next) \
	{ at, id }, \
	{ \
		(at) + 1, next \
	}

static const struct caps_case {
	const char *what;
	struct poke config[POKES];
	int n;
	uint8_t off[8];
} caps_cases[] = {
	{ "no list where the status does not tell of one",
	  { { PCI_CAPABILITY_LIST, 0x40 } },
	  0,
	  { 0 } },
	{ "an empty list", { LIST(0) }, 0, { 0 } },
	{ "one capability", { LIST(0x40), CAP(0x40, 9, 0) }, 1, { 0x40 } },
	{ "the device's order, also backwards",
	  { LIST(0xf0), CAP(0xf0, 9, 0x50), CAP(0x50, 17, 0xfc), CAP(0xfc, 1, 0) },
	  3,
	  { 0xf0, 0x50, 0xfc } },
	{ "a list that begins in the header", { LIST(0x3c), CAP(0x3c, 9, 0) }, 0, { 0 } },
	{ "a list that leads into the header ends there",
	  { LIST(0x40), CAP(0x40, 9, 0x10) },
	  1,
	  { 0x40 } },
	{ "an unaligned offset ends it",
	  { LIST(0x40), CAP(0x40, 9, 0x52), CAP(0x52, 9, 0) },
	  1,
	  { 0x40 } },
	{ "a capability that points at itself is there once",
	  { LIST(0x40), CAP(0x40, 9, 0x40) },
	  1,
	  { 0x40 } },
	{ "a loop of two ends where it closes",
	  { LIST(0x40), CAP(0x40, 9, 0x60), CAP(0x60, 5, 0x40) },
	  2,
	  { 0x40, 0x60 } },
	{ "a loop that does not lead to its beginning",
	  { LIST(0x40), CAP(0x40, 9, 0x60), CAP(0x60, 5, 0x80), CAP(0x80, 5, 0x60) },
	  3,
	  { 0x40, 0x60, 0x80 } },
	{ "a place where nobody answers ends it",
	  { LIST(0x40), CAP(0x40, 9, 0x60), CAP(0x60, 0xff, 0xff) },
	  1,
	  { 0x40 } },
};

static void caps(void **state)
{
	const struct caps_case *c = *state;
	struct scripted s = scripted_with(c->config);
	struct pci_cap found[PCI_CAPS_MAX];

	assert_int_equal(pci_caps(&s.dev, found), c->n);
	for (int i = 0; i < c->n; i++) {
		assert_int_equal(found[i].off, c->off[i]);
		assert_int_equal(found[i].id, s.config[c->off[i]]);
	}
}

/* Each place that there is, and then around again. */
static void longest_list(void **state)
{
	static const struct poke begin[POKES] = { LIST(0x40) };
	struct scripted s = scripted_with(begin);
	struct pci_cap found[PCI_CAPS_MAX];

	(void)state;
	for (unsigned int off = 0x40; off < 0x100; off += 4) {
		s.config[off] = 9;
		s.config[off + 1] = (uint8_t)(off + 4 < 0x100 ? off + 4 : 0x40);
	}
	assert_int_equal(pci_caps(&s.dev, found), PCI_CAPS_MAX);
	assert_int_equal(found[PCI_CAPS_MAX - 1].off, 0xfc);
	assert_in_range(s.reads, 1, PCI_CAPS_MAX + 2);
}

/* Every read that comes back as all ones: nobody is there. */
static void gone(void **state)
{
	struct scripted s = { .dev = { .ops = &scripted_ops } };
	struct pci_cap found[PCI_CAPS_MAX];
	struct pci_msix msix;

	(void)state;
	memset(s.config, 0xff, sizeof(s.config));
	assert_int_equal(pci_caps(&s.dev, found), 0);
	assert_int_equal(pci_cap_find(&s.dev, 9), 0);
	assert_int_equal(pci_msix_find(&s.dev, &msix), 0);
}

static void finds(void **state)
{
	static const struct poke list[POKES] = { LIST(0x40), CAP(0x40, 9, 0x60),
						 CAP(0x60, 17, 0x80), CAP(0x80, 9, 0) };
	struct scripted s = scripted_with(list);

	(void)state;
	assert_int_equal(pci_cap_find(&s.dev, 9), 0x40);
	assert_int_equal(pci_cap_find(&s.dev, 17), 0x60);
	assert_int_equal(pci_cap_find(&s.dev, 5), 0);
}

/* ---- MSI-X ---- */

static const struct msix_case {
	const char *what;
	uint8_t at; /* the capability */
	uint16_t control;
	uint32_t table, pba;
	int rc;
	uint16_t vectors;
} msix_cases[] = {
	{ "a table of three", 0x40, 2, 0x1, 0x801, 1, 3 },
	{ "enabled and masked says nothing of its size", 0x40, 0xc002, 0x1, 0x801, 1, 3 },
	{ "the largest table", 0x40, 0x7ff, 0x4, 0x8004, 1, 2048 },
	{ "a table that ends with its BAR", 0x40, 0, 0xff1, 0x801, 1, 1 },
	{ "a table that does not", 0x40, 1, 0xff1, 0x801, 0, 0 },
	{ "a table in a BAR that is not there", 0x40, 0, 0x2, 0x801, 0, 0 },
	{ "a table in BAR 7", 0x40, 0, 0x7, 0x801, 0, 0 },
	{ "pending bits behind the end of their BAR", 0x40, 0, 0x1, 0x1001, 0, 0 },
	{ "pending bits of 65 vectors take 16 bytes", 0x40, 64, 0x1, 0xff9, 0, 0 },
	{ "pending bits of 64 vectors take 8", 0x40, 63, 0x1, 0xff9, 1, 64 },
	{ "a capability cut short by the end of configuration space", 0xf8, 0, 0x1, 0x801, 0, 0 },
};

static struct scripted with_msix(const struct msix_case *c)
{
	const struct poke list[POKES] = { LIST(c->at), CAP(c->at, PCI_CAP_ID_MSIX, 0) };
	struct scripted s = scripted_with(list);

	s.dev.bar[1].bytes = 0x1000;
	s.dev.bar[4].bytes = 0x10000;
	memcpy(s.config + c->at + 2, &c->control, 2);
	memcpy(s.config + c->at + 4, &c->table, 4);
	if (c->at < 0xf8)
		memcpy(s.config + c->at + 8, &c->pba, 4);
	return s;
}

static void msix(void **state)
{
	const struct msix_case *c = *state;
	struct scripted s = with_msix(c);
	struct pci_msix found = { .vectors = 7777 };

	assert_int_equal(pci_msix_find(&s.dev, &found), c->rc);
	assert_int_equal(found.vectors, c->rc ? c->vectors : 7777);
	if (!c->rc)
		return;
	assert_int_equal(found.table_bar, c->table & 7);
	assert_int_equal(found.table_off, c->table & ~7U);
	assert_int_equal(found.pba_bar, c->pba & 7);
	assert_int_equal(found.pba_off, c->pba & ~7U);
}

static void each_read_fails(void **state)
{
	struct scripted s = with_msix(&msix_cases[0]);
	struct pci_msix found;
	unsigned int last;

	(void)state;
	assert_int_equal(pci_msix_find(&s.dev, &found), 1);
	last = s.reads;
	for (unsigned int i = 1; i <= last; i++) {
		s.reads = 0;
		s.fail_read = i;
		assert_int_equal(pci_msix_find(&s.dev, &found), -EIO);
	}
}

/* ---- BARs ---- */

static const struct range_case {
	const char *what;
	uint64_t bytes;
	unsigned int bar;
	uint64_t off, len;
	bool has;
} range_cases[] = {
	{ "all of a BAR", 4096, 1, 0, 4096, true },
	{ "its last byte", 4096, 1, 4095, 1, true },
	{ "a byte behind it", 4096, 1, 4096, 1, false },
	{ "more than it has", 4096, 1, 0, 4097, false },
	{ "nothing", 4096, 1, 0, 0, false },
	{ "an offset that overflows", 4096, 1, UINT64_MAX, 2, false },
	{ "a length that overflows", 4096, 1, 4095, UINT64_MAX, false },
	{ "a BAR of 0 bytes", 0, 1, 0, 1, false },
	{ "a BAR of all addresses but one", UINT64_MAX, 1, UINT64_MAX - 1, 1, true },
	{ "BAR 6", 4096, 6, 0, 1, false },
	{ "a BAR far out", 4096, UINT32_MAX, 0, 1, false },
};

static void range(void **state)
{
	const struct range_case *c = *state;
	struct pci_dev dev = { .ops = NULL };

	dev.bar[1].bytes = c->bytes;
	assert_int_equal(pci_bar_has(&dev, c->bar, c->off, c->len), c->has);
}

static const struct resource_case {
	const char *what, *text;
	struct pci_bar bar[3];
	uint64_t first;
} resource_cases[] = {
	{ "a BAR of memory", "0xfe000000 0xfe00ffff 0x40200\n", { { 65536, false } }, 0xfe000000 },
	{ "a BAR of ports", "0xc000 0xc01f 0x40101\n", { { 32, true } }, 0xc000 },
	{ "a BAR of 64 bits and its upper half",
	  "0x800000000 0x8ffffffff 0x14220c\n0x0 0x0 0x0\n0x1000 0x1fff 0x40200\n",
	  { { UINT64_C(1) << 32, false }, { 0, false }, { 4096, false } },
	  0x800000000 },
	{ "no BAR at all", "0x0 0x0 0x0\n0x0 0x0 0x0\n", { { 0, false } }, 0 },
	{ "an end in front of the beginning", "0x2000 0x1fff 0x200\n", { { 0, false } }, 0x2000 },
	{ "all addresses", "0x0 0xffffffffffffffff 0x200\n", { { 0, false } }, 0 },
	{ "a line that makes no sense",
	  "hello\n0x1000 0x1fff 0x200\n",
	  { { 0, false }, { 4096, false } },
	  0 },
	{ "a text that ends early", "0x1000 0x1fff 0x200", { { 4096, false } }, 0x1000 },
	{ "no text", "", { { 0, false } }, 0 },
};

static void resource(void **state)
{
	const struct resource_case *c = *state;
	struct pci_bar bar[PCI_BARS];
	uint64_t first[PCI_BARS];

	pci_bars_from_sysfs(c->text, bar, first);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(bar[i].bytes, c->bar[i].bytes);
		assert_int_equal(bar[i].io, c->bar[i].io);
	}
	for (int i = 3; i < PCI_BARS; i++)
		assert_int_equal(bar[i].bytes, 0);
	assert_int_equal(first[0], c->first);
}

/* The upper half of a 64-bit BAR has any bits, and is no BAR. */
static void kinds(void **state)
{
	static const struct poke regs[POKES] = { { PCI_BASE_ADDRESS_0, 0x01 },
						 { PCI_BASE_ADDRESS_0 + 4, 0x0c },
						 { PCI_BASE_ADDRESS_0 + 8, 0x01 } };
	struct scripted s = scripted_with(regs);

	(void)state;
	s.dev.bar[0].bytes = 32;
	s.dev.bar[1].bytes = 4096;
	assert_int_equal(pci_bars_kinds(&s.dev), 0);
	assert_true(s.dev.bar[0].io);
	assert_false(s.dev.bar[1].io);
	assert_false(s.dev.bar[2].io);
	s.reads = 0;
	s.fail_read = 2;
	assert_int_equal(pci_bars_kinds(&s.dev), -EIO);
}

static void command(void **state)
{
	static const struct poke regs[POKES] = { { PCI_COMMAND, 0x46 }, { PCI_COMMAND + 1, 0x04 } };
	struct scripted s = scripted_with(regs);

	(void)state;
	assert_int_equal(pci_command(&s.dev, PCI_COMMAND_IO, PCI_COMMAND_MASTER), 0);
	assert_int_equal(s.config[PCI_COMMAND], 0x43);
	assert_int_equal(s.config[PCI_COMMAND + 1], 0x04);
	s.reads = 0;
	s.fail_read = 1;
	assert_int_equal(pci_command(&s.dev, 0, 0xffff), -EIO);
	assert_int_equal(s.config[PCI_COMMAND], 0x43);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, caps_cases, caps);
	CASES_ADD(&list, msix_cases, msix);
	CASES_ADD(&list, range_cases, range);
	CASES_ADD(&list, resource_cases, resource);
	case_add(&list, "a list of all places there are ends after them", longest_list, NULL);
	case_add(&list, "a device that has gone has no capabilities", gone, NULL);
	case_add(&list, "the first capability of a kind is found", finds, NULL);
	case_add(&list, "whichever read of the MSI-X capability fails is an error", each_read_fails,
		 NULL);
	case_add(&list, "registers tell ports from memory", kinds, NULL);
	case_add(&list, "bits of the command register come and go, others stay", command, NULL);
	return case_run("pci", &list);
}
