/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../apps/vio/profile.h"

#include "../../apps/vio/gen_options.h"
#include "app.h"

/* A profile of streams: the input is the file. */

static struct {
	void *at;
	size_t bytes;
} file;

FILE *__wrap_fopen64(const char *path, const char *mode);
FILE *__real_fopen64(const char *path, const char *mode);
void *__wrap_calloc(size_t n, size_t size);
void *__real_calloc(size_t n, size_t size);
void __wrap_free(void *p);
void __real_free(void *p);

FILE *__wrap_fopen64(const char *path, const char *mode)
{
	return strcmp(path, "the input") ? __real_fopen64(path, mode)
					 : fmemopen(file.at, file.bytes, mode);
}

/* A profile's streams are so large that the kernel would clear memory for each run. Those that were
 * used have a name. */
static struct profile_stream streams[STREAMS_MAX];

void *__wrap_calloc(size_t n, size_t size)
{
	if (size != sizeof(streams[0]))
		return __real_calloc(n, size);
	assert_int_equal(n, STREAMS_MAX);
	for (size_t i = 0; i < n && streams[i].name[0]; i++)
		memset(&streams[i], 0, size);
	return streams;
}

void __wrap_free(void *p)
{
	if (p != streams)
		__real_free(p);
}

static const struct gen_config *base_config(void)
{
	static struct gen_config cfg;

	if (!cfg.sizes.n)
		assert_int_equal(gen_config_init(&cfg), 0);
	return &cfg;
}

static void check(const struct profile *p)
{
	assert_true(p->n >= 1 && p->n <= STREAMS_MAX);
	for (unsigned int i = 0; i < p->n; i++) {
		const size_t len = strnlen(p->stream[i].name, sizeof(p->stream[i].name));

		assert_true(len >= 1 && len <= STREAM_NAME_MAX);
		assert_true(p->stream[i].weight > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gen_config *base = base_config();
	struct profile *p = NULL;
	char text[TEXT_MAX + 1];
	int rc;

	if (!size || !app_text(data, size, text))
		return 0;
	file.at = text;
	file.bytes = size;
	rc = profile_read("the input", base, &p);
	if (rc == 0) {
		check(p);
		profile_free(p);
	} else {
		assert_null(p);
	}
	return 0;
}
