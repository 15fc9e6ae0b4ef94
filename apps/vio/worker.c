/* SPDX-License-Identifier: BSD-3-Clause */
#include "worker.h"

#include <sched.h>
#include <unistd.h>

/* Packets that a loop device moves at a time. */
#define STEP_BUDGET 64u
#define NAP_US      50

static inline void pause_cpu(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

static bool step_loops(struct worker *w)
{
	unsigned int moved = 0;

	for (unsigned int i = 0; i < w->n_loops; i++)
		moved += vio_loop_step(w->loops[i], STEP_BUDGET);
	return moved;
}

static bool poll_jobs(struct worker *w)
{
	bool worked = false;

	for (unsigned int i = 0; i < w->n_tx; i++)
		worked |= tx_queue_poll(w->tx[i]);
	if (w->n_loops)
		worked |= step_loops(w);
	for (unsigned int i = 0; i < w->n_rx; i++)
		worked |= w->rx[i]->replay ? replay_rx_poll(w->rx[i]) : rx_poll(w->rx[i]);
	for (struct answer_job *j = w->answering; j; j = j->next)
		worked |= answer_poll(j);
	return worked;
}

/* Nothing to do: until a packet comes, or, where devices are stepped, a moment. */
static void rest(struct worker *w)
{
	struct vio_rxq *queues[VIO_WAIT_QUEUES_MAX];

	for (unsigned int i = 0; i < w->n_rx; i++)
		queues[i] = w->rx[i]->q;
	if (!w->n_rx || vio_rx_wait_any(queues, (uint16_t)w->n_rx, IDLE_SLEEP_MS) < 0)
		usleep(NAP_US);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	uint64_t last = vio_ticks(), now, busy = 0, all = 0;

	while (!__atomic_load_n(&w->stop, __ATOMIC_RELAXED)) {
		bool worked = poll_jobs(w);

		now = vio_ticks();
		all += now - last;
		if (worked)
			busy += now - last;
		else
			pause_cpu();
		if (idle_enough(&w->idle, worked))
			rest(w);
		last = now;
		counter_set(&w->busy_ticks, busy);
		counter_set(&w->all_ticks, all);
	}
	return NULL;
}

static bool pin(const struct worker *w)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(w->cpu, &set);
	return pthread_setaffinity_np(w->thread, sizeof(set), &set) == 0;
}

int worker_start(struct worker *w)
{
	int rc = pthread_create(&w->thread, NULL, worker_main, w);

	if (!rc)
		w->pinned = pin(w);
	return rc;
}

void worker_stop(struct worker *w)
{
	__atomic_store_n(&w->stop, true, __ATOMIC_RELAXED);
	pthread_join(w->thread, NULL);
}
