/* SPDX-License-Identifier: BSD-3-Clause */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "doctor.h"
#include "document.h"
#include "fail.h"
#include "runcmd.h"

struct doctor_config {
	bool json, fix;
	const char *emit;
};

static const char *const levels[] = { "ok", "warn", "FAIL", "skip" };

/* ---- printing ---- */

static void print_part(const char *title, const char *text)
{
	const char *end;

	if (!text[0])
		return;
	printf("      %-13s ", title);
	for (; (end = strchr(text, '\n')); text = end + 1)
		printf("%.*s\n%20s", (int)(end - text), text, "");
	printf("%s\n", text);
}

static void print_text(const struct doctor *d)
{
	unsigned int bad = doctor_count(d, LEVEL_FAIL), warnings = doctor_count(d, LEVEL_WARN);

	for (unsigned int i = 0; i < d->n; i++) {
		const struct finding *f = &d->found[i];

		printf("%-5s %-14s %s\n", levels[f->level], f->id, f->what);
		print_part("why", f->why);
		print_part("fix now", f->now);
		print_part("fix for good", f->good);
	}
	printf("%u blocking, %u warning%s\n", bad, warnings, warnings == 1 ? "" : "s");
}

static json_t *finding_json(const struct finding *f)
{
	json_t *o = json_object();

	json_text(o, "id", f->id);
	json_text(o, "level", f->level == LEVEL_FAIL ? "fail" : levels[f->level]);
	json_text(o, "what", f->what);
	json_text(o, "why", f->why);
	json_text(o, "fix_now", f->now);
	json_text(o, "fix_for_good", f->good);
	return o;
}

static int print_json(const struct doctor *d)
{
	json_t *o = json_begin("vio.doctor/1"), *list = json_array();

	if (d->port)
		json_object_set_new(o, "port", json_string(d->port));
	json_object_set_new(o, "blocking", json_integer(doctor_count(d, LEVEL_FAIL)));
	json_object_set_new(o, "warnings", json_integer(doctor_count(d, LEVEL_WARN)));
	for (unsigned int i = 0; i < d->n; i++)
		json_array_append_new(list, finding_json(&d->found[i]));
	json_object_set_new(o, "checks", list);
	return json_print(o, "-");
}

/* ---- mending ---- */

static void run_fix(const struct host *h, const struct finding *f)
{
	const char *argv[FIX_ARGS + 1] = { NULL };
	int rc;

	fprintf(stderr, "run   %-14s", f->id);
	for (int i = 0; i < FIX_ARGS && f->fix[i][0]; i++) {
		argv[i] = f->fix[i];
		fprintf(stderr, " %s", argv[i]);
	}
	fprintf(stderr, "\n");
	rc = runcmd(h, argv);
	if (rc < 0)
		fprintf(stderr, "      %-14s could not be run: %s\n", "", strerror(-rc));
	else if (rc)
		fprintf(stderr, "      %-14s ended with exit code %d\n", "", rc);
}

/* Then look again. */
static void mend(struct doctor *d)
{
	for (unsigned int i = 0; i < d->n; i++)
		if (d->found[i].fix[0][0])
			run_fix(d->h, &d->found[i]);
	doctor_run(d, NULL);
}

/* ---- the command ---- */

static bool read_emit(const char *text, void *field, struct why *why)
{
	if (!emit_known(text))
		return why_set(why, "it is one of %s", emit_list());
	*(const char **)field = text;
	return true;
}

#define AT(field) offsetof(struct doctor_config, field)

static const struct option_def options[] = {
	{ "json", 'o', NULL, option_flag, AT(json), "print as JSON (docs/schema/doctor-1.json)" },
	{ "fix", 0, NULL, option_flag, AT(fix),
	  "run what mends without harm (hugeadm, modprobe), then look again;\n"
	  "each command is shown" },
	{ "emit", 'e', "WHAT", read_emit, AT(emit),
	  "print a piece of configuration instead:\n"
	  "qemu, libvirt, udev, systemd, limits" },
	{ 0 }
};

static int show(struct doctor *d, const struct doctor_config *cfg)
{
	int rc;

	if (cfg->emit) {
		emit(cfg->emit, d);
		return EXIT_OK;
	}
	doctor_run(d, NULL);
	if (cfg->fix)
		mend(d);
	if (!cfg->json)
		print_text(d);
	rc = cfg->json ? print_json(d) : 0;
	if (rc)
		return rc;
	if (doctor_count(d, LEVEL_FAIL))
		return EXIT_PREFLIGHT;
	return doctor_count(d, LEVEL_WARN) ? EXIT_FAILED : EXIT_OK;
}

static int doctor(const struct command *cmd, int argc, char **argv)
{
	static struct doctor d; /* large */
	struct doctor_config cfg = { 0 };
	struct why why = { "" };
	struct host h;
	int first = options_ports(cmd, argc, argv, &cfg), rc;

	if (first <= 0)
		return -first;
	host_init(&h);
	if (!doctor_open(&d, &h, argc > first ? argv[first] : NULL, &why))
		return fail(FAIL_NO_PORT, why.text, "doctor: %s",
			    argc > first ? argv[first] : "the machine can't be looked at");
	rc = show(&d, &cfg);
	doctor_close(&d);
	return rc;
}

const struct command command_doctor = {
	.name = "doctor",
	.args = "[PORT] [--fix]",
	.summary = "Check what a port needs, and tell how to mend what is missing.",
	.options = options,
	.examples = "exit codes: 0 all is well, 1 warnings, 3 something is in the way\n"
		    "examples:\n"
		    "  vio doctor\n"
		    "  vio doctor pci:0000:00:04.0,queues=4\n"
		    "  vio doctor vhost-user:/run/vhost0.sock --json\n"
		    "  vio doctor pci:0000:00:04.0 --emit udev\n",
	.ports_most = 1,
	.run = doctor,
};
