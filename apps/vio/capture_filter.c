/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_filter.h"

#include <pcap/pcap.h>
#include <stdlib.h>

struct capture_filter {
	struct bpf_program program;
};

/* What a filter returns for a frame that it takes: more than any has. */
#define ALL 262144

bool capture_filter_make(const char *text, struct capture_filter **out, struct why *why)
{
	struct capture_filter *f = calloc(1, sizeof(*f));
	pcap_t *dead = pcap_open_dead(DLT_EN10MB, ALL);
	bool good = false;

	if (!f || !dead)
		why_set(why, "no memory for a filter");
	else if (pcap_compile(dead, &f->program, text, 1, PCAP_NETMASK_UNKNOWN) < 0)
		why_set(why, "libpcap: %s", pcap_geterr(dead));
	else
		good = true;
	if (dead)
		pcap_close(dead);
	if (good)
		*out = f;
	else
		free(f);
	return good;
}

void capture_filter_free(struct capture_filter *f)
{
	if (!f)
		return;
	pcap_freecode(&f->program);
	free(f);
}

bool capture_filter_match(const struct capture_filter *f, const uint8_t *frame, uint32_t len,
			  uint32_t have)
{
	return bpf_filter(f->program.bf_insns, frame, len, have) != 0;
}
