/* SPDX-License-Identifier: BSD-3-Clause */
#include "chart.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"

/* Pixels, before the reader's window scales it. */
#define WIDTH      720
#define TOP        34
#define BOTTOM     316
#define LEFT       76
#define RIGHT      (WIDTH - 38)
#define LEGEND     (BOTTOM + 56)
#define LEGEND_ROW 18
#define TICKS_MAX  16u

struct axis {
	enum axis_kind kind;
	double lo, hi;   /* in the unit of place() */
	double from, to; /* pixels */
	bool zero;       /* AXIS_LOG: something is 0, and stands at lo */
	unsigned int n;
	struct {
		double at; /* in the unit of place() */
		char text[24];
	} tick[TICKS_MAX];
};

struct series *chart_series(struct chart *c, const char *name)
{
	struct series *s = c->series;

	for (; s < c->series + c->n; s++)
		if (!strncmp(s->name, name, sizeof(s->name) - 1))
			return s;
	if (c->n == CHART_SERIES) {
		c->left_out++;
		return NULL;
	}
	snprintf(s->name, sizeof(s->name), "%s", name);
	c->n++;
	return s;
}

void series_add(struct series *s, double x, double y)
{
	struct point *p;

	if (!s || !isfinite(x) || !isfinite(y))
		return;
	p = realloc(s->points, (s->n + 1) * sizeof(*p));
	if (!p)
		return;
	s->points = p;
	p[s->n++] = (struct point){ x, y };
}

static int compare_x(const void *a, const void *b)
{
	double x = ((const struct point *)a)->x, y = ((const struct point *)b)->x;

	return (x > y) - (x < y);
}

void chart_sort(struct chart *c)
{
	for (unsigned int i = 0; i < c->n; i++)
		if (c->series[i].n)
			qsort(c->series[i].points, c->series[i].n, sizeof(struct point), compare_x);
}

size_t chart_points(const struct chart *c)
{
	size_t n = 0;

	for (unsigned int i = 0; i < c->n; i++)
		n += c->series[i].n;
	return n;
}

void chart_fini(struct chart *c)
{
	for (unsigned int i = 0; i < c->n; i++)
		free(c->series[i].points);
	c->n = 0;
}

/* Where @v stands on an axis, before it is scaled. */
static double place(const struct axis *a, double v)
{
	if (a->kind == AXIS_LOG)
		return v > 0 ? log10(v) : a->lo;
	if (a->kind == AXIS_TAIL)
		return v < 100 ? fmin(-log10(1 - v / 100), a->hi) : a->hi;
	return v;
}

static double pixel(const struct axis *a, double v)
{
	return a->from + (place(a, v) - a->lo) / (a->hi - a->lo) * (a->to - a->from);
}

static void add_tick(struct axis *a, double at, const char *text)
{
	if (a->n == TICKS_MAX)
		return;
	a->tick[a->n].at = at;
	snprintf(a->tick[a->n++].text, sizeof(a->tick[0].text), "%s", text);
}

static void add_number(struct axis *a, double at, double value)
{
	char text[24];

	snprintf(text, sizeof(text), "%.6g", value);
	add_tick(a, at, text);
}

/* Steps of 1, 2 or 5 times a power of ten, about six of them. */
static void linear_ticks(struct axis *a)
{
	double raw = (a->hi - a->lo) / 6, unit = pow(10, floor(log10(raw)));
	double step = raw / unit > 5   ? 10 * unit
		      : raw / unit > 2 ? 5 * unit
		      : raw / unit > 1 ? 2 * unit
				       : unit;

	a->lo = floor(a->lo / step) * step;
	a->hi = ceil(a->hi / step - 1e-9) * step;
	for (double v = a->lo; v < a->hi + step / 2; v += step)
		add_number(a, v, fabs(v) < step / 2 ? 0 : v);
}

