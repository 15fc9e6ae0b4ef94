/* SPDX-License-Identifier: BSD-3-Clause */
#include <ctype.h>
#include <grp.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "document.h"
#include "fail.h"
#include "rebind.h"

struct bind_config {
	struct rebind r;
	bool json;
};

/* ---- options ---- */

/* A driver's name becomes part of paths. */
static bool read_driver(const char *text, void *field, struct why *why)
{
	size_t n = strlen(text);

	if (!n || n > 31 ||
	    strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			 "0123456789_-") != n)
		return why_set(why, "a driver's name is wanted, such as vfio-pci");
	*(const char **)field = text;
	return true;
}

static bool read_id(const char *text, int64_t *id)
{
	char *end;
	long value;

	if (!isdigit((unsigned char)*text))
		return false;
	value = strtol(text, &end, 10);
	if (*end || value < 0 || value > 0x7fffffff)
		return false;
	*id = value;
	return true;
}

static bool read_user(const char *name, int64_t *uid)
{
	const struct passwd *pw = getpwnam(name);

	if (pw)
		*uid = pw->pw_uid;
	return pw || read_id(name, uid);
}

static bool read_group(const char *name, int64_t *gid)
{
	const struct group *gr = getgrnam(name);

	if (gr)
		*gid = gr->gr_gid;
	return gr || read_id(name, gid);
}

/* "USER", "USER:GROUP", ":GROUP" */
static bool read_owner(const char *text, void *field, struct why *why)
{
	struct rebind_owner o = { .given = true, .uid = -1, .gid = -1, .mode = 0600 };
	const char *colon = strchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : strlen(text);

	if (n >= sizeof(o.user) || (colon && strlen(colon + 1) >= sizeof(o.group)))
		return why_set(why, "the name is too long");
	memcpy(o.user, text, n);
	snprintf(o.group, sizeof(o.group), "%s", colon ? colon + 1 : "");
	if (!o.user[0] && !o.group[0])
		return why_set(why, "a user, user:group or :group is wanted");
	if (o.user[0] && !read_user(o.user, &o.uid))
		return why_set(why, "there is no user %s", o.user);
	if (o.group[0]) {
		o.mode = 0660;
		if (!read_group(o.group, &o.gid))
			return why_set(why, "there is no group %s", o.group);
	}
	*(struct rebind_owner *)field = o;
	return true;
}

#define AT(field) offsetof(struct bind_config, field)

static const struct option_def bind_options[] = {
	{ "driver", 'd', "NAME", read_driver, AT(r.driver),
	  "vfio-pci, or uio_pci_generic where there is no IOMMU (vfio-pci)" },
	{ "owner", 'u', "USER", read_owner, AT(r.owner),
	  "give the device's file to USER, USER:GROUP or :GROUP, so that no\n"
	  "root is needed to use it" },
	{ "persist", 'p', NULL, option_flag, AT(r.persist),
	  "bind it at each start (by driverctl)" },
	{ "noiommu", 0, NULL, option_flag, AT(r.noiommu),
	  "bind without an IOMMU. UNSAFE: the device can reach all memory" },
	{ "force", 'f', NULL, option_flag, AT(r.force),
	  "even if it carries the default route or your ssh session, if a\n"
	  "process uses it, or if the kernel keeps others of its IOMMU group" },
	{ "json", 'o', NULL, option_flag, AT(json), "print as JSON (docs/schema/bind-1.json)" },
	{ 0 }
};

static const struct option_def unbind_options[] = {
	{ "driver", 'd', "NAME", read_driver, AT(r.driver),
	  "which driver shall have it (whatever the kernel finds)" },
	{ "force", 'f', NULL, option_flag, AT(r.force), "even if a process uses it" },
	{ "json", 'o', NULL, option_flag, AT(json), "print as JSON (docs/schema/bind-1.json)" },
	{ 0 }
};

/* ---- results ---- */

static void print_device(const struct host *h, const struct rebind_device *d)
{
	const struct vio_pci *p = &d->now;
	const struct vio_pci_node *node = p->group_node.present    ? &p->group_node
					  : p->device_node.present ? &p->device_node
								   : &p->uio_node;
	char rights[96];

	printf("pci:%s  %s -> %s", d->address, d->before[0] ? d->before : "no driver",
	       p->driver[0] ? p->driver : "no driver");
	if (node->present) {
		host_rights(h, node->path, rights, sizeof(rights));
		printf("  %s (%s)", node->path, rights);
	}
	for (unsigned int i = 0; i < p->n_ifaces; i++)
		printf("  %s", p->iface[i]);
	printf("\n");
}

