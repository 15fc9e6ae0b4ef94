#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`vio pktgen --pcap` as a user meets it, over loop: ports. Prints TAP.

usage: replay.py VIO SCHEMA [PART OF A CASE'S NAME]
"""

import json
import os
import signal
import struct
import subprocess
import sys
import time

from cases import equal, main
from run import CALM, TIMEOUT, TMP, TRIES, VIO, first_cpu, near, pktgen, read_result, vio
from tool import case_error

MS = 1000000
# One processor and a rate: nothing is lost for want of either.
GENTLE = ["--cores", first_cpu(), "-r", "50kpps", *CALM]

# --- captures ------------------------------------------------------------------------------------


def frame(number, size=60):
    """UDP over IPv4 without checksums, of one of 20 flows."""
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, size - 14, 0, 0x4000, 64, 17, 0,
                     bytes([198, 18, 0, 1]), bytes([198, 18, 0, 2]))
    udp = struct.pack(">HHHH", 1024 + number % 20, 9, size - 34, 0)
    head = bytes([2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0]) + ip + udp
    return (head + struct.pack(">I", number) + bytes(size))[:size]


def classic(frames, order="<", unit=1, link=1):
    """@frames: (time in ns, bytes, length that it had)"""
    magic = 0xa1b23c4d if unit == 1 else 0xa1b2c3d4
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)]
    for ns, data, size in frames:
        out.append(struct.pack(order + "IIII", ns // 10**9, ns % 10**9 // unit, len(data), size))
        out.append(data)
    return b"".join(out)


def block(order, kind, body):
    body += bytes(-len(body) % 4)
    size = struct.pack(order + "I", len(body) + 12)
    return struct.pack(order + "I", kind) + size + body + size


def pcapng(frames, order="<"):
    """Two interfaces in turn, of microseconds and nanoseconds and of unlike snap length."""
    out = [block(order, 0x0a0d0d0a, struct.pack(order + "IHHq", 0x1a2b3c4d, 1, 0, -1))]
    for snap, resolution in ((96, 6), (0, 9)):
        out.append(block(order, 1, struct.pack(order + "HHIHHB3xHH", 1, 0, snap, 9, 1, resolution,
                                               0, 0)))
    for i, (ns, data, size) in enumerate(frames):
        stamp = ns if i % 2 else ns // 1000
        out.append(block(order, 6, struct.pack(order + "IIIII", i % 2, stamp >> 32,
                                               stamp & 0xffffffff, len(data), size) + data))
    return b"".join(out)


def even(count, gap_ns=MS, size=60):
    """Frames at even times."""
    return [(10**18 + i * gap_ns, frame(i, size), size) for i in range(count)]


def mixed(count):
    sizes = [60, 61, 128, 594, 1514]
    return [(10**18 + i * 1000, frame(i, sizes[i % 5]), sizes[i % 5]) for i in range(count)]


def file_of(data, name="in.pcap"):
    path = os.path.join(TMP, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def bytes_of(frames):
    return sum(len(data) + 4 for _, data, _ in frames)


# --- formats and counts --------------------------------------------------------------------------

FORMATS = [
    ("pcap of microseconds", lambda f: classic(f, unit=1000), "pcap"),
    ("pcap of nanoseconds", classic, "pcap"),
    ("big-endian pcap", lambda f: classic(f, ">"), "pcap"),
    ("pcapng of two interfaces", pcapng, "pcapng"),
    ("big-endian pcapng", lambda f: pcapng(f, ">"), "pcapng"),
]


def case_all_arrive(make, name, *args, loops=1, port="loop:echo"):
    frames = mixed(1000)
    r = pktgen(port, "--pcap", file_of(make(frames)), *GENTLE, *args, codes=(0, 5))
    equal(r["tx"]["sent"], 1000 * loops, "sent")
    equal(r["tx"]["bytes_l2"], bytes_of(frames) * loops, "bytes sent")
    equal(r["rx"]["received"], 1000 * loops, "received")
    equal(r["rx"]["bytes_l2"], bytes_of(frames) * loops, "bytes received")
    equal((r["rx"]["lost"], r["rx"]["foreign"]), (0, 0), "lost and foreign")
    equal((r["replay"]["format"], r["replay"]["frames"]), (name, 1000), "the file")
    assert "latency" not in r and "reordered" not in r["rx"], "not measured, so not told"
    return r


def case_queues(*args, flow="ports"):
    r = case_all_arrive(classic, "pcap", "--queues", "4", "--loop", "3", *args, loops=3)
    equal((r["ports"][0]["queues"], r["replay"]["flow"]), (4, flow), "queues, and by what")


def case_left_out():
    frames = even(7)
    frames[1] = (frames[1][0], frame(1), 61)
    frames[2] = (frames[2][0], frame(2, 1515), 1515)
    frames[3] = (frames[3][0], frame(3, 20000), 20000)
    frames[4] = (frames[4][0], b"short", 5)
    r = pktgen("loop:echo", "--pcap", file_of(classic(frames)), *GENTLE, codes=(0, 5))
    equal(r["tx"]["sent"], 3, "sent")
    names = ("frames", "frames_sendable", "frames_cut", "frames_too_long", "frames_too_short")
    equal([r["replay"][n] for n in names], [7, 3, 1, 2, 1], "of the file")


def case_jumbo():
    path = file_of(classic(even(50, size=9014)))
    r = pktgen("loop:echo,max_mtu=9000", "--pcap", path, *GENTLE, codes=(0, 5))
    equal((r["rx"]["received"], r["rx"]["bytes_l2"]), (50, 50 * 9018), "received")


def case_impaired():
    path = file_of(classic(mixed(1000)))
    r = pktgen("loop:echo,loss=1e-2,seed=5", "--pcap", path, "--loop", "20", *GENTLE, codes=(0, 5))
    assert r["ports"][0]["loop"]["lost"] > 0, "the device did nothing"
    equal(r["rx"]["lost"], r["ports"][0]["loop"]["lost"], "lost")
    r = pktgen("loop:echo,dup=1e-2,seed=5", "--pcap", path, "--loop", "20", *GENTLE, codes=(0, 5))
    assert r["ports"][0]["loop"]["duplicated"] > 0, "the device did nothing"
    equal(r["rx"]["foreign"], r["ports"][0]["loop"]["duplicated"], "more came than were sent")
    equal((r["rx"]["received"], r["rx"]["lost"]), (20000, 0), "received and lost")


def case_count():
    path = file_of(classic(even(100, 1000)))
    r = pktgen("loop:echo", "--pcap", path, "--loop", "0", "-n", "250", *GENTLE, codes=(0, 5))
    equal((r["tx"]["sent"], r["replay"]["passes"]), (250, 2.5), "sent, and passes")
    assert "loops" not in r["replay"], "no number of loops was asked for"


def case_sink():
    path = file_of(pcapng(mixed(1000)))
    r = pktgen("loop:sink", "--tx-only", "--pcap", path, "--pcap-timing", "rate", "--loop", "30")
    equal(r["tx"]["sent"], 30000, "sent")
    equal((r["tx"]["unsent"], "rx" in r, "pacing" in r), (0, False, False), "as fast as can be")


def case_two_ports():
    path = file_of(classic(mixed(500)))
    r = pktgen("loop:pair", "loop:pair", "--pcap", path, *GENTLE, codes=(0, 5))
    equal((r["tx"]["sent"], r["rx"]["received"]), (500, 500), "sent and received")


# --- what else a run can do ----------------------------------------------------------------------


def frames_of(path):
    """The frames of a capture of ours, in order."""
    with open(path, "rb") as f:
        data = f.read()
    out, at = [], 0
    while at < len(data):
        kind, size = struct.unpack_from("=II", data, at)
        if kind == 6:
            length = struct.unpack_from("=I", data, at + 20)[0]
            out.append(data[at + 28:at + 28 + length])
        at += size
    return out


def case_capture():
    frames, path = mixed(1000), os.path.join(TMP, "sent.pcapng")
    r = pktgen("loop:sink", "--tx-only", "--pcap", file_of(classic(frames)), *GENTLE, "--capture",
               path, codes=(0, 5))
    equal(r["capture"]["written"], 1000, "frames captured")
    assert frames_of(path) == [data for _, data, _ in frames], "what was sent is not the file"
    r = case_all_arrive(classic, "pcap", "--queues", "2", "--capture", path)
    equal(r["capture"]["written"], 2000, "frames captured on their way there and back")
    assert sorted(frames_of(path)) == sorted([data for _, data, _ in frames] * 2), "other frames"


def question(address):
    """An ARP request for it."""
    return (bytes([255] * 6 + [2, 0, 0, 0, 0, 9, 8, 6, 0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 9])
            + bytes([198, 18, 0, 9]) + bytes(6) + bytes(address) + bytes(18))


def case_answers(*args):
    """Questions that come back from the echo are answered, and the echo of the answers counts."""
    frames = even(1000)
    for i in range(0, 1000, 100):
        frames[i] = (frames[i][0], question([198, 18, 5, 1]), 60)
        frames[i + 50] = (frames[i + 50][0], question([198, 18, 5, 2]), 60)
    r = pktgen("loop:echo", "--pcap", file_of(classic(frames)), *GENTLE, "--respond", "arp", *args,
               "--src-ip", "198.18.5.1", codes=(0, 5))
    equal(r["answers"], {"arp": 10, "nd": 0, "icmp": 0, "dropped": 0}, "answers")
    equal((r["tx"]["sent"], r["rx"]["foreign"]), (1000, 10), "sent, and foreign questions")
    equal((r["rx"]["received"], r["rx"]["lost"]), (1000, 0), "received and lost")


def case_answers_ipv6():
    """Addresses to answer for need no frames that would fit them."""
    r = pktgen("loop:echo", "--pcap", file_of(classic(even(50))), *GENTLE, "--respond", "nd",
               "--ipv6", "--src-ip", "2001:2::7", codes=(0, 5))
    equal((r["rx"]["received"], r["answers"]["nd"]), (50, 0), "received and answered")


def case_not_measured():
    """What only the numbers in our frames tell is nowhere, rather than 0."""
    names = [os.path.join(TMP, name) for name in ("lines.jsonl", "lines.csv", "metrics.prom")]
    r = pktgen("loop:echo,loss=1e-1,seed=1", "--pcap", file_of(classic(mixed(10000))), *GENTLE,
               "--interval", "100ms", "--jsonl", names[0], "--csv", names[1], "--metrics-file",
               names[2], codes=(0, 5))
    assert r["rx"]["lost"] > 0 and r["intervals"], "nothing was lost"
    assert not any("books" in reason for reason in r["reasons"]), r["reasons"]
    equal(set(r) & {"streams", "latency"}, set(), "in the result")
    assert "offered" not in r["tx"], "nobody knows what was still to come"
    equal(set(r["intervals"][0]), {"from_s", "to_s", "sent", "received"}, "in an interval")
    lines, table, metrics = [open(name, encoding="ascii").read() for name in names]
    equal(set(json.loads(lines.splitlines()[0])),
          {"schema", "version", "from_s", "to_s", "sent", "received"}, "in a line")
    for text in (table, metrics):
        assert "received_packets" in text, text
        for word in ("missing", "reordered", "duplicate", "late_packets", "corrupt", "stream"):
            assert word not in text, f"{word} in {text}"


# --- time ----------------------------------------------------------------------------------------


def in_time(seconds, *args):
    """A run that takes that long within 3 %, once in some tries: processors may be away."""
    for _ in range(TRIES):
        r = pktgen(*args, *CALM, codes=(0, 5))
        if abs(r["tx"]["duration_s"] - seconds) <= 0.03 * seconds:
            return r
    raise AssertionError(f"{r['tx']['duration_s']} s instead of {seconds}: {r['reasons']}")


def case_keep(seconds, *args, sent=500, gap_ms=1):
    """500 frames, 1 ms apart."""
    path = file_of(classic(even(500)))
    r = in_time(seconds, "loop:echo", "--pcap", path, *args)
    equal(r["tx"]["sent"], sent, "sent")
    near(r["tx"]["offered_pps"], 1000 / gap_ms, 0.01, "offered")
    equal(r["rx"]["lost"], 0, "lost")
    equal(r["replay"]["file_duration_s"], 0.499, "the file's time")


def case_bursts():
    """Ten at a time, 50 ms between: no even rate would take this long."""
    frames = [(10**18 + i // 10 * 50 * MS, frame(i), 60) for i in range(100)]
    r = in_time(0.45, "loop:echo", "--pcap", file_of(classic(frames)))
    equal(r["tx"]["sent"], 100, "sent")
    assert r["pacing"]["bursts"] < 40, f"{r['pacing']['bursts']} bursts"


def case_backwards():
    """Where the file's time runs backwards, the order stays, and no frame waits."""
    frames = even(300)
    frames[100:200] = [(ns - 60 * 10**9, data, size) for ns, data, size in frames[100:200]]
    r = in_time(0.299, "loop:echo", "--pcap", file_of(classic(frames)))
    equal(r["tx"]["sent"], 300, "sent")


def case_rate(*args, seconds, pps):
    path = file_of(classic(even(500, 1)))
    r = in_time(seconds, "loop:echo", "--pcap", path, *args)
    near(r["tx"]["rate_pps"], pps, 0.04, "rate")
    equal(r["tx"]["offered_pps"], pps, "offered")


def case_endless():
    path = file_of(classic(even(500)))
    r = in_time(0.8, "loop:echo", "--pcap", path, "--loop", "0", "-t", "800ms")
    near(r["tx"]["sent"], 800, 0.03, "sent")


# --- how a run ends ------------------------------------------------------------------------------


def case_signal():
    path, out = file_of(classic(even(500))), os.path.join(TMP, "signal.json")
    p = subprocess.Popen([VIO, "pktgen", "loop:echo", "--pcap", path, "--loop", "0", "-t", "50s",
                          *CALM, "-q", "-o", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    p.send_signal(signal.SIGINT)
    _, err = p.communicate(timeout=TIMEOUT)
    assert p.returncode in (0, 5), f"exit code {p.returncode} ({err})"
    r = read_result(out)
    equal(r["interrupted"], True, "interrupted")
    assert 0 < r["tx"]["sent"] < 40000, r["tx"]["sent"]


def case_cut_meanwhile():
    """The file loses its end while it is sent."""
    path, out = file_of(classic(even(200000, 10000))), os.path.join(TMP, "cut.json")
    p = subprocess.Popen([VIO, "pktgen", "loop:echo", "--pcap", path, "--loop", "0", "-t", "50s",
                          *CALM, "-q", "-o", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(1)
    os.truncate(path, 24 + 100000 * 76 - 1)
    text, err = p.communicate(timeout=TIMEOUT)
    equal(p.returncode, 1, f"exit code ({err})")
    r = read_result(out)
    equal(r["verdict"], "failed", "verdict")
    assert any("offset" in reason for reason in r["reasons"]), (r["reasons"], text)
    assert r["tx"]["sent"] > 0, "what was sent is told"


def peak_kib(*args):
    """The most memory that a run takes."""
    with subprocess.Popen([VIO, *args], stdout=subprocess.DEVNULL) as p:
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
    assert p.returncode in (0, 5), f"exit code {p.returncode}"
    return usage.ru_maxrss


def case_memory():
    """A file 16 times as large as the ring takes no more memory than one that fills it."""
    few, many = 2 << 20, 32 << 20
    run = ["pktgen", "loop:sink", "--tx-only", "--pcap-timing", "rate", "-q", "--pcap"]
    for attempt in range(TRIES):
        small = peak_kib(*run, file_of(classic(even(few // 1530, size=1514)), "small.pcap"))
        large = peak_kib(*run, file_of(classic(even(many // 1530, size=1514)), "large.pcap"))
        if large < small + 4096:
            return
    raise AssertionError(f"{large} KiB for {many} bytes, {small} KiB for {few}, {attempt}")


def case_text():
    path = file_of(pcapng(even(100, 1000)))
    code, out, err = vio("pktgen", "loop:echo", "--pcap", path, "--queues", "2", *CALM)
    assert code in (0, 5), err
    for word in (f"replay {path}  pcapng, 100 frames in 9.9e-05 s", "speed x1",
                 "queues by addresses and ports", "1.00 times 100 of 100 frames"):
        assert word in out, f"'{word}' is not in: {out}"
    for word in ("reordered", "duplicate", "latency us"):
        assert word not in out, f"'{word}' was not measured: {out}"


def case_dry_run():
    path = file_of(classic(even(3) + [(10**18, frame(3), 90)]))
    code, out, err = vio("pktgen", "--dry-run", "--pcap", path)
    equal((code, err), (0, ""), "exit code and stderr")
    equal(out, f"{path}  pcap, 4 frames in 0.002 s  cut off 1  too short 0  too long for any port "
          "0  largest 64\n", "stdout")


# --- errors --------------------------------------------------------------------------------------

GOOD = classic(even(3))
BAD_FILES = [
    ("an empty file", b"", "0 bytes, too few"),
    ("a text", b"hello, world, this is no capture", "offset 0: it begins with 68 65 6c 6c"),
    ("a compressed file", b"\x1f\x8b\x08\x00" + bytes(40), "compressed with gzip"),
    ("a file cut in a frame", GOOD[:-1], "offset 176: what begins here is cut off"),
    ("a file cut in a header", GOOD[:180], "offset 176: what begins here is cut off"),
    ("a length that can't be", GOOD[:32] + b"\xff\xff\xff\x7f" + GOOD[36:], "offset 24: a frame"),
    ("cooked frames", classic(even(3), link=113), "link type 113 (Linux cooked)"),
    ("a block that ends otherwise", pcapng(even(3))[:-1] + b"\1", "ends with the length"),
    ("no frames", classic([]), "of 0 frames"),
    ("frames that are all too long", classic(even(3, size=1600)), "of 3 frames 0 are cut off"),
]


def case_bad_file(data, text):
    path = file_of(data)
    code, out, err = vio("pktgen", "loop:echo", "--pcap", path)
    equal((code, out), (3, ""), f"exit code and stdout ({err})")
    assert err.startswith("error[VIO-PCAP-01]: ") and path in err and text in err, err


FILE = object()  # stands for a good capture
ERRORS = [
    ("a file that is not there", ["--pcap", "/nonexistent.pcap"], 3, "No such file"),
    ("a folder", ["--pcap", "/"], 3, "no regular file"),
    ("a speed of nothing", ["--pcap", FILE, "--pcap-timing", "x0"], 2, "VIO-CLI-03"),
    ("an unknown timing", ["--pcap", FILE, "--pcap-timing", "fast"], 2, "VIO-CLI-03"),
    ("an unknown kind of flow", ["--pcap", FILE, "--flow-hash=mac"], 2, "VIO-CLI-03"),
    ("a rate and the file's timing", ["--pcap", FILE, "--pcap-timing", "keep", "-r", "1kpps"], 2,
     "--rate"),
    ("frames to make", ["--pcap", FILE, "--flows", "10"], 2, "--flows"),
    ("a payload", ["--pcap", FILE, "--payload", "zero"], 2, "--payload"),
    ("an order of flows", ["--pcap", FILE, "--step", "dec"], 2, "--step"),
    ("a type of service", ["--pcap", FILE, "--tos", "4"], 2, "--tos"),
    ("several streams", ["--pcap", FILE, "--profile", FILE], 2, "--profile"),
    ("an address of nobody", ["--pcap", FILE, "--src-ip", "10.0.0.1"], 2, "--respond"),
    ("packets to learn from", ["--pcap", FILE, "--learn"], 2, "--learn"),
    ("a warm-up", ["--pcap", FILE, "--warmup", "1s"], 2, "--warmup"),
    ("a run that only receives", ["--pcap", FILE, "--rx-only"], 2, "--rx-only"),
    ("loops of nothing", ["--loop", "2"], 2, "without --pcap"),
    ("a timing of nothing", ["--pcap-timing", "keep"], 2, "without --pcap"),
]


def case_refused(args, code, text):
    path = file_of(GOOD)
    case_error(["pktgen", "loop:echo", *[path if a is FILE else a for a in args]], code, text)


def case_fifo():
    path = os.path.join(TMP, "fifo")
    os.mkfifo(path)
    code, _, err = vio("pktgen", "loop:echo", "--pcap", path)
    equal(code, 3, err)
    assert "no regular file" in err, err


def case_no_next_loop():
    path = file_of(classic([(5, frame(0), 60)] * 3))
    code, _, err = vio("pktgen", "loop:echo", "--pcap", path, "--loop", "2")
    equal(code, 2, err)
    assert "--pcap-timing rate" in err, err


def case_help():
    _, out, _ = vio("pktgen", "--help")
    for option in ("--pcap FILE", "--pcap-timing HOW", "--loop N", "--flow-hash[=WHAT]"):
        assert option in out, f"{option} is not in the help"


# --- the list of cases ---------------------------------------------------------------------------


def cases():
    for what, make, name in FORMATS:
        yield f"all frames arrive: {what}", case_all_arrive, (make, name)
    for port in ("loop:echo,packed=off", "loop:echo,mrg_rxbuf=on", "loop:echo,size=64"):
        yield (f"all frames arrive over {port}",
               lambda p: case_all_arrive(classic, "pcap", port=p), (port,))
    yield "several queues by addresses and ports", case_queues, ()
    yield "several queues by addresses", lambda: case_queues("--flow-hash=ip", flow="ip"), ()
    yield "cut, long and short frames are left out and counted", case_left_out, ()
    yield "large frames where the port carries them", case_jumbo, ()
    yield "loss and duplicates are counted", case_impaired, ()
    yield "a number of frames, within a loop", case_count, ()
    yield "as fast as can be", case_sink, ()
    yield "from one port to another", case_two_ports, ()
    yield "captures have the frames of the file", case_capture, ()
    yield "questions are answered meanwhile", case_answers, ()
    yield "questions are answered on several queues", lambda: case_answers("--queues", "3"), ()
    yield "addresses of IPv6 can be answered for", case_answers_ipv6, ()
    yield "what was not measured is absent from all output", case_not_measured, ()
    yield "the file's time is kept", case_keep, (0.499,)
    yield "twice as fast", lambda: case_keep(0.2495, "--pcap-timing", "x2.0", gap_ms=0.5), ()
    yield "at half the speed", lambda: case_keep(0.998, "--pcap-timing", "x0.5", gap_ms=2), ()
    yield "loops take N times as long", lambda: case_keep(0.999, "--loop", "2", sent=1000), ()
    yield ("the file's time is kept on three queues",
           lambda: case_keep(0.999, "--loop", "2", "--queues", "3", sent=1000), ())
    yield "bursts stay bursts", case_bursts, ()
    yield "time that runs backwards", case_backwards, ()
    yield ("at a rate of packets",
           lambda: case_rate("-r", "1kpps", seconds=0.5, pps=1000), ())
    yield ("at a rate of packets on three queues",
           lambda: case_rate("-r", "2kpps", "--loop", "2", "--queues", "3", seconds=0.5, pps=2000),
           ())
    yield ("at a rate of bits",
           lambda: case_rate("-r", "1.024Mbps", seconds=0.25, pps=2000), ())
    yield "--loop 0 goes on until the time is over", case_endless, ()
    yield "SIGINT ends a replay with its result", case_signal, ()
    yield "a file that loses its end meanwhile", case_cut_meanwhile, ()
    yield "memory does not grow with the file", case_memory, ()
    yield "text has all its parts", case_text, ()
    yield "a dry run tells what the file holds", case_dry_run, ()
    for what, data, text in BAD_FILES:
        yield f"{what} is refused", case_bad_file, (data, text)
    for what, args, code, text in ERRORS:
        yield f"{what} is an error with exit code {code}", case_refused, (args, code, text)
    yield "a FIFO is refused at once", case_fifo, ()
    yield "a next loop needs a time", case_no_next_loop, ()
    yield "the options are in the help", case_help, ()


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
