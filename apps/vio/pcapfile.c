/* SPDX-License-Identifier: BSD-3-Clause */
#include "pcapfile.h"

#include <byteswap.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAGIC_US    0xa1b2c3d4u
#define MAGIC_NS    0xa1b23c4du
#define MAGIC_BYTES 4u

#define CLASSIC_HEAD   24u
#define CLASSIC_RECORD 16u
#define CLASSIC_FCS    0x04000000u /* the upper four bits count the FCS in words of 16 bits */

#define NG_SECTION        0x0a0d0d0au
#define NG_SECTION_MAGIC  0x1a2b3c4du
#define NG_SECTION_HEAD   24u
#define NG_INTERFACE      1u
#define NG_INTERFACE_HEAD 16u
#define NG_OLD_PACKET     2u
#define NG_SIMPLE         3u
#define NG_SIMPLE_HEAD    12u
#define NG_PACKET         6u
#define NG_PACKET_HEAD    28u
#define NG_EMPTY          12u /* a block without body: type and both lengths */
#define NG_TAIL           4u  /* the second length */

#define OPTION_TSRESOL  9u
#define OPTION_TSOFFSET 14u

#define LINK_ETHERNET 1u
#define STORED_MAX    262144u /* no program captures more of a frame */
#define SECOND        UINT64_C(1000000000)

void pcapfile_init(struct pcapfile *f)
{
	memset(f, 0, offsetof(struct pcapfile, interface));
}

const char *pcapfile_format_name(enum pcapfile_format format)
{
	static const char *const names[] = { "unknown", "pcap", "pcapng" };

	return names[format];
}

static inline uint16_t get16(const struct pcapfile *f, const uint8_t *at)
{
	uint16_t v;

	memcpy(&v, at, sizeof(v));
	return f->swapped ? bswap_16(v) : v;
}

static inline uint32_t get32(const struct pcapfile *f, const uint8_t *at)
{
	uint32_t v;

	memcpy(&v, at, sizeof(v));
	return f->swapped ? bswap_32(v) : v;
}

static uint64_t get64(const struct pcapfile *f, const uint8_t *at)
{
	uint64_t v;

	memcpy(&v, at, sizeof(v));
	return f->swapped ? bswap_64(v) : v;
}

static __attribute__((cold, noinline, format(printf, 3, 4))) enum pcapfile_step
bad(const struct pcapfile *f, struct why *why, const char *fmt, ...)
{
	char text[sizeof(why->text) - 40];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	why_set(why, "offset %llu: %s", (unsigned long long)f->begin, text);
	return PCAPFILE_BAD;
}

static inline void advance(struct pcapfile *f, size_t n, size_t *used)
{
	f->offset += n;
	*used = n;
}

/* What is passed over may be longer than any window. */
static enum pcapfile_step pass_over(struct pcapfile *f, size_t len, size_t *used)
{
	size_t n = f->skip < len ? (size_t)f->skip : len;

	if (!n)
		return PCAPFILE_MORE;
	f->skip -= n;
	advance(f, n, used);
	return PCAPFILE_OTHER;
}

/* A link type that is not Ethernet. */
static enum pcapfile_step bad_link(const struct pcapfile *f, unsigned int link, struct why *why)
{
	static const struct {
		unsigned int link;
		const char *name;
	} known[] = {
		{ 0, "BSD loopback" }, { 101, "raw IP" },       { 105, "IEEE 802.11" },
		{ 108, "loopback" },   { 113, "Linux cooked" }, { 127, "radiotap" },
		{ 228, "raw IPv4" },   { 229, "raw IPv6" },     { 276, "Linux cooked v2" },
	};
	const char *name = "unknown";

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].link == link)
			name = known[i].name;
	return bad(f, why, "link type %u (%s), and only Ethernet (1) can be sent", link, name);
}

/* --- classic ---------------------------------------------------------------------------------- */

