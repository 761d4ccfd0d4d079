"""Times the compiled path against the peer, turn by turn in one run, and writes the table into RESULTS.md.

    python tests/benchmarks/compiled.py [--peer PATH] [--repeats 5] [--peer-fits 1] [--no-write]

Also draws how the time of one call grows with sessions, trials and modules, into compiled.svg beside it. Each
side is a worker process with one thread, which stays open while it is timed warm.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from peer_env import peer_python
from protocol import CPU, Worker, children_seconds
from reference import simulate, to_tensors
from report import Table, benchmark_parser, number, publish, spread

HEADING = "The compiled path against the peer"
PLOT = Path(__file__).with_name("compiled.svg")
HEAD = ["", "peer", "spicewidgets", "ratio", "at least", "aim"]
PER_EPOCH = (  # kind, size, epochs of a turn of ours, of the peer's, ratio at least, aim
    ("custom", "100 x 100", 400, 8, 60, 120),
    ("choice", "100 x 100, 20 participants", 200, 4, 60, 120),
    ("precoded", "10,000 x 100", 30, 3, 30, 100),
)
FITS = (("precoded", 200, 700), ("custom", 60, 300))
RESAMPLES = 200
ADAM = {"optimizer": "adam", "n_starts": 1, "compiled": True}
Answer = dict[str, Any]
"""A worker's record of one fit; see `fit` in peer_worker.py."""


@dataclass(frozen=True)
class Side:
    """One of the two contestants and how to start its worker."""

    name: str
    python: Path
    script: str

    def worker(self) -> Worker:
        return Worker(self.python, self.script)


@dataclass
class Pair:
    """The same quantity on both sides, over the repeats."""

    peer: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)

    def cells(self, unit: str) -> list[str]:
        """Both medians with their ranges, and the peer's over ours."""
        ratio = statistics.median(self.peer) / statistics.median(self.ours)
        return [spread(self.peer, unit), spread(self.ours, unit), f"{ratio:.3g}"]


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def save_data(folder: Path) -> dict[str, str]:
    """The datasets as files: name -> path."""
    arrays = {
        "100 x 100": to_tensors(*simulate(0)),
        "10,000 x 100": to_tensors(*simulate(1, n_sessions=10_000)),
        "100 x 100, 20 participants": to_tensors(
            *simulate(2, beta_choice=1.0), participants=np.repeat(np.arange(20), 5)
        ),
    }
    for at, (xs, ys) in enumerate(arrays.values()):
        np.savez(folder / f"{at}.npz", xs=xs, ys=ys)
    return {name: str(folder / f"{at}.npz") for at, name in enumerate(arrays)}


def per_epoch(peer: Worker, ours: Worker, data: dict[str, str], repeats: int) -> list[list[str]]:
    """Milliseconds of one full-batch Adam epoch: of each turn the median, without the first epoch."""
    rows = []
    for kind, size, n_ours, n_peer, least, aim in PER_EPOCH:
        pair = Pair()
        for seed in range(repeats):
            task = {"data": data[size], "kind": kind, "seed": seed}
            answers = (
                peer.ask("fit", **task, epochs=n_peer, discover=False),
                ours.ask("fit", **task, epochs=n_ours, settings=ADAM),
            )
            for times, answer in zip((pair.peer, pair.ours), answers, strict=True):
                times.append(1000 * float(np.median(np.diff(answer["epoch_ends"]))))
            assert not answers[1]["eager"], answers[1]["eager"]
        rows.append([f"one epoch, {kind}, {size}", *pair.cells("ms"), f"{least}", f"{aim}"])
        say(" | ".join(rows[-1]))
    return rows


def seconds_until_good(answer: Answer, slack: float = 1e-4) -> float:
    """Return when the loss first came within `slack` of the last one."""
    good = next(at for at, loss in enumerate(answer["losses"]) if loss <= answer["losses"][-1] + slack)
    return float(answer["epoch_ends"][good])


