/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIO_ERROR_H
#define VIO_ERROR_H

#include <vio/types.h>

VIO_EXTERN_C_BEGIN

/**
 * struct vio_error - what went wrong, why, and what to do now
 * @code: the negative errno that the call returned
 * @id: stable name, "VIO-SOCK-02"; `vio explain` tells more about it
 * @what: one line that names the thing and the numbers
 * @why: one line
 * @fix: one line, a command where there is one
 */
struct vio_error {
	int code;
	const char *id;
	char what[320];
	char why[320];
	char fix[320];
};

/**
 * vio_error_last - the error that the last failing vio call of this thread left
 *
 * Return: never NULL; code is 0 where nothing has failed yet. Belongs to the library and to the
 * calling thread, and changes with that thread's next failing call.
 */
VIO_API const struct vio_error *vio_error_last(void);

/**
 * vio_error_text - the same as three lines of text, ready to print
 *
 * Return: "error[ID]: what\n  why   ...\n  fix   ...\n"; belongs to the library and to the calling
 * thread.
 */
VIO_API const char *vio_error_text(void);

/**
 * vio_error_at - walk the table of every error the library can give
 * @i: 0, 1, ...
 * @id: receives the name
 * @why: receives the general reason
 * @fix: receives the general cure
 *
 * Return: false when @i is past the end; the texts are constants.
 */
VIO_API bool vio_error_at(unsigned int i, const char **id, const char **why, const char **fix);

VIO_EXTERN_C_END

#endif
