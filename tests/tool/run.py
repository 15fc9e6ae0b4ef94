#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The tool `vio` as a user meets it, over loop: ports. Prints TAP.

usage: run.py VIO SCHEMA [PART OF A CASE'S NAME]
"""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time

import schema
import tool
from cases import equal, main
from tool import TIMEOUT, TMP, VIO, case_error, checked

SCHEMA = json.load(open(sys.argv[2]))
# On a machine that others use too, a processor may be away for a while: what is about rates gets
# several chances, and lateness of single bursts is not judged but where that is the point.
TRIES = 6
CALM = ["--late-limit", "100%"]


def vio(*args, one_cpu=False):
    """Run the tool. Returns exit code, stdout, stderr."""
    first = sorted(os.sched_getaffinity(0))[:1]
    before = (lambda: os.sched_setaffinity(0, first)) if one_cpu else None
    return tool.vio(*args, preexec_fn=before)


def read_result(path):
    with open(path) as f:
        return checked(json.load(f), SCHEMA)


def pktgen(*args, codes=(0,), **how):
    """Run pktgen; returns its result, which has the right form whatever the run was for."""
    path = os.path.join(TMP, "result.json")
    code, out, err = vio("pktgen", *args, "-q", "-o", path, **how)
    assert code in codes, f"exit code {code}: {out}{err}"
    result = read_result(path)
    for port in result["ports"]:
        violations = port.get("loop", {}).get("violations", 0)
        assert not violations, f"{violations} violations: {port['loop'].get('first_violation')}"
    if "tx" in result and "rx" in result:
        equal(result["tx"]["sent"], result["rx"]["received"] + result["rx"]["lost"],
              "sent = received + lost")
    return result


def kept(*args, tries=TRIES, **how):
    """A run whose rate must be kept, once in some tries."""
    for _ in range(tries):
        result = pktgen(*args, *CALM, codes=(0, 5), **how)
        if result["verdict"] == "valid":
            return result
    raise AssertionError(f"never valid: {result['reasons']}")


def near(is_, should, share, what):
    assert abs(is_ - should) <= share * should, f"{what}: {is_}, not about {should}"


# --- what is counted -----------------------------------------------------------------------------


def case_clean(address, *args):
    r = pktgen(address, "-n", "20000", "--cores", first_cpu(), *args)
    equal(r["tx"]["sent"], 20000, "sent")
    equal(r["rx"]["received"], 20000, "received")
    for name in ("lost", "reordered", "duplicate", "late", "corrupt", "foreign"):
        equal(r["rx"][name], 0, name)
    return r


def first_cpu():
    """With one worker nothing is lost for want of a processor, and counts are exact."""
    return str(min(os.sched_getaffinity(0)))


IMPAIRED = [
    ("loss", "loss", "lost", "lost"),
    ("duplicates", "dup", "duplicate", "duplicated"),
    ("reordering", "reorder", "reordered", "reordered"),
    ("corruption", "corrupt", "corrupt", "corrupted"),
]


# Kinds of frames whose every bit is covered.
COVERED = [
    ("TCP", ["--proto", "tcp", "-s", "76,777"]),
    ("echo requests", ["--proto", "icmp", "-s", "64,65"]),
]
# Nothing covers all of these: there, damage is not told exactly.
SEQUENCED = [
    ("VXLAN", ["--vxlan", "5000", "-s", "114"]),
    ("ARP", ["--proto", "arp", "--flows", "10"]),
]


def case_impaired(option, ours, theirs, chance, *args):
    r = pktgen(f"loop:echo,{option}={chance}", "-n", "200000", "--cores", first_cpu(), *args)
    loop = r["ports"][0]["loop"]
    assert loop[theirs] > 0, "the device did nothing"
    equal(loop["no_buffer"], 0, "the device had no buffers")
    equal(r["rx"][ours], loop[theirs], ours)
    lost = loop["lost"] + loop["corrupted"]
    equal(r["rx"]["lost"], lost, "lost (corrupt ones among them)")


def case_impaired_all():
    r = pktgen("loop:echo,loss=1e-2,dup=1e-2,reorder=1e-2,seed=7", "-n", "200000", "--cores",
               first_cpu())
    loop = r["ports"][0]["loop"]
    equal(r["rx"]["lost"], loop["lost"], "lost")
    equal(r["rx"]["duplicate"], loop["duplicated"], "duplicate")
    near(r["rx"]["reordered"], loop["reordered"], 0.03, "reordered")


def case_no_buffers_is_loss():
    r = pktgen("loop:echo,slow=16", "-n", "50000", codes=(0, 1, 5))
    equal(r["rx"]["lost"], r["ports"][0]["loop"]["no_buffer"], "lost where the device had no room")


def case_foreign():
    r = pktgen("loop:source", "--rx-only", "-t", "300ms")
    assert "tx" not in r and "latency" not in r, "nothing was sent, so nothing is told of it"
    equal(r["rx"]["received"], 0, "received")
    equal(r["rx"]["corrupt"], 0, "corrupt")
    assert r["rx"]["foreign"] > 0, "the device's frames are foreign"


def case_warmup():
    r = kept("loop:echo", "-r", "10kpps", "--warmup", "300ms", "-t", "500ms", one_cpu=True)
    near(r["tx"]["sent"], 5000, 0.005, "sent")
    near(r["rx"]["warmup"], 3000, 0.2, "packets of the warm-up")
    assert r["ports"][0]["tx"]["packets"] >= 7000, "the port has sent those of the warm-up too"


def case_latency():
    r = kept("loop:echo,delay=2ms", "-r", "10kpps", "-t", "500ms", one_cpu=True)
    assert r["latency"]["min"] >= 1999, f"the device holds frames for 2 ms: {r['latency']['min']}"
    near(r["latency"]["p50"], 2050, 0.2, "median latency in us")
    equal(r["latency"]["count"], r["rx"]["received"], "packets timed")


def case_drain():
    r = pktgen("loop:echo,delay=150ms", "-n", "100", "-r", "10kpps", *CALM, "--drain", "2s",
               codes=(0, 5))
    equal(r["rx"]["lost"], 0, "packets that take 150 ms are waited for")
    r = pktgen("loop:echo,delay=500ms", "-n", "100", "-r", "10kpps", *CALM, "--drain", "0",
               codes=(0, 5))
    equal(r["rx"]["lost"], 100, "without draining they are lost")


# --- rates ---------------------------------------------------------------------------------------


def case_rate(rate, pps, seconds, *args):
    r = kept("loop:echo", "-r", rate, "-t", f"{seconds}s", *args)
    near(r["tx"]["rate_pps"], pps, 0.005, "rate")
    near(r["tx"]["sent"], pps * seconds, 0.005, "sent")
    near(r["tx"]["duration_s"], seconds, 0.005, "duration")
    near(r["tx"]["offered_pps"], pps, 1e-6, "offered")


def case_bits():
    r = kept("loop:echo", "-r", "10Mbps", "-s", "imix", "-t", "1s")
    near(r["tx"]["bits_l2_per_s"], 10e6, 0.005, "bits per second")
    near(r["tx"]["bytes_l2"] / r["tx"]["sent"], 4246 / 12, 0.01, "mean size")


def case_impossible():
    r = pktgen("loop:echo", "-r", "500Mpps", "-t", "300ms", codes=(5,))
    equal(r["verdict"], "invalid", "verdict")
    assert r["reasons"], "no reason is given"
    assert r["tx"]["unsent"] > 0, "unsent"


def case_late_limit():
    r = pktgen("loop:echo", "-r", "500Mpps", "-t", "300ms", "--late-limit", "0", codes=(5,))
    assert any("late" in reason for reason in r["reasons"]), r["reasons"]


def case_max():
    r = pktgen("loop:sink", "--tx-only", "-t", "300ms")
    assert "offered_pps" not in r["tx"] and "pacing" not in r and "rx" not in r, "not measured"
    assert r["tx"]["sent"] > 1000, "sent"


# --- traffic -------------------------------------------------------------------------------------

TRAFFIC = [
    ("sizes in turn", ["-s", "64,512,1518"]),
    ("every size", ["-s", "64-1518"]),
    ("imix", ["-s", "imix"]),
    ("imix with weights", ["-s", "imix:64=7,570=4,1518=1"]),
    ("IPv6", ["--ipv6", "-s", "84"]),
    ("IPv6 addresses", ["--ipv6", "-s", "84-200", "--src-ip", "2001:2::/120", "--dst-ip",
                        "2001:2:0:1::1-2001:2:0:1::9"]),
    ("a VLAN tag", ["--vlan", "100", "-s", "68"]),
    ("two VLAN tags", ["--vlan", "100,200", "-s", "72,1526"]),
    ("ranges of addresses", ["--src-ip", "10.0.0.0/24", "--dst-ip", "10.1.0.1-10.1.0.9"]),
    ("ranges of ports", ["--src-port", "1024-2047", "--dst-port", "5000-5003"]),
    ("a number of flows", ["--flows", "10k"]),
    ("MAC addresses", ["--src-mac", "02:00:00:00:0a:01", "--dst-mac", "02:00:00:00:0b:02"]),
    ("single packets", ["--burst", "1"]),
    ("lists of addresses and ports", ["--src-ip", "10.0.0.1,10.2.0.0/24", "--dst-port",
                                      "53,80-99"]),
    ("ranges of MAC addresses", ["--src-mac", "02:00:00:00:01:00-02:00:00:00:01:ff"]),
    ("ranges of VLAN ids", ["--vlan", "100-199,5-8", "-s", "72"]),
    ("flows by chance", ["--flows", "10k", "--src-ip", "10.0.0.0/8", "--step", "random"]),
    ("a million flows in VXLAN", ["--flows", "1M", "--src-ip", "10.0.0.0/8", "--vxlan", "9", "-s",
                                  "114"]),
    ("TCP", ["--proto", "tcp", "-s", "76-300"]),
    ("echo requests", ["--proto", "icmp", "--src-ip", "10.0.0.0/24"]),
    ("echo requests of ICMPv6", ["--proto", "icmp", "--ipv6", "-s", "84", "--flows", "9"]),
    ("ARP requests", ["--proto", "arp", "--flows", "250"]),
    ("VXLAN", ["--vxlan", "5000", "--proto", "tcp", "--ipv6", "--vlan", "7", "-s", "150-300"]),
    ("a type of service", ["--tos", "184", "--ttl", "3"]),
    ("a payload by chance", ["--payload", "random:3", "-s", "random:64-1518:3"]),
    ("a genome", ["-s", "imix:genome:aafg"]),
    ("the largest burst", ["--burst", "64"]),
    ("the smallest pool", ["--buffers", "1472"]),
    ("many queues", ["--queues", "8"]),
]

PORTS = ["loop:echo", "loop:echo,packed=off", "loop:echo,packed=off,in_order=off",
         "loop:echo,packed=on,in_order=off", "loop:echo,mrg_rxbuf=on", "loop:echo,size=64"]


def case_queues():
    r = case_clean("loop:echo", "--queues", "4")
    equal(r["ports"][0]["queues"], 4, "queues")
    r = case_clean("loop:echo,max_queues=2", "--queues", "4")
    equal(r["ports"][0]["queues"], 2, "the device has two")


def case_fewer_packets_than_queues():
    for rate in ("max", "1kpps"):
        r = pktgen("loop:echo", "--queues", "4", "-n", "2", "-r", rate, *CALM, codes=(0, 5))
        equal(r["tx"]["sent"], 2, "sent")
        equal(r["rx"]["received"], 2, "received")


def case_jumbo():
    r = case_clean("loop:echo,max_mtu=9198", "-s", "9216")
    equal(r["tx"]["bytes_l2"], 20000 * 9216, "bytes")


def case_pair(*args, sent=20000):
    r = pktgen("loop:pair", "loop:pair", "-n", "20000", "--cores", first_cpu(), *args)
    equal(r["tx"]["sent"], sent, "sent")
    equal(r["rx"]["lost"], 0, "lost")
    equal(len(r["ports"]), 2, "ports")


def case_one_cpu():
    r = kept("loop:echo", "-r", "10kpps", "-t", "500ms", one_cpu=True)
    equal(len(r["cpu"]["workers"]), 1, "workers")
    equal(r["rx"]["lost"], 0, "lost")


# --- how a run ends, and what it prints ----------------------------------------------------------


def case_signal(sig):
    path = os.path.join(TMP, "signal.json")
    p = subprocess.Popen([VIO, "pktgen", "loop:echo", "-r", "1kpps", "-t", "50s", *CALM, "-q",
                          "-o", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    p.send_signal(sig)
    out, err = p.communicate(timeout=TIMEOUT)
    # A machine that was away for 100 ms makes the run invalid; that is not the point here.
    assert p.returncode in (0, 5), f"exit code {p.returncode} ({err})"
    r = read_result(path)
    equal(r["interrupted"], True, "interrupted")
    assert (b"RESULT" if p.returncode == 0 else b"INVALID") in out, "the result is printed"
    assert r["tx"]["duration_s"] < 10, "it ended early"
    assert r["tx"]["sent"] > 0, "what was sent is told"


def case_fwd_signal():
    p = subprocess.Popen([VIO, "fwd", "loop:source", "loop:sink"], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    time.sleep(1.3)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=TIMEOUT)
    equal(p.returncode, 0, f"exit code ({err})")
    m = re.search(r"RESULT +port 0 +received (\d+) +sent (\d+) +dropped (\d+)", out)
    assert m and int(m[1]) > 0, out
    equal(int(m[1]), int(m[2]) + int(m[3]), "received = sent + dropped")


def case_fwd(mode, *ports):
    code, out, err = vio("fwd", *ports, "--mode", mode, "-t", "200ms")
    equal(code, 0, err)
    m = re.search(r"port 0 +received (\d+)", out)
    assert m and int(m[1]) > 0, out


def cpu_seconds(*args):
    """Processor time that a run takes, its children and threads included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code, out, err = vio(*args)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    equal(code, 0, err)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime), out


