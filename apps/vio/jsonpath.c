/* SPDX-License-Identifier: BSD-3-Clause */
#include "jsonpath.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_LEN_MAX 128
#define VALUE_MAX    1e18

/* The member of @o called @name, or called so without the unit that @o is in. */
static const json_t *member(const json_t *o, const char *name)
{
	const json_t *found = json_object_get(o, name);
	const char *unit = json_string_value(json_object_get(o, "unit"));
	size_t n = strlen(name), k = unit ? strlen(unit) + 1 : 0;
	char plain[PATH_LEN_MAX];

	if (found || !unit || n <= k || name[n - k] != '_' || strcmp(name + n - k + 1, unit))
		return found;
	snprintf(plain, sizeof(plain), "%.*s", (int)(n - k), name);
	return json_object_get(o, plain);
}

static const json_t *element(const json_t *list, const char *index)
{
	char *end;
	unsigned long i = strtoul(index, &end, 10);

	return *index && !*end ? json_array_get(list, i) : NULL;
}

const json_t *json_find(const json_t *doc, const char *path)
{
	char copy[PATH_LEN_MAX], *state;

	if ((size_t)snprintf(copy, sizeof(copy), "%s", path) >= sizeof(copy))
		return NULL;
	for (const char *name = strtok_r(copy, ".[]", &state); doc && name;
	     name = strtok_r(NULL, ".[]", &state))
		doc = json_is_array(doc) ? element(doc, name) : member(doc, name);
	return doc;
}

double json_measured(const json_t *v)
{
	double value = json_is_number(v) ? json_number_value(v) : NAN;

	return fabs(value) <= VALUE_MAX ? value : NAN;
}
