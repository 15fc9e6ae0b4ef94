/* SPDX-License-Identifier: BSD-3-Clause */
#include "sysfs.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pci_roots pci_roots_filled(const struct pci_roots *roots)
{
	const struct pci_roots none = { NULL, NULL, NULL };

	roots = roots ? roots : &none;
	return (struct pci_roots){
		.sys = roots->sys ? roots->sys : "/sys",
		.dev = roots->dev ? roots->dev : "/dev",
		.proc = roots->proc ? roots->proc : "/proc",
	};
}

/* Up to @size bytes of the file: the kernel may hand them out in pieces. */
static ssize_t read_all(int fd, char *buf, size_t size)
{
	size_t n = 0;
	ssize_t got;

	while (n < size) {
		got = read(fd, buf + n, size - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

int sysfs_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read_all(fd, buf, size);
	close(fd);
	if (n < 0)
		return (int)n;
	if ((size_t)n == size || n > INT_MAX)
		return -EOVERFLOW;
	if (n && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return (int)n;
}

int sysfs_number(const char *path, uint64_t *value)
{
	unsigned long long v;
	char text[64], *end;
	int rc = sysfs_text(path, text, sizeof(text));

	if (rc < 0)
		return rc;
	/* strtoull() takes signs and leading white space. */
	if (!isdigit((unsigned char)text[0]))
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, strncmp(text, "0x", 2) ? 10 : 16);
	if (*end || errno)
		return -EINVAL;
	*value = v;
	return 0;
}

int sysfs_link(const char *path, char *name, size_t size)
{
	char target[PATH_MAX];
	ssize_t n = readlink(path, target, sizeof(target) - 1);
	const char *slash, *last;
	size_t len;

	if (n < 0)
		return -errno;
	target[n] = '\0';
	slash = strrchr(target, '/');
	last = slash ? slash + 1 : target;
	len = strlen(last);
	if (len >= size)
		return -EOVERFLOW;
	memcpy(name, last, len + 1);
	return (int)len;
}
