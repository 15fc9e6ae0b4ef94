# SPDX-License-Identifier: BSD-3-Clause
"""The initramfs: busybox, the modules of a tree, and init. Written here, since it is so little."""

from pathlib import Path

HERE = Path(__file__).resolve().parent
FOLDERS = ('bin', 'dev', 'proc', 'sys', 'host', 'over', 'root', 'lib', 'lib/modules')


class Cpio:
    """An archive in the form "newc" of cpio(5), which the kernel unpacks."""

    def __init__(self):
        self.data, self.serial = bytearray(), 0

    def add(self, name, mode, content=b''):
        self.serial += 1
        name = name.encode() + b'\0'
        fields = (self.serial, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name), 0)
        self.data += b'070701' + b''.join(b'%08x' % field for field in fields) + name
        self.pad()
        self.data += content
        self.pad()

    def pad(self):
        self.data += bytes(-len(self.data) % 4)

    def finish(self):
        self.add('TRAILER!!!', 0)
        return bytes(self.data)


def image(kernel, tree):
    """Initramfs with the module tree @tree ("stock" or "built") of the cache folder @kernel."""
    archive = Cpio()
    release = next((kernel / tree / 'lib/modules').iterdir())
    for name in FOLDERS + ('lib/modules/' + release.name,):
        archive.add(name, 0o40755)
    archive.add('init', 0o100755, (HERE / 'init').read_bytes())
    archive.add('bin/busybox', 0o100755, (kernel / 'busybox').read_bytes())
    for path in sorted(release.iterdir()):
        archive.add('lib/modules/%s/%s' % (release.name, path.name), 0o100644, path.read_bytes())
    return archive.finish()
