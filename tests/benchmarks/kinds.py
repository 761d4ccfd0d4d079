"""Kinds of tasks of one stage: is each term found where people have it, and not where they have not?

    python tests/benchmarks/kinds.py [--datasets 10] [--seed 9501] [--only contexts ...] [--no-write]

People of a data set are the standard rival of the kind with parameters of their own: shares normal on
log-odds (0.4), positive ones on logs (0.3; loss weight and curvature the same for all), others normal (0.1 of
their size, 0 for all where it is 0). They are found by `SpiceEstimator(pooling="group")` with the ready model
of the kind; the network is hardly trained, since equations do not rest on it with pooling.
"""

import os
from collections.abc import Callable
from time import perf_counter
from typing import Any

import numpy as np
from report import Table, benchmark_parser, publish

import spicewidgets as sw
from spicewidgets.core.mechanism import Values
from spicewidgets.core.models import MODELS
from spicewidgets.core.rivals.declaration import Rival, State, Trial
from spicewidgets.core.rivals.design import Design, simulate_rival
from spicewidgets.core.rivals.ready import ALL, RescorlaWagner
from spicewidgets.core.simulate.kinds import make_task
from spicewidgets.core.tasks import TASKS

HEADING = "Kinds of tasks of one stage"
VALUE = "x_value_reward"
Found = set[tuple[str, str]]


class ByContext(RescorlaWagner):
    """Learns faster in the second of three contexts."""

    name = "by-context"

    def update(self, p: Values, state: State, trial: Trial) -> State:
        """Move the value of the choice, in the second context by another rate."""
        rate = p.alpha + 0.0 * trial.chosen
        rate[:, 2:4] = OTHER_RATE
        return {"value": state["value"] + trial.chosen * rate * (trial.reward - state["value"])}


OTHER_RATE = 0.7
# The kind, the row's name, what differs from the declared learner, who learns, and the terms that are asked
# for: whether each is there.
CASES: tuple[tuple[str, str, dict[str, float], Rival | None, dict[tuple[str, str], bool]], ...] = (
    (
        "contexts",
        "one rate, 0.3",
        {},
        None,
        {("x_learning_rate_reward", f"c_state_{at}[k]"): False for at in (2, 3)},
    ),
    (
        "contexts",
        f"0.3, and {OTHER_RATE} in the second",
        {},
        ByContext(),
        {("x_learning_rate_reward", f"c_state_{at}[k]"): at == 2 for at in (2, 3)},
    ),
    (
        "pairs",
        "values of four stimuli",
        {},
        None,
        {
            (f"{VALUE}_chosen", "c_reward[k]"): True,
            (f"{VALUE}_chosen", f"{VALUE}_chosen[k]"): True,
            (f"{VALUE}_not_chosen", f"{VALUE}_not_chosen[k]"): True,
            (f"{VALUE}_not_offered", f"{VALUE}_not_offered[k]"): True,
        },
    ),
    *(
        (
            "gaussian",
            words,
            values,
            None,
            {
                ("x_drive", "c_value[k]"): values["v"] > 0,
                ("x_drive", "c_deviation[k]"): values["ru"] > 0,
                ("x_drive", "c_value_by_total[k]"): values["vtu"] > 0,
            },
        )
        for words, values in (
            ("V", {"v": 20.0, "ru": 0.0, "vtu": 0.0}),
            ("V and RU", {"v": 20.0, "ru": 1.0, "vtu": 0.0}),
            ("V/TU", {"v": 0.0, "ru": 0.0, "vtu": 12.0}),
            ("RU and V/TU", {"v": 0.0, "ru": 1.0, "vtu": 12.0}),
            ("V, RU and V/TU", {"v": 10.0, "ru": 1.0, "vtu": 8.0}),
        )
    ),
    *(
        (
            "go-no-go",
            f"Pavlovian {size:g}",
            {"pavlovian": size, "bias": bias},
            None,
            {("x_drive_to_go", "c_promise[k]"): size > 0, ("x_drive_to_go", "c_go[k]"): bias > 0},
        )
        for size, bias in ((0.0, 0.5), (0.5, 0.5), (0.5, 0.0))
    ),
    *(
        (
            "gains-losses",
            f"loss weighs {loss:g}",
            {"loss": loss, "rho": 1.0},
            None,
            {(f"{VALUE}_chosen", "c_loss[k]"): loss != 1},
        )
        for loss in (1.0, 2.0)
    ),
)


