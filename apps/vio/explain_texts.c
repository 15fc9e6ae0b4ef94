/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "manual.h"

/* What a cause and a cure in one line each do not tell. */
/* clang-format off */
static const struct {
	const char *id, *text;
} texts[] = {
	{ "VIO-ADDR-01",
	  "Every port is named by one string, KIND:REST[,OPTION=VALUE...], the same for all commands and\n"
	  "for vio_port_open(): pci: takes a PCI function over, vhost-user: reaches a process by its\n"
	  "socket, loop: is a device inside this process that needs nothing from the machine." },
	{ "VIO-MEM-02",
	  "Rings and packet buffers lie in one piece of shared memory (a memfd), all of whose pages are\n"
	  "taken when it is made, so that memory that is missing shows here and never as SIGBUS later.\n"
	  "In a container the cgroup's memory.max counts, not what `free` shows." },
	{ "VIO-MEM-03",
	  "Without page=... vio takes huge pages where enough are free, and ordinary ones where not.\n"
	  "This error comes when they were asked for by name. /proc/meminfo shows HugePages_Free; pages\n"
	  "that another process has reserved (HugePages_Rsvd) are not free. Reserved at boot they are\n"
	  "more certain: hugepages=64 on the kernel's command line." },
	{ "VIO-DEV-02",
	  "The device cleared FEATURES_OK: it offers the features singly, but not this combination. The\n"
	  "usual case is QEMU with iommu_platform=on and a backend without it. vio always takes\n"
	  "access_platform when it is offered. Leave features out one by one: NAME=off in the address." },
	{ "VIO-DEV-03",
	  "Every exchange with a device has a deadline (timeout=MS in the address, 1000 by default). A\n"
	  "backend that is stopped in a debugger, or that waits for its other socket, looks like this." },
	{ "VIO-DEV-07",
	  "Nothing that a device writes is believed: not ids, not lengths, not the order. A completion\n"
	  "that can't be right ends this queue, not the process; buffers that the device may still write\n"
	  "to stay out of the pool until the queue or the device has been reset. The counters of the queue, which `vio info`\n"
	  "and the JSON of a run show, tell which rule was broken." },
	{ "VIO-VFIO-04",
	  "Devices of one IOMMU group can reach each other without passing the IOMMU, so the kernel gives\n"
	  "a group to one owner only. Each member must be bound to vfio-pci or to no driver; `vio list`\n"
	  "shows the groups. Root ports with ACS, or another slot, make smaller groups." },
	{ "VIO-VFIO-05",
	  "/dev/vfio/N belongs to root at first. `vio bind --owner USER` gives it away until the device is\n"
	  "bound anew, a udev rule does so for good. No capability is needed then, only locked memory." },
	{ "VIO-VFIO-07",
	  "Without an IOMMU nothing keeps the device, nor a program that drives it, from reading and\n"
	  "writing any memory of the machine. In a virtual machine the host can give it a virtual one:\n"
	  "`vio doctor --emit qemu`, or libvirt. iommu=off accepts the danger; it needs root." },
	{ "VIO-DMA-01",
	  "Memory that a device reaches can't be paged out, so the kernel counts it as locked and holds\n"
	  "plain users to RLIMIT_MEMLOCK, often 8 MiB. Root is not limited. `ulimit -l` shows the limit in\n"
	  "KiB; services get theirs by LimitMEMLOCK=, logins by limits.d, containers from their runtime." },
	{ "VIO-SOCK-02",
	  "One side listens and makes the socket file, the other connects. vio connects; with ,server it\n"
	  "listens. DPDK's vhost PMD listens unless it has client=1, Open vSwitch's dpdkvhostuserclient\n"
	  "ports connect, so those want ,server here." },
	{ "VIO-SOCK-04",
	  "The file is there, but nobody listens: the process that made it has ended without removing it,\n"
	  "or both sides connect. `ss -xlp` lists who listens where." },
	{ "VIO-VU-01",
	  "Backends close the connection when they do not like what they are told, and the reason is in\n"
	  "their log only. Frequent ones: no huge pages on their side, a mode or number of queues that\n"
	  "they do not support, an old socket of theirs still in use." },
	{ "VIO-GEN-02",
	  "The device told a largest frame (MTU), and --size asks for more. Sizes count with 4 bytes of\n"
	  "FCS, as RFC 2544 does: 1518 is an MTU of 1500 with plain Ethernet." },
	{ "VIO-GEN-06",
	  "With --count there is no end in time, so a device that takes nothing would make the run last\n"
	  "for ever. It ends after some seconds, and what was measured until then is reported." },
	{ "VIO-SEARCH-02",
	  "A trial of which nothing at all comes back tells of a broken path, not of a slow device, so the\n"
	  "search ends at once. A switch may not know the destination address yet, a router may wait for\n"
	  "ARP, or the second port may be on another network." },
	{ "VIO-SEARCH-05",
	  "What the device does at a load is only known if the load was there. So a trial that the\n"
	  "generator could not send evenly, or long enough, is repeated (--retries), and then the search\n"
	  "ends. Most often the processors are shared with others: see `vio doctor`, CPU-ISOL." },
	{ "VIO-SEARCH-06",
	  "MLRsearch takes noise into account if it is told to: a load then counts as good when half of\n"
	  "the time (--exceed-ratio 50%) of several trials (--goal-duration-sum 21s) was good." },
	{ "VIO-BIND-03",
	  "The device carries the default route, or a session that you are logged in by. With the kernel's\n"
	  "driver gone the machine may be out of reach. Take another device, or a console." },
	{ "KERNEL", "The kernel's version and whether it has VFIO, which hands PCI functions to programs." },
	{ "IOMMU-GROUP",
	  "Whether an IOMMU confines the function, and which group it is in. Without one the device could\n"
	  "reach all memory. On bare metal: VT-d or AMD-Vi in the firmware and intel_iommu=on or\n"
	  "amd_iommu=on; in a guest the host must provide a virtual one." },
	{ "GROUP-VIABLE", "Whether all members of the group can be had; see VIO-VFIO-04." },
	{ "NOIOMMU", "Whether the kernel offers VFIO without an IOMMU, which is unsafe; see VIO-VFIO-07." },
	{ "NETDEV-INUSE", "Whether the kernel uses the function as a network interface that matters: the default\n"
	  "route, addresses, your own session." },
	{ "VFIO-PERM", "Whether this user may open the group's file; see VIO-VFIO-05." },
	{ "CGROUP-DEV", "Whether the container's or service's cgroup allows the device file (DeviceAllow=, --device)." },
	{ "LOCKDOWN",
	  "With Secure Boot the kernel may be locked down: no unsigned modules, no VFIO without IOMMU, no\n"
	  "raw port access. vfio-pci of the distribution is signed and works." },
	{ "DMESG-VFIO", "Lines of the kernel's log that tell why VFIO refused a device before." },
	{ "VHOST-SOCK",
	  "Whether the socket's path is short enough, exists, is a socket, may be used by this user, and\n"
	  "whether somebody listens; see VIO-SOCK-02." },
	{ "RING-SIZE",
	  "Rings of 256 hold 85 us of packets at 3 Mpps; a pause of the backend longer than that drops.\n"
	  "1024 is the most that QEMU gives: rx_queue_size=1024,tx_queue_size=1024." },
	{ "QUEUES", "Whether the device has as many queue pairs as are asked for; the rest is left out." },
	{ "MEMLOCK", "How much memory the port will lock and how much this user may; see VIO-DMA-01." },
	{ "HUGEPAGES",
	  "How many huge pages are free. 2 MB pages save the processor from looking up 512 times as many\n"
	  "translations, and a virtual IOMMU from mapping them." },
	{ "HUGETLB-CGROUP", "Whether the cgroup lets this process have huge pages (hugetlb.2MB.max)." },
	{ "NUMA", "Whether device, memory and processors are on the same node; others cost 60 to 100 ns a line." },
	{ "CPU-ISOL",
	  "Whether there are processors that the scheduler leaves alone (isolcpus=, nohz_full=, cpusets).\n"
	  "On shared ones the longest waits of a poll loop are the scheduler's, milliseconds." },
	{ "SMT-SIBLING", "Whether two processors of the process are threads of one core, which share its units." },
	{ "GOVERNOR", "Whether the clock of the processors changes with load (cpupower frequency-set -g performance)." },
	{ "TSC-INVARIANT", "Whether the time stamp counter runs evenly; rates and latency are measured with it." },
};
/* clang-format on */

const char *topic_more(const char *id)
{
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (!strcmp(id, texts[i].id))
			return texts[i].text;
	return NULL;
}

const char *topic_more_at(unsigned int i)
{
	return i < sizeof(texts) / sizeof(texts[0]) ? texts[i].id : NULL;
}
