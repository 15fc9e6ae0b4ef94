/* SPDX-License-Identifier: BSD-3-Clause */
#include "version.h"

const char tool_version[] = VIO_VERSION;
