/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_GEN_OPTIONS_H
#define APP_GEN_OPTIONS_H

#include "gen.h"
#include "options.h"

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

#endif
