#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""vio's driver against real vhost-user backends: dpdk-testpmd and Open vSwitch with DPDK. TAP.

    VIO_BUILD=build/gcc tests/backend/run.py [--quick] [--list] [WORD...]
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile

import faults
import matrix
import sleep
import switch
from rig import Rig, Tap
from proc import ProcError, kill_all

GROUPS = (matrix, faults, sleep, switch)


def sanitized(program):
    """Is it a build with sanitizers? Then it is slow, and what it finds it finds early."""
    with open(program, 'rb') as binary:
        return b'__asan_init' in binary.read()


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('words', nargs='*', help='only cases whose name holds all these words')
    parser.add_argument('--list', action='store_true', help='list the cases')
    parser.add_argument('--quick', action='store_true',
                        help='10^5 frames a mode, not 10^7; a build with sanitizers does it anyway')
    args = parser.parse_args()
    build = os.environ.get('VIO_BUILD', 'build/gcc')
    args.verify = os.path.join(build, 'tests/backend/verify')
    args.vio = os.path.join(build, 'apps/vio/vio')
    return args


def wanted_cases(words):
    cases = [case for group in GROUPS for case in group.cases()]
    return [case for case in cases if all(word in case.name for word in words)]


def run_case(case, rig, tap):
    """One case; whatever goes wrong in it fails it, and the next begins with a fresh backend."""
    rig.case = case.name
    try:
        case.run(rig)
    except (ProcError, OSError, ValueError, KeyError) as error:
        tap.point(False, case.name, '%s: %s' % (type(error).__name__, error))
        rig.reset()


def run_cases(cases, args, tap):
    with tempfile.TemporaryDirectory(prefix='vio-backend-') as folder:
        os.chmod(folder, 0o755)
        rig = Rig(tap, folder, args)
        try:
            for case in cases:
                run_case(case, rig, tap)
        finally:
            rig.reset()
            kill_all()


def main():
    args = parse_args()
    cases = wanted_cases(args.words)
    if args.list:
        print('\n'.join(case.name for case in cases))
        return 0
    if not shutil.which('dpdk-testpmd'):
        print('1..0 # SKIP no dpdk-testpmd (package dpdk-dev)')
        return 77
    if not {0, 1} <= os.sched_getaffinity(0):
        print('1..0 # SKIP needs processors 0 and 1: one for vio, one for the backend')
        return 77
    if not os.access(args.verify, os.X_OK):
        sys.exit('run.py: no %s: build first, and name the folder in VIO_BUILD' % args.verify)
    args.quick = args.quick or sanitized(args.verify)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    tap = Tap()
    run_cases(cases, args, tap)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
