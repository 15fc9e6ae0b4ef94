/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef APP_VERSION_H
#define APP_VERSION_H

#ifndef VIO_VERSION
#error "the build defines VIO_VERSION"
#endif

#endif
