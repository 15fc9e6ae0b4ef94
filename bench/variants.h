/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_VARIANTS_H
#define BENCH_VARIANTS_H

/* Bodies of the driver, and the options of an address that choose each; NULL ends a table. */
struct variant {
	const char *name; /* behind "rx_" or "tx_" */
	const char *options;
};

extern const struct variant rx_variants[], tx_variants[];

#endif
