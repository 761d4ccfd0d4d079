"""Search for mechanisms: what it finds in simulated learners, and in real people.

    python tests/benchmarks/search.py simulated|nothing|vain|outside [--seed 100] [--no-write]
    python tests/benchmarks/search.py people TABLE [--folds 4] [--only 0] [--no-write]
    python tests/benchmarks/search.py later TABLE [--folds 3] [--no-write]
    python tests/benchmarks/search.py speed [TABLE] [--no-write]

Simulated learners are 40 people with 250 choices each of a drifting two-armed bandit, who learn values and
do one thing more, at rates, in a form, and of a strength that are drawn. A mechanism counts as found if a
step of the search has a signal of it, or if the equation found makes up at least 80 % of what the plain
learner lacks in nats per choice against the truth, on new choices of the same people; 100 % is what the true
equation makes up, with parameters estimated from the same choices. `people` keeps runs apart as `people.py`
does, `later` predicts later choices of each session, as `spicewidgets rivals --by time`.
"""

from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np
import torch
from people import folds_of as runs_apart
from report import Table, benchmark_parser, publish

import spicewidgets as sw
from spicewidgets.core.data.dataset import DatasetRNN
from spicewidgets.core.data.participants import index_participants
from spicewidgets.core.judge.replay import nll_per_trial
from spicewidgets.core.rivals.ceiling import Ceiling
from spicewidgets.core.rivals.declaration import Parameter, Rival
from spicewidgets.core.rivals.design import Design, drawn_values, simulate_rival
from spicewidgets.core.rivals.folds import folds_of
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.ready import ALL
from spicewidgets.core.search.equation import fit_equation, spread_of
from spicewidgets.core.search.found import FoundModel, FoundRival
from spicewidgets.core.search.score import score_terms
from spicewidgets.core.search.search import EXCHANGED, START, VAIN, Search
from spicewidgets.core.search.table import ChoiceTable
from spicewidgets.core.search.terms import FACTORS, Reading, Term

PEOPLE, TRIALS = 40, 250
SHARE = 0.8  # of what can be made up, from which a mechanism counts as found
STAY = Reading("last")
KINDS = (
    "kernel",
    "two_back",
    "losses",
    "run",
    "since_loss",
    "reward",
    "rhythm",
    "fading_value",
    "surprised_value",
    "settling_value",
)
Parts = tuple[str | Table, ...]
# What each part measures, for its section.
ABOUT = {
    "simulated": (
        "40 people with 250 choices each of two arms, who learn values and do one thing more: ten such"
        " things, four draws of each, of rates, form and strength. Found: a step has a signal of it, or"
        " the equation makes up at least 80 % of what the plain learner lacks against the truth on new"
        " choices of the same people; the true equation with estimated parameters makes up all."
    ),
    "nothing": ("Noise, and plain learners with parameters from the prior; 40 people with 250 choices each."),
    "vain": (
        "Mechanisms that ready models did not have: a rate that follows surprise, avoiding what was"
        " chosen two back, staying only after wins, and a rate that declines over trials; five draws of"
        " each, judged as simulated learners."
    ),
    "outside": (
        "Learners that the grammar does not have, 40 people with 250 choices each, predicted in new"
        " sessions of the same people: likelihood per choice. What the ceiling, or the truth, has beyond"
        " the equation is unexplained."
    ),
    "people": (
        "Every person's runs of a fold are kept apart as in the section on real people; a search learns"
        " from the others, from a Rescorla-Wagner learner on."
    ),
    "later": (
        "Later choices of each session are predicted from those before, as by `spicewidgets rivals --by"
        " time --folds 3`."
    ),
}
ABOUT["speed"] = "One pass of the scores of all terms at the optimum of a plain learner, on one core."
TWO_ARMS = Design.of_settings(PEOPLE, 1, TRIALS, sw.BanditsDrift(0.2))


def search_of(dataset: DatasetRNN) -> Search:
    """Return a whole search."""
    search = Search(index_participants(dataset)[0])
    for _ in search.steps():
        pass
    return search


def taken(search: Search) -> list[Term]:
    """Return the terms of the steps that were taken."""
    return [step.term for step in search.path if step.action != VAIN]


