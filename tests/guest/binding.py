# SPDX-License-Identifier: BSD-3-Clause
"""vio list, doctor, bind and unbind; above all bind where it can't work: every device must have a
driver afterwards."""

import json

from bed import PLAIN_USER, SYSFS
from traffic import bound
from verify import faults_of

KERNEL = 'virtio-pci'


def listed(bed):
    """Every NIC stands in the list with its driver."""
    entries = {entry.get('uri'): entry for entry in find_list(bed.vio_json('list', '--json'))}
    for index in range(len(bed.boot.nics)):
        entry = entries.get('pci:' + bed.address(index), {})
        driver = bed.driver(bed.address(index))
        bed.point(entry.get('driver') == driver, '%s is listed with its driver, %s' %
                  (bed.address(index), driver), entry)
    code, out = bed.vio('list')
    bed.point(code == 0 and bed.address(0) in out, 'the list for people has them too', out)
    code, out = bed.vio('list', prefix=PLAIN_USER)
    bed.point(code == 0 and bed.address(0) in out, 'a plain user sees them', out)


def find_list(report):
    return next(value for value in report.values() if isinstance(value, list))


def doctor(bed):
    """It finds what is wrong with a device that is not bound, and nothing blocks once it is."""
    bed.give(0, None)
    code, out = bed.vio('doctor', bed.uri(0))
    bed.note(out)
    bed.point(code in (0, 1, 3) and 'IOMMU-GROUP' in out, 'doctor has looked at the group', out)
    bound(bed, 0)
    code, out = bed.vio('doctor', bed.uri(0), '--json')
    bed.point(code in (0, 1), 'nothing blocks a device that is bound', '%d\n%s' % (code, out))
    bed.point(json.loads(out[out.index('{'):])['schema'] == 'vio.doctor/1', 'as JSON, too', out)


def bind(index, *options):
    """vio bind, and back by vio unbind."""
    def run(bed):
        bed.give(index, None)
        code, out = bed.vio('bind', bed.uri(index), *options)
        bed.point(code == 0 and bed.driver(bed.address(index)) == 'vfio-pci',
                  'vio bind gives the device to vfio-pci', '%d\n%s' % (code, out))
        if '--owner' in options:
            owner = bed.guest.ok('stat', '-c', '%u', '/dev/vfio/%d' % bed.group(index)).strip()
            bed.point(owner == '65534', 'its node belongs to the owner that was asked for', owner)
            code, out = bed.vio('info', bed.uri(index), prefix=PLAIN_USER_LOCKED)
            bed.point(code == 0, 'whom it lets open the port', '%d\n%s' % (code, out))
        code, out = bed.vio('bind', bed.uri(index))
        bed.point(code == 0, 'bind again changes nothing', '%d\n%s' % (code, out))
        code, out = bed.vio('unbind', bed.uri(index))
        override = bed.guest.ok('cat', SYSFS + bed.address(index) + '/driver_override').strip()
        bed.point(code == 0 and bed.driver(bed.address(index)) == KERNEL and
                  override in ('', '(null)'), 'vio unbind gives it back to the kernel',
                  '%d %s\n%s' % (code, override, out))
    return run


def bind_for_good(index):
    """vio bind --persist, by driverctl where that is there, and what comes of it at a start."""
    def run(bed):
        bed.give(index, None)
        address, uri = bed.address(index), bed.uri(index)
        saved = '/etc/driverctl.d/pci-' + address
        bed.guest.shell('mv /usr/sbin/driverctl /usr/sbin/gone')
        code, out = bed.vio('bind', uri, '--persist')
        bed.point(code == 0 and bed.driver(address) == 'vfio-pci' and 'package driverctl' in out
                  and 'KERNEL=="%s"' % address in out,
                  'without driverctl it is bound for now, and told how for good', out)
        bed.note(out)
        bed.vio('unbind', uri)
        bed.guest.shell('mv /usr/sbin/gone /usr/sbin/driverctl')
        code, out = bed.vio('bind', uri, '--persist')
        bed.point(code == 0 and bed.driver(address) == 'vfio-pci' and
                  bed.guest.ok('cat', saved).strip() == 'vfio-pci', 'driverctl has it saved', out)
        bed.give(index, None)  # as a start of the machine leaves it, before driverctl's unit
        bed.guest.ok('driverctl', 'load-override', address)
        bed.point(bed.driver(address) == 'vfio-pci', 'so the next start will bind it')
        code, out = bed.vio('unbind', uri)
        missing, _ = bed.guest.run('test', '-e', saved)
        bed.point(code == 0 and missing and bed.driver(address) == KERNEL,
                  'vio unbind has driverctl forget it', '%d %d\n%s' % (code, missing, out))
    return run


PLAIN_USER_LOCKED = ('prlimit', '--memlock=%d:%d' % (64 << 20, 64 << 20), *PLAIN_USER)


