/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apart.h"
#include "fail.h"
#include "gen.h"
#include "memory.h"
#include "painted.h"
#include "replay_run.h"

/* Buffers per queue pair: both rings full at their usual size, and what is on its way. */
#define QUEUE_BUFFERS 2560u
#define SPARE_BUFFERS 512u
#define CACHE_BUFFERS 128u /* the most that a cache keeps */
#define QUEUE_RINGS   (UINT64_C(1) << 20)

static uint32_t buffer_bytes(const struct gen *g)
{
	uint32_t bytes = 2048;

	for (unsigned int s = 0; s < g->n_streams; s++)
		while (bytes < sizes_largest(&g->stream[s].cfg->sizes) + VIO_PKT_HEADROOM)
			bytes *= 2;
	while (g->replay && bytes < gen_replay_largest(g) + VIO_PKT_HEADROOM)
		bytes *= 2;
	return bytes;
}

static int open_port(struct gen *g, unsigned int i)
{
	const struct gen_config *cfg = g->cfg;
	struct gen_port *p = &g->port[i];
	uint16_t queues = (uint16_t)(cfg->queues ? cfg->queues : 1);
	struct vio_pool_opts pool = VIO_OPTS(
		struct vio_pool_opts, .buf_bytes = buffer_bytes(g),
		.buffers = (uint32_t)(cfg->buffers ? cfg->buffers
						   : SPARE_BUFFERS + queues * QUEUE_BUFFERS),
		.ring_bytes = QUEUE_RINGS * (queues + 1u));
	/* What is measured ends with its device. */
	struct vio_port_opts port = VIO_OPTS(struct vio_port_opts, .queues = queues,
					     .wait = cfg->wait.on, .no_recover = true);

	if (memory_open(&pool, &cfg->port[i], 1, &p->pool) < 0)
		return fail_library();
	if (vio_port_open(cfg->port[i], p->pool, &port, &p->port) < 0)
		return fail_library();
	vio_port_info(p->port, &p->info);
	p->loop = vio_port_loop(p->port);
	return 0;
}

/* Largest frame that the port carries, with tags and FCS. */
static int check_mtu(const struct gen *g, const struct gen_config *cfg, unsigned int i)
{
	unsigned int mtu = g->port[i].info.mtu;
	unsigned int most = mtu + 14 + 4 * cfg->vlans.n + SIZE_FCS;
	unsigned int size = sizes_largest(&cfg->sizes);
	struct why why;

	if (size <= most)
		return 0;
	why_set(&why,
		"its MTU is %u, so that a frame with these headers has at most %u bytes, FCS "
		"included",
		mtu, most);
	return fail(FAIL_MTU, why.text, "%s: frames of %u bytes do not fit", g->cfg->port[i], size);
}

/* Receive rings full, and in each queue pair's caches as many as they can keep from the others. */
static int check_buffers(const struct gen *g, unsigned int i)
{
	const struct vio_port_info *info = &g->port[i].info;
	unsigned int least = info->queues * (info->entries + 3u * CACHE_BUFFERS + BURST_MAX);
	struct vio_pool_info pool;

	vio_pool_info(g->port[i].pool, &pool);
	if (pool.buffers >= least)
		return 0;
	return fail(FAIL_BUFFERS, NULL,
		    "%s: %u buffers are too few for %u queue pairs of %u, which "
		    "need %u",
		    g->cfg->port[i], pool.buffers, info->queues, info->entries, least);
}

/* Two devices of this process that are meant to be a pair become one. */
static int connect_loops(struct gen *g)
{
	const char *pair = "loop:pair";

	if (g->cfg->n_ports < 2 || !g->port[0].loop || !g->port[1].loop)
		return 0;
	if (strncmp(g->cfg->port[0], pair, strlen(pair)) ||
	    strncmp(g->cfg->port[1], pair, strlen(pair)))
		return 0;
	return vio_loop_connect(g->port[0].loop, g->port[1].loop) < 0 ? fail_library() : 0;
}

static struct field one_address(const char *text)
{
	struct field f = { 0 };
	struct why why;

