/* SPDX-License-Identifier: BSD-3-Clause */
#include "linefile.h"

#include <string.h>

#include "fail.h"
#include "outfile.h"

int linefile_open(struct linefile *l, const char *path)
{
	int rc = 0;

	*l = (struct linefile){ .path = path };
	if (!path)
		return 0;
	if (strcmp(path, "-"))
		rc = outfile_direct(path, &l->f);
	else
		l->f = stdout;
	return rc ? fail(FAIL_FILE, strerror(-rc), "%s can't be written", path) : 0;
}

void linefile_flush(struct linefile *l)
{
	int rc = l->f ? outfile_flush(l->f) : 0;

	if (!rc)
		return;
	fail(FAIL_FILE, strerror(-rc), "%s: the rest of it is lost; the run goes on", l->path);
	linefile_close(l);
	l->failed = true;
}

void linefile_close(struct linefile *l)
{
	if (l->f && l->f != stdout)
		fclose(l->f);
	l->f = NULL;
}
