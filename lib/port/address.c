/* SPDX-License-Identifier: BSD-3-Clause */
#include "address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../base/err.h"

static int too_many(const char *text)
{
	return err_set(ERR_ADDR_OPTION, -EINVAL, "'%s' has more than %d options", text,
		       ADDRESS_OPTIONS_MAX);
}

/* Cut ",name=value" pieces off; the text is ours. */
static int parse_options(char *text, struct address *addr)
{
	for (char *p = text; p && *p;) {
		char *name = strsep(&p, ",");
		char *value = strchr(name, '=');

		if (!*name)
			continue;
		if (addr->n == ADDRESS_OPTIONS_MAX)
			return too_many(addr->whole);
		if (value)
			*value++ = '\0';
		addr->options[addr->n++] =
			(struct address_option){ .name = name, .value = value ? value : "" };
	}
	return 0;
}

int address_parse(const char *text, struct address *addr)
{
	char *rest;
	int rc;

	*addr = (struct address){ .whole = strdup(text), .text = strdup(text) };
	rc = addr->whole && addr->text ? 0 : err_set(ERR_NO_MEMORY, -ENOMEM, "no memory");
	if (rc < 0)
		goto free_text;
	rest = strchr(addr->text, ':');
	if (!rest || rest == addr->text) {
		rc = err_set(ERR_ADDR_SCHEME, -EINVAL, "'%s' is no address of a port", text);
		goto free_text;
	}
	*rest++ = '\0';
	addr->scheme = addr->text;
	addr->path = strsep(&rest, ",");
	rc = parse_options(rest, addr);
	if (rc == 0)
		return 0;

free_text:
	address_free(addr);
	return rc;
}

void address_free(struct address *addr)
{
	free(addr->text);
	free(addr->whole);
	*addr = (struct address){ 0 };
}

/* Of an option that is given twice the last one counts. */
const char *address_take(struct address *addr, const char *name)
{
	const char *value = NULL;

	for (unsigned int i = 0; i < addr->n; i++)
		if (!strcmp(addr->options[i].name, name)) {
			addr->options[i].taken = true;
			value = addr->options[i].value;
		}
	return value;
}

int address_take_number(struct address *addr, const char *name, uint64_t min, uint64_t max,
			uint64_t *out)
{
	const char *value = address_take(addr, name);
	unsigned long long n;
	char *end;

	if (!value)
		return 0;
	errno = 0;
	n = strtoull(value, &end, 10);
	if (*value < '0' || *value > '9' || *end || errno || n < min || n > max)
		return err_set(ERR_ADDR_VALUE, -EINVAL,
			       "%s=%s: not a number from %llu to %llu (in '%s')", name, value,
			       (unsigned long long)min, (unsigned long long)max, addr->whole);
	*out = n;
	return 0;
}

int address_take_bool(struct address *addr, const char *name, bool *out)
{
	const char *value = address_take(addr, name);

	if (!value)
		return 0;
	if (*value && strcmp(value, "on") && strcmp(value, "off"))
		return err_set(ERR_ADDR_VALUE, -EINVAL, "%s=%s: neither on nor off (in '%s')", name,
			       value, addr->whole);
	*out = strcmp(value, "off");
	return 0;
}

int address_finish(const struct address *addr)
{
	for (unsigned int i = 0; i < addr->n; i++)
		if (!addr->options[i].taken)
			return err_set(ERR_ADDR_OPTION, -EINVAL, "no option '%s' (in '%s')",
				       addr->options[i].name, addr->whole);
	return 0;
}
