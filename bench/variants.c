/* SPDX-License-Identifier: BSD-3-Clause */
#include "variants.h"

#include <stddef.h>

const struct variant rx_variants[] = {
	{ "split", "packed=off,in_order=off" },
	{ "split_offload", "packed=off,in_order=off,guest_csum=on" },
	{ "split_mrg_offload", "packed=off,in_order=off,mrg_rxbuf=on" },
	{ "split_in_order", "packed=off,in_order=on" },
	{ "split_in_order_offload", "packed=off,in_order=on,guest_csum=on" },
	{ "split_in_order_mrg_offload", "packed=off,in_order=on,mrg_rxbuf=on" },
	{ "packed", "packed=on,in_order=off" },
	{ "packed_offload", "packed=on,in_order=off,guest_csum=on" },
	{ "packed_mrg_offload", "packed=on,in_order=off,mrg_rxbuf=on" },
	{ "packed_in_order", "packed=on,in_order=on" },
	{ "packed_in_order_offload", "packed=on,in_order=on,guest_csum=on" },
	{ "packed_in_order_mrg_offload", "packed=on,in_order=on,mrg_rxbuf=on" },
	{ NULL, NULL },
};

const struct variant tx_variants[] = {
	{ "split", "packed=off,in_order=off" },
	{ "split_in_order", "packed=off,in_order=on" },
	{ "packed", "packed=on,in_order=off" },
	{ "packed_in_order", "packed=on,in_order=on" },
	{ NULL, NULL },
};
