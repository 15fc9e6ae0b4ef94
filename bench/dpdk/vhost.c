/* SPDX-License-Identifier: BSD-3-Clause */
#include "vhost.h"

#include <errno.h>
#include <pthread.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_vhost.h>
#include <stdio.h>
#include <unistd.h>

#include "cores.h"
#include "mbufs.h"
#include "spin.h"

#define MBUFS       2047
#define CACHE       512
#define BURST       32
#define DEVICES_MAX 32
#define TAKE_NS     UINT64_C(1000000000)
#define ANSWER_NS   UINT64_C(5000000000) /* a burst takes microseconds */

/* What the thread is to serve. */
struct job {
	bool end;
	const struct vhost_device *dev; /* NULL: nothing */
	int vid;
	struct load load;
};

static struct {
	struct vhost_device *devices[DEVICES_MAX]; /* for the callbacks, which know but a number */
	struct rte_mempool *pool;
	struct rte_mbuf *frames[BURST * MIX_FRAMES];
	pthread_t thread;
	int core;
	struct job job;
	uint32_t wanted, taken; /* atomic; jobs so far */
	struct vhost_tally tally;
	uint64_t number; /* of the next frame that is taken */
} own;

/* Callbacks. */

static struct vhost_device *device_of(int vid)
{
	char path[PATH_MAX];

	if (rte_vhost_get_ifname(vid, path, sizeof(path)) < 0)
		return NULL;
	for (int i = 0; i < DEVICES_MAX; i++)
		if (own.devices[i] && !strcmp(own.devices[i]->path, path))
			return own.devices[i];
	return NULL;
}

static int new_device(int vid)
{
	struct vhost_device *dev = device_of(vid);

	if (!dev)
		return -1;
	rte_vhost_enable_guest_notification(vid, RX, 0);
	rte_vhost_enable_guest_notification(vid, TX, 0);
	__atomic_store_n(&dev->vid, vid, __ATOMIC_RELEASE);
	return 0;
}

static void destroy_device(int vid)
{
	struct vhost_device *dev = device_of(vid);

	if (dev)
		__atomic_store_n(&dev->vid, -1, __ATOMIC_RELEASE);
}

static const struct rte_vhost_device_ops ops = {
	.new_device = new_device,
	.destroy_device = destroy_device,
};

/* Devices. */

static bool enter(struct vhost_device *dev)
{
	for (int i = 0; i < DEVICES_MAX; i++)
		if (!own.devices[i]) {
			own.devices[i] = dev;
			return true;
		}
	return false;
}

static void leave(const struct vhost_device *dev)
{
	for (int i = 0; i < DEVICES_MAX; i++)
		if (own.devices[i] == dev)
			own.devices[i] = NULL;
}

int vhost_open(struct vhost_device *dev, const char *path, const struct mode *mode)
{
	int rc;

	*dev = (struct vhost_device){ .vid = -1 };
	snprintf(dev->path, sizeof(dev->path), "%s", path);
	if (!enter(dev))
		return -ENOSPC;
	rc = rte_vhost_driver_register(path, 0);
	dev->registered = !rc;
	if (rc == 0)
		/* Setting them instead would switch the library's data path off. */
		rc = rte_vhost_driver_disable_features(path, ~mode_features(mode));
	if (rc == 0)
		rc = rte_vhost_driver_callback_register(path, &ops);
	if (rc == 0)
		rc = rte_vhost_driver_start(path);
	return rc;
}

void vhost_close(struct vhost_device *dev)
{
	if (dev->registered)
		rte_vhost_driver_unregister(dev->path);
	leave(dev);
	unlink(dev->path);
}

bool vhost_ready(const struct vhost_device *dev)
{
	return __atomic_load_n(&dev->vid, __ATOMIC_ACQUIRE) >= 0;
}

/* The thread. */

/* Lay the lengths of @mix down in the frames that are sent again and again: they are copied. */
static void set_lengths(const struct mix *mix)
{
	unsigned int at = 0;

	for (unsigned int i = 0; i < RTE_DIM(own.frames); i++) {
		own.frames[i]->data_len = mix_next(mix, &at);
		own.frames[i]->pkt_len = own.frames[i]->data_len;
	}
}

/* Frames that a loop has no room for are missing; none comes twice or early. */
static void check_frame(struct rte_mbuf *pkt, const struct load *load)
{
	const void *frame = rte_pktmbuf_mtod(pkt, void *);
	const uint64_t number = frame_number(frame, pkt->pkt_len);
	const bool loop = load->traffic == LOOP;

	own.tally.wrong += (loop ? number < own.number : number != own.number) ||
			   !frame_is(frame, pkt->pkt_len, load->mix, number, loop);
	own.number = number + 1;
}

