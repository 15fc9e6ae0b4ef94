# SPDX-License-Identifier: BSD-3-Clause
"""Install suite, TAP: what `meson install` leaves behind is enough to build and run a program.

    VIO_BUILD=build/gcc tests/install/run.py
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get('VIO_BUILD', TOP / 'build/gcc')).resolve()
# All that the shared library may need at run time.
NEEDED = {'libc.so.6', 'libnuma.so.1'}


def run(command, **options):
    """Run @command. Return: its output; an error with all of it if it failed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, check=False, **options)
    if done.returncode:
        raise RuntimeError(f'{" ".join(map(str, command))}: exit code {done.returncode}\n'
                           f'{done.stdout}')
    return done.stdout


class Installed:
    """The product below a folder of ours, as a packager's DESTDIR."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.dest = self.folder / 'dest'

    def find(self, name):
        found = sorted(self.dest.rglob(name))
        if not found:
            raise RuntimeError(f'{name} was not installed')
        return found[0]

    def pkg_config(self, *arguments):
        """Ask pkg-config about the installed vio.pc, with the machine's other packages behind."""
        env = {**os.environ, 'PKG_CONFIG_PATH': str(self.find('vio.pc').parent),
               'PKG_CONFIG_SYSROOT_DIR': str(self.dest)}
        return run(['pkg-config', *arguments, 'vio'], env=env).split()

    def compile(self, name, flags):
        source = self.folder / 'example.c'
        source.write_text(re.search(r'^```c\n(.*?)^```', (TOP / 'README.md').read_text(),
                                    re.DOTALL | re.MULTILINE)[1])
        program = self.folder / name
        run(['gcc', '-O2', '-Wall', '-Wextra', '-Werror', '-o', program, source, *flags])
        return program

    def echo(self, name):
        """Run a compiled example on the device model; packets that it counted."""
        env = {**os.environ, 'LD_LIBRARY_PATH': str(self.find('libvio.so').parent)}
        text = run([self.folder / name], env=env)
        found = re.search(r'(\d+) packets echoed', text)
        if not found or int(found[1]) < 1000:
            raise RuntimeError(f'the example said: {text!r}')


def installs(it):
    run(['meson', 'install', '-C', BUILD, '--no-rebuild'], env={**os.environ,
                                                               'DESTDIR': str(it.dest)})
    for header in (TOP / 'lib/include/vio').glob('*.h'):
        it.find(header.name)


def package_is_found(it):
    version = re.search(r"version: '([^']+)'", (TOP / 'meson.build').read_text())[1]
    if it.pkg_config('--modversion') != [version]:
        raise RuntimeError(f'vio.pc is not version {version}')


def compiles_shared(it):
    it.compile('shared', it.pkg_config('--cflags', '--libs'))
    if 'libvio.so.0' not in run(['readelf', '-d', it.folder / 'shared']):
        raise RuntimeError('the program does not need libvio.so.0')


def compiles_static(it):
    flags = it.pkg_config('--static', '--cflags', '--libs')
    it.compile('static', ['-l:libvio.a' if f == '-lvio' else f for f in flags])
    if 'libvio.so' in run(['readelf', '-d', it.folder / 'static']):
        raise RuntimeError('the program needs libvio.so')


def needs_little(it):
    needed = set(re.findall(r'NEEDED.*\[(.*)\]', run(['readelf', '-d', it.find('libvio.so')])))
    loader = {n for n in needed if n.startswith('ld-linux')}
    if needed - loader - NEEDED:
        raise RuntimeError(f'libvio.so needs {sorted(needed - NEEDED)}')


def manual_is_there(it):
    text = run([it.find('bin').joinpath('vio'), '--help'])
    commands = re.findall(r'^  ([a-z]+) ', text[text.index('commands:'):], re.M)
    for name in ['vio.1', 'vio-errors.7', *(f'vio-{command}.1' for command in commands)]:
        it.find(name)
    it.find('bash-completion/completions/vio')


def unsafe_is_refused(it):
    build, dest = it.folder / 'unsafe', it.folder / 'unsafe-dest'
    run(['meson', 'setup', build, TOP, '-Dtrust_device=true', '-Dtests=false'])
    done = subprocess.run(['meson', 'install', '-C', build, '--no-rebuild'], capture_output=True,
                          text=True, timeout=60, check=False,
                          env={**os.environ, 'DESTDIR': str(dest)})
    left = [*dest.rglob('libvio*'), *dest.rglob('bin')]
    if not done.returncode or 'trust_device: not to be' not in done.stdout or left:
        raise RuntimeError(f'exit code {done.returncode}, installed: {left}\n{done.stdout}')


CASES = [
    ('meson install puts every header and library below DESTDIR', installs),
    ('pkg-config finds vio in its version', package_is_found),
    ("README's program compiles against the shared library", compiles_shared),
    ("README's program runs with the shared library", lambda it: it.echo('shared')),
    ("README's program compiles against the static library", compiles_static),
    ("README's program runs with the static library", lambda it: it.echo('static')),
    ('the shared library needs the C library and libnuma only', needs_little),
    ('the tool is installed', lambda it: run([it.find('bin').joinpath('vio'), '--version'])),
    ('each command has a manual page, bash a completion', manual_is_there),
    ('a build that trusts the device is not installed, and says why', unsafe_is_refused),
]


def main():
    failed = 0
    print(f'1..{len(CASES)}')
    with tempfile.TemporaryDirectory(prefix='vio-install-') as folder:
        it = Installed(folder)
        for number, (sentence, case) in enumerate(CASES, 1):
            error = ''
            try:
                case(it)
            except (RuntimeError, OSError, subprocess.TimeoutExpired) as caught:
                error = str(caught)
            print(f'{"not " if error else ""}ok {number} - {sentence}', flush=True)
            for line in error.splitlines():
                print(f'#   {line}')
            failed += bool(error)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
