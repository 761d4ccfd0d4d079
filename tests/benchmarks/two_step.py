"""Hybrids of the two-step task, found as equations: are their terms exact, and known as well as is said?

    python tests/benchmarks/two_step.py [--datasets 10] [--seed 9201] [--people TABLE] [--no-write]

50 people x 200 trials of a two-step task (Daw et al. 2011) a data set, by `SpiceEstimator` with
`pooling="group"`. People differ in all seven parameters, w of a data set around .2, .5 or .8, or it is 0 or 1
for all. The network is hardly trained: with pooling, equations do not rest on it. Where a term of the truth
is missing, the group is found once more with all true terms, from the true numbers on: if ln p(choices) is
then higher by less than the price of what is missing, no search could have kept it.

With a table of real people the last quarter of each one's rows is predicted, history carried on, by the
equations and by two hybrids under their group's prior: that of Daw et al. 2011, whose first choice moves to
the value of what it led to before the reward is known, and one in which it moves after. As the model's terms
and the price of a person's own number were chosen with these choices in view, there are two tests beside it:
the third quarter, predicted from the first half; and each half of the people, with structure and price chosen
by the third quarter of the other half.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np
import torch
from report import Table, benchmark_parser, publish

import spicewidgets as sw
from spicewidgets.core.data.participants import index_participants
from spicewidgets.core.discover.canonical import parts_of
from spicewidgets.core.discover.likelihood import Likelihood
from spicewidgets.core.discover.pooling import GroupState, Pool
from spicewidgets.core.models import OF_TASKS
from spicewidgets.core.read.hybrid import TERMS, coefficients_of
from spicewidgets.core.rivals.declaration import State, Trial, Values
from spicewidgets.core.rivals.model import AgentRival
from spicewidgets.core.rivals.two_step import FromNothing, Hybrid
from spicewidgets.core.tasks import TWO_STEP
from spicewidgets.core.train.built_rnn import rnn_class

HEADING = "The two-step task"
READY = OF_TASKS["two-step"]
PEOPLE, TRIALS = 50, 200
LEVEL = 0.9
MEANS = {"alpha1": 0.5, "alpha2": 0.5, "lambda": 0.4, "beta1": 5.0, "beta2": 3.0, "stay": 0.5}
SHARES = ("alpha1", "alpha2", "lambda")
WEIGHTS = (0.0, 0.2, 0.5, 0.8, 1.0)
OF_FIRST = "x_value_first"  # what a learner with w = 1 does not need
NAMES = [one.name for one in Hybrid.parameters]
Terms = set[tuple[str, tuple[str, ...]]]
NEAR_ONE = 0.999  # own value to begin with of what does not fade


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


def true_terms(w: float) -> Terms:
    """Return the terms of the hybrids of a data set."""
    if w == 0:
        return {(module, term) for module, term in TERMS if module != "x_plan"}
    return {(module, term) for module, term in TERMS if w < 1 or not module.startswith(OF_FIRST)}


def fitted(data: sw.DatasetRNN, seed: int, structure: str = "as it is", **options: Any) -> sw.SpiceEstimator:
    """Find the equations of pooled people."""
    built = replace(READY.built, modules=STRUCTURES[structure])
    model = (READY.rnn_class, READY.config) if built == READY.built else (rnn_class(built), built.config())
    return sw.SpiceEstimator(
        *model, 6, pooling="group", epochs=2, n_trials_off_policy=100, random_state=seed, **options
    ).fit(data)


def lacking(
    spice: sw.SpiceEstimator, data: sw.DatasetRNN, values: np.ndarray, truth: Terms
) -> tuple[float, float]:
    """Return the worth of what is missing in nats, and its price: ln p(choices) with all true terms, begun
    at the truth, less that with the terms that were found.
    """
    of = {module: tuple(term for own, term in sorted(truth) if own == module) for module, _ in sorted(truth)}
    likelihood = Likelihood(spice.rnn_model_, data, of)
    pool, group = Pool(likelihood, parts_of(spice.rnn_model_, READY.config, likelihood.inputs)), spice.group_
    true = coefficients_of(dict(zip(NAMES, values.T, strict=True)))
    numbers = [1.0 if it.term is None else true[it.module, it.term] for it in pool.numbers]
    begun = np.stack([np.broadcast_to(one, len(values)) for one in numbers], 1)
    begun = np.where(pool.is_own, np.arctanh(np.clip(begun, -NEAR_ONE, NEAR_ONE)), begun)
    spread, nothing = np.maximum(begun.std(0), 0.05), np.zeros((*begun.shape, len(numbers)))
    at = GroupState(begun, nothing, begun.mean(0), spread, ~pool.is_beta, -np.inf)
    best = max(pool.rounds(at), key=lambda one: one.log_evidence)
    missing = [(it.module, it.term) in truth - terms_of(spice) for it in pool.numbers]
    prices = pool.prices(best, TWO_STEP.own_price)[missing]
    return best.log_evidence - group.log_evidence, float(prices.sum())


def terms_of(spice: sw.SpiceEstimator) -> Terms:
    """Return the terms of the group."""
    there = spice.group_.active.any(0)
    return {(it.module, it.term) for it, has in zip(spice.group_.numbers, there, strict=True) if has}


def recovered(w: float, seed: int) -> dict[str, Any]:
    """Simulate a data set, and compare what is found with the truth."""
    values = drawn(w, np.random.default_rng(seed))
    agent = AgentRival(FromNothing(), values, 6)
    people = list(range(PEOPLE))
    data, _, _ = sw.create_dataset(agent, sw.TwoStep(), TRIALS, PEOPLE, participant=people, random_state=seed)
    began = perf_counter()
    spice = fitted(data, seed)
    found = terms_of(spice)
    truth = sw.people(spice, level=LEVEL)
    seconds = perf_counter() - began
    covered = {}
    for at, name in enumerate(NAMES):
        low, high = (truth.get(f"{name} {end}", np.full(PEOPLE, np.nan)) for end in ("low", "high"))
        inside = (low <= values[:, at] + 1e-9) & (values[:, at] <= high + 1e-9)
        covered[name] = inside[np.isfinite(low) & np.isfinite(high)]
    missing = true_terms(w) - found
    return {
        "exact": float(found == true_terms(w)),
        "missing": missing,
        "extra": float(len(found - true_terms(w))),
        "plan": float(any(module == "x_plan" for module, _ in found)),
        "learned": float(any(module.startswith(OF_FIRST) for module, _ in found)),
        "w": float(truth["w"].mean()),
        "true": float(values[:, NAMES.index("w")].mean()),
        "covered": covered,
        "lacking": lacking(spice, data, values, true_terms(w)) if missing and w < 1 else None,
        "seconds": seconds,
    }


def simulated(n_datasets: int, seed: int, weights: Sequence[float]) -> list[str | Table]:
    """Return the tables of simulated people, a row for each w: terms, intervals, and what is missing."""
    rows, ends, missed = [], [], []
    for w in weights:
        at = seed + 1000 * WEIGHTS.index(w)
        runs = [recovered(w, at + one) for one in range(n_datasets)]
        mean = {
            key: np.mean([run[key] for run in runs])
            for key in ("exact", "plan", "learned", "extra", "w", "seconds")
        }
        error = np.sqrt(np.mean([(run["w"] - run["true"]) ** 2 for run in runs]))
        missing = np.mean([len(run["missing"]) for run in runs])
        rows.append(
            [
                f"{w:g}",
                *(f"{mean[key]:.0%}" for key in ("exact", "plan", "learned")),
                *(f"{one:.2f}" for one in (missing, mean["extra"], mean["w"])),
                f"{error:.3f}",
                f"{mean['seconds']:.1f}",
            ]
        )
        covered = {name: np.concatenate([run["covered"][name] for run in runs]) for name in NAMES}
        ends.append(
            [f"{w:g}", *(f"{own.mean():.0%} of {len(own)}" if len(own) else "-" for own in covered.values())]
        )
        for one, run in enumerate(runs):
            if run["lacking"]:
                terms = ", ".join(
                    f"{module}: {'*'.join(term) or 1}" for module, term in sorted(run["missing"])
                )
                missed.append([f"{w:g}, {at + one}", terms, *(f"{nats:.1f}" for nats in run["lacking"])])
        print(rows[-1], ends[-1], missed, flush=True)
    names = ["terms exact", "plan found", "learned values found", "terms missing", "terms too many"]
    parts: list[str | Table] = [
        Table(["w", *names, "mean w", "its error", "seconds a data set"], rows),
        f"People whose true number is in its {LEVEL:.0%} interval, of those who have one:",
        Table(["w", *NAMES], ends),
    ]
    if missed:
        parts += [
            "What is missing: nats by which ln p(choices) is higher with all true terms, begun at the truth.",
            Table(["w, seed", "missing", "gain of it, nats", "its price, nats"], missed),
        ]
    return parts


class After(Hybrid):
    """The hybrid whose first choice moves towards what the second one is worth after the reward."""

    name = "after"

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Learn at the second stage, then at the first."""
        there = super().update(p, state, trial)
        learned = {"value": there["value"] * trial.chosen + state["value"] * (1 - trial.chosen)}
        surprise = trial.reward - (trial.chosen * learned["value"]).sum(-1)[:, None]
        reached, ends = trial.reward - surprise, trial.chosen[:, 2:].sum(-1)[:, None]
        first = p.alpha1 * (reached - state["value"] + getattr(p, "lambda") * surprise)
        return {"value": learned["value"] + ends * state["first"] * first, "first": there["first"]}


