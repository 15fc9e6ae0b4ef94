/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>

#include "../../apps/vio/base64.h"
#include "../../apps/vio/field.h"
#include "../../apps/vio/parse.h"
#include "../../apps/vio/rate.h"
#include "../../apps/vio/replay.h"
#include "../../apps/vio/search_logic.h"
#include "../../apps/vio/size.h"
#include "app.h"

/* Numbers, units, ranges, sizes, rates, addresses: the first byte chooses what the rest is read as.
 * What is accepted is in the range that the reader promises. */

static bool as_count(const char *text, struct why *why)
{
	uint64_t n;

	if (!parse_count(text, 5, 1000000, &n, why))
		return false;
	assert_true(n >= 5 && n <= 1000000);
	return true;
}

static bool as_duration(const char *text, struct why *why)
{
	uint64_t ns;

	return parse_duration_ns(text, &ns, why);
}

static bool as_mac(const char *text, struct why *why)
{
	uint8_t mac[6];

	return parse_mac(text, mac, why);
}

static bool as_percent(const char *text, struct why *why)
{
	double value;

	if (!parse_percent(text, &value, why))
		return false;
	assert_true(isfinite(value));
	return true;
}

static bool as_cpus(const char *text, struct why *why)
{
	struct cpu_list cpus;

	if (!parse_cpus(text, &cpus, why))
		return false;
	assert_true(cpus.n <= CPUS_MAX);
	return true;
}

static bool as_sizes(const char *text, struct why *why)
{
	struct sizes s;

	if (!sizes_parse(text, &s, why))
		return false;
	assert_true(sizes_least(&s) <= sizes_largest(&s));
	assert_true(sizes_mean(&s) >= sizes_least(&s) && sizes_mean(&s) <= sizes_largest(&s));
	sizes_free(&s);
	return true;
}

static bool as_rate(const char *text, struct why *why)
{
	struct rate rate;

	if (!rate_parse(text, &rate, why))
		return false;
	(void)rate_resolve(&rate, 1e10, false, why);
	assert_true(!isnan(rate_pps(&rate, 64)));
	return true;
}

static bool as_line(const char *text, struct why *why)
{
	double bps;

	return rate_parse_line(text, &bps, why);
}

static bool as_pacing(const char *text, struct why *why)
{
	struct pacing pacing;

	return pacing_parse(text, &pacing, why);
}

/* Every value of a field can be written, and is one of the field's. */
static void check_field(const struct field *f, size_t len)
{
	const uint64_t which[] = { 0, f->count / 2, f->count - 1 };
	uint8_t out[16];

	for (size_t i = 0; i < sizeof(which) / sizeof(which[0]); i++) {
		field_write(f, which[i], out, len);
		assert_true(field_holds(f, out, len));
	}
}

static bool as_ports(const char *text, struct why *why)
{
	struct field f;

	if (!field_read_ports(text, &f, why))
		return false;
	check_field(&f, 2);
	return true;
}

static bool as_ips(const char *text, struct why *why)
{
	struct field f;

	if (!field_read_ips(text, &f, why))
		return false;
	check_field(&f, f.v6 ? 16 : 4);
	return true;
}

static bool as_macs(const char *text, struct why *why)
{
	struct field f;

	if (!field_read_macs(text, &f, why))
		return false;
	check_field(&f, 6);
	return true;
}

static bool as_vlans(const char *text, struct why *why)
{
	struct vlan_list vlans;

	return field_read_vlans(text, &vlans, why);
}

static bool as_timing(const char *text, struct why *why)
{
	struct replay_timing timing;

	if (!replay_timing_parse(text, &timing, why))
		return false;
	assert_true(timing.speed >= 1e-6 && timing.speed <= 1e6);
	return true;
}

static bool as_base64(const char *text, struct why *why)
{
	size_t len;
	uint8_t *bytes = base64_decode(text, &len);

	free(bytes);
	return bytes || why_set(why, "no base64");
}

static bool (*const readers[])(const char *text, struct why *why) = {
	as_count, as_duration, as_mac,    as_percent, as_cpus, as_sizes, as_rate,   as_line,
	as_ports, as_pacing,   as_timing, as_ips,     as_macs, as_vlans, as_base64,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t n = sizeof(readers) / sizeof(readers[0]);
	char text[TEXT_MAX + 1];
	struct why why = { "" };

	if (!size || !app_text(data + 1, size - 1, text))
		return 0;
	if (!readers[data[0] % n](text, &why))
		assert_true(*why.text);
	return 0;
}
