# SPDX-License-Identifier: BSD-3-Clause
"""Packets per second of vio pktgen beside the generators of dpdk-testpmd: both alive on one
processor, one of them stopped, while the backend on another one drops and counts what the other
sends."""
import cost
from figures import figure, show_table
from forward import both, paths_of, show_paths, show_terms, summary, windows
from forwarders import BURST
from generators import FRAMES, RINGS, maker_of_ours, maker_of_theirs, modes_of

# What is compared with what; the title of a row.
PAIRS = {
    '1 flow, txonly': ('1 flow', 'txonly'),
    '1M, txonly': ('1M flows', 'txonly'),
    '1M, txonly multi-flow': ('1M flows', 'txonly multi-flow'),
    '1M, flowgen 1024': ('1M flows', 'flowgen 1024'),
    '1M, flowgen 1M': ('1M flows', 'flowgen 1M'),
}


def measure_pair(backend, makers, mode, options):
    """Return: pairs of windows, and what DPDK's driver has chosen."""
    pairs, paths = [], None
    for _ in range(options.starts):
        with both(backend, makers, mode) as generators:
            pairs += windows(backend, mode, generators, 0, options)
            paths = paths_of(generators[1])
    return pairs, paths


def measure_mode(backend, build, mode, options):
    """Return: figures of one mode and ring, and what DPDK's driver has chosen."""
    figures, paths = [], None
    for what, (ours, theirs) in PAIRS.items():
        for size in FRAMES:
            makers = maker_of_ours(build, ours, size), maker_of_theirs(theirs, size)
            pairs, paths = measure_pair(backend, makers, mode, options)
            figures.append(figure(pairs, 'mpps', mode=mode['name'], what=what, vio=ours,
                                  dpdk=theirs, frames=size, entries=mode['entries'], burst=BURST))
    return figures, paths


def measure(backend, build, modes, options):
    """Return: for JSON."""
    figures, costs, paths = [], [], {}
    for mode in modes_of(modes, options.only):
        some, paths[mode['name']] = measure_mode(backend, build, mode, options)
        figures += some
        if mode['name'] in cost.MODES:
            costs += cost.measure(backend, build, mode, options.starts)
    return {'generate': figures, 'generate_dpdk_paths': paths, 'generate_cost': costs}


def show(result, options):
    """Tables for people."""
    figures = result['generate']
    if not figures:
        return
    tables = {}
    for one in figures:
        tables.setdefault(one['mode'], {}).setdefault(one['what'], []).append(one)
    print('\nGenerators: million packets per second that librte_vhost, on another processor, takes '
          'from vio pktgen\nand from dpdk-testpmd and drops. First vio\'s flows, then what testpmd '
          'runs.')
    columns = [f'{size} B, ring {entries}' for entries in RINGS for size in FRAMES]
    for mode, rows in tables.items():
        show_table(mode, columns, rows, 'mpps')
    for theirs in ('txonly', 'flowgen'):
        some = [one for one in figures if one['dpdk'].startswith(theirs)]
        print(f'\nGenerators, vio / {theirs}: {summary(some)}')
    show_paths(result['generate_dpdk_paths'])
    show_terms(figures, options)
    print('vio pktgen: sequence numbers, time stamps and checksums in every frame.')
    if result['generate_cost']:
        cost.show(result['generate_cost'])
