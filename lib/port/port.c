/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/err.h"
#include "../base/opts.h"
#include "driver.h"

static const struct port_scheme *scheme_find(const char *name)
{
	for (size_t i = 0; port_schemes[i].scheme; i++)
		if (!strcmp(port_schemes[i].scheme, name))
			return &port_schemes[i];
	return NULL;
}

bool vio_port_scheme(unsigned int i, const char **scheme, const char **help)
{
	for (unsigned int n = 0; n < i; n++)
		if (!port_schemes[n].scheme)
			return false;
	if (!port_schemes[i].scheme)
		return false;
	*scheme = port_schemes[i].scheme;
	*help = *port_schemes[i].help;
	return true;
}

/* Take an address apart. Return: 0, to be ended by address_free(); or a negative errno. */
static int parse(const char *text, struct address *addr, const struct port_scheme **scheme)
{
	int rc = address_parse(text, addr);

	if (rc < 0)
		return rc;
	*scheme = scheme_find(addr->scheme);
	if (*scheme)
		return 0;
	rc = err_set(ERR_ADDR_SCHEME, -EINVAL, "'%s': there is no kind of port called '%s'", text,
		     addr->scheme);
	address_free(addr);
	return rc;
}

int vio_port_memory(const char *address, struct vio_region_opts *opts)
{
	const struct port_scheme *scheme;
	struct address addr;
	int rc;

	if (!address || !opts ||
	    opts->size < offsetof(struct vio_region_opts, contiguous) + sizeof(opts->contiguous))
		return err_set(ERR_OPTS, -EINVAL, "vio_port_memory: no %s",
			       address ? "vio_region_opts" : "address");
	rc = parse(address, &addr, &scheme);
	if (rc < 0)
		return rc;
	if (scheme->driver->physical(&addr))
		opts->contiguous = true;
	address_free(&addr);
	return 0;
}

int vio_port_open(const char *address, struct vio_pool *pool, const struct vio_port_opts *opts,
		  struct vio_port **out)
{
	const struct port_scheme *scheme;
	struct vio_port_opts all;
	struct vio_port *port;
	struct address addr;
	int rc = opts_copy(&all, sizeof(all), opts, "vio_port_opts");

	if (rc < 0)
		return rc;
	if (!address || !pool)
		return err_set(ERR_OPTS, -EINVAL, "vio_port_open: no %s",
			       address ? "pool" : "address");
	rc = parse(address, &addr, &scheme);
	if (rc < 0)
		return rc;
	rc = scheme->driver->open(&addr, pool, &all, &port);
	if (rc == 0) {
		port->driver = scheme->driver;
		port->address = addr.whole;
		addr.whole = NULL;
		*out = port;
	}
	address_free(&addr);
	return rc;
}

void vio_port_close(struct vio_port *port)
{
	char *address;

	if (!port)
		return;
	address = port->address;
	port->driver->close(port);
	free(address);
}

void vio_port_info(const struct vio_port *port, struct vio_port_info *info)
{
	port->driver->info(port, info);
	info->address = port->address;
}

enum vio_port_state vio_port_check(struct vio_port *port)
{
	return port->driver->check(port);
}

struct vio_rxq *vio_port_rxq(struct vio_port *port, uint16_t i)
{
	return port->driver->rxq(port, i);
}

struct vio_txq *vio_port_txq(struct vio_port *port, uint16_t i)
{
	return port->driver->txq(port, i);
}
