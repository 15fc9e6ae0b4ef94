/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../../apps/vio/doctor.h"

#include <stdio.h>
#include <string.h>

#include "../../cases.h"
#include "../fake_tree.h"
#include "fake_host.h"

#define A          "0000:00:04.0"
#define PORT       "pci:" A
#define DEV        "sys/bus/pci/devices/" A "/"
#define MODE       "sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
#define NODE(n)    "sys/devices/system/node/node" n "/"
#define TWO_MB     "hugepages/hugepages-2048kB/"
#define GIB        "hugepages/hugepages-1048576kB/"
#define CPU        "sys/devices/system/cpu/"
#define LIMIT(n)   "Limit Soft Hard Units\nMax locked memory         " n "  unlimited  bytes\n"
#define UNIX(path) "0000000000000000: 00000002 00000000 00010000 0001 01 4711 " path "\n"
#define RELEASE \
	{ \
		"proc/sys/kernel/osrelease", "6.1.0-28\n" \
	}

#define MORE_MAX 8

/* What the check @id says of a machine. With @driver the machine has a device A. */
static const struct check_case {
	const char *what, *id, *port;
	const char *driver;
	int group; /* 0: none */
	struct tree_entry more[MORE_MAX];
	enum level level;
	const char *text; /* somewhere in the finding */
} check_cases[] = {
	/* clang-format off */
	{ "vfio-pci is loaded", "KERNEL", PORT, "vfio-pci", 4, { RELEASE },
	  LEVEL_OK, "6.1.0-28, vfio-pci, iommufd=no" },
	{ "iommufd is there", "KERNEL", PORT, "vfio-pci", 4, { RELEASE, { "dev/iommu", "" } },
	  LEVEL_OK, "iommufd=yes" },
	{ "UIO serves", "KERNEL", PORT, "uio_pci_generic", 0, { RELEASE },
	  LEVEL_OK, "6.1.0-28, uio_pci_generic" },
	{ "vfio-pci could be loaded", "KERNEL", PORT, "virtio-pci", 4,
	  { RELEASE, { "lib/modules/6.1.0-28/modules.dep",
		       "kernel/drivers/vfio/vfio.ko:\nkernel/drivers/vfio/pci/vfio-pci.ko: x\n" } },
	  LEVEL_WARN, "modprobe vfio-pci" },
	{ "there is no vfio-pci", "KERNEL", PORT, "virtio-pci", 4,
	  { RELEASE, { "lib/modules/6.1.0-28/modules.dep", "kernel/vfio-pci-core.ko:\n" } },
	  LEVEL_FAIL, "has no vfio-pci" },
	{ "there is no vfio-pci, and no port", "KERNEL", NULL, NULL, 0, { RELEASE },
	  LEVEL_WARN, "has no vfio-pci" },

	{ "a group", "IOMMU-GROUP", PORT, "vfio-pci", 4, { { 0 } }, LEVEL_OK, "group 4" },
	{ "no group", "IOMMU-GROUP", PORT, "virtio-pci", 0, { { 0 } },
	  LEVEL_FAIL, "sudo vio bind " PORT " --noiommu" },
	{ "no group, and UIO", "IOMMU-GROUP", PORT, "uio_pci_generic", 0, { { 0 } },
	  LEVEL_WARN, "iommu=off" },
	{ "VFIO without an IOMMU", "IOMMU-GROUP", PORT, "vfio-pci", 4,
	  { { "sys/kernel/iommu_groups/4/name", "vfio-noiommu\n" } }, LEVEL_WARN, "iommu=off" },
	{ "a machine with groups", "IOMMU-GROUP", NULL, NULL, 0,
	  { { "sys/kernel/iommu_groups/0", "/" }, { "sys/kernel/iommu_groups/1", "/" } },
	  LEVEL_OK, "2 IOMMU groups" },
	{ "a machine without groups", "IOMMU-GROUP", NULL, NULL, 0, { { 0 } },
	  LEVEL_WARN, "--emit qemu" },

	{ "alone in its group", "GROUP-VIABLE", PORT, "vfio-pci", 4, { { 0 } },
	  LEVEL_OK, "the only one" },
	{ "another of the group is the kernel's", "GROUP-VIABLE", PORT, "vfio-pci", 4,
	  { { "sys/bus/pci/devices/0000:00:05.0/iommu_group", "-> ../4" },
	    { "sys/bus/pci/devices/0000:00:05.0/driver", "-> ../e1000" } },
	  LEVEL_FAIL, "sudo vio bind " PORT " pci:0000:00:05.0" },
	{ "another of the group has no driver", "GROUP-VIABLE", PORT, "vfio-pci", 4,
	  { { "sys/bus/pci/devices/0000:00:05.0/iommu_group", "-> ../4" } },
	  LEVEL_OK, "no other of the group is in use" },

	{ "no-IOMMU mode is not there", "NOIOMMU", NULL, NULL, 0, { { 0 } }, LEVEL_OK, "off" },
	{ "no-IOMMU mode is off", "NOIOMMU", NULL, NULL, 0, { { MODE, "N\n" } }, LEVEL_OK, "off" },
	{ "no-IOMMU mode is on", "NOIOMMU", NULL, NULL, 0, { { MODE, "Y\n" } },
	  LEVEL_WARN, "echo N" },

	{ "no interface", "NETDEV-INUSE", PORT, "vfio-pci", 4, { { 0 } }, LEVEL_OK, "no interface" },
	{ "an interface that carries nothing", "NETDEV-INUSE", PORT, "virtio-pci", 4,
	  { { DEV "virtio0/net/eth4", "/" }, { "proc/net/route", DEFAULT_ROUTE("eth0") } },
	  LEVEL_OK, "eth4 carries neither" },
	{ "an interface with the default route", "NETDEV-INUSE", PORT, "virtio-pci", 4,
	  { { DEV "virtio0/net/eth4", "/" }, { "proc/net/route", DEFAULT_ROUTE("eth4") } },
	  LEVEL_FAIL, "eth4 carries: default route" },

	{ "the file may be opened", "VFIO-PERM", PORT, "vfio-pci", 4, { { "dev/vfio/4", "" } },
	  LEVEL_OK, "/dev/vfio/4" },
	{ "the file is missing", "VFIO-PERM", PORT, "vfio-pci", 4, { { 0 } },
	  LEVEL_FAIL, "/dev/vfio/4 is missing" },
	{ "the kernel drives it", "VFIO-PERM", PORT, "virtio-pci", 4,
	  { { DEV "virtio0/net/eth4", "/" } }, LEVEL_FAIL, "(takes eth4 from the kernel)" },
	{ "nobody drives it", "VFIO-PERM", PORT, NULL, 4, { { 0 } }, LEVEL_FAIL, "no driver" },

	{ "no lockdown", "LOCKDOWN", NULL, NULL, 0, { { 0 } }, LEVEL_OK, "none" },
	{ "lockdown is possible", "LOCKDOWN", NULL, NULL, 0,
	  { { "sys/kernel/security/lockdown", "[none] integrity confidentiality\n" } },
	  LEVEL_OK, "none" },
	{ "lockdown leaves VFIO alone", "LOCKDOWN", PORT, "vfio-pci", 4,
	  { { "sys/kernel/security/lockdown", "none [integrity] confidentiality\n" } },
	  LEVEL_OK, "[integrity]" },
	{ "lockdown forbids UIO", "LOCKDOWN", PORT, "uio_pci_generic", 0,
	  { { "sys/kernel/security/lockdown", "none [integrity] confidentiality\n" } },
	  LEVEL_FAIL, "Secure Boot" },

	{ "no log", "DMESG-VFIO", NULL, NULL, 0, { { 0 } }, LEVEL_SKIP, "may not read" },
	{ "nothing in the log", "DMESG-VFIO", NULL, NULL, 0,
	  { { "dev/kmsg", "6,1,2,-;VFIO - User Level meta-driver version: 0.3\n" } },
	  LEVEL_OK, "nothing" },
	{ "reserved memory in the log", "DMESG-VFIO", NULL, NULL, 0,
	  { { "dev/kmsg", "4,1,2,-;vfio-pci 0000:00:04.0: Device is ineligible for IOMMU domain "
			  "attach due to platform RMRR requirement.\n" } },
	  LEVEL_WARN, "RMRR" },
	{ "a fault in the log", "DMESG-VFIO", NULL, NULL, 0,
	  { { "dev/kmsg", "3,1,2,-;DMAR: [DMA Read NO_PASID] Request device [00:04.0] fault addr "
			  "0x1000\n" } },
	  LEVEL_WARN, "was not mapped" },

	{ "a backend listens", "VHOST-SOCK", "vhost-user:/run/v.sock", NULL, 0,
	  { { "run/v.sock", "" }, { "proc/net/unix", UNIX("/run/v.sock") },
	    { "proc/9/fd/3", "-> socket:[4711]" }, { "proc/9/comm", "testpmd\n" } },
	  LEVEL_OK, "process 9 (testpmd) listens" },
	{ "a backend of somebody else listens", "VHOST-SOCK", "vhost-user:/run/v.sock", NULL, 0,
	  { { "run/v.sock", "" }, { "proc/net/unix", UNIX("/run/v.sock") } },
	  LEVEL_OK, "somebody listens" },
	{ "nobody listens", "VHOST-SOCK", "vhost-user:/run/v.sock", NULL, 0,
	  { { "run/v.sock", "" }, { "proc/net/unix", UNIX("/run/v.sock2") } },
	  LEVEL_FAIL, "nobody listens on /run/v.sock" },
	{ "no socket", "VHOST-SOCK", "vhost-user:/run/v.sock,queues=2", NULL, 0, { { 0 } },
	  LEVEL_FAIL, "there is no /run/v.sock" },
	{ "a path that is too long", "VHOST-SOCK",
	  "vhost-user:/run/0123456789012345678901234567890123456789012345678901234567890123456789"
	  "012345678901234567890123456789.sock", NULL, 0, { { 0 } },
	  LEVEL_FAIL, "the path has 110 bytes, 107 is the limit" },
	{ "we listen", "VHOST-SOCK", "vhost-user:/run/v.sock,server", NULL, 0, { { "run", "/" } },
	  LEVEL_OK, "vio can listen" },
	{ "we listen where something is", "VHOST-SOCK", "vhost-user:/run/v.sock,server", NULL, 0,
	  { { "run/v.sock", "" } }, LEVEL_WARN, "is there already" },
	{ "we listen in a folder that is not there", "VHOST-SOCK",
	  "vhost-user:/run/vio/v.sock,server", NULL, 0, { { "run", "/" } },
	  LEVEL_FAIL, "install -d" },

	{ "rings are not told", "RING-SIZE", PORT, "vfio-pci", 4, { { 0 } }, LEVEL_SKIP, "vio info" },
	{ "enough queues", "QUEUES", PORT ",queues=2", "virtio-pci", 4,
	  { { DEV "virtio0/net/eth4", "/" }, { "sys/class/net/eth4/queues/rx-0", "/" },
	    { "sys/class/net/eth4/queues/rx-1", "/" }, { "sys/class/net/eth4/queues/tx-0", "/" } },
	  LEVEL_OK, "2 queue pairs" },
	{ "too few queues", "QUEUES", PORT ",packed=on,queues=4", "virtio-pci", 4,
	  { { DEV "virtio0/net/eth4", "/" }, { "sys/class/net/eth4/queues/rx-0", "/" } },
	  LEVEL_WARN, "queues='4'" },

	{ "memory may be locked without limit", "MEMLOCK", PORT, "vfio-pci", 4,
	  { { "proc/self/limits", LIMIT("unlimited") } }, LEVEL_OK, "no limit" },
	{ "enough memory may be locked", "MEMLOCK", PORT, "vfio-pci", 4,
	  { { "proc/self/limits", LIMIT("25165824") } }, LEVEL_OK, "24 MiB may be locked" },
	{ "too little memory may be locked", "MEMLOCK", PORT, "vfio-pci", 4,
	  { { "proc/self/limits", LIMIT("8388608") } },
	  LEVEL_FAIL, "sudo prlimit --pid $$ --memlock=268435456" },
	{ "too little memory for so many queues", "MEMLOCK", PORT ",queues=64", "vfio-pci", 4,
	  { { "proc/self/limits", LIMIT("268435456") } },
	  LEVEL_FAIL, "sudo prlimit --pid $$ --memlock=1082130432" },
	{ "too little memory, and no port", "MEMLOCK", NULL, NULL, 0,
	  { { "proc/self/limits", LIMIT("65536") } }, LEVEL_WARN, "the limit is 64 KiB" },
	{ "root may lock", "MEMLOCK", PORT, "vfio-pci", 4,
	  { { "proc/self/limits", LIMIT("65536") },
	    { "proc/self/status", "Name:\tvio\nCapEff:\t0000000000004000\n" } },
	  LEVEL_OK, "CAP_IPC_LOCK" },
	{ "another capability does not help", "MEMLOCK", PORT, "vfio-pci", 4,
	  { { "proc/self/limits", LIMIT("65536") },
	    { "proc/self/status", "Name:\tvio\nCapEff:\t000001ffffffbfff\n" } },
	  LEVEL_FAIL, "64 KiB" },
	{ "limits are not told", "MEMLOCK", PORT, "vfio-pci", 4, { { 0 } }, LEVEL_SKIP, "limits" },

	{ "enough huge pages", "HUGEPAGES", NULL, NULL, 0,
	  { { NODE("0") TWO_MB "nr_hugepages", "64\n" }, { NODE("0") TWO_MB "free_hugepages", "12\n" } },
	  LEVEL_OK, "node 0: 2 MiB: 12 of 64 free" },
	{ "one large page is enough", "HUGEPAGES", NULL, NULL, 0,
	  { { NODE("0") TWO_MB "nr_hugepages", "0\n" }, { NODE("0") GIB "nr_hugepages", "1\n" },
	    { NODE("0") GIB "free_hugepages", "1\n" } },
	  LEVEL_OK, "node 0: 2 MiB: 0 of 0 free, 1 GiB: 1 of 1 free" },
	{ "too few huge pages", "HUGEPAGES", NULL, NULL, 0,
	  { { NODE("0") TWO_MB "nr_hugepages", "64\n" }, { NODE("0") TWO_MB "free_hugepages", "11\n" } },
	  LEVEL_WARN, "sudo hugeadm --pool-pages-min 2MB:+12" },
	{ "huge pages on the wrong node", "HUGEPAGES", PORT, "vfio-pci", 4,
	  { { DEV "numa_node", "1\n" },
	    { NODE("1") TWO_MB "nr_hugepages", "0\n" } },
	  LEVEL_WARN, "numactl -m 1 hugeadm --obey-mempolicy --pool-pages-min 2MB:+12" },
	{ "without an IOMMU huge pages must be", "HUGEPAGES", PORT, "uio_pci_generic", 0,
	  { { NODE("0") TWO_MB "nr_hugepages", "0\n" } }, LEVEL_FAIL, "in one piece" },
	{ "no nodes", "HUGEPAGES", NULL, NULL, 0, { { 0 } }, LEVEL_SKIP, "nothing" },

	{ "no control group", "HUGETLB-CGROUP", NULL, NULL, 0, { { 0 } }, LEVEL_OK, "no limit" },
	{ "a control group without a limit", "HUGETLB-CGROUP", NULL, NULL, 0,
	  { { "proc/self/cgroup", "0::/a/b\n" }, { "sys/fs/cgroup/a/b/hugetlb.2MB.max", "max\n" } },
	  LEVEL_OK, "no limit" },
	{ "a limit of the group above", "HUGETLB-CGROUP", NULL, NULL, 0,
	  { { "proc/self/cgroup", "0::/a/b\n" }, { "sys/fs/cgroup/a/b/hugetlb.2MB.max", "8388608\n" },
	    { "sys/fs/cgroup/a/hugetlb.2MB.max", "4194304\n" } },
	  LEVEL_WARN, "echo max | sudo tee /sys/fs/cgroup/a/hugetlb.2MB.max" },

	{ "one node", "NUMA", PORT, "vfio-pci", 4, { { NODE("0") "x", "" } }, LEVEL_OK, "one node" },
	{ "the device's node", "NUMA", PORT, "vfio-pci", 4,
	  { { NODE("0") "x", "" }, { NODE("1") "cpulist", "4-7\n" }, { DEV "numa_node", "1\n" } },
	  LEVEL_OK, "node 1 of 2: poll it from processors 4-7" },
	{ "a node that is not known", "NUMA", PORT, "vfio-pci", 4,
	  { { NODE("0") "x", "" }, { NODE("1") "x", "" } }, LEVEL_WARN, "pxb-pcie" },

	{ "isolated processors", "CPU-ISOL", NULL, NULL, 0, { { CPU "isolated", "2-5\n" } },
	  LEVEL_OK, "2-5" },
	{ "no isolated processors", "CPU-ISOL", NULL, NULL, 0, { { CPU "isolated", "\n" } },
	  LEVEL_WARN, "isolcpus=" },
	{ "no siblings", "SMT-SIBLING", NULL, NULL, 0, { { CPU "smt/active", "0\n" } },
	  LEVEL_OK, "alone" },
	{ "siblings", "SMT-SIBLING", NULL, NULL, 0,
	  { { CPU "smt/active", "1\n" }, { CPU "cpu0/topology/thread_siblings_list", "0,4\n" } },
	  LEVEL_WARN, "0,4" },
	{ "no governor", "GOVERNOR", NULL, NULL, 0, { { 0 } }, LEVEL_OK, "does not scale" },
	{ "a good governor", "GOVERNOR", NULL, NULL, 0,
	  { { CPU "cpufreq/policy0/scaling_governor", "performance\n" } }, LEVEL_OK, "performance" },
	{ "a slow governor", "GOVERNOR", NULL, NULL, 0,
	  { { CPU "cpufreq/policy0/scaling_governor", "performance\n" },
	    { CPU "cpufreq/policy1/scaling_governor", "powersave\n" } },
	  LEVEL_WARN, "1 of 2 clocks are governed by powersave" },
	{ "an invariant TSC", "TSC-INVARIANT", NULL, NULL, 0,
	  { { "proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu constant_tsc nonstop_tsc\n" } },
	  LEVEL_OK, "invariant" },
	{ "a TSC that sleeps", "TSC-INVARIANT", NULL, NULL, 0,
	  { { "proc/cpuinfo", "flags\t\t: fpu constant_tsc\n" } }, LEVEL_WARN, "invtsc" },
	{ "no TSC", "TSC-INVARIANT", NULL, NULL, 0, { { "proc/cpuinfo", "Features\t: fp\n" } },
	  LEVEL_OK, "another counter" },
	/* clang-format on */
};

