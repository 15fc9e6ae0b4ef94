/* SPDX-License-Identifier: BSD-3-Clause */
#include "capture_run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "document.h"
#include "fail.h"

bool capture_read_file(const char *text, void *field, struct why *why)
{
	if (!strcmp(text, "-"))
		return why_set(why, "stdout is for the report; `vio dump -w -` writes there");
	return option_text(text, field, why);
}

/* Compiled once to see whether it can be: each capture compiles its own. */
bool capture_read_filter(const char *text, void *field, struct why *why)
{
	struct capture_filter *f;

	if (!capture_filter_make(text, &f, why))
		return false;
	capture_filter_free(f);
	return option_text(text, field, why);
}

bool capture_read_snap(const char *text, void *field, struct why *why)
{
	return parse_count(text, 1, CAPTURE_SNAP_MAX, field, why);
}

int capture_check(const char *command, const struct capture_config *cfg)
{
	if ((cfg->filter || cfg->snap) && !cfg->file)
		return fail(FAIL_CONFLICT, NULL,
			    "%s: --capture-filter and --capture-snap are for --capture", command);
	return 0;
}

int capture_file_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	if (fd < 0)
		fail(FAIL_FILE, strerror(errno), "%s: the capture can't be written", path);
	return fd;
}

static int open_file(struct capture_run *r)
{
	struct capture_opts opts = { .filter = r->cfg->filter,
				     .snap = (uint32_t)r->cfg->snap,
				     .title = r->cfg->file };
	struct why why = { "" };

	r->fd = capture_file_open(r->cfg->file);
	if (r->fd < 0)
		return fail_code(FAIL_FILE);
	opts.fd = r->fd;
	if (capture_open(&r->src, &opts, &r->file, &why))
		return 0;
	close(r->fd);
	return fail(FAIL_MEMORY, why.text, "%s: the capture can't begin", r->cfg->file);
}

int capture_run_open(struct capture_run *r, const struct capture_config *cfg,
		     const struct capture_source *src)
{
	int rc = 0;

	*r = (struct capture_run){ .cfg = cfg, .src = *src };
	if (cfg->file)
		rc = open_file(r);
	if (!rc && cfg->control)
		rc = capture_control_open(cfg->control, &r->src, &r->control);
	if (rc)
		capture_run_close(r);
	return rc;
}

static int close_file(struct capture_run *r)
{
	capture_close(r->file, &r->stats);
	r->file = NULL;
	/* Some file systems tell only now that the disk is full. */
	if (close(r->fd) < 0 && !r->stats.error) {
		r->stats.error = errno;
		return fail(FAIL_FILE, strerror(errno), "%s: the capture can't be written",
			    r->cfg->file);
	}
	return r->stats.error ? (int)fail_code(FAIL_FILE) : 0;
}

int capture_run_close(struct capture_run *r)
{
	if (r->control)
		capture_control_close(r->control);
	r->control = NULL;
	return r->file ? close_file(r) : 0;
}

void capture_run_report(const struct capture_run *r, FILE *out)
{
	const struct capture_stats *s = &r->stats;

	if (!r->cfg || !r->cfg->file)
		return;
	fprintf(out, "        capture     %s  frames %llu of %llu  dropped %llu", r->cfg->file,
		(unsigned long long)s->written, (unsigned long long)s->counts.seen,
		(unsigned long long)s->counts.dropped);
	if (s->error)
		fprintf(out, "  lost %llu (%s)", (unsigned long long)s->lost, strerror(s->error));
	fprintf(out, "\n");
}

void capture_run_json(const struct capture_run *r, json_t *o)
{
	const struct capture_stats *s = &r->stats;
	json_t *c;

	if (!r->cfg || !r->cfg->file)
		return;
	c = json_object();
	json_object_set_new(c, "file", json_any_text(r->cfg->file));
	if (r->cfg->filter)
		json_object_set_new(c, "filter", json_any_text(r->cfg->filter));
	json_put_int(c, "seen", s->counts.seen);
	json_put_int(c, "accepted", s->counts.accepted);
	json_put_int(c, "dropped", s->counts.dropped);
	json_put_int(c, "written", s->written);
	json_put_int(c, "lost", s->lost);
	if (s->error)
		json_object_set_new(c, "error", json_string(strerror(s->error)));
	json_object_set_new(o, "capture", c);
}
