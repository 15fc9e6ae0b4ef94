#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What `vio` captures, as Wireshark and a parser of our own read it. Prints TAP.

usage: capture.py VIO SCHEMA [PART OF A CASE'S NAME]
"""

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time

from cases import Skip, equal, main
from tool import TIMEOUT, TMP, VIO, case_error, checked, vio

SCHEMA = json.load(open(sys.argv[2]))
# On a machine that others use too: lateness is not judged, and with one worker nothing is lost for
# want of a processor.
CALM = ["--late-limit", "100%", "--cores", str(min(os.sched_getaffinity(0)))]
FILE = os.path.join(TMP, "f.pcapng")


def pktgen(*args, codes=(0, 5), file=FILE):
    """Run pktgen with a capture; returns its result and what it said on stderr."""
    path = os.path.join(TMP, "result.json")
    code, out, err = vio("pktgen", *args, *CALM, "-q", "-o", path, "--capture", file)
    assert code in codes, f"exit code {code}: {out}{err}"
    with open(path) as f:
        result = checked(json.load(f), SCHEMA)
    assert "capture" in out, out
    return result, err


def options(data):
    """The options at the beginning of @data: code and value."""
    out = {}
    while len(data) >= 4:
        code, length = struct.unpack_from("=HH", data)
        if code == 0:
            break
        out[code] = data[4:4 + length]
        data = data[4 + (length + 3) // 4 * 4:]
    return out


def blocks(data):
    """Type and body of each block; the file is whole."""
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        at += length
        equal(struct.unpack_from("=I", data, at - 4)[0], length, "length at the block's end")
        yield kind, data[at - length + 8:at - 4]


class Capture:
    """A file, read. Packets are (interface, ns, frame, length on the wire, direction, queue)."""

    def __init__(self, data):
        self.interfaces, self.packets, self.stats = [], [], []
        for i, (kind, body) in enumerate(blocks(data)):
            assert (kind == 0x0A0D0D0A) == (i == 0), "one section, first"
            if kind == 1:
                self.interfaces.append(options(body[8:]))
            elif kind == 6:
                self.packets.append(self.packet(body))
            elif kind == 5:
                opts = options(body[12:])
                self.stats.append(tuple(struct.unpack("=Q", opts[code])[0] for code in (4, 6, 5)))

    @staticmethod
    def packet(body):
        interface, high, low, kept, length = struct.unpack_from("=IIIII", body)
        opts = options(body[20 + (kept + 3) // 4 * 4:])
        return (interface, high << 32 | low, body[20:20 + kept], length,
                {1: "in", 2: "out"}[struct.unpack("=I", opts[2])[0] & 3],
                struct.unpack("=I", opts[6])[0])


def read(path=FILE):
    with open(path, "rb") as f:
        return Capture(f.read())


def tshark(*args, data=None):
    if not shutil.which("tshark"):
        assert os.environ.get("CI") != "true", "tshark is not installed"
        raise Skip("tshark is not installed")
    return subprocess.run(["tshark", *args], capture_output=True, timeout=TIMEOUT, check=True,
                          input=data).stdout.decode().splitlines()


# --- vio pktgen --capture ------------------------------------------------------------------------


def case_both_directions():
    r, _ = pktgen("loop:echo", "-n", "2000", "-r", "20kpps")
    c = read()
    sent = [p for p in c.packets if p[4] == "out"]
    received = [p for p in c.packets if p[4] == "in"]
    equal((len(sent), len(received)), (r["tx"]["sent"], r["rx"]["received"]), "sent and received")
    equal([p[2] for p in sent], [p[2] for p in received], "frames sent and frames received")
    times = [p[1] for p in c.packets]
    equal(times, sorted(times), "frames in the order of time")
    equal(c.stats, [(4000, 4000, 0)], "seen, accepted, dropped")
    equal(r["capture"]["written"], 4000, "frames in the result")


def case_queues():
    pktgen("loop:pair", "loop:pair", "-n", "600", "-r", "20kpps", "--queues", "3", "--bidir")
    c = read()
    equal([i[2] for i in c.interfaces], [b"loop:pair", b"loop:pair"], "names of the interfaces")
    for port in (0, 1):
        for way in ("in", "out"):
            for queue in range(3):
                n = sum(p[0] == port and p[4] == way and p[5] == queue for p in c.packets)
                equal(n, 200, f"frames {way}, port {port}, queue {queue}")
    equal(c.stats, [(1200, 1200, 0)] * 2, "seen, accepted, dropped")


def case_wireshark():
    pktgen("loop:echo", "-n", "300", "-r", "20kpps", "-s", "64,300,1518")
    lines = tshark("-r", FILE, "-T", "fields", "-o", "udp.check_checksum:TRUE", "-e",
                   "frame.time_epoch", "-e", "frame.len", "-e", "udp.checksum.status", "-e",
                   "frame.protocols")
    equal(len(lines), 600, "frames")
    for line, p in zip(lines, read().packets):
        time, length, udp, protocols = line.split("\t")
        equal(time, f"{p[1] // 10**9}.{p[1] % 10**9:09d}", "time")
        equal(int(length), p[3], "length")
        equal(udp, "1", "checksum")
        assert "udp:pktgen" in protocols, protocols
    out = subprocess.run(["capinfos", "-M", FILE], capture_output=True, timeout=TIMEOUT, text=True,
                         check=True).stdout
    for text in ("nanoseconds (9)", "Strict time order:   True", "loop:echo", "vio "):
        assert text in out, out


FILTERS = [
    ("a size", "len > 100", 200),
    ("a port", "udp src port 1024", 400),
    ("a port that is not used", "udp port 4", 0),
    ("bytes of the payload", "udp[8:4] = 0xbe9be955 and len <= 60", 200),
]


def case_filter(text, want):
    r, _ = pktgen("loop:echo", "-n", "200", "-r", "20kpps", "-s", "64,300", "--capture-filter",
                  text)
    c = read()
    equal(len(c.packets), want, "frames")
    equal(c.stats, [(400, want, 0)], "seen, accepted, dropped")
    equal(r["capture"]["accepted"], want, "accepted")
    equal(c.interfaces[0][11], b"\0" + text.encode(), "the filter stands in the file")


def case_snap():
    pktgen("loop:echo", "-n", "100", "-r", "20kpps", "-s", "64,1518", "--capture-snap", "61")
    equal({(len(p[2]), p[3]) for p in read().packets}, {(60, 60), (61, 1514)}, "kept of length")


def case_full_disk():
    r, err = pktgen("loop:echo", "-n", "2000", "-r", "50kpps", codes=(3,), file="/dev/full")
    c = r["capture"]
    equal(r["tx"]["sent"], 2000, "sent")
    equal((c["seen"], c["written"], c["dropped"], c["lost"]), (4000, 0, 0, 4000),
          "seen, written, dropped, lost")
    assert "No space left" in c["error"], c
    assert "error[VIO-GEN-05]: /dev/full" in err and "No space left" in err, err


def case_stays_off():
    r, _ = pktgen("loop:echo", "-n", "100", "-r", "20kpps")
    code, out, err = vio("pktgen", "loop:echo", "-n", "100", "-q")
    assert "capture" in r and "capture" not in out, out


# --- what is said beside the traffic -------------------------------------------------------------

LEARN = [
    ("gratuitous ARP", ["--src-ip", "10.0.0.254-10.0.1.1"], "arp.isgratuitous == 1",
     "arp.src.proto_ipv4", ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]),
    ("neighbour advertisements", ["--ipv6", "-s", "100", "--vlan", "7", "--src-ip",
                                  "2001:2::ffff-2001:2::1:1"],
     "icmpv6.type == 136 && icmpv6.checksum.status == 1 && vlan.id == 7",
     "icmpv6.nd.na.target_address", ["2001:2::ffff", "2001:2::1:0", "2001:2::1:1"]),
]


def case_learn(args, wanted, field, addresses):
    r, _ = pktgen("loop:echo", "-n", "10", "-r", "1kpps", "--learn=4", *args)
    equal((r["tx"]["sent"], r["rx"]["received"]), (10, 10), "what was learnt from is not counted")
    told = tshark("-r", FILE, "-Y", f"frame.p2p_dir == 0 && {wanted}", "-T", "fields", "-e", field)
    equal(told, addresses, "addresses announced")
    equal(sum(p[4] == "out" for p in read().packets), 10 + 4 + len(addresses), "frames sent")


def case_learn_streams():
    """Whoever learns from packets has seen those of each stream."""
    path = os.path.join(TMP, "two.yaml")
    with open(path, "w") as f:
        f.write("streams: [{src-mac: '02:00:00:00:00:0a', src-ip: 10.0.0.1, count: 10},"
                " {src-mac: '02:00:00:00:00:0b', src-ip: 10.0.0.2, count: 10}]")
    pktgen("loop:echo", "--profile", path, "-r", "1kpps", "--learn=4")
    told = tshark("-r", FILE, "-Y", "frame.p2p_dir == 0", "-T", "fields", "-e", "eth.src")
    equal({mac: told.count(mac) for mac in told},
          {f"02:00:00:00:00:{last}": 1 + 4 + 10 for last in ("0a", "0b")},
          "announcement, packets to learn from and of the run")


def case_learn_both_ports():
    pktgen("loop:pair", "loop:pair", "-n", "10", "-r", "1kpps", "--learn", "--respond", "arp")
    told = tshark("-r", FILE, "-Y", "frame.p2p_dir == 0 && arp", "-T", "fields", "-e",
                  "frame.interface_id", "-e", "arp.src.proto_ipv4")
    equal(told, ["0\t198.18.0.1", "1\t198.18.0.2"], "each port announces its own addresses")


def case_nobody_asks():
    r, _ = pktgen("loop:source", "--rx-only", "-t", "100ms", "--respond", "arp,icmp,nd")
    equal(r["answers"], {"arp": 0, "nd": 0, "icmp": 0, "dropped": 0}, "answers")


# --- vio fwd --capture ---------------------------------------------------------------------------


def case_fwd():
    code, out, err = vio("fwd", "loop:source,max_queues=2", "loop:sink", "--mode", "mac",
                         "--queues", "2", "-t", "20ms", "-q", "--capture", FILE, "--capture-snap",
                         "20")
    equal(code, 0, err)
    n = int(re.search(r"port 0 +received (\d+)", out)[1])
    c = read()
    equal([i[2] for i in c.interfaces], [b"loop:source,max_queues=2", b"loop:sink"], "interfaces")
    equal(c.stats[0][0], n, "frames seen on port 0")
    equal(sum(s[1] - s[2] for s in c.stats), len(c.packets), "accepted less dropped are written")
    equal({(p[0], p[4]) for p in c.packets}, {(0, "in"), (1, "out")}, "ports and directions")
    equal({p[2][:6] for p in c.packets if p[4] == "out"}, {bytes.fromhex("020000000002")},
          "a frame that was sent has the new address")


# --- vio dump ------------------------------------------------------------------------------------

SOURCE = "loop:source"
END = r"captured (\d+)  dropped (\d+)  seen (\d+)\n$"


def dump(*args):
    """Run dump to its end. Returns stdout as bytes, and what its last line says."""
    p = subprocess.run([VIO, "dump", *args], capture_output=True, timeout=TIMEOUT)
    err = p.stderr.decode()
    equal(p.returncode, 0, f"exit code ({err})")
    return p.stdout, tuple(int(n) for n in re.search(END, err).groups())


def case_dump_lines():
    out, (captured, _, seen) = dump(SOURCE, "-c", "50")
    lines = out.decode().splitlines()
    equal((len(lines), captured), (50, 50), "lines, frames captured")
    assert seen >= 50, seen
    for line in lines:
        assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{9} in +60 [0-9a-f:]{17} > ff:ff:ff:ff:ff:ff type "
                            r"0x88b5", line), line


def case_dump_file(*args):
    path = os.path.join(TMP, "dump.pcapng")
    _, (captured, dropped, seen) = dump(SOURCE, "-t", "20ms", "-w", path, "-s", "20", *args)
    c = read(path)
    equal(len(c.packets), captured, "frames in the file")
    equal(c.stats, [(seen, seen, dropped)], "seen, accepted, dropped")
    equal({(len(p[2]), p[3], p[4]) for p in c.packets}, {(20, 60, "in")}, "kept, length, direction")
    os.unlink(path)


def case_dump_pipe():
    out, _ = dump(SOURCE, "-c", "20", "-w", "-")
    equal(len(tshark("-r", "-", data=out)), 20, "frames that Wireshark reads from a pipe")


def case_dump_filter():
    _, (captured, dropped, seen) = dump(SOURCE, "-t", "100ms", "-f", "ip or ip6")
    equal((captured, dropped), (0, 0), "captured, dropped")
    assert seen > 0, "nothing came"


def case_dump_reader_leaves():
    """What reads may stop: no error, and an end."""
    for args in ([], ["-w", "-"]):
        p = subprocess.Popen([VIO, "dump", SOURCE, *args], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
        p.stdout.read(100)
        p.stdout.close()
        err = p.stderr.read().decode()
        equal(p.wait(TIMEOUT), 0, f"exit code ({err})")
        assert re.fullmatch(END, err), err


def case_dump_signal():
    p = subprocess.Popen([VIO, "dump", "loop:echo"], stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True)
    time.sleep(0.5)
    p.send_signal(signal.SIGINT)
    out, err = p.communicate(timeout=TIMEOUT)
    equal((p.returncode, out), (0, ""), "exit code, stdout")
    equal(re.fullmatch(END, err).groups(), ("0", "0", "0"), "captured, dropped, seen")


# --- captures of a run: --control and --attach ---------------------------------------------------

SOCKET = os.path.join(TMP, "control.sock")


class Running:
    """A command with --control, in the background; ended with SIGINT."""

    def __init__(self, *args):
        self.p = subprocess.Popen([VIO, *args, "-q", "--control", SOCKET], stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        end = time.monotonic() + TIMEOUT
        while not self.listens():
            assert self.p.poll() is None and time.monotonic() < end, self.p.communicate()[1]
            time.sleep(0.02)
        return self

    def listens(self):
        try:
            connect().close()
        except OSError:
            return False
        return True

    def __exit__(self, *_):
        self.p.send_signal(signal.SIGINT)
        self.out, err = self.p.communicate(timeout=TIMEOUT)
        assert self.p.returncode in (0, 5), f"exit code {self.p.returncode}: {err}"
        assert not os.path.exists(SOCKET), "the socket is left behind"


def connect():
    s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    s.settimeout(TIMEOUT)
    s.connect(SOCKET)
    return s


def pktgen_running():
    return Running("pktgen", "loop:echo", "-r", "5kpps", "-t", "60s", *CALM)


def case_attach():
    with pktgen_running():
        equal(os.stat(SOCKET).st_mode & 0o777, 0o600, "rights of the socket")
        out, (captured, dropped, _) = dump("--attach", SOCKET, "-c", "300")
        equal((len(out.splitlines()), captured, dropped), (300, 300, 0), "lines, captured, dropped")
        assert b" out " in out and b" in  " in out, "both directions"
        path = os.path.join(TMP, "attach.pcapng")
        _, (captured, _, _) = dump("--attach", SOCKET, "-c", "50", "-s", "20", "-w", path)
        equal([len(p[2]) for p in read(path).packets], [20] * captured, "bytes kept")
        equal(len(tshark("-r", path)), 50, "frames that Wireshark reads")
        _, (captured, _, seen) = dump("--attach", SOCKET, "-t", "300ms", "-f", "arp")
        equal(captured, 0, "no ARP")
        assert seen > 0, "statistics come at the end"


def case_attach_several():
    with pktgen_running():
        asked = [connect() for _ in range(5)]
        for s in asked:
            s.sendall(b'{"cmd": "capture"}\n')
        first = [s.recv(1) for s in asked]
        equal(sorted(first), [b"\n"] * 4 + [b"{"], "four are served, one is refused")
        for s in asked:
            s.close()
        end = time.monotonic() + TIMEOUT
        while vio("dump", "--attach", SOCKET, "-c", "10")[0]:
            assert time.monotonic() < end, "there is never room again"


def case_attach_slow():
    """A reader that takes nothing, and one that dies, cost the run nothing."""
    with pktgen_running() as run:
        slow, dead = connect(), connect()
        for s in (slow, dead):
            s.sendall(b'{"cmd": "capture"}\n')
            s.recv(1)
        dead.close()
        time.sleep(1)
    sent, received = (int(re.search(name + r" ([\d,]+)", run.out)[1].replace(",", ""))
                      for name in ("sent", "received"))
    assert sent > 1000, run.out
    equal(received, sent, "received")


def case_attach_end():
    """When the run ends, so does the capture, with its statistics."""
    with pktgen_running():
        p = subprocess.Popen([VIO, "dump", "--attach", SOCKET, "-w", FILE],
                             stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
    err = p.communicate(timeout=TIMEOUT)[1]
    captured, dropped, seen = (int(n) for n in re.fullmatch(END, err).groups())
    assert captured > 0 and captured + dropped == seen, err
    equal(len(read().packets), captured, "frames in the file")


def case_attach_fwd():
    with Running("fwd", "loop:source", "loop:sink", "--mode", "mac"):
        _, (captured, _, _) = dump("--attach", SOCKET, "-c", "100", "-w", FILE)
        equal(captured, 100, "frames captured")
    equal([i[2] for i in read().interfaces], [b"loop:source", b"loop:sink"], "interfaces")


REQUESTS = [
    ("no JSON", b"capture\n"),
    ("another command", b'{"cmd": "stop"}\n'),
    ("no command", b"{}\n"),
    ("a list", b"[1]\n"),
    ("a filter that is none", b'{"cmd": "capture", "filter": "upd"}\n'),
    ("a filter that is no text", b'{"cmd": "capture", "filter": 1}\n'),
    ("a snap length that is too large", b'{"cmd": "capture", "snap": 65536}\n'),
    ("a count of nothing", b'{"cmd": "capture", "count": 0}\n'),
    ("an unknown member", b'{"cmd": "capture", "colour": "red"}\n'),
    ("an unknown member whose name is cut within a character",
     b'{"cmd": "capture", "x' + 40 * "\u00fc".encode() + b'": 1}\n'),
    ("no end of the line", b'{"cmd": "capture"}'),
    ("a line without end", b"x" * 5000),
]


def case_bad_requests():
    with pktgen_running():
        for what, request in REQUESTS:
            with connect() as s:
                s.sendall(request)
                answer = s.makefile().readline()
            assert "error" in json.loads(answer), f"{what}: {answer}"
        dump("--attach", SOCKET, "-c", "10")


def case_stale_socket():
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(SOCKET)
    with pktgen_running():
        code, _, err = vio("pktgen", "loop:echo", "-n", "1", "--control", SOCKET)
        equal(code, 3, "exit code")
        assert "VIO-CAP-01" in err and "in use" in err, err


ANSWERS = [
    ("nothing", b"", 0, ""),
    ("an error", b'{"error": "too hot"}\n', 3, "too hot"),
    ("an error that is none", b"{{{\n", 3, "VIO-CAP-02"),
    ("a block of no length", b"\n\r\r\n" + b"\0" * 100, 3, "is no capture"),
    ("a block that is too long", b"\n\r\r\n\xff\xff\xff\xff" + b"\0" * 100, 3, "is no capture"),
    ("half a block", b"\n\r\r\n\x40\0\0\0" + b"\0" * 20, 0, ""),
]


def case_bad_answer(answer, code, text):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(SOCKET)
        listener.listen()
        p = subprocess.Popen([VIO, "dump", "--attach", SOCKET], stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, text=True)
        s, _ = listener.accept()
        equal(json.loads(s.makefile().readline()), {"cmd": "capture"}, "request")
        s.sendall(answer)
        s.close()
        out, err = p.communicate(timeout=TIMEOUT)
    os.unlink(SOCKET)
    equal((p.returncode, out), (code, ""), f"exit code, stdout ({err})")
    assert text in err, err


# --- Wireshark's way of capturing: extcap --------------------------------------------------------

ASKED = [
    ("interfaces", ["--extcap-interfaces", "--extcap-version=4.0"], ["{value=vio}", "extcap {"]),
    ("links", ["--extcap-dlts", "--extcap-interface", "vio"], ["{number=1}", "EN10MB"]),
    ("settings", ["--extcap-config", "--extcap-interface", "vio"],
     ["{call=--socket}", "{call=--port}", "{call=--snap}"]),
    ("a filter", ["--extcap-capture-filter", "udp", "--extcap-interface", "vio"], []),
]


def case_extcap_asked(args, words):
    code, out, err = vio("extcap", *args)
    equal((code, err), (0, ""), "exit code, stderr")
    for word in words:
        assert word in out, out


def case_extcap_fifo():
    """As Wireshark does it: a FIFO that is read for a while, then SIGTERM."""
    fifo = os.path.join(TMP, "fifo")
    os.mkfifo(fifo)
    p = subprocess.Popen([VIO, "extcap", "--capture", "--extcap-interface", "vio", "--fifo", fifo,
                          "--port", "loop:echo", "--socket", "", "--extcap-capture-filter", ""],
                         stderr=subprocess.PIPE)
    with open(fifo, "rb") as f:
        head = f.read(12)
        p.send_signal(signal.SIGTERM)
        data = head + f.read()
    equal(p.communicate(timeout=TIMEOUT)[1], b"", "stderr, which Wireshark would show")
    equal(p.returncode, 0, "exit code")
    c = Capture(data)
    equal((c.interfaces[0][2], c.stats), (b"loop:echo", [(0, 0, 0)]), "interface, statistics")


def case_extcap_wireshark():
    """Wireshark takes extcap programs from the environment only if it is not root's."""
    if not shutil.which("tshark") or not shutil.which("setpriv"):
        assert os.environ.get("CI") != "true", "tshark or setpriv is not installed"
        raise Skip("tshark or setpriv is not installed")
    home = os.path.join(TMP, "home")
    os.makedirs(os.path.join(home, "extcap"))
    shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)),
                             "../../apps/vio/vio-extcap"), os.path.join(home, "extcap"))
    shutil.copy(VIO, os.path.join(home, "vio"))
    for path in (TMP, home):
        os.chmod(path, 0o777)
    nobody = ["--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    p = subprocess.run(["setpriv", *nobody, "tshark", "-i", "vio", "-o",
                        "extcap.vio.port:loop:source", "-c", "5", "-w", os.path.join(home, "w")],
                       capture_output=True, timeout=TIMEOUT, text=True,
                       env={"PATH": f"{home}:{os.environ['PATH']}", "HOME": home, "TMPDIR": home,
                            "WIRESHARK_EXTCAP_DIR": os.path.join(home, "extcap")})
    if "permission" in p.stderr.lower():
        raise Skip("dumpcap is not for everybody here")
    equal(p.returncode, 0, f"exit code ({p.stderr})")
    assert "Error by extcap" not in p.stderr, p.stderr
    equal(len(tshark("-r", os.path.join(home, "w"), "-Y", "eth.type == 0x88b5")), 5, "frames")


