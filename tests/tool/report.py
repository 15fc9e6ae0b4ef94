#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""`vio report`: pages, plots and comparisons of results. Prints TAP.

usage: report.py VIO SCHEMA-FOLDER [PART OF A CASE'S NAME]
"""

import copy
import html.parser
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

import tool
from cases import Skip, equal, main
from tool import TIMEOUT, TMP, VIO

SVG = "{http://www.w3.org/2000/svg}"
# Elements without an end.
VOID = {"meta", "br"}
T_4 = 2.776  # Student's t that 97.5 % do not exceed, 4 degrees of freedom


def vio(*args, cwd=TMP):
    return tool.vio(*args, cwd=cwd)


class Page(html.parser.HTMLParser):
    """Elements of a page, their texts, and whether it is well-formed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.texts = [], [], []
        self.feed(text)
        self.close()
        equal(self.open, [], "elements left open")
        self.svgs = re.findall(r"<svg.*?</svg>", text, re.DOTALL)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        equal(self.open.pop(), tag, "the element that ends")

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.texts.append(data)


def page_of(*args):
    code, out, err = vio("report", "-o", "-", *args)
    equal((code, err), (0, ""), "exit code and stderr")
    page = Page(out)
    for tag, attrs in page.elements:
        assert tag not in ("script", "link", "img", "iframe", "object", "foreignobject"), tag
        for name, value in attrs.items():
            assert not name.startswith("on") and name not in ("src", "style"), f"{tag} {name}"
            assert name != "href" or value.startswith("#"), value
    equal(re.sub(r"http://www\.w3\.org/2000/svg", "", out).count("://"), 0, "addresses of others")
    return page, out


def plot(page, title):
    """The SVG called @title."""
    for svg in page.svgs:
        root = xml.etree.ElementTree.fromstring(svg)
        if root.find(SVG + "title").text == title:
            return root
    raise AssertionError(f"no plot '{title}' among {len(page.svgs)}")


def titles(page):
    return [xml.etree.ElementTree.fromstring(svg).find(SVG + "title").text for svg in page.svgs]


def marks(root):
    """{series: [(x, y)]}, as the marks' titles tell."""
    out = {}
    for path in root.iter(SVG + "path"):
        if path.find(SVG + "title") is not None:
            name, point = path.find(SVG + "title").text.rsplit(": ", 1)
            out.setdefault(name, []).append(tuple(float(v) for v in point.split(", ")))
    return out


def lines(root):
    """Pixels of the lines."""
    return [[tuple(float(v) for v in p.split(",")) for p in line.get("points").split()]
            for line in root.iter(SVG + "polyline")]


def run_of(size=64, rate=1e6, loss=1e-3, verdict="valid", **more):
    """A result as pktgen writes it, as far as a page needs it."""
    sent = 1000000
    doc = {"schema": "vio.pktgen/1", "version": "0", "started": "2026-01-01T00:00:00Z",
           "verdict": verdict, "reasons": [], "interrupted": False,
           "ports": [{"uri": "loop:echo", "backend": "a device"}],
           "tx": {"offered_pps": rate, "sent": sent, "unsent": 0, "bytes_l2": size * sent,
                  "rate_pps": rate, "bits_l2_per_s": rate * size * 8, "duration_s": 1.0},
           "rx": {"received": sent - int(sent * loss), "lost": int(sent * loss),
                  "loss_ratio": loss, "reordered": 0, "duplicate": 0, "late": 0, "corrupt": 0,
                  "foreign": 0, "warmup": 0, "bytes_l2": 0, "rate_pps": rate * (1 - loss)},
           "latency": {"unit": "us", "count": sent, "min": 1.0, "mean": 3.0, "p50": 2.0,
                       "p90": 4.0, "p99": 8.0, "p99_9": 16.0, "p99_99": 32.0, "max": 64.0},
           "cpu": {"tsc_hz": 2000000000, "workers": []}, "environment": {}, "intervals": []}
    doc.update(more)
    return doc


SEARCH = {
    "schema": "vio.search/1", "version": "0", "started": "2026-01-01T00:00:00Z",
    "verdict": "valid", "method": "mlrsearch", "ports": [], "goals": [],
    "sizes": [{"size": str(size), "mean_bytes": size, "complete": True,
               "results": [{"goal": "NDR", "complete": True, "lower_pps": 1e8 / size},
                           {"goal": "PDR(0.5 %)", "complete": True, "lower_pps": 2e8 / size}],
               "trials": [{"kind": "search", "rate_pps": r * 1e8 / size, "loss_ratio": loss,
                           "verdict": verdict, "used": True}
                          for r, loss, verdict in ((1, 0, "valid"), (3, 0.2, "valid"),
                                                   (2, 0.01, "valid"), (9, 0.9, "invalid"))]}
              for size in (64, 512, 1518)]}


def put(name, doc):
    path = Path(TMP) / name
    path.write_text(doc if isinstance(doc, str) else json.dumps(doc))
    return str(path)


def real_run(name, *args):
    path = os.path.join(TMP, name)
    code, out, err = vio("pktgen", "loop:echo,loss=1e-2,seed=1", "-r", "20kpps", "-t", "300ms",
                         "--interval", "50ms", "--late-limit", "100%", "-q", "-o", path, *args)
    assert code in (0, 5), f"exit code {code}: {out}{err}"
    return path, json.loads(Path(path).read_text())


# --- pages ----------------------------------------------------------------------------------------


def case_real():
    """A run of this machine, with all its plots."""
    path, doc = real_run("real.json", "--assert", "tx.sent>=0")
    page, _ = page_of(f"mine={path}")
    wanted = ["Latency by percentile", "Pacing error by percentile: how late bursts left",
              "Rates over time", "Latency over time"]
    if doc["verdict"] == "valid":
        wanted = ["Throughput over frame size", "Throughput over frame size, layer 2",
                  "Loss over load"] + wanted
    equal(titles(page), wanted, "plots")
    for text in ("1 mine", doc["verdict"], "loop:echo,loss=1e-2,seed=1", "Assertions"):
        assert any(text in t for t in page.texts), f"'{text}' is not on the page"
    for line in lines(plot(page, "Latency by percentile")):
        assert len(line) > 20, f"{len(line)} points: not the whole histogram"
        for (x0, y0), (x1, y1) in zip(line, line[1:]):
            assert x1 >= x0 and y1 <= y0, f"the line goes down: {line}"
    rates = lines(plot(page, "Rates over time"))
    equal(len(rates), 3, "lines: sent, received, missing")
    equal({len(line) for line in rates}, {len(doc["intervals"])}, "points of each")


def case_throughput():
    """Points stand where the results are, in the order of sizes; what is not valid does not."""
    files = [f"{label}={put(f'{label}{size}.json', run_of(size, rate))}"
             for label, size, rate in (("b", 512, 2e6), ("a", 1518, 8e5), ("a", 64, 1e6))]
    bad = put("invalid.json", run_of(64, 9e6, verdict="invalid", reasons=["too <slow>"]))
    page, _ = page_of(*files, f"a={bad}")
    found = marks(plot(page, "Throughput over frame size"))
    equal(found, {"b": [(512, 1.998)], "a": [(64, 0.999), (1518, 0.7992)]}, "points")
    found = marks(plot(page, "Throughput over frame size, layer 2"))
    assert abs(found["b"][0][1] - 1.998e6 * 512 * 8 / 1e9) < 1e-4, found
    assert "too <slow>" in page.texts, "the reason is not on the page"


def case_loss():
    files = [f"x={put(f'l{i}.json', run_of(64, rate, loss))}"
             for i, (rate, loss) in enumerate(((3e6, 0.1), (1e6, 0), (2e6, 1e-4)))]
    root = plot(page_of(*files)[0], "Loss over load")
    equal(marks(root), {"x": [(1, 0), (2, 1e-4), (3, 0.1)]}, "points")
    (_, zero), (_, small), (_, large) = lines(root)[0]
    assert large < small < zero, f"0 stands below, more above: {zero} {small} {large}"
    texts = [t.text for t in root.iter(SVG + "text")]
    assert "0.1" in texts and "0.0001" in texts, texts


def case_search():
    page, out = page_of(f"s={put('search.json', SEARCH)}")
    found = marks(plot(page, "Throughput over frame size"))
    equal(sorted(found), ["s: NDR", "s: PDR(0.5 %)"], "series")
    equal([x for x, _ in found["s: NDR"]], [64, 512, 1518], "sizes")
    assert abs(found["s: NDR"][0][1] - 1.5625) < 1e-5, found
    found = marks(plot(page, "Loss over load"))
    equal([y for _, y in found["s: 64"]], [0, 0.01, 0.2], "losses of valid trials")
    assert "frames of 1518" in out and "Trials" in out, "no table of trials"


def case_many():
    files = [put(f"many{i}.json", run_of(64 + i)) for i in range(12)]
    page, out = page_of(*files)
    equal(len(marks(plot(page, "Throughput over frame size"))), 8, "series")
    assert "Only the first 8 series are drawn." in out, "nobody is told"


def case_old_result():
    """Without a histogram, or with one that is damaged, percentiles are those of the result."""
    old, damaged = run_of(), run_of()
    damaged["latency"]["hdr_v2"] = "HISTFAAAAEV42"
    page, _ = page_of(put("old.json", old), put("damaged.json", damaged))
    equal([len(line) for line in lines(plot(page, "Latency by percentile"))], [6, 6], "points")


HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "a' onload='x",
           "]]>&amp;<!--", "\u0001\u0007 control", "\u202e\u00e4\U0001f600 unicode",
           "%s%n%d", "x" * 3000]


