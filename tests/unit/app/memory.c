/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../../apps/vio/memory.h"

#include <errno.h>
#include <stdio.h>

#include "../huge.h"

/* What the tools ask of their memory, by the addresses of their ports. */

static const struct memory_case {
	const char *what;
	const char *address[2];
	int rc; /* of vio_port_memory(), for all of them */
	bool contiguous;
} cases[] = {
	{ "a device behind an IOMMU takes any memory", { "pci:0000:00:04.0" }, 0, false },
	{ "so it does where that is said", { "pci:0000:00:04.0,iommu=auto" }, 0, false },
	{ "one without needs it in one piece", { "pci:0000:00:04.0,iommu=off" }, 0, true },
	{ "whatever else is asked for",
	  { "pci:00:04.0,queues=2,iommu=off,size=64,vfio=group" },
	  0,
	  true },
	{ "the last of two counts", { "pci:00:04.0,iommu=off,iommu=auto" }, 0, false },
	{ "one of two ports is enough, the first",
	  { "pci:00:04.0,iommu=off", "pci:00:05.0" },
	  0,
	  true },
	{ "one of two ports is enough, the second",
	  { "vhost-user:/run/v.sock", "pci:00:05.0,iommu=off" },
	  0,
	  true },
	{ "backends take any memory", { "vhost-user:/run/v.sock", "loop:echo" }, 0, false },
	{ "no such kind of port", { "dpdk:0" }, -EINVAL, false },
	{ "no address at all", { "0000:00:04.0,iommu=off" }, -EINVAL, false },
};

static int ask(const struct memory_case *c, struct vio_region_opts *region)
{
	int rc = 0;

	for (unsigned int i = 0; i < 2 && c->address[i] && !rc; i++)
		rc = vio_port_memory(c->address[i], region);
	return rc;
}

static void asks(void **state)
{
	struct vio_region_opts region = VIO_OPTS(struct vio_region_opts, .node = 7);
	const struct memory_case *c = *state;

	assert_int_equal(ask(c, &region), c->rc);
	assert_int_equal(region.contiguous, c->contiguous);
	assert_int_equal(region.node, 7);
	assert_int_equal(region.page, VIO_PAGE_AUTO);
}

/* Ordinary pages are none that follow each other: so much can be seen by every user. */
static void gets(void **state)
{
	const struct memory_case *c = *state;
	struct vio_region_info region;
	struct vio_pool *pool = NULL;
	struct vio_pool_info info;
	int rc = memory_open(&VIO_OPTS(struct vio_pool_opts), c->address, 1 + !!c->address[1],
			     &pool);

	if (rc < 0) {
		assert_true(c->contiguous || c->rc);
		assert_null(pool);
		return;
	}
	vio_pool_info(pool, &info);
	vio_region_info(info.region, &region);
	assert_true(!c->contiguous || region.page_bytes > 65536);
	assert_int_equal(vio_pool_close(pool), 0);
}

static void refuses_half_options(void **state)
{
	struct vio_region_opts region = { .size = offsetof(struct vio_region_opts, contiguous) };

	(void)state;
	assert_int_equal(vio_port_memory("pci:00:04.0,iommu=off", &region), -EINVAL);
	assert_int_equal(vio_port_memory("pci:00:04.0,iommu=off", NULL), -EINVAL);
	assert_int_equal(vio_port_memory(NULL, &region), -EINVAL);
	assert_false(region.contiguous);
}

int main(void)
{
	static char names[sizeof(cases) / sizeof(cases[0])][96];
	static struct case_list list;

	CASES_ADD(&list, cases, asks);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(names[i], sizeof(names[i]), "the pool is like that: %s", cases[i].what);
		case_add(&list, names[i], gets, &cases[i]);
	}
	case_add(&list, "options that can't say it are refused", refuses_half_options, NULL);
	return huge_case_run("memory", &list, 8);
}
