#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write the inputs that the fuzz targets begin with into tests/fuzz/corpus.

    tests/fuzz/seeds.py

Each target's source says what its bytes mean.
"""
import base64
import json
import struct
import zlib
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / 'corpus'

# Rings: features, size; then steps of the application, and of the device.
BURST, KEEP = 0x80, 0xc0
WELL, BATCH = bytes([0, 1]), bytes([0, 0x21])


def well(n, how=WELL):
    """The device uses @n buffers as it should."""
    return how + bytes([n])


def badly(number, how=0x44, more=b''):
    """The device completes @number, of which nobody knows whether it is in flight."""
    return bytes([0, 0x40, 0, how, number]) + more


def poke(area, off, value):
    """The device writes into descriptors 0, driver's area 1, its own 2, a header 3, a table 4."""
    return bytes([0, 0x80, 0, area]) + struct.pack('<HH', off, value)


RX = {
    'usual': bytes([0, 4]) + (well(4) + bytes([BURST | 32])) * 8,
    'one-by-one': bytes([7, 3]) + (well(1) + bytes([BURST | 1])) * 12,
    'batches': bytes([0, 5]) + (well(5, BATCH) + bytes([BURST | 9])) * 6,
    'merged': bytes([1, 4]) + (bytes([0, 3, 6]) + bytes([BURST | 32])) * 5,
    'offload': bytes([2, 4]) + poke(3, 0, 0x0101) + well(2) + bytes([BURST | 8]),
    'index-wraps': bytes([16, 3]) + (well(8) + bytes([KEEP | 32])) * 4,
    'unknown-id': bytes([0, 4]) + well(3) + badly(40) + bytes([BURST | 32]),
    'same-id-twice': bytes([0, 2]) + badly(1) * 2 + bytes([BURST | 32]),
    'poked-index': bytes([0, 4]) + poke(2, 1, 999) + bytes([BURST | 32]),
    'pool-runs-out': bytes([8, 5]) + (well(8) + bytes([BURST | 32])) * 6,
    'sleep': bytes([4, 3]) + bytes([0x40, 3]) + well(2) + bytes([0x40, 30, BURST | 4]),
}
SEND = bytes([BURST | 8, 0])
TX = {
    'usual': bytes([0, 4]) + (SEND + well(8)) * 6,
    'batches': bytes([0, 5]) + (SEND + well(8, BATCH)) * 4,
    'chains': bytes([0, 5]) + (bytes([KEEP | 12, 3, 0]) + well(4)) * 4,
    'indirect-tables': bytes([1, 4]) + (bytes([KEEP | 12, 4, 0]) + well(3)) * 4,
    'odd-lengths': bytes([0, 4]) + b''.join(bytes([BURST | 8, i]) for i in range(1, 8)) + well(8),
    'index-wraps': bytes([2, 3]) + (SEND + well(8)) * 4,
    'unknown-id': bytes([4, 4]) + SEND + badly(50) + SEND * 2,
    'inside-a-chain': bytes([0, 4]) + bytes([KEEP | 8, 4, 0]) + badly(1) + SEND * 3,
    'poked-index': bytes([0, 4]) + SEND + poke(2, 1, 999) + SEND * 2,
}

CONTROL = {
    'acknowledged': bytes([0]) + bytes([0, 0, 1, 2]) * 3,
    'packed': bytes([2]) + bytes([0, 0, 2, 2]) * 3,
    'refused': bytes([1, 0, 1, 1, 0]),
    'silent': bytes([3, 0x80, 0, 1, 2]) + bytes([0, 0, 1, 0]),
    'another-id': bytes([0, 1, 0, 5, 0, 0, 0, 1]),
}


def net_hdr(flags, kind, hdr_len, size, start, off, frame=1514):
    return struct.pack('<IBQQBBHHHHH', frame, 0, 2**64 - 1, 0, flags, kind, hdr_len, size, start,
                       off, 0)


NET_HDR = {
    'plain': net_hdr(0, 0, 0, 0, 0, 0),
    'checksum': net_hdr(1, 0, 0, 0, 34, 16),
    'tcp4-segments': net_hdr(1, 1, 54, 1448, 34, 16),
    'unknown-kind': net_hdr(1, 9, 54, 1448, 34, 16),
    'checksum-behind-the-end': net_hdr(1, 0, 0, 0, 1513, 0xffff),
}

BARS = bytes([6, 0, 0, 0, 14, 0])  # I/O-like small one, and 16 KiB of registers


def config_space(*caps):
    """Capabilities one behind the other from 0x40."""
    space, at = bytearray(256), 0x40
    space[6], space[0x34] = 0x10 * bool(caps), at if caps else 0
    for i, cap in enumerate(caps):
        after = at + len(cap)
        space[at:after] = cap
        space[at + 1] = after if i + 1 < len(caps) else 0
        at = after
    return bytes(space)


