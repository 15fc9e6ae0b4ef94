/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FLOW_H
#define APP_FLOW_H

#include "field.h"

#define FLOWS_MAX (1u << 20)

enum frame_proto { FRAME_UDP, FRAME_TCP, FRAME_ICMP, FRAME_ARP };

/* In which order flows take the combinations of the fields. */
enum flow_order { FLOW_INC, FLOW_DEC, FLOW_RANDOM };

struct flow_step {
	enum flow_order order;
	uint64_t seed; /* of FLOW_RANDOM */
};

/* "inc", "dec", "random", "random:7". Return: true, or false with @why set. */
bool flow_step_read(const char *text, struct flow_step *out, struct why *why);

/* What the flows of a run are made of. */
struct flow_spec {
	bool v6;
	enum frame_proto proto;
	struct field src, dst;     /* addresses; of ARP: the sender's and the target's */
	struct field sport, dport; /* ICMP: its identifier is a source port; ARP has none */
	struct field src_mac, dst_mac;
	struct vlan_list vlans;
	struct flow_step step;
	uint32_t flows;   /* wanted; 0: as many as the fields make */
	bool outer_ports; /* VXLAN: each flow has an outer source port of its own */
};

/* Those of the way back: source and destination exchanged; an identifier of ICMP stays. */
void flow_spec_turn(struct flow_spec *spec);

/* Where more flows are wanted and no field varies, source ports do, and source addresses if there
 * are not enough of them; target addresses of ARP. */
void flow_spec_spread(struct flow_spec *spec);

#define FLOW_TUPLE4 12u /* addresses and ports as they lie in the frame */
#define FLOW_TUPLE6 36u

/* One flow: the bytes that make it, and their sum for the checksums. */
struct flow {
	uint32_t addr_sum; /* of the addresses, unfolded */
	uint32_t l4_sum;   /* of what its checksum covers: ports, and where it does, addresses */
	uint8_t tuple[FLOW_TUPLE6];
};

/* What few runs vary. All as it lies in the frame. */
struct flow_link {
	uint8_t macs[12]; /* destination first */
	uint8_t vlan[2][2];
	uint16_t outer_port;
};

struct flow_table {
	uint32_t n;
	struct flow *flows;
	struct flow_link *links; /* of each flow; NULL: all are as @first */
	struct flow_link first;
};

/*
 * Make the table of flows from the combinations of the fields: the source port varies fastest, then
 * the destination port, source address, destination address, the MAC addresses likewise, VLAN ids
 * (inner first). The first @spec->flows of them are taken, or the last, or some drawn by chance.
 * Return: true; false with @why set: more flows than the fields give or than FLOWS_MAX, a field
 * that frames of this kind do not have, or no memory. End with flows_fini().
 */
bool flows_init(struct flow_table *out, const struct flow_spec *spec, struct why *why);
void flows_fini(struct flow_table *t);

#endif
