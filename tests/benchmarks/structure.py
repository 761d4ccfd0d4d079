"""Whether one person's structure is found with a library of degree 2, of few choices.

    python tests/benchmarks/structure.py [--learners 200] [--seed 4101] [--save FILE] [--before FILE]
        [--no-write]

Learners with 10 sessions of 100 trials each, whose library has the square of the value and its product with
the reward; data sets with seeds that no tuning saw. `--save` keeps the counts, and `--before` puts those of
another version of the package beside these:

    PYTHONPATH=EARLIER_CHECKOUT python tests/benchmarks/structure.py --no-write --save before.json
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from report import Table, benchmark_parser, publish
from scipy.stats import chi2, ncx2

import spicewidgets as sw
from spicewidgets.core.discover.selection import selections
from spicewidgets.core.equations import Equation, SpiceModel, Term
from spicewidgets.core.judge.network_agents import AgentSpice
from spicewidgets.core.judge.replay import replay

HEADING = "Which terms, of one person"
MODULE, REWARD = "x_value_reward_chosen", "c_reward"
NAMES: dict[Term, str] = {
    (): "constant",
    (MODULE,): "x",
    (REWARD,): "r",
    (MODULE, MODULE): "x^2",
    (MODULE, REWARD): "x r",
}
N_SESSIONS, N_TRIALS = 10, 100
SURE = 0.999  # of the bound of P
POWER = 0.9  # share of data sets in which a term that choices tell is worth its penalty
COUNTS = ("raw", "cheap", "told", "within", *NAMES.values())


@dataclass(frozen=True)
class Verdict:
    """What was found of one learner.

    Attributes:
        found, true: terms of the discovered and of the true equation.
        lost: nats by which the learner's choices are expected to be less likely without the terms that were
            not found, the others moved to make up for it.
        price: nats that those terms would have to be worth.
        divergence: twice the Kullback-Leibler divergence of the discovered from the true P, in nats.
    """

    found: frozenset[Term]
    true: frozenset[Term]
    lost: float
    price: float
    divergence: float

    @property
    def counts(self) -> Iterator[str]:
        """What this learner counts for, of `COUNTS`."""
        yield from (NAMES[term] for term in self.found)
        if self.found - self.true:
            return
        n_missing = len(self.true - self.found)
        if not n_missing:
            yield "raw"
        if not n_missing or self.lost < self.price:
            yield "cheap"
        if not n_missing or ncx2.sf(2 * self.price, n_missing, 2 * self.lost) < POWER:
            yield "told"
        if self.divergence < chi2.ppf(SURE, len(self.true)):
            yield "within"


def learners(kind: str, seeds: Sequence[int]) -> Iterator[sw.AgentQ]:
    """One learner for each seed; learning rates of some kinds are drawn, from 0.1 to 0.9."""
    for seed in seeds:
        first, second = np.random.default_rng(seed).uniform(0.1, 0.9, 2)
        yield {
            "asymmetric, 0.8 and 0.2": sw.AgentQ(alpha_reward=0.8, alpha_penalty=0.2),
            "asymmetric, rates drawn": sw.AgentQ(alpha_reward=first, alpha_penalty=second),
            "one rate, drawn": sw.AgentQ(alpha_reward=first),
        }[kind]


KINDS = ("asymmetric, 0.8 and 0.2", "asymmetric, rates drawn", "one rate, drawn")


def judged(agent: sw.AgentQ, seed: int) -> Verdict:
    """Discover one learner's equation by the default call with degree 2, and lay it beside the truth."""
    task = sw.BanditsDrift(sigma=0.2)
    dataset = sw.create_dataset(agent, task, N_TRIALS, N_SESSIONS, random_state=seed)[0]
    estimator = sw.SpiceEstimator(
        sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, random_state=seed, spice_library_polynomial_degree=2
    ).fit(dataset)
    truth = sw.true_model(agent, estimator.rnn_model_, sw.RESCORLA_WAGNER_CONFIG)
    found, true = (terms_of(model) for model in (estimator.spice_model_, truth))
    expected = replay(AgentSpice(estimator.rnn_model_, truth, 2), dataset).probabilities[:, 1:]
    ((_, selection),) = selections(
        with_all_terms(truth), estimator.rnn_model_, dataset, sw.RESCORLA_WAGNER_CONFIG, expected
    )
    search, _ = selection.at()
    entropy = float(selection.likelihood(selection.start[None]).nll[0])
    kept = np.array([number.term in found & true for number in search.numbers])
    lost = search.refit_bounded(kept, selection.start).nll - entropy
    whole = search.refit_bounded(selection.start != 0, selection.start)
    price = float(whole.prices[(selection.start != 0) & ~kept].sum())
    at = selection.likelihood.values_of(estimator.spice_model_)
    return Verdict(found, true, lost, price, 2 * (float(selection.likelihood(at).nll[0]) - entropy))


