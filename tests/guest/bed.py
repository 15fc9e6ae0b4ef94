# SPDX-License-Identifier: BSD-3-Clause
"""What the cases of a boot share: the guest, who is at the other end of its devices, and verbs."""

import collections
import contextlib
import itertools
import json
import os
import re

from guest import Guest, GuestProc
from peer import Datagrams, Peer, Stream
from proc import ProcError
from suite import Points
from testpmd import Console, Testpmd
from verify import result_of

# A guest and what is done in it. nics: list of guest.Nic, where the netdevs "dgram", "stream" and
# "vhost-user[,options of net_vhost]" stand for a peer here; how: further arguments of Guest;
# prepare: shell commands in the guest beforehand.
Boot = collections.namedtuple('Boot', 'name nics cases how prepare')
Boot.__new__.__defaults__ = ({}, 'modprobe vfio-pci')

HERE = os.path.dirname(os.path.abspath(__file__))
SOCKETS = {'dgram': Datagrams, 'stream': Stream}
MODERN = 'disable-legacy=on,iommu_platform=on'
LEGACY = 'disable-modern=on,disable-legacy=off'
TRANSITIONAL = 'disable-modern=off,disable-legacy=off'
PLAIN_USER = ('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups')
SYSFS = '/sys/bus/pci/devices/'


class GuestTestpmd(Console, GuestProc):
    """dpdk-testpmd in the guest: the other driver of the same device."""

    def close(self):
        self.send('quit')
        return self.wait(20)