def case_hostile(text):
    """Whatever texts say, they stay texts."""
    doc = run_of(reasons=[text], version=text, started=text,
                 ports=[{"uri": text, "backend": text}],
                 streams=[{"name": text, text: text, "sent": 1}],
                 assertions=[{"name": text, "ok": False, "why": text}])
    label = "L" + text.replace("=", "-")[:50]
    page, _ = page_of(f"{label}={put('hostile.json', doc)}", put("other.json", run_of(128)))
    clean = text.replace("\1", "?").replace("\a", "?")
    assert clean in page.texts, f"not as it was: {[t for t in page.texts if t[:2] == clean[:2]]}"
    for svg in page.svgs:
        xml.etree.ElementTree.fromstring(svg)


def case_not_utf8():
    path = put("plain.json", run_of())
    p = subprocess.run([VIO.encode(), b"report", b"-o", b"-", b"\xff<b>=" + path.encode()],
                       capture_output=True, timeout=TIMEOUT, check=False)
    equal((p.returncode, p.stderr), (0, b""), "exit code and stderr")
    assert "1 ?<b>" in Page(p.stdout.decode()).texts, "the label is not on the page"


def mutants(value, path=()):
    """Ways to the members of @value."""
    yield path
    if isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from mutants(value[key], path + (key,))


