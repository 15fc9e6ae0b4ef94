/* SPDX-License-Identifier: BSD-3-Clause */
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vio/vio.h>

#include "commands.h"
#include "document.h"
#include "fail.h"
#include "netuse.h"
#include "sockets.h"
#include "usable.h"

struct list_config {
	bool json, all;
};

enum column { PORT, DEVICE, DRIVER, IFACE, IOMMU, NUMA, QUEUES, RING, COLUMNS };

static const char *const titles[COLUMNS] = { "PORT",  "DEVICE", "DRIVER", "IFACE",
					     "IOMMU", "NUMA",   "QUEUES", "RING" };

/* A line of the table, and the same as JSON. */
struct row {
	char cell[COLUMNS][128];
	struct usable usable;
	json_t *json;
};

struct table {
	const struct host *h;
	bool all;
	size_t n;
	struct row *row;
};

/* ---- rows ---- */

/* A row with the JSON members that all have. Return: NULL when there is no memory. */
static struct row *row_add(struct table *t, const char *kind)
{
	struct row *rows = realloc(t->row, (t->n + 1) * sizeof(*rows)), *r;

	if (!rows)
		return NULL;
	t->row = rows;
	r = memset(&rows[t->n++], 0, sizeof(*r));
	r->json = json_object();
	json_object_set_new(r->json, "kind", json_string(kind));
	return r;
}

static void set(struct row *r, enum column c, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void set(struct row *r, enum column c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->cell[c], sizeof(r->cell[c]), fmt, ap);
	va_end(ap);
}

static void put_number(json_t *o, const char *name, int64_t value)
{
	json_object_set_new(o, name, json_integer(value));
}

static void row_finish(struct row *r)
{
	json_t *o = r->json;

	json_text(o, "uri", r->cell[PORT]);
	json_text(o, "device", r->cell[DEVICE]);
	json_text(o, "driver", r->cell[DRIVER]);
	json_object_set_new(o, "usable", json_boolean(r->usable.yes));
	json_text(o, "why", r->usable.why);
	json_text(o, "fix", r->usable.fix);
}

/* ---- PCI functions ---- */

static const char *const kinds[] = { "", "modern", "transitional", "legacy" };

static bool listed(const struct table *t, const struct vio_pci *p)
{
	if (p->virtio != VIO_PCI_NOT_VIRTIO && p->virtio_type == 1)
		return true;
	/* Others that user space drives, or that a user may have in mind. */
	return t->all && (p->class_code >> 16 == 0x02 || driver_is_vfio(p->driver));
}

static void put_hex(json_t *o, const char *name, int digits, unsigned int value)
{
	char text[16];

	snprintf(text, sizeof(text), "%0*x", digits, value);
	json_text(o, name, text);
}

static void put_ids(struct row *r, const struct vio_pci *p)
{
	json_t *o = json_object();

	put_hex(o, "vendor", 4, p->vendor);
	put_hex(o, "device", 4, p->device);
	put_hex(o, "subsystem_vendor", 4, p->subsystem_vendor);
	put_hex(o, "subsystem_device", 4, p->subsystem_device);
	put_hex(o, "class", 6, p->class_code);
	put_hex(o, "revision", 2, p->revision);
	json_object_set_new(r->json, "ids", o);
}

static void put_ifaces(const struct table *t, struct row *r, const struct vio_pci *p)
{
	json_t *list = json_array();
	struct net_use use;

	for (unsigned int i = 0; i < p->n_ifaces; i++) {
		json_t *o = json_object();
		bool used = net_in_use(t->h, p->iface[i], &use);
		size_t at = strlen(r->cell[IFACE]);

		snprintf(r->cell[IFACE] + at, sizeof(r->cell[IFACE]) - at, "%s%s%s", i ? "," : "",
			 p->iface[i], used ? "*" : "");
		json_text(o, "name", p->iface[i]);
		if (used)
			json_text(o, "carries", net_use_text(&use));
		json_array_append_new(list, o);
	}
	json_object_set_new(r->json, "interfaces", list);
}

static void put_queues(const struct table *t, struct row *r, const struct vio_pci *p)
{
	unsigned int queues, rx, max;

	if (!p->n_ifaces)
		return;
	queues = host_count(t->h, "rx-", "/sys/class/net/%s/queues", p->iface[0]);
	if (queues) {
		set(r, QUEUES, "%u", queues);
		put_number(r->json, "queues", queues);
	}
	if (host_rings(t->h, p->iface[0], &rx, &max)) {
		set(r, RING, "%u", rx);
		put_number(r->json, "ring_entries", rx);
	}
}

