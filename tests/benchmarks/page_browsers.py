"""The page in one file as its readers have it: two browsers, two widths, from the disk and from a server.

    python tests/benchmarks/page_browsers.py [--loads 5] [--learners 10000] [--no-write]

Chromium and Debian's Firefox are driven by WebDriver BiDi (npm's puppeteer-core), in a name space of their
own that has no network but the loopback of its static server, where the system lets us make one. Lighthouse
(npm's) looks at the file in Chromium; a plain file server hands it to thousands of scripted learners.
"""

import functools
import gzip
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from report import Table, benchmark_parser, publish, spread

from spicewidgets.front.page import LESSONS, write_page

BROWSER = Path(__file__).resolve().parents[1] / "browser"
sys.path[:0] = [str(BROWSER)]
import chromium  # noqa: E402
import npm  # noqa: E402

HEADING = "The page in one file, in browsers"
WIDTHS = (1280, 400)
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
VISIT = r"""
const { createRequire } = require("node:module");
const http = require("node:http");
const fs = require("node:fs");
const { pathToFileURL } = require("node:url");
const { browser, path, file, axe, loads, widths, packages } = JSON.parse(process.argv[1]);
const find = createRequire(packages);

(async () => {
  const { default: puppeteer } = await import(pathToFileURL(find.resolve("puppeteer-core")));
  const server = http.createServer((_, answer) => {
    answer.setHeader("content-type", "text/html");
    answer.end(fs.readFileSync(file));
  }).listen(0, "127.0.0.1");
  const own = await puppeteer.launch({
    browser, executablePath: path, protocol: "webDriverBiDi", headless: true,
    args: browser === "chrome" ? ["--no-sandbox", "--disable-gpu"] : [],
  });
  const said = { version: await own.version(), rows: [] };
  const places = { disk: `file://${file}`, server: `http://127.0.0.1:${server.address().port}/` };
  for (const [place, address] of Object.entries(places))
    for (const width of widths) {
      const row = { place, width, first: [], ready: [], asked: [], refused: 0 };
      for (let load = 0; load < loads; load++) {
        const page = await own.newPage();
        await page.setViewport({ width, height: 800 });
        page.on("request", (one) => {
          const url = one.url();
          if (url !== address && !url.startsWith("data:")) row.asked.push(url);
        });
        const began = performance.now();
        await page.goto(address, { waitUntil: "domcontentloaded" });
        await page.keyboard.press("ArrowLeft");
        await page.waitForFunction(() => document.getElementById("said").textContent.includes("Choice 1 of"));
        row.ready.push(performance.now() - began);
        row.first.push(await page.evaluate(() => new Promise((done) => {
          const paint = () => performance.getEntriesByName("first-contentful-paint")[0];
          const look = () => (paint() ? done(paint().startTime) : setTimeout(look, 10));
          look();
        })));
        if (load === loads - 1) await use(page, row);
        await page.close();
      }
      said.rows.push(row);
    }
  await own.close();
  server.close();
  console.log(JSON.stringify(said));
})();

async function back(page) {
  await page.keyboard.down("Shift");
  await page.keyboard.press("Tab");
  await page.keyboard.up("Shift");
}

async function use(page, row) {
  const controls = await page.evaluate(() => {
    const all = document.querySelectorAll("button, input, select, summary, a[href], [tabindex='0']");
    let n = 0;
    const seen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled;
    for (const one of all) if (seen(one)) one.dataset.at = n++;
    window.reached = new Set();
    addEventListener("focusin", ({ target }) => window.reached.add(target.dataset.at));
    return n;
  });
  for (let i = 0; i < 2 * controls; i++) await page.keyboard.press("Tab");
  row.reached = await page.evaluate(() => [...window.reached].filter((at) => at !== undefined).length);
  row.controls = controls;
  for (let i = 0; i < 3 * controls; i++) {
    if (await page.evaluate(() => document.activeElement.id === "train")) break;
    await back(page);
  }
  const began = performance.now();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /articipant/.test(document.getElementById("verdict").textContent));
  row.trained = performance.now() - began;
  row.verdict = await page.evaluate(() => document.getElementById("verdict").textContent);
  row.wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  row.refused = await page.evaluate(() => fetch("/anything").then(() => 0, () => 1));
  await page.waitForFunction(() => document.getAnimations().every((one) => one.playState === "finished"));
  await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
  await page.evaluate(fs.readFileSync(axe, "utf8"));
  row.axe = [];
  for (const theme of ["light", "dark"]) {
    await page.evaluate((theme) => (document.documentElement.dataset.theme = theme), theme);
    const { violations } = await page.evaluate(() => axe.run());
    row.axe.push(...violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`)));
  }
}
"""


