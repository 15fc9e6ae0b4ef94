#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Every byte of many frames through every body of the driver, over the loop device. TAP.

    VIO_BUILD=build/gcc tests/integrity/run.py [--frames N] [WORD...]

Each byte of a frame follows from its flow, number and length (tests/backend/frame.h), so that one
that is changed, mixed up, lost, doubled or out of order is noticed. N frames in all, shared by the
variants; cases with a device that does such things show that it is.
"""
import itertools
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'harness'))

from proc import ProcError  # pylint: disable=wrong-import-position
from suite import FAILURES, Tap, built, options  # pylint: disable=wrong-import-position
from verify import faults_of, result_of  # pylint: disable=wrong-import-position

FRAMES = 10_000_000
FRAMES_SPOILT = 20_000
QUEUES = 2  # pairs, each of which sends as many as the other
SECONDS_MIN, FRAMES_A_SECOND = 60, 20_000  # a limit, not what is expected

SHORT = ('-s', '64,60-1514', '-m', '3')
LONG = ('-s', '64,60-9000', '-m', '12', '-b', '2048')
# Which headers, and the frames that go with them.
HEADERS = {
    'plain': ('', SHORT),
    'offload': (',guest_csum=on,csum=on', SHORT),
    'mrg': (',mrg_rxbuf=on,max_mtu=9000', LONG),
}
# What a device does wrong with some frames, and the fault that has to be found.
SPOILT = {
    'corrupt=1e-3': 'corrupt',
    'loss=1e-3': 'lost',
    'dup=1e-3': 'reordered',
    'reorder=1e-3': 'reordered',
}


@dataclass
class Case:
    """A run of the program verify."""
    name: str
    address: str
    frames: tuple
    fault: str = ''  # what it must find; '': nothing


def cases():
    for packed, in_order, header in itertools.product(('off', 'on'), ('off', 'on'), HEADERS):
        features, frames = HEADERS[header]
        ring = ('packed' if packed == 'on' else 'split') + ' in_order' * (in_order == 'on')
        device = 'batch=16' if in_order == 'on' else 'ooo'
        yield Case(f'{ring} {header}', f'loop:echo,packed={packed},in_order={in_order},'
                   f'queues={QUEUES},{device}{features}', frames)
    for option, fault in SPOILT.items():
        yield Case(f'a device with {option}', f'loop:echo,{option}', SHORT, fault)


def verify(program, case, frames):
    seconds = SECONDS_MIN + frames // FRAMES_A_SECOND
    command = [program, '-n', str(frames), '-t', str(min(seconds, 3600)), *case.frames, 'echo',
               case.address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 20,
                          check=False)
    if done.returncode in (1, 2):
        raise ProcError(done.stderr)
    return result_of('verify', done.returncode, done.stdout)


def attempt(tap, program, case, frames):
    try:
        result = verify(program, case, frames)
    except FAILURES as error:
        tap.point(False, case.name, f'{type(error).__name__}: {error}')
        return
    faults = faults_of(result)
    if case.fault:
        tap.point(result[case.fault] > 0, f'{case.name} is found out', faults)
        return
    tap.point(not faults and result['rx'] == frames, f'{case.name}: {frames} frames', faults)
    tap.note(f'{result["rx_bytes"]} bytes in {result["run_ms"] / 1000:.1f} s')


def main():
    parser = options(__doc__.splitlines()[0])
    parser.add_argument('--frames', type=int, default=FRAMES, help='in all [%(default)s]')
    args = parser.parse_args()
    program, = built('tests/backend/verify')
    chosen = [c for c in cases() if all(word in c.name for word in args.words)]
    sound = sum(not c.fault for c in chosen)
    if args.list:
        print('\n'.join(c.name for c in chosen))
        return 0
    tap = Tap()
    for case in chosen:
        attempt(tap, program, case,
                FRAMES_SPOILT if case.fault else QUEUES * -(-args.frames // (QUEUES * sound)))
    return tap.finish()


if __name__ == '__main__':
    sys.exit(main())
