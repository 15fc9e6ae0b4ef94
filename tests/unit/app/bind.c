/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../../cases.h"
#include "../fake_tree.h"
#include "fake_host.h"

/* ---- the scene ---- */

#define MORE_MAX 6

/* How the machine is, what is asked for, and how it shall end. */
struct scene {
	const char *what;
	const char *before; /* driver of both; NULL: none */
	bool no_group, shared_group;
	struct kernel kernel;
	struct tree_entry more[MORE_MAX];

	const char *ports[3];
	bool back; /* give back instead of take */
	const char *driver;
	struct rebind_owner owner;
	bool force, noiommu, persist;

	bool ok;
	enum fail fail;
	const char *text;     /* somewhere in the problem, or in a note */
	const char *driver_a; /* of A in the end */
	const char *override_a;
	const char *given;
};

static void build(const struct scene *s)
{
	tree_put(DRV "virtio-pci", "/");
	tree_pci(A, 0x1af4, 0x1041, s->before);
	tree_pci(B, 0x1af4, 0x1041, s->before);
	if (!s->no_group) {
		tree_pci_group(A, 4);
		tree_pci_group(B, s->shared_group ? 4 : 5);
	}
	if (s->before && !strcmp(s->before, "vfio-pci")) {
		tree_pci_put(A, "driver_override", "vfio-pci\n");
		tree_pci_put(B, "driver_override", "vfio-pci\n");
		tree_put("dev/vfio/4", "");
	}
	if (s->before && !strcmp(s->before, "virtio-pci"))
		tree_pci_put(A, "net/eth4", "/");
	tree_pci_put(A, "modalias", "pci:v1AF4\n");
	tree_add(s->more);
}

static bool play(const struct scene *s, struct kernel *k, struct rebind *r)
{
	*r = (struct rebind){ .h = &k->host, .ops = &kernel_ops, .arg = k };
	fake_host(&k->host, k->not_root);
	r->driver = s->driver ? s->driver : s->back ? NULL : "vfio-pci";
	r->owner = s->owner;
	r->force = s->force;
	r->noiommu = s->noiommu;
	r->persist = s->persist;
	r->wait_ms = 2;
	for (int i = 0; s->ports[i]; i++)
		assert_true(rebind_add(r, s->ports[i]));
	if (!r->n)
		assert_true(rebind_add(r, "pci:" A));
	return s->back ? rebind_back(r) : rebind_take(r);
}

#define OWNER \
	{ \
		true, 1000, 1001, 0660, "me", "us" \
	}
#define ROUTE_OF(dev) \
	{ \
		"proc/net/route", DEFAULT_ROUTE(dev) \
	}

