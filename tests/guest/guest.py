# SPDX-License-Identifier: BSD-3-Clause
"""A QEMU guest without KVM: devices, QMP, and processes in it that look like those of the host."""

import collections
import json
import os
import socket
import threading
import time

import image
from proc import Proc, ProcError
from qmp import Qmp

QEMU = 'qemu-system-x86_64'
AGENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'agent.py')
# Words of the kernel's command line. Without the first two, every look at the clock would be a
# walk through QEMU's model of a timer. The next three: a host that is busy elsewhere makes the
# guest stand still, which is no reason for panic or complaint.
APPEND = ('clocksource=tsc tsc=reliable no_timer_check nowatchdog '
          'rcupdate.rcu_cpu_stall_suppress=1 console=ttyS0 quiet panic=-1')
IOMMUS = {
    'intel': (['-device', 'intel-iommu'], 'intel_iommu=on'),
    'virtio': (['-device', 'virtio-iommu-pci'], 'vfio_iommu_type1.allow_unsafe_interrupts=1'),
    None: ([], ''),
}

# A network device. netdev: QEMU's backend without its id; options: of virtio-net-pci; root: on the
# root bus at this slot and function, where it is a conventional PCI device, otherwise behind a root
# port of its own. Functions of one slot there share an IOMMU group.
Nic = collections.namedtuple('Nic', 'netdev options root')
Nic.__new__.__defaults__ = ('user', '', '')


class GuestProc(Proc):
    """A process in the guest, used like one of the host. It ends at its deadline."""

    def __init__(self, guest, number, name, deadline):
        # pylint: disable=super-init-not-called
        self.guest, self.number, self.name = guest, number, name
        self.out, self.pos, self.ended, self.code, self.guest_pid = '', 0, False, None, None
        self.changed = threading.Condition()
        self.timer = threading.Timer(deadline, self.kill)
        self.timer.daemon = True
        self.timer.start()

    def receive(self, message):
        with self.changed:
            self.out += message.get('out', '').replace('\r', '')
            self.guest_pid = message.get('pid', self.guest_pid)
            self.code = message.get('code', self.code)
            self.ended = self.code is not None
            self.changed.notify_all()

    def send(self, line):
        self.guest.tell(id=self.number, **{'in': line + '\n'})

    def signal(self, number):
        self.guest.tell(id=self.number, signal=number)

    def wait(self, timeout):
        with self.changed:
            if not self.changed.wait_for(lambda: self.ended, timeout):
                self.kill()
                raise ProcError('%s: still running after %g s; the end of its output:\n%s' %
                                (self.name, timeout, self.out[-1500:]))
        self.timer.cancel()
        return self.code

    def kill(self):
        self.timer.cancel()
        if not self.ended:
            self.signal(9)

    @property
    def pid(self):
        return self.guest_pid

    @property
    def alive(self):
        return not self.ended


def address_of(nics, index):
    """Where the guest sees NIC @index: buses behind root ports count from 1."""
    if nics[index].root:
        return '0000:00:' + nics[index].root
    return '0000:%02x:00.0' % (1 + sum(not nic.root for nic in nics[:index]))


def root_port(index, bus):
    """Root ports are functions of slots 8, 9..., eight in each."""
    slot, function = 8 + (bus - 1) // 8, (bus - 1) % 8
    return ['-device', 'pcie-root-port,id=rp%d,chassis=%d,slot=%d,addr=%x.%x%s' %
            (index, bus, bus, slot, function, '' if function else ',multifunction=on')]


def nic_arguments(nics):
    """The part of QEMU's command line that makes the NICs: devices vn0, vn1... on netdevs n0..."""
    out = []
    for i, nic in enumerate(nics):
        if nic.root:
            place = 'bus=pcie.0,addr=%s,multifunction=on' % nic.root
        else:
            out += root_port(i, int(address_of(nics, i)[5:7], 16))
            place = 'bus=rp%d' % i
        kind, _, rest = nic.netdev.partition(',')
        if kind == 'hub':
            out += ['-netdev', 'hubport,id=n%d,%s' % (i, rest)]
        else:
            out += ['-netdev', '%s,id=n%d%s' % (kind, i, ',' + rest if rest else '')]
        out += ['-device', 'virtio-net-pci,id=vn%d,netdev=n%d,mac=52:54:00:00:00:%02x,%s%s' %
                (i, i, i + 1, place, ',' + nic.options if nic.options else '')]
    return out