ERRORS = [
    ("extcap for another interface", ["extcap", "--extcap-dlts", "--extcap-interface", "eth0"], 2,
     "VIO-CLI-03"),
    ("extcap without FIFO", ["extcap", "--capture", "--port", "loop:echo"], 2, "--fifo"),
    ("extcap from nowhere", ["extcap", "--capture", "--fifo", "x"], 2,
     "a control socket or a port"),
    ("extcap with a filter that is none", ["extcap", "--extcap-capture-filter", "upd"], 2,
     "libpcap"),
    ("an attachment to nothing", ["dump", "--attach", "/nonexistent.sock"], 3, "VIO-CAP-02"),
    ("an attachment to a path that is too long", ["dump", "--attach", "/" + "x" * 108], 3,
     "too long"),
    ("an attachment with a port", ["dump", "loop:echo", "--attach", "x"], 2, "VIO-CLI-05"),
    ("a control socket where none can be",
     ["pktgen", "loop:echo", "-n", "1", "--control", "/nonexistent/c.sock"], 3, "VIO-CAP-01"),
    ("a control socket in place of a file", ["fwd", "loop:echo", "--control", VIO], 3,
     "VIO-CAP-01"),
    ("a capture of a dry run", ["pktgen", "--dry-run", "--capture", FILE], 2, "VIO-CLI-05"),
    ("an answer to what can't be answered", ["pktgen", "loop:echo", "--respond", "arp,dns"], 2,
     "VIO-CLI-03"),
    ("learning from nothing", ["pktgen", "loop:echo", "--learn=0"], 2, "VIO-CLI-03"),
    ("a dump without port", ["dump"], 2, "VIO-CLI-04"),
    ("a dump of two ports", ["dump", "loop:echo", "loop:echo"], 2, "VIO-CLI-05"),
    ("a dump with a filter that is none", ["dump", "loop:echo", "-f", "upd"], 2, "libpcap"),
    ("a dump that can't be written", ["dump", "loop:echo", "-w", "/nonexistent/f"], 3,
     "VIO-GEN-05"),
    ("a dump to a full disk", ["dump", SOURCE, "-w", "/dev/full"], 3, "No space left"),
    ("a dump of a port that is none", ["dump", "nic:0"], 3, "VIO-ADDR-01"),
    ("fwd with a snap length of no capture", ["fwd", "loop:echo", "--capture-snap", "9"], 2,
     "VIO-CLI-05"),
    ("a filter that is none", ["pktgen", "loop:echo", "--capture", FILE, "--capture-filter", "upd"],
     2, "libpcap"),
    ("a capture on stdout", ["pktgen", "loop:echo", "--capture", "-"], 2, "VIO-CLI-03"),
    ("a snap length of nothing",
     ["pktgen", "loop:echo", "--capture", FILE, "--capture-snap", "0"], 2, "VIO-CLI-03"),
    ("a filter of no capture", ["pktgen", "loop:echo", "--capture-filter", "arp"], 2,
     "VIO-CLI-05"),
    ("a capture that can't be written",
     ["pktgen", "loop:echo", "-n", "10", "--capture", "/nonexistent/f.pcapng"], 3, "VIO-GEN-05"),
]


