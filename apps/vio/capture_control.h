/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_CAPTURE_CONTROL_H
#define APP_CAPTURE_CONTROL_H

#include "capture.h"

/*
 * Captures of a command that runs, for those who ask at its UNIX socket. One request for each
 * connection, a line of JSON:
 *
 *     {"cmd": "capture", "filter": "udp", "snap": 128, "count": 1000}
 *
 * all but cmd may be left out. The answer is a pcapng stream, which ends when the count is reached,
 * the asker shuts down its side of the connection, or the command ends; or a line of JSON with a
 * member error.
 */
struct capture_control;

/**
 * capture_control_open - listen
 * @path: of the socket, which only this user may use; where one is left that nobody listens at, it
 * is replaced
 * @src: must live until the end
 *
 * A thread of its own serves. From now until the end nobody else opens or closes captures of @src.
 *
 * Return: 0, or an exit code with the error reported.
 */
int capture_control_open(const char *path, const struct capture_source *src,
			 struct capture_control **out);

/* End all captures, and remove the socket. */
void capture_control_close(struct capture_control *c);

#endif
