# SPDX-License-Identifier: BSD-3-Clause
"""What the scripts that measure have in common."""
import platform
import subprocess
import sys
from pathlib import Path
from statistics import median

TOP = Path(__file__).resolve().parent.parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOP / 'bench'))

from figures import spread  # pylint: disable=wrong-import-position


def build(target, name='bench', *options):
    """
    Make @target in the release build build/@name; packages that are missing are installed. Return:
    path of the program.
    """
    folder = TOP / 'build' / name
    subprocess.run([TOP / 'scripts/deps', 'build', 'bench'], check=True, timeout=1800)
    if not (folder / 'build.ninja').exists():
        subprocess.run(['meson', 'setup', str(folder), str(TOP), '--buildtype=release',
                        '-Dbench=true', '-Dtests=false', *options], check=True,
                       stdout=subprocess.DEVNULL, timeout=120)
    subprocess.run(['ninja', '-C', str(folder), target], check=True, stdout=subprocess.DEVNULL,
                   timeout=600)
    return folder / target


def processor():
    """Name of the processor, as the kernel gives it."""
    for line in Path('/proc/cpuinfo').read_text(encoding='utf-8').splitlines():
        if line.startswith('model name'):
            return line.split(':', 1)[1].strip()
    return platform.machine()


def middle(values):
    """Median and spread."""
    return median(values), spread(values)
