/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_ABI_H
#define VFIO_ABI_H

#include <linux/ioctl.h>
#include <linux/types.h>
#include <linux/vfio.h>

/*
 * What the kernel has had since 6.2 (iommufd) and 6.6 (VFIO's nodes for each device), and the
 * headers of Debian 12 have not. Names of our own, so that newer headers do no harm.
 */

/* On a device's node. */
#define ABI_DEVICE_BIND   _IO(VFIO_TYPE, VFIO_BASE + 18)
#define ABI_DEVICE_ATTACH _IO(VFIO_TYPE, VFIO_BASE + 19)

struct abi_bind {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};

struct abi_attach {
	__u32 argsz;
	__u32 flags;
	__u32 pt_id; /* of an address space; comes back as the page table's */
};

/* On /dev/iommu. */
#define ABI_IOAS_ALLOC  _IO(VFIO_TYPE, 0x81)
#define ABI_IOAS_RANGES _IO(VFIO_TYPE, 0x84)
#define ABI_IOAS_MAP    _IO(VFIO_TYPE, 0x85)
#define ABI_IOAS_UNMAP  _IO(VFIO_TYPE, 0x86)

struct abi_ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};

struct abi_iova_range {
	__aligned_u64 first, last;
};

/* -EMSGSIZE: there are more ranges than asked for; num_iovas says how many. */
struct abi_ioas_ranges {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 reserved;
	__aligned_u64 allowed_iovas;
	__aligned_u64 out_iova_alignment;
};

#define ABI_MAP_FIXED_IOVA 1U
#define ABI_MAP_WRITEABLE  2U
#define ABI_MAP_READABLE   4U

struct abi_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 reserved;
	__aligned_u64 user_va;
	__aligned_u64 length;
	__aligned_u64 iova;
};

struct abi_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__aligned_u64 iova;
	__aligned_u64 length;
};

_Static_assert(sizeof(struct abi_bind) == 16, "ABI");
_Static_assert(sizeof(struct abi_attach) == 12, "ABI");
_Static_assert(sizeof(struct abi_ioas_ranges) == 32, "ABI");
_Static_assert(sizeof(struct abi_ioas_map) == 40, "ABI");
_Static_assert(sizeof(struct abi_ioas_unmap) == 24, "ABI");

#endif
