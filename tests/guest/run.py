#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""vio in a guest, on real PCI functions of QEMU's through the kernel's VFIO. No KVM. TAP.

    VIO_BUILD=build/gcc tests/guest/run.py [--list] [WORD...]
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / 'tests/harness'))
# pylint: disable=wrong-import-position
import kernel
import suite
from bed import Bed
from boots import BOOTS
from proc import ProcError, kill_all

# What a kernel says of a device that reached for memory that was not mapped for it.
DMA_FAULT = r'DMAR:.*(fault|DMA (Read|Write))|virtio_iommu.*fault'
COMPLAINT = r'WARNING:|BUG:|Oops|general protection|Call Trace'


def compile_example(args, folder):
    """README's program, with the library that was built."""
    text = (TOP / 'README.md').read_text(encoding='utf-8')
    source, args.example = os.path.join(folder, 'echo.c'), os.path.join(folder, 'echo')
    with open(source, 'w', encoding='utf-8') as out:
        out.write(re.search(r'^```c\n(.*?)^```', text, re.S | re.M)[1])
    subprocess.run(['cc', '-O2', '-I', TOP / 'lib/include', '-o', args.example, source,
                    args.library, '-lnuma', '-pthread'],
                   check=True, timeout=60)


def name_of(boot, case):
    return '%s: %s' % (boot.name, case.name)


def wanted(boot, words):
    return [case for case in boot.cases if all(word in name_of(boot, case) for word in words)]


def run_case(case, bed):
    """One case; what it left running ends."""
    bed.attempt(case)
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
    tap = suite.Tap()
    with tempfile.TemporaryDirectory(prefix='vio-guest-') as folder:
        os.chmod(folder, 0o755)
        compile_example(args, folder)
        try:
            for boot, cases in chosen:
                run_boot(boot, cases, tap, folder, image, args)
        finally:
            kill_all()
    return tap.finish()


def find_programs(args):
    """What of the build is used in the guest, and where its log goes."""
    args.verify, args.vio = suite.built('tests/backend/verify', 'apps/vio/vio')
    build = Path(args.verify).parents[2]
    args.library, args.logs = build / 'libvio.a', build / 'meson-logs'


def main():
    args = suite.options(__doc__).parse_args()
    chosen = [(boot, cases) for boot in BOOTS for cases in [wanted(boot, args.words)] if cases]
    if args.list:
        print('\n'.join(name_of(boot, case) for boot, cases in chosen for case in cases))
        return 0
    lacks = suite.missing({'qemu-system-x86_64': 'qemu-system-x86', 'dpdk-testpmd': 'dpdk-dev'})
    if lacks:
        return suite.skip_all(lacks)
    find_programs(args)
    try:
        image = kernel.get()
    except (kernel.KernelError, subprocess.SubprocessError, OSError) as error:
        suite.Tap.note(error)
        return suite.skip_all('no kernel for the guest')
    suite.end_by_sigterm()
    return run_boots(chosen, args, image)


if __name__ == '__main__':
    sys.exit(main())
