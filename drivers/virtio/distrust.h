/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_DISTRUST_H
#define VIRTIO_DISTRUST_H

#include <stdbool.h>

/*
 * Around each condition that only a device which breaks the rules makes true: an id that is no
 * slot's or of a slot that is not in flight, a length or a count beyond what was posted. What an
 * honest device may do, such as using buffers in another order, is not among them.
 *
 * The option trust_device leaves these conditions out, so that what they cost can be measured
 * (scripts/bench-checks). Such a build is unsafe, and can't be installed.
 */
#ifdef VIO_TRUST_DEVICE
#define DISTRUST(condition) (false && (condition))
#else
#define DISTRUST(condition) (condition)
#endif

#endif
