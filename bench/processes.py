#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compare vio with DPDK as users meet them, as processes: forwarders, generators, start, memory.

    VIO_BUILD=build/bench bench/processes.py [--forward] [--generate] [--start] [--json FILE]
                                             [--only MODE]
    VIO_BUILD=build/gcc bench/processes.py --check [--forward] [--generate]

Called by scripts/bench, which reserves huge pages.
"""
import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from forwarders import TOP, Backend
# pylint: disable=wrong-import-position,wrong-import-order
import check_forwarders
import check_generators
import forward
import generate
import start
from figures import write_json
from proc import ProcError, kill_all
from suite import Tap, end_by_sigterm, missing, skip_all

FAR_NS = 100
SETTINGS = {'forward': forward, 'generate': generate, 'start': start}
CHECKS = {'forward': check_forwarders, 'generate': check_generators}


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--forward', action='store_true', help='only the forwarders')
    parser.add_argument('--generate', action='store_true', help='only the generators')
    parser.add_argument('--start', action='store_true', help='only start and memory')
    parser.add_argument('--check', action='store_true',
                        help='measure nothing: see that all of them move frames (TAP)')
    parser.add_argument('--json', help='write every figure to this file')
    parser.add_argument('--add', action='store_true', help='to what the file has already')
    parser.add_argument('--only', default='', metavar='TEXT',
                        help='only modes with TEXT in their name')
    parser.add_argument('--core', type=int, help='processor of what is compared; default: the last')
    parser.add_argument('--starts', type=int, default=3,
                        help='of each program, default %(default)s')
    parser.add_argument('--windows', type=int, default=15,
                        help='pairs of windows after each start, default %(default)s')
    parser.add_argument('--window-us', type=int, default=3000, help='default %(default)s')
    return parser.parse_args()


def chosen(options, table):
    """Those of @table that are asked for; all, where none is."""
    return [table[name] for name in table if getattr(options, name)] or list(table.values())


def check(backend, build, options):
    """Return: exit code."""
    tap = Tap()
    for one in chosen(options, CHECKS):
        one.check(tap, backend, build, options)
    return tap.finish()


def measure(backend, build, options):
    """Return: exit code."""
    about = backend.about
    modes = [mode for mode in about['modes'] if options.only in mode['name'] and not mode['lacks']]
    document = {key: about[key] for key in ('core', 'other_core', 'one_way_ns')}
    for one in chosen(options, SETTINGS):
        result = one.measure(backend, build, modes, options)
        one.show(result, options)
        document.update(result)
    for mode in about['modes']:
        if options.only in mode['name'] and mode['lacks']:
            print(f'{mode["name"]:26}not measured: {mode["lacks"]}')
    far = 'close' if about['one_way_ns'] < FAR_NS else 'far'
    print(f'Processor {about["core"]}; the backend on {about["other_core"]} is {far}: a cache line '
          f'takes {about["one_way_ns"]:.0f} ns one way.')
    if options.json:
        write_json(options.json, document, options.add)
    return 0


def work(options, folder):
    """Return: exit code."""
    lacks = missing({'dpdk-testpmd': 'dpdk-dev'})
    if not lacks:
        build = Path(os.environ.get('VIO_BUILD', TOP / 'build/bench')).resolve()
        backend = Backend(build / 'bench/dpdk/vio-bench-backend', folder, options.core)
        lacks = backend.about.get('lacks')
    if lacks and options.check:
        return skip_all(lacks)
    if lacks:
        print(f'Forwarders, generators, start and memory are not measured: {lacks}.')
        return 0
    os.sched_setaffinity(0, {backend.about['core']})  # and its children
    return (check if options.check else measure)(backend, build, options)


def main():
    options = parse_args()
    end_by_sigterm()
    with tempfile.TemporaryDirectory(prefix='vio-bench-') as folder:
        try:
            return work(options, folder)
        except (ProcError, OSError, subprocess.SubprocessError) as error:
            print(f'bench: {error}', file=sys.stderr)
            return 1
        finally:
            kill_all()


if __name__ == '__main__':
    sys.exit(main())
