# SPDX-License-Identifier: BSD-3-Clause
"""The suites as a table, and what runs them. Called by scripts/check, which installs packages."""
import fnmatch
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from tap_count import Count, count_meson

TOP = Path(__file__).resolve().parent.parent
LOGS = TOP / 'build' / 'logs'
IN_CI = os.environ.get('CI', '').lower() in ('1', 'true', 'yes')
SANITIZER_ENV = {
    'ASAN_OPTIONS': 'abort_on_error=1:detect_leaks=1:detect_stack_use_after_return=1:'
                    'strict_string_checks=1',
    'UBSAN_OPTIONS': 'halt_on_error=1:abort_on_error=1:print_stacktrace=1',
    'LSAN_OPTIONS': 'exitcode=99',
    'TSAN_OPTIONS': 'halt_on_error=1:exitcode=99:second_deadlock_stack=1',
}

# Build folder below build/, compiler, further options of meson setup.
BUILDS = {
    'gcc': ('gcc', ['-Dbench=true']),
    'clang': ('clang', ['-Dbench=true']),
    'asan': ('gcc', ['-Db_sanitize=address,undefined', '-Db_lundef=false', '-Dpool_debug=true']),
    'asan-clang': ('clang', ['-Db_sanitize=address,undefined', '-Db_lundef=false']),
    'tsan': ('clang', ['-Db_sanitize=thread', '-Db_lundef=false']),
}


@dataclass
class Suite:
    """One line of the table."""
    name: str
    build: str          # key of BUILDS
    suites: list        # meson suites
    limit: int          # seconds for the whole
    wrapper: list = field(default_factory=list)   # before meson
    per_test: str = ''                            # meson test --wrapper
    slower: int = 1                               # meson's timeouts times this


VALGRIND = ('valgrind -q --error-exitcode=99 --leak-check=full '
            '--errors-for-leak-kinds=definite,indirect --fair-sched=yes')
SMALL_MEMLOCK = ['prlimit', '--memlock=65536:65536']
if os.geteuid() == 0:  # root locks what it likes, unless the capability is gone
    SMALL_MEMLOCK = ['setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock'] + SMALL_MEMLOCK
# Sanitizers of gcc 12 and clang 14 can't place their shadow on kernels with 32 random bits.
FIXED = ['setarch', '-R']
if subprocess.run(FIXED + ['true'], capture_output=True, check=False).returncode != 0:
    FIXED = []

SUITES = [
    Suite('unit', 'gcc', ['unit'], 120),
    Suite('style', 'gcc', ['style'], 300),
    Suite('install', 'gcc', ['install'], 300),
    Suite('matrix', 'gcc', ['matrix'], 300),
    Suite('tool', 'gcc', ['tool'], 400),
    Suite('backend', 'gcc', ['backend'], 1200),
    Suite('qtest', 'gcc', ['qtest'], 180),
    Suite('guest', 'gcc', ['guest'], 900),
    Suite('bench', 'gcc', ['bench'], 120),
    Suite('memlock', 'gcc', ['unit', 'matrix'], 300, SMALL_MEMLOCK),
    Suite('tool-memlock', 'gcc', ['tool'], 400, SMALL_MEMLOCK),
    Suite('unit-clang', 'clang', ['unit'], 120),
    Suite('matrix-clang', 'clang', ['matrix'], 300),
    Suite('tool-clang', 'clang', ['tool'], 400),
    Suite('bench-clang', 'clang', ['bench'], 120),
    Suite('unit-asan', 'asan', ['unit'], 300, FIXED, slower=4),
    Suite('matrix-asan', 'asan', ['matrix'], 600, FIXED, slower=4),
    Suite('tool-asan', 'asan', ['tool'], 600, FIXED, slower=2),
    Suite('backend-asan', 'asan', ['backend-quick'], 900, FIXED, slower=4),
    Suite('qtest-asan', 'asan', ['qtest'], 300, FIXED, slower=2),
    Suite('unit-asan-clang', 'asan-clang', ['unit'], 300, FIXED, slower=4),
    Suite('unit-tsan', 'tsan', ['unit'], 300, FIXED, slower=4),
    Suite('matrix-tsan', 'tsan', ['matrix'], 600, FIXED, slower=4),
    Suite('unit-valgrind', 'gcc', ['unit'], 600, per_test=VALGRIND, slower=20),
]


def run(command, log, limit, env=None):
    """Run @command, output into @log. Return: its exit code, None when @limit seconds were over."""
    with open(log, 'wb') as out:
        child = subprocess.Popen(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, env={**os.environ, **(env or {})},
                                 start_new_session=True)
    try:
        return child.wait(limit)
    except subprocess.TimeoutExpired:
        return None
    finally:  # whatever it has left behind is in its process group
        for sig in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(child.pid, sig)
                child.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass


