/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../lib/pci/sysfs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../cases.h"

/* One file "f" in a folder of its own, and a link "l". */
static char folder[] = "/tmp/vio-sysfs-XXXXXX";
static char file[64], link_path[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/f", folder);
	snprintf(link_path, sizeof(link_path), "%s/l", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(file);
	unlink(link_path);
	return rmdir(folder);
}

static void put(const char *text)
{
	FILE *f = fopen(file, "we");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static const struct text_case {
	const char *what, *in, *out;
	size_t size;
	int rc;
} text_cases[] = {
	{ "text comes without its line feed", "vfio-pci\n", "vfio-pci", 64, 8 },
	{ "text without a line feed is whole", "vfio-pci", "vfio-pci", 64, 8 },
	{ "only the last line feed goes", "a\nb\n\n", "a\nb\n", 64, 4 },
	{ "an empty file is an empty text", "", "", 64, 0 },
	{ "a line feed alone is an empty text", "\n", "", 64, 0 },
	{ "a text that leaves room for its end fits", "abc", "abc", 4, 3 },
	{ "a text as long as the buffer is refused", "abcd", NULL, 4, -EOVERFLOW },
	{ "a longer text is refused and not cut", "abcdef", NULL, 4, -EOVERFLOW },
};

static void text(void **state)
{
	const struct text_case *c = *state;
	char buf[64];

	put(c->in);
	assert_int_equal(sysfs_text(file, buf, c->size), c->rc);
	if (c->rc >= 0)
		assert_string_equal(buf, c->out);
}

static const struct number_case {
	const char *what, *in;
	int rc;
	uint64_t value;
} number_cases[] = {
	{ "a decimal number", "42\n", 0, 42 },
	{ "zero", "0\n", 0, 0 },
	{ "a hexadecimal number", "0x1af4\n", 0, 0x1af4 },
	{ "leading zeros do not make it octal", "010\n", 0, 10 },
	{ "the largest number", "0xffffffffffffffff\n", 0, UINT64_MAX },
	{ "a number too large is refused", "18446744073709551616\n", -EINVAL, 0 },
	{ "a negative number is refused", "-1\n", -EINVAL, 0 },
	{ "a word is refused", "none\n", -EINVAL, 0 },
	{ "a number with a tail is refused", "12 34\n", -EINVAL, 0 },
	{ "hexadecimal digits without 0x are refused", "1af4\n", -EINVAL, 0 },
	{ "0x alone is refused", "0x\n", -EINVAL, 0 },
	{ "an empty file is refused", "", -EINVAL, 0 },
};

static void number(void **state)
{
	const struct number_case *c = *state;
	uint64_t value = 77;

	put(c->in);
	assert_int_equal(sysfs_number(file, &value), c->rc);
	assert_int_equal(value, c->rc < 0 ? 77 : c->value);
}

static const struct link_case {
	const char *what, *target, *name;
	size_t size;
	int rc;
} link_cases[] = {
	{ "a link gives the last part of its target", "../../bus/pci/drivers/vfio-pci", "vfio-pci",
	  64, 8 },
	{ "a link without a slash is its target", "7", "7", 64, 1 },
	{ "a name too long for the buffer is refused", "../abcd", NULL, 4, -EOVERFLOW },
	{ "a name that just fits is taken", "../abc", "abc", 4, 3 },
};

static void links(void **state)
{
	const struct link_case *c = *state;
	char name[64];

	unlink(link_path);
	assert_int_equal(symlink(c->target, link_path), 0);
	assert_int_equal(sysfs_link(link_path, name, c->size), c->rc);
	if (c->rc >= 0)
		assert_string_equal(name, c->name);
}

static void nothing_there(void **state)
{
	char buf[8], path[128];
	uint64_t value;

	(void)state;
	snprintf(path, sizeof(path), "%s/none", folder);
	assert_int_equal(sysfs_text(path, buf, sizeof(buf)), -ENOENT);
	assert_int_equal(sysfs_number(path, &value), -ENOENT);
	assert_int_equal(sysfs_link(path, buf, sizeof(buf)), -ENOENT);
	put("x");
	assert_int_equal(sysfs_link(file, buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sysfs_text(folder, buf, sizeof(buf)), -EISDIR);
}

static void roots(void **state)
{
	const struct pci_roots own = { .dev = "/x/dev" };

	(void)state;
	assert_string_equal(pci_roots_filled(NULL).sys, "/sys");
	assert_string_equal(pci_roots_filled(NULL).proc, "/proc");
	assert_string_equal(pci_roots_filled(&own).dev, "/x/dev");
	assert_string_equal(pci_roots_filled(&own).sys, "/sys");
}

int main(void)
{
	static struct case_list list;

	CASES_ADD(&list, text_cases, text);
	CASES_ADD(&list, number_cases, number);
	CASES_ADD(&list, link_cases, links);
	case_add(&list, "files that are not there say so", nothing_there, NULL);
	case_add(&list, "roots that are not given are the machine's", roots, NULL);
	return _cmocka_run_group_tests("sysfs", list.test, list.n, make_folder, remove_folder);
}
