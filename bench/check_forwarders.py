# SPDX-License-Identifier: BSD-3-Clause
"""Does each forwarder, in each mode, bring every frame back as it should? TAP."""
from forward import WARM_US, end, makers_of, start, window_of
from forwarders import Testpmd, Vio
from proc import ProcError

TITLES = {Vio.side: 'vio fwd', Testpmd.side: 'dpdk-testpmd'}
WINDOW_US = 200000  # the processor may have other things to do
# Of frames, without the checksum: one in a line of the cache, a full one, and one in between.
BYTES = (60, 594, 1514)


def back(seen):
    return seen['came'] == seen['sent'] and not seen['wrong']


def check_one(tap, backend, mode, maker, move):
    title = f'{TITLES[maker.side]}, {mode["name"]}, {move}'
    name, swap = mode[maker.side], int(move == 'macswap')
    forwarder = start(backend, maker, mode)
    try:
        forwarder.thaw()
        for size in BYTES:
            seen = backend.ask('check', name, size, swap)
            tap.point(back(seen), f'{title}: frames of {size} bytes come back as they should', seen)
        seen = backend.ask('check', name, BYTES[0], 1 - swap)
        tap.point(seen['wrong'] == seen['sent'], f'{title}: other addresses would be noticed', seen)
        seen = window_of(backend, name, BYTES[0], WARM_US, WINDOW_US)
        tap.point(seen['packets'], f'{title}: a window of traffic moves packets', seen)
    finally:
        end(backend, mode, forwarder)


def check(tap, backend, build, options):
    for number, mode in enumerate(backend.about['modes']):
        if options.only not in mode['name']:
            continue
        for maker in makers_of(build, move := ('io', 'macswap')[number % 2]):
            title = f'{TITLES[maker.side]}, {mode["name"]}, {move}: frames come back'
            if mode['lacks']:
                tap.skip(title, mode['lacks'])
                continue
            try:
                check_one(tap, backend, mode, maker, move)
            except ProcError as error:
                tap.point(False, title, error)
