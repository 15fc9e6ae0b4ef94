/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_FAKE_BACKEND_H
#define UNIT_FAKE_BACKEND_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A vhost-user backend that does as it is told. It knows the protocol from the specification and
 * shares no line with the code under test. What the front-end does wrong it writes down; what it
 * does wrong itself is the script's business.
 */

/* What to do instead of a good answer to one message. */
enum fake_fault {
	FAULT_NONE,
	FAULT_CLOSE,       /* close when the message has come */
	FAULT_SILENT,      /* take messages from now on, answer none */
	FAULT_DEAF,        /* the same without reading */
	FAULT_REQUEST,     /* answer another request */
	FAULT_VERSION,     /* version 2 */
	FAULT_NO_REPLY,    /* REPLY flag missing */
	FAULT_NEED_REPLY,  /* NEED_REPLY flag set in the answer */
	FAULT_RESERVED,    /* undefined flags */
	FAULT_SIZE_0,      /* no payload */
	FAULT_SIZE_SMALL,  /* one byte less */
	FAULT_SIZE_LARGE,  /* one byte more */
	FAULT_SIZE_ABSURD, /* 4 GB - 1 */
	FAULT_FD,          /* a file attached */
	FAULT_FDS,         /* as many as go */
	FAULT_HEADER_CUT,  /* half a header, then close */
	FAULT_PAYLOAD_CUT, /* half a payload, then close */
	FAULT_STALL,       /* half a payload, then nothing */
	FAULT_NACK,        /* a number other than 0 */
	FAULT_EXTRA,       /* a message that nobody asked for, behind the answer */
	FAULT_INDEX,       /* the state of another ring */
	FAULT_LAST,        /* close after the answer */
};

struct fake_script {
	uint64_t features, protocol;
	uint64_t queues, slots;
	unsigned int at; /* number of the message, from 1, that the fault is about */
	enum fake_fault fault;
	unsigned int trickle_us; /* unless 0: answer byte by byte, so far apart */
	uint64_t status_or;      /* set in every GET_STATUS */
	bool hostile_kicks;      /* clear O_NONBLOCK on the kicks, and never read them */
	unsigned int delay_ms;   /* connect this late, as client */
};

struct fake_message {
	uint32_t request, flags, bytes;
	unsigned int fds;
	union {
		uint64_t u64;
		struct {
			uint32_t index, num;
		} state;
		struct {
			uint32_t index, flags;
			uint64_t desc, used, avail, log;
		} addr;
		struct {
			uint64_t head; /* count and padding, or padding only */
			uint64_t guest, bytes, user, offset;
		} mem;
		char raw[64];
	} payload;
};

#define FAKE_MESSAGES 512
#define FAKE_RINGS    256

struct fake {
	struct fake_script script;
	const char *path;
	pthread_t thread;
	int listener, fd;
	bool client;
	struct fake_message log[FAKE_MESSAGES];
	unsigned int n; /* messages so far; read it after fake_stop() */
	char violation[128];
	bool protocol_set, features_set, has_mem;
	uint64_t taken_features, taken_protocol, status;
	uint64_t mem_base, mem_bytes;
	struct {
		bool addr, num, base, enabled;
		int kick, call; /* -1: none */
	} rings[FAKE_RINGS];
};

/* Listen at @path and serve one connection in a thread of its own. */
void fake_listen(struct fake *fake, const char *path, const struct fake_script *script);

/* The same, but connect to @path, and keep trying for 2 seconds. */
void fake_connect(struct fake *fake, const char *path, const struct fake_script *script);

/* Wait for the thread to end, and close everything. Call it when the front-end has closed. */
void fake_stop(struct fake *fake);

#endif
