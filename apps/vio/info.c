/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>
#include <vio/vio.h>

#include "commands.h"
#include "document.h"
#include "fail.h"
#include "log.h"
#include "memory.h"
#include "port_json.h"

struct info_config {
	bool json, verbose;
};

static void print_features(const char *title, const struct vio_features *f)
{
	int column = printf("%-16s", title);

	for (unsigned int bit = 0; bit < 128; bit++) {
		const char *name = vio_feature_name(bit);

		if (!vio_feature_in(f, bit))
			continue;
		if (column > 84)
			column = printf("\n%-16s", "") - 1;
		column += name ? printf(" %s", name) : printf(" bit%u", bit);
	}
	printf("\n");
}

static void print_memory(const struct vio_pool *pool, const struct vio_port_info *i)
{
	struct vio_pool_info p;
	struct vio_region_info r;

	vio_pool_info(pool, &p);
	vio_region_info(p.region, &r);
	printf("%-16s %zu KiB shared, %zu KiB pages, node %d; %u buffers of %u bytes\n", "memory",
	       r.bytes / 1024, r.page_bytes / 1024, r.node, p.buffers, p.buf_bytes);
	printf("%-16s %zu KiB shared, %zu KiB private\n", "rings' memory", i->ring_bytes / 1024,
	       i->private_bytes / 1024);
}

static void print_stats(void)
{
	printf("\nstatistics of each queue:\n");
#define X(name, what) printf("  %-16s %s\n", #name, what);
	VIO_QUEUE_STATS(X)
#undef X
}

/* "up, 10000 Mb/s, full duplex"; what is not known is left out. */
static void print_link(const struct vio_port_info *i)
{
	static const char *const duplex[] = {
		[VIO_DUPLEX_UNKNOWN] = "",
		[VIO_DUPLEX_HALF] = ", half duplex",
		[VIO_DUPLEX_FULL] = ", full duplex",
	};

	printf("%-16s %s", "link", i->link_up ? "up" : "down");
	if (i->speed_mbps)
		printf(", %u Mb/s", i->speed_mbps);
	printf("%s%s\n", duplex[i->duplex], i->announce ? ", an announcement is asked for" : "");
}

static void print_port(const struct vio_port *port, const struct vio_pool *pool)
{
	struct vio_port_info i;

	vio_port_info(port, &i);
	printf("%-16s %s\n", "port", i.address);
	printf("%-16s %s\n", "transport", i.transport);
	printf("%-16s %s\n", "backend", i.backend && *i.backend ? i.backend : "unknown");
	printf("%-16s %02x:%02x:%02x:%02x:%02x:%02x\n", "MAC", i.mac[0], i.mac[1], i.mac[2],
	       i.mac[3], i.mac[4], i.mac[5]);
	printf("%-16s %u\n", "MTU", i.mtu);
	print_link(&i);
	printf("%-16s up to %u bytes\n", "received frames", i.rx_frame_max);
	printf("%-16s %u of %u, rings of %u entries\n", "queue pairs", i.queues, i.queues_max,
	       i.entries);
	printf("%-16s %s, %s, net header of %u bytes\n", "bodies", i.rx_variant, i.tx_variant,
	       i.net_hdr_len);
	print_memory(pool, &i);
	print_features("offered", &i.offered);
	print_features("taken", &i.taken);
	print_stats();
}

static int print_json(struct vio_port *port)
{
	json_t *o = json_begin("vio.info/1");

	json_object_set_new(o, "port", port_json(port));
	return json_print(o, "-");
}

static int show(const char *address, bool json)
{
	struct vio_port *port = NULL;
	struct vio_pool *pool = NULL;
	int rc = 0;

	if (memory_open(&VIO_OPTS(struct vio_pool_opts), &address, 1, &pool) < 0 ||
	    vio_port_open(address, pool, NULL, &port) < 0)
		rc = fail_library();
	else if (json)
		rc = print_json(port);
	else
		print_port(port, pool);
	vio_port_close(port);
	vio_pool_close(pool);
	return rc;
}

#define AT(field) offsetof(struct info_config, field)

static const struct option_def options[] = {
	{ "json", 'o', NULL, option_flag, AT(json), "print as JSON" },
	{ "verbose", 'v', NULL, option_flag, AT(verbose), "print the library's log on stderr" },
	{ 0 }
};

/* Names of all features, as they stand in addresses; eight spaces in front of each line. */
static void help_features(void)
{
	int column = 80;

	for (unsigned int bit = 0; bit < 128; bit++) {
		const char *name = vio_feature_name(bit);

		if (!name)
			continue;
		if (column + 1 + (int)strlen(name) > 78)
			column = printf("\n       ") - 1;
		column += printf(" %s", name);
	}
	printf("\n");
}

/* The kinds of address belong to this command's help. */
static void help_schemes(void)
{
	const char *scheme, *help;

	printf("\noptions of every address:\n"
	       "  queues=N        queue pairs, 1 to 64 (1)\n"
	       "  size=N          entries of each ring, 2 to 32768; split: a power of two (up to "
	       "1024)\n"
	       "  timeout=MS      deadline of each exchange with the device (1000)\n"
	       "  wait            ask for events, so that programs can sleep for packets\n"
	       "  recover=off     a port whose device falls stays down\n"
	       "  resets=N        resets in 10 s before a device is left alone, 1 to 16, or any "
	       "(3)\n"
	       "  in_flight=drop|resend\n"
	       "                  resend: what was in flight when it fell is sent again\n"
	       "  FEATURE=on      must be negotiated; off: must not; auto: as the driver sees "
	       "fit:");
	help_features();
	printf("\naddresses of ports:\n");
	for (unsigned int i = 0; vio_port_scheme(i, &scheme, &help); i++)
		printf("\n%s:\n%s\n", scheme, help);
}

static int info(const struct command *cmd, int argc, char **argv)
{
	struct info_config cfg = { 0 };
	int first = options_ports(cmd, argc, argv, &cfg);

	if (first == 0)
		help_schemes();
	if (first <= 0)
		return -first;
	if (cfg.verbose)
		log_to_stderr();
	return show(argv[first], cfg.json);
}

const struct command command_info = {
	.name = "info",
	.args = "PORT [--json]",
	.summary = "Open a port and tell what it has become.",
	.options = options,
	.examples = "examples:\n"
		    "  vio info loop:echo\n"
		    "  vio info vhost-user:/run/vhost0.sock --json\n",
	.ports_least = 1,
	.ports_most = 1,
	.run = info,
};
