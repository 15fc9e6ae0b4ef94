/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vio/error.h>
#include <vio/pci.h>

#include "../cases.h"
#include "fake_tree.h"

#define A "0000:00:04.0"

static void node_text(char *out, size_t size, const struct vio_pci_node *node)
{
	if (!node->path[0])
		snprintf(out, size, "-");
	else if (!node->present)
		snprintf(out, size, "%s absent", node->path);
	else
		snprintf(out, size, "%s %03o", node->path, node->mode);
}

/* All of a function in one line. */
static void text_of(const struct vio_pci *p, char *out, size_t size)
{
	static const char *const kinds[] = { "-", "modern", "transitional", "legacy" };
	char nodes[3][96], ifaces[80] = "";

	node_text(nodes[0], sizeof(nodes[0]), &p->group_node);
	node_text(nodes[1], sizeof(nodes[1]), &p->device_node);
	node_text(nodes[2], sizeof(nodes[2]), &p->uio_node);
	for (unsigned int i = 0; i < p->n_ifaces; i++) {
		strcat(ifaces, " ");
		strcat(ifaces, p->iface[i]);
	}
	snprintf(out, size,
		 "%s %04x:%04x/%04x %06x.%x %s type %u|%s|%s|group %d%s|node %d|%s|%s|%s|%s",
		 p->address, p->vendor, p->device, p->subsystem_device, p->class_code, p->revision,
		 kinds[p->virtio], p->virtio_type, p->driver, p->driver_override, p->iommu_group,
		 p->noiommu ? " noiommu" : "", p->numa_node, ifaces, nodes[0], nodes[1], nodes[2]);
}

static const struct scan_case {
	const char *what;
	unsigned int vendor, device;
	const char *driver;
	int group; /* 0: none */
	struct tree_entry more[6];
	const char *text;
} scan_cases[] = {
	{ "a modern device on the kernel's driver, with its interface",
	  0x1af4,
	  0x1041,
	  "virtio-pci",
	  0,
	  { { "sys/bus/pci/devices/" A "/virtio2/net/eth0", "/" } },
	  A " 1af4:1041/1041 020000.1 modern type 1|virtio-pci||group -1|node -1| eth0|-|-|-" },
	{ "a device without a driver",
	  0x1af4,
	  0x1041,
	  NULL,
	  3,
	  { { 0 } },
	  A " 1af4:1041/1041 020000.1 modern type 1|||group 3|node -1||-|-|-" },
	{ "a device of VFIO, its node there",
	  0x1af4,
	  0x1041,
	  "vfio-pci",
	  4,
	  { { "sys/bus/pci/devices/" A "/driver_override", "vfio-pci\n" },
	    { "sys/bus/pci/devices/" A "/numa_node", "1\n" },
	    { "dev/vfio/4", "" } },
	  A " 1af4:1041/1041 020000.1 modern type 1|vfio-pci|vfio-pci|group 4|node 1||"
	    "/dev/vfio/4 640|-|-" },
	{ "a device of VFIO, its node not there",
	  0x1af4,
	  0x1041,
	  "vfio-pci",
	  4,
	  { { 0 } },
	  A " 1af4:1041/1041 020000.1 modern type 1|vfio-pci||group 4|node -1||"
	    "/dev/vfio/4 absent|-|-" },
	{ "a device of VFIO without an IOMMU",
	  0x1af4,
	  0x1000,
	  "vfio-pci",
	  7,
	  { { "sys/kernel/iommu_groups/7/name", "vfio-noiommu\n" }, { "dev/vfio/noiommu-7", "" } },
	  A " 1af4:1000/0001 020000.0 transitional type 1|vfio-pci||group 7 noiommu|node -1||"
	    "/dev/vfio/noiommu-7 640|-|-" },
	{ "a device with a node of its own",
	  0x1af4,
	  0x1041,
	  "vfio-pci",
	  4,
	  { { "sys/bus/pci/devices/" A "/vfio-dev/vfio0", "/" }, { "dev/vfio/devices/vfio0", "" } },
	  A " 1af4:1041/1041 020000.1 modern type 1|vfio-pci||group 4|node -1||"
	    "/dev/vfio/4 absent|/dev/vfio/devices/vfio0 640|-" },
	{ "a device of UIO",
	  0x1af4,
	  0x1041,
	  "uio_pci_generic",
	  0,
	  { { "sys/bus/pci/devices/" A "/uio/uio3", "/" }, { "dev/uio3", "" } },
	  A " 1af4:1041/1041 020000.1 modern type 1|uio_pci_generic||group -1|node -1||"
	    "-|-|/dev/uio3 640" },
	{ "another virtio device",
	  0x1af4,
	  0x1042,
	  "virtio-pci",
	  0,
	  { { 0 } },
	  A " 1af4:1042/1042 020000.1 modern type 2|virtio-pci||group -1|node -1||-|-|-" },
	{ "a device of another vendor, with two interfaces in order",
	  0x8086,
	  0x1041,
	  "e1000",
	  0,
	  { { "sys/bus/pci/devices/" A "/net/eth2", "/" },
	    { "sys/bus/pci/devices/" A "/net/eth1", "/" } },
	  A " 8086:1041/1041 020000.1 - type 0|e1000||group -1|node -1| eth1 eth2|-|-|-" },
	{ "ids that are no numbers count as 0",
	  0x1af4,
	  0x1041,
	  NULL,
	  0,
	  { { "sys/bus/pci/devices/" A "/vendor", "virtio\n" },
	    { "sys/bus/pci/devices/" A "/revision", "" } },
	  A " 0000:1041/1041 020000.0 - type 0|||group -1|node -1||-|-|-" },
	{ "a group that is no number is none",
	  0x1af4,
	  0x1041,
	  NULL,
	  0,
	  { { "sys/bus/pci/devices/" A "/iommu_group", "-> ../x4" } },
	  A " 1af4:1041/1041 020000.1 modern type 1|||group -1|node -1||-|-|-" },
	{ "more interfaces than there is room for are left out",
	  0x1af4,
	  0x1041,
	  "virtio-pci",
	  0,
	  { { "sys/bus/pci/devices/" A "/net/a", "/" },
	    { "sys/bus/pci/devices/" A "/net/a_name_of_16_byt", "/" },
	    { "sys/bus/pci/devices/" A "/net/b", "/" },
	    { "sys/bus/pci/devices/" A "/net/c", "/" },
	    { "sys/bus/pci/devices/" A "/net/d", "/" } },
	  A " 1af4:1041/1041 020000.1 modern type 1|virtio-pci||group -1|node -1| a b c d|-|-|-" },
};

