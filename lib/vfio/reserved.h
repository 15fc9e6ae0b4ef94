/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VFIO_RESERVED_H
#define VFIO_RESERVED_H

#include "iova.h"
#include "way.h"

/* Take the regions out that sysfs calls reserved for the function's group: kernels before 5.4 do
 * not leave them out themselves. */
void reserved_cut(const struct way *way, struct iova_set *usable);

#endif