	field_read_ips(text, &f, &why);
	return f;
}

/* That of the port, or where none is open, @otherwise. */
static struct field mac_of(const struct gen_port *p, uint64_t otherwise)
{
	uint64_t mac = 0;

	for (int i = 0; p->port && i < 6; i++)
		mac = mac << 8 | p->info.mac[i];
	return FIELD_ONE(p->port ? mac : otherwise);
}

/* Addresses by default are of the ranges set aside for benchmarks (RFC 2544, RFC 5180). */
void gen_frame_spec(const struct gen *g, const struct gen_config *cfg, unsigned int dir,
		    struct frame_spec *spec)
{
	*spec = (struct frame_spec){ .style = cfg->style, .sizes = &cfg->sizes };
	spec->flow = (struct flow_spec){
		.v6 = cfg->ipv6,
		.proto = cfg->proto,
		.src = cfg->src_ip.count ? cfg->src_ip
					 : one_address(cfg->ipv6 ? "2001:2::1" : "198.18.0.1"),
		.dst = cfg->dst_ip.count ? cfg->dst_ip
					 : one_address(cfg->ipv6 ? "2001:2::2" : "198.18.0.2"),
		.sport = cfg->src_port,
		.dport = cfg->dst_port,
		.src_mac = cfg->src_mac.count ? cfg->src_mac : mac_of(&g->port[0], 0x020000000001),
		.dst_mac = cfg->dst_mac.count ? cfg->dst_mac : mac_of(&g->port[1], 0x020000000002),
		.vlans = cfg->vlans,
		.step = cfg->step,
		.flows = (uint32_t)cfg->flows,
		.outer_ports = cfg->style.vxlan.on,
	};
	flow_spec_spread(&spec->flow);
	if (dir)
		frame_spec_turn(spec);
	/* ARP asks everybody. */
	if (cfg->proto == FRAME_ARP && !cfg->dst_mac.count)
		spec->flow.dst_mac = FIELD_ONE(0xffffffffffff);
}

/* Port that direction @dir leaves from, and where it arrives. */
static unsigned int tx_port(unsigned int dir)
{
	return dir;
}

/* What the streams' frames are built from, and known by. */
static int open_frames(struct gen *g, unsigned int dir)
{
	struct path *p = &g->path[dir];
	struct frame_spec spec;
	struct why why = { "" };

	p->frames = calloc(g->n_streams, sizeof(*p->frames));
	p->id = calloc(g->n_streams, sizeof(*p->id));
	if (!p->frames || !p->id)
		return fail(FAIL_MEMORY, NULL, "no room for %u streams", g->n_streams);
	p->same_macs = true;
	if (g->replay)
		return 0; /* none are made */
	for (; p->streams < g->n_streams; p->streams++) {
		const struct gen_stream *s = &g->stream[p->streams];

		gen_frame_spec(g, s->cfg, dir, &spec);
		if (!frames_init(&p->frames[p->streams], &spec, &why))
			return fail(FAIL_FRAME, why.text,
				    "%s: the traffic asked for can't be made (stream '%s')",
				    g->cfg->port[0], s->name);
		check_id_init(&p->id[p->streams], &spec, &p->frames[p->streams]);
		p->same_macs &=
			!memcmp(p->id[0].macs, p->id[p->streams].macs, sizeof(p->id[0].macs));
	}
	return 0;
}

/* May a pattern stay in the buffers of the port that sends? Nobody else may write into them: what
 * it receives stays in its rings, and there is one stream. */
static bool may_paint(const struct gen *g)
{
	const struct gen_config *cfg = g->cfg;

	return gen_sends(g) && !g->replay && g->n_streams == 1 && !cfg->bidir &&
	       (cfg->tx_only || cfg->n_ports == 2) && !gen_responds(cfg) &&
	       sizes_largest(&g->stream[0].cfg->sizes) > FRAME_HEAD_MAX;
}

static int paint(struct gen *g, struct path *p)
{
	if (!may_paint(g))
		return 0;
	p->painted = p->frames[0].painted = painted_new(g->port[0].pool);
	return p->painted ? 0 : fail(FAIL_MEMORY, NULL, "no room for the marks of buffers");
}

