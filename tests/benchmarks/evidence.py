"""Which terms are discovered: by evidence, and by SINDy's threshold beside it.

    python tests/benchmarks/evidence.py [--datasets 20] [--seed 2001] [--part structure|few] [--no-write]

The six participants of tests/core/discover/test_recovery.py, 100 sessions x 100 trials, on data sets with
seeds that no tuning saw; and three of them with fewer choices. Both ways start from the same trained network
and the same samples of it.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from report import RESULTS, Table, benchmark_parser, publish
from scipy.stats import chi2

import spicewidgets as sw
from spicewidgets.core.discover.comparison import Comparison, compare
from spicewidgets.core.discover.information import half_width
from spicewidgets.core.discover.selection import Evidence
from spicewidgets.core.equations import SpiceModel

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "discover"))
from test_recovery import CASES, CONFIDENCE, Case

HEADING = "Which terms: evidence and threshold"
FEW = "Which terms, of few choices"
SMALL = ("asymmetric, with value x reward", "learning rate", "choice kernel")
SIZES = (300, 1000, 3000, 10_000)  # choices
WAYS = ("evidence", "threshold")
LEVEL = 0.9


@dataclass(frozen=True)
class Found:
    """What one way made of one participant."""

    comparison: Comparison
    n_true: int
    n_candidates: int
    bound: float
    covered: tuple[bool, ...]
    seconds: float


def data(case: Case, n_choices: int, seed: int) -> sw.DatasetRNN:
    """Sessions of 100 trials, shared among the participants."""
    n_sessions = n_choices // 100
    each = n_sessions // len(case.agents)
    agents = [agent for agent in case.agents for _ in range(each)]
    codes = [code for code in range(len(case.agents)) for _ in range(each)]
    task = sw.BanditsDrift(sigma=0.2)
    return sw.create_dataset(agents, task, 100, len(agents), participant=codes, random_state=seed)[0]


def discovered(
    case: Case, n_choices: int, seed: int, reference: sw.DatasetRNN | None = None
) -> Iterator[tuple[str, Found]]:
    """Way and result, for each participant, beside the truth on these choices, or on those of a reference."""
    dataset = data(case, n_choices, seed)
    estimator = sw.SpiceEstimator(case.model, case.config, random_state=seed, **case.options).fit(dataset)
    ways: dict[str, tuple[SpiceModel, dict[Any, Evidence], float]] = {}
    begin = process_time()
    tuned = estimator.discover(selection="threshold")
    ways["threshold"] = tuned, {}, process_time() - begin
    begin = process_time()
    chosen = estimator.discover(selection="evidence")
    ways["evidence"] = chosen, estimator.evidence_, process_time() - begin
    for code, agent in enumerate(case.agents):
        mine = dataset.participant_ids == code
        own = sw.DatasetRNN(dataset.xs[mine], dataset.ys[mine])
        own.xs[..., -1] = 0
        for way, (spice, evidence, seconds) in ways.items():
            there = own if reference is None else reference
            yield way, judged(case, agent, there, spice, evidence.get(code), code, seconds)


def judged(
    case: Case,
    agent: sw.AgentQ,
    own: sw.DatasetRNN,
    spice: SpiceModel,
    evidence: Evidence | None,
    code: int,
    seconds: float,
) -> Found:
    """One participant's equations beside the truth."""
    model = case.model(2, n_participants=1)
    truth = sw.true_model(agent, model, case.config)
    betas = {state: values[code] for state, values in spice.betas.items()}
    found = SpiceModel.of(*spice.of_participant(code).values(), betas=betas)
    comparison = compare(found, truth, model, own, case.config)
    count = len(betas) + sum(len(e.active) for e in truth.of_participant().values())
    covered = tuple(coverage(evidence, comparison)) if evidence else ()
    n_true = sum(len(e.active) for e in comparison.truth.of_participant().values())
    n_candidates = sum(len(rows[0].terms) for rows in found.equations.values())
    return Found(comparison, n_true, n_candidates, float(chi2.ppf(CONFIDENCE, count)), covered, seconds)


def coverage(evidence: Evidence, comparison: Comparison) -> Iterator[bool]:
    """Whether each number's interval covers the truth, for numbers that have an interval and a truth."""
    if not comparison.same:
        return
    truth = comparison.truth
    for item in evidence.terms:
        if item.active and item.error > 0:
            if item.term is None:
                true = truth.beta(item.module)
            else:
                true = truth.equation(item.module).coefficient(*item.term)
            yield abs(item.value - true) <= half_width(item.error, LEVEL)


def recovery(seeds: range) -> dict[str, dict[str, list[list[Found]]]]:
    """By case and way: for each data set, what was found of each participant."""
    results: dict[str, dict[str, list[list[Found]]]] = {}
    for name, case in CASES.items():
        results[name] = {way: [] for way in WAYS}
        for seed in seeds:
            add(results[name], discovered(case, 10_000, seed))
        say(f"{name}: " + ", ".join(f"{way} {share(results[name][way])}" for way in WAYS))
    return results


def add(results: dict[str, list[list[Found]]], found: Iterator[tuple[str, Found]]) -> None:
    pairs = list(found)
    for way in WAYS:
        results[way].append([item for own, item in pairs if own == way])


def share(results: list[list[Found]]) -> str:
    right = sum(all(one.comparison.same for one in dataset) for dataset in results)
    return f"{right} of {len(results)}"


