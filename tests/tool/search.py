#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`vio search` over loop: ports of known capacity. Prints TAP.

usage: search.py VIO SCHEMA [PART OF A CASE'S NAME]
"""

import json
import os
import signal
import subprocess
import sys
import time

import tool
from cases import equal, main
from tool import TMP, VIO, checked

SCHEMA = json.load(open(sys.argv[2]))
TIMEOUT = 120
TRIES = 4

# The device carries CAPACITY frames a second, and stores BUFFER on top, which the rests between
# trials empty. So a trial of FINAL seconds loses nothing up to TRUE frames a second.
CAPACITY, BUFFER, FINAL = 20000, 1000, 0.5
TRUE = CAPACITY + BUFFER / FINAL
DEVICE = f"loop:echo,capacity={CAPACITY},buffer={BUFFER}"
TOLERANCE = 0.02
# Others use this machine too: lateness of single bursts is not judged.
CALM = ["--late-limit", "100%", "--rate-tolerance", f"{TOLERANCE:.0%}", "--retries", "50",
        "--drain", "200ms", "--trial-gap", "60ms"]
LONG = ["--trial", "100ms..500ms", "--width", "2%", "--max-rate", "60kpps", "--no-latency"]
SHORT = ["--trial", "50ms", "--width", "20%", "--no-latency"]
# A trial in three may suffer from the machine.
FORGIVING = ["--exceed-ratio", "50%", "--goal-duration-sum", "1500ms"]


def vio(*args):
    return tool.vio(*args, timeout=TIMEOUT)


def check(result):
    """What holds of every result."""
    checked(result, SCHEMA)
    for port in result["ports"]:
        equal(port["loop"]["violations"], 0, port["loop"].get("first_violation"))
    for item in result["sizes"]:
        for t in item["trials"]:
            equal(t["sent"], t["received"] + t["lost"], "sent = received + lost")
        for r in item["results"]:
            if "lower_pps" in r and "upper_pps" in r:
                assert r["lower_pps"] < r["upper_pps"], r
    return result


def search(*args, code=0):
    """Run search; returns its result, and stderr."""
    path = os.path.join(TMP, "result.json")
    if os.path.exists(path):
        os.unlink(path)
    got, out, err = vio("search", *args, "-q", "-o", path)
    equal(got, code, f"exit code ({out}{err})")
    with open(path) as f:
        return check(json.load(f)), err


def trials(result, item=0, **want):
    return [t for t in result["sizes"][item]["trials"]
            if all(t.get(k) == v for k, v in want.items())]


def found(result, goal, item=0):
    return next(r for r in result["sizes"][item]["results"] if r["goal"] == goal)


def precise(r, true, width):
    """Never too high; too low only where the machine was away."""
    assert r["complete"] and r["limited_by"] == "device", r
    assert r["upper_pps"] - r["lower_pps"] <= width * r["upper_pps"] * 1.0001, r
    assert r["lower_pps"] <= true * (1 + TOLERANCE), f"{r} is above {true}"
    return r["upper_pps"] >= true * (1 - 2 * TOLERANCE)


def case_known(method, looks_right, *args):
    """The bounds are about the capacity, as near as asked for."""
    for _ in range(TRIES):
        r, _ = search(DEVICE, "--ndr", "--pdr", "5%", *LONG, *FORGIVING, *CALM, *args)
        equal(r["verdict"], "valid", "verdict")
        equal(r["method"], method, "method")
        looks_right(r)
        good = [precise(found(r, "NDR"), TRUE, 0.02),
                precise(found(r, "PDR(5 %)"), TRUE / 0.95, 0.02)]
        if all(good):
            return
    raise AssertionError(f"too low each time: {r['sizes'][0]['results']}")


def like_mlrsearch(r):
    assert trials(r, kind="search", probe=True, duration_s=0.1), "short trials come first"


def like_bisection(r):
    """All trials are long, and the first is at the largest rate."""
    t = trials(r, kind="search")
    equal({x["duration_s"] for x in t}, {FINAL}, "durations")
    equal(t[0]["load_pps"], 60000, "first load")


def case_throughput():
    """Nothing was lost at the lower bound."""
    r, _ = search(DEVICE, *SHORT, *CALM, "--max-rate", "60kpps")
    r = found(r, "NDR")
    equal(r["conditional_throughput_pps"], r["lower_pps"], "conditional throughput")


def case_above():
    r, _ = search("loop:echo", *SHORT, *CALM, "--max-rate", "5kpps")
    ndr = found(r, "NDR")
    equal((ndr["lower_pps"], ndr["limited_by"]), (5000, "max_rate"), "NDR")
    assert "upper_pps" not in ndr and ndr["complete"], ndr


def case_below():
    r, _ = search("loop:echo,loss=0.2", *SHORT, *CALM, "--ndr", "--pdr", "95%",
                  "--max-rate", "20kpps", "--min-rate", "5kpps")
    ndr = found(r, "NDR")
    equal((ndr["upper_pps"], ndr["limited_by"]), (5000, "device"), "NDR")
    assert "lower_pps" not in ndr and ndr["complete"], ndr
    equal(found(r, "PDR(95 %)")["lower_pps"], 20000, "PDR")


def case_silent():
    r, err = search("loop:echo,loss=1", *SHORT, *CALM, "--max-rate", "5kpps", code=1)
    assert "VIO-SEARCH-02" in err, err
    equal((r["verdict"], len(trials(r, verdict="valid"))), ("failed", 1), "verdict and trials")
    assert "came back" in r["reason"], r["reason"]


def case_duplicates():
    r, _ = search("loop:echo,dup=1", *SHORT, *CALM, "--pdr", "50%", "--max-rate", "5kpps",
                  "--min-rate", "4kpps")
    assert "lower_pps" not in found(r, "PDR(50 %)"), "a loss of less than nothing is no good loss"
    for t in trials(r, kind="search", used=True):
        assert t["duplicate"] > 0 and t["load_is"] == "upper_bound", t


IMPOSSIBLE = ["loop:echo", *SHORT, "--drain", "20ms", "--trial-gap", "0", "--max-rate", "500Mpps",
              "--min-rate", "1kpps"]


def case_limited_fail():
    r, err = search(*IMPOSSIBLE, "--retries", "2", code=5)
    assert "VIO-SEARCH-05" in err, err
    equal(r["verdict"], "invalid", "verdict")
    equal(len(trials(r, verdict="invalid", load_pps=500e6)), 3, "trials: one, and two retries")
    assert not trials(r, used=True), "an invalid trial is used"
    equal(found(r, "NDR"), {"goal": "NDR", "complete": False}, "NDR")


def case_limited_stop():
    r, _ = search(*IMPOSSIBLE, "--retries", "5", "--on-generator-limited", "stop", "--late-limit",
                  "100%", "--rate-tolerance", "2%")
    assert not trials(r, verdict="invalid", used=True), "an invalid trial is used"
    ndr = found(r, "NDR")
    assert trials(r, verdict="invalid", load_pps=500e6), "the largest rate was not tried"
    if ndr["limited_by"] == "generator":
        assert trials(r, verdict="invalid", load_pps=ndr["upper_pps"]), "upper bound was reached"


def case_limited_ignore():
    r, _ = search(*IMPOSSIBLE, "--on-generator-limited", "ignore", "--pdr", "99%")
    t = trials(r, load_pps=500e6)
    assert t and all(x["used"] and x["verdict"] == "invalid" for x in t), t


def case_sizes():
    r, _ = search("loop:echo", *SHORT, *CALM, "--max-rate", "2kpps", "--size",
                  "64,imix:64=1,128=1,1518")
    equal([s["size"] for s in r["sizes"]], ["64", "imix:64=1,128=1", "1518"], "sizes")
    equal([s["mean_bytes"] for s in r["sizes"]], [64, 96, 1518], "mean sizes")
    for i in range(3):
        equal(found(r, "NDR", i)["lower_pps"], 2000, "NDR")
    bits = found(r, "NDR", 2)["lower_bits_l2_per_s"]
    equal(round(bits), 2000 * 1518 * 8, "bits")


def case_preset():
    r, _ = search("loop:echo", *SHORT, *CALM, "--max-rate", "1kpps", "--size", "rfc2544")
    equal([s["size"] for s in r["sizes"]], ["64", "128", "256", "512", "1024", "1280", "1518"],
          "sizes")


def case_bits():
    r, _ = search("loop:echo", *SHORT, *CALM, "--max-rate", "1Mbps", "--size", "64,512")
    for i, size in enumerate((64, 512)):
        equal(round(found(r, "NDR", i)["lower_bits_l2_per_s"]), 1000000, f"{size} bytes")


def case_share():
    """Half of the line's rate; on the wire a frame of 64 bytes takes 84."""
    r, _ = search("loop:echo", *SHORT, *CALM, "--max-rate", "50%", "--line-rate", "2.688Mbps")
    equal(round(found(r, "NDR")["lower_pps"]), 2000, "NDR")


def case_time_limit():
    r, err = search(DEVICE, *LONG, *CALM, "--time-limit", "700ms", code=1)
    assert "VIO-SEARCH-03" in err, err
    assert trials(r) and not r["sizes"][0]["complete"], "what was measured is kept"


def case_command():
    path = os.path.join(TMP, "calls")
    r, _ = search("loop:echo", *SHORT, *CALM, "--max-rate", "2kpps", "--pre-trial-cmd",
                  f"echo called >> {path}")
    equal(len(open(path).readlines()), len(trials(r)), "calls")
    r, err = search("loop:echo", *SHORT, *CALM, "--max-rate", "2kpps", "--pre-trial-cmd", "exit 7",
                    code=1)
    assert "VIO-SEARCH-04" in err and "7" in err, err
    equal(len(trials(r)), 0, "trials")


def case_signal():
    path = os.path.join(TMP, "signal.json")
    p = subprocess.Popen([VIO, "search", DEVICE, "--trial", "100ms..30s", *CALM, "--max-rate",
                          "60kpps", "-o", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(2)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=TIMEOUT)
    equal(p.returncode, 1, f"exit code ({err})")
    with open(path) as f:
        r = check(json.load(f))
    equal((r["verdict"], r["reason"]), ("failed", "interrupted"), "verdict")
    assert trials(r), "what was measured is kept"
    assert b"INCOMPLETE" in out, out


def case_latency():
    r, _ = search("loop:echo,delay=1ms", "--trial", "50ms", "--width", "20%", *CALM, "--max-rate",
                  "5kpps")
    t = trials(r, kind="latency")
    used = [x["load_pps"] for x in t if x["used"]]
    equal(used, [4500, 2500, 500], "loads")
    for x in t:
        assert x["latency"]["p50_us"] >= 999, x
        assert x["latency"]["p50_us"] <= x["latency"]["p99_us"], x


def case_warmup():
    r, _ = search("loop:echo", *SHORT, *CALM, "--max-rate", "2kpps", "--warmup", "30ms")
    t = trials(r)
    equal((t[0]["kind"], t[0]["used"], t[0]["duration_s"]), ("warmup", False, 0.03), "first trial")
    assert all(x["kind"] == "search" for x in t[1:]), t


def case_mrr():
    for _ in range(TRIES):
        r, _ = search(f"loop:echo,capacity={CAPACITY}", "--mrr", "--trial", "200ms", *CALM)
        rates = r["sizes"][0]["mrr_pps"]
        equal((len(rates), r["sizes"][0]["results"]), (5, []), "rates, and no goal")
        assert all(x < CAPACITY * 1.3 for x in rates), rates
        if max(rates) > CAPACITY * 0.8:
            return
    raise AssertionError(f"not about {CAPACITY}: {rates}")


def case_automatic():
    """Without --max-rate the first trial is as fast as can be, and what came back is tried next."""
    r, _ = search(DEVICE, "--trial", "100ms", "--width", "10%", "--no-latency", *CALM,
                  "--on-generator-limited", "stop")
    t = trials(r, used=True)
    equal(t[0]["kind"], "mrr", "kind")
    assert "load_pps" not in t[0], t[0]
    first = next(x for x in trials(r) if x["kind"] == "search")
    came = t[0]["received"] / t[0]["measured_s"]
    assert abs(first["load_pps"] - came) < 0.001 * came, f"{first['load_pps']} is not {came}"


def case_repeat():
    r, _ = search("loop:echo", *SHORT, *CALM, "--max-rate", "2kpps", "--repeat-final")
    equal(len(trials(r, used=True, load_pps=2000)), 2, "trials at the result")


def case_learn():
    """Packets to learn from come before each trial, and count in none."""
    r, _ = search("loop:echo", *SHORT, *CALM, "--max-rate", "2kpps", "--learn=7",
                  "--respond", "arp")
    t = trials(r)
    sent = r["ports"][0]["tx"]["packets"] - sum(x["sent"] for x in t)
    equal(sent, 8 * len(t), "an announcement and 7 packets for each trial")
    equal(found(r, "NDR")["lower_pps"], 2000, "NDR")


def case_pair():
    r, _ = search("loop:pair", "loop:pair", "--bidir", *SHORT, *CALM, "--max-rate", "2kpps")
    equal((r["directions"], len(r["ports"])), (2, 2), "directions and ports")
    equal(found(r, "NDR")["lower_pps"], 2000, "NDR of each direction")
    t = trials(r, used=True)[0]
    assert 190 <= t["sent"] <= 210, f"{t['sent']}: both ports send 100 in 50 ms"


def case_text():
    code, out, err = vio("search", "loop:echo", *SHORT, *CALM, "--max-rate", "2kpps", "--pdr",
                         "0.5%", "--ndr")
    equal(code, 0, err)
    for part in ("size ", "verdict", "NDR lower bound", "generator ok", "RESULT", "VALID",
                 "NDR >= 0.002 Mpps", "(--max-rate)", "PDR(0.5 %)", "MLRsearch"):
        assert part in out, f"'{part}' is not in: {out}"
    code, out, err = vio("search", "loop:echo", *SHORT, *CALM, "--max-rate", "2kpps", "-q", "-o",
                         "-")
    equal(code, 0, err)
    equal(json.loads(out)["schema"], "vio.search/1", "JSON stands alone")
    assert err.startswith("RESULT"), err


def case_help():
    code, out, err = vio("search", "--help")
    equal((code, err), (0, ""), "help succeeds, on stdout")
    for name in ("ndr pdr mrr soak bisection trial goal-duration-sum exceed-ratio width min-rate "
                 "max-rate warmup trial-gap retries on-generator-limited rate-tolerance "
                 "repeat-final pre-trial-cmd no-latency time-limit size bidir json drain "
                 "late-limit cores").split():
        assert f"--{name}" in out, f"--{name} is not in the help"
    assert "search" in vio("--help")[1], "the list of commands"


ERRORS = [
    ("no port", [], 2, "VIO-CLI-04"),
    ("three ports", ["loop:", "loop:", "loop:"], 2, "VIO-CLI-05"),
    ("an option of pktgen that has no meaning here", ["loop:", "--rx-only"], 2, "VIO-CLI-02"),
    ("a PDR without loss", ["loop:", "--pdr", "0"], 2, "VIO-CLI-03"),
    ("a seventh PDR", ["loop:"] + ["--pdr", "1%"] * 7, 2, "VIO-CLI-03"),
    ("trials that become shorter", ["loop:", "--trial", "2s..1s"], 2, "VIO-CLI-03"),
    ("trials of no time", ["loop:", "--trial", "0"], 2, "VIO-CLI-03"),
    ("a width of nothing", ["loop:", "--width", "0"], 2, "VIO-CLI-03"),
    ("all in excess", ["loop:", "--exceed-ratio", "100%"], 2, "VIO-CLI-03"),
    ("an unknown policy", ["loop:", "--on-generator-limited", "cheat"], 2, "VIO-CLI-03"),
    ("the least rate above the largest", ["loop:", "--min-rate", "2kpps", "--max-rate", "1kpps"], 2,
     "VIO-CLI-05"),
    ("a largest rate of max", ["loop:", "--max-rate", "max"], 2, "VIO-CLI-03"),
    ("a share of a line that is not told", ["loop:", "--max-rate", "50%"], 2, "VIO-CLI-05"),
    ("a rate that changes", ["loop:", "--max-rate", "ramp:1kpps-2kpps/1s"], 2, "VIO-CLI-03"),
    ("both directions of one port", ["loop:", "--bidir"], 2, "VIO-CLI-05"),
    ("a bad size in a list", ["loop:", "--size", "64,65x"], 2, "VIO-CLI-03"),
    ("an empty size", ["loop:", "--size", "64,,128"], 2, "VIO-CLI-03"),
    ("a size above the MTU", ["loop:", "--size", "64,1519"], 3, "VIO-GEN-02"),
    ("an unknown port", ["nic:0"], 3, "VIO-ADDR-01"),
    ("a JSON file that can't be written", ["loop:", "-o", "/nonexistent/r.json"], 3, "VIO-GEN-05"),
]


def case_error(args, code, text):
    tool.case_error(["search", *args], code, text)


def case_file_stays():
    """A search that does not begin leaves the file of the last one as it is, and makes none."""
    old, new = os.path.join(TMP, "old.json"), os.path.join(TMP, "new.json")
    with open(old, "w") as f:
        f.write("old")
    for path in (old, new):
        equal(vio("search", "nic:0", "-o", path)[0], 3, "exit code")
    equal(open(old).read(), "old", "the file")
    assert not os.path.exists(new), "there is a new file"


def case_pipe():
    """Nobody is waited for before the work; without a reader there is an error at its end."""
    path = os.path.join(TMP, "pipe")
    os.mkfifo(path)
    code, _, err = vio("search", "nic:0", "-o", path)
    equal(code, 3, "exit code")
    assert "VIO-ADDR-01" in err, err


def cases():
    yield "MLRsearch finds a known capacity", case_known, ("mlrsearch", like_mlrsearch)
    yield "bisection finds a known capacity", case_known, ("bisection", like_bisection,
                                                           "--bisection")
    yield "nothing is lost at the lower bound", case_throughput, ()
    yield "a device above the largest rate", case_above, ()
    yield "a device that loses at every load", case_below, ()
    yield "a device that loses all ends the search", case_silent, ()
    yield "duplicates are a failure", case_duplicates, ()
    yield "a limited generator fails the search", case_limited_fail, ()
    yield "a limited generator may end the search", case_limited_stop, ()
    yield "a limited generator may be ignored", case_limited_ignore, ()
    yield "each size has a search of its own", case_sizes, ()
    yield "the sizes of RFC 2544", case_preset, ()
    yield "a largest rate in bits", case_bits, ()
    yield "a largest rate as a share of the line's", case_share, ()
    yield "the time limit ends a search", case_time_limit, ()
    yield "a command before each trial", case_command, ()
    yield "SIGINT ends a search, which keeps its trials", case_signal, ()
    yield "latency at 90, 50 and 10 %", case_latency, ()
    yield "the warm-up does not count", case_warmup, ()
    yield "what comes back of all that can be sent", case_mrr, ()
    yield "the largest rate is found", case_automatic, ()
    yield "a result is tried again", case_repeat, ()
    yield "devices learn before each trial", case_learn, ()
    yield "both directions of two ports", case_pair, ()
    yield "a search that does not begin leaves files alone", case_file_stays, ()
    yield "a search does not wait for a pipe's reader", case_pipe, ()
    yield "text for people", case_text, ()
    yield "every option is in the help", case_help, ()
    for what, args, code, text in ERRORS:
        yield f"{what} is an error with exit code {code}", case_error, (args, code, text)


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
