# SPDX-License-Identifier: BSD-3-Clause
"""What generates packets: vio pktgen and two of dpdk-testpmd's forward modes, and with what."""
from forwarders import Maker, Pktgen, Testpmd, Vio, testpmd_best, vio_address

# Two that every backend has, and the one in which DPDK's driver sends fastest.
MODES = ('split', 'packed', 'packed vectorised')
RINGS = (256, 1024)
FCS = 4
FRAMES = {'64': 60, '1518': 1514}  # name, and bytes without the checksum
OURS = {'1 flow': '1', '1M flows': '1M'}
# Forward mode, what --txpkts counts besides the frame, and further options.
THEIRS = {
    'txonly': ('txonly', 0, []),
    'txonly multi-flow': ('txonly', 0, ['--txonly-multi-flow']),
    'flowgen 1024': ('flowgen', FCS, ['--flowgen-flows=1024']),
    'flowgen 1M': ('flowgen', FCS, ['--flowgen-flows=1000000']),
}
FOR_LONG = '600s'


def modes_of(modes, only):
    """Those of @modes that generators are looked at in, with each ring. @only: all of them, since
    they are asked for by their name."""
    return [{**mode, 'entries': entries} for mode in modes if only or mode['name'] in MODES
            for entries in RINGS]


def maker_of_ours(build, flows, size, options=('--time', FOR_LONG)):
    options = ['--flows', OURS[flows], '--size', size, '--tx-only', *options]
    return Maker(Vio.side, lambda mode, socket: Pktgen(build / 'apps/vio/vio',
                                                       vio_address(mode, socket), options))


def maker_of_theirs(name, size):
    move, more, options = THEIRS[name]
    options = options + [f'--txpkts={FRAMES[size] + more}']
    return Maker(Testpmd.side, lambda mode, socket: Testpmd(mode, socket, move,
                                                            testpmd_best(mode) + options))
