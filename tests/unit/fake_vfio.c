/* SPDX-License-Identifier: BSD-3-Clause */
#include "fake_vfio.h"

#include <errno.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <vio/error.h>

#include "../../lib/base/compiler.h"
#include "../../lib/vfio/abi.h"
#include "../cases.h"

#define FD_BASE   100 /* no real file of this process */
#define WINDOW(i) ((uint64_t)(i) << 40)
#define BAR_BYTES sizeof(fake.bar)
#define IO_BYTES  32

struct fake_vfio fake;

/* ---- the device ---- */

static void put32(unsigned int off, uint32_t value)
{
	memcpy(fake.config + off, &value, sizeof(value));
}

uint16_t fake_command(void)
{
	uint16_t command;

	memcpy(&command, fake.config + PCI_COMMAND, sizeof(command));
	return command;
}

void fake_boot(const char *driver, bool noiommu)
{
	fake = (struct fake_vfio){ .fail_rc = -EIO,
				   .irq_index = -1,
				   .page_sizes = 0xfffffffffffff000,
				   .n_ranges = 1,
				   .range = { { 0, UINT64_MAX } } };
	put32(0, 0x10411af4);
	put32(PCI_BASE_ADDRESS_0, 0xc001);
	put32(PCI_BASE_ADDRESS_0 + 4 * FAKE_BAR, 0xfe00000c);
	vfio_tree_make(driver, noiommu);
}

void fake_halt(void)
{
	tree_remove();
	assert_int_equal(fake_open_files(), 0);
	assert_int_equal(fake_dmas(), 0);
	assert_int_equal(fake.maps, 0);
	assert_int_equal(fake.irq_index, -1);
}

struct own_opts fake_opts(void)
{
	return (struct own_opts){ .roots = vfio_tree_roots(), .kernel = &fake_kernel };
}

unsigned int fake_open_files(void)
{
	unsigned int n = 0;

	for (int i = 0; i < FAKE_FDS; i++)
		n += fake.fd[i] != FAKE_NONE;
	return n;
}

unsigned int fake_dmas(void)
{
	unsigned int n = 0;

	for (int i = 0; i < FAKE_DMAS; i++)
		n += fake.dma[i].bytes > 0;
	return n;
}

/* ---- calls ---- */

static bool fails(void)
{
	return ++fake.calls == fake.fail_call;
}

static enum fake_file kind_of(int fd)
{
	assert_in_range(fd, FD_BASE, FD_BASE + FAKE_FDS - 1);
	assert_int_not_equal(fake.fd[fd - FD_BASE], FAKE_NONE);
	return fake.fd[fd - FD_BASE];
}

static int new_fd(enum fake_file kind)
{
	for (int i = 0; i < FAKE_FDS; i++) {
		if (fake.fd[i] != FAKE_NONE)
			continue;
		fake.fd[i] = kind;
		return FD_BASE + i;
	}
	return -EMFILE;
}

static unsigned int count_fds(enum fake_file kind)
{
	unsigned int n = 0;

	for (int i = 0; i < FAKE_FDS; i++)
		n += fake.fd[i] == kind;
	return n;
}

static bool ends_with(const char *path, const char *end)
{
	return strlen(path) >= strlen(end) && !strcmp(path + strlen(path) - strlen(end), end);
}

/* What is behind a path that ends so. */
static const struct {
	const char *end;
	enum fake_file kind;
} nodes[] = {
	{ "/vfio/vfio", FAKE_CONTAINER },  { "/vfio/4", FAKE_GROUP },
	{ "/vfio/noiommu-4", FAKE_GROUP }, { "/dev/iommu", FAKE_IOMMUFD },
	{ "/devices/vfio0", FAKE_CDEV },   { "/dev/uio0", FAKE_UIO },
	{ "/config", FAKE_CONFIG },        { "/resource0", FAKE_PORTS },
	{ "/resource4", FAKE_MEMORY },     { "/reset", FAKE_RESET },
};

