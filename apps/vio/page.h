/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_PAGE_H
#define APP_PAGE_H

#include <stdio.h>

#include "record.h"

/* Write all records as one page of HTML; with @compared its two groups against each other first. */
void page_write(const struct records *rs, bool compared, FILE *f);

#endif
