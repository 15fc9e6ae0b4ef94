/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>
#include <vio/clock.h>

#include "rebind_parts.h"
#include "usable.h"

#define WAIT_MS 2000

bool rebind_look_again(struct rebind *r, struct rebind_device *d)
{
	struct vio_pci_list *list;
	const struct vio_pci *p;

	if (vio_pci_scan(r->h->root, &list) < 0)
		return false;
	p = vio_pci_find(list, d->address);
	if (p)
		d->now = *p;
	vio_pci_list_free(list);
	return p != NULL;
}

static bool has_node(const struct vio_pci *p)
{
	return p->group_node.present || p->device_node.present || p->uio_node.present;
}

static bool wait_for_node(struct rebind *r, struct rebind_device *d)
{
	uint64_t ms = r->wait_ms ? r->wait_ms : WAIT_MS;
	uint64_t end = vio_clock_ns() + ms * 1000000;

	while (rebind_look_again(r, d) && !has_node(&d->now)) {
		if (vio_clock_ns() >= end)
			return false;
		r->ops->pause(r->arg);
	}
	return has_node(&d->now);
}

static bool give(struct rebind *r, const struct vio_pci_node *node)
{
	int rc;

	if (!node->present)
		return true;
	rc = r->ops->give(r->arg, node->path, r->owner.uid, r->owner.gid, r->owner.mode);
	return !rc ||
	       problem_set(&r->problem, FAIL_BIND_NODE, "%s can't be given to %s: %s", node->path,
			   r->owner.user[0] ? r->owner.user : r->owner.group, strerror(-rc));
}

static bool give_one(struct rebind *r, struct rebind_device *d)
{
	struct vio_pci *p = &d->now;

	if (!wait_for_node(r, d)) {
		const char *path = p->group_node.path[0] ? p->group_node.path : "its file in /dev";

		if (r->owner.given)
			return problem_set(&r->problem, FAIL_BIND_NODE, "%s: %s does not appear",
					   d->address, path);
		rebind_note(r, "%s: %s has not appeared: is udev running?", d->address, path);
		return true;
	}
	if (!r->owner.given)
		return true;
	return give(r, &p->group_node) && give(r, &p->device_node) && give(r, &p->uio_node) &&
	       rebind_look_again(r, d);
}

bool rebind_give(struct rebind *r)
{
	if (r->owner.given && r->owner.uid != 0 &&
	    !(driver_is_vfio(r->driver) && rebind_confined(r)))
		rebind_note(r,
			    "without an IOMMU the kernel lets only root use it, whoever owns it");
	/* udev sets owners too when it hears of a new file: let it be done with that. */
	if (r->owner.given && host_exists(r->h, "/run/udev/control"))
		r->ops->run(r->arg,
			    (const char *const[]){ "udevadm", "settle", "--timeout=3", NULL });
	for (unsigned int i = 0; i < r->n; i++)
		if (!give_one(r, &r->dev[i]))
			return false;
	return true;
}
