# SPDX-License-Identifier: BSD-3-Clause
"""Frames through vio's ports, each byte of them checked."""

import json

from bed import PLAIN_USER, SYSFS
from proc import ProcError
from verify import faults_of, result_of

FRAMES = 5000
BULK = 50000


def bound(bed, *indices, driver='vfio-pci'):
    """These NICs bound to @driver."""
    for index in indices:
        if bed.driver(bed.address(index)) != driver:
            bed.give(index, driver)


def reflect(index, options='', what='', frames=FRAMES, prefix=(), driver='vfio-pci', check=None):
    """verify sends and checks, the peer gives back. @check: more, as (result) -> complaint."""
    def run(bed):
        bound(bed, index, driver=driver)
        peer = bed.peers[index]
        peer.reflect()
        result = bed.verify('-n', frames, '-s', '60-1514', '-m', 3, '-w', 64, 'echo',
                            bed.uri(index, options), prefix=prefix)
        peer.stop()
        wrong = faults_of(result) or (check(result) if check else '')
        bed.point(not wrong and result['rx'] == frames,
                  '%d frames come back%s' % (frames, what and ', ' + what),
                  '%s\n%s' % (wrong, result['out']))
    return run


def one_to_another(first, second):
    """Two devices in one process: what goes out of one comes in at the other, both ways."""
    def run(bed):
        bound(bed, first, second)
        result = bed.verify('-n', FRAMES, '-s', '60-1514', '-m', 3, '-w', 32, 'echo',
                            bed.uri(first), bed.uri(second))
        bed.point(not faults_of(result) and result['rx'] == FRAMES,
                  '%d frames go from one device to the other' % FRAMES, result['out'])
    return run


def fwd(index, *options, address='', prefix=()):
    """vio fwd gives back what the peer sends and checks."""
    def run(bed):
        bound(bed, index)
        tool = bed.guest.start(*prefix, bed.args.vio, 'fwd', bed.uri(index, address), '--mode',
                               'macswap', *options, deadline=90)
        bed.peers[index].hello(tool)
        wrong, back = bed.peers[index].echo(FRAMES)
        tool.signal(2)
        code = tool.wait(10)
        bed.point(not wrong and code == 0, 'vio fwd gives %d frames back' % back,
                  '%s, exit code %d\n%s' % (wrong, code, tool.out))
    return run


def example(index):
    """README's program, as it stands there."""
    def run(bed):
        bound(bed, index)
        # Its two seconds begin when the port is open.
        tool = bed.guest.start(bed.args.example, bed.uri(index))
        bed.peers[index].hello(tool)
        wrong, back = bed.peers[index].echo(200, silence=0.3)
        code = tool.wait(20)
        bed.point(code == 0 and not wrong and 'packets echoed' in tool.out,
                  'README\'s program gives %d frames back' % back,
                  '%s, exit code %d\n%s' % (wrong, code, tool.out))
    return run


def back_to_back(first, second, *options):
    """vio pktgen on one device, vio fwd on the other; both in this guest."""
    def run(bed):
        bound(bed, first, second)
        tool = bed.guest.start(bed.args.vio, 'fwd', bed.uri(second), '--mode', 'macswap',
                               *options, deadline=90)
        tool.expect(r'\S', 20)
        path = '/run/pktgen.json'
        code, out = bed.vio('pktgen', bed.uri(first), '-r', '2kpps', '-s', 'imix', '-t', '3s',
                            '--late-limit', '100%', '-q', '-o', path, timeout=60)
        tool.signal(2)
        ended = tool.wait(10)
        bed.point(code in (0, 5) and ended == 0, 'vio pktgen and vio fwd end well',
                  '%d, %d\n%s\n%s' % (code, ended, out, tool.out))
        report = json.loads(bed.guest.ok('cat', path))
        rx, tx = report['rx'], report['tx']
        bed.point(rx['received'] == tx['sent'] > 1000, 'all of %d frames arrive' % tx['sent'], rx)
        for name in ('lost', 'corrupt', 'reordered', 'duplicate'):
            bed.point(rx.get(name) == 0, 'no frame is ' + name, rx)
    return run


def generator(index, options='', prefix=()):
    """vio info opens the port, and vio pktgen gets each frame back that it sends."""
    def run(bed):
        bound(bed, index)
        found = bed.vio_json('info', bed.uri(index, options), '--json', prefix=prefix)['port']
        bed.point(found['transport'] == 'pci', 'vio info opens the port', found)
        with bed.echoing(index):
            report = generate(bed, bed.uri(index, options), prefix)
        bed.point(report['rx']['received'] == report['tx']['sent'] > 1000,
                  'all of %d frames of vio pktgen come back' % report['tx']['sent'], report)
    return run