static void scans(void **state)
{
	const struct scan_case *c = *state;
	struct vio_pci_list *list;
	mode_t mask = umask(027);
	char text[512];

	tree_pci(A, c->vendor, c->device, c->driver);
	if (c->group)
		tree_pci_group(A, c->group);
	tree_add(c->more);
	umask(mask);
	assert_int_equal(vio_pci_scan(tree_root, &list), 0);
	assert_null(vio_pci_at(list, 1));
	text_of(vio_pci_at(list, 0), text, sizeof(text));
	assert_string_equal(text, c->text);
	vio_pci_list_free(list);
}

/* Capabilities of a device with an id that modern, transitional and legacy ones may have. */
static const struct config_case {
	const char *what;
	size_t bytes;
	struct {
		uint8_t at, byte;
	} set[8];
	enum vio_pci_virtio kind;
} config_cases[] = {
	{ "with a common configuration it is transitional",
	  256,
	  { { 0x34, 0x98 }, { 0x98, 0x09 }, { 0x99, 0 }, { 0x9b, 1 } },
	  VIO_PCI_TRANSITIONAL },
	{ "the common configuration may come later",
	  256,
	  { { 0x34, 0x40 },
	    { 0x40, 0x11 },
	    { 0x41, 0x50 },
	    { 0x50, 0x09 },
	    { 0x51, 0x60 },
	    { 0x53, 2 },
	    { 0x60, 0x09 },
	    { 0x63, 1 } },
	  VIO_PCI_TRANSITIONAL },
	{ "without capabilities it is legacy", 256, { { 0 } }, VIO_PCI_LEGACY },
	{ "with MSI-X only it is legacy", 256, { { 0x34, 0x40 }, { 0x40, 0x11 } }, VIO_PCI_LEGACY },
	{ "a list in a circle ends",
	  256,
	  { { 0x34, 0x40 }, { 0x40, 0x11 }, { 0x41, 0x40 } },
	  VIO_PCI_LEGACY },
	{ "a list that leads into the header ends",
	  256,
	  { { 0x34, 0x3c }, { 0x3c, 0x09 }, { 0x3f, 1 } },
	  VIO_PCI_LEGACY },
	{ "a capability at the very end stays inside",
	  256,
	  { { 0x34, 0xff }, { 0xfc, 0x09 }, { 0xff, 2 } },
	  VIO_PCI_LEGACY },
	{ "what an ordinary user may read does not tell",
	  64,
	  { { 0x34, 0x40 } },
	  VIO_PCI_TRANSITIONAL },
};

