/* SPDX-License-Identifier: BSD-3-Clause */
#include "space.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/err.h"
#include "refuse.h"

/* IOMMUs have large pages too: they fit where both addresses are aligned to them. */
#define LARGE_PAGE ((uint64_t)2 << 20)

/*
 * The one piece of state that belongs to the process: a VFIO group can be opened once, so devices
 * of the same group must find what the first one opened.
 */
static struct {
	pthread_mutex_t lock;
	struct space *first;
} table = { PTHREAD_MUTEX_INITIALIZER, NULL };

/* ---- the table; under its lock ---- */

static struct space *find(const char *key)
{
	struct space *s = table.first;

	while (s && strcmp(s->key, key))
		s = s->next;
	return s;
}

static int open_space(const struct vfio_kernel *kernel, const char *key, space_open_fn *open,
		      const void *arg, struct space **out)
{
	struct space *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "%s: %zu bytes", key, sizeof(*s));
	s->kernel = kernel;
	snprintf(s->key, sizeof(s->key), "%s", key);
	rc = open(s, arg);
	if (rc < 0) {
		free(s);
		return rc;
	}
	pthread_mutex_init(&s->lock, NULL);
	s->next = table.first;
	table.first = s;
	*out = s;
	return 0;
}

static void close_space(struct space *s)
{
	struct space **link = &table.first;

	while (*link != s)
		link = &(*link)->next;
	*link = s->next;
	s->ops->close(s);
	while (s->maps) {
		struct dma_map *next = s->maps->next;

		free(s->maps);
		s->maps = next;
	}
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static int add_user(struct space *s, struct space_user *user)
{
	for (const struct space_user *u = s->users; u; u = u->next)
		if (!strcmp(u->address, user->address)) {
			err_set(ERR_PCI_BUSY, -EBUSY, "%s: this process has it already",
				user->address);
			err_fix("close the port that uses it first");
			return -EBUSY;
		}
	user->next = s->users;
	s->users = user;
	return 0;
}

int space_join(const struct vfio_kernel *kernel, const char *key, space_open_fn *open,
	       const void *arg, struct space_user *user, struct space **out)
{
	struct space *s;
	int rc = 0;

	pthread_mutex_lock(&table.lock);
	s = find(key);
	if (!s)
		rc = open_space(kernel, key, open, arg, &s);
	if (rc == 0)
		rc = add_user(s, user);
	if (rc == 0)
		*out = s;
	pthread_mutex_unlock(&table.lock);
	return rc;
}

void space_leave(struct space *s, struct space_user *user)
{
	struct space_user **link;

	pthread_mutex_lock(&table.lock);
	link = &s->users;
	while (*link != user)
		link = &(*link)->next;
	*link = user->next;
	if (!s->users)
		close_space(s);
	pthread_mutex_unlock(&table.lock);
}

/* ---- mappings; under the space's lock ---- */

static bool below_limit(const struct dma_want *want, uint64_t iova)
{
	return want->info.bytes - 1 <= want->limit && iova <= want->limit - (want->info.bytes - 1);
}

static struct dma_map *find_map(struct space *s, const struct dma_want *want)
{
	struct dma_map *m = s->maps;

	while (m && !(m->va == want->info.base && m->bytes == want->info.bytes &&
		      m->physical == want->physical && below_limit(want, m->iova)))
		m = m->next;
	return m;
}

static int refuse_range(struct space *s, const struct dma_want *want)
{
	return err_set(ERR_DMA_RANGE, -ENOSPC,
		       "%s: %zu bytes wanted up to address 0x%" PRIx64
		       "; the IOMMU has %u ranges, the largest of 0x%" PRIx64 " bytes",
		       want->address, want->info.bytes, want->limit, s->usable.n,
		       iova_set_largest(&s->usable));
}

static int choose_iova(struct space *s, const struct dma_want *want, uint64_t *iova)
{
	const uint64_t va = (uintptr_t)want->info.base, bytes = want->info.bytes;
	const uint64_t wish = want->physical ? want->phys : va;
	uint64_t align = want->info.page_bytes > LARGE_PAGE ? want->info.page_bytes : LARGE_PAGE;
	struct iova_set free = s->usable;

	if ((va | bytes) & (s->page_bytes - 1))
		return err_set(ERR_DMA_PAGE, -EINVAL,
			       "%s: the IOMMU's smallest page has %" PRIu64
			       " bytes, the region's have %zu",
			       want->address, s->page_bytes, want->info.page_bytes);
	for (const struct dma_map *m = s->maps; m; m = m->next)
		iova_set_cut(&free, m->iova, m->iova + m->bytes - 1);
	*iova = wish;
	if (iova_set_has(&free, wish, bytes) && below_limit(want, wish))
		return 0;
	if (want->physical)
		return refuse_range(s, want);
	if (iova_set_find(&free, bytes, align, want->limit, iova) ||
	    iova_set_find(&free, bytes, s->page_bytes, want->limit, iova))
		return 0;
	return refuse_range(s, want);
}

static int new_map(struct space *s, const struct dma_want *want, struct dma_map **map)
{
	struct dma_map *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return err_set(ERR_NO_MEMORY, -ENOMEM, "%s: %zu bytes", want->address, sizeof(*m));
	*m = (struct dma_map){ .va = want->info.base,
			       .bytes = want->info.bytes,
			       .physical = want->physical };
	rc = choose_iova(s, want, &m->iova);
	if (rc == 0 && s->ops->map) {
		rc = s->ops->map(s, m->va, m->bytes, m->iova);
		if (rc < 0)
			rc = refuse_map(s, want, m->iova, rc);
	}
	if (rc < 0) {
		free(m);
		return rc;
	}
	m->next = s->maps;
	s->maps = m;
	*map = m;
	return 0;
}

int space_map(struct space *s, const struct dma_want *want, struct dma_map **map)
{
	struct dma_map *m;
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	m = find_map(s, want);
	if (!m)
		rc = new_map(s, want, &m);
	if (rc == 0) {
		m->refs++;
		*map = m;
	}
	pthread_mutex_unlock(&s->lock);
	return rc;
}

static int end_map(struct space *s, struct dma_map *m)
{
	struct dma_map **link = &s->maps;
	int rc = s->ops->unmap ? s->ops->unmap(s, m->iova, m->bytes) : 0;

	while (*link != m)
		link = &(*link)->next;
	*link = m->next;
	if (rc < 0)
		err_set(ERR_DMA_MAP, rc,
			"%s: unmapping %" PRIu64 " bytes at 0x%" PRIx64 " failed: %s", s->key,
			m->bytes, m->iova, strerror(-rc));
	free(m);
	return rc;
}

int space_unmap(struct space *s, struct dma_map *map)
{
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	if (!--map->refs)
		rc = end_map(s, map);
	pthread_mutex_unlock(&s->lock);
	return rc;
}
