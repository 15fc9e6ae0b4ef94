/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_GEN_OPTIONS_H
#define APP_GEN_OPTIONS_H

#include "gen.h"
#include "options.h"

/* Everything at its default. Return: 0, or an exit code; end with sizes_free(&cfg->sizes). */
int gen_config_init(struct gen_config *cfg);

/* Read the command line, and the ports of it, into @cfg, with which the configuration of @cmd
 * begins. Return: as options_ports(). */
int gen_config_read(struct gen_config *cfg, const struct command *cmd, int argc, char **argv);

/* Readers of fields that have a parser: X(name, parser). */
#define GEN_PARSED(X) \
	X(assertion, assertion_parse) \
	X(cpus, parse_cpus) \
	X(flow_hash, replay_flow_parse) \
	X(ips, field_read_ips) \
	X(line_rate, rate_parse_line) \
	X(macs, field_read_macs) \
	X(metrics, metrics_address_parse) \
	X(pacing, pacing_parse) \
	X(payload, payload_read) \
	X(percent, parse_percent) \
	X(ports, field_read_ports) \
	X(proto, frame_proto_read) \
	X(respond, respond_parse) \
	X(step, flow_step_read) \
	X(timing, replay_timing_parse) \
	X(vlans, field_read_vlans) \
	X(vxlan, vxlan_read)

/* Readers of whole numbers, uint64_t: X(name, least, most). */
#define GEN_COUNTED(X) \
	X(buffers, 64, 1u << 24) \
	X(burst, 1, BURST_MAX) \
	X(flows, 1, FLOWS_MAX) \
	X(loops, 0, UINT64_C(1) << 53) \
	X(tos, 0, 255) \
	X(ttl, 1, 255)

#define X(name, ...) bool gen_read_##name(const char *text, void *field, struct why *why);
GEN_PARSED(X)
GEN_COUNTED(X)
#undef X

bool gen_read_rate(const char *text, void *field, struct why *why);      /* struct gen_config */
bool gen_read_sizes(const char *text, void *field, struct why *why);     /* struct sizes */
bool gen_read_interval(const char *text, void *field, struct why *why);  /* uint64_t, ns */
bool gen_read_time(const char *text, void *field, struct why *why);      /* uint64_t, ns */
bool gen_read_histogram(const char *text, void *field, struct why *why); /* const char * */
bool gen_read_learn(const char *text, void *field, struct why *why);     /* uint64_t */

#define GEN_AT(field) offsetof(struct gen_config, field)

/*
 * Entries for the tables of those who take these options, in an order of their own; the table's
 * configuration is, or begins with, a struct gen_config.
 */
/* clang-format off */
#define GEN_RATE \
	{ "rate", 'r', "RATE", gen_read_rate, 0, \
	  "10Mpps, 250kpps, 3.2Gbps (bits on layer 2 with FCS), 3.2GbpsL1,\n" \
	  "50% (of --line-rate), ramp:1Mpps-20Mpps/10s or max,\n" \
	  "of each sending port; default max" }
#define GEN_LINE_RATE \
	{ "line-rate", 0, "BITS", gen_read_line_rate, GEN_AT(line_bps), \
	  "what 100% is, in bits/s on layer 1: 10G, 2.5G" }
#define GEN_COUNT_L1 \
	{ "count-l1", 0, NULL, option_flag, GEN_AT(count_l1), \
	  "bits of a rate are of layer 1: with preamble and gap" }
#define GEN_PACING \
	{ "pacing", 0, "KIND", gen_read_pacing, GEN_AT(pacing), \
	  "smooth | burst:N (N packets at once) | poisson[:SEED] |\n" \
	  "onoff:10ms/90ms (at the rate, then silent); default smooth" }
#define GEN_SIZE \
	{ "size", 's', "SPEC", gen_read_sizes, GEN_AT(sizes), \
	  "frame sizes with the 4 bytes of FCS, as RFC 2544: 64 |\n" \
	  "64,512,1518 | 64-1518 | imix | imix:64=7,570=4,1518=1 |\n" \
	  "imix:genome:aafg (RFC 6985) | random:64-1518[:SEED];\n" \
	  "default 64" }
#define GEN_COUNT \
	{ "count", 'n', "N", option_count, GEN_AT(count), \
	  "packets to send (with --rx-only: to receive)" }
#define GEN_DRAIN \
	{ "drain", 0, "TIME", option_duration, GEN_AT(drain_ns), \
	  "wait for what is under way at the end; default 200ms" }
#define GEN_PROTO \
	{ "proto", 0, "NAME", gen_read_proto, GEN_AT(proto), \
	  "udp | tcp | icmp (echo; ICMPv6 with --ipv6) | arp (requests);\n" \
	  "default udp" }
#define GEN_SRC_IP \
	{ "src-ip", 0, "LIST", gen_read_ips, GEN_AT(src_ip), \
	  "10.0.0.1 | 10.0.0.0/24 | 10.0.0.1-10.0.0.9 | a list of these,\n" \
	  "or IPv6; default 198.18.0.1 or 2001:2::1" }
