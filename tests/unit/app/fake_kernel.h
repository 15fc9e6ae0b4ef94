/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_APP_FAKE_KERNEL_H
#define UNIT_APP_FAKE_KERNEL_H

#include "../../../apps/vio/rebind.h"

#define A    "0000:00:04.0"
#define B    "0000:00:05.0"
#define DEV  "sys/bus/pci/devices/"
#define DRV  "sys/bus/pci/drivers/"
#define MODE "sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

/*
 * A kernel with two virtio devices, as far as binding goes: it follows what is written to sysfs, in
 * a tree of files.
 */
struct kernel {
	struct host host;
	const char *modules; /* that modprobe finds */
	const char *refuses; /* a driver that takes no device */
	bool no_nodes, no_driverctl, not_root, no_modprobe, no_probe;
	bool driverctl_drops; /* unset-override leaves the device without a driver */
	int give_rc;

	/* What goes wrong: these steps, counted from 1, or all from the first on. */
	int fail[2];
	bool fail_on;
	bool silent; /* nothing happens, and no error comes */
	int steps;
	int signal_at;

	char given[256];
};

/* A struct kernel goes with it as its argument. */
extern const struct rebind_ops kernel_ops;

/* Driver of a device, "": none; text of a file, "": none or "(null)"; driver_override. */
void kernel_driver_of(const char *address, char driver[64]);
void kernel_text_of(const char *path, char text[64]);
void kernel_override_of(const char *address, char text[64]);

#endif
