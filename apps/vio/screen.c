/* SPDX-License-Identifier: BSD-3-Clause */
#include "screen.h"

#include <curses.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <term.h>
#include <unistd.h>

#include "units.h"

#define BAR 20

static SCREEN *terminal;
static int kept = -1, real_stderr = -1;

/* Messages would tear the picture: they go into a file without a name. */
static void keep_stderr(void)
{
	fflush(stderr);
	kept = memfd_create("vio-stderr", MFD_CLOEXEC);
	real_stderr = kept < 0 ? -1 : dup(STDERR_FILENO);
	if (real_stderr >= 0)
		dup2(kept, STDERR_FILENO);
}

static void give_stderr_back(void)
{
	char part[512];
	ssize_t n;

	fflush(stderr);
	if (real_stderr >= 0) {
		dup2(real_stderr, STDERR_FILENO);
		close(real_stderr);
		for (off_t at = 0; (n = pread(kept, part, sizeof(part), at)) > 0; at += n)
			if (write(STDERR_FILENO, part, (size_t)n) != n)
				break;
	}
	if (kept >= 0)
		close(kept);
	kept = real_stderr = -1;
}

/* Asked before newterm(), which forgets what it has allocated when it does not know $TERM. */
static bool known_terminal(void)
{
	int why;

	if (setupterm(NULL, STDOUT_FILENO, &why) != OK)
		return false;
	del_curterm(cur_term);
	return true;
}

bool screen_begin(void)
{
	if (!isatty(STDOUT_FILENO) || !isatty(STDIN_FILENO) || !getenv("TERM") || !known_terminal())
		return false;
	terminal = newterm(NULL, stdout, stdin);
	if (!terminal)
		return false;
	cbreak();
	noecho();
	curs_set(0);
	nodelay(stdscr, TRUE);
	keep_stderr();
	return true;
}

void screen_end(void)
{
	if (!terminal)
		return;
	endwin();
	delscreen(terminal);
	terminal = NULL;
	give_stderr_back();
}

bool screen_quit(void)
{
	int key = ERR;

	while (terminal && (key = getch()) != ERR)
		if (key == 'q' || key == 'Q')
			return true;
	return false;
}

static void bar(int percent)
{
	const int n = percent * BAR / 100;

	addch('[');
	for (int i = 0; i < BAR; i++)
		addch(i < n ? '#' : '.');
	printw("] %3d %%", percent);
}

static void draw_time(const struct screen_view *v)
{
	mvprintw(1, 0, "%.1f s", v->at_s);
	if (v->of_s <= 0)
		return;
	printw(" of %.1f s  ", v->of_s);
	bar(v->at_s < v->of_s ? (int)(100 * v->at_s / v->of_s) : 100);
}

static void draw_totals(const struct screen_view *v)
{
	mvprintw(3, 0, "%-4s %12s %10s %16s", "", "Mpps", "Gb/s", "packets");
	mvprintw(4, 0, "%-4s %12.4f %10.3f %16llu   unsent %llu", "tx", v->tx_mpps, v->tx_gbps,
		 (unsigned long long)v->sent, (unsigned long long)v->unsent);
	mvprintw(5, 0, "%-4s %12.4f %10.3f %16llu", "rx", v->rx_mpps, v->rx_gbps,
		 (unsigned long long)v->received);
	if (v->unnumbered)
		return;
	mvprintw(7, 0, "lost %llu (%.3g)  reordered %llu  duplicate %llu  corrupt %llu  late %llu",
		 (unsigned long long)v->lost, v->sent ? (double)v->lost / (double)v->sent : 0.0,
		 (unsigned long long)v->reordered, (unsigned long long)v->duplicate,
		 (unsigned long long)v->corrupt, (unsigned long long)v->late);
	if (v->max)
		mvprintw(8, 0, "latency us  p50 %.1f  p99 %.1f  p99.9 %.1f  max %.1f", us(v->p50),
			 us(v->p99), us(v->p999), us(v->max));
}

static void draw_row(int y, const struct screen_row *r)
{
	mvprintw(y, 0, "%-24s %9.4f  ", r->name, r->mpps);
	if (r->fill >= 0) {
		printw("ring ");
		bar(r->fill);
		printw("  full %llu", (unsigned long long)r->full);
	}
	if (r->p99)
		printw("lost %llu  us p50 %.1f p99 %.1f", (unsigned long long)r->lost, us(r->p50),
		       us(r->p99));
}

/* As many of @rows as there is room for. Return: the line behind them. */
static int draw_rows(int y, const char *what, const struct screen_row *rows, unsigned int n)
{
	if (!n)
		return y;
	mvprintw(y++, 0, "%-24s %9s", what, "Mpps");
	for (unsigned int i = 0; i < n && i < SCREEN_ROWS && y < LINES - 1; i++)
		draw_row(y++, &rows[i]);
	return y + 1;
}

void screen_draw(const struct screen_view *v)
{
	int y;

	if (!terminal)
		return;
	erase();
	attron(A_BOLD);
	mvprintw(0, 0, "%s", v->title);
	attroff(A_BOLD);
	draw_time(v);
	draw_totals(v);
	y = draw_rows(10, "queue", v->queue, v->n_queues);
	draw_rows(y, "stream", v->stream, v->n_streams);
	mvprintw(LINES - 1, 0, "q ends the run");
	refresh();
}
