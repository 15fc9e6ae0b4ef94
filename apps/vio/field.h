/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_FIELD_H
#define APP_FIELD_H

#include <stddef.h>

#include "parse.h"

/* Values that a field of a frame takes: ranges, one behind the other. */
#define FIELD_PARTS 32u

struct field_part {
	uint64_t high; /* the first 64 bits of an IPv6 address, which do not vary */
	uint64_t first, count;
};

struct field {
	bool v6;        /* addresses of IPv6 */
	unsigned int n; /* parts */
	uint64_t count; /* values of all parts; 0: nothing was asked for */
	struct field_part part[FIELD_PARTS];
};

/* The field that is always @value. */
#define FIELD_ONE(value) \
	((struct field){ .n = 1, .count = 1, .part = { { .first = (value), .count = 1 } } })

/* These read a list of values and ranges. Return: true, or false with @why set and @out untouched.
 */

/* "1024", "1024-2047", "53,80,8000-8080" */
bool field_read_ports(const char *text, struct field *out, struct why *why);

/* "10.0.0.1", "10.0.0.0/24", "10.0.0.1-10.0.0.9", and lists of these; the same for IPv6, where a
 * range varies in its low 64 bits */
bool field_read_ips(const char *text, struct field *out, struct why *why);

/* "02:00:00:00:00:01", "02:00:00:00:00:01-02:00:00:00:01:00", and lists of these */
bool field_read_macs(const char *text, struct field *out, struct why *why);

struct vlan_list {
	unsigned int n;
	struct field id[2]; /* outer first */
};

/* "100", "100,200" (two tags), "100-199", "5,100-199" */
bool field_read_vlans(const char *text, struct vlan_list *out, struct why *why);

/* Write value number @i, below @f->count, in @len bytes of network order: 2 of a port or VLAN id, 4
 * or 16 of an address, 6 of a MAC address. */
void field_write(const struct field *f, uint64_t i, uint8_t *out, size_t len);

void field_swap(struct field *a, struct field *b);

/* Is what stands in the @len bytes at @at one of the values? */
bool field_holds(const struct field *f, const uint8_t *at, size_t len);

#endif
