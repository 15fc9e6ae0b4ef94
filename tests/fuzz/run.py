#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Each fuzz target for a short while, from its corpus. TAP. scripts/fuzz runs them for long.

    VIO_BUILD=build/asan-clang tests/fuzz/run.py
"""

import os
import sys
import tempfile
from pathlib import Path

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'harness'))
# pylint: disable=wrong-import-position
import suite
import target

SECONDS = 2
RUNS_LEAST = 100  # a target that does nothing finds nothing


def judge(tap, run):
    finding = run.finding()
    tap.point(not finding, f'{run.target.name}: inputs from its corpus on are survived', finding)
    tap.point(run.executed >= RUNS_LEAST and run.target.seeds(),
              f'{run.target.name}: has a corpus, and runs',
              f'{run.executed} runs, {len(run.target.seeds())} files')
    tap.note(f'{run.target.name}: {run.executed} runs, {run.rate():.0f} a second of processor '
             f'time, {run.coverage} branches')


def main():
    targets = target.found(os.environ.get('VIO_BUILD', 'build/asan-clang'))
    if not targets:
        sys.exit('run.py: no fuzz targets: build with -Dfuzz=true, and name it in VIO_BUILD')
    suite.end_by_sigterm()
    tap = suite.Tap()
    with tempfile.TemporaryDirectory(prefix='vio-fuzz-') as folder:
        runs = target.run_all(targets.values(), SECONDS, Path(folder),
                              len(os.sched_getaffinity(0)), lambda _: None)
        for run in runs:
            judge(tap, run)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
