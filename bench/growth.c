/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vio/vio.h>

#include "samples.h"

/*
 * What scripts/bench-growth talks to: one slice of a measurement for each line that it sends, so
 * that slices of different points can alternate. A line has eight words:
 *
 *   rx|tx OPTIONS fifo|lifo normal|huge BUFFERS BUF_BYTES ENTRIES QUEUES
 *
 * and is answered by the body that served and cycles per packet of the driver and of the device
 * model: medians over the slice's batches. Pools stay open until the end, since it takes long to
 * make large ones.
 *
 * fifo: the application holds all buffers that the rings leave over, and gives up the one that it
 * has held longest; lifo: it gives each buffer back at once.
 */
#define BATCH       128u /* packets between two readings of the clock; at least a burst a queue */
#define BURST       32u
#define QUEUES_MAX  8u
#define BATCHES_MIN 64u
#define BATCHES_MAX 4096u
#define FRAME_BYTES 60
#define POOLS_MAX   32
#define RING_BYTES  (16u << 20)
#define SPARE       1024u /* free buffers left to the magazines of all caches */

struct ask {
	char direction[8], options[128], order[8], pages[8];
	unsigned int buffers, buf_bytes, entries, queues;
};

struct store {
	unsigned int buffers, buf_bytes;
	bool huge;
	struct vio_pool *pool;
	struct vio_cache *cache;
};

/* Buffers that the application holds, by their data pointers: the oldest one at @at. */
struct hold {
	void **data;
	unsigned int n, at;
};

struct slice {
	struct store *store;
	struct vio_port *port;
	struct hold hold;
	unsigned int queues;
	unsigned int batch; /* packets of each queue */
	double clock_ticks; /* what a reading of the clock costs */
	struct vio_pkt pkts[QUEUES_MAX * BATCH];
	double driver[BATCHES_MAX], device[BATCHES_MAX]; /* of each batch */
};

static int fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, vio_error_text());
	return -1;
}

/* The buffers of a new pool lie in a row; those of one that has been used for long do not. */
static int mix(struct store *store)
{
	const unsigned int n = store->buffers;
	void **bufs = calloc(n, sizeof(*bufs));
	unsigned int got;

	if (!bufs) {
		fprintf(stderr, "no memory to mix %u buffers\n", n);
		return -1;
	}
	srand(1);
	got = vio_buf_get(store->cache, bufs, n);
	for (unsigned int i = got; i > 1; i--) {
		const unsigned int j = (unsigned int)rand() % i;
		void *const swap = bufs[i - 1];

		bufs[i - 1] = bufs[j];
		bufs[j] = swap;
	}
	vio_buf_put(store->cache, bufs, got);
	free(bufs);
	return 0;
}

static int store_open(struct store *store)
{
	struct vio_region_opts region = { .size = sizeof(region) };
	struct vio_pool_opts opts = { .size = sizeof(opts), .buffers = store->buffers };

	region.page = store->huge ? VIO_PAGE_2M : VIO_PAGE_NORMAL;
	opts.buf_bytes = store->buf_bytes;
	opts.region_opts = &region;
	opts.ring_bytes = RING_BYTES;
	if (vio_pool_open(&opts, &store->pool) < 0)
		return fail("pool");
	if (vio_cache_open(store->pool, &store->cache) < 0)
		return fail("cache");
	return mix(store);
}

/* The pool that @ask names, of the @n that are open or as one more. NULL: there is none. */
static struct store *store_of(struct store *stores, unsigned int *n, const struct ask *ask)
{
	const bool huge = !strcmp(ask->pages, "huge");

	for (unsigned int i = 0; i < *n; i++)
		if (stores[i].buffers == ask->buffers && stores[i].buf_bytes == ask->buf_bytes &&
		    stores[i].huge == huge)
			return &stores[i];
	if (*n == POOLS_MAX) {
		fprintf(stderr, "more than %d different pools\n", POOLS_MAX);
		return NULL;
	}
	stores[*n] = (struct store){ ask->buffers, ask->buf_bytes, huge, NULL, NULL };
	return store_open(&stores[*n]) < 0 ? NULL : &stores[(*n)++];
}

/* Take all buffers but a few. */
static int hold_init(struct slice *s)
{
	struct vio_pool_info pool;
	unsigned int want;

	vio_pool_info(s->store->pool, &pool);
	want = pool.depot > SPARE ? pool.depot - SPARE : 0;
	s->hold.data = calloc(want + 1, sizeof(void *));
	if (!s->hold.data) {
		fprintf(stderr, "no memory for %u pointers to buffers that are held\n", want);
		return -1;
	}
	s->hold.n = vio_buf_get(s->store->cache, s->hold.data, want);
	for (unsigned int i = 0; i < s->hold.n; i++)
		s->hold.data[i] = (char *)s->hold.data[i] + VIO_PKT_HEADROOM;
	return 0;
}

static void hold_fini(struct slice *s)
{
	vio_buf_put(s->store->cache, s->hold.data, s->hold.n);
	free(s->hold.data);
}

/* The oldest one in exchange for each. */
static void exchange(struct slice *s, unsigned int n)
{
	struct hold *h = &s->hold;

	for (unsigned int i = 0; h->n && i < n; i++) {
		void *const oldest = h->data[h->at];

		h->data[h->at] = s->pkts[i].data;
		s->pkts[i].data = oldest;
		h->at = h->at + 1 == h->n ? 0 : h->at + 1;
	}
}

/* Ticks for each of @n packets since @start. */
static double ticks_each(const struct slice *s, uint64_t start, unsigned int n)
{
	return ((double)(vio_ticks() - start) - s->clock_ticks) / (n ? n : 1);
}

