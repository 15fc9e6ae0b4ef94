/* SPDX-License-Identifier: BSD-3-Clause */
#include "runcmd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <vio/clock.h>

#define LIMIT_NS UINT64_C(30000000000)

extern char **environ;

static bool find(const struct host *h, const char *name, char path[PATH_MAX])
{
	static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	char below[PATH_MAX / 2];

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		snprintf(below, sizeof(below), "%s/%s", folders[i], name);
		if (host_path(h, path, PATH_MAX, below) && access(path, X_OK) == 0)
			return true;
	}
	return false;
}

static int start(const char *path, const char *const *argv, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none;
	int rc;

	sigemptyset(&none);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setpgroup(&attr, 0); /* ^C at the terminal is for us */
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	rc = posix_spawn(pid, path, &actions, &attr, (char *const *)(uintptr_t)argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&actions);
	return -rc;
}

static int wait_for(pid_t pid)
{
	uint64_t end = vio_clock_ns() + LIMIT_NS;
	struct timespec nap = { 0, 2000000 };
	int status;
	pid_t got;

	while ((got = waitpid(pid, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
		if (vio_clock_ns() >= end) {
			kill(pid, SIGKILL);
			waitpid(pid, &status, 0);
			return -ETIMEDOUT;
		}
		nanosleep(&nap, NULL);
	}
	if (got < 0)
		return -errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int runcmd(const struct host *h, const char *const *argv)
{
	char path[PATH_MAX];
	pid_t pid;
	int rc;

	if (!find(h, argv[0], path))
		return -ENOENT;
	rc = start(path, argv, &pid);
	return rc ? rc : wait_for(pid);
}
