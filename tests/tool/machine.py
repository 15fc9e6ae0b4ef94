#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`vio list`, `doctor` and `bind` over small machines made of files, and on this one. Prints TAP.

usage: machine.py VIO FOLDER_OF_SCHEMAS [PART OF A CASE'S NAME]
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import schema

VIO, SCHEMAS = os.path.abspath(sys.argv[1]), Path(sys.argv[2])
TMP = Path(tempfile.mkdtemp(prefix="vio-machine-"))
TIMEOUT = 60
NOBODY = 65534


class Machine:
    """A folder with a /sys, /proc and /dev that VIO_ROOT leads to."""

    def __init__(self):
        self.root = Path(tempfile.mkdtemp(dir=TMP))

    def put(self, path, text=""):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def folder(self, path):
        (self.root / path).mkdir(parents=True, exist_ok=True)

    def link(self, path, target):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.symlink_to(target)

    def pci(self, address, driver=None, device=0x1041, group=None, iface=None, node=0, queues=1,
            vendor=0x1AF4, class_code=0x020000):
        at = f"sys/bus/pci/devices/{address}"
        for name, text in (("vendor", f"0x{vendor:04x}"), ("device", f"0x{device:04x}"),
                           ("subsystem_vendor", f"0x{vendor:04x}"),
                           ("subsystem_device", "0x0001"), ("class", f"0x{class_code:06x}"),
                           ("revision", "0x01"), ("numa_node", str(node)),
                           ("driver_override", "(null)")):
            self.put(f"{at}/{name}", text + "\n")
        if driver:
            self.folder(f"sys/bus/pci/drivers/{driver}")
            self.link(f"{at}/driver", f"../../../../bus/pci/drivers/{driver}")
        if group is not None:
            self.folder(f"sys/kernel/iommu_groups/{group}/devices/{address}")
            self.link(f"{at}/iommu_group", f"../../../../kernel/iommu_groups/{group}")
        if iface:
            self.folder(f"{at}/virtio0/net/{iface}")
            for i in range(queues):
                self.folder(f"sys/class/net/{iface}/queues/rx-{i}")

    def run(self, *args, ssh=None):
        env = {**os.environ, "VIO_ROOT": str(self.root), "SSH_CONNECTION": ssh or "none"}
        p = subprocess.run([VIO, *args], capture_output=True, timeout=TIMEOUT, text=True, env=env,
                           check=False)
        return p.returncode, p.stdout, p.stderr


def equal(is_, should, what):
    assert is_ == should, f"{what}: {is_}\nnot {should}"


def json_of(text, name):
    """The JSON that the tool printed, if it has the form that its schema gives it."""
    result = json.loads(text)
    bad = list(schema.errors(result, json.loads((SCHEMAS / name).read_text())))
    assert not bad, f"JSON against {name}: {bad[:3]}"
    return result


# --- list ----------------------------------------------------------------------------------------

ROUTES = ("Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
          "eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
          "eth0\t0000000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n")
UNIX = ("Num       RefCount Protocol Flags    Type St Inode Path\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 4711 /run/vhost0.sock\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 4712 /run/b\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 4713 /run/dbus/system_bus_socket\n"
        "0000000000000000: 00000003 00000000 00000000 0001 03 4714 /run/vhost1.sock\n"
        "0000000000000000: 00000002 00000000 00010000 0002 01 4715 /run/vhost2.sock\n"
        "0000000000000000: 00000002 00000000 00010000 0001 01 4716 @vhost3\n")


def everything():
    """A machine that has one of each."""
    m = Machine()
    m.pci("0000:00:03.0", "virtio-pci", group=3, iface="eth0", queues=4)
    m.pci("0000:00:04.0", "vfio-pci", group=4)
    m.pci("0000:00:05.0", None, device=0x1000, group=4, node=-1)
    m.pci("0000:00:06.0", "uio_pci_generic", node=1)
    m.pci("0000:00:07.0", "virtio-pci", device=0x1042)
    m.pci("0000:00:08.0", "virtio-pci", iface="eth1")
    m.pci("0000:00:09.0", "e1000e", vendor=0x8086, device=0x10D3)
    m.put("dev/vfio/4")
    m.put("dev/uio0")
    m.folder("sys/bus/pci/devices/0000:00:06.0/uio/uio0")
    m.put("proc/net/route", ROUTES)
    m.put("proc/net/unix", UNIX)
    m.put("run/vhost0.sock")
    m.put("run/b")
    m.put("run/dbus/system_bus_socket")
    m.put("proc/77/comm", "ovs-vswitchd\n")
    m.link("proc/77/fd/12", "socket:[4712]")
    m.link("proc/77/fd/13", "/dev/null")
    m.folder("sys/bus/vdpa/devices/vdpa0/vhost-vdpa-0")
    m.link("sys/bus/vdpa/devices/vdpa0/driver", "../../drivers/vhost_vdpa")
    m.put("dev/vhost-vdpa-0")
    return m


LIST = """\
PORT                         DEVICE                       DRIVER           IFACE  IOMMU  NUMA  \
QUEUES  RING  USABLE BY YOU
pci:0000:00:03.0             Virtio network modern        virtio-pci       eth0*  3      0     \
4       -     no  in use (* default route, this ssh session)
pci:0000:00:04.0             Virtio network modern        vfio-pci         -      4      0     \
-       -     yes  /dev/vfio/4
pci:0000:00:05.0             Virtio network transitional  -                -      4      -     \
-       -     no  no driver: sudo vio bind pci:0000:00:05.0
pci:0000:00:06.0             Virtio network modern        uio_pci_generic  -      -      1     \
-       -     {uio}
pci:0000:00:08.0             Virtio network modern        virtio-pci       eth1   -      0     \
1       -     no  bound to virtio-pci: sudo vio bind pci:0000:00:08.0
vhost-user:/run/b            server: ovs-vswitchd         -                -      -      -     \
-       -     yes
vhost-user:/run/vhost0.sock  server                       -                -      -      -     \
-       -     yes
{vdpa}
"""


def case_list():
    uio = ("yes  /dev/uio0 with iommu=off" if os.geteuid() == 0 else
           "no  through UIO only root may: uio_pci_generic")
    code, out, err = everything().run("list", ssh="10.0.0.9 5000 10.0.0.7 22")
    equal((code, err), (0, ""), "exit code and stderr")
    lines = out.splitlines(keepends=True)
    assert lines[-1].startswith("vdpa:/dev/vhost-vdpa-0 "), lines[-1]
    equal(out, LIST.format(uio=uio, vdpa=lines[-1].rstrip("\n")), "the table")


def case_list_json():
    code, out, err = everything().run("list", "--json")
    equal((code, err), (0, ""), "exit code and stderr")
    ports = {p.get("uri"): p for p in json_of(out, "list-1.json")["ports"]}
    equal(len(ports), 8, "ports")
    used = ports["pci:0000:00:03.0"]
    equal(used["interfaces"], [{"name": "eth0", "carries": "default route"}], "interfaces")
    equal((used["queues"], used["usable"], used["numa_node"]), (4, False, 0), "port")
    vfio = ports["pci:0000:00:04.0"]
    equal(vfio["group_members"], [{"address": "0000:00:05.0", "viable": True}], "members")
    equal([n["path"] for n in vfio["nodes"] if n["present"]], ["/dev/vfio/4"], "nodes")
    assert "numa_node" not in ports["pci:0000:00:05.0"], "a node that is not known"
    equal(ports["vhost-user:/run/b"]["process"], {"name": "ovs-vswitchd", "pid": 77}, "process")


def case_list_all():
    code, out, err = everything().run("list", "--all")
    equal((code, err), (0, ""), "exit code and stderr")
    for word in ("pci:0000:00:09.0", "8086:10d3", "/run/dbus/system_bus_socket"):
        assert word in out, f"{word} is not in {out}"
    assert "0000:00:07.0" not in out or "1af4:1042" in out, out


def case_list_empty():
    code, out, err = Machine().run("list")
    equal((code, err), (0, ""), "exit code and stderr")
    assert "nothing found" in out, out
    code, out, err = Machine().run("list", "--json")
    equal(json_of(out, "list-1.json")["ports"], [], "ports")


# --- this machine --------------------------------------------------------------------------------


def case_this_machine(command, codes, user, name):
    """Nothing is changed: list and doctor only read."""
    ids = {"user": user, "group": user, "extra_groups": []} if user else {}
    env = {k: v for k, v in os.environ.items() if k != "VIO_ROOT"}
    for args in ([command], [command, "--json"]):
        p = subprocess.run([VIO, *args], capture_output=True, timeout=TIMEOUT, text=True, env=env,
                           check=False, **ids)
        assert p.returncode in codes, f"exit code {p.returncode}: {p.stdout}{p.stderr}"
        equal(p.stderr, "", "stderr")
    json_of(p.stdout, name)


# --- the list of cases ---------------------------------------------------------------------------


def cases():
    yield "list shows each kind of port", case_list, ()
    yield "list as JSON", case_list_json, ()
    yield "list --all shows other devices and sockets", case_list_all, ()
    yield "list of nothing", case_list_empty, ()
    users = [("this user", None)] + ([("nobody", NOBODY)] if os.geteuid() == 0 else [])
    for who, user in users:
        yield f"list on this machine as {who}", case_this_machine, ("list", (0,), user,
                                                                   "list-1.json")


def run_case(number, what, fn, args):
    try:
        fn(*args)
    except (AssertionError, subprocess.TimeoutExpired, ValueError, KeyError, OSError) as e:
        print(f"not ok {number} - {what}", flush=True)
        for line in f"{type(e).__name__}: {e}".splitlines():
            print(f"# {line}", flush=True)
        return False
    print(f"ok {number} - {what}", flush=True)
    return True


def main():
    only = sys.argv[3] if len(sys.argv) > 3 else ""
    todo = [c for c in cases() if only in c[0]]
    print(f"1..{len(todo)}")
    good = [run_case(i + 1, *c) for i, c in enumerate(todo)]
    shutil.rmtree(TMP, ignore_errors=True)
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
