/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_DPDK_CHECK_H
#define BENCH_DPDK_CHECK_H

/* Move numbered packets in every mode, TAP: does each come through, in order? @folder is for the
 * sockets, on @other_core librte_vhost runs. Return: exit code. */
int check(const char *folder, int other_core);

#endif
