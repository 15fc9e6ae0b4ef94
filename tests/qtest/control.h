/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef QTEST_CONTROL_H
#define QTEST_CONTROL_H

#include <vio/vio.h>

/*
 * A control call in words:
 *
 *   mode NUMBER 0|1     a receive mode, by its number
 *   mac ADDRESS
 *   table ADDRESS...    unicast and multicast by their first bit
 *   vlan NUMBER 0|1
 *   queues NUMBER
 *   announce            acknowledge
 *
 * Return: 0; -EINVAL without an error set: no such call; or what the call gives.
 */
int control_call(struct vio_port *port, char *words);

#endif
