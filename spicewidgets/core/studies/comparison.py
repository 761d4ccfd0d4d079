"""The result of a comparison of models by choices that they did not learn from, in tables and sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import nan
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd

from ..judge import misses
from ..judge.groups import LEAST, MISSING, is_missing
from ..judge.misses import Miss
from ..judge.random_effects import GroupDifference, differences_of_groups
from ..rivals.declaration import CEILING
from ..rivals.dimensions import Dimensions
from ..rivals.folds import describe_fewer_folds
from ..rivals.held_out import HeldOut, stage_column
from ..rivals.model import Floats
from ..settings import LEVEL
from ..wording import count_people, join_words
from .source import OWN

SHARE = f"{100 * LEVEL:g} %"  # that an interval holds
WIDTH = 92  # columns of running text
RENAMED = {"SPICE equations": OWN[0], "SPICE network": OWN[1]}


@dataclass(frozen=True, eq=False)
class ComparisonRow:
    """One model, the first axis of what is drawn.

    Attributes:
        name: as it is called in the table.
        numbers: of each person, on average.
        likelihood, low, high: geometric mean of P of the choices held out, and its 95 % interval over people;
            NaN for one person.
        less, less_low, less_high: nats per choice less than the best (0 or below), and the 95 % interval of
            this difference, person by person; NaN for one person.
        share, most_common: its estimated frequency in the population by random effects (Stephan et al. 2009),
            and protected exceedance probability; NaN for one person or one model.
        aic, bic, evidence: sums over people.
    """

    name: str
    numbers: float
    likelihood: float
    low: float
    high: float
    less: float
    less_low: float
    less_high: float
    share: float
    most_common: float
    aic: float
    bic: float
    evidence: float

    @property
    def is_own(self) -> bool:
        """True of SPICE and its network."""
        return self.name in OWN


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """The comparison so far.

    Attributes:
        held_out: how well each model expects what was held out.
        labels: what the table says people are: for each kind of groups the label of each person.
        way: how rivals were fitted.
        asked: parts that the choices should be taken apart into.
        whole: whether all models are there.
        dimensions: how many variables the choices need; None where that was not asked.
        told, network: the equations that are told, and their network.
    """

    held_out: HeldOut
    labels: Mapping[str, Sequence[str]]
    way: str
    asked: int
    whole: bool
    dimensions: Dimensions | None = None
    told: str = OWN[0]
    network: str = OWN[1]

    @property
    def is_of_several(self) -> bool:
        """True where there are people to draw anew."""
        return len(self.held_out.people) > 1

    @property
    def n_folds(self) -> int:
        """The number of parts that were held out."""
        return self.held_out.n_folds

    @property
    def n_choices(self) -> int:
        """The number of choices in all."""
        return int(self.held_out.n_choices.sum())

    @property
    def people(self) -> tuple[str, ...]:
        """The labels of the people."""
        return tuple(map(str, self.held_out.people))

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups of each, by all columns of the table; empty texts without."""
        if not self.labels:
            return ("",) * len(self.people)
        both = zip(*self.labels.values(), strict=True)
        return tuple(", ".join(label or MISSING for label in labels) for labels in both)

    @cached_property
    def rows(self) -> tuple[ComparisonRow, ...]:
        """A row for each model, the best first."""
        frame = self.held_out.to_frame()
        if not self.is_of_several:
            frame[["low", "high", "behind_low", "behind_high", "frequency", "protected"]] = nan
        return tuple(_row(line) for _, line in frame.iterrows())

    @property
    def pair(self) -> tuple[str, ...]:
        """The two that are compared person by person: the equations, or the best, and the best of the
        others.
        """
        names = [row.name for row in self.rows if row.name != CEILING] or [CEILING]
        first = self.told if self.told in names else names[0]
        return (first, *[name for name in names if name not in (first, self.told, self.network)][:1])

    @property
    def apart(self) -> Floats:
        """Nats in 100 choices by which the first of the pair is better, of each person, `(n_people,)`."""
        if len(self.pair) < 2:
            return np.zeros(len(self.people))
        one, other = (self.held_out.nll[self.held_out.models.index(name)] for name in self.pair)
        return np.asarray(100 * (other - one) / self.held_out.n_choices)

    @cached_property
    def risk(self) -> float:
        """Probability that all models are equally common; NaN where that is not known."""
        known = self.is_of_several and len(self.rows) > 1
        return float(self.held_out.frequencies().omnibus_risk) if known else nan

    @cached_property
    def differences(self) -> Mapping[str, GroupDifference]:
        """The test that groups follow the models equally often, for each kind of groups."""
        evidence = pd.DataFrame(-self.held_out.nll.T, columns=list(self.held_out.models))
        return differences_of_groups(evidence, self.labels)

    @property
    def same(self) -> dict[str, float]:
        """The probability that they do, for each kind of groups."""
        return {name: difference.same for name, difference in self.differences.items()}

    @cached_property
    def by_person(self) -> pd.DataFrame:
        """A row for each person and model."""
        return self.held_out.by_person()

    @cached_property
    def parts(self) -> "Mapping[str, ModelComparison]":
        """The same of the people of each group of two or more, by its name, once all models are there."""
        return {
            f"{name} {label}": replace(self, held_out=self.of_group(name, label), labels={})
            for name, own in (self.labels if self.whole else {}).items()
            for label in sorted(filter(None, set(own)))
            if 1 < list(own).count(label) < len(own)
        }

    def of_group(self, name: str, label: str) -> HeldOut:
        """Return the predictions of the people with a label."""
        return self.held_out.of_people([own == label for own in self.labels[name]])

    @property
    def fewer(self) -> str:
        """Why there are fewer parts than were asked for; empty where there are not."""
        return str(describe_fewer_folds(self.held_out.by, self.n_folds, self.asked))

    @property
    def sentence(self) -> str:
        """The result in a sentence."""
        best = self.rows[0]
        if len(self.rows) < 2:
            return f"{best.name}: {best.likelihood:.3f} per choice held out. The others follow."
        second = self.rows[1]
        if second.less_low != second.less_low:
            return (
                f"{best.name} expects the choices best: {-second.less:.4f} nats a choice over {second.name}."
                " How sure that is takes several people."
            )
        ends = f"{-second.less_high + 0.0:.3f} to {-second.less_low:.3f}, {SHARE}"
        nats = f"{-second.less:.3f} nats a choice over {second.name} ({ends})"
        if second.less_high >= 0:
            close = [row.name for row in self.rows[1:] if row.less_high >= 0]
            return f"{best.name} expects the choices best, but {join_words(close, 3)} may be as good: {nats}."
        return f"{best.name} expects the choices best: {nats}."

    @property
    def scale(self) -> tuple[ComparisonRow, ...]:
        """The models between chance and what can be predicted: the simplest rival that has parameters,
        equation, network, and the ceiling; empty without the last.
        """
        rows = {row.name: row for row in self.rows}
        rivals = [row for row in self.rows if row.name in self.held_out.fits and row.numbers]
        simplest = min(rivals, key=lambda row: row.numbers, default=None)
        names = ("" if simplest is None else simplest.name, self.pair[0], self.told, self.network, CEILING)
        return tuple(rows[name] for name in dict.fromkeys(names) if name in rows) if CEILING in rows else ()

    @property
    def share_in_words(self) -> str:
        """Chance, the simplest rival, equation, network and ceiling on one line, and the share that the first
        of the pair has of what can be predicted; empty without a ceiling above chance.
        """
        share, low, high = self.held_out.share_of_ceiling(self.pair[0])
        if share != share:
            return ""
        ends = f" ({100 * low:.0f} to {100 * high:.0f} %, {SHARE})" if low == low else ""
        models = [f"chance {np.exp(-self.held_out.chance):.3f}"]
        for row in self.scale:
            interval = f" ({row.low:.3f} to {row.high:.3f})" if row.low == row.low else ""
            models.append(f"{row.name} {row.likelihood:.3f}{interval}")
        explained = f"{100 * share:.0f} %{ends} of what can be predicted beyond chance"
        if share > 1:
            explained += "; of so few choices these networks learn less than there is"
        return f"Likelihood per choice: {', '.join(models)}. Explained by {self.pair[0]}: {explained}."

    @cached_property
    def misses(self) -> tuple[Miss, ...]:
        """All that networks without structure expect better than the first of the pair, by what came before;
        empty without these, and for few people.
        """
        result = self.held_out
        if result.choices is None or CEILING not in result.expected:
            return ()
        models = (result.expected[name] for name in (self.pair[0], CEILING))
        return misses.misses(result.choices, *models, seed=result.random_state)

    @property
    def cells(self) -> Mapping[str, Sequence[Miss]]:
        """Those by outcome and run; empty where there are too few choices for all."""
        return misses.cells(self.misses)

    @property
    def reading(self) -> str:
        """A sentence on how these are read."""
        return misses.READING

    @cached_property
    def misses_in_words(self) -> tuple[str, ...]:
        """A sentence for each that is beyond chance, and one that says what they are; empty without."""
        if not self.misses:
            return ()
        choices = self.held_out.choices
        assert choices is not None
        found = misses.sure_misses(self.misses, choices)
        many = f"{len(self.misses)} kinds of histories"
        if not found:
            return (f"After none of {many} do networks without structure surely expect more.",)
        head = f"What networks without structure expect better than {self.pair[0]}"
        return (f"{head} ({SHARE} of all {many} together):", *(one.sentence for one in found))

    @property
    def chance(self) -> str:
        """The chance of such a result, in sentences."""
        if self.risk != self.risk:
            return "How common each model is among people takes several people."
        most = sorted(self.rows, key=lambda row: -row.most_common)[:2]
        probable = "below 0.0001" if self.risk < 1e-4 else f"{self.risk:.2g}"
        words = f"That all {len(self.rows)} are equally common has P {probable}. "
        if most[0].most_common >= 0.95:
            words += f"The most common is {most[0].name} (protected exceedance {most[0].most_common:.2f})."
        else:
            both = f"{most[0].name} {most[0].most_common:.2f}, {most[1].name} {most[1].most_common:.2f}"
            words += f"Which is the most common is open: {both} (protected exceedance)."
        for name, same in self.same.items():
            sure = "above 0.99" if same > 0.99 else f"{same:.2g}"
            words += f" That all groups of {name} follow the models equally often has P {sure}."
        return words

    @property
    def text(self) -> str:
        """All models in a table, then those of each group."""
        return "\n\n".join(self._blocks())

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each model, the best first."""
        return self.held_out.to_frame()

    def _blocks(self) -> Iterator[str]:
        result = self.held_out
        way = "prior" if self.way == "group" and result.by == "person" else self.way  # all people are one
        yield (
            f"{self.n_choices:,} choices of {count_people(len(self.people))}, held out by {result.by} in"
            f" {self.n_folds} parts; rivals fitted by {way}:\n\n{_table(result)}"
        )
        yield from filter(None, (self.fewer, fill(self.share_in_words, WIDTH)))
        yield from (fill(words, WIDTH) for words in self.misses_in_words)
        if self.dimensions is not None:
            table = self.dimensions.to_frame().to_string(index=False, float_format="{:.4f}".format)
            yield f"{fill(self.dimensions.sentence, WIDTH)}\n\n{table}"
        risk = result.frequencies().omnibus_risk if len(result.models) > 1 else 1.0
        yield fill(
            "likelihood: geometric mean of P(choice), with its 95 % interval over people. behind: nats per"
            " choice worse than the best. people: of whom it predicts the choices best. frequency: its"
            " estimated frequency in the population that they are from (random effects; Stephan et al. 2009)."
            " protected: probability that it is the most frequent one, allowing for all being equal"
            f" (probability {risk:.3f}).",
            WIDTH,
        )
        for name in self.labels:
            yield from self._describe_groups(name)

    def _describe_groups(self, name: str) -> Iterator[str]:
        """Yield the tables of the groups of one kind, and how far they follow other models."""
        labels = self.labels[name]
        if lost := sum(map(is_missing, labels)):
            yield f"{name} {MISSING}, {lost} people: they are in no group, and are not tested."
        kinds = [label for label in dict.fromkeys(labels) if not is_missing(label)]
        for label in kinds:
            part = self.of_group(name, label)
            if len(part.people) > 1:
                yield f"{name} {label}, {len(part.people)} people:\n\n{_table(part)}"
        if name in self.differences:
            same = self.differences[name].same
            yield f"All groups of {name} follow the models equally often with probability {same:.3f}."
        elif len(kinds) > 1:
            yield f"Groups of {name} are not tested: fewer than two have {LEAST} people."


def join_comparisons(parts: Sequence[HeldOut]) -> HeldOut:
    """Models that were compared on the same choices one by one, as if they had been compared at once."""
    arrays: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name in ("nll", "numbers", "aic", "bic", "evidence")
    }
    mappings: dict[str, Any] = {
        name: {key: value for part in parts for key, value in getattr(part, name).items()}
        for name in ("fits", "estimators", "equations", "priors")
    }
    mappings["expected"] = {
        RENAMED.get(name, name): one for part in parts for name, one in part.expected.items()
    }
    stages = {
        name: np.concatenate([part.stages[name] for part in parts if part.stages]) for name in parts[0].stages
    }
    names = tuple(RENAMED.get(name, name) for part in parts for name in part.models)
    return replace(parts[0], models=names, stages=stages, **arrays, **mappings)


def declarations(result: HeldOut) -> pd.DataFrame:
    """Return a row for each rival and parameter: what a paper has to say of it."""
    rows = []
    for fit in result.fits.values():
        rival = fit.rival
        for i, (name, parameter) in enumerate(rival.columns(fit.n_actions) or (("", None),)):
            rows.append(
                {
                    "rival": rival.name,
                    "words": rival.words,
                    "equation": rival.equation,
                    "source": rival.source,
                    "parameter": name,
                    "meaning": "" if parameter is None else parameter.words,
                    "low": None if parameter is None else parameter.low,
                    "high": None if parameter is None else parameter.high,
                    "prior": "" if parameter is None else parameter.prior_words,
                    "median": None if parameter is None else float(pd.Series(fit.values[:, i]).median()),
                    "starts": fit.n_starts,
                    "agreement": float(fit.agreement.mean()),
                }
            )
    return pd.DataFrame(rows)


def _table(result: HeldOut) -> str:
    """Write all models in columns, for the terminal."""
    frame = result.to_frame()
    best = [result.models[place] for place in result.nll.argmin(0)]
    shown = {
        "model": frame["model"],
        "likelihood": frame["likelihood"].map("{:.4f}".format),
        "95 %": [
            "" if pd.isna(low) else f"{low:.3f} to {high:.3f}"
            for low, high in zip(frame["low"], frame["high"], strict=True)
        ],
        **{name: frame[stage_column(name)].map("{:.4f}".format) for name in result.stages},
        "behind": frame["behind"].map("{:.4f}".format),
        "parameters": frame["numbers"].map("{:.1f}".format),
    }
    if "frequency" in frame:
        shown["people"] = [f"{best.count(model)}" for model in frame["model"]]
        shown |= {name: frame[name].map("{:.2f}".format) for name in ("frequency", "protected")}
    for name in ("aic", "bic", "evidence"):
        shown[name.upper() if name != "evidence" else name] = frame[name].map(
            lambda value: "" if pd.isna(value) else f"{value:,.0f}"
        )
    return str(pd.DataFrame(shown).to_string(index=False))


def _row(line: "pd.Series[Any]") -> ComparisonRow:
    """Return a line of the table of models."""
    kept = {
        name: float(line[name]) for name in ("numbers", "likelihood", "low", "high", "aic", "bic", "evidence")
    }
    return ComparisonRow(
        name=str(line["model"]),
        less=-float(line["behind"]) + 0.0,
        less_low=-float(line["behind_high"]) + 0.0,
        less_high=-float(line["behind_low"]) + 0.0,
        share=float(line.get("frequency", nan)),
        most_common=float(line.get("protected", nan)),
        **kept,
    )