HYBRIDS = {"hybrid": Hybrid, "moved after the reward": After}
WITHIN = READY.built.modules
STRUCTURES = {
    "as it is": WITHIN,
    "no constant": tuple(replace(one, constant=one.name == "x_stay") for one in WITHIN),
    "constants": tuple(replace(one, constant=one.name != "x_plan") for one in WITHIN),
    "second values stay": tuple(one for one in WITHIN if one.name != "x_value_second_not_chosen"),
}
PRICES = 0.0, 0.5, 1.0


def halves_of(data: sw.DatasetRNN) -> list[sw.DatasetRNN]:
    """Return every other person's sessions, and those of the others."""
    everything = torch.arange(data.n_trials)
    parts = [torch.arange(at, data.n_sessions, 2) for at in (0, 1)]
    return [index_participants(data.take(part, everything.expand(len(part), -1)))[0] for part in parts]


def quarters(data: sw.DatasetRNN, last: float, share: float) -> tuple[sw.DatasetRNN, sw.DatasetRNN]:
    """Return what is learned from, and what is predicted, of the first part of everyone's rows."""
    data = data if last == 1 else sw.split_data_along_timedim(data, last, carry_on=True)[0]
    return sw.split_data_along_timedim(data, share / last, carry_on=True)


def compared(train: sw.DatasetRNN, test: sw.DatasetRNN, **options: Any) -> tuple[Any, dict[str, np.ndarray]]:
    """Return the estimator, and -ln P of each next choice by equations and hybrids."""
    spice = fitted(train, 1, **options)
    nll = {"equations": nll_of(spice.predict(test)[1], test)}
    for name, rival in HYBRIDS.items():
        agent = sw.fit_rival(rival, train, "group").agent
        nll[name] = nll_of(sw.replay(agent, test).probabilities[:, 1:], test)
    return spice, nll