# --- the list ------------------------------------------------------------------------------------


def cases():
    yield "pktgen captures what it sends and what it receives", case_both_directions, ()
    yield "each frame tells its port, direction and queue", case_queues, ()
    yield "Wireshark reads a capture", case_wireshark, ()
    for what, text, want in FILTERS:
        yield f"a filter for {what}", case_filter, (text, want)
    yield "the snap length cuts frames", case_snap, ()
    yield "a full disk ends the capture, not the run", case_full_disk, ()
    for what, args, wanted, field, addresses in LEARN:
        yield f"{what} and packets teach", case_learn, (args, wanted, field, addresses)
    yield "packets of each stream teach", case_learn_streams, ()
    yield "both ports teach where their addresses are", case_learn_both_ports, ()
    yield "where nobody asks nothing is answered", case_nobody_asks, ()
    yield "fwd captures what it takes and what it gives", case_fwd, ()
    yield "without --capture there is none", case_stays_off, ()
    yield "dump prints a line for each frame", case_dump_lines, ()
    for args in ([], ["--wait"], ["--queues", "2"]):
        yield f"dump writes a file {' '.join(args)}", case_dump_file, args
    yield "dump writes to a pipe", case_dump_pipe, ()
    yield "dump takes what matches its filter", case_dump_filter, ()
    yield "dump ends when nobody reads", case_dump_reader_leaves, ()
    yield "dump ends with SIGINT", case_dump_signal, ()
    yield "dump attaches to a run", case_attach, ()
    yield "four captures of a run, and no fifth", case_attach_several, ()
    yield "slow and dead readers cost a run nothing", case_attach_slow, ()
    yield "the end of a run ends its captures", case_attach_end, ()
    yield "dump attaches to fwd", case_attach_fwd, ()
    yield "a request that is none gets an error", case_bad_requests, ()
    yield "a socket that is left behind is replaced, one in use is not", case_stale_socket, ()
    for what, answer, code, text in ANSWERS:
        yield f"dump is told {what}", case_bad_answer, (answer, code, text)
    for what, args, words in ASKED:
        yield f"extcap tells Wireshark of {what}", case_extcap_asked, (args, words)
    yield "extcap writes to a FIFO until it is ended", case_extcap_fifo, ()
    yield "Wireshark captures live", case_extcap_wireshark, ()
    for what, args, code, text in ERRORS:
        yield f"{what} is an error with exit code {code}", case_error, (args, code, text)


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
