/* SPDX-License-Identifier: BSD-3-Clause */
#include "rebind_parts.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vio/error.h>

#include "netuse.h"
#include "usable.h"

void rebind_note(struct rebind *r, const char *fmt, ...)
{
	va_list ap;

	if (r->n_notes == REBIND_NOTES_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(r->note[r->n_notes++], sizeof(r->note[0]), fmt, ap);
	va_end(ap);
}

static bool is_ours(const struct rebind *r, const char *address)
{
	for (unsigned int i = 0; i < r->n; i++)
		if (!strcmp(r->dev[i].address, address))
			return true;
	return false;
}

int rebind_put(struct rebind *r, const char *path, const char *text)
{
	return r->ops->write(r->arg, path, text);
}

void rebind_driver(const struct rebind *r, const struct rebind_device *d, char driver[32])
{
	host_link(r->h, driver, 32, "/sys/bus/pci/devices/%s/driver", d->address);
}

/* ---- looking ---- */

static bool look_at(struct rebind *r, const struct vio_pci_list *list, struct rebind_device *d)
{
	const struct vio_pci *p = vio_pci_find(list, d->address);

	if (!p)
		return problem_set(&r->problem, FAIL_BIND_NONE, "there is no PCI function %s",
				   d->address);
	d->now = *p;
	snprintf(d->address, sizeof(d->address), "%s", p->address);
	snprintf(d->before, sizeof(d->before), "%s", p->driver);
	snprintf(d->override_before, sizeof(d->override_before), "%s", p->driver_override);
	return true;
}

/* Do @fn for each function, with the machine's list as it is now, until one returns false. */
static bool each_with_list(struct rebind *r,
			   bool (*fn)(struct rebind *r, const struct vio_pci_list *list,
				      struct rebind_device *d))
{
	struct vio_pci_list *list;
	bool ok = true;

	if (vio_pci_scan(r->h->root, &list) < 0)
		return problem_set(&r->problem, FAIL_BIND_NONE, "%s", vio_error_last()->what);
	for (unsigned int i = 0; ok && i < r->n; i++)
		ok = fn(r, list, &r->dev[i]);
	vio_pci_list_free(list);
	return ok;
}

bool rebind_look(struct rebind *r)
{
	return each_with_list(r, look_at);
}

/* ---- rights ---- */

static bool may_change(struct rebind *r, const struct rebind_device *d)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/driver_override", d->address);
	if (r->h->may_open(r->h, path))
		return true;
	return problem_set(&r->problem, FAIL_BIND_RIGHTS, "%s: this user may not write %s",
			   d->address, path);
}

/* ---- the machine's own interfaces ---- */

static bool may_lose_net(struct rebind *r, const struct rebind_device *d)
{
	const struct vio_pci *p = &d->now;
	struct net_use use;

	for (unsigned int i = 0; i < p->n_ifaces; i++) {
		char via[32] = "";

		if (!net_in_use(r->h, p->iface[i], &use))
			continue;
		if (strcmp(use.via, p->iface[i]))
			snprintf(via, sizeof(via), " through %s", use.via);
		if (use.ssh)
			return problem_set(&r->problem, FAIL_BIND_NET,
					   "%s: %s carries %syour ssh session with %s%s",
					   d->address, p->iface[i],
					   use.default_route ? "the default route and " : "",
					   use.peer, via);
		return problem_set(&r->problem, FAIL_BIND_NET, "%s: %s carries the default route%s",
				   d->address, p->iface[i], via);
	}
	return true;
}

/* ---- processes that have it open ---- */

struct user_search {
	const struct host *h;
	const struct vio_pci *p;
	int pid, found;
	const char *node;
};

static const char *node_of(const struct vio_pci *p, const char *target)
{
	const struct vio_pci_node *nodes[] = { &p->group_node, &p->device_node, &p->uio_node };

	for (int i = 0; i < 3; i++)
		if (nodes[i]->path[0] && !strcmp(nodes[i]->path, target))
			return nodes[i]->path;
	return NULL;
}

static bool look_at_file(void *arg, const char *name)
{
	struct user_search *s = arg;
	char target[128];

	if (!host_target(s->h, target, sizeof(target), "/proc/%d/fd/%s", s->pid, name))
		return true;
	s->node = node_of(s->p, target);
	s->found = s->node ? s->pid : 0;
	return !s->found;
}

