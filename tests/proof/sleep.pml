/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A receiver that sleeps: vring_arm() and vring_pending() of drivers/virtio, as wait.c calls them,
 * against a device that notifies where ring_need_event() holds. A packed ring's event structure is
 * one word as well. The store that arms waits in a store buffer until the fence (B7) empties it.
 *
 * The receiver never sleeps with something to take and no notification on its way: that ends in a
 * state in which nobody can go on, since the device runs out of buffers.
 *
 * BUG 1: no fence. 2: nobody looks again after arming. 3: it is armed for what has been taken.
 */
#ifndef BUG
#define BUG 0
#endif
#define ENTRIES 2
#define INDEX(n) ((n) & 7)
#define NEED_EVENT(event, now, old) (INDEX((now) - (event) - 1) < INDEX((now) - (old)))

byte used_idx;               /* shared, the device's */
byte used_event = 7;         /* shared, the receiver's; at first it is disarmed */
byte waiting; bool buffered; /* the receiver's store buffer */
byte taken;
bool notified;

active proctype receiver()
{
	do
	:: used_idx != taken ->
		taken = INDEX(taken + 1)
	:: used_idx == taken ->
#if BUG == 3
		atomic { waiting = INDEX(taken - 1); buffered = true }
#else
		atomic { waiting = taken; buffered = true }
#endif
#if BUG != 1
		!buffered; /* the fence */
#endif
#if BUG == 2
		notified; notified = false
#else
		if
		:: used_idx != taken
		:: else -> notified; notified = false
		fi
#endif
	od
}

active proctype store_buffer()
{
end:
	do
	:: atomic { buffered -> used_event = waiting; buffered = false }
	od
}

active proctype device()
{
	byte before;

	do
	:: INDEX(used_idx - taken) < ENTRIES ->
		before = used_idx;
		used_idx = INDEX(used_idx + 1);
		if
		:: NEED_EVENT(used_event, used_idx, before) -> notified = true
		:: else
		fi
	od
}