class Guest(Proc):
    """A running guest. @kernel: see kernel.py; @tree: which of its modules; @nics: list of Nic;
    @iommu: key of IOMMUS; @shared: memory that a vhost-user backend can map."""

    def __init__(self, folder, kernel, nics, iommu='intel', tree='stock', shared=False,
                 memory=1024, deadline=300, arguments=()):
        self.nics, self.children, self.serial = nics, {}, 0
        self.lock = threading.Lock()
        ends = [socket.socketpair() for _ in range(2)]
        (self.agent, agent_end), (qmp, qmp_end) = ends
        theirs = (agent_end.fileno(), qmp_end.fileno())
        initrd = os.path.join(folder, 'initrd-' + tree)
        if not os.path.exists(initrd):
            with open(initrd, 'wb') as out:
                out.write(image.image(kernel, tree))
        command = self.command(kernel, initrd, iommu, shared, memory, theirs)
        super().__init__(command + nic_arguments(nics) + list(arguments), 'guest', deadline,
                         pass_fds=theirs)
        agent_end.close()
        qmp_end.close()
        self.qmp = Qmp(qmp)
        self.ready = GuestProc(self, None, 'boot of the guest', deadline)
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def command(self, kernel, initrd, iommu, shared, memory, fds):
        devices, append = IOMMUS[iommu]
        machine = 'q35' + (',memory-backend=ram' if shared else '')
        ram = 'memory-backend-memfd,id=ram,share=on,size=%dM' % memory
        return [QEMU, '-M', machine, '-accel', 'tcg', '-cpu', 'max', '-m', str(memory),
                '-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio',
                *(['-object', ram] if shared else []),
                '-kernel', str(kernel / 'vmlinux'), '-initrd', initrd,
                '-append', '%s %s agent=%s' % (APPEND, append, AGENT), *devices,
                '-chardev', 'socket,id=agent,fd=%d' % fds[0], '-device', 'virtio-serial-pci',
                '-device', 'virtserialport,chardev=agent',
                '-chardev', 'socket,id=qmp,fd=%d' % fds[1], '-mon', 'chardev=qmp,mode=control',
                '-virtfs', 'local,path=/,mount_tag=host,security_model=none,readonly=on,'
                'multidevs=remap']

    def listen(self):
        try:
            for line in self.agent.makefile('r', encoding='utf-8'):
                message = json.loads(line)
                if 'ready' in message:
                    self.ready.receive({'code': 0})
                elif message['id'] in self.children:
                    self.children[message['id']].receive(message)
        except (OSError, ValueError):
            pass
        for child in [self.ready, *self.children.values()]:
            if not child.ended:
                child.receive({'out': '\nthe guest has gone\n', 'code': -1})

    def tell(self, **message):
        try:
            with self.lock:
                self.agent.sendall((json.dumps(message) + '\n').encode())
        except OSError:
            pass

    def boot(self, timeout=120):
        """Wait until processes can be started."""
        if self.ready.wait(timeout) != 0:
            raise ProcError('the guest does not start:\n' + self.out[-3000:])

    def start(self, *argv, deadline=60, env=None, kind=GuestProc):
        """Start a process in the guest; @kind: what it is to be here."""
        argv = [str(word) for word in argv]
        self.serial += 1
        child = kind(self, self.serial, 'guest: ' + ' '.join(argv), deadline)
        self.children[self.serial] = child
        self.tell(id=self.serial, run=argv, env=env or {})
        return child

    def run(self, *argv, timeout=30, env=None):
        """Run a process in the guest to its end. Returns (exit code, output)."""
        child = self.start(*argv, deadline=timeout + 5, env=env)
        code = child.wait(timeout)
        return code, child.out

    def ok(self, *argv, **how):
        """Its output; a bad end is an error."""
        code, out = self.run(*argv, **how)
        if code:
            raise ProcError('guest: %s: exit code %d\n%s' % (' '.join(map(str, argv)), code,
                                                             out[-1500:]))
        return out

    def shell(self, script, **how):
        return self.ok('sh', '-ec', script, **how)

    def address(self, index):
        return address_of(self.nics, index)

    def shut_down(self, timeout=20):
        self.tell(quit=True)
        began = time.monotonic()
        code = self.wait(timeout)
        if code:
            raise ProcError('QEMU ended with %d after %.1f s:\n%s' %
                            (code, time.monotonic() - began, self.out[-2000:]))
