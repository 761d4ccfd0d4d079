"""Rivals: do they recover themselves, which of them can be told apart, and how long fits take.

    python tests/benchmarks/rivals.py [--datasets 20] [--jobs 2] [--no-write]

Parameter recovery and confusion of all rivals at 10 people x 300 trials of a drifting bandit, parameters
drawn from the declared priors; maximum likelihood of all rivals for 101 people x 9 sessions x 100 trials
beside a plain loop with scipy's optimiser; and 200 data sets of the tutorial's design whose terms are
recovered, in processes of this machine and, where `distributed` is installed, on a Dask cluster of as many
workers.
"""

import os
from pathlib import Path
from time import perf_counter

import joblib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from report import RESULTS, Table, benchmark_parser, publish
from scipy.optimize import minimize

import spicewidgets as sw
from spicewidgets.core.rivals.design import drawn_values, simulate_rival
from spicewidgets.core.rivals.fit import N_STARTS

HEADING = "Rivals"
FIGURE = Path(RESULTS).with_name("rivals.svg")
DESIGN = sw.Design.of_settings(10, 1, 300, sw.BanditsDrift(sigma=0.2))
MANY = sw.Design.of_settings(101, 9, 100, sw.BanditsDrift(sigma=0.2))
SEED = 3001
N_LOOPS = 3  # people whom the plain loop fits; the others would take as long


def run(study, jobs: int | None):
    """A study, done, and the seconds that it took."""
    began = perf_counter()
    for progress in study.run(n_jobs=jobs):
        print(progress.words, end="\r", flush=True)
    return study, perf_counter() - began


def terms() -> sw.TermRecovery:
    """The study of terms, not begun yet."""
    return sw.TermRecovery(task=sw.Task(sigma=0.2), n_datasets=200, random_state=SEED)


def through_dask(results: dict, jobs: int) -> str:
    """The same on a cluster: seconds, and whether the numbers are the same, in a sentence."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        return "Dask is not installed here."
    study = terms()
    with (
        LocalCluster(n_workers=jobs, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
        joblib.parallel_backend("dask"),
    ):
        client.wait_for_workers(jobs)
        seconds = run(study, None)[1]
    same = "all numbers are the same" if study.results == results else "NUMBERS DIFFER"
    return f"On a Dask LocalCluster of {jobs} workers: {seconds:.0f} s; {same}."


def plain_nll(values, choices, rewards) -> float:
    """Rescorla-Wagner in plain Python, a trial at a time."""
    alpha, beta = values
    total = 0.0
    for session, paid in zip(choices, rewards, strict=True):
        value = [0.5, 0.5]
        for choice, reward, following in zip(session[:-1], paid[:-1], session[1:], strict=True):
            value[choice] += alpha * (reward - value[choice])
            total += np.log1p(np.exp(-beta * (value[following] - value[1 - following])))
    return total


def plain_seconds(data: sw.DatasetRNN) -> float:
    """Seconds of scipy's optimiser on the plain loop for one person, from as many starts."""
    rng = np.random.default_rng(SEED)
    starts = np.column_stack([rng.uniform(0.05, 0.95, N_STARTS), rng.uniform(0.5, 10, N_STARTS)])
    began = perf_counter()
    for person in range(N_LOOPS):
        own = data.participant_ids == person
        choices, rewards = (part[own].tolist() for part in (data.choices, data.rewards_chosen))
        for start in starts:
            minimize(plain_nll, start, (choices, rewards), "L-BFGS-B", bounds=[(0.001, 0.999), (0.01, 50)])
    return (perf_counter() - began) / N_LOOPS


def speed() -> tuple[list[list[str]], str]:
    """Seconds of each rival, and a sentence on the plain loop."""
    rival = sw.RIVALS["with-kernel"]
    values = drawn_values(rival, 2, MANY.n_people, None, SEED)
    data = simulate_rival(rival, values, MANY, SEED)
    rows, total, own = [], 0.0, 0.0
    for name in sw.RIVALS:
        began = perf_counter()
        fit = sw.fit_rival(name, data)
        seconds = perf_counter() - began
        total += seconds
        own = seconds if name == "rescorla-wagner" else own
        rows.append([name, f"{seconds:.2f} s", f"{fit.agreement.mean():.0%}"])
    rows.append(["all", f"{total:.1f} s", ""])
    plain = plain_seconds(data) * MANY.n_people
    words = (
        f"A plain loop with scipy's L-BFGS-B from as many starts would take {plain:,.0f} s for"
        f" rescorla-wagner alone ({N_LOOPS} people measured), {plain / own:,.0f} times as long."
    )
    return rows, words


