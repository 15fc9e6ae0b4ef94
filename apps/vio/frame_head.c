/* SPDX-License-Identifier: BSD-3-Clause */
#include "frame_head.h"

#include <arpa/inet.h>
#include <string.h>

#include "proto.h"
#include "sum.h"

#define DEFAULT_TTL 64u

static unsigned int ip_protocol(const struct frames *f)
{
	static const uint8_t numbers[] = {
		[FRAME_UDP] = PROTO_UDP, [FRAME_TCP] = PROTO_TCP, [FRAME_ICMP] = PROTO_ICMP4
	};

	return f->v6 && f->proto == FRAME_ICMP ? PROTO_ICMP6 : numbers[f->proto];
}

uint32_t frame_pseudo_sum(const struct frames *f, unsigned int len)
{
	if (f->proto == FRAME_ARP || (f->proto == FRAME_ICMP && !f->v6))
		return 0;
	return (uint32_t)htons((uint16_t)ip_protocol(f)) + htons((uint16_t)len);
}

/* Tags between the MAC addresses and the type, which is written behind them. */
static void write_tags(uint8_t *at, const struct frame_spec *spec, const struct flow_link *link)
{
	for (unsigned int i = 0; i < spec->flow.vlans.n; i++, at += VLAN_LEN) {
		put16(at, i + 1 < spec->flow.vlans.n ? TYPE_VLAN_S : TYPE_VLAN);
		memcpy(at + 2, link->vlan[i], 2);
	}
}

/* RFC 791, with DF set: an atomic datagram, whose identification may be constant (RFC 6864). */
static void write_ip4(uint8_t *ip, const struct frame_style *style, unsigned int proto,
		      unsigned int len)
{
	ip[0] = 0x45;
	ip[1] = (uint8_t)style->tos;
	put16(ip + 2, len);
	ip[6] = 0x40;
	ip[8] = (uint8_t)(style->ttl ? style->ttl : DEFAULT_TTL);
	ip[9] = (uint8_t)proto;
}

/* RFC 8200 */
static void write_ip6(uint8_t *ip, const struct frame_style *style, unsigned int proto,
		      unsigned int payload_len)
{
	put16(ip, 0x6000u | (unsigned int)style->tos << 4);
	put16(ip + 4, payload_len);
	ip[6] = (uint8_t)proto;
	ip[7] = (uint8_t)(style->ttl ? style->ttl : DEFAULT_TTL);
}

/* RFC 826: who has the target's address? */
static void write_arp(uint8_t *arp, const struct flow_link *link)
{
	put16(arp, 1);
	put16(arp + 2, TYPE_IP4);
	arp[4] = 6;
	arp[5] = 4;
	put16(arp + 6, 1);
	memcpy(arp + 8, link->macs + 6, 6);
}

/* The sequence number of TCP never moves, so that no receiver takes two segments for one. */
static void write_l4(uint8_t *l4, const struct frames *f, unsigned int len)
{
	switch (f->proto) {
	case FRAME_UDP:
		put16(l4 + 4, len);
		break;
	case FRAME_TCP:
		put16(l4 + 6, 1);
		put16(l4 + 10, 1);
		l4[12] = TCP_LEN / 4 << 4;
		l4[13] = TCP_PSH_ACK;
		put16(l4 + 14, 0xffff);
		break;
	case FRAME_ICMP:
		l4[0] = f->v6 ? ICMP6_REQUEST : ICMP4_REQUEST;
		break;
	case FRAME_ARP:
		break;
	}
}

/* The outer IPv4 header with its checksum, UDP without one, and VXLAN (RFC 7348, section 5). */
static void write_outer(uint8_t *ip, const struct frame_spec *spec, const struct flow_link *link,
			unsigned int len)
{
	const struct vxlan_spec *vxlan = &spec->style.vxlan;
	uint8_t *udp = ip + IP4_LEN, *head = udp + UDP_LEN;
	uint16_t csum;

	write_ip4(ip, &spec->style, PROTO_UDP, len);
	field_write(&vxlan->src, 0, ip + 12, 4);
	field_write(&vxlan->dst, 0, ip + 16, 4);
	csum = (uint16_t)~sum_fold(sum_add(0, ip, IP4_LEN));
	memcpy(ip + 10, &csum, sizeof(csum));
	memcpy(udp, &link->outer_port, sizeof(link->outer_port));
	put16(udp + 2, VXLAN_PORT);
	put16(udp + 4, len - IP4_LEN);
	head[0] = VXLAN_HAS_ID;
	put16(head + 4, vxlan->vni >> 8);
	head[6] = (uint8_t)vxlan->vni;
}

static void write_outer_macs(uint8_t *head, const struct vxlan_spec *vxlan,
			     const struct flow_link *link)
{
	memcpy(head, link->macs, sizeof(link->macs));
	if (vxlan->dst_mac.count)
		field_write(&vxlan->dst_mac, 0, head, 6);
	if (vxlan->src_mac.count)
		field_write(&vxlan->src_mac, 0, head + 6, 6);
}

void frame_head_write(uint8_t *head, const struct frames *f, const struct frame_spec *spec,
		      unsigned int len)
{
	const struct flow_link *link = &f->flows.first;
	const struct frame_places *at = &f->at;
	uint8_t *l3 = head + at->l3;

	if (at->outer_ip) {
		write_outer_macs(head, &spec->style.vxlan, link);
		put16(head + at->outer_ip - 2, TYPE_IP4);
		write_outer(head + at->outer_ip, spec, link, len - at->outer_ip);
	}
	memcpy(head + at->macs, link->macs, sizeof(link->macs));
	write_tags(head + 12, spec, link);
	if (f->proto == FRAME_ARP) {
		put16(l3 - 2, TYPE_ARP);
		write_arp(l3, link);
		return;
	}
	put16(l3 - 2, f->v6 ? TYPE_IP6 : TYPE_IP4);
	if (f->v6)
		write_ip6(l3, &spec->style, ip_protocol(f), len - at->l4);
	else
		write_ip4(l3, &spec->style, ip_protocol(f), len - at->l3);
	write_l4(head + at->l4, f, len - at->l4);
}
