"""Measures the explorer in a real browser, and writes the table into RESULTS.md.

    python tests/benchmarks/explorer.py [--only slider,training,...] [--repeats 2] [--no-write]

Needs `spicewidgets[test]` and a Chromium. Everything is timed where the learner is: in the page, from the
event to the change of the picture. The load of the machine is told beside each figure.
"""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil
from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
from explorer_page import ExplorerPage
from report import Table, benchmark_parser, number, publish

from spicewidgets.state.experiment import Experiment
from spicewidgets.state.link import to_link

HEADING = "The explorer in the browser"
HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
APP = "from spicewidgets.cli import main; main()"
LONG = {"training": {"optimizer": "adam", "epochs": 1_000_000}}  # goes on until it is stopped
LINES = ".svg-figure path.line"
# Notes the time from a key or a move of the mouse to the next change of a line of the figure in sight.
WATCH = """() => {
  window.swTimes = []; window.swDraws = []; window.swTiles = []
  let begun = null, tileBegun = null
  const start = (event) => { begun = tileBegun = event.timeStamp }
  document.addEventListener('keydown', start, true)
  document.addEventListener('mousemove', (event) => { if (event.buttons) start(event) }, true)
  new MutationObserver((changes) => {
    if (!changes.some((one) => one.target.closest('.svg-figure')?.checkVisibility())) return
    const now = performance.now()
    if (now - (window.swDraws.at(-1) ?? 0) > 5) window.swDraws.push(now)
    if (begun !== null) { window.swTimes.push(now - begun); begun = null }
  }).observe(document.body, {subtree: true, attributes: true, attributeFilter: ['d']})
  const tile = new MutationObserver(() => {
    if (tileBegun !== null) { window.swTiles.push(performance.now() - tileBegun); tileBegun = null }
  })
  const all = { subtree: true, childList: true }
  window.swWatchTile = () => tile.observe(document.querySelector('.sw-open'), all)
}"""
# The first picture of the page, and of what stands there before it where it is not ready yet.
NOTE_PAINT = """try {
  sessionStorage.swBegun ??= performance.timeOrigin
  new PerformanceObserver((list) => {
    for (const one of list.getEntriesByName('first-contentful-paint'))
      sessionStorage.swPaint ??= performance.timeOrigin + one.startTime
  }).observe({ type: 'paint', buffered: true })
} catch {}"""
PAINT = "sessionStorage.swPaint - sessionStorage.swBegun"
STATUS = ".sw-guide [role=status]"


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


class Measured:
    """Rows as they are found, with the load of the machine at that time."""

    def __init__(self) -> None:
        self.rows: list[list[str]] = []

    def add(self, what: str, goal: str, found: str) -> None:
        self.rows.append([what, found, goal, f"{os.getloadavg()[0]:.1f}"])
        say(*self.rows[-1])

    def add_times(self, what: str, goal: str, times: list[float]) -> None:
        """Median and 95th percentile of times in ms."""
        if len(times) < 2:
            self.add(what, goal, "not measured")
            return
        high = statistics.quantiles(times, n=20)[-1]
        told = f"{statistics.median(times):.0f} ms, p95 {high:.0f} ms, of {len(times)}"
        self.add(what, goal, told)


