/* SPDX-License-Identifier: BSD-3-Clause */
#include "ring_lies.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <vio/vio.h>

#include "memory.h"

/*
 * Every behaviour of the hostile device on rings, in headers and on the control queue, and what the
 * driver must do. The device behind it is the strict one of "loop:": the lie is told on its way
 * into shared memory.
 */
#define RX(in_, op_, value_)   .role = ROLE_RX, .in = LIE_##in_, .op = OP_##op_, .value = (value_)
#define TX(in_, op_, value_)   .role = ROLE_TX, .in = LIE_##in_, .op = OP_##op_, .value = (value_)
#define CTRL(in_, op_, value_) .role = ROLE_CTRL, .in = LIE_##in_, .op = OP_##op_, .value = (value_)
#define RX_MEMORY(fn, value_)  .role = ROLE_RX, .in = LIE_MEMORY, .memory = (fn), .value = (value_)
#define TX_MEMORY(fn, value_)  .role = ROLE_TX, .in = LIE_MEMORY, .memory = (fn), .value = (value_)
#define HDR(flags_, type_, len_, size_, start_, offset_) \
	.role = ROLE_RX, .in = LIE_HDR, \
	.places = PLACES_FEW, .hdr = { (flags_),     (type_),       LE16(len_), LE16(size_), \
				       LE16(start_), LE16(offset_), LE16(0) }
#define LE16(v) ((le16)(v)) /* made the device's order where it is told */

#define BREAKS(counter_) .must = MUST_BREAK, .counter = offsetof(struct vio_queue_stats, counter_)
#define DROPS(counter_)  .must = MUST_DROP, .counter = offsetof(struct vio_queue_stats, counter_)
#define SERVES           .must = MUST_SERVE
#define ALTERS           .must = MUST_ALTER
#define WAITS            .must = MUST_WAIT
#define MERGES           .must = MUST_MERGE
#define BOUNDS           .must = MUST_BOUND, .device_errs = true
#define REFUSES(rc_)     .must = MUST_REFUSE, .rc = -(rc_)
/* The frame comes with the header as it was told; what vio_offload_get() says to it. */
#define SOUND .must = MUST_ALTER
#define BAD   .must = MUST_ALTER, .rc = -EBADMSG

#define SPLIT   .without = V_PACKED
#define PACKED  .with = V_PACKED
#define HASHED  .with = V_HASH, .places = PLACES_FEW
#define MERGING .with = V_MRG
#define SECOND  .with = V_MRG, .second = true, .lost = 2
#define CHAINS  .segments = 3, .without = V_INDIRECT
#define TABLES  .segments = 3, .with = V_INDIRECT
#define FEW     .places = PLACES_FEW
#define LATE    .places = PLACES_LATE

#define CSUM  NET_HDR_NEEDS_CSUM
#define TURN  (PACKED_AVAIL | PACKED_USED)
#define HDR12 NET_HDR_LEN_BASE
#define HDR20 NET_HDR_LEN_HASH
#define ROOM  (2048u - VIO_PKT_HEADROOM + HDR12) /* what is posted */
#define FRAME 60u