static int open_path(struct gen *g, unsigned int dir)
{
	struct path *p = &g->path[dir];
	int rc = open_frames(g, dir);

	if (rc)
		return rc;
	p->timed = gen_sends(g);
	p->since_ns = stamp_ns(&g->clock, vio_ticks());
	p->lanes = p->timed ? plan_lanes(g->n_streams, g->port[tx_port(dir)].info.queues, p->lane)
			    : FRAME_STREAMS;
	p->senders = apart_alloc(p->lanes, sizeof(*p->senders));
	p->tracks = calloc(p->lanes, sizeof(*p->tracks));
	if (!p->senders || !p->tracks)
		return fail(FAIL_MEMORY, NULL, "no room for the books of %u lanes", p->lanes);
	for (unsigned int i = 0; i < p->lanes; i++) {
		p->senders[i] = (struct track_sender){ TRACK_ORIGIN, UINT64_MAX };
		if (!track_init(&p->tracks[i], p->timed ? &p->senders[i] : NULL))
			return fail(FAIL_MEMORY, NULL, "no room for the books of %u lanes",
				    p->lanes);
	}
	return paint(g, p);
}

static void close_path(struct path *p)
{
	for (unsigned int i = 0; p->tracks && i < p->lanes; i++)
		track_fini(&p->tracks[i]);
	for (unsigned int i = 0; i < p->streams; i++)
		frames_fini(&p->frames[i]);
	painted_free(p->painted);
	free(p->tracks);
	free(p->senders);
	free(p->frames);
	free(p->id);
}

static unsigned int rx_port(const struct gen *g, unsigned int dir)
{
	return g->cfg->n_ports == 2 ? 1 - dir : 0;
}

/* A lane's share of what its stream is to send; the first ones take what is left over. */
static void share_traffic(const struct gen *g, struct tx_job *j, const struct plan_lane *l)
{
	const struct gen_stream *s = &g->stream[l->stream];
	uint64_t count = s->cfg->count;

	j->pace = (struct pace){ .rate = rate_scaled(&s->rate, 1.0 / l->parts),
				 .pacing = s->cfg->pacing,
				 .mean_size = s->mean_size,
				 .burst = (uint16_t)s->cfg->burst,
				 .hz = g->clock.hz };
	j->pace.pacing.seed += j->lane;
	j->weight = s->weight;
	j->count = count ? count / l->parts + (l->part < count % l->parts) : UINT64_MAX;
}

static void open_tx(struct gen *g, unsigned int dir, unsigned int lane, struct tx_queue *q)
{
	struct path *path = &g->path[dir];
	const struct plan_lane *l = &path->lane[lane];
	struct tx_job *j = &q->jobs[q->n_jobs++];

	*j = (struct tx_job){ .at = q,
			      .path = path,
			      .frames = &path->frames[l->stream],
			      .times = &g->times,
			      .clock = &g->clock,
			      .lane = lane,
			      .stream = l->stream };
	share_traffic(g, j, l);
	tx_job_init(j);
}

/* The senders of a queue stand together. */
static int open_txq(struct gen *g, unsigned int dir, uint16_t queue)
{
	const struct gen_port *from = &g->port[tx_port(dir)];
	const struct path *p = &g->path[dir];
	struct tx_queue *q = &g->txq[g->n_txq];

	if (vio_cache_open(from->pool, &q->cache) < 0)
		return fail_library();
	g->n_txq++;
	q->q = vio_port_txq(from->port, queue);
	q->jobs = &g->tx[g->n_tx];
	for (unsigned int lane = 0; lane < p->lanes; lane++)
		if (p->lane[lane].queue == queue)
			open_tx(g, dir, lane, q);
	g->n_tx += q->n_jobs;
	return 0;
}

