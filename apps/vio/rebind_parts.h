/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_REBIND_PARTS_H
#define APP_REBIND_PARTS_H

#include "rebind.h"

/*
 * What rebind.c is put together from. Functions that return bool give false with the problem set;
 * undoing is up to the caller.
 */

/* How often something is tried that must not fail. */
#define REBIND_TRIES 3

/* Add a note for the user. */
void rebind_note(struct rebind *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Write to a file of sysfs. Return: 0 or a negative errno. */
int rebind_put(struct rebind *r, const char *path, const char *text);

/* Driver of a function as it is now; "": none. */
void rebind_driver(const struct rebind *r, const struct rebind_device *d, char driver[32]);

/* ---- rebind_checks.c: before anything is changed ---- */

/* Look at every function and note how it is. */
bool rebind_look(struct rebind *r);

/* What forbids to take them, or to give them back. */
bool rebind_may_take(struct rebind *r);
bool rebind_may_go_back(struct rebind *r);

/* ---- rebind_noiommu.c ---- */

/* Has every function a real IOMMU? */
bool rebind_confined(const struct rebind *r);

/* VFIO without an IOMMU is off until somebody asks for it. */
bool rebind_open_noiommu(struct rebind *r);
void rebind_close_noiommu(struct rebind *r);

/* Others may use it, so it is not for unbind to switch it off. */
void rebind_tell_noiommu(struct rebind *r);

/* ---- rebind_persist.c: by driverctl ---- */

/* Bind it at each start; where driverctl is not installed a note tells how. */
bool rebind_save(struct rebind *r, const struct rebind_device *d);

/* Not any more, if it did. */
void rebind_forget(struct rebind *r, const struct rebind_device *d);

/* ---- rebind_nodes.c: files below /dev ---- */

/* Bring d->now up to date. */
bool rebind_look_again(struct rebind *r, struct rebind_device *d);

/* Wait for the files of all functions and give them to their owner. */
bool rebind_give(struct rebind *r);

#endif
