/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <string.h>

#include "capture_run.h"
#include "commands.h"
#include "dump.h"
#include "fail.h"
#include "version.h"

/*
 * What Wireshark asks of a program that captures for it (extcap(4)). There is one interface; where
 * it captures from is set in Wireshark.
 */
#define INTERFACE "vio"

struct extcap_config {
	bool interfaces, dlts, config, capture;
	const char *version, *interface, *port;
	struct dump_config dump; /* file: the FIFO */
};

static void print_interfaces(void)
{
	printf("extcap {version=%s}\n"
	       "interface {value=" INTERFACE "}{display=vio: a running vio, or a virtio port}\n",
	       tool_version);
}

static void print_dlts(void)
{
	printf("dlt {number=1}{name=EN10MB}{display=Ethernet}\n");
}

static void print_config(void)
{
	printf("arg {number=0}{call=--socket}{display=Control socket}{type=string}"
	       "{tooltip=of a vio that runs with --control SOCKET}\n"
	       "arg {number=1}{call=--port}{display=Port}{type=string}"
	       "{tooltip=a port that nobody else uses, such as vhost-user:/run/vhost0.sock}\n"
	       "arg {number=2}{call=--snap}{display=Bytes kept of a frame}{type=integer}"
	       "{range=1,65535}{default=65535}\n");
}

static int capture(struct extcap_config *cfg)
{
	if (!cfg->dump.file)
		return fail(FAIL_OPTION, NULL, "extcap: --capture needs --fifo");
	if (!cfg->dump.attach == !cfg->port)
		return fail(FAIL_CONFLICT,
			    "Wireshark captures from one of them, which is to be set in the "
			    "interface's options",
			    "extcap: a control socket or a port, not both and not none");
	cfg->dump.fifo = true;
	return dump_from(cfg->port, &cfg->dump);
}

static bool read_interface(const char *text, void *field, struct why *why)
{
	if (strcmp(text, INTERFACE))
		return why_set(why, "the interface is " INTERFACE);
	return option_text(text, field, why);
}

/* Wireshark hands over what is left empty, too. */
static bool read_text(const char *text, void *field, struct why *why)
{
	(void)why;
	*(const char **)field = *text ? text : NULL;
	return true;
}

static bool read_filter(const char *text, void *field, struct why *why)
{
	return *text ? capture_read_filter(text, field, why) : true;
}

#define AT(field) offsetof(struct extcap_config, field)

static const struct option_def options[] = {
	{ "extcap-interfaces", 0, NULL, option_flag, AT(interfaces), "list the interface" },
	{ "extcap-version", 0, "VERSION", option_text, AT(version),
	  "of Wireshark; taken as it is" },
	{ "extcap-interface", 0, "NAME", read_interface, AT(interface), "vio" },
	{ "extcap-dlts", 0, NULL, option_flag, AT(dlts), "list its kinds of link" },
	{ "extcap-config", 0, NULL, option_flag, AT(config), "list its settings" },
	{ "extcap-capture-filter", 0, "BPF", read_filter, AT(dump.filter), "only what matches" },
	{ "capture", 0, NULL, option_flag, AT(capture), "capture" },
	{ "fifo", 0, "FILE", option_text, AT(dump.file), "to write pcapng to" },
	{ "socket", 0, "SOCKET", read_text, AT(dump.attach), "of a vio that runs with --control" },
	{ "port", 0, "PORT", read_text, AT(port), "a port that nobody else uses" },
	{ "snap", 0, "N", capture_read_snap, AT(dump.snap), "bytes kept of each frame" },
	{ 0 }
};

static int extcap(const struct command *cmd, int argc, char **argv)
{
	struct extcap_config cfg = { 0 };
	int first = options_ports(cmd, argc, argv, &cfg);

	if (first <= 0)
		return -first;
	if (first < argc)
		return fail(FAIL_OPTION, NULL, "extcap: %s is not understood", argv[first]);
	if (cfg.interfaces)
		print_interfaces();
	else if (cfg.dlts)
		print_dlts();
	else if (cfg.config)
		print_config();
	else if (cfg.capture)
		return capture(&cfg);
	return EXIT_OK;
}

const struct command command_extcap = {
	.name = "extcap",
	.args = "--extcap-interfaces|...",
	.summary = "For Wireshark, which calls it through vio-extcap.",
	.options = options,
	.examples = "Link the program vio-extcap into Wireshark's folder of extcap programs (Help, "
		    "About,\nFolders), then:\n"
		    "  tshark -i vio -o extcap.vio.socket:/run/vio/gen.sock\n"
		    "  tshark -i vio -o extcap.vio.port:loop:source -c 10\n",
	.run = extcap,
};
