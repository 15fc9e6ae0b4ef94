/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_GEN_H
#define APP_GEN_H

#include <stdio.h>
#include <vio/vio.h>

#include "capture_run.h"
#include "look.h"
#include "output.h"
#include "plan.h"
#include "worker.h"

struct profile;

/* What `vio pktgen` was asked for. */
struct gen_config {
	const char *port[2];
	unsigned int n_ports;
	struct rate rate;
	struct sizes sizes;
	uint64_t count;
	uint64_t time_ns; /* 0: not asked for */
	uint64_t warmup_ns, drain_ns, interval_ns;
	struct field src_ip, dst_ip; /* count 0: default */
	struct field src_port, dst_port;
	uint64_t flows;
	struct field src_mac, dst_mac; /* count 0: default */
	struct vlan_list vlans;
	bool ipv6, tx_only, rx_only, bidir, quiet, verbose, dry_run;
	uint64_t burst, queues, buffers;
	struct idle_option wait;
	struct cpu_list cpus;
	double late_limit; /* percent of bursts */
	const char *json, *write;
	struct output_config output;
	struct capture_config capture;
	double rate_tolerance; /* percent that rate and time may be off by; 0: default */
	enum frame_proto proto;
	struct flow_step step;
	struct frame_style style;
	uint64_t show; /* frames to print */
	struct pacing pacing;
	double line_bps; /* 0: not told */
	bool count_l1;
	const char *profile;     /* file */
	struct profile *streams; /* what it holds; NULL: one stream, of this */
	bool respond[RESPOND_KINDS];
	uint64_t learn; /* packets to show before the run; 0: none, and no announcements */
	bool rate_given;
	const char *pcap; /* NULL: frames are made */
	struct replay_timing pcap_timing;
	enum replay_flow flow_hash;
	uint64_t loops; /* 0: until the time is over */
	bool no_tui;
};

/* One of the streams of a run. */
struct gen_stream {
	const char *name;
	const struct gen_config *cfg; /* its frames and pacing */
	struct rate rate;             /* of each sending port; not in percent */
	double weight;
	double mean_size;
};

/* A port, with a pool of its own. */
struct gen_port {
	struct vio_pool *pool;
	struct vio_port *port;
	struct vio_port_info info;
	struct vio_loop *loop;
	struct look seen;
};

#define PATHS_MAX   2
#define STREAMS_MAX FRAME_STREAMS

/* Everything that is counted, summed over all jobs at one moment. */
struct totals {
	uint64_t sent, tx_bytes, unsent, bursts, late_bursts, ring_full, no_buffers, skipped;
	uint64_t tx_cost_packets, gen_ticks, tx_ticks;
	uint64_t received, rx_bytes, missing, reordered, duplicate, late, early;
	uint64_t corrupt, foreign, rx_cost_packets, rx_ticks, check_ticks;
};

/* A line of the report. */
struct interval {
	double from_s, to_s; /* since the measurement began */
	struct totals d;     /* what it adds */
	uint64_t p50, p99, p999;
};

/* What became of one stream, in all directions. */
struct stream_result {
	const char *name;
	bool paced;     /* it has a schedule, */
	double offered; /* with so many packets */
	uint64_t sent, tx_bytes, unsent, bursts, late_bursts;
	uint64_t received, rx_bytes, reordered, duplicate, late, early;
	uint64_t corrupt; /* those that are known to be of the stream */
	int64_t lost;     /* below 0 only where the books are wrong */
	double duration_s;
	double asked_pps;          /* on average */
	double rate_pps, rate_bps; /* achieved; FCS included */
	struct hist latency;
};

enum verdict { VERDICT_VALID, VERDICT_INVALID, VERDICT_FAILED };

/* "valid", as results in JSON say it. */
const char *verdict_name(enum verdict v);

#define REASONS_MAX 8

struct result {
	enum verdict verdict;
	unsigned int n_reasons;
	char reason[REASONS_MAX][160];
	bool interrupted;
	struct totals t;
	uint64_t lost;
	unsigned int burst;        /* packets that leave together, where there is a schedule */
	double duration_s;         /* of the measurement */
	double offered;            /* packets that the schedules had; 0: as fast as can be */
	double asked_pps;          /* on average; 0: as fast as can be */
	double rate_pps, rate_bps; /* achieved; FCS included */
	struct hist latency, pace;
	struct stream_result *streams; /* as many as the run has; with senders only */
};

/* The answers of a run, by queue pair; with a job where it uses one side only. */
struct gen_answers {
	unsigned int n;
	struct answers *pairs;
	struct answer_job *jobs;
	struct responder *who; /* of each stream, port by port */
};

/* A run of the generator, from set-up to result. */
struct gen {
	const struct gen_config *cfg;
	FILE *out; /* for people: stdout, or stderr where stdout is for JSON */
	struct stamp_clock clock;
	struct gen_port port[2];
	char started[32]; /* UTC */