static enum pcapfile_step classic_head(struct pcapfile *f, const uint8_t *data, size_t len,
				       size_t *used, struct why *why)
{
	uint32_t link;

	if (len < CLASSIC_HEAD)
		return PCAPFILE_MORE;
	if (get16(f, data + 4) != 2 || get16(f, data + 6) != 4)
		return bad(f, why, "pcap of version %u.%u, and only 2.4 is known",
			   get16(f, data + 4), get16(f, data + 6));
	link = get32(f, data + 20);
	if ((link & 0xffff) != LINK_ETHERNET)
		return bad_link(f, link & 0xffff, why);
	f->fcs = link & CLASSIC_FCS ? (link >> 28) * 2 : 0;
	f->format = PCAPFILE_CLASSIC;
	advance(f, CLASSIC_HEAD, used);
	return PCAPFILE_OTHER;
}

static bool lengths_good(const struct pcapfile *f, const struct pcapfile_frame *frame,
			 struct why *why)
{
	if (frame->stored > STORED_MAX)
		bad(f, why, "a frame of %u bytes, and none has more than %u", frame->stored,
		    STORED_MAX);
	else if (frame->stored > frame->len)
		bad(f, why, "%u bytes are stored of a frame that had %u", frame->stored,
		    frame->len);
	else
		return true;
	return false;
}

static enum pcapfile_step classic_step(struct pcapfile *f, const uint8_t *data, size_t len,
				       struct pcapfile_frame *frame, size_t *used, struct why *why)
{
	uint32_t stored;

	if (len < CLASSIC_RECORD)
		return PCAPFILE_MORE;
	frame->ns = get32(f, data) * SECOND + (uint64_t)get32(f, data + 4) * f->fraction_ns;
	stored = frame->stored = get32(f, data + 8);
	frame->len = get32(f, data + 12);
	if (!lengths_good(f, frame, why))
		return PCAPFILE_BAD;
	if (stored > PCAPFILE_FRAME_MAX) {
		frame->data = NULL;
		f->skip = stored;
		advance(f, CLASSIC_RECORD, used);
	} else if (len - CLASSIC_RECORD < stored) {
		return PCAPFILE_MORE;
	} else {
		frame->data = data + CLASSIC_RECORD;
		advance(f, CLASSIC_RECORD + stored, used);
	}
	if (f->fcs && stored == frame->len && stored >= f->fcs) {
		frame->stored -= f->fcs;
		frame->len -= f->fcs;
	}
	return PCAPFILE_FRAME;
}

/* --- pcapng ----------------------------------------------------------------------------------- */

/* The whole block, or what of it the window need not hold, has been looked at. */
static enum pcapfile_step ng_pass(struct pcapfile *f, const uint8_t *data, size_t len,
				  uint32_t total, size_t seen, size_t *used, struct why *why)
{
	if (total <= len) {
		if (__builtin_expect(get32(f, data + total - NG_TAIL) != total, 0))
			return bad(f, why, "a block of %u bytes ends with the length %u", total,
				   get32(f, data + total - NG_TAIL));
		advance(f, total, used);
		return PCAPFILE_OTHER;
	}
	f->skip = total - NG_TAIL - seen;
	f->trailer = total;
	advance(f, seen, used);
	return PCAPFILE_OTHER;
}

/* The end of a block that was passed over. */
static enum pcapfile_step ng_trailer(struct pcapfile *f, const uint8_t *data, size_t len,
				     size_t *used, struct why *why)
{
	if (len < NG_TAIL)
		return PCAPFILE_MORE;
	if (get32(f, data) != f->trailer)
		return bad(f, why, "a block of %u bytes ends with the length %u", f->trailer,
			   get32(f, data));
	f->trailer = 0;
	advance(f, NG_TAIL, used);
	return PCAPFILE_OTHER;
}

