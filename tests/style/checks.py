# SPDX-License-Identifier: BSD-3-Clause
"""The style checks: each takes a Tree and returns complaints, one line each."""
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from tree import without_comments

FUNCTION_LINES_MAX = 80
FUNCTION_LINES_LONG = 60
FUNCTION_LINES_AIM = 12
FILE_LINES_MAX = 700
WIDTH_MAX = 100

# Folders from bottom to top. A file includes its own folder and those before it.
LAYERS = ['lib/include/vio', 'lib/base', 'lib/mem', 'lib/pci', 'lib/vfio', 'lib/port',
          'drivers/virtio', 'drivers/transport', 'drivers']
# These see public headers and their own folder, nothing else of the library.
USERS = ['apps', 'bench', 'examples']
# What meson.build defines for everybody who prints a version.
VERSION = '-DVIO_VERSION="0"'
TRANSPORT = re.compile(r'drivers/transport/[^/]+')


def run(command, text=None):
    """Run a tool. Return: its output if it failed, otherwise ''."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=120,
                          check=False)
    return done.stdout + done.stderr + f'exit code {done.returncode}' if done.returncode else ''


def run_all(commands):
    """Run several, as many at once as there are processors. Return: those outputs in order."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(run, commands))


def first_line(text):
    for line in text.splitlines():
        if re.search(r'error|warning', line):
            return line
    return text.splitlines()[0] if text else ''


def layer_of(path):
    for i, folder in enumerate(LAYERS):
        if path.startswith(folder + '/'):
            return i
    return None


def target_of(tree, path, kind, what):
    """Path of the included file if it is one of ours; None: a system header."""
    if kind == '<':
        return f'lib/include/{what}' if what.startswith('vio/') else None
    full = (tree.root / path).parent / what
    return os.path.relpath(os.path.normpath(full), tree.root)


def layers(tree):
    """Why @path may not include @target, for the layers and for their users."""
    out = []
    for path in tree.sources:
        for kind, what in tree.includes(path):
            target = target_of(tree, path, kind, what)
            if target is None:
                continue
            complaint = layer_complaint(path, target)
            if not (tree.root / target).exists():
                complaint = 'which does not exist relative to it'
            if complaint:
                out.append(f'{path}: includes {what}, {complaint}')
    return out


def layer_complaint(path, target):
    user = next((u for u in USERS if path.startswith(u + '/')), None)
    if user:
        if target.startswith((f'{user}/', 'lib/include/vio/')):
            return ''
        return f'but {user} sees only <vio/...> and itself'
    mine, its = layer_of(path), layer_of(target)
    if mine is None:
        return ''
    if its is None or its > mine:
        return f'which is above {LAYERS[mine]}'
    a, b = TRANSPORT.match(path), TRANSPORT.match(target)
    if a and b and a[0] != b[0]:
        return "another transport's"
    return ''


def c_flags(tree):
    return ['-fsyntax-only', '-D_GNU_SOURCE', VERSION, '-I', str(tree.root / 'lib/include'),
            '-Wall', '-Wextra', '-Werror', '-Wno-unused-function', '-Wno-unused-const-variable',
            '-Wno-unused-variable']


def headers_alone(tree):
    """Every header is complete in itself, for both compilers."""
    paths = [p for p in tree.matching(r'.*\.h')]
    jobs = [(p, cc) for p in paths for cc in ('gcc', 'clang')]
    outputs = run_all([cc, '-x', 'c', '-std=gnu11'] + c_flags(tree) + [str(tree.root / p)]
                      for p, cc in jobs)
    return [f'{p}: not complete for {cc}: {first_line(text)}'
            for (p, cc), text in zip(jobs, outputs) if text]


def headers_in_cpp(tree):
    """Public headers are C++ as well."""
    flags = ['-Wpedantic', '-Wold-style-cast', '-Wno-error=old-style-cast', '-std=c++11']
    outputs = run_all(['g++', '-x', 'c++'] + c_flags(tree) + flags + [str(tree.root / p)]
                      for p in tree.public_headers)
    return [f'{p}: not C++: {first_line(text)}'
            for p, text in zip(tree.public_headers, outputs) if text]


