/* SPDX-License-Identifier: BSD-3-Clause */
#include "reserved.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

void reserved_cut(const struct way *way, struct iova_set *usable)
{
	char path[WAY_PATH], line[128], kind[32];
	uint64_t first, last;
	FILE *f;

	way_sysfs(way, path, "iommu_group/reserved_regions");
	f = fopen(path, "re");
	/* The kernel lets a relaxable one be used. */
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%" SCNx64 " %" SCNx64 " %31s", &first, &last, kind) == 3 &&
		    strcmp(kind, "direct-relaxable"))
			iova_set_cut(usable, first, last);
	if (f)
		fclose(f);
}
