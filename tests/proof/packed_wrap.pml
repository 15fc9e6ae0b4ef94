/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * AVAIL and USED of a packed ring of three descriptors, in as many laps as there are states:
 * packed_step(), packed_part(), packed_publish() and packed_used() of drivers/virtio. Buffers have
 * one descriptor or two; the device uses them in any order.
 *
 * The device meets whole chains only, and what the driver takes was in flight.
 *
 * BUG 1: the wrap counter does not turn where a step ends at the ring's end. 2: the driver steps
 * over one descriptor of a chain that was used. 3: a chain's first descriptor is shown first (B4).
 */
#ifndef BUG
#define BUG 0
#endif
#define ENTRIES 3

typedef desc {
	bool avail, used, next;
	byte id
};
desc ring[ENTRIES];

byte in_flight[ENTRIES]; /* by id: descriptors of the buffer, as the driver knows; 0: free */
byte held[ENTRIES];      /* by id: the same as the device knows */

/* packed_step() */
#if BUG == 1
#define CROSSED(at) ((at) > ENTRIES)
#else
#define CROSSED(at) ((at) >= ENTRIES)
#endif
inline step(at, wrap, n)
{
	at = at + n;
	if
	:: CROSSED(at) -> at = at - ENTRIES; wrap = !wrap
	:: else
	fi
}

inline write_desc(at, wrap, more)
{
	atomic { /* the order within a descriptor is that of one store, see packed_write() */
		ring[at % ENTRIES].id = id;
		ring[at % ENTRIES].next = more;
		ring[at % ENTRIES].avail = wrap;
		ring[at % ENTRIES].used = !wrap
	}
}

inline get_id(n)
{
	atomic {
		id = 0;
		do
		:: in_flight[id] -> id++
		:: else -> break
		od;
		in_flight[id] = n;
		free = free - n
	}
}

active proctype driver()
{
	byte post_at, take_at, free = ENTRIES, id, second;
	bool post_wrap = true, take_wrap = true, second_wrap;

	do
	:: free >= 1 -> /* a buffer by itself */
		get_id(1);
		write_desc(post_at, post_wrap, false);
		step(post_at, post_wrap, 1)
	:: free >= 2 -> /* a chain: the second descriptor, then the first one's flags */
		get_id(2);
		second = post_at;
		second_wrap = post_wrap;
		step(second, second_wrap, 1);
#if BUG == 3
		write_desc(post_at, post_wrap, true);
		write_desc(second, second_wrap, false);
#else
		write_desc(second, second_wrap, false);
		write_desc(post_at, post_wrap, true);
#endif
		step(post_at, post_wrap, 2)
	:: ring[take_at % ENTRIES].avail == take_wrap && ring[take_at % ENTRIES].used == take_wrap ->
		id = ring[take_at % ENTRIES].id;
		assert(in_flight[id]);
#if BUG == 2
		step(take_at, take_wrap, 1);
#else
		step(take_at, take_wrap, in_flight[id]);
#endif
		free = free + in_flight[id];
		in_flight[id] = 0
	od
}

active proctype device()
{
	byte look_at, use_at, id, n;
	bool look_wrap = true, use_wrap = true;

	do
	:: ring[look_at].avail == look_wrap && ring[look_at].used != look_wrap ->
		n = 1;
		if
		:: ring[look_at].next ->
			look_at++;
			if
			:: look_at == ENTRIES -> look_at = 0; look_wrap = !look_wrap
			:: else
			fi;
			assert(ring[look_at].avail == look_wrap && ring[look_at].used != look_wrap);
			n = 2
		:: else
		fi;
		id = ring[look_at].id;
		assert(!held[id] && in_flight[id] == n);
		held[id] = n;
		look_at++;
		if
		:: look_at == ENTRIES -> look_at = 0; look_wrap = !look_wrap
		:: else
		fi
	:: held[0] || held[1] || held[2] ->
		if
		:: held[0] -> id = 0
		:: held[1] -> id = 1
		:: held[2] -> id = 2
		fi;
		n = held[id];
		held[id] = 0;
		ring[use_at].id = id;
		atomic {
			ring[use_at].avail = use_wrap;
			ring[use_at].used = use_wrap
		}
		use_at = use_at + n;
		if
		:: use_at >= ENTRIES -> use_at = use_at - ENTRIES; use_wrap = !use_wrap
		:: else
		fi
	od
}
