/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_FAKE_TREE_H
#define UNIT_FAKE_TREE_H

#include "../cases.h"

/*
 * A folder with a small /sys, /dev and /proc of the test's own. Paths are relative to it, and
 * folders on the way are made.
 */
extern char tree_root[64];

/* One file: its text; "-> NAME" makes a symbolic link, "/" a folder. A table ends with path NULL.
 */
struct tree_entry {
	const char *path, *text;
};

void tree_make(void);
void tree_remove(void);
void tree_put(const char *path, const char *text);
void tree_put_bytes(const char *path, const void *bytes, size_t n);
void tree_add(const struct tree_entry *entries);
/* The path with the root in front, in a buffer that lives until the next call but seven. */
const char *tree_path(const char *path);

/* A PCI function below sys/bus/pci/devices; @driver may be NULL. */
void tree_pci(const char *address, unsigned int vendor, unsigned int device, const char *driver);
/* A file of such a function. */
void tree_pci_put(const char *address, const char *name, const char *text);
/* Put it into an IOMMU group. */
void tree_pci_group(const char *address, int group);

/* As case_run(), each case with a new tree, which goes with it. */
int tree_case_run(const char *group, struct case_list *list);

#endif
