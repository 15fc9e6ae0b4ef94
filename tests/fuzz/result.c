/* SPDX-License-Identifier: BSD-3-Clause */
#include <jansson.h>

#include "../../apps/vio/compare.h"
#include "../../apps/vio/page.h"
#include "../../apps/vio/record.h"
#include "app.h"

/* Results that vio report reads: one or two documents, with a byte 0 between them. */

static struct {
	const char *at;
	size_t bytes;
} files[2];

json_t *__wrap_json_load_file(const char *path, size_t flags, json_error_t *error);

json_t *__wrap_json_load_file(const char *path, size_t flags, json_error_t *error)
{
	const unsigned int i = path[0] == 'b';

	return json_loadb(files[i].at, files[i].bytes, flags, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *end = memchr(data, '\0', size);
	char names[2][2] = { "a", "b" }, *args[] = { names[0], names[1] };
	struct records rs;

	files[0].at = (const char *)data;
	files[0].bytes = end ? (size_t)(end - files[0].at) : size;
	files[1].at = end ? end + 1 : files[0].at;
	files[1].bytes = end ? size - files[0].bytes - 1 : size;
	if (records_read(&rs, args, 2) == 0) {
		page_write(&rs, size & 1, app_nowhere());
		compare_print(&rs, app_nowhere());
	}
	records_free(&rs);
	return 0;
}
