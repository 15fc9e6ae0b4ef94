/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_RESPOND_H
#define APP_RESPOND_H

#include "flow.h"

/* Answers to those who ask for the addresses that the generator sends from. */
enum respond_kind { RESPOND_ARP, RESPOND_ND, RESPOND_ICMP, RESPOND_KINDS };

#define RESPOND_MAX 1600u /* bytes of an answer, at most */

/* Who answers: one port's side of the traffic. */
struct responder {
	uint8_t mac[6];
	struct field addresses;
	bool kinds[RESPOND_KINDS];
};

/* "arp,icmp,nd": some of them. Return: true; false with @why set. */
bool respond_parse(const char *text, bool kinds[RESPOND_KINDS], struct why *why);

/**
 * respond_make - answer a frame
 * @r: who answers
 * @frame: @len bytes, complete, without FCS; of others, and checked
 * @out: receives the answer; room for RESPOND_MAX bytes
 * @kind: receives what has been answered
 *
 * Answers ARP requests (RFC 826), neighbour solicitations (RFC 4861, 7.2.3 and 7.2.4) and echo
 * requests of ICMP (RFC 792) and ICMPv6 (RFC 4443), if they are for one of the addresses, with the
 * VLAN tags of the request. What is malformed, a fragment, has IP options or extension headers, or
 * would be too long an answer gets none.
 *
 * Return: bytes of the answer, at least 60; 0: there is none.
 */
uint32_t respond_make(const struct responder *r, const uint8_t *frame, uint32_t len, uint8_t *out,
		      enum respond_kind *kind);

/**
 * respond_announce - say where an address is
 * @v6: of this family; otherwise IPv4
 * @ip: 4 or 16 bytes
 * @vlans: tags of the frame, the first of each field
 *
 * Gratuitous ARP (RFC 5227, 3) or an unsolicited neighbour advertisement (RFC 4861, 7.2.6).
 * Return: bytes at @out, which has room for RESPOND_MAX.
 */
uint32_t respond_announce(const uint8_t mac[6], bool v6, const uint8_t *ip,
			  const struct vlan_list *vlans, uint8_t *out);

#endif
