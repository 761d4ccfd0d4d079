"""SPICE, its network and rivals play the task anew: where do they not do what people did?

Importing this loads no torch.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..loading import later
from ..state.experiment import STUDIES
from ..state.studies import RIVALS
from .simulation import Simulated
from .studies import Study

if TYPE_CHECKING:
    from ..core import progress
    from ..core.judge import falsify
    from ..core.judge.falsify import Check, Falsification
    from ..core.rivals import fit
else:
    progress = later("..core.progress", __package__)
    falsify = later("..core.judge.falsify", __package__)
    fit = later("..core.rivals.fit", __package__)

Floats = NDArray[np.float64]
OWN = ("SPICE", "RNN")
FEW = ("win-stay-lose-shift", "rescorla-wagner", "with-kernel")  # rivals that play unless all do
STAY, LEARNING, REVERSAL, REWARDS, CHOICES = "stay", "learning", "reversal", "rewards", "choices"


@dataclass(frozen=True, eq=False)
class PlayedAnew:
    """Models that have played so far, and their comparison with people.

    Attributes:
        checks: of each model in the order in which they played, by model and measure.
        n_people, n_repeats: people, and times that each model played.
        schedule_known: whether the task's reward probabilities were known.
    """

    checks: "dict[str, dict[str, Check]]"
    n_people: int
    n_repeats: int
    schedule_known: bool

    @property
    def sentence(self) -> str:
        """The models that fail, and those that come close."""
        failures = {name: self.failures(name) for name in self.checks}
        worst = [name for name, words in failures.items() if words]
        close = [name for name, words in failures.items() if not words]
        parts = [f"{'; '.join(f'{name}: {failures[name][0]}' for name in worst[:2])}."] if worst else []
        if worst[2:]:
            parts.append(f"{_listed(worst[2:])} {'fail' if worst[3:] else 'fails'}, too.")
        if close:
            parts.append(f"{_listed(close)} {'behave' if close[1:] else 'behaves'} as people do.")
        return " ".join(parts)

    def failures(self, name: str) -> list[str]:
        """Describe a model's differences from people, in words with sizes, the surest first."""
        checks = [check for check in self.checks[name].values() if check.fails]
        checks.sort(key=lambda check: (check.p, -abs(_apart(check))))
        return [_in_words(check) for check in checks]

    def words(self, name: str) -> str:
        """A sentence for a model."""
        failures = self.failures(name)
        if failures:
            more = f"; and {len(failures) - 2} more" if failures[2:] else ""
            return "; ".join(failures[:2]) + more
        worst = max(self.checks[name].values(), key=lambda check: -check.p)
        return f"nowhere beyond chance; farthest: {_in_words(worst)}"


class FalsifyStudy(Study):
    """One model after the other plays, so that who has played stays whenever it is stopped."""

    name: ClassVar = "falsify"
    noun: ClassVar = "models"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.names = (*OWN, *(RIVALS if self.snapshot.falsify.every else FEW))
        self.total = len(self.names)
        self.parts: dict[str, Falsification] = {}

    def take(self, before: Study) -> None:
        """As in every study; models that have played need not again when all rivals are asked for."""
        if isinstance(before, FalsifyStudy):
            same = not self.snapshot.differs(before.snapshot, STUDIES[self.name][:-1])
            own, other = self.snapshot.falsify, before.snapshot.falsify
            if same and (own.n_repeats, own.seed) == (other.n_repeats, other.seed):
                self.parts = {name: one for name, one in before.parts.items() if name in self.names}

    def steps(self) -> "Generator[progress.Progress, None, None]":
        """One model after the other."""
        settings, schedule = self.snapshot.falsify, _schedule(self.data)
        before, began, per = len(self.parts), monotonic(), settings.n_repeats
        total = per * self.total
        left = [name for name in self.names if name not in self.parts]
        for at, name in enumerate(left):
            label = RIVALS.get(name, name)
            yield progress.Progress(
                per * (before + at), total, f"Fitting {label}", monotonic() - began, per * before
            )
            steps = falsify.falsifying(
                {label: self._agent(name)},
                self.data.dataset,
                schedule,
                n_repeats=settings.n_repeats,
                random_state=np.random.default_rng([settings.seed, _place(name)]),
            )

            def of_all(played: Any, at: int = at, label: str = label) -> "progress.Progress":
                done, words = per * (before + at) + played.done, f"{label} plays"
                return progress.Progress(done, total, words, monotonic() - began, per * before)

            self.parts[name] = yield from progress.retold(steps, of_all)
        self.done = len(self.parts)

    @property
    def outcome(self) -> str:
        """As in every study."""
        return self.ended if self.found is None else str(self.found.sentence)

    def look(self) -> None:
        """As in every study."""
        self.done = len(self.parts)
        if self.parts:
            first = next(iter(self.parts.values()))
            checks = {
                RIVALS.get(name, name): {check.measure: check for check in self.parts[name].checks}
                for name in self.names
                if name in self.parts
            }
            self.found = PlayedAnew(checks, first.n_people, first.n_repeats, first.schedule_known)

    def _agent(self, name: str) -> Any:
        """Return the agent that plays."""
        if name in OWN:
            estimator = self.trained()
            return estimator.spice_agent if name == "SPICE" else estimator.rnn_agent
        several = len(self.data.dataset.participants) > 1
        return fit.fit_rival(name, self.data.dataset, "group" if several else "prior").agent


def _schedule(data: Simulated) -> Floats | None:
    """The task's reward probabilities, `(n_sessions, n_trials, n_actions)`; None of a table."""
    if data.agent is None:
        return None
    return np.stack([np.asarray(session.reward_probs, dtype=float) for session in data.sessions])


def _apart(check: "Check") -> float:
    return float(check.mean[check.worst] - check.people[check.worst])


def _in_words(check: "Check") -> str:
    """Describe a model's difference at its worst point, with the size."""
    at = check.worst
    point, people, model = check.points[at], float(check.people[at]), float(check.mean[at])
    more = "often" if model > people else "rarely"
    if check.measure in (REWARDS, CHOICES):
        what = "reward" if check.measure == REWARDS else "choice"
        return f"a {what} {point} pulls {_number(model)} (people {_number(people)})"
    sizes = f"({100 * model:.1f} %, people {100 * people:.1f} %)"
    if check.measure == STAY:
        return f"repeats too {more} {point} {sizes}"
    if check.measure == REVERSAL:
        return f"too {more} the option that was better, {point} the reversal {sizes}"
    return f"{'better' if model > people else 'worse'} in {point} {sizes}"


def _number(value: float) -> str:
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "−")


def _listed(names: Sequence[str]) -> str:
    """Names as a sentence has them."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _place(name: str) -> int:
    """A number of a model's own, so that how it plays does not hang on who else does."""
    return (*OWN, *RIVALS).index(name)
