/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "fail.h"
#include "gen.h"

/* Captures of the generator's queues, those that only answer among them. */

_Static_assert(CAPTURE_BURST >= BURST_MAX, "taps take the bursts of all jobs");

static void add_point(struct gen *g, struct tap *tap, const void *queue, bool sent)
{
	struct capture_point *p = &g->points[g->n_points++];

	for (unsigned int i = 0; i < g->cfg->n_ports; i++)
		for (uint16_t q = 0; q < g->port[i].info.queues; q++) {
			const void *its = sent ? (void *)vio_port_txq(g->port[i].port, q)
					       : (void *)vio_port_rxq(g->port[i].port, q);

			if (its == queue)
				*p = (struct capture_point){ tap, i, q, sent };
		}
}

int gen_capture_open(struct gen *g)
{
	struct capture_source src = { .ports = g->cfg->port,
				      .n_ports = g->cfg->n_ports,
				      .clock = &g->clock };
	int rc;

	g->points = calloc(g->n_txq + g->n_rx + 2 * g->answers.n, sizeof(*g->points));
	if (!g->points)
		return fail(FAIL_MEMORY, NULL, "no room for %u queues", g->n_txq + g->n_rx);
	for (unsigned int i = 0; i < g->n_txq; i++)
		add_point(g, &g->txq[i].tap, g->txq[i].q, true);
	for (unsigned int i = 0; i < g->n_rx; i++)
		add_point(g, &g->rx[i].tap, g->rx[i].q, false);
	for (unsigned int i = 0; i < g->answers.n; i++) {
		struct answer_job *j = &g->answers.jobs[i];

		if (j->txq)
			add_point(g, &j->sent, j->txq, true);
		if (j->rxq)
			add_point(g, &j->received, j->rxq, false);
	}
	src.points = g->points;
	src.n_points = g->n_points;
	rc = capture_run_open(&g->capture, &g->cfg->capture, &src);
	if (rc)
		gen_capture_close(g);
	return rc;
}

int gen_capture_close(struct gen *g)
{
	int rc = capture_run_close(&g->capture);

	free(g->points);
	g->points = NULL;
	return rc;
}
