/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FAIL_H
#define APP_FAIL_H

/* Exit codes of every command. */
enum exit_code {
	EXIT_OK = 0,
	EXIT_FAILED = 1,    /* the run did */
	EXIT_USAGE = 2,     /* the command line is wrong */
	EXIT_PREFLIGHT = 3, /* a port or something else that is needed can't be had */
	EXIT_ASSERTION = 4, /* a valid result is not what --assert wants */
	EXIT_LIMITED = 5, /* the generator did not keep what was asked for: the result is invalid */
};

/*
 * Errors of the tool itself: X(NAME, id, exit code, why, fix). Those of the library come with their
 * own text.
 */
#define FAIL_TABLE(X) \
	X(COMMAND, "VIO-CLI-01", EXIT_USAGE, "the tool has no such command", \
	  "`vio --help` lists the commands") \
	X(OPTION, "VIO-CLI-02", EXIT_USAGE, \
	  "the command has no such option, or it lacks its value", \
	  "`vio COMMAND --help` lists the options") \
	X(VALUE, "VIO-CLI-03", EXIT_USAGE, "the option does not take this value", \
	  "`vio COMMAND --help` shows what it takes") \
	X(PORTS, "VIO-CLI-04", EXIT_USAGE, "the command needs a port to work on", \
	  "name one, such as loop:echo or vhost-user:/run/vhost0.sock") \
	X(CONFLICT, "VIO-CLI-05", EXIT_USAGE, "the options contradict each other", \
	  "leave one out") \
	X(NO_PORT, "VIO-CLI-06", EXIT_PREFLIGHT, "there is no such port", \
	  "`vio list` shows what ports can be made of") \
	X(TOPIC, "VIO-CLI-07", EXIT_USAGE, "no error and no check has this id", \
	  "`vio explain` lists all of them") \
	X(FRAME, "VIO-GEN-01", EXIT_USAGE, "such frames can't be built", \
	  "choose larger sizes (--size), fewer headers (--vlan, --vxlan, --ipv6) or fewer flows " \
	  "(--flows)") \
	X(MTU, "VIO-GEN-02", EXIT_PREFLIGHT, "the port carries no frames of this size", \
	  "choose smaller sizes, or raise the MTU of the device") \
	X(CPU, "VIO-GEN-03", EXIT_PREFLIGHT, "the processors can't be used", \
	  "`taskset -p $$` shows what is allowed; --cores auto chooses from it") \
	X(MEMORY, "VIO-GEN-04", EXIT_PREFLIGHT, "the system has no memory or threads left", \
	  "ask for fewer queues or flows, or raise the limits (ulimit -a)") \
	X(FILE, "VIO-GEN-05", EXIT_PREFLIGHT, "the file can't be written", \
	  "check its folder, its rights and the free space (df)") \
	X(BUFFERS, "VIO-GEN-07", EXIT_PREFLIGHT, \
	  "receive rings and caches take them all, and none is left to send", \
	  "--buffers N takes more, size=N in the port's address makes the rings smaller") \
	X(STALLED, "VIO-GEN-06", EXIT_FAILED, \
	  "the device has not taken a packet for several seconds", \
	  "see whether its process runs and polls its queues") \
	X(LISTEN, "VIO-OUT-01", EXIT_PREFLIGHT, "the system does not let us listen there", \
	  "choose another port or path, or end the process that listens there (ss -lntpx)") \
	X(DOCUMENT, "VIO-OUT-02", EXIT_PREFLIGHT, \
	  "the file is no result of vio pktgen or vio search", "write one with -o FILE") \
	X(SEARCH_TRIAL, "VIO-SEARCH-01", EXIT_FAILED, "a port died, or nothing could be sent", \
	  "see whether the device's process runs; what was measured by then is kept") \
	X(SEARCH_SILENT, "VIO-SEARCH-02", EXIT_FAILED, \
	  "the device under test drops everything, or sends it elsewhere", \
	  "check the path with `vio pktgen -r 1kpps -t 1s`, and addresses (--dst-mac, --dst-ip)") \
	X(SEARCH_TIME, "VIO-SEARCH-03", EXIT_FAILED, "the search has not come to its end in time", \
	  "--time-limit TIME allows more, shorter trials (--trial) or a larger --width need less") \
	X(SEARCH_CMD, "VIO-SEARCH-04", EXIT_FAILED, "it ended with a code other than 0", \
	  "run it by hand; --pre-trial-cmd gives it 30 seconds") \
	X(SEARCH_LIMITED, "VIO-SEARCH-05", EXIT_LIMITED, \
	  "the generator did not reach the load, so nothing is known of the device there", \
	  "lower --max-rate, give it free processors (--cores), raise --retries or " \
	  "--rate-tolerance,\n" \
	  "or --on-generator-limited stop takes it for the end of the search") \
	X(SEARCH_ENDLESS, "VIO-SEARCH-06", EXIT_FAILED, \
	  "the device behaves so differently each time that bounds do not settle", \
	  "allow for it: --goal-duration-sum TIME and --exceed-ratio 50%") \
	X(PROFILE, "VIO-PROF-01", EXIT_USAGE, "the profile can't be understood", \
	  "docs/pktgen.md shows a profile, `vio pktgen --help` tells what values look like") \
	X(PCAP, "VIO-PCAP-01", EXIT_PREFLIGHT, "the file is no capture that can be replayed", \
	  "see what it is: file FILE, capinfos FILE; what is cut off at the end, editcap drops: " \
	  "editcap OLD NEW") \
	X(BIND_NONE, "VIO-BIND-01", EXIT_PREFLIGHT, "the machine has no such PCI function", \
	  "`vio list --all` shows those that there are") \
	X(BIND_RIGHTS, "VIO-BIND-02", EXIT_PREFLIGHT, "only root may change drivers of devices", \
	  "run it with sudo; in a container, on the host") \
	X(BIND_NET, "VIO-BIND-03", EXIT_PREFLIGHT, \
	  "taking the device would cut you off from this machine", \
	  "use another device, or --force if you are sure") \
	X(BIND_IOMMU, "VIO-BIND-04", EXIT_PREFLIGHT, \
	  "no IOMMU confines what the device can reach", \
	  "switch it on: intel_iommu=on on the kernel's command line, VT-d or AMD-Vi in the " \
	  "firmware\n" \
	  "in a virtual machine: give it one (vio doctor --emit qemu, or libvirt)\n" \
	  "or do without, which is unsafe: vio bind --noiommu") \
	X(BIND_GROUP, "VIO-BIND-05", EXIT_PREFLIGHT, \
	  "devices of one IOMMU group can reach each other, so all of them are needed or none", \
	  "bind the others too") \
	X(BIND_MODULE, "VIO-BIND-06", EXIT_PREFLIGHT, "the kernel has no such driver", \
	  "install the kernel's modules (linux-image-$(uname -r), not a cloud image without " \
	  "VFIO)") \
	X(BIND_BUSY, "VIO-BIND-07", EXIT_PREFLIGHT, "a process uses the device", \
	  "end the process first") \
	X(BIND_REFUSED, "VIO-BIND-08", EXIT_PREFLIGHT, "the driver did not take the device", \
	  "the kernel's log may tell why: dmesg | tail") \
	X(BIND_NODE, "VIO-BIND-09", EXIT_PREFLIGHT, "the device's file could not be given away", \
	  "see whether udev runs: udevadm settle; ls -l /dev/vfio") \
	X(BIND_STUCK, "VIO-BIND-10", EXIT_FAILED, "the driver of before did not take it back", \
	  "the kernel's log may tell why: dmesg | tail") \
	X(BIND_KERNEL, "VIO-BIND-11", EXIT_PREFLIGHT, "no driver of the kernel takes the device", \
	  "load its module (modprobe virtio_pci), or name the driver: vio unbind --driver NAME") \
	X(BIND_NO_NOIOMMU, "VIO-BIND-12", EXIT_PREFLIGHT, \
	  "this kernel's VFIO was built without CONFIG_VFIO_NOIOMMU", \
	  "vio bind --driver uio_pci_generic does the same, without MSI") \
	X(CONTROL, "VIO-CAP-01", EXIT_PREFLIGHT, "the control socket can't be made", \
	  "choose a path in a folder of yours, of at most 107 bytes, at which nobody listens") \
	X(ATTACH, "VIO-CAP-02", EXIT_PREFLIGHT, "no vio that captures listens there", \
	  "start one: vio pktgen ... --control SOCKET, or vio fwd")

enum fail {
#define X(name, id, code, why, fix) FAIL_##name,
	FAIL_TABLE(X)
#undef X
		FAILS
};

/**
 * fail - report an error on stderr
 * @why: replaces the general reason; NULL or "": that is printed
 * @what: one line that names the thing and the numbers
 *
 * Return: the exit code.
 */
int fail(enum fail f, const char *why, const char *what, ...) __attribute__((format(printf, 3, 4)));

/* The parts of an entry. */
const char *fail_id(enum fail f);
const char *fail_why(enum fail f);
const char *fail_fix(enum fail f);
enum exit_code fail_code(enum fail f);

/* The same for the last error of the library. Return: EXIT_PREFLIGHT. */
int fail_library(void);

#endif
