/* SPDX-License-Identifier: BSD-3-Clause */
#include "interrupt.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../../lib/base/err.h"
#include "../../lib/mem/mem.h"

#define LOOK_US        100
#define MSIX_ENTRY     16u
#define MSIX_ENABLE    0x8000u
#define MSIX_MASKED    1u
#define FIRST_PCI_LINE 16u /* of the I/O interrupt controller of q35 */

int interrupts_init(struct interrupts *i, struct pci_dev *dev, struct wire *wire)
{
	int rc;

	*i = (struct interrupts){ .dev = dev, .wire = wire };
	pthread_mutex_init(&i->lock, NULL);
	rc = pci_msix_find(dev, &i->msix);
	if (rc > 0)
		i->msix_cap = pci_cap_find(dev, 0x11);
	dev->msix = i->msix.vectors < VECTORS_MAX ? i->msix.vectors : VECTORS_MAX;
	dev->intx = true;
	if (rc >= 0)
		rc = wire_ask(wire, NULL, "irq_intercept_in ioapic");
	return rc;
}

int interrupts_map(struct interrupts *i, struct vio_region *region, uint64_t bias)
{
	uint32_t *words = region_alloc(region, VECTORS_MAX * sizeof(*words), CACHE_LINE);

	if (!words)
		return -ENOMEM;
	pthread_mutex_lock(&i->lock); /* vectors may be enabled already, all silent */
	i->region = region;
	i->words = words;
	i->words_at = (uintptr_t)words + bias;
	pthread_mutex_unlock(&i->lock);
	return 0;
}

static void signal_fd(struct interrupts *i, int fd)
{
	const uint64_t one = 1;

	if (fd >= 0 && write(fd, &one, sizeof(one)) == sizeof(one))
		i->signals++;
}

static void look_at_messages(struct interrupts *i)
{
	for (unsigned int v = 0; v < i->dev->msix; v++)
		if (__atomic_exchange_n(&i->words[v], 0, __ATOMIC_ACQ_REL))
			signal_fd(i, i->fd[v]);
}

static void look_at_line(struct interrupts *i)
{
	if (i->masked || !wire_line_high(i->wire, FIRST_PCI_LINE))
		return;
	i->masked = true;
	signal_fd(i, i->fd[0]);
}

static void *watch(void *arg)
{
	struct interrupts *i = arg;

	while (!__atomic_load_n(&i->stop, __ATOMIC_RELAXED)) {
		pthread_mutex_lock(&i->lock);
		if (i->kind == PCI_IRQ_MSIX && i->words)
			look_at_messages(i);
		else if (i->kind == PCI_IRQ_INTX)
			look_at_line(i);
		pthread_mutex_unlock(&i->lock);
		usleep(LOOK_US);
	}
	return NULL;
}

static int write_entry(struct interrupts *i, unsigned int v, bool on)
{
	const uint64_t to = i->words_at + v * sizeof(*i->words);
	const uint32_t entry[] = { (uint32_t)to, (uint32_t)(to >> 32), 1, on ? 0 : MSIX_MASKED };
	int rc = 0;

	for (unsigned int part = 0; rc == 0 && part < 4; part++)
		rc = i->dev->ops->bar_write(i->dev, i->msix.table_bar,
					    i->msix.table_off + v * MSIX_ENTRY + 4 * part, 4,
					    entry[part]);
	return rc;
}

static int enable_msix(struct interrupts *i, bool on)
{
	if (!i->msix_cap)
		return 0;
	return i->dev->ops->config_write(i->dev, (uint32_t)i->msix_cap + 2, 2,
					 on ? MSIX_ENABLE : 0);
}

int interrupts_set(struct interrupts *i, enum pci_irq kind, const int *fds, unsigned int n)
{
	int rc = 0;

	if (n > VECTORS_MAX)
		return err_set(ERR_OPTS, -EINVAL, "qtest: %u vectors", n);
	pthread_mutex_lock(&i->lock);
	i->kind = PCI_IRQ_NONE;
	for (unsigned int v = 0; v < VECTORS_MAX; v++)
		i->fd[v] = v < n ? fds[v] : -1;
	i->masked = false;
	pthread_mutex_unlock(&i->lock);
	for (unsigned int v = 0; rc == 0 && kind == PCI_IRQ_MSIX && v < n; v++)
		rc = write_entry(i, v, i->words && fds[v] >= 0);
	if (rc == 0)
		rc = enable_msix(i, kind == PCI_IRQ_MSIX);
	if (rc == 0 && !i->running)
		rc = -pthread_create(&i->thread, NULL, watch, i);
	if (rc < 0)
		return rc;
	i->running = true;
	pthread_mutex_lock(&i->lock);
	i->kind = kind;
	pthread_mutex_unlock(&i->lock);
	return 0;
}

int interrupts_unmask(struct interrupts *i)
{
	pthread_mutex_lock(&i->lock);
	i->masked = false;
	pthread_mutex_unlock(&i->lock);
	return 0;
}

void interrupts_fini(struct interrupts *i)
{
	__atomic_store_n(&i->stop, true, __ATOMIC_RELAXED);
	if (i->running)
		pthread_join(i->thread, NULL);
	if (i->region)
		region_free(i->region, i->words);
	pthread_mutex_destroy(&i->lock);
}
