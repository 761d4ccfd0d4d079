"""Lets learners come and go at a public page for some time, and writes whether it grows, into RESULTS.md.

    python tests/benchmarks/soak.py [--minutes 120] [--at-once 2] [--no-write]

Learners (tests/browser/learner.py) open the page, move a slider, train and read the equation. Most close the
page; some lose their connection or crash, and some ask for the page and never connect. What is counted is
looked at while nobody is there, every few rounds: memory, open files, kernels and temporary files.
"""

import os
import random
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError

from report import Table, benchmark_parser, number, publish

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "browser"))
import servers
from learner import Learner
from workshop import Memory, watched

HEADING = "Learners who come and go"
ROUNDS = 10  # learners between two looks
QUIET = 120  # seconds that the kernels of those who are gone may take to end
WAYS = ("close", "close", "close", "vanish", "never connect")


def come_and_go(url: str, way: str) -> str:
    """One learner; what went wrong."""
    person = Learner(60)
    try:
        if way == "never connect":
            person.get(url)
            return ""
        person.open(url)
        person.stage("Participant", "Learning rate")
        person.main_job()
        if way == "close":
            person.leave()
        else:
            person.socket.close()  # the page is closed, and its last word does not arrive
        return ""
    except HTTPError as error:
        return "" if error.code == 429 else str(error)  # who is told to wait goes
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:200]


def look(memory: Memory, folder: Path) -> dict[str, float]:
    """What there is once all have gone; the warm kernel stays."""
    until = time.monotonic() + QUIET
    while len(memory.learners()) > 1 and time.monotonic() < until:
        time.sleep(1)
    time.sleep(3)
    sizes, server = memory.now(), memory.server
    own = {pid: pss for pid, (_, pss) in sizes.items() if pid not in memory.learners()}
    return {
        "server, MB": sizes[server.pid][1],
        "server and parent, MB": sum(own.values()),
        "open files": server.num_fds(),
        "kernels": len(memory.learners()),
        "temporary files": sum(1 for _ in folder.rglob("*")),
    }


def soak(minutes: float, at_once: int) -> str:
    """So many minutes, as Markdown."""
    rng, looks, wrong, learners = random.Random(1), [], [], 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["TMPDIR"] = name  # what the server and its kernels leave is counted
        with servers.app(folder, "--public", "--most", "20", "--pool", "1") as url, watched() as memory:
            time.sleep(10)
            begun = time.monotonic()
            while time.monotonic() < begun + 60 * minutes:
                with ThreadPoolExecutor(at_once) as people:
                    ways = [rng.choice(WAYS) for _ in range(ROUNDS)]
                    wrong += filter(None, people.map(come_and_go, [url] * ROUNDS, ways))
                learners += ROUNDS
                looks.append(look(memory, folder))
                print(learners, looks[-1], file=sys.stderr, flush=True)
            took = (time.monotonic() - begun) / 60
    third = max(1, len(looks) // 3)
    rows = [
        [
            what,
            *(
                number(sum(each[what] for each in part) / len(part))
                for part in (looks[:third], looks[-third:])
            ),
        ]
        for what in looks[0]
    ]
    table = Table(["when nobody is there", "first third", "last third"], rows)
    words = (
        f"{learners} learners in {took:.0f} minutes, {at_once} at once: of five, three close the page,"
        f" one vanishes and one never connects; {len(looks)} looks. Load {os.getloadavg()[0]:.1f}."
    )
    return [table, words, *(f"Went wrong: {each}" for each in wrong[:10])]


def main() -> None:
    """Measure, print, and write."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--minutes", type=float, default=120)
    parser.add_argument("--at-once", type=int, default=2)
    chosen = parser.parse_args()
    publish(HEADING, *soak(chosen.minutes, chosen.at_once), write=not chosen.no_write)


if __name__ == "__main__":
    main()
