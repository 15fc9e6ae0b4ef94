/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream_json.h"

#include "document.h"
#include "units.h"

static json_t *latency_json(const struct hist *h)
{
	json_t *o = json_object();

	json_put_int(o, "count", h->count);
	json_put_us(o, "min_us", h->min);
	json_put_us(o, "p50_us", hist_percentile(h, 50));
	json_put_us(o, "p90_us", hist_percentile(h, 90));
	json_put_us(o, "p99_us", hist_percentile(h, 99));
	json_put_us(o, "p99_9_us", hist_percentile(h, 99.9));
	json_put_us(o, "max_us", h->max);
	return o;
}

static void put_tx(json_t *o, const struct stream_result *s)
{
	if (s->paced) {
		json_put_real(o, "offered_pps", s->asked_pps);
		json_put_int(o, "offered", (uint64_t)(s->offered + 0.5));
		json_put_int(o, "late_bursts", s->late_bursts);
	}
	json_put_int(o, "sent", s->sent);
	json_put_int(o, "unsent", s->unsent);
	json_put_int(o, "tx_bytes_l2", s->tx_bytes);
	json_put_int(o, "bursts", s->bursts);
	json_put_real(o, "rate_pps", s->rate_pps);
	json_put_real(o, "bits_l2_per_s", s->rate_bps);
	json_put_real(o, "duration_s", s->duration_s);
}

static void put_rx(json_t *o, const struct stream_result *s)
{
	json_put_int(o, "received", s->received);
	json_put_int(o, "rx_bytes_l2", s->rx_bytes);
	json_object_set_new(o, "lost", json_integer((json_int_t)s->lost));
	json_put_int(o, "reordered", s->reordered);
	json_put_int(o, "duplicate", s->duplicate);
	json_put_int(o, "late", s->late);
	json_put_int(o, "corrupt", s->corrupt);
	json_put_int(o, "warmup", s->early);
	if (s->latency.count)
		json_object_set_new(o, "latency", latency_json(&s->latency));
}

json_t *streams_json(const struct gen *g)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < g->n_streams; i++) {
		json_t *o = json_object();

		json_object_set_new(o, "name", json_string(g->result.streams[i].name));
		put_tx(o, &g->result.streams[i]);
		if (gen_receives(g))
			put_rx(o, &g->result.streams[i]);
		json_array_append_new(list, o);
	}
	return list;
}

json_t *pace_json(const struct hist *pace)
{
	static const uint64_t digits[] = { 1, 2, 5 };
	json_t *list = json_array();
	uint64_t before = 0, upto;

	for (uint64_t unit = 10; unit <= UINT64_C(1000000000) && before < pace->count; unit *= 10)
		for (unsigned int i = 0; i < 3 && before < pace->count; i++) {
			upto = hist_count_to(pace, digits[i] * unit);
			json_array_append_new(list, json_pack("{s:f, s:I}", "upto_us",
							      us(digits[i] * unit), "bursts",
							      (json_int_t)(upto - before)));
			before = upto;
		}
	return list;
}
