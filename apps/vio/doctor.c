/* SPDX-License-Identifier: BSD-3-Clause */
#include "doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <vio/error.h>

/* What rings and buffers come to in `vio fwd`, and each queue pair's share elsewhere. */
#define NEED_FIXED    (8u << 20)
#define NEED_PER_PAIR (16u << 20)

#define ANY (DOCTOR_MACHINE | DOCTOR_PCI | DOCTOR_SOCKET | DOCTOR_OTHER)

/* In the order in which they are shown. */
static const struct check {
	const char *id;
	unsigned int kinds; /* of ports that it concerns */
	void (*fn)(struct doctor *d);
} checks[] = {
	{ "KERNEL", DOCTOR_MACHINE | DOCTOR_PCI, check_kernel },
	{ "IOMMU-GROUP", DOCTOR_MACHINE | DOCTOR_PCI, check_iommu_group },
	{ "GROUP-VIABLE", DOCTOR_PCI, check_group_viable },
	{ "NOIOMMU", DOCTOR_MACHINE | DOCTOR_PCI, check_noiommu },
	{ "NETDEV-INUSE", DOCTOR_PCI, check_netdev_inuse },
	{ "VFIO-PERM", DOCTOR_PCI, check_vfio_perm },
	{ "CGROUP-DEV", DOCTOR_PCI, check_cgroup_dev },
	{ "LOCKDOWN", DOCTOR_MACHINE | DOCTOR_PCI, check_lockdown },
	{ "DMESG-VFIO", DOCTOR_MACHINE | DOCTOR_PCI, check_dmesg },
	{ "VHOST-SOCK", DOCTOR_SOCKET, check_vhost_sock },
	{ "RING-SIZE", DOCTOR_PCI, check_ring_size },
	{ "QUEUES", DOCTOR_PCI, check_queues },
	{ "MEMLOCK", DOCTOR_MACHINE | DOCTOR_PCI, check_memlock },
	{ "HUGEPAGES", ANY, check_hugepages },
	{ "HUGETLB-CGROUP", ANY, check_hugetlb_cgroup },
	{ "NUMA", ANY, check_numa },
	{ "CPU-ISOL", ANY, check_cpu_isol },
	{ "SMT-SIBLING", ANY, check_smt_sibling },
	{ "GOVERNOR", ANY, check_governor },
	{ "TSC-INVARIANT", ANY, check_tsc },
};

const char *doctor_check_id(unsigned int i)
{
	return i < sizeof(checks) / sizeof(checks[0]) ? checks[i].id : NULL;
}

/* ---- findings ---- */

struct finding *doctor_say(struct doctor *d, enum level level, const char *fmt, ...)
{
	/* The last one gives way: more than that is no machine. */
	struct finding *f = &d->found[d->n < FINDINGS_MAX ? d->n++ : FINDINGS_MAX - 1];
	va_list ap;

	*f = (struct finding){ .id = d->id, .level = level };
	va_start(ap, fmt);
	vsnprintf(f->what, sizeof(f->what), fmt, ap);
	va_end(ap);
	return f;
}

static void add_line(char *text, size_t size, const char *fmt, va_list ap)
{
	size_t n = strlen(text);

	if (n && n + 1 < size)
		text[n++] = '\n';
	vsnprintf(text + n, size - n, fmt, ap);
}

#define DEFINE_ADD(name, field) \
	void name(struct finding *f, const char *fmt, ...) \
	{ \
		va_list ap; \
		va_start(ap, fmt); \
		add_line(f->field, sizeof(f->field), fmt, ap); \
		va_end(ap); \
	}
DEFINE_ADD(finding_why, why)
DEFINE_ADD(finding_now, now)
DEFINE_ADD(finding_good, good)
#undef DEFINE_ADD

void finding_fix(struct finding *f, const char *a, const char *b, const char *c, const char *e)
{
	const char *const words[FIX_ARGS] = { a, b, c, e };

	for (int i = 0; i < FIX_ARGS; i++)
		snprintf(f->fix[i], sizeof(f->fix[i]), "%s", words[i]);
}

unsigned int doctor_count(const struct doctor *d, enum level level)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < d->n; i++)
		n += d->found[i].level == level;
	return n;
}

/* ---- the port ---- */

static const struct {
	const char *scheme;
	enum doctor_kind kind;
} schemes[] = { { "pci:", DOCTOR_PCI }, { "vhost-user:", DOCTOR_SOCKET }, { "", DOCTOR_OTHER } };

static bool read_options(struct doctor *d, const char *options, struct why *why)
{
	uint64_t queues = 1;

	for (; *options; options += strcspn(options, ",")) {
		options++;
		if (!strncmp(options, "server", 6))
			d->server = true;
		if (!strncmp(options, "iommu=off", 9))
			d->iommu_off = true;
		if (!strncmp(options, "queues=", 7)) {
			char number[16];

			snprintf(number, sizeof(number), "%.*s", (int)strcspn(options + 7, ","),
				 options + 7);
			if (!parse_count(number, 1, 64, &queues, why))
				return false;
		}
	}
	d->queues = (unsigned int)queues;
	return true;
}

static bool read_port(struct doctor *d, const char *port, struct why *why)
{
	const char *path = port;
	size_t i = 0, n;

	while (strncmp(port, schemes[i].scheme, strlen(schemes[i].scheme)))
		i++;
	d->kind = schemes[i].kind;
	if (d->kind == DOCTOR_OTHER && !strchr(port, ':'))
		return why_set(why, "a port is wanted, such as pci:0000:00:04.0");
	path += strlen(schemes[i].scheme);
	n = strcspn(path, ",");
	if (n >= sizeof(d->path) || !n)
		return why_set(why, "the address has no path, or one that is too long");
	memcpy(d->path, path, n);
	return read_options(d, path + n, why);
}

bool doctor_open(struct doctor *d, const struct host *h, const char *port, struct why *why)
{
	*d = (struct doctor){ .h = h, .port = port, .kind = DOCTOR_MACHINE, .queues = 1 };
	if (port && !read_port(d, port, why))
		return false;
	d->need = NEED_FIXED + (uint64_t)d->queues * NEED_PER_PAIR;
	if (vio_pci_scan(h->root, &d->pci) < 0)
		return why_set(why, "%.190s", vio_error_last()->what);
	if (d->kind == DOCTOR_PCI)
		d->p = vio_pci_find(d->pci, d->path);
	if (d->kind == DOCTOR_PCI && !d->p) {
		doctor_close(d);
		return why_set(why, "there is no such function; `vio list` shows them");
	}
	return true;
}

void doctor_close(struct doctor *d)
{
	vio_pci_list_free(d->pci);
	d->pci = NULL;
}

void doctor_run(struct doctor *d, const char *only)
{
	d->n = 0;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (only ? strcmp(only, checks[i].id) : !(checks[i].kinds & d->kind))
			continue;
		d->id = checks[i].id;
		checks[i].fn(d);
	}
}
