# SPDX-License-Identifier: BSD-3-Clause
"""The bed itself: a known-good driver and the kernel's own on the devices that vio is tried on."""

from bed import Boot, Case, MODERN
from guest import Nic

FRAMES = 2000


def testpmd_echo(index, driver, eal):
    """dpdk-testpmd gives back what the peer sends."""
    def run(bed):
        bed.give(index, driver)
        pmd = bed.testpmd([index], eal)
        pmd.start('macswap')
        bed.peers[index].hello()
        wrong, back = bed.peers[index].echo(FRAMES)
        pmd.stop()
        pmd.close()
        bed.point(not wrong and back == FRAMES, 'dpdk-testpmd gives %d frames back' % FRAMES, wrong)
    return run


VFIO = ('vfio-pci', ('--iova-mode=va',))
PHYSICAL = ('--iova-mode=pa',)

BOOTS = [
    Boot('iommu', [Nic('stream', MODERN), Nic('dgram', MODERN, True)], [
        Case('stream', testpmd_echo(0, *VFIO)), Case('dgram', testpmd_echo(1, *VFIO))]),
]
