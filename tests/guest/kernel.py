#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The guest's kernel, from Debian's packages, which are unpacked into a cache and never installed.

Debian's kernel lacks two things that vio drives: VFIO without an IOMMU and VFIO's character
devices with iommufd. Both are modules, so they are built out of tree from Debian's kernel source,
which takes half a minute where the whole kernel takes five.

    tests/guest/kernel.py      fill the cache and print its folder
"""

import hashlib
import lzma
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

FLAVOUR = '6.12'
# Modules that a guest may want; what they depend on comes along.
WANTED = ('overlay', '9p', '9pnet_virtio', 'virtio_console', 'vfio_iommu_type1', 'vfio-pci',
         'uio_pci_generic', 'virtio_net', 'virtio-iommu')

# Files for the out-of-tree build: the kernel's own sources, and make files that say only which of
# them make which module.
SOURCES = ('drivers/vfio', 'drivers/iommu', 'lib/interval_tree.c')
MAKEFILES = {
    'Kbuild': 'obj-y += drivers/iommu/iommufd/ drivers/vfio/\n',
    'drivers/iommu/iommufd/Makefile':
        'obj-m += iommufd.o\n'
        'iommufd-y := device.o fault.o hw_pagetable.o io_pagetable.o ioas.o main.o pages.o '
        'vfio_compat.o spans.o\n',
    'drivers/vfio/Makefile':
        'obj-m += vfio.o vfio_iommu_type1.o pci/\n'
        'vfio-y := vfio_main.o device_cdev.o group.o iommufd.o container.o virqfd.o\n',
    'drivers/vfio/pci/Makefile':
        'obj-m += vfio-pci-core.o vfio-pci.o\n'
        'vfio-pci-core-y := vfio_pci_core.o vfio_pci_intrs.o vfio_pci_rdwr.o vfio_pci_config.o\n'
        'vfio-pci-y := vfio_pci.o vfio_pci_igd.o\n',
}
SWITCHED_ON = ('IOMMUFD_MODULE', 'VFIO_DEVICE_CDEV', 'VFIO_NOIOMMU', 'INTERVAL_TREE_SPAN_ITER')


class KernelError(Exception):
    """The kernel can't be had; the text says why and holds the end of what a command said."""


