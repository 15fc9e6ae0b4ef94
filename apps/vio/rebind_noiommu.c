/* SPDX-License-Identifier: BSD-3-Clause */
#include <string.h>

#include "rebind_parts.h"
#include "usable.h"

bool rebind_confined(const struct rebind *r)
{
	for (unsigned int i = 0; i < r->n; i++)
		if (r->dev[i].now.iommu_group < 0 || r->dev[i].now.noiommu)
			return false;
	return true;
}

#define UNSAFE \
	"nothing confines the device now: it, and any program that drives it, can read and " \
	"write all memory of this machine"

bool rebind_open_noiommu(struct rebind *r)
{
	char mode[16];
	int rc;

	if (driver_is_uio(r->driver)) {
		rebind_note(r, "%s: %s; ports need iommu=off in their address", r->driver, UNSAFE);
		return true;
	}
	if (!driver_is_vfio(r->driver))
		return true;
	if (rebind_confined(r)) {
		if (r->noiommu)
			rebind_note(r, "there is an IOMMU, and it is used: --noiommu has no "
				       "effect");
		return true;
	}
	if (host_text(r->h, mode, sizeof(mode), NOIOMMU_MODE) < 0)
		return problem_set(&r->problem, FAIL_BIND_NO_NOIOMMU, "%s is not there",
				   NOIOMMU_MODE);
	rebind_note(r, "no IOMMU: %s; ports need iommu=off in their address", UNSAFE);
	if (mode[0] == 'Y' || mode[0] == '1')
		return true;
	rc = rebind_put(r, NOIOMMU_MODE, "Y");
	if (rc)
		return problem_set(&r->problem, FAIL_BIND_NO_NOIOMMU, "%s can't be written: %s",
				   NOIOMMU_MODE, strerror(-rc));
	r->opened_noiommu = true;
	return true;
}

void rebind_close_noiommu(struct rebind *r)
{
	char mode[16] = "Y";

	for (int i = 0; i < REBIND_TRIES && mode[0] != 'N'; i++) {
		rebind_put(r, NOIOMMU_MODE, "N");
		host_text(r->h, mode, sizeof(mode), NOIOMMU_MODE);
	}
	if (mode[0] != 'N')
		rebind_note(r, "VFIO's mode without an IOMMU is still on: %s", NOIOMMU_MODE);
}

void rebind_tell_noiommu(struct rebind *r)
{
	char mode[16];

	for (unsigned int i = 0; i < r->n; i++)
		if (r->dev[i].now.noiommu &&
		    host_text(r->h, mode, sizeof(mode), NOIOMMU_MODE) > 0 && mode[0] == 'Y') {
			rebind_note(r, "VFIO's mode without an IOMMU is still on: echo N | sudo "
				       "tee " NOIOMMU_MODE);
			return;
		}
}