def equation(label: str, answer: Answer) -> str:
    (terms,) = answer["equations"].values()
    numbers = ", ".join(f"{value:.3f}" for value in terms.values())
    return f"- {label}: {numbers} (loss {answer['losses'][-1]:.5f})"


def data_to_equation(
    peer: Worker, ours: Worker, data: str, peer_fits: int, repeats: int
) -> tuple[list[list[str]], list[str]]:
    """Seconds of the tutorial's call, warm; and the equations found."""
    rows, found = [], []
    for kind, least, aim in FITS:
        pair, good = Pair(), Pair()
        for seed in range(max(peer_fits, repeats)):
            task = {"data": data, "kind": kind, "epochs": 1024, "seed": seed}
            if seed < peer_fits:
                theirs = peer.ask("fit", **task)
                pair.peer.append(theirs["total_seconds"])
                good.peer.append(seconds_until_good(theirs) + theirs["sindy_seconds"])
                found.append(equation(f"{kind}, peer, seed {seed}", theirs))
            answer = ours.ask("fit", **task)
            assert not answer["eager"], answer["eager"]
            pair.ours.append(answer["total_seconds"])
            found.append(equation(f"{kind}, ours, seed {seed}", answer))
        good.ours = pair.ours
        rows += [
            [f"data to equation, warm, {kind}, 100 x 100", *pair.cells("s"), f"{least}", f"{aim}"],
            ["the same, the peer only until within 0.0001 of its last loss", *good.cells("s"), "", ""],
        ]
        say("\n".join(" | ".join(row) for row in rows[-2:]))
    return rows, found


def fresh_process(peer: Side, ours: Side, data: str, repeats: int) -> list[str]:
    """Seconds of a whole new process, imports and compilation included."""
    pair = Pair()
    for seed in range(repeats):
        for side, times in ((peer, pair.peer), (ours, pair.ours)):
            if side is ours or seed == 0:
                begin = children_seconds()
                with side.worker() as worker:
                    worker.ask("fit", data=data, kind="precoded", epochs=1024, seed=seed)
                times.append(children_seconds() - begin)
    row = ["a fresh process, imports and compilation included, precoded", *pair.cells("s"), "15", "24"]
    say(" | ".join(row))
    return row


def resampled(ours: Worker, data: str, repeats: int) -> list[str]:
    """Seconds of the bootstrap; the peer has none."""
    seconds = [ours.ask("bootstrap", data=data, n_resamples=RESAMPLES)["seconds"] for _ in range(repeats)]
    row = [f"{RESAMPLES} bootstrap fits of the tutorial's model", "", spread(seconds, "s"), "", "10 s", "2 s"]
    say(" | ".join(row))
    return row


def memory(peer: Side, ours: Side, data: str, size: str) -> list[str]:
    """Peak resident memory of a process that fits once.

    Few epochs for the peer, whose peak does not depend on them; the whole call for us.
    """
    pair, task = Pair(), {"data": data, "kind": "precoded", "seed": 0}
    for side, peaks, epochs in ((peer, pair.peer, 3), (ours, pair.ours, 1024)):
        with side.worker() as worker:
            peaks.append(worker.ask("fit", **task, epochs=epochs)["peak_mb"])
    row = [f"peak memory, precoded, {size}", *pair.cells("MB"), "1", ""]
    say(" | ".join(row))
    return row


def growth(ours: Worker) -> dict[str, tuple[list[int], list[float]]]:
    """Milliseconds of one call of loss and gradient: what grows -> (sizes, medians)."""
    sizes = {
        "sessions": ([100, 300, 1000, 3000, 10_000], lambda n: {"n_sessions": n}),
        "trials": ([50, 100, 200, 400, 800, 1600], lambda n: {"n_trials": n}),
        "modules": ([1, 2, 3, 4, 5, 6], lambda n: {"n_modules": n}),
    }

    def timed(ns: list[int], told: Callable[[int], dict[str, int]]) -> tuple[list[int], list[float]]:
        return ns, [ours.ask("one_call", **told(n))["milliseconds"] for n in ns]

    return {name: timed(*plan) for name, plan in sizes.items()}


