#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""vio's driver against real vhost-user backends: dpdk-testpmd and Open vSwitch with DPDK. TAP.

    VIO_BUILD=build/gcc tests/backend/run.py [--quick] [--rounds N] [--list] [WORD...]
"""

import os
import sys
import tempfile

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'harness'))
# pylint: disable=wrong-import-position
import faults
import matrix
import revive
import sleep
import suite
import switch
from proc import kill_all
from rig import Rig

GROUPS = (matrix, faults, revive, sleep, switch)


def sanitized(program):
    """Is it a build with sanitizers? Then it is slow, and what it finds it finds early."""
    with open(program, 'rb') as binary:
        return b'__asan_init' in binary.read()


def parse_args():
    parser = suite.options(__doc__)
    parser.add_argument('--quick', action='store_true',
                        help='10^5 frames a mode, not 10^7; a build with sanitizers does it anyway')
    parser.add_argument('--rounds', type=int, default=1, metavar='N',
                        help='kill and start a backend so often in each of the cases that do')
    return parser.parse_args()


def wanted_cases(words):
    cases = [case for group in GROUPS for case in group.cases()]
    return [case for case in cases if all(word in case.name for word in words)]


def run_cases(cases, args):
    tap = suite.Tap()
    with tempfile.TemporaryDirectory(prefix='vio-backend-') as folder:
        os.chmod(folder, 0o755)
        rig = Rig(tap, folder, args)
        try:
            for case in cases:
                if not rig.attempt(case):
                    rig.reset()  # the next begins with a fresh backend, which nobody else meets
                    kill_all()
        finally:
            rig.reset()
            kill_all()
    return tap.finish()


def main():
    args = parse_args()
    cases = wanted_cases(args.words)
    if args.list:
        print('\n'.join(case.name for case in cases))
        return 0
    lacks = suite.missing({'dpdk-testpmd': 'dpdk-dev'})
    if lacks:
        return suite.skip_all(lacks)
    if not {0, 1} <= os.sched_getaffinity(0):
        return suite.skip_all('needs processors 0 and 1: one for vio, one for the backend')
    args.verify, args.revive, args.vio = suite.built('tests/backend/verify',
                                                     'tests/backend/revive', 'apps/vio/vio')
    args.quick = args.quick or sanitized(args.verify)
    suite.end_by_sigterm()
    return run_cases(cases, args)


if __name__ == '__main__':
    sys.exit(main())