def function_length(tree):
    return [f'{f.path}:{f.line}: {f.name}() has {f.lines} lines, {FUNCTION_LINES_MAX} is the limit'
            for p in tree.sources for f in tree.functions(p) if f.lines > FUNCTION_LINES_MAX]


def function_report(tree):
    """What the function lengths look like; for the reader, no complaint."""
    product = [p for p in tree.sources if not p.startswith('tests/')]
    found = [f for p in product for f in tree.functions(p)]
    if not found:
        return ['no functions']
    lines = [f.lines for f in found]
    short = sum(n <= FUNCTION_LINES_AIM for n in lines)
    out = [f'{len(found)} functions, median {median(lines):.0f} lines, '
           f'{100 * short / len(found):.0f} % have at most {FUNCTION_LINES_AIM}']
    return out + [f'{f.path}:{f.line}: {f.name}() has {f.lines} lines'
                  for f in found if f.lines > FUNCTION_LINES_LONG]


def file_length(tree):
    out = []
    for path in tree.sources + tree.scripts:
        n = tree.text(path).count('\n')
        if n > FILE_LINES_MAX:
            out.append(f'{path}: {n} lines, {FILE_LINES_MAX} is the limit')
    return out


def line_width(tree):
    """A table that is fenced against clang-format may be wide."""
    out, fenced = [], False
    for path in tree.sources + tree.scripts:
        for i, line in enumerate(tree.text(path).split('\n'), 1):
            n = len(line.expandtabs(8))
            fence = re.match(r'\s*/\* clang-format (on|off) \*/', line)
            fenced = fence[1] == 'off' if fence else fenced
            if n > WIDTH_MAX and not fenced:
                out.append(f'{path}:{i}: {n} columns, {WIDTH_MAX} is the limit')
    return out


def white_space(tree):
    out = []
    for path in tree.sources + tree.scripts + tree.matching(r'.*\.md|.*meson.*'):
        text = tree.text(path)
        if text and not text.endswith('\n'):
            out.append(f'{path}: no line feed at the end')
        for i, line in enumerate(text.split('\n'), 1):
            if line != line.rstrip():
                out.append(f'{path}:{i}: white space at the end of the line')
    return out


def clang_format(tree):
    if not tree.sources:
        return []
    text = run(['clang-format', '--dry-run', '--Werror'] +
               [str(tree.root / p) for p in tree.sources])
    return sorted(set(re.sub(r':\d+: error: code should be clang-formatted.*', '', line)
                      for line in text.splitlines() if 'clang-formatted' in line))


def spdx_first(tree):
    out = []
    for path in tree.sources + tree.scripts:
        lines = tree.text(path).split('\n')
        line = lines[1] if lines[0].startswith('#!') and len(lines) > 1 else lines[0]
        if 'SPDX-License-Identifier: BSD-3-Clause' not in line:
            out.append(f'{path}: does not begin with its SPDX line')
    return out


def grep(tree, paths, pattern, why):
    out = []
    for path in paths:
        for i, line in enumerate(tree.text(path).split('\n'), 1):
            if re.search(pattern, line):
                out.append(f'{path}:{i}: {why}: {line.strip()[:60]}')
    return out


def nothing_left_open(tree):
    return grep(tree, tree.sources + tree.scripts + tree.matching(r'.*meson.*'),
                r'\b(TOD[O]|FIXM[E]|XX[X])\b', 'left open')


def no_foreign_paths(tree):
    paths = [p for p in tree.files if p != 'LICENSE']
    return grep(tree, paths, r'/wor[k]/|/tm[p]/(wt|b-|bash_jobs|prompt)|\.\./share[d]\b',
                "path of somebody's machine")


def one_specification(tree):
    """One version of the specification for the whole tree."""
    return grep(tree, tree.sources + tree.matching(r'.*\.md'),
                r'(?i)\bvirtio\s+v?(1\.[0-35-9]|0\.9)\S*,\s*["\d]', 'cites another than VIRTIO 1.4')


