"""Claims of a report, recomputed from its table and its files by code that shares nothing with the package.

    python tests/benchmarks/recompute.py TABLE REPORT [--participant NAME] [--session NAME] [--choice NAME]
        [--reward NAME] [--no-write]

REPORT is the folder of `spicewidgets report TABLE`. The written equations (`tables/equations_by_part.csv`)
expect the choices in a loop of their own; differences, intervals, model frequencies, tests of groups,
recovery and counts are computed anew. Only `report.py` beside this file, which writes RESULTS.md, is ours.
"""

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from report import Table, benchmark_parser, publish
from scipy.optimize import minimize
from scipy.special import digamma, gammaln, logsumexp
from scipy.stats import beta as beta_distribution, norm, t as student

Floats = NDArray[np.float64]
HEADING = "A report's claims, recomputed"
N_RESAMPLES = 20_000
SEED = 20261130  # of intervals here; the report's are drawn with others
BOUND = 10.0  # of what a module gives, as the methods say
ALONE = 10  # people whom a rival is fitted to anew
MANY = [[kappa, eta, beta] for kappa in (-1.5, 0.0, 2.0) for eta in (-3.0, 0.0) for beta in (0.5, 2.0)]
SIGNALS = "run", "rhythm", "run_rhythm", "since_reward", "reward_rate_run", "reward", "reward_run"


class Row(NamedTuple):
    """What the report says, and what comes out here."""

    what: str
    report: str
    here: str
    differs: str


class Choices(NamedTuple):
    """Sessions side by side; -1 where there is no choice."""

    people: list[str]
    owner: NDArray[np.int64]  # of each session
    place: NDArray[np.int64]  # of a session among those of its owner
    choices: NDArray[np.int64]  # (n_sessions, n_trials)
    rewards: Floats
    n_actions: int


def read(path: str, names: dict[str, str]) -> Choices:
    """Read a table of choices; sessions in the order of the table."""
    frame = pd.read_csv(path)
    who, what = frame[names["participant"]].astype(str), frame[names["choice"]]
    codes = pd.Categorical(what).codes  # options in the order of their names
    session = frame[names["session"]] if names["session"] in frame else pd.Series(0, frame.index)
    groups = frame.groupby([who, session], sort=False).indices
    people = list(dict.fromkeys(who))
    n_trials = max(map(len, groups.values()))
    choices = np.full((len(groups), n_trials), -1)
    rewards = np.zeros((len(groups), n_trials))
    owner, place, seen = [], [], dict.fromkeys(people, 0)
    for at, ((label, _), rows) in enumerate(groups.items()):
        choices[at, : len(rows)] = codes[rows]
        rewards[at, : len(rows)] = frame[names["reward"]].to_numpy(float)[rows]
        owner.append(people.index(label))
        place.append(seen[label])
        seen[label] += 1
    return Choices(people, np.array(owner), np.array(place), choices, rewards, int(codes.max()) + 1)


def signals_after(state: dict[str, Floats], action: Floats, reward: Floats) -> dict[str, Floats]:
    """Count on by one trial, as the methods say of the model `habit`; `(n_sessions, 1)` or per option."""
    ended = (state["run"] * (1 - action)).sum(1, keepdims=True)
    over = np.clip(ended, 0, 1) * 0.5
    state["run"] = (state["run"] + 1) * action
    state["sum"] = state["sum"] * (1 - over) + over * np.log(np.maximum(ended, 1))
    state["weight"] = state["weight"] * (1 - over) + over
    state["since"] = (state["since"] + 1) * (1 - np.clip(reward, 0, 1))
    state["rate"] = state["rate"] + 0.1 * (reward - state["rate"])
    run = np.log(np.maximum(state["run"], 1))
    rhythm = state["sum"] / np.maximum(state["weight"], 1e-6)
    values = (run, rhythm, run * rhythm, np.log1p(state["since"]), state["rate"] * run, reward, reward * run)
    return {f"c_{name}": value + 0 * action for name, value in zip(SIGNALS, values, strict=True)}


def surprise(data: Choices, equations: pd.DataFrame, model: str) -> Floats:
    """-ln P of each next choice under written equations, `(n_sessions, n_trials - 1)`; NaN where unknown."""
    chosen = np.maximum(data.choices[:, 1:], 0)[..., None]
    lp = np.take_along_axis(log_p(data, equations, model), chosen, axis=-1)[..., 0]
    return np.where((data.choices[:, 1:] >= 0) & (data.choices[:, :-1] >= 0), -lp, np.nan)


