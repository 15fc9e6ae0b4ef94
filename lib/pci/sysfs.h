/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PCI_SYSFS_H
#define PCI_SYSFS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Small files of the kernel: a value each. A negative errno comes back without an error set: only
 * the caller knows what it means that a file is missing.
 */

/* Where the kernel's trees are; tests point at one of their own. NULL: "/sys", "/dev", "/proc". */
struct pci_roots {
	const char *sys, *dev, *proc;
};

/* @roots (may be NULL) with no member NULL. */
struct pci_roots pci_roots_filled(const struct pci_roots *roots);

/**
 * sysfs_text - read a file without its last line feed
 * @buf: receives the text, NUL-ended; unspecified on failure
 * @size: of @buf, in bytes
 *
 * Return: its length, or a negative errno: -EOVERFLOW it does not fit, else as open(2), read(2).
 */
int sysfs_text(const char *path, char *buf, size_t size);

/* Read a number, decimal or with 0x. Return: 0, or a negative errno: -EINVAL the file holds
 * something else. @value is untouched on failure. */
int sysfs_number(const char *path, uint64_t *value);

/* Name that a symbolic link ends in: ".../bus/pci/drivers/vfio-pci" gives "vfio-pci". Return: its
 * length, or a negative errno: -ENOENT no such link, -EOVERFLOW @name has no room. */
int sysfs_link(const char *path, char *name, size_t size);

#endif