def last_capability(cap):
    """One of 8 bytes, behind which the space is over."""
    space = bytearray(config_space())
    space[6], space[0x34], space[0xf8:] = 0x10, 0xf8, cap
    return bytes(space)


def vcap(kind, off, length=0x1000, bar=4, more=b''):
    return struct.pack('<BBBBB3xII', 9, 0, 16 + len(more), kind, bar, off, length) + more


WINDOWS = [vcap(1, 0), vcap(3, 0x1000), vcap(4, 0x2000), vcap(2, 0x3000, more=struct.pack('<I', 4))]
PCI_CAPS = {
    'four-windows': BARS + config_space(*WINDOWS),
    'list-without-end': BARS + bytes(6) + bytes([0x10]) + bytes(45) + bytes([0x40]) + bytes(11) +
                        bytes([9, 0x40]),
    'window-behind-its-bar': BARS + config_space(vcap(1, 0x3f00), *WINDOWS),
    'msix-at-the-end': BARS + last_capability(struct.pack('<BBH4x', 0x11, 0, 3)),
    'window-at-the-end': BARS + last_capability(vcap(1, 0)[:8]),
    'msix': BARS + config_space(struct.pack('<BBHII', 0x11, 0, 3, 4, 0x804), *WINDOWS),
}
ACTS = bytes([1, 7, 1, 0, 2, 0, 3, 1, 4, 1, 5, 9, 6, 0, 0, 0])
PCI_REGS = {
    'honest': bytes([0]) + ACTS,
    'legacy': bytes([1]) + ACTS,
    'other-status': bytes([0]) + ACTS + bytes([24]) + b'\x40\0\0\0' + bytes([9]) + b'\xff' * 4,
    'all-ones-later': bytes([0]) + ACTS + bytes([60]) + b'\xff' * 4 + (b'\0' + b'\xff' * 4) * 8,
    'other-capability': bytes([0]) + ACTS + bytes([12]) + b'\x07\0\0\0',
}
VHOST_USER = {
    'honest': ACTS,
    'no-features': ACTS + bytes([1]) + bytes(8),
    'short-answer': ACTS + bytes([0, 4, 7]),
    'answer-to-something-else': ACTS + bytes([0, 0, 2, 0, 5]),
    'with-files': ACTS + bytes([0, 16, 3]),
    'hangs-up': ACTS + bytes([0, 0, 0, 32]),
    'no-pairs': ACTS + bytes([0, 0, 0, 1]) + bytes(8),
}

ADDRESS = {
    'loop': b'loop:pair,queues=2,packed=on,size=16',
    'path-with-colons': b'pci:0000:00:04.0,size=4,packed',
    'features': b'loop:source,mrg_rxbuf=off,csum=on,event_idx=auto,no=mq+csum',
    'model': b'loop:sink,max_queues=2,delay=1ms,src_len=60-1514,loss=1e-4,batch=4',
    'number-too-large': b'x:,size=99999999999999999999999',
}
ASSERTION = {
    'ratio': b'rx.loss_ratio <= 0.5%',
    'index': b'ports.1.p==2.5k',
    'not-there': b'rx.nothing != 1e-6',
}
# By the number of the reader in values.c.
VALUES = {
    'count': b'\x00' + b'10k',
    'duration': b'\x01' + b'1.5ms',
    'mac': b'\x02' + b'02:00:00:00:00:01',
    'cpus': b'\x04' + b'0,2,4-7',
    'sizes': b'\x05' + b'imix:64=7,570=4,1518=1',
    'sizes-genome': b'\x05' + b'imix:genome:aafg',
    'sizes-random': b'\x05' + b'random:64-1518:7',
    'rate': b'\x06' + b'10Gbps',
    'ports': b'\x08' + b'1000-1999,5',
    'addresses': b'\x0b' + b'10.0.0.0/24,10.1.0.1-10.1.0.9',
    'macs': b'\x0c' + b'02:00:00:00:00:01-02:00:00:00:00:09',
    'vlans': b'\x0d' + b'5,100-199',
    'base64': b'\x0e' + b'aGVsbG8=',
}
# By the number of the command in apps/vio/commands.c.
OPTIONS = {
    'words': b'\x04' + b'-r\n1Mpps\n--size=64-1518\n-t\n1s\nloop:echo\nloop:sink',
    'unknown': b'\x05' + b'--nothing\n-Z',
    'no-value': b'\x04' + b'loop:echo\n--size',
    'help': b'\x00' + b'--help',
}
PROFILE = {
    'yaml': b'streams:\n- name: voice\n  weight: 1.5\n  size: 64\n  vlan: 100\n'
            b'- name: bulk\n  rate: 1Mpps\n  size: imix\n  ipv6: true\n',
    'json': b'{"streams": [{"name": "a", "size": "64,128", "dst-ip": "10.0.0.1"}]}',
    'anchors': b'streams: [&a {name: x}, *a]\n',
    'unknown-key': b'streams:\n- {name: a, colour: red}\n',
}

