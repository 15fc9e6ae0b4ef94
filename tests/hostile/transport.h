/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef HOSTILE_TRANSPORT_H
#define HOSTILE_TRANSPORT_H

#include "memory.h"
#include "ring_lies.h"

/*
 * The transport "hostile": the device of "loop:", with its options, whose word can't be trusted.
 *   lie=NAME    one of ring_lies[], or of device_lies[]
 *   at=N        at the N-th completion, from 0 on
 *   always      from then on, not once
 * It is for tests, and so not in the library: the strict device stays as it is, and what it stores
 * passes through its struct loop_fault, where the lie is told.
 */
struct mischief {
	const struct ring_lie *lie;      /* NULL: none on the rings */
	const struct device_lie *device; /* NULL: none beside them */
	uint64_t at;
	bool always, over;
	uint64_t told;  /* how often */
	uint32_t value; /* what was told last */
	uint32_t before[WORDS];
	uint64_t seen[WORDS]; /* words of the queue that the lie is about */
	uint64_t headers;
	struct loop_fault fault;
	struct memory_copy copy;
};

/* What a device says of itself beside its rings, asked by the driver while it starts. */
enum asked {
	ASKED_FEATURES, /* offered: value is a bit, 128: all of them */
	ASKED_STATUS,
	ASKED_RESET,
	ASKED_CONFIG, /* size bytes at off */
	ASKED_QUEUE_SIZE,
	ASKED_QUEUE, /* value: the queue's index */
	ASKED_MAP,
};

enum answer {
	ANSWER_SET, /* value */
	ANSWER_OR,  /* with value */
	ANSWER_AND,
	ANSWER_FAIL, /* -value */
};

struct device_lie {
	const char *name;
	const char *what;
	enum asked asked;
	enum answer answer;
	uint64_t value;
	uint8_t off, size;                               /* of the configuration */
	uint8_t status;                                  /* only while all these bits are set */
	const char *options;                             /* further ones of the address */
	int rc;                                          /* of vio_port_open(); 0: it serves */
	bool any;                                        /* or whatever it returns */
	bool (*shows)(const struct vio_port_info *info); /* what the port has become */
	bool device_errs;
};
extern const struct device_lie device_lies[];
extern const size_t n_device_lies;

/* Before the first port: the table of operations is made from the loop device's. */
void hostile_init(void);

/* What is done behind @loop; NULL: nothing, it is no hostile one. */
struct mischief *mischief_of(struct vio_loop *loop);

/*
 * Rewrite memory, where the lie is about that: before the driver's calls that follow a step of the
 * device, or (@idle) when nothing is in flight. Return: it was done, and mischief_end() is to
 * follow after those calls.
 */
bool mischief_begin(struct vio_loop *loop, bool idle);
void mischief_end(struct vio_loop *loop);

#endif