def case_idle(*args):
    """Idle, a command that may sleep needs a small part of what one takes that polls."""
    for _ in range(TRIES):
        polling, _ = cpu_seconds(*args)
        sleeping, _ = cpu_seconds(*args, "--wait")
        if polling > 0.1 and sleeping < polling / 2:
            return
    raise AssertionError(f"{sleeping:.2f} s of processor time asleep, {polling:.2f} s awake")


def case_fwd_queues(wait):
    """Several queue pairs, each with a thread; the port with more is told to use no others."""
    code, out, err = vio("fwd", "loop:source", "loop:sink,max_queues=2", "--queues", "3",
                         "-t", "300ms", *wait)
    equal(code, 0, err)
    m = re.search(r"port 0 +received (\d+) +sent (\d+) +dropped (\d+)", out)
    assert m and int(m[1]) > 0, out
    equal(int(m[1]), int(m[2]) + int(m[3]), "received = sent + dropped")


def case_rx_waits():
    r = pktgen("loop:source", "--rx-only", "-t", "300ms", "--wait")
    assert r["rx"]["foreign"] > 0, "frames of the device come, none of which is ours"


def case_text():
    code, out, err = vio("pktgen", "loop:echo", "-r", "1kpps", "-t", "600ms", "--interval", "200ms",
                         *CALM)
    assert code in (0, 5), err
    assert "RESULT" in out if code == 0 else "INVALID" in out and "RESULT" not in out, out
    for word in ("received", "latency us", "pacing", "cost", "verdict", "cores", "TSC"):
        assert word in out, f"'{word}' is not in: {out}"
    times = [float(time) for time in re.findall(r"^ +(\d\.\d)s ", out, re.M)]
    # A machine that holds the end up lets the run last longer than was asked for.
    assert 2 <= len(times) <= times[-1] / 0.2 + 1, f"{len(times)} lines of progress: {out}"


