"""Measures a class that opens the explorer at once, on this machine, and writes the table into RESULTS.md.

    python tests/benchmarks/workshop.py [--learners 30] [--within 20] [--pool 30] [--no-fork] [--play]
                                        [--no-write]

The learners speak to the page's server and kernels as a browser does (tests/browser/learner.py): they get the
page and all files that it loads, take over its widgets, move a slider, train, and read the equation; or all
play thirty choices at once, one a second. Two of them are real browsers, where there is a Chromium. All share
the machine's processors with the server.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import HTTPError

import psutil
from playwright.sync_api import expect, sync_playwright
from report import Table, benchmark_parser, number, publish

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
import chromium
import servers
from explorer_page import ExplorerPage
from learner import Learner

HEADING = "A class that opens the explorer at once"
PATIENCE = 240  # seconds that a learner waits for anything
expect.set_options(timeout=PATIENCE * 1000)
STEPS = {
    "first": "the page asked for, to its first figure",
    "moved": "a slider moved, to the session drawn anew",
    "trained": "Train pressed, to the equation",
}
GAME = {
    "first": STEPS["first"],
    "bet": "a choice, to the next bet: median of a browser's",
    "worst bet": "the same, the 95th percentile of its thirty",
    "heard": "a choice told, to its tile: median of a learner's",
    "worst heard": "the same, the 95th percentile of thirty",
}
CHOICES, PACE = 30, 1.0  # of a game; seconds between two choices


class Memory:
    """Watches the server and its kernels: what they hold together, and the most that it was."""

    def __init__(self, server: psutil.Process) -> None:
        self.server, self.most, self.last = server, 0.0, {}
        self.done = threading.Event()

    def look(self) -> None:
        """Every two seconds, until it is done. Proportional sizes: what is shared counts once."""
        while not self.done.wait(2):
            self.last = self.now()
            self.most = max(self.most, self.total())

    def total(self) -> float:
        """What all of them held when they were last looked at, in MB."""
        return sum(pss for _, pss in self.last.values())

    def now(self) -> dict[int, tuple[float, float]]:
        """Resident and proportional size of each process, in MB."""
        found = {}
        for process in [self.server, *self.server.children(recursive=True)]:
            try:
                told = process.memory_full_info()
            except psutil.Error:
                continue
            found[process.pid] = (told.rss / 1e6, told.pss / 1e6)
        return found

    def kernels(self) -> list[tuple[float, float]]:
        """The same of the kernels alone, without what they are forked from."""
        return [sizes for pid, sizes in self.last.items() if pid in self.learners()]

    def learners(self) -> set[int]:
        """The processes of the kernels."""
        found = set()
        for process in self.server.children(recursive=True):
            with suppress(psutil.Error):  # it has ended meanwhile
                warm = "spicewidgets.server.parent" in process.cmdline()
                if not warm or process.ppid() != self.server.pid:
                    found.add(process.pid)
        return found


@contextmanager
def watched() -> Iterator[Memory]:
    """Memory of the server that this process has started last."""
    (server,) = [each for each in psutil.Process().children() if "spicewidgets" in " ".join(each.cmdline())]
    memory = Memory(server)
    thread = threading.Thread(target=memory.look)
    thread.start()
    try:
        yield memory
    finally:
        memory.done.set()
        thread.join()


def rest(memory: Memory, kernels: int, seconds: float = 600) -> None:
    """Wait until so many kernels are warm and nothing works any more."""
    begun, quiet = time.monotonic(), 0
    while quiet < 3:
        assert time.monotonic() < begun + seconds, "the kernels did not become warm"
        before = used(memory.server)
        time.sleep(2)
        idle = used(memory.server) - before < 0.8 + kernels / 50  # many kernels that do nothing do something
        quiet = quiet + 1 if idle and len(memory.learners()) >= kernels else 0


def used(server: psutil.Process) -> float:
    """Processor time of a server and its kernels so far, in seconds."""
    total = 0.0
    for process in [server, *server.children(recursive=True)]:
        try:
            total += process.cpu_times().user + process.cpu_times().system
        except psutil.Error:
            continue
    return total


def files_of(url: str) -> list[str]:
    """What a browser loads with the page, so that all can load it. It opens the page once for that."""
    if chromium.find() is None:
        return []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium.find(), args=["--disable-gpu"])
        page, found = browser.new_page(), []
        page.on("request", lambda asked: found.append(asked.url))
        page.goto(url, timeout=PATIENCE * 1000)
        ExplorerPage(page).opened()
        page.close(run_before_unload=True)
        browser.close()
    return [
        each
        for each in found
        if "/voila/static/" in each or "/labextensions/" in each or "/templates/" in each
    ]


def spread(name: str, times: list[float]) -> dict[str, float]:
    """Median and 95th percentile of times."""
    return {name: statistics.median(times), f"worst {name}": statistics.quantiles(times, n=20)[-1]}


def attend(
    url: str, files: list[str], wait: float, all_there: threading.Barrier, plays: bool
) -> dict[str, float] | str:
    """What a learner does: opens the page, waits for the others, and does the main job, or plays.

    The seconds of each step, or what went wrong.
    """
    time.sleep(wait)
    person = Learner(PATIENCE)
    try:
        begun = time.perf_counter()
        page = asked(person, url)
        for each in files:
            person.get(each)
        person.url = url
        person.enter(page)
        person.until(lambda: "waits for you" in person.text() or person.figures(), "there is no page")
        first = time.perf_counter() - begun
        if plays:
            all_there.wait(PATIENCE)
            return {"first": first, **spread("heard", person.play(CHOICES, PACE))}
        person.stage("Participant", "Learning rate")
        all_there.wait(PATIENCE)
        return {"first": first, **person.main_job()}
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]


def asked(person: Learner, url: str) -> str:
    """The page; who is told to wait asks again by himself, as the page that says so does."""
    while True:
        try:
            return person.get(url)
        except HTTPError as error:
            if error.code != 429:
                raise
            time.sleep(float(error.headers["Retry-After"]))


def attend_in_browser(url: str, all_there: threading.Barrier, plays: bool) -> dict[str, float] | str:
    """The same in a real browser."""
    try:
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=chromium.find(), args=["--disable-gpu"])
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(PATIENCE * 1000)
            begun = time.perf_counter()
            page.goto(url)
            if plays:
                page.wait_for_selector("#left")
                first = time.perf_counter() - begun
                all_there.wait(PATIENCE)
                times = ExplorerPage(page).play(CHOICES - 1, PACE)  # the last one finds an equation
                browser.close()
                return {"first": first, **spread("bet", [each / 1000 for each in times])}
            explorer = ExplorerPage(page).opened()
            first = time.perf_counter() - begun
            explorer.stage("Participant")
            all_there.wait(PATIENCE)
            before, begun = explorer.lines(), time.perf_counter()
            explorer.slide("Learning rate", 0.6)
            explorer.expect_other_lines(before)
            moved = time.perf_counter() - begun
            expect(explorer.guide).to_contain_text("Train again")
            explorer.expect_rest()  # the slider's last word has come, too
            begun = time.perf_counter()
            explorer.button("Train").click()
            expect(explorer.guide).to_contain_text("Trained for")
            trained = time.perf_counter() - begun
            browser.close()
            return {"first": first, "moved": moved, "trained": trained}
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]


def lesson(learners: int, within: float, pool: int, fork: bool, plays: bool) -> list[str | Table]:
    """One class, as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        options = ("--pool", str(pool), "--public", "--most", str(learners + 2))
        options += () if fork else ("--no-fork",)
        say(f"{pool} kernels are being warmed")
        load = os.getloadavg()[0]
        begun = time.perf_counter()
        with servers.app(Path(folder), *options) as url, watched() as memory:
            rest(memory, pool)
            warm = time.perf_counter() - begun
            files = files_of(url)
            say(f"{len(files)} files")
            rest(memory, pool)
            say(f"warm after {warm:.0f} s; {learners} learners come within {within:.0f} s")
            before, begun = used(memory.server), time.perf_counter()
            found = attended(url, files, learners, within, plays)
            took, worked = time.perf_counter() - begun, used(memory.server) - before
            time.sleep(4)
            return told(found, files, learners, within, pool, warm, took, worked, memory, load)