/* A new section forgets the interfaces, and may have another byte order. */
static enum pcapfile_step ng_section(struct pcapfile *f, const uint8_t *data, size_t len,
				     size_t *used, struct why *why)
{
	uint32_t magic, total;

	if (len < NG_SECTION_HEAD)
		return PCAPFILE_MORE;
	memcpy(&magic, data + 8, sizeof(magic));
	if (magic != NG_SECTION_MAGIC && bswap_32(magic) != NG_SECTION_MAGIC)
		return bad(f, why, "a section of pcapng without its byte-order magic");
	f->swapped = magic != NG_SECTION_MAGIC;
	total = get32(f, data + 4);
	if (total < NG_SECTION_HEAD + NG_TAIL || total % 4)
		return bad(f, why, "a section's block of %u bytes", total);
	if (get16(f, data + 12) != 1)
		return bad(f, why, "pcapng of version %u.%u, and only 1 is known",
			   get16(f, data + 12), get16(f, data + 14));
	f->n_interfaces = 0;
	f->format = PCAPFILE_NG;
	return ng_pass(f, data, len, total, NG_SECTION_HEAD, used, why);
}

/* if_tsresol: the stamps' unit is 10^-n s, or with the highest bit 2^-n s. */
static void set_resolution(struct pcapfile_interface *i, uint8_t resolution)
{
	unsigned int n = resolution & 0x7f;

	*i = (struct pcapfile_interface){ i->link, i->snap, 1, 1, 0, i->offset_s };
	if (resolution & 0x80) {
		i->mult = SECOND;
		i->shift = (uint8_t)n;
		return;
	}
	for (; n < 9; n++)
		i->mult *= 10;
	for (; n > 9 && i->mult; n--)
		if (__builtin_mul_overflow(i->div, 10, &i->div))
			i->mult = 0; /* a unit too small to count */
}

static enum pcapfile_step ng_options(struct pcapfile *f, const uint8_t *at, uint32_t len,
				     struct pcapfile_interface *i, struct why *why)
{
	while (len >= 4) {
		uint32_t code = get16(f, at), n = get16(f, at + 2), room = (n + 3) & ~3u;

		if (!code)
			break;
		if (room > len - 4)
			return bad(f, why, "option %u of %u bytes, where %u are left", code, n,
				   len - 4);
		if ((code == OPTION_TSRESOL && n != 1) || (code == OPTION_TSOFFSET && n != 8))
			return bad(f, why, "option %u of %u bytes", code, n);
		if (code == OPTION_TSRESOL)
			set_resolution(i, at[4]);
		else if (code == OPTION_TSOFFSET)
			i->offset_s = (int64_t)get64(f, at + 4);
		at += 4 + room;
		len -= 4 + room;
	}
	return PCAPFILE_OTHER;
}

static enum pcapfile_step ng_interface(struct pcapfile *f, const uint8_t *data, size_t len,
				       uint32_t total, size_t *used, struct why *why)
{
	struct pcapfile_interface *i = &f->interface[f->n_interfaces];

	if (total > PCAPFILE_WINDOW || total < NG_INTERFACE_HEAD + NG_TAIL)
		return bad(f, why, "an interface's block of %u bytes", total);
	if (f->n_interfaces == PCAPFILE_INTERFACES)
		return bad(f, why, "a section with more than %u interfaces", PCAPFILE_INTERFACES);
	if (len < total)
		return PCAPFILE_MORE;
	*i = (struct pcapfile_interface){ .link = get16(f, data + 8), .snap = get32(f, data + 12) };
	set_resolution(i, 6);
	if (ng_options(f, data + NG_INTERFACE_HEAD, total - NG_INTERFACE_HEAD - NG_TAIL, i, why) ==
	    PCAPFILE_BAD)
		return PCAPFILE_BAD;
	f->n_interfaces++;
	return ng_pass(f, data, len, total, total, used, why);
}