def with_changed(doc, path, new):
    doc = copy.deepcopy(doc)
    at = doc
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = new
    return doc


def case_wrong_types(doc):
    """Whatever stands where something else should, the page is written."""
    values = [None, [], {}, [[]], -1, 1e300, "text", True, [1, "a", None], {"unit": 5}]
    files, labels = [], 0
    for path in mutants(doc):
        if len(path) == 0 or path == ("schema",):
            continue
        files.append(put(f"m{labels}.json", with_changed(doc, path, values[labels % 10])))
        labels += 1
    assert labels > 40, f"{labels} mutants"
    for i in range(0, labels, 20):
        page_of(*files[i:i + 20])
    code, _, err = vio("report", "--compare", "-o", "c.html",
                       *[f"{i % 2}={f}" for i, f in enumerate(files)])
    equal((code, err), (0, ""), "exit code and stderr of a comparison")


def case_render():
    """Each plot is an image that another program draws."""
    if not shutil.which("rsvg-convert"):
        raise Skip("no rsvg-convert (librsvg2-bin)")
    page, _ = page_of(real_run("render.json")[0], put("r.json", run_of()))
    assert len(page.svgs) >= 4, f"{len(page.svgs)} plots"
    for svg in page.svgs:
        p = subprocess.run(["rsvg-convert", "-f", "png"], input=svg.encode(), timeout=TIMEOUT,
                           capture_output=True, check=False)
        equal((p.returncode, p.stderr), (0, b""), "exit code and stderr")
        assert p.stdout.startswith(b"\x89PNG") and len(p.stdout) > 3000, f"{len(p.stdout)} bytes"