#define GEN_DST_IP \
	{ "dst-ip", 0, "LIST", gen_read_ips, GEN_AT(dst_ip), \
	  "the same; default 198.18.0.2 or 2001:2::2" }
#define GEN_SRC_PORT \
	{ "src-port", 0, "LIST", gen_read_ports, GEN_AT(src_port), \
	  "ports: 1024-2047 or 53,80,8000-8080; of ICMP the identifier;\n" \
	  "default 1024" }
#define GEN_DST_PORT \
	{ "dst-port", 0, "LIST", gen_read_ports, GEN_AT(dst_port), \
	  "the same; default 9" }
#define GEN_FLOWS \
	{ "flows", 0, "N", gen_read_flows, GEN_AT(flows), \
	  "how many combinations of the lists to use; default all.\n" \
	  "Without lists: source ports, beyond these source addresses\n" \
	  "(of ARP: targets)" }
#define GEN_STEP \
	{ "step", 0, "ORDER", gen_read_step, GEN_AT(step), \
	  "flows take values upwards, downwards or by chance:\n" \
	  "inc | dec | random[:SEED]; default inc" }
#define GEN_SRC_MAC \
	{ "src-mac", 0, "LIST", gen_read_macs, GEN_AT(src_mac), \
	  "MAC addresses A, A-B or a list; default: the sending port's" }
#define GEN_DST_MAC \
	{ "dst-mac", 0, "LIST", gen_read_macs, GEN_AT(dst_mac), \
	  "default: the receiving port's, or 02:00:00:00:00:02;\n" \
	  "of ARP: broadcast" }
#define GEN_VLAN \
	{ "vlan", 0, "ID[,ID]", gen_read_vlans, GEN_AT(vlans), \
	  "one VLAN tag, or two (outer first); ranges: 100-199" }
#define GEN_VXLAN \
	{ "vxlan", 0, "VNI[,...]", gen_read_vxlan, GEN_AT(style.vxlan), \
	  "wrap each frame; of the outer header src=IP, dst=IP, src-mac=MAC\n" \
	  "and dst-mac=MAC can be told: 5000,dst=10.0.0.9; the size is that\n" \
	  "of the whole frame" }
#define GEN_TOS \
	{ "tos", 0, "N", gen_read_tos, GEN_AT(style.tos), \
	  "type of service or traffic class, 0 to 255 (DSCP * 4)" }
#define GEN_TTL \
	{ "ttl", 0, "N", gen_read_ttl, GEN_AT(style.ttl), \
	  "time to live or hop limit, 1 to 255; default 64" }
#define GEN_PAYLOAD \
	{ "payload", 0, "PATTERN", gen_read_payload, GEN_AT(style.payload), \
	  "behind the headers and our 18 bytes: inc | zero |\n" \
	  "random[:SEED] | 0xHEX | @FILE; default inc" }
#define GEN_IPV6 \
	{ "ipv6", 0, NULL, option_flag, GEN_AT(ipv6), \
	  "send IPv6" }
#define GEN_BURST \
	{ "burst", 0, "N", gen_read_burst, GEN_AT(burst), \
	  "packets per burst at most, 1 to 64; default 32" }
#define GEN_QUEUES \
	{ "queues", 0, "N", option_queues, GEN_AT(queues), \
	  "queue pairs to ask of each port; default 1" }
#define GEN_BUFFERS \
	{ "buffers", 0, "N", gen_read_buffers, GEN_AT(buffers), \
	  "packet buffers of each port; default by queues" }
#define GEN_CORES \
	{ "cores", 0, "LIST", gen_read_cpus, GEN_AT(cpus), \
	  "processors to use: 2-5 | 0,2 | auto; default auto" }
#define GEN_BIDIR \
	{ "bidir", 0, NULL, option_flag, GEN_AT(bidir), \
	  "with two ports: send from both" }
#define GEN_LATE_LIMIT \
	{ "late-limit", 0, "PERCENT", gen_read_percent, GEN_AT(late_limit), \
	  "share of bursts that may leave late (more than a burst, and\n" \
	  "20 us) before a run is invalid; default 10%" }
#define GEN_JSON \
	{ "json", 'o', "FILE", option_text, GEN_AT(json), \
	  "write the result as JSON; - is stdout" }
#define GEN_VERBOSE \
	{ "verbose", 'v', NULL, option_flag, GEN_AT(verbose), \
	  "print the library's log on stderr" }
#define GEN_RESPOND \
	{ "respond", 0, "LIST", gen_read_respond, GEN_AT(respond), \
	  "answer for the source addresses: arp,icmp,nd" }
#define GEN_LEARN \
	{ "learn", 0, "[=N]", gen_read_learn, GEN_AT(learn), \
	  "before the run: gratuitous ARP or unsolicited neighbour\n" \
	  "advertisements, and N packets of each stream; default 10" }
/* clang-format on */

#endif
