/* SPDX-License-Identifier: BSD-3-Clause */
#include "output.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "csv.h"
#include "document.h"
#include "fail.h"
#include "floor.h"
#include "gen.h"
#include "histfile.h"
#include "json.h"
#include "linefile.h"
#include "metrics.h"
#include "outfile.h"

struct output {
	struct linefile jsonl, csv, log;
	struct metrics_server *server;
	struct hist hist; /* of the moment */
	bool log_begun, metrics_failed;
};

static const struct output_config *config_of(const struct gen *g)
{
	return &g->cfg->output;
}

/* People read stdout unless a program does. */
static int choose_stdout(struct gen *g)
{
	const struct output_config *c = config_of(g);
	const char *const files[] = { g->cfg->json, c->jsonl, c->csv };
	unsigned int n = 0;

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		n += files[i] && !strcmp(files[i], "-");
	if (n > 1)
		return fail(FAIL_CONFLICT, NULL, "pktgen: %u outputs are to go to stdout", n);
	if (n)
		g->out = stderr;
	return 0;
}

/* A result that can't be written is better known before the run. */
static int check_files(const struct gen *g)
{
	const struct output_config *c = config_of(g);
	int rc = outfile_check(g->cfg->json);

	if (!rc)
		rc = outfile_check(c->metrics_file);
	if (!rc && histfile_kind(c->histogram) == HISTFILE_TEXT)
		rc = outfile_check(c->histogram);
	return rc;
}

static int open_files(const struct gen *g, struct output *o)
{
	const struct output_config *c = config_of(g);
	int rc = linefile_open(&o->jsonl, c->jsonl);

	if (!rc)
		rc = linefile_open(&o->csv, c->csv);
	if (!rc && histfile_kind(c->histogram) == HISTFILE_LOG)
		rc = linefile_open(&o->log, c->histogram);
	if (!rc && o->csv.f) {
		csv_header(g, o->csv.f);
		linefile_flush(&o->csv);
	}
	return rc;
}

/* Return: 0, or a negative errno. */
static int write_metrics_file(const struct gen *g, const char *text, size_t len)
{
	struct outfile out;
	int rc = outfile_begin(&out, config_of(g)->metrics_file);

	if (rc)
		return rc;
	fwrite(text, 1, len, out.f);
	return outfile_commit(&out);
}

static void publish_file(struct gen *g, const char *text, size_t len)
{
	const char *path = config_of(g)->metrics_file;
	int rc;

	if (!path || g->output->metrics_failed)
		return;
	rc = write_metrics_file(g, text, len);
	if (!rc)
		return;
	fail(FAIL_FILE, strerror(-rc), "%s: the metrics are no longer written; the run goes on",
	     path);
	g->output->metrics_failed = true;
}

/* The counters of this moment. Return: text, which the caller frees, its length in @len; NULL: not
 * wanted, or no memory. */
static char *metrics_text(const struct gen *g, const struct hist *latency, size_t *len)
{
	char *text = NULL;
	FILE *f;

	if (!config_of(g)->metrics.text && !config_of(g)->metrics_file)
		return NULL;
	f = open_memstream(&text, len);
	if (!f)
		return NULL;
	metrics_write(g, latency, f);
	if (!fclose(f))
		return text;
	free(text);
	return NULL;
}

/* For whoever asks until the next. */
static void publish(struct gen *g, const struct hist *latency)
{
	size_t len = 0;
	char *text = metrics_text(g, latency, &len);

	if (!text)
		return;
	publish_file(g, text, len);
	if (g->output->server)
		metrics_server_set(g->output->server, text, len);
	else
		free(text);
}

/* Whoever asks at once finds everything at 0. */
static int open_server(const struct gen *g, struct output *o)
{
	const struct metrics_address *at = &config_of(g)->metrics;
	size_t len = 0;
	char *text;

	if (!at->text)
		return 0;
	text = metrics_text(g, &g->result.latency, &len);
	return metrics_server_open(at, text, len, &o->server);
}

