# SPDX-License-Identifier: BSD-3-Clause
"""What happens to a device while somebody drives it, and afterwards."""

import time

from proc import wait_for
from traffic import FRAMES, bound

IDLE_S = 2


def killed(index, again):
    """The process dies in mid-traffic; whoever comes next finds a device that works."""
    def run(bed):
        bound(bed, index)
        bed.peers[index].reflect()
        verify = bed.guest.start(bed.args.verify, '-t', 60, '-n', 10**9, '-w', 64, '-s',
                                 '60-1514', 'echo', bed.uri(index), deadline=70)
        wait_for('traffic', lambda: bed.peers[index].reflected > 500 or not verify.alive)
        bed.point(verify.alive, 'frames flow before the process is killed', verify.out)
        verify.signal(9)
        verify.wait(10)
        bed.peers[index].stop()
        # Frames of the dead are still in the network; nobody may take them for those of the next.
        bed.vio('pktgen', bed.uri(index), '--rx-only', '-t', '500ms', '-q')
        bed.peers[index].drain()
        again(bed)
    return run


def processor_seconds(bed, pid):
    """What the process has used so far."""
    fields = bed.guest.ok('cat', '/proc/%d/stat' % pid).rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def idle_share(bed, index, *options):
    """Share of a processor that vio fwd takes while nothing comes; and it still forwards then."""
    tool = bed.guest.start(bed.args.vio, 'fwd', bed.uri(index), '--mode', 'macswap', *options,
                           deadline=90)
    bed.peers[index].hello(tool)
    before, began = processor_seconds(bed, tool.pid), time.monotonic()
    time.sleep(IDLE_S)
    share = (processor_seconds(bed, tool.pid) - before) / (time.monotonic() - began)
    wrong, _ = bed.peers[index].echo(FRAMES // 5)
    single, _ = bed.peers[index].echo(20, window=1)
    tool.signal(2)
    code = tool.wait(10)
    bed.point(not wrong and not single and code == 0, 'frames come back, with %s' %
              (' '.join(options) or 'polling'), '%s %s %d\n%s' % (wrong, single, code, tool.out))
    return share


def sleeps(index, option='--wait'):
    """An idle forwarder with --wait takes little of a processor; polling takes all that it gets."""
    def run(bed):
        bound(bed, index)
        busy, idle = idle_share(bed, index), idle_share(bed, index, option)
        bed.point(idle < busy / 5, 'idle, vio fwd takes %.0f %% of a processor with %s, '
                  '%.0f %% without' % (100 * idle, option, 100 * busy))
        bed.measured('idle vio fwd: %.0f %% with %s, %.0f %% without' %
                     (100 * idle, option, 100 * busy))
    return run


def link_of(bed, index):
    info = bed.vio_json('info', bed.uri(index), '--json')['port']
    return info.get('link_up')


def pktgen_sees_link(bed, index):
    """The same of vio pktgen, which goes on sending."""
    bed.peers[index].reflect()
    tool = bed.guest.start(bed.args.vio, 'pktgen', bed.uri(index), '-r', '1kpps', '-t', '4s', '-q',
                           '--late-limit', '100%', deadline=60)
    wait_for('traffic', lambda: bed.peers[index].reflected > 100 or not tool.alive)
    for state in ('down', 'up'):
        bed.guest.qmp('set_link', name='n%d' % index, up=state == 'up')
        tool.expect('link ' + state, 10)
    code = tool.wait(30)
    bed.peers[index].stop()
    bed.point(code in (0, 5), 'vio pktgen says so too, and goes on', '%d\n%s' % (code, tool.out))


def link_flaps(index):
    """The cable is pulled and put in again while a port is open, and while none is."""
    def run(bed):
        bound(bed, index)
        for up in (True, False, True):
            bed.guest.qmp('set_link', name='n%d' % index, up=up)
            found = link_of(bed, index)
            bed.point(found is up, 'a port finds the link %s' % ('up' if up else 'down'), found)
        tool = bed.guest.start(bed.args.vio, 'fwd', bed.uri(index), '--mode', 'macswap', '-v',
                               deadline=90)
        bed.peers[index].hello(tool)
        for state in ('down', 'up', 'down', 'up'):
            bed.guest.qmp('set_link', name='n%d' % index, up=state == 'up')
            tool.expect('link ' + state, 10)
        bed.point(tool.out.count('link down') == tool.out.count('link up') == 2,
                  'vio fwd says each time that the link has gone and come back', tool.out)
        bed.peers[index].hello(tool)
        wrong, _ = bed.peers[index].echo(FRAMES // 5)
        tool.signal(2)
        code = tool.wait(10)
        bed.point(not wrong and code == 0, 'frames come back after the link went down and up',
                  '%s %d\n%s' % (wrong, code, tool.out))
        pktgen_sees_link(bed, index)
    return run


def given_back(index):
    """vio unbind: the kernel's driver has it again, and its interface carries frames."""
    def run(bed):
        bound(bed, index)
        code, out = bed.vio('unbind', bed.uri(index))
        bed.point(code == 0 and bed.driver(bed.address(index)) == 'virtio-pci',
                  'vio unbind gives the device back to the kernel', '%d\n%s' % (code, out))
        wrong = bed.kernel_traffic(index)
        bed.point(not wrong, 'the kernel\'s driver carries frames afterwards', wrong)
    return run