class Bed(Points):
    """A booted guest."""

    def __init__(self, boot, tap, folder, kernel, args):
        super().__init__(tap, folder, args)
        self.boot, self.peers, self.backends, self.serial = boot, {}, {}, itertools.count()
        self.seen = {}  # what of the kernel's log has been looked at
        more = []
        nics = [nic._replace(netdev=self.netdev(i, nic.netdev, more))
                for i, nic in enumerate(boot.nics)]
        self.guest = Guest(folder, kernel, nics, arguments=more, **boot.how)
        self.guest.boot()
        self.guest.shell(boot.prepare)

    def netdev(self, index, wanted, more):
        """QEMU's netdev for NIC @index, and its peer."""
        kind, _, options = wanted.partition(',')
        name = '%s-%d' % (self.boot.name.split()[0], index)
        if kind in SOCKETS:
            self.peers[index] = Peer(SOCKETS[kind], self.folder, name)
            return self.peers[index].netdev
        if kind == 'vhost-user':
            return self.vhost_user(index, os.path.join(self.folder, name), options, more)
        return wanted

    def vhost_user(self, index, path, options, more):
        """dpdk-testpmd on the host as the device's backend."""
        queues = re.search(r'queues=(\d+)', options)
        queues = int(queues[1]) if queues else 1
        self.backends[index] = Testpmd(['net_vhost0,iface=%s%s' %
                                        (path, ',' + options if options else '')], queues)
        more += ['-chardev', 'socket,id=c%d,path=%s' % (index, path)]
        return 'vhost-user,chardev=c%d,queues=%d' % (index, queues)

    def close(self):
        """End the guest and its peers."""
        try:
            self.guest.shut_down()
        finally:
            self.guest.kill()
            for peer in self.peers.values():
                peer.stop()
            for backend in self.backends.values():
                backend.kill()

    @contextlib.contextmanager
    def echoing(self, index):
        """The device's other end gives every frame back meanwhile."""
        if index in self.peers:
            self.peers[index].reflect()
            yield
            self.peers[index].stop()
        else:
            self.backends[index].start('io')
            yield
            self.backends[index].stop()

    def tidy(self):
        """End what the last case left running."""
        for peer in self.peers.values():
            peer.stop()
        for child in self.guest.children.values():
            if child.alive:
                child.kill()
                child.wait(10)

    def log(self):
        """The console and what every program said."""
        parts = ['== console\n' + self.guest.out]
        for child in self.guest.children.values():
            parts.append('== %s: %s\n%s' % (child.name, child.code, child.out))
        return '\n'.join(parts)

    # What is found.

    def title(self):
        return '%s: %s' % (self.boot.name, self.case)

    def measured(self, text):
        self.note('note: guest: %s: %s' % (self.case, text))

    # Devices.

    def address(self, index):
        return self.guest.address(index)

    def uri(self, index, options=''):
        return 'pci:' + self.address(index) + (',' + options if options else '')

    def driver(self, address):
        """The driver that has the device, or None."""
        _, out = self.guest.run('readlink', SYSFS + address + '/driver')
        return os.path.basename(out.strip()) or None

    def group(self, index):
        out = self.guest.ok('readlink', SYSFS + self.address(index) + '/iommu_group')
        return int(os.path.basename(out.strip()))

    def give(self, index, driver):
        """Bind a device by the kernel's own means; to None: nobody's override."""
        if driver:
            self.guest.run('modprobe', driver)
        self.guest.shell('cd {sysfs}{address}; echo "{driver}" >driver_override\n'
                         'test ! -e driver || echo {address} >driver/unbind\n'
                         'echo {address} >/sys/bus/pci/drivers_probe'
                         .format(sysfs=SYSFS, address=self.address(index), driver=driver or ''))
        found = self.driver(self.address(index))
        if found != (driver or 'virtio-pci'):
            raise ProcError('%s: bound to %s, not to %s' % (self.address(index), found, driver))

    def interface(self, index):
        """Name of the kernel's interface on the device, once there is one."""
        path = SYSFS + self.address(index) + '/virtio*/net'
        return self.guest.shell('modprobe virtio_net\n'
                                'for i in $(seq 100); do\n'
                                '  ls %s 2>/dev/null && break\n  sleep 0.05\ndone' % path).strip()

    def kernel_traffic(self, index, count=500):
        """Frames over the kernel's interface. Returns what went wrong, or nothing."""
        name, peer = self.interface(index), self.peers[index]
        if not name:
            return 'no interface'
        self.guest.ok('ip', 'link', 'set', name, 'up')
        peer.reflect()
        code, out = self.guest.run('python3', os.path.join(HERE, 'interface.py'), name, count,
                                   timeout=40)
        peer.stop()
        self.guest.ok('ip', 'link', 'set', name, 'down')
        return out if code else ''

    # Programs.

    def vio(self, *args, timeout=30, prefix=()):
        """The tool in the guest. Returns (exit code, output with messages)."""
        return self.guest.run(*prefix, self.args.vio, *args, timeout=timeout)

    def vio_json(self, *args, timeout=30, prefix=()):
        """The tool with its JSON on standard output; a bad end is an error."""
        path = '/run/json-%d' % next(self.serial)
        self.guest.ok('sh', '-c', 'umask 0; exec "$@" >%s' % path, 'sh', *prefix, self.args.vio,
                      *args, timeout=timeout)
        return json.loads(self.guest.ok('cat', path))

    def verify(self, *args, timeout=60, prefix=()):
        """The program verify in the guest. Returns its result, with the exit code as "code"."""
        code, out = self.guest.run(*prefix, self.args.verify, '-t', timeout, *args,
                                   timeout=timeout + 10)
        return dict(result_of('verify ' + ' '.join(map(str, args)), code, out), out=out)

    def testpmd(self, indices, eal=('--iova-mode=va',), args=()):
        """dpdk-testpmd in the guest on these devices, at its prompt."""
        allowed = [word for i in indices for word in ('-a', self.address(i))]
        # Physical addresses are known of huge pages only, other pages move.
        memory = ['-m', '64'] if '--iova-mode=pa' in eal else ['-m', '128', '--no-huge']
        child = self.guest.start(
            'stdbuf', '-oL', 'dpdk-testpmd', '--lcores', '0@0,1@0', '--no-telemetry', *memory,
            *allowed, *eal, '--', '-i', '--disable-link-check', '--no-numa',
            '--total-num-mbufs=4096', *args, deadline=120, kind=GuestTestpmd)
        child.expect('testpmd> ', 60)
        return child

    def dmesg(self, pattern):
        """Lines of the kernel's log that @pattern matches."""
        return [line for line in self.guest.ok('dmesg').splitlines() if re.search(pattern, line)]
