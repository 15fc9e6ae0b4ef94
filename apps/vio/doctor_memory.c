/* SPDX-License-Identifier: BSD-3-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doctor.h"
#include "usable.h"

#define MIB          (UINT64_C(1) << 20)
#define CAP_IPC_LOCK 14

/* ---- locked memory ---- */

struct limit {
	bool found, unlimited;
	uint64_t bytes;
};

static bool read_limit(void *arg, char *line)
{
	static const char name[] = "Max locked memory";
	struct limit *l = arg;
	char soft[32];

	if (strncmp(line, name, sizeof(name) - 1) ||
	    sscanf(line + sizeof(name) - 1, "%31s", soft) != 1)
		return true;
	l->found = true;
	l->unlimited = !strcmp(soft, "unlimited");
	l->bytes = strtoull(soft, NULL, 10);
	return false;
}

static bool read_caps(void *arg, char *line)
{
	return sscanf(line, "CapEff: %" SCNx64, (uint64_t *)arg) != 1;
}

static bool is_privileged(const struct doctor *d)
{
	uint64_t caps = 0;

	host_lines(d->h, "/proc/self/status", read_caps, &caps);
	return caps >> CAP_IPC_LOCK & 1;
}

void check_memlock(struct doctor *d)
{
	struct limit l = { 0 };
	uint64_t need = d->need, good = need < 256 * MIB ? 256 * MIB : need;
	struct finding *f;

	host_lines(d->h, "/proc/self/limits", read_limit, &l);
	if (is_privileged(d)) {
		doctor_say(d, LEVEL_OK, "no limit for this user (CAP_IPC_LOCK)");
		return;
	}
	if (!l.found || l.unlimited) {
		doctor_say(d, l.found ? LEVEL_OK : LEVEL_SKIP, "%s",
			   l.found ? "no limit" : "/proc/self/limits can't be read");
		return;
	}
	if (l.bytes >= need) {
		doctor_say(d, LEVEL_OK,
			   "%" PRIu64 " MiB may be locked, about %" PRIu64 " are needed",
			   l.bytes / MIB, need / MIB);
		return;
	}
	f = doctor_say(d, d->kind == DOCTOR_PCI ? LEVEL_FAIL : LEVEL_WARN,
		       "about %" PRIu64 " MiB of locked memory are needed, the limit is %" PRIu64
		       " KiB",
		       need / MIB, l.bytes / 1024);
	finding_why(f, "VFIO pins what the device may reach, and counts it against RLIMIT_MEMLOCK");
	finding_now(f, "sudo prlimit --pid $$ --memlock=%" PRIu64, good);
	finding_good(f, "vio doctor --emit limits | sudo tee /etc/security/limits.d/vio.conf, then "
			"log in again");
	finding_good(f, "systemd: LimitMEMLOCK=%" PRIu64 "M", good / MIB);
}

/* ---- huge pages ---- */

/* A node's pages of one size. */
struct pages {
	int64_t kib, all, free;
};

#define SIZES_MAX 4

struct node {
	const struct doctor *d;
	int number;
	unsigned int n;
	struct pages size[SIZES_MAX];
};

static bool read_size(void *arg, const char *name)
{
	struct node *node = arg;
	const struct host *h = node->d->h;
	struct pages *s = &node->size[node->n];

	if (node->n == SIZES_MAX || sscanf(name, "hugepages-%" SCNd64 "kB", &s->kib) != 1)
		return true;
#define AT "/sys/devices/system/node/node%d/hugepages/%s/"
	s->all = host_number(h, 0, AT "nr_hugepages", node->number, name);
	s->free = host_number(h, 0, AT "free_hugepages", node->number, name);
#undef AT
	node->n++;
	return true;
}

static int by_size(const void *a, const void *b)
{
	int64_t x = ((const struct pages *)a)->kib, y = ((const struct pages *)b)->kib;

	return (x > y) - (x < y);
}

/* "2 MiB: 64 of 64 free, 1 GiB: 0"; sizes without pages only where there is nothing else. */
static void describe(const struct node *node, char *out, size_t size)
{
	size_t n = 0;

	out[0] = '\0';
	for (unsigned int i = 0; i < node->n && n < size; i++) {
		const struct pages *s = &node->size[i];
		bool gib = s->kib >= 1 << 20;

		if (!s->all && s->kib != 2048)
			continue;
		n += (size_t)snprintf(out + n, size - n,
				      "%s%" PRId64 " %s: %" PRId64 " of %" PRId64 " free",
				      n ? ", " : "", gib ? s->kib >> 20 : s->kib >> 10,
				      gib ? "GiB" : "MiB", s->free, s->all);
	}
}

static uint64_t free_bytes(const struct node *node)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < node->n; i++)
		sum += (uint64_t)node->size[i].free * (uint64_t)node->size[i].kib * 1024;
	return sum;
}

