"""How exact the discovered equations are, and how often a random start gets stuck.

    python tests/benchmarks/accuracy.py [--datasets 20] [--starts 40] [--no-write]

The tutorial's setting and call: 100 x 100 trials, alpha 0.3, beta 3, drift 0.2, 1024 epochs.
The yardstick is the maximum-likelihood fit of the same linear update: a finite dataset says no more about it.
"""

import sys
import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from reference import fit_linear, from_tensors, gauge
from report import Table, benchmark_parser, publish, spread

from spicewidgets import (
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    DatasetRNN,
    RescorlaWagnerRNN,
    SpiceEstimator,
    create_dataset,
)

HEADING = "Accuracy and reliability"
TRUTH = gauge(alpha=0.3, beta=3.0)
MODULE = "x_value_reward_chosen"
TERMS = {"constant": "1", "value": f"{MODULE}[k]", "reward": "c_reward[k]"}
SLACK = 0.005
"""A final loss this far above the best one on the same data counts as stuck."""


@dataclass(frozen=True)
class Accuracy:
    """What was found in all data sets, in three ways.

    Attributes:
        ours: coefficients `(n_datasets, 3)`.
        unrefined: the same as SINDy found them, not tuned to the choices.
        likelihood: the same by maximum likelihood.
        seconds: of our fits.
    """

    ours: NDArray[np.float64]
    unrefined: NDArray[np.float64]
    likelihood: NDArray[np.float64]
    seconds: list[float]

    @property
    def errors(self) -> tuple[NDArray[np.float64], ...]:
        """Root mean squared errors against the truth, (3,) each, in the same order."""
        return tuple(
            np.sqrt(((found - TRUTH) ** 2).mean(axis=0))
            for found in (self.ours, self.unrefined, self.likelihood)
        )

    @property
    def ratios(self) -> NDArray[np.float64]:
        """Our errors over those of maximum likelihood, (2, 3): refined and not."""
        ours, unrefined, likelihood = self.errors
        return np.stack([ours, unrefined]) / likelihood


@dataclass(frozen=True)
class Starts:
    """Final losses (n_datasets, n_starts) of fits that differ only in their random start."""

    losses: NDArray[np.float64]
    seconds: list[float]

    @property
    def stuck(self) -> NDArray[np.bool_]:
        best = self.losses.min(axis=1, keepdims=True)
        return ~((self.losses <= best + SLACK) & (self.losses <= np.log(2)))  # NaN is stuck, too


def tutorial_data(seed: int) -> DatasetRNN:
    agent, environment = AgentQ(n_actions=2, alpha_reward=0.3), BanditsDrift(sigma=0.2, n_actions=2)
    dataset, _, _ = create_dataset(agent, environment, n_trials=100, n_sessions=100, random_state=seed)
    return dataset


def tutorial_fit(dataset: DatasetRNN, seed: int) -> tuple[SpiceEstimator, float]:
    """The tutorial's call, and the seconds it took."""
    begin = time.perf_counter()
    estimator = SpiceEstimator(
        rnn_class=RescorlaWagnerRNN,
        spice_config=RESCORLA_WAGNER_CONFIG,
        learning_rate=1e-2,
        epochs=1024,
        random_state=seed,
    )
    estimator.fit(dataset.xs, dataset.ys)
    return estimator, time.perf_counter() - begin


def found(estimator: SpiceEstimator) -> list[float]:
    """(constant, value, reward); a term that was dropped is 0."""
    terms = estimator.spice_model_.equation(MODULE, 0).coefficients
    return [terms.get(term, 0.0) for term in TERMS.values()]


def final_loss(estimator: SpiceEstimator, dataset: DatasetRNN) -> float:
    """Mean negative log-likelihood of the network, from its predictions and not its own account."""
    probs, _ = estimator.predict(dataset.xs)
    return float(-np.log((np.asarray(probs) * np.asarray(dataset.ys)).sum(-1)).mean())


def accuracy(n_datasets: int = 20) -> Accuracy:
    """Fit seeds 0 .. n_datasets - 1, each a dataset of its own."""
    ours, unrefined, likelihood, seconds = [], [], [], []
    for seed in range(n_datasets):
        dataset = tutorial_data(seed)
        estimator, took = tutorial_fit(dataset, seed)
        ours.append(found(estimator))
        estimator.discover(spice_refine=False)
        unrefined.append(found(estimator))
        likelihood.append(fit_linear(*from_tensors(dataset.xs, dataset.ys)).estimates)
        seconds.append(took)
        say(
            f"dataset {seed}: {np.round(ours[-1], 3)}, likelihood {np.round(likelihood[-1], 3)}, {took:.2f} s"
        )
    return Accuracy(np.array(ours), np.array(unrefined), np.array(likelihood), seconds)


def random_starts(n_starts: int = 40, n_datasets: int = 3) -> Starts:
    """Fit each of the first datasets from many random starts."""
    losses, seconds = np.full((n_datasets, n_starts), np.nan), []
    for at in range(n_datasets):
        dataset = tutorial_data(at)
        for seed in range(n_starts):
            estimator, took = tutorial_fit(dataset, seed)
            losses[at, seed] = final_loss(estimator, dataset)
            seconds.append(took)
        say(f"dataset {at}: losses {losses[at].min():.5f} to {losses[at].max():.5f}")
    return Starts(losses, seconds)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def parts_of(exact: Accuracy, starts: Starts) -> tuple[str | Table, ...]:
    rows: list[list[Any]] = [
        [
            name,
            f"{true:.2f}",
            *(f"{error:.4f} ({error / likelihood:.2f})" for error in (ours, unrefined)),
            f"{likelihood:.4f}",
        ]
        for name, true, ours, unrefined, likelihood in zip(TERMS, TRUTH, *exact.errors, strict=True)
    ]
    losses = ", ".join(f"{row.min():.5f} to {row.max():.5f}" for row in starts.losses)
    n_datasets, n_starts = starts.losses.shape
    return (
        f"""\
One thread.

### Discovered coefficients

{len(exact.ours)} datasets of 100 x 100 trials, each fitted once by the tutorial's call. Root mean squared
error over the datasets, beside that of the maximum-likelihood fit of the same three numbers; in brackets
the ratio of the two. The last step of the discovery maximises the same likelihood, so that its ratio shows
that it gets there; without it (`spice_refine=False`) the numbers are SINDy's reading of the network.
""",
        Table(["coefficient", "truth", "ours", "ours, not refined", "maximum likelihood"], rows),
        f"""\
Seconds per fit: {spread(exact.seconds)}.

### Random starts

{n_starts} random starts on each of {n_datasets} datasets. Stuck means a final loss more than {SLACK} above
the best one on the same data, or above chance (ln 2).

Stuck: **{starts.stuck.sum()} of {starts.losses.size}**. Final losses on each dataset: {losses}.
Seconds per fit: {spread(starts.seconds)}.
""",
    )


def main() -> None:
    parser = benchmark_parser(__doc__)
    parser.add_argument(
        "--datasets", type=int, default=20, help="datasets on which the coefficients are judged"
    )
    parser.add_argument("--starts", type=int, default=40, help="random starts on each of three datasets")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    parts = parts_of(accuracy(arguments.datasets), random_starts(arguments.starts))
    publish(HEADING, *parts, write=not arguments.no_write)


if __name__ == "__main__":
    main()
