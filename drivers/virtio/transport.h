/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef VIRTIO_TRANSPORT_H
#define VIRTIO_TRANSPORT_H

#include <vio/port.h>
#include <vio/region.h>

#include "../../lib/port/address.h"

/*
 * How the driver reaches a device. Each transport is one constant struct of operations; all are
 * control path and called by one thread at a time, except the doorbell, which any queue's thread
 * rings.
 */
struct transport {
	const struct transport_ops *ops;
};

/*
 * A queue's notification ("Available Buffer Notifications"). Where the doorbell is a register, @reg
 * is its address and a kick one store of @width bytes; elsewhere @ring does it. @ring must not
 * block.
 */
struct doorbell {
	volatile void *reg;
	uint8_t width;
	void (*ring)(struct doorbell *db);
	void *arg;
	int fd;
	uint32_t data; /* what to write: the queue's index, or what NOTIF_CONFIG_DATA says */
	/* NOTIFICATION_DATA: each kick puts where the ring stands into the upper half of data. */
	enum { DOORBELL_PLAIN, DOORBELL_NEXT_SPLIT, DOORBELL_NEXT_PACKED } next;
};

/* Where the three parts of a ring lie ("Parts of Virtqueues"): in the port's region, zeroed. */
struct ring_place {
	uint16_t index; /* of the queue, as the device counts */
	uint16_t entries;
	bool packed;
	void *desc;   /* split: descriptor table; packed: descriptor ring */
	void *driver; /* split: available ring; packed: driver event suppression */
	void *device; /* split: used ring; packed: device event suppression */
	size_t desc_bytes, driver_bytes, device_bytes;
	bool event; /* used buffer notifications are wanted: see queue_event() */
};

/* What becomes readable when the device notifies ("Used Buffer Notifications", "Device
 * Configuration Change Notifications"). */
struct transport_event {
	int fd;      /* an eventfd, or what can be read like one; belongs to the transport */
	bool shared; /* others wait on it too, and may read it away */
};

/*
 * Except where another meaning is given: return 0, or a negative errno after err_set(). A transport
 * whose device has gone returns -EIO from everything; close still works.
 */
struct transport_ops {
	const char *scheme; /* of its addresses: "vhost-user" */
	const char *help;   /* form and options of the address, a line each */

	/*
	 * Reach the device named by @addr; take the options that are the transport's own out of it
	 * with address_take(). Each exchange with the device, now and later, has @timeout_ms.
	 */
	int (*open)(struct address *addr, uint32_t timeout_ms, struct transport **out);

	/* Will the device at @addr be given physical addresses? Asked before open. NULL: never. */
	bool (*physical)(struct address *addr);

	/* End it: the device sees that its driver goes. The status was 0 before (reset), if the
	 * device still answered. */
	void (*close)(struct transport *tp);

	/* Feature bits offered. Bits that this transport cannot carry are taken out. */
	int (*features)(struct transport *tp, struct vio_features *offered);

	/* Write the driver's choice; before FEATURES_OK. */
	int (*accept)(struct transport *tp, const struct vio_features *taken);

	/* The device status. Return: 0 to 255, or a negative errno. */
	int (*status)(struct transport *tp);

	/* Write the device status; 0 resets and waits until it reads back 0. */
	int (*set_status)(struct transport *tp, uint8_t status);

	/*
	 * Read @len bytes of device configuration consistently (config_generation, bounded).
	 * -ENODATA: the device has no such bytes; not an error, nothing is set.
	 */
	int (*config_read)(struct transport *tp, size_t off, void *dst, size_t len);

	/* Write device configuration: of legacy devices only, whose MAC address is set so. NULL:
	 * never. */
	int (*config_write)(struct transport *tp, size_t off, const void *src, size_t len);

	/* Share @region with the device. @bias receives what to add to an address of ours to get
	 * the device's. */
	int (*map)(struct transport *tp, const struct vio_region *region, uint64_t *bias);

	/* Largest size of queue @index; 0: there is no such queue. */
	int (*queue_size_max)(struct transport *tp, uint16_t index, uint16_t *entries);

	/* Hand a ring over; before DRIVER_OK. Fills @db. */
	int (*queue_enable)(struct transport *tp, const struct ring_place *ring,
			    struct doorbell *db);

	/*
	 * Give a queue back to the device without touching the others ("Virtqueue Reset"), within
	 * the deadline. -ENOTSUP without an error set: RING_RESET was not negotiated. NULL: never.
	 */
	int (*queue_disable)(struct transport *tp, uint16_t index);

	/*
	 * Events, each NULL or -ENOTSUP (without an error set) where there are none. The
	 * configuration's is asked for after accept() and before the first queue; a queue's after
	 * its queue_enable() with ring_place.event. event_ack() is called after a wake-up and
	 * before the look that follows (a level-triggered line is unmasked there); any queue's
	 * thread.
	 */
	int (*config_event)(struct transport *tp, struct transport_event *ev);
	int (*queue_event)(struct transport *tp, uint16_t index, struct transport_event *ev);
	int (*event_ack)(struct transport *tp);

	/*
	 * True: a device without VERSION_1 as it was before VIRTIO 1.0 ("Legacy Interface"): no
	 * FEATURES_OK, a ring in one piece as large as the device says, a header of 10 or 12 bytes.
	 * NULL: never.
	 */
	bool (*legacy)(struct transport *tp);

	/*
	 * Queue pairs where this is not the business of MQ and the control queue (vhost-user): how
	 * many the device has, and set how many are used. Both NULL elsewhere.
	 */
	int (*pairs_max)(struct transport *tp, uint16_t *pairs);
	int (*pairs_set)(struct transport *tp, uint16_t pairs);

	/*
	 * Look whether the device is still there, without blocking. Return: 0, or a negative errno
	 * with the error set: -EPIPE the backend has gone; -ENODEV the device has been unplugged,
	 * for good; -ESTALE its status says NEEDS_RESET or FAILED.
	 */
	int (*check)(struct transport *tp);

	/*
	 * Where the device is reached by a connection that can end, and be made again; both NULL
	 * elsewhere. leave(): end it from our side, too, and look whether the other side has ended
	 * it, so that the device can't use our memory any more; without blocking. Return: 0;
	 * -EAGAIN not yet. rejoin(), after that: reach a device in the place of the one that has
	 * gone, as open() did. Return: 0, it is as after open(), and its status is 0; -EAGAIN there
	 * is none yet, found out without blocking; another negative errno. All with the error set.
	 */
	int (*leave)(struct transport *tp);
	int (*rejoin)(struct transport *tp);

	/* The other side in words: "dpdk vhost, protocol features mq reply_ack". Belongs to the
	 * transport. */
	const char *(*describe)(struct transport *tp);
};

/* Every transport, ended by NULL; drivers/drivers.c. */
extern const struct transport_ops *const transports[];

#endif
