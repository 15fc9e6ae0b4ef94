/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "usable.h"

/* ---- the kernel ---- */

static bool find_vfio(void *arg, char *line)
{
	bool *found = arg;

	*found = strstr(line, "/vfio-pci.ko") != NULL;
	return !*found;
}

static bool has_module(const struct doctor *d, const char *release)
{
	static const char *const lists[] = { "modules.dep", "modules.builtin" };
	char path[256];
	bool found = false;

	for (int i = 0; i < 2 && !found; i++) {
		snprintf(path, sizeof(path), "/lib/modules/%s/%s", release, lists[i]);
		host_lines(d->h, path, find_vfio, &found);
	}
	return found;
}

void check_kernel(struct doctor *d)
{
	bool loaded = host_exists(d->h, "/sys/bus/pci/drivers/vfio-pci");
	bool iommufd = host_exists(d->h, "/dev/iommu");
	char release[128];
	struct finding *f;

	host_text(d->h, release, sizeof(release), "/proc/sys/kernel/osrelease");
	if (loaded || (d->p && driver_is_uio(d->p->driver))) {
		doctor_say(d, LEVEL_OK, "%s, %s, iommufd=%s", release,
			   loaded ? "vfio-pci" : d->p->driver, iommufd ? "yes" : "no");
		return;
	}
	if (has_module(d, release)) {
		f = doctor_say(d, LEVEL_WARN, "%s, vfio-pci is not loaded", release);
		finding_why(f, "vio bind loads it by itself, others may not");
		finding_now(f, "sudo modprobe vfio-pci");
		finding_good(f, "echo vfio-pci | sudo tee /etc/modules-load.d/vio.conf");
		finding_fix(f, "modprobe", "vfio-pci", "", "");
		return;
	}
	f = doctor_say(d, d->p ? LEVEL_FAIL : LEVEL_WARN, "%s has no vfio-pci", release);
	finding_why(f, "pci: ports are driven through VFIO; kernels for clouds often lack it");
	finding_now(f, "sudo apt install linux-image-amd64, and start it");
}

void check_lockdown(struct doctor *d)
{
	char text[80];
	struct finding *f;
	bool open;

	if (host_text(d->h, text, sizeof(text), "/sys/kernel/security/lockdown") <= 0) {
		doctor_say(d, LEVEL_OK, "none");
		return;
	}
	if (strstr(text, "[none]")) {
		doctor_say(d, LEVEL_OK, "none");
		return;
	}
	/* VFIO with an IOMMU is allowed; BARs by sysfs and memory without an IOMMU are not. */
	open = d->p && (driver_is_uio(d->p->driver) || d->p->noiommu);
	f = doctor_say(d, open ? LEVEL_FAIL : LEVEL_OK, "the kernel is locked down: %s", text);
	if (!open)
		return;
	finding_why(f, "Secure Boot forbids user space to reach hardware that no IOMMU confines");
	finding_now(f, "use an IOMMU and vfio-pci");
	finding_good(f, "or switch Secure Boot off in the firmware");
}

/* ---- its log ---- */

static const struct {
	const char *has, *and_has, *why, *fix;
} lines[] = {
	{ "ineligible for IOMMU domain attach", "",
	  "the firmware reserves memory for this device (RMRR)",
	  "ask for a firmware that does not; some servers can switch it off for each slot" },
	{ "DMAR:", "fault addr", "a device reached for memory that was not mapped for it",
	  "end what drives the device; if it was vio, report it" },
	{ "AMD-Vi:", "IO_PAGE_FAULT", "a device reached for memory that was not mapped for it",
	  "end what drives the device; if it was vio, report it" },
	{ "No interrupt remapping", "", "VFIO wants interrupts remapped by the IOMMU",
	  "intremap=on at QEMU's intel-iommu; x2APIC in the firmware" },
	{ "vfio-pci", "error", "vfio-pci could not take a device", "" },
	{ "vfio", "failed", "vfio could not take a device", "" },
};

struct log_search {
	size_t kind; /* index in lines[] */
	bool found;
	char line[200];
};

static void look_at_line(struct log_search *s, const char *line)
{
	const char *text = strchr(line, ';'); /* behind the record's prefix */

	text = text ? text + 1 : line;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strstr(text, lines[i].has) && strstr(text, lines[i].and_has)) {
			s->found = true;
			s->kind = i;
			snprintf(s->line, sizeof(s->line), "%.*s", (int)strcspn(text, "\n"), text);
			return;
		}
}

#define RECORDS_MAX 100000

/* Each read(2) of /dev/kmsg gives a record; -EPIPE: one was overwritten meanwhile. */
static void search_log(int fd, struct log_search *s)
{
	char record[8192 + 1];

	for (int i = 0; i < RECORDS_MAX; i++) {
		ssize_t n = read(fd, record, sizeof(record) - 1);

		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			return;
		record[n] = '\0';
		look_at_line(s, record);
	}
}

