/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_PCI_H
#define VIRTIO_PCI_H

#include "../../../lib/pci/pci.h"
#include "../../virtio/transport.h"

/* A device that is taken over by its PCI address. */
extern const struct transport_ops pci_transport;

/**
 * pci_transport_make - reach a virtio network device that is a PCI function
 * @dev: of VIRTIO 1.0 and later, transitional (which is driven as such), or legacy
 * @timeout_ms: deadline of each exchange with the device
 * @out: receives the transport; untouched on failure
 *
 * Return: 0, or a negative errno with the error set: -ENODEV it is no virtio network device,
 * -ENOTSUP one that this driver can't drive, -EIO it has gone, -ENOMEM, or what @dev gives.
 * Ownership: @dev belongs to the transport from then on; on failure it stays the caller's.
 */
int pci_transport_make(struct pci_dev *dev, uint32_t timeout_ms, struct transport **out);

#endif
