#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Compare instructions per packet of every variant with the table bench/instructions.txt, TAP.

    VIO_BUILD=build/gcc bench/instructions.py [--record]

--record writes the table. The counts are callgrind's and the same each time, but they belong to one
compiler with its options: with another nothing is compared. See docs/performance.md.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / 'tests/harness'))

from proc import ProcError, output_of  # pylint: disable=wrong-import-position
from suite import Tap, missing, skip_all  # pylint: disable=wrong-import-position

BUILD = Path(os.environ.get('VIO_BUILD', TOP / 'build/gcc')).resolve()
PROGRAM = BUILD / 'bench/vio-count'
TABLE = TOP / 'bench/instructions.txt'
RECORD = 'bench/instructions.py --record'
# Per cent: more than this worse fails, more than that better is to be recorded.
WORSE, BETTER = 3, 1
LIMIT_SECONDS = 160


def run(command):
    return output_of(command, LIMIT_SECONDS)


def count():
    """Run the bursts under callgrind. Return: {(body, burst): instructions per packet}."""
    counts = {}
    with tempfile.TemporaryDirectory(prefix='vio-count-') as folder:
        run(['valgrind', '-q', '--command-line-only=yes', '--tool=callgrind',
             f'--callgrind-out-file={folder}/out', '--toggle-collect=counted_*', PROGRAM])
        for dump in Path(folder).iterdir():
            text = dump.read_text(errors='replace')
            case = re.search(r'^desc: Trigger: Client Request: (\w+) (\d+) (\d+)$', text, re.M)
            if case:
                total = int(re.search(r'^summary: (\d+)', text, re.M)[1])
                counts[case[1], int(case[2])] = round(total / int(case[3]), 2)
    return counts


def read_table():
    """Return: the build that the table belongs to, and its counts; None and {} without a table."""
    if not TABLE.exists():
        return None, {}
    text, counts = TABLE.read_text(), {}
    bursts = [int(n) for n in re.findall(r'burst (\d+)', text)]
    for line in text.splitlines():
        if line and not line.startswith('#'):
            body, *cells = line.split()
            counts.update({(body, n): float(cell) for n, cell in zip(bursts, cells)})
    return re.search(r'^# build: (.*)$', text, re.M)[1], counts


def write_table(build, counts):
    bursts = sorted({burst for _, burst in counts})
    lines = ['# Instructions per packet, counted by callgrind: docs/performance.md.',
             f'# {RECORD} writes this table.', f'# build: {build}', '#',
             f'# {"body":28}' + ''.join(f'{f"burst {n}":>10}' for n in bursts)]
    for body in sorted({body for body, _ in counts}):
        lines.append(f'{body:30}' + ''.join(f'{counts[body, n]:10.2f}' for n in bursts))
    TABLE.write_text('\n'.join(lines) + '\n')


def judge(recorded, found):
    """Return: one of 'worse', 'better', 'same', and it in words."""
    if not found:
        return 'worse', 'nothing counts it any more'
    if not recorded:
        return 'worse', 'the table does not have it'
    change = 100 * (found - recorded) / recorded
    words = f'{abs(change):.1f} % {"more" if change > 0 else "fewer"} than recorded'
    if change > WORSE:
        return 'worse', words
    return ('better', words) if change < -BETTER else ('same', words if change else 'as recorded')


# Recorded, found, and what is to be said of it.
JUDGED = [
    (100, 103.01, 'worse', 'more than 3 % above the table'),
    (100, 103, 'same', '3 % above the table'),
    (100, 100, 'same', 'what the table says'),
    (100, 99, 'same', '1 % below the table'),
    (100, 98.99, 'better', 'more than 1 % below the table'),
    (None, 100, 'worse', 'what the table does not have'),
    (100, None, 'worse', 'what is in the table only'),
]


def unmatched(counts):
    """Bodies that the program has, by its symbols, and that are not counted; or the other way."""
    symbols = run(['nm', '--defined-only', PROGRAM])
    bodies = re.findall(r' [tT] ([rt]x_(?:split|packed)\w*)', symbols)
    return sorted(set(bodies) ^ {body for body, _ in counts})


def cell(count):
    return f'{count:.2f}' if count else 'none'


def compare(table, counts):
    tap, verdicts = Tap(), []
    for recorded, found, verdict, what in JUDGED:
        tap.point(judge(recorded, found)[0] == verdict, f'{what} is called {verdict}')
    left = unmatched(counts)
    tap.point(not left, ', not '.join(['every body of the driver is counted'] + left))
    for body, burst in sorted(table.keys() | counts.keys()):
        recorded, found = table.get((body, burst)), counts.get((body, burst))
        verdict, words = judge(recorded, found)
        verdicts.append(verdict)
        tap.point(verdict != 'worse', f'{body}, burst {burst}: {cell(found)} instructions per '
                                      f'packet, {cell(recorded)} recorded: {words}')
    if 'worse' in verdicts:
        tap.note(f'where that is the price of something: {RECORD}; the commit says of what')
    if 'better' in verdicts:
        tap.note(f'note: instructions: {verdicts.count("better")} of {len(verdicts)} counts are '
                 f'more than {BETTER} % below the table; keep that: {RECORD}')
    return tap.finish()


def skip(why):
    skip_all(why)
    return 0


def work(record):
    lacking = missing({'valgrind': 'valgrind'})
    if lacking:
        return skip(lacking)
    build, (recorded_build, table) = run([PROGRAM, '--build']).strip(), read_table()
    if recorded_build not in (None, build):
        why = f'{TABLE.name} belongs to {recorded_build}; this build is {build}'
        if record:
            raise ProcError(f'{why}. To begin anew, delete the table')
        return skip(f'NOTHING WAS COMPARED: {why}')
    counts = count()
    if record:
        write_table(build, counts)
        print(f'{len(counts)} counts recorded in {TABLE}')
        return 0
    return compare(table, counts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--record', action='store_true', help='write the table')
    record = parser.parse_args().record
    try:
        return work(record)
    except (ProcError, OSError, subprocess.TimeoutExpired) as error:
        print('1..1\nnot ok 1 - instructions can be counted\n# ' +
              str(error).replace('\n', '\n# '))
        return 1


if __name__ == '__main__':
    sys.exit(main())
