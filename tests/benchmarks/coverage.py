"""Coverage: how often the intervals of `people()` hold the truth, and how wide they are.

    python tests/benchmarks/coverage.py [--people 400] [--seed 9001] [--choices 100 300 1000] [--no-write]

People who differ: forgetting Q-learners whose learning rates, beta and rate of forgetting are uniform. Those
with one learning rate are fitted with the library of degree 1, those with two with that of degree 2. The
intervals are those of `people()`; beside them those by the delta method, as they were before, and the profile
likelihood of the model that is true, with its starting values known.
"""

import warnings
from collections.abc import Callable, Mapping
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
import torch
from report import Table, benchmark_parser, publish

import spicewidgets as sw
from spicewidgets.core.data.participants import index_participants
from spicewidgets.core.discover import people as people_module
from spicewidgets.core.discover.maximum import Limits, Prior
from spicewidgets.core.discover.posterior import FLAT
from spicewidgets.core.rivals.declaration import Parameter, State, Trial, Values
from spicewidgets.core.rivals.fit import ModeSearch
from spicewidgets.core.rivals.ready import RescorlaWagner
from spicewidgets.core.simulate.cohort import Cohort

HEADING = "Intervals of people"
LEVEL, Z = 0.9, 1.6448536269514722
PRODUCT = "x_value_reward_chosen: own value × c_reward"
KINDS = {"one rate": 1, "two rates": 2}  # and the degree of the library
SHORT, LONG = 100, 14  # trials of a session; bisections

Floats = np.ndarray[Any, np.dtype[np.float64]]
TRUE: Mapping[str, Callable[[Mapping[str, Any]], float]] = {
    "alpha_reward": lambda p: p["alpha_reward"],
    "alpha_penalty": lambda p: p["alpha_penalty"],
    "beta_reward": lambda p: p["beta_reward"],
    "forget_rate": lambda p: p["forget_rate"],
    PRODUCT: lambda p: p["alpha_penalty"] - p["alpha_reward"],
}
WORDS = {PRODUCT: "asymmetry"}


class OneRate(RescorlaWagner):
    """The true model of people with one learning rate."""

    name = "true-one-rate"
    parameters = (
        Parameter.share("alpha_reward", "learning rate"),
        Parameter.share("forget_rate", "rate of forgetting"),
        Parameter.positive("beta_reward", "inverse noise temperature"),
    )

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """The chosen option learns, the others fade."""
        won = (trial.reward > 0.5) * 1.0
        rate = won * p.alpha_reward + (1 - won) * self.penalty(p)
        value = state["value"] + trial.chosen * rate * (trial.reward - state["value"])
        return {"value": value + (1 - trial.chosen) * p.forget_rate * (0.5 - value)}

    def penalty(self, p: Values) -> Any:
        """The learning rate after no reward."""
        return p.alpha_reward

    def logits(self, p: Values, state: State) -> Any:
        """The weighted values."""
        return p.beta_reward * state["value"]


class TwoRates(OneRate):
    """The true model of people with two learning rates."""

    name = "true-two-rates"
    parameters = (*OneRate.parameters, Parameter.share("alpha_penalty", "learning rate after no reward"))

    def penalty(self, p: Values) -> Any:
        """The learning rate after no reward."""
        return p.alpha_penalty


def members_of(kind: str, n: int, seed: int) -> list[dict[str, Any]]:
    """Parameters of people who differ."""
    rng = np.random.default_rng(seed)
    members = []
    for _ in range(n):
        one, reward, penalty = rng.uniform(0.15, 0.7), rng.uniform(0.3, 0.8), rng.uniform(0.1, 0.6)
        rates = (one, one) if kind == "one rate" else (reward, penalty)
        agent = sw.AgentQ(
            alpha_reward=rates[0],
            alpha_penalty=rates[1],
            beta_reward=rng.uniform(2, 6),
            forget_rate=rng.uniform(0.05, 0.5),
        )
        members.append(agent.parameters)
    return members


