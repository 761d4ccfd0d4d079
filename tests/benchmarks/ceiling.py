"""The ceiling of real people: rivals, equations that a search finds, and networks without structure.

    python tests/benchmarks/ceiling.py people TABLE [--folds 4] [--only 0] [--keep DIR] [--no-write]
    python tests/benchmarks/ceiling.py later TABLE [--folds 3] [--only 0] [--keep DIR] [--no-write]
    python tests/benchmarks/ceiling.py two-step TABLE [--keep DIR] [--no-write]

`people` keeps runs apart as `people.py` does, `later` predicts later choices of each session, as
`spicewidgets rivals --by time`, and `two-step` the last quarter of each one's rows, as `two_step_people.py`.
Parts that are done are kept in DIR, so that several processes can share them. What a model is ahead by, and
its standard error, is over people.
"""

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from people import folds_of as runs_apart
from report import Table, benchmark_parser, publish
from search import search_of

import spicewidgets as sw
from spicewidgets.core.data.dataset import DatasetRNN
from spicewidgets.core.data.layout import guesses
from spicewidgets.core.data.participants import index_participants
from spicewidgets.core.judge.replay import nll_per_trial
from spicewidgets.core.rivals.ceiling import Ceiling
from spicewidgets.core.rivals.fit import fit_rival
from spicewidgets.core.rivals.folds import folds_of
from spicewidgets.core.search.found import FoundModel
from spicewidgets.core.studies.study import ready_estimator

Pair = tuple[DatasetRNN, DatasetRNN]
Predict = Callable[[DatasetRNN], Any]
RIVALS = {"two-step": ("hybrid", "two-step-kernel")}
USUAL = ("rescorla-wagner", "lagged-regression")


def models_of(kind: str, train: DatasetRNN) -> Iterator[tuple[str, Predict]]:
    """Yield each model, fitted to the choices that are learned from."""
    for name in RIVALS.get(kind, USUAL):
        yield name, fit_rival(name, train, "group").predict
    if kind == "two-step":
        estimator = ready_estimator("two-step", train, 0).fit(train)
        yield "equations", lambda test: estimator.predict(test)[1]
    else:
        whole = search_of(train).whole
        assert whole is not None
        yield "equations", FoundModel.of(whole, index_participants(train)[1]).predict
    yield "ceiling", Ceiling(random_state=1).fit(train).predict


def part_of(kind: str, pair: Pair) -> dict[str, Any]:
    """Return nats of each person under each model, how many choices, and seconds of processor."""
    train, test = pair
    people, n = test.participant_ids.numpy(), test.n_participants

    def sums(values: Any) -> Any:
        return np.bincount(people, np.nansum(values, 1), n)

    chance = sums(guesses(test.target_mask, test.offered, test.n_actions))
    found: dict[str, Any] = {"n": sums(np.asarray(test.target_mask, float)), "nats": {"chance": chance}}
    began, seconds = process_time(), {}
    for name, predict in models_of(kind, train):
        found["nats"][name] = sums(nll_per_trial(np.asarray(predict(test)), test))
        seconds[name], began = process_time() - began, process_time()
        print(
            name,
            f"{np.exp(-found['nats'][name].sum() / found['n'].sum()):.4f} {seconds[name]:.0f} s",
            flush=True,
        )
    return found | {"seconds": seconds}


def told(parts: list[dict[str, Any]], n_parts: int) -> tuple[str, Table, str]:
    """Return what was predicted, the table of all parts, and the share that the equations have."""
    n = sum(part["n"] for part in parts)
    nats = {name: sum(part["nats"][name] for part in parts) for name in parts[0]["nats"]}
    rows = []
    for name, own in nats.items():
        gain = own - nats["equations"]
        mean = gain.sum() / n.sum()
        error = np.sqrt(np.square(gain - mean * n).sum()) / n.sum()
        ahead = "" if name == "equations" else f"{mean:+.4f} ± {error:.4f}"
        seconds = np.mean([part["seconds"].get(name, 0.0) for part in parts])
        rows.append((name, f"{np.exp(-own.sum() / n.sum()):.4f}", ahead, f"{seconds:.0f} s"))
    chance, equations, ceiling = (nats[name] for name in ("chance", "equations", "ceiling"))
    drawn = np.random.default_rng(0).multinomial(len(n), np.full(len(n), 1 / len(n)), 2000)
    own, most = (drawn @ (chance - one) for one in (equations, ceiling))
    share = 100 * (chance - equations).sum() / (chance - ceiling).sum()
    low, high = np.quantile(100 * own / most, [0.025, 0.975])
    head = ("model", "likelihood", "the equations are ahead by, nats a choice", "processor time of a fit")
    return (
        f"{int(n.sum()):,} choices of {int((n > 0).sum())} people, unseen by all models; {len(parts)} of"
        f" {n_parts} parts.",
        Table(head, rows),
        f"Explained by the equations: {share:.0f} % ({low:.0f} to {high:.0f} %, 95 %) of what can be expected"
        " beyond chance.",
    )


def main() -> None:
    """Measure one table, print it, and write its section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("kind", choices=("people", "later", "two-step"))
    parser.add_argument("table")
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--only", type=int, nargs="*")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    data = index_participants(sw.read_choices(arguments.table).dataset)[0]
    if arguments.kind == "people":
        pairs = runs_apart(data, arguments.folds or 4)
    elif arguments.kind == "later":
        pairs = [(one.train, one.test) for one in folds_of(data, "time", arguments.folds or 3)]
    else:
        pairs = [sw.split_data_along_timedim(data, 0.75, carry_on=True)]
    parts = []
    for place, pair in enumerate(pairs):
        kept = None if arguments.keep is None else arguments.keep / f"{arguments.kind}-{place}.pkl"
        if kept is not None and kept.exists():
            parts.append(pickle.loads(kept.read_bytes()))
        elif arguments.only is None or place in arguments.only:
            parts.append(part_of(arguments.kind, pair))
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                kept.write_bytes(pickle.dumps(parts[-1]))
    publish(f"The ceiling: {arguments.kind}", *told(parts, len(pairs)), write=not arguments.no_write)


if __name__ == "__main__":
    main()