def visit(browser: str, path: str, file: Path, loads: int) -> dict[str, Any]:
    """What a browser says of the file, loaded some times in each width from each place."""
    axe, packages = npm.axe(), npm.found("PUPPETEER", "puppeteer-core@24", "puppeteer-core/package.json")
    if axe is None or packages is None:
        raise SystemExit("axe-core and puppeteer-core are needed, and npm, which would fetch them.")
    given = {"browser": browser, "path": path, "file": str(file), "axe": str(axe), "loads": loads}
    given |= {"widths": WIDTHS, "packages": str(packages)}
    command = ["node", "-e", VISIT, "--", json.dumps(given)]
    if os.geteuid() == 0 and shutil.which("unshare"):
        command = ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh", *command]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def rows_of(found: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in found["rows"]:
        for trouble in (*row["asked"], *row["axe"]):
            print(found["version"], row["place"], row["width"], trouble)
        yield (
            f"{found['version'].split('.')[0].replace('/', ' ')}, {row['place']}, {row['width']}",
            spread(row["first"], "ms"),
            spread(row["ready"], "ms"),
            f"{row['trained'] / 1000:.1f} s",
            f"{len(row['asked'])}; {'refused' if row['refused'] else 'not refused'}",
            f"{row['reached']} of {row['controls']}",
            str(len(row["axe"])),
            f"{max(row['wide'], 0):.0f}",
        )


def lighthouse(address: str, path: str) -> str:
    """The categories of Lighthouse, for a phone and for a desk."""
    command = npm.found("LIGHTHOUSE", "lighthouse@12.2.3", ".bin/lighthouse")
    if command is None:
        return "Lighthouse could not be had."
    said = []
    for form, preset in (("phone", ()), ("desk", ("--preset=desktop",))):
        ask = ["--quiet", "--output=json", *preset, f"--only-categories={','.join(CATEGORIES)}"]
        done = subprocess.run(
            [str(command), address, *ask, "--chrome-flags=--headless=new --no-sandbox --disable-gpu"],
            env=os.environ | {"CHROME_PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            return f"Lighthouse ended with {done.stderr.strip().splitlines()[-1]}."
        report = json.loads(done.stdout)
        scores = {name: report["categories"][name]["score"] for name in CATEGORIES}
        for name, audit in report["audits"].items():
            if audit.get("score") is not None and audit["score"] < 1:
                print(form, name, audit["score"], audit.get("displayValue", ""))
        said.append(f"{form}: " + ", ".join(f"{name} {100 * score:.0f}" for name, score in scores.items()))
    return f"Lighthouse {report['lighthouseVersion']}, of 100: {'; '.join(said)}."


def learners(port: int, n: int) -> str:
    """What so many loads of the file take of a plain file server."""
    received = []

    def load(_: int) -> None:
        link = HTTPConnection("127.0.0.1", port)
        link.request("GET", "/lesson.html")
        answer = link.getresponse()
        head = sum(len(name) + len(value) + 4 for name, value in answer.getheaders()) + 17
        received.append(head + len(answer.read()))
        link.close()

    used = resource.getrusage(resource.RUSAGE_SELF)
    began, before = time.perf_counter(), used.ru_utime + used.ru_stime
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(load, range(n)))
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = used.ru_utime + used.ru_stime - before
    return (
        f"{n:,} scripted learners of Python's plain file server: one request and"
        f" {statistics.median(received):,.0f} bytes each, {sum(received) / 1e9:.2f} GB in all, in"
        f" {time.perf_counter() - began:.0f} s;"
        f" {1000 * seconds / n:.1f} ms of a processor a learner for server and learner together."
    )


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of each request."""


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--loads", type=int, default=5)
    parser.add_argument("--learners", type=int, default=10_000)
    given = parser.parse_args()
    browsers = {"chrome": chromium.find(), "firefox": shutil.which("firefox-esr") or shutil.which("firefox")}
    html = write_page()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lesson.html"
        file.write_text(html, encoding="utf-8")
        rows = []
        for name, path in browsers.items():
            rows += [*rows_of(visit(name, path, file, given.loads))] if path else [(name, *["not here"] * 7)]
        handler = functools.partial(Quiet, directory=folder)
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            port = server.server_address[1]
            path = browsers["chrome"]
            scores = lighthouse(f"http://127.0.0.1:{port}/lesson.html", path) if path else "No Chromium."
            loaded = learners(port, given.learners)
            server.shutdown()
    head = (
        "browser, place, width",
        "first picture",
        "a key is answered",
        "Train to equation",
        "further requests; one by script",
        "controls reached by Tab",
        "axe, both themes",
        "wider than the page",
    )
    size = len(html.encode())
    lessons = [f"{name} {len(write_page(lesson=name).encode()) / 1000:.0f}" for name in LESSONS]
    packed = len(gzip.compress(html.encode()))
    publish(
        HEADING,
        f"Shared with other work; {given.loads} loads each, median (lowest to highest), without a network but"
        " the loopback of the static server. Time until a key is answered begins with the command to load,"
        " and so has the driver's own in it. Train is pressed with Enter, after Shift and Tab have found it.",
        Table(head, rows),
        f"The file has {size / 1000:.0f} kB, packed {packed / 1000:.0f} kB; {', '.join(lessons)} kB.",
        scores,
        loaded,
        write=not given.no_write,
    )


if __name__ == "__main__":
    main()
