/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef UNIT_SENTENCE_H
#define UNIT_SENTENCE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* After those above. */
#include <cmocka.h>

/* A test whose name is a sentence. */
#define UNIT(sentence, fn) \
	{ \
		sentence, fn, NULL, NULL, NULL \
	}

/* The same with the entry of a table that it is about; the entry stands in *state. */
#define UNIT_CASE(sentence, fn, entry) \
	{ \
		sentence, fn, NULL, NULL, (void *)(uintptr_t)(entry) \
	}

#endif
