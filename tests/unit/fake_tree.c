/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_tree.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char tree_root[64];

/* In memory where that can be had: some tests make thousands of trees. */
void tree_make(void)
{
	strcpy(tree_root, "/dev/shm/vio-tree-XXXXXX");
	if (mkdtemp(tree_root))
		return;
	strcpy(tree_root, "/tmp/vio-tree-XXXXXX");
	if (!mkdtemp(tree_root))
		abort();
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void tree_remove(void)
{
	nftw(tree_root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *tree_path(const char *path)
{
	static char buffers[8][PATH_MAX];
	static unsigned int next;
	char *out = buffers[next++ % 8];

	snprintf(out, PATH_MAX, "%s/%s", tree_root, path);
	return out;
}

/* The folder of @path, and those above it. */
static void make_folders(const char *path)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(path, '/');

	snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	if (mkdir(folder, 0755) == 0 || errno == EEXIST)
		return;
	if (errno != ENOENT)
		abort();
	make_folders(folder);
	if (mkdir(folder, 0755) < 0)
		abort();
}

void tree_put_bytes(const char *path, const void *bytes, size_t n)
{
	const char *full = tree_path(path);
	FILE *f;

	f = fopen(full, "we");
	if (!f) {
		make_folders(full);
		f = fopen(full, "we");
	}
	if (!f || fwrite(bytes, 1, n, f) != n || fclose(f))
		abort();
}

void tree_put(const char *path, const char *text)
{
	const char *full = tree_path(path);

	if (!strcmp(text, "/")) {
		make_folders(full);
		if (mkdir(full, 0755) < 0 && errno != EEXIST)
			abort();
	} else if (!strncmp(text, "-> ", 3)) {
		make_folders(full);
		unlink(full);
		if (symlink(text + 3, full) < 0)
			abort();
	} else {
		tree_put_bytes(path, text, strlen(text));
	}
}

void tree_add(const struct tree_entry *entries)
{
	for (; entries->path; entries++)
		tree_put(entries->path, entries->text);
}

void tree_pci_put(const char *address, const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", address, name);
	tree_put(path, text);
}

static void put_hex(const char *address, const char *name, int digits, unsigned int value)
{
	char text[32];

	snprintf(text, sizeof(text), "0x%0*x\n", digits, value);
	tree_pci_put(address, name, text);
}

void tree_pci(const char *address, unsigned int vendor, unsigned int device, const char *driver)
{
	char text[128];

	put_hex(address, "vendor", 4, vendor);
	put_hex(address, "device", 4, device);
	put_hex(address, "subsystem_vendor", 4, vendor);
	put_hex(address, "subsystem_device", 4, device < 0x1040 ? 1 : device);
	put_hex(address, "class", 6, 0x020000);
	put_hex(address, "revision", 2, device >= 0x1040);
	tree_pci_put(address, "numa_node", "-1\n");
	tree_pci_put(address, "driver_override", "(null)\n");
	if (!driver)
		return;
	snprintf(text, sizeof(text), "sys/bus/pci/drivers/%s", driver);
	tree_put(text, "/");
	snprintf(text, sizeof(text), "-> ../../../bus/pci/drivers/%s", driver);
	tree_pci_put(address, "driver", text);
}

void tree_pci_group(const char *address, int group)
{
	char text[128];

	snprintf(text, sizeof(text), "sys/kernel/iommu_groups/%d", group);
	tree_put(text, "/");
	snprintf(text, sizeof(text), "-> ../../../../kernel/iommu_groups/%d", group);
	tree_pci_put(address, "iommu_group", text);
}

static int setup(void **state)
{
	(void)state;
	tree_make();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tree_remove();
	return 0;
}

int tree_case_run(const char *group, struct case_list *list)
{
	for (size_t i = 0; i < list->n; i++) {
		list->test[i].setup_func = setup;
		list->test[i].teardown_func = teardown;
	}
	return case_run(group, list);
}
