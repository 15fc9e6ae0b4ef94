/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_REPLAY_FLOW_H
#define APP_REPLAY_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#define REPLAY_ETHERNET 14u /* bytes of a header without tags, the least that a frame has */

/* What makes a flow. */
enum replay_flow {
	REPLAY_FLOW_PORTS, /* addresses, protocol and ports */
	REPLAY_FLOW_IP,    /* addresses */
};

/* Bytes of VLAN tags, two of them at most. @frame: @len bytes, at least REPLAY_ETHERNET */
uint32_t replay_tags(const uint8_t *frame, uint32_t len);

/**
 * replay_flow_hash - a number that all frames of a flow share, in both directions
 * @frame: @len bytes, at least REPLAY_ETHERNET
 * @what: what makes a flow
 *
 * Tags do not count. Fragments go by their addresses alone, for only the first one has ports. What
 * is neither IPv4 nor IPv6 goes by its pair of MAC addresses.
 */
uint32_t replay_flow_hash(const uint8_t *frame, uint32_t len, enum replay_flow what);

#endif
