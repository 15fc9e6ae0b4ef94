#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""vio's driver against QEMU's virtio-net-pci, registers over QEMU's qtest socket: no guest. TAP.

    VIO_BUILD=build/gcc tests/qtest/run.py [--list] [WORD...]
"""

import os
import subprocess
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'harness'))
# pylint: disable=wrong-import-position
import behaviour
import control
import modes
import suite
from bench import Bench
from machine import QEMU
from proc import kill_all

GROUPS = (modes, control, behaviour)
INSIDE = 'VIO_QTEST_NETWORK'  # set: this process has a network of its own


def enter_network():
    """Begin again in a network of our own, where a tap may be made; or go on without."""
    if INSIDE in os.environ or not os.access('/dev/net/tun', os.R_OK | os.W_OK):
        return
    way = ['unshare', '-n' if os.geteuid() == 0 else '-Urn']
    if subprocess.run(way + ['true'], capture_output=True, check=False).returncode == 0:
        os.environ[INSIDE] = '1'
        os.execvp(way[0], way + [sys.executable, '-B', *sys.argv])


def main():
    args = suite.options(__doc__).parse_args()
    cases = [case for group in GROUPS for case in group.cases()
             if all(word in case.name for word in args.words)]
    if args.list:
        print('\n'.join(case.name for case in cases))
        return 0
    lacks = suite.missing({QEMU: 'qemu-system-x86'})
    if lacks:
        return suite.skip_all(lacks)
    args.driver, = suite.built('tests/qtest/qtest-driver')
    enter_network()
    suite.end_by_sigterm()
    tap = suite.Tap()
    with tempfile.TemporaryDirectory(prefix='vio-qtest-') as folder:
        bench = Bench(tap, folder, args, INSIDE in os.environ)
        for case in cases:
            bench.attempt(case)
            kill_all()
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
