/* SPDX-License-Identifier: BSD-3-Clause */
#include "rebind.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include <vio/clock.h>

#include "rebind_checks.h"
#include "usable.h"

#define WAIT_MS       2000
#define RESTORE_TRIES 3
#define PROBE         "/sys/bus/pci/drivers_probe"
#define NOIOMMU_MODE  "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"

bool rebind_add(struct rebind *r, const char *port)
{
	const char *address = strncmp(port, "pci:", 4) ? port : port + 4;

	if (r->n == REBIND_MAX || strlen(address) >= sizeof(r->dev[0].address))
		return false;
	r->dev[r->n] = (struct rebind_device){ .lock = -1 };
	strcpy(r->dev[r->n++].address, address);
	return true;
}

/* ---- single steps ---- */

static int put(struct rebind *r, const char *path, const char *text)
{
	return r->ops->write(r->arg, path, text);
}

static int put_of(struct rebind *r, const struct rebind_device *d, const char *file,
		  const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", d->address, file);
	return put(r, path, text);
}

/* An empty name lets any driver bind again; the kernel takes no empty write. */
static int put_override(struct rebind *r, const struct rebind_device *d, const char *driver)
{
	return put_of(r, d, "driver_override", driver[0] ? driver : "\n");
}

static void driver_of(const struct rebind *r, const struct rebind_device *d, char driver[32])
{
	host_link(r->h, driver, 32, "/sys/bus/pci/devices/%s/driver", d->address);
}

static bool override_is(const struct rebind *r, const struct rebind_device *d, const char *driver)
{
	char text[32];

	host_text(r->h, text, sizeof(text), "/sys/bus/pci/devices/%s/driver_override", d->address);
	return !strcmp(strcmp(text, "(null)") ? text : "", driver);
}

/* Let @driver have the device, "": whoever wants it. Return: 0, or the first error. */
static int move(struct rebind *r, const struct rebind_device *d, const char *driver)
{
	char now[32];
	int rc = put_override(r, d, driver);

	driver_of(r, d, now);
	if (!rc && now[0])
		rc = put_of(r, d, "driver/unbind", d->address);
	if (!rc)
		rc = put(r, PROBE, d->address);
	return rc;
}

/* ---- going back ---- */

static void restore_once(struct rebind *r, const struct rebind_device *d)
{
	char now[32], path[128];

	driver_of(r, d, now);
	if (strcmp(now, d->before)) {
		if (now[0])
			put_of(r, d, "driver/unbind", d->address);
		if (d->before[0]) {
			put_override(r, d, d->before);
			put(r, PROBE, d->address);
			driver_of(r, d, now);
			snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", d->before);
			if (!now[0])
				put(r, path, d->address);
		}
	}
	put_override(r, d, d->override_before);
}

static bool is_as_before(const struct rebind *r, const struct rebind_device *d)
{
	char now[32];

	driver_of(r, d, now);
	return !strcmp(now, d->before) && override_is(r, d, d->override_before);
}

/* The problem tells what became of each device. */
static bool restore(struct rebind *r, const struct rebind_device *d)
{
	char now[32];

	for (int i = 0; i < RESTORE_TRIES && !is_as_before(r, d); i++)
		restore_once(r, d);
	driver_of(r, d, now);
	if (!strcmp(now, d->before)) {
		problem_why(&r->problem, "%s is with %s as before", d->address,
			    now[0] ? now : "no driver");
		return true;
	}
	problem_why(&r->problem, "%s could not be given back to %s: it is with %s now", d->address,
		    d->before[0] ? d->before : "no driver", now[0] ? now : "no driver");
	problem_fix(&r->problem, "echo %s | sudo tee /sys/bus/pci/drivers/%s/bind", d->address,
		    d->before);
	r->problem.fail = FAIL_BIND_STUCK;
	return false;
}

static bool is_saved(const struct rebind *r, const struct rebind_device *d)
{
	return host_exists(r->h, "/etc/driverctl.d/pci-%s", d->address);
}

