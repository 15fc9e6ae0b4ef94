# SPDX-License-Identifier: BSD-3-Clause
"""The suites as a table, and what runs them. Called by scripts/check, which installs packages."""
import fnmatch
import itertools
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
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
    'clang': ('clang', []),
    # Sanitizers take longer to optimise for than tests gain: rx.c 4 minutes of -O3, 28 s of -O1.
    'asan': ('gcc', ['-Db_sanitize=address,undefined', '-Db_lundef=false', '-Dpool_debug=true',
                     '-Doptimization=1']),
    'asan-clang': ('clang', ['-Db_sanitize=address,undefined', '-Db_lundef=false',
                             '-Dpool_debug=true', '-Doptimization=1', '-Dfuzz=true']),
    'tsan': ('clang', ['-Db_sanitize=thread', '-Db_lundef=false']),
    'arm64': ('gcc', ['--cross-file', 'cross/arm64.ini', '-Doptimization=2', '-Ddebug=false']),
}
# Sets of scripts/packages that only these builds need.
PACKAGES = {'arm64': 'arm64'}


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
    beside: bool = False                          # may run at once with a neighbour that may, too


VALGRIND = ('valgrind -q --error-exitcode=99 --leak-check=full '
            '--errors-for-leak-kinds=definite,indirect --fair-sched=yes')
SMALL_MEMLOCK = ['prlimit', '--memlock=65536:65536']
if os.geteuid() == 0:  # root locks what it likes, unless the capability is gone
    SMALL_MEMLOCK = ['setpriv', '--bounding-set=-ipc_lock', '--inh-caps=-ipc_lock'] + SMALL_MEMLOCK
# Sanitizers of gcc 12 and clang 14 can't place their shadow on kernels with 32 random bits.
FIXED = ['setarch', '-R']
if subprocess.run(FIXED + ['true'], capture_output=True, check=False).returncode != 0:
    FIXED = []

# Suites that may run beside each other need one processor, measure no times and count no huge
# pages. They stand together, the longest first.
SUITES = [
    Suite('unit', 'gcc', ['unit'], 120),
    Suite('matrix', 'gcc', ['matrix'], 300, beside=True),
    Suite('mutants', 'gcc', ['mutants'], 400, beside=True),
    Suite('hostile', 'gcc', ['hostile'], 120, beside=True),
    Suite('storm', 'gcc', ['storm'], 200, beside=True),
    Suite('integrity', 'gcc', ['integrity'], 120, beside=True),
    Suite('style', 'gcc', ['style'], 300, beside=True),
    Suite('install', 'gcc', ['install'], 300, beside=True),
    Suite('instructions', 'gcc', ['instructions'], 200, beside=True),
    Suite('cost', 'gcc', ['cost'], 120, beside=True),
    Suite('barriers', 'gcc', ['barriers'], 60, beside=True),
    Suite('proof', 'gcc', ['proof'], 120, beside=True),
    Suite('tool', 'gcc', ['tool'], 400),
    Suite('traffic', 'gcc', ['traffic'], 900),
    Suite('backend', 'gcc', ['backend'], 1200),
    Suite('qtest', 'gcc', ['qtest'], 180),
    Suite('bench', 'gcc', ['bench'], 240),
    Suite('unit-memlock', 'gcc', ['unit'], 120, SMALL_MEMLOCK),
    Suite('tool-memlock', 'gcc', ['tool'], 400, SMALL_MEMLOCK),
    Suite('unit-clang', 'clang', ['unit'], 120),
    Suite('unit-asan', 'asan', ['unit'], 300, FIXED, slower=4),
    Suite('tool-asan', 'asan', ['tool'], 600, FIXED, slower=2),
    Suite('traffic-asan', 'asan', ['traffic'], 1200, FIXED, slower=2),
    Suite('backend-asan', 'asan', ['backend-quick'], 900, FIXED, slower=4),
    Suite('qtest-asan', 'asan', ['qtest'], 300, FIXED, slower=2),
    Suite('unit-asan-clang', 'asan-clang', ['unit'], 300, FIXED, slower=4),
    Suite('fuzz', 'asan-clang', ['fuzz'], 120, slower=2),
    Suite('unit-tsan', 'tsan', ['unit'], 300, FIXED, slower=4),
    Suite('unit-valgrind', 'gcc', ['unit'], 600, per_test=VALGRIND, slower=20),
    Suite('guest', 'gcc', ['guest'], 900, beside=True),
    Suite('matrix-tsan', 'tsan', ['matrix-quarter'], 600, FIXED, slower=4, beside=True),
    Suite('matrix-asan', 'asan', ['matrix'], 600, FIXED, slower=4, beside=True),
    Suite('hostile-asan', 'asan', ['hostile'], 300, FIXED, slower=4, beside=True),
    Suite('unit-arm64', 'arm64', ['unit'], 400, slower=4, beside=True),
    Suite('matrix-arm64', 'arm64', ['matrix-quarter'], 300, beside=True),
    Suite('matrix-clang', 'clang', ['matrix'], 300, beside=True),
    Suite('hostile-clang', 'clang', ['hostile'], 120, beside=True),
    Suite('barriers-arm64', 'arm64', ['barriers'], 60, beside=True),
    Suite('barriers-clang', 'clang', ['barriers'], 60, beside=True),
]
AT_ONCE = min(2, len(os.sched_getaffinity(0)))
STOPPED = threading.Event()  # this script is told to end


def wait(child, limit):
    """Wait for @child. Return: its exit code, None when @limit seconds were over."""
    end = time.monotonic() + limit
    while time.monotonic() < end and not STOPPED.is_set():
        try:
            return child.wait(0.5)
        except subprocess.TimeoutExpired:
            pass
    return None


