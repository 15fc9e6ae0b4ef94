/* SPDX-License-Identifier: BSD-3-Clause */
#include "dump_print.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pcapng.h"
#include "proto.h"

/* A frame as it is read, and the line as it is written. */
struct reader {
	const uint8_t *at;
	uint32_t left;
	char *out;
	size_t used;
};

static void say(struct reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct reader *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->out + r->used, DUMP_LINE - r->used, fmt, ap);
	va_end(ap);
	r->used += n > 0 ? (size_t)n : 0;
	if (r->used >= DUMP_LINE)
		r->used = DUMP_LINE - 1;
}

/* The next @n bytes. Return: NULL, once told: there are not so many. */
static const uint8_t *next(struct reader *r, uint32_t n)
{
	const uint8_t *at = r->at;

	if (n > r->left) {
		if (r->at)
			say(r, " (cut)");
		r->at = NULL;
		r->left = 0;
		return NULL;
	}
	r->at += n;
	r->left -= n;
	return at;
}

static void say_mac(struct reader *r, const uint8_t *m)
{
	say(r, "%02x:%02x:%02x:%02x:%02x:%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
}

static void say_ip(struct reader *r, int family, const uint8_t *address)
{
	char text[INET6_ADDRSTRLEN] = "?";

	inet_ntop(family, address, text, sizeof(text));
	say(r, "%s", text);
}

static void say_pair(struct reader *r, int family, const uint8_t *from, const uint8_t *to)
{
	say(r, " ");
	say_ip(r, family, from);
	say(r, " > ");
	say_ip(r, family, to);
}

static void udp(struct reader *r)
{
	const uint8_t *p = next(r, UDP_LEN);

	if (p)
		say(r, " %u > %u len %u", get16(p), get16(p + 2), get16(p + 4));
}

static void tcp(struct reader *r)
{
	static const char names[] = "FSRPAU";
	const uint8_t *p = next(r, TCP_LEN);

	if (!p)
		return;
	say(r, " %u > %u ", get16(p), get16(p + 2));
	for (unsigned int bit = 0; bit < sizeof(names) - 1; bit++)
		if (p[13] & 1u << bit)
			say(r, "%c", names[bit]);
}

/* Types that are worth a name. */
struct icmp_name {
	uint8_t type;
	const char *name;
};

static void icmp_type(struct reader *r, const struct icmp_name *names)
{
	const uint8_t *p = next(r, 4);

	if (!p)
		return;
	for (; names->name; names++)
		if (names->type == p[0]) {
			say(r, " %s", names->name);
			return;
		}
	say(r, " type %u code %u", p[0], p[1]);
}

static void icmp(struct reader *r)
{
	static const struct icmp_name names[] = { { ICMP4_REPLY, "echo reply" },
						  { 3, "unreachable" },
						  { ICMP4_REQUEST, "echo request" },
						  { 11, "time exceeded" },
						  { 0, NULL } };

	icmp_type(r, names);
}

static void icmp6(struct reader *r)
{
	static const struct icmp_name names[] = { { 1, "unreachable" },
						  { 2, "packet too big" },
						  { 3, "time exceeded" },
						  { ICMP6_REQUEST, "echo request" },
						  { ICMP6_REPLY, "echo reply" },
						  { 133, "router solicitation" },
						  { 134, "router advertisement" },
						  { 135, "neighbour solicitation" },
						  { 136, "neighbour advertisement" },
						  { 0, NULL } };

	icmp_type(r, names);
}

static void transport(struct reader *r, unsigned int protocol)
{
	static const struct {
		unsigned int number;
		const char *name;
		void (*tell)(struct reader *);
	} table[] = { { PROTO_ICMP4, "ICMP", icmp },
		      { PROTO_TCP, "TCP", tcp },
		      { PROTO_UDP, "UDP", udp },
		      { PROTO_ICMP6, "ICMPv6", icmp6 } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].number == protocol) {
			say(r, " %s", table[i].name);
			table[i].tell(r);
			return;
		}
	say(r, " protocol %u", protocol);
}

static void ip4(struct reader *r)
{
	const uint8_t *p = next(r, IP4_LEN);
	unsigned int offset;

	if (!p)
		return;
	say_pair(r, AF_INET, p + 12, p + 16);
	offset = (get16(p + 6) & 0x1fff) * 8;
	if (offset)
		say(r, " protocol %u fragment at %u", p[9], offset);
	else if ((p[0] & 15) < 5)
		say(r, " (bad header length)");
	else if (next(r, (p[0] & 15) * 4u - IP4_LEN))
		transport(r, p[9]);
}

static void ip6(struct reader *r)
{
	const uint8_t *p = next(r, IP6_LEN);

	if (!p)
		return;
	say_pair(r, AF_INET6, p + 8, p + 24);
	transport(r, p[6]);
}

/* RFC 826 */
static void arp(struct reader *r)
{
	const uint8_t *p = next(r, ARP_LEN);

	if (!p)
		return;
	if (get16(p + 6) == 1) {
		say(r, " who has ");
		say_ip(r, AF_INET, p + 24);
		say(r, "? tell ");
		say_ip(r, AF_INET, p + 14);
	} else if (get16(p + 6) == 2) {
		say(r, " ");
		say_ip(r, AF_INET, p + 14);
		say(r, " is at ");
		say_mac(r, p + 8);
	} else {
		say(r, " operation %u", get16(p + 6));
	}
}

static void network(struct reader *r, unsigned int type)
{
	static const struct {
		unsigned int type;
		const char *name;
		void (*tell)(struct reader *);
	} table[] = { { TYPE_IP4, "IPv4", ip4 },
		      { TYPE_ARP, "ARP", arp },
		      { TYPE_IP6, "IPv6", ip6 } };
	const uint8_t *tag;

	while (is_tag(type) && (tag = next(r, VLAN_LEN))) {
		say(r, " VLAN %u", get16(tag) & 0xfff);
		type = get16(tag + 2);
	}
	if (!r->at)
		return;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].type == type) {
			say(r, " %s", table[i].name);
			table[i].tell(r);
			return;
		}
	say(r, " type 0x%04x", type);
}

void dump_describe(const uint8_t *frame, uint32_t kept, uint32_t len, char out[DUMP_LINE])
{
	struct reader r = { .at = frame, .left = kept, .out = out };
	const uint8_t *p;

	out[0] = '\0';
	say(&r, "%5u ", len);
	p = next(&r, ETH_LEN);
	if (!p)
		return;
	say_mac(&r, p + 6);
	say(&r, " > ");
	say_mac(&r, p);
	/* The tag's type stands where the frame's would. */
	network(&r, get16(p + 12));
}

int dump_print_block(const uint8_t *block, uint32_t len)
{
	struct pcapng_packet p;
	char text[DUMP_LINE], at[16];
	time_t seconds;
	struct tm tm;

	if (!pcapng_packet_read(block, len, &p))
		return 0;
	seconds = (time_t)(p.ns / 1000000000u);
	strftime(at, sizeof(at), "%H:%M:%S", localtime_r(&seconds, &tm));
	dump_describe(pcapng_frame_of(block), p.kept, p.len, text);
	printf("%s.%09u %s %s\n", at, (unsigned int)(p.ns % 1000000000u), p.sent ? "out" : "in ",
	       text);
	return fflush(stdout) ? EPIPE : 0;
}