/* The same for a user who may open nothing. */
static const struct check_case nobody_cases[] = {
	/* clang-format off */
	{ "the file may not be opened", "VFIO-PERM", PORT, "vfio-pci", 4, { { "dev/vfio/4", "" } },
	  LEVEL_FAIL, "sudo vio bind " PORT " --owner $USER" },
	{ "a socket of another user", "VHOST-SOCK", "vhost-user:/run/v.sock", NULL, 0,
	  { { "run/v.sock", "" } }, LEVEL_FAIL, "setfacl" },
	/* clang-format on */
};

static bool has_text(const struct finding *f, const char *text)
{
	return strstr(f->what, text) || strstr(f->why, text) || strstr(f->now, text) ||
	       strstr(f->good, text);
}

static void build(const struct check_case *c)
{
	if (c->port && !strncmp(c->port, "pci:", 4))
		tree_pci(A, 0x1af4, 0x1041, c->driver);
	if (c->group)
		tree_pci_group(A, c->group);
	tree_add(c->more);
}

static void say(const struct check_case *c, bool nobody)
{
	static struct doctor d;
	struct host h = { 0 };
	struct why why;

	build(c);
	fake_host(&h, nobody);
	assert_true(doctor_open(&d, &h, c->port, &why));
	doctor_run(&d, c->id);
	assert_int_equal(d.n, 1);
	if (d.found[0].level != c->level || !has_text(&d.found[0], c->text))
		print_message("# level %d: %s\n# %s\n# %s\n# %s\n", d.found[0].level,
			      d.found[0].what, d.found[0].why, d.found[0].now, d.found[0].good);
	assert_string_equal(d.found[0].id, c->id);
	assert_int_equal(d.found[0].level, c->level);
	assert_true(has_text(&d.found[0], c->text));
	/* What is in the way comes with a way out. */
	if (c->level == LEVEL_FAIL && strcmp(c->id, "VFIO-PERM"))
		assert_true(d.found[0].now[0] != '\0');
	doctor_close(&d);
}

