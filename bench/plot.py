#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Draw the plots of the documents, as SVG, from what the benchmarks have written as JSON.

    bench/plot.py [--out FOLDER] FILE.json...

Files may each have a part of the figures: the last one that has a list wins. A plot whose figures
are in none of them is left alone, and named.
"""
import argparse
import io
import json
import pathlib
import re
import sys

import matplotlib
matplotlib.use('svg')
# pylint: disable=wrong-import-position
import matplotlib.pyplot as plt

OUT = pathlib.Path(__file__).resolve().parent.parent / 'docs' / 'plots'

# Seen on white and on black pages alike: no background, and colours of middle brightness.
GREY = '#777777'
SIDES = {'vio': '#3584e4', 'DPDK': '#e08a2e'}
BODIES = {'rx_split': '#3584e4', 'rx_packed': '#26a269', 'rx_packed_mrg_offload': '#9a6fd0',
          'tx_split': '#e08a2e', 'tx_packed': '#d0504f'}
ORDERS = {'fifo': '-', 'lifo': ':'}
WIDTH_IN = 9
BAR_IN = 0.17
HEAD_IN = 0.3  # the line with title and legend

STYLE = {
    'svg.fonttype': 'none',  # text stays text
    'svg.hashsalt': 'vio',  # the same figures give the same file
    'font.family': 'sans-serif',
    'font.sans-serif': 'DejaVu Sans',  # a viewer without it takes its own
    'font.size': 8.5,
    'axes.titlesize': 9.5,
    'axes.edgecolor': GREY,
    'axes.labelcolor': GREY,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.axisbelow': True,
    'grid.color': GREY,
    'grid.alpha': 0.25,
    'grid.linewidth': 0.6,
    'text.color': GREY,
    'xtick.color': GREY,
    'ytick.color': GREY,
    'legend.frameon': False,
}


def mode_bars(axes, figures, panel):
    """A pair of bars for each mode: the medians of both drivers, and their spread."""
    chosen = [one for one in figures
              if all(one[key] == value for key, value in panel['where'].items())]
    for side, (name, colour) in enumerate(SIDES.items()):
        for row, one in enumerate(chosen):
            value, at = one.get(panel['value'].format(name)), row + (side - 0.5) * 0.4
            spread = one.get(panel['spread'].format(name)) or 0
            axes.barh(at, value or 0, 0.36, color=colour, label='' if row else name)
            if value and spread:
                axes.plot([value - spread, value + spread], [at, at], color=GREY, linewidth=0.7)
            text = 'no figure' if value is None else panel['text'].format(value)
            axes.annotate(text, (max(value or 0, 0) + spread, at), (3, 0), fontsize=7,
                          textcoords='offset points', va='center')
    axes.set_yticks(range(len(chosen)), [one['mode'] for one in chosen])
    axes.tick_params(axis='y', length=0)
    axes.margins(x=0.14, y=0.02)
    axes.set_xlim(left=0)
    axes.grid(axis='x')
    axes.set_title(panel['title'].format(**panel['where']))
    axes.set_xlabel(panel['label'])


def drivers_by_mode(plot, figures):
    """One panel of bars for each entry of the plot's grid; rows without figures are left out."""
    grid = [row for row in plot['grid']
            if any(row[0]['value'].format('vio') in one for one in figures)]
    modes = len({one['mode'] for one in figures})
    figure, all_axes = plt.subplots(
        len(grid), len(grid[0]), sharey=True, squeeze=False, layout='constrained',
        figsize=(WIDTH_IN, HEAD_IN + 0.1 + len(grid) * (0.6 + modes * 2 * BAR_IN)))
    for row, panels in zip(all_axes, grid):
        for axes, panel in zip(row, panels):
            mode_bars(axes, figures, panel)
    all_axes[0][0].invert_yaxis()
    return figure


def body_lines(axes, figures, panel):
    """A line for each body and order: the least of all slices, over what grows."""
    sweep = panel['sweep']
    chosen = [one for one in figures if all(one[key] == panel[key] for key in ('sweep', 'pages'))]
    orders = dict.fromkeys(one['order'] for one in chosen)
    for body, colour in BODIES.items():
        for order in orders:
            line = [one for one in chosen if (one['body'], one['order']) == (body, order)]
            axes.plot([one[sweep] for one in line], [one['least'] for one in line], color=colour,
                      linestyle='-' if len(orders) == 1 else ORDERS[order], linewidth=1.2,
                      marker='.', markersize=3,
                      label='' if len(orders) > 1 and order == 'lifo' else body)
    for at, what in panel['marks'].items():
        axes.axvline(at, color=GREY, linewidth=0.6, linestyle='--')
        axes.annotate(what, (at, 1), (2, -2), xycoords=('data', 'axes fraction'),
                      textcoords='offset points', va='top', fontsize=7)
    if sweep != 'queues':
        axes.set_xscale('log', base=2)
        axes.xaxis.set_major_formatter(lambda x, _: f'{x / 1024:g}K' if x >= 1024 else f'{x:g}')
    axes.set_ylim(0)
    axes.set_title(panel['title'])
    axes.grid()


