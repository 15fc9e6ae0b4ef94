/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <time.h>

#include "fail.h"
#include "gen.h"

/*
 * Before a run: tell the network where the addresses are, and show it some packets. The main thread
 * does it, as nobody else uses the queues yet.
 */
#define ADDRESSES_MAX 1024u /* announced of each port */
#define PATIENCE_NS   UINT64_C(2000000000)
#define SETTLE_NS     UINT64_C(20000000)
#define NAP_NS        50000
#define STEP_BUDGET   64u

struct lesson {
	struct gen *g;
	unsigned int port;
	struct vio_txq *q;
	struct vio_cache *cache;
	struct tap *tap;
	uint64_t end_ns; /* by then the device must have taken everything */
};

static void nap(struct gen *g)
{
	for (unsigned int i = 0; i < g->cfg->n_ports; i++)
		if (g->port[i].loop)
			vio_loop_step(g->port[i].loop, STEP_BUDGET);
	nanosleep(&(struct timespec){ 0, NAP_NS }, NULL);
}

/* Return: 0 when there is still time, or an exit code with the error reported. */
static int wait_a_moment(const struct lesson *l)
{
	if (vio_clock_ns() >= l->end_ns)
		return fail(FAIL_STALLED, NULL, "%s: takes no packets to learn from",
			    l->g->cfg->port[l->port]);
	nap(l->g);
	return 0;
}

static int take_buffer(const struct lesson *l, struct vio_pkt *pkt)
{
	int rc = 0;

	while (!rc && !vio_pkt_get(l->cache, pkt, 1)) {
		vio_tx_burst(l->q, NULL, 0);
		rc = wait_a_moment(l);
	}
	return rc;
}

static int give(const struct lesson *l, const struct vio_pkt *pkt)
{
	int rc = 0;

	while (!rc && !tap_tx_burst(l->tap, l->q, pkt, 1))
		rc = wait_a_moment(l);
	if (rc)
		vio_pkt_put(l->cache, pkt, 1);
	return rc;
}

static int announce(const struct lesson *l, const struct frame_spec *spec)
{
	const struct field *ips = &spec->flow.src;
	uint8_t mac[6], ip[16];
	struct vio_pkt pkt;
	int rc = 0;

	field_write(&spec->flow.src_mac, 0, mac, sizeof(mac));
	for (uint64_t i = 0; i < ips->count && i < ADDRESSES_MAX && !rc; i++) {
		field_write(ips, i, ip, ips->v6 ? 16 : 4);
		rc = take_buffer(l, &pkt);
		if (rc)
			return rc;
		pkt.len = respond_announce(mac, ips->v6, ip, &spec->flow.vlans, pkt.data);
		rc = give(l, &pkt);
	}
	return rc;
}

/* The first lane of the stream, whose number its packets carry. */
static unsigned int lane_of(const struct path *path, unsigned int stream)
{
	unsigned int lane = 0;

	while (path->lane[lane].stream != stream)
		lane++;
	return lane;
}

/* Packets of the run, but older than it, so that they are foreign to its receivers. */
static int show(const struct lesson *l, const struct path *path, unsigned int stream, uint64_t n)
{
	const unsigned int lane = lane_of(path, stream);
	struct frame_cursor cursor = { 0 };
	struct vio_pkt pkt;
	int rc = 0;

	while (n-- && !rc) {
		rc = take_buffer(l, &pkt);
		if (rc)
			return rc;
		frames_build(&path->frames[stream], &cursor, &pkt, 1, lane, 0, path->since_ns - 1);
		rc = give(l, &pkt);
	}
	return rc;
}

/* The tap of the run on this queue, for captures; @none: the run does not send on it. */
static struct tap *tap_of(struct gen *g, const struct vio_txq *q, struct tap *none)
{
	for (unsigned int i = 0; i < g->n_txq; i++)
		if (g->txq[i].q == q)
			return &g->txq[i].tap;
	for (unsigned int i = 0; i < g->answers.n; i++)
		if (g->answers.jobs[i].txq == q)
			return &g->answers.jobs[i].sent;
	return none;
}

static int teach(struct gen *g, unsigned int port)
{
	struct tap none = { 0 };
	struct lesson l = { .g = g, .port = port, .q = vio_port_txq(g->port[port].port, 0) };
	bool shows = port < g->n_paths && gen_sends(g);
	struct frame_spec spec;
	int rc = 0;

	l.tap = tap_of(g, l.q, &none);
	l.end_ns = vio_clock_ns() + PATIENCE_NS;
	if (vio_cache_open(g->port[port].pool, &l.cache) < 0)
		return fail_library();
	for (unsigned int s = 0; s < g->n_streams && !rc; s++) {
		gen_frame_spec(g, g->stream[s].cfg, port, &spec);
		rc = announce(&l, &spec);
		if (!rc && shows)
			rc = show(&l, &g->path[port], s, g->cfg->learn);
	}
	vio_cache_close(l.cache);
	return rc;
}

int gen_learn(struct gen *g)
{
	uint64_t end;
	int rc = 0;

	if (!g->cfg->learn)
		return 0;
	for (unsigned int p = 0; p < g->cfg->n_ports && !rc; p++)
		rc = teach(g, p);
	/* Who learns may take a moment for it. */
	end = vio_clock_ns() + SETTLE_NS;
	while (!rc && vio_clock_ns() < end)
		nap(g);
	return rc;
}