def draw(found: dict[str, tuple[list[int], list[float]]]) -> None:
    figure = Figure(figsize=(9, 3), layout="constrained")
    for axes, (name, (sizes, times)) in zip(figure.subplots(1, 3), found.items(), strict=True):
        axes.plot(sizes, times, "o-", color="#1b6ca8")
        slope = np.dot(sizes, times) / np.dot(sizes, sizes)
        axes.plot(sizes, [slope * n for n in sizes], ":", color="#888888", label="in proportion")
        axes.set(xlabel=f"number of {name}", ylabel="ms per call", ylim=(0, None), xlim=(0, None))
    axes.legend()
    figure.suptitle("Loss and gradient of one call; else 100 sessions, 100 trials, one module")
    figure.savefig(PLOT, metadata={"Date": None})


def parts_of(
    rows: list[list[str]], found: list[str], grown: dict[str, tuple[list[int], list[float]]]
) -> list[str | Table]:
    lines = [
        f"- {name}: " + ", ".join(f"{n:,}: {number(ms)} ms" for n, ms in zip(*pair, strict=True))
        for name, pair in grown.items()
    ]
    measured = "Time of the processor (BENCHMARK_CLOCK=cpu)" if CPU else "Time on the wall"
    return [
        f"One thread on each side, in turn. {measured}. Sizes are sessions x trials. Median (lowest to"
        " highest); the ratio is the peer's median over ours, beside what was asked for. The peer trains from"
        " one start for 1024 epochs; we choose among several starts and finish with L-BFGS.",
        Table(HEAD, rows),
        "What they found: constant, value, reward (the truth is -0.300, 0.700, 0.900).",
        "\n".join(found),
        "How one call of loss and gradient grows ([plot](compiled.svg)):",
        "\n".join(lines),
    ]


def options() -> argparse.Namespace:
    parser = benchmark_parser(__doc__)
    add = parser.add_argument
    add("--peer", help="the peer's environment (default: $SPICEWIDGETS_PEER, else tests/benchmarks/.peer)")
    add("--repeats", type=int, default=5, help="turns of each side")
    add("--peer-fits", type=int, default=1, help="whole fits of the peer, about a minute each")
    return parser.parse_args()


def main() -> None:
    arguments = options()
    peer = Side("peer", peer_python(arguments.peer), "peer_worker.py")
    ours = Side("ours", Path(sys.executable), "our_worker.py")
    if not peer.python.exists():
        sys.exit("The peer's environment is missing. Make it with `python tests/benchmarks/peer_env.py`.")
    with tempfile.TemporaryDirectory() as name:
        data = save_data(Path(name))
        small = data["100 x 100"]
        with peer.worker() as theirs, ours.worker() as us:
            theirs.ask("fit", data=small, kind="precoded", epochs=2, seed=0)  # warm up
            for kind in ("precoded", "custom"):
                us.ask("fit", data=small, kind=kind, epochs=1024, seed=0)
            rows = per_epoch(theirs, us, data, arguments.repeats)
            fits, found = data_to_equation(theirs, us, small, arguments.peer_fits, arguments.repeats)
            rows += [*fits, resampled(us, small, arguments.repeats)]
            grown = growth(us)
        rows.append(fresh_process(peer, ours, small, arguments.repeats))
        rows += [memory(peer, ours, data[size], size) for size in ("100 x 100", "10,000 x 100")]
    publish(HEADING, *parts_of(rows, found, grown), write=not arguments.no_write)
    if not arguments.no_write:
        draw(grown)


if __name__ == "__main__":
    main()