def log_p(data: Choices, equations: pd.DataFrame, model: str) -> Floats:
    """Expect each next choice by written equations: ln P, `(n_sessions, n_trials - 1, n_actions)`.

    Args:
        data: the choices.
        equations: rows of one model and part: `participant`, `module`, `term`, `value`.
        model: "forgetting", "rescorla-wagner" or "habit": where values begin.
    """
    n, n_trials = data.choices.shape
    numbers = equations.pivot_table(index="participant", columns=["module", "term"], values="value")
    rows = numbers.reindex(data.people).fillna(0.0).to_numpy()[data.owner][:, :, None]
    columns = [(str(module), str(term)) for module, term in numbers.columns]
    start = 0.0 if model == "habit" else 0.5
    states = {name: np.full((n, data.n_actions), start) for name in ("x_value_reward",)}
    counts = {name: np.zeros((n, 1)) for name in ("sum", "weight", "since", "rate")}
    counts["run"] = np.zeros((n, data.n_actions))
    first = np.eye(data.n_actions)[0]
    lp = np.full((n, n_trials - 1, data.n_actions), np.nan)
    known = data.choices >= 0
    for trial in range(n_trials - 1):
        action = np.eye(data.n_actions)[np.maximum(data.choices[:, trial], 0)]
        signals = signals_after(counts, action, data.rewards[:, trial, None])
        signals["c_first"] = first + 0 * action
        before = states["x_value_reward"]
        totals = {module: 0 * action for module, _ in columns}
        for at, (module, term) in enumerate(columns):
            product = rows[:, at] + 0 * action
            for factor in term.split(" × "):
                if factor == "own value":
                    product = product * before
                elif factor != "constant":
                    product = product * signals[factor]
            totals[module] = totals[module] + product
        nothing = 0 * action
        parts = {module: np.clip(total, -BOUND, BOUND) for module, total in totals.items()}
        kept = before * (1 - action) if model == "rescorla-wagner" else nothing
        value = parts.get("x_value_reward_chosen", nothing) * action + kept
        value = value + parts.get("x_value_reward_not_chosen", nothing) * (1 - action)
        states["x_value_reward"] = np.where(known[:, trial, None], value, before)
        logits = value + parts.get("x_rhythm_chosen", nothing) * action + parts.get("x_side", nothing)
        lp[:, trial] = logits - logsumexp(logits, axis=1, keepdims=True)
    return lp


