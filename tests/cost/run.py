#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Instructions of the bursts over each transport, counted by callgrind. TAP.

    tests/cost/run.py build/gcc/tests/cost/rounds
"""

import collections
import os
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'harness'))

from proc import output_of  # pylint: disable=wrong-import-position
from suite import Tap, missing, skip_all  # pylint: disable=wrong-import-position

TRANSPORTS = ('loop', 'vhost-user', 'pci')
KICK = 'vring_kick'
KICK_MOST = 20  # instructions
TIMEOUT = 120
LINE = re.compile(r'^\s*([\d,]+) .*?:(\S+)(?: \[|$)')

# A run of the program. variants: (packets, kicks) by name; own: instructions by function, without
# those of the functions that it calls, and only within bursts.
Counts = collections.namedtuple('Counts', 'variants own')


def run(command):
    return output_of(command, TIMEOUT)


def variants_of(text):
    """What the program printed; transmit variants come several times."""
    found = {}
    for name, packets, kicks in (line.split() for line in text.splitlines()):
        before = found.get(name, (0, 0))
        found[name] = (before[0] + int(packets), before[1] + int(kicks))
    return found


def count(program, transport, how, names, folder):
    out = os.path.join(folder, '%s-%s' % (transport, how))
    text = run(['valgrind', '-q', '--tool=callgrind', '--callgrind-out-file=' + out,
                *('--toggle-collect=' + name for name in names), program, transport, how])
    own = collections.Counter()
    for line in run(['callgrind_annotate', '--threshold=100', '--show=Ir', out]).splitlines():
        found = LINE.match(line)
        if found:
            own[found[2]] += int(found[1].replace(',', ''))
    return Counts(variants_of(text), dict(own))


def different(one, other):
    return {name: (one.get(name), other.get(name)) for name in sorted(set(one) | set(other))
            if one.get(name) != other.get(name)}


def look(tap, quiet, kicks):
    """quiet, kicks: Counts by transport, of a device that wants no kicks, and of one that does."""
    pci = quiet['pci']
    for name, (packets, _) in sorted(pci.variants.items()):
        each = {t: quiet[t].own.get(name) for t in TRANSPORTS}
        tap.point(len(set(each.values())) == 1 and each['pci'],
                  '%s: %.1f instructions a packet over each transport' %
                  (name, each['pci'] / packets), each)
    for other in TRANSPORTS[:2]:
        tap.point(pci.own == quiet[other].own,
                  'without kicks, pci calls what %s does, for as long' % other,
                  different(pci.own, quiet[other].own))
    own, n = kicks['pci'].own, sum(n for _, n in kicks['pci'].variants.values())
    tap.point(n and set(own) == set(pci.own) | {KICK}, 'a kick over pci calls nothing',
              sorted(set(own) ^ set(pci.own)))
    tap.point(0 < own[KICK] / n <= KICK_MOST,
              '%d kicks over pci take %.1f instructions each' % (n, own[KICK] / n))
    tap.note('note: cost: a kick over pci takes %.0f instructions, and calls nothing' %
             (own[KICK] / n))
    for other in TRANSPORTS[:2]:
        theirs = {name: ir for name, ir in kicks[other].own.items() if name in pci.own}
        ours = {name: ir for name, ir in own.items() if name != KICK}
        tap.point(ours == theirs and kicks[other].variants == kicks['pci'].variants,
                  'but for the kicks themselves, pci costs what %s does' % other,
                  different(ours, theirs))


def main():
    program = os.path.abspath(sys.argv[1])
    lacking = missing({'valgrind': 'valgrind', 'callgrind_annotate': 'valgrind'})
    if lacking:
        return skip_all('%s: instructions are not counted' % lacking)
    names = sorted(variants_of(run([program, 'pci', 'quiet'])))
    tap = Tap()
    with tempfile.TemporaryDirectory(prefix='vio-cost-') as folder:
        quiet, kicks = ({transport: count(program, transport, how, names, folder)
                         for transport in TRANSPORTS} for how in ('quiet', 'kicks'))
        look(tap, quiet, kicks)
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
