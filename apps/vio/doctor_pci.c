/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "netuse.h"
#include "usable.h"

#define RING_GOOD 1024u

/* ---- IOMMU ---- */

static void advise_iommu(struct finding *f)
{
	finding_why(f, "without an IOMMU a device reaches all memory, so VFIO refuses it");
	finding_good(f, "a real machine: VT-d or AMD-Vi in the firmware, and intel_iommu=on on the "
			"kernel's command line");
	finding_good(f, "a virtual machine: a virtual IOMMU: vio doctor --emit qemu, --emit "
			"libvirt");
}

/* Nobody has named a device: is there an IOMMU at all? */
static void machine_iommu(struct doctor *d)
{
	unsigned int groups = host_count(d->h, "", "/sys/kernel/iommu_groups");

	if (groups)
		doctor_say(d, LEVEL_OK, "%u IOMMU groups", groups);
	else
		advise_iommu(doctor_say(d, LEVEL_WARN, "no IOMMU groups: pci: ports are not safe"));
}

void check_iommu_group(struct doctor *d)
{
	const struct vio_pci *p = d->p;
	struct finding *f;

	if (!p) {
		machine_iommu(d);
		return;
	}
	if (p->iommu_group >= 0 && !p->noiommu) {
		doctor_say(d, LEVEL_OK, "group %d", p->iommu_group);
		return;
	}
	if (driver_is_uio(p->driver) || p->noiommu) {
		f = doctor_say(d, LEVEL_WARN, "%s is driven without an IOMMU", p->address);
		finding_why(f, "it, and any program that drives it, can read and write all memory");
		if (!d->iommu_off)
			finding_now(f, "add iommu=off to the port's address to accept that");
		return;
	}
	f = doctor_say(d, LEVEL_FAIL, "%s is in no IOMMU group", p->address);
	advise_iommu(f);
	finding_now(f, "UNSAFE: sudo vio bind pci:%s --noiommu, and iommu=off in the address",
		    p->address);
}

void check_group_viable(struct doctor *d)
{
	char names[200] = "", command[300];
	const struct vio_pci *m;
	struct finding *f;
	size_t n = 0;

	if (!d->p || d->p->iommu_group < 0 || d->p->noiommu)
		return;
	snprintf(command, sizeof(command), "sudo vio bind pci:%s", d->p->address);
	for (size_t i = 0; (m = group_other(d->pci, d->p, i)); i++) {
		if (group_member_ok(m))
			continue;
		n = strlen(names);
		snprintf(names + n, sizeof(names) - n, "%s%s (%s)", n ? ", " : "", m->address,
			 m->driver);
		n = strlen(command);
		snprintf(command + n, sizeof(command) - n, " pci:%s", m->address);
	}
	if (!names[0]) {
		doctor_say(d, LEVEL_OK, "%s",
			   group_other(d->pci, d->p, 0) ? "no other of the group is in use"
							: "the only one of its group");
		return;
	}
	f = doctor_say(d, LEVEL_FAIL, "the kernel drives others of group %d: %s", d->p->iommu_group,
		       names);
	finding_why(f, "devices of one group can reach each other: all are needed, or none");
	finding_now(f, "%s", command);
	finding_good(f, "a slot with a group of its own (a PCIe root port with ACS)");
}

void check_noiommu(struct doctor *d)
{
	char mode[16];
	struct finding *f;

	if (host_text(d->h, mode, sizeof(mode), NOIOMMU_MODE) < 0) {
		doctor_say(d, LEVEL_OK, "off: VFIO is not loaded, or was built without it");
		return;
	}
	if (mode[0] != 'Y' && mode[0] != '1') {
		doctor_say(d, LEVEL_OK, "off");
		return;
	}
	f = doctor_say(d, LEVEL_WARN, "VFIO's mode without an IOMMU is on");
	finding_why(f, "devices may be bound with nothing that confines them");
	finding_now(f, "echo N | sudo tee " NOIOMMU_MODE);
}

/* ---- who may ---- */

static bool carries_something(const struct doctor *d)
{
	struct net_use use;

	for (unsigned int i = 0; i < d->p->n_ifaces; i++)
		if (net_in_use(d->h, d->p->iface[i], &use))
			return true;
	return false;
}

void check_vfio_perm(struct doctor *d)
{
	struct usable u;
	struct finding *f;

	if (!d->p)
		return;
	usable_pci(d->h, d->p, &u);
	if (u.yes && host_exists(d->h, "/dev/vfio/vfio") &&
	    !d->h->may_open(d->h, "/dev/vfio/vfio")) {
		f = doctor_say(d, LEVEL_FAIL, "this user may not open /dev/vfio/vfio");
		finding_now(f, "sudo chmod 0666 /dev/vfio/vfio");
		finding_why(f, "it gives no access by itself, and udev makes it so");
		return;
	}
	f = doctor_say(d, u.yes ? LEVEL_OK : LEVEL_FAIL, "%s", u.why);
	if (u.yes)
		return;
	finding_why(f, "a port needs a device that is bound to vfio-pci, and rights on its file");
	if (carries_something(d))
		return; /* NETDEV-INUSE tells what to do */
	if (driver_is_vfio(d->p->driver) || !d->p->n_ifaces)
		finding_now(f, "sudo vio bind pci:%s --owner $USER", d->p->address);
	else
		finding_now(f, "sudo vio bind pci:%s --owner $USER   (takes %s from the kernel)",
			    d->p->address, d->p->iface[0]);
	finding_good(f,
		     "sudo vio bind pci:%s --owner $USER --persist; vio doctor pci:%s --emit "
		     "udev",
		     d->p->address, d->p->address);
}

