# SPDX-License-Identifier: BSD-3-Clause
"""Life and death: reopening, killed processes, and addresses that can't work."""

import collections
import contextlib
import json
import os
import re
import socket
import statistics
import time

from proc import Proc, wait_for
from suite import Case
from verify import faults_of

MODES = ('packed=off', 'packed=on')
OPENS = 10


def address_of(rig, options):
    return 'vhost-user:%s,%s' % (rig.socket, options)


def one_open(rig, pmd, address):
    """Open, send 1000 frames and close. Returns (complaints, result)."""
    closed = pmd.out.count('vhost peer closed')
    pmd.start('rxonly')
    result = rig.verify('-n', 1000, 'tx', address).result()
    wait_for('"vhost peer closed"', lambda: pmd.out.count('vhost peer closed') > closed)
    pmd.stop()
    return faults_of(result) or pmd.stats()['rx'] != 1000, result


def reopen(options):
    def run(rig):
        pmd, results = rig.testpmd(1), []
        for i in range(OPENS):
            wrong, result = one_open(rig, pmd, address_of(rig, options))
            results.append(result)
            rig.point(not wrong, 'open %d of %d sends and closes cleanly' % (i + 1, OPENS), wrong)
        rig.point(pmd.alive, 'testpmd still runs')
        for name, what in (('open_ms', 'to open'), ('first_ms', 'to the first packet')):
            rig.measured('%.1f ms %s (median)' %
                         (statistics.median(r[name] for r in results), what))
    return run


def start_echo(rig, options):
    """An endless echo with traffic flowing."""
    pmd = rig.testpmd(1)
    pmd.start('io')
    verify = rig.verify('-n', 10**12, '-s', '60-1514', '-m', 3, 'echo',
                        address_of(rig, options), deadline=30)
    wait_for('traffic', lambda: pmd.stats()['rx'] > 10000)
    return pmd, verify


def backend_killed(options):
    def run(rig):
        pmd, verify = start_echo(rig, options)
        began = time.monotonic()
        pmd.kill()
        result = verify.result()
        took = time.monotonic() - began
        rig.point(took < 1, 'ends within a second of the kill', '%.2f s' % took)
        rig.point(result['code'] == 1 and result['error'] == 'VIO-VU-01',
                  'says that the backend has gone', verify.out)
        for name in ('leaked', 'bad_puts', 'corrupt', 'reordered'):
            rig.point(result[name] == 0, 'no buffer or frame is ' + name, result)
        rig.reset()
    return run


def driver_killed(options):
    def run(rig):
        pmd, verify = start_echo(rig, options)
        verify.kill()
        wait_for('"vhost peer closed"', lambda: 'vhost peer closed' in pmd.out[pmd.pos:])
        pmd.stop()
        wrong, _ = one_open(rig, pmd, address_of(rig, options))
        rig.point(not wrong and pmd.alive, 'the backend takes the next port', wrong)
    return run


def generator_loses_backend(options):
    """The tool's way to end when the device dies: what was measured, and the error."""
    def run(rig):
        if not os.access(rig.args.vio, os.X_OK):
            rig.skip('vio pktgen ends', 'the tool is not built')
            return
        pmd = rig.testpmd(1)
        pmd.start('io')
        tool = Proc([rig.args.vio, 'pktgen', address_of(rig, options), '-r', '100kpps', '-t', '20s',
                     '--cores', '0', '--quiet'], 'vio pktgen', 40)
        wait_for('traffic', lambda: pmd.stats()['rx'] > 1000)
        pmd.kill()
        code = tool.wait(5)
        rig.point(code == 1 and 'error[VIO-VU-01]' in tool.out, 'vio pktgen ends with the error',
                  'exit code %d\n%s' % (code, tool.out))
        rig.point(re.search(r'received [\d,]+', tool.out), 'and says what was measured', tool.out)
        rig.reset()
    return run


def search_loses_backend(options):
    """A search whose device dies keeps the trials that it has made."""
    def run(rig):
        if not os.access(rig.args.vio, os.X_OK):
            rig.skip('vio search ends', 'the tool is not built')
            return
        kept = rig.socket + '.json'
        pmd = rig.testpmd(1)
        pmd.start('io')
        tool = Proc([rig.args.vio, 'search', address_of(rig, options), '--trial', '200ms..20s',
                     '--max-rate', '20kpps', '--late-limit', '100%', '--retries', '100',
                     '-o', kept], 'vio search', 40)
        wait_for('a long trial', lambda: ' 20 s ' in tool.out)
        pmd.kill()
        code = tool.wait(5)
        rig.point(code == 1 and 'error[VIO-SEARCH-01]' in tool.out,
                  'vio search ends with the error', 'exit code %d\n%s' % (code, tool.out))
        with open(kept, encoding='ascii') as file:
            result = json.load(file)
        trials = result['sizes'][0]['trials']
        rig.point(result['verdict'] == 'failed' and trials[-1]['verdict'] == 'failed' and
                  trials[0]['sent'] > 0, 'and keeps its trials', result)
        rig.reset()
    return run


