/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_SHOW_H
#define APP_SHOW_H

#include <stdio.h>

#include "frame.h"

/* Print the first @n frames that would be sent from @now_ns (since 1970) on, numbered from @seq: of
 * each a line that says what it is, and its bytes as text2pcap reads them. */
void frames_show(const struct frames *f, uint64_t n, uint32_t seq, uint64_t now_ns, FILE *out);

#endif