static void forget_saved(struct rebind *r, const struct rebind_device *d)
{
	const char *const argv[] = { "driverctl", "unset-override", d->address, NULL };

	for (int i = 0; i < RESTORE_TRIES && is_saved(r, d); i++)
		r->ops->run(r->arg, argv);
	if (is_saved(r, d))
		rebind_note(
			r,
			"driverctl still binds %s at the next start: driverctl unset-override %s",
			d->address, d->address);
}

static void close_noiommu(struct rebind *r)
{
	char mode[16] = "Y";

	for (int i = 0; i < RESTORE_TRIES && mode[0] != 'N'; i++) {
		put(r, NOIOMMU_MODE, "N");
		host_text(r->h, mode, sizeof(mode), NOIOMMU_MODE);
	}
	if (mode[0] != 'N')
		rebind_note(r, "VFIO's mode without an IOMMU is still on: %s", NOIOMMU_MODE);
}

/* Undo what was done to the first @n devices. Return: false. */
static bool roll_back(struct rebind *r, unsigned int n, bool saved)
{
	if (!r->problem.why[0])
		problem_why(&r->problem, "%s", fail_why(r->problem.fail));
	if (!r->problem.fix[0])
		problem_fix(&r->problem, "%s", fail_fix(r->problem.fail));
	while (n--) {
		if (saved)
			forget_saved(r, &r->dev[n]);
		restore(r, &r->dev[n]);
	}
	if (r->opened_noiommu)
		close_noiommu(r);
	return false;
}

/* ---- before ---- */

static bool load_driver(struct rebind *r)
{
	int rc;

	if (host_exists(r->h, "/sys/bus/pci/drivers/%s", r->driver))
		return true;
	rc = r->ops->run(r->arg, (const char *const[]){ "modprobe", r->driver, NULL });
	if (host_exists(r->h, "/sys/bus/pci/drivers/%s", r->driver))
		return true;
	if (rc < 0)
		return problem_set(&r->problem, FAIL_BIND_MODULE,
				   "%s is not loaded, and modprobe can't be run: %s", r->driver,
				   strerror(-rc));
	return problem_set(&r->problem, FAIL_BIND_MODULE,
			   "%s is not loaded, and modprobe ended with exit code %d", r->driver, rc);
}

static bool all_confined(const struct rebind *r)
{
	for (unsigned int i = 0; i < r->n; i++)
		if (r->dev[i].now.iommu_group < 0 || r->dev[i].now.noiommu)
			return false;
	return true;
}

#define UNSAFE \
	"nothing confines the device now: it, and any program that drives it, can read and " \
	"write all memory of this machine"