static int fake_open(const char *path, int flags)
{
	(void)flags;
	if (fails() || (fake.fail_path && ends_with(path, fake.fail_path)))
		return fake.fail_rc;
	if (access(path, F_OK) < 0)
		return -ENOENT;
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++) {
		if (!ends_with(path, nodes[i].end))
			continue;
		if (nodes[i].kind == FAKE_GROUP && count_fds(FAKE_GROUP))
			return -EBUSY;
		return new_fd(nodes[i].kind);
	}
	fail_msg("open of %s", path);
	return -ENOENT;
}

static void close_space(void)
{
	assert_int_equal(count_fds(FAKE_DEVICE) + count_fds(FAKE_CDEV), 0);
	memset(fake.dma, 0, sizeof(fake.dma));
	fake.iommu_set = false;
}

static void fake_close(int fd)
{
	enum fake_file kind = kind_of(fd);

	fake.fd[fd - FD_BASE] = FAKE_NONE;
	if (kind == FAKE_DEVICE || kind == FAKE_CDEV || kind == FAKE_CONFIG) {
		assert_false(fake_command() & PCI_COMMAND_MASTER && !fake.fail_call);
		fake.irq_index = -1;
		fake.bound = fake.attached = false;
	}
	if (kind == FAKE_UIO)
		fake.locked_node = false;
	if (kind == FAKE_GROUP)
		fake.container_set = false;
	if (kind == FAKE_CONTAINER || kind == FAKE_IOMMUFD)
		close_space();
}

static int dma_add(uint64_t va, uint64_t iova, uint64_t bytes)
{
	struct fake_dma *room = NULL;

	assert_true(bytes > 0 && iova + (bytes - 1) >= iova);
	assert_int_equal((va | iova | bytes) & ((fake.page_sizes & -fake.page_sizes) - 1), 0);
	for (int i = 0; i < FAKE_DMAS; i++) {
		struct fake_dma *d = &fake.dma[i];

		if (!d->bytes)
			room = room ? room : d;
		else if (iova <= d->iova + d->bytes - 1 && d->iova <= iova + bytes - 1)
			return -EEXIST;
	}
	for (unsigned int i = 0; i < fake.n_ranges; i++)
		if (iova >= fake.range[i][0] && iova + bytes - 1 <= fake.range[i][1]) {
			*room = (struct fake_dma){ va, iova, bytes };
			return 0;
		}
	return -EINVAL;
}

static int dma_remove(uint64_t iova, uint64_t bytes)
{
	for (int i = 0; i < FAKE_DMAS; i++)
		if (fake.dma[i].iova == iova && fake.dma[i].bytes == bytes) {
			fake.dma[i].bytes = 0;
			return 0;
		}
	return -ENOENT;
}

static int iommu_info(struct vfio_iommu_type1_info *info)
{
	struct vfio_iommu_type1_info_cap_migration other = {
		.header = { VFIO_IOMMU_TYPE1_INFO_CAP_MIGRATION, 1, 0 }
	};
	struct vfio_iommu_type1_info_cap_iova_range cap = {
		.header = { VFIO_IOMMU_TYPE1_INFO_CAP_IOVA_RANGE, 1, 0 }, .nr_iovas = fake.n_ranges
	};
	/* As kernels before 6.6 lay it out: at a multiple of 4 only. */
	const uint32_t at[] = { sizeof(*info), sizeof(*info) + sizeof(other) + 4 };
	char *bytes = (char *)info;

	assert_true(info->argsz >= 512);
	info->flags = VFIO_IOMMU_INFO_PGSIZES | (fake.no_caps ? 0 : VFIO_IOMMU_INFO_CAPS);
	info->iova_pgsizes = fake.page_sizes;
	info->cap_offset = fake.no_caps ? 0 : at[0];
	other.header.next = fake.no_ranges ? 0 : at[1];
	memcpy(bytes + at[0], &other, sizeof(other));
	memcpy(bytes + at[1], &cap, sizeof(cap));
	memcpy(bytes + at[1] + sizeof(cap), fake.range, fake.n_ranges * sizeof(fake.range[0]));
	return 0;
}

