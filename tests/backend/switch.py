# SPDX-License-Identifier: BSD-3-Clause
"""Two of vio's ports on a bridge of Open vSwitch with DPDK."""

import itertools
import json
import os
import subprocess

from ovs import DAEMON
from proc import ProcError
from suite import Case
from verify import faults_of

MODES = tuple(itertools.product(('off', 'on'), ('off', 'on'), (1, 2)))
WAIT = 'timeout=10000'


def bridge(rig, listen):
    """A bridge with two ports; with @listen vio listens. Returns (switch, addresses)."""
    switch = rig.ovs()
    rig.serial += 1
    addresses, names = [], ['a%d' % rig.serial, 'b%d' % rig.serial]
    for name in names:
        path = os.path.join(rig.folder, name) if listen else None
        addresses.append('vhost-user:' + switch.add_port(name, path) +
                         (',server,' if listen else ',') + WAIT)
    switch.connect(*names)
    return switch, names, addresses


def end_bridge(switch, names):
    for name in names:
        switch.vsctl('del-port', switch.bridge, name)


def check_bridge(rig, options, listen, args):
    switch, names, addresses = bridge(rig, listen)
    count = 20000 if rig.args.quick else 300000
    # The switch puts all flows onto one queue, whose ring they share.
    verify = rig.verify('-S', '-n', count, '-w', 256, *args, 'echo',
                        *('%s,%s' % (address, options) for address in addresses))
    result = verify.result()
    wrong = faults_of(result)
    rig.point(not wrong, '%s, vio %s: %d frames, %.2f M/s' %
              (' '.join(args), 'listens' if listen else 'connects', result['rx'],
                 result['rx'] / 1000 / max(result['run_ms'], 1)), '%s\n%s' % (wrong, verify.out))
    end_bridge(switch, names)


def ports(options):
    def run(rig):
        for listen in (True, False):
            check_bridge(rig, options, listen, ('-s', '60'))
        check_bridge(rig, options, True, ('-s', '60-1514', '-m', '4'))
        rig.point(rig.ovs().alive, 'the switch still runs')
    return run


def run_pktgen(rig, addresses):
    """Returns (exit code, report, messages)."""
    done = subprocess.run(
        [rig.args.vio, 'pktgen', *addresses, '-r', '200kpps', '--warmup', '500ms',
         '-t', '1s' if rig.args.quick else '3s',
         # The switch forwards on processor 1.
         '--cores', '0', '--buffers', '16384', '--json', '-', '--quiet'],
        capture_output=True, text=True, timeout=60, check=False)
    try:
        return done.returncode, json.loads(done.stdout), done.stderr
    except ValueError:
        raise ProcError('vio pktgen: exit code %d and no report:\n%s' %
                        (done.returncode, done.stderr)) from None


def pktgen(options):
    def run(rig):
        if not os.access(rig.args.vio, os.X_OK):
            rig.skip('vio pktgen through the bridge', 'the tool is not built')
            return
        switch, names, addresses = bridge(rig, True)
        # Where the generator gets no time for a while, what is under way must find room.
        sizes = ('size=256', 'size=4096')
        code, report, messages = run_pktgen(rig, ['%s,%s,%s' % (address, options, size)
                                                  for address, size in zip(addresses, sizes)])
        # 5: somebody else needed the processor, and the rate was missed.
        rig.point(code in (0, 5), 'vio pktgen ends well', 'exit code %d\n%s' % (code, messages))
        rig.point(report['rx']['received'] == report['tx']['sent'] > 0,
                  '%d frames sent, all arrive' % report['tx']['sent'], messages)
        for name in ('lost', 'corrupt', 'reordered', 'duplicate'):
            rig.point(report['rx'].get(name) == 0, 'no frame is ' + name, report['rx'])
        end_bridge(switch, names)
    return run


def with_switch(run):
    """The case if there is an Open vSwitch with DPDK."""
    def check(rig):
        if os.access(DAEMON, os.X_OK) and not os.geteuid():
            run(rig)
        else:
            rig.skip('ports on a bridge', 'needs root and openvswitch-switch-dpdk')
    return check


def cases():
    for packed, mrg, queues in MODES:
        options = 'packed=%s,mrg_rxbuf=%s,queues=%d' % (packed, mrg, queues)
        yield Case('ovs ' + options, with_switch(ports(options)))
        yield Case('ovs pktgen ' + options, with_switch(pktgen(options)))