/* VFIO without an IOMMU is off until somebody asks for it. */
static bool open_noiommu(struct rebind *r)
{
	char mode[16];
	int rc;

	if (driver_is_uio(r->driver)) {
		rebind_note(r, "%s: %s; ports need iommu=off in their address", r->driver, UNSAFE);
		return true;
	}
	if (!driver_is_vfio(r->driver))
		return true;
	if (all_confined(r)) {
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
	rc = put(r, NOIOMMU_MODE, "Y");
	if (rc)
		return problem_set(&r->problem, FAIL_BIND_NO_NOIOMMU, "%s can't be written: %s",
				   NOIOMMU_MODE, strerror(-rc));
	r->opened_noiommu = true;
	return true;
}

/* Two of us at once would undo each other's work. The lock ends with the process at the latest. */
static bool lock_all(struct rebind *r)
{
	char path[256], folder[64];

	for (unsigned int i = 0; i < r->n; i++) {
		struct rebind_device *d = &r->dev[i];

		snprintf(folder, sizeof(folder), "/sys/bus/pci/devices/%s", d->address);
		if (!host_path(r->h, path, sizeof(path), folder))
			continue;
		d->lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (d->lock < 0 || flock(d->lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
			continue;
		problem_set(&r->problem, FAIL_BIND_BUSY, "%s: another vio is binding it",
			    d->address);
		problem_fix(&r->problem, "wait until it has ended");
		return false;
	}
	return true;
}

static void unlock_all(struct rebind *r)
{
	for (unsigned int i = 0; i < r->n; i++) {
		if (r->dev[i].lock >= 0)
			close(r->dev[i].lock);
		r->dev[i].lock = -1;
	}
}

/* ---- taking ---- */

static bool refused(struct rebind *r, const struct rebind_device *d, int rc, const char *driver)
{
	char now[32];

	driver_of(r, d, now);
	if (rc)
		return problem_set(&r->problem, FAIL_BIND_REFUSED,
				   "%s could not be moved from %s to %s: %s", d->address,
				   d->before[0] ? d->before : "no driver", driver, strerror(-rc));
	return problem_set(&r->problem, FAIL_BIND_REFUSED,
			   "%s did not take %s: it is with %s after the probe", driver, d->address,
			   now[0] ? now : "no driver");
}

static bool take_one(struct rebind *r, const struct rebind_device *d)
{
	char now[32];
	int rc = 0;

	if (strcmp(d->before, r->driver) || !override_is(r, d, r->driver))
		rc = strcmp(d->before, r->driver) ? move(r, d, r->driver)
						  : put_override(r, d, r->driver);
	driver_of(r, d, now);
	return (!rc && !strcmp(now, r->driver)) || refused(r, d, rc, r->driver);
}

static bool take_all(struct rebind *r)
{
	for (unsigned int i = 0; i < r->n; i++)
		if (!take_one(r, &r->dev[i]))
			return roll_back(r, i + 1, false);
	return true;
}

/* ---- keeping it over a restart ---- */

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
static bool persist_one(struct rebind *r, const struct rebind_device *d)
{
	const char *const argv[] = { "driverctl", "set-override", d->address, r->driver, NULL };
	int rc = r->ops->run(r->arg, argv);
	char now[32];

	if (rc == -ENOENT) {
		how_to_persist(r, d);
		return true;
	}
	driver_of(r, d, now);
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

static bool persist_all(struct rebind *r)
{
	for (unsigned int i = 0; r->persist && i < r->n; i++)
		if (!persist_one(r, &r->dev[i]))
			return roll_back(r, r->n, true);
	return true;
}

/* ---- files below /dev ---- */

static bool look_again(struct rebind *r, struct rebind_device *d)
{
	struct vio_pci_list *list;
	const struct vio_pci *p;

	if (vio_pci_scan(r->h->root, &list) < 0)
		return false;
	p = vio_pci_find(list, d->address);
	if (p)
		d->now = *p;
	vio_pci_list_free(list);
	return p != NULL;
}

static bool has_node(const struct vio_pci *p)
{
	return p->group_node.present || p->device_node.present || p->uio_node.present;
}

static bool wait_for_node(struct rebind *r, struct rebind_device *d)
{
	uint64_t ms = r->wait_ms ? r->wait_ms : WAIT_MS;
	uint64_t end = vio_clock_ns() + ms * 1000000;

	while (look_again(r, d) && !has_node(&d->now)) {
		if (vio_clock_ns() >= end)
			return false;
		r->ops->pause(r->arg);
	}
	return has_node(&d->now);
}

static bool give(struct rebind *r, const struct vio_pci_node *node)
{
	int rc;

	if (!node->present)
		return true;
	rc = r->ops->give(r->arg, node->path, r->owner.uid, r->owner.gid, r->owner.mode);
	return !rc ||
	       problem_set(&r->problem, FAIL_BIND_NODE, "%s can't be given to %s: %s", node->path,
			   r->owner.user[0] ? r->owner.user : r->owner.group, strerror(-rc));
}

static bool give_one(struct rebind *r, struct rebind_device *d)
{
	struct vio_pci *p = &d->now;

	if (!wait_for_node(r, d)) {
		const char *path = p->group_node.path[0] ? p->group_node.path : "its file in /dev";

		if (r->owner.given)
			return problem_set(&r->problem, FAIL_BIND_NODE, "%s: %s does not appear",
					   d->address, path);
		rebind_note(r, "%s: %s has not appeared: is udev running?", d->address, path);
		return true;
	}
	if (!r->owner.given)
		return true;
	return give(r, &p->group_node) && give(r, &p->device_node) && give(r, &p->uio_node) &&
	       look_again(r, d);
}

static bool give_all(struct rebind *r)
{
	if (r->owner.given && r->owner.uid != 0 && !(driver_is_vfio(r->driver) && all_confined(r)))
		rebind_note(r,
			    "without an IOMMU the kernel lets only root use it, whoever owns it");
	/* udev sets owners too when it hears of a new file: let it be done with that. */
	if (r->owner.given && host_exists(r->h, "/run/udev/control"))
		r->ops->run(r->arg,
			    (const char *const[]){ "udevadm", "settle", "--timeout=3", NULL });
	for (unsigned int i = 0; i < r->n; i++)
		if (!give_one(r, &r->dev[i]))
			return roll_back(r, r->n, r->persist);
	return true;
}

/* ---- the verbs ---- */

/* What ends a program waits until a change is whole. */
static void hold_signals(sigset_t *before)
{
	static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

static bool take_held(struct rebind *r)
{
	if (!open_noiommu(r))
		return false;
	return take_all(r) && persist_all(r) && give_all(r);
}

bool rebind_take(struct rebind *r)
{
	sigset_t before;
	bool ok;

	if (!rebind_look(r) || !rebind_may_take(r) || !load_driver(r) || !lock_all(r)) {
		unlock_all(r);
		return false;
	}
	hold_signals(&before);
	ok = take_held(r);
	sigprocmask(SIG_SETMASK, &before, NULL);
	unlock_all(r);
	return ok;
}

/* ---- giving back ---- */

static bool is_kernels(const char *driver)
{
	return driver[0] && !driver_is_vfio(driver) && !driver_is_uio(driver);
}

/* The module that the kernel would load by itself when it finds the device. */
static void load_by_alias(struct rebind *r, const struct rebind_device *d)
{
	char alias[256];

	if (host_text(r->h, alias, sizeof(alias), "/sys/bus/pci/devices/%s/modalias", d->address) >
	    0)
		r->ops->run(r->arg, (const char *const[]){ "modprobe", alias, NULL });
}

static bool back_one(struct rebind *r, struct rebind_device *d)
{
	const char *wanted = r->driver ? r->driver : "";
	char now[32];
	int rc;

	if (is_kernels(d->before) && (!wanted[0] || !strcmp(wanted, d->before)))
		return true;
	rc = move(r, d, wanted);
	driver_of(r, d, now);
	if (!rc && !now[0]) {
		load_by_alias(r, d);
		put(r, PROBE, d->address);
		driver_of(r, d, now);
	}
	if (wanted[0] && !rc)
		rc = put_override(r, d, ""); /* it was only to choose */
	if (rc)
		return refused(r, d, rc, wanted[0] ? wanted : "the kernel's driver");
	if (is_kernels(now))
		return true;
	return problem_set(&r->problem, FAIL_BIND_KERNEL, "%s: %s took it after the probe",
			   d->address, now[0] ? now : "no driver");
}

/* Others may use it, so it is not for us to switch it off. */
static void tell_noiommu(struct rebind *r)
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

static bool back_held(struct rebind *r)
{
	for (unsigned int i = 0; i < r->n; i++) {
		if (!back_one(r, &r->dev[i]))
			return roll_back(r, i + 1, false);
	}
	tell_noiommu(r);
	for (unsigned int i = 0; i < r->n; i++) {
		forget_saved(r, &r->dev[i]);
		look_again(r, &r->dev[i]);
	}
	return true;
}

bool rebind_back(struct rebind *r)
{
	sigset_t before;
	bool ok;

	if (!rebind_look(r) || !rebind_may_go_back(r) || !lock_all(r) ||
	    (r->driver && !load_driver(r))) {
		unlock_all(r);
		return false;
	}
	hold_signals(&before);
	ok = back_held(r);
	sigprocmask(SIG_SETMASK, &before, NULL);
	unlock_all(r);
	return ok;
}
