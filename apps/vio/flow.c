/* SPDX-License-Identifier: BSD-3-Clause */
#include "flow.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "sum.h"

/* The part of an address that varies: all of IPv4, the low half of IPv6. */
static uint64_t address_low(const struct ip_range *r)
{
	uint32_t v4;
	uint64_t v6;

	memcpy(&v4, r->first, sizeof(v4));
	memcpy(&v6, r->first + 8, sizeof(v6));
	return r->v6 ? be64toh(v6) : ntohl(v4);
}

/* Write address number @i of @r, in network order. Return: its length. */
static size_t address_at(const struct ip_range *r, uint64_t i, uint8_t out[16])
{
	uint64_t low = address_low(r) + i;
	uint32_t v4 = htonl((uint32_t)low);
	uint64_t v6 = htobe64(low);

	memcpy(out, r->first, 16);
	if (!r->v6) {
		memcpy(out, &v4, sizeof(v4));
		return sizeof(v4);
	}
	memcpy(out + 8, &v6, sizeof(v6));
	return 16;
}

static bool read_address(const char *text, struct ip_range *r)
{
	r->v6 = strchr(text, ':') != NULL;
	r->count = 1;
	memset(r->first, 0, sizeof(r->first));
	return inet_pton(r->v6 ? AF_INET6 : AF_INET, text, r->first) == 1;
}

static bool range_to(struct ip_range *r, const char *last_text, struct why *why)
{
	struct ip_range last;

	if (!read_address(last_text, &last) || last.v6 != r->v6)
		return why_set(why, "'%s' is no last address of a range", last_text);
	if (r->v6 && memcmp(r->first, last.first, 8))
		return why_set(why, "the addresses of an IPv6 range share their first 64 bits");
	if (address_low(&last) < address_low(r))
		return why_set(why, "the range ends before it begins");
	r->count = address_low(&last) - address_low(r) + 1;
	return r->count ? true : why_set(why, "a range holds less than 2^64 addresses");
}

static bool range_prefix(struct ip_range *r, const char *len_text, struct why *why)
{
	unsigned int bits = r->v6 ? 128 : 32, least = r->v6 ? 65 : 0, host;
	uint64_t low;
	char *end;
	unsigned long len = strtoul(len_text, &end, 10);

	if (!isdigit((unsigned char)*len_text) || *end || len < least || len > bits)
		return why_set(why, "a prefix length is from %u to %u here", least, bits);
	host = bits - (unsigned int)len;
	r->count = UINT64_C(1) << host;
	low = address_low(r) & ~(r->count - 1);
	if (r->v6)
		memcpy(r->first + 8, &(uint64_t){ htobe64(low) }, 8);
	else
		memcpy(r->first, &(uint32_t){ htonl((uint32_t)low) }, 4);
	return true;
}

bool ip_range_parse(const char *text, struct ip_range *out, struct why *why)
{
	char copy[128];
	struct ip_range r;
	char *mark;
	char kind;

	if (strlen(text) >= sizeof(copy))
		return why_set(why, "the text is too long for an address");
	strcpy(copy, text);
	mark = strpbrk(copy, "-/");
	kind = mark ? *mark : '\0';
	if (mark)
		*mark++ = '\0';
	if (!read_address(copy, &r))
		return why_set(why, "addresses are wanted, such as 10.0.0.1, 10.0.0.0/24 or "
				    "10.0.0.1-10.0.0.9");
	if (kind == '-' && !range_to(&r, mark, why))
		return false;
	if (kind == '/' && !range_prefix(&r, mark, why))
		return false;
	*out = r;
	return true;
}

/* Take the digit for a range of @count out of *@i, as an odometer does. */
static uint64_t digit(uint64_t *i, uint64_t count)
{
	uint64_t d = *i % count;

	*i /= count;
	return d;
}

static void flow_fill(struct flow *f, const struct flow_spec *spec, uint64_t i)
{
	uint16_t sport = (uint16_t)(spec->sport.first + digit(&i, spec->sport.count));
	uint16_t dport = (uint16_t)(spec->dport.first + digit(&i, spec->dport.count));
	uint16_t ports[2] = { htons(sport), htons(dport) };
	uint8_t addr[32];
	size_t len = address_at(&spec->src, digit(&i, spec->src.count), addr);

	len += address_at(&spec->dst, digit(&i, spec->dst.count), addr + len);
	memcpy(f->tuple, addr, len);
	memcpy(f->tuple + len, ports, sizeof(ports));
	f->addr_sum = sum_fold(sum_add(0, addr, len));
	f->l4_sum = f->addr_sum + ports[0] + ports[1];
}

/* Combinations of the ranges, not above @limit. */
static uint64_t combinations(const struct flow_spec *spec, uint64_t limit)
{
	const uint64_t counts[] = { spec->sport.count, spec->dport.count, spec->src.count,
				    spec->dst.count };
	uint64_t all = 1;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		if (counts[i] > limit / all)
			return limit;
		all *= counts[i];
	}
	return all;
}

bool flows_make(const struct flow_spec *spec, struct flow **out, uint32_t *n, struct why *why)
{
	uint64_t all = combinations(spec, FLOWS_MAX + 1), want = spec->flows ? spec->flows : all;
	struct flow *flows;

	if (spec->src.v6 != spec->v6 || spec->dst.v6 != spec->v6)
		return why_set(why,
			       "an address is of the other IP version (--ipv6 takes both as IPv6)");
	if (want > FLOWS_MAX)
		return why_set(why, "the ranges make more than %u flows; --flows N takes fewer",
			       FLOWS_MAX);
	if (want > all)
		return why_set(why, "the ranges of addresses and ports make %llu flows, not %llu",
			       (unsigned long long)all, (unsigned long long)want);
	flows = calloc(want, sizeof(*flows));
	if (!flows)
		return why_set(why, "no memory for %llu flows", (unsigned long long)want);
	for (uint64_t i = 0; i < want; i++)
		flow_fill(&flows[i], spec, i);
	*out = flows;
	*n = (uint32_t)want;
	return true;
}
