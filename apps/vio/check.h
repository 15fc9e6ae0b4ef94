/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_CHECK_H
#define APP_CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "frame.h"

/* What is known of the frames that should arrive, to tell damaged ones from strangers. */
struct check_id {
	uint8_t macs[2][12]; /* both addresses as sent first, and exchanged */
	bool macs_vary;
	bool plain; /* UDP right behind IPv4 right behind Ethernet, and addresses do not vary */
	bool vxlan;
	uint32_t vni;
	struct frame_places at; /* as they were sent */
	struct flow_spec flow;
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
 * @csum_done: the checksum of UDP or TCP is still that of the pseudo header, by agreement with the
 * device (VIRTIO_NET_HDR_F_NEEDS_CSUM); it is not verified
 * @out: filled for CHECK_OURS
 *
 * Devices on the way may have changed addresses, VLAN tags and hop limits, taken VXLAN away or put
 * it on, and hosts may have answered echo requests, so a frame is ours if it has our magic in UDP,
 * TCP, an ICMP echo or behind an ARP request, and intact if its checksums hold; ARP has none, so
 * that only its constant fields and addresses tell. One that fails is ours, damaged, if two of
 * three marks are there: our pair of MAC addresses, our magic, and our pair of ports (our
 * identifier of ICMP, our pair of addresses of ARP).
 */
enum check_result check_frame(const struct check_id *id, const uint8_t *frame, uint32_t len,
			      bool csum_done, struct check_info *out);

#endif
