# SPDX-License-Identifier: BSD-3-Clause
"""vio fwd, vio pktgen and dpdk-testpmd, and the backend that they serve: as processes."""
import json
import os
import shutil
import signal
import sys
import time
from collections import namedtuple
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / 'tests/harness'))

# pylint: disable=wrong-import-position
from proc import Proc, wait_for

ENTRIES = 256
BURST = 32
MBUFS = 4095  # one less than a power of two suits the pool's ring
CACHE = 512  # the most there is
HUGE_PAGE_MB = 2
DEFAULT_MB = 400  # what testpmd takes by itself, or a little more
START_S, LIFE_S = 20, 600
FREE_PAGES = Path('/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages')


# make(mode, socket) starts a forwarder of a side.
Maker = namedtuple('Maker', 'side make')


def free_huge_pages():
    return int(FREE_PAGES.read_text()) if FREE_PAGES.exists() else 0


class Answering(Proc):
    """A program of bench/dpdk that answers with lines of JSON."""

    def answer(self, timeout):
        return json.loads(self.expect(r'^\{.*\}$', timeout)[0])

    def kill(self):
        super().kill()
        shutil.rmtree(f'/run/dpdk/vio-bench-{self.pid}', ignore_errors=True)  # EAL leaves it


class Backend(Answering):
    """vio-bench-backend, which owns a processor. @about: what it has said of itself."""

    def __init__(self, program, folder, core=None):
        super().__init__([str(program), str(folder)] + ([str(core)] if core is not None else []),
                         program.name, LIFE_S * 10)
        self.folder = Path(folder)
        self.about = self.answer(START_S)
        time.sleep(1.1)  # librte_vhost looks at new sockets once in a second

    def ask(self, *words, timeout=10):
        self.send(' '.join(map(str, words)))
        return self.answer(timeout)


class Forwarder(Proc):
    """One of the two. A stopped one keeps its port and its memory, and takes no time."""

    def freeze(self):
        os.kill(self.pid, signal.SIGSTOP)
        wait_for(f'{self.name} stops', lambda: self.state() in 'Tt')

    def thaw(self):
        os.kill(self.pid, signal.SIGCONT)

    def state(self):
        return Path(f'/proc/{self.pid}/stat').read_text().rsplit(')', 1)[1].split()[0]

    def resident_bytes(self):
        """Its memory, huge pages included, which the kernel counts apart."""
        text = Path(f'/proc/{self.pid}/smaps_rollup').read_text()
        sizes = dict(line.split(':') for line in text.splitlines()[1:])
        return sum(int(sizes[name].split()[0]) * 1024
                   for name in ('Rss', 'Shared_Hugetlb', 'Private_Hugetlb'))


def on(wanted):
    return 'on' if wanted else 'off'


def entries_of(mode):
    return mode.get('entries', ENTRIES)


def vio_address(mode, socket):
    return (f'vhost-user:{socket},size={entries_of(mode)},packed={on(mode["packed"])},'
            f'in_order={on(mode["in_order"])},mrg_rxbuf={on(mode["mergeable"])},timeout=5000')


class Vio(Forwarder):
    """vio fwd on one port."""
    side, title = 'vio', 'vio'

    def __init__(self, program, mode, socket, move, options=()):
        super().__init__([str(program), 'fwd', vio_address(mode, socket), '--mode', move, '--quiet',
                          *options], 'vio fwd', LIFE_S)


class Pktgen(Forwarder):
    """vio pktgen on one port, as fast as the device takes it."""
    side, title = 'vio', 'vio'

    def __init__(self, program, port, options):
        super().__init__([str(program), 'pktgen', port, '-r', 'max', '--quiet', '--burst',
                          str(BURST), '--late-limit', '100%', *options], 'vio pktgen', LIFE_S)


def testpmd_device(mode, socket):
    keys = {'packed_vq': 'packed', 'in_order': 'in_order', 'mrg_rxbuf': 'mergeable',
            'vectorized': 'vectorised'}
    return ','.join([f'net_virtio_user0,path={socket},queues=1,queue_size={entries_of(mode)}'] +
                    [f'{key}={int(mode[name])}' for key, name in keys.items()])


# Megabytes of huge pages, None: what it takes by itself; and of ordinary pages, which EAL takes all
# at once.
Memory = namedtuple('Memory', 'huge ordinary')
MEMORY = Memory(64, 64)


def testpmd_memory(memory):
    """Options of EAL."""
    if free_huge_pages() * HUGE_PAGE_MB < (memory.huge or DEFAULT_MB):
        return ['--no-shconf', '--no-huge', '-m', str(memory.ordinary)]
    return (['--in-memory', '--single-file-segments'] +
            (['-m', str(memory.huge)] if memory.huge else []))


def testpmd_best(mode):
    """What serves testpmd best, as options."""
    return ['--nb-cores=1', '--port-topology=loop', '--disable-link-check', '--no-flush-rx',
            f'--burst={BURST}', f'--rxd={entries_of(mode)}', f'--txd={entries_of(mode)}',
            f'--mbcache={CACHE}', f'--total-num-mbufs={MBUFS}']


class Testpmd(Forwarder):
    """dpdk-testpmd on one port; its first thread, on the same processor, sleeps."""
    side, title = 'dpdk', 'DPDK'

    def __init__(self, mode, socket, move, options=None, memory=MEMORY):
        core = min(os.sched_getaffinity(0))
        self.prefix = f'vio-bench-{os.getpid()}-{time.monotonic_ns() % 10**9}'
        super().__init__(['dpdk-testpmd', '--no-pci', '--no-telemetry', '--file-prefix',
                          self.prefix, '--force-max-simd-bitwidth=512',
                          '--log-level=pmd.net.virtio.init:info', '--lcores', f'0@{core},1@{core}',
                          *testpmd_memory(memory), '--vdev', testpmd_device(mode, socket), '--',
                          f'--forward-mode={move}',
                          *(testpmd_best(mode) if options is None else options)],
                         'dpdk-testpmd', LIFE_S)

    def kill(self):
        super().kill()
        shutil.rmtree(f'/run/dpdk/{self.prefix}', ignore_errors=True)
