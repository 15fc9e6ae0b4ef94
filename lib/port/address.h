/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef PORT_ADDRESS_H
#define PORT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The address of a port, "scheme:path[,name[=value]]...", taken apart. Who understands an option
 * takes it out; what is left at the end is an error that names it.
 */
#define ADDRESS_OPTIONS_MAX 64

struct address {
	char *whole; /* as given */
	char *text;  /* the same, cut into pieces */
	const char *scheme, *path;
	unsigned int n;
	struct address_option {
		const char *name, *value; /* value "" where there is no '=' */
		bool taken;
	} options[ADDRESS_OPTIONS_MAX];
};

/* Return: 0; -EINVAL, -ENOMEM with the error set. */
int address_parse(const char *text, struct address *addr);
void address_free(struct address *addr);

/* Value of option @name, which counts as understood from now on; NULL: not given. */
const char *address_take(struct address *addr, const char *name);

/*
 * The same as a number from @min to @max, in @out, which is untouched where the option is not
 * given. Return: 0; -EINVAL with the error set: no number, or out of range.
 */
int address_take_number(struct address *addr, const char *name, uint64_t min, uint64_t max,
			uint64_t *out);

/* The same as a yes or no: "", "on", "off". */
int address_take_bool(struct address *addr, const char *name, bool *out);

/* Return: 0 if every option has been taken; -EINVAL with the error set, naming the first one left.
 */
int address_finish(const struct address *addr);

#endif
