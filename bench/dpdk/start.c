/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vio/clock.h>

#include "cores.h"
#include "pair.h"

/*
 * How long a driver takes in a program that runs, without the start of a process: from opening a
 * port to the first packet. The backend is another process, which sends at once. For each line on
 * standard input a port is opened and closed again; bench/start.py gives them.
 */
#define FIRST_NS UINT64_C(5000000000)

/* Return: when the first packet was there; 0: none came. */
static uint64_t wait_first(const struct driver *driver, struct port *port)
{
	const uint64_t until = vio_clock_ns() + FIRST_NS;
	const struct how how = { .burst = 32, .n = 32 }, answer = { .burst = 1, .n = 1 };
	uint64_t now;

	do {
		if (driver->receive(port, &how).packets) {
			now = vio_clock_ns();
			driver->send(port, &answer); /* the backend waits for it */
			return now;
		}
	} while (vio_clock_ns() < until);
	return 0;
}

static int open_once(const struct driver *driver, const struct setup *setup)
{
	const uint64_t from = vio_clock_ns();
	struct port *port = driver->open(setup);
	uint64_t opened, first;

	if (!port)
		return -1;
	opened = vio_clock_ns();
	first = wait_first(driver, port);
	if (first)
		printf("{ \"open_ms\": %.4f, \"first_ms\": %.4f }\n", (double)(opened - from) / 1e6,
		       (double)(first - from) / 1e6);
	else
		fprintf(stderr, "%s, %s: no packet came\n", driver->name, setup->mode->name);
	driver->close(port);
	return first ? 0 : -1;
}

static int serve(const struct driver *driver, const struct setup *setup)
{
	const uint64_t from = vio_clock_ns();
	char line[16];
	int rc = driver->start();

	if (rc < 0)
		return rc;
	printf("{ \"start_ms\": %.4f }\n", (double)(vio_clock_ns() - from) / 1e6);
	while (rc == 0 && fgets(line, sizeof(line), stdin))
		rc = open_once(driver, setup);
	driver->stop();
	return rc;
}

static const struct driver *driver_named(const char *name)
{
	if (!strcmp(name, "vio"))
		return &driver_vio;
	return strcmp(name, "dpdk") ? NULL : &driver_dpdk;
}

static const struct mode *mode_named(const char *name)
{
	for (unsigned int i = 0; i < N_MODES; i++)
		if (!strcmp(modes[i].name, name))
			return &modes[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct driver *driver = argc == 5 ? driver_named(argv[1]) : NULL;
	const struct mode *mode = argc == 5 ? mode_named(argv[2]) : NULL;
	const struct setup setup = { mode, argv[3], rings[0] };

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!driver || !mode) {
		fputs("usage: vio-bench-start vio|dpdk MODE SOCKET CORE\n", stderr);
		return 2;
	}
	return cores_pin(atoi(argv[4])) < 0 || serve(driver, &setup) < 0;
}