def bind_fails(index, what, *options, before='', after='', prefix=(), says='error[',
               driver=KERNEL):
    """A bind that can't work. @before, @after: shell commands; ADDRESS stands for the device's."""
    def run(bed):
        bed.give(index, None if driver == KERNEL else driver)
        address = bed.address(index)
        if before:
            bed.guest.shell(before.replace('ADDRESS', address))
        code, out = bed.vio('bind', bed.uri(index), *options, prefix=prefix, timeout=40)
        found = bed.driver(address)
        if after:
            bed.guest.shell(after.replace('ADDRESS', address))
        bed.point(code and says in out, 'is refused: ' + what, '%d\n%s' % (code, out))
        bed.point(found == driver, 'the device keeps its driver', found)
        bed.note(out)
    return run


def group_not_viable(index, other):
    """Two functions share a group; while one is the kernel's, nobody may open the other."""
    def run(bed):
        bed.give(index, None)
        bed.give(other, None)
        code, out = bed.vio('bind', bed.uri(index))
        bed.point(code and bed.address(other) in out, 'bind is refused and names the other member',
                  '%d\n%s' % (code, out))
        bed.point([bed.driver(bed.address(i)) for i in (index, other)] == [KERNEL] * 2,
                  'both keep their driver')
        bed.note(out)
        bed.give(index, 'vfio-pci')
        code, out = bed.vio('info', bed.uri(index))
        bed.point(code and bed.address(other) in out, 'open is refused and names it too',
                  '%d\n%s' % (code, out))
        bed.note(out)
        bed.give(other, 'vfio-pci')
        result = bed.verify('open', bed.uri(index), bed.uri(other))
        bed.point(not faults_of(result), 'with both bound, one process opens both', result['out'])
        bed.give(index, None)
        bed.give(other, None)
    return run


def bind_unprotected(index):
    """No IOMMU: only whoever asks for it may have that."""
    def run(bed):
        bed.give(index, None)
        switch = '/sys/module/vfio/parameters/enable_unsafe_noiommu_mode'
        bed.guest.shell('echo N >' + switch)
        code, out = bed.vio('bind', bed.uri(index))
        bed.point(code and 'IOMMU' in out and bed.driver(bed.address(index)) == KERNEL,
                  'bind is refused without --noiommu, and the device keeps its driver',
                  '%d\n%s' % (code, out))
        bed.note(out)
        code, out = bed.vio('bind', bed.uri(index), '--noiommu')
        bed.point(code == 0 and bed.driver(bed.address(index)) == 'vfio-pci',
                  'with --noiommu it works', '%d\n%s' % (code, out))
        bed.note(out)
        bed.guest.shell('echo Y >' + switch)
        code, out = bed.vio('unbind', bed.uri(index))
        bed.point(code == 0 and bed.driver(bed.address(index)) == KERNEL,
                  'vio unbind gives it back', '%d\n%s' % (code, out))
        code, out = bed.vio('bind', bed.uri(index), '--driver', 'uio_pci_generic', '--noiommu')
        bed.point(code == 0 and bed.driver(bed.address(index)) == 'uio_pci_generic',
                  'uio_pci_generic can have it, too', '%d\n%s' % (code, out))
    return run


def unbind_in_use(index):
    """Somebody drives the device: the kernel would wait for him for ever."""
    def run(bed):
        bound(bed, index)
        tool = bed.guest.start(bed.args.vio, 'fwd', bed.uri(index), deadline=60)
        tool.expect(r'\S', 20)
        code, out = bed.vio('info', bed.uri(index))
        bed.point(code and 'error[' in out, 'a second port on it is refused', out)
        bed.note(out)
        code, out = bed.vio('unbind', bed.uri(index), timeout=30)
        bed.point(code, 'vio unbind is refused while it is in use', out)
        bed.note(out)
        bed.point(tool.alive, 'and who uses it lives on', tool.out)
        tool.signal(2)
        bed.point(tool.wait(10) == 0, 'to its own end', tool.out)
        bed.point(bed.driver(bed.address(index)), 'the device has a driver')
    return run


def carries_route(index):
    """The machine's own way out."""
    def run(bed):
        bed.give(index, None)
        name = bed.interface(index)
        bed.guest.shell('ip addr add 192.0.2.2/24 dev {0}; ip link set {0} up\n'
                        'ip route add default via 192.0.2.1'.format(name))
        code, out = bed.vio('bind', bed.uri(index))
        bed.point(code and name in out and bed.driver(bed.address(index)) == KERNEL,
                  'is refused for the default route', '%d\n%s' % (code, out))
        bed.note(out)
        code, out = bed.vio('bind', bed.uri(index), '--force')
        bed.point(code == 0 and bed.driver(bed.address(index)) == 'vfio-pci',
                  'but --force does it', '%d\n%s' % (code, out))
        bed.give(index, None)
    return run
