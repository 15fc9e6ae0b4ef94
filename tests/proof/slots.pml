/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who has which slot of a ring that is not in order: vring_look(), vring_rename(),
 * vring_mark_free() and vring_take_one() of drivers/virtio, for a ring of three and a device that
 * completes what it likes. Slots are used in the order in which they became free: ids[] has them by
 * position, those behind the post's first. While the device has kept the order (straight), the
 * cookies of free slots are not marked.
 *
 * No slot is free twice, nor free and in flight; none is taken that is not in flight. When the ring
 * breaks, the cookies tell exactly which slots are.
 *
 * BUG 1: a slot's cookie is not looked at. 2: free slots are not marked when the order ends. 3: the
 * slot's new place is not noted.
 */
#ifndef BUG
#define BUG 0
#endif
#define ENTRIES 3
#define BEHIND(at, i) (((at) + (i)) % ENTRIES)

byte ids[ENTRIES];
bool cookie[ENTRIES]; /* false: COOKIE_FREE */
bool flying[ENTRIES]; /* what is true */
byte post_at, take_at, free;
bool straight, broken;

inline mark_free()
{
	i = 0;
	do
	:: i < free -> cookie[ids[BEHIND(post_at, i)]] = false; i++
	:: else -> break
	od;
	straight = false
}

inline check_free()
{
	i = 0;
	do
	:: i < free ->
		assert(!flying[ids[BEHIND(post_at, i)]]);
		j = i + 1;
		do
		:: j < free -> assert(ids[BEHIND(post_at, i)] != ids[BEHIND(post_at, j)]); j++
		:: else -> break
		od;
		i++
	:: else -> break
	od
}

inline post()
{
	slot = ids[post_at];
	assert(!flying[slot]);
	flying[slot] = true;
	cookie[slot] = true;
	post_at = BEHIND(post_at, 1);
	free--
}

/* What a queue does that breaks, and what rxq_fini() and txq_fini() go by. */
inline give_up()
{
	mark_free();
	i = 0;
	do
	:: i < ENTRIES -> assert(cookie[i] == flying[i]); i++
	:: else -> break
	od;
	broken = true
}

inline take()
{
	if
	:: slot != ids[take_at] && slot < ENTRIES && straight ->
#if BUG == 2
		straight = false
#else
		mark_free()
#endif
	:: else
	fi;
	if
	:: slot >= ENTRIES -> give_up()
	:: else ->
#if BUG != 3
		ids[take_at] = slot;
#endif
		if
#if BUG == 1
		:: false
#else
		:: !cookie[slot] -> give_up()
#endif
		:: else ->
			assert(flying[slot]);
			flying[slot] = false;
			if
			:: !straight -> cookie[slot] = false
			:: else
			fi;
			take_at = BEHIND(take_at, 1);
			free++
		fi
	fi
}

init
{
	byte slot, i, j;

	d_step {
		straight = true;
		free = ENTRIES;
		ids[0] = 0;
		ids[1] = 1;
		ids[2] = 2
	}
	do
	:: broken -> break
	:: !broken && free -> atomic { post(); check_free() }
	:: !broken && free < ENTRIES ->
		select(slot : 0 .. ENTRIES);
		atomic { take(); check_free() }
	od
}
