# SPDX-License-Identifier: BSD-3-Clause
"""QEMU's monitor."""

import json

from proc import ProcError


class Qmp:
    """@sock: connected to the monitor, which need not have greeted yet."""

    def __init__(self, sock):
        self.sock, self.greeted = sock, False
        sock.settimeout(20)
        self.stream = sock.makefile('rw', encoding='utf-8')

    def __call__(self, command, **arguments):
        if not self.greeted:
            self.stream.readline()
            self.greeted = True
            self('qmp_capabilities')
        self.stream.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
        self.stream.flush()
        while True:
            line = self.stream.readline()
            if not line:
                raise ProcError('QMP %s: QEMU has gone' % command)
            answer = json.loads(line)
            if 'error' in answer:
                raise ProcError('QMP %s: %s' % (command, answer['error']['desc']))
            if 'return' in answer:  # otherwise it is an event, which nobody waits for
                return answer['return']