# --- comparisons ----------------------------------------------------------------------------------


def compared(*args):
    """{figure: cells} of the text, whose columns are two spaces or more apart."""
    code, out, err = vio("report", "--compare", "-o", "compare.html", *args)
    equal((code, err), (0, ""), "exit code and stderr")
    page = (Path(TMP) / "compare.html").read_text()
    rows = {}
    table = page.partition("<h2>Comparison</h2>")[2].partition("</table>")[0]
    for row in re.findall(r"<tr>(<td class.*?)</tr>", table):
        name, *cells = re.findall(r"<td class=\"[^\"]*\">(.*?)</td>", row)
        rows[name] = cells
        assert all(cell in out for cell in cells), f"{cells} are not in {out}"
    Page(page)
    return rows, out


def case_compare_two():
    rows, _ = compared(put("one.json", run_of(rate=2e6)), put("two.json", run_of(rate=3e6)))
    equal(rows["sent, Mpps"], ["2", "3", "+1", "1.5", "-", "-"], "sent")
    equal(rows["latency p50, us"], ["2", "2", "0", "1", "-", "-"], "latency")
    equal(rows["reordered, packets"], ["0", "0", "0", "-", "-", "-"], "no ratio to nothing")
    assert "pacing error p99, us" not in rows, "what was not measured"


def group(label, rates, **more):
    return [f"{label}={put(f'{label}{i}.json', run_of(rate=r * 1e6, **more))}"
            for i, r in enumerate(rates)]


def case_compare_groups():
    """Mean, spread and Welch's interval, by hand."""
    a, b = (1, 2, 3), (4, 5, 6)
    rows, _ = compared(*group("a", a), *group("b", b))
    half = T_4 * (statistics.variance(a) / 3 + statistics.variance(b) / 3) ** 0.5
    equal(rows["sent, Mpps"], ["2 +- 1 (n=3)", "5 +- 1 (n=3)", "+3", "2.5", "better",
                               f"{3 - half:.5g} to {3 + half:.5g}"], "sent")
    equal(rows["loss ratio"][4], "none", "the same in all")
    rows, _ = compared(*group("b", b), *group("a", a))
    equal(rows["sent, Mpps"][4], "worse", "the other way round")
    equal(rows["offered, Mpps"][4], "yes", "neither better nor worse")
    rows, _ = compared(*group("a", (1, 5, 9)), *group("b", (2, 6, 10)))
    equal(rows["sent, Mpps"][4], "none", "within the spread")


def case_compare_invalid():
    rows, out = compared(*group("a", (1, 1)), *group("b", (2, 2)),
                         f"b={put('bad.json', run_of(rate=9e6, verdict='invalid'))}")
    equal(rows["sent, Mpps"][:2], ["1 +- 0 (n=2)", "2 +- 0 (n=2)"], "valid runs")
    assert "1 of 5 runs are not valid, and left out" in out, out
    rows, out = compared(put("v.json", run_of()), put("f.json", run_of(verdict="failed")))
    equal(rows, {}, "rows")
    assert "nothing to compare" in out, out


