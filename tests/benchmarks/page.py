"""The page in one file: whether it finds what Python finds, how fast, and how large it is.

    python tests/benchmarks/page.py [--settings 50] [--seed 2027] [--only agreement] [--no-write]

The committed bundle runs in node. Random settings are drawn from a seed; each is simulated, trained and read
by the page and by Python. Time in node is that of the processor. Browsers are for `page_browsers.py`.
"""

import statistics
import sys
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
import torch
from report import Table, benchmark_parser, number, publish, spread

import spicewidgets as sw
from spicewidgets.core.equations import term_text
from spicewidgets.core.models import MODELS
from spicewidgets.core.train.compiled.loss import CompiledLoss
from spicewidgets.core.train.objective import Sessions, get_flat_parameters
from spicewidgets.front.page import READY, write_page

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS)]
from in_node import FIND, run_in_node  # noqa: E402

HEADING = "The page in one file"
EPOCH = """
const { participant, task } = given;
const played = spice.simulate(task, participant, 100, 100, 42);
const loss = spice.lossOf(model, spice.rowsOf(model, played));
const weights = spice.drawWeights(model, new spice.Generator(1));
const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
for (let i = 0; i < 100; i++) loss(weights);
return Array.from({ length: 9 }, () => {
  const began = used();
  for (let i = 0; i < 20; i++) loss(weights);
  return (used() - began) / 20;
});
"""
WHOLE = """
const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
const { participant, task } = given;
return [1, 2, 3, 4, 5].map((seed) => {
  const played = spice.simulate(task, participant, 100, 100, seed);
  const began = used();
  const training = spice.train(model, played, new spice.Generator(seed, 1));
  let next = training.next();
  while (!next.done) next = training.next();
  spice.discover(model, played, next.value.weights, seed);
  return used() - began;
});
"""
TASK = {"kind": "drift", "sigma": 0.2, "boundary": "clip", "flip": 0, "blocks": {}}
Row = tuple[str, ...]
Terms = dict[Any, dict[str, Any]]  # by module and factors: what `TermEvidence` has
PERSON = {"alpha_reward": 0.3, "alpha_penalty": None, "beta_reward": 3.0, "q0": 0.5, "forget_rate": 0.0}


def settings_of(name: str, n: int, seed: int) -> Iterator[dict[str, Any]]:
    """Random settings, within what a lesson has."""
    rng = np.random.default_rng(seed)
    for _ in range(n):
        person = PERSON | {
            "alpha_reward": round(float(rng.uniform(0.1, 0.9)), 2),
            "beta_reward": round(float(rng.uniform(1, 8)), 1),
            "q0": float(rng.choice([0.0, 0.5, 1.0])),
        }
        if name != "rescorla-wagner":
            person["forget_rate"] = round(float(rng.uniform(0.05, 0.5)), 2)
        if name == "learning-rate":
            person["alpha_penalty"] = round(float(rng.uniform(0.1, 0.9)), 2)
        if name == "choice":
            person["beta_choice"] = round(float(rng.uniform(-2, 2)), 1)
            person["alpha_choice"] = round(float(rng.uniform(0.2, 1)), 2)
        yield {
            "task": TASK | {"sigma": round(float(rng.uniform(0.05, 0.4)), 2)},
            "participant": person,
            "trials": int(rng.integers(50, 201)),
            "sessions": int(rng.integers(10, 101)),
            "seed": int(rng.integers(100_000)),
        }


def fit(name: str, case: dict[str, Any]) -> tuple[list[list[int]], Terms]:
    """The choices of one of `settings_of`, and the terms that Python finds with a model."""
    dataset, _, _ = sw.create_dataset(
        sw.AgentQ(2, **case["participant"]),
        sw.BanditsDrift(case["task"]["sigma"]),
        case["trials"],
        case["sessions"],
        random_state=case["seed"],
    )
    ready = MODELS[name]
    found = (
        sw.SpiceEstimator(ready.rnn_class, ready.config, random_state=case["seed"]).fit(dataset).evidence_[0]
    )
    choices = np.hstack([dataset.xs.numpy()[..., 1], dataset.ys.numpy()[:, -1:, 1]]).astype(int).tolist()
    return choices, {(one.module, one.term): vars(one) for one in found.terms}


def active(terms: Terms) -> set[Any]:
    return {key for key, one in terms.items() if one["active"]}


def apart(one: Terms, other: Terms) -> float | None:
    """The largest difference of a coefficient, in standard errors; None where the terms are not the same."""
    if active(one) != active(other):
        return None
    return max(
        (abs(one[key]["value"] - other[key]["value"]) / (one[key]["error"] or 1.0) for key in active(one)),
        default=0.0,
    )