def by_stage(nll: dict[str, np.ndarray], test: sw.DatasetRNN) -> dict[str, dict[str, np.ndarray]]:
    """Return everyone's number of choices, and -ln P of them by each model, by stage."""
    known, second = test.target_mask.numpy(), test.ys.numpy()[..., 2:].max(-1) > 0
    parts = {"first stage": known & ~second, "second stage": known & second, "both": known}
    return {
        name: {"n": where.sum(1), **{key: np.where(where, one, 0).sum(1) for key, one in nll.items()}}
        for name, where in parts.items()
    }


def held_out_table(stages: dict[str, dict[str, np.ndarray]]) -> Table:
    """Return the table of held-out choices, a row for each stage."""
    rows = []
    for name, own in stages.items():
        n = own["n"]
        cells = [f"{np.exp(-own[key].sum() / n.sum()):.4f}" for key in ("equations", *HYBRIDS)]
        for key in HYBRIDS:
            ahead = (own[key] - own["equations"]) / n.mean()
            cells.append(f"{ahead.mean():.4f} ± {ahead.std(ddof=1) / np.sqrt(len(ahead)):.4f}")
        rows.append([name, f"{n.sum():,}", *cells])
    ahead = [f"nats per choice ahead of {name}, standard error over people" for name in HYBRIDS]
    return Table(["", "choices", "equations", *HYBRIDS, *ahead], rows)


