# SPDX-License-Identifier: BSD-3-Clause
"""How long it takes until a first packet has passed, and how much memory it takes: vio beside
DPDK, as whole processes and in a program that runs already."""
import random
import time

from figures import figure, show_table
from forward import READY_MS, end, window_of
from forwarders import ENTRIES, START_S, Answering, Maker, Memory, Testpmd, Vio
from proc import ProcError

MOVE = 'io'
WINDOW_US = 10000  # of traffic, before memory is counted
MB = 1 << 20
MODES = ('split', 'packed in-order')  # of the others each is like one of these

# Least that testpmd forwards with: both rings full of buffers, and a cache.
LEAST = ['--nb-cores=1', '--port-topology=loop', '--disable-link-check', '--no-flush-rx',
         f'--rxd={ENTRIES}', f'--txd={ENTRIES}', '--mbcache=32', '--total-num-mbufs=1025']
# Name; options of testpmd, and its memory.
WAYS = {
    "defaults": (['--port-topology=loop'], Memory(None, 800)),
    "DPDK's least": (LEAST, Memory(None, 32)),
}


class BareVio(Vio):
    """Started by nothing but its own program, whose time counts."""
    GUARD = []


class BareTestpmd(Testpmd):
    """The same."""
    GUARD = []


def process_once(backend, mode, maker):
    """Return: ms from the start of the process until a frame has passed, and its bytes."""
    name = mode[maker.side]
    backend.send(f'first {name} {READY_MS}')
    began = time.monotonic_ns()
    forwarder = maker.make(mode, backend.folder / name)
    try:
        first = backend.answer(READY_MS / 1000 + 5)['first_ns']
        if not first:
            raise ProcError(f'{forwarder.name}: no frame came back in {READY_MS} ms; what it says:'
                            f'\n{forwarder.out[-1500:]}')
        window_of(backend, name, 60, 0, WINDOW_US)
        return (first - began) / 1e6, forwarder.resident_bytes()
    finally:
        end(backend, mode, forwarder)


def processes(backend, mode, makers, starts):
    """Return: pairs of ms, and pairs of MB."""
    ms, megabytes = [], []
    for _ in range(starts):
        seen = {i: process_once(backend, mode, makers[i]) for i in random.sample(range(2), 2)}
        ms.append((seen[0][0], seen[1][0]))
        megabytes.append((seen[0][1] / MB, seen[1][1] / MB))
    return ms, megabytes


class Opener(Answering):
    """vio-bench-start."""

    def __init__(self, program, backend, mode, side):
        self.backend, self.socket = backend, mode[side]
        super().__init__([str(program), side, mode['name'], str(backend.folder / mode[side]),
                          str(backend.about['core'])], program.name, 600)
        self.start_ms = self.answer(START_S)['start_ms']

    def once(self):
        """Open a port, and close it. Return: ms until the first packet."""
        self.backend.send(f'first {self.socket} {READY_MS}')
        self.send('open')
        ms = self.answer(READY_MS / 1000)['first_ms']
        self.backend.answer(READY_MS / 1000 + 5)
        self.backend.ask('gone', self.socket, 5000)
        return ms


def running_once(backend, mode, program, repeats):
    """A process of each. Return: pairs of ms by what was timed."""
    openers = []
    try:
        for side in (Vio.side, Testpmd.side):
            openers.append(Opener(program, backend, mode, side))
        first = tuple(one.once() for one in openers)
        return {'memory and first port': [tuple(one.start_ms + ms
                                                for one, ms in zip(openers, first))],
                'first port': [first],
                'further ports': [tuple(one.once() for one in openers) for _ in range(repeats)]}
    finally:
        for one in openers:
            one.kill()


def running(backend, mode, program, options):
    """Return: pairs of ms by what was timed, of all starts."""
    pairs = {}
    for _ in range(options.starts):
        for what, some in running_once(backend, mode, program, options.windows).items():
            pairs.setdefault(what, []).extend(some)
    return pairs


def makers_of(vio, way):
    options, memory = WAYS[way]
    return (Maker(Vio.side, lambda *at: BareVio(vio, *at, MOVE)),
            Maker(Testpmd.side, lambda *at: BareTestpmd(*at, MOVE, options, memory)))


def measure(backend, build, modes, options):
    """Return: for JSON."""
    start, memory = [], []
    for mode in modes:
        if mode['name'] not in MODES:
            continue
        what = {'mode': mode['name'], 'entries': ENTRIES}
        for way in WAYS:
            ms, megabytes = processes(backend, mode, makers_of(build / 'apps/vio/vio', way),
                                      options.starts)
            start.append(figure(ms, 'ms', what=f'process, {way}', **what))
            memory.append(figure(megabytes, 'mb', what=way, **what))
        for one, ms in running(backend, mode, build / 'bench/dpdk/vio-bench-start',
                               options).items():
            start.append(figure(ms, 'ms', what=one, **what))
    return {'start': start, 'memory': memory}


def show_list(title, figures, unit):
    rows = {}
    for one in figures:
        rows.setdefault(one['what'], []).append(one)
    show_table(title, [one['mode'] for one in next(iter(rows.values()))], rows, unit)


def show(result, options):
    """Tables for people."""
    if not result['start']:
        return
    print('\nStart: ms until the first frame has passed. A process counts from exec; in a program '
          'that runs,\nmemory is a pool and all that DPDK starts with, and a port counts from its '
          'opening.')
    show_list(f'start, ring {ENTRIES}', result['start'], 'ms')
    print('\nMemory: MB resident, huge pages included, of a process that forwards on one port.')
    show_list(f'memory, ring {ENTRIES}', result['memory'], 'mb')
    print(f'\n{options.starts} starts of each. DPDK\'s least: {" ".join(LEAST)}.')