void check_cgroup_dev(struct doctor *d)
{
	char path[PATH_MAX];
	struct finding *f;
	int fd;

	if (!d->p || !driver_is_vfio(d->p->driver) ||
	    !host_path(d->h, path, sizeof(path), "/dev/vfio/vfio"))
		return;
	/* Opened and closed, it has no effect; the files of groups are for one user at a time. */
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd >= 0 || errno != EPERM) {
		if (fd >= 0)
			close(fd);
		doctor_say(d, LEVEL_OK, "no control group forbids devices of VFIO");
		return;
	}
	f = doctor_say(d, LEVEL_FAIL, "the control group of this container forbids /dev/vfio/vfio");
	finding_now(f, "docker run --device /dev/vfio/vfio --device /dev/vfio/%d ...",
		    d->p->iommu_group);
	finding_good(f, "Kubernetes: a device plug-in; systemd: DeviceAllow=/dev/vfio/vfio rw");
}

/* ---- the interface ---- */

void check_netdev_inuse(struct doctor *d)
{
	const struct vio_pci *p = d->p;
	struct net_use use;
	struct finding *f;

	if (!p)
		return;
	for (unsigned int i = 0; i < p->n_ifaces; i++) {
		if (!net_in_use(d->h, p->iface[i], &use))
			continue;
		f = doctor_say(d, LEVEL_FAIL, "%s carries: %s", p->iface[i], net_use_text(&use));
		finding_why(f, "taking %s would cut you off from this machine", p->address);
		finding_now(f, "use another device: vio list");
		finding_good(f, "give the machine a second interface: vio doctor --emit qemu");
		return;
	}
	if (p->n_ifaces)
		doctor_say(d, LEVEL_OK, "%s carries neither a default route nor your session",
			   p->iface[0]);
	else
		doctor_say(d, LEVEL_OK, "the kernel has no interface on it");
}

void check_ring_size(struct doctor *d)
{
	unsigned int rx, max;
	struct finding *f;

	if (!d->p)
		return;
	if (!d->p->n_ifaces || !host_rings(d->h, d->p->iface[0], &rx, &max)) {
		doctor_say(d, LEVEL_SKIP,
			   "told only while the kernel drives it; then vio info "
			   "tells");
		return;
	}
	if (rx >= RING_GOOD) {
		doctor_say(d, LEVEL_OK, "receive rings of %u entries", rx);
		return;
	}
	f = doctor_say(d, LEVEL_WARN, "receive rings of %u entries", rx);
	finding_why(f, "a burst that is longer than the ring is lost while nobody polls");
	if (max > rx)
		finding_now(f, "sudo ethtool -G %s rx %u", d->p->iface[0], max);
	finding_good(f, "on the host: <driver name='vhost' queues='8' rx_queue_size='1024' "
			"tx_queue_size='1024'/>   (vio doctor --emit libvirt)");
}

void check_queues(struct doctor *d)
{
	unsigned int queues;
	struct finding *f;

	if (!d->p || !d->p->n_ifaces)
		return;
	queues = host_count(d->h, "rx-", "/sys/class/net/%s/queues", d->p->iface[0]);
	if (!queues)
		return;
	if (queues >= d->queues) {
		doctor_say(d, LEVEL_OK, "%u queue pair%s", queues, queues > 1 ? "s" : "");
		return;
	}
	f = doctor_say(d, LEVEL_WARN, "%u queue pairs are asked for, the kernel uses %u", d->queues,
		       queues);
	finding_why(f, "the port gets as many as the device has, and each worker needs one");
	finding_now(f, "ethtool -l %s tells how many the device has", d->p->iface[0]);
	finding_good(f, "on the host: queues='%u'   (vio doctor --emit libvirt)", d->queues);
}

void check_numa(struct doctor *d)
{
	unsigned int nodes = host_count(d->h, "node", "/sys/devices/system/node");
	char cpus[160];
	struct finding *f;

	if (nodes <= 1) {
		doctor_say(d, LEVEL_OK, "one node");
		return;
	}
	if (!d->p) {
		doctor_say(d, LEVEL_OK, "%u nodes", nodes);
		return;
	}
	if (d->p->numa_node < 0) {
		f = doctor_say(d, LEVEL_WARN, "%u nodes, and the device's is not known", nodes);
		finding_why(f, "memory and processors of another node cost latency");
		finding_good(f,
			     "in a virtual machine: a PCI expander bridge (pxb-pcie) on the node");
		return;
	}
	host_text(d->h, cpus, sizeof(cpus), "/sys/devices/system/node/node%d/cpulist",
		  d->p->numa_node);
	doctor_say(d, LEVEL_OK, "node %d of %u: poll it from processors %s", d->p->numa_node, nodes,
		   cpus);
}
