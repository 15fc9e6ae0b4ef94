/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "fail.h"
#include "gen.h"

/* The classic file format with nanoseconds (draft-ietf-opsawg-pcap), in our byte order. */
#define PCAP_MAGIC_NS 0xa1b23c4du
#define LINK_ETHERNET 1u

struct pcap_file {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t zone, accuracy, snap_len, link;
};

struct pcap_packet {
	uint32_t sec, nsec, stored, len;
};

/* Frames that are written where no count was given. */
#define DEFAULT_FRAMES 10u

static bool write_frames(const struct gen_config *cfg, const struct frames *f, FILE *out)
{
	static uint8_t room[SIZE_MAX_FRAME + FRAME_HEAD_MAX];
	double pps = rate_pps(&cfg->rate, sizes_mean(&cfg->sizes));
	uint64_t n = cfg->count ? cfg->count : DEFAULT_FRAMES,
		 at = (uint64_t)time(NULL) * 1000000000u;
	struct pcap_file head = { PCAP_MAGIC_NS, 2, 4, 0, 0, SIZE_MAX_FRAME, LINK_ETHERNET };
	struct frame_cursor cursor = { 0 };

	if (fwrite(&head, sizeof(head), 1, out) != 1)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		uint64_t now = at + (pps > 0 ? (uint64_t)((double)i * 1e9 / pps) : i);
		struct vio_pkt pkt = { .data = room };
		struct pcap_packet p = { (uint32_t)(now / 1000000000u),
					 (uint32_t)(now % 1000000000u), 0, 0 };

		frames_build(f, &cursor, &pkt, 1, 0, (uint32_t)i, now);
		p.stored = p.len = pkt.len;
		if (fwrite(&p, sizeof(p), 1, out) != 1 || fwrite(room, pkt.len, 1, out) != 1)
			return false;
	}
	return fflush(out) == 0;
}

int pcap_write(const struct gen_config *cfg, const struct frames *f, const char *file)
{
	FILE *out = strcmp(file, "-") ? fopen(file, "wb") : stdout;
	int rc = 0;

	if (!out || !write_frames(cfg, f, out))
		rc = fail(FAIL_FILE, strerror(errno), "%s: the frames could not be written", file);
	if (out && out != stdout && fclose(out) && !rc)
		rc = fail(FAIL_FILE, strerror(errno), "%s: the frames could not be written", file);
	return rc;
}
