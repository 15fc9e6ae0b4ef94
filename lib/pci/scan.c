/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vio/pci.h>

#include "../base/err.h"
#include "caps.h"
#include "sysfs.h"

#define PATH_BYTES     512
#define VENDOR_VIRTIO  0x1af4
#define CONFIG_BYTES   256
#define CAP_COMMON_CFG 1

struct vio_pci_list {
	size_t n;
	struct vio_pci *pci;
};

/* A function's folder in sysfs while it is read. */
struct place {
	const char *root;
	char folder[PATH_BYTES];
};

static void path_in(const struct place *at, const char *name, char path[PATH_BYTES])
{
	/* A path that is cut off names no file, which is what its reader then says. */
	if (snprintf(path, PATH_BYTES, "%s/%s", at->folder, name) >= PATH_BYTES)
		path[0] = '\0';
}

static uint64_t number_of(const struct place *at, const char *name, uint64_t otherwise)
{
	char path[PATH_BYTES];
	uint64_t value = otherwise;

	path_in(at, name, path);
	(void)sysfs_number(path, &value);
	return value;
}

static void link_of(const struct place *at, const char *name, char *out, size_t size)
{
	char path[PATH_BYTES];

	path_in(at, name, path);
	if (sysfs_link(path, out, size) < 0)
		out[0] = '\0';
}

/* ---- ids ---- */

static void read_ids(const struct place *at, struct vio_pci *p)
{
	char path[PATH_BYTES];

	p->vendor = (uint16_t)number_of(at, "vendor", 0);
	p->device = (uint16_t)number_of(at, "device", 0);
	p->subsystem_vendor = (uint16_t)number_of(at, "subsystem_vendor", 0);
	p->subsystem_device = (uint16_t)number_of(at, "subsystem_device", 0);
	p->class_code = (uint32_t)number_of(at, "class", 0);
	p->revision = (uint8_t)number_of(at, "revision", 0);
	p->numa_node = (int)number_of(at, "numa_node", UINT64_MAX); /* "-1" is no number to it */
	link_of(at, "driver", p->driver, sizeof(p->driver));
	path_in(at, "driver_override", path);
	if (sysfs_text(path, p->driver_override, sizeof(p->driver_override)) < 0 ||
	    !strcmp(p->driver_override, "(null)"))
		p->driver_override[0] = '\0';
}

/* How much of the configuration space this user may read: 64 bytes, or more as root. */
static size_t read_config(const struct place *at, uint8_t config[CONFIG_BYTES])
{
	char path[PATH_BYTES];
	ssize_t n;
	int fd;

	path_in(at, "config", path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, config, CONFIG_BYTES);
	close(fd);
	return n < 0 ? 0 : (size_t)n;
}

/* VIRTIO 1.4, 4.1.4 "Virtio Structure PCI Capabilities": is there a common configuration? */
static bool has_common_cfg(const uint8_t config[CONFIG_BYTES])
{
	uint8_t off = config[PCI_CAPABILITY_LIST];

	for (int i = 0; i < PCI_CAPS_MAX && off >= PCI_STD_HEADER_SIZEOF && off <= CONFIG_BYTES - 4;
	     i++) {
		off &= 0xfc;
		if (config[off] == PCI_CAP_ID_VNDR && config[off + 3] == CAP_COMMON_CFG)
			return true;
		off = config[off + 1];
	}
	return false;
}

/*
 * VIRTIO 1.4, 4.1.2 "PCI Device Discovery" and 4.1.2.3 "Legacy Interfaces: A Note on PCI Device
 * Discovery": ids up to 0x103f are transitional or older, and the subsystem tells the type.
 */
static void read_virtio(const struct place *at, struct vio_pci *p)
{
	uint8_t config[CONFIG_BYTES];

	if (p->vendor != VENDOR_VIRTIO || p->device < 0x1000 || p->device > 0x107f)
		return;
	if (p->device >= 0x1040) {
		p->virtio = VIO_PCI_MODERN;
		p->virtio_type = p->device - 0x1040;
		return;
	}
	p->virtio_type = p->subsystem_device;
	p->virtio = VIO_PCI_TRANSITIONAL;
	if (read_config(at, config) == CONFIG_BYTES && !has_common_cfg(config))
		p->virtio = VIO_PCI_LEGACY;
}

/* ---- what hangs on it ---- */

