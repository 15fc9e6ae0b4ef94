# SPDX-License-Identifier: BSD-3-Clause
"""What suites of real programs share: cases, test points, options, and how a run ends."""

import argparse
import collections
import os
import shutil
import signal
import subprocess
import sys
import time

from proc import ProcError

# run(points) does the case.
Case = collections.namedtuple('Case', 'name run')

# What goes wrong in a case fails that case, and no other.
FAILURES = (ProcError, OSError, ValueError, LookupError, subprocess.SubprocessError)
SKIPPED = 77


class Tap:
    """Test points on standard output."""

    def __init__(self):
        self.n = self.failed = 0
        self.began = time.monotonic()

    def point(self, ok, text, diagnosis=''):
        self.n += 1
        self.failed += not ok
        print('%sok %d - %s' % ('' if ok else 'not ', self.n, text), flush=True)
        if not ok and diagnosis:
            self.note(diagnosis)

    def skip(self, text, why):
        self.n += 1
        print('ok %d - %s # SKIP %s' % (self.n, text, why), flush=True)

    @staticmethod
    def note(text):
        for line in str(text).splitlines():
            print('# ' + line, flush=True)

    def finish(self):
        self.note('%d of %d failed, %.0f s' %
                  (self.failed, self.n, time.monotonic() - self.began))
        print('1..%d' % self.n)
        return 1 if self.failed else 0


class Points:
    """Where a case says what it has found. @tap, @folder of its own, @args: see options()."""

    def __init__(self, tap, folder, args):
        self.tap, self.folder, self.args, self.case = tap, folder, args, ''

    def title(self):
        """What stands in front of each point."""
        return self.case

    def point(self, ok, text, diagnosis=''):
        self.tap.point(ok, '%s: %s' % (self.title(), text), diagnosis)

    def skip(self, text, why):
        self.tap.skip('%s: %s' % (self.title(), text), why)

    def note(self, text):
        self.tap.note(text)

    def measured(self, text):
        """A figure that the summary of all suites shows too."""
        self.note('note: %s: %s' % (self.title(), text))

    def attempt(self, case):
        """Run @case. Return: it has come to its end."""
        self.case = case.name
        try:
            case.run(self)
            return True
        except FAILURES as error:
            self.point(False, 'comes to its end', '%s: %s' % (type(error).__name__, error))
            return False


def options(doc):
    """Parser of what every suite can be told."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument('words', nargs='*', help='only cases whose name holds all these words')
    parser.add_argument('--list', action='store_true', help='list the cases')
    return parser


def built(*names):
    """Paths of these programs of the build that VIO_BUILD names; the run ends without them."""
    folder = os.path.abspath(os.environ.get('VIO_BUILD', 'build/gcc'))
    paths = [os.path.join(folder, name) for name in names]
    for path in paths:
        if not os.access(path, os.X_OK):
            sys.exit('run.py: no %s: build first, and name the folder in VIO_BUILD' % path)
    return paths


def skip_all(why):
    """The machine lacks something that all cases need. Return: exit code."""
    print('1..0 # SKIP %s' % why)
    return SKIPPED


def missing(programs):
    """@programs: name to Debian package. Return: what is not there, or ''."""
    return ', '.join('no %s (package %s)' % item for item in programs.items()
                     if not shutil.which(item[0]))


def end_by_sigterm():
    """Clean up as at any end when we are told to go."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