def drawn_learner(kind: str, rng: np.random.Generator) -> tuple[FoundRival, np.ndarray]:
    """Draw the terms of a learner, and everybody's parameters."""
    rates = 1 / (1 + np.exp(-rng.normal(0, 0.8, PEOPLE)))
    beta = np.exp(rng.normal(np.log(4), 0.4, PEOPLE))
    if kind in EXCHANGED:
        signal = Term(Reading(kind, EXCHANGED[kind]), (), True)
        second = {"fading_value": (0.1, 0.5), "surprised_value": (0.1, 0.6), "settling_value": (0.01, 0.05)}
        first = {"surprised_value": (0.5, 0.99), "settling_value": (0.5, 0.99)}.get(kind)
        own = rates if first is None else rng.uniform(*first, PEOPLE)
        return FoundRival((signal,)), np.column_stack([beta, own, rng.uniform(*second[kind], PEOPLE)])
    of_options = {
        "kernel": Reading("kernel", (float(rng.uniform(0.1, 0.7)),)),
        "two_back": Reading("two_back"),
    }
    of_options["losses"] = Reading("losses", (float(rng.uniform(0.1, 0.7)),))
    forms = [one for one in FACTORS if one.signal == kind]
    term = Term(of_options[kind]) if kind in of_options else Term(STAY, (forms[rng.integers(len(forms))],))
    plain = simulate_rival(
        FoundRival((START,)), np.column_stack([beta, rates]), TWO_ARMS, int(rng.integers(10**6))
    )
    seen = ChoiceTable(plain)
    scale = spread_of(seen.reading(term.carrier) * seen.factors_of(term)[..., None], seen.known)
    size = rng.uniform(0.8, 1.4) * rng.choice([-1, 1])
    weights = size * (1 + 0.3 * rng.normal(size=PEOPLE)) / scale
    return FoundRival((START, term)), np.column_stack([beta, weights, rates])


def lack(p: np.ndarray, true: np.ndarray) -> float:
    """Compute the nats per choice by which predictions are worse than the truth's."""
    return float((true * (np.log(np.maximum(true, 1e-12)) - np.log(np.maximum(p, 1e-12)))).sum(-1).mean())


def share_made_up(
    rival: Any, values: np.ndarray, data: DatasetRNN, search: Search, seed: int
) -> tuple[float, float]:
    """Return the share of what can be made up, and what is lacking, in nats per new choice."""
    indexed, people = index_participants(data)
    new = simulate_rival(rival, values, TWO_ARMS, seed)
    true = sw.replay(AgentRival(rival, values, 2), new).probabilities[:, 1:]
    seen = ChoiceTable(indexed)

    def of(fit: Any) -> float:
        return lack(FoundModel.of(fit, people).predict(new), true)

    plain = of(list(fit_equation(seen, (START,), seen.known))[-1])
    best = of(list(fit_equation(seen, rival.terms, seen.known))[-1])
    assert search.whole is not None
    found = of(search.whole)
    return (plain - found) / (plain - best), found


def simulated(seed: int) -> Parts:
    """Measure ten kinds, four draws of each."""
    rows, found, began = [], 0, process_time()
    for number, kind in enumerate(KINDS):
        named, shares, examples = 0, [], ""
        good = 0
        for draw in range(4):
            rng = np.random.default_rng([seed, number, draw])
            rival, values = drawn_learner(kind, rng)
            data = simulate_rival(rival, values, TWO_ARMS, int(rng.integers(10**6)))
            search = search_of(data)
            share, _ = share_made_up(rival, values, data, search, int(rng.integers(10**6)))
            has_name = any(kind in term.signals for term in taken(search))
            named, good = named + has_name, good + (has_name or share >= SHARE)
            shares.append(share)
            examples = examples or "; ".join(term.words for term in taken(search))
            print(
                kind,
                draw,
                has_name,
                f"{share:.2f}",
                [term.words for term in rival.terms][-1],
                "|",
                [term.words for term in taken(search)],
                flush=True,
            )
        found += good
        rows.append(
            (kind, f"{good} of 4", f"{named} of 4", " ".join(f"{one:.2f}" for one in shares), examples)
        )
    head = ("mechanism", "found", "by its signal", "made up", "steps of the first draw")
    seconds = (process_time() - began) / (4 * len(KINDS))
    return f"Found in {found} of {4 * len(KINDS)} ({seconds:.0f} s each).", Table(head, rows)


def nothing(seed: int) -> Parts:
    """Count what is added to noise and to plain learners, 60 seeds of each."""
    rows = []
    for name in ("random", "rescorla-wagner"):
        added = 0
        for number in range(60):
            values = drawn_values(ALL[name], 2, PEOPLE, None, seed + number)
            if name == "random":
                values = np.zeros((PEOPLE, len(ALL[name].columns(2))))
            search = search_of(simulate_rival(ALL[name], values, TWO_ARMS, seed + number))
            added += bool(taken(search))
            print(name, number, [term.words for term in taken(search)], flush=True)
        rows.append((name, f"{60 - added} of 60"))
    return (Table(("learner", "nothing added"), rows),)


