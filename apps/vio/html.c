/* SPDX-License-Identifier: BSD-3-Clause */
#include "html.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>

/* jansson takes UTF-8 only. */
static bool is_utf8(const char *text)
{
	json_t *s = json_string(text);
	bool good = s;

	json_decref(s);
	return good;
}

static const char *entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void html_text(const char *text, FILE *f)
{
	bool utf8 = is_utf8(text);

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		bool control = (c < 0x20 && c != '\n' && c != '\t') || c == 0x7f;

		if (entity(*text))
			fputs(entity(*text), f);
		else
			fputc(control || (c >= 0x80 && !utf8) ? '?' : c, f);
	}
}

void html_textf(FILE *f, const char *fmt, ...)
{
	char text[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	html_text(text, f);
}

/* Colours of the series: Okabe and Ito's, which the colour-blind tell apart, lighter in the dark.
 */
/* clang-format off */
static const char style[] =
	":root{color-scheme:light dark;--bg:#fff;--fg:#1b1b1b;--dim:#5c5c5c;--line:#d0d0d0;"
	"--bad:#b3261e;--good:#146c2e}\n"
	".s0{color:#0072b2}.s1{color:#d55e00}.s2{color:#00795a}.s3{color:#a8487d}.s4{color:#8a6d00}"
	".s5{color:#2f6f9f}.s6{color:#444}.s7{color:#7a3e00}\n"
	"@media (prefers-color-scheme:dark){:root{--bg:#16181b;--fg:#e8e8e8;--dim:#a8a8a8;"
	"--line:#3c4045;--bad:#ff8a80;--good:#7ddc93}"
	".s0{color:#56b4e9}.s1{color:#ff9b50}.s2{color:#2fd0a0}.s3{color:#e79ac6}.s4{color:#f0e442}"
	".s5{color:#9fd0ff}.s6{color:#c8c8c8}.s7{color:#d8a070}}\n"
	"body{background:var(--bg);color:var(--fg);font:15px/1.45 system-ui,sans-serif;margin:0}\n"
	"main{max-width:1120px;margin:0 auto;padding:1em}\n"
	"h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid var(--line)}"
	"h3{font-size:1em}\n"
	".wide{overflow-x:auto}table{border-collapse:collapse;margin:.5em 0}"
	"th,td{padding:.2em .7em;border-bottom:1px solid var(--line);text-align:right;"
	"font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	"th{color:var(--dim);font-weight:600}th:first-child,td:first-child,td.text"
	"{text-align:left}td.text{white-space:normal}\n"
	".bad{color:var(--bad);font-weight:600}.good{color:var(--good);font-weight:600}"
	".dim{color:var(--dim)}\n"
	".plots{display:flex;flex-wrap:wrap;gap:1em}figure{margin:0;flex:0 1 540px}\n"
	"svg{width:100%;height:auto;display:block}svg text{fill:var(--fg)}"
	"svg .grid{stroke:var(--line)}svg .frame{stroke:var(--dim)}\n";
/* clang-format on */

void html_begin(const char *title, FILE *f)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	      "style-src 'unsafe-inline'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
	      f);
	html_text(title, f);
	fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n<h1>", style);
	html_text(title, f);
	fputs("</h1>\n", f);
}

void html_end(FILE *f)
{
	fputs("</main>\n</body>\n</html>\n", f);
}
