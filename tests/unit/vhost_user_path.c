/* SPDX-License-Identifier: BSD-3-Clause */
#include "vhost_session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void make_nothing(const char *path)
{
	(void)path;
}

static void make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
}

static int make_socket(const char *path, int type)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	memcpy(un.sun_path, path, strnlen(path, sizeof(un.sun_path) - 1));
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof(un)), 0);
	return fd;
}

static void make_dead(const char *path)
{
	close(make_socket(path, SOCK_STREAM));
}

static void make_folder(const char *path)
{
	assert_int_equal(mkdir(path, 0700), 0);
}

static void make_link(const char *path)
{
	char target[200];

	snprintf(target, sizeof(target), "%s.target", path);
	make_dead(target);
	assert_int_equal(symlink(target, path), 0);
}

static void make_forbidden(const char *path)
{
	close(make_socket(path, SOCK_STREAM));
	assert_int_equal(chmod(path, 0), 0);
	assert_int_equal(chmod(env.dir, 0), 0);
	if (!geteuid())
		assert_int_equal(seteuid(65534), 0);
}

static void remove_all(const char *path)
{
	char target[200];

	if (!getuid())
		assert_int_equal(seteuid(0), 0);
	chmod(env.dir, 0700);
	snprintf(target, sizeof(target), "%s.target", path);
	unlink(target);
	if (unlink(path))
		rmdir(path);
}

static const struct path_case {
	const char *what;
	void (*make)(const char *path);
	const char *options, *below;
	int rc;
	const char *id;
} path_cases[] = {
	{ "connect: no such file", make_nothing, "", "", -ENOENT, "VIO-SOCK-02" },
	{ "connect: no such folder", make_nothing, "", "/a/b", -ENOENT, "VIO-SOCK-02" },
	{ "connect: a file in the way", make_file, "", "/b", -ENOTDIR, "VIO-SOCK-02" },
	{ "connect: an ordinary file", make_file, "", "", -ENOTSOCK, "VIO-SOCK-07" },
	{ "connect: a folder", make_folder, "", "", -ENOTSOCK, "VIO-SOCK-07" },
	{ "connect: nobody listens any more", make_dead, "", "", -ECONNREFUSED, "VIO-SOCK-04" },
	{ "connect: no permission", make_forbidden, "", "", -EACCES, "VIO-SOCK-03" },
	{ "listen: nobody comes", make_nothing, ",server", "", -ETIMEDOUT, "VIO-VU-04" },
	{ "listen: nobody comes where a dead socket was", make_dead, ",server", "", -ETIMEDOUT,
	  "VIO-VU-04" },
	{ "listen: no such folder", make_nothing, ",server", "/a/b", -ENOENT, "VIO-SOCK-02" },
	{ "listen: an ordinary file is not touched", make_file, ",server", "", -EADDRINUSE,
	  "VIO-SOCK-05" },
	{ "listen: a folder is not touched", make_folder, ",server", "", -EADDRINUSE,
	  "VIO-SOCK-05" },
	{ "listen: a symbolic link is not touched", make_link, ",server", "", -EADDRINUSE,
	  "VIO-SOCK-05" },
	{ "listen: no permission", make_forbidden, ",server", "", -EACCES, "VIO-SOCK-03" },
};

static void test_path(void **state)
{
	const struct path_case *c = *state;
	struct stat before = { 0 }, after = { 0 };
	char path[200];
	int had, has;

	snprintf(path, sizeof(path), "%s%s", env.path, c->below);
	c->make(env.path);
	if (c->rc == -ETIMEDOUT)
		env.timeout_ms = HASTY_MS;
	had = lstat(env.path, &before);
	assert_error(open_at(path, c->options), c->rc, c->id);
	assert_non_null(strstr(vio_error_last()->what, path));
	has = lstat(env.path, &after);
	if (c->rc == -ETIMEDOUT) {
		assert_int_equal(has, -1);
	} else {
		assert_int_equal(has, had);
		assert_int_equal(after.st_ino, before.st_ino);
	}
	remove_all(env.path);
}

static void test_path_length(void **state)
{
	const size_t bytes = (size_t)(uintptr_t)*state;
	char path[200];

	snprintf(path, sizeof(path), "%s/%0*d", env.dir, (int)(bytes - strlen(env.dir) - 1), 0);
	if (bytes > 107) {
		assert_error(open_at(path, ""), -ENAMETOOLONG, "VIO-SOCK-01");
		assert_error(open_at(path, ",server"), -ENAMETOOLONG, "VIO-SOCK-01");
		return;
	}
	assert_error(open_at(path, ""), -ENOENT, "VIO-SOCK-02");
	fake_listen(&env.fake, path, &usual);
	assert_int_equal(whole_session("", &plain), -ENOENT);
	assert_int_equal(open_at(path, ""), 0);
	finish();
}

