# SPDX-License-Identifier: BSD-3-Clause
"""Run each benchmark for a moment, TAP: does it work, and does it move packets. No word on time."""
import json
import subprocess
import sys


def main():
    done = subprocess.run([sys.argv[1], '--benchmark_min_time=0.001', '--benchmark_format=json'],
                          capture_output=True, text=True, timeout=110, check=False)
    benchmarks = json.loads(done.stdout)['benchmarks'] if done.returncode == 0 else []
    if not benchmarks:
        print(f'1..1\nnot ok 1 - the benchmarks run\n# exit code {done.returncode}\n# '
              + done.stderr.replace('\n', '\n# '))
        return 1
    failed = 0
    print(f'1..{len(benchmarks)}')
    for number, one in enumerate(benchmarks, 1):
        good = not one.get('error_occurred') and one.get('items_per_second', 0) > 0
        print(f'{"" if good else "not "}ok {number} - {one["name"]} moves packets')
        if not good:
            print(f'# {one.get("error_message", "no packets")}')
        failed += not good
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
