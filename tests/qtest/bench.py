# SPDX-License-Identifier: BSD-3-Clause
"""What the cases share: folders, the ROM, and traffic that is checked."""

import collections
import os
import tempfile

from suite import Points

# Frames of these lengths each way, so many on their way, in up to so many segments.
Run = collections.namedtuple('Run', 'frames low high window segments')
Run.__new__.__defaults__ = (60, 1514, 256, 1)


class Bench(Points):
    """Where the cases run."""

    def __init__(self, tap, folder, args, own_network):
        super().__init__(tap, folder, args)
        self.own_network = own_network
        self.rom = os.path.join(folder, 'halt.rom')
        with open(self.rom, 'wb') as rom:  # at the reset vector: cli; hlt; jmp -3
            rom.write(bytes(0xfff0) + b'\xfa\xf4\xeb\xfd' + bytes(12))

    def new_folder(self):
        return tempfile.mkdtemp(dir=self.folder)

    def traffic(self, machine, run, ordered=True):
        """Frames both ways, each checked at its end byte by byte."""
        got = machine.driver.ask('traffic %d %d %d %d %d 0' %
                                 (run.frames, run.low, run.high, run.window, run.segments))
        wrong = {}
        for end in ('driver', 'peer'):
            tally = got[end]
            if tally['good'] != run.frames or tally['bad'] or tally['twice']:
                wrong[end] = tally
            if ordered and (tally['reordered'] or tally['foreign']):
                wrong[end] = tally
        if got['rules_broken'] or got['why'] or got['sent'] != run.frames:
            wrong['driver says'] = got
        self.point(not wrong, '%d frames of %d to %d bytes each way' %
                   (run.frames, run.low, run.high), (wrong, got))
        return not wrong

    def closes(self, machine):
        """The port goes, and every buffer has come back."""
        left = machine.driver.ask('close')
        self.point(left == {'out': 0, 'bad_puts': 0}, 'closes with every buffer back', left)
        machine.close()
