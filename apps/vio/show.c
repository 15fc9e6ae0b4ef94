/* SPDX-License-Identifier: BSD-3-Clause */
#include "show.h"

#include <arpa/inet.h>

#include "proto.h"

#define ROW 16u

static void show_mac(const uint8_t *mac, FILE *out)
{
	for (int i = 0; i < 6; i++)
		fprintf(out, "%s%02x", i ? ":" : "", mac[i]);
}

/* Addresses and tags. Return: where the type is. */
static const uint8_t *show_link(const uint8_t *frame, FILE *out)
{
	const uint8_t *at = frame + 12;

	show_mac(frame + 6, out);
	fprintf(out, " > ");
	show_mac(frame, out);
	for (; is_tag(get16(at)); at += VLAN_LEN)
		fprintf(out, ", VLAN %u", get16(at + 2) & 0xfff);
	return at;
}

static void show_addresses(const char *what, bool v6, const uint8_t *src, const uint8_t *dst,
			   FILE *out)
{
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN];
	int family = v6 ? AF_INET6 : AF_INET;

	fprintf(out, ", %s %s > %s", what, inet_ntop(family, src, from, sizeof(from)),
		inet_ntop(family, dst, to, sizeof(to)));
}

static void show_ports(const char *what, const uint8_t *l4, FILE *out)
{
	fprintf(out, ", %s %u > %u", what, get16(l4), get16(l4 + 2));
}

/* IP and what it carries. Return: the frame inside VXLAN, or NULL. */
static const uint8_t *show_ip(const uint8_t *ip, bool v6, FILE *out)
{
	const uint8_t *l4 = ip + (v6 ? IP6_LEN : IP4_LEN);

	if (v6)
		show_addresses("IPv6", true, ip + 8, ip + 24, out);
	else
		show_addresses("IPv4", false, ip + 12, ip + 16, out);
	switch (v6 ? ip[6] : ip[9]) {
	case PROTO_TCP:
		show_ports("TCP", l4, out);
		return NULL;
	case PROTO_ICMP4:
	case PROTO_ICMP6:
		fprintf(out, ", echo request %u", get16(l4 + 4));
		return NULL;
	}
	show_ports("UDP", l4, out);
	if (get16(l4 + 2) != VXLAN_PORT || l4[UDP_LEN] != VXLAN_HAS_ID)
		return NULL;
	return l4 + UDP_LEN + VXLAN_LEN;
}

static void show_headers(const uint8_t *frame, FILE *out)
{
	do {
		const uint8_t *type = show_link(frame, out);

		if (get16(type) == TYPE_ARP) {
			show_addresses("ARP", false, type + 2 + 14, type + 2 + 24, out);
			return;
		}
		frame = show_ip(type + 2, get16(type) == TYPE_IP6, out);
		if (frame)
			fprintf(out, ", VXLAN %u, ", get16(frame - 4) << 8 | frame[-2]);
	} while (frame);
}

static void show_bytes(const uint8_t *frame, uint32_t len, FILE *out)
{
	for (uint32_t at = 0; at < len; at += ROW) {
		uint32_t n = len - at < ROW ? len - at : ROW;

		fprintf(out, "%04x ", at);
		for (uint32_t i = 0; i < n; i++)
			fprintf(out, " %02x", frame[at + i]);
		fputc('\n', out);
	}
}

void frames_show(const struct frames *f, uint64_t n, uint32_t seq, uint64_t now_ns, FILE *out)
{
	static uint8_t room[SIZE_MAX_FRAME + FRAME_HEAD_MAX];
	struct frame_cursor cursor = { 0 };

	for (uint64_t i = 0; i < n; i++) {
		struct vio_pkt pkt = { .data = room };

		frames_build(f, &cursor, &pkt, 1, 0, seq + (uint32_t)i, now_ns);
		fprintf(out, "# frame %llu: %u bytes, ", (unsigned long long)i, pkt.len);
		show_headers(room, out);
		fprintf(out, ", sequence %u\n", seq + (uint32_t)i);
		show_bytes(room, pkt.len, out);
		fputc('\n', out);
	}
}
