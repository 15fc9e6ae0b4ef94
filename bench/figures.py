# SPDX-License-Identifier: BSD-3-Clause
"""Figures of two sides as medians with spread, as tables, and as JSON: like vio-bench-dpdk's."""
import json
from pathlib import Path
from statistics import median

SIDES = ('vio', 'DPDK')


def spread(values):
    """Half of what lies between the quartiles."""
    ordered, n = sorted(values), len(values)
    return (ordered[n - 1 - n // 4] - ordered[n // 4]) / 2


def figure(pairs, unit, **what):
    """@pairs: (vio's, DPDK's) of each round. Return: what JSON says of them."""
    columns = dict(zip(SIDES, zip(*pairs))) if pairs else {}
    out = dict(what, kept=len(pairs))
    for side in SIDES:
        values = columns.get(side)
        out[f'{side}_{unit}'] = round(median(values), 4) if values else None
        out[f'{side}_spread'] = round(spread(values), 4) if values else None
    ratios = [mine / its for mine, its in pairs]
    out['ratio'] = round(median(ratios), 4) if ratios else None
    out['ratio_spread'] = round(spread(ratios), 4) if ratios else None
    return out


def number(value, width, digits):
    return f'{"-" if value is None else format(value, f".{digits}f"):>{width}}'


def cell(one, unit):
    """Medians of both, and the ratio with its spread."""
    tail = ' ' * 7 if one['ratio'] is None else f' ±{one["ratio_spread"]:.3f}'
    return ('  ' + ''.join(number(one[f'{side}_{unit}'], 6 + (side != 'vio'), 1) for side in SIDES)
            + number(one['ratio'], 7, 3) + tail)


def show_table(title, columns, rows, unit):
    """@columns: titles; @rows: name to figures, one a column."""
    print(f'\n{title:26}' + ''.join(f'  {column:^27}' for column in columns).rstrip())
    print(' ' * 26 + f'  {SIDES[0]:>6} {SIDES[1]:>6} {"ratio":>13}' * len(columns))
    for name, ones in rows.items():
        print(f'{name:26}' + ''.join(cell(one, unit) for one in ones))


def write_json(path, document, add):
    """@add: to what the file has already."""
    path = Path(path)
    if add:
        document = {**json.loads(path.read_text()), **document}
    path.write_text(json.dumps(document, indent='\t') + '\n')
