#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The frames that `vio pktgen` sends, read by Wireshark. Prints TAP.

usage: frames.py VIO [unused] [PART OF A CASE'S NAME]
"""

import os
import re
import shutil
import subprocess
import sys

import tool
from cases import Skip, equal, main
from tool import TIMEOUT, TMP, VIO

COUNT = 150
CHECKS = ["udp", "tcp", "ip"]
FIELDS = ["frame.protocols", "frame.len", "eth.src", "eth.dst", "vlan.id", "ieee8021ad.id",
          "ip.src", "ip.dst", "ip.dsfield", "ip.ttl", "ip.checksum.status", "ipv6.src",
          "ipv6.tclass", "ipv6.hlim", "udp.srcport", "udp.checksum.status",
          "tcp.checksum.status", "icmp.checksum.status", "icmp.seq", "icmpv6.checksum.status",
          "icmpv6.echo.sequence_number", "vxlan.vni", "pktgen.magic", "pktgen.seqnum",
          "arp.opcode", "arp.dst.proto_ipv4", "_ws.malformed"]
TAGS = ["-s", "300", "--vlan", "5,6"]

# What it is, options, the chain of protocols, and fields with the value that all frames have. Of
# headers that come twice the outer one's value is first.
KINDS = [
    ("UDP over IPv4", ["-s", "64-200"], "ip:udp:pktgen", {}),
    ("flows of UDP", ["-s", "imix", "--src-ip", "10.0.0.0/28", "--src-port", "5000-5009"],
     "ip:udp:pktgen", {}),
    ("two VLAN tags", ["-s", "72,1526", "--vlan", "5,6", "--flows", "7"],
     "ethertype:ieee8021ad:ethertype:vlan:ethertype:ip:udp:pktgen",
     {"vlan.id": "6", "ieee8021ad.id": "5"}),
    ("UDP over IPv6", ["-s", "84-300", "--ipv6", "--flows", "9"], "ipv6:udp:pktgen", {}),
    ("TCP over IPv4", ["-s", "76-200", "--proto", "tcp", "--flows", "9"], "ip:tcp", {}),
    ("TCP over IPv6", ["-s", "96-300", "--proto", "tcp", "--ipv6"], "ipv6:tcp", {}),
    ("TCP with two VLAN tags", [*TAGS, "--proto", "tcp", "--ipv6", "--flows", "5"], "ipv6:tcp", {}),
    ("ICMP", ["-s", "64-200", "--proto", "icmp", "--flows", "9"], "ip:icmp", {}),
    ("ICMPv6", ["-s", "84-200", "--proto", "icmp", "--ipv6", "--flows", "9"], "ipv6:icmpv6", {}),
    ("ARP", ["-s", "64-100", "--proto", "arp"], "arp",
     {"arp.opcode": "1", "eth.dst": "ff:ff:ff:ff:ff:ff", "arp.dst.proto_ipv4": "198.18.0.2"}),
    ("ARP with VLAN tags", [*TAGS, "--proto", "arp", "--flows", "7"], "vlan:ethertype:arp", {}),
    ("type of service and time to live", ["--tos", "184", "--ttl", "3"], "ip:udp:pktgen",
     {"ip.dsfield": "0xb8", "ip.ttl": "3"}),
    ("traffic class and hop limit", ["-s", "84", "--ipv6", "--tos", "184", "--ttl", "255"],
     "ipv6:udp:pktgen", {"ipv6.tclass": "0x000000b8", "ipv6.hlim": "255"}),
    ("UDP in VXLAN", ["-s", "114-200", "--vxlan", "5000", "--flows", "9"],
     "ip:udp:vxlan:eth:ethertype:ip:udp:pktgen",
     {"vxlan.vni": "5000", "ip.src": "198.19.0.1,198.18.0.1", "ip.dst": "198.19.0.2,198.18.0.2"}),
    ("TCP over IPv6 in VXLAN with tags",
     [*TAGS, "--vxlan", "1,src=1.2.3.4,dst-mac=02:00:00:00:00:0a", "--proto", "tcp", "--ipv6"],
     "vlan:ethertype:ip:udp:vxlan:eth:ethertype:ipv6:tcp",
     {"vxlan.vni": "1", "ip.src": "1.2.3.4", "eth.dst": "02:00:00:00:00:0a,02:00:00:00:00:02"}),
    ("ICMP in VXLAN", ["-s", "114", "--vxlan", "7", "--proto", "icmp"],
     "udp:vxlan:eth:ethertype:ip:icmp", {}),
    ("ARP in VXLAN", ["-s", "114", "--vxlan", "7", "--proto", "arp"],
     "udp:vxlan:eth:ethertype:arp", {}),
    ("zeros", ["-s", "64-300", "--payload", "zero"], "ip:udp:pktgen", {}),
    ("chance", ["-s", "random:64-1518", "--payload", "random"], "ip:udp:pktgen", {}),
    ("hex", ["-s", "64-300", "--payload", "0xdeadbeef"], "ip:udp:pktgen", {}),
]


def vio(*args):
    code, out, err = tool.vio("pktgen", "--dry-run", *args)
    equal(code, 0, err)
    return out


def need(tool):
    if not shutil.which(tool):
        assert os.environ.get("CI") != "true", f"{tool} is not installed"
        raise Skip(f"{tool} is not installed")


def dissect(path):
    """What Wireshark finds in each frame: a table of fields."""
    options = [a for c in CHECKS for a in ("-o", f"{c}.check_checksum:TRUE")]
    p = subprocess.run(["tshark", "-r", path, *options, "-T", "fields"] +
                       [a for f in FIELDS for a in ("-e", f)],
                       capture_output=True, text=True, timeout=TIMEOUT)
    rows = [line.split("\t") for line in p.stdout.split("\n")[:-1]]
    return [dict(zip(FIELDS, row + [""] * len(FIELDS))) for row in rows]


def written(*args):
    need("tshark")
    path = os.path.join(TMP, "frames.pcap")
    vio("--write", path, "-n", str(COUNT), *args)
    frames = dissect(path)
    equal(len(frames), COUNT, "frames")
    return frames


def sums_right(frame):
    """Good is 1, and 3 is a checksum of 0 where UDP of VXLAN has none."""
    states = {f: frame[f].split(",") for f in FIELDS if f.endswith("checksum.status") and frame[f]}
    for field, found in states.items():
        allowed = {"1", "3"} if field == "udp.checksum.status" and frame["vxlan.vni"] else {"1"}
        assert set(found) <= allowed, f"{field} is {found}"
    return states


def case_kind(args, protocols, fields):
    for i, frame in enumerate(written(*args)):
        chain = frame["frame.protocols"].removesuffix(":data")
        assert chain.endswith(protocols), chain
        equal(frame["_ws.malformed"], "", f"malformed, frame {i}")
        assert sums_right(frame) or "arp" in protocols, f"frame {i} has no checksum: {frame}"
        if "pktgen" in protocols:
            equal((frame["pktgen.magic"], frame["pktgen.seqnum"]), ("0xbe9be955", str(i)), "number")
        for field in ("icmp.seq", "icmpv6.echo.sequence_number"):
            if field.split(".")[0] in protocols.split(":"):
                equal(frame[field], str(i), field)
        for field, value in fields.items():
            equal(frame[field], value, f"{field} of frame {i}")


def values(field, *args):
    return [frame[field] for frame in written(*args)]


def case_sizes(spec, sizes):
    found = [int(n) + 4 for n in values("frame.len", "-s", spec)]
    equal(found, (sizes * COUNT)[:COUNT], "sizes")


def case_values(field, wanted, args):
    equal(values(field, *args), (wanted * COUNT)[:COUNT], field)


VALUES = [
    ("a list of addresses", "ip.src", ["10.0.0.7", "10.0.0.1", "10.0.0.2"],
     ["--src-ip", "10.0.0.7,10.0.0.1-10.0.0.2"]),
    ("addresses downwards", "ip.dst", ["10.0.0.3", "10.0.0.2", "10.0.0.1", "10.0.0.0"],
     ["--dst-ip", "10.0.0.0/30", "--step", "dec"]),
    ("a list of ports", "udp.srcport", ["80", "53", "54"], ["--src-port", "80,53-54"]),
    ("a range of MAC addresses", "eth.src", ["02:00:00:00:00:ff", "02:00:00:00:01:00"],
     ["--src-mac", "02:00:00:00:00:ff-02:00:00:00:01:00"]),
    ("a range of VLAN ids", "vlan.id", ["9", "10", "11"], ["--vlan", "9-11", "-s", "68"]),
    ("targets of ARP", "arp.dst.proto_ipv4", ["198.18.0.2", "198.18.0.3"],
     ["--proto", "arp", "--flows", "2"]),
    ("inner MAC addresses", "eth.src",
     ["02:00:00:00:00:01,02:00:00:00:00:01", "02:00:00:00:00:01,02:00:00:00:00:02"],
     ["--vxlan", "5", "-s", "114", "--src-mac", "02:00:00:00:00:01-02:00:00:00:00:02"]),
]


def case_random():
    first = values("udp.srcport", "--src-port", "1000-1099", "--step", "random:4")
    equal(values("udp.srcport", "--src-port", "1000-1099", "--step", "random:4"), first, "again")
    equal(sorted(first[:100]), [str(p) for p in range(1000, 1100)], "each port once")
    assert first[:100] != sorted(first[:100]), "the ports are in order"


def case_outer_ports():
    """Each flow has one outer source port, and flows have different ones."""
    rows = values("udp.srcport", "--vxlan", "5", "-s", "114", "--flows", "50")
    outer = {}
    for row in rows:
        port, flow = row.split(",")
        equal(outer.setdefault(flow, port), port, f"outer port of flow {flow}")
    equal(len(outer), 50, "flows")
    assert len(set(outer.values())) > 40, "flows share outer ports"


def case_payload(option, wanted):
    path = os.path.join(TMP, "payload.pcap")
    vio("--write", path, "-n", "1", "-s", "128", "--payload", option)
    with open(path, "rb") as f:
        frame = f.read()[24 + 16:]
    equal(frame[60:].hex(), (wanted * 64)[:64].hex(), "payload")


def case_file():
    name = os.path.join(TMP, "payload")
    with open(name, "wb") as f:
        f.write(b"vio ")
    case_payload("@" + name, b"vio ")


def case_show():
    """What is printed is what is written."""
    need("text2pcap")
    text, shown, pcap = (os.path.join(TMP, n) for n in ("show.txt", "show.pcap", "write.pcap"))
    args = ["-s", "114,777", "--vxlan", "5", "--proto", "icmp", "-n", "2"]
    out = vio(*args, "--show", "2", "--write", pcap)
    lines = re.findall(r"^# frame \d+: .*$", out, re.M)
    equal(len(lines), 2, out)
    for word in ("110 bytes", "VXLAN 5", "IPv4 198.18.0.1 > 198.18.0.2", "echo request 1024"):
        assert word in lines[0], lines[0]
    with open(text, "w") as f:
        f.write(out)
    subprocess.run(["text2pcap", text, shown], check=True, capture_output=True, timeout=TIMEOUT)
    kinds = [[{k: v for k, v in f.items() if k != "icmp.checksum.status"} for f in dissect(p)]
             for p in (shown, pcap)]
    equal(kinds[0], kinds[1], "shown and written")


def case_show_before_run():
    p = subprocess.run([VIO, "pktgen", "loop:echo", "-n", "10", "--show", "1", "-q"],
                       capture_output=True, timeout=TIMEOUT, text=True)
    equal(p.returncode, 0, p.stderr)
    assert p.stdout.startswith("# frame 0: 60 bytes, "), p.stdout
    assert "RESULT" in p.stdout, p.stdout


def cases():
    for what, args, protocols, fields in KINDS:
        yield f"Wireshark reads {what}", case_kind, (args, protocols, fields)
    for what, field, wanted, args in VALUES:
        yield f"Wireshark finds {what}", case_values, (field, wanted, args)
    yield "Wireshark finds a genome", case_sizes, ("imix:genome:aafgb", [64, 64, 1280, 1518, 128])
    yield "chance takes each value once", case_random, ()
    yield "flows in VXLAN have outer ports of their own", case_outer_ports, ()
    yield "a payload of hex", case_payload, ("0x0badcafe01", bytes.fromhex("0badcafe01"))
    yield "a payload of zeros", case_payload, ("zero", b"\0")
    yield "a payload from a file", case_file, ()
    yield "--show prints what is sent", case_show, ()
    yield "--show prints before a run", case_show_before_run, ()


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