def attended(
    url: str, files: list[str], learners: int, within: float, plays: bool
) -> list[dict[str, float] | str]:
    """All learners, at once."""
    all_there = threading.Barrier(learners)
    real = chromium.find() is not None
    with ThreadPoolExecutor(learners) as people:
        jobs = [people.submit(attend_in_browser, url, all_there, plays) for _ in range(2 if real else 0)]
        for at in range(len(jobs), learners):
            jobs.append(people.submit(attend, url, files, within * at / learners, all_there, plays))
        return [job.result() for job in jobs]


def told(found, files, learners, within, pool, warm, took, worked, memory, load) -> list[str | Table]:
    """The figures of one class."""
    done = [each for each in found if isinstance(each, dict)]
    wrong = [each for each in found if isinstance(each, str)]
    rows = [[f"{learners} learners, {pool} kernels warm: who did the whole job", f"{len(done)}"]]
    for name, words in (STEPS | GAME).items():
        times = [each[name] for each in done if name in each]
        if times:
            middle, worst = statistics.median(times), max(times)
            rows.append([f"{words}, s", number(middle), number(worst)])
            for part in (found[:2], found[2:]) if files else ():
                seen = (each[name] for each in part if isinstance(each, dict) and name in each)
                rows[-1].append(number(max(seen, default=float("nan"))))
    rss, pss = ([sizes[at] for sizes in memory.kernels()] for at in (0, 1))
    kernels = [number(statistics.median(rss)), number(max(rss))]
    rows.append(["a learner's kernel at the end, resident, MB", *kernels])
    rows.append(["the same, proportional, MB", number(statistics.median(pss)), number(max(pss))])
    rows.append(
        ["server and all kernels, proportional, GB", number(memory.total() / 1e3), number(memory.most / 1e3)]
    )
    heads = ["what", "median, or all", "worst", "worst browser", "worst without"]
    table = Table(heads, [[*row, *[""] * (len(heads) - len(row))] for row in rows])
    words = (
        f"They came within {within:.0f} s, each loading {len(files)} files with the page, and began the"
        " job together; two have a real browser, which runs on the server's own cores. The server and its"
        f" kernels used {worked:.0f} s of processor in {took:.0f} s; warming the kernels before had taken"
        f" {warm:.0f} s. Load before: {load:.1f}."
    )
    return [table, words, *(f"Went wrong: {each}" for each in wrong)]


def say(*words: object) -> None:
    print(*words, file=sys.stderr, flush=True)


def main() -> None:
    """Measure, print, and write."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--learners", type=int, default=30)
    parser.add_argument("--within", type=float, default=20, help="seconds in which they come")
    parser.add_argument("--pool", type=int, help="kernels that are warm before; as many as learners")
    parser.add_argument("--play", action="store_true", help="they play thirty choices")
    parser.add_argument("--no-fork", action="store_true", help="each kernel imports all by itself")
    chosen = parser.parse_args()
    pool = chosen.learners if chosen.pool is None else chosen.pool
    heading = (
        f"{HEADING}: {chosen.learners}"
        + (", not forked" if chosen.no_fork else "")
        + (", playing" if chosen.play else "")
    )
    parts = lesson(chosen.learners, chosen.within, pool, not chosen.no_fork, chosen.play)
    publish(heading, *parts, write=not chosen.no_write)


if __name__ == "__main__":
    main()
