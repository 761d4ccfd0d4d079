"""Hybrids of the two-step task, found as equations: are their terms exact, and is w known as well as is said?

    python tests/benchmarks/two_step.py [--datasets 10] [--seed 9201] [--people TABLE] [--no-write]

50 people x 200 trials of a two-step task (Daw et al. 2011) a data set, by `SpiceEstimator` with
`pooling="group"`. People differ in all seven parameters, w of a data set around .2, .5 or .8, or it is 0 or 1
for all. The network is hardly trained: with pooling, equations do not rest on it.

With a table of real people the last quarter of each one's rows is predicted, history carried on, by the
equations and by the hybrid under its group's prior.
"""

import os
from time import perf_counter

import numpy as np
from report import Table, benchmark_parser, publish

import spicewidgets as sw
from spicewidgets.core.models import OF_TASKS
from spicewidgets.core.read.hybrid import TERMS
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.two_step import Hybrid

HEADING = "The two-step task"
READY = OF_TASKS["two-step"]
PEOPLE, TRIALS = 50, 200
LEVEL = 0.9
MEANS = {"alpha1": 0.5, "alpha2": 0.5, "lambda": 0.4, "beta1": 5.0, "beta2": 3.0, "stay": 0.5}
SHARES = ("alpha1", "alpha2", "lambda")
WEIGHTS = (0.0, 0.2, 0.5, 0.8, 1.0)
OF_FIRST = "x_value_first"  # what a learner with w = 1 does not need


class FromNothing(Hybrid):
    """The hybrid whose values begin at 0, as those of the equations do."""

    name = "from-nothing"
    states = {"value": 0.0, "first": 0.0}


def drawn(w: float, rng: np.random.Generator) -> np.ndarray:
    """Draw people: shares and w normal on log-odds (0.5), temperatures on logs (0.3), staying (0.3)."""
    noise = rng.standard_normal((7, PEOPLE))
    columns = {}
    for (name, mean), one in zip(MEANS.items(), noise, strict=False):
        if name in SHARES:
            columns[name] = 1 / (1 + (1 / mean - 1) * np.exp(-0.5 * one))
        else:
            columns[name] = mean + 0.3 * one if name == "stay" else mean * np.exp(0.3 * one)
    columns["w"] = np.full(PEOPLE, w) if w in (0, 1) else 1 / (1 + (1 / w - 1) * np.exp(-0.5 * noise[6]))
    return np.stack([columns[one.name] for one in Hybrid.parameters], 1)


def true_terms(w: float) -> set[tuple[str, tuple[str, ...]]]:
    """Return the terms of the hybrids of a data set."""
    if w == 0:
        return {(module, term) for module, term in TERMS if module != "x_plan"}
    return {(module, term) for module, term in TERMS if w < 1 or not module.startswith(OF_FIRST)}


def fitted(data: sw.DatasetRNN, seed: int) -> sw.SpiceEstimator:
    """Find the equations of pooled people."""
    return sw.SpiceEstimator(
        READY.rnn_class,
        READY.config,
        6,
        pooling="group",
        epochs=2,
        n_trials_off_policy=100,
        random_state=seed,
    ).fit(data)


def recovered(w: float, seed: int) -> dict[str, float]:
    """Simulate a data set, and compare what is found with the truth."""
    values = drawn(w, np.random.default_rng(seed))
    agent = AgentRival(FromNothing(), values, 6)
    people = list(range(PEOPLE))
    data, _, _ = sw.create_dataset(agent, sw.TwoStep(), TRIALS, PEOPLE, participant=people, random_state=seed)
    began = perf_counter()
    spice = fitted(data, seed)
    there = spice.group_.active.any(0)
    found = {(it.module, it.term) for it, has in zip(spice.group_.numbers, there, strict=True) if has}
    truth, own = sw.people(spice, level=LEVEL), values[:, [one.name for one in Hybrid.parameters].index("w")]
    covered = (truth["w low"] <= own + 1e-9) & (own <= truth["w high"] + 1e-9)
    return {
        "exact": float(found == true_terms(w)),
        "missing": float(len(true_terms(w) - found)),
        "extra": float(len(found - true_terms(w))),
        "plan": float(any(module == "x_plan" for module, _ in found)),
        "learned": float(any(module.startswith(OF_FIRST) for module, _ in found)),
        "w": float(truth["w"].mean()),
        "true": float(own.mean()),
        "covered": float(covered.mean()),
        "seconds": perf_counter() - began,
    }


