/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_HTML_H
#define APP_HTML_H

#include <stdio.h>

/* Write @text so that it is text wherever it stands in HTML, SVG or an attribute in double quotes;
 * what is no UTF-8 shows as a question mark. */
void html_text(const char *text, FILE *f);

/* The same, formatted; 1000 bytes at most. */
void html_textf(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* A page in one piece: no script, no font, no address of anybody else, and a policy that forbids
 * them. Light or dark as the reader has it. */
void html_begin(const char *title, FILE *f);
void html_end(FILE *f);

#endif
