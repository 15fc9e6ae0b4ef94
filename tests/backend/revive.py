# SPDX-License-Identifier: BSD-3-Clause
"""A port whose backend is killed under traffic and started again goes on."""

import json
import os
import random
import re
import signal
import statistics
import time

from proc import Proc, wait_for
from suite import Case

MODES = ('packed=off', 'packed=on,in_order=on', 'packed=on,in_flight=resend')
SECONDS_A_ROUND = 30


def start(rig, mode='io'):
    """A backend that forwards from its first moment on."""
    return rig.testpmd(1, args=('--auto-start', '--forward-mode=' + mode))


def kills(options):
    def run(rig):
        rounds = rig.args.rounds
        start(rig)
        seconds = SECONDS_A_ROUND * (rounds + 1)
        address = 'vhost-user:%s,size=256,%s' % (rig.socket, options)
        revive = Proc(['taskset', '-c', '0', rig.args.revive, address, rig.socket, str(rounds),
                       str(seconds)], 'revive', seconds + 10)
        for i in range(rounds):
            wait_for('traffic', lambda: len(re.findall('^flows', revive.out, re.M)) > i or
                     not revive.alive)
            time.sleep(random.uniform(0, 0.05))
            rig.pmd.kill()
            start(rig)
        code = revive.wait(seconds)
        result = json.loads(revive.out.splitlines()[-1])
        rig.point(code == 0 and result['recoveries'] == rounds,
                  'comes back from %d kills, every packet is accounted for' % rounds, revive.out)
        took = [float(ms) for ms in re.findall(r'^back (\S+)', revive.out, re.M)]
        if took:
            # DPDK's backend looks at its sockets once a second, until it has seen the first peer.
            rig.measured('%.0f ms from the socket to the first packet (median), %.0f at most; '
                         '%d packets taken back, %d attempts failed' %
                         (statistics.median(took), max(took), result['taken_back'],
                          result['failed']))
        rig.reset()
    return run


def forwarder(rig):
    """The tool waits for a backend that went, and forwards what the next one sends."""
    start(rig, 'flowgen')
    tool = Proc([rig.args.vio, 'fwd', 'vhost-user:' + rig.socket, '-q'], 'vio fwd', 60)
    wait_for('traffic', lambda: rig.pmd.stats()['rx'] > 1000)
    rig.pmd.kill()
    tool.expect('note: .*; waiting for its return', 5)
    start(rig, 'flowgen')
    tool.expect('note: .*: up again', 10)
    wait_for('traffic', lambda: rig.pmd.stats()['rx'] > 1000)
    os.kill(tool.pid, signal.SIGINT)
    code = tool.wait(5)
    rig.point(code == 0 and re.search(r'RESULT .*sent \d{4}', tool.out),
              'comes back, and says in the end what it forwarded', tool.out)
    rig.reset()


def cases():
    yield Case('backend killed under vio fwd', forwarder)
    for options in MODES:
        yield Case('backend killed and started again ' + options, kills(options))
