# SPDX-License-Identifier: BSD-3-Clause
"""What the cases share: test points, the running backend, and runs of the program verify."""

import collections
import json
import os
import time

from ovs import Ovs
from proc import Proc, ProcError
from testpmd import Testpmd

# run(rig) does the case.
Case = collections.namedtuple('Case', 'name run')

FAULTS = ('lost', 'reordered', 'corrupt', 'stray', 'rule_breaks', 'slept_over',
          'dropped', 'leaked', 'bad_puts')


class Tap:
    """Test points on standard output."""

    def __init__(self):
        self.n = self.failed = 0
        self.began = time.monotonic()

    def point(self, ok, text, diagnosis=''):
        self.n += 1
        self.failed += not ok
        print('%sok %d - %s' % ('' if ok else 'not ', self.n, text))
        if not ok and diagnosis:
            self.note(diagnosis)
        flush()

    def skip(self, text, why):
        self.n += 1
        print('ok %d - %s # SKIP %s' % (self.n, text, why))
        flush()

    @staticmethod
    def note(text):
        for line in str(text).splitlines():
            print('# ' + line)
        flush()

    def finish(self):
        self.note('%d of %d failed, %.0f s' %
                  (self.failed, self.n, time.monotonic() - self.began))
        print('1..%d' % self.n)
        return 1 if self.failed else 0


def flush():
    print(end='', flush=True)


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
        for line in self.out.splitlines():
            if line.startswith('{'):
                return dict(json.loads(line), code=code)
        raise ProcError('%s: exit code %d and no result:\n%s' % (self.name, code,
                                                                self.out[-1500:]))


class Rig:
    """The backend that runs now, and the ways to use it."""

    def __init__(self, tap, folder, args):
        self.tap, self.folder, self.args = tap, folder, args
        self.case, self.queues, self.pmd, self.switch = '', 0, None, None
        self.serial = 0

    @property
    def socket(self):
        return os.path.join(self.folder, 'vhost%d' % self.queues)

    def testpmd(self, queues):
        """The running testpmd if it has as many queue pairs, otherwise a new one."""
        if self.pmd and self.pmd.alive and self.queues == queues:
            return self.pmd
        self.reset()
        self.queues = queues
        if os.path.exists(self.socket):
            os.unlink(self.socket)
        self.pmd = Testpmd(['net_vhost0,iface=%s,queues=%d' % (self.socket, queues)], queues)
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

    def point(self, ok, text, diagnosis=''):
        self.tap.point(ok, '%s: %s' % (self.case, text), diagnosis)

    def skip(self, text, why):
        self.tap.skip('%s: %s' % (self.case, text), why)

    def note(self, text):
        self.tap.note(text)

    def measured(self, text):
        """A figure that the summary of all suites shows too."""
        self.tap.note('note: %s: %s' % (self.case, text))

    def clean(self, result):
        """Complaints about a result: the faults that it has."""
        faults = {name: result[name] for name in FAULTS if result[name]}
        return dict(faults, code=result['code']) if result['code'] or faults else {}
