#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What `vio pktgen` writes beside its report: lines of JSON, CSV, histograms, metrics; assertions.
Prints TAP.

usage: output.py VIO SCHEMA-FOLDER [PART OF A CASE'S NAME]
"""

import contextlib
import csv
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tool
from cases import Skip, equal, main
from hdr import Histogram
from tool import TIMEOUT, TMP, VIO, vio

# Debian's modules, whichever Python runs this.
sys.path.append("/usr/lib/python3/dist-packages")

SCHEMAS = Path(sys.argv[2])
JAR = "/usr/share/java/hdrhistogram.jar"
# A run that is short, slow, and valid however busy the machine is.
RUN = ["loop:echo,loss=1e-2,seed=1", "-r", "20kpps", "--late-limit", "100%", "-q"]


def path_of(name):
    return os.path.join(TMP, name)


def checked(doc):
    """@doc if it is what the schema that it names says."""
    name = doc["schema"].removeprefix("vio.").replace("/", "-") + ".json"
    return tool.checked(doc, json.loads((SCHEMAS / name).read_text()))


def pktgen(*args, codes=(0, 5), run=RUN):
    """A run, valid or not; returns its result and what it has printed."""
    path = path_of("result.json")
    code, out, err = vio("pktgen", *run, *args, "-o", path)
    assert code in codes, f"exit code {code}: {out}{err}"
    return checked(json.loads(Path(path).read_text())), out + err


def case_not_utf8():
    """Names of files and what is typed may be no UTF-8; the JSON has them all the same."""
    path, bad = path_of("result.json"), os.fsdecode(b"\xff")
    code, out, err = vio("pktgen", *RUN, "-n", "100", "-o", path, "--assert", bad + "<1",
                         "--capture", path_of(bad), errors="replace")
    assert code in (4, 5), f"exit code {code}: {out}{err}"
    assert "(null)" not in out, out
    result = checked(json.loads(Path(path).read_text()))
    equal(result["capture"]["file"], path_of("?"), "name of the capture")
    equal(result["assertions"][0]["name"], "?", "name of what was asserted")


# --- lines of JSON, CSV ---------------------------------------------------------------------------


def case_jsonl():
    path = path_of("run.jsonl")
    result, _ = pktgen("-t", "400ms", "--interval", "100ms", "--jsonl", path)
    *lines, last = [checked(json.loads(line)) for line in Path(path).read_text().splitlines()]
    equal(last, result, "the last line, against the result")
    for line in lines:
        equal(line.pop("schema"), "vio.interval/1", "schema")
        del line["version"]
    equal(lines, result["intervals"], "lines, against the result's intervals")
    assert len(lines) >= 2, f"{len(lines)} lines"


def case_csv(*args):
    path = path_of("run.csv")
    result, _ = pktgen("-t", "400ms", "--interval", "100ms", "--csv", path, *args)
    with open(path, newline="", encoding="ascii") as f:
        rows = list(csv.DictReader(f))
    equal(len(rows), len(result["intervals"]), "lines")
    for row, interval in zip(rows, result["intervals"]):
        assert None not in row and None not in row.values(), f"columns: {row}"
        for column, member in (("sent_packets", "sent"), ("received_packets", "received"),
                               ("missing_packets", "missing")):
            got = int(row[column]) if column in row else None
            equal(got, interval.get(member), column)
        seconds = float(row["to_s"]) - float(row["from_s"])
        if "sent" in interval:
            rate = float(row["sent_per_s"])
            assert abs(rate * seconds - interval["sent"]) < 0.5, f"{rate}: {row}"
        equal(row["latency_p99_us"] != "", "latency_p99_us" in interval, "is there a latency?")


def case_stdout(option):
    code, out, err = vio("pktgen", *RUN, "-n", "2000", option, "-")
    assert code in (0, 5), f"exit code {code}: {err}"
    assert "verdict  " in err and "verdict  " not in out, err
    first = out.splitlines()[0]
    if option == "--csv":
        assert first.startswith("from_s,to_s,"), first
    else:
        checked(json.loads(out.splitlines()[-1]))


# --- histograms -----------------------------------------------------------------------------------

PERCENTILES = (("p50", 50), ("p90", 90), ("p99", 99), ("p99_9", 99.9), ("p99_99", 99.99))


def case_hdr_in_json():
    result, _ = pktgen("-n", "8000")
    latency, pacing = result["latency"], result["pacing"]
    h = Histogram(latency["hdr_v2"])
    equal(h.count, latency["count"], "values")
    equal(h.count, result["rx"]["received"], "a value for each packet that came")
    for name, percent in PERCENTILES:
        equal(min(h.percentile(percent) / 1000, latency["max"]), latency[name], name)
    late = Histogram(pacing["hdr_v2"])
    equal(late.count, pacing["bursts"], "a value for each burst")
    assert late.percentile(99) / 1000 >= pacing["error_p99_us"], "pacing error"


def case_floor():
    result, text = pktgen("-n", "2000")
    floor = result["latency"]["floor_ns"]
    assert 0 < floor <= 1000 * result["latency"]["min"], f"{floor} ns, {result['latency']}"
    assert "floor 0.0" in text or f"floor {floor / 1000:.2g} us" in text, text


def read_log(path):
    """Histograms of a log, and their times."""
    out = []
    for line in Path(path).read_text().splitlines():
        if line[0] not in "#\"":
            start, length, largest, text = line.split(",")
            out.append((float(start), float(length), float(largest), Histogram(text)))
    return out


def case_log():
    path = path_of("run.hlog")
    # What comes after the last interval has a line, too.
    result, _ = pktgen("-t", "320ms", "--interval", "100ms", "--histogram", path)
    text = Path(path).read_text()
    assert text.startswith("#[Histogram log format version 1.3]\n#[StartTime: "), text[:200]
    total, lines = Histogram(), read_log(path)
    assert len(lines) >= 3, f"{len(lines)} lines"
    for start, length, largest, h in lines:
        total.add(h)
        assert length >= 0 and start >= 0, f"{start} {length}"
        assert not h.count or h.percentile(100) / 1e6 - largest < 0.002 * largest + 0.001, largest
    whole = Histogram(result["latency"]["hdr_v2"])
    equal(total.counts, whole.counts, "the lines together, against the result")


def rows_of(text):
    """(value, part, count) of each line of a percentile text."""
    lines = [line.split() for line in text.splitlines()]
    return [tuple(float(w) for w in words[:3]) for words in lines
            if words and words[0][0].isdigit()]


def case_text():
    path = path_of("run.hgrm")
    result, _ = pktgen("-n", "8000", "--histogram", path)
    rows = rows_of(Path(path).read_text())
    h, latency = Histogram(result["latency"]["hdr_v2"]), result["latency"]
    assert len(rows) > 20, f"{len(rows)} lines"
    for value, part, _ in rows:
        want = min(h.percentile(100 * part) / 1000, latency["max"])
        assert abs(value - want) < 0.002 * want + 0.001, f"{part}: {value}, not {want}"
    equal([r[1] for r in rows], sorted({r[1] for r in rows}), "percentiles grow")
    equal((rows[-1][0], rows[-1][1:]), (latency["max"], (1.0, h.count)), "the last line")


def case_java():
    """HdrHistogram itself reads the log, and finds the same."""
    if not os.path.exists(JAR) or not shutil.which("java"):
        raise Skip("no Java, or no libhdrhistogram-java")
    path = path_of("java.hlog")
    result, _ = pktgen("-t", "350ms", "--interval", "100ms", "--histogram", path)
    p = subprocess.run(["java", "-cp", JAR, "org.HdrHistogram.HistogramLogProcessor", "-i", path,
                        "-outputValueUnitRatio", "1000"], capture_output=True, text=True,
                       timeout=TIMEOUT, check=False)
    equal((p.returncode, p.stderr), (0, ""), "exit code and stderr")
    # Lines of intervals come first, each with a colon.
    text = p.stdout[p.stdout.index("Percentile"):]
    h, rows = Histogram(result["latency"]["hdr_v2"]), rows_of(text)
    assert len(rows) > 20, p.stdout
    equal(rows[-1][2], h.count, "values")
    equal(rows[-1][0], h.percentile(100) / 1000, "the largest")
    for value, part, _ in rows:
        equal(value, h.percentile(100 * part) / 1000, f"value at {part}")


# --- assertions -----------------------------------------------------------------------------------

ASSERTED = [
    ("one that holds", ["tx.sent>=2000"], 0, ["ok     tx.sent is 2000, wanted >= 2000"]),
    ("one that does not", ["tx.sent>2k"], 4, ["FAILED tx.sent is 2000, wanted > 2000"]),
    ("several", ["tx.sent==2000", "rx.loss_ratio<=10%", "rx.corrupt!=0"], 4,
     ["ok     tx.sent", "ok     rx.loss_ratio is ", "FAILED rx.corrupt is 0"]),
    ("one of a thing that is not there", ["rx.colour<5"], 4,
     ["FAILED rx.colour was not measured, wanted < 5"]),
    ("one of a text", ["verdict==0"], 4, ["FAILED verdict is no number"]),
    ("one of a name with its unit", ["latency.p99_us>=0"], 0, ["ok     latency.p99_us is"]),
    ("one of an element of a list", ["ports.0.rx.packets>0"], 0, ["ok     ports.0.rx.packets"]),
]


def case_asserted(wanted, code, lines):
    args = [word for text in wanted for word in ("--assert", text)]
    path = path_of("asserted.json")
    # As fast as can be is kept always: the verdict would come first.
    got, out, err = vio("pktgen", RUN[0], "-q", "-n", "2000", "-o", path, *args)
    equal(got, code, f"exit code ({out}{err})")
    for line in lines:
        assert line in out, f"'{line}' is not in {out}"
    result = checked(json.loads(Path(path).read_text()))
    equal([a["ok"] for a in result["assertions"]],
          [line.startswith("ok") for line in lines], "in the JSON")


def case_assert_invalid():
    """That the result is not valid matters more than what it is."""
    code, out, _ = vio("pktgen", "loop:echo", "-r", "900Gbps", "-s", "1518", "-t", "200ms", "-q",
                       "--assert", "tx.sent<0")
    assert "INVALID" in out and "assert  FAILED tx.sent" in out, out
    equal(code, 5, "exit code")


def case_usage(args, text):
    code, out, err = vio("pktgen", "loop:echo", *args)
    equal((code, out), (2, ""), "exit code and stdout")
    assert text in err, err


# --- metrics --------------------------------------------------------------------------------------


def parsed(text):
    """Samples by their name, and their labels where they have some."""
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    except ImportError:
        raise Skip("no python3-prometheus-client") from None
    out = {}
    for family in text_string_to_metric_families(text):
        for s in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in s.labels.items())
            out[f"{s.name}{{{labels}}}" if labels else s.name] = s.value
    return out


def same_as(metrics, result):
    """The metrics at the end say what the result says."""
    latency, port = result["latency"], result["ports"][0]
    for name, value in (
            ("vio_sent_packets_total", result["tx"]["sent"]),
            ("vio_received_packets_total", result["rx"]["received"]),
            ("vio_sent_bytes_total", result["tx"]["bytes_l2"]),
            ("vio_duplicate_packets_total", result["rx"]["duplicate"]),
            ("vio_latency_seconds_count", latency["count"]),
            ("vio_latency_seconds{quantile=0.99}", latency["p99"] / 1e6),
            ("vio_queue_packets_total{port=0,direction=rx,queue=0}", port["rx"]["packets"]),
            ("vio_queue_packets_total{port=0,direction=tx,queue=0}", port["tx"]["packets"]),
            ("vio_stream_sent_packets_total{from_port=0,stream=0}", result["tx"]["sent"]),
            ("vio_stream_received_packets_total{from_port=0,stream=0}", result["rx"]["received"]),
            ("vio_port_link_up{port=0}", 1)):
        assert abs(metrics[name] - value) < 1e-9, f"{name}: {metrics[name]}, not {value}"
    assert any(name.startswith("vio_port_info{port=0,address=loop:echo,") for name in metrics)


def case_metrics_file():
    path = path_of("vio.prom")
    result, _ = pktgen("-n", "4000", "--metrics-file", path)
    same_as(parsed(Path(path).read_text()), result)
    equal([n for n in os.listdir(TMP) if n.startswith("vio.prom.")], [], "what is left over")


STREAM = re.compile(r'^vio_stream_(\w+)\{from_port="0",stream="(\d)"\} (\d+)$', re.MULTILINE)


def case_metrics_of_streams(profile, *args):
    """A stream on several queues is one stream in the metrics, too."""
    path, file = path_of("streams.prom"), path_of("streams.yaml")
    Path(file).write_text(profile)
    result, _ = pktgen("--profile", file, "-t", "300ms", "--metrics-file", path, *args)
    told = {(name, int(s)): int(n) for name, s, n in STREAM.findall(Path(path).read_text())}
    for i, s in enumerate(result["streams"]):
        for name, value in (("sent_packets_total", s["sent"]),
                            ("received_packets_total", s["received"]),
                            ("duplicate_packets_total", s["duplicate"])):
            equal(told[name, i], value, f"{name} of stream {i}")


class UnixConnection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


def connection(where):
    if where.startswith("unix:"):
        return UnixConnection(where[5:], timeout=10)
    host, port = where.rsplit(":", 1)
    return http.client.HTTPConnection(host.strip("[]"), int(port), timeout=10)


def ask(where, method="GET", path="/metrics"):
    """Status, type, text."""
    http_ = connection(where)
    try:
        http_.request(method, path)
        reply = http_.getresponse()
        return reply.status, reply.headers["Content-Type"], reply.read().decode()
    finally:
        http_.close()


@contextlib.contextmanager
def running(*args):
    """A run that lasts until it is told to end; yields when it listens."""
    with subprocess.Popen([VIO, "pktgen", *RUN, "-t", "40s", *args], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        try:
            yield p
        finally:
            if p.poll() is None:
                p.send_signal(signal.SIGINT)
            p.communicate(timeout=TIMEOUT)


def patiently(where, *args):
    """Ask as soon as somebody listens."""
    for _ in range(200):
        try:
            return ask(where, *args)
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nobody listens at {where}")


def free_port(family, host):
    with socket.socket(family) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


def case_metrics_server(kind):
    where = {"unix": lambda: "unix:" + path_of("m.sock"),
             "IPv4": lambda: f"127.0.0.1:{free_port(socket.AF_INET, '127.0.0.1')}",
             "IPv6": lambda: f"[::1]:{free_port(socket.AF_INET6, '::1')}"}[kind]
    try:
        where = where()
    except OSError as e:
        raise Skip(f"no {kind}: {e}") from None
    with running("--metrics", where, "--interval", "50ms"):
        status, kind_, text = patiently(where)
        equal(status, 200, "status")
        assert kind_.startswith("application/openmetrics-text; version=1.0.0"), kind_
        first = parsed(text)["vio_sent_packets_total"]
        for _ in range(200):
            now = parsed(ask(where)[2])["vio_sent_packets_total"]
            if now > first:
                break
            time.sleep(0.05)
        assert now > first, f"{now} packets after {first}"
        equal(ask(where, "HEAD")[::2], (200, ""), "HEAD")
        equal(ask(where, "GET", "/other")[0], 404, "another path")
        equal(ask(where, "POST")[0], 405, "another method")
    if where.startswith("unix:"):
        assert not os.path.exists(where[5:]), "the socket is still there"


def case_rude_clients():
    """Clients that say nothing, nonsense or go away do no harm to others, nor to the run."""
    where = "unix:" + path_of("rude.sock")
    with running("--metrics", where, "--interval", "50ms") as p:
        patiently(where)
        silent = [socket.socket(socket.AF_UNIX) for _ in range(3)]
        for data, s in zip((b"", b"GET", b"x" * 100000), silent):
            s.connect(where[5:])
            with contextlib.suppress(OSError):
                s.sendall(data)
        with socket.socket(socket.AF_UNIX) as gone:
            gone.connect(where[5:])
            gone.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        equal(ask(where)[0], 200, "status")
        for s in silent:
            s.close()
        equal(p.poll(), None, "exit code while it should run")


def case_stale_socket():
    path = path_of("stale.sock")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
    result, _ = pktgen("-n", "1000", "--metrics", f"unix:{path}")
    equal(result["tx"]["sent"], 1000, "sent")


def case_taken_address():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        where = f"127.0.0.1:{s.getsockname()[1]}"
        code, out, err = vio("pktgen", *RUN, "-n", "10", "--metrics", where)
    equal((code, "verdict  " in out), (3, False), "exit code, and is there a result?")
    assert err.startswith(f"error[VIO-OUT-01]: --metrics {where}: ") and "in use" in err, err


# --- what can't be written ------------------------------------------------------------------------


def case_full_disk(option, name):
    """The run goes on, its result is printed, and the error says which file it is."""
    path = path_of(name)
    os.symlink("/dev/full", path)
    code, out, err = vio("pktgen", *RUN, "-n", "4000", "--interval", "50ms", option, path)
    equal(code, 3, f"exit code ({out}{err})")
    assert "verdict  " in out and "sent 4,000" in out, out
    equal(err.count("error["), 1, f"errors ({err})")
    assert err.startswith(f"error[VIO-GEN-05]: {path}: ") and "No space left" in err, err


def run_until_full(*args):
    """A run that may write files of 200 bytes, but only once it has made its memory."""
    run = [word for word in RUN if word != "-q"]
    with subprocess.Popen(
            [VIO, "pktgen", *run, "-t", "500ms", *args], stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN)) as p:
        first = p.stdout.readline()
        resource.prlimit(p.pid, resource.RLIMIT_FSIZE, (200, 200))
        out, err = p.communicate(timeout=TIMEOUT)
    return p.returncode, first + out, err


def case_kept(option, name):
    """Where the new file does not fit, the old one is as it was."""
    folder = tempfile.mkdtemp(dir=TMP)
    path = os.path.join(folder, name)
    Path(path).write_text("as it was")
    code, out, err = run_until_full(option, path)
    equal(code, 3, f"exit code ({out}{err})")
    assert "verdict  " in out and path in err and "File too large" in err, out + err
    equal(os.listdir(folder), [name], "files")
    if option != "--metrics-file":  # that has been written before
        equal(Path(path).read_text(), "as it was", "the file")


def case_closed_pipe(option):
    """A reader that goes away takes its part of the output with it, and nothing else."""
    read, write = os.pipe()
    with subprocess.Popen([VIO, "pktgen", *RUN, "-t", "300ms", "--interval", "50ms", option, "-"],
                          stdout=write, stderr=subprocess.PIPE, text=True) as p:
        os.close(write)
        os.close(read)
        _, err = p.communicate(timeout=TIMEOUT)
    equal(p.returncode, 3, f"exit code ({err})")
    assert "verdict  " in err and "Broken pipe" in err, err


def case_pipe_without_reader(option, name):
    """It is told, and nobody waits."""
    path = path_of(name)
    os.mkfifo(path)
    code, out, err = vio("pktgen", *RUN, "-n", "1000", option, path)
    equal(code, 3, f"exit code ({out}{err})")
    assert f"{path}" in err and "No such device or address" in err, err


def case_no_folder(option, name):
    """Known before the run."""
    path = path_of(f"nowhere/{name}")
    code, out, err = vio("pktgen", *RUN, "-n", "1000", option, path)
    equal((code, "verdict  " in out), (3, False), "exit code, and is there a result?")
    assert err.startswith("error[VIO-GEN-05]: ") and path in err, err


USAGE = [
    ("--assert without number", ["--assert", "rx.lost<"], "--assert 'rx.lost<' is not valid"),
    ("--assert without operator", ["--assert", "rx.lost"], "behind the name comes"),
    ("metrics for other machines", ["--metrics", "0.0.0.0:9464"], "reached from other machines"),
    ("metrics without port", ["--metrics", "127.0.0.1"], "is wanted"),
    ("a histogram of another kind", ["--histogram", "x.txt"], "ends in .hlog or .hgrm"),
    ("two outputs on stdout", ["--csv", "-", "--jsonl", "-"], "2 outputs are to go to stdout"),
]
FILES = [("-o", "r.json"), ("--jsonl", "r.jsonl"), ("--csv", "r.csv"), ("--metrics-file", "r.prom"),
         ("--histogram", "r.hlog"), ("--histogram", "r.hgrm")]
WHOLE = [("-o", "k.json"), ("--metrics-file", "k.prom"), ("--histogram", "k.hgrm")]


def cases():
    yield "--jsonl writes intervals and the result", case_jsonl, ()
    yield "--csv writes what the intervals are", case_csv, ()
    yield "--csv of a sender alone", case_csv, ("--tx-only",)
    yield "lines of JSON on stdout stand alone", case_stdout, ("--jsonl",)
    yield "CSV on stdout stands alone", case_stdout, ("--csv",)
    yield "the JSON has texts that are no UTF-8", case_not_utf8, ()
    yield "the JSON has the whole histogram", case_hdr_in_json, ()
    yield "the floor of the latency is told", case_floor, ()
    yield "a log of histograms adds up to the result", case_log, ()
    yield "percentiles as text are those of the histogram", case_text, ()
    yield "HdrHistogram reads the log", case_java, ()
    for what, wanted, code, lines in ASSERTED:
        yield f"--assert: {what}", case_asserted, (wanted, code, lines)
    yield "an invalid run stays so whatever it was to be", case_assert_invalid, ()
    for what, args, text in USAGE:
        yield f"{what} is a usage error", case_usage, (args, text)
    yield "--metrics-file is what the result is", case_metrics_file, ()
    yield "metrics of a stream on three queues", case_metrics_of_streams, (
        "streams: [{name: a}]", "--queues", "3")
    yield "metrics of two streams on three queues", case_metrics_of_streams, (
        "streams: [{name: a}, {name: b, ipv6: true, size: 100}]", "--queues", "3")
    yield "metrics of three streams on two queues", case_metrics_of_streams, (
        "streams: [{name: a}, {name: b, weight: 2}, {name: c}]", "--queues", "2")
    for kind in ("unix", "IPv4", "IPv6"):
        yield f"--metrics answers over {kind}", case_metrics_server, (kind,)
    yield "rude clients do no harm", case_rude_clients, ()
    yield "a socket that nobody listens on is replaced", case_stale_socket, ()
    yield "an address that is taken is an error before the run", case_taken_address, ()
    for option, name in FILES:
        yield f"{option} {name} on a full disk", case_full_disk, (option, name)
        yield f"{option} {name} in a folder that is not there", case_no_folder, (option, name)
    for option in ("--jsonl", "--csv", "-o"):
        yield f"{option} into a pipe that is closed", case_closed_pipe, (option,)
    for option, name in (("--jsonl", "p.jsonl"), ("-o", "p.json")):
        yield f"{option} into a pipe that nobody reads", case_pipe_without_reader, (option, name)
    for option, name in WHOLE:
        yield f"{option} {name} is kept if the next does not fit", case_kept, (option, name)


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
