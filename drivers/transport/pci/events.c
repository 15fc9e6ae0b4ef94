/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "../../../lib/base/err.h"
#include "../../../lib/base/log.h"
#include "device.h"

/*
 * "Used Buffer Notifications" and "Notification of Device Configuration Changes" of the PCI
 * transport. With MSI-X vector 0 is the configuration's, and each queue that asks has the next one;
 * the last vector serves all that come after it. Without MSI-X the line serves everybody, without a
 * line there is polling.
 */

/* One more eventfd that stays until close. */
static int event_open(struct virtio_pci *vp)
{
	struct events *e = &vp->events;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	if (fd < 0)
		return err_set(ERR_SOCK_FAIL, -errno, "%s: eventfd: %s", vp->dev->address,
			       strerror(errno));
	e->fd[e->open++] = fd;
	return 0;
}

/* Write a vector register; a device that has no room for it shows NO_VECTOR. Return: 1: it is
 * taken; 0: refused. */
static int vector_write(struct virtio_pci *vp, uint32_t reg, uint32_t vector)
{
	uint32_t got = NO_VECTOR;
	int rc = common_write(vp, reg, 2, vector);

	if (rc == 0)
		rc = common_read(vp, reg, 2, &got);
	return rc < 0 ? rc : got == vector;
}

/* Legacy devices have vector registers while MSI-X is enabled, and only then. */
static int enable_early(struct virtio_pci *vp)
{
	static const int silent[] = { -1 };
	int rc;

	if (vp->regs != &legacy_registers)
		return 0;
	rc = vp->dev->ops->irq_set(vp->dev, PCI_IRQ_MSIX, silent, 1);
	if (rc == 0)
		legacy_msix(vp, true);
	return rc;
}

static int disable_early(struct virtio_pci *vp)
{
	if (vp->regs != &legacy_registers)
		return 0;
	legacy_msix(vp, false);
	return vp->dev->ops->irq_set(vp->dev, PCI_IRQ_NONE, NULL, 0);
}

/* Return: 1: the device takes a vector for its configuration; 0: it does not. */
static int try_msix(struct virtio_pci *vp)
{
	int rc;

	if (!vp->dev->msix)
		return 0;
	rc = enable_early(vp);
	if (rc == 0)
		rc = vector_write(vp, vp->regs->config_vector, 0);
	if (rc)
		return rc;
	log_warn("%s: the device has no interrupt vector to give", vp->dev->address);
	return disable_early(vp);
}

/* MSI-X if there is any, or else the line. */
static int choose(struct virtio_pci *vp)
{
	struct events *e = &vp->events;
	int rc = e->open ? 0 : event_open(vp);

	if (rc == 0)
		rc = try_msix(vp);
	if (rc < 0)
		return rc;
	e->kind = rc ? PCI_IRQ_MSIX : vp->dev->intx ? PCI_IRQ_INTX : PCI_IRQ_NONE;
	e->chosen = true;
	e->n = 1;
	return 0;
}

static int need(struct virtio_pci *vp)
{
	return vp->events.chosen ? 0 : choose(vp);
}

/* Who takes this vector can't be the last one to do so. */
static bool is_shared(const struct virtio_pci *vp, unsigned int vector)
{
	return vp->events.kind == PCI_IRQ_INTX || vector + 1u == vp->dev->msix;
}

/* The next vector, or the last one once more, for the selected queue; it may be refused. */
static int give_vector(struct virtio_pci *vp, uint16_t index)
{
	struct events *e = &vp->events;
	const unsigned int vector = is_shared(vp, e->n - 1) ? e->n - 1 : e->n;
	int rc = 0;

	if (vector == e->open)
		rc = event_open(vp);
	if (rc == 0)
		rc = vector_write(vp, vp->regs->queue_vector, vector);
	if (rc <= 0)
		return rc;
	e->vector[index] = (uint16_t)vector;
	e->n = vector + 1;
	return 0;
}

/* The same again to a queue that was reset by itself, and so has forgotten it. */
static int give_again(struct virtio_pci *vp, uint16_t index)
{
	struct events *e = &vp->events;
	int rc = vector_write(vp, vp->regs->queue_vector, e->vector[index]);

	if (!rc)
		e->vector[index] = NO_VECTOR;
	return rc < 0 ? rc : 0;
}

int events_queue(struct virtio_pci *vp, uint16_t index)
{
	int rc = need(vp);

	if (rc < 0 || index >= EVENT_QUEUES || vp->events.kind != PCI_IRQ_MSIX)
		return rc;
	if (vp->events.vector[index] == NO_VECTOR)
		return give_vector(vp, index);
	return give_again(vp, index);
}

int virtio_pci_config_event(struct transport *tp, struct transport_event *ev)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	const struct events *e = &vp->events;
	int rc = need(vp);

	if (rc < 0)
		return rc;
	if (e->kind == PCI_IRQ_NONE)
		return -ENOTSUP;
	*ev = (struct transport_event){ .fd = e->fd[0], .shared = is_shared(vp, 0) };
	return 0;
}

int virtio_pci_queue_event(struct transport *tp, uint16_t index, struct transport_event *ev)
{
	const struct virtio_pci *vp = virtio_pci_of(tp);
	const struct events *e = &vp->events;
	uint16_t vector = 0;

	if (!e->chosen || e->kind == PCI_IRQ_NONE || index >= EVENT_QUEUES)
		return -ENOTSUP;
	if (e->kind == PCI_IRQ_MSIX)
		vector = e->vector[index];
	if (vector == NO_VECTOR)
		return -ENOTSUP;
	*ev = (struct transport_event){ .fd = e->fd[vector], .shared = is_shared(vp, vector) };
	return 0;
}

/* Reading the ISR status lets go of the line, as often as it is read: once per interrupt. */
int virtio_pci_event_ack(struct transport *tp)
{
	struct virtio_pci *vp = virtio_pci_of(tp);
	uint32_t isr;
	int rc;

	if (vp->events.kind != PCI_IRQ_INTX)
		return 0;
	rc = reg_read(vp, &vp->isr, 0, 1, &isr);
	return rc < 0 ? rc : vp->dev->ops->irq_unmask(vp->dev);
}

int events_start(struct virtio_pci *vp)
{
	const struct events *e = &vp->events;

	if (!e->chosen || e->kind == PCI_IRQ_NONE)
		return 0;
	return vp->dev->ops->irq_set(vp->dev, e->kind, e->fd, e->n);
}

void events_reset(struct virtio_pci *vp)
{
	struct events *e = &vp->events;

	if (e->chosen && e->kind != PCI_IRQ_NONE) {
		vp->dev->ops->irq_set(vp->dev, PCI_IRQ_NONE, NULL, 0);
		legacy_msix(vp, false);
	}
	e->chosen = false;
	e->kind = PCI_IRQ_NONE;
	e->n = 0;
	for (unsigned int i = 0; i < EVENT_QUEUES; i++)
		e->vector[i] = NO_VECTOR;
}

void events_close(struct virtio_pci *vp)
{
	while (vp->events.open)
		close(vp->events.fd[--vp->events.open]);
}
