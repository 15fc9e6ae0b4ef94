/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "frame.h"

bool frame_proto_read(const char *text, enum frame_proto *out, struct why *why)
{
	static const char *const names[] = {
		[FRAME_UDP] = "udp", [FRAME_TCP] = "tcp", [FRAME_ICMP] = "icmp", [FRAME_ARP] = "arp"
	};
	int i = parse_name(text, names, sizeof(names) / sizeof(names[0]));

	if (i < 0)
		return why_set(why, "udp, tcp, icmp or arp is wanted");
	*out = (enum frame_proto)i;
	return true;
}

/* One value of @read's kind. */
static bool read_one(bool (*read)(const char *, struct field *, struct why *), const char *text,
		     struct field *out, struct why *why)
{
	return read(text, out, why) &&
	       (out->count == 1 || why_set(why, "the outer header takes one address, no range"));
}

/* "src=198.19.0.1" and the like. */
static bool vxlan_key(const char *word, struct vxlan_spec *v, struct why *why)
{
	const struct {
		const char *key;
		bool (*read)(const char *text, struct field *out, struct why *why);
		struct field *field;
	} keys[] = {
		{ "src=", field_read_ips, &v->src },
		{ "dst=", field_read_ips, &v->dst },
		{ "src-mac=", field_read_macs, &v->src_mac },
		{ "dst-mac=", field_read_macs, &v->dst_mac },
	};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		size_t len = strlen(keys[i].key);

		if (!strncmp(word, keys[i].key, len))
			return read_one(keys[i].read, word + len, keys[i].field, why);
	}
	return why_set(why,
		       "'%s' is not understood: VNI[,src=IP][,dst=IP][,src-mac=MAC]"
		       "[,dst-mac=MAC] is wanted",
		       word);
}

/* Addresses by default are of the range set aside for benchmarks (RFC 2544). */
bool vxlan_read(const char *text, struct vxlan_spec *out, struct why *why)
{
	struct vxlan_spec v = { .on = true,
				.src = FIELD_ONE(0xc6130001),
				.dst = FIELD_ONE(0xc6130002) };
	char copy[160], *word, *rest = NULL;
	uint64_t vni;

	if (strlen(text) >= sizeof(copy))
		return why_set(why, "the text is too long");
	strcpy(copy, text);
	word = strtok_r(copy, ",", &rest);
	if (!word || !parse_count(word, 0, (1u << 24) - 1, &vni, why))
		return word ? false : why_set(why, "a VNI is wanted, a number below 2^24");
	v.vni = (uint32_t)vni;
	while ((word = strtok_r(NULL, ",", &rest)))
		if (!vxlan_key(word, &v, why))
			return false;
	if (v.src.v6 || v.dst.v6)
		return why_set(why, "the outer header is of IPv4");
	*out = v;
	return true;
}

void frame_spec_turn(struct frame_spec *spec)
{
	flow_spec_turn(&spec->flow);
	field_swap(&spec->style.vxlan.src, &spec->style.vxlan.dst);
	field_swap(&spec->style.vxlan.src_mac, &spec->style.vxlan.dst_mac);
}
