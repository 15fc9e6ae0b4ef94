/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_UNITS_H
#define APP_UNITS_H

#include <stdint.h>

/* Nanoseconds in microseconds, in which people and files are told of them. */
static inline double us(uint64_t ns)
{
	return (double)ns / 1000;
}

#endif
