/* SPDX-License-Identifier: BSD-3-Clause */
#include "assertion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "document.h"
#include "jsonpath.h"

static bool below(double a, double b)
{
	return a < b;
}

static bool at_most(double a, double b)
{
	return a <= b;
}

static bool above(double a, double b)
{
	return a > b;
}

static bool at_least(double a, double b)
{
	return a >= b;
}

static bool equal(double a, double b)
{
	return a == b;
}

static bool different(double a, double b)
{
	return a != b;
}

/* Those of two characters come before the ones that they begin with. */
static const struct {
	const char *text;
	bool (*holds)(double is, double wanted);
} ops[] = {
	{ "<=", at_most },   { ">=", at_least }, { "==", equal },
	{ "!=", different }, { "<", below },     { ">", above },
};

#define N_OPS (sizeof(ops) / sizeof(ops[0]))

static const char *skip_space(const char *text)
{
	return text + strspn(text, " \t");
}

static bool read_op(const char **text, unsigned int *op)
{
	for (unsigned int i = 0; i < N_OPS; i++) {
		if (strncmp(*text, ops[i].text, strlen(ops[i].text)))
			continue;
		*op = i;
		*text = skip_space(*text + strlen(ops[i].text));
		return true;
	}
	return false;
}

/* "1e-6" too, which parse_decimal() does not know. */
static bool read_number(const char *text, double *out, struct why *why)
{
	static const struct {
		const char *suffix;
		double factor;
	} units[] = { { "", 1 }, { "%", 0.01 }, { "k", 1e3 }, { "M", 1e6 }, { "G", 1e9 } };
	size_t n = strspn(text, "+-0123456789.e");
	char digits[64], *end;

	if (!n || n >= sizeof(digits))
		return why_set(why, "'%s' is no number, such as 12, 1e-6, 10k or 0.5%%", text);
	memcpy(digits, text, n);
	digits[n] = '\0';
	*out = strtod(digits, &end);
	if (*end || end == digits)
		return why_set(why, "'%s' is no number, such as 12, 1e-6, 10k or 0.5%%", text);
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(text + n, units[i].suffix))
			continue;
		*out *= units[i].factor;
		return isfinite(*out) || why_set(why, "'%s' is too large a number", text);
	}
	return why_set(why, "'%s' is no unit: a number ends in %%, k, M, G or nothing", text + n);
}

bool assertion_parse(const char *text, struct assertion_list *list, struct why *why)
{
	struct assertion a;
	const char *rest = skip_space(text);
	size_t n = strcspn(rest, " \t<>=!");

	if (list->n == ASSERTIONS_MAX)
		return why_set(why, "there are %u already", ASSERTIONS_MAX);
	if (!n || n >= sizeof(a.path))
		return why_set(why, "it begins with a name from the JSON, such as rx.loss_ratio");
	memcpy(a.path, rest, n);
	a.path[n] = '\0';
	rest = skip_space(rest + n);
	if (!read_op(&rest, &a.op))
		return why_set(why, "'%s': behind the name comes <, <=, >, >=, == or !=", rest);
	if (!read_number(rest, &a.wanted, why))
		return false;
	list->a[list->n++] = a;
	return true;
}

static json_t *judge(const struct assertion *a, const json_t *doc)
{
	const json_t *found = json_find(doc, a->path);
	bool number = json_is_number(found);
	double is = json_number_value(found);
	json_t *o = json_object();

	json_object_set_new(o, "name", json_any_text(a->path));
	json_object_set_new(o, "operator", json_string(ops[a->op].text));
	json_put_real(o, "wanted", a->wanted);
	json_object_set_new(o, "ok", json_boolean(number && ops[a->op].holds(is, a->wanted)));
	if (number)
		json_put_real(o, "measured", is);
	else
		json_object_set_new(o, "why",
				    json_string(found ? "is no number" : "was not measured"));
	return o;
}

json_t *assertions_judge(const struct assertion_list *list, const json_t *doc)
{
	json_t *judged = json_array();

	for (unsigned int i = 0; i < list->n; i++)
		json_array_append_new(judged, judge(&list->a[i], doc));
	return judged;
}

unsigned int assertions_print(const json_t *judged, FILE *out)
{
	unsigned int failed = 0;
	const json_t *o;
	size_t i;

	json_array_foreach(judged, i, o)
	{
		const char *why = json_string_value(json_object_get(o, "why"));
		bool ok = json_is_true(json_object_get(o, "ok"));

		fprintf(out, "assert  %-6s %s ", ok ? "ok" : "FAILED",
			json_string_value(json_object_get(o, "name")));
		if (why)
			fprintf(out, "%s", why);
		else
			fprintf(out, "is %.9g", json_number_value(json_object_get(o, "measured")));
		fprintf(out, ", wanted %s %.9g\n",
			json_string_value(json_object_get(o, "operator")),
			json_number_value(json_object_get(o, "wanted")));
		failed += !ok;
	}
	return failed;
}
