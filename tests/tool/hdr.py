# SPDX-License-Identifier: BSD-3-Clause
"""Reads histograms in the form of HdrHistogram (V2), written from the description of that form."""

import base64
import struct
import zlib

COOKIE, COMPRESSED = 0x1c849313, 0x1c849314
HEAD = struct.Struct(">IIIIQQd")


def numbers(data):
    """Zigzag LEB128, of nine bytes at most."""
    at = 0
    while at < len(data):
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            if shift == 56:
                value |= byte << 56
                break
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                break
        yield (value >> 1) ^ -(value & 1)


class Histogram:
    def __init__(self, text=None):
        self.counts = []
        if text:
            self.read(text)

    def read(self, text):
        data = base64.b64decode(text, validate=True)
        cookie, length = struct.unpack_from(">II", data)
        assert (cookie, length) == (COMPRESSED, len(data) - 8), f"{cookie:x} {length}"
        data = zlib.decompress(data[8:])
        cookie, length, offset, digits, lowest, highest, ratio = HEAD.unpack_from(data)
        assert (cookie, length, offset) == (COOKIE, len(data) - HEAD.size, 0), f"{cookie:x}"
        assert (digits, lowest, highest, ratio) == (3, 1, 10**10, 1.0), f"{digits} {highest}"
        for n in numbers(data[HEAD.size:]):
            self.counts += [n] if n >= 0 else [0] * -n

    def add(self, other):
        short, long = sorted((self.counts, other.counts), key=len)
        self.counts = [a + b for a, b in zip(long, short + [0] * (len(long) - len(short)))]

    @property
    def count(self):
        return sum(self.counts)

    @staticmethod
    def last(index):
        """The largest value of a bucket: 2048 of one each, then 1024 for each power of two."""
        if index < 2048:
            return index
        shift = index // 1024 - 1
        return ((index % 1024 + 1024 + 1) << shift) - 1

    def percentile(self, percent):
        """Largest value of the bucket in which so many percent are reached."""
        wanted, seen = max(1, -(-self.count * percent // 100)), 0
        for index, n in enumerate(self.counts):
            seen += n
            if seen >= wanted:
                return self.last(index)
        return 0