/* Whole decades; every second, third... where there are many, and parts of them where few. */
static void log_ticks(struct axis *a)
{
	int decades, skip;

	a->lo = floor(a->lo + 1e-9);
	a->hi = fmax(ceil(a->hi - 1e-9), a->lo + 1);
	decades = (int)(a->hi - a->lo);
	skip = 1 + decades / 10;
	for (int d = 0; d <= decades; d += skip) {
		add_number(a, a->lo + d, pow(10, a->lo + d));
		for (int k = 2; k <= 5 && decades <= 2 && d < decades; k += 3)
			add_number(a, a->lo + d + log10(k), k * pow(10, a->lo + d));
	}
	if (!a->zero)
		return;
	a->lo -= 1;
	add_tick(a, a->lo, "0");
}

static void tail_ticks(struct axis *a)
{
	static const char *const names[] = { "0",       "90 %",     "99 %",      "99.9 %",
					     "99.99 %", "99.999 %", "99.9999 %", "99.99999 %" };

	a->lo = 0;
	a->hi = fmin(fmax(ceil(a->hi), 1), 7);
	for (int i = 0; i <= (int)a->hi; i++)
		add_tick(a, i, names[i]);
	add_tick(a, -log10(0.5), "50 %");
}

static void take_value(struct axis *a, double v, bool *first)
{
	double at;

	if (a->kind == AXIS_LOG && v <= 0) {
		a->zero = true;
		return;
	}
	if (a->kind == AXIS_TAIL && v >= 100)
		return;
	at = a->kind == AXIS_TAIL ? -log10(1 - v / 100) : place(a, v);
	a->lo = *first || at < a->lo ? at : a->lo;
	a->hi = *first || at > a->hi ? at : a->hi;
	*first = false;
}

static void axis_init(struct axis *a, const struct chart *c, bool x, double from, double to)
{
	bool first = true;

	*a = (struct axis){ .kind = x ? c->x.kind : c->y.kind, .from = from, .to = to };
	for (unsigned int i = 0; i < c->n; i++)
		for (size_t k = 0; k < c->series[i].n; k++)
			take_value(a, x ? c->series[i].points[k].x : c->series[i].points[k].y,
				   &first);
	if (first && a->kind == AXIS_LOG)
		a->kind = AXIS_LINEAR; /* nothing but 0 */
	if (a->kind == AXIS_LINEAR) {
		a->lo = fmin(a->lo, 0);
		a->hi = a->hi > a->lo ? a->hi : a->lo + 1;
		linear_ticks(a);
	} else if (a->kind == AXIS_LOG) {
		log_ticks(a);
	} else {
		tail_ticks(a);
	}
}

static double tick_pixel(const struct axis *a, unsigned int i)
{
	return a->from + (a->tick[i].at - a->lo) / (a->hi - a->lo) * (a->to - a->from);
}

static void draw_axes(const struct chart *c, const struct axis *x, const struct axis *y, FILE *f)
{
	for (unsigned int i = 0; i < y->n; i++) {
		double at = tick_pixel(y, i);

		fprintf(f,
			"<line class=\"grid\" stroke=\"#bbb\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" "
			"y2=\"%.1f\"/>"
			"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
			LEFT, RIGHT, at, at, LEFT - 6, at + 4, y->tick[i].text);
	}
	for (unsigned int i = 0; i < x->n; i++) {
		double at = tick_pixel(x, i);

		fprintf(f,
			"<line class=\"grid\" stroke=\"#bbb\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" "
			"y2=\"%d\"/>"
			"<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
			at, at, TOP, BOTTOM, at, BOTTOM + 16, x->tick[i].text);
	}
	fprintf(f,
		"<rect class=\"frame\" fill=\"none\" stroke=\"#777\" x=\"%d\" y=\"%d\" "
		"width=\"%d\" height=\"%d\"/>\n<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">",
		LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP, (LEFT + RIGHT) / 2, BOTTOM + 36);
	html_text(c->x.label, f);
	fprintf(f,
		"</text>\n<text transform=\"translate(16 %d) rotate(-90)\" "
		"text-anchor=\"middle\">",
		(TOP + BOTTOM) / 2);
	html_text(c->y.label, f);
	fputs("</text>\n", f);
}