static inline uint64_t ng_time(const struct pcapfile_interface *i, uint64_t stamp)
{
	unsigned __int128 ns = (unsigned __int128)stamp * i->mult >> i->shift;
	__int128 all;

	if (i->div > 1)
		ns /= i->div;
	all = (__int128)ns + (__int128)i->offset_s * (int64_t)SECOND;
	return all < 0 ? 0 : all > INT64_MAX ? INT64_MAX : (uint64_t)all;
}

/* The head of a packet's block has been read: @frame's data begins behind @head bytes. */
static inline enum pcapfile_step ng_frame(struct pcapfile *f, const uint8_t *data, size_t len,
					  uint32_t total, uint32_t head,
					  struct pcapfile_frame *frame, size_t *used,
					  struct why *why)
{
	bool large = frame->stored > PCAPFILE_FRAME_MAX;

	if (!lengths_good(f, frame, why))
		return PCAPFILE_BAD;
	if (frame->stored > total - head - NG_TAIL)
		return bad(f, why, "%u bytes of a frame in a block of %u", frame->stored, total);
	if (len < total && total <= PCAPFILE_WINDOW)
		return PCAPFILE_MORE;
	if (len < total && !large && len < head + frame->stored)
		return PCAPFILE_MORE;
	frame->data = large ? NULL : data + head;
	if (ng_pass(f, data, len, total, large ? head : head + frame->stored, used, why) ==
	    PCAPFILE_BAD)
		return PCAPFILE_BAD;
	return PCAPFILE_FRAME;
}

static inline enum pcapfile_step ng_packet(struct pcapfile *f, const uint8_t *data, size_t len,
					   uint32_t total, bool old, struct pcapfile_frame *frame,
					   size_t *used, struct why *why)
{
	const struct pcapfile_interface *i;
	uint32_t number;

	if (total < NG_PACKET_HEAD + NG_TAIL)
		return bad(f, why, "a packet's block of %u bytes", total);
	if (len < NG_PACKET_HEAD)
		return PCAPFILE_MORE;
	number = old ? get16(f, data + 8) : get32(f, data + 8);
	if (number >= f->n_interfaces)
		return bad(f, why, "a packet of interface %u, where the section has %u", number,
			   f->n_interfaces);
	i = &f->interface[number];
	if (i->link != LINK_ETHERNET)
		return bad_link(f, i->link, why);
	frame->ns = ng_time(i, (uint64_t)get32(f, data + 12) << 32 | get32(f, data + 16));
	frame->stored = get32(f, data + 20);
	frame->len = get32(f, data + 24);
	return ng_frame(f, data, len, total, NG_PACKET_HEAD, frame, used, why);
}

/* Of the first interface, without a time: that of the frame before. */
static enum pcapfile_step ng_simple(struct pcapfile *f, const uint8_t *data, size_t len,
				    uint32_t total, struct pcapfile_frame *frame, size_t *used,
				    struct why *why)
{
	const struct pcapfile_interface *i = &f->interface[0];

	if (total < NG_SIMPLE_HEAD + NG_TAIL)
		return bad(f, why, "a simple packet's block of %u bytes", total);
	if (len < NG_SIMPLE_HEAD)
		return PCAPFILE_MORE;
	if (!f->n_interfaces)
		return bad(f, why, "a packet of interface 0, where the section has none");
	if (i->link != LINK_ETHERNET)
		return bad_link(f, i->link, why);
	frame->ns = f->last_ns;
	frame->len = get32(f, data + 8);
	frame->stored = i->snap && i->snap < frame->len ? i->snap : frame->len;
	return ng_frame(f, data, len, total, NG_SIMPLE_HEAD, frame, used, why);
}

static inline enum pcapfile_step ng_step(struct pcapfile *f, const uint8_t *data, size_t len,
					 struct pcapfile_frame *frame, size_t *used,
					 struct why *why)
{
	uint32_t type, total;

