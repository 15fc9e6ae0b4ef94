/* SPDX-License-Identifier: BSD-3-Clause */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANCESTORS_MAX 64

/* ---- paths ---- */

static bool path_of(const struct host *h, char *out, const char *path, va_list ap)
{
	int n = snprintf(out, PATH_MAX, "%s", h->root);
	int room = PATH_MAX - n;

	return n >= 0 && room > 0 && vsnprintf(out + n, (size_t)room, path, ap) < room;
}

/* Set @out, a char[PATH_MAX], from the variable arguments behind @path. */
#define PATH_FROM(h, out, path, ok) \
	do { \
		va_list ap_; \
		va_start(ap_, path); \
		(ok) = path_of(h, out, path, ap_); \
		va_end(ap_); \
	} while (0)

bool host_path(const struct host *h, char *out, size_t size, const char *path)
{
	int n = snprintf(out, size, "%s%s", h->root, path);

	return n >= 0 && (size_t)n < size;
}

/* ---- files ---- */

static int text_at(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = 1;

	buf[0] = '\0';
	if (fd < 0)
		return -errno;
	while (got > 0 && n < size - 1) {
		got = read(fd, buf + n, size - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return got < 0 ? -EIO : (int)n;
}

int host_text(const struct host *h, char *buf, size_t size, const char *path, ...)
{
	char full[PATH_MAX];
	bool ok;

	PATH_FROM(h, full, path, ok);
	buf[0] = '\0';
	return ok ? text_at(full, buf, size) : -ENAMETOOLONG;
}

int64_t host_number(const struct host *h, int64_t otherwise, const char *path, ...)
{
	char full[PATH_MAX], text[64], *end;
	long long value;
	bool ok;

	PATH_FROM(h, full, path, ok);
	if (!ok || text_at(full, text, sizeof(text)) <= 0)
		return otherwise;
	errno = 0;
	value = strtoll(text, &end, 0);
	return *end || errno ? otherwise : value;
}

static bool target_at(const char *path, char target[PATH_MAX])
{
	ssize_t n = readlink(path, target, PATH_MAX - 1);

	target[n < 0 ? 0 : n] = '\0';
	return n >= 0;
}

bool host_link(const struct host *h, char *buf, size_t size, const char *path, ...)
{
	char full[PATH_MAX], target[PATH_MAX];
	const char *slash;
	bool ok;

	PATH_FROM(h, full, path, ok);
	buf[0] = '\0';
	if (!ok || !target_at(full, target))
		return false;
	slash = strrchr(target, '/');
	return snprintf(buf, size, "%s", slash ? slash + 1 : target) < (int)size;
}

bool host_target(const struct host *h, char *buf, size_t size, const char *path, ...)
{
	char full[PATH_MAX], target[PATH_MAX];
	bool ok;

	PATH_FROM(h, full, path, ok);
	buf[0] = '\0';
	return ok && target_at(full, target) && snprintf(buf, size, "%s", target) < (int)size;
}

bool host_exists(const struct host *h, const char *path, ...)
{
	char full[PATH_MAX];
	bool ok;

	PATH_FROM(h, full, path, ok);
	return ok && access(full, F_OK) == 0;
}

static void each_at(const char *path, bool (*fn)(void *arg, const char *name), void *arg)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.' && !fn(arg, e->d_name))
			break;
	if (dir)
		closedir(dir);
}

void host_each(const struct host *h, bool (*fn)(void *arg, const char *name), void *arg,
	       const char *path, ...)
{
	char full[PATH_MAX];
	bool ok;

	PATH_FROM(h, full, path, ok);
	if (ok)
		each_at(full, fn, arg);
}

struct counting {
	const char *prefix;
	unsigned int n;
};

static bool count_name(void *arg, const char *name)
{
	struct counting *c = arg;

	c->n += !strncmp(name, c->prefix, strlen(c->prefix));
	return true;
}

unsigned int host_count(const struct host *h, const char *prefix, const char *path, ...)
{
	struct counting c = { prefix, 0 };
	char full[PATH_MAX];
	bool ok;

	PATH_FROM(h, full, path, ok);
	if (ok)
		each_at(full, count_name, &c);
	return c.n;
}

bool host_lines(const struct host *h, const char *path, bool (*fn)(void *arg, char *line),
		void *arg)
{
	char full[PATH_MAX], *line = NULL;
	size_t size = 0;
	ssize_t n;
	FILE *f;

	f = host_path(h, full, sizeof(full), path) ? fopen(full, "re") : NULL;
	if (!f)
		return false;
	while ((n = getline(&line, &size, f)) >= 0) {
		if (n && line[n - 1] == '\n')
			line[n - 1] = '\0';
		if (!fn(arg, line))
			break;
	}
	free(line);
	fclose(f);
	return true;
}

/* ---- rights ---- */

void host_rights(const struct host *h, const char *path, char *out, size_t size)
{
	static const char letters[] = "rwxrwxrwx";
	char full[PATH_MAX], mode[11] = "-", owner[32], group[32];
	const struct passwd *pw;
	const struct group *gr;
	struct stat st;

	if (!host_path(h, full, sizeof(full), path) || stat(full, &st) < 0) {
		snprintf(out, size, "missing");
		return;
	}
	mode[0] = S_ISCHR(st.st_mode) ? 'c' : S_ISSOCK(st.st_mode) ? 's' : '-';
	for (int i = 0; i < 9; i++)
		mode[1 + i] = st.st_mode & (0400u >> i) ? letters[i] : '-';
	pw = getpwuid(st.st_uid);
	snprintf(owner, sizeof(owner), "%u", st.st_uid);
	snprintf(group, sizeof(group), "%u", st.st_gid);
	gr = getgrgid(st.st_gid);
	snprintf(out, size, "%s %s %s", mode, pw ? pw->pw_name : owner, gr ? gr->gr_name : group);
}

static bool may_open(const struct host *h, const char *path)
{
	char full[PATH_MAX];

	return host_path(h, full, sizeof(full), path) &&
	       faccessat(AT_FDCWD, full, R_OK | W_OK, AT_EACCESS) == 0;
}

/* ---- interfaces ---- */

bool host_rings(const struct host *h, const char *iface, unsigned int *rx, unsigned int *max)
{
	struct ethtool_ringparam ring = { .cmd = ETHTOOL_GRINGPARAM };
	struct ifreq request = { .ifr_data = (char *)&ring };
	int fd, rc;

	if (h->root[0])
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", iface);
	rc = ioctl(fd, SIOCETHTOOL, &request);
	close(fd);
	if (rc < 0 || !ring.rx_pending)
		return false;
	*rx = ring.rx_pending;
	*max = ring.rx_max_pending;
	return true;
}

/* ---- the session that we run in ---- */

/* Parent of a process, as /proc/PID/stat has it behind the name in brackets; 0: unknown. */
static int parent_of(const struct host *h, int pid)
{
	char text[512];
	const char *rest;
	int parent = 0;

	if (host_text(h, text, sizeof(text), "/proc/%d/stat", pid) <= 0)
		return 0;
	rest = strrchr(text, ')');
	return rest && sscanf(rest + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

/* SSH_CONNECTION in the environment of a process. */
static bool ssh_of(const struct host *h, int pid, char *out, size_t size)
{
	static const char name[] = "SSH_CONNECTION=";
	char path[PATH_MAX], *entry = NULL;
	size_t room = 0;
	bool found = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/proc/%d/environ", h->root, pid);
	f = fopen(path, "re");
	while (f && !found && getdelim(&entry, &room, '\0', f) > 0)
		found = !strncmp(entry, name, sizeof(name) - 1);
	if (found)
		snprintf(out, size, "%s", entry + sizeof(name) - 1);
	free(entry);
	if (f)
		fclose(f);
	return found;
}

/* sudo takes the variable out of the environment, but not out of that of the shell above. */
static void find_ssh(struct host *h)
{
	const char *ours = getenv("SSH_CONNECTION");
	int pid = getpid();

	if (ours) {
		snprintf(h->ssh, sizeof(h->ssh), "%s", ours);
		return;
	}
	if (h->root[0])
		return;
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++, pid = parent_of(h, pid))
		if (ssh_of(h, pid, h->ssh, sizeof(h->ssh)))
			return;
}

void host_init(struct host *h)
{
	const char *root = getenv("VIO_ROOT");

	*h = (struct host){ .root = root ? root : "", .may_open = may_open };
	h->plain_user = geteuid() != 0;
	find_ssh(h);
}
