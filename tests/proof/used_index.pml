/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The used index of a split ring: split_ready() and vring_ready() of drivers/virtio, with 3 bits
 * for the 16 of an index and 4 for the 32 of a counter, so that both wrap. The device is honest
 * until it is not: then it writes what it likes, at any time.
 *
 * An honest device's completions are all seen, no others, and it breaks no ring. Of a hostile one
 * never more are taken than are in flight.
 *
 * BUG 1: the difference is not cut to the index's bits. 2: nothing is compared with what is in
 * flight. 3: the index is read again after it was compared.
 */
#ifndef BUG
#define BUG 0
#endif
#define ENTRIES 2
#define INDEX(n)   ((n) & 7)
#define COUNTER(n) ((n) & 15)

byte post_idx, take_idx; /* counters: r->post.shown, r->take.idx */
byte used_idx;           /* shared */
byte seen;               /* r->take.seen */
byte really_used;        /* counter: what the device has used, while it is honest */
bool hostile, broken;

#if BUG == 1
#define READY COUNTER(seen - take_idx)
#else
#define READY INDEX(seen - take_idx)
#endif

active proctype driver()
{
	byte ready, in_flight;

	do
	:: !broken && COUNTER(post_idx - take_idx) < ENTRIES ->
		post_idx = COUNTER(post_idx + 1)
	:: !broken ->
		ready = READY;
		if
		:: !ready -> seen = used_idx; ready = READY
		:: else
		fi;
		in_flight = COUNTER(post_idx - take_idx);
#if BUG != 2
		if
		:: ready > in_flight -> broken = true
		:: else
		fi;
#endif
#if BUG == 3
		seen = used_idx;
		ready = READY;
#endif
		assert(hostile || !broken);
		do
		:: !broken && ready ->
			take_idx = COUNTER(take_idx + 1);
			ready--;
			assert(COUNTER(post_idx - take_idx) <= ENTRIES);
			assert(hostile || COUNTER(really_used - take_idx) <= ENTRIES)
		:: else -> break
		od
	:: broken -> break
	od
}

active proctype device()
{
	do
	:: !hostile && really_used != post_idx ->
		atomic {
			really_used = COUNTER(really_used + 1);
			used_idx = INDEX(really_used)
		}
	:: hostile = true
	:: hostile -> used_idx = INDEX(used_idx + 1)
	:: broken -> break
	od
}