def growth_by_size(plot, figures):
    """One panel of lines for each entry of the plot's grid."""
    grid = plot['grid']
    figure, all_axes = plt.subplots(
        len(grid), len(grid[0]), squeeze=False, layout='constrained',
        figsize=(WIDTH_IN, HEAD_IN + 0.2 + 2.4 * len(grid)))
    for row, panels in zip(all_axes, grid):
        for axes, panel in zip(row, panels):
            body_lines(axes, figures, panel)
        row[0].set_ylabel(plot['label'])
    return figure


def smaller(svg):
    """The same picture in two thirds of the bytes."""
    svg = re.sub(r' transform="rotate\(-0 [^"]*"', '', svg)
    svg = re.sub(r'(\.\d\d)\d+', r'\1', svg)
    return '\n'.join(line.strip() for line in svg.splitlines()) + '\n'


def save(figure, title, path):
    """Put title and legend above what is drawn, and write it."""
    line = HEAD_IN / figure.get_figheight()
    figure.get_layout_engine().set(rect=(0, 0, 1, 1 - line))
    figure.text(0.01, 1 - line / 2, title, va='center', fontsize='large')
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc='center right', ncols=9,
                  bbox_to_anchor=(1, 1 - line / 2)).set_in_layout(False)
    text = io.StringIO()
    figure.savefig(text, format='svg', transparent=True,
                   metadata=dict.fromkeys(('Date', 'Creator', 'Format', 'Type')))
    plt.close(figure)
    path.write_text(smaller(text.getvalue()), encoding='utf-8')


SHORT = {'frames': '64', 'entries': 256}

# What bars show: names of the figure and its spread with the driver in front, and in what form.
CYCLES = {'value': '{}_cycles', 'spread': '{}_spread', 'text': '{:.1f}',
          'label': 'TSC cycles per packet'}
SPEED = {'value': '{}_mpps', 'spread': '{}_spread', 'text': '{:.1f}',
         'label': 'million packets per second'}
LEFT = {'value': '{}_left', 'spread': '{}_left_spread', 'text': '{:.0%}',
        'label': 'part of all cycles that is left'}
TRIP = {'spread': '', 'text': '{:.0f}', 'label': 'nanoseconds'}

# Every plot: its file, the list in JSON that it needs, what draws it, and options of that.
PLOTS = [
    {'file': 'alone', 'list': 'driver_alone', 'draw': drivers_by_mode,
     'title': 'The driver alone, 64-byte frames: less is better',
     'grid': [[{**CYCLES, 'title': '{move}, bursts of {burst}',
                'where': {**SHORT, 'move': move, 'burst': burst}}
               for move in ('receive', 'transmit')] for burst in (32, 1)]},
    {'file': 'pair', 'list': 'pair', 'draw': drivers_by_mode,
     'title': 'Against librte_vhost on another processor, 64-byte frames, bursts of 32: '
              'more is better',
     'grid': [[{**what, 'title': '{move}', 'where': {**SHORT, 'move': move, 'burst': 32}}
               for move in ('transmit', 'receive', 'loop')] for what in (SPEED, LEFT)]},
    {'file': 'latency', 'list': 'latency', 'draw': drivers_by_mode,
     'title': 'A packet to librte_vhost on another processor and back: less is better',
     'grid': [[{**TRIP, 'value': f'{{}}_{part}_ns', 'title': f'round trip, {part}',
                'where': {'entries': 256}} for part in ('p50', 'p99')]]},
    {'file': 'growth', 'list': 'growth', 'draw': growth_by_size,
     'title': 'How the cost grows: least of all slices',
     'label': 'TSC cycles per packet',
     'grid': [[{'sweep': 'buffers', 'pages': pages, 'marks': marks,
                'title': f'buffers in the pool, {size} pages; dotted: few in circulation'}
               for pages, size, marks in (('normal', '4 KB', {8192: 'L2', 4096: 'TLB'}),
                                          ('huge', '2 MB', {8192: 'L2'}))],
              [{'sweep': 'entries', 'pages': 'huge', 'marks': {1024: 'L1', 16384: 'L2'},
                'title': 'entries of the ring, 2 MB pages'},
               {'sweep': 'queues', 'pages': 'huge', 'marks': {},
                'title': 'queues polled in turn, 2 MB pages'}]]},
]


def read(paths):
    """What all files say together; lists that are empty say nothing."""
    data = {}
    for path in paths:
        with open(path, encoding='utf-8') as file:
            data.update({key: value for key, value in json.load(file).items() if value != []})
    return data


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition('\n')[0])
    parser.add_argument('files', nargs='+', type=pathlib.Path, metavar='FILE.json')
    parser.add_argument('--out', type=pathlib.Path, default=OUT, help='folder; default: docs/plots')
    args = parser.parse_args()
    try:
        data = read(args.files)
    except (OSError, ValueError) as error:
        sys.exit(f'plot: {error}')
    args.out.mkdir(parents=True, exist_ok=True)
    plt.rcParams.update(STYLE)
    for plot in PLOTS:
        path = args.out / f'{plot["file"]}.svg'
        if plot['list'] not in data:
            print(f'plot: no "{plot["list"]}" in these files, {path} is left alone')
            continue
        save(plot['draw'](plot, data[plot['list']]), plot['title'], path)
        print(f'plot: {path}, {path.stat().st_size} bytes')


if __name__ == '__main__':
    main()
