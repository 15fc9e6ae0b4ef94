#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""vio's driver against QEMU's virtio-net-pci, registers over QEMU's qtest socket: no guest. TAP.

    VIO_BUILD=build/gcc tests/qtest/run.py [--list] [WORD...]
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile

import machine  # first: it finds tests/backend
import behaviour
import control
import modes
from bench import Bench
from proc import ProcError, kill_all
from rig import Tap

GROUPS = (modes, control, behaviour)
INSIDE = 'VIO_QTEST_NETWORK'  # set: this process has a network of its own


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('words', nargs='*', help='only cases whose name holds all these words')
    parser.add_argument('--list', action='store_true', help='list the cases')
    args = parser.parse_args()
    build = os.environ.get('VIO_BUILD', 'build/gcc')
    args.driver = os.path.join(build, 'tests/qtest/qtest-driver')
    return args


def enter_network():
    """Begin again in a network of our own, where a tap may be made; or go on without."""
    if INSIDE in os.environ or not os.access('/dev/net/tun', os.R_OK | os.W_OK):
        return
    way = ['unshare', '-n' if os.geteuid() == 0 else '-Urn']
    if subprocess.run(way + ['true'], capture_output=True, check=False).returncode == 0:
        os.environ[INSIDE] = '1'
        os.execvp(way[0], way + [sys.executable, '-B', *sys.argv])


def run_case(case, bench):
    bench.case = case.name
    try:
        case.run(bench)
    except (ProcError, OSError, ValueError, KeyError) as error:
        bench.tap.point(False, case.name, '%s: %s' % (type(error).__name__, error))
    finally:
        kill_all()


def main():
    args = parse_args()
    cases = [case for group in GROUPS for case in group.cases()
             if all(word in case.name for word in args.words)]
    if args.list:
        print('\n'.join(case.name for case in cases))
        return 0
    if not shutil.which(machine.QEMU):
        print('1..0 # SKIP no %s (package qemu-system-x86)' % machine.QEMU)
        return 77
    if not os.access(args.driver, os.X_OK):
        sys.exit('run.py: no %s: build first, and name the folder in VIO_BUILD' % args.driver)
    enter_network()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='vio-qtest-') as folder:
        bench = Bench(tap, folder, args, INSIDE in os.environ)
        for case in cases:
            run_case(case, bench)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
