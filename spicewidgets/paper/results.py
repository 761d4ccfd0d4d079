"""The other parts of a report: recovery, comparison, falsification, individuals, and what it rests on."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..core.equations import Equation
from ..core.judge.falsify import Falsification
from ..plots.paper import Panel, Range, beside_people, matrix, ranges, scatters, sorted_people
from ..style import RNN, SPICE
from .blocks import Block, Bullets, Code, Formulas, Heading, Paragraph, Picture, Table
from .findings import Findings, gain_of
from .words import between, count, listed, number, percent, probability, with_interval

# Of each measure: a title, what its points are, and the words in them that the title stands for.
AXES = {
    "learning": ("", "trials", ("trials ",)),
    "stay": ("Choices that repeat the one before", "", ()),
    "reversal": ("Choices of the option that was better before", "trials from the reversal", ()),
    "rewards": ("Effect of a reward, in log odds", "trials back", (" back",)),
    "choices": ("Effect of a choice, in log odds", "trials back", (" back",)),
}
MOST_PANELS = 12  # of true against found values


def parameters_part(found: Findings) -> Iterator[Block]:
    """4: are parameters given back at this design?"""
    yield Heading("Recovery of parameters")
    if not found.parameters and found.equations is None:
        yield Paragraph("This was not done.")
        return
    yield Paragraph(
        "People were simulated at the design of these choices: as many people, sessions and trials, rewards"
        " drawn from those that were seen for an option at about the same time in the same session,"
        " parameters those of people (fitted under the declared priors). Their choices were fitted as those"
        " of the people were."
    )
    for name, study in found.parameters.items():
        summary = study.summary()
        yield Table(
            f"Recovery of {name}, {count(len(study.results), 'simulated data set')} of"
            f" {count(study.design.n_people, 'person', 'people')}.",
            ("parameter", "correlation", "bias", "rmse", "in the interval", "at a bound"),
            tuple(
                (
                    str(parameter),
                    *(number(row[key], 2) for key in ("correlation", "bias", "rmse")),
                    *(percent(row[key]) for key in ("covered", "at_bound")),
                )
                for parameter, row in summary.iterrows()
            ),
            note="Correlation of true and found values on the parameter's scale; bias and root mean square"
            " error in its units; in the interval: share of 95 % intervals that hold the truth.",
        )
        yield Paragraph(_tradeoffs(name, study.tradeoffs()))
        frame = study.to_frame()
        panels: list[tuple[str, Any, Any]] = []
        for column, parameter in study.rival.columns(study.design.n_actions):
            own = frame[frame["parameter"] == column]
            panels.append((column, parameter.to_scale(own["true"]), parameter.to_scale(own["value"])))
        if not any(np.ptp(np.asarray(true)) > 0 for _, true, _ in panels):
            continue  # one person has one value
        yield Picture(
            f"parameters-{name}",
            f"Recovery of {name}: found against true parameters on their scales, a dot for each simulated"
            " person; on the line both are equal.",
            scatters(panels[:MOST_PANELS], "true", "found"),
        )


def _tradeoffs(name: str, table: pd.DataFrame) -> str:
    pairs = [
        (abs(table.iloc[i, j]), table.index[i], table.columns[j], table.iloc[i, j])
        for i in range(len(table))
        for j in range(i)
        if np.isfinite(table.iloc[i, j])
    ]
    if not pairs:
        return f"{name} has one parameter, which nothing can be mistaken for."
    _, one, other, value = max(pairs)
    return (
        f"Errors that go together most: those of {one} and {other} (correlation {value:.2f}): what one of"
        " them is too high by, the other makes up for."
        if abs(value) >= 0.3
        else f"No two errors go together by more than {value:.2f} ({one} and {other})."
    )


def recovery_part(found: Findings) -> Iterator[Block]:
    """5: are models and terms given back at this design?"""
    yield Heading("Recovery of models and terms")
    if found.models is None and found.equations is None:
        yield Paragraph("This was not done.")
        return
    if found.models is not None:
        yield from _models(found)
    if found.equations is not None:
        yield from _equations(found)


def _models(found: Findings) -> Iterator[Block]:
    study = found.models
    assert study is not None
    confusion, inversion = study.confusion(), study.inversion()
    names = list(study.names)
    simulated = [name for name in names if confusion.loc[name].notna().all()]
    right = np.array([confusion.loc[name, name] for name in simulated])
    worst = simulated[int(right.argmin())]
    mistaken = confusion.loc[worst].drop(worst).astype(float)
    yield Paragraph(
        f"Of people who were simulated as one of {len(names)} rivals, with fitted parameters, the same rival"
        f" was the best by {study.criterion.upper()} in {percent(right.mean())} on average. Least often it"
        f" was {worst} ({percent(right.min())}), mostly taken for {mistaken.idxmax()}"
        f" ({percent(mistaken.max())}). A person whose best rival is {worst}, or the one that it is taken"
        " for, need not be one."
    )
    yield Picture(
        "confusion",
        "P(best | simulated): which rival was the best (column) where one was simulated (row), by"
        f" {study.criterion.upper()}, {count(study.design.n_people, 'person', 'people')} a row and"
        f" {count(len(study.results), 'data set')} in all.",
        matrix(names, confusion.to_numpy(float), "simulated", "best"),
    )
    yield Picture(
        "inversion",
        "P(simulated | best), if all were equally likely beforehand: which rival was simulated (row) where"
        " one was the best (column).",
        matrix(names, inversion.to_numpy(float), "simulated", "best"),
    )


def _equations(found: Findings) -> Iterator[Block]:
    study, summary = found.equations, found.equations.summary()
    n = len(study.results)
    yield Paragraph(
        f"People whose choices were made by the equations of {found.main} played the design"
        f" {count(n, 'time')}, and their equations were found anew, network and all: exactly the true terms"
        f" came back in {percent(study.exact())}. A term that the equations lack can be made up, one that"
        " they have can be missed."
    )
    rows = tuple(
        (
            f"{term} in {module}",
            *(percent(row[key]) for key in ("found", "missed", "made up")),
            *(number(row[key], 2) for key in ("correlation", "bias", "rmse")),
        )
        for (module, term), row in summary.iterrows()
    )
    yield Table(
        f"Recovery of the terms of {found.main}, {count(n, 'simulated data set')}.",
        ("term", "found", "missed", "made up", "correlation", "bias", "rmse"),
        rows,
        note="Shares of data sets. Correlation over people of true and found numbers; bias and root mean"
        " square error of these. Neither found, missed nor made up: rightly absent.",
    )
    frame = study.to_frame()
    there = frame[frame["outcome"] == "found"]
    panels = [
        (f"{term}\n{module}", own["true"], own["value"])
        for (module, term), own in there.groupby(["module", "term"], sort=False)
    ]
    if panels and frame["person"].nunique() > 2:
        yield Picture(
            "terms",
            f"Recovery of the numbers of {found.main}: found against true, a dot for each simulated person;"
            " on the line both are equal.",
            scatters(panels[:16], "true", "found"),
        )


def comparison_part(found: Findings) -> Iterator[Block]:
    """6: how well each model predicts what it has not seen; among people and groups."""
    result = found.held_out
    yield Heading("Comparison by choices that were not learned from")
    frame = result.to_frame()
    several = len(result.people) > 1
    yield _held_out_table(
        f"Likelihood of {int(result.n_choices.sum()):,} held-out choices of"
        f" {count(len(result.people), 'person', 'people')}.",
        frame,
        several,
    )
    own = (found.told, found.network)
    yield Picture(
        "held-out",
        "Likelihood per held-out choice (geometric mean of P) with its 95 % interval over people; the dashed"
        " line is chance. The intervals are of each model alone: how far two models are apart is in the"
        " table, person by person.",
        ranges(
            frame["model"].tolist(),
            {"": [Range(*row) for row in frame[["likelihood", "low", "high"]].to_numpy(float)]},
            "likelihood per choice",
            marked=own,
            rule=1 / found.dataset.n_actions,
        ),
    )
    if several:
        yield _person_by_person(found)
    yield from _by_group(found, frame)
    if several and len(result.models) > 1:
        yield from _frequencies(found)


def _person_by_person(found: Findings) -> Picture:
    result = found.held_out
    others = [*found.rivals[:1], found.network]
    nats = {
        other: np.sort(
            (result.nll[result.models.index(other)] - result.nll[result.models.index(found.told)])
            / result.n_choices
        )
        for other in others
    }
    return Picture(
        "person-by-person",
        f"How far the equations of {found.main} are ahead of {listed(others)} in held-out choices, a dot for"
        " each person, sorted; below zero they are behind.",
        sorted_people(nats, "nats per choice ahead"),
    )


def _held_out_table(caption: str, frame: pd.DataFrame, several: bool) -> Table:
    rows = []
    for _, row in frame.iterrows():
        cells = [row["model"], number(row["likelihood"], 4), between(row["low"], row["high"])]
        cells += [number(row["behind"], 4), between(row["behind_low"], row["behind_high"], 4)]
        cells += [number(row["numbers"], 1)]
        cells += [number(row[name], 0) for name in ("aic", "bic", "evidence")]
        rows.append(tuple(cells))
    note = (
        "Likelihood: geometric mean of P of a held-out choice, with its 95 % interval over people (drawn"
        " anew 2,000 times). Behind: nats per choice worse than the best, with the interval of this"
        " difference over people. Numbers: of each person; of a network, its weights divided by the people."
        " AIC, BIC: of all choices; lower is better. Evidence: ln p(choices) under the declared priors;"
        " equations and networks have none."
    )
    if not several:
        note += " One person has no interval over people."
    names = ("model", "likelihood", "95 %", "behind", "95 %", "numbers", "AIC", "BIC", "evidence")
    return Table(caption, names, tuple(rows), note=note)


def _by_group(found: Findings, frame: pd.DataFrame) -> Iterator[Block]:
    result = found.held_out
    for name, labels in found.groups.items():
        kinds = [kind for kind in dict.fromkeys(labels) if labels.count(kind) > 1]
        if not kinds:
            continue
        tables = {
            kind: result.of_people([own == kind for own in labels]).to_frame().set_index("model")
            for kind in kinds
        }
        models = frame["model"].tolist()
        rows = tuple(
            (
                model,
                *(
                    with_interval(*table.loc[model, ["likelihood", "low", "high"]].astype(float))
                    for table in tables.values()
                ),
            )
            for model in models
        )
        names = tuple(f"{kind} ({labels.count(kind)})" for kind in kinds)
        yield Table(
            f"Likelihood of held-out choices by {name} (number of people), with 95 % intervals over people.",
            ("model", *names),
            rows,
        )
        yield Picture(
            f"held-out-{len(tables)}-{list(found.groups).index(name)}",
            f"Likelihood per held-out choice by {name}, with 95 % intervals over people.",
            ranges(
                models,
                {
                    str(kind): [
                        Range(*row)
                        for row in table.loc[models, ["likelihood", "low", "high"]].to_numpy(float)
                    ]
                    for kind, table in tables.items()
                },
                "likelihood per choice",
                marked=(found.told, found.network),
            ),
        )


def _frequencies(found: Findings) -> Iterator[Block]:
    result = found.held_out
    among = result.frequencies()
    table = among.to_frame().sort_values("frequency", ascending=False, kind="stable")
    yield Heading("How many people follow each model", 3)
    yield Paragraph(
        "Random-effects Bayesian model selection (Stephan et al. 2009, Rigoux et al. 2014) takes ln P of"
        " each person's held-out choices as the evidence of a model (Soch et al. 2016). The probability that"
        f" all models are equally frequent (the omnibus risk) is {probability(among.omnibus_risk)}."
    )
    yield Table(
        "Frequencies of the models among people.",
        ("model", "people", "frequency", "exceedance", "protected", "fixed effects"),
        tuple(
            (
                row["model"],
                number(row["people"], 1),
                *(number(row[name], 2) for name in ("frequency", "exceedance", "protected")),
                number(row["fixed_effects"], 0),
            )
            for _, row in table.iterrows()
        ),
        note="People: expected number who follow the model. Frequency: in the population. Exceedance:"
        " probability that it is the most frequent one; protected: allowing for all being equal. Fixed"
        " effects (a footnote): sum of the evidence, in nats below the best, which a single person can"
        " decide.",
    )
    for name, difference in found.differences.items():
        rows = tuple(
            (
                str(kind),
                *(
                    f"{part.models[place]} {part.frequencies[place]:.2f} ({part.protected[place]:.2f})"
                    for place in np.argsort(part.frequencies)[::-1][:3]
                ),
            )
            for kind, part in difference.groups.items()
        )
        width = max(len(row) for row in rows)
        yield Table(
            f"The most frequent models by {name}: frequency (protected exceedance probability).",
            ("group", *(("first", "second", "third")[: width - 1])),
            rows,
            note=f"All groups of {name} follow the models equally often with probability"
            f" {probability(difference.same)}, where half was expected beforehand.",
        )


def falsification_part(found: Findings) -> Iterator[Block]:
    """7: do the models, playing, behave as people did?"""
    yield Heading("Falsification: the models play the task anew")
    result = found.falsification
    if result is None:
        yield Paragraph(found.not_played or "This was not done.")
        return
    checks, failures = result.checks, result.failures
    yield Paragraph(
        f"Each fitted model took each person's part {result.n_repeats} times, in sessions as long as the"
        " person's. It fails on a measure if, somewhere, people lie farther from its mean than it does"
        f" itself in 95 of 100 times: in {len(failures)} of {count(len(checks), 'check')}, where about"
        f" {0.05 * len(checks):.1f} would by chance. With {count(result.n_people, 'person', 'people')} small"
        " differences are noticed; what counts is the size."
        + (
            ""
            if result.schedule_known
            else " The task's reward probabilities were not known and were estimated from what each option"
            " paid."
        )
    )
    if failures:
        yield Bullets(tuple(check.sentence for check in failures))
    yield Table(
        "Every check: where people and model are farthest apart.",
        ("model", "measure", "where", "people", "model", "distance", "p", "verdict"),
        tuple(
            (
                check.agent,
                check.words,
                check.points[check.worst],
                number(check.people[check.worst], 2),
                number(check.mean[check.worst], 2),
                number(check.distance, 1),
                number(check.p, 3),
                "fails" if check.fails else "holds",
            )
            for check in checks
        ),
        note="Distance: in units of the model's own scatter from time to time. p: share of the model's times"
        f" that lie as far out somewhere; it cannot be less than {1 / (result.n_repeats + 1):.3f}, and is of"
        " each check alone. The models were fitted to the same choices, so that a failure is one in spite of"
        " that.",
        wordy=(1, 2),
    )
    yield Picture(
        "falsification",
        "What people did (black; band: 95 % over people) and what fitted models did in their place (mean,"
        f" and the range of 95 % of {result.n_repeats} times).",
        beside_people(panels_of(result), {found.told: SPICE, found.network: RNN}),
    )


def panels_of(result: Falsification) -> list[Panel]:
    """What a picture of a falsification shows: people and models, a panel for each measure."""
    panels = []
    for measure in dict.fromkeys(check.measure for check in result.checks):
        own = [check for check in result.checks if check.measure == measure]
        first = own[0]
        title, x_title, words = AXES[measure]
        points = first.points
        for word in words:
            points = tuple(point.replace(word, "") for point in points)
        points = tuple(re.sub(r"^(\d+) to (\d+)$", r"\1-\2", point) for point in points)
        points = tuple(re.sub(r"^(\d+) trials? before$", r"-\1", point) for point in points)
        points = tuple(re.sub(r"^(\d+) trials? after$", r"\1", point) for point in points)
        panels.append(
            Panel(
                title or first.words.capitalize(),
                x_title,
                points,
                (first.people, first.people_low, first.people_high),
                {check.agent: (check.mean, check.low, check.high) for check in own},
            )
        )
    return panels


def individuals_part(found: Findings) -> Iterator[Block]:
    """8: the equations with intervals, how people and groups differ, and whether they stay as they are."""
    yield Heading("The equations, and how people differ")
    terms = found.terms
    if not len(terms):
        yield Paragraph("The equations have no terms.")
        return
    pooled = hasattr(found.estimator, "group_")
    many = len(found.people) > 1
    whose = "means of the group" if pooled else "medians over people" if many else "of the one participant"
    yield Paragraph(f"The equations of {found.main}, {whose}:")
    yield Formulas(tuple(_mean_equations(terms)), _betas(found))
    columns: dict[str, Callable[[Any], str]] = {
        "spread": lambda value: number(value, 2),
        "people": lambda value: f"{int(value)}",
        "shrinkage": lambda value: number(value, 2),
        "worth": lambda value: number(value, 0),
        "price": lambda value: number(value, 0),
        "parts": lambda value: f"{int(value)} of {found.held_out.n_folds}",
        "halves": lambda value: number(value, 2),
    }
    shown = [
        name
        for name in columns
        if name in terms and terms[name].notna().any() and (many or name not in ("spread", "people"))
    ]
    rows = tuple(
        (
            f"{row['term']} in {row['module']}",
            number(row["value"]),
            between(row["low"], row["high"]),
            *("" if pd.isna(row[name]) else columns[name](row[name]) for name in shown),
        )
        for _, row in terms.iterrows()
    )
    yield Table(
        f"Terms of {found.main}, {whose}, with 95 %"
        f" intervals{' (the 2.5 and 97.5 percent quantiles of people)' if many and not pooled else ''}.",
        ("term", "value", "95 %", *shown),
        rows,
        note="Spread: standard deviation between people. Shrinkage: share of the way from a person's own"
        " estimate to the group's mean. Worth: nats that the choices would lose without the term; price:"
        " what it must be worth to stay. Parts: parts of the cross-validation whose equations have it."
        " Halves: correlation over people between equations of every other session. That terms were chosen"
        " from the same choices is not reckoned in the intervals.",
    )
    yield Picture(
        "coefficients",
        f"Terms of {found.main}, {whose}, with 95 % intervals.",
        ranges(
            [f"{row['term']} in {row['module']}" for _, row in terms.iterrows()],
            {"": [Range(*row) for row in terms[["value", "low", "high"]].to_numpy(float)]},
            "coefficient",
            rule=0.0,
        ),
    )
    if "no_q_learner" in found.people and found.people["no_q_learner"].astype(bool).any():
        counts = found.people["no_q_learner"].replace("", np.nan).value_counts()
        yield Paragraph(
            "No Q-learner has the equations of "
            + listed(f"{n} of {len(found.people)} people ({words})" for words, n in counts.items())
            + "; learning rate and temperature are not read off them."
        )
    yield from _classical(found)
    yield from _term_groups(found)
    if found.truth is not None:
        yield from _truth(found)


def _mean_equations(terms: pd.DataFrame) -> Iterator[Equation]:
    for module, own in terms.groupby("module", sort=False):
        yield Equation(str(module), tuple(own["key"]), tuple(own["value"].astype(float)))


def _betas(found: Findings) -> dict[str, float]:
    betas = found.estimator.spice_model_.betas
    return {state: float(np.median(values)) for state, values in betas.items()}


def _classical(found: Findings) -> Iterator[Block]:
    """Classical parameters, where equations tell them."""
    table = found.people
    names = [
        name
        for name in table.columns
        if f"{name} low" in table and ": " not in name and table[name].notna().any()
    ]
    if not names:
        return
    rows = []
    for name in names:
        values = table[name].dropna()
        if len(table) == 1:
            ends = table.loc[0, [f"{name} low", f"{name} high"]]
            rows.append((name, number(values.iloc[0]), between(*ends), "1"))
        else:
            low, middle, high = values.quantile([0.25, 0.5, 0.75])
            rows.append((name, number(middle), between(low, high), f"{len(values)}"))
    one = len(table) == 1
    yield Table(
        "Classical parameters that the equations stand for.",
        ("parameter", "value" if one else "median", "95 %" if one else "quartiles", "people"),
        tuple(rows),
    )


def _term_groups(found: Findings) -> Iterator[Block]:
    if not len(found.term_groups):
        return
    for name, own in found.term_groups.groupby("column", sort=False):
        kinds = list(dict.fromkeys(own["group"]))
        means, rows = [], []
        for (module, term), part in own.groupby(["module", "term"], sort=False):
            by_kind = part.set_index("group")
            where = f"{term} in {module}"
            means.append((where, *(_estimate(by_kind.loc[kind], "value", "low", "high") for kind in kinds)))
            for kind in kinds[1:]:
                row = by_kind.loc[kind]
                size = _estimate(row, "apart", "apart_low", "apart_high")
                rows.append((where, f"{kind} less {kinds[0]}", size, *map(probability, row[["p", "holm"]])))
        n = int(own["holm"].notna().sum())
        clear = own[own["holm"] < 0.05]
        yield Heading(f"Groups of {name}", 3)
        yield Paragraph(
            f"Of {n} differences from {kinds[0]}, {len(clear)} are beyond chance once all are counted"
            " together (p < 0.05 by Holm 1979)"
            + (
                ": " + "; ".join(_difference(row, kinds[0]) for _, row in clear.iterrows()) + "."
                if len(clear)
                else "."
            )
        )
        yield Table(
            f"Means of the groups of {name} with 95 % intervals.",
            ("term", *kinds),
            tuple(means),
            note="Each person counts as much as their choices tell, before they were drawn towards the mean"
            " of all.",
        )
        yield Table(
            f"Differences from {kinds[0]} with 95 % intervals.",
            ("term", "groups", "difference", "p", "p, of all"),
            tuple(rows),
            note="p: two-sided, of a difference alone; of all: for all differences of this table together.",
            wordy=(1,),
        )


def _estimate(row: Any, *names: str) -> str:
    """A number of a row with its interval."""
    value, low, high = (float(row[name]) for name in names)
    return with_interval(value, low, high, 2)


def _difference(row: "pd.Series[Any]", first: str) -> str:
    return (
        f"{row['term']} in {row['module']} of {row['group']}"
        f" {with_interval(row['apart'], row['apart_low'], row['apart_high'], 2)}"
    )


def _truth(found: Findings) -> Iterator[Block]:
    assert found.truth is not None
    yield Heading("True and found", 3)
    yield Table(
        "The simulated participant's update and the one that was found, in the same coordinates.",
        ("term", *map(str, found.truth.columns)),
        tuple(
            (" in ".join(map(str, reversed(index))), *(number(value) for value in row))
            for index, row in zip(found.truth.index, found.truth.to_numpy(float), strict=True)
        ),
    )


def sensitivity_part(found: Findings) -> Iterator[Block]:
    """9: the simplest rival, other settings, and whether terms stay."""
    yield Heading("The simplest rival, and what other settings would say")
    result, simplest = found.held_out, found.simplest
    if simplest is None:
        yield Paragraph(
            "No rival reaches 80 % of what the equations gain over chance in held-out choices: the best one,"
            f" {found.rivals[0]}, reaches"
            f" {percent(gain_of(result, found.rivals[0], found.told, found.dataset.n_actions))}."
            if found.rivals
            else "No rival was compared."
        )
    else:
        at = result.models.index(simplest)
        ahead = result.ahead(found.told, simplest)
        yield Paragraph(
            "The rival with the fewest numbers that reaches 80 % of what the equations gain over chance is"
            f" {simplest}, with {result.numbers[at]:g} numbers: it reaches"
            f" {percent(gain_of(result, simplest, found.told, found.dataset.n_actions))}. The equations are"
            f" ahead of it by {with_interval(ahead.nats, ahead.low, ahead.high, 4)} nats per choice, in"
            f" {ahead.people} of {count(len(result.people), 'person', 'people')}."
        )
    others = [name for name in result.estimators if name != found.main]
    for name in others:
        ahead = result.ahead(found.told, f"{name} equations")
        yield Paragraph(
            f"With another library, that of {name}, equations of"
            f" {result.numbers[result.models.index(f'{name} equations')]:.1f} numbers a person are"
            f" {'behind' if ahead.nats >= 0 else 'ahead'} by {number(abs(ahead.nats), 4)} nats per choice"
            f" ({between(ahead.low, ahead.high, 4)} in favour of {found.main})."
        )
    if len(found.sensitivity):
        yield Table(
            f"Terms of {found.main} at other prices.",
            ("setting", "terms", "gone", "new"),
            tuple(
                (row["setting"], f"{row['terms']}", row["gone"] or "none", row["new"] or "none")
                for _, row in found.sensitivity.iterrows()
            ),
            wordy=(2, 3),
        )
    if "parts" in found.terms:
        n = result.n_folds
        unsteady = found.terms[found.terms["parts"] < n]
        yield Paragraph(
            f"All terms are in the equations of each of the {n} parts of the cross-validation."
            if not len(unsteady)
            else "Not in the equations of every part of the cross-validation: "
            + listed(
                f"{row['term']} in {row['module']} ({row['parts']} of {n})" for _, row in unsteady.iterrows()
            )
            + "."
        )


def repeat_part(found: Findings) -> Iterator[Block]:
    """10: what it takes to do the same again."""
    yield Heading("To do it again")
    if found.report is not None:
        yield Paragraph(f"The table {found.report.name} has the SHA-256 {found.report.sha256}.")
    yield Paragraph(
        "The same command, table, seed and versions write the same numbers; the files of this report hold no"
        " time and no place."
    )
    yield Code(found.script)
    yield Table("Versions.", ("package", "version"), tuple(found.versions.items()))
    yield Heading("Literature", 3)
    yield Bullets(LITERATURE)


LITERATURE = (
    "Wilson, R. C. & Collins, A. G. E. (2019). Ten simple rules for the computational modeling of behavioral"
    " data. eLife 8, e49547.",
    "Palminteri, S., Wyart, V. & Koechlin, E. (2017). The importance of falsification in computational"
    " cognitive modeling. Trends in Cognitive Sciences 21, 425-433.",
    "Stephan, K. E. et al. (2009). Bayesian model selection for group studies. NeuroImage 46, 1004-1017.",
    "Rigoux, L. et al. (2014). Bayesian model selection for group studies - revisited. NeuroImage 84,"
    " 971-985.",
    "Soch, J., Haynes, J.-D. & Allefeld, C. (2016). How to avoid mismodelling in GLM-based fMRI data"
    " analysis: cross-validated Bayesian model selection. NeuroImage 141, 469-489.",
    "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian Journal of"
    " Statistics 6, 65-70.",
    "Brunton, S. L., Proctor, J. L. & Kutz, J. N. (2016). Discovering governing equations from data by"
    " sparse identification of nonlinear dynamical systems. PNAS 113, 3932-3937.",
)
