/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare.h"

#include <math.h>
#include <string.h>

#include "html.h"

/* Welford's way: no difference of large numbers. */
void sample_add(struct sample *s, double value)
{
	double d = value - s->mean, squares = s->n ? s->deviation * s->deviation * (s->n - 1) : 0;

	s->n++;
	s->mean += d / s->n;
	squares += d * (value - s->mean);
	s->deviation = s->n > 1 ? sqrt(fmax(squares, 0) / (s->n - 1)) : 0;
}

/* Student's t that 97.5 % do not exceed. */
static double t_quantile(double freedom)
{
	static const double table[] = { 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
					2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
					2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
					2.060,  2.056, 2.052, 2.048, 2.045, 2.042 };
	const unsigned int n = sizeof(table) / sizeof(table[0]);

	if (freedom >= (double)n + 1)
		return 1.96 + 2.5 / freedom;
	return table[freedom >= 1 ? (unsigned int)freedom - 1 : 0];
}

/* B. L. Welch, 1947: the spreads need not be alike. */
static void add_interval(struct comparison *c)
{
	double va = c->a.deviation * c->a.deviation / c->a.n;
	double vb = c->b.deviation * c->b.deviation / c->b.n, sum = va + vb, half = 0;

	c->has_interval = c->a.n > 1 && c->b.n > 1;
	if (!c->has_interval)
		return;
	if (sum > 0) {
		double of_a = va / sum * va / sum / (c->a.n - 1);
		double of_b = vb / sum * vb / sum / (c->b.n - 1);

		half = sqrt(sum) * t_quantile(1 / (of_a + of_b));
	}
	c->low = c->difference - half;
	c->high = c->difference + half;
}

static void collect(const struct records *rs, const char *label, const struct figure *f,
		    struct sample *s)
{
	for (unsigned int i = 0; i < rs->n; i++) {
		double value = figure_value(f, &rs->r[i]);

		if (rs->r[i].valid && !strcmp(rs->r[i].label, label) && isfinite(value))
			sample_add(s, value);
	}
}

bool compare(const struct records *rs, const char *a, const char *b, const struct figure *f,
	     struct comparison *out)
{
	*out = (struct comparison){ .figure = f };
	collect(rs, a, f, &out->a);
	collect(rs, b, f, &out->b);
	if (!out->a.n || !out->b.n)
		return false;
	out->difference = out->b.mean - out->a.mean;
	out->ratio = out->a.mean != 0 ? out->b.mean / out->a.mean : NAN;
	add_interval(out);
	return true;
}

enum change comparison_change(const struct comparison *c)
{
	if (!c->has_interval)
		return CHANGE_UNKNOWN;
	if (c->low <= 0 && c->high >= 0)
		return CHANGE_NONE;
	if (!c->figure->better)
		return CHANGE_OTHER;
	return (c->difference > 0) == (c->figure->better > 0) ? CHANGE_BETTER : CHANGE_WORSE;
}

#define COLUMNS       7
#define CHANGE_COLUMN 5

/* A row of the table, as text; the same for terminal and page. */
struct row {
	char cell[COLUMNS][120];
	enum change change;
};

static const char *const heads[COLUMNS] = { "figure",       "", "", "difference", "ratio", "change",
					    "95 % interval" };

static void cell_sample(char out[120], const struct sample *s)
{
	char mean[32];

	if (s->n == 1)
		snprintf(out, 120, "%s", figure_text(s->mean, mean));
	else
		snprintf(out, 120, s->deviation >= 100 ? "%s +- %.0f (n=%u)" : "%s +- %.2g (n=%u)",
			 figure_text(s->mean, mean), s->deviation, s->n);
}

