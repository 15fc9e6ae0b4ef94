/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>
#include <string.h>

#include "apart.h"
#include "document.h"
#include "fail.h"
#include "gen.h"

/* Which queue pairs of a run answer, and whose threads do it. */

static struct tx_queue *tx_queue_of(const struct gen *g, const struct vio_txq *q,
				    unsigned int *worker)
{
	for (unsigned int i = 0; i < g->n_txq; i++)
		if (g->txq[i].q == q) {
			*worker = g->plan.tx[i];
			return &g->txq[i];
		}
	return NULL;
}

static struct rx_job *rx_job_of(const struct gen *g, const struct vio_rxq *q, unsigned int *worker)
{
	for (unsigned int i = 0; i < g->n_rx; i++)
		if (g->rx[i].q == q) {
			*worker = g->plan.rx[i];
			return &g->rx[i];
		}
	return NULL;
}

/* The addresses of stream @s that are behind port @p: those of the frames that it sends, or would.
 */
static struct responder responder_of(const struct gen *g, unsigned int p, unsigned int s)
{
	struct responder r;
	struct frame_spec spec;

	gen_frame_spec(g, g->stream[s].cfg, p, &spec);
	r.addresses = spec.flow.src;
	field_write(&spec.flow.src_mac, 0, r.mac, sizeof(r.mac));
	memcpy(r.kinds, g->cfg->respond, sizeof(r.kinds));
	return r;
}

static int open_pair(struct gen *g, unsigned int p, uint16_t q)
{
	struct gen_answers *all = &g->answers;
	struct answers *a = &all->pairs[all->n];
	struct answer_job *j = &all->jobs[all->n];
	struct vio_rxq *rxq = vio_port_rxq(g->port[p].port, q);
	struct vio_txq *txq = vio_port_txq(g->port[p].port, q);
	unsigned int worker = 0;
	struct tx_queue *tx = tx_queue_of(g, txq, &worker);
	struct rx_job *rx = rx_job_of(g, rxq, &worker);

	a->who = &all->who[p * g->n_streams];
	a->n_who = g->n_streams;
	*j = (struct answer_job){ .answers = a, .rxq = rx ? NULL : rxq, .txq = tx ? NULL : txq };
	if (vio_cache_open(g->port[p].pool, &j->cache) < 0)
		return fail_library();
	all->n++;
	if (tx)
		tx->answers = a;
	if (rx)
		rx->answers = a;
	if (!tx || !rx) {
		j->next = g->workers[worker].answering;
		g->workers[worker].answering = j;
	}
	return 0;
}

bool gen_responds(const struct gen_config *cfg)
{
	for (unsigned int k = 0; k < RESPOND_KINDS; k++)
		if (cfg->respond[k])
			return true;
	return false;
}

int gen_respond_open(struct gen *g)
{
	struct gen_answers *all = &g->answers;
	unsigned int n = 0;
	int rc = 0;

	if (!gen_responds(g->cfg))
		return 0;
	for (unsigned int p = 0; p < g->cfg->n_ports; p++)
		n += g->port[p].info.queues;
	all->pairs = apart_calloc(n, sizeof(*all->pairs));
	all->jobs = calloc(n, sizeof(*all->jobs));
	all->who = calloc((size_t)g->cfg->n_ports * g->n_streams, sizeof(*all->who));
	if (!all->pairs || !all->jobs || !all->who)
		return fail(FAIL_MEMORY, NULL, "no room for the answers of %u queues", n);
	for (unsigned int p = 0; p < g->cfg->n_ports; p++)
		for (unsigned int s = 0; s < g->n_streams; s++)
			all->who[p * g->n_streams + s] = responder_of(g, p, s);
	for (unsigned int p = 0; p < g->cfg->n_ports && !rc; p++)
		for (uint16_t q = 0; q < g->port[p].info.queues && !rc; q++)
			rc = open_pair(g, p, q);
	return rc;
}

void gen_respond_close(struct gen *g)
{
	struct gen_answers *all = &g->answers;

	while (all->n)
		vio_cache_close(all->jobs[--all->n].cache);
	free(all->pairs);
	free(all->jobs);
	free(all->who);
	*all = (struct gen_answers){ 0 };
}

static uint64_t sum(const struct gen *g, enum respond_kind kind)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < g->answers.n; i++)
		n += g->answers.pairs[i].answered[kind];
	return n;
}

static uint64_t sum_dropped(const struct gen *g)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < g->answers.n; i++)
		n += g->answers.pairs[i].dropped;
	return n;
}

void gen_respond_report(const struct gen *g)
{
	if (!g->answers.n)
		return;
	fprintf(g->out, "        answered    arp %llu  nd %llu  icmp %llu  dropped %llu\n",
		(unsigned long long)sum(g, RESPOND_ARP), (unsigned long long)sum(g, RESPOND_ND),
		(unsigned long long)sum(g, RESPOND_ICMP), (unsigned long long)sum_dropped(g));
}

void gen_respond_json(const struct gen *g, json_t *o)
{
	json_t *r;

	if (!g->answers.n)
		return;
	r = json_object();
	json_put_int(r, "arp", sum(g, RESPOND_ARP));
	json_put_int(r, "nd", sum(g, RESPOND_ND));
	json_put_int(r, "icmp", sum(g, RESPOND_ICMP));
	json_put_int(r, "dropped", sum_dropped(g));
	json_object_set_new(o, "answers", r);
}
