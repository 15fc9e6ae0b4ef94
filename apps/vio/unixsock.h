/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_UNIXSOCK_H
#define APP_UNIXSOCK_H

#include <stdbool.h>

/* Stream sockets in the file system. */

/* Connect, within 2 seconds where others wait there, too. Return: file descriptor, or a negative
 * errno: -ECONNREFUSED nobody listens at the socket, -ENAMETOOLONG. */
int unixsock_connect(const char *path);

/**
 * unixsock_listen - make a socket
 * @path: where one is left that nobody listens at, it is replaced; the caller unlinks it at the end
 * @own: only this user may connect; otherwise whoever the umask lets
 *
 * Return: file descriptor, which does not block; or a negative errno: -EADDRINUSE something else
 * stands there, -ENAMETOOLONG.
 */
int unixsock_listen(const char *path, bool own);

#endif