/* Without an IOMMU the memory must not be scattered, which only huge pages promise. */
static bool must_have_huge(const struct doctor *d)
{
	return d->p && (d->p->noiommu || driver_is_uio(d->p->driver));
}

static void advise_huge(struct doctor *d, struct finding *f, const struct node *node)
{
	unsigned int pages = (unsigned int)((d->need + 2 * MIB - 1) / (2 * MIB));
	char amount[40];

	finding_why(f, must_have_huge(d) ? "without an IOMMU the device needs memory in one piece"
					 : "ordinary pages work too; huge ones save TLB misses");
	if (d->p && d->p->numa_node == node->number && node->number > 0) {
		finding_now(f,
			    "sudo numactl -m %d hugeadm --obey-mempolicy --pool-pages-min 2MB:+%u",
			    node->number, pages);
	} else {
		finding_now(f, "sudo hugeadm --pool-pages-min 2MB:+%u   (package libhugetlbfs-bin)",
			    pages);
		snprintf(amount, sizeof(amount), "2MB:+%u", pages);
		finding_fix(f, "hugeadm", "--pool-pages-min", amount, "");
	}
	finding_good(f, "echo vm.nr_hugepages=%u | sudo tee /etc/sysctl.d/90-vio.conf", pages);
}

/* Only the node of the device matters, or node 0 where it is not known. */
static bool matters(const struct doctor *d, int number)
{
	int wanted = d->p && d->p->numa_node >= 0 ? d->p->numa_node : 0;

	return number == wanted;
}

static bool look_at_node(void *arg, const char *name)
{
	struct doctor *d = arg;
	struct node node = { .d = d };
	char text[200], end;
	struct finding *f;

	if (sscanf(name, "node%d%c", &node.number, &end) != 1)
		return true;
	host_each(d->h, read_size, &node, "/sys/devices/system/node/%s/hugepages", name);
	qsort(node.size, node.n, sizeof(node.size[0]), by_size);
	describe(&node, text, sizeof(text));
	if (!matters(d, node.number) || free_bytes(&node) >= d->need) {
		if (text[0])
			doctor_say(d, LEVEL_OK, "node %d: %s", node.number, text);
		return true;
	}
	f = doctor_say(d, must_have_huge(d) ? LEVEL_FAIL : LEVEL_WARN,
		       "node %d: %s; a port takes %" PRIu64 " MiB", node.number,
		       text[0] ? text : "none", d->need / MIB);
	advise_huge(d, f, &node);
	return true;
}

static int by_text(const void *a, const void *b)
{
	return strverscmp(((const struct finding *)a)->what, ((const struct finding *)b)->what);
}

void check_hugepages(struct doctor *d)
{
	unsigned int first = d->n;

	host_each(d->h, look_at_node, d, "/sys/devices/system/node");
	qsort(d->found + first, d->n - first, sizeof(d->found[0]), by_text);
	if (d->n == first)
		doctor_say(d, LEVEL_SKIP, "the kernel tells nothing of NUMA nodes");
}

/* ---- the control group ---- */

static bool read_group(void *arg, char *line)
{
	/* Version 2: "0::/user.slice/..." */
	if (strncmp(line, "0::/", 4))
		return true;
	snprintf(arg, 400, "%s", line + 3);
	return false;
}

/* The tightest limit on the way up from our group, which stands in @where; -1: none. */
static int64_t tightest(const struct doctor *d, char *group, char where[400])
{
	int64_t least = -1, here;
	char *slash;

	do {
		here = host_number(d->h, -1, "/sys/fs/cgroup%s/hugetlb.2MB.max", group);
		if (here >= 0 && (least < 0 || here < least)) {
			least = here;
			strcpy(where, group);
		}
		slash = strrchr(group, '/');
		if (slash)
			*slash = '\0';
	} while (slash);
	return least;
}

void check_hugetlb_cgroup(struct doctor *d)
{
	char group[400] = "", where[400] = "";
	int64_t limit;
	struct finding *f;

	host_lines(d->h, "/proc/self/cgroup", read_group, group);
	limit = tightest(d, group, where);
	if (limit < 0 || (uint64_t)limit >= d->need) {
		doctor_say(d, LEVEL_OK, "no limit on huge pages");
		return;
	}
	f = doctor_say(d, must_have_huge(d) ? LEVEL_FAIL : LEVEL_WARN,
		       "the control group allows %" PRId64
		       " MiB of huge pages, a port takes %" PRIu64,
		       limit / (int64_t)MIB, d->need / MIB);
	finding_why(f, "what goes beyond it is refused when the memory is made");
	finding_now(f, "echo max | sudo tee /sys/fs/cgroup%s/hugetlb.2MB.max", where);
	finding_good(f, "Kubernetes: resources.limits.hugepages-2Mi: %" PRIu64 "Mi", d->need / MIB);
}
