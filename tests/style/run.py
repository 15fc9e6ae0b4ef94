# SPDX-License-Identifier: BSD-3-Clause
"""Style suite, TAP. Every check is run on bad input first, then on the tree.

    VIO_BUILD=build/gcc tests/style/run.py
"""
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from checks import CHECKS, function_report
from seeds import SEEDS
from tree import Tree

TOP = Path(__file__).resolve().parents[2]
SHOWN_MAX = 20


def plant(folder, files):
    """Write @files below @folder, with this tree's format rules. Return: the Tree."""
    shutil.copy(TOP / '.clang-format', folder)
    for path, text in files.items():
        full = Path(folder) / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text)
    if 'libvio.c' in files:
        subprocess.run(['gcc', '-shared', '-fPIC', '-o', f'{folder}/libvio.so',
                        f'{folder}/libvio.c'], check=True)
    return Tree(folder, folder)


def seen_to_fail(check, files, part):
    """Does @check complain about @files with a text that has @part?"""
    with tempfile.TemporaryDirectory(prefix='vio-style-') as folder:
        complaints = check(plant(folder, files))
    return [] if any(part in c for c in complaints) else [f'complaints were: {complaints}']


def complaints_of(ask):
    """What @ask complains of; that it does not even run is a complaint too."""
    try:
        return ask()
    except Exception as error:  # pylint: disable=broad-except
        return [f'{type(error).__name__}: {error}']


def cases(tree):
    """(sentence, function that returns complaints), in order."""
    for sentence, check in CHECKS:
        name = check.__name__
        for what, files, part in SEEDS.get(name, []):
            yield (f'{name} notices: {what}',
                   lambda c=check, f=files, p=part: seen_to_fail(c, f, p))
        if name not in SEEDS:
            yield (f'{name} has bad input to prove itself on', lambda: ['none in seeds.py'])
        yield sentence, lambda c=check: c(tree)


def main():
    tree = Tree(TOP, os.environ.get('VIO_BUILD'))
    failed, number = 0, 0
    for number, (sentence, ask) in enumerate(cases(tree), 1):
        complaints = complaints_of(ask)
        print(f'{"not " if complaints else ""}ok {number} - {sentence}', flush=True)
        failed += bool(complaints)
        for complaint in complaints[:SHOWN_MAX]:
            print(f'#   {complaint}')
        if len(complaints) > SHOWN_MAX:
            print(f'#   and {len(complaints) - SHOWN_MAX} more')
    for line in function_report(tree):
        print(f'# note: {line}')
    print(f'1..{number}')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