def held_out(path: str) -> list[str | Table]:
    """Return the tables of real people."""
    data = sw.read_choices(path).dataset
    began, test = perf_counter(), quarters(data, 1.0, 0.75)[1]
    spice, nll = compared(*quarters(data, 1.0, 0.75))
    terms = ", ".join(spice.group_.to_frame()["module"] + ": " + spice.group_.to_frame()["term"])
    parts: list[str | Table] = [
        f"{data.n_participants} people, learned from three quarters of each one's rows"
        f" ({perf_counter() - began:.0f} s, hybrids among them):",
        held_out_table(by_stage(nll, test)),
        f"Their terms: {terms}.",
        "The third quarter, predicted from the first half, by the ready model:",
        held_out_table(by_stage(compared(*quarters(data, 0.75, 0.5))[1], quarters(data, 0.75, 0.5)[1])),
    ]
    halves, found = halves_of(data), []
    for own, other in (halves, halves[::-1]):
        scores = {}
        for structure in STRUCTURES:
            for price in PRICES:
                train, test = quarters(other, 0.75, 0.5)
                there = nll_of(fitted(train, 1, structure, price=price).predict(test)[1], test)
                scores[structure, price] = float(np.exp(-np.nanmean(there)))
        structure, price = max(scores, key=lambda one: scores[one])
        print(scores, flush=True)
        nll = compared(*quarters(own, 1.0, 0.75), structure=structure, price=price)[1]
        found.append(by_stage(nll, quarters(own, 1.0, 0.75)[1]))
        parts.append(
            f"By the third quarter of the {'second' if own is halves[0] else 'first'} half of the people:"
            f" {structure}, price {price:g} ({min(scores.values()):.4f} to {max(scores.values()):.4f} of"
            f" {len(scores)}; as it is with price 0 {scores['as it is', 0.0]:.4f})."
        )
    both = {
        name: {key: np.concatenate([one[name][key] for one in found]) for key in found[0][name]}
        for name in found[0]
    }
    parts += ["The last quarter of each half, by what the other half chose:", held_out_table(both)]
    return parts


def nll_of(p: np.ndarray, data: sw.DatasetRNN) -> np.ndarray:
    """Return -ln P of each next choice, `(n_sessions, n_trials)`; NaN where it is not known."""
    chosen = (p * np.where(data.ys.numpy() > 0, 1, 0)).sum(-1)
    return np.where(data.target_mask.numpy(), -np.log(np.maximum(chosen, 1e-300)), np.nan)


def main() -> None:
    """Measure, print, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--datasets", type=int, default=10)
    parser.add_argument("--seed", type=int, default=9201)
    parser.add_argument("--weights", type=float, nargs="*", choices=WEIGHTS, default=WEIGHTS)
    parser.add_argument("--people", help="a table of real people, which stays where it is")
    arguments = parser.parse_args()
    parts: list[str | Table] = [
        f"Load of the machine {os.getloadavg()[0]:.1f} at first; seeds from {arguments.seed}.",
        f"Simulated hybrids, {arguments.datasets} data sets a row of {PEOPLE} people x {TRIALS} trials;"
        " group: " + ", ".join(f"{name} {mean:g}" for name, mean in MEANS.items()) + ".",
    ]
    parts += simulated(arguments.datasets, arguments.seed, arguments.weights)
    parts += held_out(arguments.people) if arguments.people else []
    publish(HEADING, *parts, write=not arguments.no_write)


if __name__ == "__main__":
    main()
