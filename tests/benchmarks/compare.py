"""Times the package against the peer, turn by turn in one run, and writes the table into RESULTS.md.

    python tests/benchmarks/compare.py [--peer PATH] [--peer-fits 2] [--repeats 5] [--no-write]

Each side is a worker process with one thread, which stays open while it is timed warm.
"""

import argparse
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from peer_env import peer_python
from protocol import Worker
from reference import simulate, to_tensors
from report import machine, spread, table, today, write_section

HEADING = "Time and memory against the peer"
ADAM = {"optimizer": "adam", "n_starts": 1, "compiled": True}
Answer = dict[str, Any]
"""What a worker tells of one fit; see `fit` in peer_worker.py."""


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
    """The datasets of this comparison as files: name -> path."""
    small, large = simulate(0), simulate(1, n_sessions=1000)
    choosers = simulate(2, beta_choice=1.0)
    twenty = np.repeat(np.arange(20), 5)
    arrays = {
        "100 x 100": to_tensors(*small),
        "1000 x 100": to_tensors(*large),
        "100 x 100, 20 participants": to_tensors(*choosers, participants=twenty),
    }
    for at, (xs, ys) in enumerate(arrays.values()):
        np.savez(folder / f"{at}.npz", xs=xs, ys=ys)
    return {name: str(folder / f"{at}.npz") for at, name in enumerate(arrays)}


PER_EPOCH = (
    ("precoded", "100 x 100"),
    ("custom", "100 x 100"),
    ("precoded", "1000 x 100"),
    ("custom", "1000 x 100"),
    ("choice", "100 x 100, 20 participants"),
)


def per_epoch(peer: Worker, ours: Worker, data: dict[str, str], repeats: int, epochs: int) -> list[list[str]]:
    """Milliseconds of one full-batch Adam epoch: of each turn the median, without the first epoch."""

    def milliseconds(answer: Answer) -> float:
        return 1000 * float(np.median(np.diff(answer["epoch_ends"])))

    rows = []
    for kind, size in PER_EPOCH:
        pair = Pair()
        for repeat in range(repeats):
            task = {"data": data[size], "kind": kind, "epochs": epochs, "seed": repeat}
            pair.peer.append(milliseconds(peer.ask("fit", **task, discover=False)))
            pair.ours.append(milliseconds(ours.ask("fit", **task, settings=ADAM)))
        rows.append([f"{kind}, {size}", *pair.cells("ms")])
        say(" | ".join(rows[-1]))
    return rows


def seconds_until_good(answer: Answer, slack: float = 1e-4) -> float:
    """When the loss first came within `slack` of the last one."""
    good = next(at for at, loss in enumerate(answer["losses"]) if loss <= answer["losses"][-1] + slack)
    return float(answer["epoch_ends"][good])


def data_to_equation(peer: Worker, ours: Worker, data: str, fits: int, epochs: int) -> tuple[list, list[str]]:
    """Seconds from data to equation, warm; and the equations found, one line per fit."""
    rows, found = [], []
    for kind in ("precoded", "custom"):
        call, adam, good = Pair(), Pair(), Pair()
        for seed in range(fits):
            task = {"data": data, "kind": kind, "epochs": epochs, "seed": seed}
            theirs = peer.ask("fit", **task)
            fast, plain = ours.ask("fit", **task), ours.ask("fit", **task, settings=ADAM)
            for pair, answer in ((call, fast), (adam, plain), (good, fast)):
                pair.ours.append(answer["total_seconds"])
                pair.peer.append(theirs["total_seconds"])
            good.peer[-1] = seconds_until_good(theirs) + theirs["sindy_seconds"]
            found += [equation(f"{kind}, {who}, seed {seed}", answer) for who, answer in
                      (("peer", theirs), ("ours", fast), ("ours, plain Adam", plain))]  # fmt: skip
            say("\n".join(found[-3:]))
        rows += [
            [f"{kind}: the tutorial's call, {epochs} epochs", *call.cells("s")],
            [f"{kind}: the same, the peer only until within 0.0001 of its last loss", *good.cells("s")],
            [f"{kind}: {epochs} epochs of Adam from one start on both sides", *adam.cells("s")],
        ]
    return rows, found


def equation(label: str, answer: Answer) -> str:
    (terms,) = answer["equations"].values()
    numbers = ", ".join(f"{value:.3f}" for value in terms.values())
    return f"- {label}: {numbers} (loss {answer['losses'][-1]:.5f})"


