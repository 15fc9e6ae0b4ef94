# SPDX-License-Identifier: BSD-3-Clause
"""The other end of a guest's network device: a socket of QEMU's, frames made and checked here."""

import os
import random
import select
import socket
import struct
import threading
import time

from proc import ProcError

MARK = b'PEER'
HEADER = 22  # addresses, type, mark, serial number
HELLO = 0xffffffff
BUFFER = 1 << 22


def frame(serial, length):
    """Frame @serial: every byte follows from its number, so that any change shows."""
    head = (b'\x52\x54\0\0\0\1' + b'\2\0\0\0\0\1' + b'\x88\xb5' + MARK +
            struct.pack('>I', serial))
    return head + random.Random(serial).randbytes(length - HEADER)


class Datagrams:
    """QEMU's -netdev dgram: a frame a datagram."""

    def __init__(self, folder, name):
        self.theirs = os.path.join(folder, name + '-qemu')
        ours = os.path.join(folder, name + '-peer')
        self.netdev = ('dgram,local.type=unix,local.path=%s,remote.type=unix,remote.path=%s' %
                       (self.theirs, ours))
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(ours)
        for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            self.sock.setsockopt(socket.SOL_SOCKET, option, BUFFER)
        self.sock.setblocking(False)

    def send(self, data):
        """True if the socket took it."""
        try:
            self.sock.sendto(data, self.theirs)
        except (BlockingIOError, FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def receive(self, wait):
        """Frames that came within @wait seconds."""
        found = []
        while select.select([self.sock], [], [], 0 if found else wait)[0]:
            found.append(self.sock.recv(1 << 17))
        return found


class Stream:
    """QEMU's -netdev stream: frames behind their lengths."""

    def __init__(self, folder, name):
        path = os.path.join(folder, name + '-stream')
        self.netdev = 'stream,server=off,addr.type=unix,addr.path=' + path
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(1)
        self.sock, self.pending = None, b''

    def connect(self, wait):
        if not self.sock and select.select([self.listener], [], [], wait)[0]:
            self.sock = self.listener.accept()[0]
            self.sock.settimeout(5)
        return self.sock

    def send(self, data):
        if not self.connect(1) or not select.select([], [self.sock], [], 0)[1]:
            return False
        self.sock.sendall(struct.pack('>I', len(data)) + data)
        return True

    def receive(self, wait):
        if not self.connect(wait) or not select.select([self.sock], [], [], wait)[0]:
            return []
        data = self.pending + self.sock.recv(1 << 18)
        found, at = [], 0
        while len(data) - at >= 4:
            end = at + 4 + struct.unpack_from('>I', data, at)[0]
            if end > len(data):
                break
            found.append(data[at + 4:end])
            at = end
        self.pending = data[at:]
        return found


class Peer:
    """What is done with such a socket, by one thread at a time."""

    def __init__(self, kind, folder, name):
        self.link = kind(folder, name)
        self.netdev = self.link.netdev
        self.thread, self.stopping, self.reflected = None, False, 0

    def drain(self, silence=0.1):
        """Throw away what comes until there is silence."""
        while self.link.receive(silence):
            pass

    def hello(self, child, timeout=30):
        """Wait until @child, a process in the guest, gives frames back."""
        end = time.monotonic() + timeout
        while time.monotonic() < end and child.alive:
            self.link.send(frame(HELLO, 64))
            if any(data[14:18] == MARK for data in self.link.receive(0.1)):
                self.drain()
                return
        raise ProcError('peer: no frame came back; %s: %s' %
                        (child.name, child.out[-1500:] or 'says nothing'))

    def echo(self, count, sizes=(60, 1514), window=64, seed=1, silence=5):
        """Send frames that the guest gives back. Returns what was wrong, and how many came."""
        lengths, out = random.Random(seed), {}
        wrong = {'lost': 0, 'corrupt': 0, 'reordered': 0, 'stray': 0}
        sent = back = 0
        newest, moved = -1, time.monotonic()
        while back < count and time.monotonic() - moved < silence:
            while sent < count and len(out) < window:
                data = frame(sent, lengths.randint(*sizes))
                if not self.link.send(data):
                    break
                out[sent] = data
                sent += 1
            for data in self.link.receive(0.5):
                if data[14:18] != MARK:
                    continue  # the guest's kernel has something to say
                serial = struct.unpack_from('>I', data, 18)[0]
                moved, want = time.monotonic(), out.pop(serial, None)
                if want is None:
                    wrong['stray'] += 1
                    continue
                back += 1
                wrong['corrupt'] += data[12:] != want[12:]  # the addresses may be exchanged
                wrong['reordered'] += serial < newest
                newest = serial
        wrong['lost'] = count - back
        return {name: n for name, n in wrong.items() if n}, back

    def reflect(self):
        """Give every frame back as it is, until stop()."""
        self.stopping, self.reflected = False, 0
        self.thread = threading.Thread(target=self._reflect, daemon=True)
        self.thread.start()

    def _reflect(self):
        while not self.stopping:
            for data in self.link.receive(0.2):
                while not self.link.send(data) and not self.stopping:
                    time.sleep(0.001)
                self.reflected += 1

    def stop(self):
        self.stopping = True
        if self.thread:
            self.thread.join(10)
        self.thread = None
