# SPDX-License-Identifier: BSD-3-Clause
"""The guests that are booted, their devices, and what is done in each: one table."""

from bed import LEGACY, MODERN, TRANSITIONAL, Boot
from binding import (bind, bind_fails, bind_for_good, bind_unprotected, carries_route, doctor,
                     group_not_viable, listed, unbind_in_use)
from guest import Nic
from life import given_back, killed, link_flaps, sleeps
from other import UIO, VFIO, VFIO_PHYSICAL, kernel_echo, testpmd_bulk, testpmd_echo
from suite import Case
from traffic import (back_to_back, both_ways, example, fwd, generator, memlock, one_to_another,
                     owned, reflect, refused)

PLENTY, TOO_LITTLE = memlock(64 << 10), memlock(1 << 10)
HUB = 'hub,hubid=1'

# NICs of the boot "iommu" by name.
STREAM, DGRAM, LEFT, RIGHT, TWIN_A, TWIN_B, SPARE, OLD = range(8)

IOMMU = Boot('iommu', [
    Nic('stream', MODERN),
    Nic('dgram', MODERN, '10.0'),
    Nic(HUB, MODERN),
    Nic(HUB, MODERN + ',packed=on'),
    Nic('user', MODERN, '11.0'),
    Nic('user', MODERN, '11.1'),
    Nic('user', MODERN),
    Nic('user', TRANSITIONAL, '12.0'),
], [
    Case('list', listed),
    Case('doctor', doctor),
    Case('bind', bind(STREAM)),
    Case('bind for a plain user', bind(STREAM, '--owner', '65534:65534')),
    Case('bind for good', bind_for_good(SPARE)),
    Case('bind to a driver that does not exist',
         bind_fails(SPARE, 'no such driver', '--driver', 'vfio-fantasy')),
    Case('bind to a driver whose module is missing',
         bind_fails(SPARE, 'no module', '--driver', 'uio_pci_generic',
                    before='cd /lib/modules/*; mv uio_pci_generic.ko gone',
                    after='cd /lib/modules/*; mv gone uio_pci_generic.ko')),
    Case('bind as a plain user',
         bind_fails(SPARE, 'no permission', prefix=PLENTY)),
    Case('bind to a driver that does not want the device',
         bind_fails(SPARE, 'it refuses', '--driver', 'pcieport')),
    Case('bind the default route', carries_route(SPARE)),
    Case('a group of two', group_not_viable(TWIN_A, TWIN_B)),
    Case('unbind while it is in use', unbind_in_use(SPARE)),
    Case('an address without a driver of ours',
         refused(SPARE, 'VIO-VFIO-03', 'vio bind', driver=None)),
    Case('a device that ignores the IOMMU', refused(OLD, 'VIO-VPCI-04', 'iommu_platform')),
    Case('verify', reflect(STREAM)),
    Case('verify, no function reset', reflect(DGRAM)),
    Case('fwd', fwd(STREAM)),
    Case('the example', example(STREAM)),
    Case('pktgen and fwd', back_to_back(LEFT, RIGHT)),
    Case('two devices in one process', one_to_another(LEFT, RIGHT)),
    Case('plain user', owned(STREAM, ['group'], reflect(STREAM, prefix=PLENTY))),
    Case('plain user, too little locked memory',
         owned(STREAM, ['group'], refused(STREAM, 'VIO-DMA-01', 'memlock', prefix=TOO_LITTLE))),
    Case('plain user, whose device it is not',
         refused(STREAM, 'VIO-VFIO-05', '/dev/vfio/', prefix=PLENTY)),
    Case('sleep', sleeps(STREAM)),
    Case('link', link_flaps(STREAM)),
    Case('killed', killed(STREAM, reflect(STREAM))),
    Case('killed, no function reset', killed(DGRAM, reflect(DGRAM))),
    Case('killed, then dpdk-testpmd', killed(STREAM, testpmd_echo(STREAM, *VFIO))),
    Case('after dpdk-testpmd', reflect(STREAM)),
    Case('given back', given_back(STREAM)),
    Case('given back, no function reset', given_back(DGRAM)),
])


def has(feature, wanted=True):
    """Check of a result of verify: was it negotiated, as its variant tells?"""
    return lambda result: '' if (feature in result['rx_variant']) is wanted else (
        'runs ' + result['rx_variant'])


def entries(wanted):
    return lambda result: '' if result['entries'] == wanted else '%d entries' % result['entries']


def larger_rings(result):
    """QEMU enlarges receive rings only, so what shows is the memory of all rings."""
    return '' if result['ring_bytes'] > 90000 else '%d bytes' % result['ring_bytes']


# What QEMU is told about a device, options of its address, and what must have come of it.
FEATURES = [
    ('as it is', '', '', has('packed', False)),
    ('packed', 'packed=on', '', has('packed')),
    ('packed, switched off by the address', 'packed=on', 'packed=off', has('packed', False)),
    ('one buffer a packet', 'mrg_rxbuf=off', '', has('mrg', False)),
    ('packed, one buffer a packet', 'packed=on,mrg_rxbuf=off', '', has('mrg', False)),
    ('no indirect descriptors, no event index', 'indirect_desc=off,event_idx=off', '', None),
    ('rings of 1024', 'rx_queue_size=1024', '', larger_rings),
    ('rings made small', 'rx_queue_size=1024', 'size=64', entries(64)),
    ('a page a doorbell, no vectors', 'page-per-vq=on,vectors=0', '', None),
    ('no control queue, no status', 'ctrl_vq=off,status=off,queue_reset=off', '', None),
]