def case_compare_searches():
    faster = copy.deepcopy(SEARCH)
    for size in faster["sizes"]:
        for result in size["results"]:
            result["lower_pps"] *= 1.5
    rows, _ = compared(put("slow.json", SEARCH), put("fast.json", faster))
    equal(len(rows), 6, "figures")
    equal(rows["NDR, 64, Mpps"][:4], ["1.5625", "2.3438", "+0.78125", "1.5"], "NDR of 64 bytes")


# --- errors ---------------------------------------------------------------------------------------

ERRORS = [
    ("no file", [], 2, "VIO-CLI-02"),
    ("a file that is not there", ["nowhere.json"], 3, "nowhere.json can't be read"),
    ("a file that is no JSON", ["broken.json"], 3, "broken.json: line 2, column "),
    ("a file that ends too early", ["short.json"], 3, "is no JSON"),
    ("a file of another kind", ["list.json"], 3, "its schema is 'vio.list/1'"),
    ("a list", ["array.json"], 3, "its schema is ''"),
    ("one run to compare", ["--compare", "good.json"], 2, "there are 1:"),
    ("three runs to compare", ["--compare", "a=good.json", "b=good.json", "c=good.json"], 2,
     "there are 3:"),
    ("a page that can't be written", ["good.json", "-o", "nowhere/page.html"], 3,
     "nowhere/page.html: the page could not be written"),
    ("a full disk", ["good.json", "-o", "/dev/full"], 3, "No space left on device"),
]


def case_error(args, code, text):
    put("broken.json", "{\n\"schema\": nonsense}")
    put("short.json", json.dumps(run_of())[:200])
    put("list.json", {"schema": "vio.list/1"})
    put("array.json", "[]")
    put("good.json", run_of())
    tool.case_error(["report", *args], code, text, cwd=TMP)
    assert not os.path.exists(os.path.join(TMP, "report.html")), "there is a page"


def case_default_name():
    folder = tempfile.mkdtemp(dir=TMP)
    code, out, err = vio("report", put("good.json", run_of()), cwd=folder)
    equal((code, out, err), (0, "report.html: 1 result\n", ""), "exit code and output")
    equal(os.listdir(folder), ["report.html"], "files")


def cases():
    yield "a run of this machine has all its plots", case_real, ()
    yield "throughput stands over frame size, of valid runs only", case_throughput, ()
    yield "loss stands over load, and 0 has its place", case_loss, ()
    yield "a search has throughput, loss and trials", case_search, ()
    yield "there are only as many series as can be told apart", case_many, ()
    yield "percentiles of results without histogram", case_old_result, ()
    for i, text in enumerate(HOSTILE):
        yield f"hostile text {i + 1} stays text", case_hostile, (text,)
    yield "a label that is no UTF-8 shows", case_not_utf8, ()
    full = run_of(intervals=[{"from_s": 0, "to_s": 1, "sent": 5}], assertions=[{"name": "x"}],
                  pacing={"error_p99_us": 1, "hdr_v2": "x"}, streams=[{"name": "s", "sent": 1}])
    yield "wrong types in a run do no harm", case_wrong_types, (full,)
    yield "wrong types in a search do no harm", case_wrong_types, (SEARCH,)
    yield "plots are images for others", case_render, ()
    yield "two runs compared", case_compare_two, ()
    yield "two groups compared: mean, spread, interval", case_compare_groups, ()
    yield "runs that are not valid are not compared", case_compare_invalid, ()
    yield "two searches compared", case_compare_searches, ()
    for what, args, code, text in ERRORS:
        yield f"{what} is an error with exit code {code}", case_error, (args, code, text)
    yield "the page has a name of its own", case_default_name, ()


if __name__ == "__main__":
    sys.exit(main(cases(), TMP))