def cold(sides: tuple[Side, Side], data: str, fits: int, epochs: int) -> list[list[str]]:
    """Seconds of a whole new process, imports included, from data to equation."""
    seconds: list[list[float]] = [[], []]
    for seed in range(fits):
        for side, times in zip(sides, seconds, strict=True):
            begin = time.perf_counter()
            with side.worker() as worker:
                worker.ask("fit", data=data, kind="precoded", epochs=epochs, seed=seed)
            times.append(time.perf_counter() - begin)
    rows = [[f"precoded: a new process, {epochs} epochs", *Pair(*seconds).cells("s")]]
    say(" | ".join(rows[0]))
    return rows


def memory(sides: tuple[Side, Side], data: dict[str, str], epochs: int) -> list[list[str]]:
    """Peak resident memory, in MB, of a process that fits once and finds the equation, each kind and size.

    The peer's peak does not depend on its epochs, so it runs few; we run the whole call.
    """
    rows = []
    for kind, size in PER_EPOCH:
        peaks = []
        for side, used in zip(sides, (4, epochs), strict=True):
            with side.worker() as worker:
                peaks.append([worker.ask("fit", data=data[size], kind=kind, epochs=used, seed=0)["peak_mb"]])
        rows.append([f"{kind}, {size}", *Pair(*peaks).cells("MB")])
        say(" | ".join(rows[-1]))
    return rows


def text_of(arguments: argparse.Namespace, versions: list[Answer], results: dict[str, Any]) -> str:
    head = ["", "peer", "spicewidgets", "ratio"]
    of_peer, of_ours = (", ".join(f"{name} {number}" for name, number in side.items()) for side in versions)
    return f"""\
{today()}. {machine()}. One thread on each side. Peer: {of_peer}. Ours: {of_ours}.

Sizes are sessions x trials. Median (lowest to highest); the ratio is the peer's median over ours.

### One epoch of plain Adam, full batch, warm

{arguments.repeats} turns of {arguments.epochs_per_turn} epochs each; of each turn the median epoch.

{table(head, results["per_epoch"])}

### From data to equation

100 x 100, number of fits on each side: {arguments.peer_fits}. Warm, except for the last row. The same call
means different things: the peer runs all its epochs of Adam from one start; we choose among several starts
and finish with L-BFGS, which stops by itself. So the second row gives the peer the time at which it might
have stopped, and the third asks us for the peer's recipe.

{table(head, results["fits"] + results["cold"])}

What they found: constant, value, reward (the truth is -0.300, 0.700, 0.900).

{chr(10).join(results["found"])}

### Peak memory of a process that fits once

{table(head, results["memory"])}
"""


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--peer", help="the peer's environment (default: $SPICEWIDGETS_PEER, else tests/benchmarks/.peer)")
    add(
        "--peer-fits",
        type=int,
        default=2,
        help="fits from data to equation, about a minute each for the peer",
    )
    add("--repeats", type=int, default=5, help="turns per side when epochs are timed")
    add("--epochs-per-turn", type=int, default=10, help="epochs in each turn")
    add("--epochs", type=int, default=1024, help="epochs from data to equation (the tutorial's 1024)")
    add("--no-write", action="store_true", help="print the tables and leave RESULTS.md as it is")
    return parser.parse_args()


def main() -> None:
    arguments = options()
    with tempfile.TemporaryDirectory() as name:
        data = save_data(Path(name))
        peer = Side("peer", peer_python(arguments.peer), "peer_worker.py")
        ours = Side("ours", Path(sys.executable), "our_worker.py")
        if not peer.python.exists():
            sys.exit("The peer's environment is missing. Make it with `python tests/benchmarks/peer_env.py`.")
        with peer.worker() as theirs, ours.worker() as us:
            versions = [theirs.ask("versions"), us.ask("versions")]
            for worker in (theirs, us):  # warm up
                worker.ask("fit", data=data["100 x 100"], kind="precoded", epochs=2, seed=0)
            epoch_rows = per_epoch(theirs, us, data, arguments.repeats, arguments.epochs_per_turn)
            fits, found = data_to_equation(
                theirs, us, data["100 x 100"], arguments.peer_fits, arguments.epochs
            )
        results = {
            "per_epoch": epoch_rows,
            "fits": fits,
            "found": found,
            "cold": cold((peer, ours), data["100 x 100"], arguments.peer_fits, arguments.epochs),
            "memory": memory((peer, ours), data, arguments.epochs),
        }
    text = text_of(arguments, versions, results)
    print(text)
    if not arguments.no_write:
        write_section(HEADING, text)


if __name__ == "__main__":
    main()
