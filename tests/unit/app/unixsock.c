/* SPDX-License-Identifier: BSD-3-Clause */
#include "../../cases.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../../apps/vio/unixsock.h"

static char folder[] = "/tmp/vio-unixsock-XXXXXX", path[64], target[64];

/* What stands at the path before. */
static void nothing(void)
{
}

static void left_behind(void)
{
	int fd = unixsock_listen(path, false);

	assert_true(fd >= 0);
	close(fd);
}

static void in_use(void)
{
	assert_true(unixsock_listen(path, false) >= 0); /* until the program ends */
}

static void plain_file(void)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	assert_true(fd >= 0);
	close(fd);
}

static void link_to_one_left_behind(void)
{
	left_behind();
	assert_int_equal(rename(path, target), 0);
	assert_int_equal(symlink(target, path), 0);
}

static const struct listen_case {
	const char *what;
	void (*before)(void);
	bool own;
	int error;   /* 0: somebody can connect then */
	mode_t mode; /* with umask 022 */
} cases[] = {
	{ "a socket is made as the umask says", nothing, false, 0, S_IFSOCK | 0755 },
	{ "a socket is made for one user only", nothing, true, 0, S_IFSOCK | 0600 },
	{ "a socket that nobody listens at is replaced", left_behind, true, 0, S_IFSOCK | 0600 },
	{ "a socket in use stays", in_use, true, EADDRINUSE, S_IFSOCK | 0755 },
	{ "a plain file stays", plain_file, true, EADDRINUSE, S_IFREG | 0600 },
	{ "a link to a socket stays", link_to_one_left_behind, true, EADDRINUSE, S_IFLNK | 0777 },
};

static void test_listen(void **state)
{
	const struct listen_case *c = *state;
	struct stat st;
	int fd, peer;

	unlink(path);
	c->before();
	fd = unixsock_listen(path, c->own);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, c->mode);
	assert_int_equal(fd < 0 ? -fd : 0, c->error);
	if (fd < 0)
		return;
	peer = unixsock_connect(path);
	assert_true(peer >= 0);
	close(peer);
	close(fd);
	assert_int_equal(unixsock_connect(path), -ECONNREFUSED);
}

static void test_long(void **state)
{
	char longest[200];

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[108] = '\0';
	assert_int_equal(unixsock_listen(longest, false), -ENAMETOOLONG);
	assert_int_equal(unixsock_connect(longest), -ENAMETOOLONG);
}

int main(void)
{
	struct case_list list = { 0 };
	int rc;

	if (!mkdtemp(folder))
		return 1;
	umask(022);
	snprintf(path, sizeof(path), "%s/s", folder);
	snprintf(target, sizeof(target), "%s/t", folder);
	CASES_ADD(&list, cases, test_listen);
	case_add(&list, "a path that is too long is refused", test_long, NULL);
	rc = case_run("unixsock", &list);
	unlink(path);
	unlink(target);
	rmdir(folder);
	return rc;
}