static void test_other_type(void **state)
{
	int fd = make_socket(env.path, SOCK_SEQPACKET);

	(void)state;
	assert_int_equal(listen(fd, 1), 0);
	assert_error(open_at(env.path, ""), -ENOTSOCK, "VIO-SOCK-07");
	assert_error(open_at(env.path, ",server"), -EADDRINUSE, "VIO-SOCK-05");
	close(fd);
	unlink(env.path);
}

static void test_no_path(void **state)
{
	struct address addr = { .scheme = "vhost-user", .path = "" };

	(void)state;
	assert_error(ops->open(&addr, PATIENT_MS, &env.tp), -EINVAL, "VIO-ADDR-03");
}

/* Server mode. */

static void test_server(void **state)
{
	void (*make)(const char *) = *(void (**)(const char *)) * state;
	struct fake_script script = usual;
	struct stat st;

	make(env.path);
	script.delay_ms = 20;
	fake_connect(&env.fake, env.path, &script);
	assert_int_equal(whole_session(",server", &plain), 0);
	assert_int_equal(lstat(env.path, &st), 0);
	finish();
	assert_requests(usual_requests, ARRAY_SIZE(usual_requests));
	assert_int_equal(lstat(env.path, &st), -1);
}

static void test_server_live(void **state)
{
	int fd = make_socket(env.path, SOCK_STREAM);
	struct stat st;

	(void)state;
	assert_int_equal(listen(fd, 4), 0);
	assert_error(open_at(env.path, ",server"), -EADDRINUSE, "VIO-SOCK-05");
	assert_int_equal(lstat(env.path, &st), 0);
	close(fd);
	unlink(env.path);
}

static void test_server_foreign(void **state)
{
	struct stat st;

	(void)state;
	fake_connect(&env.fake, env.path, &usual);
	assert_int_equal(open_at(env.path, ",server"), 0);
	/* Somebody takes the path over. */
	assert_int_equal(unlink(env.path), 0);
	make_dead(env.path);
	finish();
	assert_int_equal(lstat(env.path, &st), 0);
	unlink(env.path);
}

static void test_server_second(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	fake_connect(&env.fake, env.path, &usual);
	assert_int_equal(open_at(env.path, ",server"), 0);
	memcpy(un.sun_path, env.path, sizeof(un.sun_path));
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof(un)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
	finish();
}

static void test_server_bad_peer(void **state)
{
	struct fake_script script = usual;
	struct stat st;

	(void)state;
	script.at = 2;
	script.fault = FAULT_VERSION;
	fake_connect(&env.fake, env.path, &script);
	assert_error(open_at(env.path, ",server"), -EPROTO, "VIO-VU-02");
	finish();
	assert_int_equal(lstat(env.path, &st), -1);
}

static void test_backlog_full(void **state)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = make_socket(env.path, SOCK_STREAM);
	int other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	env.timeout_ms = HASTY_MS;
	assert_int_equal(listen(fd, 0), 0);
	memcpy(un.sun_path, env.path, sizeof(un.sun_path));
	assert_int_equal(connect(other, (struct sockaddr *)&un, sizeof(un)), 0);
	assert_error(open_at(env.path, ""), -ETIMEDOUT, "VIO-DEV-03");
	close(other);
	close(fd);
	unlink(env.path);
}

int main(void)
{
	static void (*const before[])(const char *) = { make_nothing, make_dead };

	ADD_TABLE(test_path, path_cases);
	add(test_path_length, (void *)107, "a path of 107 bytes is used");
	add(test_path_length, (void *)108, "a path of 108 bytes is refused");
	add(test_other_type, NULL, "a socket of packets is no stream");
	add(test_no_path, NULL, "an empty path is refused");
	add(test_backlog_full, NULL, "a backend that does not accept is waited for, not for ever");
	add(test_server, &before[0], "listen: a backend comes late, and the file goes at the end");
	add(test_server, &before[1], "listen: a dead socket is replaced");
	add(test_server_live, NULL, "listen: a socket that is listened on is not touched");
	add(test_server_foreign, NULL, "listen: another's socket at the path stays at the end");
	add(test_server_second, NULL, "listen: a second backend is refused");
	add(test_server_bad_peer, NULL, "listen: a bad backend leaves no file");
	return run_group("vhost_user_path");
}
