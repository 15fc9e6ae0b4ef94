/* SPDX-License-Identifier: BSD-3-Clause */
#include "pcapread.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool regular(struct pcapread *r, struct why *why)
{
	struct stat st;

	if (fstat(r->fd, &st) < 0)
		return why_set(why, "%s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return why_set(why, "it is no regular file, and can't be read more than once");
	r->bytes = (uint64_t)st.st_size;
	return true;
}

bool pcapread_open(struct pcapread *r, const char *path, struct why *why)
{
	/* Not to wait for the other end of a FIFO. */
	r->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (r->fd < 0)
		return why_set(why, "%s", strerror(errno));
	if (!regular(r, why)) {
		close(r->fd);
		return false;
	}
	posix_fadvise(r->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	pcapread_rewind(r);
	return true;
}

void pcapread_close(struct pcapread *r)
{
	close(r->fd);
}

void pcapread_rewind(struct pcapread *r)
{
	lseek(r->fd, 0, SEEK_SET);
	pcapfile_init(&r->file);
	r->left = 0;
	r->eof = false;
}

bool pcapread_fill(struct pcapread *r, uint8_t *room, size_t bytes, struct why *why)
{
	if (r->left)
		memmove(room, r->at, r->left);
	r->at = room;
	while (r->left < bytes && !r->eof) {
		ssize_t n = read(r->fd, room + r->left, bytes - r->left);

		if (n < 0 && errno != EINTR)
			return why_set(why, "offset %llu: %s",
				       (unsigned long long)(r->file.offset + r->left),
				       strerror(errno));
		r->eof = !n;
		r->left += n > 0 ? (size_t)n : 0;
	}
	return true;
}

enum pcapread_next pcapread_next(struct pcapread *r, struct pcapfile_frame *frame, struct why *why)
{
	for (;;) {
		enum pcapfile_step step;
		size_t used;

		if (!r->left && !r->eof)
			return PCAPREAD_ROOM;
		step = pcapfile_step(&r->file, r->at, r->left, frame, &used, why);
		r->at += used;
		r->left -= used;
		if (step == PCAPFILE_FRAME)
			return PCAPREAD_FRAME;
		if (step == PCAPFILE_BAD)
			return PCAPREAD_BAD;
		if (step == PCAPFILE_OTHER)
			continue;
		if (!r->eof)
			return PCAPREAD_ROOM;
		return pcapfile_end(&r->file, r->left, why) ? PCAPREAD_END : PCAPREAD_BAD;
	}
}
