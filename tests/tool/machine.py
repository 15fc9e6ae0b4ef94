#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`vio list`, `doctor` and `bind` over small machines made of files, and on this one. Prints TAP.

usage: machine.py VIO FOLDER_OF_SCHEMAS [PART OF A CASE'S NAME]
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

import schema
from cases import equal, main

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


# --- bind ----------------------------------------------------------------------------------------

# Files don't act as a kernel does: here stands what is refused before anything is changed. What
# happens to devices is shown by the unit test of bind and in a guest.
REFUSED = [
    ("a device that is not there", ["bind", "pci:0000:00:1f.0"], 3, """\
error[VIO-BIND-01]: there is no PCI function 0000:00:1f.0
  why   the machine has no such PCI function
  fix   `vio list --all` shows those that there are
"""),
    ("the device of the ssh session", ["bind", "00:03.0"], 3, """\
error[VIO-BIND-03]: 0000:00:03.0: eth0 carries the default route and your ssh session with 10.0.0.9
  why   taking the device would cut you off from this machine
  fix   use another device, or --force if you are sure
"""),
    ("a device without an IOMMU", ["bind", "pci:0000:00:08.0"], 3, """\
error[VIO-BIND-04]: 0000:00:08.0 is in no IOMMU group
  why   no IOMMU confines what the device can reach
  fix   switch it on: intel_iommu=on on the kernel's command line, VT-d or AMD-Vi in the firmware
        in a virtual machine: give it one (vio doctor --emit qemu, or libvirt)
        or do without, which is unsafe: vio bind --noiommu
"""),
    ("a group that is not viable", ["bind", "pci:0000:00:05.0"], 3, """\
error[VIO-BIND-05]: 0000:00:05.0 shares IOMMU group 4 with devices that the kernel drives: \
0000:00:0a.0 (virtio-pci, eth2)
  why   devices of one IOMMU group can reach each other, so all of them are needed or none
  fix   sudo vio bind pci:0000:00:05.0 pci:0000:00:0a.0
"""),
    ("no modprobe", ["bind", "pci:0000:00:08.0", "--driver", "vfio-none", "--noiommu"], 3, """\
error[VIO-BIND-06]: vfio-none is not loaded, and modprobe can't be run: No such file or directory
  why   the kernel has no such driver
  fix   install the kernel's modules (linux-image-$(uname -r), not a cloud image without VFIO)
"""),
    ("a device that a process uses", ["unbind", "pci:0000:00:04.0"], 3, """\
error[VIO-BIND-07]: 0000:00:04.0: process 78 (testpmd) has /dev/vfio/4 open
  why   a process uses the device
  fix   end it: kill 78; --force waits until the kernel gets the device from it
"""),
    ("no port", ["bind"], 2, """\
error[VIO-CLI-04]: bind: no port
  why   the command needs a port to work on
  fix   name one, such as loop:echo or vhost-user:/run/vhost0.sock
"""),
    ("no PCI function", ["unbind", "vhost-user:/run/vhost0.sock"], 2, """\
error[VIO-CLI-03]: unbind: 'vhost-user:/run/vhost0.sock' can't be bound
  why   a PCI function is wanted, such as pci:0000:00:04.0
  fix   `vio COMMAND --help` shows what it takes
"""),
    ("a driver's name that leads elsewhere", ["bind", "00:08.0", "--driver", "../x"], 2, """\
error[VIO-CLI-03]: bind: --driver '../x' is not valid
  why   a driver's name is wanted, such as vfio-pci
  fix   `vio COMMAND --help` shows what it takes
"""),
    ("an owner who is not there", ["bind", "00:08.0", "--owner", "root:no_such_group"], 2, """\
error[VIO-CLI-03]: bind: --owner 'root:no_such_group' is not valid
  why   there is no group no_such_group
  fix   `vio COMMAND --help` shows what it takes
"""),
]


def files_of(m):
    return {str(p): p.read_text() if p.is_file() and not p.is_symlink() else ""
            for p in m.root.rglob("*")}


def machine_to_bind():
    m = everything()
    m.pci("0000:00:0a.0", "virtio-pci", group=4, iface="eth2")
    m.put("proc/78/comm", "testpmd\n")
    m.link("proc/78/fd/9", "/dev/vfio/4")
    return m


def case_refused(args, code, text):
    m = machine_to_bind()
    before = files_of(m)
    got, out, err = m.run(*args, ssh="10.0.0.9 5000 10.0.0.7 22")
    equal((got, err), (code, text), "exit code and stderr")
    equal(out, "", "stdout")
    equal(files_of(m), before, "the machine is as before")


def case_refused_json():
    code, out, _ = machine_to_bind().run("bind", "00:08.0", "--json")
    result = json_of(out, "bind-1.json")
    equal((code, result["ok"], result["error"]["id"]), (3, False, "VIO-BIND-04"), "result")
    equal(result["devices"][0]["driver_before"], "virtio-pci", "driver")


def case_bound_already():
    """Nothing is to do but to give the file away."""
    me = f"{os.geteuid()}:{os.getegid()}"
    m = everything()
    code, out, err = m.run("bind", "00:04.0", "--owner", me, "--json")
    equal((code, err), (0, ""), "exit code and stderr")
    device = json_of(out, "bind-1.json")["devices"][0]
    equal((device["driver"], device["node"]), ("vfio-pci", "/dev/vfio/4"), "device")
    equal((m.root / "dev/vfio/4").stat().st_mode & 0o777, 0o660, "mode")
    equal((m.root / "sys/bus/pci/devices/0000:00:04.0/driver_override").read_text(), "vfio-pci",
          "override")
    code, out, err = m.run("unbind", "00:08.0")
    equal((code, err), (0, ""), "exit code and stderr")
    equal(out, "pci:0000:00:08.0  virtio-pci -> virtio-pci  eth1\n", "stdout")


def case_modprobe():
    """modprobe runs, and what it says and how it ends is told."""
    m = everything()
    m.put("sbin/modprobe", "#!/bin/sh\necho \"no module $1\"\nexit 7\n")
    (m.root / "sbin/modprobe").chmod(0o755)
    code, out, err = m.run("bind", "00:08.0", "--driver", "vfio-none", "--noiommu")
    equal((code, out), (3, ""), "exit code and stdout")
    assert err.startswith("no module vfio-none\nerror[VIO-BIND-06]"), err
    assert "exit code 7" in err, err


# --- doctor --------------------------------------------------------------------------------------


def sound():
    """A machine on which all is well."""
    m = Machine()
    m.pci("0000:00:04.0", "vfio-pci", group=4)
    m.put("proc/sys/kernel/osrelease", "6.1.0-28-amd64\n")
    m.put("dev/vfio/4")
    m.put("dev/vfio/vfio")
    m.put("dev/kmsg", "6,1,2,-;hello\n")
    m.put("proc/self/limits", "Max locked memory         unlimited            unlimited  bytes\n")
    at = "sys/devices/system/node/node0/hugepages/hugepages-2048kB"
    m.put(f"{at}/nr_hugepages", "64\n")
    m.put(f"{at}/free_hugepages", "60\n")
    m.put("sys/devices/system/cpu/isolated", "2-5\n")
    m.put("sys/devices/system/cpu/smt/active", "0\n")
    m.put("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "performance\n")
    m.put("proc/cpuinfo", "flags\t\t: fpu constant_tsc nonstop_tsc\n")
    return m


SOUND = """\
ok    KERNEL         6.1.0-28-amd64, vfio-pci, iommufd=no
ok    IOMMU-GROUP    group 4
ok    GROUP-VIABLE   the only one of its group
ok    NOIOMMU        off: VFIO is not loaded, or was built without it
ok    NETDEV-INUSE   the kernel has no interface on it
ok    VFIO-PERM      /dev/vfio/4
ok    CGROUP-DEV     no control group forbids devices of VFIO
ok    LOCKDOWN       none
ok    DMESG-VFIO     nothing about VFIO or the IOMMU in the kernel's log
skip  RING-SIZE      told only while the kernel drives it; then vio info tells
ok    MEMLOCK        no limit
ok    HUGEPAGES      node 0: 2 MiB: 60 of 64 free
ok    HUGETLB-CGROUP no limit on huge pages
ok    NUMA           one node
ok    CPU-ISOL       isolated: 2-5
ok    SMT-SIBLING    each processor has its core alone
ok    GOVERNOR       performance
ok    TSC-INVARIANT  invariant
0 blocking, 0 warnings
"""

MEMLOCK = """\
FAIL  MEMLOCK        about 24 MiB of locked memory are needed, the limit is 8192 KiB
      why           VFIO pins what the device may reach, and counts it against RLIMIT_MEMLOCK
      fix now       sudo prlimit --pid $$ --memlock=268435456
      fix for good  vio doctor --emit limits | sudo tee /etc/security/limits.d/vio.conf, then log \
in again
                    systemd: LimitMEMLOCK=256M
"""


def case_doctor_sound():
    code, out, err = sound().run("doctor", "pci:0000:00:04.0")
    equal((code, out, err), (0, SOUND, ""), "a machine on which all is well")


def case_doctor_warns():
    m = sound()
    m.put("sys/devices/system/cpu/isolated", "\n")
    code, out, err = m.run("doctor", "pci:0000:00:04.0")
    equal((code, err), (1, ""), "exit code and stderr")
    assert out.endswith("0 blocking, 1 warning\n"), out


def case_doctor_blocks():
    m = sound()
    m.put("proc/self/limits", "Max locked memory         8388608              unlimited  bytes\n")
    code, out, err = m.run("doctor", "pci:00:04.0,queues=1")
    equal((code, err), (3, ""), "exit code and stderr")
    assert MEMLOCK in out, out
    assert out.endswith("1 blocking, 0 warnings\n"), out
    code, out, _ = m.run("doctor", "pci:00:04.0", "--json")
    result = json_of(out, "doctor-1.json")
    equal((code, result["blocking"], result["warnings"]), (3, 1, 0), "exit code and counts")
    found = [c for c in result["checks"] if c["level"] == "fail"]
    equal([c["id"] for c in found], ["MEMLOCK"], "what blocks")
    assert "prlimit" in found[0]["fix_now"], found


def case_doctor_fix():
    """--fix runs hugeadm, shows that it does, and looks again."""
    m = sound()
    at = "sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages"
    m.put(at, "0\n")
    code, out, err = m.run("doctor", "pci:00:04.0", "--fix")
    equal(code, 1, "without hugeadm the exit code")
    assert "could not be run: No such file" in err, err
    m.put("usr/bin/hugeadm", f"#!/bin/sh\necho \"$@\"\necho 12 > {m.root / at}\n")
    (m.root / "usr/bin/hugeadm").chmod(0o755)
    code, out, err = m.run("doctor", "pci:00:04.0", "--fix")
    equal(err, "run   HUGEPAGES      hugeadm --pool-pages-min 2MB:+12\n"
          "--pool-pages-min 2MB:+12\n", "stderr")
    equal((code, out), (0, SOUND.replace("60 of 64", "12 of 64")), "afterwards")


def case_doctor_bad_port(port, text):
    code, out, err = sound().run("doctor", port)
    equal((code, out), (3, ""), "exit code and stdout")
    assert err.startswith(f"error[VIO-CLI-06]: doctor: {port}\n") and text in err, err


EMITTED = [
    ("udev", ['KERNEL=="0000:00:04.0", ATTR{driver_override}="vfio-pci"',
              'SUBSYSTEM=="vfio", KERNEL=="4", GROUP="vio", MODE="0660"']),
    ("limits", ["@vio soft memlock 262144", "@vio hard memlock 262144"]),
    ("systemd", ["LimitMEMLOCK=256M", "ExecStartPre=+vio bind pci:0000:00:04.0 --owner vio:vio",
                 "ExecStart=/usr/local/bin/vio fwd pci:0000:00:04.0,queues=2"]),
    ("qemu", ["-device intel-iommu", "iommu_platform=on", "queues=2", "vectors=6"]),
    ("libvirt", ["<iommu model='intel'>", "queues='2'", "rx_queue_size='1024'"]),
]


def case_emit(what, words):
    code, out, err = sound().run("doctor", "pci:0000:00:04.0,queues=2", "--emit", what)
    equal((code, err), (0, ""), "exit code and stderr")
    for word in words:
        assert word in out, f"{word} is not in {out}"
    if what == "libvirt":
        xml.etree.ElementTree.fromstring(f"<domain>{out}</domain>")
    code, out, err = Machine().run("doctor", "--emit", what)
    equal((code, err), (0, ""), "exit code and stderr without a port")
    assert len(out.splitlines()) >= 3, out


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


def case_real_socket():
    """A socket that this process listens on is found, with its owner and who may use it."""
    with tempfile.TemporaryDirectory(prefix="vio-list-") as folder, \
            socket.socket(socket.AF_UNIX) as backend:
        os.chmod(folder, 0o755)
        path = f"{folder}/vhost.sock"
        uri = f"vhost-user:{path}"
        env = {k: v for k, v in os.environ.items() if k != "VIO_ROOT"}

        def on_it(*args, **ids):
            p = subprocess.run([VIO, *args], capture_output=True, timeout=TIMEOUT, text=True,
                               env=env, check=False, **ids)
            return p.returncode, p.stdout

        backend.bind(path)
        code, out = on_it("doctor", uri, "--json")
        found = {c["id"]: c for c in json_of(out, "doctor-1.json")["checks"]}["VHOST-SOCK"]
        equal((code, found["level"]), (3, "fail"), "nobody listens")
        backend.listen()
        _, out = on_it("list", "--json")
        mine = [p for p in json_of(out, "list-1.json")["ports"] if p.get("uri") == uri]
        equal(len(mine), 1, "entries")
        equal((mine[0]["process"]["pid"], mine[0]["usable"]), (os.getpid(), True), "the entry")
        code, out = on_it("doctor", uri, "--json")
        found = {c["id"]: c for c in json_of(out, "doctor-1.json")["checks"]}["VHOST-SOCK"]
        equal((code in (0, 1), found["level"]), (True, "ok"), f"this process listens: {found}")
        if os.geteuid() == 0:
            os.chmod(path, 0o700)
            ids = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            code, out = on_it("doctor", uri, **ids)
            assert code == 3 and "setfacl -m u:$USER:rw" in out, out
            code, out = on_it("list", **ids)
            line = next(text for text in out.splitlines() if path in text)
            assert line.endswith("no  needs rights on the socket (srwx------ root root)"), line


# --- the list of cases ---------------------------------------------------------------------------


def cases():
    yield "list shows each kind of port", case_list, ()
    yield "list as JSON", case_list_json, ()
    yield "list --all shows other devices and sockets", case_list_all, ()
    yield "list of nothing", case_list_empty, ()
    for what, args, code, text in REFUSED:
        yield f"bind and unbind refuse {what}", case_refused, (args, code, text)
    yield "doctor finds nothing where all is well", case_doctor_sound, ()
    yield "doctor warns, and its exit code is 1", case_doctor_warns, ()
    yield "doctor tells what is in the way, and its exit code is 3", case_doctor_blocks, ()
    yield "doctor --fix mends what it may", case_doctor_fix, ()
    yield "doctor of a function that is not there", case_doctor_bad_port, (
        "pci:0000:00:05.0", "there is no such function")
    yield "doctor of no port", case_doctor_bad_port, ("eth0", "a port is wanted")
    for what, words in EMITTED:
        yield f"doctor --emit {what}", case_emit, (what, words)
    yield "a refusal as JSON", case_refused_json, ()
    yield "bind and unbind of what is bound already", case_bound_already, ()
    yield "bind tells what modprobe says", case_modprobe, ()
    yield "a socket of this machine is found, and who may use it", case_real_socket, ()
    users = [("this user", None)] + ([("nobody", NOBODY)] if os.geteuid() == 0 else [])
    for who, user in users:
        yield f"list on this machine as {who}", case_this_machine, ("list", (0,), user,
                                                                   "list-1.json")
        yield f"doctor on this machine as {who}", case_this_machine, (
            "doctor", (0, 1, 3), user, "doctor-1.json")


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
