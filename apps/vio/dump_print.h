/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_DUMP_PRINT_H
#define APP_DUMP_PRINT_H

#include <stddef.h>
#include <stdint.h>

#define DUMP_LINE 256u /* room for a line */

/*
 * Tell of a frame of @len bytes, of which @kept are at @frame, in one line without line feed:
 * length, addresses, what it is. Frames are of others: nothing in them is trusted.
 */
void dump_describe(const uint8_t *frame, uint32_t kept, uint32_t len, char out[DUMP_LINE]);

/* A capture_put that prints packets on stdout, a line each. Return: 0, or EPIPE: nobody reads. */
int dump_print_block(const uint8_t *block, uint32_t len);

#endif