static bool look_at_process(void *arg, const char *name)
{
	struct user_search *s = arg;

	if (!isdigit((unsigned char)name[0]))
		return true;
	s->pid = atoi(name);
	host_each(s->h, look_at_file, s, "/proc/%d/fd", s->pid);
	return !s->found;
}

static bool is_idle(struct rebind *r, const struct rebind_device *d)
{
	struct user_search s = { .h = r->h, .p = &d->now };
	char comm[32];

	host_each(r->h, look_at_process, &s, "/proc");
	if (!s.found)
		return true;
	host_text(r->h, comm, sizeof(comm), "/proc/%d/comm", s.found);
	problem_set(&r->problem, FAIL_BIND_BUSY, "%s: process %d (%s) has %s open", d->address,
		    s.found, comm, s.node);
	problem_fix(&r->problem,
		    "end it: kill %d; --force waits until the kernel gets the device from it",
		    s.found);
	return false;
}

/* ---- the IOMMU ---- */

static bool has_iommu(const struct rebind_device *d)
{
	return d->now.iommu_group >= 0 && !d->now.noiommu;
}

static bool iommu_ok(struct rebind *r, const struct rebind_device *d)
{
	if (!driver_is_vfio(r->driver) || r->noiommu || has_iommu(d))
		return true;
	return problem_set(&r->problem, FAIL_BIND_IOMMU, "%s is in no IOMMU group", d->address);
}

static void name_member(struct rebind *r, const struct vio_pci *m, char *names, size_t size)
{
	size_t n = strlen(names);

	snprintf(names + n, size - n, "%s%s (%s%s%s)", n ? ", " : "", m->address, m->driver,
		 m->n_ifaces ? ", " : "", m->n_ifaces ? m->iface[0] : "");
	if (m->class_code >> 16 != 0x02)
		problem_fix(&r->problem, "echo %s | sudo tee /sys/bus/pci/devices/%s/driver/unbind",
			    m->address, m->address);
}

/* The command that takes the network devices of the group together. */
static void fix_group(struct rebind *r, const struct vio_pci_list *list,
		      const struct rebind_device *d)
{
	char command[400] = "sudo vio bind";
	const struct vio_pci *m;
	size_t n;

	for (unsigned int i = 0; i < r->n; i++) {
		n = strlen(command);
		snprintf(command + n, sizeof(command) - n, " pci:%s", r->dev[i].address);
	}
	for (size_t i = 0; (m = group_other(list, &d->now, i)); i++) {
		n = strlen(command);
		if (!group_member_ok(m) && !is_ours(r, m->address) && m->class_code >> 16 == 2)
			snprintf(command + n, sizeof(command) - n, " pci:%s", m->address);
	}
	problem_fix(&r->problem, "%s", command);
}

static bool group_ok(struct rebind *r, const struct vio_pci_list *list, struct rebind_device *d)
{
	char names[200] = "";
	const struct vio_pci *m;

	if (!driver_is_vfio(r->driver) || !has_iommu(d))
		return true;
	problem_set(&r->problem, FAIL_BIND_GROUP, "%s", "");
	for (size_t i = 0; (m = group_other(list, &d->now, i)); i++)
		if (!group_member_ok(m) && !is_ours(r, m->address))
			name_member(r, m, names, sizeof(names));
	if (!names[0])
		return true;
	snprintf(r->problem.what, sizeof(r->problem.what),
		 "%s shares IOMMU group %d with devices that the kernel drives: %s", d->address,
		 d->now.iommu_group, names);
	fix_group(r, list, d);
	return false;
}

/* ---- all of it ---- */

bool rebind_may_take(struct rebind *r)
{
	for (unsigned int i = 0; i < r->n; i++) {
		const struct rebind_device *d = &r->dev[i];

		if (!may_change(r, d) || !iommu_ok(r, d))
			return false;
		if (!r->force && strcmp(d->before, r->driver) &&
		    (!may_lose_net(r, d) || !is_idle(r, d)))
			return false;
	}
	return r->force || each_with_list(r, group_ok);
}

bool rebind_may_go_back(struct rebind *r)
{
	for (unsigned int i = 0; i < r->n; i++)
		if (!may_change(r, &r->dev[i]) || (!r->force && !is_idle(r, &r->dev[i])))
			return false;
	return true;
}