static int open_rx(struct gen *g, unsigned int dir, uint16_t queue, struct rx_job *j)
{
	struct gen_port *p = &g->port[rx_port(g, dir)];

	*j = (struct rx_job){ .q = vio_port_rxq(p->port, queue),
			      .path = &g->path[dir],
			      .clock = &g->clock,
			      .cost_limit = stamp_ns_to_ticks(&g->clock, COST_LIMIT_NS),
			      .burst = BURST_MAX,
			      .latency = calloc(g->n_streams, sizeof(*j->latency)) };
	if (!j->latency)
		return fail(FAIL_MEMORY, NULL, "no room for the latencies of %u streams",
			    g->n_streams);
	return vio_cache_open(p->pool, &j->cache) < 0 ? fail_library() : 0;
}

static unsigned int count_queues(const struct gen *g, bool tx)
{
	unsigned int n = 0;

	for (unsigned int d = 0; d < g->n_paths; d++)
		n += g->port[tx ? tx_port(d) : rx_port(g, d)].info.queues;
	return n;
}

static int alloc_jobs(struct gen *g)
{
	unsigned int n_txq = gen_sends(g) ? count_queues(g, true) : 0, n_tx = 0;
	unsigned int n_rx = gen_receives(g) ? count_queues(g, false) : 0;

	for (unsigned int d = 0; n_txq && d < g->n_paths; d++)
		n_tx += g->path[d].lanes;
	g->tx = apart_calloc(n_tx, sizeof(*g->tx));
	g->txq = apart_calloc(n_txq, sizeof(*g->txq));
	g->rx = apart_calloc(n_rx, sizeof(*g->rx));
	if (!g->tx || !g->txq || !g->rx)
		return fail(FAIL_MEMORY, NULL, "no room for %u queues", n_txq + n_rx);
	g->n_rx = n_rx;
	return 0;
}

static int open_jobs(struct gen *g)
{
	unsigned int r = 0;
	int rc = alloc_jobs(g);

	for (unsigned int d = 0; d < g->n_paths && !rc; d++) {
		uint16_t tx = gen_sends(g) ? g->port[tx_port(d)].info.queues : 0;
		uint16_t rx = gen_receives(g) ? g->port[rx_port(g, d)].info.queues : 0;

		for (uint16_t q = 0; q < tx && !rc; q++)
			rc = open_txq(g, d, q);
		for (uint16_t q = 0; q < rx && !rc; q++)
			rc = open_rx(g, d, q, &g->rx[r++]);
	}
	return rc;
}

static int alloc_workers(struct gen *g)
{
	g->workers = apart_calloc(g->plan.workers, sizeof(*g->workers));
	if (!g->workers)
		return fail(FAIL_MEMORY, NULL, "no room for %u workers", g->plan.workers);
	for (unsigned int i = 0; i < g->plan.workers; i++) {
		struct worker *w = &g->workers[i];

		w->cpu = g->plan.cpu[i];
		w->tx = calloc(g->n_txq + 1, sizeof(*w->tx));
		w->rx = calloc(g->n_rx + 1, sizeof(*w->rx));
		if (!w->tx || !w->rx)
			return fail(FAIL_MEMORY, NULL, "no room for %u jobs", g->n_txq + g->n_rx);
	}
	return 0;
}

/* Hand jobs and devices to workers as planned. */
static int open_workers(struct gen *g)
{
	struct cpu_list cpus = g->cfg->cpus;
	bool device = g->port[0].loop || g->port[1].loop;
	struct why why;
	int rc;

	if (!cpus.n) {
		plan_allowed_cpus(&cpus);
		cpus.n -= g->replay && cpus.n > 1; /* for the thread that reads the file */
	} else if (!plan_check_cpus(&cpus, &why)) {
		return fail(FAIL_CPU, why.text, "--cores: these processors can't be used");
	}
	plan_make(&g->plan, g->n_txq, g->n_rx, device, &cpus);
	rc = alloc_workers(g);
	if (rc)
		return rc;
	for (unsigned int i = 0; i < g->n_txq; i++)
		g->workers[g->plan.tx[i]].tx[g->workers[g->plan.tx[i]].n_tx++] = &g->txq[i];
	for (unsigned int i = 0; i < g->n_rx; i++)
		g->workers[g->plan.rx[i]].rx[g->workers[g->plan.rx[i]].n_rx++] = &g->rx[i];
	for (unsigned int i = 0; device && i < 2; i++) {
		struct worker *w = &g->workers[g->plan.device_worker];

		if (g->port[i].loop)
			w->loops[w->n_loops++] = g->port[i].loop;
	}
	return 0;
}

