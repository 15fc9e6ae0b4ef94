/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_PCI_H
#define VIO_PCI_H

#include <vio/types.h>

VIO_EXTERN_C_BEGIN

/* Network interfaces of a function that are listed, at most. */
#define VIO_PCI_IFACES 4

/* What kind of virtio device a function is. */
enum vio_pci_virtio {
	VIO_PCI_NOT_VIRTIO,
	VIO_PCI_MODERN,
	VIO_PCI_TRANSITIONAL, /* both interfaces; also where only root could tell it from legacy */
	VIO_PCI_LEGACY,
};

/**
 * struct vio_pci_node - a file below /dev through which a function can be driven
 * @path: "/dev/vfio/4"; "": there is none of this kind
 * @present: the file is there; the rest is 0 if not
 * @uid: number of its owner
 * @gid: number of its group
 * @mode: permissions as in chmod(2): 0660
 */
struct vio_pci_node {
	char path[56];
	bool present;
	uint32_t uid, gid, mode;
};

/**
 * struct vio_pci - a PCI function as the kernel shows it in sysfs
 * @address: "0000:00:04.0"
 * @vendor: id, as are @device, @subsystem_vendor and @subsystem_device; 0: not told
 * @class_code: base class, sub-class and interface, a byte each: 0x020000 is Ethernet
 * @revision: of the device; 0 for legacy and transitional virtio
 * @virtio: which of virtio's interfaces it has
 * @virtio_type: 1 is a network device; 0 where @virtio is VIO_PCI_NOT_VIRTIO
 * @driver: kernel driver that is bound to it; "": none
 * @driver_override: the only driver that may bind to it; "": any that knows it
 * @iommu_group: number of its group; -1: none
 * @noiommu: the group is VFIO's substitute for one: nothing confines the device's DMA
 * @numa_node: the node it is attached to; -1: the kernel does not tell
 * @n_ifaces: entries of @iface that are used
 * @iface: network interfaces that the kernel has made of it, ordered by name
 * @group_node: /dev/vfio/N or /dev/vfio/noiommu-N, while bound to a driver of VFIO
 * @device_node: /dev/vfio/devices/vfioN, the same on kernels that have it
 * @uio_node: /dev/uioN, while bound to a UIO driver
 */
struct vio_pci {
	char address[16];
	uint16_t vendor, device, subsystem_vendor, subsystem_device;
	uint32_t class_code;
	uint8_t revision;
	enum vio_pci_virtio virtio;
	uint16_t virtio_type;
	char driver[32];
	char driver_override[32];
	int iommu_group;
	bool noiommu;
	int numa_node;
	unsigned int n_ifaces;
	char iface[VIO_PCI_IFACES][16];
	struct vio_pci_node group_node, device_node, uio_node;
};

struct vio_pci_list;

/**
 * vio_pci_scan - list the machine's PCI functions
 * @root: folder that stands in front of /sys and /dev, for tests; NULL or "": none
 * @out: receives the list, ordered by address; untouched on failure
 *
 * Only reads. Works for every user; what a file does not tell is left at its default. A machine
 * without PCI has an empty list. It is a snapshot: nothing in it changes afterwards.
 *
 * Return: 0, or a negative errno with vio_error_last() telling more: -ENOMEM, -EINVAL @root is too
 * long, or why sysfs can't be read, as -EACCES.
 * Ownership: the caller ends *@out with vio_pci_list_free(). Thread safety: any thread.
 */
VIO_API int vio_pci_scan(const char *root, struct vio_pci_list **out);

/* End a list, and with it all functions that came from it. @list may be NULL. Thread safety: any
 * thread, once nobody uses the list. */
VIO_API void vio_pci_list_free(struct vio_pci_list *list);

/**
 * vio_pci_at - walk a list
 * @i: 0, 1, ..., in order of address
 *
 * Return: the function, which belongs to @list; NULL past the end. Thread safety: any thread.
 */
VIO_API const struct vio_pci *vio_pci_at(const struct vio_pci_list *list, size_t i);

/**
 * vio_pci_find - look a function up
 * @address: "0000:00:04.0", or "00:04.0" for domain 0; letters of either case
 *
 * Return: the function, which belongs to @list; NULL if it is not there. Thread safety: any thread.
 */
VIO_API const struct vio_pci *vio_pci_find(const struct vio_pci_list *list, const char *address);

VIO_EXTERN_C_END

#endif
