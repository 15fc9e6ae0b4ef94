/* SPDX-License-Identifier: BSD-3-Clause */
#include <vio/region.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <vio/error.h>

#include "../../lib/mem/mem.h"
#include "huge.h"

#define MIB ((size_t)1 << 20)
#define TIB ((size_t)1 << 40)

/* ---- options ---- */

static const struct opts_case {
	const char *what;
	struct vio_region_opts opts;
	int rc;
	const char *id;
} opts_cases[] = {
#define OPTS(...) \
	{ \
		.size = sizeof(struct vio_region_opts), __VA_ARGS__ \
	}
	{ "size not filled in is refused", { .size = 0, .bytes = 4096 }, -EINVAL, "VIO-ADDR-04" },
	{ "a size smaller than itself is refused",
	  { .size = 4, .bytes = 4096 },
	  -EINVAL,
	  "VIO-ADDR-04" },
	{ "a senseless size is refused",
	  { .size = 1 << 20, .bytes = 4096 },
	  -EINVAL,
	  "VIO-ADDR-04" },
	{ "no bytes are refused", OPTS(.bytes = 0), -EINVAL, "VIO-ADDR-04" },
	{ "an unknown kind of page is refused", OPTS(.bytes = 4096, .page = (enum vio_page)4),
	  -EINVAL, "VIO-ADDR-04" },
	{ "a negative node is refused", OPTS(.bytes = 4096, .node = -1), -EINVAL, "VIO-ADDR-04" },
	{ "a node that does not exist is refused", OPTS(.bytes = 4096, .node = VIO_NODE(700)),
	  -ENODEV, "VIO-MEM-05" },
	{ "a node beyond all limits is refused", OPTS(.bytes = 4096, .node = 1 << 30), -ENODEV,
	  "VIO-MEM-05" },
	{ "the whole address space is too much", OPTS(.bytes = SIZE_MAX), -ENOMEM, "VIO-MEM-02" },
	{ "half the address space is too much", OPTS(.bytes = SIZE_MAX / 2), -ENOMEM,
	  "VIO-MEM-02" },
	{ "a pebibyte of ordinary pages is refused, not killed for",
	  OPTS(.bytes = (size_t)1 << 50, .page = VIO_PAGE_NORMAL), -ENOMEM, "VIO-MEM-02" },
	{ "a pebibyte of any pages is refused", OPTS(.bytes = (size_t)1 << 50), -ENOMEM,
	  "VIO-MEM-02" },
	{ "a tebibyte of 2 MiB pages is refused", OPTS(.bytes = TIB, .page = VIO_PAGE_2M), -ENOMEM,
	  "VIO-MEM-03" },
	{ "a tebibyte of 1 GiB pages is refused", OPTS(.bytes = TIB, .page = VIO_PAGE_1G), -ENOMEM,
	  "VIO-MEM-03" },
	{ "a hugetlbfs folder that does not exist is refused",
	  OPTS(.bytes = 4096, .hugetlbfs = "/nowhere/at/all"), -ENOENT, "VIO-MEM-09" },
	{ "a hugetlbfs folder on another file system is refused",
	  OPTS(.bytes = 4096, .hugetlbfs = "/proc"), -EINVAL, "VIO-MEM-09" },
	{ "a hugetlbfs folder that is a file is refused",
	  OPTS(.bytes = 4096, .hugetlbfs = "/proc/self/stat/x"), -ENOENT, "VIO-MEM-09" },
	{ "a contiguous region in ordinary pages is refused",
	  OPTS(.bytes = 4096, .page = VIO_PAGE_NORMAL, .contiguous = true), -EINVAL, "VIO-DMA-08" },
	{ "a contiguous region that may be scattered is refused",
	  OPTS(.bytes = 4096, .contiguous = true, .scattered = true), -EINVAL, "VIO-ADDR-04" },
	{ "a contiguous tebibyte is refused", OPTS(.bytes = TIB, .contiguous = true), -ENOMEM,
	  "VIO-MEM-03" },
	{ "one byte makes one page", OPTS(.bytes = 1), 0, NULL },
	{ "a page is taken as it is", OPTS(.bytes = 4096, .page = VIO_PAGE_NORMAL), 0, NULL },
	{ "node 0 can be asked for", OPTS(.bytes = MIB, .node = VIO_NODE(0)), 0, NULL },
#undef OPTS
};

