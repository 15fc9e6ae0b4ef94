/* SPDX-License-Identifier: BSD-3-Clause */
#include "netuse.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#define CARRIERS_MAX 64

/* Flags in /proc/net/route and ipv6_route. */
#define ROUTE_UP     0x0001u
#define ROUTE_REJECT 0x0200u

/* ---- interfaces that stand on one ---- */

struct carriers {
	unsigned int n;
	char name[CARRIERS_MAX][16];
};

static bool is_carrier(const struct carriers *c, const char *iface)
{
	for (unsigned int i = 0; i < c->n; i++)
		if (!strcmp(c->name[i], iface))
			return true;
	return false;
}

static void add_carrier(struct carriers *c, const char *iface)
{
	if (c->n < CARRIERS_MAX && strlen(iface) < sizeof(c->name[0]) && !is_carrier(c, iface))
		strcpy(c->name[c->n++], iface);
}

static bool add_upper(void *arg, const char *name)
{
	if (!strncmp(name, "upper_", 6))
		add_carrier(arg, name + 6);
	return true;
}

/* Bonds and bridges are masters; VLANs, macvlans and the like only "upper". */
static void find_carriers(const struct host *h, const char *iface, struct carriers *c)
{
	char master[64];

	c->n = 0;
	add_carrier(c, iface);
	for (unsigned int i = 0; i < c->n; i++) {
		if (host_link(h, master, sizeof(master), "/sys/class/net/%s/master", c->name[i]))
			add_carrier(c, master);
		host_each(h, add_upper, c, "/sys/class/net/%s", c->name[i]);
	}
}

/* ---- routes ---- */

struct route {
	int family;
	uint8_t to[16];
	unsigned int prefix; /* bits */
	char iface[16];
};

struct route_reader {
	void (*fn)(void *arg, const struct route *r);
	void *arg;
};

static bool read_route4(void *arg, char *line)
{
	const struct route_reader *reader = arg;
	unsigned int to, mask, flags;
	struct route r = { .family = AF_INET };

	if (sscanf(line, "%15s %x %*x %x %*d %*d %*d %x", r.iface, &to, &flags, &mask) != 4)
		return true; /* the heading */
	if (!(flags & ROUTE_UP) || (flags & ROUTE_REJECT))
		return true;
	memcpy(r.to, &to, sizeof(to)); /* printed as the number that these bytes make here */
	r.prefix = (unsigned int)__builtin_popcount(mask);
	reader->fn(reader->arg, &r);
	return true;
}

static bool read_bytes(const char *hex, uint8_t out[16])
{
	unsigned int byte;

	for (int i = 0; i < 16; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			return false;
		out[i] = (uint8_t)byte;
	}
	return true;
}

static bool read_route6(void *arg, char *line)
{
	const struct route_reader *reader = arg;
	struct route r = { .family = AF_INET6 };
	unsigned int flags;
	char to[33];

	if (sscanf(line, "%32s %x %*s %*x %*s %*x %*x %*x %x %15s", to, &r.prefix, &flags,
		   r.iface) != 4 ||
	    strlen(to) != 32 || !read_bytes(to, r.to) || r.prefix > 128)
		return true;
	if ((flags & ROUTE_UP) && !(flags & ROUTE_REJECT))
		reader->fn(reader->arg, &r);
	return true;
}

static void each_route(const struct host *h, void (*fn)(void *arg, const struct route *r),
		       void *arg)
{
	struct route_reader reader = { fn, arg };

	host_lines(h, "/proc/net/route", read_route4, &reader);
	host_lines(h, "/proc/net/ipv6_route", read_route6, &reader);
}

/* ---- what runs over them ---- */

struct search {
	const struct carriers *carriers;
	struct net_use *use;
};

static void note_default(void *arg, const struct route *r)
{
	struct search *s = arg;

	if (r->prefix || !is_carrier(s->carriers, r->iface))
		return;
	s->use->default_route = true;
	strcpy(s->use->via, r->iface);
}

/* The route of the longest prefix that leads to an address. */
struct lookup {
	int family;
	uint8_t to[16];
	int prefix; /* -1: none yet */
	char iface[16];
};

static bool covers(const struct route *r, const uint8_t to[16])
{
	unsigned int bytes = r->prefix / 8, bits = r->prefix % 8;

	if (memcmp(r->to, to, bytes))
		return false;
	return !bits || !((r->to[bytes] ^ to[bytes]) >> (8 - bits));
}

static void note_longest(void *arg, const struct route *r)
{
	struct lookup *l = arg;

	if (r->family != l->family || (int)r->prefix <= l->prefix || !covers(r, l->to))
		return;
	l->prefix = (int)r->prefix;
	strcpy(l->iface, r->iface);
}

/* Interface of an address, ours or of a peer; link-local ones name it: "fe80::1%eth0". */
static const char *iface_of(const struct host *h, const char *address, struct lookup *l)
{
	char text[64];
	char *scope;

	*l = (struct lookup){ .prefix = -1 };
	snprintf(text, sizeof(text), "%s", address);
	scope = strchr(text, '%');
	if (scope) {
		snprintf(l->iface, sizeof(l->iface), "%.15s", scope + 1);
		return l->iface;
	}
	l->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(l->family, text, l->to) != 1)
		return "";
	each_route(h, note_longest, l);
	return l->iface;
}

/* SSH_CONNECTION is "peer port own port". */
static void note_ssh(const struct host *h, const struct carriers *c, struct net_use *use)
{
	char peer[64], own[64];
	struct lookup l;

	if (sscanf(h->ssh, "%63s %*u %63s %*u", peer, own) != 2)
		return;
	if (!is_carrier(c, iface_of(h, own, &l)) && !is_carrier(c, iface_of(h, peer, &l)))
		return;
	use->ssh = true;
	snprintf(use->peer, sizeof(use->peer), "%s", peer);
	snprintf(use->via, sizeof(use->via), "%s", l.iface);
}

bool net_in_use(const struct host *h, const char *iface, struct net_use *use)
{
	struct carriers carriers;
	struct search s = { &carriers, use };

	*use = (struct net_use){ 0 };
	find_carriers(h, iface, &carriers);
	each_route(h, note_default, &s);
	note_ssh(h, &carriers, use);
	return use->default_route || use->ssh;
}

const char *net_use_text(const struct net_use *use)
{
	if (use->default_route)
		return use->ssh ? "default route, this ssh session" : "default route";
	return use->ssh ? "this ssh session" : "nothing";
}