@contextmanager
def served(pool: int) -> Iterator[tuple[str, int]]:
    """Address and process of `spicewidgets app`."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    command = [sys.executable, "-c", APP, "app", "--no-browser", "--port", str(port), "--pool", str(pool)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            until = time.monotonic() + 60
            while time.monotonic() < until:
                with socket.socket() as trial:
                    if trial.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}/", server.pid
        finally:
            server.terminate()
            server.wait(30)


def kernels(server: int) -> list[int]:
    """The processes of a server's kernels: started by itself, or forked from the server's warm process."""
    found = []
    for process in psutil.Process(server).children(recursive=True):
        with suppress(psutil.Error):
            above = process.parent()
            forked = above is not None and any(
                "spicewidgets.server.parent" in part for part in above.cmdline()
            )
            if forked or any("ipykernel" in part for part in process.cmdline()):
                found.append(process.pid)
    return found


def memory(kernel: int) -> tuple[float, float]:
    """Resident and proportional size of a process in MB."""
    lines = Path(f"/proc/{kernel}/smaps_rollup").read_text().splitlines()
    told = {line.split(":")[0]: int(line.split()[1]) / 1000 for line in lines[1:]}
    return told["Rss"], told["Pss"]


def rest(server: int, n: int) -> None:
    """Wait until so many kernels are there and have nothing left to do."""

    def used() -> list[str]:
        stats = [Path(f"/proc/{kernel}/stat").read_text().split()[13] for kernel in kernels(server)]
        return stats

    before: list[str] = []
    until = time.monotonic() + 120
    while time.monotonic() < until:
        now = used()
        if len(now) >= n and now == before:
            return
        before = now
        time.sleep(3)


def opened(browser: Browser, url: str, **groups: Any) -> tuple[Page, float]:
    """The explorer with these settings, at rest, and the seconds to its first figure."""
    experiment = Experiment()
    experiment.from_dict(groups)
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(60_000)
    page.add_init_script(NOTE_PAINT)
    begun = time.perf_counter()
    page.goto(f"{url}?settings={to_link(experiment)}", wait_until="commit")
    drawn = "(one) => one.checkVisibility() && one.getAttribute('d')"
    page.wait_for_function(f"[...document.querySelectorAll('{LINES}, #mind path')].some({drawn})")
    spent = time.perf_counter() - begun
    if groups:
        page.wait_for_selector(".sw-settings[data-taken]", state="attached")
        press(page, "Stop")  # an address is shown with a run of its own settings
        wait_for_words(page, "Stopped")
    return page, spent


def section(page: Page, name: str) -> None:
    ExplorerPage(page).go(name.lower())
    page.wait_for_timeout(700)


def press(page: Page, word: str) -> None:
    page.get_by_role("button", name=word, exact=True).locator("visible=true").first.click()


def wait_for_words(page: Page, words: str, seconds: float = 180) -> None:
    page.wait_for_function(
        "([at, words]) => new RegExp(words).test(document.querySelector(at)?.textContent ?? '')",
        arg=[STATUS, words],
        timeout=1000 * seconds,
    )


def slider_times(page: Page, place: str, label: str, n: int = 30) -> dict[str, list[float]]:
    """Milliseconds from an arrow key, and from a move of the handle by the mouse, to the line drawn anew."""
    section(page, place)
    slider = page.locator(".widget-slider").filter(has_text=label).locator("visible=true").first
    handle = slider.locator(".noUi-handle, .ui-slider-handle")
    handle.scroll_into_view_if_needed()
    handle.focus()
    page.evaluate("window.swTimes = []; window.swTiles = []; window.swWatchTile()")
    for at in range(n):
        page.keyboard.press("ArrowRight" if at % 10 < 5 else "ArrowLeft")
        drawn(page, at + 1)
    keys = page.evaluate("window.swTimes.splice(0)")
    tiles = page.evaluate("window.swTiles.splice(0)")
    box = handle.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for at in range(n):
        page.mouse.move(x + (8, -8)[at % 2] * (1 + at % 10), y)  # to both sides: no end is near
        drawn(page, at + 1)
    page.mouse.move(x, y)
    drawn(page, n + 1)
    page.mouse.up()
    return {"by key": keys, "by key, tile": tiles, "by mouse": page.evaluate("window.swTimes.splice(0)")}


def drawn(page: Page, n: int) -> None:
    """Wait until so many changes have been drawn, and a moment more."""
    try:
        page.wait_for_function("(n) => window.swTimes.length >= n", arg=n, timeout=3000)
    except TimeoutError:
        say("not drawn anew within 3 s")
        page.evaluate("window.swTimes.push(3000)")
    page.wait_for_timeout(100)


SLIDERS = (("Task", "Drift"), ("Participant", "Learning rate"))


def sliders(browser: Browser, found: Table, repeats: int) -> None:
    """The sliders that redraw a picture, at rest and while training."""
    with served(1) as (url, server):
        rest(server, 1)
        page, _ = opened(browser, url, **LONG)
        page.evaluate(WATCH)
        rest(server, 1)
        for busy in (False, True):
            goal = "p95 < 100 ms"
            if busy:
                section(page, "Train")
                press(page, "Train")
                wait_for_words(page, "Epoch [0-9]{2,}")
            for place, label in SLIDERS:
                times: dict[str, list[float]] = {}
                for _ in range(repeats):
                    for way, each in slider_times(page, place, label).items():
                        times.setdefault(way, []).extend(each)
                for way, each in times.items():
                    when = "while training" if busy else "at rest"
                    what = "tile" if way.endswith("tile") else "plot"
                    found.add_times(f"{label} {way.split(',')[0]} to redrawn {what}, {when}", goal, each)
        section(page, "Train")
        press(page, "Stop")
        page.close()


# Notes the time from an event to the equation of the new setting: one that is there and is not old.
FOLLOW = """() => {
  window.swTimes = []
  let begun = null
  const start = (event) => { begun = event.timeStamp }
  for (const kind of ['keydown', 'change']) document.addEventListener(kind, start, true)
  document.addEventListener('mousemove', (event) => { if (event.buttons) start(event) }, true)
  new MutationObserver(() => {
    if (begun === null || document.querySelector('.sw-equations .sw-old')) return
    window.swTimes.push(performance.now() - begun)
    begun = null
  }).observe(document.querySelector('.sw-head'), {subtree: true, childList: true})
}"""


def game(browser: Browser, found: Table, repeats: int, n: int = 29) -> None:
    """From opening to the first choice, and from a choice to the next bet, at rest and while training."""
    seconds, times = [], []
    for _ in range(repeats):
        with served(1) as (url, server):
            rest(server, 1)
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            begun = time.perf_counter()
            page.goto(url, wait_until="commit")
            page.wait_for_selector("#left")
            while not page.get_by_text("Choice 1 of 30").count():
                page.keyboard.press("ArrowLeft")
            seconds.append(time.perf_counter() - begun)
            times += ExplorerPage(page).play(n)
            page.close()
    told = " / ".join(f"{one:.2f} s" for one in seconds)
    found.add("From opening to the first choice, kernel warm", "< 3 s", told)
    found.add_times("From a choice to the next bet, at rest", "p95 < 100 ms", times)
    with served(1) as (url, server):
        rest(server, 1)
        page, _ = opened(browser, url, **LONG)
        press(page, "Train")
        wait_for_words(page, "Epoch [0-9]{2,}")
        press(page, "Play")
        times = []
        for _ in range(repeats):
            times += ExplorerPage(page).play(n)
            page.keyboard.press("ArrowLeft")  # the last of a round finds an equation
            press(page, "Play thirty more")
        found.add_times("The same, while training", "p95 < 100 ms", times)
        page.close()


def cockpit(browser: Browser, found: Table, repeats: int, n: int = 10) -> None:
    """From a change of the library to its equation in the head, without training."""
    with served(1) as (url, server):
        rest(server, 1)
        page, _ = opened(browser, url)
        rest(server, 1)
        section(page, "Library")
        press(page, "Find again")  # the recorded run is trained again, once
        wait_for_words(page, "Found the equations again")
        press(page, "more of the regression …")
        rest(server, 1)
        page.evaluate(FOLLOW)
        threshold = page.locator(".widget-slider").filter(has_text="Threshold").locator("visible=true").first
        handle = threshold.locator(".noUi-handle, .ui-slider-handle")
        constant = page.get_by_role("checkbox", name="constant").locator("visible=true").first

        def slide(at: int) -> None:
            handle.focus()
            page.keyboard.press(("End", "Home")[at % 2])

        def drag(at: int) -> None:
            box = threshold.bounding_box()
            assert box is not None
            page.mouse.move(box["x"] + box["width"] * (0.9, 0.2)[at % 2], box["y"] + box["height"] / 2)

        def typed(label: str, *values: str) -> Callable[[int], None]:
            def type_one(at: int) -> None:
                one = page.get_by_role("spinbutton", name=label).locator("visible=true").first
                one.fill(values[at % 2])
                one.press("Enter")

            return type_one

        def choose(at: int) -> None:
            names = ("SR3_L1", "STLSQ")
            page.get_by_role("combobox", name="Sparse regression").first.select_option(names[at % 2])

        ways: dict[str, Callable[[int], None]] = {
            "the threshold by key": slide,
            "the threshold by mouse": drag,
            "a term, ticked or not": lambda at: constant.set_checked(at % 2 == 1),
            "the degree": typed("Degree", "2", "1"),
            "the sparse regression": choose,
            "on-policy or off-policy": typed("Off-policy trials", "0", "1000"),
        }
        for words, change in ways.items():
            if change is drag:
                handle.hover()
                page.mouse.down()
            page.evaluate("window.swTimes = []")
            for at in range(n * repeats):
                change(at)
                drawn(page, at + 1)
            times = page.evaluate("window.swTimes.splice(0)")
            page.mouse.up()
            found.add_times(f"From {words} to the equation", "< 100 ms", times)
            rest(server, 1)
        page.close()


def worker(what: str, **arguments: Any) -> Any:
    command = [sys.executable, str(HERE / "explorer_worker.py"), what, json.dumps(arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return json.loads(told.splitlines()[-1])


def training(browser: Browser, found: Table, repeats: int, seconds: float = 10) -> None:
    """Epochs per second with the page open and without one, by turns, and updates of the live curve."""
    alone, watched, updates = [], [], []
    with served(1) as (url, server):
        rest(server, 1)
        for _ in range(repeats + 1):
            page, _ = opened(browser, url, **LONG)
            page.evaluate(WATCH)
            rest(server, 2)
            section(page, "Train")
            press(page, "Train")
            wait_for_words(page, "Epoch [0-9]{2,}")
            page.evaluate("window.swDraws = []")
            first, begun = epoch(page), time.perf_counter()
            page.wait_for_timeout(1000 * seconds)
            spent, last = time.perf_counter() - begun, epoch(page)
            watched.append((last - first) / spent)
            updates.append(len(page.evaluate("window.swDraws")) / spent)
            press(page, "Stop")
            wait_for_words(page, "Stopped")
            page.close()
            alone.append(worker("speed", seconds=seconds, **LONG)["rate"])
    ratio = statistics.median(one / two for one, two in zip(watched, alone, strict=True))
    told = " / ".join(number(rate) for rate in watched)
    found.add("Epochs per second, headless", "", " / ".join(number(rate) for rate in alone))
    found.add("Epochs per second, page open with the live curve", "", told)
    found.add("The second over the first, median of the turns", "> 0.90", f"{ratio:.2f}")
    found.add("Updates of the live curve per second", ">= 5", f"{statistics.median(updates):.1f}")


def epoch(page: Page) -> int:
    return int(page.evaluate(f"document.querySelector('{STATUS}').textContent.match(/Epoch ([0-9]+)/)[1]"))


def stops(browser: Browser, found: Table, repeats: int) -> None:
    """From the press of Stop to the word in the page, and to the end of the run in every phase."""
    with served(1) as (url, server):
        rest(server, 1)
        page, _ = opened(browser, url, **LONG)
        times = []
        section(page, "Train")
        for _ in range(2 * repeats):
            press(page, "Train")
            wait_for_words(page, "Epoch [0-9]{2,}")
            begun = time.perf_counter()
            press(page, "Stop")
            wait_for_words(page, "Stopped")
            times.append(1000 * (time.perf_counter() - begun))
            page.wait_for_timeout(1000)  # until buttons have come and gone
        found.add("Stop to the word in the page, 100 x 100", "< 1000 ms", f"at most {max(times):.0f} ms")
        page.close()
    for n_sessions, n_trials in ((100, 100), (500, 200)):
        for phase, seconds in worker("stop", n_sessions=n_sessions, n_trials=n_trials).items():
            told = f"at most {1000 * max(seconds):.0f} ms" if seconds else "too short to be met"
            found.add(f"Stop in phase {phase}, {n_sessions} x {n_trials}", "< 1000 ms", told)


def starts(browser: Browser, found: Table, repeats: int) -> None:
    """From navigation to the first picture and to the first live figure, with a warm kernel and without."""
    for pool, goals in ((1, ("< 1 s", "< 2 s")), (0, ("< 2 s", "< 6 s"))):
        seconds, pictures = [], []
        for _ in range(repeats):
            with served(pool) as (url, server):
                if pool:
                    rest(server, pool)
                page, spent = opened(browser, url)
                pictures.append(page.evaluate(PAINT) / 1000)
                page.close()
                seconds.append(spent)
        kernel = f"kernel {'warm' if pool else 'cold'}"
        for what, goal, each in zip(("picture", "live figure"), goals, (pictures, seconds), strict=True):
            found.add(f"First {what}, {kernel}", goal, " / ".join(f"{one:.2f} s" for one in each))


def sizes(browser: Browser, found: Table, repeats: int, runs: int = 23) -> None:
    """Memory of one learner's kernel after a full run, and after twenty more."""
    with served(0) as (url, server):
        page, _ = opened(browser, url)
        (kernel,) = kernels(server)
        told = []
        for run in range(runs):
            press(page, "Train")
            wait_for_words(page, "Epoch|Finding|Simul|Compar|Loading")
            wait_for_words(page, "Trained for")
            page.wait_for_timeout(300)
            told.append(memory(kernel))
            say("run", run + 1, *(f"{size:.0f}" for size in told[-1]))
        page.close()
    rss, pss = told[0]
    found.add("Kernel after one full run, resident", "< 450 MB", f"{rss:.0f} MB ({pss:.0f} MB shared out)")
    growth = told[-1][0] / told[2][0] - 1
    found.add(f"Growth of it from run 3 to run {runs}", "< 5 %", f"{100 * growth:.1f} %")


PARTS: dict[str, Callable[[Browser, Table, int], None]] = {
    "starts": starts,
    "game": game,
    "slider": sliders,
    "cockpit": cockpit,
    "training": training,
    "stop": stops,
    "memory": sizes,
}


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--only", default=",".join(PARTS), help=f"some of {', '.join(PARTS)}")
    parser.add_argument("--repeats", type=int, default=2)
    arguments = parser.parse_args()
    found = Measured()
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        for name in arguments.only.split(","):
            PARTS[name](browser, found, arguments.repeats)
        browser.close()
    words = "Headless Chromium on the same machine; load is that of the last minute."
    table = Table(["what", "found", "wanted", "load"], found.rows)
    publish(HEADING, words, table, write=not arguments.no_write)


if __name__ == "__main__":
    main()