def vain(seed: int) -> Parts:
    """Look for four mechanisms that no ready model has, five seeds of each."""
    rows = []
    for kind in ("surprised_value", "two_back", "reward", "settling_value"):
        good, shares = 0, []
        for number in range(5):
            rng = np.random.default_rng([seed, 77, number])
            rival, values = drawn_learner(kind, rng)
            if kind == "two_back":
                values[:, 1] = -abs(values[:, 1])
            if kind == "reward":
                values[:, 1] = abs(values[:, 1])
            data = simulate_rival(rival, values, TWO_ARMS, int(rng.integers(10**6)))
            search = search_of(data)
            share, _ = share_made_up(rival, values, data, search, int(rng.integers(10**6)))
            has_name = any(kind in term.signals for term in taken(search))
            good += has_name or share >= SHARE
            shares.append(share)
            print(kind, number, has_name, f"{share:.2f}", [term.words for term in taken(search)], flush=True)
        rows.append((kind, f"{good} of 5", " ".join(f"{one:.2f}" for one in shares)))
    return (Table(("mechanism", "found", "made up"), rows),)


class Periodic(Rival):
    """Stays by a clock: every few trials it would rather go."""

    name = "stays by a clock"
    parameters = (*ALL["rescorla-wagner"].parameters, Parameter.real("weight", "weight of the clock"))
    states = {"value": 0.5, "last": 0.0, "trial": 0.0}

    def update(self, p: Any, state: Any, trial: Any) -> Any:
        """Learn, and count."""
        value = state["value"] + p.alpha * trial.chosen * (trial.reward - state["value"])
        return {"value": value, "last": trial.chosen, "trial": state["trial"] + 1}

    def logits(self, p: Any, state: Any) -> Any:
        """Return values, and the clock's drive to stay."""
        return p.beta * state["value"] + p.weight * (state["trial"] * (2 * np.pi / 7)).sin() * state["last"]


class InContext(Rival):
    """Has values of its own after each option that was chosen before."""

    name = "values by the last choice"
    parameters = ALL["rescorla-wagner"].parameters
    states = {"first": 0.5, "second": 0.5, "last": 0.0}

    def update(self, p: Any, state: Any, trial: Any) -> Any:
        """Learn the values of this context."""
        after = {"last": trial.chosen}
        for place, name in enumerate(("first", "second")):
            here = state["last"][:, place : place + 1] * trial.chosen
            after[name] = state[name] + p.alpha * here * (trial.reward - state[name])
        return after

    def logits(self, p: Any, state: Any) -> Any:
        """Return the values of the coming context."""
        last = state["last"]
        return p.beta * (last[:, :1] * state["first"] + last[:, 1:2] * state["second"])


class Sequence(Rival):
    """Has a pattern of sides, which returns every five trials."""

    name = "a pattern of sides"
    parameters = (*ALL["rescorla-wagner"].parameters, Parameter.real("weight", "weight of the pattern"))
    states = {"value": 0.5, "trial": 0.0}

    def update(self, p: Any, state: Any, trial: Any) -> Any:
        """Learn, and count."""
        value = state["value"] + p.alpha * trial.chosen * (trial.reward - state["value"])
        return {"value": value, "trial": state["trial"] + 1}

    def logits(self, p: Any, state: Any) -> Any:
        """Return values, and the pattern for the first option."""
        side = torch.eye(state["value"].shape[-1], dtype=state["value"].dtype)[0]
        return p.beta * state["value"] + p.weight * (state["trial"] * (2 * np.pi / 5)).cos() * side