def simulated(n_datasets: int, seed: int) -> Table:
    """Return the table of simulated people, a row for each w."""
    rows = []
    for at, w in enumerate(WEIGHTS):
        runs = [recovered(w, seed + 1000 * at + one) for one in range(n_datasets)]
        mean = {key: float(np.mean([run[key] for run in runs])) for key in runs[0]}
        error = np.sqrt(np.mean([(run["w"] - run["true"]) ** 2 for run in runs]))
        rows.append(
            [
                f"{w:g}",
                *(f"{mean[key]:.0%}" for key in ("exact", "plan", "learned")),
                *(f"{mean[key]:.2f}" for key in ("missing", "extra", "w")),
                f"{error:.3f}",
                f"{mean['covered']:.0%}",
                f"{mean['seconds']:.1f}",
            ]
        )
        print(rows[-1], flush=True)
    names = ["terms exact", "plan found", "learned values found", "terms missing", "terms too many"]
    more = ["mean w", "its error", f"w in its {LEVEL:.0%} interval", "seconds a data set"]
    return Table(["w", *names, *more], rows)


def held_out(path: str) -> tuple[str, Table, str]:
    """Return the table of real people: P of the last quarter of each one's choices, by stage."""
    data = sw.read_choices(path).dataset
    train, test = sw.split_data_along_timedim(data, 0.75, carry_on=True)
    began = perf_counter()
    spice = fitted(train, 1)
    seconds = perf_counter() - began
    hybrid = sw.fit_rival(Hybrid, train, "group").agent
    nll = {
        "equations": nll_of(spice.predict(test)[1], test),
        "hybrid": nll_of(sw.replay(hybrid, test).probabilities[:, 1:], test),
    }
    known = test.target_mask.numpy()
    second = test.ys.numpy()[..., 2:].max(-1) > 0
    rows = []
    for name, where in (("first stage", known & ~second), ("second stage", known & second), ("both", known)):
        n = where.sum(1)
        own = {key: np.where(where, one, 0).sum(1) for key, one in nll.items()}
        ahead = (own["hybrid"] - own["equations"]) / n.mean()
        error = ahead.std(ddof=1) / np.sqrt(len(ahead))
        cells = [f"{np.exp(-one.sum() / n.sum()):.4f}" for one in own.values()]
        rows.append([name, f"{n.sum():,}", *cells, f"{ahead.mean():.4f} ± {error:.4f}"])
    head = ["", "choices", *nll, "nats per choice ahead, standard error over people"]
    people = (
        f"{data.n_participants} people, learned from three quarters of each one's rows ({seconds:.0f} s):"
    )
    terms = ", ".join(spice.group_.to_frame()["module"] + ": " + spice.group_.to_frame()["term"])
    return people, Table(head, rows), f"Their terms: {terms}."


def nll_of(p: np.ndarray, data: sw.DatasetRNN) -> np.ndarray:
    """Return -ln P of each next choice, `(n_sessions, n_trials)`; NaN where it is not known."""
    chosen = (p * np.where(data.ys.numpy() > 0, 1, 0)).sum(-1)
    return np.where(data.target_mask.numpy(), -np.log(np.maximum(chosen, 1e-300)), np.nan)


def main() -> None:
    """Measure, print, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--datasets", type=int, default=10)
    parser.add_argument("--seed", type=int, default=9201)
    parser.add_argument("--people", help="a table of real people, which stays where it is")
    arguments = parser.parse_args()
    parts = [
        f"Load of the machine {os.getloadavg()[0]:.1f} at first; seeds from {arguments.seed}.",
        f"Simulated hybrids, {arguments.datasets} data sets a row of {PEOPLE} people x {TRIALS} trials;"
        " group: " + ", ".join(f"{name} {mean:g}" for name, mean in MEANS.items()) + ".",
        simulated(arguments.datasets, arguments.seed),
    ]
    if arguments.people:
        parts += held_out(arguments.people)
    publish(HEADING, *parts, write=not arguments.no_write)


if __name__ == "__main__":
    main()
