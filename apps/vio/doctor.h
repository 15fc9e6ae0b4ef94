/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

#include <vio/pci.h>

#include "host.h"
#include "parse.h"

enum level { LEVEL_OK, LEVEL_WARN, LEVEL_FAIL, LEVEL_SKIP };

#define FIX_ARGS 4

/* What a check has found. Texts that are empty are not shown. */
struct finding {
	const char *id;
	enum level level;
	char what[320], why[320];
	char now[640], good[640];   /* commands or sentences, one in a line */
	char fix[FIX_ARGS + 1][40]; /* a harmless command that mends it; first "": none */
};

#define FINDINGS_MAX 64

enum doctor_kind { DOCTOR_MACHINE = 1, DOCTOR_PCI = 2, DOCTOR_SOCKET = 4, DOCTOR_OTHER = 8 };

struct doctor {
	const struct host *h;
	const char *port; /* as given; NULL: the machine */
	enum doctor_kind kind;
	char path[160];      /* of a port: address of the function, or path of the socket */
	bool server;         /* we listen */
	bool iommu_off;      /* the address accepts that there is none */
	unsigned int queues; /* pairs that the port asks for */
	uint64_t need;       /* bytes that a port of so many pairs shares with its device */
	struct vio_pci_list *pci;
	const struct vio_pci *p; /* NULL: no PCI port, or it is not there */

	const char *id; /* of the check that runs */
	unsigned int n;
	struct finding found[FINDINGS_MAX];
};

/* Return: false if the address can't be understood; @why is set. */
bool doctor_open(struct doctor *d, const struct host *h, const char *port, struct why *why);
void doctor_close(struct doctor *d);

/* Run all checks that concern the port, or the one called @only. */
void doctor_run(struct doctor *d, const char *only);

/* Name of check @i, from 0. Return: NULL when @i is past the end. */
const char *doctor_check_id(unsigned int i);

unsigned int doctor_count(const struct doctor *d, enum level level);

/* For the checks: a finding, and what belongs to it. */
struct finding *doctor_say(struct doctor *d, enum level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void finding_why(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A line more each. */
void finding_now(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void finding_good(struct finding *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void finding_fix(struct finding *f, const char *a, const char *b, const char *c, const char *e);

/* The checks; each says something, or nothing where it does not apply. */
void check_kernel(struct doctor *d);
void check_iommu_group(struct doctor *d);
void check_group_viable(struct doctor *d);
void check_noiommu(struct doctor *d);
void check_vfio_perm(struct doctor *d);
void check_memlock(struct doctor *d);
void check_hugepages(struct doctor *d);
void check_hugetlb_cgroup(struct doctor *d);
void check_netdev_inuse(struct doctor *d);
void check_vhost_sock(struct doctor *d);
void check_ring_size(struct doctor *d);
void check_queues(struct doctor *d);
void check_cpu_isol(struct doctor *d);
void check_smt_sibling(struct doctor *d);
void check_governor(struct doctor *d);
void check_tsc(struct doctor *d);
void check_numa(struct doctor *d);
void check_lockdown(struct doctor *d);
void check_cgroup_dev(struct doctor *d);
void check_dmesg(struct doctor *d);

/* What --emit prints. */
bool emit_known(const char *what);
const char *emit_list(void);
void emit(const char *what, const struct doctor *d);

#endif