def outside(seed: int) -> Parts:
    """Look for what the grammar does not have: what the ceiling predicts beyond the equation."""
    rows = []
    for number, rival in enumerate((Periodic(), InContext(), Sequence())):
        rng = np.random.default_rng([seed, 55, number])
        rates, beta = rng.uniform(0.2, 0.7, PEOPLE), np.exp(rng.normal(np.log(4), 0.3, PEOPLE))
        values = np.column_stack([rates, beta, rng.normal(1.5, 0.3, PEOPLE)])[:, : len(rival.parameters)]
        data, new = (simulate_rival(rival, values, TWO_ARMS, int(rng.integers(10**6))) for _ in range(2))
        search, (known, people) = search_of(data), index_participants(data)
        true = sw.replay(AgentRival(rival, values, 2), new).probabilities[:, 1:]
        ceiling = Ceiling(random_state=seed)
        for _ in ceiling.fit_records(known):
            pass
        plain = list(fit_equation(search.table, (START,), search.table.known))[-1]
        p = {
            "plain learner": FoundModel.of(plain, people).predict(new),
            "equation": FoundModel.of(search.whole, people).predict(new),
            "ceiling": ceiling.predict(new),
            "truth": true,
        }
        likelihoods = [f"{np.exp(-np.nanmean(nll_per_trial(one, new))):.4f}" for one in p.values()]
        rows.append((rival.name, *likelihoods, "; ".join(term.words for term in taken(search)) or "nothing"))
        print(*rows[-1], sep=" | ", flush=True)
    return (Table(("learner", *p, "added"), rows),)


def speed(path: str | None) -> list[Table]:
    """Measure a pass of scores, on simulated choices and those of a table."""
    plain = ALL["rescorla-wagner"]
    data = {"simulated": simulate_rival(plain, drawn_values(plain, 2, PEOPLE, None, 1), TWO_ARMS, 1)}
    if path is not None:
        data["the table"] = sw.read_choices(path).dataset
    rows = []
    for name, choices in data.items():
        table = ChoiceTable(index_participants(choices)[0])
        fit = list(fit_equation(table, (START,), table.known))[-1]
        seconds, n = [], 0
        for _ in range(3):
            began, scoring = process_time(), score_terms(fit)
            while True:
                try:
                    next(scoring)
                except StopIteration as end:
                    n = len(end.value.terms)
                    break
            seconds.append(process_time() - began)
        cells = (f"{table.n_choices:,}", f"{n:,}", f"{min(seconds):.2f} s", f"{n / min(seconds):,.0f}")
        rows.append((name, *cells))
    head = ("choices", "their number", "terms", "a pass, best of three", "terms a second and core")
    return [Table(head, rows)]


def held_out(parts: Iterator[tuple[int, tuple[DatasetRNN, DatasetRNN]]], name: str) -> Parts:
    """Search in the first part of each pair, and predict the second."""
    rows, nats, n = [], 0.0, 0
    for number, (train, test) in parts:
        began = process_time()
        people = index_participants(train)[1]
        search = search_of(train)
        assert search.whole is not None
        model = FoundModel.of(search.whole, people)
        known, _ = index_participants(test, people)
        own = nll_per_trial(model.predict(known), known)
        nats, n = nats + float(np.nansum(own)), n + int(np.isfinite(own).sum())
        seconds = process_time() - began
        steps = "; ".join(
            f"{step.action}: {step.term.words} ({step.nats:.0f})"
            for step in search.path
            if step.action != VAIN
        )
        likelihood = float(np.exp(-np.nanmean(own)))
        rows.append(
            (str(number), f"{likelihood:.4f}", str(model.fitted.values.shape[1]), f"{seconds:.0f} s", steps)
        )
        print(*rows[-1], sep=" | ", flush=True)
    head = ("fold", "likelihood", "numbers a person", "processor time", "steps (nats)")
    words = f"{name}: likelihood per choice of {n:,} choices kept apart **{np.exp(-nats / n):.4f}**."
    return words, Table(head, rows)


def main() -> None:
    """Measure one part, print it, and write its section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument(
        "part", choices=("simulated", "nothing", "vain", "outside", "people", "later", "speed")
    )
    parser.add_argument("table", nargs="?")
    parser.add_argument("--seed", type=int, default=100)
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--only", type=int, nargs="*")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.part == "people":
        pairs = runs_apart(sw.read_choices(arguments.table).dataset, arguments.folds or 4)
        chosen = range(len(pairs)) if arguments.only is None else arguments.only
        parts = held_out(((fold, pairs[fold]) for fold in chosen), "Runs kept apart")
    elif arguments.part == "later":
        data = index_participants(sw.read_choices(arguments.table).dataset)[0]
        folds = folds_of(data, "time", arguments.folds or 3)
        parts = held_out(((i, (one.train, one.test)) for i, one in enumerate(folds)), "Later choices")
    elif arguments.part == "speed":
        parts = speed(arguments.table)
    else:
        parts = {"simulated": simulated, "nothing": nothing, "vain": vain, "outside": outside}[
            arguments.part
        ](arguments.seed)
    publish(f"Search: {arguments.part}", ABOUT[arguments.part], *parts, write=not arguments.no_write)


if __name__ == "__main__":
    main()
