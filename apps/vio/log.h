/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_LOG_H
#define APP_LOG_H

/* Have the library's log on stderr (-v). */
void log_to_stderr(void);

#endif
