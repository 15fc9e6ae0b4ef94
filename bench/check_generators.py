# SPDX-License-Identifier: BSD-3-Clause
"""Does each generator send frames of the length that it is measured with, in each mode? TAP."""
import cost
from forward import WARM_US, end, start, window_of
from forwarders import Testpmd, Vio
from generators import FRAMES, OURS, THEIRS, maker_of_ours, maker_of_theirs, modes_of
from proc import ProcError

WINDOW_US = 200000  # the processor may have other things to do
# What a run tells of its costs: with --tx-only there is no other half.
TOLD = {'vhost-user': ('gen', 'tx'), 'loop:echo': cost.STEPS}
TITLES = {Vio.side: 'vio pktgen', Testpmd.side: 'dpdk-testpmd'}


def check_one(tap, backend, mode, maker, title, size):
    generator = start(backend, maker, mode)
    try:
        generator.thaw()
        seen = window_of(backend, mode[maker.side], 0, WARM_US, WINDOW_US)
        tap.point(seen['packets'], f'{title}: frames come', seen)
        tap.point(seen['bytes'] == FRAMES[size], f'{title}: they are {FRAMES[size]} bytes long',
                  seen)
        generator.freeze()
        window_of(backend, mode[maker.side], 0, 0, WARM_US)
        seen = window_of(backend, mode[maker.side], 0, 0, WARM_US)
        tap.point(not seen['packets'], f'{title}: none come while it is stopped', seen)
    finally:
        end(backend, mode, generator)


def check_cost(tap, backend, build, mode, port):
    title = f'vio pktgen, {port}, {mode["name"]}, ring {mode["entries"]}: told what a packet costs'
    try:
        seen = cost.PORTS[port](backend, build, mode, '1 flow', '64')
    except ProcError as error:
        tap.point(False, title, error)
        return
    if seen is None:
        tap.skip(title, 'the machine is too busy for a valid run')
        return
    tap.point(tuple(step for step in cost.STEPS if seen[step]) == TOLD[port], title, seen)


def cases(build, size):
    """Return: name and maker of each generator."""
    return ([(flows, maker_of_ours(build, flows, size)) for flows in OURS] +
            [(name, maker_of_theirs(name, size)) for name in THEIRS])


def check_mode(tap, backend, build, mode, size):
    for name, maker in cases(build, size):
        title = f'{TITLES[maker.side]}, {name}, {mode["name"]}, ring {mode["entries"]}, {size}'
        try:
            check_one(tap, backend, mode, maker, title, size)
        except ProcError as error:
            tap.point(False, title, error)
    for port in cost.PORTS:
        check_cost(tap, backend, build, mode, port)


def check(tap, backend, build, options):
    modes = [mode for mode in backend.about['modes'] if options.only in mode['name']]
    for number, mode in enumerate(modes_of(modes, options.only)):
        if mode['lacks']:
            tap.skip(f'generators, {mode["name"]}, ring {mode["entries"]}', mode['lacks'])
            continue
        check_mode(tap, backend, build, mode, list(FRAMES)[(number // 2 + number) % 2])
