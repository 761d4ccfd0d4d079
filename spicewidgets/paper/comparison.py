"""The part of a report on held-out choices: who expects them best, of how many people."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from ..core.judge.groups import MISSING, deciding_person, is_missing
from ..core.judge.misses import READING, RUNS, Miss, cells
from ..core.rivals.declaration import UNITS
from ..core.rivals.dimensions import ERRORS
from ..core.rivals.held_out import HeldOut
from ..core.studies.comparison import SHARE, ModelComparison
from ..core.wording import join_words
from ..plots.paper import Range, ranges, sorted_people
from .blocks import Block, Bullets, Heading, Paragraph, Picture, TableBlock
from .findings import Findings
from .words import between, count, number, probability, with_interval

ROUNDING = 1e-9  # share of a likelihood
MOST = 12  # models of a sentence


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
            rule=float(np.exp(-result.chance)),
        ),
    )
    yield from _what_is_left(found)
    if several:
        yield _person_by_person(found)
    if deciding := list(_deciding_people(found)):
        yield Paragraph(
            "Some differences in the log likelihood of all held-out choices hang on one person, without whom"
            f" they change their sign or lose more than half: {'; '.join(deciding)}."
        )
    if below := list(_below_chance(found)):
        yield Paragraph(
            f"Worse than guessing among the options on offer: {'; '.join(below[:MOST])}"
            + (f"; and {len(below) - MOST:,} more." if below[MOST:] else ".")
        )
    yield from _by_group(found, frame)
    if several and len(result.models) > 1:
        yield from _frequencies(found)


def _what_is_left(found: Findings) -> Iterator[Block]:
    """Yield the share of what can be predicted, what the equations miss, and how many variables there are."""
    result = found.held_out
    compared = ModelComparison(
        result, {}, found.way, result.n_folds, True, told=found.told, network=found.network
    )
    if compared.share_in_words:
        yield Heading("How much is left", 3)
        yield Paragraph(compared.share_in_words)
    if compared.misses:
        head, *sentences = compared.misses_in_words
        yield Paragraph(head)
        yield from [Bullets(tuple(sentences))] if sentences else []
        shown = compared.misses[:MOST]
        yield Picture(
            "misses",
            "After which histories networks without structure expect choices better than the equations: nats"
            f" in 100 choices of all, with {SHARE} intervals over people that hold for all together.",
            ranges(
                [row.words for row in shown],
                {"": [Range(row.nats, row.low, row.high) for row in shown]},
                "nats in 100 choices",
                rule=0.0,
            ),
        )
        yield from cells_pictures(compared.misses)
    if (tiny := found.dimensions) is not None:
        yield Heading("How many variables the choices need", 3)
        yield Paragraph(
            "Networks without structure of one unit, two and so on were held against the same choices (Ji-An"
            f" et al. 2025). {tiny.sentence}"
        )
        yield Picture(
            "dimensions",
            "What each further unit of a network gains in held-out choices, with two standard errors over"
            " people; those whose bar is right of the line are needed, up to the first that is not.",
            ranges(
                UNITS[: len(tiny.gain)],
                {
                    "": [
                        Range(gain, gain - ERRORS * error, gain + ERRORS * error)
                        for gain, error in zip(tiny.gain, tiny.error, strict=True)
                    ]
                },
                "nats per choice gained",
                rule=0.0,
            ),
        )


def cells_pictures(rows: Sequence[Miss]) -> Iterator[Picture]:
    """Yield the cells of outcome and run, where there are choices enough in all."""
    if not (found := cells(rows)):
        return
    yield Picture(
        "cells",
        "How many more switches there were than expected, in 100 choices after each outcome and run, with"
        f" intervals as above. {READING}",
        ranges(
            [f"after {run}" for run in RUNS],
            {
                f"and {outcome}": [
                    Range(*(100 * (row.switched - row.expected + by) for by in (0.0, -row.reach, row.reach)))
                    for row in own
                ]
                for outcome, own in found.items()
            },
            "switches in 100 choices beyond what was expected",
            rule=0.0,
        ),
    )


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
        f"How far the equations of {found.main} are ahead of {join_words(others)} in held-out choices, a dot"
        " for each person, sorted; below zero they are behind.",
        sorted_people(nats, "nats per choice ahead"),
    )


def _deciding_people(found: Findings) -> Iterator[str]:
    """Yield the rivals, and the network, whose difference from the equations one person decides."""
    result = found.held_out
    told = result.nll[result.models.index(found.told)]
    for other in (*found.rivals, found.network):
        nats = result.nll[result.models.index(other)] - told
        who = deciding_person(nats)
        if who is not None:
            total = float(nats.sum())
            yield (
                f"equations beside {other}, {_format_signed(total)} nats, without {result.people[who]}"
                f" {_format_signed(total - float(nats[who]))}"
            )


def _format_signed(nats: float) -> str:
    return f"{nats:+,.1f}"


def _below_chance(found: Findings) -> Iterator[str]:
    """Yield the models that predict worse than guessing, of all people or in a group of some."""
    whole = found.held_out
    parts = {"all people": whole} if len(whole.people) > 1 else {"this person": whole}
    parts |= {
        f"{name} {kind}": whole.of_people([own == kind for own in labels])
        for name, labels in found.groups.items()
        for kind in _shown_groups(labels)
    }
    for where, part in parts.items():
        yield from _worse_than_guesses(part, where)


def _worse_than_guesses(part: HeldOut, where: str) -> Iterator[str]:
    chance = float(np.exp(-part.chance))
    for model, likelihood in zip(part.models, part.likelihood, strict=True):
        if likelihood < chance * (1 - ROUNDING):
            yield f"{model} in {where} ({number(likelihood, 4)}, guessing {number(chance, 4)})"


def _shown_groups(labels: list[str]) -> list[str]:
    """List the groups of two people or more."""
    return [kind for kind in dict.fromkeys(labels) if labels.count(kind) > 1 and not is_missing(kind)]


def _held_out_table(caption: str, frame: pd.DataFrame, several: bool) -> TableBlock:
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
        " difference over people. Parameters: of each person; of a network, its weights divided by the"
        " people. AIC, BIC: of all choices; lower is better. Evidence: ln p(choices) under the declared"
        " priors; equations and networks have none."
    )
    if not several:
        note += " One person has no interval over people."
    names = ("model", "likelihood", "95 %", "behind", "95 %", "parameters", "AIC", "BIC", "evidence")
    return TableBlock(caption, names, tuple(rows), note=note)


def _by_group(found: Findings, frame: pd.DataFrame) -> Iterator[Block]:
    result = found.held_out
    for name, labels in found.groups.items():
        kinds = _shown_groups(labels)
        lost = sum(map(is_missing, labels))
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
        yield TableBlock(
            f"Likelihood of held-out choices by {name} (number of people), with 95 % intervals over people.",
            ("model", *names),
            rows,
            note=f"{MISSING}, {count(lost, 'person', 'people')}: in no group, and not tested."
            if lost
            else "",
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
    yield TableBlock(
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
        yield TableBlock(
            f"The most frequent models by {name}: frequency (protected exceedance probability).",
            ("group", *(("first", "second", "third")[: width - 1])),
            rows,
            note=f"All groups of {name} follow the models equally often with probability"
            f" {probability(difference.same)}, where half was expected beforehand.",
        )