static void make_row(const struct comparison *c, struct row *r)
{
	static const char *const changes[] = { "-", "none", "better", "worse", "yes" };
	const struct figure *f = c->figure;
	char a[32], b[32];

	memset(r, 0, sizeof(*r));
	r->change = comparison_change(c);
	if (f->path)
		snprintf(r->cell[0], sizeof(r->cell[0]), "%s%s%s", f->name, *f->unit ? ", " : "",
			 f->unit);
	else
		snprintf(r->cell[0], sizeof(r->cell[0]), "%s, %s, %s", f->goal, f->size, f->unit);
	cell_sample(r->cell[1], &c->a);
	cell_sample(r->cell[2], &c->b);
	snprintf(r->cell[3], sizeof(r->cell[3]), "%s%s", c->difference > 0 ? "+" : "",
		 figure_text(c->difference, a));
	snprintf(r->cell[4], sizeof(r->cell[4]), "%s", figure_text(c->ratio, a));
	snprintf(r->cell[5], sizeof(r->cell[5]), "%s", changes[r->change]);
	if (c->has_interval)
		snprintf(r->cell[6], sizeof(r->cell[6]), "%s to %s", figure_text(c->low, a),
			 figure_text(c->high, b));
	else
		snprintf(r->cell[6], sizeof(r->cell[6]), "-");
}

typedef void (*row_fn)(const struct row *r, FILE *f);

/* Return: how many there were. */
static unsigned int each_row(const struct records *rs, row_fn fn, FILE *f)
{
	static struct figure figures[FIGURES_MAX]; /* large; one report at a time */
	unsigned int n = figures_of(&rs->r[0], figures), rows = 0;
	struct comparison c;
	struct row r;

	for (unsigned int i = 0; i < n; i++) {
		if (!compare(rs, rs->group[0], rs->group[1], &figures[i], &c))
			continue;
		make_row(&c, &r);
		fn(&r, f);
		rows++;
	}
	return rows;
}

static void print_row(const struct row *r, FILE *f)
{
	fprintf(f, "%-32s %26s %26s %12s %9s  %-6s  %s\n", r->cell[0], r->cell[1], r->cell[2],
		r->cell[3], r->cell[4], r->cell[5], r->cell[6]);
}

static void name_heads(const struct records *rs, struct row *r)
{
	memset(r, 0, sizeof(*r));
	for (unsigned int i = 0; i < COLUMNS; i++)
		snprintf(r->cell[i], sizeof(r->cell[i]), "%s",
			 i == 1 || i == 2 ? rs->group[i - 1] : heads[i]);
}

static unsigned int count_invalid(const struct records *rs)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < rs->n; i++)
		n += !rs->r[i].valid;
	return n;
}

void compare_print(const struct records *rs, FILE *f)
{
	unsigned int invalid = count_invalid(rs);
	struct row r;

	name_heads(rs, &r);
	print_row(&r, f);
	if (!each_row(rs, print_row, f))
		fprintf(f, "nothing to compare: no figure that valid runs of both have\n");
	if (invalid)
		fprintf(f, "%u of %u runs are not valid, and left out\n", invalid, rs->n);
}

static void html_row(const struct row *r, FILE *f)
{
	static const char *const classes[] = { "dim", "dim", "good", "bad", "" };

	fputs("<tr>", f);
	for (unsigned int i = 0; i < COLUMNS; i++) {
		fprintf(f, "<td class=\"%s\">", i == CHANGE_COLUMN ? classes[r->change] : "");
		html_text(r->cell[i], f);
		fputs("</td>", f);
	}
	fputs("</tr>\n", f);
}

void compare_html(const struct records *rs, FILE *f)
{
	unsigned int invalid = count_invalid(rs);
	struct row r;

	name_heads(rs, &r);
	fputs("<h2>Comparison</h2>\n<div class=\"wide\"><table>\n<tr>", f);
	for (unsigned int i = 0; i < COLUMNS; i++) {
		fputs("<th>", f);
		html_text(r.cell[i], f);
		fputs("</th>", f);
	}
	fputs("</tr>\n", f);
	if (!each_row(rs, html_row, f))
		fputs("<tr><td colspan=\"7\">nothing to compare: no figure that valid runs of both "
		      "have</td></tr>\n",
		      f);
	fputs("</table></div>\n<p class=\"dim\">Mean +- standard deviation of the valid runs. The "
	      "interval is that of the difference (Welch), where both were repeated; without "
	      "repetitions nobody knows "
	      "what is chance.</p>\n",
	      f);
	if (invalid)
		fprintf(f, "<p class=\"bad\">%u of %u runs are not valid, and left out.</p>\n",
			invalid, rs->n);
}