def run(command, log, limit, env=None):
    """Run @command, output into @log. Return: its exit code, None when @limit seconds were over."""
    with open(log, 'wb') as out:
        child = subprocess.Popen(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, env={**os.environ, **(env or {})},
                                 start_new_session=True)
    try:
        return wait(child, limit)
    finally:  # whatever it has left behind is in its process group
        for sig in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(child.pid, sig)
                child.wait(5)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                pass


def build(name):
    """Bring build/@name up to date. Return: a Count with the failure, if it is one."""
    compiler, options = BUILDS[name]
    folder, log, count = TOP / 'build' / name, LOGS / f'build-{name}.log', Count()
    env = {'CC': compiler, 'CXX': {'gcc': 'g++', 'clang': 'clang++'}[compiler]}
    setup = ['meson', 'setup', str(folder)] + options
    if (folder / 'build.ninja').exists():
        setup.append('--reconfigure')
    elif folder.exists():  # a set-up that failed half-way
        shutil.rmtree(folder)
    commands = [(setup, 120), (['ninja', '-C', str(folder)], 900)]
    if name in PACKAGES:
        commands.insert(0, (['scripts/deps', PACKAGES[name]], 1200))
    for command, limit in commands:
        code = run(command, log, limit, env)
        if code != 0:
            text = log.read_text(errors='replace')
            print('\n'.join(text.splitlines()[-60:]))
            count.fail(f'build {name}: "{" ".join(command[:3])}" ' + (
                f'took over {limit} s' if code is None else f'ended with {code}') + f', see {log}')
            print(f'FAILED: {count.failures[0]}')
            break
    return count


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


def run_suite(suite, broken):
    """Run one line of the table unless its build is @broken, and say what did not go well."""
    log, count = LOGS / f'{suite.name}.log', Count()
    if broken:
        count.fail(f'{suite.name}: not run, since build {suite.build} failed')
        return count
    count = run_meson(suite, log)
    lines = []
    for what in count.nothing_ran:
        lines.append(f'SKIPPED AS A WHOLE, the machine lacks something: {what}')
        if IN_CI:
            count.fail(f'{what} (in CI nothing may be missing)')
    lines += [f'skipped: {what}' for what in count.skipped]
    lines += [f'note: {what}' for what in count.notes]
    lines += [f'FAILED: {what}' for what in count.failures]
    if count.failed:
        lines.append(f'see {log.relative_to(TOP)}')
    if lines:  # in one piece, for others may run beside it
        print('\n'.join(lines), flush=True)
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
        how = ' '.join(s.wrapper + s.per_test.split()[:1] + ['beside others'] * s.beside)
        print(f'{s.name:16} build/{s.build:11} {what:14} {how}'.rstrip())


def huge_pages():
    """Huge pages that the machine has reserved."""
    total = 0
    for path in Path('/sys/kernel/mm/hugepages').glob('*/nr_hugepages'):
        total += int(path.read_text())
    return total


class Report:
    """What came out, and where the time went."""

    def __init__(self):
        self.rows, self.began = [], time.monotonic()

    def call(self, name, function, *arguments):
        """A line of the report: @function and the Count that it returns."""
        row = {'name': name, 'count': Count(), 'seconds': 0}
        self.rows.append(row)
        print(f'== {name}', flush=True)
        start = time.monotonic()
        row['count'] = function(*arguments)
        row['seconds'] = time.monotonic() - start
        return row['count']

    def total(self):
        total = Count()
        for row in self.rows:
            total.add(row['count'])
        return total

    def show(self):
        print(f'\n{"suite":20} {"seconds":>8} {"passed":>8} {"failed":>8} {"skipped":>8}')
        seconds = time.monotonic() - self.began
        for row in self.rows + [{'name': 'all', 'count': self.total(), 'seconds': seconds}]:
            count = row['count']
            cells = [count.passed, count.failed, len(count.skipped)]
            print(f'{row["name"]:20} {row["seconds"]:8.1f} ' + ' '.join(f'{c:>8}' for c in cells))


def groups(suites):
    """Lists of suites that may run at once, in the order of @suites."""
    for beside, some in itertools.groupby(suites, lambda s: s.beside):
        yield from [list(some)] if beside else ([s] for s in some)


def run_group(group, built, report):
    """Build what the suites of @group need, and run them. @built: Counts of the builds so far."""
    for name in (s.build for s in group):
        if name not in built:
            built[name] = report.call(f'build {name}', build, name)

    def one(suite):
        report.call(suite.name, run_suite, suite, built[suite.build].failed)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            list(pool.map(one, group))
        except BaseException:
            STOPPED.set()
            pool.shutdown(cancel_futures=True)
            raise


def check(suites):
    """Build what @suites need and run them. Return: Count of the whole run."""
    built, report = {}, Report()
    for group in groups(suites):
        run_group(group, built, report)
    if huge_pages() and any('memlock' in s.name for s in suites):
        print(f'note: the memlock suites ran with {huge_pages()} huge pages reserved')
    report.show()
    return report.total()


def main():
    arguments = sys.argv[1:]
    if arguments == ['--list']:
        show_list()
        return 0
    suites = choose(arguments)
    LOGS.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # suites that run are ended
    total = check(suites)
    for what in total.failures:
        print(f'FAILED: {what}')
    print(f'{total.passed} passed, {total.failed} failed')
    return 1 if total.failed else 0


if __name__ == '__main__':
    sys.exit(main())
