/* SPDX-License-Identifier: BSD-3-Clause */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <vio/error.h>

#include "../../drivers/virtio/feature_bits.h"
#include "../../drivers/virtio/port.h"
#include "../../lib/base/err.h"
#include "../../lib/mem/mem.h"
#include "fail_nth.h"
#include "fake_backend.h"
#include "fake_vfio.h"
#include "pci_bench.h"

/*
 * Whatever is opened: each call for memory, a file or a socket fails once, on the way there or on
 * the way back. Then there is an error, nothing is left, and the next try succeeds; or the call was
 * one that can be done without.
 */

#define CALLS_MAX  2000 /* far more than there are */
#define TIMEOUT_MS 500

static struct {
	struct vio_region *region;
	struct vio_pool *pool; /* that a port is opened with; NULL: none */
	struct vio_pool *tried;
	struct vio_cache *cache;
	struct vio_port *port;
	struct pci_dev *dev;
	struct fake_pci pci;
	struct transport *tp;
	struct virtio_port by_hand;
	struct fake backend;
	char dir[64], path[108], address[128];
} env;

static int small_pool(struct vio_pool **pool)
{
	const struct vio_region_opts pages =
		VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_NORMAL);
	const struct vio_pool_opts opts =
		VIO_OPTS(struct vio_pool_opts, .buffers = 128, .region_opts = &pages);

	return vio_pool_open(&opts, pool);
}

static void pool_make(void)
{
	assert_int_equal(small_pool(&env.pool), 0);
}

static void pool_end(void)
{
	assert_int_equal(vio_pool_close(env.pool), 0);
	env.pool = NULL;
}

static void nothing(void)
{
}

/* ---- what is opened ---- */

static int region_of(enum vio_page page)
{
	const struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = 1 << 20, .page = page);

	return vio_region_open(&opts, &env.region);
}

static int region_open(void)
{
	return region_of(VIO_PAGE_NORMAL);
}

static int huge_region_open(void)
{
	return region_of(VIO_PAGE_AUTO);
}

static void region_close(void)
{
	assert_int_equal(vio_region_close(env.region), 0);
}

static int pool_open(void)
{
	int rc = small_pool(&env.tried);

	if (rc < 0)
		return rc;
	rc = vio_cache_open(env.tried, &env.cache);
	if (rc < 0)
		assert_int_equal(vio_pool_close(env.tried), 0);
	return rc;
}

static void pool_close(void)
{
	vio_cache_close(env.cache);
	assert_int_equal(vio_pool_close(env.tried), 0);
}

static int port_open(const char *address)
{
	const struct vio_port_opts opts = VIO_OPTS(struct vio_port_opts, .entries = 16,
						   .timeout_ms = TIMEOUT_MS, .wait = true);

	return vio_port_open(address, env.pool, &opts, &env.port);
}

static void port_close(void)
{
	vio_port_close(env.port);
}

static int loop_open(void)
{
	return port_open("loop:pair,queues=2");
}

static int loop_packed_open(void)
{
	return port_open("loop:echo,packed=on,in_order=on");
}

static void backend_make(void)
{
	pool_make();
	snprintf(env.dir, sizeof(env.dir), "/tmp/vio-inject-XXXXXX");
	assert_non_null(mkdtemp(env.dir));
	snprintf(env.path, sizeof(env.path), "%s/s", env.dir);
	snprintf(env.address, sizeof(env.address), "vhost-user:%s", env.path);
}

static void backend_end(void)
{
	assert_int_equal(rmdir(env.dir), 0);
	pool_end();
}

static void backend_start(void)
{
	const struct fake_script script = {
		.features = BIT64(F_VERSION_1) | BIT64(30),
		.protocol = BIT64(3) | BIT64(16), /* REPLY_ACK, STATUS */
		.queues = 1,
	};

	fake_listen(&env.backend, env.path, &script);
}

static void backend_stop(void)
{
	fake_stop(&env.backend);
}

static int vhost_open(void)
{
	return port_open(env.address);
}

static void pci_start(void)
{
	fake_modern(&env.pci, BIT64(F_VERSION_1) | BIT64(NET_F_MAC) | BIT64(NET_F_STATUS) |
				      BIT64(NET_F_CTRL_VQ) | BIT64(F_INDIRECT_DESC));
	env.pci.dev.msix = FAKE_MSIX;
	env.pci.dev.intx = true;
}

static int pci_open(void)
{
	struct vio_pool_info info;
	int rc = pci_transport_make(&env.pci.dev, TIMEOUT_MS, &env.tp);

	if (rc < 0)
		return rc;
	vio_pool_info(env.pool, &info);
	env.by_hand = (struct virtio_port){
		.pub = { &virtio_driver, (char *)(uintptr_t) "pci:" },
		.tp = env.tp,
		.pool = env.pool,
		.region = info.region,
		.timeout_ms = TIMEOUT_MS,
		.queues_wanted = 1,
		.entries_wanted = 16,
		.wait = true,
	};
	rc = device_start(&env.by_hand);
	if (rc < 0)
		env.tp->ops->close(env.tp);
	return rc;
}

static void pci_close(void)
{
	device_stop(&env.by_hand);
	env.tp->ops->close(env.tp);
}

static void pci_stop(void)
{
	assert_int_equal(env.pci.regions, 0);
}

