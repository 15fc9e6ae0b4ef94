#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The live screen of `vio pktgen`, on a terminal that is emulated. Prints TAP.

usage: screen.py VIO [- PART OF A CASE'S NAME]
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pyte

from cases import equal, main
from tool import TIMEOUT, TMP, VIO

CALM = ["-r", "10kpps", "--late-limit", "100%"]


class Terminal:
    """The tool on a terminal of its own."""

    def __init__(self, *args, size=(110, 40), term="screen"):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.screen = pyte.Screen(*size)
        self.stream = pyte.ByteStream(self.screen)
        self.all = b""
        env = {**os.environ, "TERM": term, "COLUMNS": str(size[0]), "LINES": str(size[1])}
        self.child = subprocess.Popen([VIO, *args], stdin=slave, stdout=slave,
                                      stderr=subprocess.PIPE, env=env, start_new_session=True)
        os.close(slave)
        self.end = time.monotonic() + TIMEOUT

    def read(self, seconds=0.1):
        """Take what comes in. Return: False when the tool has closed the terminal."""
        if not select.select([self.master], [], [], seconds)[0]:
            return True
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        self.all += data
        self.stream.feed(data)
        return bool(data)

    def text(self):
        return "\n".join(line.rstrip() for line in self.screen.display)

    def until(self, pattern):
        """Read until the picture shows @pattern. Return: the match."""
        while True:
            found = re.search(pattern, self.text())
            if found:
                return found
            assert time.monotonic() < self.end, f"{pattern!r} does not show:\n{self.text()}"
            assert self.read() or re.search(pattern, self.text()), (
                f"ended without {pattern!r}:\n{self.text()}")

    def key(self, key):
        os.write(self.master, key)

    def wait(self):
        """Returns exit code, all output as text, stderr."""
        while self.read():
            assert time.monotonic() < self.end, "the tool does not end"
        err = self.child.stderr.read().decode()
        self.child.stderr.close()
        code = self.child.wait(10)
        os.close(self.master)
        return code, self.all.decode(errors="replace"), err


def behind(output):
    """What was printed when the screen was given back."""
    return output.rsplit("\x1b[?1049l", 1)[1]


def case_shows():
    t = Terminal("pktgen", "loop:echo,loss=1e-2,seed=1", "-t", "30s", "--queues", "2", *CALM)
    t.until(r"vio pktgen +loop:echo")
    t.until(r"\d\.\d s of 30\.0 s +\[")
    t.until(r"tx +0\.0\d+ +0\.0\d+ +[1-9]\d{3}")
    t.until(r"rx +0\.0\d+ +0\.0\d+ +[1-9]\d{2}")
    t.until(r"lost [1-9]\d* \(0?\.\d+\) +reordered 0")
    t.until(r"latency us +p50 \d+\.\d +p99")
    for queue in ("tx0", "tx1", "rx0", "rx1"):
        t.until(queue + r" +0\.0\d+")
    t.until(r"tx0 .*ring \[[#.]{20}\] +\d+ %")
    t.key(b"q")
    code, out, _ = t.wait()
    assert code in (0, 5), out
    assert re.search(r"(RESULT|INVALID) .*sent [1-9]", behind(out)), behind(out)
    assert "interrupted" in behind(out), behind(out)


def case_streams():
    profile = Path(TMP) / "streams.yaml"
    profile.write_text("streams:\n  - name: gold\n    rate: 5kpps\n  - name: silver\n"
                       "    rate: 2kpps\n")
    t = Terminal("pktgen", "loop:echo", "-t", "30s", "--profile", str(profile), "--late-limit",
                 "100%")
    t.until(r"gold +0\.00[3-9]\d+ .*us p50 \d")
    t.until(r"silver +0\.00[1-9]\d+ .*us p50 \d")
    t.key(b"q")
    code, out, _ = t.wait()
    assert code in (0, 5), out


def case_ends_by_itself():
    t = Terminal("pktgen", "loop:echo", "-t", "600ms", *CALM)
    code, out, _ = t.wait()
    assert code in (0, 5), out
    assert "\x1b[?1049h" in out, "no screen was drawn"
    assert re.search(r"(RESULT|INVALID)", behind(out)), behind(out)


def case_signal():
    t = Terminal("pktgen", "loop:echo", "-t", "30s", *CALM)
    t.until(r"tx +0\.0\d+")
    t.child.send_signal(signal.SIGINT)
    code, out, _ = t.wait()
    assert code in (0, 5), out
    assert "interrupted" in behind(out), behind(out)


def case_messages_are_kept():
    """A port that dies says so on stderr, where no picture is torn by it."""
    t = Terminal("pktgen", "loop:sink,max_mtu=1500", "-n", "1000000", "-r", "1kpps",
                 "--jsonl", "/dev/full", "--interval", "100ms")
    t.until(r"tx +0\.00")
    t.key(b"q")
    code, out, err = t.wait()
    equal(code, 3, "exit code")
    assert "/dev/full" in err, err
    assert "/dev/full" not in out, out


def case_no_screen(args, term):
    t = Terminal("pktgen", "loop:echo", "-t", "600ms", "--interval", "200ms", *CALM, *args,
                 term=term)
    code, out, _ = t.wait()
    assert code in (0, 5), out
    assert "\x1b[?1049h" not in out, "a screen was drawn"
    return out


def case_lines(args, term):
    assert re.search(r"^ +0\.\ds +0\.0", case_no_screen(args, term), re.M)


def case_quiet():
    assert "Mpps   rx" not in case_no_screen(["-q"], "screen")


def case_small():
    t = Terminal("pktgen", "loop:echo", "-t", "600ms", "--queues", "8", *CALM, size=(20, 5))
    code, out, _ = t.wait()
    assert code in (0, 5), out


def case_pipe():
    done = subprocess.run([VIO, "pktgen", "loop:echo", "-t", "300ms", *CALM], capture_output=True,
                          text=True, timeout=TIMEOUT, check=False)
    assert "\x1b" not in done.stdout, done.stdout


def cases():
    """Name, function, arguments."""
    yield "a run is shown while it lasts, and ends by the key q", case_shows, ()
    yield "streams have lines", case_streams, ()
    yield "the result follows the screen", case_ends_by_itself, ()
    yield "SIGINT gives the terminal back", case_signal, ()
    yield "messages are kept until the end", case_messages_are_kept, ()
    yield "--no-tui prints lines", case_lines, (["--no-tui"], "screen")
    yield "an unknown terminal gets lines", case_lines, ([], "no-such-terminal")
    yield "-q draws nothing", case_quiet, ()
    yield "a small terminal shows what fits", case_small, ()
    yield "a pipe gets no screen", case_pipe, ()


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