def terms_of(model: SpiceModel) -> frozenset[Term]:
    return frozenset(term for term in NAMES if model.equation(MODULE).coefficient(*term) != 0)


def with_all_terms(truth: SpiceModel) -> SpiceModel:
    """The truth with every candidate term."""
    values = tuple(truth.equation(MODULE).coefficient(*term) for term in NAMES)
    return SpiceModel.of(Equation(MODULE, tuple(NAMES), values))


def counted(seeds: range, kinds: Sequence[str]) -> dict[str, dict[str, int]]:
    """By kind of learner: of how many each count holds."""
    counts: dict[str, dict[str, int]] = {}
    for kind in kinds:
        own: Counter[str] = Counter()
        for seed, agent in zip(seeds, learners(kind, seeds), strict=True):
            own.update(judged(agent, seed).counts)
        counts[kind] = {name: own[name] for name in COUNTS}
        print(kind, counts[kind], file=sys.stderr, flush=True)
    return counts


def parts_of(versions: dict[str, dict[str, dict[str, int]]], seeds: range) -> tuple[str, Table]:
    rows = [
        [kind, version, *(str(own[kind][name]) for name in COUNTS)]
        for kind in versions["now"]
        for version, own in versions.items()
    ]
    judgements = ("exactly", "below penalty", "choices tell", "P within")
    head = ["learner", "version", *judgements, *NAMES.values()]
    words = f"""\
One thread.

{len(seeds)} learners of each kind with {N_SESSIONS * N_TRIALS:,} choices each, analysed alone with a library
of degree 2: constant, value x, reward r, x^2, x r. All of them have constant, x and r, asymmetric ones x r
too; none has x^2. Columns count learners; the first four those without any other term, and

- *exactly*: with all of their own terms;
- *below penalty*: what is missing is worth less than its penalty: under the true parameters, these choices
  are expected to be less likely without it by fewer nats, the other terms moved to make up for it. Of terms
  whose worth is close to the penalty, half are missing, whatever the search;
- *choices tell*: what is missing would be worth its penalty in fewer than {POWER:.0%} of such data sets
  (noncentral chi-squared), so that so many choices cannot be relied on to tell it;
- *P within*: the P of all choices is within the {SURE:.1%} bound of the true P (twice the divergence,
  chi-squared).
"""
    return words, Table(head, rows)


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument("--learners", type=int, default=200, help="of each kind")
    parser.add_argument("--seed", type=int, default=4101, help="of the first data set")
    parser.add_argument("--kind", action="append", choices=KINDS, help="only these learners")
    parser.add_argument("--save", type=Path, help="keep the counts in this file")
    parser.add_argument("--before", type=Path, help="counts of an earlier version, from --save")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    seeds = range(arguments.seed, arguments.seed + arguments.learners)
    versions = {} if arguments.before is None else {"before": json.loads(arguments.before.read_text())}
    versions["now"] = counted(seeds, arguments.kind or KINDS)
    if arguments.save:
        arguments.save.write_text(json.dumps(versions["now"]))
    publish(HEADING, *parts_of(versions, seeds), write=not arguments.no_write)


if __name__ == "__main__":
    main()
