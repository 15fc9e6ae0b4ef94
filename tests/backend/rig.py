# SPDX-License-Identifier: BSD-3-Clause
"""What the cases share: the running backend, and runs of the program verify."""

import os

from ovs import Ovs
from proc import Proc
from suite import Points
from testpmd import Testpmd
from verify import result_of

class Verify(Proc):
    """One run of the program verify."""

    def __init__(self, program, args, deadline, prefix=()):
        # The forwarding core of the backend is processor 1.
        super().__init__(['taskset', '-c', '0', *prefix, program, '-t', str(deadline),
                          *map(str, args)], 'verify ' + ' '.join(map(str, args)), deadline + 20)
        self.deadline = deadline

    def result(self):
        """Wait for its end; what it printed, and its exit code as 'code'."""
        code = self.wait(self.deadline + 10)
        return result_of(self.name, code, self.out)


class Rig(Points):
    """The backend that runs now, and the ways to use it."""

    def __init__(self, tap, folder, args):
        super().__init__(tap, folder, args)
        self.queues, self.pmd, self.switch, self.serial = 0, None, None, 0
        self.pmd_args = ()

    @property
    def socket(self):
        return os.path.join(self.folder, 'vhost%d' % self.queues)

    def testpmd(self, queues, args=()):
        """The running testpmd if it was started like that, otherwise a new one."""
        if (self.pmd and self.pmd.alive and self.queues == queues and
                self.pmd_args == args):
            return self.pmd
        self.reset()
        self.queues, self.pmd_args = queues, args
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.pmd = Testpmd(['net_vhost0,iface=%s,queues=%d' % (self.socket, queues)], queues,
                           args=args)
        return self.pmd

    def ovs(self):
        if self.switch and self.switch.alive:
            return self.switch
        self.reset()
        self.serial += 1
        folder = os.path.join(self.folder, 'ovs%d' % self.serial)
        os.mkdir(folder)
        self.switch = Ovs(folder)
        return self.switch

    def reset(self):
        """End the backend."""
        for backend in (self.pmd, self.switch):
            if backend:
                backend.kill() if backend is self.pmd else backend.close()
        self.pmd = self.switch = None

    def verify(self, *args, deadline=60, prefix=()):
        return Verify(self.args.verify, args, deadline, prefix)
