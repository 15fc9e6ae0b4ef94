/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_SHIM_H
#define BENCH_SHIM_H

#include <vio/types.h>

VIO_EXTERN_C_BEGIN

/* Google Benchmark for C. One struct bench is one run of one benchmark. */
struct bench;

/* @arg and @n are what the benchmark was registered with. */
typedef void (*bench_fn)(struct bench *b, const void *arg, int n);

/* @name is copied: "layer/variant/argument". @arg must live as long as the program. */
void bench_register(const char *name, bench_fn fn, const void *arg, int n);

/* The loop of every benchmark: while (bench_next(b)). False: time to stop. */
bool bench_next(struct bench *b);

/* Behind the loop: reported as items per second. */
void bench_items(struct bench *b, int64_t n);

/* Behind the loop: a figure of the benchmark's own. */
void bench_counter(struct bench *b, const char *name, double value);

/* Instead of the loop, or to leave it: the benchmark can't run. */
void bench_skip(struct bench *b, const char *why);

/* Runs what was registered. Return: exit code of the program. */
int bench_main(int argc, char **argv);

VIO_EXTERN_C_END

#endif
