/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef MEM_MAPPING_H
#define MEM_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

/* Whether pages, huge ones, are to follow each other in physical memory. */
enum contiguity { CONTIGUOUS_NO, CONTIGUOUS_IF_POSSIBLE, CONTIGUOUS_YES };

/* What is wanted of a mapping. */
struct mapping_want {
	size_t bytes;          /* a multiple of page_bytes */
	size_t page_bytes;     /* of the pages behind it */
	bool huge;             /* they are huge pages */
	int node;              /* NUMA node, -1: any */
	const char *hugetlbfs; /* folder for the file, NULL: memfd */
	enum contiguity contiguous;
};

/* A file and where it is mapped. */
struct mapping {
	char *base;
	int fd;
};

/**
 * mapping_open - make shared memory, all of it present
 * @m: receives it; untouched on failure
 * @step: receives what was being done when it failed, in words
 *
 * Return: 0, or a negative errno, -ENOMEM for every way in which the memory may be missing,
 * -EADDRNOTAVAIL there is enough, but not in one piece. Sets no error: the caller may have another
 * try.
 */
int mapping_open(struct mapping *m, const struct mapping_want *want, const char **step);

/* Have the pages of @len bytes from @off on present. Return: 0 or a negative errno. */
int mapping_populate(const struct mapping *m, size_t off, size_t len, size_t page_bytes);

void mapping_close(struct mapping *m, size_t bytes);

#endif
