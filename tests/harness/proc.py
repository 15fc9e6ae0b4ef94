# SPDX-License-Identifier: BSD-3-Clause
"""Child processes with a deadline, whose output can be waited for."""

import re
import subprocess
import threading
import time

_running = []


class ProcError(Exception):
    """A child did not do what was expected of it; the text holds the end of its output."""


class Proc:
    """A child whose merged output is kept. It is killed at its deadline, and when we die."""

    GUARD = ['setpriv', '--pdeathsig', 'KILL']

    def __init__(self, args, name, deadline, **popen):
        self.name, self.out, self.pos, self.ended = name, '', 0, False
        self.changed = threading.Condition()
        self.p = subprocess.Popen(self.GUARD + args, bufsize=0,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, **popen)
        _running.append(self)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.timer = threading.Timer(deadline, self.kill)
        self.timer.daemon = True
        self.timer.start()

    def _read(self):
        while True:
            data = self.p.stdout.read(65536)
            with self.changed:
                self.out += data.decode('utf-8', 'replace').replace('\r', '')
                self.ended = not data
                self.changed.notify_all()
            if not data:
                return

    def send(self, line):
        try:
            self.p.stdin.write((line + '\n').encode())
        except (BrokenPipeError, ValueError):
            pass

    def expect(self, pattern, timeout=20):
        """Wait for @pattern behind the last match; returns the match."""
        end = time.monotonic() + timeout
        with self.changed:
            while True:
                match = re.compile(pattern, re.M).search(self.out, self.pos)
                if match:
                    self.pos = match.end()
                    return match
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    raise ProcError('%s: %r not seen%s; the end of its output:\n%s' %
                                    (self.name, pattern, ', it ended' if self.ended else '',
                                     self.out[-1500:]))
                self.changed.wait(left)

    def wait(self, timeout):
        """Exit code, or an error if it still runs after @timeout seconds."""
        try:
            code = self.p.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ProcError('%s: still running after %g s; the end of its output:\n%s' %
                            (self.name, timeout, self.out[-1500:])) from None
        self.reader.join(5)
        self.timer.cancel()
        return code

    def kill(self):
        """End it now, by its own process id; nothing happens if it has ended."""
        self.timer.cancel()
        if self.p.poll() is None:
            self.p.kill()
            self.p.wait()

    @property
    def pid(self):
        return self.p.pid

    @property
    def alive(self):
        return self.p.poll() is None


def kill_all():
    for proc in _running:
        proc.kill()


def output_of(command, timeout):
    """Run @command to its end. Return: its standard output; ProcError with all of it otherwise."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode:
        raise ProcError('%s ended with %d\n%s%s' % (' '.join(map(str, command)), done.returncode,
                                                    done.stdout, done.stderr))
    return done.stdout


def wait_for(what, condition, timeout=20):
    """Ask until @condition() holds; @what it is that is waited for."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise ProcError('not within %d s: %s' % (timeout, what))
        time.sleep(0.02)
