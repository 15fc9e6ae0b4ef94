/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FUZZ_PORT_RUN_H
#define FUZZ_PORT_RUN_H

#include "../../drivers/virtio/device.h"
#include "input.h"

/*
 * A port over a transport whose device lies: start, use, look, stop. The input decides how many
 * pairs it wants, and what is asked of it. The transport stays the caller's. Afterwards nothing of
 * the pool is out, and nothing of its region used.
 */
void port_run(struct transport *tp, struct input *in);

#endif