def drawn(rival: Rival, means: dict[str, float], people: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """Draw parameters of people, `(people, n_parameters)`."""
    columns = []
    for name, parameter in rival.columns(n):
        mean, noise = means[name], rng.standard_normal(people)
        if parameter.scale == "share":
            columns.append(1 / (1 + (1 / mean - 1) * np.exp(-0.4 * noise)))
        elif parameter.scale == "positive":
            columns.append(
                mean * np.exp(0.3 * noise) if name not in ("loss", "rho") else np.full(people, mean)
            )
        else:
            columns.append(mean + 0.1 * abs(mean) * noise)
    return np.stack(columns, 1)


def simulated(kind: str, own: dict[str, float], learner: Rival | None, seed: int) -> sw.DatasetRNN:
    """Simulate a data set of people of a kind."""
    declared, task = TASKS[kind], make_task(kind)
    rival, size = learner or ALL[declared.rival], declared.simulation
    design = Design.of_settings(size.people, size.sessions, size.trials, task)
    means = {**declared.learner, **own}
    values = drawn(rival, means, size.people, task.n_actions, np.random.default_rng(seed))
    return simulate_rival(rival, values, design, seed)


def fitted(data: sw.DatasetRNN, seed: int, **options: Any) -> sw.SpiceEstimator:
    """Find the equations of pooled people."""
    ready = MODELS[TASKS[data.task].model]
    return sw.SpiceEstimator(
        ready.rnn_class,
        ready.config,
        data.n_actions,
        pooling="group",
        epochs=2,
        n_trials_off_policy=100,
        random_state=seed,
        **options,
    ).fit(data)


def found_of(spice: sw.SpiceEstimator) -> Found:
    """Return the terms of the group."""
    frame = spice.group_.to_frame()
    return set(zip(frame["module"], frame["term"], strict=True))


def measured(case: Any, n_datasets: int, seed: int, note: Callable[[str], None] = print) -> list[list[str]]:
    """Return a row for each term that is asked for."""
    kind, words, own, learner, asked = case
    began, right, chance = perf_counter(), dict.fromkeys(asked, 0), 0.0
    for at in range(n_datasets):
        data = simulated(kind, own, learner, seed + at)
        spice = fitted(data, seed + at)
        found = found_of(spice)
        note(f"{kind} {words} {seed + at}: {sorted(found)}")
        for term, there in asked.items():
            right[term] += (term in found) == there
        chance += float(np.exp(-data.chance)) / n_datasets
    seconds = (perf_counter() - began) / n_datasets
    return [
        [
            kind,
            words,
            f"{module}: {term}",
            "yes" if there else "no",
            f"{right[module, term]} of {n_datasets}",
            f"{chance:.2f}",
            f"{seconds:.1f}",
        ]
        for (module, term), there in asked.items()
    ]


def main() -> None:
    """Measure, print, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--datasets", type=int, default=10)
    parser.add_argument("--seed", type=int, default=9501)
    parser.add_argument("--only", nargs="*", default=())
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    rows = []
    for at, case in enumerate(CASES):
        if not arguments.only or case[0] in arguments.only:
            rows += measured(case, arguments.datasets, arguments.seed + 100 * at)
    sizes = "; ".join(
        f"{kind.name}: {it.people} people x {it.sessions} sessions x {it.trials} trials"
        for kind in TASKS.values()
        if (it := kind.simulation) and kind.name in {case[0] for case in CASES}
    )
    head = ["kind", "people", "term", "is there", "right", "chance", "seconds a data set"]
    publish(
        HEADING,
        f"Load of the machine {load:.1f} at first; seeds from {arguments.seed}.",
        f"{sizes}. A row asks whether a term is in the equations of the group, as it is in the people's.",
        Table(head, rows),
        write=not arguments.no_write,
    )


if __name__ == "__main__":
    main()
