/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <rte_mbuf.h>
#include <rte_vhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <vio/clock.h>

#include "cores.h"
#include "mbufs.h"
#include "pair.h"

/*
 * The backend of forwarders and generators in other processes: librte_vhost with a socket for each
 * mode and forwarder, on a processor of its own. It sends frames, takes what comes back, and
 * counts.
 *
 * Commands come on standard input, a line each, and each is answered with a line of JSON;
 * bench/forward.py and bench/generate.py give them. NAME is that of a socket.
 *   first NAME MS              how long until the first frame is back: the time on CLOCK_MONOTONIC
 *   window NAME BYTES WARM US  frames that come back in US microseconds, after WARM; BYTES 0: that
 *                              come, and none are sent
 *   gone NAME MS               whether the forwarder has gone, by then
 *   check NAME BYTES SWAP      send numbered frames, compare; SWAP: their addresses are swapped
 */
#define MBUFS     2047
#define CACHE     512
#define BURST     32
#define BATCHES   64        /* of a check */
#define BATCH_NS  500000000 /* until a batch of a check is back */
#define N_DEVICES (N_MODES * N_SIDES)

static const char *const sides[N_SIDES] = { "vio", "dpdk" };

static struct {
	struct vhost_device devices[N_DEVICES];
	char names[N_DEVICES][32];
	struct rte_mempool *pool;
	struct rte_mbuf *frames[BURST];
	uint32_t bytes; /* of a frame that came lately */
} own;

static const char *truth(bool is)
{
	return is ? "true" : "false";
}

/* Frames. */

/* Frames of @bytes, which are numbered from @number on. Return: what they are like. */
static struct mix make_frames(uint16_t bytes, uint64_t number)
{
	struct mix mix = { .name = "one" };

	for (unsigned int i = 0; i < MIX_FRAMES; i++)
		mix.bytes[i] = bytes;
	mbufs_number(own.frames, BURST, &mix, number);
	return mix;
}

static int vid_of(const struct vhost_device *dev)
{
	return __atomic_load_n(&dev->vid, __ATOMIC_ACQUIRE);
}

static uint16_t take(const struct vhost_device *dev)
{
	struct rte_mbuf *pkts[BURST];
	const uint16_t n = rte_vhost_dequeue_burst(vid_of(dev), TX, own.pool, pkts, BURST);

	if (n)
		own.bytes = pkts[0]->pkt_len;
	rte_pktmbuf_free_bulk(pkts, n);
	return n;
}

/* As many to the forwarder as it has room for, and what it has sent. Return: how many came. */
static uint16_t turn(const struct vhost_device *dev)
{
	rte_vhost_enqueue_burst(vid_of(dev), RX, own.frames, BURST);
	return take(dev);
}

/* Nothing of before comes back any more: a turn of all rings takes far less. */
static void drain(const struct vhost_device *dev)
{
	uint64_t until = vio_clock_ns() + 2000000;

	while (vio_clock_ns() < until)
		if (take(dev))
			until = vio_clock_ns() + 2000000;
}

/* Commands. */

static void first(const struct vhost_device *dev, const unsigned int arg[])
{
	const struct timespec moment = { .tv_nsec = 20000 };
	const uint64_t until = vio_clock_ns() + arg[0] * UINT64_C(1000000);
	uint16_t n = 0;

	make_frames(FRAME_BYTES, 0);
	while (!n && vio_clock_ns() < until)
		if (vhost_ready(dev))
			n = turn(dev);
		else
			nanosleep(&moment, NULL); /* the library's thread needs the processor */
	printf("{ \"first_ns\": %llu }\n", n ? (unsigned long long)vio_clock_ns() : 0);
}

static void gone(const struct vhost_device *dev, const unsigned int arg[])
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	const uint64_t until = vio_clock_ns() + arg[0] * UINT64_C(1000000);

	while (vhost_ready(dev) && vio_clock_ns() < until)
		nanosleep(&moment, NULL);
	printf("{ \"gone\": %s }\n", truth(!vhost_ready(dev)));
}

