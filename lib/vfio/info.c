/* SPDX-License-Identifier: BSD-3-Clause */
#include "info.h"

#include <string.h>

int info_get(const struct vfio_kernel *k, int fd, unsigned long request, union vfio_info *info)
{
	info->argsz = sizeof(*info);
	return k->ioctl(fd, request, (unsigned long)info);
}

ptrdiff_t info_cap(const union vfio_info *info, uint32_t off, uint16_t id, void *head,
		   size_t head_bytes, const char **rest)
{
	struct vfio_info_cap_header cap;

	/* Forwards only: a chain can't loop. */
	for (uint32_t before = 0; off > before && off <= sizeof(*info) - head_bytes;
	     before = off, off = cap.next) {
		memcpy(&cap, info->bytes + off, sizeof(cap));
		if (cap.id != id)
			continue;
		memcpy(head, info->bytes + off, head_bytes);
		*rest = (const char *)info->bytes + off + head_bytes;
		return (ptrdiff_t)(sizeof(*info) - off - head_bytes);
	}
	return -1;
}