/* ---- functions of PCI: what the kernel refuses is in vfio_ways.c ---- */

static struct own_opts way;

static void group_start(void)
{
	fake_boot("vfio-pci", false);
	way = fake_opts();
}

static void cdev_start(void)
{
	group_start();
	fake_add_cdev();
	way.vfio = OWN_VFIO_CDEV;
}

static void noiommu_start(void)
{
	fake_boot("vfio-pci", true);
	way = fake_opts();
	way.iommu_off = true;
}

static void uio_start(void)
{
	fake_boot("uio_pci_generic", false);
	fake_add_uio();
	way = fake_opts();
	way.iommu_off = true;
}

static void region_make(void)
{
	assert_int_equal(region_open(), 0);
}

static int way_open(void)
{
	uint64_t bias;
	int rc = own_open(FAKE_ADDRESS, &way, &env.dev);

	if (rc < 0 || way.iommu_off)
		return rc;
	rc = env.dev->ops->dma_map(env.dev, env.region, &bias);
	if (rc < 0)
		env.dev->ops->close(env.dev);
	return rc;
}

static void way_close(void)
{
	env.dev->ops->close(env.dev);
}

static const struct scenario {
	const char *what;
	void (*make)(void), (*end)(void);   /* once */
	void (*start)(void), (*stop)(void); /* around each try */
	int (*open)(void);
	void (*close)(void);
} scenarios[] = {
	{ "a region", nothing, nothing, nothing, nothing, region_open, region_close },
	{ "a region of the pages that there are", nothing, nothing, nothing, nothing,
	  huge_region_open, region_close },
	{ "a pool and a cache", nothing, nothing, nothing, nothing, pool_open, pool_close },
	{ "a loop port of two pairs", pool_make, pool_end, nothing, nothing, loop_open,
	  port_close },
	{ "a packed loop port", pool_make, pool_end, nothing, nothing, loop_packed_open,
	  port_close },
	{ "a vhost-user port", backend_make, backend_end, backend_start, backend_stop, vhost_open,
	  port_close },
	{ "a port on PCI", pool_make, pool_end, pci_start, pci_stop, pci_open, pci_close },
	{ "a device in a group of VFIO's", region_make, region_close, group_start, fake_halt,
	  way_open, way_close },
	{ "a device with a node of VFIO's", region_make, region_close, cdev_start, fake_halt,
	  way_open, way_close },
	{ "a device of VFIO's without an IOMMU", nothing, nothing, noiommu_start, fake_halt,
	  way_open, way_close },
	{ "a device of UIO's", nothing, nothing, uio_start, fake_halt, way_open, way_close },
};

/* ---- what is left ---- */

struct census {
	unsigned int files, maps;
	uint64_t buffers_out;
	size_t region_used;
};

static unsigned int files_open(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* Mappings of regions. */
static unsigned int maps_there(void)
{
	FILE *f = fopen("/proc/self/maps", "r");
	char line[512];
	unsigned int n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		n += strstr(line, "memfd:") != NULL;
	fclose(f);
	return n;
}

static struct census census_now(void)
{
	struct census c = { .files = files_open(), .maps = maps_there() };
	struct vio_pool_info info;

	if (env.pool) {
		vio_pool_info(env.pool, &info);
		c.buffers_out = info.out;
		c.region_used = region_used(info.region);
	}
	return c;
}

static void census_same(const struct census *before, const char *call, unsigned int nth)
{
	const struct census now = census_now();

	if (memcmp(&now, before, sizeof(now)))
		fail_msg("behind call %u, a failed %s(): %u files of %u, %u mappings of %u, %llu "
			 "buffers out, %zu bytes used of %zu",
			 nth, call ? call : "nothing", now.files, before->files, now.maps,
			 before->maps, (unsigned long long)now.buffers_out, now.region_used,
			 before->region_used);
}

/* One try, whose call @nth fails. Return: name of that call. */
static const char *attempt(const struct scenario *s, unsigned int nth, bool *refused)
{
	struct census before;
	const char *call;
	int rc;

	before = census_now();
	s->start();
	err_restore(&(struct vio_error){ .id = "" });
	fail_nth(nth);
	rc = s->open();
	if (rc == 0)
		s->close();
	call = fail_nth_end();
	assert_true(rc <= 0);
	*refused = rc < 0;
	if (rc < 0 && (vio_error_last()->code != rc || !*vio_error_last()->what))
		fail_msg("call %u, %s(): %d is returned, the error set is %d '%s'", nth,
			 call ? call : "nothing", rc, vio_error_last()->code,
			 vio_error_last()->what);
	s->stop();
	census_same(&before, call, nth);
	return call;
}

static void each_call_fails(void **state)
{
	const struct scenario *s = *state;
	unsigned int nth = 1, failed = 0;
	bool refused, again;

	s->make();
	assert_null(attempt(s, 0, &refused));
	assert_false(refused);
	for (; nth < CALLS_MAX && attempt(s, nth, &refused); nth++) {
		failed += refused;
		assert_null(attempt(s, 0, &again));
		assert_false(again);
	}
	assert_false(refused); /* none is left to fail */
	assert_true(nth > 1 && nth < CALLS_MAX && failed);
	print_message("# %s: %u calls, without %u of which it can't be opened\n", s->what, nth - 1,
		      failed);
	s->end();
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, scenarios, each_call_fails);
	return case_run("inject", &list);
}