/* clang-format off */
const struct ring_lie ring_lies[] = {
	/* ---- ids, receive ---- */
	{ "rx-id-size", "a used id that is the ring's size", RX(ID, SIZE, 0), BREAKS(bad_id) },
	{ "rx-id-size-1", "a used id one beyond the ring's size", RX(ID, SIZE, 1), BREAKS(bad_id) },
	{ "rx-id-32767", "the used id 32767", RX(ID, SET, 32767), BREAKS(bad_id) },
	{ "rx-id-32768", "the used id 32768", RX(ID, SET, 32768), BREAKS(bad_id) },
	{ "rx-id-60000", "the used id 60000", RX(ID, SET, 60000), BREAKS(bad_id) },
	{ "rx-id-65535", "the used id 65535", RX(ID, SET, 65535), BREAKS(bad_id) },
	{ "rx-id-65536", "a used id that is right in its lower 16 bits only", RX(ID, ADD, 65536), BREAKS(bad_id), SPLIT },
	{ "rx-id-24bit", "a used id that is right in its lower 24 bits only", RX(ID, ADD, 0x1000000), BREAKS(bad_id), SPLIT },
	{ "rx-id-sign", "a used id with its highest bit set", RX(ID, ADD, 0x80000000), BREAKS(bad_id), SPLIT },
	{ "rx-id-minus-1", "the used id 0xffffffff", RX(ID, SET, UINT32_MAX), BREAKS(bad_id), SPLIT },
	{ "rx-id-again", "a used id twice in a row", RX(ID, BEFORE, 0), BOUNDS, LATE },
	{ "rx-id-next", "the used id of the next slot", RX(ID, ADD, 1), BOUNDS },
	{ "rx-id-zero", "always the used id 0", RX(ID, SET, 0), BOUNDS, LATE },

	/* ---- ids, transmit ---- */
	{ "tx-id-size", "a used id that is the ring's size", TX(ID, SIZE, 0), BREAKS(bad_id) },
	{ "tx-id-size-1", "a used id one beyond the ring's size", TX(ID, SIZE, 1), BREAKS(bad_id) },
	{ "tx-id-32767", "the used id 32767", TX(ID, SET, 32767), BREAKS(bad_id) },
	{ "tx-id-60000", "the used id 60000", TX(ID, SET, 60000), BREAKS(bad_id) },
	{ "tx-id-65535", "the used id 65535", TX(ID, SET, 65535), BREAKS(bad_id) },
	{ "tx-id-65536", "a used id that is right in its lower 16 bits only", TX(ID, ADD, 65536), BREAKS(bad_id), SPLIT },
	{ "tx-id-24bit", "a used id that is right in its lower 24 bits only", TX(ID, ADD, 0x1000000), BREAKS(bad_id), SPLIT },
	{ "tx-id-sign", "a used id with its highest bit set", TX(ID, ADD, 0x80000000), BREAKS(bad_id), SPLIT },
	{ "tx-id-minus-1", "the used id 0xffffffff", TX(ID, SET, UINT32_MAX), BREAKS(bad_id), SPLIT },
	{ "tx-id-again", "a used id twice in a row", TX(ID, BEFORE, 0), BREAKS(bad_id), LATE },
	{ "tx-id-free", "the used id of a slot that is free", TX(ID, FREE, 0), BREAKS(bad_id) },
	{ "tx-id-tail", "the used id of a chain's second slot", TX(ID, TAIL, 1), BREAKS(bad_id), CHAINS },
	{ "tx-id-tail-2", "the used id of a chain's last slot", TX(ID, TAIL, 2), BREAKS(bad_id), CHAINS },
	{ "tx-chain-id-size", "a used id that is the ring's size, among chains", TX(ID, SIZE, 0), BREAKS(bad_id), CHAINS },
	{ "tx-table-id-size", "a used id that is the ring's size, among indirect tables", TX(ID, SIZE, 0), BREAKS(bad_id), TABLES },
	{ "tx-table-id-again", "the used id of an indirect table twice in a row", TX(ID, BEFORE, 0), BREAKS(bad_id), TABLES, LATE },

	/* ---- the used index ---- */
	{ "rx-index-size", "a used index one lap ahead", RX(INDEX, LAP, 1), BREAKS(bad_index), SPLIT },
	{ "rx-index-back", "a used index one lap behind", RX(INDEX, LAP, UINT32_MAX), BREAKS(bad_index), SPLIT },
	{ "rx-index-half", "a used index 32768 ahead", RX(INDEX, ADD, 32768), BREAKS(bad_index), SPLIT },
	{ "rx-index-half-1", "a used index 32767 ahead", RX(INDEX, ADD, 32767), BREAKS(bad_index), SPLIT },
	{ "rx-index-far", "a used index 65000 ahead", RX(INDEX, ADD, 65000), BREAKS(bad_index), SPLIT },
	{ "rx-index-ahead", "a used index one ahead", RX(INDEX, ADD, 1), BOUNDS, SPLIT },
	{ "rx-index-late", "a used index that stays behind by one", RX(INDEX, ADD, 65535), SERVES, SPLIT },
	{ "tx-index-ahead", "a used index one ahead of what is in flight", TX(INDEX, ADD, 1), BREAKS(bad_index), SPLIT },
	{ "tx-index-size", "a used index one lap ahead", TX(INDEX, LAP, 1), BREAKS(bad_index), SPLIT },
	{ "tx-index-back", "a used index one lap behind", TX(INDEX, LAP, UINT32_MAX), BREAKS(bad_index), SPLIT },
	{ "tx-index-half", "a used index 32768 ahead", TX(INDEX, ADD, 32768), BREAKS(bad_index), SPLIT },
	{ "tx-index-far", "a used index 65000 ahead", TX(INDEX, ADD, 65000), BREAKS(bad_index), SPLIT },
	{ "tx-index-late", "a used index that stays behind by one", TX(INDEX, ADD, 65535), SERVES, SPLIT },
	{ "tx-index-idle", "a used index that moves while nothing is in flight", TX_MEMORY(memory_index_on, 1), .idle = true, BREAKS(bad_index), SPLIT },
	{ "tx-index-idle-half", "a used index that moves by 32768 while nothing is in flight", TX_MEMORY(memory_index_on, 32768), .idle = true, BREAKS(bad_index), SPLIT },
	{ "tx-index-idle-back", "a used index that moves back while nothing is in flight", TX_MEMORY(memory_index_on, 65535), .idle = true, BREAKS(bad_index), SPLIT },

	/* ---- flags of used descriptors ---- */
	{ "rx-flags-avail", "a used descriptor with AVAIL turned", RX(FLAGS, XOR, PACKED_AVAIL), WAITS, PACKED, .device_errs = true },
	{ "rx-flags-used", "a used descriptor with USED turned", RX(FLAGS, XOR, PACKED_USED), WAITS, PACKED, .device_errs = true },
	{ "rx-flags-wrap", "a used descriptor of the other lap", RX(FLAGS, XOR, TURN), WAITS, PACKED },
	{ "rx-flags-next", "a used descriptor with NEXT set", RX(FLAGS, OR, DESC_NEXT), SERVES, PACKED },
	{ "rx-flags-indirect", "a used descriptor with INDIRECT set", RX(FLAGS, OR, DESC_INDIRECT), SERVES, PACKED },
	{ "rx-flags-write", "a used descriptor with WRITE turned", RX(FLAGS, XOR, DESC_WRITE), SERVES, PACKED },
	{ "rx-flags-reserved", "a used descriptor with every reserved bit set", RX(FLAGS, OR, 0x7f78), SERVES, PACKED },
	{ "tx-flags-avail", "a used descriptor with AVAIL turned", TX(FLAGS, XOR, PACKED_AVAIL), WAITS, PACKED, .device_errs = true },
	{ "tx-flags-used", "a used descriptor with USED turned", TX(FLAGS, XOR, PACKED_USED), WAITS, PACKED, .device_errs = true },
	{ "tx-flags-wrap", "a used descriptor of the other lap", TX(FLAGS, XOR, TURN), WAITS, PACKED },
	{ "tx-flags-reserved", "a used descriptor with every other bit set", TX(FLAGS, OR, 0x7f7f), SERVES, PACKED },
	{ "rx-slot-skipped", "a used descriptor one slot too far", RX_MEMORY(memory_skip_slot, 1), BOUNDS, PACKED },
	{ "tx-slot-skipped", "a used descriptor one slot too far", TX_MEMORY(memory_skip_slot, 1), BOUNDS, PACKED },
	{ "tx-chain-skip", "a used descriptor that skips less than its chain", TX_MEMORY(memory_skip_slot, 2), BOUNDS, PACKED, .segments = 3 },
	{ "rx-all-used", "every descriptor marked as used at once", RX_MEMORY(memory_all_used, 0), BOUNDS, PACKED },
	{ "tx-all-used", "every descriptor marked as used at once", TX_MEMORY(memory_all_used, 0), BOUNDS, PACKED },
	{ "rx-all-turned", "every descriptor marked as used in the other lap", RX_MEMORY(memory_all_used, 1), BOUNDS, PACKED },
	{ "tx-used-idle", "a used descriptor while nothing is in flight", TX_MEMORY(memory_all_used, 0), .idle = true, .undo = true, SERVES, PACKED },

	/* ---- lengths ---- */
	{ "rx-len-0", "the length 0", RX(LEN, SET, 0), DROPS(bad_len), FEW },
	{ "rx-len-1", "the length 1", RX(LEN, SET, 1), DROPS(bad_len), FEW },
	{ "rx-len-header-1", "a length one below the header's", RX(LEN, SET, HDR12 - 1), DROPS(bad_len), FEW },
	{ "rx-len-header", "the header's length", RX(LEN, SET, HDR12), DROPS(bad_len), FEW },
	{ "rx-len-header-more", "a length one beyond the header's", RX(LEN, SET, HDR12 + 1), DROPS(bad_len), FEW },
	{ "rx-len-13", "a frame of 13 bytes", RX(LEN, SET, HDR12 + 13), DROPS(bad_len), FEW },
	{ "rx-len-14", "a frame of 14 bytes", RX(LEN, SET, HDR12 + 14), ALTERS, FEW },
	{ "rx-len-less", "a length one below the frame's", RX(LEN, ADD, UINT32_MAX), ALTERS, FEW },
	{ "rx-len-more", "a length one beyond what was written", RX(LEN, ADD, 1), ALTERS, FEW },
	{ "rx-len-room-1", "a length one below what was posted", RX(LEN, SET, ROOM - 1), ALTERS, FEW },
	{ "rx-len-room", "the length of what was posted, most of it never written", RX(LEN, SET, ROOM), ALTERS, FEW },
	{ "rx-len-beyond", "a length one beyond what was posted", RX(LEN, SET, ROOM + 1), DROPS(bad_len) },
	{ "rx-len-buffer", "a length of the whole buffer and header", RX(LEN, SET, 2048 + HDR12), DROPS(bad_len), FEW },
	{ "rx-len-4096", "the length 4096", RX(LEN, SET, 4096), DROPS(bad_len), FEW },
	{ "rx-len-65535", "the length 65535", RX(LEN, SET, 65535), DROPS(bad_len), FEW },
	{ "rx-len-65536", "the length 65536", RX(LEN, SET, 65536), DROPS(bad_len), FEW },
	{ "rx-len-16bit", "a length that is right in its lower 16 bits only", RX(LEN, ADD, 65536), DROPS(bad_len), FEW },
	{ "rx-len-24bit", "a length that is right in its lower 24 bits only", RX(LEN, ADD, 0x1000000), DROPS(bad_len), FEW },
	{ "rx-len-sign-1", "the length 0x7fffffff", RX(LEN, SET, INT32_MAX), DROPS(bad_len), FEW },
	{ "rx-len-sign", "the length 0x80000000", RX(LEN, SET, 0x80000000), DROPS(bad_len), FEW },
	{ "rx-len-sign-right", "a length with its highest bit set", RX(LEN, ADD, 0x80000000), DROPS(bad_len), FEW },
	{ "rx-len-minus-1", "the length 0xffffffff", RX(LEN, SET, UINT32_MAX), DROPS(bad_len) },
	{ "rx-len-minus-12", "a length that becomes 0 with a header's more", RX(LEN, SET, UINT32_MAX - HDR12 + 1), DROPS(bad_len), FEW },
	{ "hash-len-12", "a length of the shorter header where the longer one is negotiated", RX(LEN, SET, HDR12), DROPS(bad_len), HASHED },
	{ "hash-len-frame", "a length of the shorter header and a frame of 14 bytes", RX(LEN, SET, HDR12 + 14), DROPS(bad_len), HASHED },
	{ "hash-len-header", "the longer header's length", RX(LEN, SET, HDR20), DROPS(bad_len), HASHED },
	{ "hash-len-13", "a frame of 13 bytes behind the longer header", RX(LEN, SET, HDR20 + 13), DROPS(bad_len), HASHED },
	{ "hash-len-14", "a frame of 14 bytes behind the longer header", RX(LEN, SET, HDR20 + 14), ALTERS, HASHED },
	{ "hash-len-room", "the length of what was posted with the longer header", RX(LEN, SET, ROOM - HDR12 + HDR20), ALTERS, HASHED },
	{ "hash-len-beyond", "a length one beyond what was posted with the longer header", RX(LEN, SET, ROOM - HDR12 + HDR20 + 1), DROPS(bad_len), HASHED },
	{ "hash-len-minus-1", "the length 0xffffffff with the longer header", RX(LEN, SET, UINT32_MAX), DROPS(bad_len), HASHED },
	{ "hash-id-size", "a used id that is the ring's size, with the longer header", RX(ID, SIZE, 0), BREAKS(bad_id), HASHED },
	{ "hash-tx-id-size", "a used id that is the ring's size, of packets with the longer header", TX(ID, SIZE, 0), BREAKS(bad_id), HASHED },
	{ "hash-num-65535", "num_buffers 65535 in the longer header", RX(NUM, SET, 65535), BREAKS(bad_merge), FEW, .with = V_HASH | V_MRG },
	{ "hash-num-2", "num_buffers 2 for a packet of 1, in the longer header", RX(NUM, SET, 2), MERGES, FEW, .with = V_HASH | V_MRG },
	{ "tx-len-1", "the length 1 of a packet sent", TX(LEN, SET, 1), SERVES, FEW },
	{ "tx-len-65536", "the length 65536 of a packet sent", TX(LEN, SET, 65536), SERVES, FEW },
	{ "tx-len-sign", "the length 0x80000000 of a packet sent", TX(LEN, SET, 0x80000000), SERVES, FEW },
	{ "tx-len-minus-1", "the length 0xffffffff of a packet sent", TX(LEN, SET, UINT32_MAX), SERVES, FEW },
	{ "tx-chain-len", "the length 0xffffffff of a chain sent", TX(LEN, SET, UINT32_MAX), SERVES, FEW, .segments = 3 },

	/* ---- num_buffers ---- */
	{ "num-0", "num_buffers 0", RX(NUM, SET, 0), SERVES, FEW },
	{ "num-2-alone", "num_buffers 2 without mergeable buffers", RX(NUM, SET, 2), SERVES, FEW, .without = V_MRG },
	{ "num-65535-alone", "num_buffers 65535 without mergeable buffers", RX(NUM, SET, 65535), SERVES, FEW, .without = V_MRG },
	{ "num-2", "num_buffers 2 for a packet of 1", RX(NUM, SET, 2), MERGES, MERGING },
	{ "num-3", "num_buffers 3 for a packet of 1", RX(NUM, SET, 3), MERGES, MERGING },
	{ "num-ring-less", "num_buffers one below the ring's size", RX(NUM, SIZE, UINT32_MAX), MERGES, MERGING },
	{ "num-ring", "num_buffers as large as the ring", RX(NUM, SIZE, 0), MERGES, MERGING },
	{ "num-ring-more", "num_buffers one beyond the ring's size", RX(NUM, SIZE, 1), BREAKS(bad_merge), MERGING },
	{ "num-32768", "num_buffers 32768", RX(NUM, SET, 32768), BREAKS(bad_merge), MERGING },
	{ "num-65535", "num_buffers 65535", RX(NUM, SET, 65535), BREAKS(bad_merge), MERGING },

	{ "num-5-for-4", "num_buffers 5 where the program takes 4 at once", RX(NUM, SET, 5), DROPS(drop_truncated), MERGING, .room = 4, .lost = 5 },
	{ "second-len-0", "the length 0 of a packet's second buffer", RX(LEN, SET, 0), DROPS(bad_len), SECOND },
	{ "second-len-beyond", "a length of a packet's second buffer one beyond what was posted", RX(LEN, SET, ROOM + 1), DROPS(bad_len), SECOND },
	{ "second-len-65536", "the length 65536 of a packet's second buffer", RX(LEN, SET, 65536), DROPS(bad_len), SECOND },
	{ "second-len-minus-1", "the length 0xffffffff of a packet's second buffer", RX(LEN, SET, UINT32_MAX), DROPS(bad_len), SECOND },

	/* ---- the header ---- */
	{ "csum-end", "a checksum at the frame's end", HDR(CSUM, 0, 0, 0, FRAME, 0), BAD },
	{ "csum-end-1", "a checksum of which one byte is in the frame", HDR(CSUM, 0, 0, 0, FRAME - 1, 0), BAD },
	{ "csum-last", "a checksum in the frame's last two bytes", HDR(CSUM, 0, 0, 0, FRAME - 2, 0), SOUND },
	{ "csum-odd", "a checksum at an odd place", HDR(CSUM, 0, 0, 0, FRAME - 3, 1), SOUND },
	{ "csum-first", "a checksum in the frame's first two bytes", HDR(CSUM, 0, 0, 0, 0, 0), SOUND },
	{ "csum-offset", "a checksum offset beyond the frame", HDR(CSUM, 0, 0, 0, 0, FRAME), BAD },
	{ "csum-start-max", "csum_start 65535", HDR(CSUM, 0, 0, 0, 65535, 0), BAD },
	{ "csum-sum-wraps", "csum_start and csum_offset whose sum wraps", HDR(CSUM, 0, 0, 0, 65535, 3), BAD },
	{ "csum-both-max", "csum_start and csum_offset 65535", HDR(CSUM, 0, 0, 0, 65535, 65535), BAD },
	{ "flags-valid", "DATA_VALID", HDR(NET_HDR_DATA_VALID, 0, 0, 0, 65535, 65535), SOUND },
	{ "flags-rsc", "RSC_INFO, which was not negotiated", HDR(NET_HDR_RSC_INFO, 0, 0, 0, 65535, 65535), SOUND },
	{ "flags-tunnel", "a tunnel's checksum flag, which was not negotiated", HDR(8, 0, 0, 0, 0, 0), SOUND },
	{ "flags-reserved", "every flag but NEEDS_CSUM", HDR(0xfe, 0, 0, 0, 65535, 65535), SOUND },
	{ "flags-all", "every flag", HDR(0xff, 0, 0, 0, 65535, 65535), BAD },
	{ "gso-2", "the unknown gso_type 2", HDR(CSUM, 2, 0, 1448, 34, 16), BAD },
	{ "gso-6", "the unknown gso_type 6", HDR(CSUM, 6, 0, 1448, 34, 16), BAD },
	{ "gso-7f", "the unknown gso_type 0x7f", HDR(CSUM, 0x7f, 0, 1448, 34, 16), BAD },
	{ "gso-ff", "the unknown gso_type 0xff", HDR(CSUM, 0xff, 0, 1448, 34, 16), BAD },
	{ "gso-ecn-alone", "ECN without segmentation", HDR(CSUM, NET_GSO_ECN, 0, 1448, 34, 16), BAD },
	{ "gso-tunnel4", "a tunnel over IPv4, which was not negotiated", HDR(CSUM, 0x21, 54, 1448, 34, 16), BAD },
	{ "gso-tunnel6", "a tunnel over IPv6, which was not negotiated", HDR(CSUM, 0x41, 54, 1448, 34, 16), BAD },
	{ "gso-no-csum", "segmentation without a checksum", HDR(0, NET_GSO_TCPV4, 54, 1448, 34, 16), BAD },
	{ "gso-size-0", "segments of 0 bytes", HDR(CSUM, NET_GSO_TCPV4, 54, 0, 34, 16), BAD },
	{ "gso-size-0-udp", "segments of 0 bytes of UDP", HDR(CSUM, NET_GSO_UDP_L4, 42, 0, 34, 6), BAD },
	{ "gso-size-1", "segments of 1 byte", HDR(CSUM, NET_GSO_TCPV4, 54, 1, 34, 16), SOUND },
	{ "gso-size-max", "segments of 65535 bytes", HDR(CSUM, NET_GSO_TCPV6, 54, 65535, 34, 16), SOUND },
	{ "gso-ecn-udp", "ECN of UDP", HDR(CSUM, NET_GSO_UDP_L4 | NET_GSO_ECN, 42, 1448, 34, 6), BAD },
	{ "hash-csum-end", "a checksum at the frame's end, in the longer header", HDR(CSUM, 0, 0, 0, FRAME, 0), BAD, .with = V_HASH },
	{ "hash-gso-size-0", "segments of 0 bytes, in the longer header", HDR(CSUM, NET_GSO_TCPV4, 54, 0, 34, 16), BAD, .with = V_HASH },
	{ "gso-csum-beyond", "segmentation with a checksum beyond the frame", HDR(CSUM, NET_GSO_TCPV4, 54, 1448, FRAME, 16), BAD },
	{ "gso-hdr-len", "a header length beyond the frame", HDR(CSUM, NET_GSO_TCPV4, 65535, 1448, 34, 16), SOUND },
	{ "hdr-len-plain", "a header length beyond the frame, without segmentation", HDR(0, 0, 65535, 65535, 0, 0), SERVES },

	/* ---- what is the driver's ---- */
	{ "rx-desc-rewritten", "descriptors rewritten while they are in flight", RX_MEMORY(memory_descriptors, 0), .undo = true, SERVES },
	{ "tx-desc-rewritten", "descriptors rewritten while they are in flight", TX_MEMORY(memory_descriptors, 0), .undo = true, SERVES },
	{ "tx-chain-rewritten", "chains rewritten while they are in flight", TX_MEMORY(memory_descriptors, 0), .undo = true, SERVES, .segments = 3 },
	{ "rx-avail-rewritten", "the available ring rewritten", RX_MEMORY(memory_available, 0), .undo = true, SERVES, SPLIT },
	{ "tx-avail-rewritten", "the available ring rewritten", TX_MEMORY(memory_available, 0), .undo = true, SERVES, SPLIT },
	{ "rx-kick-0", "kicks wanted, of a device that wants none", RX_MEMORY(memory_event, 0), SERVES, .device_errs = true, FEW },
	{ "rx-kick-7fff", "the event word 0x7fff7fff", RX_MEMORY(memory_event, 0x7fff7fff), SERVES, .device_errs = true, FEW },
	{ "rx-kick-ffff", "the event word 0xffffffff", RX_MEMORY(memory_event, 0xffffffff), SERVES, .device_errs = true, FEW },
	{ "tx-kick-0", "kicks wanted, of a device that wants none", TX_MEMORY(memory_event, 0), SERVES, .device_errs = true, FEW },
	{ "tx-kick-no", "no kicks wanted", TX_MEMORY(memory_event, 0x00010001), SERVES, .device_errs = true, FEW },
	{ "tx-kick-offset", "an event offset beyond the ring", TX_MEMORY(memory_event, 0x00027fff), SERVES, .device_errs = true, FEW },
	{ "tx-kick-wrap", "an event offset beyond the ring, in the other lap", TX_MEMORY(memory_event, 0x0002ffff), SERVES, .device_errs = true, FEW },
	{ "tx-kick-flags", "reserved event flags", TX_MEMORY(memory_event, 0x00030000), SERVES, .device_errs = true, FEW },
	{ "tx-kick-8000", "the event word 0x80008000", TX_MEMORY(memory_event, 0x80008000), SERVES, .device_errs = true, FEW },
	{ "tx-kick-ffff", "the event word 0xffffffff", TX_MEMORY(memory_event, 0xffffffff), SERVES, .device_errs = true, FEW },

	/* ---- the control queue ---- */
	{ "ack-1", "a command that is refused", CTRL(ACK, SET, 1), REFUSES(EIO) },
	{ "ack-2", "a command answered with 2", CTRL(ACK, SET, 2), REFUSES(EIO) },
	{ "ack-80", "a command answered with 0x80", CTRL(ACK, SET, 0x80), REFUSES(EIO) },
	{ "ack-ff", "a command answered with 0xff, as if not at all", CTRL(ACK, SET, 0xff), REFUSES(EIO) },
	{ "ctrl-len-0", "the length 0 of an answer", CTRL(LEN, SET, 0), SERVES },
	{ "ctrl-len-2", "the length 2 of an answer of 1 byte", CTRL(LEN, SET, 2), SERVES },
	{ "ctrl-len-minus-1", "the length 0xffffffff of an answer", CTRL(LEN, SET, UINT32_MAX), SERVES },
	{ "ctrl-id-size", "an answer whose id is the ring's size", CTRL(ID, SIZE, 0), REFUSES(EPROTO) },
	{ "ctrl-id-65535", "an answer whose id is 65535", CTRL(ID, SET, 65535), REFUSES(EPROTO) },
	{ "ctrl-id-65536", "an answer whose id is right in its lower 16 bits only", CTRL(ID, ADD, 65536), REFUSES(EPROTO), SPLIT },
	{ "ctrl-id-tail", "an answer to a command's second slot", CTRL(ID, TAIL, 1), REFUSES(EPROTO) },
	{ "ctrl-id-free", "an answer to a slot that is free", CTRL(ID, FREE, 0), REFUSES(EPROTO) },
	{ "ctrl-index-ahead", "two answers to one command", CTRL(INDEX, ADD, 1), REFUSES(EPROTO), SPLIT },
	{ "ctrl-index-half", "32769 answers to one command", CTRL(INDEX, ADD, 32768), REFUSES(EPROTO), SPLIT },
	{ "ctrl-silent", "no answer, and a late one with the next command", CTRL(INDEX, ADD, 65535), REFUSES(ETIMEDOUT), SPLIT },
	{ "ctrl-silent-wrap", "an answer in the other lap", CTRL(FLAGS, XOR, TURN), REFUSES(ETIMEDOUT), PACKED },
	{ "ctrl-silent-used", "an answer that is not marked as used", CTRL(FLAGS, XOR, PACKED_USED), REFUSES(ETIMEDOUT), PACKED },
};
/* clang-format on */
const size_t n_ring_lies = ARRAY_SIZE(ring_lies);

const struct ring_lie *ring_lie_find(const char *name)
{
	for (size_t i = 0; i < n_ring_lies; i++)
		if (!strcmp(ring_lies[i].name, name))
			return &ring_lies[i];
	return NULL;
}