static int container_ioctl(unsigned long request, unsigned long arg)
{
	const struct vfio_iommu_type1_dma_map *map = (void *)arg;
	const struct vfio_iommu_type1_dma_unmap *unmap = (void *)arg;

	switch (request) {
	case VFIO_GET_API_VERSION:
		return VFIO_API_VERSION;
	case VFIO_CHECK_EXTENSION:
		return (arg == VFIO_TYPE1v2_IOMMU && !fake.no_v2 && !fake.no_type1) ||
		       (arg == VFIO_TYPE1_IOMMU && !fake.no_type1) || arg == VFIO_NOIOMMU_IOMMU;
	case VFIO_SET_IOMMU:
		assert_true(fake.container_set && !fake.iommu_set);
		fake.iommu_set = true;
		fake.iommu_type = arg;
		return 0;
	case VFIO_IOMMU_GET_INFO:
		assert_true(fake.iommu_set);
		return iommu_info((void *)arg);
	case VFIO_IOMMU_MAP_DMA:
		assert_true(fake.iommu_set && fake.iommu_type != VFIO_NOIOMMU_IOMMU);
		assert_int_equal(map->argsz, sizeof(*map));
		return dma_add(map->vaddr, map->iova, map->size);
	case VFIO_IOMMU_UNMAP_DMA:
		assert_int_equal(unmap->argsz, sizeof(*unmap));
		return dma_remove(unmap->iova, unmap->size);
	default:
		fail_msg("ioctl %lx of a container", request);
		return -ENOTTY;
	}
}

static int group_ioctl(unsigned long request, unsigned long arg)
{
	struct vfio_group_status *status = (void *)arg;

	switch (request) {
	case VFIO_GROUP_GET_STATUS:
		status->flags = fake.not_viable ? 0 : VFIO_GROUP_FLAGS_VIABLE;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
		assert_int_equal(kind_of(*(int *)arg), FAKE_CONTAINER);
		fake.container_set = true;
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		assert_true(fake.iommu_set);
		if (strcmp((const char *)arg, FAKE_ADDRESS) &&
		    strcmp((const char *)arg, FAKE_NEIGHBOR))
			return -ENODEV;
		return new_fd(FAKE_DEVICE);
	default:
		fail_msg("ioctl %lx of a group", request);
		return -ENOTTY;
	}
}

static int region_info(struct vfio_region_info *info)
{
	struct vfio_region_info_cap_sparse_mmap cap = {
		.header = { VFIO_REGION_INFO_CAP_SPARSE_MMAP, 1, 0 }, .nr_areas = fake.n_areas
	};
	char *bytes = (char *)info;

	assert_true(info->argsz >= 512);
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	info->offset = WINDOW(info->index);
	info->size = info->index == FAKE_BAR                       ? BAR_BYTES
		     : info->index == FAKE_IO_BAR                  ? IO_BYTES
		     : info->index == VFIO_PCI_CONFIG_REGION_INDEX ? sizeof(fake.config)
								   : 0;
	if (info->index != FAKE_BAR)
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
	if (!fake.n_areas)
		return 0;
	info->flags |= VFIO_REGION_INFO_FLAG_CAPS;
	info->cap_offset = sizeof(*info);
	memcpy(bytes + sizeof(*info), &cap, sizeof(cap));
	memcpy(bytes + sizeof(*info) + sizeof(cap), fake.area, fake.n_areas * sizeof(fake.area[0]));
	return 0;
}

static int set_irqs(const struct vfio_irq_set *set)
{
	const uint32_t action = set->flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	const uint32_t most = set->index == VFIO_PCI_MSIX_IRQ_INDEX ? FAKE_MSIX : 1;

	if (set->start || set->count > most)
		return -EINVAL;
	if (action == VFIO_IRQ_SET_ACTION_UNMASK) {
		assert_int_equal(fake.irq_index, VFIO_PCI_INTX_IRQ_INDEX);
		assert_int_equal(set->count, 1);
		fake.unmasked++;
		return 0;
	}
	assert_int_equal(action, VFIO_IRQ_SET_ACTION_TRIGGER);
	if (fake.irq_index >= 0 && (uint32_t)fake.irq_index != set->index)
		return -EINVAL;
	if (!set->count) {
		assert_true(fake.irq_index >= 0);
		fake.irq_index = -1;
		return 0;
	}
	/* No more later than at first. */
	if (fake.irq_index >= 0 && set->count > fake.irqs)
		return -EINVAL;
	assert_int_equal(set->argsz, sizeof(*set) + set->count * sizeof(int));
	fake.irq_index = (int)set->index;
	fake.irqs = set->count;
	memcpy(fake.irq_fd, set->data, set->count * sizeof(int));
	return 0;
}