def figure(studies: dict[str, sw.ParameterRecovery]) -> Figure:
    """True against found values of every parameter, on its scale."""
    panels = [
        (name, column, parameter)
        for name in studies
        for column, parameter in sw.RIVALS[name].columns(2)
        if name != "lagged-regression" or column in ("choice_1", "reward_1", "bias_2")
    ]
    figure = Figure(figsize=(12, 2.2 * -(-len(panels) // 6)), layout="constrained")
    for place, (name, column, parameter) in enumerate(panels, 1):
        axes = figure.add_subplot(-(-len(panels) // 6), 6, place)
        frame = studies[name].to_frame()
        own = frame[frame["parameter"] == column]
        true, value = (parameter.to_scale(own[key]) for key in ("true", "value"))
        axes.plot(true, value, ".", markersize=2, alpha=0.5, rasterized=True)  # else the file is large
        axes.axline((float(np.median(true)),) * 2, slope=1, color="0.6", linewidth=0.8, zorder=0)
        axes.set_title(f"{name}\n{column}", fontsize=7)
        axes.tick_params(labelsize=6)
    figure.supxlabel("true, on the parameter's scale", fontsize=8)
    figure.supylabel("found", fontsize=8)
    return figure


def main() -> None:
    """Measure, print, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("--datasets", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    times, plain = speed()
    studies, parameters = {}, []
    for name, rival in sw.RIVALS.items():
        if rival.parameters:
            study = sw.ParameterRecovery(name, DESIGN, n_datasets=arguments.datasets, random_state=SEED)
            studies[name], _ = run(study, arguments.jobs)
            for parameter, row in studies[name].summary().iterrows():
                cells = [f"{row[key]:.2f}" for key in ("correlation", "bias", "rmse")]
                shares = [f"{row[key]:.0%}" for key in ("covered", "at_bound")]
                parameters.append([f"{name}: {parameter}", *cells, *shares])
    models, seconds = run(
        sw.ModelRecovery(DESIGN, n_datasets=arguments.datasets // 2, random_state=SEED), arguments.jobs
    )
    found, term_seconds = run(terms(), arguments.jobs)
    dask = through_dask(found.results, arguments.jobs)
    head = ["simulated", *sw.RIVALS]

    def matrix(frame: pd.DataFrame) -> Table:
        return Table(head, [[name, *(f"{p:.2f}" for p in row)] for name, row in frame.iterrows()])

    exact = found.exact()
    publish(
        *[
            HEADING,
            f"{arguments.jobs} processes; load of the machine {load:.1f} at first.",
            f"All rivals by maximum likelihood, {MANY.n_people} people x 9 sessions x 100 choices, {N_STARTS}"
            f" starts each, one thread, and the starts that agree with the best. {plain}",
            Table(["rival", "fit", "agreement"], times),
            f"Parameter recovery, {arguments.datasets} data sets of 10 people x 300 trials, true values drawn"
            " from the declared priors ([plot](rivals.svg)): correlation on the parameter's scale; bias and"
            " rmse in its units; 95 % intervals that hold the truth; values at a bound. The priors are wide:"
            " people with little noise, or none but noise, tell little of their other parameters.",
            Table(["parameter", "correlation", "bias", "rmse", "covered", "at a bound"], parameters),
            f"Which rival is the best by BIC (columns) where one was simulated (rows), of"
            f" {arguments.datasets // 2 * 10} people each x 300 trials, in {seconds:.0f} s:",
            matrix(models.confusion()),
            "And by the sum over the 10 people of a data set:",
            matrix(models.confusion("datasets")),
            "The probability that a rival was simulated (rows) where one is the best for a person (columns):",
            matrix(models.inversion()),
            "Terms of the tutorial's participant, 200 data sets of 100 x 100 trials: all true terms and no"
            f" other in {exact.iloc[0]:.1%}, in {term_seconds:.0f} s. {dask}",
        ],
        write=not arguments.no_write,
    )
    if not arguments.no_write:
        figure(studies).savefig(FIGURE, dpi=150)


if __name__ == "__main__":
    main()