struct window {
	uint64_t packets, ns;
	uint64_t gap_ticks; /* the longest time in which nothing came back */
};

static struct window run_window(const struct vhost_device *dev, bool send, uint64_t ns)
{
	const uint64_t from = vio_clock_ns();
	uint64_t last = vio_ticks(), now;
	struct window w = { 0 };

	do {
		for (int i = 0; i < BURST; i++) {
			const uint16_t n = send ? turn(dev) : take(dev);

			if (!n)
				continue;
			now = vio_ticks();
			w.gap_ticks = RTE_MAX(w.gap_ticks, now - last);
			last = now;
			w.packets += n;
		}
		w.ns = vio_clock_ns() - from;
	} while (w.ns < ns);
	w.gap_ticks = RTE_MAX(w.gap_ticks, vio_ticks() - last);
	return w;
}

/* How often this thread had to leave its processor. */
static long switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return usage.ru_nvcsw + usage.ru_nivcsw;
}

static void window(const struct vhost_device *dev, const unsigned int arg[])
{
	struct window w;
	long before;

	own.bytes = 0;
	if (arg[0])
		make_frames((uint16_t)arg[0], 0);
	run_window(dev, arg[0], arg[1] * UINT64_C(1000));
	before = switches();
	w = run_window(dev, arg[0], arg[2] * UINT64_C(1000));
	printf("{ \"packets\": %llu, \"ns\": %llu, \"gap_us\": %.1f, \"switches\": %ld, "
	       "\"bytes\": %u }\n",
	       (unsigned long long)w.packets, (unsigned long long)w.ns,
	       (double)w.gap_ticks * 1e6 / (double)vio_ticks_hz(), switches() - before, own.bytes);
}

/* Send a batch and wait until it is back. Return: how many were. */
static unsigned int check_batch(const struct vhost_device *dev, const unsigned int arg[],
				uint64_t number, unsigned int *wrong)
{
	const struct mix mix = make_frames((uint16_t)arg[0], number);
	const uint64_t until = vio_clock_ns() + BATCH_NS;
	unsigned int came = 0;

	rte_vhost_enqueue_burst(vid_of(dev), RX, own.frames, BURST);
	while (came < BURST && vio_clock_ns() < until) {
		struct rte_mbuf *pkts[BURST];
		const uint16_t n = rte_vhost_dequeue_burst(vid_of(dev), TX, own.pool, pkts, BURST);

		for (uint16_t i = 0; i < n; i++)
			*wrong += pkts[i]->nb_segs != 1 ||
				  !frame_is(rte_pktmbuf_mtod(pkts[i], void *), pkts[i]->pkt_len,
					    &mix, number + came + i, arg[1]);
		came += n;
		rte_pktmbuf_free_bulk(pkts, n);
	}
	return came;
}

static void check(const struct vhost_device *dev, const unsigned int arg[])
{
	unsigned int came = 0, wrong = 0;

	drain(dev);
	for (unsigned int i = 0; i < BATCHES && came == i * BURST; i++)
		came += check_batch(dev, arg, came, &wrong);
	printf("{ \"sent\": %u, \"came\": %u, \"wrong\": %u }\n", BATCHES * BURST, came, wrong);
}

static const struct command {
	const char *name;
	int args; /* numbers */
	void (*run)(const struct vhost_device *dev, const unsigned int arg[]);
} commands[] = {
	{ "first", 1, first },
	{ "gone", 1, gone },
	{ "window", 3, window },
	{ "check", 2, check },
};

static struct vhost_device *device_named(const char *name)
{
	for (unsigned int i = 0; i < N_DEVICES; i++)
		if (!strcmp(own.names[i], name))
			return &own.devices[i];
	return NULL;
}

