#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Models of what the driver relies on, checked in every state by spin. TAP.

    tests/proof/run.py

Each model holds as it is. Compiled with one of its BUGs it must not, or it proves nothing.
"""

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / 'harness'))
# pylint: disable=wrong-import-position
import suite
from proc import ProcError

BUGS = 3  # of each model
LIMIT = 60
STATES_LEAST = 1000  # of a model that holds: fewer, and it has not gone round its ring
ERRORS = re.compile(r'errors: (\d+)')
STATES = re.compile(r'(\d+) states, stored')
CUT_SHORT = 'max search depth too small'


def explore(model, bug):
    """What the checker that spin makes of @model says."""
    with tempfile.TemporaryDirectory(prefix='vio-proof-') as folder:
        def run(*command):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True,
                                  timeout=LIMIT, check=False)
            if done.returncode:
                raise ProcError(f'{command[0]} ended with {done.returncode}\n'
                                f'{done.stdout}{done.stderr}')
            return done.stdout

        run('spin', '-a', f'-DBUG={bug}', str(model))
        run('gcc', '-w', '-DSAFETY', '-o', 'pan', 'pan.c')
        return run('./pan', '-m1000000')


def judge(model, bug):
    """Return: it is as it should be, and the checker's words."""
    try:
        said = explore(model, bug)
    except suite.FAILURES as error:
        return False, str(error)
    found = int(ERRORS.search(said)[1])
    whole = CUT_SHORT not in said and int(STATES.search(said)[1]) >= STATES_LEAST
    return (found > 0 if bug else not found and whole), said


def main():
    lacks = suite.missing({'spin': 'spin', 'gcc': 'gcc'})
    if lacks:
        return suite.skip_all(lacks)
    suite.end_by_sigterm()
    tap = suite.Tap()
    jobs = [(model, bug) for model in sorted(HERE.glob('*.pml')) for bug in range(BUGS + 1)]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for (model, bug), (ok, said) in zip(jobs, pool.map(lambda job: judge(*job), jobs)):
            what = f'its bug {bug} is found' if bug else 'holds in every state'
            tap.point(ok, f'{model.stem}: {what}', said)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
