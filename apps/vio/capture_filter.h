/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_CAPTURE_FILTER_H
#define APP_CAPTURE_FILTER_H

#include "parse.h"

/* A filter in libpcap's language (pcap-filter(7)), compiled for Ethernet. */
struct capture_filter;

/* Return: true with *@out, which capture_filter_free() ends; false with @why set. One thread at a
 * time. */
bool capture_filter_make(const char *text, struct capture_filter **out, struct why *why);

/* NULL: nothing happens. */
void capture_filter_free(struct capture_filter *f);

/* Does a frame of @len bytes, of which @have are at @frame, match? Any thread. */
bool capture_filter_match(const struct capture_filter *f, const uint8_t *frame, uint32_t len,
			  uint32_t have);

#endif