def predicted(data: Choices, by: str, n_parts: int, part: int) -> NDArray[np.bool_]:
    """Tell which next choices a part predicts, by the rule that the methods state."""
    n, n_trials = data.choices.shape
    lengths = n_trials - np.argmax(data.choices[:, ::-1] >= 0, axis=1)
    trials = np.arange(1, n_trials)
    if by == "time":
        low, high = (lengths * (part + at) // (n_parts + 1) for at in (0, 1))
        return (trials > low[:, None]) & (trials <= high[:, None])
    several = np.bincount(data.owner)[data.owner] > 1
    own = several & (data.place % n_parts == part - 1)
    return np.broadcast_to(own[:, None], (n, n_trials - 1))


class Report(NamedTuple):
    """The files of a report that are read."""

    folder: Path
    claims: pd.DataFrame
    people: pd.DataFrame
    equations: pd.DataFrame
    settings: dict[str, str]
    told: str  # the model whose equations the claims are about
    nll: pd.DataFrame  # of held-out choices, a column for each model
    n_choices: Floats

    def table(self, name: str) -> pd.DataFrame:
        """Read another table; empty where there is none."""
        path = self.folder / "tables" / f"{name}.csv"
        return pd.read_csv(path) if path.exists() else pd.DataFrame()

    def claim(self, kind: str) -> tuple[str, str]:
        """Give a claim's outcome and verdict; empty where it was not made."""
        own = self.claims[self.claims["kind"] == kind]
        return (str(own["outcome"].iloc[0]), str(own["verdict"].iloc[0])) if len(own) else ("", "")


def opened(folder: str) -> Report:
    """Open a report."""
    place = Path(folder)
    claims, people, equations = (
        pd.read_csv(place / "tables" / f"{name}.csv", dtype={"participant": str})
        for name in ("claims", "people", "equations_by_part")
    )
    text = (place / "report.md").read_text(encoding="utf-8")
    settings = dict(re.findall(r"^\| (by|folds|way|seed|datasets) +\| (\S+) +\|$", text, re.M))
    if "Later choices of each session were predicted" in text:
        settings["by"] = "time"
    told = re.search(r"The claims are about the equations of (.+?)(?:, which|\.)", text.replace("\\", ""))
    assert told is not None
    nll = people.pivot(index="participant", columns="model", values="nll")
    nll = nll.reindex(dict.fromkeys(people["participant"]))
    n = people.drop_duplicates("participant").set_index("participant")["n_choices"].reindex(nll.index)
    return Report(place, claims, people, equations, settings, told[1], nll, n.to_numpy(float))


def resampled(nats: Floats, n_choices: Floats, level: float = 0.95) -> tuple[float, float, float]:
    """Nats per choice with an interval over people who are drawn anew."""
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(len(nats), size=(N_RESAMPLES, len(nats)))
    means = nats[drawn].sum(1) / n_choices[drawn].sum(1)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(nats.sum() / n_choices.sum()), float(low), float(high)


def judged(low: float, high: float, limit: float = 0.0) -> str:
    return "holds" if low > limit else "fails" if high < limit else "open"


def numbers_in(words: str) -> list[float]:
    """The numbers of a sentence, in order."""
    return [float(one.replace(",", "")) for one in re.findall(r"-?\d[\d,]*\.?\d*", words)]


def close(report: float, here: float, within: float) -> str:
    return "" if abs(report - here) <= within else f"**{here - report:+.3g}**"


def same(report: Any, here: Any) -> str:
    return "" if report == here else "**yes**"


def of_choices(report: Report, data: Choices) -> list[Row]:
    """Counts, and the written equations beside what the report has of them."""
    rows, by, n_parts = [], report.settings["by"], len(set(report.equations["part"])) - 1
    text = (report.folder / "report.md").read_text(encoding="utf-8")
    for name, here, cell in (
        ("people", len(data.people), r"([\d,]+) +\|$"),
        ("sessions", len(data.owner), r"([\d,]+) +\|$"),
        ("choices", int((data.choices >= 0).sum()), r".*?: ([\d,]+) choices"),
    ):
        said = re.search(rf"^\| {name} +\| {cell}", text, re.M)
        said_number = int(said[1].replace(",", "")) if said else -1
        rows.append(Row(name, f"{said_number:,}", f"{here:,}", same(said_number, here)))
    known = (data.choices[:, 1:] >= 0) & (data.choices[:, :-1] >= 0)
    total, n = np.zeros(len(data.people)), np.zeros(len(data.people))
    for model, own in report.equations.groupby("model", sort=False):
        kind, total = str(model).split(" ")[0], total * 0
        n = n * 0
        for part in range(1, n_parts + 1):
            there = predicted(data, by, n_parts, part) & known
            nll = surprise(data, own[own["part"] == str(part)], kind)
            np.add.at(total, data.owner, np.where(there, np.nan_to_num(nll), 0).sum(1))
            np.add.at(n, data.owner, there.sum(1))
        said = report.nll[f"{model} equations"]
        here = pd.Series(total, data.people).reindex(said.index)
        gap = float((said - here).abs().max())
        rows.append(
            Row(
                f"held-out -ln P of the equations of {model}, all people (largest gap of a person)",
                f"{said.sum():,.2f}",
                f"{here.sum():,.2f} ({gap:.1e})",
                "" if gap < 1e-3 else "**yes**",
            )
        )
        rows += of_all_choices(report, data, own[own["part"] == "all"], str(model))
    said_n, here_n = int(report.n_choices.sum()), int(n.sum())
    return [*rows, Row("held-out choices", f"{said_n:,}", f"{here_n:,}", same(said_n, here_n))]


def of_all_choices(report: Report, data: Choices, own: pd.DataFrame, model: str) -> list[Row]:
    """AIC and BIC of equations, from all choices."""
    nll = np.zeros(len(data.people))
    np.add.at(nll, data.owner, np.nansum(surprise(data, own, model.split(" ")[0]), axis=1))
    known = (data.choices[:, 1:] >= 0) & (data.choices[:, :-1] >= 0)
    n = np.bincount(data.owner, known.sum(1))
    k = own.groupby("participant").size().reindex(data.people).fillna(0).to_numpy()
    frame = report.people[report.people["model"] == f"{model} equations"].set_index("participant")
    frame = frame.reindex(data.people)
    rows = []
    for name, here in (("aic", 2 * k + 2 * nll), ("bic", k * np.log(n) + 2 * nll)):
        gap = float(np.nanmax(np.abs(frame[name].to_numpy() - here)))
        said = float(frame[name].sum())
        rows.append(
            Row(
                f"{name.upper()} of the equations of {model}, all choices",
                f"{said:,.1f}",
                f"{here.sum():,.1f}",
                "" if gap < 1e-2 else f"**{gap:.2g} of a person**",
            )
        )
    return rows


def of_comparison(report: Report) -> list[Row]:
    """Likelihoods with intervals, and the claims that rest on differences."""
    rows, told = [], report.told
    said = report.table("comparison").set_index("model")
    for model in report.nll:
        mean, low, high = resampled(report.nll[model].to_numpy(), report.n_choices)
        here, own = np.exp(-np.array([mean, high, low])), said.loc[model, ["likelihood", "low", "high"]]
        gap = np.abs(own.to_numpy(float) - here)
        rows.append(
            Row(
                f"likelihood of {model}",
                "{:.4f} ({:.3f} to {:.3f})".format(*own),
                "{:.4f} ({:.3f} to {:.3f})".format(*here),
                "" if gap[0] < 1e-9 and gap.max() < 0.003 else "**yes**",
            )
        )
    names = [name for name in report.nll if not name.endswith((" equations", " network"))]
    best = min(names, key=lambda name: report.nll[name].sum())
    own, network = f"{told} equations", f"{told} network"
    better = min((own, network), key=lambda name: report.nll[name].sum())
    rows += [
        ahead_row(report, "rivals", own, best),
        ahead_row(report, "network", own, network),
        ahead_row(report, "mechanism", better, best),
    ]
    told_by = {one: report.nll[f"{one} equations"].sum() for one in dict.fromkeys(report.equations["model"])}
    first = min(told_by, key=lambda one: told_by[one])
    return [*rows, Row("whose equations predict best", told, first, same(told, first))]


def ahead_row(report: Report, kind: str, model: str, other: str) -> Row:
    """A claim that one model predicts better than another."""
    outcome, verdict = report.claim(kind)
    words = outcome[outcome.index("Ahead") :] if "Ahead" in outcome else ""
    nats = (report.nll[other] - report.nll[model]).to_numpy()
    mean, low, high = resampled(nats, report.n_choices)
    people, here = int((nats > 0).sum()), judged(low, high)
    if kind == "network":
        gain = (report.nll["random"].sum() - report.nll[other].sum()) / report.n_choices.sum()
        here = "open" if gain <= 0 or low > 0 else judged(low, high, -0.05 * gain)
    found = numbers_in(words)[:4] if words else []
    width = high - low
    right = (
        len(found) == 4
        and abs(found[0] - mean) < 6e-5
        and abs(found[1] - low) < 0.05 * width + 1e-4
        and abs(found[2] - high) < 0.05 * width + 1e-4
        and found[3] == people
    )
    return Row(
        f"claim {kind}: {model} beside {other}",
        f"{' '.join(f'{one:g}' for one in found)}: {verdict}",
        f"{mean:.4f} {low:.4f} {high:.4f} {people}: {here}",
        "" if right and verdict == here else "**yes**",
    )


def frequencies(table_: Floats) -> tuple[Floats, Floats]:
    """Frequencies of models and their protected exceedance (Stephan et al. 2009, Rigoux et al. 2014)."""
    n, k = table_.shape
    alpha, before = np.ones(k) + n / k, -np.inf
    for _ in range(5000):
        weighted = table_ + digamma(alpha) - digamma(alpha.sum())
        g = np.exp(weighted - logsumexp(weighted, axis=1, keepdims=True))
        alpha = 1 + g.sum(0)
        expected = digamma(alpha) - digamma(alpha.sum())
        bound = (g * (table_ + expected - np.log(np.maximum(g, 1e-300)))).sum() + gammaln(k)
        bound += gammaln(alpha).sum() - gammaln(alpha.sum()) - ((alpha - 1) * expected).sum()
        if bound - before < 1e-9:
            break
        before = bound
    equal = logsumexp(table_ - np.log(k), axis=1).sum()
    risk = 1 / (1 + np.exp(np.clip(bound - equal, -700, 700)))
    draws = np.random.default_rng(SEED).gamma(alpha, size=(400_000, k))
    exceedance = np.bincount(draws.argmax(1), minlength=k) / len(draws)
    return alpha / alpha.sum(), exceedance * (1 - risk) + risk / k


def of_frequencies(report: Report) -> list[Row]:
    """How many people follow the equations."""
    outcome, verdict = report.claim("frequency")
    if not outcome:
        return []
    models = list(report.nll)
    share, protected = frequencies(-report.nll.to_numpy())
    at, first = models.index(f"{report.told} equations"), int(share.argmax())
    here = "holds" if protected[at] >= 0.95 else "fails" if protected[first] >= 0.95 else "open"
    found = numbers_in(outcome)
    right = abs(found[0] - share[at]) < 0.006 and abs(found[1] - protected[at]) < 0.011
    right &= models[first] in outcome
    words = f"{share[at]:.2f} {protected[at]:.2f}; {models[first]} {share[first]:.2f}: {here}"
    said = f"{outcome}: {verdict}"
    return [Row("claim frequency", said, words, "" if right and here == verdict else "**yes**")]


def holm(p: Floats) -> Floats:
    """Adjusted probabilities (Holm 1979)."""
    order, m = np.argsort(p), len(p)
    adjusted = np.empty(m)
    running = 0.0
    for rank, place in enumerate(order):
        running = max(running, min(1.0, (m - rank) * p[place]))
        adjusted[place] = running
    return adjusted


def of_groups(report: Report) -> list[Row]:
    """Differences between groups: p from the interval, Holm over all, and where the model is ahead."""
    rows, frame = [], report.table("groups")
    if len(frame) and frame["p"].notna().any():
        own = frame[frame["p"].notna()]
        freedom = own["freedom"] if "freedom" in own else np.full(len(own), 1e9)
        error = (own["apart_high"] - own["apart_low"]) / (2 * student.ppf(0.975, freedom))
        p = 2 * student.sf(np.abs(own["apart"] / error), freedom)
        gap = float(np.abs(p - own["p"]).max())
        rows.append(
            Row(
                f"p of {len(own)} differences of groups",
                "",
                f"largest gap {gap:.1e}",
                "" if gap < 2e-3 else "**yes**",
            )
        )
        once = own.assign(test=own["p"].round(9)).drop_duplicates(["column", "group", "test"])
        all_ = holm(once["p"].to_numpy())
        gap = float(np.abs(all_ - once["holm"]).max())
        n = int((once["holm"] < 0.05).sum()), int((all_ < 0.05).sum())
        rows.append(
            Row(
                "claim groups differ: beyond chance by Holm",
                f"{n[0]}",
                f"{n[1]} (largest gap {gap:.1e})",
                same(*n),
            )
        )
    outcome, verdict = report.claim("groups alike")
    own_models = {"participant", "model", "n_choices", "nll", "likelihood", "aic", "bic", "evidence"}
    columns = [name for name in report.people if name not in own_models]
    if not outcome or not columns:
        return rows
    labels = report.people.drop_duplicates("participant").set_index("participant")[columns[0]]
    labels = labels.reindex(report.nll.index)
    kinds = [kind for kind in sorted(set(labels)) if (labels == kind).sum() >= 5]
    names = [name for name in report.nll if not name.endswith((" equations", " network"))]
    best = min(names, key=lambda name: report.nll[name].sum())
    nats = (report.nll[best] - report.nll[f"{report.told} equations"]).to_numpy()
    said, verdicts = [], []
    for kind in kinds:
        of_kind = (labels == kind).to_numpy()
        mean, low, high = resampled(nats[of_kind], report.n_choices[of_kind], 1 - 0.05 / len(kinds))
        said.append(f"{kind} {mean:.3f} ({low:.3f} to {high:.3f})")
        verdicts.append(judged(low, high))
    here = next((one for one in ("fails", "open") if one in verdicts), "holds")
    gaps = np.abs(np.array(numbers_in(outcome)) - numbers_in("; ".join(said)))
    rows.append(
        Row(
            "claim groups alike",
            f"{outcome}: {verdict}",
            f"{'; '.join(said)}: {here}",
            "" if here == verdict and gaps.max() < 0.02 else "**yes**",
        )
    )
    return rows


def of_terms(report: Report) -> list[Row]:
    """In how many parts somebody has each term."""
    terms = report.table("terms")
    if "parts" not in terms:
        return []
    own = report.equations[(report.equations["model"] == report.told) & (report.equations["term"] != "beta")]
    own = own[own["part"] != "all"]
    here = own.groupby(["module", "term"])["part"].nunique()
    n = own["part"].nunique()
    counts = [int(here.get((row.module, row.term), 0)) for row in terms.itertuples()]
    wrong = sum(count != said for count, said in zip(counts, terms["parts"], strict=True))
    verdict = report.claim("stable terms")[1]
    mine = "holds" if min(counts) == n else "fails"
    return [
        Row(
            f"claim stable terms: parts that have each of {len(terms)} terms",
            f"{list(terms['parts'])}: {verdict}",
            f"{counts}: {mine}",
            "" if not wrong and mine == verdict else "**yes**",
        )
    ]


def looked_for(data: Choices) -> dict[str, list[NDArray[np.int64]]]:
    """For each measure of next choices, the option of each of its points after each trial; -1 for none."""
    choices, paid = data.choices[:, :-1], data.rewards[:, :-1] > 0.5
    n_trials = data.choices.shape[1]

    def back(options: NDArray[np.int64], lag: int) -> NDArray[np.int64]:
        return np.concatenate([np.full((len(options), lag), -1), options[:, :-lag]], axis=1)

    won, lost = np.where(paid, choices, -1), np.where(paid, -1, choices)
    seen = data.choices[..., None] == np.arange(data.n_actions)
    wins = (seen & (data.rewards > 0.5)[..., None]).cumsum(1)
    share = ((wins + 1) / (seen.cumsum(1) + 2))[:, :-1]
    ordered = np.sort(share, axis=-1)
    best = np.where(ordered[..., -1] > ordered[..., -2], share.argmax(-1), -1)
    thirds = np.array_split(np.arange(n_trials), 3)
    return {
        "stay": [won, lost],
        "rewards": [back(won, lag) for lag in (1, 2, 3)],
        "choices": [back(choices, lag) for lag in (1, 2, 3)],
        "learning": [np.where(np.isin(np.arange(n_trials - 1), part), best, -1) for part in thirds],
    }


def of_behaviour(report: Report, data: Choices) -> list[Row]:
    """What people chose next beside what the equations expect: sums of observed less expected choices."""
    said = report.table("falsification")
    if "holm" not in said:
        return []
    said = said[said["agent"] == f"{report.told} equations"]
    own = report.equations[(report.equations["model"] == report.told) & (report.equations["part"] == "all")]
    p_next = np.exp(log_p(data, own, report.told.split(" ")[0]))
    after, known = data.choices[:, 1:], (data.choices[:, 1:] >= 0) & (data.choices[:, :-1] >= 0)
    shares, z, alone = [], [], []
    for points in looked_for(data).values():
        of_points = []
        for option in points:
            there = known & (option >= 0)
            p = np.take_along_axis(p_next, np.maximum(option, 0)[..., None], axis=-1)[..., 0][there]
            hits = (after == option)[there]
            shares.append((hits.mean(), p.mean()))
            z.append((hits.sum() - p.sum()) / np.sqrt((p * (1 - p)).sum()))
            of_points.append(2 * norm.sf(abs(z[-1])))
        alone.append(-np.expm1(len(points) * np.log1p(-min(of_points))))
    adjusted = holm(np.array(alone))
    report_z = ((said["people"] - said["mean"]) / said["scatter"]).to_numpy()
    gaps = np.abs(said[["people", "mean"]].to_numpy() - np.array(shares)).max(), np.abs(report_z - z).max()
    of_measure = said.drop_duplicates("measure")["holm"].to_numpy()
    verdict, here = report.claim("behaviour")[1], "fails" if adjusted.min() <= 0.05 else "holds"
    gap = np.abs(of_measure - adjusted).max()
    return [
        Row(
            f"claim behaviour: z of {len(z)} points; p of {len(alone)} measures by Holm",
            f"{np.round(report_z, 2).tolist()}; {np.round(of_measure, 4).tolist()}: {verdict}",
            f"{np.round(z, 2).tolist()}; {np.round(adjusted, 4).tolist()}: {here}",
            "" if max(*gaps, gap) < 1e-6 and verdict == here else "**yes**",
        )
    ]


def parts_of(report: Report, name: str) -> list[Any]:
    """What the finished simulations of one kind have found."""
    files = sorted(report.folder.glob(f"parts/{name}-*/part-*.json"))
    parts = [json.loads(path.read_text()) for path in files]
    return [part.get("result", part) for part in parts]


def exact_interval(right: int, n: int) -> tuple[float, float]:
    """Clopper and Pearson's interval of a share."""
    low = beta_distribution.ppf(0.025, right, n - right + 1) if right else 0.0
    high = beta_distribution.ppf(0.975, right + 1, n - right) if right < n else 1.0
    return float(low), float(high)


def of_recovery(report: Report) -> list[Row]:
    """What simulated data sets have shown."""
    rows = []
    if sets := parts_of(report, "equations"):
        right = sum(all(any(term["true"]) == any(term["value"]) for term in one["terms"]) for one in sets)
        outcome, verdict = report.claim("recovered terms")
        here = "undecided" if len(sets) < 20 else judged(*exact_interval(right, len(sets)), 0.8)
        said, mine = numbers_in(outcome)[:2], [round(100 * right / len(sets)), len(sets)]
        rows.append(
            Row(
                "claim recovered terms (% exact, data sets)",
                f"{said}: {verdict}",
                f"{mine}: {here}",
                "" if said == mine and here == verdict else "**yes**",
            )
        )
        rows.append(of_correlations(report, sets))
    if sets := parts_of(report, "rivals"):
        shares, n_people = {}, {}
        for one in sets:
            best = np.argmax(np.array(one["scores"]), axis=1)
            at = one["simulated"]
            shares[at] = shares.get(at, 0) + int((best == at).sum())
            n_people[at] = n_people.get(at, 0) + len(best)
        verdicts = [
            "undecided" if n_people[at] < 20 else judged(*exact_interval(shares[at], n_people[at]), 0.5)
            for at in shares
        ]
        here = next((one for one in ("fails", "undecided", "open") if one in verdicts), "holds")
        outcome, verdict = report.claim("recovered rivals")
        mine = [min(n_people.values()), round(100 * np.mean([shares[at] / n_people[at] for at in shares]))]
        said = numbers_in(outcome)[:2]
        rows.append(
            Row(
                "claim recovered rivals (people, % recognised)",
                f"{said}: {verdict}",
                f"{mine}: {here}",
                "" if said == mine and here == verdict else "**yes**",
            )
        )
    return rows


def of_correlations(report: Report, sets: list[Any]) -> Row:
    """True and found numbers over the people of the data sets in which a term was found."""
    pairs: dict[tuple[str, str], list[Any]] = {}
    for one in sets:
        for term in one["terms"]:
            if any(term["true"]) and any(term["value"]):
                pairs.setdefault((term["module"], term["term"]), []).append((term["true"], term["value"]))
    here = {}
    for key, found in pairs.items():
        true, value = np.concatenate([np.array(each) for each in found], axis=1)
        told = all(np.ptp(one) > 1e-9 * np.abs(one).max() for one in (true, value))
        here[key] = float(np.corrcoef(true, value)[0, 1]) if told else np.nan
    said = report.table("terms_recovered").set_index(["module", "term"])["correlation"]
    gap = max((abs(said[key] - value) for key, value in here.items() if value == value), default=np.nan)
    known = [value for value in here.values() if value == value]
    words = f"{min(known):.2f} to {max(known):.2f} (largest gap {gap:.1e})" if known else "none is defined"
    said_words = f"{said.min():.2f} to {said.max():.2f}"
    return Row(
        "correlations of true and found numbers", said_words, words, "" if not gap > 1e-6 else "**yes**"
    )


def of_rivals(report: Report, data: Choices) -> list[Row]:
    """AIC of two rivals, fitted anew to some people by a search of their own."""
    rows = []
    for name, loss, starts in (
        ("rescorla-wagner", learner, ([-1.0, 1.0], [1.0, 0.0], [-3.0, 2.0])),
        ("pearce-hall", follower, MANY),
    ):
        frame = report.people[report.people["model"] == name].set_index("participant")
        if not len(frame):
            continue
        gaps = []
        for label in list(frame.index)[:: max(len(frame) // ALONE, 1)][:ALONE]:
            own = data.owner == data.people.index(label)
            fits = [
                minimize(loss, start, (data.choices[own], data.rewards[own], data.n_actions), "Nelder-Mead")
                for start in starts
            ]
            here = 2 * min(fit.fun for fit in fits) + 2 * len(starts[0])
            gaps.append(here - frame.loc[label, "aic"])
        worst = float(np.max(np.abs(gaps)))
        rows.append(
            Row(
                f"AIC of {name}, {len(gaps)} people fitted anew",
                "",
                f"{np.min(gaps):+.3f} to {np.max(gaps):+.3f}",
                "" if worst < 0.05 else "**yes**",
            )
        )
    return rows


def learner(scaled: Floats, choices: NDArray[np.int64], rewards: Floats, n_actions: int) -> float:
    """-ln P under Rescorla and Wagner's rule: log-odds of alpha, ln beta."""
    alpha, beta = 0.001 + 0.998 / (1 + np.exp(-scaled[0])), np.clip(np.exp(scaled[1]), 0.01, 50)
    return played(choices, rewards, n_actions, beta, lambda error, wide: (alpha * error, wide))


def follower(scaled: Floats, choices: NDArray[np.int64], rewards: Floats, n_actions: int) -> float:
    """-ln P under Pearce and Hall's rule: log-odds of kappa and eta, ln beta."""
    kappa, eta = (0.001 + 0.998 / (1 + np.exp(-one)) for one in scaled[:2])
    beta = np.clip(np.exp(scaled[2]), 0.01, 50)

    def step(error: Floats, wide: Floats) -> tuple[Floats, Floats]:
        return kappa * wide * error, wide + eta * (np.abs(error) - wide)

    return played(choices, rewards, n_actions, beta, step)


def played(choices: NDArray[np.int64], rewards: Floats, n_actions: int, beta: float, step: Any) -> float:
    """-ln P of next choices, sessions side by side; values begin at 0.5, associabilities at 1."""
    n, total = len(choices), 0.0
    values, wide, rows = np.full((n, n_actions), 0.5), np.ones((n, n_actions)), np.arange(n)
    for trial in range(choices.shape[1] - 1):
        known, at = choices[:, trial] >= 0, np.maximum(choices[:, trial], 0)
        move, new = step(rewards[:, trial] - values[rows, at], wide[rows, at])
        values[rows[known], at[known]] += move[known]
        wide[rows[known], at[known]] = new[known]
        logits = beta * values
        after = choices[:, trial + 1]
        told = known & (after >= 0)
        lp = logits[rows, np.maximum(after, 0)] - logsumexp(logits, axis=1)
        total -= lp[told].sum()
    return float(total)


def main() -> None:
    """Read the report, compute anew, print the table, and write the section."""
    parser = benchmark_parser(__doc__)
    parser.add_argument("table")
    parser.add_argument("report")
    for name, column in (("participant", "participant"), ("session", "run"), ("choice", "choice")):
        parser.add_argument(f"--{name}", default=column)
    parser.add_argument("--reward", default="reward")
    arguments = parser.parse_args()
    data, report = read(arguments.table, vars(arguments)), opened(arguments.report)
    rows = [
        *of_choices(report, data),
        *of_rivals(report, data),
        *of_comparison(report),
        *of_frequencies(report),
        *of_groups(report),
        *of_terms(report),
        *of_behaviour(report, data),
        *of_recovery(report),
    ]
    untold = sorted(
        set(report.claims["kind"])
        - {row.what.split(":")[0].split(" (")[0].removeprefix("claim ") for row in rows}
    )
    publish(
        f"{HEADING} ({Path(arguments.table).name})",
        f"{len(rows)} rows, of which {sum(bool(row.differs) for row in rows)} differ."
        f" Claims without a row: {', '.join(untold) or 'none'}.",
        Table(("number", "report", "recomputed", "differs"), rows),
        write=not arguments.no_write,
    )


if __name__ == "__main__":
    main()
