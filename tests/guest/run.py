#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""vio in a guest, on real PCI functions of QEMU's through the kernel's VFIO. No KVM. TAP.

    VIO_BUILD=build/gcc tests/guest/run.py [--list] [WORD...]
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/backend'))

# pylint: disable=wrong-import-position
import kernel
from bed import Bed
from boots import BOOTS
from proc import ProcError, kill_all
from rig import Tap

# What a kernel says of a device that reached for memory that was not mapped for it.
DMA_FAULT = r'DMAR:.*(fault|DMA (Read|Write))|virtio_iommu.*fault'
COMPLAINT = r'WARNING:|BUG:|Oops|general protection|Call Trace'


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('words', nargs='*',
                        help='only cases whose name, behind that of the boot, holds all of these')
    parser.add_argument('--list', action='store_true', help='list the cases')
    args = parser.parse_args()
    args.build = build = os.path.abspath(os.environ.get('VIO_BUILD', 'build/gcc'))
    args.verify = os.path.join(build, 'tests/backend/verify')
    args.vio = os.path.join(build, 'apps/vio/vio')
    args.logs = os.path.join(build, 'meson-logs')
    return args


def compile_example(args, folder):
    """README's program, with the library that was built."""
    text = (TOP / 'README.md').read_text(encoding='utf-8')
    source, args.example = os.path.join(folder, 'echo.c'), os.path.join(folder, 'echo')
    with open(source, 'w', encoding='utf-8') as out:
        out.write(re.search(r'^```c\n(.*?)^```', text, re.S | re.M)[1])
    subprocess.run(['cc', '-O2', '-I', TOP / 'lib/include', '-o', args.example, source,
                    os.path.join(args.build, 'libvio.a'), '-lnuma', '-pthread'],
                   check=True, timeout=60)


def name_of(boot, case):
    return '%s: %s' % (boot.name, case.name)


def wanted(boot, words):
    return [case for case in boot.cases if all(word in name_of(boot, case) for word in words)]


def run_case(case, bed):
    """One case; whatever goes wrong in it fails it, and what it left running ends."""
    bed.case = case.name
    try:
        case.run(bed)
    except (ProcError, OSError, ValueError, KeyError, IndexError,
            subprocess.SubprocessError) as error:
        bed.point(False, 'comes to its end', '%s: %s' % (type(error).__name__, error))
    bed.tidy()
    look_at_log(bed, case.name)


def look_at_log(bed, case):
    """What the kernel has said since the last look."""
    for what, pattern in (('no device reached for memory that is not its own', DMA_FAULT),
                          ('the kernel has no complaint', COMPLAINT)):
        found = bed.dmesg(pattern)
        new, bed.seen[what] = found[bed.seen.get(what, 0):], len(found)
        if new or not case:
            bed.case = case or 'in the end'
            bed.point(not found, what, '\n'.join(new[:10]))


def run_boot(boot, cases, tap, folder, image, args):
    began, bed = time.monotonic(), None
    failed = tap.failed
    try:
        bed = Bed(boot, tap, folder, image, args)
        tap.note('%s: booted in %.1f s' % (boot.name, time.monotonic() - began))
        for case in cases:
            run_case(case, bed)
        look_at_log(bed, '')
        bed.close()
    except (ProcError, OSError) as error:
        tap.point(False, boot.name + ': boots and ends', error)
    finally:
        kill_all()
    if bed and tap.failed > failed:
        path = os.path.join(args.logs, 'guest-%s.log' % boot.name.replace(' ', '-'))
        os.makedirs(args.logs, exist_ok=True)
        with open(path, 'w', encoding='utf-8') as log:
            log.write(bed.log())
        tap.note('the guest\'s log is in ' + path)
    tap.note('%s: %.1f s' % (boot.name, time.monotonic() - began))


def run_boots(chosen, args, image):
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='vio-guest-') as folder:
        os.chmod(folder, 0o755)
        compile_example(args, folder)
        try:
            for boot, cases in chosen:
                run_boot(boot, cases, tap, folder, image, args)
        finally:
            kill_all()
    return tap.finish()


def main():
    args = parse_args()
    chosen = [(boot, cases) for boot in BOOTS for cases in [wanted(boot, args.words)] if cases]
    if args.list:
        print('\n'.join(name_of(boot, case) for boot, cases in chosen for case in cases))
        return 0
    for program, package in (('qemu-system-x86_64', 'qemu-system-x86'),
                             ('dpdk-testpmd', 'dpdk-dev')):
        if not shutil.which(program):
            print('1..0 # SKIP no %s (package %s)' % (program, package))
            return 77
    for program in (args.verify, args.vio):
        if not os.access(program, os.X_OK):
            sys.exit('run.py: no %s: build first, and name the folder in VIO_BUILD' % program)
    try:
        image = kernel.get()
    except (kernel.KernelError, subprocess.SubprocessError, OSError) as error:
        print('\n'.join('# ' + line for line in str(error).splitlines()))
        print('1..0 # SKIP no kernel for the guest')
        return 77
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    return run_boots(chosen, args, image)


if __name__ == '__main__':
    sys.exit(main())