static void options(void **state)
{
	const struct opts_case *c = *state;
	struct vio_region *none = (struct vio_region *)-1, *r = none;

	if (c->opts.bytes == TIB && (c->opts.page != VIO_PAGE_AUTO || c->opts.contiguous) &&
	    under_valgrind())
		skip();
	if (c->opts.bytes == TIB)
		need_madvise();
	assert_int_equal(vio_region_open(&c->opts, &r), c->rc);
	if (c->rc < 0) {
		assert_ptr_equal(r, none);
		assert_int_equal(vio_error_last()->code, c->rc);
		assert_string_equal(vio_error_last()->id, c->id);
		assert_true(strlen(vio_error_last()->what) > 0);
		return;
	}
	assert_int_equal(vio_region_close(r), 0);
}

static void no_options(void **state)
{
	struct vio_region *r;

	(void)state;
	assert_int_equal(vio_region_open(NULL, &r), -EINVAL);
	assert_int_equal(vio_region_close(NULL), 0);
}

/* A struct as a newer version of the library might have it. */
struct newer_opts {
	struct vio_region_opts known;
	uint64_t news;
};

static void newer_caller(void **state)
{
	struct newer_opts opts = { .known = { .size = sizeof(opts), .bytes = 4096 } };
	struct vio_region *r;

	(void)state;
	assert_int_equal(vio_region_open(&opts.known, &r), 0);
	assert_int_equal(vio_region_close(r), 0);
	opts.news = 1;
	assert_int_equal(vio_region_open(&opts.known, &r), -EINVAL);
}

static void older_caller(void **state)
{
	struct vio_region_opts opts = { offsetof(struct vio_region_opts, page),
					4096,
					VIO_PAGE_1G,
					-5,
					"never read",
					true,
					true };
	struct vio_region *r;

	(void)state;
	assert_int_equal(vio_region_open(&opts, &r), 0);
	assert_int_equal(vio_region_close(r), 0);
}

/* ---- what a region is ---- */

static struct vio_region *open_normal(size_t bytes, struct vio_region_info *info)
{
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = bytes, .page = VIO_PAGE_NORMAL);
	struct vio_region *r;

	assert_int_equal(vio_region_open(&opts, &r), 0);
	vio_region_info(r, info);
	return r;
}

