/* SPDX-License-Identifier: BSD-3-Clause */
#include "mode.h"

const struct mode modes[N_MODES] = {
	{ .name = "split" },
	{ .name = "split mergeable", .mergeable = true },
	{ .name = "split in-order", .in_order = true },
	{ .name = "split in-order mergeable", .in_order = true, .mergeable = true },
	{ .name = "split vectorised", .vectorised = true },
	{ .name = "packed", .packed = true },
	{ .name = "packed mergeable", .packed = true, .mergeable = true },
	{ .name = "packed in-order", .packed = true, .in_order = true },
	{ .name = "packed in-order mergeable",
	  .packed = true,
	  .in_order = true,
	  .mergeable = true },
	{ .name = "packed vectorised", .packed = true, .in_order = true, .vectorised = true },
};