def run(*command, cwd=None, limit=300):
    done = subprocess.run(command, cwd=cwd, timeout=limit, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode:
        raise KernelError('%s: exit code %d\n%s' % (' '.join(map(str, command)), done.returncode,
                                                    done.stdout[-2000:]))
    return done.stdout


def find_release():
    """The kernel's release that Debian's meta package stands for: 6.12.1+deb12-amd64."""
    try:
        text = run('apt-cache', 'depends', 'linux-image-%s-amd64' % FLAVOUR, limit=60)
    except (KernelError, FileNotFoundError):
        text = ''
    found = re.search(r'Depends: linux-image-(\S+)', text)
    return found[1] if found else None


def packages(release):
    version = release.removesuffix('-amd64')
    return ('linux-image-' + release, 'linux-headers-' + release,
            'linux-headers-%s-common' % version, 'linux-kbuild-' + version,
            'linux-source-' + FLAVOUR, 'busybox-static')


def cache_folder():
    home = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return Path(os.environ.get('VIO_CACHE') or os.path.join(home, 'vio'))


def recipe():
    """Changes with whatever this file does, so that a cache of an older one is not used."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:12]


def download(release, work):
    for package in packages(release):
        run('apt-get', 'download', '-q', package, cwd=work)
    for package in sorted(work.glob('*.deb')):
        run('dpkg-deb', '-x', package, work / 'root')
        package.unlink()


def unpack_image(path):
    """The bare kernel within a bzImage ("The Linux/x86 Boot Protocol": payload_offset).

    It starts by PVH and saves a guest without KVM the second that it takes to unpack itself."""
    data = path.read_bytes()
    start = (data[0x1f1] + 1) * 512 + int.from_bytes(data[0x248:0x24c], 'little')
    payload = data[start:start + int.from_bytes(data[0x24c:0x250], 'little')]
    if payload.startswith(b'\xfd7zXZ\0'):
        return lzma.LZMADecompressor().decompress(payload)
    if payload.startswith(b'\x28\xb5\x2f\xfd'):
        # The four bytes behind it are the kernel's size.
        done = subprocess.run(['zstd', '-dc'], input=payload[:-4], timeout=120, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return done.stdout
    raise KernelError('%s: compressed in an unknown way: %r' % (path, payload[:6]))


def plain(name):
    return name.replace('-', '_')


def copy_module(files, name, out):
    """Copy a module and what it depends on, unpacked."""
    target = out / (plain(name) + '.ko')
    source = files.get(plain(name))
    if not source or target.exists():  # no file: it is in the kernel itself, depmod checks that
        return
    data = source.read_bytes()
    target.write_bytes(lzma.decompress(data) if source.suffix == '.xz' else data)
    run('strip', '--strip-debug', target)
    for other in run('modinfo', '-F', 'depends', source).strip().split(','):
        copy_module(files, other, out)


def module_tree(root, release, files):
    """A folder for modprobe with the modules that a guest may want."""
    out = root / 'lib/modules' / release
    out.mkdir(parents=True)
    for name in WANTED:
        copy_module(files, name, out)
    for name in ('modules.order', 'modules.builtin', 'modules.builtin.modinfo'):
        (out / name).write_bytes(files['/' + name].read_bytes())
    run('depmod', '-b', root, release)


def stock_modules(work, release):
    """Files of the modules by name, and under a slash what depmod wants."""
    top = work / 'root/lib/modules' / release
    files = {plain(path.name.split('.')[0]): path for path in top.rglob('*.ko*')}
    return files | {'/' + path.name: path for path in top.glob('modules.*')}


def prepare_build(work, release):
    """Sources and make files below @work/extra, headers told where they lie now."""
    extra = work / 'extra'
    extra.mkdir()
    tarball = next(work.glob('root/usr/src/linux-source-*.tar.xz'))
    top = tarball.name.removesuffix('.tar.xz')
    run('tar', '-xJf', tarball, '-C', extra, '--strip-components=1',
        *('%s/%s' % (top, name) for name in SOURCES))
    for name, text in MAKEFILES.items():
        (extra / name).write_text(text)
    # What the kernel has of it is exported already, so this copy keeps its own to itself.
    spans = (extra / 'lib/interval_tree.c').read_text()
    (extra / 'drivers/iommu/iommufd/spans.c').write_text(
        re.sub(r'^EXPORT_SYMBOL.*\n', '', spans, flags=re.M))
    headers = work / 'root/usr/src' / ('linux-headers-' + release)
    make = headers / 'Makefile'
    make.write_text(make.read_text().replace('/usr/src/', '%s/' % headers.parent))
    (headers / 'vmlinux').unlink()  # nobody needs type information, and it takes another package
    return extra, headers


def build_modules(work, release):
    """iommufd, and VFIO with everything; all of VFIO, since its structures differ."""
    extra, headers = prepare_build(work, release)
    run('make', '-C', headers, 'M=%s' % extra, '-j%d' % os.cpu_count(),
        'KCFLAGS=' + ' '.join('-DCONFIG_%s=1' % name for name in SWITCHED_ON), 'modules',
        limit=900)
    return {plain(path.stem): path for path in extra.rglob('*.ko')}


def fill(folder, release):
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix='filling-') as name:
        work, done = Path(name), Path(name) / 'done'
        done.mkdir()
        download(release, work)
        (done / 'vmlinux').write_bytes(unpack_image(work / 'root/boot' / ('vmlinuz-' + release)))
        files = stock_modules(work, release)
        module_tree(done / 'stock', release, files)
        module_tree(done / 'built', release, files | build_modules(work, release))
        shutil.copy(work / 'root/bin/busybox', done)
        try:
            done.rename(folder)
        except OSError:  # somebody else was faster
            if not folder.exists():
                raise


def newest_cached():
    found = sorted(cache_folder().glob('guest-*-' + recipe()))
    return found[-1] if found else None


def get():
    """Folder with vmlinux, busybox, and the module trees stock/ and built/."""
    release = find_release()
    if not release:  # no package lists: what is cached is as good
        folder = newest_cached()
        if not folder:
            raise KernelError('apt-cache knows no linux-image-%s-amd64: run "apt-get update"; '
                              'it is in Debian 12 (bookworm-security)' % FLAVOUR)
        return folder
    folder = cache_folder() / ('guest-%s-%s' % (release, recipe()))
    if not folder.exists():
        fill(folder, release)
    return folder


if __name__ == '__main__':
    print(get())