FRAME = bytes([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45]) + bytes(45)
TAGGED = FRAME[:12] + bytes([0x81, 0, 0, 5]) + FRAME[12:]


def pcap(order='<', magic=0xa1b2c3d4, frames=(FRAME, TAGGED)):
    head = struct.pack(order + 'IHHiIII', magic, 2, 4, 0, 0, 65535, 1)
    return head + b''.join(struct.pack(order + 'IIII', 1700000000, i, len(f), len(f)) + f
                           for i, f in enumerate(frames))


def block(kind, body, order='<'):
    body += bytes(-len(body) % 4)
    return struct.pack(order + 'II', kind, len(body) + 12) + body + \
        struct.pack(order + 'I', len(body) + 12)


def section(order='<'):
    return block(0x0a0d0d0a, struct.pack(order + 'IHHq', 0x1a2b3c4d, 1, 0, -1), order)


def interface(order='<'):
    return block(1, struct.pack(order + 'HHI', 1, 0, 0) +
                 struct.pack(order + 'HHB3xHH', 9, 1, 9, 0, 0), order)


def packet(order='<', frame=FRAME):
    return block(6, struct.pack(order + 'IIIII', 0, 1, 2, len(frame), len(frame)) + frame, order)


PCAPNG = section() + interface() + packet() + packet(frame=TAGGED)
PCAP = {
    'pcap': b'\x08' + pcap(),
    'pcap-nanoseconds-swapped': b'\x01' + pcap('>', 0xa1b23c4d),
    'pcap-cut': b'\x3f' + pcap()[:-7],
    'pcapng': b'\x08' + PCAPNG,
    'pcapng-swapped': b'\x04' + section('>') + interface('>') + packet('>'),
    'block': b'\x00' + packet(),
}
REPLAY = {
    'as-it-was': b'\x00' + pcap(),
    'by-rate-three-queues': b'\x11' + pcap(frames=[FRAME, TAGGED, FRAME[:30] + FRAME[:30]] * 3),
    'pcapng-twice': b'\x48' + PCAPNG,
    'damaged': b'\x00' + pcap() + b'\xff' * 20,
}


def run_result(pps):
    return json.dumps({
        'schema': 'vio.pktgen/1', 'verdict': 'valid', 'duration_s': 1.0,
        'tx': {'sent': 1000, 'bytes_l2': 64000, 'rate_pps': pps},
        'rx': {'packets': 990, 'loss_ratio': 0.01, 'rate_pps': pps},
        'latency_ns': {'count': 10, 'min': 1, 'p50': 5, 'p99': 9, 'max': 10},
        'intervals': [{'from_s': 0, 'to_s': 1, 'tx': {'sent': 5}, 'rx': {'packets': 5}}],
    }, separators=(',', ':')).encode()


def hdr():
    counts = bytes([0x0d, 0x02, 0x14])  # 7 values of 0 left out, one, ten
    inner = struct.pack('>IIIIqqd', 0x1c849313, len(counts), 0, 3, 1, 10**10, 1.0) + counts
    packed = zlib.compress(inner)
    return base64.b64encode(struct.pack('>II', 0x1c849314, len(packed)) + packed)


ATTACH = {
    'capture': b'\x40' + PCAPNG,
    'byte-by-byte': b'\x00' + section() + interface() + packet(),
    'refused': b'\x08' + b'{"error": "no room"}\n',
    'length-too-large': b'\xff' + struct.pack('<II', 6, 0x7ffffffc) + bytes(20),
}
RESULT = {
    'run': run_result(1e6),
    'two-runs': run_result(1e6) + b'\0' + run_result(2e6),
    'another-schema': b'{"schema":"vio.list/1"}',
    'deep': b'{"schema":"vio.search/1","items":' + b'[' * 40 + b']' * 40 + b'}',
}
HDR = {'histogram': hdr(), 'not-whole': hdr()[:-9], 'something-else': b'AAAA'}

SEEDS = {
    'rx': RX, 'tx': TX, 'control': CONTROL, 'net-hdr': NET_HDR,
    'pci-caps': PCI_CAPS, 'pci-regs': PCI_REGS, 'vhost-user': VHOST_USER,
    'address': ADDRESS, 'assertion': ASSERTION, 'attach': ATTACH, 'values': VALUES,
    'options': OPTIONS, 'profile': PROFILE, 'pcap': PCAP, 'replay': REPLAY, 'result': RESULT,
    'hdr': HDR,
}


def main():
    for target, seeds in SEEDS.items():
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (folder / name).write_bytes(data)


if __name__ == '__main__':
    main()
