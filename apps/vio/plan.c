/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan.h"

#include <sched.h>

void plan_make(struct plan *p, unsigned int n_tx, unsigned int n_rx, bool device,
	       const struct cpu_list *cpus)
{
	unsigned int pairs = n_tx > n_rx ? n_tx : n_rx;
	bool apart = device && cpus->n > 1;
	unsigned int workers = cpus->n - apart, rx_first = 0;

	if (workers >= n_tx + n_rx) {
		workers = n_tx + n_rx;
		rx_first = n_tx;
	} else if (workers > pairs) {
		workers = pairs;
	}
	*p = (struct plan){ .workers = workers + apart, .device = device };
	for (unsigned int i = 0; i < n_tx; i++)
		p->tx[i] = (uint16_t)(i % workers);
	for (unsigned int i = 0; i < n_rx; i++)
		p->rx[i] = (uint16_t)((rx_first + i) % workers);
	p->device_worker = (uint16_t)(apart ? workers : 0);
	for (unsigned int i = 0; i < p->workers; i++)
		p->cpu[i] = cpus->cpu[i];
}

unsigned int plan_lanes(unsigned int streams, unsigned int queues, struct plan_lane *out)
{
	unsigned int n = streams > queues ? streams : queues;

	for (unsigned int i = 0; i < n; i++)
		out[i] = (struct plan_lane){
			.stream = (uint8_t)(i % streams),
			.queue = (uint8_t)(i % queues),
			.part = (uint8_t)(i / streams),
			.parts = (uint8_t)(n / streams + (i % streams < n % streams)),
		};
	return n;
}

void plan_allowed_cpus(struct cpu_list *out)
{
	cpu_set_t set;

	out->n = 0;
	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		for (unsigned int i = 0; i < CPU_SETSIZE && i < CPUS_MAX; i++)
			if (CPU_ISSET(i, &set))
				out->cpu[out->n++] = (uint16_t)i;
	if (!out->n)
		out->cpu[out->n++] = 0;
}

static bool contains(const struct cpu_list *list, uint16_t cpu)
{
	for (unsigned int i = 0; i < list->n; i++)
		if (list->cpu[i] == cpu)
			return true;
	return false;
}

bool plan_check_cpus(const struct cpu_list *cpus, struct why *why)
{
	struct cpu_list allowed;

	plan_allowed_cpus(&allowed);
	for (unsigned int i = 0; i < cpus->n; i++)
		if (!contains(&allowed, cpus->cpu[i]))
			return why_set(why,
				       "processor %u is not there or not allowed to this process",
				       cpus->cpu[i]);
	return true;
}
