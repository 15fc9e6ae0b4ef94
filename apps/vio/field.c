/* SPDX-License-Identifier: BSD-3-Clause */
#include "field.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* A number of up to 128 bits, as it lies in a frame. */
struct wide {
	uint64_t high, low;
};

static struct wide read_wide(const uint8_t *at, size_t len)
{
	struct wide w = { 0 };

	for (size_t i = 0; i < len; i++) {
		w.high = w.high << 8 | w.low >> 56;
		w.low = w.low << 8 | at[i];
	}
	return w;
}

void field_write(const struct field *f, uint64_t i, uint8_t *out, size_t len)
{
	const struct field_part *p = f->part;
	uint64_t low;

	for (; i >= p->count; p++)
		i -= p->count;
	low = p->first + i;
	for (size_t k = 0; k < len; k++)
		out[len - 1 - k] = (uint8_t)(k < 8 ? low >> 8 * k : p->high >> 8 * (k - 8));
}

void field_swap(struct field *a, struct field *b)
{
	struct field old = *a;

	*a = *b;
	*b = old;
}

bool field_holds(const struct field *f, const uint8_t *at, size_t len)
{
	struct wide w = read_wide(at, len);

	for (unsigned int i = 0; i < f->n; i++)
		if (w.high == f->part[i].high && w.low - f->part[i].first < f->part[i].count)
			return true;
	return false;
}

/* Read one element of a list. */
typedef bool (*part_fn)(char *text, struct field_part *part, bool *v6, struct why *why);

static bool field_add(struct field *f, const struct field_part *part, bool v6, struct why *why)
{
	if (f->n == FIELD_PARTS)
		return why_set(why, "a list has at most %u parts", FIELD_PARTS);
	if (f->n && f->v6 != v6)
		return why_set(why, "a list holds addresses of one IP version");
	if (f->count + part->count < f->count)
		return why_set(why, "a list holds less than 2^64 values");
	f->v6 = v6;
	f->part[f->n++] = *part;
	f->count += part->count;
	return true;
}

static bool read_list(const char *text, part_fn read, struct field *out, struct why *why)
{
	struct field f = { 0 };
	char copy[128];
	size_t len;

	for (;; text += len + 1) {
		struct field_part part = { .count = 1 };
		bool v6 = false;

		len = strcspn(text, ",");
		if (len >= sizeof(copy))
			return why_set(why, "the text is too long");
		memcpy(copy, text, len);
		copy[len] = '\0';
		if (!read(copy, &part, &v6, why) || !field_add(&f, &part, v6, why))
			return false;
		if (!text[len])
			break;
	}
	*out = f;
	return true;
}

/* Cut @text at @mark. Return: what stands behind; NULL without @mark. */
static char *cut(char *text, char mark)
{
	char *at = strchr(text, mark);

	if (at)
		*at++ = '\0';
	return at;
}

/* Make @part reach to @last. */
static bool range_to(struct field_part *part, uint64_t last, struct why *why)
{
	if (last < part->first)
		return why_set(why, "the range ends before it begins");
	part->count = last - part->first + 1;
	return part->count ? true : why_set(why, "a range holds less than 2^64 values");
}

static bool read_numbers(const char *text, unsigned long min, unsigned long max,
			 struct field_part *part)
{
	unsigned long a, b;

	if (!parse_range(&text, min, max, &a, &b) || *text)
		return false;
	part->first = a;
	part->count = b - a + 1;
	return true;
}

static bool read_port_part(char *text, struct field_part *part, bool *v6, struct why *why)
{
	(void)v6;
	return read_numbers(text, 0, 65535, part) ||
	       why_set(why, "ports and ranges from 0 to 65535 are wanted, such as 1024-2047 or "
			    "53,80");
}

bool field_read_ports(const char *text, struct field *out, struct why *why)
{
	return read_list(text, read_port_part, out, why);
}

static bool read_mac(const char *text, uint64_t *out, struct why *why)
{
	uint8_t mac[6];

	if (!parse_mac(text, mac, why))
		return false;
	*out = read_wide(mac, sizeof(mac)).low;
	return true;
}

static bool read_mac_part(char *text, struct field_part *part, bool *v6, struct why *why)
{
	char *last_text = cut(text, '-');
	uint64_t last;

	(void)v6;
	if (!read_mac(text, &part->first, why))
		return false;
	if (!last_text)
		return true;
	return read_mac(last_text, &last, why) && range_to(part, last, why);
}

bool field_read_macs(const char *text, struct field *out, struct why *why)
{
	return read_list(text, read_mac_part, out, why);
}

static bool read_address(const char *text, struct wide *out, bool *v6)
{
	uint8_t raw[16];

	*v6 = strchr(text, ':') != NULL;
	if (inet_pton(*v6 ? AF_INET6 : AF_INET, text, raw) != 1)
		return false;
	*out = read_wide(raw, *v6 ? 16 : 4);
	return true;
}

static bool address_to(struct field_part *part, bool v6, const char *last_text, struct why *why)
{
	struct wide last;
	bool last_v6;

	if (!read_address(last_text, &last, &last_v6) || last_v6 != v6)
		return why_set(why, "'%s' is no last address of a range", last_text);
	if (last.high != part->high)
		return why_set(why, "the addresses of an IPv6 range share their first 64 bits");
	return range_to(part, last.low, why);
}

static bool address_prefix(struct field_part *part, bool v6, const char *len_text, struct why *why)
{
	unsigned int bits = v6 ? 128 : 32, least = v6 ? 65 : 0;
	char *end;
	unsigned long len = strtoul(len_text, &end, 10);

	if (!isdigit((unsigned char)*len_text) || *end || len < least || len > bits)
		return why_set(why, "a prefix length is from %u to %u here", least, bits);
	part->count = UINT64_C(1) << (bits - (unsigned int)len);
	part->first &= ~(part->count - 1);
	return true;
}

static bool read_ip_part(char *text, struct field_part *part, bool *v6, struct why *why)
{
	char *last = cut(text, '-'), *prefix = last ? NULL : cut(text, '/');
	struct wide first;

	if (!read_address(text, &first, v6))
		return why_set(why, "addresses are wanted, such as 10.0.0.1, 10.0.0.0/24, "
				    "10.0.0.1-10.0.0.9 or a list of these");
	part->high = first.high;
	part->first = first.low;
	if (last)
		return address_to(part, *v6, last, why);
	return !prefix || address_prefix(part, *v6, prefix, why);
}

bool field_read_ips(const char *text, struct field *out, struct why *why)
{
	return read_list(text, read_ip_part, out, why);
}

static bool read_vlan_part(char *text, struct field_part *part, bool *v6, struct why *why)
{
	(void)v6;
	return read_numbers(text, 1, 4094, part) ||
	       why_set(why, "one or two VLAN ids or ranges from 1 to 4094 are wanted: 100 or "
			    "100,200 or 100-199");
}

bool field_read_vlans(const char *text, struct vlan_list *out, struct why *why)
{
	struct field all;

	if (!read_list(text, read_vlan_part, &all, why))
		return false;
	if (all.n > 2)
		return why_set(why, "a frame has one or two VLAN tags, not %u", all.n);
	*out = (struct vlan_list){ .n = all.n };
	for (unsigned int i = 0; i < all.n; i++)
		out->id[i] = (struct field){ .n = 1,
					     .count = all.part[i].count,
					     .part = { all.part[i] } };
	return true;
}
