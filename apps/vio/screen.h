/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_SCREEN_H
#define APP_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

/* A live view of a run on a terminal. What is shown is a struct of plain figures, so that drawing
 * knows nothing of generators. */

#define SCREEN_ROWS 128

/* A sender, receiver or stream: figures since the last picture. Names and units are the head's. */
struct screen_row {
	char name[24];
	double mpps;
	int fill;            /* percent of the ring that is taken; below 0: not known */
	uint64_t lost, full; /* since the beginning; full: bursts that found the ring full */
	uint64_t p50, p99;   /* nanoseconds; 0: none */
};

struct screen_view {
	char title[160];
	double at_s, of_s; /* of_s 0: as long as the packets take */
	bool unnumbered;   /* frames that can't be told apart: nothing is known of loss and order */
	double tx_mpps, rx_mpps, tx_gbps, rx_gbps;
	uint64_t sent, received, unsent, lost, reordered, duplicate, corrupt, late;
	uint64_t p50, p99, p999; /* nanoseconds, since the last picture; 0: none */
	uint64_t max; /* nanoseconds, since the beginning; 0: none since the last picture */
	unsigned int n_queues, n_streams;
	struct screen_row queue[SCREEN_ROWS], stream[SCREEN_ROWS];
};

/*
 * Take the terminal over. What goes to stderr meanwhile is kept, and comes out when it ends.
 * Return: false if stdout is no terminal that can be drawn on; nothing has changed then.
 */
bool screen_begin(void);
void screen_end(void);

void screen_draw(const struct screen_view *v);

/* Has the user asked for the end (the key q)? Never waits. */
bool screen_quit(void);

#endif
