# SPDX-License-Identifier: BSD-3-Clause
"""Runs cases that are functions with arguments and prints TAP."""

import shutil
import subprocess
import sys

FAILURES = (AssertionError, subprocess.TimeoutExpired, ValueError, KeyError, OSError)


class Skip(Exception):
    """The machine lacks what the case needs; the text says what."""


def equal(is_, should, what):
    assert is_ == should, f"{what}: {is_}\nnot {should}"


def run_case(number, what, fn, args):
    try:
        fn(*args)
        print(f"ok {number} - {what}", flush=True)
    except Skip as e:
        print(f"ok {number} - {what} # SKIP {e}", flush=True)
    except FAILURES as e:
        print(f"not ok {number} - {what}", flush=True)
        for line in f"{type(e).__name__}: {e}".splitlines():
            print(f"# {line}", flush=True)
        return False
    return True


def main(cases, folder):
    """Run those of @cases, (name, function, arguments), whose name has the third argument of the
    program, and remove @folder, which they have used. Return: exit code."""
    part = sys.argv[3] if len(sys.argv) > 3 else ""
    todo = [c for c in cases if part in c[0]]
    print(f"1..{len(todo)}")
    try:
        good = [run_case(i, *c) for i, c in enumerate(todo, 1)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if all(good) else 1