	struct timetable times; /* from here on: of one run, while the traffic is open */
	unsigned int n_paths;
	struct path path[PATHS_MAX];
	unsigned int n_streams;
	struct gen_stream stream[STREAMS_MAX];
	unsigned int n_tx, n_txq, n_rx;
	struct tx_job *tx; /* those of a queue stand together */
	struct tx_queue *txq;
	struct rx_job *rx;
	struct plan plan;
	struct worker *workers;
	unsigned int n_started;
	struct interval *intervals;
	size_t n_intervals;
	struct totals last; /* at the end of the last interval */
	struct hist last_latency;
	struct gen_replay *replay; /* NULL: frames are made */
	bool on_screen;            /* a live picture shows the progress */
	char failure[400];         /* what ended the run; "": nothing */
	struct result result;
	uint64_t floor_ns;     /* what a latency of nothing reads; 0: not measured */
	struct output *output; /* NULL: none */
	struct capture_run capture;
	struct capture_point *points; /* all queues that may be captured */
	unsigned int n_points;
	struct gen_answers answers;
};

/* Open ports, build frames, make jobs. Return: 0, or an exit code with the error reported; then
 * too, end with gen_close(). */
int gen_open(struct gen *g, const struct gen_config *cfg);
void gen_close(struct gen *g);

/*
 * The two halves of gen_open(), for several runs on the same ports: all that @cfg says but ports,
 * queues and buffers may change while the traffic is closed, and no size may exceed that of the
 * ports. Both begin and end like gen_open().
 */
int gen_open_ports(struct gen *g, const struct gen_config *cfg);
int gen_open_traffic(struct gen *g);
void gen_close_traffic(struct gen *g);

/* Settle names and rates of the streams. Return: 0, or an exit code with the error reported. */
int gen_streams(struct gen *g);

/* Fill @spec for the frames of @stream in direction @dir (0: from the first port). */
void gen_frame_spec(const struct gen *g, const struct gen_config *cfg, unsigned int dir,
		    struct frame_spec *spec);

/* Run the workers until the time is over, the count is reached, somebody interrupts or a port dies.
 * Return: 0, or an exit code with the error reported. */
int gen_run(struct gen *g);

/* Is anything to be answered? */
bool gen_responds(const struct gen_config *cfg);

/* Have the queues answer as asked for, before the run; end it when the workers have stopped.
 * Return: 0, or an exit code with the error reported; then too, end it. */
int gen_respond_open(struct gen *g);
void gen_respond_close(struct gen *g);

/* Announce the addresses and show packets, as asked for, before the run. Return: 0, or an exit code
 * with the error reported. */
int gen_learn(struct gen *g);

/* Begin and end the captures asked for; around the run. Return: 0, or an exit code with the error
 * reported: from the end, what has been measured stands. */
int gen_capture_open(struct gen *g);
int gen_capture_close(struct gen *g);

/* Has somebody wanted to end the program, in this run or one before? */
bool gen_interrupted(void);

/* Sum the counters up, at any time. */
void gen_totals(const struct gen *g, struct totals *t);
void gen_latency(const struct gen *g, struct hist *h);
void totals_subtract(struct totals *d, const struct totals *now, const struct totals *before);

/* What one stream has come to so far. */
struct stream_sums {
	uint64_t sent, received, duplicate, missing;
};

/* Add to @s what @stream has come to on path number @path, at any time. */
void gen_stream_sums(const struct gen *g, unsigned int path, unsigned int stream,
		     struct stream_sums *s);

/* How long the measurement was meant to be, in seconds; INFINITY: as long as packets take. */
double gen_seconds(const struct gen *g);

/* Packets that the schedule of @j had in the first @seconds of the measurement. */
double lane_offered(const struct tx_job *j, double seconds);

/* Fill the streams of the result, what was lost and what was offered. Return: false: no memory. */
bool gen_stream_results(struct gen *g);

/* When the workers have stopped: what came out. */
void gen_result(struct gen *g);

/* Does this run send, does it receive? */
static inline bool gen_sends(const struct gen *g)
{
	return !g->cfg->rx_only;
}

static inline bool gen_receives(const struct gen *g)
{
	return !g->cfg->tx_only;
}

/* Where there are several streams, a line of each: on which queues it is, what came of it. */
void report_stream_queues(const struct gen *g);
void report_streams(const struct gen *g);

void report_header(const struct gen *g);
void report_interval(const struct gen *g, const struct interval *i);
void report_result(const struct gen *g);
void gen_respond_report(const struct gen *g);

/* What has been answered, as a member of the result. */
void gen_respond_json(const struct gen *g, json_t *o);

/* Write the frames that would be sent into a pcap file. Return: 0, or an exit code. */
int pcap_write(const struct gen_config *cfg, const struct frames *f, const char *file);

#endif
