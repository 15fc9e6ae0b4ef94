/* SPDX-License-Identifier: BSD-3-Clause */
#include "rig.h"

int main(int argc, char **argv)
{
	rx_register();
	tx_register();
	pool_register();
	return bench_main(argc, argv);
}
