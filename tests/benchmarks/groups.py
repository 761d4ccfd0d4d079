"""Groups of people: differences, parameters that are not identified, columns of numbers.

    python tests/benchmarks/groups.py differences|identified|columns [--sets 100] [--no-write]

Differences: data sets of 40 people in two groups, 100 choices each, whose learning rates and temperatures
differ between the groups, or do not. "Before" is what was read off people's own values, pooled with one mean
for all, and Welch's test of them; "after" is the group model. Identified: people with 60 choices each, alone;
"before" is what equations stand for, as all of it was averaged. Columns: a table with an age, a score, the
hand and a diagnosis of each person, and what a report tests of them.

Seeds begin at 470,000 and were used for nothing else. Without --no-write, the part's section of RESULTS.md is
written anew.
"""

import warnings
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import torch
from report import Table, benchmark_parser, publish
from scipy.stats import ttest_ind

import spicewidgets as sw
from spicewidgets.core.discover.canonical import parts_of
from spicewidgets.core.discover.group import group_of
from spicewidgets.core.discover.likelihood import Likelihood
from spicewidgets.core.discover.pooling import GroupState, Pool
from spicewidgets.core.equations import Equation
from spicewidgets.core.progress import run_to_completion
from spicewidgets.paper.card import claims
from spicewidgets.paper.inquiry import Inquiry, Plan

