#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Streams, rates and pacing of `vio pktgen`, over loop: ports. Prints TAP.

usage: streams.py VIO SCHEMA [PART OF A CASE'S NAME]
"""

import json
import os
import sys

from cases import equal, main
from run import CALM, TMP, first_cpu, kept, near, pktgen, vio
from tool import case_error


def profile(text):
    path = os.path.join(TMP, "profile")
    with open(path, "w") as f:
        f.write(text)
    return path


def by_name(result):
    return {s["name"]: s for s in result["streams"]}


def run_profile(text, *args, port="loop:echo", codes=(0,), **how):
    """Run the streams of a profile; the parts are the whole, in each counter."""
    r = pktgen(port, "--profile", profile(text), *args, codes=codes, **how)
    for mine, part, whole in (("sent", "tx", "sent"), ("unsent", "tx", "unsent"),
                              ("tx_bytes_l2", "tx", "bytes_l2"), ("received", "rx", "received"),
                              ("lost", "rx", "lost"), ("reordered", "rx", "reordered"),
                              ("duplicate", "rx", "duplicate"), ("late", "rx", "late")):
        equal(sum(s[mine] for s in r["streams"]), r[part][whole], f"sum of {mine}")
    for s in r["streams"]:
        equal(s["sent"], s["received"] + s["lost"], f"sent = received + lost of {s['name']}")
    return r


# --- several streams -----------------------------------------------------------------------------

THREE = """
streams:
  - name: voice
    count: 100k
    size: 200
    dst-port: 5000-5010
  - {name: bulk, count: 50k, size: "64,1518", src-ip: 10.0.0.0/24}
  - name: six
    count: 25k
    ipv6: true
    size: 88
    vlan: 100
    src-mac: 02:00:00:00:00:77
"""
# No checksum covers all of a VLAN tag and of IPv6's header: damage there goes unnoticed.
COVERED = THREE.replace("ipv6: true", "ipv6: false").replace("vlan: 100", "flows: 100")
COUNTS = {"voice": 100000, "bulk": 50000, "six": 25000}


def case_three(fault, ours, theirs, share, text=THREE):
    r = run_profile(text, "--cores", first_cpu(), port=f"loop:echo,{fault}")
    loop = r["ports"][0]["loop"]
    assert loop[theirs] > 0, "the device did nothing"
    equal(r["rx"][ours], loop[theirs], ours)
    for name, s in by_name(r).items():
        equal(s["sent"], COUNTS[name], f"sent of {name}")
        near(s[ours], COUNTS[name] * share, 0.3, f"{ours} of {name}")
    equal(by_name(r)["voice"]["tx_bytes_l2"], 100000 * 200, "bytes of voice")
    equal(by_name(r)["bulk"]["tx_bytes_l2"], 25000 * (64 + 1518), "bytes of bulk")
    return r


def case_three_corrupt():
    r = case_three("corrupt=1e-2", "corrupt", "corrupted", 1e-2, COVERED)
    known = sum(s["corrupt"] for s in r["streams"])
    assert known <= r["rx"]["corrupt"], "no more than there are"
    assert known >= 0.5 * r["rx"]["corrupt"], "most are known to be of a stream"


def case_reordered():
    """A frame that others have overtaken is reordered only if one of them is of its stream."""
    r = run_profile(THREE, "--cores", first_cpu(),
                    port="loop:echo,reorder=1e-2")
    assert 0 < r["rx"]["reordered"] <= r["ports"][0]["loop"]["reordered"], r["rx"]["reordered"]
    equal(r["rx"]["lost"], 0, "lost")


def case_clean(text, *args, codes=(0,), port="loop:echo"):
    r = run_profile(text, "--cores", first_cpu(), *args, port=port, codes=codes)
    for name in ("lost", "reordered", "duplicate", "late", "corrupt", "foreign"):
        equal(r["rx"][name], 0, name)
    return r


def case_most():
    r = case_clean(json.dumps({"streams": [{"name": f"s{i}", "count": 100 + i}
                                           for i in range(64)]}), "--queues", "3")
    for i in range(64):
        equal(by_name(r)[f"s{i}"]["sent"], 100 + i, f"sent of s{i}")


def case_few_on_many_queues():
    r = case_clean("streams: [{name: a, count: 1001}, {name: b, count: 502}]", "--queues", "5")
    equal([s["sent"] for s in r["streams"]], [1001, 502], "sent")


def case_both_directions():
    text = "streams: [{name: a, count: 1000}, {name: b, count: 500, size: 128}]"
    r = pktgen("loop:pair", "loop:pair", "--bidir", "--profile", profile(text), "--cores",
               first_cpu())
    equal([s["received"] for s in r["streams"]], [2000, 1000], "of both directions")


def case_close_addresses():
    """Addresses of two streams that differ in one bit are no damage."""
    r = case_clean("streams: [{name: a, count: 5k, dst-mac: '02:00:00:00:00:10'},"
                   " {name: b, count: 5k, dst-mac: '02:00:00:00:00:11', rate: 20kpps}]", *CALM,
                   codes=(0, 5))
    equal(r["rx"]["corrupt"], 0, "corrupt")


def case_weights_of_max():
    r = run_profile("streams: [{name: a, weight: 1}, {name: b, weight: 3}]", "-t", "300ms")
    a, b = (s["sent"] for s in r["streams"])
    assert abs(b - 3 * a) <= 300, f"{a} and {b} are not one to three"


def case_shares():
    """Shares of -r beside a rate of one's own."""
    text = "streams: [{name: a, weight: 1}, {name: b, weight: 3}, {name: own, rate: 2kpps}]"
    r = kept("loop:echo", "--profile", profile(text), "-r", "20kpps", "-t", "1s", one_cpu=True)
    for name, pps in (("a", 5000), ("b", 15000), ("own", 2000)):
        s = by_name(r)[name]
        near(s["offered_pps"], pps, 1e-9, f"offered to {name}")
        equal(s["offered"], pps, f"schedule of {name}")
        near(s["sent"], pps, 0.002, f"sent of {name}")
    near(r["tx"]["offered_pps"], 22000, 1e-9, "offered")


def case_base():
    """What the command line says holds for every stream that does not say otherwise."""
    r = case_clean("streams: [{name: a}, {name: b, size: 64, count: 10}]", "-s", "256", "-n", "20")
    equal([s["tx_bytes_l2"] for s in r["streams"]], [20 * 256, 10 * 64], "bytes")


def case_json_too():
    text = ('{"streams": [\n\t{"name": "a", "count": "10", "ipv6": true, "size": 84},\n'
            '\t{"count": 5, "ipv6": false}\n]}\n')
    r = case_clean(text)
    equal([(s["name"], s["sent"]) for s in r["streams"]], [("a", 10), ("stream1", 5)], "streams")


def case_one():
    r = pktgen("loop:echo", "-n", "100")
    equal([(s["name"], s["sent"]) for s in r["streams"]], [("stream0", 100)], "the only stream")


def case_lines():
    code, out, err = vio("pktgen", "loop:echo", "--profile", profile(THREE),
                         "-q")
    equal(code, 0, err)
    lines = [line.split()[1] for line in out.splitlines() if line.startswith("  stream ")]
    equal(lines, ["voice", "bulk", "six"], "a line for each")


def case_mapping():
    text = "streams: [{name: a}, {name: b, rate: 1kpps}]"
    code, out, err = vio("pktgen", "loop:echo", "--profile", profile(text), "-n", "9", "--queues",
                         "3", *CALM)
    assert code in (0, 5), err
    for line in ("stream a            on tx0 tx2  max",
                 "stream b            on tx1  1000 packets/s"):
        assert line in out, f"'{line}' is not in: {out}"


def case_dry_run():
    code, out, err = vio("pktgen", "--dry-run", "--profile", profile(THREE))
    equal(code, 0, err)
    assert "voice: frames of 200" in out and "six: frames of 88" in out, out


# --- rates and pacing ----------------------------------------------------------------------------

SCHEDULES = [
    ("a ramp", ["-r", "ramp:1kpps-9kpps/500ms", "-t", "1s"], 7000),
    ("on and off", ["-r", "20kpps", "--pacing", "onoff:10ms/40ms", "-t", "500ms"], 2000),
    ("bursts", ["-r", "10kpps", "--pacing", "burst:100", "-t", "500ms"], 5000),
    ("on and off on three queues",
     ["-r", "30kpps", "--pacing", "onoff:10ms/40ms", "-t", "500ms", "--queues", "3"], 3000),
    ("a share of the line rate", ["-r", "1%", "--line-rate", "672M", "-t", "500ms"], 5000),
    ("bits of layer 1", ["-r", "6.72MbpsL1", "-t", "500ms"], 5000),
    ("bits counted on layer 1", ["-r", "6.72Mbps", "--count-l1", "-t", "500ms"], 5000),
]


def case_schedule(args, packets):
    r = kept("loop:echo", *args, one_cpu=True)
    equal(r["tx"]["offered"], packets, "packets of the schedule")
    near(r["tx"]["sent"], packets, 0.001, "sent")


def case_ramp_after_warmup():
    """The warm-up goes at the ramp's first rate; the ramp begins with the measurement."""
    r = kept("loop:echo", "-r", "ramp:1kpps-9kpps/500ms", "--warmup", "500ms", "-t", "500ms",
             one_cpu=True)
    equal(r["tx"]["offered"], 2500, "packets of the schedule")
    near(r["rx"]["warmup"], 500, 0.2, "packets of the warm-up")


def case_slow_after_warmup():
    """One that is due seldom notices the warm-up's end although another is always due first."""
    text = "streams: [{name: slow, rate: 2pps}, {name: busy, rate: 20kpps}]"
    r = kept("loop:echo", "--profile", profile(text), "--warmup", "300ms", "-t", "1s",
             one_cpu=True)
    slow = by_name(r)["slow"]
    equal((slow["sent"], slow["unsent"], slow["warmup"]), (2, 0, 1), "sent, unsent, before")
    equal(r["pacing"]["given_up"], 0, "schedules given up")


def case_poisson():
    r = kept("loop:echo", "-r", "10kpps", "--pacing", "poisson:5", "-t", "1s", one_cpu=True)
    near(r["tx"]["sent"], 10000, 0.05, "sent")
    near(r["tx"]["sent"], r["tx"]["offered"], 0.001, "of what the random schedule had")


def case_pace_histogram():
    r = pktgen("loop:echo", "-r", "10kpps", "-t", "300ms", *CALM, codes=(0, 5))
    parts = r["pacing"]["error_histogram"]
    equal(sum(p["bursts"] for p in parts), r["pacing"]["bursts"], "bursts")
    limits = [p["upto_us"] for p in parts]
    equal(limits, sorted(set(limits)), "limits rise")
    assert limits[-1] >= r["pacing"]["error_p99_us"], "the last holds the latest"


def case_no_result():
    code, out, err = vio("pktgen", "loop:echo", "-r", "500Mpps", "-t", "200ms", "-q")
    equal(code, 5, err)
    assert "RESULT" not in out and out.startswith("INVALID"), out


# --- profiles that are wrong ---------------------------------------------------------------------

BAD = [
    ("an empty file", "", ["profile: no streams"]),
    ("a text", "hello", [":1:", "streams"]),
    ("broken YAML", "streams:\n  - {name: a\n", [":3:", "YAML"]),
    ("broken JSON", '{"streams": [\n{"name": "a"},,\n]}', [":2:", "JSON"]),
    ("no streams", "flows: []", [":1:", "'streams'"]),
    ("another key beside the streams", "streams: [{}]\nrate: 1pps\n", [":2:", "'rate'"]),
    ("streams that are no list", "streams: 5\n", [":1:", "list"]),
    ("an empty list", "streams: []\n", [":1:", "1 to 64"]),
    ("too many streams", "streams: [" + "{}," * 64 + "{}]", [":1:", "1 to 64"]),
    ("a stream that is no map", "streams:\n - {}\n - 7\n", [":3:", "'stream1'", "map"]),
    ("an unknown key", "streams:\n - name: a\n   colour: red\n", [":3:", "'colour'", "src-port"]),
    ("an option of the whole run", "streams:\n - queues: 4\n", [":2:", "'queues'", "name, weight"]),
    ("a value that is none", "streams:\n - {name: a,\n    size: 60}\n", [":3:", "size '60'", "64"]),
    ("a rate without unit", "streams:\n - rate: 1000\n", [":2:", "rate '1000'"]),
    ("a list for a value", "streams:\n - vlan: [1, 2]\n", [":2:", "'vlan'", "command line"]),
    ("a key that is a list", "streams:\n - [1]: 2\n", [":2:"]),
    ("a key twice", "streams:\n - size: 64\n   size: 65\n", [":3:", "'size'", "once"]),
    ("a name twice", "streams:\n - name: a\n - name: a\n", [":3:", "'a'"]),
    ("no name", "streams:\n - name: ''\n", [":2:", "1 to 31"]),
    ("a long name", f"streams:\n - name: {'n' * 32}\n", [":2:", "1 to 31"]),
    ("a name that moves the cursor", 'streams:\n - name: "a\\eb"\n', [":2:", "control"]),
    ("a weight of nothing", "streams:\n - weight: 0\n", [":2:", "weight '0'"]),
    ("a weight that is no number", "streams:\n - weight: x\n", [":2:", "weight 'x'"]),
    ("a rate and a weight", "streams:\n - {rate: 1pps, weight: 2}\n", [":2:", "share"]),
    ("a switch that is neither on nor off", "streams:\n - ipv6: maybe\n", [":2:", "true or false"]),
]


def case_bad(text, words):
    path = profile(text)
    code, out, err = vio("pktgen", "--dry-run", "--profile", path)
    equal((code, out), (2, ""), err)
    for word in ["error[VIO-PROF-01]", path, "\n  why   ", "\n  fix   ", *words]:
        assert word in err, f"'{word}' is not in: {err}"


ERRORS = [
    ("a profile that is not there", ["--dry-run", "--profile", "/nonexistent.yaml"], "VIO-PROF-01"),
    ("a profile for a receiver", ["loop:echo", "--rx-only", "--profile", "x"], "VIO-CLI-05"),
    ("a pcap file of a profile", ["--dry-run", "--write", "x", "--profile", "x"], "VIO-CLI-05"),
    ("a share of an unknown line rate", ["loop:echo", "-r", "50%"], "--line-rate"),
    ("a pacing without a rate", ["loop:echo", "--pacing", "poisson"], "VIO-CLI-05"),
    ("an unknown pacing", ["loop:echo", "--pacing", "wild"], "VIO-CLI-03"),
    ("an unknown line rate", ["loop:echo", "--line-rate", "fast"], "VIO-CLI-03"),
]


def cases():
    yield "three streams with loss are counted exactly", case_three, ("loss=1e-2", "lost", "lost",
                                                                      1e-2)
    yield "three streams with duplicates are counted exactly", case_three, (
        "dup=1e-2", "duplicate", "duplicated", 1e-2)
    yield "damaged frames are told by stream", case_three_corrupt, ()
    yield "order is one of a stream", case_reordered, ()
    yield "64 streams on three queues", case_most, ()
    yield "two streams on five queues", case_few_on_many_queues, ()
    yield "streams of both directions", case_both_directions, ()
    yield "addresses that are nearly the same", case_close_addresses, ()
    yield "weights without a rate share the queue", case_weights_of_max, ()
    yield "weights share the rate", case_shares, ()
    yield "streams have what the command line says", case_base, ()
    yield "a profile of JSON", case_json_too, ()
    yield "without a profile there is one stream", case_one, ()
    yield "the report has a line for each stream", case_lines, ()
    yield "which stream is on which queue is printed", case_mapping, ()
    yield "a dry run of a profile", case_dry_run, ()
    for what, args, packets in SCHEDULES:
        yield f"{what}: the schedule is kept", case_schedule, (args, packets)
    yield "a ramp begins when the warm-up is over", case_ramp_after_warmup, ()
    yield "a slow stream measures from the warm-up's end", case_slow_after_warmup, ()
    yield "random gaps: the schedule is kept", case_poisson, ()
    yield "how late bursts leave is told in parts", case_pace_histogram, ()
    yield "what is not valid is not called a result", case_no_result, ()
    for what, text, words in BAD:
        yield f"a profile with {what} is an error", case_bad, (text, words)
    for what, args, text in ERRORS:
        yield f"{what} is an error", case_error, (["pktgen", *args], 2, text)


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
