# SPDX-License-Identifier: BSD-3-Clause
"""What the program verify says at its end."""

import json

from proc import ProcError

# Counters that must be 0.
FAULTS = ('lost', 'reordered', 'corrupt', 'stray', 'rule_breaks', 'slept_over', 'dropped',
          'leaked', 'bad_puts')


def result_of(name, code, out):
    """The line of JSON in its output @out as a dict, with its exit code as 'code'."""
    for line in out.splitlines():
        if line.startswith('{'):
            return dict(json.loads(line), code=code)
    raise ProcError('%s: exit code %d and no result:\n%s' % (name, code, out[-1500:]))


def faults_of(result):
    """Complaints about a result: the faults that it has."""
    faults = {name: result[name] for name in FAULTS if result[name]}
    return dict(faults, code=result['code']) if result['code'] or faults else {}
