/* SPDX-License-Identifier: BSD-3-Clause */
#include <sys/uio.h>

#include "../../apps/vio/pcapfile.h"
#include "../../apps/vio/pcapng.h"
#include "../../apps/vio/replay_flow.h"
#include "app.h"

/*
 * A capture file behind its first byte, which says in what pieces it is read; and the same bytes as
 * a block that a capture's socket sends.
 */

static void check_frame(const struct pcapfile_frame *f, const uint8_t *window, size_t len)
{
	if (!f->data)
		return;
	assert_true(f->stored <= PCAPFILE_FRAME_MAX);
	assert_true(f->data >= window && f->data + f->stored <= window + len);
	if (f->stored < REPLAY_ETHERNET)
		return;
	assert_true(replay_tags(f->data, f->stored) <= 8);
	(void)replay_flow_hash(f->data, f->stored, REPLAY_FLOW_PORTS);
	(void)replay_flow_hash(f->data, f->stored, REPLAY_FLOW_IP);
}

/* The window begins with @piece bytes, and grows as long as the reader wants more. */
static void read_file(const uint8_t *data, size_t size, size_t piece)
{
	struct pcapfile_frame frame;
	struct why why = { "" };
	size_t at = 0, window = piece, used;
	struct pcapfile f;

	pcapfile_init(&f);
	for (;;) {
		const size_t len = size - at < window ? size - at : window;
		const enum pcapfile_step step =
			pcapfile_step(&f, data + at, len, &frame, &used, &why);

		assert_true(used <= len && f.offset == at + used);
		if (step == PCAPFILE_BAD)
			break;
		if (step == PCAPFILE_FRAME)
			check_frame(&frame, data + at, len);
		if (step == PCAPFILE_MORE && at + len == size) {
			(void)pcapfile_end(&f, size - at, &why);
			return;
		}
		assert_true(step == PCAPFILE_MORE ? !used : used > 0);
		window = step == PCAPFILE_MORE ? window + piece : piece;
		at += used;
	}
	assert_true(*why.text);
}

static void read_block(const uint8_t *data, size_t size)
{
	uint32_t block[TEXT_MAX / 4];
	struct pcapng_packet packet;
	struct pcapng_counts counts;
	const uint32_t len = (uint32_t)(size & ~(size_t)3);

	if (len < 12 || len > sizeof(block))
		return;
	memcpy(block, data, len);
	if (pcapng_packet_read((uint8_t *)block, len, &packet))
		assert_true(pcapng_frame_of((uint8_t *)block) + packet.kept <=
			    (uint8_t *)block + len);
	(void)pcapng_stats_read((uint8_t *)block, len, &counts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size || size > TEXT_MAX)
		return 0;
	read_file(data + 1, size - 1, 1 + data[0] % 64u * 8);
	read_block(data + 1, size - 1);
	return 0;
}
