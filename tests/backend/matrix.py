# SPDX-License-Identifier: BSD-3-Clause
"""Every mode of the driver against dpdk-testpmd: sent, received and echoed frames, all checked."""

import collections
import itertools

from suite import Case
from verify import faults_of

FULL, QUICK = 10**7, 10**5
# Frames that a step sends at least: a sweep from 60 to 9000 bytes reaches each size.
EVERY_SIZE = 9000

# A part of a mode. share: of the frames of the mode; fwd, sizes: testpmd's forwarding mode and its
# txpkts; split: its txsplit; args: verify's.
Step = collections.namedtuple('Step', 'what kind share fwd args sizes split')
Step.__new__.__defaults__ = ('64', 'off')

JUMBO = '2000,2000,2000,2000,1000'

STEPS = (
    Step('sends 60 bytes', 'tx', .30, 'rxonly', '-s 60'),
    Step('sends an Internet mix in up to 4 segments', 'tx', .05, 'rxonly', '-s 60,566,1514 -m 4'),
    Step('sends 60 to 9000 bytes in up to 9 segments', 'tx', .005, 'rxonly', '-s 60-9000 -m 9'),
    Step('receives 64 bytes', 'rx', .25, 'txonly', '-s 64', '64'),
    Step('receives 64 to 1518 bytes', 'rx', .05, 'txonly', '-s 64,264,464,664,1018,1518',
         '64,200,200,200,354,500', 'rand'),
    Step('receives 9000 bytes', 'rx', .005, 'txonly', '-s 9000', JUMBO),
    Step('receives 1024 flows in turn', 'rx', .14, 'flowgen', '-k flowgen -s 60', '64'),
    Step('gets 60 bytes back', 'echo', .15, 'io', '-s 60'),
    Step('gets 64 to 1514 bytes back', 'echo', .045, 'io', '-s 64-1514'),
    Step('gets 60 to 9000 bytes back, from up to 5 segments', 'echo', .005, 'io',
         '-s 60-9000 -m 5'),
)


def check_counts(result, stats, kind):
    """What verify and testpmd count differently; both see every frame of every byte."""
    pairs = {'tx': [('tx', 'rx'), ('tx_bytes', 'rx_bytes')],
             'rx': [('rx', 'tx'), ('rx_bytes', 'tx_bytes')]}
    pairs['echo'] = pairs['tx'] + pairs['rx']
    return {'%s %d' % (ours, result[ours]): 'testpmd %d' % stats[theirs]
            for ours, theirs in pairs[kind] if result[ours] != stats[theirs]}


def run_step(rig, pmd, address, step, count, buffers):
    pmd.run('set txsplit ' + step.split)
    pmd.start(step.fwd, step.sizes)
    verify = rig.verify('-n', count, *step.args.split(), *buffers, step.kind, address)
    if step.kind == 'rx':
        verify.expect('^reached', verify.deadline)
        pmd.stop()
    result = verify.result()
    if step.kind != 'rx':
        pmd.stop()
    wrong = faults_of(result)
    if not wrong:
        wrong = check_counts(result, pmd.stats(), step.kind)
    frames = max(result['tx'], result['rx'])
    rig.point(not wrong, '%s, %d frames, %.2f M/s' %
              (step.what, frames, frames / 1000 / max(result['run_ms'], 1)),
              '%s\n%s' % (wrong, verify.out[-1500:]))
    return result


def mode_runner(mode, queues):
    address = ','.join('%s=%s' % item for item in mode.items()) + ',queues=%d' % queues
    # Without mergeable buffers a frame must fit one.
    buffers = () if mode['mrg_rxbuf'] == 'on' else ('-b', '16384', '-B', '6144')

    def run(rig):
        pmd = rig.testpmd(queues)
        total = QUICK if rig.args.quick else FULL
        for step in STEPS:
            use = buffers if '9000' in step.what else ()
            result = run_step(rig, pmd, 'vhost-user:%s,%s' % (rig.socket, address), step,
                              max(int(total * step.share), EVERY_SIZE), use)
        rig.point(result['queues'] == queues, 'has %d queue pairs' % queues, result)
        rig.note('variants %s, %s' % (result['rx_variant'], result['tx_variant']))
        rig.point(pmd.alive, 'testpmd still runs')

    return run


# Rings off the beaten track: address options, verify's further arguments.
RINGS = (
    ('packed=off,size=2', '-w 1'),
    ('packed=off,size=64', '-w 32'),
    ('packed=off,size=32768', '-R 4194304 -B 81920'),
    ('packed=on,size=2', '-w 1'),
    ('packed=on,size=63', '-w 32'),
    ('packed=on,size=1000', '-w 256'),
    ('packed=on,size=32768', '-R 4194304 -B 81920'),
    ('packed=off,indirect_desc=off', '-m 9'),
    ('packed=on,indirect_desc=off', '-m 9'),
    ('packed=off,event_idx=off', '-m 2'),
    ('packed=on,event_idx=off', '-m 2'),
)


def ring_runner(options, args):
    def run(rig):
        pmd = rig.testpmd(1)
        pmd.start('io')
        verify = rig.verify('-n', 20000, '-s', '60-1514', *args.split(), 'echo',
                            'vhost-user:%s,%s' % (rig.socket, options))
        result = verify.result()
        pmd.stop()
        wrong = faults_of(result) or check_counts(result, pmd.stats(), 'echo')
        rig.point(not wrong, '%d frames come back' % result['rx'], '%s\n%s' % (wrong, verify.out))
        rig.point(pmd.alive, 'testpmd still runs')

    return run


def cases():
    on_off = ('off', 'on')
    for queues, packed, in_order, mrg in itertools.product((1, 2), on_off, on_off, on_off):
        name = '%s in_order=%s mrg_rxbuf=%s queues=%d' % (
            'packed' if packed == 'on' else 'split', in_order, mrg, queues)
        mode = {'packed': packed, 'in_order': in_order, 'mrg_rxbuf': mrg}
        yield Case('matrix ' + name, mode_runner(mode, queues))
    for options, args in RINGS:
        yield Case('ring ' + options, ring_runner(options, args))