static void sealed(void **state)
{
	struct vio_region_info info;
	struct vio_region *r = open_normal(MIB, &info);
	int seals = fcntl(info.fd, F_GET_SEALS);

	(void)state;
	assert_int_equal(seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
			 F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
	assert_int_equal(ftruncate(info.fd, 0), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(ftruncate(info.fd, (off_t)(2 * MIB)), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(fcntl(info.fd, F_ADD_SEALS, F_SEAL_WRITE), -1);
	assert_int_equal(errno, EPERM);
	assert_int_equal(vio_region_close(r), 0);
}

static void close_on_exec(void **state)
{
	struct vio_region_info info;
	struct vio_region *r = open_normal(MIB, &info);

	(void)state;
	assert_int_equal(fcntl(info.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(vio_region_close(r), 0);
	assert_int_equal(fcntl(info.fd, F_GETFD), -1);
}

static void all_present(void **state)
{
	struct vio_region_info info;
	struct vio_region *r;
	unsigned char present[256];

	(void)state;
	need_madvise();
	r = open_normal(MIB, &info);
	assert_int_equal(info.bytes, MIB);
	assert_int_equal(info.page_bytes, sysconf(_SC_PAGESIZE));
	assert_int_equal((uintptr_t)info.base % (2 * MIB), 0);
	assert_int_equal(mincore(info.base, MIB, present), 0);
	for (size_t i = 0; i < MIB / info.page_bytes; i++)
		assert_int_equal(present[i] & 1, 1);
	assert_int_equal(vio_region_close(r), 0);
}

static void shared_with_who_has_the_file(void **state)
{
	struct vio_region_info info;
	struct vio_region *r = open_normal(MIB, &info);
	char *peer = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, info.fd, 0);

	(void)state;
	assert_true(peer != MAP_FAILED);
	peer[MIB - 1] = 7;
	assert_int_equal(((char *)info.base)[MIB - 1], 7);
	munmap(peer, MIB);
	assert_int_equal(vio_region_close(r), 0);
}

/* Run @fn in a child. Return: its status as of wait(2). */
static int in_child(void (*fn)(void *), void *arg)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		fn(arg);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

#define SECRET 0x5ec2e7

/* Ends by SIGSEGV; a sanitizer may have laid memory of its own into the hole meanwhile. */
static void read_secret(void *p)
{
	signal(SIGSEGV, SIG_DFL);
	_exit(*(volatile int *)p == SECRET ? 0 : 3);
}

static void not_inherited(void **state)
{
	struct vio_region_info info;
	struct vio_region *r;

	(void)state;
	need_madvise();
	r = open_normal(MIB, &info);
	*(int *)info.base = SECRET;
	assert_int_not_equal(in_child(read_secret, info.base), 0);
	assert_int_equal(vio_region_close(r), 0);
}

/* ---- limits: each in a child of its own ---- */

static size_t address_space(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%lu", &pages) != 1)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static const struct limit_case {
	const char *what;
	int resource;
	size_t room;
	int rc;
} limit_cases[] = {
	{ "too little address space (ulimit -v) is an error", RLIMIT_AS, 256 * MIB, -ENOMEM },
	{ "a limit on files (ulimit -f) is an error and no signal", RLIMIT_FSIZE, MIB, -ENOMEM },
	{ "too many open files are an error", RLIMIT_NOFILE, 3, -EMFILE },
};

#define NO_LIMIT 3

static void open_limited(void *arg)
{
	const struct limit_case *c = arg;
	size_t now = c->resource == RLIMIT_AS ? address_space() : 0;
	struct rlimit limit = { now + c->room, now + c->room }, kept = limit;
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = 512 * MIB, .page = VIO_PAGE_NORMAL);
	struct vio_region *r;

	if (c->resource == RLIMIT_NOFILE)
		opts.bytes = MIB;
	if (setrlimit(c->resource, &limit) < 0)
		_exit(1);
	getrlimit(c->resource, &kept);
	if (kept.rlim_cur != limit.rlim_cur)
		_exit(NO_LIMIT);
	_exit(vio_region_open(&opts, &r) == c->rc ? 0 : 2);
}

static void limited(void **state)
{
	const struct limit_case *c = *state;
	int status;

	if (c->resource == RLIMIT_NOFILE && under_valgrind())
		skip();
	status = in_child(open_limited, *state);
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_LIMIT) {
		print_message("# SKIPPED: the limit is not kept, as under qemu-user\n");
		skip();
	}
	assert_int_equal(status, 0);
}

/* ---- huge pages ---- */

static const struct huge_case {
	const char *what;
	size_t bytes;
	enum vio_page page;
	size_t region_bytes, page_bytes;
} huge_cases[] = {
	{ "2 MiB pages are taken when asked for", 5 * MIB, VIO_PAGE_2M, 6 * MIB, 2 * MIB },
	{ "2 MiB pages are taken by themselves", 9 * MIB, VIO_PAGE_AUTO, 10 * MIB, 2 * MIB },
	{ "a small region does not waste a 2 MiB page", MIB, VIO_PAGE_AUTO, MIB, 4096 },
	{ "ordinary pages are taken when asked for", 9 * MIB, VIO_PAGE_NORMAL, 9 * MIB, 4096 },
};

static void huge(void **state)
{
	const struct huge_case *c = *state;
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = c->bytes, .page = c->page);
	struct vio_region_info info;
	struct vio_region *r;

	need_madvise();
	huge_need(16);
	assert_int_equal(vio_region_open(&opts, &r), 0);
	vio_region_info(r, &info);
	assert_int_equal(info.bytes, c->region_bytes);
	assert_int_equal(info.page_bytes, c->page_bytes);
	assert_int_equal((uintptr_t)info.base % info.page_bytes, 0);
	assert_int_equal(ftruncate(info.fd, 0), -1);
	assert_int_equal(errno, EPERM);
	*(int *)info.base = SECRET;
	assert_int_not_equal(in_child(read_secret, info.base), 0);
	assert_int_equal(vio_region_close(r), 0);
}

static void huge_all_gone(void **state)
{
	struct vio_region_opts opts = VIO_OPTS(struct vio_region_opts, .page = VIO_PAGE_2M);
	char free_pages[32];
	struct vio_region_info info;
	struct vio_region *r;
	long n = huge_free();

	(void)state;
	need_madvise();
	if (n < 0)
		n = 0;
	opts.bytes = ((size_t)n + 8) * 2 * MIB;
	assert_int_equal(vio_region_open(&opts, &r), -ENOMEM);
	assert_string_equal(vio_error_last()->id, "VIO-MEM-03");
	snprintf(free_pages, sizeof(free_pages), " %ld free", n);
	assert_non_null(strstr(vio_error_last()->what, free_pages));
	assert_non_null(strstr(vio_error_last()->fix, "hugeadm"));
	/* On its own the library falls back. */
	opts.page = VIO_PAGE_AUTO;
	assert_int_equal(vio_region_open(&opts, &r), 0);
	vio_region_info(r, &info);
	assert_int_equal(info.page_bytes, sysconf(_SC_PAGESIZE));
	assert_int_equal(vio_region_close(r), 0);
}

/* A mount of the test's own, for the length of one test. */
static char mount_point[] = "/tmp/vio-hugetlbfs-XXXXXX";

static int make_mount(const char *options)
{
	char cmd[128];

	if (geteuid() != 0 || !mkdtemp(mount_point))
		return -1;
	snprintf(cmd, sizeof(cmd), "mount -t hugetlbfs -o %s none %s 2>/dev/null", options,
		 mount_point);
	return system(cmd);
}

static void drop_mount(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "umount %s 2>/dev/null; rmdir %s", mount_point, mount_point);
	if (system(cmd) != 0)
		print_message("%s is left over\n", mount_point);
	memset(strrchr(mount_point, '-') + 1, 'X', 6);
}