def backend_pauses(options):
    def run(rig):
        pmd = rig.testpmd(1)
        pmd.start('io')
        count = 400000 if rig.args.quick else 4 * 10**6
        verify = rig.verify('-n', count, 'echo', address_of(rig, options))
        wait_for('traffic', lambda: pmd.stats()['rx'] > 1000)
        for _ in range(3):
            pmd.stop()
            time.sleep(0.2)
            pmd.run('start', 'packet forwarding')
        result = verify.result()
        rig.point(not faults_of(result), 'nothing is lost over 3 pauses', verify.out)
        pmd.stop()
    return run


def many_queues(options):
    def run(rig):
        pmd = rig.testpmd(1)
        verify = rig.verify('-R', 1 << 24, '-B', 1 << 17, 'open',
                            address_of(rig, options + ',queues=64'))
        result = verify.result()
        rig.point(not faults_of(result), '%d queue pairs open and close' % result['queues'],
                  verify.out)
        wrong, _ = one_open(rig, pmd, address_of(rig, options))
        rig.point(not wrong and pmd.alive, 'the backend takes the next port', wrong)
    return run


def memory(rig):
    pmd = rig.testpmd(1)
    for options in MODES:
        result = rig.verify('-B', 4096, 'open', address_of(rig, options)).result()
        rig.point(not faults_of(result) and result['entries'] == 1024,
                  'one queue pair of 1024 opens, ' + options, result)
        rig.measured('%s: +%d KiB for region and pool of 4096, +%d KiB for the port '
                     '(rings %d, private %d bytes)' %
                     (options, result['rss_pool_kib'], result['rss_port_kib'],
                      result['ring_bytes'], result['private_bytes']))
    rig.point(pmd.alive, 'testpmd still runs')


@contextlib.contextmanager
def silent_socket(path):
    """Somebody who accepts and never answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        yield


@contextlib.contextmanager
def dead_socket(path):
    """A socket file that nobody listens on."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
    yield


@contextlib.contextmanager
def plain_file(path):
    with open(path, 'w', encoding='ascii'):
        pass
    yield


@contextlib.contextmanager
def nothing(_path):
    yield


NOBODY = ('setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups')

# An open that must fail: address behind "vhost-user:" (SOCK: the backend's socket, PATH: what make
# makes), the error's id, and what is special about the call.
Bad = collections.namedtuple('Bad', 'what address error args prefix make')
Bad.__new__.__defaults__ = ((), (), nothing)

BAD = (
    Bad('65 queue pairs', 'SOCK,queues=65', 'VIO-ADDR-03'),
    Bad('no queue pair', 'SOCK,queues=0', 'VIO-ADDR-03'),
    Bad('a split ring of 3', 'SOCK,packed=off,size=3', 'VIO-DEV-06'),
    Bad('a ring above the limit', 'SOCK,size=65536', 'VIO-ADDR-03'),
    Bad('an unknown option', 'SOCK,colour=blue', 'VIO-ADDR-02'),
    Bad('a value that is none', 'SOCK,packed=maybe', 'VIO-ADDR-03'),
    Bad('no socket', 'PATH', 'VIO-SOCK-02'),
    Bad('a socket that nobody listens on', 'PATH', 'VIO-SOCK-04', make=dead_socket),
    Bad('a plain file', 'PATH', 'VIO-SOCK-07', make=plain_file),
    Bad('a peer that never answers', 'PATH,timeout=300', 'VIO-DEV-03', make=silent_socket),
    Bad('a path that is too long', 'PATH' + 'x' * 120, 'VIO-SOCK-01'),
    Bad('a socket of another user', 'SOCK', 'VIO-SOCK-03', prefix=NOBODY),
    # More than any rounding up to huge pages gives.
    Bad('a region that is too small', 'SOCK,queues=64', 'VIO-MEM-04'),
    Bad('buffers below a frame without mergeable ones', 'SOCK,mrg_rxbuf=off', 'VIO-DEV-11',
        ('-b', '1024')),
)


def bad_open(bad):
    def run(rig):
        if bad.prefix and os.geteuid():
            rig.skip('is refused', 'only root can become another user')
            return
        pmd = rig.testpmd(1)
        path = os.path.join(rig.folder, 'bad')
        address = bad.address.replace('SOCK', rig.socket).replace('PATH', path)
        with bad.make(path):
            verify = rig.verify(*bad.args, 'open', 'vhost-user:' + address, prefix=bad.prefix,
                                deadline=10)
            result = verify.result()
        if os.path.exists(path):
            os.unlink(path)
        refused = result['code'] == 1 and result['error'] == bad.error and not result['leaked']
        rig.point(refused and 'error[%s]' % bad.error in verify.out,
                  'is refused with ' + bad.error, verify.out)
        rig.note(verify.out.split('{')[0])
        wrong, _ = one_open(rig, pmd, address_of(rig, 'packed=off'))
        rig.point(not wrong and pmd.alive, 'the backend takes the next port', wrong)
    return run


def cases():
    for options in MODES:
        yield Case('reopen ' + options, reopen(options))
        yield Case('backend killed ' + options, backend_killed(options))
        yield Case('backend killed under vio pktgen ' + options, generator_loses_backend(options))
        yield Case('backend killed under vio search ' + options, search_loses_backend(options))
        yield Case('driver killed ' + options, driver_killed(options))
        yield Case('backend pauses ' + options, backend_pauses(options))
        yield Case('many queues ' + options, many_queues(options))
    yield Case('memory', memory)
    for bad in BAD:
        yield Case('refused ' + bad.what, bad_open(bad))