static void says(void **state)
{
	say(*state, false);
}

static void says_to_nobody(void **state)
{
	say(*state, true);
}

static const struct port_case {
	const char *what, *port;
	bool ok;
	enum doctor_kind kind;
	unsigned int queues;
	bool server;
} port_cases[] = {
	{ "no port", NULL, true, DOCTOR_MACHINE, 1, false },
	{ "a function", "pci:" A, true, DOCTOR_PCI, 1, false },
	{ "a function with options", "pci:" A ",iommu=off,queues=4,size=64", true, DOCTOR_PCI, 4,
	  false },
	{ "a socket", "vhost-user:/run/v,server,queues=2", true, DOCTOR_SOCKET, 2, true },
	{ "another kind", "loop:echo", true, DOCTOR_OTHER, 1, false },
	{ "a function that is not there", "pci:0000:00:05.0", false, 0, 0, false },
	{ "no kind", "eth0", false, 0, 0, false },
	{ "no path", "pci:", false, 0, 0, false },
	{ "queues that are no number", "loop:echo,queues=many", false, 0, 0, false },
	{ "queues out of range", "loop:echo,queues=65", false, 0, 0, false },
	{ "queues with a very long number", "loop:echo,queues=000000000000000000000001", false, 0,
	  0, false },
};