static int device_ioctl(unsigned long request, unsigned long arg)
{
	struct vfio_device_info *info = (void *)arg;
	struct vfio_irq_info *irq = (void *)arg;

	switch (request) {
	case VFIO_DEVICE_GET_INFO:
		info->flags = VFIO_DEVICE_FLAGS_PCI | (fake.no_reset ? 0 : VFIO_DEVICE_FLAGS_RESET);
		return 0;
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info((void *)arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		irq->flags = VFIO_IRQ_INFO_EVENTFD;
		irq->count = irq->index == VFIO_PCI_MSIX_IRQ_INDEX ? FAKE_MSIX : 1;
		return 0;
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs((void *)arg);
	case VFIO_DEVICE_RESET:
		assert_false(fake.no_reset);
		fake.resets++;
		return 0;
	default:
		fail_msg("ioctl %lx of a device", request);
		return -ENOTTY;
	}
}

static int iova_ranges(struct abi_ioas_ranges *ask)
{
	const uint32_t room = ask->num_iovas;

	assert_true(fake.attached);
	ask->num_iovas = fake.n_ranges;
	ask->out_iova_alignment = fake.page_sizes & -fake.page_sizes;
	memcpy((void *)(uintptr_t)ask->allowed_iovas, fake.range,
	       (room < fake.n_ranges ? room : fake.n_ranges) * sizeof(fake.range[0]));
	return room < fake.n_ranges ? -EMSGSIZE : 0;
}

static int iommufd_ioctl(unsigned long request, unsigned long arg)
{
	const struct abi_ioas_map *map = (void *)arg;
	const struct abi_ioas_unmap *unmap = (void *)arg;

	switch (request) {
	case ABI_IOAS_ALLOC:
		((struct abi_ioas_alloc *)arg)->out_ioas_id = 3;
		return 0;
	case ABI_IOAS_RANGES:
		return iova_ranges((void *)arg);
	case ABI_IOAS_MAP:
		assert_true(map->ioas_id == 3 && map->flags == 7);
		return dma_add(map->user_va, map->iova, map->length);
	case ABI_IOAS_UNMAP:
		assert_int_equal(unmap->ioas_id, 3);
		return dma_remove(unmap->iova, unmap->length);
	default:
		fail_msg("ioctl %lx of an iommufd", request);
		return -ENOTTY;
	}
}

static int cdev_ioctl(unsigned long request, unsigned long arg)
{
	const struct abi_attach *attach = (void *)arg;
	const struct abi_bind *bind = (void *)arg;

	switch (request) {
	case ABI_DEVICE_BIND:
		assert_int_equal(kind_of(bind->iommufd), FAKE_IOMMUFD);
		assert_false(fake.bound);
		fake.bound = true;
		return 0;
	case ABI_DEVICE_ATTACH:
		assert_true(fake.bound && attach->pt_id == 3);
		fake.attached = true;
		return 0;
	default:
		assert_true(fake.attached);
		return device_ioctl(request, arg);
	}
}

static int fake_ioctl(int fd, unsigned long request, unsigned long arg)
{
	enum fake_file kind = kind_of(fd);

	if (fails() || (fake.fail_request && request == fake.fail_request))
		return fake.fail_rc;
	if (kind == FAKE_CONTAINER)
		return container_ioctl(request, arg);
	if (kind == FAKE_GROUP)
		return group_ioctl(request, arg);
	if (kind == FAKE_IOMMUFD)
		return iommufd_ioctl(request, arg);
	if (kind == FAKE_CDEV)
		return cdev_ioctl(request, arg);
	assert_int_equal(kind, FAKE_DEVICE);
	return device_ioctl(request, arg);
}

static int fake_map(int fd, uint64_t off, size_t len, void **at)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	off += kind_of(fd) == FAKE_MEMORY ? WINDOW(FAKE_BAR) : 0;
	assert_int_equal((off | len) & (page - 1), 0);
	if (fails())
		return fake.fail_rc;
	assert_true(off >= WINDOW(FAKE_BAR) && off - WINDOW(FAKE_BAR) + len <= BAR_BYTES);
	*at = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(*at != MAP_FAILED);
	fake.maps++;
	return 0;
}

