/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_ERR_TABLE_H
#define BASE_ERR_TABLE_H

/*
 * Every error that the library can give: X(NAME, id, why, fix). The id never changes its meaning.
 * Grouped by what the user has to do with; the text of "what" stands where the error is found.
 */
#define ERR_TABLE(X) \
	/* addresses and options */ \
	X(ADDR_SCHEME, "VIO-ADDR-01", "a port's address begins with the kind of device", \
	  "write it as vhost-user:PATH or loop:echo; `vio info --help` lists the kinds") \
	X(ADDR_OPTION, "VIO-ADDR-02", "this kind of address has no such option", \
	  "`vio info --help` lists the options of each kind of address") \
	X(ADDR_VALUE, "VIO-ADDR-03", "the value is not one that the option takes", \
	  "`vio info --help` lists the options and their values") \
	X(OPTS, "VIO-ADDR-04", "an options struct or argument is malformed", \
	  "set it with VIO_OPTS() and look at the limits in the header's comment") \
	/* memory */ \
	X(NO_MEMORY, "VIO-MEM-01", "the system has no memory left for this process", \
	  "ask for fewer buffers or queues, or raise the limits (ulimit -v, cgroup memory.max)") \
	X(REGION_MAP, "VIO-MEM-02", "the shared memory could not be had", \
	  "ask for less, or free memory; see /proc/meminfo and the cgroup's memory.max") \
	X(REGION_HUGE, "VIO-MEM-03", "not enough free huge pages of the size asked for", \
	  "reserve them: hugeadm --pool-pages-min 2MB:64 (package libhugetlbfs-bin)") \
	X(REGION_FULL, "VIO-MEM-04", \
	  "rings and buffers of a port lie in one region, and it is full", \
	  "make the region larger (vio_pool_opts.ring_bytes), or the rings fewer or smaller") \
	X(REGION_NODE, "VIO-MEM-05", "the machine has no such NUMA node", \
	  "`numactl --hardware` lists the nodes") \
	X(REGION_BUSY, "VIO-MEM-06", "something still lies in the region", \
	  "close the ports and pools in it first") \
	X(POOL_BUSY, "VIO-MEM-07", "caches or ports still use the pool", \
	  "close them first: vio_port_close(), vio_cache_close()") \
	X(POOL_LEAK, "VIO-MEM-08", "the application has not given back all buffers", \
	  "every received packet must be sent or given back with vio_pkt_put()") \
	X(HUGETLBFS, "VIO-MEM-09", "the hugetlbfs folder can't be used", \
	  "mount one (hugeadm --create-mounts) or make it writable for this user") \
	/* the device */ \
	X(FEATURE_MISSING, "VIO-DEV-01", "the device does not offer a feature that was asked for", \
	  "leave the option out, or switch the feature on at the device") \
	X(FEATURE_REFUSED, "VIO-DEV-02", \
	  "the device did not accept the features that were chosen", \
	  "try with fewer: NAME=off in the address switches a feature off") \
	X(DEVICE_TIMEOUT, "VIO-DEV-03", "the device did not answer before the deadline", \
	  "see whether its process runs; timeout=MS in the address waits longer") \
	X(DEVICE_FAILED, "VIO-DEV-04", "the device reports that it has failed", \
	  "restart the device's process and open the port again") \
	X(QUEUE_COUNT, "VIO-DEV-05", "a port has 1 to 64 queue pairs", \
	  "ask for a number in that range") \
	X(QUEUE_SIZE, "VIO-DEV-06", \
	  "a split ring takes a power of two, any ring 2 to 32768 entries", \
	  "ask for such a size, not above the device's") \
	X(QUEUE_BROKEN, "VIO-DEV-07", \
	  "the device broke the rules on this queue; it is not used any more", \
	  "restart the device if that happens again; the counters tell which rule it was") \
	X(QUEUE_NONE, "VIO-DEV-08", "the device has no such queue", "ask for fewer queue pairs") \
	X(NEEDS_RESET, "VIO-DEV-09", "the device asks for a reset", \
	  "close the port and open it again; without recover=off that is not needed") \
	X(CTRL_REFUSED, "VIO-DEV-10", "the device refused a command of the control queue", \
	  "ask for less: fewer queue pairs, a smaller MAC table, another address") \
	X(BUF_SIZE, "VIO-DEV-11", "a receive buffer must hold the largest frame of the device", \
	  "take larger buffers (vio_pool_opts.buf_bytes) or let mrg_rxbuf be negotiated") \
	X(NET_HDR, "VIO-DEV-12", "the device wrote an impossible virtio-net header", \
	  "drop the packet; if it happens often, leave the guest_* offloads out") \
	X(RECOVER_REFUSED, "VIO-DEV-13", \
	  "a port goes on only with the features and rings that it was opened with", \
	  "let the device offer what it did before, or close the port and open it again") \
	X(RECOVER_BUSY, "VIO-DEV-14", \
	  "a queue can be made anew only while no thread is inside a call on it", \
	  "see why the thread does not get on: it may be stopped, or starved") \
	X(RECOVER_NONE, "VIO-DEV-15", \
	  "ports come back by themselves only where the kernel has membarrier(2)", \
	  "use a kernel from 4.14 on whose filters (seccomp) allow it, or say recover=off") \
	/* a PCI function and who owns it */ \
	X(PCI_ADDRESS, "VIO-VFIO-01", \
	  "a PCI function is named by domain, bus, device and function", \
	  "write it as pci:0000:00:04.0; `vio list` shows what there is") \
	X(PCI_NONE, "VIO-VFIO-02", "the machine has no such PCI function", \
	  "`vio list` shows what there is") \
	X(PCI_DRIVER, "VIO-VFIO-03", \
	  "only functions that are bound to vfio-pci can be taken over", \
	  "`vio bind pci:ADDRESS`, which asks first if the kernel still uses it") \
	X(PCI_GROUP, "VIO-VFIO-04", \
	  "the IOMMU can't tell the members of a group apart, so all of them must be ours", \
	  "bind the other members to vfio-pci as well, or leave them without a driver") \
	X(PCI_ACCESS, "VIO-VFIO-05", "this user may not use the device", \
	  "`vio bind pci:ADDRESS --owner USER`, or a udev rule: vio doctor --emit udev") \
	X(PCI_BUSY, "VIO-VFIO-06", "another process uses the device, or another of its group", \
	  "end that process; `fuser -v /dev/vfio/*` names it") \
	X(PCI_UNSAFE, "VIO-VFIO-07", \
	  "without an IOMMU the device can read and write all memory of this machine", \
	  "switch an IOMMU on, or accept that for this device: iommu=off in its address") \
	X(PCI_KERNEL, "VIO-VFIO-08", "the kernel refused a call that taking over a device needs", \
	  "see `dmesg`; `vio doctor` looks for the usual causes") \
	X(PCI_VFIO_NONE, "VIO-VFIO-09", "the kernel's VFIO is not there", \
	  "modprobe vfio-pci; in a container, pass /dev/vfio in") \
	X(PCI_REGISTER, "VIO-VFIO-10", "the device has no such register", \
	  "report it with the output of `lspci -vvv`") \
	X(PCI_GONE, "VIO-VFIO-11", \
	  "the device does not answer any more: unplugged, or its bus is down", \
	  "see `dmesg`; close the port") \
	X(PCI_IRQ, "VIO-VFIO-12", "the interrupt can't be had", "poll, or ask for fewer vectors") \
	/* what a device may reach */ \
	X(DMA_LIMIT, "VIO-DMA-01", \
	  "memory that a device reaches is locked, and this user may lock only so much", \
	  "raise it: ulimit -l, limits.d, or systemd's LimitMEMLOCK=; `vio doctor --emit limits`") \
	X(DMA_RANGE, "VIO-DMA-02", "the IOMMU has no free range of addresses for the region", \
	  "make the region smaller, or give the vIOMMU more address bits (aw-bits=48)") \
	X(DMA_PAGE, "VIO-DMA-03", "the IOMMU maps whole pages of its own size", \
	  "put the region into pages at least as large") \
	X(DMA_ENTRIES, "VIO-DMA-04", "the container's limit of mappings is reached", \
	  "raise vfio_iommu_type1.dma_entry_limit, or share one region between ports") \
	X(DMA_MAP, "VIO-DMA-05", "the kernel refused to let the device reach the region", \
	  "see `dmesg`") \
	X(DMA_PHYSICAL, "VIO-DMA-06", \
	  "a device without an IOMMU works with physical addresses, and only " \
	  "CAP_SYS_ADMIN may know them", \
	  "run as root, or better with an IOMMU and as plain user") \
	X(DMA_SCATTERED, "VIO-DMA-07", \
	  "a device without an IOMMU needs memory that lies in one piece", \
	  "reserve huge pages at boot (hugepagesz=1G hugepages=1), or ask for less memory; a " \
	  "program of yours: vio_port_memory()") \
	X(DMA_PAGES, "VIO-DMA-08", \
	  "ordinary pages may move at any time; the device would write where they were", \
	  "reserve huge pages: hugeadm --pool-pages-min 2MB:64 (package libhugetlbfs-bin)") \
	/* control calls */ \
	X(CTRL_NONE, "VIO-CTRL-01", "the device does not offer what the call needs", \
	  "do without, or switch the feature on at the device") \
	X(CTRL_VALUE, "VIO-CTRL-02", "an argument of a control call is out of its range", \
	  "see the call's comment in vio/port.h") \
	X(EVENT_NONE, "VIO-CTRL-03", "the port was opened without wait=on, so nothing notifies", \
	  "open it with wait=on; where that fails, poll") \
	X(RECOVERING, "VIO-CTRL-04", \
	  "its device can't be told anything until the port is up again", \
	  "call vio_port_check() until it is, and then the same again") \
	/* virtio over PCI */ \
	X(VPCI_ID, "VIO-VPCI-01", "this is no virtio network device", \
	  "give the address of one: `vio list` shows them") \
	X(VPCI_CAPS, "VIO-VPCI-02", \
	  "the device's PCI capabilities do not lead to registers that can be used", \
	  "see `lspci -vvv` for them; report it to the authors of the device") \
	X(VPCI_GONE, "VIO-VPCI-03", "the device was unplugged, or its bus is down", \
	  "close the port; open it again when the device is back") \
	X(VPCI_IOMMU, "VIO-VPCI-04", \
	  "the device would not pass its accesses through the IOMMU, and go astray", \
	  "QEMU: give the device iommu_platform=on,disable-legacy=on; or leave the IOMMU out") \
	X(VPCI_CONFIG, "VIO-VPCI-05", "the device's configuration does not hold still", \
	  "try again; report it to the authors of the device") \
	X(VPCI_LEGACY, "VIO-VPCI-06", \
	  "of devices from before VIRTIO 1.0 this driver drives the later ones: with any_layout, " \
	  "little-endian, rings below 16 TiB", \
	  "let the device offer its modern registers: disable-modern=off in QEMU") \
	/* PCI functions */ \
	X(PCI_SCAN, "VIO-SCAN-01", "sysfs can't be read", \
	  "mount it: mount -t sysfs sysfs /sys; containers need it too (read-only will do)") \
	/* vhost-user */ \
	X(SOCK_PATH, "VIO-SOCK-01", "the path of a UNIX socket has at most 107 bytes", \
	  "use a shorter path, or a symbolic link to its folder") \
	X(SOCK_NONE, "VIO-SOCK-02", "there is no such socket", \
	  "start the backend first, or let vio listen: vhost-user:PATH,server") \
	X(SOCK_ACCESS, "VIO-SOCK-03", "this user may not use the socket", \
	  "give the user rights on the socket and its folder (ls -l, chmod, setfacl)") \
	X(SOCK_REFUSED, "VIO-SOCK-04", "nobody listens on the socket: its process has gone", \
	  "start the backend; a stale socket file may be removed") \
	X(SOCK_BUSY, "VIO-SOCK-05", "the path is taken", \
	  "remove the file if no process uses it (ss -xl), or choose another path") \
	X(SOCK_FAIL, "VIO-SOCK-06", "the socket could not be set up", \
	  "see the reason; `ulimit -n` limits open files") \
	X(SOCK_TYPE, "VIO-SOCK-07", "the path leads to something that is not a stream socket", \
	  "give the path of the backend's socket; `ss -xl` lists those that are listened on") \
	X(VU_CLOSED, "VIO-VU-01", "the backend closed the connection", \
	  "look into the backend's log; a feature that it does not like can be switched off: " \
	  "NAME=off") \
	X(VU_PROTOCOL, "VIO-VU-02", "the backend's answer breaks the vhost-user protocol", \
	  "look into the backend's log; report it to its authors") \
	X(VU_REFUSED, "VIO-VU-03", "the backend refused a request", "look into the backend's log") \
	X(VU_HOLDS, "VIO-VU-05", \
	  "as long as the backend may have the memory, the port can't use it anew", \
	  "let the backend go on or end it: it may be stopped (ps, state T)") \
	X(VU_NO_PEER, "VIO-VU-04", "no backend connected before the deadline", \
	  "start the backend in client mode on this socket; timeout=MS in the address waits " \
	  "longer")

#endif