def case_quiet():
    code, out, err = vio("pktgen", "loop:echo", "-n", "100", "-q")
    equal(code, 0, err)
    assert out.startswith("RESULT"), out


def case_json_stdout():
    code, out, err = vio("pktgen", "loop:echo", "-n", "100", "-o", "-")
    equal(code, 0, err)
    equal(json.loads(out)["schema"], "vio.pktgen/1", "schema")
    assert "RESULT" in err, "text for people moves to stderr"


def case_intervals():
    r = pktgen("loop:echo", "-r", "5kpps", "-t", "1s", "--interval", "100ms", *CALM, codes=(0, 5))
    assert 5 <= len(r["intervals"]) <= 12, len(r["intervals"])
    sent = sum(i["sent"] for i in r["intervals"])
    assert sent <= r["tx"]["sent"], "intervals hold no more than the whole"


def case_schema_notices():
    r = pktgen("loop:echo", "-n", "10")
    r["surprise"] = 1
    r["tx"]["sent"] = -1
    del r["verdict"]
    equal(len(list(schema.errors(r, SCHEMA))), 3, "errors found in a spoilt result")


ERRORS = [
    ("no command at all", [], 2, "VIO-CLI-01"),
    ("an unknown command", ["generate"], 2, "VIO-CLI-01"),
    ("no port", ["pktgen"], 2, "VIO-CLI-04"),
    ("three ports", ["pktgen", "loop:echo", "loop:echo", "loop:echo"], 2, "VIO-CLI-05"),
    ("an unknown option", ["pktgen", "loop:echo", "--speed", "1"], 2, "VIO-CLI-02"),
    ("an unknown letter", ["pktgen", "loop:echo", "-z"], 2, "VIO-CLI-02"),
    ("an option without its value", ["pktgen", "loop:echo", "--rate"], 2, "VIO-CLI-02"),
    ("a rate without unit", ["pktgen", "loop:echo", "-r", "1000"], 2, "VIO-CLI-03"),
    ("a size below the least", ["pktgen", "loop:echo", "-s", "60"], 2, "VIO-CLI-03"),
    ("a malformed range", ["pktgen", "loop:echo", "--src-ip", "10.0.0.300"], 2, "VIO-CLI-03"),
    ("an unknown protocol", ["pktgen", "loop:echo", "--proto", "sctp"], 2, "udp, tcp, icmp or arp"),
    ("a TCP segment that does not hold the payload",
     ["pktgen", "loop:echo", "--proto", "tcp"], 2, "76 bytes"),
    ("ARP of IPv6", ["pktgen", "loop:echo", "--proto", "arp", "--ipv6"], 2, "neighbour discovery"),
    ("a VNI of 25 bits", ["pktgen", "loop:echo", "--vxlan", "16777216"], 2, "VIO-CLI-03"),
    ("an unknown part of the outer header",
     ["pktgen", "loop:echo", "--vxlan", "5,port=1"], 2, "src-mac=MAC"),
    ("an outer header of IPv6", ["pktgen", "loop:echo", "--vxlan", "5,src=::1"], 2, "of IPv4"),
    ("a range in the outer header",
     ["pktgen", "loop:echo", "--vxlan", "5,src=10.0.0.0/24"], 2, "no range"),
    ("a type of service beyond a byte", ["pktgen", "loop:echo", "--tos", "256"], 2, "0 to 255"),
    ("no time to live", ["pktgen", "loop:echo", "--ttl", "0"], 2, "1 to 255"),
    ("a payload that is not there",
     ["pktgen", "loop:echo", "--payload", "@/nonexistent"], 2, "No such file"),
    ("an unknown order of flows", ["pktgen", "loop:echo", "--step", "up"], 2, "random:SEED"),
    ("a malformed MAC address", ["pktgen", "loop:echo", "--dst-mac", "1:2"], 2, "VIO-CLI-03"),
    ("too large a burst", ["pktgen", "loop:echo", "--burst", "65"], 2, "VIO-CLI-03"),
    ("a size that does not hold the headers", ["pktgen", "loop:echo", "--ipv6"], 2, "84 bytes"),
    ("a VLAN tag in 64 bytes", ["pktgen", "loop:echo", "--vlan", "1"], 2, "68 bytes"),
    ("more flows than the ranges make",
     ["pktgen", "loop:echo", "--src-port", "1-9", "--flows", "10"], 2, "VIO-GEN-01"),
    ("IPv4 addresses with --ipv6",
     ["pktgen", "loop:echo", "--ipv6", "-s", "100", "--src-ip", "10.0.0.1"], 2, "VIO-GEN-01"),
    ("options that contradict each other",
     ["pktgen", "loop:echo", "--rx-only", "--tx-only"], 2, "VIO-CLI-05"),
    ("a sender that sleeps", ["pktgen", "loop:echo", "--tx-only", "--wait"], 2, "VIO-CLI-05"),
    ("too many queue pairs", ["fwd", "loop:echo", "--queues", "65"], 2, "VIO-CLI-03"),
    ("both directions of one port", ["pktgen", "loop:echo", "--bidir"], 2, "VIO-CLI-05"),
    ("frames above the MTU", ["pktgen", "loop:echo", "-s", "1519"], 3, "VIO-GEN-02"),
    ("an unknown kind of port", ["pktgen", "nic:0"], 3, "VIO-ADDR-01"),
    ("an unknown behaviour", ["pktgen", "loop:ring"], 3, "VIO-ADDR-03"),
    ("an unknown option of a port", ["pktgen", "loop:echo,colour=red"], 3, "VIO-ADDR-02"),
    ("a socket that is not there", ["pktgen", "vhost-user:/nonexistent.sock"], 3, "VIO-SOCK-02"),
    ("a feature that the device lacks", ["pktgen", "loop:echo,no=packed,packed=on"], 3,
     "VIO-DEV-01"),
    ("a processor that is not there", ["pktgen", "loop:echo", "--cores", "1023"], 3, "VIO-GEN-03"),
    ("a JSON file that can't be written",
     ["pktgen", "loop:echo", "-n", "10", "-o", "/nonexistent/result.json"], 3, "VIO-GEN-05"),
    ("a pcap file that can't be written",
     ["pktgen", "--dry-run", "--write", "/nonexistent/f.pcap"], 3, "VIO-GEN-05"),
    ("too small a pool", ["pktgen", "loop:echo", "--buffers", "1471"], 3, "VIO-GEN-07"),
    ("info without port", ["info"], 2, "VIO-CLI-04"),
    ("info of a bad address", ["info", "loop"], 3, "error["),
    ("fwd without port", ["fwd"], 2, "VIO-CLI-04"),
    ("fwd in an unknown mode", ["fwd", "loop:echo", "--mode", "route"], 2, "VIO-CLI-03"),
]