static double step(struct slice *s)
{
	const uint64_t start = vio_ticks();
	const unsigned int n = vio_loop_step(vio_port_loop(s->port), s->batch);

	return ticks_each(s, start, n);
}

/* The queues in turn, a burst of each. */
static unsigned int receive(struct slice *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->queues * (s->batch / BURST); i++)
		n += vio_rx_burst(vio_port_rxq(s->port, (uint16_t)(i % s->queues)), s->pkts + n,
				  BURST);
	return n;
}

static unsigned int transmit(struct slice *s)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < s->queues * (s->batch / BURST); i++)
		n += vio_tx_burst(vio_port_txq(s->port, (uint16_t)(i % s->queues)), s->pkts + n,
				  BURST);
	return n;
}

static bool rx_batch(struct slice *s, unsigned int i)
{
	uint64_t start;
	unsigned int n;

	s->device[i] = step(s);
	start = vio_ticks();
	n = receive(s);
	s->driver[i] = ticks_each(s, start, n);
	exchange(s, n);
	vio_pkt_put(s->store->cache, s->pkts, (uint16_t)n);
	return n == s->queues * s->batch;
}

static bool tx_batch(struct slice *s, unsigned int i)
{
	const unsigned int want = s->queues * s->batch;
	const unsigned int n = vio_pkt_get(s->store->cache, s->pkts, (uint16_t)want);
	unsigned int sent;
	uint64_t start;

	exchange(s, n);
	for (unsigned int k = 0; k < n; k++)
		s->pkts[k].len = FRAME_BYTES;
	start = vio_ticks();
	sent = transmit(s);
	s->driver[i] = ticks_each(s, start, sent);
	vio_pkt_put(s->store->cache, s->pkts + sent, (uint16_t)(n - sent));
	s->device[i] = step(s);
	return sent == want;
}

/* Every buffer that circulates and every place of the rings once, to warm up, and once more. */
static int measure(struct slice *s, const struct ask *ask)
{
	bool (*batch)(struct slice *, unsigned int) =
		strcmp(ask->direction, "rx") ? tx_batch : rx_batch;
	const unsigned int round = ask->entries + s->hold.n / s->queues;
	unsigned int batches = 2 * round / s->batch;
	struct vio_port_info info;

	batches = batches < BATCHES_MIN ? BATCHES_MIN : batches;
	batches = batches > BATCHES_MAX ? BATCHES_MAX : batches;
	for (int pass = 0; pass < 2; pass++)
		for (unsigned int i = 0; i < batches; i++)
			if (!batch(s, i) && pass) {
				fprintf(stderr, "a batch was not moved as a whole\n");
				return -1;
			}
	vio_port_info(s->port, &info);
	printf("%s %.3f %.3f\n", batch == rx_batch ? info.rx_variant : info.tx_variant,
	       samples_median(s->driver, batches), samples_median(s->device, batches));
	return 0;
}

/* Packets of each queue in a batch: whole bursts, and half of a small ring. */
static unsigned int batch_of(const struct ask *ask)
{
	const unsigned int most = ask->entries / 2 < BATCH ? ask->entries / 2 : BATCH;
	const unsigned int bursts = most / ask->queues / BURST;

	return bursts ? bursts * BURST : BURST;
}

static int run(struct slice *s, const struct ask *ask)
{
	const bool rx = !strcmp(ask->direction, "rx");
	struct vio_port_opts opts = { .size = sizeof(opts), .queues = (uint16_t)ask->queues };
	char address[256];
	int rc = 0;

	snprintf(address, sizeof(address), "loop:%s,null,max_size=%u,size=%u,%s",
		 rx ? "source" : "sink", ask->entries, ask->entries, ask->options);
	if (vio_port_open(address, s->store->pool, &opts, &s->port) < 0)
		return fail(address);
	s->queues = ask->queues;
	s->batch = batch_of(ask);
	s->hold = (struct hold){ 0 };
	if (!strcmp(ask->order, "fifo"))
		rc = hold_init(s);
	if (!rc)
		rc = measure(s, ask);
	hold_fini(s);
	vio_port_close(s->port);
	return rc;
}

/* Return: 1: a line was read; 0: that was all; -1: no such line. */
static int read_ask(struct ask *ask)
{
	const int words =
		scanf("%7s %127s %7s %7s %u %u %u %u", ask->direction, ask->options, ask->order,
		      ask->pages, &ask->buffers, &ask->buf_bytes, &ask->entries, &ask->queues);

	if (words == EOF)
		return 0;
	if (words == 8 && ask->entries >= 2 * BURST && ask->queues >= 1 &&
	    ask->queues <= QUEUES_MAX)
		return 1;
	fprintf(stderr, "a line has eight words, rings of %u at least, 1 to %u queues\n", 2 * BURST,
		QUEUES_MAX);
	return -1;
}

int main(void)
{
	struct store stores[POOLS_MAX];
	struct slice *s = calloc(1, sizeof(*s));
	unsigned int n = 0;
	struct ask ask;
	int rc;

	if (!s)
		return 1;
	s->clock_ticks = samples_clock_cost();
	while ((rc = read_ask(&ask)) > 0) {
		s->store = store_of(stores, &n, &ask);
		rc = s->store ? run(s, &ask) : -1;
		if (rc < 0)
			break;
		fflush(stdout);
	}
	while (n--) {
		vio_cache_close(stores[n].cache);
		vio_pool_close(stores[n].pool);
	}
	free(s);
	return rc < 0;
}
