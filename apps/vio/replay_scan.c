/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "replay.h"

bool replay_timing_parse(const char *text, struct replay_timing *out, struct why *why)
{
	const char *rest = text + 1;
	double speed;

	if (!strcmp(text, "keep")) {
		*out = (struct replay_timing){ REPLAY_KEEP, 1 };
	} else if (!strcmp(text, "rate")) {
		*out = (struct replay_timing){ REPLAY_RATE, 1 };
	} else {
		if (text[0] != 'x' || !parse_decimal(&rest, &speed) || *rest)
			return why_set(why, "keep, rate, or a speed such as x2.0 is wanted");
		if (!(speed >= 1e-6 && speed <= 1e6))
			return why_set(why, "a speed is from x0.000001 to x1000000");
		*out = (struct replay_timing){ REPLAY_KEEP, speed };
	}
	return true;
}

static const char *const flow_names[] = { [REPLAY_FLOW_PORTS] = "ports", [REPLAY_FLOW_IP] = "ip" };

const char *replay_flow_name(enum replay_flow flow)
{
	return flow_names[flow];
}

bool replay_flow_parse(const char *text, enum replay_flow *out, struct why *why)
{
	int i = text ? parse_name(text, flow_names, sizeof(flow_names) / sizeof(flow_names[0])) : 0;

	if (i < 0)
		return why_set(why, "ports (addresses and ports) or ip (addresses) is wanted");
	*out = (enum replay_flow)i;
	return true;
}

static void scan_frame(struct replay_file *f, const struct pcapfile_frame *frame)
{
	struct replay_size *size;

	if (!f->frames++)
		f->first_ns = f->last_ns = frame->ns;
	if (frame->ns > f->last_ns)
		f->last_ns = frame->ns;
	if (frame->stored < frame->len) {
		f->cut++;
	} else if (frame->stored < REPLAY_ETHERNET) {
		f->short_++;
	} else if (!frame->data) {
		f->long_++;
	} else {
		size = &f->size[frame->stored - replay_tags(frame->data, frame->stored)];
		size->frames++;
		size->bytes += frame->stored;
		f->largest = frame->stored > f->largest ? frame->stored : f->largest;
	}
}

static bool scan_all(struct pcapread *r, struct replay_file *out, uint8_t *room, struct why *why)
{
	struct pcapfile_frame frame;

	for (;;) {
		switch (pcapread_next(r, &frame, why)) {
		case PCAPREAD_FRAME:
			scan_frame(out, &frame);
			break;
		case PCAPREAD_ROOM:
			if (!pcapread_fill(r, room, REPLAY_BLOCK_BYTES, why))
				return false;
			break;
		case PCAPREAD_END:
			out->format = r->file.format;
			return true;
		case PCAPREAD_BAD:
			return false;
		}
	}
}

bool replay_scan(struct pcapread *r, struct replay_file *out, struct why *why)
{
	uint8_t *room = malloc(REPLAY_BLOCK_BYTES);
	bool good;

	memset(out, 0, sizeof(*out));
	good = room ? scan_all(r, out, room, why) : why_set(why, "no memory to read it");
	free(room);
	return good;
}

struct replay_size replay_sendable(const struct replay_file *f, unsigned int mtu)
{
	unsigned int most = mtu + REPLAY_ETHERNET;
	struct replay_size sum = { 0 };

	for (unsigned int i = 0; i <= PCAPFILE_FRAME_MAX && i <= most; i++) {
		sum.frames += f->size[i].frames;
		sum.bytes += f->size[i].bytes;
	}
	return sum;
}

uint64_t replay_period_ns(const struct replay_file *f)
{
	uint64_t span = f->last_ns - f->first_ns;

	return f->frames > 1 ? span + span / (f->frames - 1) : 0;
}
