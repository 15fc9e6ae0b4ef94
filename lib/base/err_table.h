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
	  "restart the device, then close and open the port; the counters tell which rule") \
	X(QUEUE_NONE, "VIO-DEV-08", "the device has no such queue", "ask for fewer queue pairs") \
	X(NEEDS_RESET, "VIO-DEV-09", "the device asks for a reset", \
	  "close the port and open it again") \
	X(CTRL_REFUSED, "VIO-DEV-10", "the device refused a command of the control queue", \
	  "ask for fewer queue pairs") \
	X(BUF_SIZE, "VIO-DEV-11", "a receive buffer must hold the largest frame of the device", \
	  "take larger buffers (vio_pool_opts.buf_bytes) or let mrg_rxbuf be negotiated") \
	X(NET_HDR, "VIO-DEV-12", "the device wrote an impossible virtio-net header", \
	  "drop the packet; if it happens often, leave the guest_* offloads out") \
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
	X(VU_NO_PEER, "VIO-VU-04", "no backend connected before the deadline", \
	  "start the backend in client mode on this socket; timeout=MS in the address waits " \
	  "longer")

#endif
