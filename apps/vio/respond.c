/* SPDX-License-Identifier: BSD-3-Clause */
#include "respond.h"

#include <string.h>

#include "proto.h"
#include "sum.h"

#define ETH_LEAST 60u
#define NS_LEN    24u /* without options */
#define NA_LEN    32u /* with the address of our link layer */

#define ICMP6_NS 135u
#define ICMP6_NA 136u

#define NA_SOLICITED 0x40u
#define NA_OVERRIDE  0x20u
#define OPT_SOURCE   1u
#define OPT_TARGET   2u

static const uint8_t broadcast[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
static const uint8_t all_nodes[16] = { 0xff, 0x02, [15] = 1 };
static const uint8_t unspecified[16];

/* How a request for an IPv4 address on Ethernet begins. */
static const uint8_t arp_request[8] = { 0, 1, 8, 0, 6, 4, 0, 1 };

/* A request, read as far as its Ethernet header and tags go. */
struct request {
	const struct responder *r;
	const uint8_t *frame, *l3;
	uint32_t l3_at, l3_len;
	uint8_t *out;
};

static void put_sum(uint8_t *at, uint64_t sum)
{
	uint16_t csum = (uint16_t)~sum_fold(sum);

	memcpy(at, &csum, sizeof(csum));
}

static bool is_group(const uint8_t *mac)
{
	return mac[0] & 1;
}

static bool is_ours(const struct responder *r, bool v6, const uint8_t *ip)
{
	return r->addresses.v6 == v6 && field_holds(&r->addresses, ip, v6 ? 16 : 4);
}

/* The Ethernet header of the answer, with the tags of the request, to @to. */
static uint8_t *reply_to(const struct request *q, const uint8_t *to)
{
	memcpy(q->out, to, 6);
	memcpy(q->out + 6, q->r->mac, 6);
	memcpy(q->out + 12, q->frame + 12, q->l3_at - 12);
	return q->out + q->l3_at;
}

/* RFC 826. An announcement asks for the sender's own address, and for no answer. */
static uint32_t answer_arp(const struct request *q)
{
	const uint8_t *sender = q->l3 + 8, *target = q->l3 + 24;
	uint8_t *p;

	if (q->l3_len < ARP_LEN || memcmp(q->l3, arp_request, sizeof(arp_request)) ||
	    is_group(sender) ||
	    (memcmp(q->frame, broadcast, 6) && memcmp(q->frame, q->r->mac, 6)) ||
	    !is_ours(q->r, false, target) || !memcmp(sender + 6, target, 4))
		return 0;
	p = reply_to(q, sender);
	memcpy(p, arp_request, sizeof(arp_request));
	p[7] = 2;
	memcpy(p + 8, q->r->mac, 6);
	memcpy(p + 14, target, 4);
	memcpy(p + 18, sender, 10);
	return ARP_LEN;
}

/* May an answer go to this address of IPv4? */
static bool is_host(const uint8_t *ip)
{
	return ip[0] && ip[0] < 224;
}

/* RFC 792 */
static uint32_t answer_echo4(const struct request *q)
{
	static const uint8_t request[2] = { ICMP4_REQUEST, 0 };
	const uint8_t *ip = q->l3, *icmp = ip + IP4_LEN;
	uint32_t len = q->l3_len >= IP4_LEN ? get16(ip + 2) : 0;
	uint8_t *p;

	if (len < IP4_LEN + ICMP_LEN || len > q->l3_len || q->l3_at + len > RESPOND_MAX ||
	    ip[0] != 0x45 || sum_fold(sum_add(0, ip, IP4_LEN)) != 0xffff ||
	    get16(ip + 6) & 0x3fff || ip[9] != PROTO_ICMP4)
		return 0;
	if (memcmp(q->frame, q->r->mac, 6) || !is_ours(q->r, false, ip + 16) || !is_host(ip + 12) ||
	    memcmp(icmp, request, 2) || sum_fold(sum_add(0, icmp, len - IP4_LEN)) != 0xffff)
		return 0;
	p = reply_to(q, q->frame + 6);
	memcpy(p, ip, len);
	memcpy(p + 12, ip + 16, 4);
	memcpy(p + 16, ip + 12, 4);
	p[8] = 64;
	put16(p + 10, 0);
	put_sum(p + 10, sum_add(0, p, IP4_LEN));
	p[IP4_LEN] = ICMP4_REPLY;
	put16(p + IP4_LEN + 2, 0);
	put_sum(p + IP4_LEN + 2, sum_add(0, p + IP4_LEN, len - IP4_LEN));
	return len;
}

/* The sum of an ICMPv6 message of @len bytes behind the header @ip, and of its pseudo header. */
static uint64_t sum_icmp6(const uint8_t *ip, uint32_t len)
{
	uint8_t pseudo[4] = { 0, PROTO_ICMP6, (uint8_t)(len >> 8), (uint8_t)len };
	uint64_t sum = sum_add(0, ip + 8, 32);

	return sum_add(sum_add(sum, pseudo, sizeof(pseudo)), ip + IP6_LEN, len);
}

/* An IPv6 header with @len bytes of ICMPv6 behind it, whose checksum is still to be made. */
static void write_ip6(uint8_t *p, const uint8_t *from, const uint8_t *to, uint32_t len,
		      uint8_t hops)
{
	memset(p, 0, 8);
	p[0] = 0x60;
	put16(p + 4, len);
	p[6] = PROTO_ICMP6;
	p[7] = hops;
	memcpy(p + 8, from, 16);
	memcpy(p + 24, to, 16);
}

static uint32_t finish_icmp6(uint8_t *p, uint32_t len)
{
	put16(p + IP6_LEN + 2, 0);
	put_sum(p + IP6_LEN + 2, sum_icmp6(p, len));
	return IP6_LEN + len;
}

/* RFC 4443, 4.2 */
static uint32_t answer_echo6(const struct request *q, uint32_t len)
{
	const uint8_t *ip = q->l3;
	uint8_t *p;

	if (len < ICMP_LEN || ip[IP6_LEN + 1] || memcmp(q->frame, q->r->mac, 6) ||
	    !is_ours(q->r, true, ip + 24) || !memcmp(ip + 8, unspecified, 16))
		return 0;
	p = reply_to(q, q->frame + 6);
	write_ip6(p, ip + 24, ip + 8, len, 64);
	memcpy(p + IP6_LEN, ip + IP6_LEN, len);
	p[IP6_LEN] = ICMP6_REPLY;
	return finish_icmp6(p, len);
}

/*
 * The options of a solicitation. Return: false if one is malformed; *@source: the sender's address
 * of the link layer, NULL: none.
 */
static bool read_options(const uint8_t *at, uint32_t left, const uint8_t **source)
{
	*source = NULL;
	while (left) {
		uint32_t len = left >= 2 ? at[1] * 8u : 0;

		if (!len || len > left)
			return false;
		if (at[0] == OPT_SOURCE && len == 8)
			*source = at + 2;
		at += len;
		left -= len;
	}
	return true;
}

/* Is @group the multicast address at which the owner of @ip listens (RFC 4291, 2.7.1)? */
static bool is_solicited_node(const uint8_t *group, const uint8_t *ip)
{
	static const uint8_t begin[13] = { 0xff, 0x02, [11] = 1, [12] = 0xff };

	return !memcmp(group, begin, sizeof(begin)) && !memcmp(group + 13, ip + 13, 3);
}

/* Does the frame go where its IPv6 destination leads (RFC 2464, 7)? */
static bool reaches(const struct request *q, const uint8_t *to)
{
	const uint8_t *mac = q->frame;

	if (to[0] != 0xff)
		return !memcmp(mac, q->r->mac, 6);
	return mac[0] == 0x33 && mac[1] == 0x33 && !memcmp(mac + 2, to + 12, 4);
}

/* RFC 4861, 4.4. @mac: of the owner of @target */
static uint32_t write_na(uint8_t *p, const uint8_t *mac, const uint8_t *target, const uint8_t *to,
			 uint8_t flags)
{
	uint8_t *icmp = p + IP6_LEN;

	write_ip6(p, target, to, NA_LEN, 255);
	memset(icmp, 0, NA_LEN);
	icmp[0] = ICMP6_NA;
	icmp[4] = flags;
	memcpy(icmp + 8, target, 16);
	icmp[24] = OPT_TARGET;
	icmp[25] = 1;
	memcpy(icmp + 26, mac, 6);
	return finish_icmp6(p, NA_LEN);
}

static void group_mac(const uint8_t *group, uint8_t mac[6])
{
	mac[0] = mac[1] = 0x33;
	memcpy(mac + 2, group + 12, 4);
}

/* RFC 4861, 7.1.1 and 7.2.4. Who has no address yet is answered at all nodes. */
static uint32_t answer_ns(const struct request *q, uint32_t len)
{
	const uint8_t *ip = q->l3, *icmp = ip + IP6_LEN, *target = icmp + 8, *source;
	bool nameless = !memcmp(ip + 8, unspecified, 16), group;
	uint8_t everybody[6];

	if (ip[7] != 255 || icmp[1] || len < NS_LEN || !is_ours(q->r, true, target) ||
	    !reaches(q, ip + 24) || !read_options(icmp + NS_LEN, len - NS_LEN, &source))
		return 0;
	group = is_solicited_node(ip + 24, target);
	if ((!group && memcmp(ip + 24, target, 16)) || (nameless && (source || !group)) ||
	    (source && is_group(source)))
		return 0;
	if (nameless) {
		group_mac(all_nodes, everybody);
		return write_na(reply_to(q, everybody), q->r->mac, target, all_nodes, NA_OVERRIDE);
	}
	return write_na(reply_to(q, source ? source : q->frame + 6), q->r->mac, target, ip + 8,
			NA_SOLICITED | NA_OVERRIDE);
}

static uint32_t answer_ip6(const struct request *q, enum respond_kind *kind)
{
	const uint8_t *ip = q->l3;
	uint32_t len = q->l3_len >= IP6_LEN ? get16(ip + 4) : 0;

	if (len < ICMP_LEN || len > q->l3_len - IP6_LEN || q->l3_at + IP6_LEN + len > RESPOND_MAX ||
	    ip[0] >> 4 != 6 || ip[6] != PROTO_ICMP6 || ip[8] == 0xff ||
	    sum_fold(sum_icmp6(ip, len)) != 0xffff)
		return 0;
	*kind = ip[IP6_LEN] == ICMP6_NS ? RESPOND_ND : RESPOND_ICMP;
	if (!q->r->kinds[*kind])
		return 0;
	if (*kind == RESPOND_ND)
		return answer_ns(q, len);
	return ip[IP6_LEN] == ICMP6_REQUEST ? answer_echo6(q, len) : 0;
}

/* Return: false: there are more tags than two, or the frame ends. *@type: what is behind them. */
static bool skip_tags(const uint8_t *frame, uint32_t len, uint32_t *at, unsigned int *type)
{
	*at = ETH_LEN;
	if (len < ETH_LEN)
		return false;
	*type = get16(frame + 12);
	for (unsigned int i = 0; i < 2 && is_tag(*type); i++) {
		if (len < *at + VLAN_LEN)
			return false;
		*type = get16(frame + *at + 2);
		*at += VLAN_LEN;
	}
	return true;
}

static uint32_t pad(uint8_t *out, uint32_t len)
{
	if (len >= ETH_LEAST)
		return len;
	memset(out + len, 0, ETH_LEAST - len);
	return ETH_LEAST;
}

uint32_t respond_make(const struct responder *r, const uint8_t *frame, uint32_t len, uint8_t *out,
		      enum respond_kind *kind)
{
	struct request q = { .r = r, .frame = frame, .out = out };
	unsigned int type;
	uint32_t n = 0;

	if (!skip_tags(frame, len, &q.l3_at, &type) || is_group(frame + 6))
		return 0;
	q.l3 = frame + q.l3_at;
	q.l3_len = len - q.l3_at;
	if (type == TYPE_IP6) {
		n = answer_ip6(&q, kind);
	} else if (type == TYPE_ARP && r->kinds[RESPOND_ARP]) {
		*kind = RESPOND_ARP;
		n = answer_arp(&q);
	} else if (type == TYPE_IP4 && r->kinds[RESPOND_ICMP]) {
		*kind = RESPOND_ICMP;
		n = answer_echo4(&q);
	}
	return n ? pad(out, q.l3_at + n) : 0;
}

/* The Ethernet header and tags. Return: its bytes. */
static uint32_t write_ethernet(uint8_t *out, const uint8_t *from, const uint8_t *to,
			       const struct vlan_list *vlans, unsigned int type)
{
	uint8_t *at = out + 12;

	memcpy(out, to, 6);
	memcpy(out + 6, from, 6);
	for (unsigned int i = 0; i < vlans->n; i++, at += VLAN_LEN) {
		put16(at, i + 1 < vlans->n ? TYPE_VLAN_S : TYPE_VLAN);
		field_write(&vlans->id[i], 0, at + 2, 2);
	}
	put16(at, type);
	return (uint32_t)(at + 2 - out);
}

static uint32_t write_arp_announcement(uint8_t *p, const uint8_t *mac, const uint8_t *ip)
{
	memset(p, 0, ARP_LEN);
	memcpy(p, arp_request, sizeof(arp_request));
	memcpy(p + 8, mac, 6);
	memcpy(p + 14, ip, 4);
	memcpy(p + 24, ip, 4);
	return ARP_LEN;
}

uint32_t respond_announce(const uint8_t mac[6], bool v6, const uint8_t *ip,
			  const struct vlan_list *vlans, uint8_t *out)
{
	uint8_t everybody[6];
	uint32_t at;

	if (!v6) {
		at = write_ethernet(out, mac, broadcast, vlans, TYPE_ARP);
		return pad(out, at + write_arp_announcement(out + at, mac, ip));
	}
	group_mac(all_nodes, everybody);
	at = write_ethernet(out, mac, everybody, vlans, TYPE_IP6);
	return pad(out, at + write_na(out + at, mac, ip, all_nodes, NA_OVERRIDE));
}

bool respond_parse(const char *text, bool kinds[RESPOND_KINDS], struct why *why)
{
	static const char *const names[] = {
		[RESPOND_ARP] = "arp", [RESPOND_ND] = "nd", [RESPOND_ICMP] = "icmp"
	};
	bool found[RESPOND_KINDS] = { false };

	for (;; text++) {
		size_t len = strcspn(text, ","), k = 0;

		while (k < RESPOND_KINDS &&
		       (strlen(names[k]) != len || memcmp(names[k], text, len)))
			k++;
		if (k == RESPOND_KINDS)
			return why_set(why,
				       "what can be answered is arp, nd and icmp, with commas");
		found[k] = true;
		text += len;
		if (!*text)
			break;
	}
	memcpy(kinds, found, sizeof(found));
	return true;
}
