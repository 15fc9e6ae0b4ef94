# SPDX-License-Identifier: BSD-3-Clause
"""Runs in the guest: frames over a network interface of its kernel, whose peer gives them back.

usage: interface.py INTERFACE COUNT
"""

import os
import socket
import struct
import sys

TYPE = 0x88b6
WINDOW = 32


def main():
    name, count = sys.argv[1], int(sys.argv[2])
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(TYPE)) as link:
        link.bind((name, 0))
        link.settimeout(10)
        mac = link.getsockname()[4]
        sent, back = {}, 0
        while back < count:
            while len(sent) < WINDOW and back + len(sent) < count:
                number = back + len(sent)
                sent[number] = (mac + mac + struct.pack('>HI', TYPE, number) +
                                os.urandom(42 + number * 7 % 1400))
                link.send(sent[number])
            data = link.recv(4096)
            number = struct.unpack_from('>I', data, 14)[0]
            if sent.pop(number, None) != data:
                sys.exit('frame %d came back changed, or twice' % number)
            back += 1
    print('%d frames came back' % back)


if __name__ == '__main__':
    main()