def exported_symbols(tree):
    """The shared library exports what the public headers declare, and nothing else."""
    library = tree.build and tree.build / 'libvio.so'
    if not library or not library.exists():
        return ['no libvio.so in the build folder']
    names = subprocess.run(['nm', '-D', '--defined-only', library], capture_output=True,
                           text=True, check=True).stdout
    exported = {m[1] for m in re.finditer(r'^\S+ [TDBRVWi] ([^@\s]+)', names, re.MULTILINE)}
    declared = set()
    for path in tree.public_headers:
        text = re.sub(r'^#.*', '', without_comments(tree.text(path)), flags=re.MULTILINE)
        declared.update(re.findall(r'VIO_API\b[^;{}]*?\b(\w+)\s*\(', text))
    return ([f'{n}: exported, but no public header declares it' for n in exported - declared] +
            [f'{n}: declared in a public header, but not exported' for n in declared - exported] +
            [f'{n}: public name without vio_' for n in exported | declared
             if not n.startswith('vio_')])


def example_of(tree):
    """The first C block of README.md."""
    block = re.search(r'^```c\n(.*?)^```', tree.text('README.md'), re.DOTALL | re.MULTILINE)
    return block[1] if block else ''


def readme_example(tree):
    """README's program compiles as it stands there."""
    if 'README.md' not in tree.files or not example_of(tree):
        return ['README.md has no example program']
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / 'example.c'
        path.write_text(example_of(tree))
        outputs = run_all([cc, '-std=gnu11'] + c_flags(tree) + [str(path)]
                          for cc in ('gcc', 'clang'))
    return [f'README.md: {first_line(text)}' for text in outputs if text]


def dependencies_agree(tree):
    """docs/dependencies.md lists the packages of scripts/packages, in the same sets."""
    listed, documented = {}, {}
    for line in tree.text('scripts/packages').splitlines():
        if line.strip() and not line.startswith('#'):
            name, sets, reason = line.split(None, 2)
            listed[name] = (sets.replace(',', ', '), reason.strip())
    for row in re.findall(r'^\| `([^`|]+)` \| ([^|]+) \| ([^|]+) \|$',
                          tree.text('docs/dependencies.md'), re.MULTILINE):
        documented[row[0]] = (row[1].strip(), row[2].strip())
    return [f'{n}: scripts/packages says {listed.get(n)}, docs/dependencies.md {documented.get(n)}'
            for n in sorted(listed.keys() | documented.keys())
            if listed.get(n) != documented.get(n)]


def every_source_is_built(tree):
    """Each C file is named in the meson.build of its folder or of one above."""
    out = []
    for path in tree.matching(r'.*\.(c|cc)'):
        folder, names = Path(path).parent, ''
        for up in (folder, *folder.parents):
            file = tree.root / up / 'meson.build'
            names += file.read_text() if file.exists() else ''
        if not re.search(r"['/]" + re.escape(Path(path).stem) + r"(\.c|\.cc)?'", names):
            out.append(f'{path}: no meson.build names it')
    return out


def links_resolve(tree):
    """Relative links of the documents lead to files of the tree."""
    out = []
    for path in tree.matching(r'.*\.md'):
        for link in re.findall(r'\]\(([^)#\s]+)[^)]*\)', tree.text(path)):
            if not re.match(r'\w+:', link) and not (tree.root / path).parent.joinpath(
                    link).exists():
                out.append(f'{path}: link to {link}, which is not there')
    return out


def named_files_exist(tree):
    """Paths that the documents name in backquotes are files or folders of the tree."""
    top = r'(?:lib|drivers|apps|bench|tests|docs|scripts)/'
    return [f'{path}: names {name}, which is not there'
            for path in tree.matching(r'.*\.md')
            for name in re.findall(r'`(' + top + r'[\w./-]*)`', tree.text(path))
            if not (tree.root / name).exists()]


def shell_is_valid(tree):
    """Shell scripts parse, and stop at the first error."""
    out = []
    for path in tree.scripts:
        text = tree.text(path)
        if re.match(r'#!.*\b(ba)?sh\b', text):
            error = run(['bash', '-n', tree.root / path])
            out += [f'{path}: {first_line(error)}'] if error else []
            if not re.search(r'^(set -e|exec )', text, re.MULTILINE):
                out.append(f'{path}: goes on after errors: no "set -e"')
    return out