Shares = dict[tuple[str, int, str], tuple[float, float, float, float]]


def small(seeds: range) -> Shares:
    """By case, number of choices, and way: share of candidate terms that are rightly there or not; missing
    terms, and superfluous ones, for each true one; and how far P is from the true one, in nats per choice.
    """
    shares: Shares = {}
    for name in SMALL:
        reference = data(CASES[name], 10_000, seeds.start - 1)
        for size in SIZES:
            results: dict[str, list[list[Found]]] = {way: [] for way in WAYS}
            for seed in seeds:
                add(results, discovered(CASES[name], size, seed, reference))
            for way in WAYS:
                found = [one for dataset in results[way] for one in dataset]
                n_true = sum(one.n_true for one in found)
                missing = sum(len(one.comparison.missing) for one in found)
                more = sum(len(one.comparison.superfluous) for one in found)
                right = 1 - (missing + more) / sum(one.n_candidates for one in found)
                apart = np.mean([one.comparison.divergence for one in found]) / 20_000
                shares[name, size, way] = right, missing / n_true, more / n_true, float(apart)
                say(f"{name}, {size}, {way}: " + ", ".join(f"{x:.4f}" for x in shares[name, size, way]))
    return shares


def row(name: str, ways: dict[str, list[list[Found]]]) -> list[str]:
    found = [one for dataset in ways["evidence"] for one in dataset]
    within = sum(one.comparison.divergence < one.bound for one in found)
    covered = [one for item in found for one in item.covered]
    seconds = np.median([item.seconds for item in found])
    return [
        name,
        share(ways["evidence"]),
        share(ways["threshold"]),
        f"{within} of {len(found)}",
        f"{np.mean(covered):.0%} of {len(covered)}",
        f"{seconds * 1e3:.0f} ms",
    ]


def structure_parts(results: dict[str, dict[str, list[list[Found]]]], seeds: range) -> tuple[str, Table]:
    """The section on the structure."""
    whole = {way: [d for ways in results.values() for d in ways[way]] for way in WAYS}
    rows = [row(name, ways) for name, ways in results.items()]
    rows.append(row("all", whole))
    head = ["participant", "evidence", "threshold", "within 99.9 % bound", "90 % intervals", "seconds"]
    words = f"""\
One thread. Data sets with the seeds {seeds.start} to {seeds.stop - 1}.

Of 100 x 100 choices: data sets in which every participant has exactly the true terms, up to the canonical
form (`core/discover/canonical.py`; the truth is written so by the same search, on the choices that the
participant is expected to make). For the threshold the participant's own way of writing counts as well.
Beside it, of the equations by evidence: participants whose P are within what so many choices can tell; 90 %
intervals that cover the truth; seconds of processor for finding the equations of a trained network.
"""
    return words, Table(head, rows)


def few_parts(shares: Shares, seeds: range) -> tuple[str, Table]:
    """The section on few choices."""
    cell = "{:.1%} / {:.1%} / {:.1%} / {:.4f}"
    rows = [
        [name, f"{size:,}", *(cell.format(*shares[name, size, way]) for way in WAYS)]
        for name in SMALL
        for size in SIZES
    ]
    words = f"""\
One thread. Data sets with the seeds {seeds.start} to {seeds.stop - 1}.

Candidate terms that are rightly there or not / missing terms for each true one / superfluous terms for each
true one / divergence of P from the truth in nats per choice, on other choices ([plot](evidence.svg)). The
true terms are here those of the canonical form on 10,000 choices, whatever the number of choices. Fewer
choices cannot tell all of them: evidence then leaves out what it is not sure of, and the threshold lets in
what is not there.
"""
    return words, Table(["participant", "choices", *WAYS], rows)


def drawn(shares: Shares) -> Figure:
    """Right, missing and superfluous terms against the number of choices."""
    figure = Figure(figsize=(9, 3.2), layout="constrained")
    axes = figure.subplots(1, len(SMALL), sharey=True)
    colours = {"right": "tab:green", "missing": "tab:red", "superfluous": "tab:orange"}
    for axis, name in zip(axes, SMALL, strict=True):
        for way, style in zip(WAYS, ("-", ":"), strict=True):
            for k, (word, colour) in enumerate(colours.items()):
                heights = [shares[name, size, way][k] for size in SIZES]
                axis.plot(SIZES, heights, style, color=colour, marker="o", label=f"{word}, {way}")
        axis.set(xscale="log", xlabel="choices", title=name, ylim=(-0.05, 1.05))
    axes[0].set_ylabel("share of terms")
    axes[-1].legend(fontsize="x-small")
    return figure


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--datasets", type=int, default=20, help="data sets of each case and size")
    parser.add_argument("--seed", type=int, default=2001, help="of the first data set")
    parser.add_argument("--part", choices=("structure", "few"), help="only one of the two sections")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds, sections = range(arguments.seed, arguments.seed + arguments.datasets), {}
    if arguments.part != "few":
        sections[HEADING] = structure_parts(recovery(seeds), seeds)
    if arguments.part != "structure":
        shares = small(seeds)
        sections[FEW] = few_parts(shares, seeds)
        if not arguments.no_write:
            drawn(shares).savefig(RESULTS.with_name("evidence.svg"))
    for heading, parts in sections.items():
        publish(heading, *parts, write=not arguments.no_write)


if __name__ == "__main__":
    main()
