"""All states together: what depends on what, what is stale and why, and all of it as plain data.

Links the states and owns none of their settings.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import fields, replace
from typing import Any

from traitlets import Any as Anything, Bool, Dict, HasTraits, Int, List, Unicode

from ..core.models import MODELS, READY, models_for
from ..core.settings import BANDITS, SettingsError, shorten
from ..core.tasks import BANDIT_NAME, TASKS
from ..core.wording import join_words
from .base import Change, State
from .comparison import ComparisonState
from .data import DataState
from .discovery import DiscoveryState
from .graph import GROUPS, KEPT, ExperimentSnapshot, groups_before, groups_of
from .model import ModelState
from .participant import ParticipantState
from .presets import PRESETS
from .run import Playback, RunState
from .stages import STAGES
from .studies import STATES, STUDIES, rivals_of
from .table import Table, TableState
from .task import TaskState
from .training import TrainingState

VERSION = 1
# Settings whose value is too long to be said.
TOO_LONG = {"own": "another model", "built": "other states and modules", "libraries": "another library"}


class Experiment(HasTraits):
    """One experiment: its settings, its run, and how they stand to each other.

    Attributes:
        task, participant, data, table, model, training, discovery, comparison,
            and those of studies (`STATES`): the settings, a state for each.
        run: the run that is under way or has ended.
        playback: how far its training is shown, which is slower than it runs.
        problems: all that keeps a run from beginning, in sentences, each with the name of its group first.
        stages: for each of `STAGES`: "done", "stale" or "todo".
        stale_because: a sentence for each stage that is stale.
        blocked: a sentence for each of train, stop, continue, step, reset, refit and the studies
            (`STUDIES`) that cannot be done now.
        studied: the settings of each study that there are results of, by its name. Set by the runner.
        trained, discovered, paused: the settings of the trained RNN, of the equations, and of the run that
            goes step by step; None without. Set by the runner.
        person: label of the participant whose equations are looked at in all panels; None for the first.
        view: name of the panel on show, one of `STAGES`; empty where the page says nothing of it.
        preset: the preset that was loaded last.
        lesson: the `Lesson` that holds some of the settings; None without. See state/lesson.py.
        lesson_stays: whether neither an address nor a file may bring another lesson.
        lesson_note: what the lesson has kept from the settings that were loaded last, in a sentence; else
            empty.
        revision: counts the changes of anything above, once all of it is up to date.
        follow_training, follow_library: whether results are brought up to date without being asked.
    """

    _kept: tuple[dict[str, Any], ExperimentSnapshot] | None = None  # parts, and what they made last
    _waits = False  # whether more changes are to come before what follows is brought up to date

    problems = List(Unicode())
    stages = Dict()
    stale_because = Dict()
    blocked = Dict()
    trained = Anything(None)
    discovered = Anything(None)
    paused = Anything(None)
    person = Anything(None, help="Label of the participant who is looked at; None for the first.")
    view = Unicode("", help="Name of the panel on show; empty where the page says nothing of it.")
    studied = Dict(help="The settings of each study that there are results of.")
    preset = Unicode("the tutorial")
    lesson = Anything(None)
    lesson_stays = Bool(False, help="Whether no other lesson can be opened.")
    lesson_note = Unicode("", help="What the lesson has kept from the settings that were loaded last.")
    revision = Int(0, help="Counts the changes of the settings and of what depends on them.")
    follow_training = Bool(False, help="Train again by itself whenever a setting has changed.")
    follow_library = Bool(True, help="Find the equations again by itself whenever their library has changed.")

    def __init__(self, preset: str = "the tutorial") -> None:
        super().__init__()
        self.task, self.participant, self.data = TaskState(), ParticipantState(), DataState()
        self.table = TableState()
        self.model, self.training, self.discovery = ModelState(), TrainingState(), DiscoveryState()
        self.comparison, self.run = ComparisonState(), RunState()
        self.playback = Playback()
        for name, kind in STATES.items():
            setattr(self, name, kind())
        self.lock: AbstractContextManager[Any] = nullcontext()  # the runner's, where there is one
        self.presets: dict[str, dict[str, Any]] = {name: dict(preset) for name, preset in PRESETS.items()}
        for name in GROUPS:
            state = self.group(name)
            state.observe(self._on_change, [*state.names(), "problems"])
        self.task.observe(self._on_kind, "kind")
        self.model.observe(self._on_change, ["names_revision"])
        self.run.observe(self._on_change, ["status", "result_revision"])
        self.observe(self._on_change, ["trained", "discovered", "paused", "studied", "lesson"])
        self.load_preset(preset)
        self.refresh()

    def group(self, name: str) -> State[Any]:
        """Return the state of one of the groups of settings."""
        state: State[Any] = getattr(self, name)
        return state

    def peek(self) -> ExperimentSnapshot:
        """Return the settings as they stand, right or wrong."""
        parts = {name: getattr(self, name).peek() for name in (*KEPT, *STATES)}
        kept = self._kept
        if kept is None or any(kept[0][name] is not part for name, part in parts.items()):
            studies = {name: parts[name] for name in STATES}
            kept = parts, ExperimentSnapshot(**{name: parts[name] for name in KEPT}, studies=studies)
            self._kept = kept
        return kept[1]

    def snapshot(self) -> ExperimentSnapshot:
        """Return the settings, frozen.

        Raises:
            SettingsError: With all problems.
        """
        if problems := self.find_problems():
            raise SettingsError(problems)
        return self.peek()

    def find_problems(self) -> list[str]:
        """Return a sentence for everything that keeps a run from beginning."""
        found = [
            f"{name}: {sentence}"
            for name in groups_before("equations")
            for sentence in getattr(self, name).find_problems()
        ]
        return found or [f"model: {sentence}" for sentence in _model_problems(self.peek())]

    def refresh(self) -> None:
        """Bring problems, stages and what is blocked up to date."""
        self.discovery.spec = self.model.spec
        self._clamp()
        present = self.peek()
        self.problems = self.find_problems()
        why = self._stale(present)
        with self.hold_trait_notifications():
            self.stale_because = why
            self.stages = self._stages(why)
            self.blocked = self._find_blocked(present)
            self.revision += 1

    def take_choices(self, table: Table | None) -> None:
        """Take the choices of an open table; those of the simulated participant for None. A ready model of
        another kind of task gives way to the one of theirs.
        """
        with self.refresh_once():
            if table is None:
                self.table.leave()
            else:
                self.table.take(table)
            self._suit_model()

    def models_offered(self) -> tuple[str, ...]:
        """List the models to choose from: those for the kind of the choices, and those of the user's own."""
        fitting = models_for(self.peek().choices_of)
        return tuple(name for name in self.model.choices if name not in MODELS or name in fitting)

    def _suit_model(self) -> None:
        """Let a ready model of another kind of task give way to the one of the choices' kind."""
        present = self.peek()
        kind, own = present.choices_of, present.model.task
        fits = own is None or TASKS[kind].takes(own)
        if not fits and self.model.name in MODELS and TASKS[kind].model:
            self.model.name = TASKS[kind].model
        self._suit_learners(kind)

    def _suit_learners(self, kind: str) -> None:
        """Let learners who do not play the kind of task give way, where they are to be told apart."""
        learners, fitting = self.group("learners"), list(rivals_of(kind))
        if learners.first in fitting and learners.second in fitting:
            return
        if kind == BANDIT_NAME:
            learners.put({name: learners.default(name) for name in ("first", "second", "effect")})
        else:
            own = TASKS[kind].rival
            other = next(name for name in reversed(fitting) if name != own)
            learners.put({"first": own, "second": other, "effect": None})

    @contextmanager
    def refresh_once(self) -> Iterator[None]:
        """Bring up to date what follows from several changes once, after the last of them."""
        with self.lock:
            self._waits = True
            try:
                yield
            finally:
                self._waits = False
            self.refresh()

    def _on_change(self, change: Change) -> None:
        with self.lock:
            if not self._waits:
                self.refresh()

    def _on_kind(self, change: Change) -> None:
        """Follow another kind of task: its choices ask for a model of their kind, of a bandit for any that is
        for bandits.
        """
        if self.task.problems or self.table.name:
            return
        if self.task.kind in BANDITS or self.model.name not in MODELS:
            self._suit_model()
        else:
            self.model.name = self.peek().task.declaration.model
            self._suit_learners(self.peek().choices_of)

    def sound(self, *groups: str) -> bool:
        """Tell whether the settings of these groups have no problem, so that they can be previewed."""
        return not any(getattr(self, name).find_problems() for name in groups)

    def _clamp(self) -> None:
        """Move to the last session and arm where the compared ones no longer exist."""
        present = self.peek()
        if not self.data.problems and not self.comparison.problems_of("session"):
            self.comparison.session = min(self.comparison.session, present.n_sessions - 1)
        if not self.task.problems and not self.comparison.problems_of("arm"):
            self.comparison.arm = min(self.comparison.arm, present.n_actions - 1)

    def _stale(self, present: ExperimentSnapshot) -> dict[str, str]:
        why = {}
        for study, snapshot in self.studied.items():
            if present.differs(snapshot, *groups_of(study)):
                again = STUDIES[study].again or f"{STUDIES[study].word} again."
                why[study] = f"This result is for {self._was(snapshot, *groups_of(study))}. {again}"
        if self.trained is not None and present.differs(self.trained, "network"):
            why["train"] = f"This network is for {self._was(self.trained, 'network')}. Train again."
        if self.discovered is None or not present.differs(self.discovered, "equations"):
            return why
        moved, again = "discovery", "Find the equations again."
        if present.differs(self.discovered, "network"):
            moved, again = "network", "Train again."
        reason = f"This result is for {self._was(self.discovered, moved)}. {again}"
        of_it = [study for study in self.studied if STUDIES[study].is_of_result]
        return why | dict.fromkeys(("equation", "compare", *of_it), reason)

    def _was(self, then: ExperimentSnapshot, *names: str) -> str:
        """Describe the settings before these that were different then: the first two, and how many more."""
        settings = []
        changed = sorted(
            self.peek().changed_groups(then, *names), key="table".__ne__
        )  # other data before all else
        for group in changed:
            state, before, present = self.group(group), then.group(group), self.group(group).peek()
            if isinstance(before, Table):
                settings.append(
                    before.words if before.name != present.name else f"{before.name}, read otherwise"
                )
                continue
            for item in fields(before):
                old, new = getattr(before, item.name), getattr(present, item.name)
                if item.compare and old != new:
                    settings.append(_in_words(state, item.name, old))
        return join_words(settings, 2)

    def _stages(self, why: Mapping[str, str]) -> dict[str, str]:
        runs = {"train": self.trained, "equation": self.discovered}
        progress = {
            name: "todo" if self.group(name).problems else "done" for name in groups_before("equations")
        }
        for name, snapshot in runs.items():
            progress[name] = "todo" if snapshot is None else "stale" if name in why else "done"
        for name in {study.stage() for study in STUDIES.values()}:
            parts = [study for study in self.studied if STUDIES[study].stage() == name]
            progress[name] = "todo" if not parts else "stale" if why.keys() & set(parts) else "done"
        return {name: progress[row.depends_on] for name, row in STAGES.items()}

    def _find_blocked(self, present: ExperimentSnapshot) -> dict[str, str]:
        busy = "A run is under way. Stop it first." if self.run.busy else ""
        wrong = f"First correct: {self.problems[0]}" if self.problems else ""
        untrained = "Nothing is trained yet. Train first." if self.trained is None else ""
        moved = untrained
        if self.trained is not None and present.differs(self.trained, "untrained"):
            was = self._was(self.trained, "untrained")
            moved = f"This network is for {was}: the data or the model changed. Train instead."
        stepping = self.paused is not None and not present.differs(self.paused, "network")
        empty = "Nothing has been run yet." if untrained and not self.run.history else ""
        return {
            "train": busy or wrong,
            "stop": "" if self.run.status == "running" else "Nothing is running.",
            "continue": busy or wrong or ("" if stepping else moved),
            "step": busy or wrong,
            "reset": busy or empty,
            "refit": busy or wrong or moved,
            **{study: busy or wrong or self.study_blocker(study) for study in STUDIES},
        }

    def study_blocker(self, study: str) -> str:
        """Why a study cannot be done."""
        present, declared = self.peek(), STUDIES[study]
        wrong = [sentence for group in declared.groups() for sentence in self.group(group).find_problems()]
        if wrong:
            return f"First correct: {wrong[0]}"
        if declared.asks_truth and (unknown := _unknown_terms(present)):
            return unknown
        if declared.asks_equations and self.discovered is None:
            return "There are no equations yet. Train first."
        stale = str(self.stale_because.get("equation", "")) if declared.asks_equations else ""
        if not stale and declared.without_dropout and present.training.dropout:
            return declared.without_dropout
        settings = declared.settings_from(present.group)
        stale = stale or declared.describe_misfit(settings, present.choices_of)
        return stale or declared.describe_obstacle(settings, present.n_participants, present.n_sessions)

    def shown_resampling(self) -> Any:
        """Return the settings of the resamples on show, and the interval that is drawn; None without any, or
        where the settings of their equations have changed since.
        """
        if "uncertainty" not in self.studied or "equation" in self.stale_because:
            return None
        resampling = self.studied["uncertainty"].group("uncertainty")
        return replace(resampling, level=self.group("uncertainty").peek().level)

    def to_dict(self) -> dict[str, Any]:
        """All settings as plain data (JSON), with the version of their form."""
        return {"version": VERSION, **{name: self.group(name).to_dict() for name in GROUPS}}

    def from_dict(self, data: object) -> None:
        """Take over settings that `to_dict` wrote; groups and settings left out get their default. What a
        lesson holds stays, and `lesson_note` says so.

        Raises:
            SettingsError: With every problem at once; then nothing is changed.
        """
        values, problems = self.read(data)
        if problems:
            raise SettingsError(problems)
        self.lesson_note = self.lesson_refuses(values)
        for name in GROUPS:
            self.group(name).put(values[name])

    def read(self, data: object) -> tuple[dict[str, dict[str, Any]], list[str]]:
        """Return the settings of every group that the data stand for, and what is wrong with them."""
        if not isinstance(data, Mapping):
            return {}, [
                f"Settings are read from a dictionary by group; got {shorten(data):.80}. Give what"
                " to_dict wrote."
            ]
        problems = []
        if data.get("version", VERSION) != VERSION:
            problems.append(
                f"version must be {VERSION}; got {shorten(data['version']):.40}. These settings were written"
                " by another version of spicewidgets."
            )
        problems += [
            f"{shorten(name):.40} is no group of settings; known are {', '.join(GROUPS)}. Leave it out."
            for name in data
            if name != "version" and name not in GROUPS
        ]
        values: dict[str, dict[str, Any]] = {}
        for name in GROUPS:
            group = self._plan_for(values["model"]) if name == "discovery" else self.group(name)
            values[name], wrong = group.read(data.get(name, {}))
            problems += [f"{name}: {sentence}" for sentence in wrong]
        return values, problems

    def lesson_refuses(self, changes: Mapping[str, Mapping[str, Any]]) -> str:
        """Return a sentence on those of some changes, by group and name, that the lesson does not let happen;
        empty when all do.
        """
        labels, hides = [], False
        for group, values in changes.items():
            state = self.group(group)
            for name in state.held.keys() & values.keys():
                if getattr(state, name) != values[name]:
                    hides |= name in state.hidden
                    labels += [] if name in state.hidden else [_label(state, name)]
        labels = sorted(labels) + ["what it hides"] * hides
        return f"The lesson keeps as they are: {', '.join(labels)}." if labels else ""

    def _plan_for(self, model: Mapping[str, Any]) -> DiscoveryState:
        """Return a discovery that knows the modules of a model that is being read: libraries are checked for
        it.
        """
        chosen, plan = ModelState(), DiscoveryState()
        self.model.prepare(chosen)
        chosen.put(model)
        plan.spec = chosen.spec
        return plan

    def load_preset(self, name: str) -> None:
        """Take over the settings of a preset.

        Raises:
            SettingsError: For a name that is not known.
        """
        if name not in self.presets:
            raise SettingsError(
                [
                    f"preset must be one of {', '.join(self.presets)}; got {shorten(name)}. Choose one of"
                    " these."
                ]
            )
        self.from_dict(self.presets[name])
        self._loaded = self.peek()
        self.preset = name

    def is_preset(self) -> bool:
        """Tell whether the settings are those of the preset that was loaded last."""
        return self.peek() == self._loaded