static json_t *device_json(const struct rebind_device *d, bool ok)
{
	const struct vio_pci *p = &d->now;
	json_t *o = json_object(), *ifaces = json_array();
	char uri[32];

	snprintf(uri, sizeof(uri), "pci:%s", d->address);
	json_object_set_new(o, "uri", json_string(uri));
	json_text(o, "driver_before", d->before);
	json_text(o, "driver", ok ? p->driver : "");
	if (ok && p->group_node.present)
		json_object_set_new(o, "node", json_string(p->group_node.path));
	else if (ok && p->uio_node.present)
		json_object_set_new(o, "node", json_string(p->uio_node.path));
	for (unsigned int i = 0; ok && i < p->n_ifaces; i++)
		json_array_append_new(ifaces, json_string(p->iface[i]));
	json_object_set_new(o, "interfaces", ifaces);
	return o;
}

static int print_json(const struct rebind *r, const char *action, bool ok)
{
	json_t *o = json_begin("vio.bind/1"), *devices = json_array(), *notes = json_array();

	json_object_set_new(o, "action", json_string(action));
	json_object_set_new(o, "ok", json_boolean(ok));
	for (unsigned int i = 0; i < r->n; i++)
		json_array_append_new(devices, device_json(&r->dev[i], ok));
	json_object_set_new(o, "devices", devices);
	for (unsigned int i = 0; i < r->n_notes; i++)
		json_array_append_new(notes, json_string(r->note[i]));
	json_object_set_new(o, "notes", notes);
	if (!ok)
		json_object_set_new(o, "error", problem_json(&r->problem));
	return json_print(o, "-");
}

static int finish(const struct rebind *r, const char *action, bool json, bool ok)
{
	int rc = json ? print_json(r, action, ok) : 0;

	for (unsigned int i = 0; i < r->n_notes; i++)
		fprintf(stderr, "note: %s\n", r->note[i]);
	for (unsigned int i = 0; ok && !json && i < r->n; i++)
		print_device(r->h, &r->dev[i]);
	return ok ? rc : problem_print(&r->problem);
}

/* ---- the commands ---- */

static int run(const struct command *cmd, int argc, char **argv, struct bind_config *cfg,
	       bool (*verb)(struct rebind *r))
{
	struct rebind *r = &cfg->r;
	struct host h;
	int first = options_ports(cmd, argc, argv, cfg);

	if (first <= 0)
		return -first;
	for (int i = first; i < argc; i++)
		if (!rebind_add(r, argv[i]))
			return fail(FAIL_VALUE,
				    "a PCI function is wanted, such as pci:0000:00:04.0",
				    "%s: '%s' can't be bound", cmd->name, argv[i]);
	host_init(&h);
	r->h = &h;
	r->ops = &rebind_kernel;
	r->arg = &h;
	return finish(r, cmd->name, cfg->json, verb(r));
}

static int bind_run(const struct command *cmd, int argc, char **argv)
{
	struct bind_config cfg = { .r.driver = "vfio-pci" };

	return run(cmd, argc, argv, &cfg, rebind_take);
}

static int unbind_run(const struct command *cmd, int argc, char **argv)
{
	struct bind_config cfg = { .json = false };

	return run(cmd, argc, argv, &cfg, rebind_back);
}

const struct command command_bind = {
	.name = "bind",
	.args = "PORT... [--owner USER]",
	.summary = "Take devices from the kernel's driver, so that ports can be made of them.",
	.options = bind_options,
	.examples = "examples:\n"
		    "  sudo vio bind pci:0000:00:04.0 --owner $USER\n"
		    "  sudo vio bind 00:04.0 00:05.0 --persist\n"
		    "All are bound or none: if anything fails, each device has its old driver "
		    "again.\n",
	.ports_least = 1,
	.run = bind_run,
};

const struct command command_unbind = {
	.name = "unbind",
	.args = "PORT...",
	.summary = "Give devices back to the kernel's driver.",
	.options = unbind_options,
	.examples = "example:\n"
		    "  sudo vio unbind pci:0000:00:04.0\n",
	.ports_least = 1,
	.run = unbind_run,
};
