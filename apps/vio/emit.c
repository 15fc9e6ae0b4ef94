/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "doctor.h"

#define ADDRESS_EXAMPLE "0000:00:04.0"

static const char *address_of(const struct doctor *d)
{
	return d->p ? d->p->address : ADDRESS_EXAMPLE;
}

/* What may be locked: what is needed, and room to grow. */
static uint64_t lock_mib(const struct doctor *d)
{
	uint64_t mib = 2 * (d->need >> 20);

	return mib < 256 ? 256 : mib;
}

static void emit_qemu(const struct doctor *d)
{
	printf("# a guest with a virtual IOMMU (and intel_iommu=on on its kernel's command line), "
	       "an\n"
	       "# interface to reach it, and a network device to drive with vio\n"
	       "-machine q35,kernel-irqchip=split \\\n"
	       "-device intel-iommu,intremap=on,device-iotlb=on,aw-bits=48 \\\n"
	       "-object memory-backend-memfd,id=mem,size=4G,share=on -m 4G -numa node,memdev=mem "
	       "\\\n"
	       "-netdev user,id=mgmt -device virtio-net-pci,netdev=mgmt \\\n"
	       "-device pcie-root-port,id=rp1,chassis=1,slot=1 \\\n"
	       "-chardev socket,id=c0,path=/run/vhost0.sock \\\n"
	       "-netdev vhost-user,id=net0,chardev=c0,queues=%u \\\n"
	       "-device virtio-net-pci,bus=rp1,netdev=net0,mq=on,vectors=%u,rx_queue_size=1024,"
	       "tx_queue_size=1024,iommu_platform=on,ats=on,disable-legacy=on\n",
	       d->queues, 2 * d->queues + 2);
}

static void emit_libvirt(const struct doctor *d)
{
	printf("<!-- virsh edit: into <features>, the first line; the rest into <devices> -->\n"
	       "<ioapic driver='qemu'/>\n"
	       "<iommu model='intel'>\n"
	       "  <driver intremap='on' caching_mode='on' iotlb='on' aw_bits='48'/>\n"
	       "</iommu>\n"
	       "<interface type='vhostuser'>\n"
	       "  <source type='unix' path='/run/vhost0.sock' mode='client'/>\n"
	       "  <model type='virtio'/>\n"
	       "  <driver name='vhost' queues='%u' rx_queue_size='1024' tx_queue_size='1024' "
	       "iommu='on' ats='on'/>\n"
	       "</interface>\n"
	       "<!-- shared memory for vhost-user, below <domain> -->\n"
	       "<memoryBacking>\n"
	       "  <source type='memfd'/>\n"
	       "  <access mode='shared'/>\n"
	       "</memoryBacking>\n",
	       d->queues);
}

static void emit_udev(const struct doctor *d)
{
	printf("# /etc/udev/rules.d/90-vio.rules; then: udevadm control --reload\n"
	       "# members of the group vio may use the device (groupadd --system vio)\n"
	       "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
	       "ATTR{driver_override}=\"vfio-pci\"\n",
	       address_of(d));
	if (d->p && d->p->iommu_group >= 0)
		printf("SUBSYSTEM==\"vfio\", KERNEL==\"%s%d\", GROUP=\"vio\", MODE=\"0660\"\n",
		       d->p->noiommu ? "noiommu-" : "", d->p->iommu_group);
	else
		printf("SUBSYSTEM==\"vfio\", KERNEL==\"[0-9]*\", GROUP=\"vio\", MODE=\"0660\"\n");
	printf("# and the module at each start: echo vfio-pci > /etc/modules-load.d/vio.conf\n");
}

static void emit_systemd(const struct doctor *d)
{
	char bind[64] = "", unbind[64] = "";

	if (d->kind != DOCTOR_SOCKET) {
		snprintf(bind, sizeof(bind), "ExecStartPre=+vio bind pci:%s --owner vio:vio\n",
			 address_of(d));
		snprintf(unbind, sizeof(unbind), "ExecStopPost=+vio unbind pci:%s\n",
			 address_of(d));
	}
	printf("# /etc/systemd/system/vio-app.service\n"
	       "[Unit]\n"
	       "Description=Packet processing with vio\n"
	       "After=network.target\n"
	       "\n"
	       "[Service]\n"
	       "User=vio\n"
	       "Group=vio\n"
	       "%s"
	       "ExecStart=/usr/local/bin/vio fwd %s\n"
	       "%s"
	       "LimitMEMLOCK=%" PRIu64 "M\n"
	       "DevicePolicy=closed\n"
	       "DeviceAllow=/dev/vfio/vfio rw\n"
	       "DeviceAllow=char-vfio rw\n"
	       "NoNewPrivileges=yes\n"
	       "CapabilityBoundingSet=\n"
	       "RuntimeDirectory=vio\n"
	       "\n"
	       "[Install]\n"
	       "WantedBy=multi-user.target\n",
	       bind, d->port ? d->port : "pci:" ADDRESS_EXAMPLE, unbind, lock_mib(d));
}

static void emit_limits(const struct doctor *d)
{
	uint64_t kib = lock_mib(d) * 1024;

	printf("# /etc/security/limits.d/vio.conf: for members of the group vio, from the next "
	       "login\n"
	       "@vio soft memlock %" PRIu64 "\n"
	       "@vio hard memlock %" PRIu64 "\n",
	       kib, kib);
}

static const struct {
	const char *name;
	void (*fn)(const struct doctor *d);
} table[] = {
	{ "qemu", emit_qemu },       { "libvirt", emit_libvirt }, { "udev", emit_udev },
	{ "systemd", emit_systemd }, { "limits", emit_limits },
};

#define N_EMIT (sizeof(table) / sizeof(table[0]))

bool emit_known(const char *what)
{
	for (size_t i = 0; i < N_EMIT; i++)
		if (!strcmp(what, table[i].name))
			return true;
	return false;
}

const char *emit_list(void)
{
	return "qemu, libvirt, udev, systemd, limits";
}

void emit(const char *what, const struct doctor *d)
{
	for (size_t i = 0; i < N_EMIT; i++)
		if (!strcmp(what, table[i].name))
			table[i].fn(d);
}