def case_help(args, words):
    code, out, err = vio(*args)
    equal((code, err), (0, ""), "help succeeds, on stdout")
    for word in words:
        assert word in out, f"'{word}' is not in the help"


def case_version():
    code, out, _ = vio("--version")
    equal(code, 0, "exit code")
    assert re.fullmatch(r"vio \d+\.\d+\.\d+\n", out), out


def case_every_option_is_documented():
    _, out, _ = vio("pktgen", "--help")
    named = set(re.findall(r"--([a-z][a-z0-9-]+)", out))
    for name in ("rate size count time warmup drain src-ip dst-ip src-port dst-port flows src-mac "
                 "dst-mac vlan ipv6 burst queues buffers cores rx-only tx-only json interval quiet "
                 "verbose bidir write dry-run late-limit wait proto tos ttl vxlan step "
                 "payload show pacing line-rate count-l1 profile jsonl csv histogram metrics "
                 "metrics-file assert").split():
        assert name in named, f"--{name} is not in the help"


def case_verbose():
    code, _, err = vio("pktgen", "loop:echo", "-n", "10", "-v", "-q")
    equal(code, 0, err)


def case_info():
    code, out, err = vio("info", "loop:echo,max_mtu=4000")
    equal(code, 0, err)
    for word in ("loop", "MAC", "4000", "rx_", "tx_", "version_1", "ring_full", "offered", "taken"):
        assert word in out, f"'{word}' is not in: {out}"


