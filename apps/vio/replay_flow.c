/* SPDX-License-Identifier: BSD-3-Clause */
#include "replay_flow.h"

#include <string.h>

#include "proto.h"

#define MAC_LEN  6u
#define TAGS_MAX 2u

#define IP4_FRAGMENT 0x3fffu /* more of them, or an offset */
#define PORTS_LEN    4u

static inline uint64_t get64(const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return v;
}

uint32_t replay_tags(const uint8_t *frame, uint32_t len)
{
	uint32_t tags = 0;

	while (tags < TAGS_MAX * VLAN_LEN && is_tag(get16(frame + 12 + tags)) &&
	       len >= REPLAY_ETHERNET + tags + VLAN_LEN)
		tags += VLAN_LEN;
	return tags;
}

/* One end of a flow. Two are added, so that the direction does not matter. */
static inline uint64_t mix(uint64_t value, uint64_t more)
{
	value = (value ^ (value >> 32)) * UINT64_C(0x9e3779b97f4a7c15) + more;
	value = (value ^ (value >> 29)) * UINT64_C(0xbf58476d1ce4e5b9);
	return value ^ (value >> 32);
}

static inline uint32_t finish(uint64_t a, uint64_t b)
{
	return (uint32_t)(((a + b) * UINT64_C(0x94d049bb133111eb)) >> 32);
}

/* Protocol and port of one end, or 0. */
struct ends {
	uint64_t src, dst;
};

static inline struct ends ports(const uint8_t *l4, uint32_t len, uint8_t proto)
{
	uint64_t p = (uint64_t)proto << 16;

	if (len < PORTS_LEN || (proto != PROTO_TCP && proto != PROTO_UDP && proto != PROTO_SCTP))
		return (struct ends){ p, p };
	return (struct ends){ p | get16(l4), p | get16(l4 + 2) };
}

static inline uint32_t hash_ip4(const uint8_t *ip, uint32_t len, enum replay_flow what)
{
	uint32_t head = (ip[0] & 15u) * 4, src, dst;
	struct ends e = { 0 };

	if (what == REPLAY_FLOW_PORTS && !(get16(ip + 6) & IP4_FRAGMENT) && head <= len)
		e = ports(ip + head, len - head, ip[9]);
	memcpy(&src, ip + 12, sizeof(src));
	memcpy(&dst, ip + 16, sizeof(dst));
	return finish(mix(src, e.src), mix(dst, e.dst));
}

static inline uint32_t hash_ip6(const uint8_t *ip, uint32_t len, enum replay_flow what)
{
	struct ends e = { 0 };

	/* Behind an extension header, such as that of fragments, ports are not looked for. */
	if (what == REPLAY_FLOW_PORTS)
		e = ports(ip + IP6_LEN, len - IP6_LEN, ip[6]);
	return finish(mix(get64(ip + 8), mix(get64(ip + 16), e.src)),
		      mix(get64(ip + 24), mix(get64(ip + 32), e.dst)));
}

static inline uint64_t mac(const uint8_t *at)
{
	uint64_t v = 0;

	memcpy(&v, at, MAC_LEN);
	return v;
}

uint32_t replay_flow_hash(const uint8_t *frame, uint32_t len, enum replay_flow what)
{
	uint32_t at = REPLAY_ETHERNET + replay_tags(frame, len);
	unsigned int type = get16(frame + at - 2);

	if (type == TYPE_IP4 && len >= at + IP4_LEN)
		return hash_ip4(frame + at, len - at, what);
	if (type == TYPE_IP6 && len >= at + IP6_LEN)
		return hash_ip6(frame + at, len - at, what);
	return finish(mix(mac(frame), 0), mix(mac(frame + MAC_LEN), 0));
}