static void fake_unmap(void *at, size_t len)
{
	assert_true(fake.maps > 0);
	fake.maps--;
	munmap(at, len);
}

/* What lies at @off of a file; NULL: nothing. */
static uint8_t *window_at(enum fake_file kind, uint64_t off, size_t len)
{
	uint64_t in = off & (WINDOW(1) - 1), window = off >> 40;

	if (kind == FAKE_CONFIG)
		window = VFIO_PCI_CONFIG_REGION_INDEX;
	else if (kind == FAKE_PORTS)
		window = FAKE_IO_BAR;
	else
		assert_true(kind == FAKE_DEVICE || kind == FAKE_CDEV);
	if (window == VFIO_PCI_CONFIG_REGION_INDEX && in + len <= sizeof(fake.config))
		return fake.config + in;
	if (window == FAKE_BAR && in + len <= BAR_BYTES)
		return fake.bar + in;
	if (window == FAKE_IO_BAR && in + len <= IO_BYTES)
		return fake.bar + in;
	return NULL;
}

static ssize_t fake_pread(int fd, void *buf, size_t len, uint64_t off)
{
	const uint8_t *at = window_at(kind_of(fd), off, len);

	if (fails())
		return fake.fail_rc;
	if (!at)
		return 0;
	memcpy(buf, at, len);
	return fake.short_io ? (ssize_t)len - 1 : (ssize_t)len;
}

static ssize_t fake_pwrite(int fd, const void *buf, size_t len, uint64_t off)
{
	uint8_t *at;

	if (fails())
		return fake.fail_rc;
	if (kind_of(fd) == FAKE_RESET) {
		assert_true(len == 1 && *(const char *)buf == '1');
		fake.resets++;
		return 1;
	}
	at = window_at(kind_of(fd), off, len);
	if (!at)
		return 0;
	memcpy(at, buf, len);
	return fake.short_io ? (ssize_t)len - 1 : (ssize_t)len;
}

static int fake_flock(int fd, int operation)
{
	assert_int_equal(kind_of(fd), FAKE_UIO);
	assert_int_equal(operation, LOCK_EX | LOCK_NB);
	if (fails())
		return fake.fail_rc;
	fake.locked_node = true;
	return 0;
}

static int fake_mlock(const void *at, size_t len)
{
	(void)at;
	if (fails())
		return fake.fail_rc;
	if (fake.mlock_rc)
		return fake.mlock_rc;
	fake.locked += len;
	return 0;
}

const struct vfio_kernel fake_kernel = {
	.open = fake_open,
	.close = fake_close,
	.ioctl = fake_ioctl,
	.map = fake_map,
	.unmap = fake_unmap,
	.pread = fake_pread,
	.pwrite = fake_pwrite,
	.flock = fake_flock,
	.mlock = fake_mlock,
};

/* ---- the usual beginning and end ---- */

struct pci_dev *fake_open_device(const char *address)
{
	const struct own_opts opts = fake_opts();
	struct pci_dev *dev = NULL;

	assert_int_equal(own_open(address, &opts, &dev), 0);
	return dev;
}

void fake_refuses(const struct own_opts *opts, int rc, const char *id, const char *word)
{
	const struct vio_error *e = vio_error_last();
	struct pci_dev *dev = NULL;

	assert_int_equal(own_open(FAKE_ADDRESS, opts, &dev), rc);
	assert_null(dev);
	assert_int_equal(e->code, rc);
	assert_string_equal(e->id, id);
	if (!strstr(e->what, word) && !strstr(e->fix, word))
		fail_msg("%s", vio_error_text());
}

struct pci_dev *fake_boot_and_open(void)
{
	fake_boot("vfio-pci", false);
	return fake_open_device(FAKE_ADDRESS);
}

struct pci_dev *fake_open_neighbor(void)
{
	fake_bind_neighbor();
	return fake_open_device(FAKE_NEIGHBOR);
}

void fake_close_and_halt(struct pci_dev *dev)
{
	dev->ops->close(dev);
	fake_halt();
}
