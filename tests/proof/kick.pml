/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Kicks that are left out: split_publish(), split_kick_wanted() and ring_need_event() of
 * drivers/virtio against a device that sleeps when it finds nothing. Both ways: EVENT_IDX, and the
 * flag. A packed ring's publishing and its event structure are the same two words. The driver's
 * store waits in a store buffer, as x86 has, until the fence (B2) empties it.
 *
 * The device never sleeps with something to do and no kick on its way: that ends in a state in which
 * nobody can go on, since the ring fills.
 *
 * BUG 1: no fence. 2: positions are compared as if they did not wrap. 3: only a batch's last buffer
 * is asked for.
 */
#ifndef BUG
#define BUG 0
#endif
#define ENTRIES 2
#define INDEX(n) ((n) & 7)

byte avail_idx;                /* shared, the driver's */
byte avail_event; bool unkind; /* shared, the device's: event; flag NO_NOTIFY */
byte waiting; bool buffered;   /* the driver's store buffer */
byte done;                     /* what the device has used */
bool kicked, event_idx;

#if BUG == 2
#define NEED_EVENT(event, now, old) ((event) >= (old) && (event) < (now))
#else
#define NEED_EVENT(event, now, old) (INDEX((now) - (event) - 1) < INDEX((now) - (old)))
#endif

inline publish()
{
	before = idx;
	idx = INDEX(idx + n);
	atomic { waiting = idx; buffered = true }
#if BUG != 1
	!buffered; /* the fence */
#endif
#if BUG == 3
	before = INDEX(idx - 1);
#endif
	if
	:: event_idx && NEED_EVENT(avail_event, idx, before) -> kicked = true
	:: !event_idx && !unkind -> kicked = true
	:: else
	fi
}

active proctype driver()
{
	byte idx, before, n;

	do
	:: INDEX(idx - done) < ENTRIES -> n = 1; publish()
	:: INDEX(idx - done) == 0 -> n = 2; publish()
	od
}

active proctype store_buffer()
{
end:
	do
	:: atomic { buffered -> avail_idx = waiting; buffered = false }
	od
}

active proctype device()
{
	if
	:: event_idx = true
	:: event_idx = false
	fi;
	do
	:: avail_idx != done ->
		unkind = true;
		done = INDEX(done + 1)
	:: avail_idx == done -> /* ask for a kick, and look again */
		unkind = false;
		avail_event = done;
		if
		:: avail_idx != done
		:: else -> kicked; kicked = false
		fi
	od
}