static void reads_port(void **state)
{
	const struct port_case *c = *state;
	static struct doctor d;
	struct host h = { 0 };
	struct why why = { "" };

	tree_pci(A, 0x1af4, 0x1041, NULL);
	fake_host(&h, false);
	assert_int_equal(doctor_open(&d, &h, c->port, &why), c->ok);
	if (!c->ok) {
		assert_true(why.text[0] != '\0');
		return;
	}
	assert_int_equal(d.kind, c->kind);
	assert_int_equal(d.queues, c->queues);
	assert_int_equal(d.server, c->server);
	doctor_close(&d);
}

/* More findings than there is room for. */
static void many(void **state)
{
	static struct doctor d;

	(void)state;
	d = (struct doctor){ .id = "X" };
	for (int i = 0; i < 3 * FINDINGS_MAX; i++)
		doctor_say(&d, LEVEL_WARN, "%d", i);
	assert_int_equal(d.n, FINDINGS_MAX);
	assert_string_equal(d.found[FINDINGS_MAX - 1].what, "191");
	assert_int_equal(doctor_count(&d, LEVEL_WARN), FINDINGS_MAX);
}

static void several_nodes(void **state)
{
	static struct doctor d;
	struct host h = { 0 };
	struct why why;

	(void)state;
	tree_pci(A, 0x1af4, 0x1041, NULL);
	tree_pci_put(A, "numa_node", "1\n");
	tree_put(NODE("0") TWO_MB "nr_hugepages", "0\n");
	tree_put(NODE("1") TWO_MB "nr_hugepages", "3\n");
	tree_put(NODE("1") TWO_MB "free_hugepages", "3\n");
	tree_put(NODE("10") TWO_MB "nr_hugepages", "0\n");
	fake_host(&h, false);
	assert_true(doctor_open(&d, &h, PORT, &why));
	doctor_run(&d, "HUGEPAGES");
	assert_int_equal(d.n, 3);
	assert_int_equal(doctor_count(&d, LEVEL_WARN), 1);
	assert_non_null(strstr(d.found[1].what, "node 1: 2 MiB: 3 of 3 free"));
	assert_string_equal(d.found[1].fix[0], "");
	doctor_close(&d);
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, check_cases, says);
	CASES_ADD(&list, nobody_cases, says_to_nobody);
	CASES_ADD(&list, port_cases, reads_port);
	case_add(&list, "there is room for a number of findings", many, NULL);
	case_add(&list, "each node is told, and the device's is judged", several_nodes, NULL);
	return tree_case_run("doctor", &list);
}
