/* SPDX-License-Identifier: BSD-3-Clause */
#include "gate.h"

#include <errno.h>
#include <linux/membarrier.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../lib/base/clock.h"
#include "../../lib/base/err.h"

static int membarrier(int command)
{
	if (!syscall(SYS_membarrier, command, 0, 0))
		return 0;
	return err_set(ERR_RECOVER_NONE, -ENOTSUP, "membarrier: %s", strerror(errno));
}

int gates_register(void)
{
	return membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
}

static bool is_empty(const struct gate *g)
{
	return !__atomic_load_n(&g->inside, __ATOMIC_ACQUIRE);
}

int gates_wait(struct gate *const *gates, unsigned int n, uint32_t timeout_ms)
{
	const struct deadline until = deadline_in(timeout_ms);
	int rc = membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);

	if (rc < 0)
		return rc;
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int round = 0; !is_empty(gates[i]); round++) {
			if (deadline_passed(until))
				return err_set(ERR_RECOVER_BUSY, -ETIMEDOUT,
					       "a thread has been inside a call on a queue for "
					       "%u ms",
					       timeout_ms);
			clock_pause(round);
		}
	return 0;
}