/* Call @fn with each name in @folder, in no order. Return: 0, or a negative errno. */
static int each_name(const char *folder, int (*fn)(void *arg, const char *name), void *arg)
{
	DIR *dir = opendir(folder);
	struct dirent *e;
	int rc = 0;

	if (!dir)
		return -errno;
	while (rc >= 0 && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			rc = fn(arg, e->d_name);
	closedir(dir);
	return rc;
}

static int add_iface(void *arg, const char *name)
{
	struct vio_pci *p = arg;

	if (p->n_ifaces < VIO_PCI_IFACES && strlen(name) < sizeof(p->iface[0]))
		strcpy(p->iface[p->n_ifaces++], name);
	return 0;
}

struct iface_search {
	const struct place *at;
	struct vio_pci *pci;
};

static int search_virtio_folder(void *arg, const char *name)
{
	struct iface_search *s = arg;
	char path[PATH_BYTES], net[64];

	if (strncmp(name, "virtio", 6) || snprintf(net, sizeof(net), "%s/net", name) >= 64)
		return 0;
	path_in(s->at, net, path);
	each_name(path, add_iface, s->pci);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Interfaces stand below the function, or below the virtio device that is made of it. */
static void read_ifaces(const struct place *at, struct vio_pci *p)
{
	struct iface_search search = { at, p };
	char path[PATH_BYTES];

	path_in(at, "net", path);
	each_name(path, add_iface, p);
	each_name(at->folder, search_virtio_folder, &search);
	qsort(p->iface, p->n_ifaces, sizeof(p->iface[0]), by_name);
}

static void node_stat(const struct place *at, struct vio_pci_node *node)
{
	char path[PATH_BYTES];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s%s", at->root, node->path) >= PATH_BYTES ||
	    stat(path, &st) < 0)
		return;
	node->present = true;
	node->uid = st.st_uid;
	node->gid = st.st_gid;
	node->mode = st.st_mode & 07777;
}

static int take_name(void *arg, const char *name)
{
	char *out = arg;

	if (strlen(name) < 32)
		strcpy(out, name);
	return 0;
}

/* "PREFIXNAME" where @folder of the function has an entry NAME: "uio0", "vfio3". */
static void node_named(const struct place *at, const char *folder, const char *prefix,
		       struct vio_pci_node *node)
{
	char path[PATH_BYTES], name[32] = "";

	path_in(at, folder, path);
	each_name(path, take_name, name);
	if (!name[0])
		return;
	snprintf(node->path, sizeof(node->path), "%s%s", prefix, name);
	node_stat(at, node);
}

static void read_group(const struct place *at, struct vio_pci *p)
{
	char path[PATH_BYTES], text[32];
	char *end;

	p->iommu_group = -1;
	link_of(at, "iommu_group", text, sizeof(text));
	if (!text[0])
		return;
	p->iommu_group = (int)strtol(text, &end, 10);
	if (*end || p->iommu_group < 0) {
		p->iommu_group = -1;
		return;
	}
	path_in(at, "iommu_group/name", path);
	p->noiommu = sysfs_text(path, text, sizeof(text)) > 0 && !strcmp(text, "vfio-noiommu");
}

static void read_nodes(const struct place *at, struct vio_pci *p)
{
	node_named(at, "uio", "/dev/", &p->uio_node);
	node_named(at, "vfio-dev", "/dev/vfio/devices/", &p->device_node);
	if (p->iommu_group < 0 || !strstr(p->driver, "vfio"))
		return;
	snprintf(p->group_node.path, sizeof(p->group_node.path), "/dev/vfio/%s%d",
		 p->noiommu ? "noiommu-" : "", p->iommu_group);
	node_stat(at, &p->group_node);
}

/* ---- the list ---- */

struct scan {
	const char *root;
	struct vio_pci_list *list;
};

/* Room for one more. Return: NULL with the error set. */
static struct vio_pci *list_more(struct vio_pci_list *l)
{
	struct vio_pci *more = realloc(l->pci, (l->n + 1) * sizeof(*more));

	if (!more) {
		err_set(ERR_NO_MEMORY, -ENOMEM, "%zu PCI functions", l->n + 1);
		return NULL;
	}
	l->pci = more;
	return memset(&more[l->n++], 0, sizeof(*more));
}

static int add_function(void *arg, const char *name)
{
	struct scan *s = arg;
	struct place at = { .root = s->root };
	struct vio_pci *p;

	if (strlen(name) >= sizeof(p->address))
		return 0;
	if (snprintf(at.folder, sizeof(at.folder), "%s/sys/bus/pci/devices/%s", s->root, name) >=
	    PATH_BYTES)
		return err_set(ERR_OPTS, -EINVAL, "the root %.64s... is too long", s->root);
	p = list_more(s->list);
	if (!p)
		return -ENOMEM;
	strcpy(p->address, name);
	read_ids(&at, p);
	read_virtio(&at, p);
	read_ifaces(&at, p);
	read_group(&at, p);
	read_nodes(&at, p);
	return 0;
}

static int by_address(const void *a, const void *b)
{
	return strcmp(((const struct vio_pci *)a)->address, ((const struct vio_pci *)b)->address);
}

int vio_pci_scan(const char *root, struct vio_pci_list **out)
{
	struct scan s = { .root = root ? root : "" };
	char folder[PATH_BYTES];
	int rc;

	if (snprintf(folder, sizeof(folder), "%s/sys/bus/pci/devices", s.root) >= PATH_BYTES)
		return err_set(ERR_OPTS, -EINVAL, "the root %.64s... is too long", s.root);
	s.list = calloc(1, sizeof(*s.list));
	if (!s.list)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "a list of PCI functions");
	rc = each_name(folder, add_function, &s);
	if (rc == -ENOENT)
		rc = 0;
	else if (rc < 0 && rc != -ENOMEM && rc != -EINVAL)
		err_set(ERR_PCI_SCAN, rc, "%s: %s", folder, strerror(-rc));
	if (rc < 0) {
		vio_pci_list_free(s.list);
		return rc;
	}
	if (s.list->n)
		qsort(s.list->pci, s.list->n, sizeof(*s.list->pci), by_address);
	*out = s.list;
	return 0;
}

void vio_pci_list_free(struct vio_pci_list *list)
{
	if (list)
		free(list->pci);
	free(list);
}

const struct vio_pci *vio_pci_at(const struct vio_pci_list *list, size_t i)
{
	return i < list->n ? &list->pci[i] : NULL;
}

const struct vio_pci *vio_pci_find(const struct vio_pci_list *list, const char *address)
{
	char full[32];

	snprintf(full, sizeof(full), "0000:%s", address);
	for (size_t i = 0; i < list->n; i++)
		if (!strcasecmp(list->pci[i].address, address) ||
		    !strcasecmp(list->pci[i].address, full))
			return &list->pci[i];
	return NULL;
}
