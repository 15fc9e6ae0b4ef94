# SPDX-License-Identifier: BSD-3-Clause
"""The tool that a program of cases is about, and a folder for its files, which main() removes."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import schema
from cases import equal

VIO = os.path.abspath(sys.argv[1])
TMP = tempfile.mkdtemp(prefix=f"vio-{Path(sys.argv[0]).stem}-")
TIMEOUT = 60


def vio(*args, timeout=TIMEOUT, **how):
    """Run the tool. Returns exit code, stdout, stderr."""
    p = subprocess.run([VIO, *args], capture_output=True, timeout=timeout, text=True, check=False,
                       **how)
    return p.returncode, p.stdout, p.stderr


def case_error(args, code, text, **how):
    """The tool ends with exit code @code and an error that has @text, says why and what to do."""
    got, out, err = vio(*args, **how)
    equal((got, out), (code, ""), f"exit code and stdout ({err})")
    assert text in err, err
    assert err.startswith("error[") and "\n  why   " in err and "\n  fix   " in err, err


def checked(doc, form):
    """@doc, a JSON document, if it has the form of schema @form."""
    bad = list(schema.errors(doc, form))
    assert not bad, f"JSON against its schema: {bad[:3]}"
    return doc
