/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_FEATURES_H
#define VIRTIO_FEATURES_H

#include "../../lib/port/address.h"
#include "feature_bits.h"

/*
 * The user's wishes: bits that must not and bits that must be negotiated. NAME=on|off|auto in an
 * address, features_on and features_off in the options.
 */
struct feature_wishes {
	struct vio_features on, off;
	bool legacy; /* the device knows no VERSION_1, and need not */
};

/* Take every NAME=on|off|auto out of @addr. Return: 0; -EINVAL with the error set. */
int features_parse(struct address *addr, struct feature_wishes *wishes);

/*
 * Choose from @offered: everything that the driver wants and everything wished for, each with its
 * prerequisites; never what it does not know (VIRTIO 1.4, 2.2, 5.1.3.1 "Feature bit requirements").
 * Return: 0; -ENOTSUP with the error set: VERSION_1 or something wished for can't be had.
 */
int features_choose(const struct vio_features *offered, const struct feature_wishes *wishes,
		    struct vio_features *taken);

/* Are all prerequisites of every bit in @set in it too? Return: true, or false with the bit that
 * lacks one. */
bool features_closed(const struct vio_features *set, unsigned int *lacking);

#endif