def _model_problems(present: ExperimentSnapshot) -> Iterator[str]:
    """Yield a sentence where the model is for another kind of task than the choices are of."""
    task, own = present.choices_of, present.model.task
    if own is not None and not TASKS[task].takes(own):
        fit = join_words(models_for(task), last="or")
        yield (
            f"name must be that of a model for choices of the kind {task}: {fit}; got {present.model.name},"
            f" which is for {own}. Choose another model, or other choices in Data."
        )


def _unknown_terms(present: ExperimentSnapshot) -> str:
    """Why it is not known which terms are true."""
    if not present.is_simulated:
        return "Which terms are true is known of simulated choices only. Go back to these in Data."
    if present.model.name not in READY:
        return "Terms are recovered with a ready model of bandits. Choose one in Model."
    return ""


def _in_words(state: State[Any], name: str, value: object) -> str:
    """Return a setting and its value, as a person reads it."""
    if name in TOO_LONG:
        return TOO_LONG[name]
    label = _label(state, name)
    if value is None:
        return f"{label} left open"
    if isinstance(value, bool):
        return f"{label} {'on' if value else 'off'}"
    is_short = isinstance(value, float) and value == round(value, 2)
    return f"{label} = {value:.2f}" if is_short else f"{label} = {value}"


def _label(state: State[Any], name: str) -> str:
    """Return the label of a setting, inside a sentence."""
    label = str(state.tags(name)["label"])
    return label if not label[1:2].islower() else label[0].lower() + label[1:]