/* clang-format off */
static const struct scene scenes[] = {
	{ .what = "a device goes to vfio-pci", .before = "virtio-pci",
	  .kernel = { .modules = "vfio-pci" },
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "a device without a driver goes to vfio-pci",
	  .kernel = { .modules = "vfio-pci" },
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "a device that is there already stays, and gets its owner", .before = "vfio-pci",
	  .owner = OWNER,
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci",
	  .given = "/dev/vfio/4 1000:1001 660;" },
	{ .what = "its file gets an owner", .before = "virtio-pci",
	  .kernel = { .modules = "vfio-pci" }, .owner = OWNER,
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci",
	  .given = "/dev/vfio/4 1000:1001 660;" },
	{ .what = "two devices of a group go together", .before = "virtio-pci",
	  .shared_group = true, .kernel = { .modules = "vfio-pci" }, .ports = { A, B },
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "an address may lack the domain", .before = "virtio-pci", .ports = { "00:04.0" },
	  .kernel = { .modules = "vfio-pci" },
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "driverctl saves it", .before = "virtio-pci", .persist = true,
	  .kernel = { .modules = "vfio-pci" }, .owner = OWNER,
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci",
	  .given = "/dev/vfio/4 1000:1001 660;" },
	{ .what = "without driverctl the udev rule is told", .before = "virtio-pci",
	  .persist = true, .kernel = { .modules = "vfio-pci", .no_driverctl = true },
	  .ok = true, .text = "ATTR{driver_override}=\"vfio-pci\"",
	  .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "UIO needs no IOMMU, and there is a warning", .before = "virtio-pci",
	  .no_group = true, .driver = "uio_pci_generic",
	  .kernel = { .modules = "uio_pci_generic" }, .owner = OWNER,
	  .ok = true, .text = "can read and write all memory",
	  .driver_a = "uio_pci_generic", .override_a = "uio_pci_generic",
	  .given = "/dev/uio0 1000:1001 660;" },
	{ .what = "VFIO without an IOMMU, and there is a warning", .before = "virtio-pci",
	  .no_group = true, .noiommu = true, .kernel = { .modules = "vfio-pci noiommu" },
	  .ok = true, .text = "can read and write all memory",
	  .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "without an IOMMU the owner is root", .before = "virtio-pci",
	  .no_group = true, .noiommu = true, .kernel = { .modules = "vfio-pci noiommu" },
	  .owner = OWNER, .ok = true, .text = "lets only root use it",
	  .driver_a = "vfio-pci", .override_a = "vfio-pci",
	  .given = "/dev/vfio/noiommu-9 1000:1001 660;" },
	{ .what = "--noiommu is for nothing where there is an IOMMU", .before = "virtio-pci",
	  .noiommu = true, .kernel = { .modules = "vfio-pci noiommu" },
	  .ok = true, .text = "--noiommu has no effect",
	  .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "an interface that carries nothing is no obstacle", .before = "virtio-pci",
	  .kernel = { .modules = "vfio-pci" }, .more = { ROUTE_OF("eth0") },
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "--force takes the default route away", .before = "virtio-pci", .force = true,
	  .kernel = { .modules = "vfio-pci" }, .more = { ROUTE_OF("eth4") },
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "--force takes a part of a group", .before = "virtio-pci", .force = true,
	  .shared_group = true, .kernel = { .modules = "vfio-pci" },
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci" },

	{ .what = "a device that is not there", .before = "virtio-pci", .ports = { "0000:00:1f.0" },
	  .fail = FAIL_BIND_NONE, .text = "0000:00:1f.0", .driver_a = "virtio-pci" },
	{ .what = "not root", .before = "virtio-pci", .kernel = { .not_root = true },
	  .fail = FAIL_BIND_RIGHTS, .driver_a = "virtio-pci" },
	{ .what = "the default route", .before = "virtio-pci", .more = { ROUTE_OF("eth4") },
	  .fail = FAIL_BIND_NET, .text = "eth4 carries the default route",
	  .driver_a = "virtio-pci" },
	{ .what = "the default route of its bridge", .before = "virtio-pci",
	  .more = { ROUTE_OF("br0"), { "sys/class/net/eth4/master", "-> ../br0" } },
	  .fail = FAIL_BIND_NET, .text = "eth4 carries the default route through br0",
	  .driver_a = "virtio-pci" },
	{ .what = "the ssh session", .before = "virtio-pci",
	  .kernel = { .host = { .ssh = "fe80::9%eth4 5000 fe80::5%eth4 22" } },
	  .fail = FAIL_BIND_NET, .text = "your ssh session with fe80::9", .driver_a = "virtio-pci" },
	{ .what = "the ssh session, and another device as well", .before = "virtio-pci",
	  .ports = { B, A }, .kernel = { .host = { .ssh = "fe80::9%eth4 5000 fe80::5%eth4 22" } },
	  .fail = FAIL_BIND_NET, .driver_a = "virtio-pci" },
	{ .what = "no IOMMU", .before = "virtio-pci", .no_group = true,
	  .kernel = { .modules = "vfio-pci" },
	  .fail = FAIL_BIND_IOMMU, .driver_a = "virtio-pci" },
	{ .what = "a kernel without no-IOMMU mode", .before = "virtio-pci", .no_group = true,
	  .noiommu = true, .kernel = { .modules = "vfio-pci" },
	  .fail = FAIL_BIND_NO_NOIOMMU, .driver_a = "virtio-pci" },
	{ .what = "a group that is not viable", .before = "virtio-pci", .shared_group = true,
	  .kernel = { .modules = "vfio-pci" },
	  .fail = FAIL_BIND_GROUP, .text = "sudo vio bind pci:" A " pci:" B,
	  .driver_a = "virtio-pci" },
	{ .what = "a group with a device that is no network", .before = "virtio-pci",
	  .shared_group = true, .kernel = { .modules = "vfio-pci" },
	  .more = { { DEV B "/class", "0x010000\n" } },
	  .fail = FAIL_BIND_GROUP, .text = "echo " B " | sudo tee", .driver_a = "virtio-pci" },
	{ .what = "a bridge in the group does not matter", .before = "virtio-pci",
	  .shared_group = true, .kernel = { .modules = "vfio-pci" },
	  .more = { { DEV B "/class", "0x060400\n" } },
	  .ok = true, .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "a driver that modprobe does not find", .before = "virtio-pci",
	  .fail = FAIL_BIND_MODULE, .text = "exit code 1", .driver_a = "virtio-pci" },
	{ .what = "no modprobe", .before = "virtio-pci", .kernel = { .no_modprobe = true },
	  .fail = FAIL_BIND_MODULE, .text = "modprobe can't be run", .driver_a = "virtio-pci" },
	{ .what = "a driver that refuses", .before = "virtio-pci",
	  .kernel = { .modules = "vfio-pci", .refuses = "vfio-pci" },
	  .fail = FAIL_BIND_REFUSED, .text = A " is with virtio-pci as before",
	  .driver_a = "virtio-pci" },
	{ .what = "a kernel that does not probe", .before = "virtio-pci",
	  .kernel = { .modules = "vfio-pci", .no_probe = true },
	  .fail = FAIL_BIND_REFUSED, .text = A " is with virtio-pci as before",
	  .driver_a = "virtio-pci" },
	{ .what = "a driver that refuses a device that had none",
	  .kernel = { .modules = "vfio-pci", .refuses = "vfio-pci" },
	  .fail = FAIL_BIND_REFUSED, .text = A " is with no driver as before" },
	{ .what = "a file that does not appear is only told of", .before = "virtio-pci",
	  .kernel = { .modules = "vfio-pci", .no_nodes = true },
	  .ok = true, .text = "is udev running", .driver_a = "vfio-pci",
	  .override_a = "vfio-pci" },
	{ .what = "a file that does not appear and shall be given", .before = "virtio-pci",
	  .kernel = { .modules = "vfio-pci", .no_nodes = true }, .owner = OWNER,
	  .fail = FAIL_BIND_NODE, .text = "/dev/vfio/4 does not appear",
	  .driver_a = "virtio-pci" },
	{ .what = "a file that can't be given", .before = "virtio-pci",
	  .kernel = { .modules = "vfio-pci", .give_rc = -EPERM }, .owner = OWNER,
	  .fail = FAIL_BIND_NODE, .text = "can't be given to me", .driver_a = "virtio-pci",
	  .given = "/dev/vfio/4 1000:1001 660;" },
	{ .what = "a device that a process uses", .before = "vfio-pci",
	  .driver = "uio_pci_generic",
	  .more = { { "proc/123/fd/7", "-> /dev/vfio/4" }, { "proc/123/comm", "testpmd\n" } },
	  .fail = FAIL_BIND_BUSY, .text = "process 123 (testpmd) has /dev/vfio/4 open",
	  .driver_a = "vfio-pci", .override_a = "vfio-pci" },

	{ .what = "a device is given back", .before = "vfio-pci", .back = true,
	  .ok = true, .driver_a = "virtio-pci" },
	{ .what = "the mode without an IOMMU is still on", .before = "vfio-pci", .back = true,
	  .more = { { "sys/kernel/iommu_groups/4/name", "vfio-noiommu\n" }, { MODE, "Y\n" } },
	  .ok = true, .text = "echo N | sudo tee", .driver_a = "virtio-pci" },
	{ .what = "a device that the kernel has stays there", .before = "virtio-pci", .back = true,
	  .ok = true, .driver_a = "virtio-pci" },
	{ .what = "a device without a driver gets one", .back = true,
	  .ok = true, .driver_a = "virtio-pci" },
	{ .what = "a device is given to a named driver", .before = "vfio-pci", .back = true,
	  .driver = "virtio-pci", .ok = true, .driver_a = "virtio-pci" },
	{ .what = "what driverctl has saved is forgotten", .before = "vfio-pci", .back = true,
	  .more = { { "etc/driverctl.d/pci-" A, "vfio-pci\n" } },
	  .ok = true, .driver_a = "virtio-pci" },
	{ .what = "driverctl forgets it and leaves it without a driver", .before = "vfio-pci",
	  .back = true, .kernel = { .driverctl_drops = true },
	  .more = { { "etc/driverctl.d/pci-" A, "vfio-pci\n" } },
	  .ok = true, .driver_a = "virtio-pci" },
	{ .what = "an override that stands in the way is cleared", .before = "virtio-pci",
	  .back = true, .more = { { DEV A "/driver_override", "vfio-pci\n" } },
	  .ok = true, .driver_a = "virtio-pci" },
	{ .what = "a process uses what shall be given back", .before = "vfio-pci", .back = true,
	  .more = { { "proc/123/fd/7", "-> /dev/vfio/4" } },
	  .fail = FAIL_BIND_BUSY, .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "no driver of the kernel wants it", .before = "vfio-pci", .back = true,
	  .kernel = { .refuses = "virtio-pci" },
	  .fail = FAIL_BIND_KERNEL, .text = A " is with vfio-pci as before",
	  .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "a named driver that does not want it", .before = "vfio-pci", .back = true,
	  .driver = "e1000", .kernel = { .modules = "e1000", .refuses = "e1000" },
	  .fail = FAIL_BIND_KERNEL, .driver_a = "vfio-pci", .override_a = "vfio-pci" },
	{ .what = "not root to give back", .before = "vfio-pci", .back = true,
	  .kernel = { .not_root = true },
	  .fail = FAIL_BIND_RIGHTS, .driver_a = "vfio-pci", .override_a = "vfio-pci" },
};
/* clang-format on */

static bool told(const struct rebind *r, const char *text)
{
	for (unsigned int i = 0; i < r->n_notes; i++)
		if (strstr(r->note[i], text))
			return true;
	return strstr(r->problem.what, text) || strstr(r->problem.why, text) ||
	       strstr(r->problem.fix, text);
}

static void ends_right(void **state)
{
	const struct scene *s = *state;
	struct kernel k = s->kernel;
	char text[64];
	struct rebind r;
	bool ok;

	build(s);
	ok = play(s, &k, &r);
	if (ok != s->ok)
		print_message("# %s: %s\n", r.problem.what, r.problem.why);
	assert_int_equal(ok, s->ok);
	if (!ok)
		assert_string_equal(fail_id(r.problem.fail), fail_id(s->fail));
	if (s->text && !told(&r, s->text))
		print_message("# '%s', '%s', '%s', '%s'\n", r.problem.what, r.problem.why,
			      r.problem.fix, r.n_notes ? r.note[0] : "");
	assert_true(!s->text || told(&r, s->text));
	kernel_driver_of(A, text);
	assert_string_equal(text, s->driver_a ? s->driver_a : "");
	kernel_override_of(A, text);
	assert_string_equal(text, s->override_a ? s->override_a : "");
	assert_string_equal(k.given, s->given ? s->given : "");
}

/* ---- whatever goes wrong ---- */

struct state {
	char driver[2][64], override[2][64], mode[64];
	bool saved;
};

static void state_read(struct state *s)
{
	memset(s, 0, sizeof(*s));
	kernel_driver_of(A, s->driver[0]);
	kernel_driver_of(B, s->driver[1]);
	kernel_override_of(A, s->override[0]);
	kernel_override_of(B, s->override[1]);
	kernel_text_of(MODE, s->mode);
	s->saved = access(tree_path("etc/driverctl.d/pci-" A), F_OK) == 0;
}

static void assert_unchanged(const struct state *a, const struct state *b)
{
	for (int i = 0; i < 2; i++) {
		assert_string_equal(a->driver[i], b->driver[i]);
		assert_string_equal(a->override[i], b->override[i]);
	}
	assert_true(a->mode[0] == b->mode[0] || (!a->mode[0] && b->mode[0] == 'N'));
	assert_int_equal(a->saved, b->saved);
}

/* Play with the steps @first and @second going wrong. Return: false when @first was not reached. */
static bool play_spoilt(const struct scene *s, int first, int second, bool silent)
{
	struct state before, after;
	struct kernel k = s->kernel;
	struct rebind r;
	bool ok;

	tree_remove();
	tree_make();
	build(s);
	state_read(&before);
	k.fail[0] = first;
	k.fail[1] = second;
	k.silent = silent;
	ok = play(s, &k, &r);
	state_read(&after);
	if (!ok)
		assert_unchanged(&before, &after);
	else if (!s->back)
		assert_string_equal(after.driver[0], r.driver);
	else
		assert_string_equal(after.driver[0], s->driver ? s->driver : "virtio-pci");
	return k.steps >= first;
}

/*
 * Each step fails, alone and together with one of the next three, by an error and by doing nothing:
 * the device has the driver that was asked for, or the one that it had.
 */
static void never_without_driver(void **state)
{
	const struct scene *s = *state;

	for (int silent = 0; silent < 2; silent++)
		for (int first = 1; play_spoilt(s, first, 0, silent); first++)
			for (int gap = 1; gap <= 3; gap++)
				play_spoilt(s, first, first + gap, silent);
}

static void says_when_stuck(void **state)
{
	struct scene s = { .before = "virtio-pci" };
	struct kernel k = { .modules = "vfio-pci", .fail = { 4 }, .fail_on = true };
	struct rebind r;

	(void)state;
	build(&s);
	assert_false(play(&s, &k, &r)); /* modprobe, override, unbind, and nothing more works */
	assert_string_equal(fail_id(r.problem.fail), "VIO-BIND-10");
	assert_non_null(strstr(r.problem.why, "could not be given back to virtio-pci"));
	assert_non_null(strstr(r.problem.fix, "echo " A " | sudo tee "
					      "/sys/bus/pci/drivers/"
					      "virtio-pci/bind"));
}

/* What the signal found. It is raised by this thread, in no function that it could disturb. */
static char found[64];

static void note_signal(int sig)
{
	(void)sig;
	kernel_driver_of(A, found);
}

static void signals_wait(void **state)
{
	struct scene s = { .before = "virtio-pci" };
	struct sigaction act = { .sa_handler = note_signal }, old;

	(void)state;
	for (int at = 2; at <= 4; at++) {
		struct kernel k = { .modules = "vfio-pci", .signal_at = at };
		struct rebind r;

		tree_remove();
		tree_make();
		build(&s);
		strcpy(found, "not caught");
		sigaction(SIGTERM, &act, &old);
		assert_true(play(&s, &k, &r));
		sigaction(SIGTERM, &old, NULL);
		assert_string_equal(found, "vfio-pci");
	}
}

static void one_at_a_time(void **state)
{
	struct scene s = { .before = "virtio-pci" };
	struct kernel k = { .modules = "vfio-pci" };
	struct rebind r;
	int lock;

	(void)state;
	build(&s);
	lock = open(tree_path(DEV A), O_RDONLY);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	assert_false(play(&s, &k, &r));
	assert_string_equal(fail_id(r.problem.fail), "VIO-BIND-07");
	close(lock);
	k.steps = 0;
	assert_true(play(&s, &k, &r));
}

static void no_room(void **state)
{
	struct rebind r = { 0 };

	(void)state;
	assert_false(rebind_add(&r, "pci:0000:00:04.0.0.0.0"));
	for (int i = 0; i < REBIND_MAX; i++)
		assert_true(rebind_add(&r, A));
	assert_false(rebind_add(&r, A));
}

int main(void)
{
	static struct case_list list;
	static char names[sizeof(scenes) / sizeof(scenes[0])][160];

	CASES_ADD(&list, scenes, ends_right);
	for (size_t i = 0; i < sizeof(scenes) / sizeof(scenes[0]); i++) {
		if (!scenes[i].ok)
			continue;
		snprintf(names[i], sizeof(names[i]), "any two failures: %s", scenes[i].what);
		case_add(&list, names[i], never_without_driver, &scenes[i]);
	}
	case_add(&list, "when nothing works any more, that is said", says_when_stuck, NULL);
	case_add(&list, "a signal comes when the change is whole", signals_wait, NULL);
	case_add(&list, "a device is bound by one process at a time", one_at_a_time, NULL);
	case_add(&list, "there is room for a number of devices", no_room, NULL);
	return tree_case_run("bind", &list);
}