FIRST_SEED = 470_000
CHOSEN = "x_value_reward_chosen"
TERMS = {CHOSEN: ((), (CHOSEN,), ("c_reward",))}
N_PEOPLE, N_TRIALS = 40, 101
GROUPS = ["control", "patient"] * (N_PEOPLE // 2)
CENTRES = {"control": (0.3, 4.0), "patient": (0.5, 3.0)}  # of learning rate and temperature
SPREADS = 0.6, 0.35  # of their logit and logarithm
NAMES = {
    "alpha_reward": "learning rate α",
    "x_value_reward_chosen: c_reward": "effect of a reward αβ",
    "beta_reward": "β of the mean equation",
}


def drawn(kind: str, n: int, rng: np.random.Generator) -> tuple[Any, Any]:
    """Draw learning rates and temperatures of a group's people."""
    alpha, beta = CENTRES[kind]
    logit = rng.normal(np.log(alpha / (1 - alpha)), SPREADS[0], n)
    return 1 / (1 + np.exp(-logit)), np.exp(rng.normal(np.log(beta), SPREADS[1], n))


def truth(kind: str) -> dict[str, float]:
    """Give the population's means."""
    alpha, beta = drawn(kind, 1_000_000, np.random.default_rng(1))
    return dict(
        zip(NAMES, (alpha.mean(), (alpha * beta).mean(), (alpha * beta).mean() / alpha.mean()), strict=True)
    )


def data_set(seed: int, differ: bool) -> sw.DatasetRNN:
    """Simulate people whose values begin where the model's do."""
    rng = np.random.default_rng(seed)
    agents = []
    for kind in GROUPS:
        alpha, beta = (float(one[0]) for one in drawn(kind if differ else "control", 1, rng))
        agents.append(sw.AgentQ(alpha_reward=alpha, beta_reward=beta, q0=0.5 / beta))
    who = [f"p{at}" for at in range(N_PEOPLE)]
    return sw.create_dataset(
        agents, sw.BanditsDrift(0.2), N_TRIALS, N_PEOPLE, participant=who, random_state=seed
    )[0]


def pooled(data: sw.DatasetRNN) -> tuple[Pool, GroupState]:
    """Pool the people, as an estimator does; its network plays no part in what is found."""
    model = sw.RescorlaWagnerRNN(n_actions=2, n_participants=N_PEOPLE)
    likelihood = Likelihood(model, data, TERMS)
    pool = Pool(likelihood, parts_of(model, sw.RESCORLA_WAGNER_CONFIG, likelihood.inputs))
    return pool, run_to_completion(pool.select())


def compared(pool: Pool, at: GroupState) -> pd.DataFrame:
    """Compare the groups in the group model."""
    from spicewidgets.core.discover.group_means import design_of, with_group_means  # earlier versions lack it
    from spicewidgets.core.discover.group_table import group_table

    design = design_of({"diagnosis": GROUPS})
    assert design is not None
    own, means = with_group_means(pool, at, design)
    spice = sw.SpiceModel.of(Equation(CHOSEN, (), ()))
    group = replace(group_of(pool, own), group_means=means)
    return group_table(SimpleNamespace(group_=group, rnn_model_=sw.RescorlaWagnerRNN, spice_model_=spice))  # type: ignore[arg-type]


def before(pool: Pool, at: GroupState) -> pd.DataFrame:
    """Read each person's own values, pooled with one mean."""
    values = pool.coefficients(at.values)
    rows = []
    for row in values:
        equation = Equation(CHOSEN, TERMS[CHOSEN], tuple(row[: len(TERMS[CHOSEN])].tolist()))
        read = sw.classical_parameters(sw.SpiceModel.of(equation), sw.RescorlaWagnerRNN)
        rows.append(read | {f"{CHOSEN}: c_reward": equation.coefficient("c_reward")})
    return pd.DataFrame(rows)


def measured(seed: int, differ: bool) -> list[dict[str, Any]]:
    """Compare the groups of a data set both ways, a row for each name."""
    pool, at = pooled(data_set(seed, differ))
    labels, own = np.array(GROUPS), before(pool, at)
    apart = compared(pool, at).set_index(["name", "group"])
    true = {name: truth_of["patient"][name] - truth_of["control"][name] if differ else 0.0 for name in NAMES}
    rows = []
    for name in NAMES:
        if (name, "patient") in apart.index:
            one, other = (own[name][labels == kind] for kind in ("control", "patient"))
            row = apart.loc[(name, "patient")]
            rows.append(
                {
                    **{"seed": seed, "differ": differ, "name": name, "true": true[name]},
                    **{"before": other.mean() - one.mean(), "after": row["apart"]},
                    **{"low": row["apart_low"], "high": row["apart_high"]},
                    **{"p_before": ttest_ind(one, other, equal_var=False).pvalue, "p": row["p"]},
                }
            )
    return rows


truth_of = {kind: truth(kind) for kind in CENTRES}


def differences(n_sets: int) -> pd.DataFrame:
    """Measure all data sets."""
    rows: list[dict[str, Any]] = []
    for at in range(n_sets):
        for differ in (True, False):
            rows += measured(FIRST_SEED + 2 * at + differ, differ)
        if at % 10 == 9:
            print(summary(pd.DataFrame(rows)), flush=True)
    return pd.DataFrame(rows)


def summary(found: pd.DataFrame) -> Table:
    """Write the table of differences."""
    lines = []
    for (_, name), part in found.groupby(["differ", "name"], sort=False):
        inside = (part["low"] <= part["true"]) & (part["true"] <= part["high"])
        error = part["after"].std(ddof=1) / np.sqrt(len(part))
        lines.append(
            (
                NAMES[name],
                str(len(part)),
                f"{part['true'].iloc[0]:.3f}",
                f"{part['before'].mean():.3f}",
                f"{part['after'].mean():.3f} ± {error:.3f}",
                f"{inside.mean():.1%}",
                f"{(part['p_before'] < 0.05).mean():.1%}",
                f"{(part['p'] < 0.05).mean():.1%}",
            )
        )
    head = (
        "difference",
        "data sets",
        "true",
        "before",
        "after (mean ± s.e.)",
        "95 % interval covers",
        "p < .05 before",
        "p < .05 after",
    )
    return Table(head, lines)


def identified(n_sets: int) -> Table:
    """Count the people whose learning rate the choices do not identify, and who enters a mean."""
    counts = {"people": 0, "0 or 1 exactly": 0, "of these in the mean": 0, "identified": 0}
    true, raw, kept, kept_true = [], [], [], []
    for at in range(n_sets):
        rng = np.random.default_rng(FIRST_SEED + 30_000 + at)
        alphas, betas = drawn("control", 20, rng)
        agents = [sw.AgentQ(alpha_reward=a, beta_reward=b) for a, b in zip(alphas, betas, strict=True)]
        data = sw.create_dataset(
            agents, sw.BanditsDrift(0.2), 61, 20, participant=list(range(20)), random_state=at
        )[0]
        model = sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG
        spice = sw.SpiceEstimator(*model, epochs=60, n_starts=1, random_state=1).fit(data)
        own = sw.people(spice)["alpha_reward"].to_numpy()
        equations = [
            sw.classical_parameters(spice.spice_model_, spice.rnn_model_, who)["alpha_reward"]
            for who in range(20)
        ]
        exact = np.isin(equations, (0.0, 1.0))
        counts["people"] += 20
        counts["0 or 1 exactly"] += int(exact.sum())
        counts["of these in the mean"] += int((exact & np.isfinite(own)).sum())
        counts["identified"] += int(np.isfinite(own).sum())
        true, raw = [*true, *alphas], [*raw, *equations]
        kept, kept_true = [*kept, *own[np.isfinite(own)]], [*kept_true, *alphas[np.isfinite(own)]]
    known = np.array(raw)[np.isfinite(raw)]
    return Table(
        ("of a learning rate α", "before", "after"),
        [
            ("people", str(counts["people"]), str(counts["people"])),
            ("equations that stand for 0 or 1 exactly", *[str(counts["0 or 1 exactly"])] * 2),
            (
                "of these counted in the mean",
                str(counts["0 or 1 exactly"]),
                str(counts["of these in the mean"]),
            ),
            ("people in the mean (n)", str(len(known)), str(counts["identified"])),
            ("mean of α", f"{known.mean():.3f}", f"{np.mean(kept):.3f}"),
            ("true mean of the people in it", f"{np.mean(true):.3f}", f"{np.mean(kept_true):.3f}"),
        ],
    )


def columns() -> Table:
    """Count what a report says of a table with an age, a score, the hand and a diagnosis of each person."""
    rng, n = np.random.default_rng(FIRST_SEED + 20_000), 40
    alphas, betas = drawn("control", n, rng)
    agents = [sw.AgentQ(alpha_reward=a, beta_reward=b) for a, b in zip(alphas, betas, strict=True)]
    who = [at for at in range(n) for _ in range(2)]
    data = sw.create_dataset(
        [agents[at] for at in who], sw.BanditsDrift(0.2), 50, 2 * n, participant=who, random_state=7
    )[0]
    frame = data.to_frame()
    person = frame["participant"].astype(int).to_numpy()
    rows = {
        "participant": [f"p{at}" for at in person],
        "run": frame["session"] % 2 + 1,
        "choice": frame["choice"],
        "reward": data.rewards_chosen.reshape(-1).numpy().astype(int),
        "age": rng.integers(20, 40, n)[person],
        "score": rng.integers(0, 13, n)[person],
        "hand": rng.integers(0, 2, n)[person],
        "diagnosis": np.array(GROUPS)[person],
    }
    model = sw.SpiceEstimator(
        sw.RescorlaWagnerRNN,
        sw.RESCORLA_WAGNER_CONFIG,
        pooling="group",
        epochs=60,
        n_starts=1,
        random_state=1,
    )
    plan = Plan(
        {"SPICE": model}, ("random", "rescorla-wagner"), folds=2, repeats=0, datasets=0, stability=False
    )
    study = Inquiry(sw.read_choices(pd.DataFrame(rows)), plan)
    for _ in study.run():
        pass
    found = study.findings
    assert found is not None
    assert found.report is not None
    of_groups = [one for one in claims(found) if "group" in one.words.lower()]
    differences_tested = found.term_groups["p"].notna().groupby(found.term_groups["column"]).sum()
    return Table(
        (
            "a report of 40 people with age, score, hand (0, 1) and diagnosis",
            "",
        ),
        [
            ("columns taken for groups", ", ".join(found.report.roles.groups)),
            (
                "differences of terms and parameters that are tested",
                ", ".join(f"{k} {v}" for k, v in differences_tested.items()),
            ),
            ("claims of the card on groups, of all", f"{len(of_groups)} of {len(claims(found))}"),
            (
                "of these that hold or fail (nobody differs)",
                str(sum(one.verdict in ("holds", "fails") for one in of_groups)),
            ),
        ],
    )


def main() -> None:
    """Measure a part, print it, and write its section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("part", choices=("differences", "identified", "columns"))
    parser.add_argument("--sets", type=int, default=100)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore", sw.SpiceWarning)
    if arguments.part == "differences":
        table = summary(differences(arguments.sets))
    else:
        table = identified(arguments.sets) if arguments.part == "identified" else columns()
    heading, words = f"Groups of people: {arguments.part}", f"Seeds from {FIRST_SEED:,}."
    publish(heading, words, table, write=not arguments.no_write)


if __name__ == "__main__":
    main()
