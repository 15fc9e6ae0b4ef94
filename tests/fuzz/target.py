# SPDX-License-Identifier: BSD-3-Clause
"""A libFuzzer target: where it is, how it is run, what it says."""

import os
import re
import subprocess
import time
from pathlib import Path

CORPUS = Path(__file__).resolve().parent / 'corpus'
PREFIX = 'fuzz-'

# A small quarantine, as the memory that comes back from a large one is cold; and no stacks on the
# heap, which the unit tests have.
ENVIRONMENT = {
    'ASAN_OPTIONS': 'abort_on_error=1:detect_leaks=1:strict_string_checks=1:quarantine_size_mb=8:'
                    'detect_stack_use_after_return=0:allocator_release_to_os_interval_ms=-1:'
                    'malloc_context_size=3',
    'UBSAN_OPTIONS': 'halt_on_error=1:abort_on_error=1:print_stacktrace=1',
}
# The entropic schedule takes more time than the targets themselves.
OPTIONS = ['-entropic=0', '-print_final_stats=1', '-timeout=10', '-rss_limit_mb=2048']
LEN_MAX = {'attach': 1024, 'pcap': 1024, 'pci-caps': 262, 'profile': 1024, 'replay': 1024,
           'result': 2048}
LEN_USUAL = 128

STATUS = re.compile(r'^#(\d+)\s+\w+\s+.*?cov: (\d+)', re.MULTILINE)
DONE = re.compile(r'^stat::number_of_executed_units:\s*(\d+)', re.MULTILINE)
# What tells most of a finding: the failed assertion, the sanitizer's line, the input's file.
FINDING = re.compile(r'^(?:.*\.[ch]:\d+: error: .*|==\d+==\s*ERROR: .*|SUMMARY: .*|'
                     r'.*runtime error: .*|.*Test unit written to .*)$', re.MULTILINE)


def unrandomised():
    """Sanitizers of clang 14 can't place their shadow on kernels with 32 random bits."""
    fixed = ['setarch', '-R']
    done = subprocess.run(fixed + ['true'], capture_output=True, timeout=10, check=False)
    return fixed if done.returncode == 0 else []


class Target:
    """A program, and the files that its runs begin with."""

    def __init__(self, program):
        self.program = program
        self.name = program.name[len(PREFIX):]
        self.corpus = next((CORPUS / name for name in (self.name, self.name.split('-', 1)[0])
                            if (CORPUS / name).is_dir()), CORPUS)

    def seeds(self):
        return [p for p in self.corpus.glob('*') if p.is_file()]

    def command(self, options):
        length = LEN_MAX.get(self.name, LEN_USUAL)
        return (['setpriv', '--pdeathsig', 'KILL'] + unrandomised() + [str(self.program)] +
                OPTIONS + [f'-max_len={length}'] + options)


class Run:
    """One run of @target for @seconds, from its seeds; @kept: folder for what it finds new."""

    def __init__(self, target, seconds, kept):
        self.target, self.code, self.cpu = target, None, 0
        self.executed = self.coverage = self.first_coverage = 0
        self.log = kept / f'{target.name}.log'
        own = kept / target.name
        own.mkdir(parents=True, exist_ok=True)
        options = [f'-max_total_time={seconds}', f'-artifact_prefix={kept}/{target.name}-',
                   str(own), str(target.corpus)]
        self.limit = time.monotonic() + 3 * seconds + 120
        with open(self.log, 'wb') as out:
            self.child = subprocess.Popen(target.command(options), stdin=subprocess.DEVNULL,
                                          stdout=out, stderr=subprocess.STDOUT, cwd=kept,
                                          env={**os.environ, **ENVIRONMENT})

    def running(self):
        """Look how far it is. Return: false: it has ended."""
        if self.code is None:
            if time.monotonic() > self.limit:
                self.child.kill()
            pid, status, used = os.wait4(self.child.pid, os.WNOHANG)
            if pid:
                self.code = self.child.returncode = os.waitstatus_to_exitcode(status)
                self.cpu = used.ru_utime + used.ru_stime
            self._read()
        return self.code is None

    def _read(self):
        text = self.text()
        for executed, coverage in STATUS.findall(text):
            self.executed, self.coverage = int(executed), int(coverage)
            self.first_coverage = self.first_coverage or self.coverage
        done = DONE.search(text)
        if done:
            self.executed = int(done[1])

    def text(self):
        return self.log.read_text(errors='replace')

    def stop(self):
        if self.running():
            self.child.terminate()
            while self.running():
                time.sleep(0.05)

    def rate(self):
        """Executions in a second of processor time."""
        return self.executed / self.cpu if self.cpu else 0

    def finding(self):
        """A few lines on what it has found; '' if that is nothing."""
        lines = list(dict.fromkeys(FINDING.findall(self.text())))
        if not lines and self.code:
            lines = self.text().splitlines()[-5:] + [f'it ended with {self.code}']
        return '\n'.join(lines)


def found(build):
    """Every target in the folder of a build, by name."""
    programs = sorted((Path(build) / 'tests' / 'fuzz').glob(PREFIX + '*'))
    targets = [Target(p) for p in programs if p.is_file() and os.access(p, os.X_OK)]
    return {target.name: target for target in targets}


def run_all(targets, seconds, kept, at_once, tell):
    """Run @targets, so many at once; tell(runs) is called each second. Return: their Runs."""
    waiting, active, runs = list(targets), [], []
    try:
        while waiting or active:
            while waiting and len(active) < at_once:
                active.append(Run(waiting.pop(0), seconds, kept))
                runs.append(active[-1])
            time.sleep(0.2)
            active = [run for run in active if run.running()]
            tell(runs)
    finally:
        for run in active:
            run.stop()
    return runs