def generate(bed, uri, prefix=()):
    """vio pktgen's report of 3 seconds."""
    code, out = bed.vio('pktgen', uri, '-r', '1kpps', '-s', 'imix', '-t', '3s', '--drain', '5s',
                        '--late-limit', '100%', '-q', '-o', '/run/pktgen.json', timeout=60,
                        prefix=prefix)
    if code not in (0, 5):  # 5: too slow, which means nothing here
        raise ProcError('vio pktgen ended with %d\n%s' % (code, out))
    return json.loads(bed.guest.ok('cat', '/run/pktgen.json'))


def both_ways(index, options='', warm=False):
    """
    The backend on the host: what the guest sends, what it receives, and what it gets back. @warm:
    the backend sees every buffer before frames are counted.
    """
    def run(bed):
        bound(bed, index)
        backend, uri = bed.backends[index], bed.uri(index, options)
        send(bed, backend, uri, warm)
        receive(bed, backend, uri)
        echo(bed, backend, uri, warm)
    return run


def verify_with(bed, backend, forward, *args, warm):
    """
    verify with @args and a backend that forwards in this way. @warm: it has seen all buffers
    before the frames that count; counters are cleared while it stands still, or they may come back.
    """
    backend.start('rxonly' if warm else forward)
    verify = bed.guest.start(bed.args.verify, '-t', 60, '-n', BULK, '-s', '60-1514',
                             *(['-W'] if warm else []), *args, deadline=70)
    if warm:
        verify.expect('^warm', 70)  # or it ends by itself, and says what it has met
        backend.stop()
        backend.start(forward)
        verify.send('')
    code = verify.wait(60)
    backend.stop()
    return result_of('verify', code, verify.out), verify.out


def echo(bed, backend, uri, warm):
    """Frames of verify's that the backend gives back, each checked."""
    result, out = verify_with(bed, backend, 'io', '-w', 64, '-S', 'echo', uri, warm=warm)
    bed.point(not faults_of(result) and result['rx'] == BULK, '%d frames come back' % BULK, out)


def send(bed, backend, uri, warm):
    """Frames of verify's, each of which the backend counts."""
    result, out = verify_with(bed, backend, 'rxonly', 'tx', uri, warm=warm)
    found, faults = backend.stats()['rx'], faults_of(result)
    bed.point(not faults and found == BULK, '%d frames go out' % found, '%s\n%s' % (faults, out))


def receive(bed, backend, uri):
    """Frames of testpmd's, each checked; the backend counts as many."""
    backend.start('txonly')
    verify = bed.guest.start(bed.args.verify, '-t', 60, '-n', BULK, '-s', 64, 'rx', uri,
                             deadline=70)
    verify.expect('^reached', 60)
    backend.stop()
    code = verify.wait(60)
    result = result_of('verify', code, verify.out)
    faults = faults_of(result)
    bed.point(not faults and result['rx'] >= BULK, '%d frames come in' % result['rx'],
              '%s\n%s' % (faults, verify.out))


def memlock(kilobytes):
    return ('prlimit', '--memlock=%d:%d' % (kilobytes << 10, kilobytes << 10), *PLAIN_USER)


def owned(index, nodes, then):
    """These files of the device belong to a plain user, then @then; see nodes_of()."""
    def run(bed):
        bound(bed, index)
        paths = nodes_of(bed, index, nodes)
        bed.guest.ok('chown', '65534:65534', *paths)
        then(bed)
        bed.guest.ok('chown', '0:0', *paths)
    return run


def nodes_of(bed, index, nodes):
    """Files below /dev: "group" of the device, its character "device", or a file's own name."""
    known = {'group': lambda: 'vfio/%d' % bed.group(index),
             'device': lambda: 'vfio/devices/' + bed.guest.ok(
                 'ls', SYSFS + bed.address(index) + '/vfio-dev').strip()}
    return ['/dev/' + known.get(node, lambda name=node: name)() for node in nodes]


def refused(index, error, text='', options='', prefix=(), what='', driver='vfio-pci'):
    """An open that must fail with error @error, whose message holds @text."""
    def run(bed):
        bound(bed, index, driver=driver)
        code, out = bed.vio('info', bed.uri(index, options), prefix=prefix)
        bed.point(code and 'error[%s' % error in out and text in out,
                  'is refused with %s%s' % (error, what and ', ' + what), '%d\n%s' % (code, out))
        bed.note(out)
    return run
