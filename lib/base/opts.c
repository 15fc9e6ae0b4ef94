/* SPDX-License-Identifier: BSD-3-Clause */
#include "opts.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "err.h"

/* No struct will ever be that large: the size was not filled in. */
#define OPTS_MAX 4096

static bool all_zero(const char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

int opts_copy(void *dst, size_t known, const void *src, const char *name)
{
	size_t size;

	memset(dst, 0, known);
	if (!src)
		return 0;
	memcpy(&size, src, sizeof(size));
	if (size < sizeof(size) || size > OPTS_MAX)
		return err_set(ERR_OPTS, -EINVAL, "%s.size is %zu", name, size);
	if (size > known && !all_zero((const char *)src + known, size - known))
		return err_set(ERR_OPTS, -EINVAL,
			       "%s is of a newer version (%zu bytes, known %zu), and its new "
			       "fields are set",
			       name, size, known);
	memcpy(dst, src, size < known ? size : known);
	return 0;
}