def case_info_json():
    code, out, err = vio("info", "loop:echo,packed=off", "--json")
    equal(code, 0, err)
    r = json.loads(out)
    equal(r["schema"], "vio.info/1", "schema")
    bad = list(schema.errors(r["port"], SCHEMA["$defs"]["port"], SCHEMA))
    assert not bad, bad
    equal(r["port"]["ring"], "split", "ring")
    assert "version_1" in r["port"]["features"], r["port"]["features"]


def case_dry_run():
    code, out, err = vio("pktgen", "--dry-run", "-s", "imix", "--flows", "100")
    equal(code, 0, err)
    assert "100 flows" in out, out


# --- the list ------------------------------------------------------------------------------------


def cases():
    for port in PORTS:
        yield f"nothing goes wrong over {port}", case_clean, (port,)
    for what, args in TRAFFIC:
        yield f"nothing goes wrong with {what}", case_clean, ("loop:echo", *args)
    for what, option, ours, theirs in IMPAIRED:
        for chance in ("1e-3", "1e-2"):
            yield (f"{what} of {chance} is counted exactly", case_impaired,
                   (option, ours, theirs, chance))
        yield (f"{what} on a split ring is counted exactly", case_impaired,
               (option + "=1e-2,packed=off,seed", ours, theirs, "3"))
    for kind, args in COVERED + SEQUENCED:
        for what, option, ours, theirs in IMPAIRED:
            if option != "corrupt" or (kind, args) in COVERED:
                yield (f"{what} of {kind} is counted exactly", case_impaired,
                       (option, ours, theirs, "1e-2", *args))
    yield "loss, duplicates and reordering at once", case_impaired_all, ()
    yield "what the device has no buffer for is lost", case_no_buffers_is_loss, ()
    yield "other traffic is foreign, not corrupt", case_foreign, ()
    yield "the warm-up is not counted", case_warmup, ()
    yield "latency is the device's delay", case_latency, ()
    yield "draining waits for what is under way", case_drain, ()
    yield "10 kpps are kept within 0.5 %", case_rate, ("10kpps", 10000, 2)
    yield "1 pps is kept", case_rate, ("1pps", 1, 3)
    yield "100 kpps are kept on two queues", case_rate, ("100kpps", 100000, 1, "--queues", "2")
    yield "a rate of bits is kept", case_bits, ()
    yield "an impossible rate is invalid", case_impossible, ()
    yield "bursts that leave late make a run invalid", case_late_limit, ()
    yield "as fast as can be", case_max, ()
    yield "queues as asked, or as many as there are", case_queues, ()
    yield "fewer packets than queues", case_fewer_packets_than_queues, ()
    yield "the largest frames", case_jumbo, ()
    yield "two ports", case_pair, ()
    yield "two ports, both directions", lambda: case_pair("--bidir", sent=40000), ()
    for kind, args in COVERED + SEQUENCED:
        yield (f"two ports, both directions, with {kind}",
               lambda a=args: case_pair("--bidir", "--src-port", "1024", *a, sent=40000), ())
    yield ("echo requests both ways with a range of identifiers",
           lambda: case_pair("--bidir", "--proto", "icmp", "--src-port", "1-9", sent=40000), ())
    yield "two ports, several queues", lambda: case_pair("--queues", "3"), ()
    yield "one processor is enough", case_one_cpu, ()
    yield "SIGINT ends a run with its result", case_signal, (signal.SIGINT,)
    yield "SIGTERM ends a run with its result", case_signal, (signal.SIGTERM,)
    yield "SIGINT ends fwd with its totals", case_fwd_signal, ()
    for mode in ("io", "mac", "macswap"):
        yield f"fwd {mode} between two ports", case_fwd, (mode, "loop:source", "loop:sink")
        yield f"fwd {mode} on one port", case_fwd, (mode, "loop:source")
    yield "fwd sleeps when it is idle", case_idle, ("fwd", "loop:echo", "-t", "500ms", "-q")
    yield "a receiver sleeps when it is idle", case_idle, (
        "pktgen", "loop:echo", "--rx-only", "-t", "500ms", "-q")
    yield "a receiver that may sleep receives", case_rx_waits, ()
    for wait in ([], ["--wait"]):
        yield f"fwd with several queue pairs {' '.join(wait)}", case_fwd_queues, (wait,)
    yield "text has all its parts", case_text, ()
    yield "--quiet prints the result only", case_quiet, ()
    yield "JSON on stdout stands alone", case_json_stdout, ()
    yield "intervals add up", case_intervals, ()
    yield "the schema notices what is wrong", case_schema_notices, ()
    for what, args, code, text in ERRORS:
        yield f"{what} is an error with exit code {code}", case_error, (args, code, text)
    yield "vio --help", case_help, (["--help"], ["list", "doctor", "bind", "unbind", "pktgen",
                                                 "fwd", "info", "report"])
    yield "vio report --help", case_help, (["report", "--help"], ["examples:", "--compare"])
    yield "vio pktgen --help", case_help, (["pktgen", "--help"], ["examples:", "exit codes"])
    yield "vio fwd --help", case_help, (["fwd", "-h"], ["examples:", "macswap"])
    yield "vio info --help", case_help, (["info", "--help"], ["loop:", "vhost-user:"])
    yield "every option is in the help", case_every_option_is_documented, ()
    yield "vio --version", case_version, ()
    yield "-v shows the log", case_verbose, ()
    yield "info shows the port", case_info, ()
    yield "info as JSON", case_info_json, ()
    yield "a dry run needs no port", case_dry_run, ()


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