def cppcheck(tree):
    """What cppcheck knows to be wrong; suppressions stand in the source with a reason."""
    paths = [p for p in tree.matching(r'(lib|drivers|apps)/.*\.c')]
    if not paths:
        return []
    text = run(['cppcheck', '--quiet', '--error-exitcode=1', '--inline-suppr', '--std=c11',
                '--enable=warning,portability', '-D__x86_64__', '-D__GNUC__=12', VERSION,
                '-j', str(os.cpu_count()), '-I', str(tree.root / 'lib/include'),
                '--template={file}:{line}: {id}: {message}'] +
               [str(tree.root / p) for p in paths])
    return [line.replace(f'{tree.root}/', '') for line in text.splitlines()
            if re.match(r'\S+:\d+: ', line)]


# Output and exit code of a test program, and what is to be counted: passed, failed, skipped cases,
# and programs of which nothing ran.
TAP_CASES = [
    ('1..2\nok 1 - a\nok 2 - b\n', 0, (2, 0, 0, 0)),
    ('1..2\nok 1 - a\nnot ok 2 - b\n', 1, (1, 1, 0, 0)),
    ('1..3\nok 1 - a\n', -11, (1, 2, 0, 0)),
    ('ok 1 - a\n1..1\n', 99, (1, 1, 0, 0)),
    ('ok 1 - a\n1..1\n', 0, (1, 0, 0, 0)),
    ('1..2\nok 1 - a # SKIP no huge pages\nok 2 - b\n', 0, (1, 0, 1, 0)),
    ('1..2\nnot ok 1 # SKIP a\nok 2 - b\n', 0, (1, 0, 1, 0)),
    ('1..0 # SKIP no DPDK\n', 0, (0, 0, 0, 1)),
    ('', 77, (0, 0, 0, 1)),
    ('', 0, (0, 1, 0, 0)),
    ('1..1\nok 1 - a\n1..2\nok 1 - b\nok 2 - c\n', 0, (3, 0, 0, 0)),
]


def tap_is_counted(tree):
    """The total at the end of scripts/check is what the programs reported."""
    spec = importlib.util.spec_from_file_location('counter', tree.root / 'scripts/tap_count.py')
    counter = importlib.util.module_from_spec(spec)
    sys.modules['counter'] = counter  # dataclasses look their module up
    spec.loader.exec_module(counter)
    out = []
    for text, code, wanted in TAP_CASES:
        c = counter.count_tap('t', text, code)
        got = (c.passed, c.failed, len(c.skipped), len(c.nothing_ran))
        if got != wanted:
            out.append(f'{text!r} with exit code {code} counts as {got}, not {wanted}')
    return out


# What it asks, and who checks it. A sentence each, as they stand in the TAP output.
CHECKS = [
    ('a file includes only its own layer and those below', layers),
    ('every header compiles alone, with both compilers', headers_alone),
    ('every public header compiles alone as C++', headers_in_cpp),
    (f'no function is longer than {FUNCTION_LINES_MAX} lines', function_length),
    (f'no file is longer than {FILE_LINES_MAX} lines', file_length),
    (f'no line is wider than {WIDTH_MAX} columns', line_width),
    ('no white space at the ends of lines, a line feed at the ends of files', white_space),
    ('the source is as clang-format leaves it', clang_format),
    ('every source begins with its SPDX line', spdx_first),
    ('nothing is left open', nothing_left_open),
    ("no path of anybody's machine is in the tree", no_foreign_paths),
    ('one version of the specification is cited', one_specification),
    ('libvio.so exports exactly what the public headers declare', exported_symbols),
    ("README's program compiles", readme_example),
    ('scripts/packages and docs/dependencies.md agree', dependencies_agree),
    ('every C file is built', every_source_is_built),
    ('links between documents lead somewhere', links_resolve),
    ('files that the documents name exist', named_files_exist),
    ('shell scripts parse and stop at errors', shell_is_valid),
    ('cppcheck finds nothing', cppcheck),
    ('test cases are counted one by one', tap_is_counted),
]