/* A thread that sends has its own pace. */
static void let_sleep(struct gen *g)
{
	for (unsigned int i = 0; i < g->plan.workers; i++) {
		struct worker *w = &g->workers[i];

		w->idle = idle_init(&g->cfg->wait);
		w->idle.on &=
			!w->n_tx && (!w->n_rx || !w->n_loops) && w->n_rx <= VIO_WAIT_QUEUES_MAX;
	}
}

/* Do several threads receive what belongs to one book? */
static void mark_shared(struct gen *g)
{
	for (unsigned int i = 0; i < g->n_rx; i++)
		for (unsigned int k = 0; k < i; k++)
			if (g->rx[i].path == g->rx[k].path && g->plan.rx[i] != g->plan.rx[k])
				g->rx[i].path->shared = true;
}

int gen_open_ports(struct gen *g, const struct gen_config *cfg)
{
	int rc = 0;

	*g = (struct gen){ .cfg = cfg, .out = stdout };
	if (cfg->json && !strcmp(cfg->json, "-"))
		g->out = stderr;
	stamp_clock_init(&g->clock);
	strftime(g->started, sizeof(g->started), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime(&(time_t){ time(NULL) }));
	rc = gen_streams(g);
	if (!rc && cfg->pcap)
		rc = gen_replay_scan(g);
	for (unsigned int i = 0; i < cfg->n_ports && !rc; i++) {
		rc = open_port(g, i);
		for (unsigned int s = 0; s < g->n_streams && !g->replay && !rc; s++)
			rc = check_mtu(g, g->stream[s].cfg, i);
		if (!rc)
			rc = check_buffers(g, i);
	}
	return rc ? rc : connect_loops(g);
}

int gen_open_traffic(struct gen *g)
{
	int rc = gen_streams(g);

	g->n_paths = g->cfg->bidir ? 2 : 1;
	for (unsigned int d = 0; d < g->n_paths && !rc; d++)
		rc = open_path(g, d);
	if (!rc)
		rc = open_jobs(g);
	if (!rc && g->replay)
		rc = gen_replay_open(g);
	if (!rc)
		rc = open_workers(g);
	if (!rc) {
		mark_shared(g);
		let_sleep(g);
	}
	return rc;
}

int gen_open(struct gen *g, const struct gen_config *cfg)
{
	int rc = gen_open_ports(g, cfg);

	return rc ? rc : gen_open_traffic(g);
}

static void close_jobs(struct gen *g)
{
	for (unsigned int i = 0; i < g->n_txq; i++) {
		tx_queue_fini(&g->txq[i]);
		vio_cache_close(g->txq[i].cache);
	}
	for (unsigned int i = 0; i < g->n_rx; i++) {
		vio_cache_close(g->rx[i].cache);
		free(g->rx[i].latency);
	}
	free(g->tx);
	free(g->txq);
	free(g->rx);
}

/* Keep what outlives a run. */
static void forget_run(struct gen *g)
{
	const size_t lasting = offsetof(struct gen, times);

	memset((char *)g + lasting, 0, sizeof(*g) - lasting);
}

void gen_close_traffic(struct gen *g)
{
	for (unsigned int i = 0; g->workers && i < g->plan.workers; i++) {
		free(g->workers[i].tx);
		free(g->workers[i].rx);
	}
	free(g->workers);
	gen_replay_close(g);
	close_jobs(g);
	for (unsigned int d = 0; d < PATHS_MAX; d++)
		close_path(&g->path[d]);
	free(g->intervals);
	free(g->result.streams);
	forget_run(g);
}

void gen_close(struct gen *g)
{
	gen_close_traffic(g);
	for (unsigned int i = 0; i < 2; i++) {
		vio_port_close(g->port[i].port);
		vio_pool_close(g->port[i].pool);
	}
}