static void put_node(json_t *list, const struct vio_pci_node *node)
{
	char mode[16];
	json_t *o;

	if (!node->path[0])
		return;
	o = json_object();
	json_text(o, "path", node->path);
	json_object_set_new(o, "present", json_boolean(node->present));
	if (node->present) {
		snprintf(mode, sizeof(mode), "%04o", node->mode);
		json_text(o, "mode", mode);
		put_number(o, "uid", node->uid);
		put_number(o, "gid", node->gid);
	}
	json_array_append_new(list, o);
}

static void put_group(const struct vio_pci_list *pci, struct row *r, const struct vio_pci *p)
{
	const struct vio_pci *m;
	json_t *members;

	if (p->iommu_group < 0)
		return;
	members = json_array();
	set(r, IOMMU, "%d%s", p->iommu_group, p->noiommu ? " (none)" : "");
	put_number(r->json, "iommu_group", p->iommu_group);
	json_object_set_new(r->json, "noiommu", json_boolean(p->noiommu));
	for (size_t i = 0; (m = group_other(pci, p, i)); i++) {
		json_t *o = json_object();

		json_text(o, "address", m->address);
		json_text(o, "driver", m->driver);
		json_object_set_new(o, "viable", json_boolean(group_member_ok(m)));
		json_array_append_new(members, o);
	}
	json_object_set_new(r->json, "group_members", members);
}

static void put_nodes(struct row *r, const struct vio_pci *p)
{
	json_t *nodes = json_array();

	put_node(nodes, &p->group_node);
	put_node(nodes, &p->device_node);
	put_node(nodes, &p->uio_node);
	json_object_set_new(r->json, "nodes", nodes);
}

static bool add_pci(struct table *t, const struct vio_pci_list *pci, const struct vio_pci *p)
{
	struct row *r = row_add(t, "pci");
	bool virtio = p->virtio != VIO_PCI_NOT_VIRTIO;

	if (!r)
		return false;
	set(r, PORT, "pci:%s", p->address);
	if (virtio && p->virtio_type == 1)
		set(r, DEVICE, "Virtio network %s", kinds[p->virtio]);
	else
		set(r, DEVICE, "%04x:%04x", p->vendor, p->device);
	set(r, DRIVER, "%s", p->driver);
	if (p->numa_node >= 0) {
		set(r, NUMA, "%d", p->numa_node);
		put_number(r->json, "numa_node", p->numa_node);
	}
	json_text(r->json, "virtio", kinds[p->virtio]);
	json_text(r->json, "driver_override", p->driver_override);
	put_ids(r, p);
	put_ifaces(t, r, p);
	put_queues(t, r, p);
	put_group(pci, r, p);
	put_nodes(r, p);
	usable_pci(t->h, p, &r->usable);
	row_finish(r);
	return true;
}

static int add_functions(struct table *t)
{
	struct vio_pci_list *pci;
	const struct vio_pci *p;
	int rc = 0;

	if (vio_pci_scan(t->h->root, &pci) < 0)
		return fail_library();
	for (size_t i = 0; !rc && (p = vio_pci_at(pci, i)); i++)
		if (listed(t, p) && !add_pci(t, pci, p))
			rc = fail(FAIL_MEMORY, NULL, "list: no memory");
	vio_pci_list_free(pci);
	return rc;
}

/* ---- sockets ---- */

static bool add_socket(struct table *t, const struct listener *s)
{
	struct row *r = row_add(t, "vhost-user");

	if (!r)
		return false;
	set(r, PORT, "vhost-user:%s", s->path);
	if (s->pid) {
		set(r, DEVICE, "server: %s", s->process);
		json_object_set_new(r->json, "process",
				    json_pack("{s:s, s:i}", "name", s->process, "pid", s->pid));
	} else {
		set(r, DEVICE, "server");
	}
	usable_file(t->h, s->path, "the socket", &r->usable);
	row_finish(r);
	return true;
}

static int add_sockets(struct table *t)
{
	struct listeners sockets;
	int rc = 0;

	if (!listeners_read(t->h, &sockets))
		return 0;
	for (unsigned int i = 0; !rc && i < sockets.n; i++)
		if ((t->all || listener_is_vhost(&sockets.list[i])) &&
		    !add_socket(t, &sockets.list[i]))
			rc = fail(FAIL_MEMORY, NULL, "list: no memory");
	listeners_free(&sockets);
	return rc;
}

/* ---- vDPA ---- */

