# SPDX-License-Identifier: BSD-3-Clause
"""Sleeping for packets: `vio fwd` and `vio pktgen` with --wait against testpmd."""

import re
import resource
import time

from proc import Proc
from suite import Case
from verify import faults_of

MODES = ('packed=off,event_idx=off', 'packed=off,event_idx=on',
         'packed=on,event_idx=off', 'packed=on,event_idx=on')
TRIES = 3


def vio(rig, *args, deadline=30):
    """One run on processors 0 and 1. Returns (exit code, output, processor seconds)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = Proc([rig.args.vio, *args], 'vio ' + ' '.join(args), deadline)
    code = run.wait(deadline)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return code, run.out, seconds


def address_of(rig, options):
    return 'vhost-user:%s,size=256,%s' % (rig.socket, options)


def idle(options):
    """Nothing comes: who sleeps needs a small part of the processor time of who polls."""
    def run(rig):
        pmd = rig.testpmd(1)
        pmd.start('io')
        for _ in range(TRIES):
            args = ('fwd', address_of(rig, options), '-t', '1s', '-q')
            _, _, polling = vio(rig, *args)
            code, out, sleeping = vio(rig, *args, '--wait')
            if code or sleeping < polling / 4:
                break
        pmd.stop()
        rig.point(code == 0, 'opens and ends', out)
        rig.point(sleeping < polling / 4, 'sleeps',
                  '%.2f s of processor time asleep, %.2f s awake' % (sleeping, polling))
        rig.measured('%.2f s of processor time in 1 s, %.2f s without --wait' %
                     (sleeping, polling))
    return run


def forwards(options):
    """Traffic without a pause: all that is received is sent or counted as dropped."""
    def run(rig):
        pmd = rig.testpmd(1)
        pmd.start('txonly')
        code, out, _ = vio(rig, 'fwd', address_of(rig, options), '-t', '1s', '-q', '--wait')
        pmd.stop()
        totals = re.search(r'received (\d+) +sent (\d+) +dropped (\d+)', out)
        received, sent, dropped = map(int, totals.groups()) if totals else (0, 0, 0)
        rig.point(code == 0 and received > 1000 and received == sent + dropped,
                  'forwards what comes', out)
    return run


def wakes(options):
    """One frame on its way at a time, and a sleep until it comes."""
    def run(rig):
        pmd = rig.testpmd(1)
        pmd.start('io')
        count = 2000 if rig.args.quick else 20000
        result = rig.verify('-n', count, '-w', 1, 'sleep', address_of(rig, options) + ',wait=on',
                            deadline=60).result()
        pmd.stop()
        rig.point(not faults_of(result) and result['rx'] == count, 'none is slept over', result)
    return run


def backend_killed(options):
    """Who sleeps learns that the backend has gone, and says so."""
    def run(rig):
        rig.testpmd(1).start('io')
        run = Proc([rig.args.vio, 'fwd', address_of(rig, options + ',recover=off'), '-t',
                    '30s', '-q', '--wait'],
                   'vio fwd', 40)
        rig.pmd.expect('virtio is now ready for processing')
        time.sleep(0.5)  # it sleeps
        began = time.monotonic()
        rig.pmd.kill()
        code = run.wait(20)
        took = time.monotonic() - began
        rig.point(code == 1 and 'error[VIO-VU-01]' in run.out, 'says that it has gone', run.out)
        rig.point(took < 5, 'ends within seconds', '%.1f s' % took)
        rig.reset()
    return run


def cases():
    kinds = (('idle', idle), ('forwards', forwards), ('wakes', wakes),
             ('backend killed', backend_killed))
    return [Case('sleep, %s, %s' % (mode, name), kind(mode)) for mode in MODES
            for name, kind in kinds]