static int folder_files(void)
{
	char cmd[128];

	snprintf(cmd, sizeof(cmd), "test -z \"$(ls -A %s)\"", mount_point);
	return system(cmd);
}

static void hugetlbfs(void **state)
{
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = 3 * MIB, .hugetlbfs = mount_point);
	struct vio_region_info info = { 0 };
	struct vio_region *r = NULL;
	int rc, files, wrong;

	(void)state;
	huge_need(16);
	if (make_mount("pagesize=2M") != 0) {
		print_message("# SKIPPED: this user can't mount a hugetlbfs\n");
		skip();
	}
	rc = vio_region_open(&opts, &r);
	if (rc == 0) {
		vio_region_info(r, &info);
		vio_region_close(r);
	}
	files = folder_files();
	opts.page = VIO_PAGE_1G;
	wrong = vio_region_open(&opts, &r);
	drop_mount();
	assert_int_equal(rc, 0);
	assert_int_equal(info.bytes, 4 * MIB);
	assert_int_equal(info.page_bytes, 2 * MIB);
	assert_int_equal(files, 0);
	assert_int_equal(wrong, -EINVAL);
}

static void hugetlbfs_full(void **state)
{
	struct vio_region_opts opts =
		VIO_OPTS(struct vio_region_opts, .bytes = 8 * MIB, .hugetlbfs = mount_point);
	struct vio_region *r;
	int rc;

	(void)state;
	need_madvise();
	huge_need(16);
	if (make_mount("pagesize=2M,size=4M") != 0) {
		print_message("# SKIPPED: this user can't mount a hugetlbfs\n");
		skip();
	}
	rc = vio_region_open(&opts, &r);
	drop_mount();
	assert_int_equal(rc, -ENOMEM);
}

/* ---- giving out ---- */

static void alloc_zeroed_and_aligned(void **state)
{
	struct vio_region_info info;
	struct vio_region *r = open_normal(MIB, &info);

	(void)state;
	for (size_t align = 1; align <= MIB / 4; align *= 2) {
		char *p = region_alloc(r, 1000, align);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % align, 0);
		assert_int_equal((uintptr_t)p % CACHE_LINE, 0);
		for (int i = 0; i < 1000; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, 1000);
		region_free(r, p);
	}
	region_free(r, NULL);
	assert_int_equal(region_used(r), 0);
	assert_int_equal(vio_region_close(r), 0);
}

