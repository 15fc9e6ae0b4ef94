# SPDX-License-Identifier: BSD-3-Clause
"""Packets per second of vio fwd beside dpdk-testpmd: both alive on one processor, one of them
stopped, while the backend on another one sends to the other and counts what comes back."""
import random
import re
from contextlib import contextmanager
from statistics import median

from figures import figure, show_table
from forwarders import BURST, CACHE, ENTRIES, MBUFS, MEMORY, Maker, Testpmd, Vio
from proc import ProcError

MOVES = ('io', 'macswap')
# Name, and bytes without the checksum.
FRAMES = {'64': 60, '1500': 1496}
READY_MS = 15000
WARM_US = 1000  # the buffers of either go round once
# Of a window in which all is well, nothing comes back for some microseconds at most. vio's first
# thread, which looks at its ports 50 times a second on the same processor, takes tens of them.
GAP_US = 200
TRIES = 4  # for each pair of windows that is wanted
PATH = r'using ([\w ,]+) %s path on port'


def start(backend, maker, mode):
    """Return: a forwarder through which a frame has come, stopped."""
    name = mode[maker.side]
    backend.send(f'first {name} {READY_MS}')
    forwarder = maker.make(mode, backend.folder / name)
    if not backend.answer(READY_MS / 1000 + 5)['first_ns']:
        forwarder.kill()
        raise ProcError(f'{forwarder.name}, {mode["name"]}: no frame came back in '
                        f'{READY_MS} ms; what it says:\n{forwarder.out[-1500:]}')
    forwarder.freeze()
    return forwarder


def end(backend, mode, forwarder):
    forwarder.kill()
    if not backend.ask('gone', mode[forwarder.side], 5000)['gone']:
        raise ProcError(f'{forwarder.name}: the backend has not seen it go in 5000 ms')


@contextmanager
def both(backend, makers, mode):
    """A forwarder of each, stopped."""
    forwarders = []
    try:
        for maker in makers:
            forwarders.append(start(backend, maker, mode))
        yield forwarders
    finally:
        for forwarder in forwarders:
            end(backend, mode, forwarder)


def window_of(backend, name, size, warm_us, window_us):
    """@size: bytes without the checksum. Return: what the backend has counted."""
    return backend.ask('window', name, size, warm_us, window_us)


def window(backend, mode, forwarder, size, window_us):
    """@size: as above; 0: nothing is sent, since it sends by itself.

    Return: million packets per second; None if the window does not count."""
    forwarder.thaw()
    seen = window_of(backend, mode[forwarder.side], size, WARM_US, window_us)
    forwarder.freeze()
    if seen['gap_us'] > GAP_US or seen['switches'] or not seen['packets']:
        return None
    return seen['packets'] * 1e3 / seen['ns']


def windows(backend, mode, forwarders, size, options):
    """Pairs of windows in random order. Return: those that count."""
    pairs = []
    for _ in range(TRIES * options.windows):
        order = random.sample(range(2), 2)
        speed = {i: window(backend, mode, forwarders[i], size, options.window_us) for i in order}
        if None not in speed.values():
            pairs.append((speed[0], speed[1]))
        if len(pairs) == options.windows:
            break
    return pairs


def paths_of(testpmd):
    """The code that DPDK's driver says it has chosen."""
    found = [re.findall(PATH % way, testpmd.out) for way in ('Rx', 'Tx')]
    return [one[-1] if one else 'not told' for one in found]


def makers_of(build, move):
    return (Maker(Vio.side, lambda *at: Vio(build / 'apps/vio/vio', *at, move)),
            Maker(Testpmd.side, lambda *at: Testpmd(*at, move)))


def measure_mode(backend, makers, mode, options):
    """Return: pairs of windows of each size of frames, and what DPDK's driver has chosen."""
    pairs, paths = {size: [] for size in FRAMES}, None
    for _ in range(options.starts):
        with both(backend, makers, mode) as forwarders:
            for size in FRAMES:
                pairs[size] += windows(backend, mode, forwarders, FRAMES[size], options)
            paths = paths_of(forwarders[1])
    return pairs, paths


def measure(backend, build, modes, options):
    """Return: for JSON."""
    figures, paths = [], {}
    for mode in modes:
        for move in MOVES:
            pairs, paths[mode['name']] = measure_mode(backend, makers_of(build, move), mode,
                                                      options)
            figures += [figure(pairs[size], 'mpps', mode=mode['name'], move=move, frames=size,
                               entries=ENTRIES, burst=BURST) for size in FRAMES]
    return {'forward': figures, 'forward_dpdk_paths': paths}


def summary(figures):
    """Return: a sentence on all ratios."""
    ratios = [one['ratio'] for one in figures if one['ratio']]
    if not ratios:
        return 'no window counts.'
    below = [one for one in figures if one['ratio'] and one['ratio'] + one['ratio_spread'] < 1]
    return (f'median of all ratios {median(ratios):.3f}, the least {min(ratios):.3f}; '
            f'{len(below)} of {len(ratios)} are below 1 by more than their spread.')


def show_paths(paths):
    """@paths: of modes; what DPDK's driver has chosen."""
    print(f'{"what DPDK chose":26}{"receive":30}transmit')
    for mode, (rx, tx) in paths.items():
        print(f'{mode:26}{rx:30}{tx}')


def show_terms(figures, options):
    """What the figures rest on."""
    kept = [one['kept'] for one in figures]
    print(f'\n{options.starts} starts, {options.windows} pairs of windows of each, of '
          f'{options.window_us} us, in random order; no figure rests on fewer than {min(kept)}.')
    print(f'dpdk-testpmd: bursts of {BURST}, {MBUFS} buffers, caches of {CACHE}, {MEMORY.huge} MB, '
          'AVX-512 allowed.')


def show(result, options):
    """Tables for people."""
    figures, rows = result['forward'], {}
    if not figures:
        return
    for one in figures:
        rows.setdefault(one['mode'], []).append(one)
    print('\nForwarders: million packets per second that librte_vhost, on another processor, sends '
          'and gets back\nfrom vio fwd and from dpdk-testpmd, one port each.')
    columns = [f'{move} {size}' for move in MOVES for size in FRAMES]
    show_table(f'forwarder, ring {ENTRIES}', columns, rows, 'mpps')
    print(f'\nForwarders: {summary(figures)}')
    show_paths(result['forward_dpdk_paths'])
    show_terms(figures, options)
    print('vio fwd: its defaults.')
