/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_VERSION_H
#define APP_VERSION_H

/* As meson.build says. */
extern const char tool_version[];

#endif