int output_open(struct gen *g)
{
	int rc = choose_stdout(g);

	/* A reader that goes away is no reason to end: writing fails then, which is told. */
	signal(SIGPIPE, SIG_IGN);
	if (!rc)
		rc = check_files(g);
	if (rc)
		return rc;
	g->output = calloc(1, sizeof(*g->output));
	if (!g->output)
		return fail(FAIL_MEMORY, NULL, "no room for what is to be written");
	rc = open_files(g, g->output);
	if (!rc)
		rc = open_server(g, g->output);
	if (rc)
		return rc;
	if (g->n_tx && g->n_rx)
		g->floor_ns = floor_measure(&g->rx[0]);
	publish(g, &g->result.latency);
	return 0;
}

static void jsonl_write(struct output *o, json_t *doc)
{
	if (o->jsonl.f) {
		json_dumpf(doc, o->jsonl.f, JSON_COMPACT | JSON_REAL_PRECISION(12));
		fputc('\n', o->jsonl.f);
		linefile_flush(&o->jsonl);
	}
	json_decref(doc);
}

static void log_write(struct gen *g, const struct hist *h, double from_s, double to_s)
{
	struct output *o = g->output;

	if (!o->log.f)
		return;
	if (!o->log_begun)
		histfile_log_begin(stamp_ns(&g->clock, g->times.measure), o->log.f);
	o->log_begun = true;
	histfile_log(h, from_s, to_s, o->log.f);
	linefile_flush(&o->log);
}

void output_interval(struct gen *g, const struct interval *i, const struct hist *latency)
{
	struct output *o = g->output;

	if (!o)
		return;
	if (o->jsonl.f) {
		json_t *doc = json_begin("vio.interval/1"), *line = interval_json(g, i);

		json_object_update(doc, line);
		json_decref(line);
		jsonl_write(o, doc);
	}
	if (o->csv.f) {
		csv_interval(g, i, o->csv.f);
		linefile_flush(&o->csv);
	}
	log_write(g, latency, i->from_s, i->to_s);
	publish(g, &g->last_latency);
}

/* What came after the last interval. */
static void finish_log(struct gen *g)
{
	struct hist *h = &g->output->hist;
	double from = g->n_intervals ? g->intervals[g->n_intervals - 1].to_s : 0;
	double to = g->result.duration_s + (double)g->cfg->drain_ns / 1e9;

	*h = g->result.latency;
	hist_subtract(h, &g->last_latency);
	if (h->count || !g->output->log_begun)
		log_write(g, h, from, to > from ? to : from);
}

/* Return: 0, or an exit code with the error reported. */
static int write_text(const struct gen *g)
{
	const char *path = config_of(g)->histogram;
	struct outfile out;
	int rc;

	if (histfile_kind(path) != HISTFILE_TEXT)
		return 0;
	rc = outfile_begin(&out, path);
	if (!rc) {
		histfile_text(&g->result.latency, out.f);
		rc = outfile_commit(&out);
	}
	return rc ? fail(FAIL_FILE, strerror(-rc), "%s: the histogram could not be written", path)
		  : 0;
}

/* Some file failed while the run went on. */
static bool lost_something(const struct output *o)
{
	return o->jsonl.failed || o->csv.failed || o->log.failed || o->metrics_failed;
}

int output_result(struct gen *g)
{
	struct output *o = g->output;
	const struct assertion_list *wanted = &config_of(g)->assertions;
	json_t *doc = result_json(g), *judged = assertions_judge(wanted, doc);
	unsigned int failed = assertions_print(judged, g->out);
	int rc, text_rc;

	fflush(g->out);
	if (wanted->n)
		json_object_set(doc, "assertions", judged);
	json_decref(judged);
	publish(g, &g->result.latency);
	finish_log(g);
	jsonl_write(o, json_incref(doc));
	rc = g->cfg->json ? json_print(json_incref(doc), g->cfg->json) : 0;
	json_decref(doc);
	text_rc = write_text(g);
	rc = rc ? rc : text_rc;
	if (!rc && lost_something(o))
		rc = fail_code(FAIL_FILE);
	return rc ? rc : g->result.verdict == VERDICT_VALID && failed ? EXIT_ASSERTION : 0;
}

void output_close(struct gen *g)
{
	struct output *o = g->output;

	if (!o)
		return;
	metrics_server_close(o->server);
	linefile_close(&o->jsonl);
	linefile_close(&o->csv);
	linefile_close(&o->log);
	free(o);
	g->output = NULL;
}
