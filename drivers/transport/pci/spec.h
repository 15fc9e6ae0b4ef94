/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_PCI_SPEC_H
#define VIRTIO_PCI_SPEC_H

/*
 * Numbers of VIRTIO 1.4, 4.1 "Virtio Over PCI Bus", as far as a network driver and a model of its
 * device need them. Section titles are named at each block.
 */

/* "PCI Device Discovery": 0x1040 + type, or a transitional device with the type as subsystem id. */
#define VIRTIO_PCI_VENDOR             0x1af4u
#define VIRTIO_PCI_NET                0x1041u
#define VIRTIO_PCI_TRANSITIONAL_FIRST 0x1000u
#define VIRTIO_PCI_TRANSITIONAL_LAST  0x103fu
#define VIRTIO_PCI_NET_SUBSYSTEM      1u

/* "Virtio Structure PCI Capabilities": offsets in a vendor-specific capability. */
#define VCAP_LEN        2u
#define VCAP_TYPE       3u
#define VCAP_BAR        4u
#define VCAP_OFFSET     8u
#define VCAP_LENGTH     12u
#define VCAP_BYTES      16u
#define VCAP_MULTIPLIER 16u /* notification only */

enum vcap_type {
	VCAP_COMMON = 1,
	VCAP_NOTIFY = 2,
	VCAP_ISR = 3,
	VCAP_DEVICE = 4,
	VCAP_PCI = 5,
	VCAP_SHARED_MEMORY = 8,
	VCAP_VENDOR = 9, /* has a vendor id where others have the BAR */
};

/* "Common configuration structure layout" */
#define COMMON_DEVICE_FEATURE_SELECT 0x00u
#define COMMON_DEVICE_FEATURE        0x04u
#define COMMON_DRIVER_FEATURE_SELECT 0x08u
#define COMMON_DRIVER_FEATURE        0x0cu
#define COMMON_CONFIG_VECTOR         0x10u
#define COMMON_NUM_QUEUES            0x12u
#define COMMON_STATUS                0x14u
#define COMMON_GENERATION            0x15u
#define COMMON_QUEUE_SELECT          0x16u
#define COMMON_QUEUE_SIZE            0x18u
#define COMMON_QUEUE_VECTOR          0x1au
#define COMMON_QUEUE_ENABLE          0x1cu
#define COMMON_QUEUE_NOTIFY_OFF      0x1eu
#define COMMON_QUEUE_DESC            0x20u
#define COMMON_QUEUE_DRIVER          0x28u
#define COMMON_QUEUE_DEVICE          0x30u
#define COMMON_BYTES                 0x38u /* what every device has */
#define COMMON_QUEUE_NOTIF_DATA      0x38u
#define COMMON_QUEUE_RESET           0x3au
#define COMMON_NOTIF_DATA_END        0x3au
#define COMMON_QUEUE_RESET_END       0x3cu

#define NO_VECTOR 0xffffu

/* "ISR status capability" */
#define ISR_QUEUE  1u
#define ISR_CONFIG 2u

/* "Legacy Interfaces: A Note on PCI Device Layout": BAR 0, I/O ports. */
#define LEGACY_HOST_FEATURES  0u
#define LEGACY_GUEST_FEATURES 4u
#define LEGACY_QUEUE_PFN      8u
#define LEGACY_QUEUE_SIZE     12u
#define LEGACY_QUEUE_SELECT   14u
#define LEGACY_QUEUE_NOTIFY   16u
#define LEGACY_STATUS         18u
#define LEGACY_ISR            19u
#define LEGACY_CONFIG_VECTOR  20u /* this and the next while MSI-X is enabled */
#define LEGACY_QUEUE_VECTOR   22u
#define LEGACY_CONFIG         20u
#define LEGACY_CONFIG_MSIX    24u /* while MSI-X is enabled */
#define LEGACY_PAGE_SHIFT     12u

#endif
