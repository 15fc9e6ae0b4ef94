/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PROTO_H
#define APP_PROTO_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Numbers of protocols, as those who build, check and show frames need them. */
#define ETH_LEN   14u
#define VLAN_LEN  4u
#define IP4_LEN   20u
#define IP6_LEN   40u
#define UDP_LEN   8u
#define TCP_LEN   20u
#define ICMP_LEN  8u
#define ARP_LEN   28u
#define VXLAN_LEN 8u

#define TYPE_IP4    0x0800u
#define TYPE_ARP    0x0806u
#define TYPE_VLAN   0x8100u
#define TYPE_IP6    0x86ddu
#define TYPE_VLAN_S 0x88a8u /* IEEE 802.1ad, of the outer tag */

#define PROTO_ICMP4 1u
#define PROTO_TCP   6u
#define PROTO_UDP   17u
#define PROTO_ICMP6 58u
#define PROTO_SCTP  132u

/* RFC 792 and RFC 4443 */
#define ICMP4_REPLY   0u
#define ICMP4_REQUEST 8u
#define ICMP6_REQUEST 128u
#define ICMP6_REPLY   129u

/* RFC 7348 */
#define VXLAN_PORT   4789u
#define VXLAN_HAS_ID 0x08u

/* RFC 9293: data of a connection that stands */
#define TCP_PSH_ACK 0x18u

static inline unsigned int get16(const uint8_t *at)
{
	return (unsigned int)at[0] << 8 | at[1];
}

static inline uint32_t get32(const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return ntohl(v);
}

static inline void put16(uint8_t *at, unsigned int value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline bool is_tag(unsigned int type)
{
	return type == TYPE_VLAN || type == TYPE_VLAN_S;
}

#endif