void check_dmesg(struct doctor *d)
{
	struct log_search s = { 0 };
	char path[PATH_MAX];
	struct finding *f;
	int fd = -1;

	if (host_path(d->h, path, sizeof(path), "/dev/kmsg"))
		fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		doctor_say(d, LEVEL_SKIP, "this user may not read the kernel's log");
		return;
	}
	search_log(fd, &s);
	close(fd);
	if (!s.found) {
		doctor_say(d, LEVEL_OK, "nothing about VFIO or the IOMMU in the kernel's log");
		return;
	}
	f = doctor_say(d, LEVEL_WARN, "%s", s.line);
	finding_why(f, "%s", lines[s.kind].why);
	if (lines[s.kind].fix[0])
		finding_now(f, "%s", lines[s.kind].fix);
	else
		finding_now(f, "sudo dmesg | grep -i -e vfio -e dmar -e iommu");
}

/* ---- processors ---- */

void check_cpu_isol(struct doctor *d)
{
	char cpus[200];
	struct finding *f;

	host_text(d->h, cpus, sizeof(cpus), "/sys/devices/system/cpu/isolated");
	if (cpus[0]) {
		doctor_say(d, LEVEL_OK, "isolated: %s", cpus);
		return;
	}
	f = doctor_say(d, LEVEL_WARN, "no isolated processors");
	finding_why(f, "the scheduler puts others beside a polling thread: rare, long delays");
	finding_now(f, "give it processors that nothing else uses: --cores, taskset");
	finding_good(f, "on the kernel's command line: isolcpus=2-5 nohz_full=2-5 rcu_nocbs=2-5");
}

void check_smt_sibling(struct doctor *d)
{
	char pair[80];
	struct finding *f;

	if (host_number(d->h, 0, "/sys/devices/system/cpu/smt/active") != 1) {
		doctor_say(d, LEVEL_OK, "each processor has its core alone");
		return;
	}
	host_text(d->h, pair, sizeof(pair),
		  "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
	f = doctor_say(d, LEVEL_WARN, "two processors share a core: %s, for one", pair);
	finding_why(f, "two polling threads on one core have half of it each");
	finding_now(f, "poll with one processor of each pair: lscpu -e shows them");
	finding_good(f,
		     "echo off | sudo tee /sys/devices/system/cpu/smt/control, or nosmt at boot");
}

struct governors {
	const struct host *h;
	unsigned int n, slow;
	char name[32];
};

static bool look_at_policy(void *arg, const char *name)
{
	struct governors *g = arg;
	char text[32];

	if (strncmp(name, "policy", 6) ||
	    host_text(g->h, text, sizeof(text),
		      "/sys/devices/system/cpu/cpufreq/%s/scaling_governor", name) <= 0)
		return true;
	g->n++;
	if (strcmp(text, "performance")) {
		g->slow++;
		strcpy(g->name, text);
	}
	return true;
}

void check_governor(struct doctor *d)
{
	struct governors g = { .h = d->h };
	struct finding *f;

	host_each(d->h, look_at_policy, &g, "/sys/devices/system/cpu/cpufreq");
	if (!g.slow) {
		doctor_say(d, LEVEL_OK, "%s",
			   g.n ? "performance" : "the kernel does not scale clocks");
		return;
	}
	f = doctor_say(d, LEVEL_WARN, "%u of %u clocks are governed by %s", g.slow, g.n, g.name);
	finding_why(f, "the clock changes while you measure");
	finding_now(f, "echo performance | sudo tee "
		       "/sys/devices/system/cpu/cpufreq/policy*/scaling_governor");
	finding_good(f, "cpufreq.default_governor=performance on the kernel's command line");
}

struct cpu_flags {
	bool seen, constant, nonstop;
};

static bool look_at_flags(void *arg, char *line)
{
	struct cpu_flags *flags = arg;

	if (strncmp(line, "flags", 5))
		return true;
	flags->seen = true;
	flags->constant = strstr(line, " constant_tsc") != NULL;
	flags->nonstop = strstr(line, " nonstop_tsc") != NULL;
	return false;
}

void check_tsc(struct doctor *d)
{
	struct cpu_flags flags = { 0 };
	struct finding *f;

	host_lines(d->h, "/proc/cpuinfo", look_at_flags, &flags);
	if (!flags.seen) {
		doctor_say(d, LEVEL_OK, "this processor has no TSC, and another counter is used");
		return;
	}
	if (flags.constant && flags.nonstop) {
		doctor_say(d, LEVEL_OK, "invariant");
		return;
	}
	f = doctor_say(d, LEVEL_WARN, "the TSC is not %s",
		       flags.constant ? "running while the processor sleeps" : "of constant rate");
	finding_why(f, "rates and latencies are measured with it");
	finding_good(f, "in a virtual machine: -cpu host,+invtsc; libvirt: <feature "
			"policy='require' name='invtsc'/>");
}
