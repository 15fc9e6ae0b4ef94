#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Does the hostile suite notice when the driver trusts its device? TAP.

    tests/hostile/mutants.py [--list] [PATTERN]

Each check of what a device says is left out in turn: every DISTRUST() that drivers/virtio has, and
the further ones of the table below. The suite must fail each time. One program is built for all of
them, from a copy of the tree in which the environment says which check is out: MUTANT=N.
"""
import argparse
import fnmatch
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/harness'))

from suite import Tap  # pylint: disable=wrong-import-position

DRIVER = 'drivers/virtio'
HEADER = 'mutant.h'  # what each file begins with
NEEDED = ['meson.build', 'meson_options.txt', 'lib', 'drivers', 'apps', 'bench', 'tests']
BUILD_LIMIT, RUN_LIMIT = 600, 120  # seconds
# Only this program is built, and compilers take most of the time.
OPTIONS = ['-Doptimization=1', '-Ddebug=false', '-Dwerror=false']
CHOICE = """#include <stdbool.h>
extern int mutant;
#define CHECK(number, condition) (mutant != (number) && (condition))
"""
CHOOSE = """
#include <stdlib.h>
int mutant;
static __attribute__((constructor)) void mutant_choose(void)
{
	mutant = atoi(getenv("MUTANT") ? getenv("MUTANT") : "0");
}
"""

# Checks that stand without DISTRUST(), since they cost nothing or are no part of the data path:
# file, expression, what it becomes.
FURTHER = [
    ('vring.h', 'min_u32(n, ring_in_flight(r))', ['n']),
    ('ctrl.c', 'ack != CTRL_OK', ['ack == CTRL_ERR']),
    ('net_hdr.c', '(uint32_t)off->csum_start + off->csum_offset + 2 > frame_len',
     ['(uint32_t)off->csum_start + off->csum_offset > frame_len',
      '(uint16_t)(off->csum_start + off->csum_offset + 2) > frame_len']),
    ('net_hdr.c', '!off->gso_ecn;', ['true']),
    ('net_hdr.c', 'off->gso_size && off->csum_needed', ['off->csum_needed', 'off->gso_size']),
    ('net_hdr.c', 'off->gso_hdr_len > frame_len', ['false']),
    ('device.c', '*mtu >= NET_MTU_MIN', ['true']),
    ('device.c', 'max && max < 0x8000', ['max', 'max < 0x8000']),
    ('device.c', '!max || max > SPLIT_ENTRIES_MAX', ['!max', 'max > SPLIT_ENTRIES_MAX']),
    ('device.c', '!(mac[0] & 1)', ['true']),
    ('device.c', 'memcmp(mac, none, sizeof(none)) != 0', ['true']),
    ('config.c', 'le32_to(raw.speed) <= NET_SPEED_MAX', ['true']),
]


class Mutants:
    """The copy at @root, with every check in it made one that can be left out."""

    def __init__(self, root):
        self.root, self.what = root, []
        copy_tree(root)
        (root / HEADER).write_text(CHOICE)
        with open(root / DRIVER / 'features.c', 'a', encoding='utf-8') as f:
            f.write(CHOOSE)
        for path in sorted((root / DRIVER).glob('*.[ch]')):
            if path.name != 'distrust.h':
                self.mark(path)
        for name, old, new in FURTHER:
            self.replace(root / DRIVER / name, old, new)

    def number(self, path, what):
        """The number of one more mutant."""
        self.what.append(f'{path.relative_to(self.root)}: {what}')
        return len(self.what)

    def mark(self, path):
        """Make each DISTRUST() a check that can be left out."""
        lines = path.read_text().splitlines(keepends=True)
        for i, line in enumerate(lines):
            while 'DISTRUST(' in line:
                n = self.number(path, f'{i + 1}: {lines[i].strip()}')
                line = line.replace('DISTRUST(', f'CHECK({n}, ', 1)
            lines[i] = line
        path.write_text(''.join(lines))

    def replace(self, path, old, new):
        text, end = path.read_text(), ';' if old.endswith(';') else ''
        if text.count(old) != 1:
            raise LookupError(f'{path.name} has "{old}" {text.count(old)} times')
        chain = f'({old.rstrip(";")})'
        for one in new:
            chain = f'(mutant == {self.number(path, f"{one} for {old}")} ? ({one}) : {chain})'
        path.write_text(text.replace(old, chain + end))


def copy_tree(root):
    for name in NEEDED:
        source = TOP / name
        if source.is_dir():
            shutil.copytree(source, root / name)
        else:
            shutil.copy(source, root / name)


def build(root):
    """Return: what went wrong, '' if nothing did."""
    folder, include = root / 'build', f"-Dc_args=['-include','{root / HEADER}']"
    for command in (['meson', 'setup', str(folder), str(root), include] + OPTIONS,
                    ['ninja', '-C', str(folder), 'tests/hostile/hostile']):
        done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_LIMIT,
                              env={**os.environ, 'CC': 'gcc'}, check=False)
        if done.returncode:
            return '\n'.join((done.stdout + done.stderr).splitlines()[-20:])
    return ''


def failure(root, number):
    """Run the suite without check @number. Return: how it failed, '' if it passed."""
    env = {**os.environ, 'CMOCKA_MESSAGE_OUTPUT': 'TAP', 'MUTANT': str(number)}
    done = subprocess.run([root / 'build/tests/hostile/hostile', '--first'], capture_output=True,
                          text=True, timeout=RUN_LIMIT, env=env, errors='replace', check=False)
    if not done.returncode:
        return ''
    failed = re.findall(r'^not ok \d+ - (.*:.*)', done.stdout, re.MULTILINE)
    return failed[0] if failed else f'the program ended with {done.returncode}'


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--list', action='store_true', help='show the checks')
    parser.add_argument('pattern', nargs='?', default='*', help='of file and text')
    args = parser.parse_args()
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='vio-mutants-') as folder:
        mutants = Mutants(Path(folder))
        chosen = [(n, what) for n, what in enumerate(mutants.what, 1)
                  if fnmatch.fnmatch(what, args.pattern)]
        if args.list:
            print('\n'.join(what for n, what in chosen))
            return 0
        error = build(mutants.root) or failure(mutants.root, 0)
        tap.point(not error, 'the suite passes as the driver is', error)
        for number, what in [] if error else chosen:
            how = failure(mutants.root, number)
            tap.point(bool(how), f'the suite fails without {what}', 'it passes')
            if how:
                tap.note(how)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
