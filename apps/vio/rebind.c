/* SPDX-License-Identifier: BSD-3-Clause */
#include "rebind.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "rebind_parts.h"
#include "usable.h"

#define PROBE "/sys/bus/pci/drivers_probe"

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

static int put_of(struct rebind *r, const struct rebind_device *d, const char *file,
		  const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/%s", d->address, file);
	return rebind_put(r, path, text);
}

/* An empty name lets any driver bind again; the kernel takes no empty write. */
static int put_override(struct rebind *r, const struct rebind_device *d, const char *driver)
{
	return put_of(r, d, "driver_override", driver[0] ? driver : "\n");
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

	rebind_driver(r, d, now);
	if (!rc && now[0])
		rc = put_of(r, d, "driver/unbind", d->address);
	if (!rc)
		rc = rebind_put(r, PROBE, d->address);
	return rc;
}

/* ---- going back ---- */

static void restore_once(struct rebind *r, const struct rebind_device *d)
{
	char now[32], path[128];

	rebind_driver(r, d, now);
	if (strcmp(now, d->before)) {
		if (now[0])
			put_of(r, d, "driver/unbind", d->address);
		if (d->before[0]) {
			put_override(r, d, d->before);
			rebind_put(r, PROBE, d->address);
			rebind_driver(r, d, now);
			snprintf(path, sizeof(path), "/sys/bus/pci/drivers/%s/bind", d->before);
			if (!now[0])
				rebind_put(r, path, d->address);
		}
	}
	put_override(r, d, d->override_before);
}

static bool is_as_before(const struct rebind *r, const struct rebind_device *d)
{
	char now[32];

	rebind_driver(r, d, now);
	return !strcmp(now, d->before) && override_is(r, d, d->override_before);
}

static void tell_stuck(struct rebind *r, const struct rebind_device *d, const char *now)
{
	problem_why(&r->problem, "%s could not be given back to %s: it is with %s now", d->address,
		    d->before[0] ? d->before : "no driver", now[0] ? now : "no driver");
	if (now[0])
		problem_fix(&r->problem, "echo %s | sudo tee /sys/bus/pci/drivers/%s/unbind",
			    d->address, now);
	if (d->before[0])
		problem_fix(&r->problem, "echo %s | sudo tee /sys/bus/pci/drivers/%s/bind",
			    d->address, d->before);
	r->problem.fail = FAIL_BIND_STUCK;
}

/* The problem tells what became of each device. */
static void restore(struct rebind *r, const struct rebind_device *d)
{
	char now[32];

	for (int i = 0; i < REBIND_TRIES && !is_as_before(r, d); i++)
		restore_once(r, d);
	rebind_driver(r, d, now);
	if (strcmp(now, d->before))
		tell_stuck(r, d, now);
	else
		problem_why(&r->problem, "%s is with %s as before", d->address,
			    now[0] ? now : "no driver");
	if (!override_is(r, d, d->override_before))
		problem_why(&r->problem, "its driver_override could not be set back");
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
			rebind_forget(r, &r->dev[n]);
		restore(r, &r->dev[n]);
	}
	if (r->opened_noiommu)
		rebind_close_noiommu(r);
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

	rebind_driver(r, d, now);
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
	rebind_driver(r, d, now);
	return (!rc && !strcmp(now, r->driver)) || refused(r, d, rc, r->driver);
}

static bool take_all(struct rebind *r)
{
	for (unsigned int i = 0; i < r->n; i++)
		if (!take_one(r, &r->dev[i]))
			return roll_back(r, i + 1, false);
	return true;
}

static bool persist_all(struct rebind *r)
{
	for (unsigned int i = 0; r->persist && i < r->n; i++)
		if (!rebind_save(r, &r->dev[i]))
			return roll_back(r, r->n, true);
	return true;
}

static bool give_all(struct rebind *r)
{
	return rebind_give(r) || roll_back(r, r->n, r->persist);
}

/* ---- the verbs ---- */

/* What ends a program waits until a change is whole. */
static bool undisturbed(struct rebind *r, bool (*change)(struct rebind *r))
{
	static const int held[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE };
	sigset_t set, before;
	bool ok;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++)
		sigaddset(&set, held[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
	ok = change(r);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return ok;
}

static bool take_held(struct rebind *r)
{
	if (!rebind_open_noiommu(r))
		return false;
	return take_all(r) && persist_all(r) && give_all(r);
}

bool rebind_take(struct rebind *r)
{
	bool ok = rebind_look(r) && rebind_may_take(r) && load_driver(r) && lock_all(r) &&
		  undisturbed(r, take_held);

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

static bool is_back(const struct rebind *r, const char *driver)
{
	return is_kernels(driver) && (!r->driver || !strcmp(r->driver, driver));
}

/* Move it to the kernel's driver, which may have to be loaded. Return: 0 or the first error. */
static int move_back(struct rebind *r, const struct rebind_device *d)
{
	char now[32];
	int rc = move(r, d, r->driver ? r->driver : "");

	rebind_driver(r, d, now);
	if (rc || now[0])
		return rc;
	load_by_alias(r, d);
	rebind_put(r, PROBE, d->address);
	return 0;
}

static bool back_one(struct rebind *r, const struct rebind_device *d)
{
	char now[32];
	int rc = 0;

	rebind_driver(r, d, now);
	if (!is_back(r, now))
		rc = move_back(r, d);
	if (!rc && !override_is(r, d, ""))
		rc = put_override(r, d, ""); /* it was only to choose */
	if (rc)
		return refused(r, d, rc, r->driver ? r->driver : "the kernel's driver");
	rebind_driver(r, d, now);
	return is_back(r, now) ||
	       problem_set(&r->problem, FAIL_BIND_KERNEL, "%s: %s took it after the probe",
			   d->address, now[0] ? now : "no driver");
}

/* driverctl takes the device away once more, and may leave it so. */
static bool forget(struct rebind *r, const struct rebind_device *d)
{
	bool back = false;

	rebind_forget(r, d);
	for (int i = 0; i < REBIND_TRIES && !back; i++)
		back = back_one(r, d);
	return back;
}

static bool back_held(struct rebind *r)
{
	for (unsigned int i = 0; i < r->n; i++) {
		struct rebind_device *d = &r->dev[i];

		if (!back_one(r, d) || !forget(r, d))
			return roll_back(r, i + 1, false);
	}
	rebind_tell_noiommu(r);
	for (unsigned int i = 0; i < r->n; i++)
		rebind_look_again(r, &r->dev[i]);
	return true;
}

bool rebind_back(struct rebind *r)
{
	bool ok = rebind_look(r) && rebind_may_go_back(r) && lock_all(r) &&
		  (!r->driver || load_driver(r)) && undisturbed(r, back_held);

	unlock_all(r);
	return ok;
}
