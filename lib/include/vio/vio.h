/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_VIO_H
#define VIO_VIO_H

#include <vio/clock.h>
#include <vio/error.h>
#include <vio/log.h>
#include <vio/loop.h>
#include <vio/offload.h>
#include <vio/pci.h>
#include <vio/pkt.h>
#include <vio/pool.h>
#include <vio/port.h>
#include <vio/region.h>
#include <vio/types.h>

#endif
