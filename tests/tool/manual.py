#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What the tool says of itself: explanations, manual pages, completion. Prints TAP.

usage: manual.py VIO [- PART OF A CASE'S NAME]
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from cases import equal, main

VIO = os.path.abspath(sys.argv[1])
TMP = Path(tempfile.mkdtemp(prefix="vio-manual-"))
TIMEOUT = 60


def run(*command, **options):
    """Returns exit code, stdout, stderr."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False,
                          **options)
    return done.returncode, done.stdout, done.stderr


def commands():
    """As `vio --help` lists them."""
    text = run(VIO, "--help")[1]
    return re.findall(r"^  ([a-z]+) ", text[text.index("commands:"):], re.M)


def case_explains(topic, *wanted):
    code, out, err = run(VIO, "explain", topic)
    equal((code, err), (0, ""), "exit code and stderr")
    for text in wanted:
        assert text in out, f"{text!r} is missing: {out}"


def case_lists():
    code, out, _ = run(VIO, "explain")
    equal(code, 0, "exit code")
    topics = [line.split()[0] for line in out.splitlines()]
    equal(len(topics), len(set(topics)), "topics, each once")
    assert {"VIO-ADDR-01", "VIO-CLI-01", "MEMLOCK"} < set(topics), topics
    for topic in topics:
        case_explains(topic, topic)


def case_unknown():
    code, out, err = run(VIO, "explain", "VIO-NONE-99")
    equal((code, out), (2, ""), "exit code and stdout")
    assert err.startswith("error[VIO-CLI-07]") and "VIO-NONE-99" in err, err


def case_error_is_explained():
    """The id in an error's first line is one that can be asked for."""
    err = run(VIO, "info", "vhost-user:/nowhere/at/all")[2]
    topic = re.match(r"error\[(VIO-[A-Z]+-\d+)\]", err)[1]
    case_explains(topic, "why", "fix")


def case_page(name):
    code, page, _ = run(VIO, "--man", name)
    equal(code, 0, "exit code")
    file = TMP / f"{name}.man"
    file.write_text(page)
    code, out, err = run("mandoc", "-T", "lint", "-W", "warning", str(file))
    # The page has no date, so that it is the same whenever it is built.
    complaints = [line for line in (out + err).splitlines() if "missing date" not in line]
    assert not complaints, complaints[:5]
    text = run("mandoc", "-T", "ascii", str(file))[1]
    text = re.sub(".\b", "", text)
    for section in ("NAME", "SEE ALSO"):
        assert section in text, f"no section {section}"
    for option in re.findall(r"--[a-z][a-z-]+", run(VIO, name, "--help")[1]):
        if name in commands():
            assert option in text, f"{option} is in --help, but not in the page"


def complete(line):
    """What bash offers when the cursor stands behind @line."""
    script = TMP / "completion"
    script.write_text(run(VIO, "--completion")[1])
    words = line.split(" ")
    quoted = " ".join("'%s'" % word for word in words)
    code, out, err = run("bash", "-c", f"""
        PATH={os.path.dirname(VIO)}:$PATH
        COMP_WORDBREAKS=' '
        source {script}
        COMP_WORDS=({quoted}) COMP_CWORD={len(words) - 1} COMP_LINE='{line}' COMP_POINT={len(line)}
        _vio
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """, cwd=TMP)
    equal((code, err), (0, ""), "bash")
    return out.split()


def case_completes(line, *wanted):
    offered = complete(line)
    for word in wanted:
        assert word in offered, f"{word} is not offered: {offered}"
    unfit = [word for word in offered if not word.startswith(line.rsplit(" ", 1)[1])]
    assert not unfit, unfit


def cases():
    """Name, function, arguments."""
    yield "an error of the library is explained", case_explains, (
        "VIO-SOCK-02", "why", "fix", "server")
    yield "an error of the tool is explained", case_explains, ("VIO-GEN-02", "why", "fix")
    yield "a check of doctor is explained, however it is spelt", case_explains, (
        "memlock", "MEMLOCK", "VIO-DMA-01")
    yield "all topics are listed and explained", case_lists, ()
    yield "an unknown topic is an error", case_unknown, ()
    yield "the id of an error leads to its explanation", case_error_is_explained, ()
    for name in ["vio", "errors", *commands()]:
        yield f"the manual page {name} is well-formed and complete", case_page, (name,)
    yield "commands are completed", case_completes, ("vio pk", "pktgen")
    yield "all commands are offered", case_completes, ("vio ", *commands())
    yield "options are completed", case_completes, ("vio pktgen --src", "--src-ip", "--src-mac")
    yield "ports are completed", case_completes, ("vio pktgen loop", "loop:echo", "loop:sink")
    yield "topics are completed", case_completes, ("vio explain VIO-SOCK", "VIO-SOCK-02")
    yield "files are completed where an option takes one", case_completes, (
        "vio pktgen loop:echo --json comp", "completion")


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
