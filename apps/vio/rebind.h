/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_REBIND_H
#define APP_REBIND_H

#include <vio/pci.h>

#include "host.h"
#include "problem.h"

/*
 * Taking PCI functions from one driver to another, all of them or none: whatever fails on the way,
 * each ends with the driver that it had.
 */
#define REBIND_MAX       16
#define REBIND_NOTES_MAX 16

/* How the machine is changed; tests put a small kernel of their own here. */
struct rebind_ops {
	/* Write @text to a file of sysfs; @path without the root. Return: 0 or a negative errno. */
	int (*write)(void *arg, const char *path, const char *text);
	/* Run a command. Return: its exit code, or a negative errno: -ENOENT not installed. */
	int (*run)(void *arg, const char *const *argv);
	/* Ids of -1 stay. Return: 0 or a negative errno. */
	int (*give)(void *arg, const char *path, int64_t uid, int64_t gid, uint32_t mode);
	/* Wait a moment between two looks. */
	void (*pause)(void *arg);
};

extern const struct rebind_ops rebind_kernel; /* the real one; @arg is the struct host */

/* Who shall own the files through which a device is driven. */
struct rebind_owner {
	bool given;
	int64_t uid, gid; /* -1: as it is */
	uint32_t mode;
	char user[40], group[40]; /* as written */
};

/* One function: how it was, so that it can be so again, and what has become of it. */
struct rebind_device {
	char address[16];
	char before[32], override_before[32];
	int lock; /* file descriptor; -1: none */
	struct vio_pci now;
};

struct rebind {
	const struct host *h;
	const struct rebind_ops *ops;
	void *arg;
	const char *driver; /* to bind; for rebind_back() NULL: whatever the kernel finds */
	struct rebind_owner owner;
	bool force, noiommu, persist;
	unsigned int wait_ms; /* for files below /dev; 0: 2000 */

	unsigned int n;
	struct rebind_device dev[REBIND_MAX];

	bool opened_noiommu; /* VFIO's no-IOMMU mode was off before */
	struct problem problem;
	unsigned int n_notes;
	char note[REBIND_NOTES_MAX][400];
};

/* Add a function, "pci:0000:00:04.0" or without "pci:". Return: false if there is no room. */
bool rebind_add(struct rebind *r, const char *port);

/* Bind all to @driver. Return: false with @problem set, and nothing changed but for BIND_STUCK. */
bool rebind_take(struct rebind *r);

/* Give all back to the kernel's drivers; returns the same. */
bool rebind_back(struct rebind *r);

#endif