def build(name):
    """Bring build/@name up to date. Return: error text or None."""
    compiler, options = BUILDS[name]
    folder, log = TOP / 'build' / name, LOGS / f'build-{name}.log'
    env = {'CC': compiler, 'CXX': {'gcc': 'g++', 'clang': 'clang++'}[compiler]}
    setup = ['meson', 'setup', str(folder)] + options
    if (folder / 'build.ninja').exists():
        setup.append('--reconfigure')
    elif folder.exists():  # a set-up that failed half-way
        shutil.rmtree(folder)
    for command, limit in ((setup, 120), (['ninja', '-C', str(folder)], 900)):
        code = run(command, log, limit, env)
        if code != 0:
            text = log.read_text(errors='replace')
            print('\n'.join(text.splitlines()[-60:]))
            return f'build {name}: "{" ".join(command[:3])}" ' + (
                f'took over {limit} s' if code is None else f'ended with {code}') + f', see {log}'
    return None


def run_meson(suite, log):
    """Run meson suites through meson test."""
    logbase = f'testlog-{suite.name}'
    command = suite.wrapper + ['meson', 'test', '-C', f'build/{suite.build}', '--no-rebuild',
                               '--logbase', logbase, '-t', str(suite.slower)]
    for one in suite.suites:
        command += ['--suite', one]
    if suite.per_test:
        command += ['--wrapper', suite.per_test]
        logbase += '-' + suite.per_test.split()[0]  # meson's own doing
    results = TOP / 'build' / suite.build / 'meson-logs' / f'{logbase}.json'
    results.unlink(missing_ok=True)
    code = run(command, log, suite.limit, SANITIZER_ENV)
    count = count_meson(results) if results.exists() else Count()
    if code is None:
        count.fail(f'{suite.name}: took over {suite.limit} s')
    elif not results.exists():
        count.fail(f'{suite.name}: no test ran, meson test ended with {code}')
    elif code != 0 and not count.failed and not count.skipped:  # meson fails some skipped cases
        count.fail(f'{suite.name}: meson test ended with {code}, though no case failed')
    return count


def run_suite(suite):
    """Run one line of the table and say what did not go well."""
    log = LOGS / f'{suite.name}.log'
    count = run_meson(suite, log)
    for what in count.nothing_ran:
        print(f'SKIPPED AS A WHOLE, the machine lacks something: {what}')
        if IN_CI:
            count.fail(f'{what} (in CI nothing may be missing)')
    for what in count.skipped:
        print(f'skipped: {what}')
    for what in count.notes:
        print(f'note: {what}')
    for what in count.failures:
        print(f'FAILED: {what}')
    if count.failed:
        print(f'see {log.relative_to(TOP)}')
    return count


def choose(patterns):
    """Suites that @patterns name, in the table's order."""
    for pattern in patterns:
        if not any(fnmatch.fnmatch(s.name, pattern) for s in SUITES):
            sys.exit(f"check: no suite called '{pattern}'; scripts/check --list shows them")
    return [s for s in SUITES
            if not patterns or any(fnmatch.fnmatch(s.name, p) for p in patterns)]


def show_list():
    for s in SUITES:
        what = '+'.join(s.suites)
        how = ' '.join(s.wrapper + s.per_test.split()[:1])
        print(f'{s.name:16} build/{s.build:11} {what:14} {how}'.rstrip())


def huge_pages():
    """Huge pages that the machine has reserved."""
    total = 0
    for path in Path('/sys/kernel/mm/hugepages').glob('*/nr_hugepages'):
        total += int(path.read_text())
    return total


def check(suites):
    """Build what @suites need and run them. Return: Count of the whole run."""
    total, built, table = Count(), {}, []
    for suite in suites:
        if suite.build not in built:
            start = time.monotonic()
            print(f'== build {suite.build}', flush=True)
            built[suite.build] = build(suite.build)
            table.append((f'build {suite.build}', time.monotonic() - start, None))
            if built[suite.build]:
                total.fail(built[suite.build])
                print(f'FAILED: {built[suite.build]}')
        start = time.monotonic()
        print(f'== {suite.name}', flush=True)
        if built[suite.build]:
            count = Count()
            count.fail(f'{suite.name}: not run, since build {suite.build} failed')
        else:
            count = run_suite(suite)
        total.add(count)
        table.append((suite.name, time.monotonic() - start, count))
    if huge_pages() and any('memlock' in s.name for s in suites):
        print(f'note: the memlock suites ran with {huge_pages()} huge pages reserved')
    print(f'\n{"suite":20} {"seconds":>8} {"passed":>8} {"failed":>8} {"skipped":>8}')
    for name, seconds, count in table:
        cells = (count.passed, count.failed, len(count.skipped)) if count else ('', '', '')
        print(f'{name:20} {seconds:8.1f} ' + ' '.join(f'{c:>8}' for c in cells).rstrip())
    return total


def main():
    arguments = sys.argv[1:]
    if arguments == ['--list']:
        show_list()
        return 0
    suites = choose(arguments)
    LOGS.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # run() ends its children on the way
    total = check(suites)
    for what in total.failures:
        print(f'FAILED: {what}')
    print(f'{total.passed} passed, {total.failed} failed')
    return 1 if total.failed else 0


if __name__ == '__main__':
    sys.exit(main())
