"""The work behind a report: everything that a study has to show, one part after the other.

Held-out choices come first; what follows asks whether to believe what they say. Each part can be left out,
and what has been found stays when the work is stopped.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike

from ..core.checks import raise_if_any
from ..core.data.choices import Choices
from ..core.data.dataset import DatasetRNN
from ..core.discover.group_table import group_table
from ..core.discover.people import people
from ..core.equations import SpiceModel, term_text
from ..core.estimator import SpiceEstimator
from ..core.judge.groups import is_missing
from ..core.judge.random_effects import differences_of_groups
from ..core.progress import Progress, map_progress
from ..core.rivals.declaration import CEILING
from ..core.rivals.design import Design
from ..core.rivals.dimensions import Dimensions, dimensions_of, tiny_networks
from ..core.rivals.folds import way_for
from ..core.rivals.held_out import HeldOut, held_out_steps
from ..core.rivals.ready import ALL, rivals_for
from ..core.settings import Settings, SettingsError
from ..core.studies.comparison import join_comparisons
from ..core.studies.data_sets import DataSetStudy, count_processes
from ..core.studies.equation_recovery import EquationRecovery
from ..core.studies.falsification import FalsificationSettings, FalsificationStudy
from ..core.studies.ready import STUDIES
from ..core.studies.recovery import ModelRecovery, ParameterRecovery
from ..core.studies.search_study import SearchStudy
from ..core.studies.source import Source
from .findings import Findings, best_of, equation_sets, sets_of
from .individuals import halves_of, terms_of

PRICES = (0.5, 2.0, 4.0)  # times the price of a term
FIRST = ("rescorla-wagner", "with-kernel")  # rivals of the first report
FEW_RIVALS = "Not all rivals were compared yet: the best of them may be another one."
RECOVERIES = ("parameters", "equations", "rivals")
# What takes how long, about, in fits of a rival to all choices: to learn a model; in a simulated data set, to
# find its equations and to fit a rival; to play once, by each of so many who play; a further study.
MODEL, EQUATIONS_AGAIN, RIVAL_AGAIN, PLAY, PLAYED, FURTHER_COST = 3, 2, 0.55, 0.35, 4, 20
FURTHER = tuple(name for name, study in STUDIES.items() if study.is_further)


@dataclass(frozen=True)
class Plan:
    """The plan of a report.

    Attributes:
        models: estimators that are not fitted yet, by name; the equations that predict best are told.
        rivals: names of the rivals; all ready ones for the kind of task where none is named.
        by, folds, way: as in `held_out`.
        repeats: times that each model plays anew where the schedule is known; 0 for no falsification.
        datasets: simulated data sets of each kind; 0 for no recovery.
        ceiling: whether networks without structure are compared, too.
        dimensions: whether tiny ones say how many variables the choices need.
        search: whether a mechanism is looked for that a plain learner lacks.
        stability: whether equations are found again in halves of the choices and at other prices.
        jobs: processes of the simulations.
        folder: where finished simulations are kept, so that another run goes on from there.
        seed: of all.
        seed_of_play: of models that play the task anew; None takes `seed`.
        settings: of further studies, by name; their defaults where nothing is said.
    """

    models: Mapping[str, SpiceEstimator]
    rivals: tuple[str, ...] = ()
    by: str = "session"
    folds: int = 4
    way: str = "group"
    repeats: int = 100
    datasets: int = 1
    ceiling: bool = False
    dimensions: bool = False
    search: bool = False
    stability: bool = True
    jobs: int | None = None
    folder: Path | None = None
    seed: int = 0
    seed_of_play: int | None = None
    settings: Mapping[str, Settings] = field(default_factory=dict)


class Inquiry:
    """A study of choices.

    Args:
        data: the choices, of a table or simulated.
        plan: what is done.
        title: of the study.
        source: a sentence on where the choices come from.
        settings: what was chosen, by name, as it is shown.
        script: what repeats the study.
        versions: of the packages.
        truth: of a simulated participant: compares the equations of an estimator with the true ones.
        schedule: the task's reward probabilities, as in `falsify`; None where they are not known.

    Attributes:
        findings: what has been found so far; None until held-out choices have been predicted.
    """

    def __init__(
        self,
        data: Choices | DatasetRNN,
        plan: Plan,
        *,
        title: str = "A study of choices",
        source: str = "",
        settings: Mapping[str, str] | None = None,
        script: str = "",
        versions: Mapping[str, str] | None = None,
        truth: Callable[[SpiceEstimator], pd.DataFrame] | None = None,
        schedule: ArrayLike | None = None,
    ) -> None:
        self.choices = data if isinstance(data, Choices) else None
        self.dataset = data.dataset if isinstance(data, Choices) else data
        plan = replace(plan, rivals=plan.rivals or tuple(rivals_for(self.dataset.task)))
        raise_if_any(
            [
                None
                if plan.models
                else "A report tells equations; got no model. Name one, such as 'forgetting'.",
                None
                if not set(plan.models) & set(plan.rivals)
                else "models must have names of their own; got those of rivals,"
                f" {sorted(set(plan.models) & set(plan.rivals))}. Rename them.",
            ]
        )
        self.plan, self.truth, self.schedule = plan, truth, schedule
        self._words: dict[str, Any] = {
            "title": title,
            "source": source,
            "settings": dict(settings or {}),
            "script": script,
            "versions": dict(versions or {}),
        }
        self.findings: Findings | None = None

    def run(self) -> Generator[Progress, None, Findings]:
        """Do all parts; what is found stays in `findings`, whenever this is stopped."""
        plan, task = self.plan, self.dataset.task
        further = [name for name in FURTHER if task in (STUDIES[name].tasks or (task,))]
        further += [SearchStudy.name] if plan.search else []
        parts: dict[str, Callable[[], Generator[tuple[float, str], None, None]]] = {
            "held out": self._held_out,
            "falsification": self._falsify if plan.repeats else _nothing,
            "recovery": self._recover if plan.datasets else _nothing,
            "stability": self._stability if plan.stability else _nothing,
            **{name: partial(self._study, name) for name in further},
        }
        costs = self._costs()
        shares = {name: costs.get(name, 0.0) for name in parts} | dict.fromkeys(further, FURTHER_COST)
        shares["recovery"] = sum(costs[name] for name in RECOVERIES)
        total, before = round(sum(shares.values())), 0.0
        began = monotonic()
        for name, part in parts.items():
            for share, words in part():
                done = round(before + shares[name] * min(share, 1.0))
                yield Progress(min(done, total), total, f"{name}: {words}", monotonic() - began)
            before += shares[name]
        yield Progress(total, total, "done", monotonic() - began)
        assert self.findings is not None
        return self.findings

    def _costs(self) -> dict[str, float]:
        """Estimate how long each part takes, in fits of a rival to all choices."""
        plan, n_people = self.plan, self.dataset.n_participants
        n_rivals, repeats = len(plan.rivals), 1 if self.schedule is None else plan.repeats
        some, many = (sets_of(plan.datasets, n_people, least) for least in (10, 100))
        trained = len(plan.models) + plan.ceiling + plan.dimensions
        n_again = equation_sets(plan.datasets, n_people) if plan.datasets else 0
        aside = count_processes(plan.jobs)
        return {
            "held out": (plan.folds + 1) * (n_rivals + MODEL * trained),
            "falsification": bool(plan.repeats) * PLAYED * PLAY * repeats,
            "parameters": 2 * many / aside,
            "equations": EQUATIONS_AGAIN * n_again / aside,
            "rivals": RIVAL_AGAIN * some * n_rivals**2 / aside,
            "stability": plan.stability * (2 * MODEL + len(PRICES)),
        }

    def _held_out(self) -> Generator[tuple[float, str], None, None]:
        """Compare the models and few rivals first, so that there is a report soon; then all others."""
        plan, (by, _) = self.plan, way_for(self.dataset, self.plan.by)
        named = (*plan.rivals, *([CEILING] if plan.ceiling else []))
        tiny = tiny_networks(random_state=plan.seed) if plan.dimensions else {}
        models: dict[str, Any] = {name: name for name in named} | dict(plan.models) | tiny
        costs = {name: 1.0 if name in plan.rivals else MODEL for name in models}
        few = [name for name in FIRST if name in plan.rivals] or plan.rivals[:1]
        first = (*few, *plan.models)
        parts: dict[str, HeldOut] = {}
        for name in sorted(models, key=lambda name: name not in first):
            begin = sum(costs[one] for one in parts) / sum(costs.values())
            steps = held_out_steps(
                self.dataset,
                {name: models[name]},
                by,
                n_folds=plan.folds,
                way=self._way,
                random_state=plan.seed,
            )
            parts[name] = yield from _shares(steps, begin, begin + costs[name] / sum(costs.values()))
            if len(parts) in (len(first), len(models)):
                own = join_comparisons([parts[one] for one in models if one in parts and one not in tiny])
                found = [parts[one] for one in tiny if one in parts]
                self._tell_held_out(own, dimensions_of(join_comparisons(found)) if found else None)

    def _tell_held_out(self, result: HeldOut, dimensions: Dimensions | None) -> None:
        """Make findings of the models that were compared, or add to these."""
        groups = self._groups(result.people)
        evidence = pd.DataFrame(-result.nll.T, columns=list(result.models))
        differences = differences_of_groups(evidence, groups)
        if self.findings is not None:
            self.findings = replace(
                self.findings, held_out=result, dimensions=dimensions, differences=differences, notes=()
            )
            return
        main = best_of(result)
        estimator = result.estimators[main]
        table = people(estimator, self.choices if self.choices is not None else self.dataset)
        self.findings = Findings(
            dataset=self.dataset,
            held_out=result,
            dimensions=dimensions,
            main=main,
            way=self._way,
            report=None if self.choices is None else self.choices.report,
            groups=groups,
            differences=differences,
            people=table,
            terms=terms_of(estimator, table, result.equations.get(main, ())),
            term_groups=group_table(estimator),
            truth=None if self.truth is None else self.truth(estimator),
            notes=() if set(result.fits) >= set(self.plan.rivals) else (FEW_RIVALS,),
            **self._words,
        )

    def _groups(self, people: Sequence[Any]) -> dict[str, list[str]]:
        """Return the group of each of some people, by what the table says people are."""
        groups = {} if self.choices is None else self.choices.groups_of(people)
        known = {name: [label for label in own if not is_missing(label)] for name, own in groups.items()}
        return {name: own for name, own in groups.items() if 1 < len(set(known[name])) < len(known[name])}

    def _falsify(self) -> Generator[tuple[float, str], None, None]:
        """Judge the equations, their network, the best rival and the simplest one by what they do."""
        now, plan = self._now, self.plan
        seed = plan.seed if plan.seed_of_play is None else plan.seed_of_play
        settings = FalsificationSettings(
            rivals=self._shown_rivals(), way=self._way, n_repeats=plan.repeats, seed=seed
        )
        study = FalsificationStudy(settings, self._source)
        try:
            yield from _shares(study.steps())
        except SettingsError as error:
            self.findings = replace(now, not_played=" ".join(error.problems))
            return
        self.findings = replace(now, falsification=study.result())

    def _study(self, name: str) -> Generator[tuple[float, str], None, None]:
        """Do a further study; what keeps it from being done is a note."""
        now, kind, given = self._now, STUDIES[name], self.plan.settings
        settings = kind.settings_from(lambda group: given.get(group) or kind.groups()[group]())
        study = kind(settings, self._source)
        try:
            yield from _shares(study.steps())
        except SettingsError as error:
            self.findings = replace(now, notes=(*now.notes, *error.problems))
            return
        self.findings = replace(now, studies={**now.studies, name: study.result()})

    @property
    def _source(self) -> Source:
        """The choices, and the agents of what was fitted to them."""
        now = self._now
        estimator = now.estimator
        agents = {now.told: lambda: estimator.spice_agent, now.network: lambda: estimator.rnn_agent}
        return Source(self.dataset, self.choices, self.schedule, agents)

    def _shown_rivals(self) -> tuple[str, ...]:
        """Return the best rival, and the simplest one."""
        best, simplest = self._now.rivals[:1], self._now.simplest
        return tuple(dict.fromkeys((*best, *([simplest] if simplest else []))))

    @property
    def _way(self) -> str:
        """The method of fitting rivals: one person has no group."""
        alone = self.dataset.n_participants < 2
        return "prior" if alone and self.plan.way == "group" else self.plan.way

    def _recover(self) -> Generator[tuple[float, str], None, None]:
        now, plan, n_people = self._now, self.plan, self.dataset.n_participants
        some, many = (sets_of(plan.datasets, n_people, least) for least in (10, 100))
        design = Design.of_choices(self.dataset)
        fitted = now.held_out.priors
        counts: Any = {"random_state": plan.seed}
        costs = self._costs()
        ends = np.cumsum([costs[name] for name in RECOVERIES]) / sum(costs[name] for name in RECOVERIES)
        parameters = {}
        shown = [name for name in self._shown_rivals() if ALL[name].parameters]
        for place, name in enumerate(shown):
            study = ParameterRecovery(
                name,
                design,
                fitted[name],
                way=self._way,
                n_datasets=many,
                **counts,
            )
            begin, end = (ends[0] * at / len(shown) for at in (place, place + 1))
            yield from self._done(study, f"parameters-{name}", begin, end)
            parameters[name] = study
            self.findings = now = replace(now, parameters=dict(parameters))
        try:
            equations = EquationRecovery(
                now.estimator, self.dataset, n_datasets=equation_sets(plan.datasets, n_people), **counts
            )
        except SettingsError as error:
            self.findings = now = replace(now, notes=(*now.notes, *error.problems))
        else:
            yield from self._done(equations, "equations", ends[0], ends[1])
            self.findings = now = replace(now, equations=equations)
        if len(plan.rivals) > 1:
            models = ModelRecovery(design, plan.rivals, fitted, n_datasets=some, **counts)
            yield from self._done(models, "rivals", ends[1], 1.0)
            self.findings = replace(now, models=models)

    def _done(
        self, study: DataSetStudy, name: str, begin: float, end: float
    ) -> Generator[tuple[float, str], None, None]:
        folder = None if self.plan.folder is None else self.plan.folder / f"{name}-{study.key()[:12]}"
        jobs = self.plan.jobs
        with closing(study.run(folder, None if jobs == 1 else jobs)) as steps:
            for share, words in _shares(steps, begin, end):
                yield share, f"{name.replace('-', ' of ', 1)}, {words}"

    def _stability(self) -> Generator[tuple[float, str], None, None]:
        now = self._now
        blank = self.plan.models[now.main]
        parts = _halves(self.dataset)
        spices = []
        for place, part in enumerate(parts):
            estimator = deepcopy(blank)
            for _ in estimator.fit_records(part):
                yield 0.3 * place, f"half {place + 1} of {len(parts)}"
            if estimator.stopped_:
                raise KeyboardInterrupt
            spices.append(estimator.spice_model_)
        if len(spices) == 2:
            terms = now.terms.merge(halves_of(*spices), on=["module", "term"], how="left")
            self.findings = now = replace(now, terms=terms)
        rows = []
        for place, factor in enumerate(PRICES):
            yield 0.6 + 0.1 * place, f"{factor:g} times the penalty of a term"
            if (row := self._other_price(factor)) is not None:
                rows.append(row)
        self.findings = replace(now, sensitivity=pd.DataFrame(rows))

    def _other_price(self, factor: float) -> dict[str, Any] | None:
        """Terms that come or go where a term costs more or less; None where there is no price."""
        now = self._now
        price = _price(now.estimator)
        if price is None:
            return None
        other = deepcopy(now.estimator)
        spice = other.discover(price=factor * price)
        before, after = (_present(one) for one in (now.estimator.spice_model_, spice))
        return {
            "setting": f"penalty of a term x {factor:g}",
            "terms": len(after),
            "gone": ", ".join(sorted(before - after)),
            "new": ", ".join(sorted(after - before)),
        }

    @property
    def _now(self) -> Findings:
        assert self.findings is not None
        return self.findings


def _nothing() -> Generator[tuple[float, str], None, None]:
    yield from ()


def _shares(
    steps: Generator[Progress, None, Any], begin: float = 0.0, end: float = 1.0
) -> Generator[tuple[float, str], None, Any]:
    """Do some work, which takes a part of all from one share to another."""

    def to_share(step: Progress) -> tuple[float, str]:
        return begin + (end - begin) * step.done / max(step.total, 1), step.words

    return (yield from map_progress(steps, to_share))


def _halves(dataset: DatasetRNN) -> list[DatasetRNN]:
    """Every other session of each person; nothing where somebody has one session only."""
    codes = dataset.participant_ids.numpy()
    place = np.tril(codes[:, None] == codes, -1).sum(1)
    if (np.unique(codes, return_counts=True)[1] < 2).any():
        return []
    trials = torch.arange(dataset.n_trials)
    parts = []
    for half in (0, 1):
        own = torch.from_numpy(np.flatnonzero(place % 2 == half))
        parts.append(dataset.take(own, trials.expand(len(own), -1)))
    return parts


def _price(estimator: SpiceEstimator) -> float | None:
    """Return the penalty of a term."""
    if hasattr(estimator, "group_"):
        return 1.0 if estimator.price is None else float(estimator.price)
    prices = [term.price for one in getattr(estimator, "evidence_", {}).values() for term in one.terms]
    return float(np.median(prices)) if prices else None


def _present(spice: SpiceModel) -> set[str]:
    """Terms that somebody has."""
    return {
        f"{term_text(term)} in {module}"
        for module, rows in spice.equations.items()
        for row in rows
        if row is not None
        for term, _ in row.active
    }