def choices_of(members: list[dict[str, Any]], n_choices: int, seed: int) -> sw.DatasetRNN:
    """Everyone's choices, in sessions of 100 trials, on drifting arms."""
    n_sessions = max(1, n_choices // SHORT)
    each = [member for member in members for _ in range(n_sessions)]
    labels = [f"p{i:04d}" for i in range(len(members)) for _ in range(n_sessions)]
    trials = min(n_choices, SHORT)
    return sw.create_dataset(
        Cohort(each), sw.BanditsDrift(0.2), trials, len(each), participant=labels, random_state=seed
    )[0]


def fitted(kind: str, dataset: sw.DatasetRNN, pooling: str) -> sw.SpiceEstimator:
    """Everyone's equations; the network hardly matters to them, since their numbers are tuned."""
    estimator = sw.SpiceEstimator(
        sw.ForgettingRNN,
        sw.FORGETTING_RNN_CONFIG,
        epochs=20,
        n_starts=1,
        random_state=1,
        spice_library_polynomial_degree=KINDS[kind],
        pooling=pooling,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", sw.SpiceWarning)
        return estimator.fit(dataset)


def by_delta_method(estimator: sw.SpiceEstimator) -> pd.DataFrame:
    """The table as it was: value and standard error at the terms that were chosen."""
    new = people_module.intervals_of
    people_module.intervals_of = lambda *_: {}  # type: ignore[assignment]
    try:
        return sw.people(estimator, level=LEVEL)
    finally:
        people_module.intervals_of = new


def reference(kind: str, dataset: sw.DatasetRNN) -> dict[str, Floats]:
    """Profile likelihood of the true model: the ends of each parameter, `(n_people, 2)`, by bisection."""
    search = ModeSearch(OneRate() if kind == "one rate" else TwoRates(), index_participants(dataset)[0])
    n = len(search.columns)
    flat = Prior(np.zeros(n), np.full(n, FLAT))
    top, least, _ = search.ends(search.starts(4, 0), flat).best()
    found = {}
    for place, (name, parameter) in enumerate(search.columns):
        free = np.arange(n) != place
        inner = np.stack([top[:, place]] * 2)
        bounds = np.array([search.low[place], search.high[place]])
        outer, tables = np.repeat(bounds[:, None], len(top), 1), np.stack([top, top])

        def lost(at: Floats, tables: Floats, place: int = place, free: Any = free) -> tuple[Floats, Floats]:
            tables = tables.copy()
            tables[..., place] = at
            end = search.maximise(tables, flat, free, Limits(25, longest=3.0))
            return end.objective - least, end.values

        open_ends = lost(outer, tables)[0] < Z**2 / 2
        for _ in range(LONG):
            middle = (inner + outer) / 2
            loss, values = lost(middle, tables)
            within = loss < Z**2 / 2
            inner, outer = np.where(within, middle, inner), np.where(within, outer, middle)
            tables = np.where(within[..., None], values, tables)
        found[name] = parameter.from_scale(np.where(open_ends, bounds[:, None], inner)).T
    return found


def covered(low: Floats, high: Floats, truth: Floats) -> tuple[float, float, int]:
    """Coverage, mean width and number of the intervals that there are."""
    known = np.isfinite(low) & np.isfinite(high)
    inside = (low <= truth) & (truth <= high)
    return float(inside[known].mean()), float((high - low)[known].mean()), int(known.sum())


def rows_of(kind: str, n_choices: int, n_people: int, seed: int) -> list[tuple[str, ...]]:
    """One row for each parameter, alone and pooled."""
    members = members_of(kind, n_people, seed)
    dataset = choices_of(members, n_choices, seed + 1)
    profile = reference(kind, dataset)
    rows = []
    for pooling in ("none", "group"):
        begin = process_time()
        estimator = fitted(kind, dataset, pooling)
        fit_seconds, begin = process_time() - begin, process_time()
        found = sw.people(estimator, level=LEVEL)
        seconds = process_time() - begin
        before = by_delta_method(estimator)
        where = "alone" if pooling == "none" else "pooled"
        print(f"{kind}, {n_choices}, {where}: fit {fit_seconds:.0f} s, people {seconds:.1f} s", flush=True)
        for name, true in TRUE.items():
            if kind == "one rate" and name in ("alpha_penalty", PRODUCT):
                continue
            truth = np.array([true(member) for member in members])
            now = covered(found[f"{name} low"].to_numpy(), found[f"{name} high"].to_numpy(), truth)
            then = ("-", "-")
            if f"{name} low" in before:
                share, width, n = covered(
                    before[f"{name} low"].to_numpy(), before[f"{name} high"].to_numpy(), truth
                )
                then = f"{share:.1%} of {n}", f"{width:.2f}"
            beside = ("-", "-")
            if name in profile:
                share, width, _ = covered(*profile[name].T, truth)
                beside = f"{share:.1%}", f"{width:.2f}"
            row = (
                f"{kind}, {n_choices:,} choices, {where}: {WORDS.get(name, name)}",
                f"{now[0]:.1%} of {now[2]}",
                *then[:1],
                f"{now[1]:.2f}",
                *then[1:],
                beside[1],
                beside[0],
            )
            print(" | ".join(row), flush=True)
            rows.append(row)
    return rows


def main() -> None:
    """Measure all cells, print them, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--people", type=int, default=400)
    parser.add_argument("--seed", type=int, default=9001)
    parser.add_argument("--choices", type=int, nargs="+", default=[100, 300, 1000])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    rows, seed = [], arguments.seed
    for kind in KINDS:
        for n_choices in arguments.choices:
            rows += rows_of(kind, n_choices, arguments.people, seed)
            seed += 10
    head = ("", "coverage", "before", "mean width", "before", "profile likelihood: width", "its coverage")
    words = (
        f"90 % intervals of `people()`; {arguments.people} people a cell, with the"
        f" seeds {arguments.seed} to {seed - 10} in steps of 10 (parameters; choices are of the next seed)."
        " Coverage and width are of those who have a finite interval; the others' parameters are not"
        " identified, or they are no Q-learners. Before: the delta method at the terms that were chosen. The"
        " profile likelihood is of the true model, with its starting values known."
    )
    publish(HEADING, words, Table(head, rows), write=not arguments.no_write)


if __name__ == "__main__":
    main()
