/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_kernel.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../../cases.h"
#include "../fake_tree.h"

static bool spoilt(struct kernel *k)
{
	k->steps++;
	if (k->steps == k->signal_at)
		raise(SIGTERM);
	return k->steps == k->fail[0] || k->steps == k->fail[1] ||
	       (k->fail_on && k->fail[0] && k->steps >= k->fail[0]);
}

void kernel_driver_of(const char *address, char driver[64])
{
	char target[256];
	ssize_t n;

	snprintf(target, sizeof(target), DEV "%s/driver", address);
	n = readlink(tree_path(target), target, sizeof(target) - 1);
	target[n < 0 ? 0 : n] = '\0';
	strcpy(driver, n < 0 ? "" : strrchr(target, '/') + 1);
}

void kernel_text_of(const char *path, char text[64])
{
	FILE *f = fopen(tree_path(path), "re");
	size_t n = f ? fread(text, 1, 63, f) : 0;

	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (!strcmp(text, "(null)"))
		text[0] = '\0';
	if (f)
		fclose(f);
}

void kernel_override_of(const char *address, char text[64])
{
	char path[128];

	snprintf(path, sizeof(path), DEV "%s/driver_override", address);
	kernel_text_of(path, text);
}

static void remove_at(const char *fmt, const char *address)
{
	char path[128];

	snprintf(path, sizeof(path), fmt, address);
	remove(tree_path(path));
}

static void unbind(const char *address)
{
	remove_at(DEV "%s/driver", address);
	remove_at(DEV "%s/net/eth4", address);
	remove_at(DEV "%s/uio/uio0", address);
	remove_at("dev/uio0%.0s", address);
	remove_at(strcmp(address, A) ? "dev/vfio/5%.0s" : "dev/vfio/4%.0s", address);
}

static void make_node(const struct kernel *k, const char *address, const char *driver)
{
	char path[128], mode[64];

	if (k->no_nodes)
		return;
	kernel_text_of(MODE, mode);
	snprintf(path, sizeof(path), DEV "%s/iommu_group", address);
	if (!strcmp(driver, "vfio-pci") && access(tree_path(path), F_OK) != 0) {
		tree_pci_group(address, 9);
		tree_put("sys/kernel/iommu_groups/9/name", "vfio-noiommu\n");
		tree_put("dev/vfio/noiommu-9", "");
	} else if (!strcmp(driver, "vfio-pci")) {
		tree_put(strcmp(address, A) ? "dev/vfio/5" : "dev/vfio/4", "");
	} else if (!strcmp(driver, "uio_pci_generic")) {
		tree_pci_put(address, "uio/uio0", "/");
		tree_put("dev/uio0", "");
	} else if (!strcmp(driver, "virtio-pci")) {
		tree_pci_put(address, "net/eth4", "/");
	}
}

static void bind(const struct kernel *k, const char *address, const char *driver)
{
	char path[128], link[128], override[64];

	kernel_override_of(address, override);
	if ((k->refuses && !strcmp(driver, k->refuses)) ||
	    (override[0] && strcmp(driver, override)))
		return;
	snprintf(path, sizeof(path), DRV "%s", driver);
	if (access(tree_path(path), F_OK) != 0)
		return;
	snprintf(link, sizeof(link), "-> ../../../bus/pci/drivers/%s", driver);
	tree_pci_put(address, "driver", link);
	make_node(k, address, driver);
}

static void probe(const struct kernel *k, const char *address)
{
	char driver[64], override[64];

	kernel_driver_of(address, driver);
	kernel_override_of(address, override);
	if (!driver[0] && !k->no_probe)
		bind(k, address, override[0] ? override : "virtio-pci");
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static int kernel_write(void *arg, const char *path, const char *text)
{
	struct kernel *k = arg;
	char driver[64] = "";

	if (spoilt(k))
		return k->silent ? 0 : -EIO;
	if (ends_with(path, "/driver_override") || ends_with(path, MODE)) {
		tree_put(path + 1, text);
	} else if (ends_with(path, "/driver/unbind")) {
		unbind(text);
	} else if (ends_with(path, "/drivers_probe")) {
		probe(k, text);
	} else {
		assert_int_equal(sscanf(path, "/" DRV "%63[^/]/bind", driver), 1);
		bind(k, text, driver);
	}
	return 0;
}

static int driverctl(struct kernel *k, const char *const *argv)
{
	char path[128];
	bool set = !strcmp(argv[1], "set-override");

	if (k->no_driverctl)
		return -ENOENT;
	snprintf(path, sizeof(path), "etc/driverctl.d/pci-%s", argv[2]);
	unbind(argv[2]);
	tree_pci_put(argv[2], "driver_override", set ? argv[3] : "\n");
	if (set || !k->driverctl_drops)
		probe(k, argv[2]);
	if (set)
		tree_put(path, argv[3]);
	else
		unlink(tree_path(path));
	return 0;
}

static int kernel_run(void *arg, const char *const *argv)
{
	struct kernel *k = arg;
	char path[128];

	if (spoilt(k))
		return k->silent ? 0 : 1;
	if (!strcmp(argv[0], "driverctl"))
		return driverctl(k, argv);
	if (!strcmp(argv[0], "udevadm"))
		return 0;
	assert_string_equal(argv[0], "modprobe");
	if (k->no_modprobe)
		return -ENOENT;
	if (!k->modules || !strstr(k->modules, argv[1]))
		return 1;
	snprintf(path, sizeof(path), DRV "%s",
		 strncmp(argv[1], "pci:v", 5) ? argv[1] : "virtio-pci");
	tree_put(path, "/");
	if (!strcmp(argv[1], "vfio-pci") && strstr(k->modules, "noiommu"))
		tree_put(MODE, "N\n");
	return 0;
}

static int kernel_give(void *arg, const char *path, int64_t uid, int64_t gid, uint32_t mode)
{
	struct kernel *k = arg;
	size_t n = strlen(k->given);

	if (spoilt(k))
		return k->silent ? 0 : -EPERM;
	snprintf(k->given + n, sizeof(k->given) - n, "%s %d:%d %o;", path, (int)uid, (int)gid,
		 mode);
	return k->give_rc;
}

static void kernel_pause(void *arg)
{
	(void)arg;
}

const struct rebind_ops kernel_ops = {
	.write = kernel_write,
	.run = kernel_run,
	.give = kernel_give,
	.pause = kernel_pause,
};
