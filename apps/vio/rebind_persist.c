/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>

#include "rebind_parts.h"

static bool is_saved(const struct rebind *r, const struct rebind_device *d)
{
	return host_exists(r->h, "/etc/driverctl.d/pci-%s", d->address);
}

void rebind_forget(struct rebind *r, const struct rebind_device *d)
{
	const char *const argv[] = { "driverctl", "unset-override", d->address, NULL };

	for (int i = 0; i < REBIND_TRIES && is_saved(r, d); i++)
		r->ops->run(r->arg, argv);
	if (is_saved(r, d))
		rebind_note(
			r,
			"driverctl still binds %s at the next start: driverctl unset-override %s",
			d->address, d->address);
}

static void how_to_persist(struct rebind *r, const struct rebind_device *d)
{
	rebind_note(r,
		    "driverctl is not installed (package driverctl): to bind %s at each start, put "
		    "this into /etc/udev/rules.d/90-vio.rules and %s into "
		    "/etc/modules-load.d/vio.conf:\n"
		    "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", "
		    "ATTR{driver_override}=\"%s\"",
		    d->address, r->driver, d->address, r->driver);
}

/* driverctl takes the device away and binds it again, by its nature. */
bool rebind_save(struct rebind *r, const struct rebind_device *d)
{
	const char *const argv[] = { "driverctl", "set-override", d->address, r->driver, NULL };
	int rc = r->ops->run(r->arg, argv);
	char now[32];

	if (rc == -ENOENT) {
		how_to_persist(r, d);
		return true;
	}
	rebind_driver(r, d, now);
	if (!rc && !strcmp(now, r->driver))
		return true;
	problem_set(&r->problem, FAIL_BIND_REFUSED, "driverctl did not save %s for %s", r->driver,
		    d->address);
	if (rc)
		problem_why(&r->problem, "driverctl ended with exit code %d", rc);
	else
		problem_why(&r->problem, "%s did not get the device back from it", r->driver);
	return false;
}
