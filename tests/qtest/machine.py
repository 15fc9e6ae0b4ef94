# SPDX-License-Identifier: BSD-3-Clause
"""A QEMU without a guest, and our driver beside it."""

import json
import os
import socket
import subprocess
import time

from proc import Proc, ProcError
from qmp import Qmp

LOW = 16 << 20          # what the guest has below 4 GiB; our memory lies above
QEMU = 'qemu-system-x86_64'
DEADLINE = 120


TAP = 'vio0'


def make_tap(queues):
    """A tap device in the network of this process; whatever was there before goes."""
    subprocess.run(['ip', 'link', 'del', TAP], capture_output=True, check=False)
    flags = ['vnet_hdr'] + (['multi_queue'] if queues > 1 else [])
    subprocess.run(['ip', 'tuntap', 'add', TAP, 'mode', 'tap'] + flags, check=True)
    with open('/proc/sys/net/ipv6/conf/%s/disable_ipv6' % TAP, 'w', encoding='ascii') as off:
        off.write('1')
    subprocess.run(['ip', 'link', 'set', TAP, 'mtu', '9000', 'up'], check=True)


class Driver(Proc):
    """The program qtest-driver: a line asks, a line of JSON answers."""

    def __init__(self, program):
        super().__init__([program], 'driver', DEADLINE)
        self.memory = self.answer()

    def answer(self, timeout=40):
        return json.loads(self.expect(r'^\{.*\}$', timeout)[0])

    def ask(self, line, timeout=40):
        """The answer, which must not be an error."""
        self.send(line)
        answer = self.answer(timeout)
        if 'error' in answer:
            raise ProcError('%s: %s' % (line, answer))
        return answer

    def refuse(self, line):
        """The answer, which must be an error."""
        self.send(line)
        answer = self.answer()
        if 'error' not in answer:
            raise ProcError('%s: no error, but %s' % (line, answer))
        return answer


def connect_to(path, timeout=10):
    """A socket that is connected to @path as soon as somebody listens there."""
    sock, end = socket.socket(socket.AF_UNIX), time.monotonic() + timeout
    while True:
        try:
            sock.connect(path)
            return sock
        except (FileNotFoundError, ConnectionRefusedError):
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


class Machine:
    """
    One device, with a driver and a network peer. netdev: "dgram", or "tap N" with N queues, which
    needs a network of our own.
    """

    def __init__(self, bench, device, netdev, board='q35'):
        self.folder = bench.new_folder()
        self.driver = Driver(bench.args.driver)
        self.driver.ask('listen ' + self.path('qtest'))
        self.qemu = Proc([QEMU, '-M', board + ',max-ram-below-4g=%d' % LOW, '-accel', 'tcg',
                          '-bios', bench.rom, '-nodefaults', '-display', 'none',
                          '-qtest', 'unix:' + self.path('qtest'), '-qtest-log', 'none',
                          '-qmp', 'unix:%s,server=on,wait=off' % self.path('qmp'),
                          *self.memory(), '-netdev', self.netdev(netdev),
                          '-device', 'virtio-net-pci,netdev=n0,id=vn,addr=4,romfile=' +
                         (',' + device if device else '')],
                         'qemu', DEADLINE)
        self.driver.ask('accept')
        self.qmp = Qmp(connect_to(self.path('qmp')))
        self.qmp('query-status')  # once it answers, its network is there
        self.connect(netdev)

    def path(self, name):
        return os.path.join(self.folder, name)

    def memory(self):
        ours = self.driver.memory
        return ['-m', '%dk' % ((LOW + ours['bytes']) // 1024),
                '-object', 'memory-backend-ram,id=low,size=%d' % LOW,
                '-object', 'memory-backend-file,id=ours,share=on,size=%d,mem-path=%s' %
                (ours['bytes'], ours['memory']),
                '-numa', 'node,memdev=low', '-numa', 'node,memdev=ours']

    def netdev(self, kind):
        if kind == 'dgram':
            return ('dgram,id=n0,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s' %
                    (self.path('theirs'), self.path('ours')))
        queues = int(kind.split()[1])
        make_tap(queues)
        return ('tap,id=n0,ifname=%s,script=no,downscript=no,vhost=off' % TAP +
                (',queues=%d' % queues if queues > 1 else ''))

    def connect(self, kind):
        if kind == 'dgram':
            self.driver.ask('peer %s %s' % (self.path('ours'), self.path('theirs')))
        else:
            self.driver.ask('tap ' + TAP)

    def close(self):
        """Both must have lived until now, and the driver ends well."""
        alive = self.qemu.alive
        self.driver.p.stdin.close()
        code = self.driver.wait(20)
        self.qemu.kill()
        if code or not alive:
            raise ProcError('driver ended with %s, qemu %s:\n%s\n%s' %
                            (code, 'lived' if alive else 'had died', self.driver.out[-3000:],
                             self.qemu.out[-1000:]))
