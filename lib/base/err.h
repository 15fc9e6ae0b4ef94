/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <vio/error.h>

#include "compiler.h"
#include "err_table.h"

enum err {
#define X(name, id, why, fix) ERR_##name,
	ERR_TABLE(X)
#undef X
};

/**
 * err_set - leave an error for vio_error_last() of this thread
 * @err: entry of the table; gives id, general reason and cure
 * @code: negative errno
 * @what: one line that names the thing and the numbers
 *
 * Return: @code, so that "return err_set(...)" reads well.
 */
int err_set(enum err err, int code, const char *what, ...) PRINTF(3, 4);

/* Replace the last error's reason or cure by one that fits the case better. */
void err_why(const char *why, ...) PRINTF(1, 2);
void err_fix(const char *fix, ...) PRINTF(1, 2);

/* Make @error the last one again: for a try whose failure does not matter. */
void err_restore(const struct vio_error *error);

#endif