/* A shape and a dash for each, as colours alone do not tell everybody. */
static void draw_mark(unsigned int i, double x, double y, FILE *f)
{
	static const char *const shapes[] = { "m-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0z",
					      "m-4 -4h8v8h-8z", "m0 -5l5 9h-10z",
					      "m0 -5l5 5l-5 5l-5 -5z" };

	fprintf(f, "<path stroke=\"none\" fill=\"currentColor\" d=\"M%.1f %.1f%s\">", x, y,
		shapes[i % 4]);
}

static const char *dash(unsigned int i)
{
	static const char *const dashes[] = { "none", "7 3", "2 3", "9 3 2 3" };

	return dashes[i % 4];
}

static void begin_series(unsigned int i, FILE *f)
{
	static const char *const colours[CHART_SERIES] = { "#0072b2", "#d55e00", "#00795a",
							   "#a8487d", "#8a6d00", "#2f6f9f",
							   "#444444", "#7a3e00" };

	fprintf(f,
		"<g class=\"s%u\" color=\"%s\" fill=\"none\" stroke=\"currentColor\" "
		"stroke-width=\"2\">\n",
		i, colours[i]);
}

static void draw_series(const struct chart *c, unsigned int i, const struct axis *x,
			const struct axis *y, FILE *f)
{
	const struct series *s = &c->series[i];

	begin_series(i, f);
	if (c->lines && s->n > 1) {
		fprintf(f, "<polyline stroke-dasharray=\"%s\" points=\"", dash(i));
		for (size_t k = 0; k < s->n; k++)
			fprintf(f, "%s%.1f,%.1f", k ? " " : "", pixel(x, s->points[k].x),
				pixel(y, s->points[k].y));
		fputs("\"/>\n", f);
	}
	for (size_t k = 0; k < s->n && (c->marks || s->n == 1); k++) {
		draw_mark(i, pixel(x, s->points[k].x), pixel(y, s->points[k].y), f);
		fputs("<title>", f);
		html_textf(f, "%s: %.6g, %.6g", s->name, s->points[k].x, s->points[k].y);
		fputs("</title></path>\n", f);
	}
	fputs("</g>\n", f);
}

static void draw_legend(const struct chart *c, unsigned int i, FILE *f)
{
	int y = LEGEND + (int)i * LEGEND_ROW;

	begin_series(i, f);
	if (c->lines)
		fprintf(f,
			"<line stroke-dasharray=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%d\" "
			"y2=\"%d\"/>\n",
			dash(i), LEFT, LEFT + 30, y - 4, y - 4);
	if (c->marks) {
		draw_mark(i, LEFT + 15, y - 4, f);
		fputs("</path>\n", f);
	}
	fprintf(f, "</g>\n<text x=\"%d\" y=\"%d\">", LEFT + 38, y);
	html_textf(f, "%.80s", c->series[i].name);
	fputs("</text>\n", f);
}

void chart_write(const struct chart *c, FILE *f)
{
	int height = LEGEND + (int)c->n * LEGEND_ROW - 8;
	struct axis x, y;

	axis_init(&x, c, true, LEFT, RIGHT);
	axis_init(&y, c, false, BOTTOM, TOP);
	fprintf(f,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
		"font-family=\"system-ui,sans-serif\" font-size=\"12\">\n<title>",
		WIDTH, height);
	html_text(c->title, f);
	fprintf(f, "</title>\n<text x=\"%d\" y=\"20\" font-size=\"15\" font-weight=\"600\">", LEFT);
	html_text(c->title, f);
	fputs("</text>\n", f);
	draw_axes(c, &x, &y, f);
	for (unsigned int i = 0; i < c->n; i++)
		draw_series(c, i, &x, &y, f);
	for (unsigned int i = 0; i < c->n; i++)
		draw_legend(c, i, f);
	fputs("</svg>\n", f);
}
