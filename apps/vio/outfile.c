/* SPDX-License-Identifier: BSD-3-Clause */
#include "outfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"

static int open_temp(struct outfile *o)
{
	int fd;

	/* One that a killed run has left is no obstacle. */
	snprintf(o->temp, sizeof(o->temp), "%s.%d", o->path, (int)getpid());
	unlink(o->temp);
	fd = open(o->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return -errno;
	o->f = fdopen(fd, "w");
	if (!o->f)
		close(fd);
	return o->f ? 0 : -ENOMEM;
}

int outfile_direct(const char *path, FILE **out)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0666);

	if (fd < 0)
		return -errno;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	*out = fdopen(fd, "w");
	if (*out)
		return 0;
	close(fd);
	return -ENOMEM;
}

int outfile_begin(struct outfile *o, const char *path)
{
	struct stat st;

	*o = (struct outfile){ 0 };
	if (!strcmp(path, "-")) {
		o->f = stdout;
		return 0;
	}
	if (strlen(path) >= sizeof(o->path))
		return -ENAMETOOLONG;
	/* Behind a symbolic link it is the file that is replaced. */
	if (!realpath(path, o->path))
		strcpy(o->path, path);
	if (stat(path, &st) < 0 || S_ISREG(st.st_mode))
		return open_temp(o);
	return outfile_direct(path, &o->f);
}

void outfile_abort(struct outfile *o)
{
	if (o->f && o->f != stdout)
		fclose(o->f);
	if (o->temp[0])
		unlink(o->temp);
	*o = (struct outfile){ 0 };
}

int outfile_flush(FILE *f)
{
	bool failed = ferror(f);

	/* Why an earlier write failed stdio has forgotten; another one meets the same. */
	if (failed)
		fputc('\n', f);
	errno = 0;
	if (fflush(f) || failed)
		return errno ? -errno : -EIO;
	return 0;
}

int outfile_commit(struct outfile *o)
{
	int rc = outfile_flush(o->f);

	if (o->f != stdout && fclose(o->f) && !rc)
		rc = errno ? -errno : -EIO;
	o->f = NULL;
	if (!rc && o->temp[0] && rename(o->temp, o->path) < 0)
		rc = -errno;
	if (rc)
		outfile_abort(o);
	return rc;
}

int outfile_check(const char *path)
{
	struct outfile o;
	struct stat st;
	int rc;

	/* To open a pipe would wait for its reader. */
	if (!path || !strcmp(path, "-") || (stat(path, &st) == 0 && S_ISFIFO(st.st_mode)))
		return 0;
	rc = outfile_begin(&o, path);
	outfile_abort(&o);
	return rc ? fail(FAIL_FILE, strerror(-rc), "%s can't be written", path) : 0;
}
