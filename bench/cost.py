# SPDX-License-Identifier: BSD-3-Clause
"""What a packet costs vio pktgen itself, in cycles: as its result tells."""
import json
from functools import partial
from itertools import product
from statistics import median

from figures import number, spread
from forward import READY_MS, end, window_of
from forwarders import Pktgen, Vio, entries_of, on
from generators import FRAMES, OURS, maker_of_ours
from proc import ProcError

# Of a run whose costs are taken. The backend stops before it ends, so that nothing is closed that
# the backend looks at; what is left in the ring then is not waited for.
RUN_MS, TAKEN_MS = 500, 300
MODES = ('split', 'packed')  # one of each kind of ring
STEPS = ('gen', 'tx', 'rx', 'check')
INVALID = 5  # exit code
TRIES = 4  # for each run that is wanted


def result_of(pktgen, path):
    """Wait for its end. Return: what its result says of cycles; None if the run is invalid."""
    code = pktgen.wait(RUN_MS / 1000 + 30)
    if code == INVALID:
        return None
    if code:
        raise ProcError(f'vio pktgen ended with {code}; what it says:\n{pktgen.out[-1500:]}')
    cpu = json.loads(path.read_text())['cpu']
    return {step: cpu.get(f'{step}_cycles_per_pkt') for step in STEPS}


def on_backend(backend, build, mode, flows, size):
    """A run against the backend. Return: as above."""
    path, name = backend.folder / 'cost.json', mode[Vio.side]
    maker = maker_of_ours(build, flows, size, ('--time', f'{RUN_MS}ms', '--json', str(path)))
    backend.send(f'first {name} {READY_MS}')
    pktgen = maker.make(mode, backend.folder / name)
    try:
        backend.answer(READY_MS / 1000 + 5)
        window_of(backend, name, 0, 0, TAKEN_MS * 1000)
        return result_of(pktgen, path)
    finally:
        end(backend, mode, pktgen)


def on_loop(backend, build, mode, flows, size):
    """A run in which sender, device and receiver share one processor. Return: as above."""
    path = backend.folder / 'cost.json'
    pktgen = Pktgen(build / 'apps/vio/vio',
                    f'loop:echo,size={entries_of(mode)},packed={on(mode["packed"])}',
                    ['--flows', OURS[flows], '--size', size, '--time', f'{RUN_MS}ms',
                     '--json', str(path)])
    try:
        return result_of(pktgen, path)
    finally:
        pktgen.kill()


PORTS = {'vhost-user': on_backend, 'loop:echo': on_loop}


def figure(runs, **what):
    """@runs: costs. Return: what JSON says of them, in cycles a packet; None: not measured."""
    out = dict(what, kept=len(runs))
    for step in STEPS:
        values = [run[step] for run in runs if run[step] is not None]
        out[f'{step}_cycles'] = round(median(values), 2) if values else None
        out[f'{step}_spread'] = round(spread(values), 2) if values else None
    return out


def runs_of(run, starts):
    """@run: one. Return: costs of the valid ones."""
    costs = []
    for _ in range(TRIES * starts):
        cost = run()
        costs += [cost] if cost else []
        if len(costs) == starts:
            break
    return costs


def measure(backend, build, mode, starts):
    """Return: figures of one mode and ring."""
    return [figure(runs_of(partial(PORTS[port], backend, build, mode, flows, size), starts),
                   port=port, mode=mode['name'], entries=mode['entries'], flows=flows, frames=size)
            for port, flows, size in product(PORTS, OURS, FRAMES)]


def tail(value):
    return f'{"" if value is None else f" ±{value:.1f}":7}'


def show(costs):
    """A table for people."""
    print('\nWhat the generator adds: cycles per packet of vio pktgen. gen builds frames and keeps '
          'the books of sending,\ncheck verifies and accounts, tx and rx are the driver. In '
          'loop:echo the device shares the processor.')
    print(f'{"cost, port":12}{"mode":10}{"ring":>6}{"flows":>10}{"frames":>8}' +
          ''.join(f'{step:>8}{"":7}' for step in STEPS).rstrip())
    for one in costs:
        cells = [number(one[f'{step}_cycles'], 8, 1) + tail(one[f'{step}_spread'])
                 for step in STEPS]
        print(f'{one["port"]:12}{one["mode"]:10}{one["entries"]:6}{one["flows"]:>10}'
              f'{one["frames"]:>8}' + ''.join(cells).rstrip())
