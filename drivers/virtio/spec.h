/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_SPEC_H
#define VIRTIO_SPEC_H

#include <assert.h>

#include "../../lib/base/compiler.h"
#include "../../lib/base/endian.h"

/*
 * Layouts and numbers of VIRTIO 1.4 (committee specification 01), as far as a network driver and a
 * model of its device need them. Section titles are named at each block.
 */

/* "Device Status Field" */
#define STATUS_ACKNOWLEDGE 0x01
#define STATUS_DRIVER      0x02
#define STATUS_DRIVER_OK   0x04
#define STATUS_FEATURES_OK 0x08
#define STATUS_SUSPEND     0x10
#define STATUS_NEEDS_RESET 0x40
#define STATUS_FAILED      0x80

/* "The Virtqueue Descriptor Table" */
struct split_desc {
	le64 addr;
	le32 len;
	le16 flags;
	le16 next;
};
static_assert(sizeof(struct split_desc) == 16, "split descriptor");

#define DESC_NEXT     0x0001u
#define DESC_WRITE    0x0002u
#define DESC_INDIRECT 0x0004u

/* "The Virtqueue Available Ring"; used_event stands behind ring[entries] */
struct split_avail {
	le16 flags;
	le16 idx;
	le16 ring[];
};
#define AVAIL_NO_INTERRUPT 0x0001u

/* "The Virtqueue Used Ring"; avail_event stands behind ring[entries] */
struct split_used_elem {
	le32 id;
	le32 len;
};
struct split_used {
	le16 flags;
	le16 idx;
	struct split_used_elem ring[];
};
static_assert(sizeof(struct split_used_elem) == 8, "used element");
#define USED_NO_NOTIFY 0x0001u

#define SPLIT_DESC_ALIGN  16
#define SPLIT_AVAIL_ALIGN 2
#define SPLIT_USED_ALIGN  4
#define SPLIT_ENTRIES_MAX 32768u
/* "Legacy Interfaces: A Note on Virtqueue Layout" */
#define LEGACY_ALIGN 4096

/* "Packed Virtqueues": descriptor and event suppression structure */
struct packed_desc {
	le64 addr;
	le32 len;
	le16 id;
	le16 flags;
};
static_assert(sizeof(struct packed_desc) == 16, "packed descriptor");
#define PACKED_AVAIL (1u << 7)
#define PACKED_USED  (1u << 15)

struct packed_event {
	le16 off_wrap; /* bits 0-14 offset, 15 wrap counter */
	le16 flags;
};
static_assert(sizeof(struct packed_event) == 4, "event suppression structure");
#define PACKED_EVENT_ENABLE  0u
#define PACKED_EVENT_DISABLE 1u
#define PACKED_EVENT_DESC    2u

#define PACKED_DESC_ALIGN  16
#define PACKED_EVENT_ALIGN 4

/* "Device Operation" of the network device: the header in front of each frame. Longer forms follow
 * by feature. */
struct net_hdr {
	uint8_t flags;
	uint8_t gso_type;
	le16 hdr_len;
	le16 gso_size;
	le16 csum_start;
	le16 csum_offset;
	le16 num_buffers;
};
static_assert(sizeof(struct net_hdr) == 12, "net header");

#define NET_HDR_LEN_LEGACY 10u /* without num_buffers: neither VERSION_1 nor MRG_RXBUF */
#define NET_HDR_LEN_BASE   12u /* VERSION_1 */
#define NET_HDR_LEN_HASH   20u /* HASH_REPORT */
#define NET_HDR_LEN_TUNNEL 24u /* *_UDP_TUNNEL_GSO */
#define NET_HDR_LEN_OUTER  32u /* OUT_NET_HEADER, IPSEC */

#define NET_HDR_NEEDS_CSUM 0x01
#define NET_HDR_DATA_VALID 0x02
#define NET_HDR_RSC_INFO   0x04

#define NET_GSO_NONE   0
#define NET_GSO_TCPV4  1
#define NET_GSO_UDP    3
#define NET_GSO_TCPV6  4
#define NET_GSO_UDP_L4 5
#define NET_GSO_ECN    0x80

/* "Device configuration layout" of the network device */
struct net_config {
	uint8_t mac[6];
	le16 status;
	le16 max_virtqueue_pairs;
	le16 mtu;
	le32 speed;
	uint8_t duplex;
	uint8_t rss_max_key_size;
	le16 rss_max_indirection_table_length;
	le32 supported_hash_types;
	le32 supported_tunnel_types;
};
static_assert(sizeof(struct net_config) == 28, "net configuration");
#define NET_STATUS_LINK_UP  1
#define NET_STATUS_ANNOUNCE 2
#define NET_SPEED_MAX       INT32_MAX /* Mb/s; above that, and 0xffffffff above all: unknown */
#define NET_DUPLEX_HALF     0
#define NET_DUPLEX_FULL     1

/* "Control Virtqueue" */
struct ctrl_hdr {
	uint8_t class;
	uint8_t command;
};
#define CTRL_OK  0
#define CTRL_ERR 1

#define CTRL_CLASS_RX       0 /* its commands are the modes, as enum vio_rx_mode */
#define CTRL_CLASS_MAC      1
#define CTRL_CLASS_VLAN     2
#define CTRL_CLASS_ANNOUNCE 3
#define CTRL_CLASS_MQ       4

#define CTRL_MAC_TABLE_SET 0
#define CTRL_MAC_ADDR_SET  1
#define CTRL_VLAN_ADD      0
#define CTRL_VLAN_DEL      1
#define CTRL_ANNOUNCE_ACK  0
#define CTRL_MQ_VQ_PAIRS   0

#define VLAN_IDS 4096u

/* Receive queue of pair i is 2i, transmit 2i + 1; the control queue stands behind the last pair
 * that the device has. */
#define QUEUE_RX(pair) ((uint16_t)(2 * (pair)))
#define QUEUE_TX(pair) ((uint16_t)(2 * (pair) + 1))
/* "Setting Up Receive Buffers": the largest frame with segmentation offloads. */
#define NET_LARGE_FRAME_MAX 65589u
#define NET_MTU_MIN         68u

#endif
