/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_CHECK_H
#define APP_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

/* What is known of the frames that should arrive, to tell damaged ones from strangers. */
struct check_id {
	uint8_t macs[2][12]; /* both addresses as sent, and exchanged */
	struct port_range port[2];
	uint16_t l4, payload; /* offsets as they were sent */
};

enum check_result {
	CHECK_OURS,    /* intact */
	CHECK_CORRUPT, /* ours, damaged on the way */
	CHECK_FOREIGN, /* somebody else's */
};

/* What an intact frame says. */
struct check_info {
	uint32_t seq;
	unsigned int stream;
	uint64_t sent_ns; /* since 1970 */
	bool odd_macs;    /* the addresses are not ours, but differ in one bit only */
};

void check_id_init(struct check_id *id, const struct frame_spec *spec, const struct frames *f);

/**
 * check_frame - recognise and verify a received frame
 * @id: what was sent
 * @frame: @len bytes, without FCS
 * @csum_done: the UDP checksum is still that of the pseudo header, by agreement with the device
 * (VIRTIO_NET_HDR_F_NEEDS_CSUM); it is not verified
 * @out: filled for CHECK_OURS
 *
 * Devices on the way may have changed addresses, VLAN tags and hop limits, so a frame is ours if it
 * is UDP with our magic, and intact if its checksums hold. One that fails is ours, damaged, if two
 * of three marks are there: our pair of MAC addresses, our pair of ports, our magic.
 */
enum check_result check_frame(const struct check_id *id, const uint8_t *frame, uint32_t len,
			      bool csum_done, struct check_info *out);

#endif
