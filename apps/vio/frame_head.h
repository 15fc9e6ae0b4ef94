/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FRAME_HEAD_H
#define APP_FRAME_HEAD_H

#include "frame.h"

/*
 * Write all headers of a frame of @len bytes into @head, which is zero: Ethernet and tags as the
 * first flow has them, but no addresses of IP, ports and checksums, which are the flow's; those of
 * the outer header of VXLAN are there.
 */
void frame_head_write(uint8_t *head, const struct frames *f, const struct frame_spec *spec,
		      unsigned int len);

/* Sum of the pseudo header without addresses, for the @len bytes of what IP carries; 0 where it has
 * no part in the checksum. */
uint32_t frame_pseudo_sum(const struct frames *f, unsigned int len);

#endif