static bool obey(const char *line)
{
	char word[16], name[32];
	unsigned int arg[3];
	const int n = sscanf(line, "%15s %31s %u %u %u", word, name, arg, arg + 1, arg + 2) - 2;
	const struct vhost_device *dev;

	for (size_t i = 0; i < RTE_DIM(commands); i++)
		if (n == commands[i].args && !strcmp(commands[i].name, word)) {
			dev = device_named(name);
			if (!dev)
				break;
			commands[i].run(dev, arg);
			return true;
		}
	fprintf(stderr, "not a command: %s", line);
	return false;
}

/* Until there are no more. Return: exit code. */
static int serve(void)
{
	char line[128];

	while (fgets(line, sizeof(line), stdin))
		if (!obey(line))
			return 2;
	return 0;
}

/* Life. */

/* What there is, as one line of JSON. */
static void introduce(int core, const struct cores *cores)
{
	printf("{ \"core\": %d, \"other_core\": %d, \"one_way_ns\": %.1f, \"modes\": [", core,
	       cores->other, cores->one_way_ns);
	for (unsigned int i = 0; i < N_MODES; i++) {
		const char *lacks = dpdk_lacks(&modes[i]);

		printf("%s { \"name\": \"%s\", \"packed\": %s, \"in_order\": %s", i ? "," : "",
		       modes[i].name, truth(modes[i].packed), truth(modes[i].in_order));
		printf(", \"mergeable\": %s, \"vectorised\": %s, \"lacks\": \"%s\"",
		       truth(modes[i].mergeable), truth(modes[i].vectorised), lacks ? lacks : "");
		for (int side = 0; side < N_SIDES; side++)
			printf(", \"%s\": \"%s\"", sides[side], own.names[i * N_SIDES + side]);
		printf(" }");
	}
	printf(" ] }\n");
}

static int open_device(unsigned int i, const char *folder)
{
	const unsigned int mode = i / N_SIDES;
	char path[108];
	int rc;

	snprintf(own.names[i], sizeof(own.names[i]), "%s-%u", sides[i % N_SIDES], mode);
	snprintf(path, sizeof(path), "%.70s/%s", folder, own.names[i]);
	rc = vhost_open(&own.devices[i], path, &modes[mode]);
	if (rc < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(-rc));
	return rc;
}

static int open_all(const char *folder, unsigned int *opened)
{
	int rc = 0;

	own.pool = rte_pktmbuf_pool_create("backend", MBUFS, CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
					   SOCKET_ID_ANY);
	if (!own.pool || rte_pktmbuf_alloc_bulk(own.pool, own.frames, BURST) != 0) {
		fputs("no memory for frames\n", stderr);
		return -ENOMEM;
	}
	while (rc == 0 && *opened < N_DEVICES)
		rc = open_device((*opened)++, folder);
	return rc;
}

static int work(int core, const struct cores *cores, const char *folder)
{
	unsigned int opened = 0;
	int code = 1;

	if (open_all(folder, &opened) == 0) {
		introduce(core, cores);
		code = serve();
	}
	while (opened)
		vhost_close(&own.devices[--opened]);
	return code;
}

int main(int argc, char **argv)
{
	const int core = argc == 3 ? atoi(argv[2]) : cores_last();
	struct cores cores;
	int code;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 2 || argc > 3) {
		fputs("usage: vio-bench-backend FOLDER [CORE]\n"
		      "Serve sockets in FOLDER to forwarders that run on processor CORE.\n",
		      stderr);
		return 2;
	}
	if (cores_pin(core) < 0)
		return 1;
	cores = cores_measure(core);
	if (cores.other < 0) {
		puts("{ \"lacks\": \"there is one processor, and a forwarder needs two\" }");
		return 0;
	}
	if (cores_pin(cores.other) < 0 || driver_dpdk.start() < 0)
		return 1;
	code = work(core, &cores, argv[1]);
	driver_dpdk.stop();
	return code;
}