NO_VECTORS = [options for _, options, _, _ in FEATURES].index('page-per-vq=on,vectors=0')

TEN = Boot('ten devices', [Nic('stream', MODERN + (',' + options if options else ''))
                           for _, options, _, _ in FEATURES],
           [Case(name, reflect(i, address, frames=2000, check=check))
            for i, (name, _, address, check) in enumerate(FEATURES)] +
           [Case('sleep without vectors', sleeps(NO_VECTORS))])

NO_IOMMU = Boot('no IOMMU', [
    Nic('stream', 'disable-legacy=on'), Nic('dgram', LEGACY), Nic('stream', TRANSITIONAL, '10.0'),
    # QEMU 7.2 dies when a queue of such a device gets a vector and there is no KVM.
    Nic('vhost-user,queues=2', 'disable-legacy=on,packed=on,mq=on,vectors=0'),
], [
    Case('bind', bind_unprotected(0)),
    Case('VFIO, dpdk-testpmd', testpmd_echo(0, *VFIO_PHYSICAL)),
    Case('VFIO, dpdk-testpmd, legacy', testpmd_echo(1, *VFIO_PHYSICAL)),
    Case('VFIO, not asked for', refused(0, 'VIO-VFIO-07', 'iommu=off')),
    Case('VFIO, plain user', refused(0, 'VIO-DMA-06', 'root', 'iommu=off', PLENTY)),
    Case('VFIO', reflect(0, 'iommu=off')),
    Case('VFIO, info and pktgen', generator(0, 'iommu=off')),
    Case('VFIO, legacy', reflect(1, 'iommu=off')),
    Case('VFIO, transitional', reflect(2, 'iommu=off')),
    Case('UIO, dpdk-testpmd', testpmd_echo(0, *UIO)),
    Case('UIO, not asked for', refused(0, 'VIO-VFIO-07', 'iommu=off', driver=UIO[0])),
    Case('UIO', reflect(0, 'iommu=off', driver=UIO[0])),
    Case('UIO, legacy', reflect(1, 'iommu=off', driver=UIO[0])),
    Case('UIO, transitional', reflect(2, 'iommu=off', driver=UIO[0])),
    Case('legacy, given back', given_back(1)),
    Case('vhost-user, split', both_ways(3, 'iommu=off,packed=off,queues=2')),
    Case('vhost-user, packed', both_ways(3, 'iommu=off,queues=2')),
], {'iommu': None, 'tree': 'built', 'shared': True}, '''
    modprobe vfio enable_unsafe_noiommu_mode=1
    modprobe vfio-pci
    echo 64 >/proc/sys/vm/nr_hugepages
''')

CDEV = Boot('character device', [Nic('stream', MODERN), Nic('dgram', MODERN, '10.0')], [
    Case('bind for a plain user', bind(0, '--owner', '65534:65534')),
    Case('by default', reflect(0)),
    Case('iommufd', reflect(0, 'vfio=cdev')),
    Case('iommufd, no function reset', reflect(1, 'vfio=cdev')),
    Case('iommufd, plain user',
         owned(0, ['iommu', 'device'], reflect(0, 'vfio=cdev', prefix=PLENTY))),
    Case('iommufd, plain user, too little locked memory',
         owned(0, ['iommu', 'device'],
               refused(0, 'VIO-DMA-01', 'memlock', 'vfio=cdev', TOO_LITTLE))),
    Case('iommufd, plain user, whose device it is not',
         refused(0, 'VIO-VFIO-05', '/dev/', 'vfio=cdev', PLENTY)),
    Case('the group of it', reflect(0, 'vfio=group')),
    Case('iommufd, killed', killed(0, reflect(0, 'vfio=cdev'))),
], {'tree': 'built'})

VHOST_USER = Boot('vhost-user', [
    Nic('vhost-user,iommu-support=1,queues=2', MODERN + ',packed=on,mq=on,vectors=0'),
], [
    Case('dpdk-testpmd', testpmd_bulk(0)),
    # It drops what it can't place into a buffer before it has been told where that lies, and from
    # packed rings each such frame that it looks at: it must have seen all of them.
    Case('split', both_ways(0, 'packed=off', warm=True)),
    Case('packed', both_ways(0, warm=True)),
    Case('split, two queue pairs', both_ways(0, 'packed=off,queues=2', warm=True)),
    Case('packed, two queue pairs', both_ways(0, 'queues=2', warm=True)),
    Case('physical addresses behind an IOMMU', generator(0, 'iommu=off,packed=off')),
    # Its backend takes what follows in bus addresses for one piece of memory: huge pages are.
], {'shared': True}, '''
    modprobe vfio-pci
    echo 64 >/proc/sys/vm/nr_hugepages
''')

VIRTIO_IOMMU = Boot('virtio-iommu', [Nic('stream', MODERN)], [
    Case('dpdk-testpmd', testpmd_echo(0, *VFIO)),
    Case('verify', reflect(0)),
    Case('kernel', kernel_echo(0)),
], {'iommu': 'virtio'})

BOOTS = [IOMMU, TEN, NO_IOMMU, CDEV, VHOST_USER, VIRTIO_IOMMU]