def difference(name: str, case: dict[str, Any], ours: Terms, theirs: Terms) -> Row:
    """Whose terms are not the other's at one setting, and what they are worth where they are, in nats."""
    what = [
        f"{who}: {key[0]}, {term_text(key[1])} (worth {own[key]['cost']:.2f}, price {own[key]['price']:.2f})"
        for who, own, others in (("Python", ours, theirs), ("page", theirs, ours))
        for key in sorted(active(own) - active(others), key=str)
    ]
    return name, f"{case['trials'] * case['sessions']:,} choices, seed {case['seed']}", "; ".join(what)


def agreement(name: str, case: dict[str, Any]) -> tuple[bool, float | None, Row]:
    """Whether choices are the same at one setting; how far the page is from Python; what differs."""
    (own,) = run_in_node(FIND, [case], name)
    choices, ours = fit(name, case)
    theirs = {
        (number["module"], None if number["term"] is None else tuple(number["term"])): term
        for term in own["terms"]
        for number in (term["number"],)
    }
    differs = difference(name, case, ours, theirs)
    print(name, own["choices"] == choices, apart(ours, theirs), *differs[1:], flush=True)
    return own["choices"] == choices, apart(ours, theirs), differs


def native(name: str) -> float:
    """Milliseconds of one loss with its gradient in machine code, of the processor."""
    dataset, _, _ = sw.create_dataset(sw.AgentQ(2), sw.BanditsDrift(0.2), 100, 100, random_state=42)
    model, sessions = MODELS[name].rnn_class(2).eval(), Sessions.of(dataset)
    loss, theta = CompiledLoss(model), get_flat_parameters(model)
    loss(theta, sessions)
    times = []
    for _ in range(9):
        began = time.process_time()
        for _ in range(50):
            loss(theta, sessions)
        times.append((time.process_time() - began) / 50 * 1000)
    return statistics.median(times)


def speed(name: str) -> Iterator[str]:
    person = PERSON | {"forget_rate": 0.0 if name == "rescorla-wagner" else 0.2}
    given = {"task": TASK, "participant": person}
    epoch = run_in_node(EPOCH, given, name)
    yield spread(epoch, "ms")
    yield f"{number(native(name))} ms"
    yield spread([one / 1000 for one in run_in_node(WHOLE, given, name)], "s")


def publish_agreement(n: int, seed: int, n_processes: int, write: bool) -> None:
    rows, others = [], []
    with ProcessPoolExecutor(n_processes) as pool:
        found = {name: pool.map(agreement, repeat(name), settings_of(name, n, seed)) for name in READY}
        for name, results in found.items():
            bits, distances, differ = zip(*results, strict=True)
            known = [one for one in distances if one is not None]
            far = f"{statistics.median(known):.1g}, at most {max(known):.1g}"
            same = f"{len(known)} of {n}"
            rows.append((name, f"{sum(bits)} of {n}", same, far, str(sum(one > 0.01 for one in known))))
            others += [row for row, one in zip(differ, distances, strict=True) if one is None]
    head = "model", "choices equal to the bit", "same terms", "standard errors apart", "above .01"
    publish(
        f"{HEADING}, beside Python",
        f"Shared with other work. {n} random settings of each model, seed {seed}. The page's choices, terms"
        " and coefficients beside Python's.",
        Table(head, rows),
        "Settings whose terms are not the same: what one of them has and the other has not, what the term is"
        " worth there, and its price, in nats.",
        Table(("model", "setting", "terms"), others or [("none",) * 3]),
        write=write,
    )


def publish_times(write: bool) -> None:
    times = [(name, *speed(name)) for name in READY]
    publish(
        HEADING,
        "100 x 100 choices, time of the processor: median (lowest to highest). The peer needs 68.2 ms for an"
        ' epoch of one module ("The compiled path against the peer").',
        Table(("model", "an epoch in node", "in machine code", "Train to equation in node"), times),
        f"The file has {len(write_page().encode()) / 1000:.0f} kB.",
        write=write,
    )


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--settings", type=int, default=50)
    parser.add_argument("--seed", type=int, default=2027)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", choices=("agreement", "times"), help="times need a calm machine")
    given = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    if given.only != "times":
        publish_agreement(given.settings, given.seed, given.processes, not given.no_write)
    if given.only != "agreement":
        publish_times(not given.no_write)


if __name__ == "__main__":
    main()
