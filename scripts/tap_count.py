# SPDX-License-Identifier: BSD-3-Clause
"""Count test cases: TAP lines, not programs. Used by check.py.

A program that promises more cases than it reports, or that ends badly without having reported a
failure, has failed in a way that no TAP line tells; those count as failures too.
"""
import json
import re
from dataclasses import dataclass, field

LINE = re.compile(r'^\s*(not )?ok\b\s*(\d+)?\s*(?:-\s*)?(.*)$')
PLAN = re.compile(r'^\s*1\.\.(\d+)\s*(#\s*SKIP\b\s*(.*))?$', re.IGNORECASE)
SKIP = re.compile(r'#\s*SKIP\b\s*(.*)$', re.IGNORECASE)
SKIPPED = '# SKIPPED:'  # the reason, in the line before
EXIT_SKIPPED = 77


@dataclass
class Count:
    """What came out of one or more programs."""
    passed: int = 0
    failed: int = 0
    skipped: list = field(default_factory=list)   # "case: reason"
    failures: list = field(default_factory=list)  # one line each
    notes: list = field(default_factory=list)     # "# note: ..." lines
    nothing_ran: list = field(default_factory=list)  # programs skipped as a whole: their reasons

    def add(self, other):
        self.passed += other.passed
        self.failed += other.failed
        for name in ('skipped', 'failures', 'notes', 'nothing_ran'):
            getattr(self, name).extend(getattr(other, name))

    def fail(self, what):
        self.failed += 1
        self.failures.append(what)


def count_tap(name, text, returncode):
    """Count the TAP output @text of program @name that ended with @returncode."""
    count, planned, seen, why = Count(), 0, 0, ''
    for line in text.splitlines():
        plan, case = PLAN.match(line), LINE.match(line)
        if plan:
            planned += int(plan[1])
            if plan[2]:
                count.nothing_ran.append(f'{name}: {plan[3] or "no reason given"}')
        elif case:
            seen += 1
            skip = SKIP.search(case[3])
            if skip:  # cmocka writes "not ok 3 # SKIP text", and has no reason to give
                count.skipped.append(f'{name}: {case[3].replace("# SKIP", "").strip()}{why}')
            elif case[1]:
                count.fail(f'{name}: {case[3]}')
            else:
                count.passed += 1
            why = ''
        elif line.startswith(SKIPPED):
            why = f' ({line[len(SKIPPED):].strip()})'
        elif line.startswith('# note:'):
            count.notes.append(line[len('# note:'):].strip())
    if returncode == EXIT_SKIPPED and not seen:
        count.nothing_ran.append(f'{name}: exit code {EXIT_SKIPPED}')
        return count
    for _ in range(planned - seen):
        count.fail(f'{name}: a case that was planned did not report (exit code {returncode})')
    if returncode != 0 and not count.failed:
        count.fail(f'{name}: exit code {returncode}, though no case failed')
    if seen == 0 and not count.failed and not count.nothing_ran:
        count.fail(f'{name}: no case ran')
    return count


def count_meson(path):
    """Count the programs of a meson testlog.json: one JSON object a line."""
    total = Count()
    with open(path, encoding='utf-8') as log:
        for line in log:
            test = json.loads(line)
            one = count_tap(test['name'], test.get('stdout', ''), test['returncode'])
            if test['result'] == 'TIMEOUT':
                one.fail(f"{test['name']}: timed out after {test['duration']:.0f} s")
            total.add(one)
    return total
