/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "device.h"

/*
 * A ring begins at its first entry. Packed: 15 bits of available index and its wrap counter, then
 * the same for the used index; wrap counters begin at 1 (VIRTIO 1.4, "Driver and Device Ring Wrap
 * Counters").
 */
#define BASE_SPLIT  0u
#define BASE_PACKED 0x80008000u

/* Never blocks: see ring_files_open(). A full pipe is full of kicks that the backend has not taken
 * yet; one more would tell it nothing. */
static COLD void kick(struct doorbell *db)
{
	static const uint64_t one = 1;
	ssize_t n = write(db->fd, &one, sizeof(one));

	(void)n;
}

/*
 * The kick is a pipe and not an eventfd, as vhost-user, "Support for platforms other than Linux"
 * allows: both ends of an eventfd are one open file, of which a hostile backend could clear
 * O_NONBLOCK, fill the counter, and so block the thread that kicks. The writing end of a pipe has
 * flags of its own, and never leaves this process.
 */
static int ring_files_open(struct vu_ring *ring, uint16_t index)
{
	int ends[2], call;

	if (ring->has_files)
		return 0;
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC))
		return err_set(ERR_SOCK_FAIL, -errno, "queue %u: pipe: %s", index, strerror(errno));
	call = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (call < 0) {
		err_set(ERR_SOCK_FAIL, -errno, "queue %u: eventfd: %s", index, strerror(errno));
		goto close_ends;
	}
	ring->kick_read = ends[0];
	ring->kick_write = ends[1];
	ring->call = call;
	ring->has_files = true;
	return 0;

close_ends:
	close(ends[0]);
	close(ends[1]);
	return vio_error_last()->code;
}

static void ring_files_close(struct vu_ring *ring)
{
	if (!ring->has_files)
		return;
	close(ring->kick_read);
	close(ring->kick_write);
	close(ring->call);
	ring->has_files = false;
}

static int send_state(struct vu_device *dev, enum vu_request request, uint16_t index, uint32_t num)
{
	const struct vu_state state = { index, num };

	return vu_call(&dev->conn, request, &state, -1, NULL);
}

static int send_file(struct vu_device *dev, enum vu_request request, uint16_t index, int fd)
{
	const uint64_t ring = index;

	return vu_call(&dev->conn, request, &ring, fd, NULL);
}

/* Addresses are those of this process, as the region was announced with them. */
static int send_addr(struct vu_device *dev, const struct ring_place *place)
{
	const struct vu_addr addr = {
		.index = place->index,
		.desc = (uintptr_t)place->desc,
		.used = (uintptr_t)place->device,
		.avail = (uintptr_t)place->driver,
	};

	return vu_call(&dev->conn, VU_SET_VRING_ADDR, &addr, -1, NULL);
}

static int send_ring(struct vu_device *dev, const struct ring_place *place)
{
	const struct vu_ring *ring = &dev->rings[place->index];
	const uint16_t i = place->index;
	int rc;

	rc = send_state(dev, VU_SET_VRING_NUM, i, place->entries);
	if (rc < 0)
		return rc;
	rc = send_state(dev, VU_SET_VRING_BASE, i, place->packed ? BASE_PACKED : BASE_SPLIT);
	if (rc < 0)
		return rc;
	rc = send_addr(dev, place);
	if (rc < 0)
		return rc;
	rc = send_file(dev, VU_SET_VRING_CALL, i, ring->call);
	if (rc < 0)
		return rc;
	return send_file(dev, VU_SET_VRING_KICK, i, ring->kick_read);
}

int vu_ring_set(struct vu_device *dev, const struct ring_place *place, struct doorbell *db)
{
	struct vu_ring *ring = &dev->rings[place->index];
	int rc;

	rc = ring_files_open(ring, place->index);
	if (rc < 0)
		return rc;
	/* Also where it fails half-way: then the backend has to be made to forget the ring. */
	ring->set = true;
	rc = send_ring(dev, place);
	if (rc < 0)
		return rc;
	*db = (struct doorbell){ .ring = kick, .fd = ring->kick_write, .data = place->index };
	return 0;
}

static int ring_enable(struct vu_device *dev, uint16_t index, bool on)
{
	struct vu_ring *ring = &dev->rings[index];
	int rc;

	if (ring->enabled == on)
		return 0;
	rc = send_state(dev, VU_SET_VRING_ENABLE, index, on);
	if (!rc)
		ring->enabled = on;
	return rc;
}

int vu_rings_enable(struct vu_device *dev)
{
	int rc = 0;

	/* Without protocol features a ring is enabled once it is set: vhost-user, "Ring states". */
	if (!dev->has_protocol)
		return 0;
	for (uint16_t i = 0; i < 2 * dev->pairs_max && rc >= 0; i++)
		if (dev->rings[i].set)
			rc = ring_enable(dev, i, i < 2 * dev->pairs);
	return rc;
}

void vu_rings_kick(struct vu_device *dev)
{
	for (uint16_t i = 0; i < 2 * dev->pairs_max; i++)
		if (dev->rings[i].set)
			kick(&(struct doorbell){ .fd = dev->rings[i].kick_write });
}

/* vhost-user, "Ring states": GET_VRING_BASE stops a ring. Where the backend got to does not matter,
 * since a ring always starts anew. */
static int ring_stop(struct vu_device *dev, uint16_t index)
{
	const struct vu_state ask = { index, 0 };
	struct vu_state answer;
	int rc = vu_call(&dev->conn, VU_GET_VRING_BASE, &ask, -1, &answer);

	if (rc < 0)
		return rc;
	if (answer.index != index)
		return vu_break(&dev->conn, ERR_VU_PROTOCOL, -EPROTO,
				"GET_VRING_BASE: the answer is about ring %u, not %u", answer.index,
				index);
	dev->rings[index].set = false;
	return 0;
}

int vu_rings_stop(struct vu_device *dev)
{
	int rc = 0;

	/* All are disabled before the first is stopped, as a backend may take the device down with
	 * it. One that refuses to disable still stops. */
	for (uint16_t i = 0; i < 2 * dev->pairs_max; i++)
		if (dev->rings[i].enabled)
			ring_enable(dev, i, false);
	for (uint16_t i = 0; i < 2 * dev->pairs_max && rc >= 0; i++) {
		dev->rings[i].enabled = false;
		if (dev->rings[i].set)
			rc = ring_stop(dev, i);
	}
	return rc;
}

void vu_rings_forget(struct vu_device *dev)
{
	for (uint16_t i = 0; i < VU_RINGS_MAX; i++)
		dev->rings[i].set = dev->rings[i].enabled = false;
}

void vu_rings_close(struct vu_device *dev)
{
	for (uint16_t i = 0; i < VU_RINGS_MAX; i++)
		ring_files_close(&dev->rings[i]);
}
