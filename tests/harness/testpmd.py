# SPDX-License-Identifier: BSD-3-Clause
"""dpdk-testpmd with vhost ports, driven over its console."""

import os
import shutil
import time

from proc import Proc

STATS = (r'NIC statistics for port %d[\s\S]*?RX-packets: (\d+) +RX-missed: (\d+) +RX-bytes: +(\d+)'
         r'[\s\S]*?RX-errors: (\d+)[\s\S]*?TX-packets: (\d+) +TX-errors: (\d+) +TX-bytes: +(\d+)')
MBUFS = 20000


class Console:
    """What testpmd's console can do; a mix-in for the process that has it."""

    def run(self, command, pattern='', timeout=20):
        """Give @command, wait for @pattern and then for the prompt."""
        self.send(command)
        match = self.expect(pattern, timeout)
        self.expect('testpmd> ', timeout)
        return match

    def start(self, mode, size='64'):
        """Forward in @mode from now on, counters at 0."""
        self.run('set fwd ' + mode, 'Set .* packet forwarding mode')
        self.run('set txpkts ' + size)
        self.run('clear port stats all', 'cleared')
        self.run('start', 'packet forwarding')

    def stop(self):
        self.run('stop', r'Telling cores to stop|Packet forwarding not started')

    def stats(self, port=0):
        """Counters of @port as a dict."""
        match = self.run('show port stats %d' % port, STATS % port)
        names = ('rx', 'rx_missed', 'rx_bytes', 'rx_errors', 'tx', 'tx_errors', 'tx_bytes')
        return dict(zip(names, map(int, match.groups())))


class Testpmd(Console, Proc):
    """One testpmd; forwards on processor 1 with its console on processor 0. No huge pages."""

    def __init__(self, vdevs, queues=1, deadline=600, args=(), eal=()):
        self.prefix = 'vio-%d-%d' % (os.getpid(), time.monotonic_ns() % 10**9)
        cmd = ['stdbuf', '-oL', 'dpdk-testpmd', '--no-pci', '--no-huge', '-m', '512',
               '--file-prefix', self.prefix, '--no-telemetry', '--lcores', '0@0,1@1']
        for vdev in vdevs:
            cmd += ['--vdev', vdev]
        cmd += list(eal) + ['--', '-i', '--disable-link-check', '--port-topology=loop',
                            '--no-flush-rx', '--rxq=%d' % queues, '--txq=%d' % queues,
                            '--total-num-mbufs=%d' % MBUFS] + list(args)
        super().__init__(cmd, 'testpmd', deadline)
        self.expect('testpmd> ', 30)

    def close(self):
        self.send('quit')
        try:
            return self.wait(10)
        finally:
            self.forget()

    def kill(self):
        super().kill()
        self.forget()

    def forget(self):
        shutil.rmtree('/run/dpdk/' + self.prefix, ignore_errors=True)
