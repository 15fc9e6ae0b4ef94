# SPDX-License-Identifier: BSD-3-Clause
"""The bed itself: a known-good driver and the kernel's own on the devices that vio is tried on."""

from proc import wait_for

FRAMES = 2000


def testpmd_echo(index, driver, eal):
    """dpdk-testpmd gives back what the peer sends."""
    def run(bed):
        bed.give(index, driver)
        pmd = bed.testpmd([index], eal)
        pmd.start('macswap')
        bed.peers[index].hello(pmd)
        wrong, back = bed.peers[index].echo(FRAMES)
        pmd.stop()
        pmd.close()
        bed.point(not wrong and back == FRAMES, 'dpdk-testpmd gives %d frames back' % FRAMES, wrong)
    return run


def kernel_echo(index):
    """The kernel's own driver, and its interface: as good as new?"""
    def run(bed):
        bed.give(index, None)
        wrong = bed.kernel_traffic(index)
        bed.point(not wrong, 'the kernel\'s driver carries frames', wrong)
    return run


def testpmd_bulk(index):
    """dpdk-testpmd of the guest against the one that is the device's backend."""
    def run(bed):
        bed.give(index, 'vfio-pci')
        pmd, backend = bed.testpmd([index]), bed.backends[index]
        for source, sink, way in ((pmd, backend, 'out of'), (backend, pmd, 'into')):
            sink.start('rxonly')
            source.start('txonly')
            wait_for('10000 frames %s the guest' % way, lambda: sink.stats()['rx'] > 10000)
            source.stop()
            sink.stop()
            bed.point(True, '10000 frames go %s the guest' % way)
        pmd.close()
    return run


VFIO = ('vfio-pci', ('--iova-mode=va',))
VFIO_PHYSICAL = ('vfio-pci', ('--iova-mode=pa',))
UIO = ('uio_pci_generic', ('--iova-mode=pa',))
