/* SPDX-License-Identifier: BSD-3-Clause */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "doctor.h"
#include "sockets.h"

#define PATH_LONGEST (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* We shall listen: the folder must be there and take a new file. */
static void check_server(struct doctor *d, const char *path)
{
	char folder[PATH_MAX], full[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct finding *f;

	snprintf(folder, sizeof(folder), "%.*s", slash && slash > path ? (int)(slash - path) : 1,
		 slash ? path : ".");
	if (host_exists(d->h, "%s", path)) {
		f = doctor_say(d, LEVEL_WARN, "%s is there already", path);
		finding_why(f, "vio shall listen on it, and takes no path that is in use");
		finding_now(f, "ss -xl | grep %s; rm %s if nobody has it", path, path);
		return;
	}
	if (host_path(d->h, full, sizeof(full), folder) && access(full, W_OK | X_OK) == 0) {
		doctor_say(d, LEVEL_OK, "vio can listen on it");
		return;
	}
	f = doctor_say(d, LEVEL_FAIL, "this user can't put a socket into %s", folder);
	finding_now(f, "sudo install -d -o $USER %s", folder);
	finding_good(f, "echo 'd %s 0770 root vio' | sudo tee /etc/tmpfiles.d/vio.conf", folder);
}

static const struct listener *find_listener(const struct listeners *all, const char *path)
{
	for (unsigned int i = 0; i < all->n; i++)
		if (!strcmp(all->list[i].path, path))
			return &all->list[i];
	return NULL;
}

static void nobody_listens(struct doctor *d, const char *path)
{
	struct finding *f = doctor_say(d, LEVEL_FAIL, "nobody listens on %s", path);

	finding_why(f, "the process that made it has ended, or listens in another container");
	finding_now(f, "start the backend; a stale file may be removed: rm %s", path);
	finding_good(f, "let vio listen and the backend connect: %s,server", d->port);
}

static void check_listener(struct doctor *d, const char *path)
{
	struct listeners all;
	const struct listener *l;

	if (!listeners_read(d->h, &all)) {
		doctor_say(d, LEVEL_SKIP, "/proc/net/unix can't be read");
		return;
	}
	l = find_listener(&all, path);
	if (!l)
		nobody_listens(d, path);
	else if (l->pid)
		doctor_say(d, LEVEL_OK, "process %d (%s) listens", l->pid, l->process);
	else
		doctor_say(d, LEVEL_OK, "somebody listens");
	listeners_free(&all);
}

static void no_rights(struct doctor *d, const char *path)
{
	char rights[96];
	struct finding *f;

	host_rights(d->h, path, rights, sizeof(rights));
	f = doctor_say(d, LEVEL_FAIL, "this user may not connect to it (%s)", rights);
	finding_why(f, "a socket takes who may write it, and search its folders");
	finding_now(f, "sudo setfacl -m u:$USER:rw %s; namei -l %s", path, path);
	finding_good(f, "start the backend with a group that you are in, and umask 007");
}

void check_vhost_sock(struct doctor *d)
{
	const char *path = d->path;
	struct finding *f;

	if (strlen(path) > PATH_LONGEST) {
		f = doctor_say(d, LEVEL_FAIL, "the path has %zu bytes, %zu is the limit",
			       strlen(path), PATH_LONGEST);
		finding_now(f, "a symbolic link to its folder makes it shorter");
		return;
	}
	if (d->server) {
		check_server(d, path);
		return;
	}
	if (!host_exists(d->h, "%s", path)) {
		f = doctor_say(d, LEVEL_FAIL, "there is no %s, or its folder may not be searched",
			       path);
		finding_now(f, "start the backend first; namei -l %s", path);
		finding_good(f, "let vio listen and the backend connect: %s,server", d->port);
		return;
	}
	if (!d->h->may_open(d->h, path))
		no_rights(d, path);
	else
		check_listener(d, path);
}