static void alloc_until_full(void **state)
{
	struct vio_region_info info;
	struct vio_region *r = open_normal(MIB, &info);
	void *all, *piece;

	(void)state;
	assert_null(region_alloc(r, MIB + 1, 64));
	assert_null(region_alloc(r, SIZE_MAX, 64));
	assert_null(region_alloc(r, 64, (size_t)1 << 63));
	all = region_alloc(r, MIB, 4096);
	assert_ptr_equal(all, info.base);
	assert_null(region_alloc(r, 1, 1));
	assert_string_equal(vio_error_last()->id, "VIO-MEM-04");
	vio_region_info(r, &info);
	assert_int_equal(info.used, MIB);
	region_free(r, all);
	piece = region_alloc(r, 0, 1);
	assert_non_null(piece);
	region_free(r, piece);
	assert_int_equal(vio_region_close(r), 0);
}

static void close_while_used(void **state)
{
	struct vio_region_info info;
	struct vio_region *r = open_normal(MIB, &info);
	char *p = region_alloc(r, 100, 64);

	(void)state;
	assert_int_equal(vio_region_close(r), -EBUSY);
	assert_string_equal(vio_error_last()->id, "VIO-MEM-06");
	p[99] = 1;
	region_free(r, p);
	assert_int_equal(vio_region_close(r), 0);
}

#define ALLOC_THREADS 4
#define ALLOC_ROUNDS  2000

/* Fills what it gets with its own number, and finds it unchanged when it gives it back. */
static void *alloc_thread(void *arg)
{
	struct vio_region *r = *(struct vio_region **)arg;
	unsigned int seed = (unsigned int)(uintptr_t)arg;
	unsigned char *held[8] = { 0 }, mark = (unsigned char)((uintptr_t)arg >> 3);
	size_t len[8], bad = 0;

	for (int i = 0; i < ALLOC_ROUNDS; i++) {
		size_t k = (size_t)rand_r(&seed) % 8;

		if (!held[k]) {
			len[k] = 1 + (size_t)rand_r(&seed) % 3000;
			held[k] = region_alloc(r, len[k], 64);
			if (held[k])
				memset(held[k], mark, len[k]);
			continue;
		}
		for (size_t j = 0; j < len[k]; j++)
			bad += held[k][j] != mark;
		region_free(r, held[k]);
		held[k] = NULL;
	}
	for (size_t k = 0; k < 8; k++)
		region_free(r, held[k]);
	return (void *)bad;
}

static void alloc_in_threads(void **state)
{
	struct vio_region_info info;
	struct vio_region *regions[ALLOC_THREADS];
	pthread_t threads[ALLOC_THREADS];
	void *bad;

	(void)state;
	regions[0] = open_normal(MIB / 16, &info);
	for (int i = 0; i < ALLOC_THREADS; i++) {
		regions[i] = regions[0];
		assert_int_equal(pthread_create(&threads[i], NULL, alloc_thread, &regions[i]), 0);
	}
	for (int i = 0; i < ALLOC_THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &bad), 0);
		assert_null(bad);
	}
	assert_int_equal(region_used(regions[0]), 0);
	assert_int_equal(vio_region_close(regions[0]), 0);
}

int main(void)
{
	static struct case_list list;

	case_add(&list, "no options at all are refused: bytes is needed", no_options, NULL);
	case_add(&list, "a newer caller may leave unknown fields at 0", newer_caller, NULL);
	case_add(&list, "an older caller's missing fields are defaults", older_caller, NULL);
	case_add(&list, "nobody can change the size of the file", sealed, NULL);
	case_add(&list, "the file is closed on exec and on close", close_on_exec, NULL);
	case_add(&list, "every page is present after open", all_present, NULL);
	case_add(&list, "who has the file sees the same bytes", shared_with_who_has_the_file, NULL);
	case_add(&list, "a child's access faults", not_inherited, NULL);
	case_add(&list,
		 "too few huge pages are an error with numbers, and a fallback if not asked for",
		 huge_all_gone, NULL);
	case_add(&list, "a hugetlbfs folder is used and stays empty", hugetlbfs, NULL);
	case_add(&list, "a hugetlbfs folder's size limit is an error", hugetlbfs_full, NULL);
	case_add(&list, "what is given out is zeroed and aligned", alloc_zeroed_and_aligned, NULL);
	case_add(&list, "a full region says so", alloc_until_full, NULL);
	case_add(&list, "a region in use is not closed", close_while_used, NULL);
	case_add(&list, "threads give and take at once", alloc_in_threads, NULL);
	CASES_ADD(&list, opts_cases, options);
	CASES_ADD(&list, limit_cases, limited);
	CASES_ADD(&list, huge_cases, huge);
	return huge_case_run("region", &list, 64);
}
