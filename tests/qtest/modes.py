# SPDX-License-Identifier: BSD-3-Clause
"""Every feature combination that QEMU offers: bring-up, and frames checked both ways."""

import collections

from bench import Run
from machine import Machine
from suite import Case

FULL, SHORT = 100000, 4000

# Feature bits.
MAC, MRG, STATUS, MTU, CTRL, MQ, ANY_LAYOUT = 5, 15, 16, 3, 17, 22, 27
INDIRECT, EVENT, VERSION_1, PLATFORM, PACKED, RING_RESET, RSS = 28, 29, 32, 33, 34, 40, 60

# what: of the case; device, port: options of QEMU's device and of the port's address; run: traffic;
# board; netdev; want: what the port must say of itself; taken, left: bits that are and are not.
Mode = collections.namedtuple('Mode', 'what device port run board netdev want taken left')


def mode(what, device='', port='', run=None, board='q35', netdev='dgram', want=None, taken=(),
         left=()):
    return Mode(what, device, port, run or Run(SHORT), board, netdev, want or {}, taken, left)


MODERN = 'disable-legacy=on'
LEGACY = 'disable-modern=on'
JUMBO = Run(SHORT, 60, 9000, window=64)
PIECES = Run(SHORT, 60, 1514, segments=8)

MODES = (
    mode('split', MODERN, run=Run(FULL), taken=(VERSION_1, EVENT, INDIRECT, RING_RESET, STATUS),
         left=(PACKED, MRG), want={'entries': 256, 'hdr_len': 12, 'rx_variant': 'rx_split'}),
    mode('split without an event index', MODERN + ',event_idx=off', left=(EVENT,)),
    mode('split with mergeable buffers', MODERN, 'mrg_rxbuf=on', taken=(MRG,)),
    mode('split with mergeable buffers and jumbo frames', MODERN + ',host_mtu=9000', '', JUMBO,
         taken=(MRG, MTU), want={'mtu': 9000}),
    mode('split in pieces, indirect', MODERN, '', PIECES, taken=(INDIRECT,)),
    mode('split in pieces, chained', MODERN + ',indirect_desc=off', '', PIECES, left=(INDIRECT,)),
    mode('packed', MODERN + ',packed=on,event_idx=off', run=Run(FULL), taken=(PACKED,),
         want={'entries': 256, 'rx_variant': 'rx_packed', 'tx_variant': 'tx_packed'}),
    mode('packed with an event index', MODERN + ',packed=on', run=Run(FULL),
         taken=(PACKED, EVENT)),
    mode('packed with mergeable buffers and jumbo frames',
         MODERN + ',packed=on,event_idx=off,host_mtu=9000', '', JUMBO, taken=(MRG, PACKED)),
    mode('packed in pieces, indirect', MODERN + ',packed=on,event_idx=off', '', PIECES,
         taken=(PACKED, INDIRECT)),
    mode('packed in pieces, chained', MODERN + ',packed=on,event_idx=off,indirect_desc=off', '',
         PIECES, taken=(PACKED,), left=(INDIRECT,)),
    mode('packed offered and switched off', MODERN + ',packed=on', 'packed=off', left=(PACKED,)),
    mode('split rings of 64', MODERN, 'size=64', Run(SHORT, window=48), want={'entries': 64}),
    mode('split rings of 128', MODERN, 'size=128', want={'entries': 128}),
    mode('split rings as large as they get', MODERN + ',rx_queue_size=1024'),
    mode('packed rings of 64', MODERN + ',packed=on,event_idx=off', 'size=64',
         Run(SHORT, window=48), want={'entries': 64}),
    mode('packed rings of 100', MODERN + ',packed=on,event_idx=off', 'size=100',
         want={'entries': 100}),
    mode('packed rings as large as they get',
         MODERN + ',packed=on,event_idx=off,rx_queue_size=1024'),
    mode('an MTU of 1400', MODERN + ',host_mtu=1400', '', Run(SHORT, 60, 1414), taken=(MTU,),
         want={'mtu': 1400}),
    mode('no status, no control queue', MODERN + ',status=off,ctrl_vq=off', left=(STATUS, CTRL)),
    mode('no control queue though commands are offered', MODERN + ',ctrl_vq=off', left=(CTRL,)),
    mode('receive-side scaling is offered', MODERN + ',rss=on', left=(RSS,)),
    mode('a page for each doorbell', MODERN + ',page-per-vq=on'),
    mode('doorbells in I/O ports too', MODERN + ',modern-pio-notify=on'),
    mode('no reset of queues', MODERN + ',queue_reset=off', left=(RING_RESET,)),
    mode('platform addresses', MODERN + ',iommu_platform=on', taken=(PLATFORM,)),
    mode('no interrupt vectors', MODERN + ',vectors=0'),
    mode('another address', MODERN + ',mac=02:11:22:33:44:55',
         want={'mac': '02:11:22:33:44:55'}),
    mode('transitional', '', board='pc', taken=(VERSION_1,), left=(ANY_LAYOUT,)),
    mode('legacy', LEGACY, run=Run(FULL), board='pc', taken=(ANY_LAYOUT, MAC),
         left=(VERSION_1, MRG), want={'hdr_len': 10, 'entries': 256}),
    mode('legacy with mergeable buffers and jumbo frames', LEGACY + ',host_mtu=9000', '', JUMBO,
         'pc', taken=(MRG,), want={'hdr_len': 12, 'mtu': 9000}),
    mode('legacy in pieces, indirect', LEGACY, '', PIECES, 'pc', taken=(INDIRECT,)),
    mode('legacy in pieces, chained', LEGACY + ',indirect_desc=off', '', PIECES, 'pc'),
    mode('legacy without an event index', LEGACY + ',event_idx=off', board='pc', left=(EVENT,)),
    mode('legacy with rings of 1024', LEGACY + ',rx_queue_size=1024', board='pc'),
    mode('legacy with a control queue', LEGACY, 'ctrl_vq=on', board='pc', taken=(CTRL,)),
    mode('legacy on q35', LEGACY),
    mode('2 queue pairs', MODERN + ',mq=on,vectors=6', 'queues=2', netdev='tap 2',
         taken=(MQ, CTRL), want={'queues': 2}),
    mode('4 queue pairs', MODERN + ',mq=on,vectors=10', 'queues=4', Run(FULL), netdev='tap 4',
         taken=(MQ, CTRL), want={'queues': 4}),
    mode('4 packed queue pairs', MODERN + ',mq=on,vectors=10,packed=on,event_idx=off', 'queues=4',
         netdev='tap 4', taken=(MQ, PACKED), want={'queues': 4}),
    mode('1 of 4 queue pairs', MODERN + ',mq=on,vectors=10', 'queues=1', netdev='tap 4',
         left=(MQ,), want={'queues': 1}),
    mode('2 of 4 queue pairs', MODERN + ',mq=on,vectors=10', 'queues=2', netdev='tap 4',
         want={'queues': 2, 'queues_max': 4}),
    mode('8 queue pairs asked for, 4 had', MODERN + ',mq=on,vectors=10', 'queues=8',
         netdev='tap 4', want={'queues': 4}),
    mode('2 legacy queue pairs', LEGACY + ',mq=on,vectors=6', 'queues=2', board='pc',
         netdev='tap 2', taken=(MQ,), want={'queues': 2}),
    mode('checksums and segments', MODERN,
         'csum=on,guest_csum=on,host_tso4=on,host_tso6=on,guest_tso4=on,guest_tso6=on',
         netdev='tap 1', taken=(0, 1, 7, 8, 11, 12, MRG)),
    mode('packed, with checksums and segments', MODERN + ',packed=on,event_idx=off',
         'csum=on,guest_csum=on,host_tso4=on,guest_tso4=on', netdev='tap 1',
         taken=(0, 1, 7, 11, MRG, PACKED)),
)


def check_port(m, port):
    """Complaints about what the port says of itself."""
    wrong = {name: port[name] for name, value in m.want.items() if port[name] != value}
    wrong.update({'bit %d' % bit: 'is not taken' for bit in m.taken if bit not in port['taken']})
    wrong.update({'bit %d' % bit: 'is taken' for bit in m.left if bit in port['taken']})
    wrong.update({'bit %d' % bit: 'is taken unoffered' for bit in port['taken']
                  if bit not in port['offered']})
    return wrong


def runner(m):
    def run(bench):
        if m.netdev.startswith('tap') and not bench.own_network:
            bench.skip('comes up', 'needs unshare -n (or -Urn) and /dev/net/tun')
            return
        machine = Machine(bench, m.device, m.netdev, m.board)
        port = machine.driver.ask('open ' + m.port)
        wrong = check_port(m, port)
        bench.point(not wrong, 'comes up, %d register accesses, %.1f ms' %
                    (port['accesses'], port['us'] / 1000), (wrong, port))
        bench.traffic(machine, m.run, ordered=not m.netdev.startswith('tap'))
        bench.closes(machine)

    return run


def cases():
    for m in MODES:
        yield Case('mode ' + m.what, runner(m))
