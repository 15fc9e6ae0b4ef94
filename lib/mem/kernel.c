/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernel.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/compiler.h"

#define PATH_BYTES 512
#define MAX_KEYS   4

PRINTF(1, 2) static FILE *open_at(const char *fmt, ...)
{
	char path[PATH_BYTES];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(path, sizeof(path), fmt, ap);
	va_end(ap);
	return fopen(path, "re");
}

/* The number in @f, which is closed; @otherwise where there is none ("max", no such file). */
static uint64_t number_in(FILE *f, uint64_t otherwise)
{
	uint64_t n;

	if (!f)
		return otherwise;
	if (fscanf(f, "%" SCNu64, &n) != 1)
		n = otherwise;
	fclose(f);
	return n;
}

/* "Node 0 MemFree:  123 kB" or "active_file 123": the number if it is @key's, otherwise 0. */
static uint64_t line_value(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	char after;

	if (!at || (at != line && at[-1] != ' '))
		return 0;
	after = at[strlen(key)];
	return after == ' ' || after == ':' ? strtoull(at + strlen(key) + 1, NULL, 10) : 0;
}

/* Sum of the values of @keys (NULL-ended) in @f, which is closed. */
static uint64_t sum_in(FILE *f, const char *const keys[MAX_KEYS])
{
	uint64_t sum = 0;
	char line[256];

	if (!f)
		return 0;
	while (fgets(line, sizeof(line), f))
		for (int i = 0; i < MAX_KEYS && keys[i]; i++)
			sum += line_value(line, keys[i]);
	fclose(f);
	return sum;
}

uint64_t kernel_huge_free(size_t page_bytes, int node)
{
	size_t kb = page_bytes >> 10;
	uint64_t free, reserved;

	if (node >= 0)
		return number_in(open_at("/sys/devices/system/node/node%d/hugepages/"
					 "hugepages-%zukB/free_hugepages",
					 node, kb),
				 0);
	free = number_in(open_at("/sys/kernel/mm/hugepages/hugepages-%zukB/free_hugepages", kb), 0);
	reserved = number_in(open_at("/sys/kernel/mm/hugepages/hugepages-%zukB/resv_hugepages", kb),
			     0);
	return free > reserved ? free - reserved : 0;
}

bool kernel_has_iommu(void)
{
	DIR *dir = opendir("/sys/class/iommu");
	const struct dirent *entry;

	if (!dir)
		return false;
	do
		entry = readdir(dir);
	while (entry && entry->d_name[0] == '.');
	closedir(dir);
	return entry != NULL;
}

bool kernel_node_has_memory(int node)
{
	static const char *const total[MAX_KEYS] = { "MemTotal" };
	FILE *f = open_at("/sys/devices/system/node/node%d/meminfo", node);

	/* A kernel without NUMA has one node and does not speak of it. */
	return f ? sum_in(f, total) > 0 : node == 0;
}

static uint64_t machine_left(void)
{
	static const char *const keys[MAX_KEYS] = { "MemAvailable", "SwapFree" };
	FILE *f = fopen("/proc/meminfo", "re");

	return f ? sum_in(f, keys) << 10 : UINT64_MAX;
}

static uint64_t node_left(int node)
{
	static const char *const keys[MAX_KEYS] = { "MemFree", "Active(file)", "Inactive(file)" };
	FILE *f = node < 0 ? NULL : open_at("/sys/devices/system/node/node%d/meminfo", node);

	return f ? sum_in(f, keys) << 10 : UINT64_MAX;
}

/* How the two generations of cgroups name the same things. */
static const struct cgroup {
	const char *mark; /* in front of the path in /proc/self/cgroup */
	const char *root, *max, *now;
	const char *file[MAX_KEYS]; /* page cache, which the kernel gives up before it kills */
} cgroups[] = {
	{ "0::",
	  "/sys/fs/cgroup",
	  "memory.max",
	  "memory.current",
	  { "active_file", "inactive_file" } },
	{ ":memory:",
	  "/sys/fs/cgroup/memory",
	  "memory.limit_in_bytes",
	  "memory.usage_in_bytes",
	  { "total_active_file", "total_inactive_file" } },
};

static uint64_t cgroup_left_at(const struct cgroup *cg, const char *path)
{
	uint64_t max = number_in(open_at("%s%s/%s", cg->root, path, cg->max), UINT64_MAX);
	uint64_t now = number_in(open_at("%s%s/%s", cg->root, path, cg->now), 0);
	uint64_t file;

	if (max == UINT64_MAX)
		return max;
	file = sum_in(open_at("%s%s/memory.stat", cg->root, path), cg->file);
	now -= file < now ? file : now;
	return max > now ? max - now : 0;
}

/* This process's path in the hierarchy; false: it is in none. */
static bool cgroup_path(const struct cgroup *cg, char path[PATH_BYTES])
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	const char *at = NULL;

	while (f && !at && fgets(path, PATH_BYTES, f))
		at = strstr(path, cg->mark);
	if (f)
		fclose(f);
	if (!at)
		return false;
	at += strlen(cg->mark);
	memmove(path, at, strlen(at) + 1);
	path[strcspn(path, "\n")] = '\0';
	return true;
}

/* The limits of all groups around this process hold; the tightest counts. */
static uint64_t cgroup_left(void)
{
	uint64_t left = UINT64_MAX, here;
	char path[PATH_BYTES], *slash;

	for (size_t i = 0; i < ARRAY_SIZE(cgroups); i++) {
		if (!cgroup_path(&cgroups[i], path))
			continue;
		do {
			here = cgroup_left_at(&cgroups[i], path);
			left = here < left ? here : left;
			slash = strrchr(path, '/');
			if (slash)
				*slash = '\0';
		} while (slash);
	}
	return left;
}

uint64_t kernel_memory_left(int node, const char **limit)
{
	const struct {
		const char *what;
		uint64_t left;
	} limits[] = {
		{ "the machine (MemAvailable and SwapFree in /proc/meminfo)", machine_left() },
		{ "the NUMA node (MemFree and page cache)", node_left(node) },
		{ "the control group (memory.max)", cgroup_left() },
	};
	uint64_t left = UINT64_MAX;

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		if (limits[i].left >= left)
			continue;
		left = limits[i].left;
		*limit = limits[i].what;
	}
	return left;
}