static void take(const struct job *job)
{
	struct rte_mbuf *pkts[BURST];
	const uint16_t n = rte_vhost_dequeue_burst(job->vid, TX, own.pool, pkts, BURST);

	if (job->load.verify)
		for (uint16_t i = 0; i < n; i++)
			check_frame(pkts[i], &job->load);
	/* Release: pairs with the acquire of who waits for them. */
	__atomic_store_n(&own.tally.taken, own.tally.taken + n, __ATOMIC_RELEASE);
	rte_pktmbuf_free_bulk(pkts, n);
}

/* What the driver has no room for is lost. */
static void send_back(const struct job *job)
{
	struct rte_mbuf *pkts[BURST];
	const uint16_t n = rte_vhost_dequeue_burst(job->vid, TX, own.pool, pkts, BURST);

	if (!n)
		return;
	rte_vhost_enqueue_burst(job->vid, RX, pkts, n);
	rte_pktmbuf_free_bulk(pkts, n);
}

/* Send the next frames; *at counts bursts. */
static void give(const struct job *job, unsigned int *at)
{
	struct rte_mbuf **frames = own.frames + *at * BURST;

	if (job->load.verify)
		mbufs_number(frames, BURST, job->load.mix, own.tally.given);
	own.tally.given += rte_vhost_enqueue_burst(job->vid, RX, frames, BURST);
	*at = *at + 1 == MIX_FRAMES ? 0 : *at + 1;
}

static void prepare(const struct load *load)
{
	set_lengths(load->mix);
	own.tally = (struct vhost_tally){ 0 };
	own.number = 0;
}

static void *serve(void *arg)
{
	struct job job = { 0 };
	unsigned int at = 0;

	(void)arg;
	cores_pin(own.core);
	rte_thread_register();
	while (!job.end) {
		const uint32_t wanted = __atomic_load_n(&own.wanted, __ATOMIC_ACQUIRE);

		if (wanted != own.taken) {
			job = own.job;
			if (job.dev)
				prepare(&job.load);
			__atomic_store_n(&own.taken, wanted, __ATOMIC_RELEASE);
		}
		if (!job.dev)
			continue;
		if (job.load.traffic == ECHO)
			send_back(&job);
		if (job.load.traffic == RECEIVE || job.load.traffic == LOOP)
			give(&job, &at);
		if (job.load.traffic == TRANSMIT || job.load.traffic == LOOP)
			take(&job);
	}
	rte_thread_unregister();
	return NULL;
}

/* Hand @job to the thread and wait until it has it. Where that fails the thread is somewhere in a
 * device's memory, so that nothing can be closed: the program ends. */
static void hand_over(struct job job)
{
	own.job = job;
	__atomic_store_n(&own.wanted, own.wanted + 1, __ATOMIC_RELEASE);
	if (spin_until(&own.taken, own.wanted, ANSWER_NS))
		return;
	fprintf(stderr,
		"librte_vhost: its thread, on processor %d, has not answered for %d s: it hangs in "
		"a burst, or something else keeps that processor; try again, or see with gdb\n",
		own.core, (int)(ANSWER_NS / 1000000000));
	_exit(1);
}

void vhost_serve(const struct vhost_device *dev, const struct load *load)
{
	hand_over((struct job){ .dev = dev, .vid = dev ? dev->vid : -1, .load = *load });
}

bool vhost_has_taken(uint32_t frames)
{
	return spin_until(&own.tally.taken, frames, TAKE_NS);
}

struct vhost_tally vhost_tally(void)
{
	return own.tally;
}

int vhost_start(int core)
{
	own.core = core;
	own.pool = rte_pktmbuf_pool_create("vhost", MBUFS, CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					   SOCKET_ID_ANY);
	if (!own.pool)
		return -ENOMEM;
	if (rte_pktmbuf_alloc_bulk(own.pool, own.frames, RTE_DIM(own.frames)) != 0)
		return -ENOMEM;
	return -pthread_create(&own.thread, NULL, serve, NULL);
}

void vhost_stop(void)
{
	hand_over((struct job){ .end = true });
	pthread_join(own.thread, NULL);
	rte_pktmbuf_free_bulk(own.frames, RTE_DIM(own.frames));
	rte_mempool_free(own.pool);
}