	if (len < NG_EMPTY)
		return PCAPFILE_MORE;
	type = get32(f, data);
	if (type == NG_SECTION)
		return ng_section(f, data, len, used, why);
	total = get32(f, data + 4);
	if (total < NG_EMPTY || total % 4)
		return bad(f, why, "a block of type 0x%x of %u bytes", type, total);
	switch (type) {
	case NG_PACKET:
	case NG_OLD_PACKET:
		return ng_packet(f, data, len, total, type == NG_OLD_PACKET, frame, used, why);
	case NG_SIMPLE:
		return ng_simple(f, data, len, total, frame, used, why);
	case NG_INTERFACE:
		return ng_interface(f, data, len, total, used, why);
	default:
		return ng_pass(f, data, len, total, NG_EMPTY - NG_TAIL, used, why);
	}
}

/* --- both ------------------------------------------------------------------------------------- */

/* What people take for a capture. */
static enum pcapfile_step bad_magic(const struct pcapfile *f, const uint8_t *data, struct why *why)
{
	static const struct {
		uint8_t magic[MAGIC_BYTES];
		const char *what;
	} known[] = {
		{ { 0x1f, 0x8b, 0x08, 0x00 }, "compressed with gzip: unpack it first" },
		{ { 0x1f, 0x8b, 0x08, 0x08 }, "compressed with gzip: unpack it first" },
		{ { 0x28, 0xb5, 0x2f, 0xfd }, "compressed with zstd: unpack it first" },
		{ { 0x04, 0x22, 0x4d, 0x18 }, "compressed with lz4: unpack it first" },
		{ { 0xfd, '7', 'z', 'X' }, "compressed with xz: unpack it first" },
		{ { 's', 'n', 'o', 'o' }, "a snoop capture: editcap -F pcapng converts it" },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (!memcmp(known[i].magic, data, MAGIC_BYTES))
			return bad(f, why, "%s", known[i].what);
	return bad(f, why, "it begins with %02x %02x %02x %02x, neither pcap nor pcapng", data[0],
		   data[1], data[2], data[3]);
}

static enum pcapfile_step first_step(struct pcapfile *f, const uint8_t *data, size_t len,
				     size_t *used, struct why *why)
{
	uint32_t magic;

	if (len < MAGIC_BYTES)
		return PCAPFILE_MORE;
	memcpy(&magic, data, sizeof(magic));
	if (magic == NG_SECTION)
		return ng_section(f, data, len, used, why);
	f->swapped = magic == bswap_32(MAGIC_US) || magic == bswap_32(MAGIC_NS);
	magic = get32(f, data);
	if (magic != MAGIC_US && magic != MAGIC_NS)
		return bad_magic(f, data, why);
	f->fraction_ns = magic == MAGIC_NS ? 1 : 1000;
	return classic_head(f, data, len, used, why);
}

enum pcapfile_step pcapfile_step(struct pcapfile *f, const uint8_t *data, size_t len,
				 struct pcapfile_frame *frame, size_t *used, struct why *why)
{
	enum pcapfile_step step;

	*used = 0;
	if (f->skip)
		return pass_over(f, len, used);
	if (f->trailer)
		return ng_trailer(f, data, len, used, why);
	f->begin = f->offset;
	if (f->format == PCAPFILE_UNKNOWN)
		return first_step(f, data, len, used, why);
	step = f->format == PCAPFILE_NG ? ng_step(f, data, len, frame, used, why)
					: classic_step(f, data, len, frame, used, why);
	if (step == PCAPFILE_FRAME)
		f->last_ns = frame->ns;
	return step;
}

bool pcapfile_end(const struct pcapfile *f, size_t left, struct why *why)
{
	uint64_t size = f->offset + left;

	if (f->format == PCAPFILE_UNKNOWN)
		return why_set(why, "%llu bytes, too few for a capture", (unsigned long long)size);
	if (left || f->skip || f->trailer)
		return why_set(why,
			       "offset %llu: what begins here is cut off, for the file ends at "
			       "offset %llu",
			       (unsigned long long)f->begin, (unsigned long long)size);
	return true;
}