static bool scheme_known(const char *name)
{
	const char *scheme, *help;

	for (unsigned int i = 0; vio_port_scheme(i, &scheme, &help); i++)
		if (!strcmp(scheme, name))
			return true;
	return false;
}

static bool take_vhost_node(void *arg, const char *name)
{
	char *node = arg;

	if (strncmp(name, "vhost-vdpa-", 11) || strlen(name) >= 32)
		return true;
	strcpy(node, name);
	return false;
}

static bool add_vdpa(void *arg, const char *name)
{
	struct table *t = arg;
	char node[32] = "", path[48], driver[64];
	struct row *r = row_add(t, "vdpa");

	if (!r)
		return false;
	host_link(t->h, driver, sizeof(driver), "/sys/bus/vdpa/devices/%s/driver", name);
	host_each(t->h, take_vhost_node, node, "/sys/bus/vdpa/devices/%s", name);
	snprintf(path, sizeof(path), "/dev/%s", node);
	set(r, DEVICE, "vDPA %.100s", name);
	set(r, DRIVER, "%s", driver);
	if (node[0])
		set(r, PORT, "vdpa:%s", path);
	if (!node[0])
		usable_set(&r->usable, false, "not bound to vhost_vdpa: no /dev/vhost-vdpa-N");
	else if (!scheme_known("vdpa"))
		usable_set(&r->usable, false, "this version drives no vdpa: ports");
	else
		usable_file(t->h, path, path, &r->usable);
	row_finish(r);
	return true;
}

/* ---- printing ---- */

static void print_table(const struct table *t)
{
	int width[COLUMNS];

	for (int c = 0; c < COLUMNS; c++) {
		width[c] = (int)strlen(titles[c]);
		for (size_t i = 0; i < t->n; i++)
			if ((int)strlen(t->row[i].cell[c]) > width[c])
				width[c] = (int)strlen(t->row[i].cell[c]);
	}
	for (int c = 0; c < COLUMNS; c++)
		printf("%-*s  ", width[c], titles[c]);
	printf("USABLE BY YOU\n");
	for (size_t i = 0; i < t->n; i++) {
		const struct row *r = &t->row[i];

		for (int c = 0; c < COLUMNS; c++)
			printf("%-*s  ", width[c], r->cell[c][0] ? r->cell[c] : "-");
		printf("%s%s%s%s%s\n", r->usable.yes ? "yes" : "no", r->usable.why[0] ? "  " : "",
		       r->usable.why, r->usable.fix[0] ? ": " : "", r->usable.fix);
	}
	if (!t->n)
		printf("(nothing found; `vio pktgen loop:echo` works without any device)\n");
}

static int print_list_json(const struct table *t)
{
	json_t *o = json_begin("vio.list/1"), *list = json_array();

	for (size_t i = 0; i < t->n; i++)
		json_array_append(list, t->row[i].json);
	json_object_set_new(o, "ports", list);
	return json_print(o, "-");
}

static int gather_and_print(const struct host *h, const struct list_config *cfg)
{
	struct table t = { .h = h, .all = cfg->all };
	int rc = add_functions(&t);

	if (!rc)
		rc = add_sockets(&t);
	if (!rc) {
		host_each(h, add_vdpa, &t, "/sys/bus/vdpa/devices");
		if (cfg->json)
			rc = print_list_json(&t);
		else
			print_table(&t);
	}
	for (size_t i = 0; i < t.n; i++)
		json_decref(t.row[i].json);
	free(t.row);
	return rc;
}

/* ---- the command ---- */

#define AT(field) offsetof(struct list_config, field)

static const struct option_def options[] = {
	{ "json", 'o', NULL, option_flag, AT(json), "print as JSON (docs/schema/list-1.json)" },
	{ "all", 'a', NULL, option_flag, AT(all),
	  "also other network devices, and every socket that is listened on" },
	{ 0 }
};

static int list(const struct command *cmd, int argc, char **argv)
{
	struct list_config cfg = { 0 };
	struct host h;
	int first = options_ports(cmd, argc, argv, &cfg);

	if (first <= 0)
		return -first;
	if (argc > first)
		return fail(FAIL_CONFLICT, "the command lists all ports",
			    "list: '%s' is one too many", argv[first]);
	host_init(&h);
	return gather_and_print(&h, &cfg);
}

const struct command command_list = {
	.name = "list",
	.args = "[--json]",
	.summary = "List the devices that ports can be made of, and what is in the way.",
	.options = options,
	.examples = "An interface with * carries the default route or the ssh session that you are "
		    "in.\n"
		    "vhost-user sockets are told by the name of their process or path.\n",
	.run = list,
};
