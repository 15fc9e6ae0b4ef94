/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_INFO_H
#define VFIO_INFO_H

#include <linux/vfio.h>

#include "kernel.h"

#define INFO_BYTES 4096

/*
 * An answer of VFIO: a struct of a fixed size and behind it a chain of capabilities. There is room
 * for some 250 ranges; a kernel with more to say leaves the chain out.
 */
union vfio_info {
	uint32_t argsz; /* first in each of them */
	struct vfio_device_info device;
	struct vfio_region_info region;
	struct vfio_iommu_type1_info iommu;
	struct vfio_info_cap_header cap;
	unsigned char bytes[INFO_BYTES];
};

/* Ask for it; @info's struct is filled in but for argsz. Return: as ioctl, without an error set. */
int info_get(const struct vfio_kernel *k, int fd, unsigned long request, union vfio_info *info);

/**
 * info_cap - capability @id of an answer
 * @off: where the chain begins, 0: there is none
 * @head: receives its first @head_bytes bytes, which need not be aligned where they lie
 * @rest: receives where the list behind them begins
 *
 * Return: bytes from @rest to the end of the answer; negative: there is no such capability.
 */
ptrdiff_t info_cap(const union vfio_info *info, uint32_t off, uint16_t id, void *head,
		   size_t head_bytes, const char **rest);

#endif