static void tells_legacy(void **state)
{
	const struct config_case *c = *state;
	uint8_t config[256] = { 0 };
	struct vio_pci_list *list;

	for (size_t i = 0; i < 8; i++)
		if (c->set[i].at)
			config[c->set[i].at] = c->set[i].byte;
	tree_pci(A, 0x1af4, 0x1000, NULL);
	tree_put_bytes("sys/bus/pci/devices/" A "/config", config, c->bytes);
	assert_int_equal(vio_pci_scan(tree_root, &list), 0);
	assert_int_equal(vio_pci_at(list, 0)->virtio, c->kind);
	vio_pci_list_free(list);
}

static void orders(void **state)
{
	struct vio_pci_list *list;
	char address[32];

	(void)state;
	for (unsigned int i = 0; i < 70; i++) {
		snprintf(address, sizeof(address), "0000:%02x:00.0", (i * 37) % 70);
		tree_pci(address, 0x8086, i, NULL);
	}
	tree_pci("10000:e1:00.12345678", 1, 1, NULL); /* longer than any */
	assert_int_equal(vio_pci_scan(tree_root, &list), 0);
	for (unsigned int i = 0; i < 70; i++) {
		snprintf(address, sizeof(address), "0000:%02x:00.0", i);
		assert_string_equal(vio_pci_at(list, i)->address, address);
	}
	assert_null(vio_pci_at(list, 70));
	vio_pci_list_free(list);
}

static const struct find_case {
	const char *what, *address;
	bool found;
} find_cases[] = {
	{ "found by its whole address", "0000:0a:04.0", true },
	{ "found without the domain", "0a:04.0", true },
	{ "found in capitals", "0000:0A:04.0", true },
	{ "another function is not", "0000:0a:04.1", false },
	{ "a part of the address is not", "0a:04", false },
	{ "nothing is not", "", false },
	{ "something long is not", "0000:0a:04.0000000000000000000000000000000000000", false },
};

static void finds(void **state)
{
	const struct find_case *c = *state;
	struct vio_pci_list *list;

	tree_pci("0000:0a:04.0", 0x1af4, 0x1041, NULL);
	assert_int_equal(vio_pci_scan(tree_root, &list), 0);
	assert_int_equal(vio_pci_find(list, c->address) != NULL, c->found);
	vio_pci_list_free(list);
}

static void no_pci(void **state)
{
	struct vio_pci_list *list;

	(void)state;
	assert_int_equal(vio_pci_scan(tree_root, &list), 0);
	assert_null(vio_pci_at(list, 0));
	vio_pci_list_free(list);
	vio_pci_list_free(NULL);
}

static void no_folder(void **state)
{
	struct vio_pci_list *list = NULL;

	(void)state;
	tree_put("sys/bus/pci/devices", "a file");
	assert_int_equal(vio_pci_scan(tree_root, &list), -ENOTDIR);
	assert_string_equal(vio_error_last()->id, "VIO-SCAN-01");
	assert_null(list);
}

static void long_root(void **state)
{
	struct vio_pci_list *list = NULL;
	char root[1024];

	(void)state;
	memset(root, '/', sizeof(root));
	root[sizeof(root) - 1] = '\0';
	assert_int_equal(vio_pci_scan(root, &list), -EINVAL);
	assert_null(list);
}

static void this_machine(void **state)
{
	struct vio_pci_list *list;

	(void)state;
	assert_int_equal(vio_pci_scan(NULL, &list), 0);
	vio_pci_list_free(list);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, scan_cases, scans);
	CASES_ADD(&list, config_cases, tells_legacy);
	CASES_ADD(&list, find_cases, finds);
	case_add(&list, "functions come in the order of their addresses", orders, NULL);
	case_add(&list, "a machine without PCI has an empty list", no_pci, NULL);
	case_add(&list, "a folder that can't be read is an error", no_folder, NULL);
	case_add(&list, "a root that is too long is refused", long_root, NULL);
	case_add(&list, "the machine itself can be read", this_machine, NULL);
	return tree_case_run("scan", &list);
}
