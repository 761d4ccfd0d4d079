"""Two figures of the explorer: the task's reward probabilities, and one session as its agents live it.

Each is made once and shown new data with `.draw(...)`; it says what it shows (`.summary`), has a table and
files. They take arrays, and records of any kind with the right names, wherever these come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..style import REWARDED, UNREWARDED, Style, arm_style, styles
from .live import LiveFigure
from .series import NOTHING, Floats, Subplot
from .words import ROWS, STRIP, TITLES, in_sentence

if TYPE_CHECKING:
    from ..core.simulate.record import Record

CURSOR = Style("", "#7a7f85", "solid", "circle", 1.0)
ZERO_TO_ONE = {0.0: "0", 0.25: "", 0.5: "0.5", 0.75: "", 1.0: "1"}


class RewardProbabilities(LiveFigure):
    """How likely each option pays, trial by trial."""

    name = "reward_probabilities"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_subplot(
            Subplot("p", "Probability of reward, p(r)", height=200, limits=(-0.03, 1.03), ticks=ZERO_TO_ONE)
        )

    def draw(self, probabilities: ArrayLike) -> None:
        """Probabilities `(n_trials, n_actions)`."""
        p = np.asarray(probabilities, dtype=float)
        n_trials, n_actions = p.shape
        with self.batch():
            for arm in range(n_actions):
                self.add(f"arm {arm}", "p", "line", replace(arm_style(arm), width=2.0))
            arms = [key for key in self.series if key.startswith("arm ")]
            gone = arms[n_actions:]
            self.set_lines({key: (None, p[:, arm]) for arm, key in enumerate(arms[:n_actions])})
            self.set_lines({key: ([], []) for key in gone})
            self.set_x(0.0, max(n_trials - 1.0, 1.0))
            self.summary = _rewards_in_words(p)


def _rewards_in_words(p: Floats) -> str:
    n_trials, n_actions = p.shape
    parts = [
        f"option {arm + 1} pays with {values[0]:.2f} throughout"
        if np.ptp(values) < 1e-9
        else f"option {arm + 1} between {values.min():.2f} and {values.max():.2f} (mean {values.mean():.2f})"
        for arm, values in enumerate(p.T)
    ]
    best = np.bincount(p.argmax(1), minlength=n_actions)
    ahead = f" Option {best.argmax() + 1} is the best in {best.max()} of {n_trials} trials."
    return f"Probability of reward over {n_trials} trials: {', '.join(parts)}.{ahead}"


class SessionView(LiveFigure):
    """One session through one or more agents: P of choosing an option, its Q-value and memory states, and
    marks for choices and rewards, on one time axis.

    Attributes:
        options: what the options are called; option 1, option 2 ... while it is empty.
    """

    name = "session"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.n_trials = 0
        self._layers: dict[str, bool] = {}
        self.add_subplot(
            Subplot("P", "P(choose option 1)", height=170, limits=(STRIP, 1.03), ticks=ZERO_TO_ONE)
        )
        self.add_subplot(Subplot("q", "Q-value (logit)", code="q", height=110))
        self.readout = ""
        self.options: Sequence[str] = ()
        self._cursor: float | None = None
        self._arm = 0
        for style in ROWS:
            self.add(style.name, "P", "points", replace(style, name=f"chosen, {style.name}"))

    def draw(
        self,
        played: "Mapping[str, Record]",
        choices: ArrayLike,
        rewards: ArrayLike,
        *,
        session: int = 0,
        arm: int = 0,
    ) -> None:
        """The session of some agents.

        Args:
            played: by label: "truth", "rnn" and "spice" look as everywhere.
            choices: chosen option (from 0; -1: none), `(n_trials,)` or `(n_sessions, n_trials)`.
            rewards: the reward of each choice, in the same shape.
            session: the session that is shown, from 0.
            arm: the option that is shown, from 0.
        """
        chosen, paid = _row(choices, session), _row(rewards, session)
        n = _length(chosen)
        looks = dict(zip(played, styles(played), strict=True))
        curves = {label: _curves(each, session, arm, n) for label, each in played.items()}
        self._arm = arm
        with self.batch():
            if n != self.n_trials:
                self.n_trials = n
                self.zoom()
            self._make(curves, looks)
            self._fill(curves)
            self._mark(chosen[:n] == arm, paid[:n])
            self.title("P", f"P(choose {self._option()})")
            self.summary = _session_in_words(curves, looks, chosen[:n], paid[:n], arm, self._option())
            self.show_layers({})
            self.set_cursor(self._cursor)
        self.show_subplots({key: any(key in each for each in curves.values()) for key in self.subplots})

    def zoom(self, first: float | None = None, last: float | None = None) -> None:
        """Show trials `first` to `last`; without them all."""
        end = max(self.n_trials - 1.0, 1.0)
        low = 0.0 if first is None else min(max(first, 0.0), end - 1)
        high = end if last is None else max(min(last, end), low + 1)
        self.set_x(low - 0.012 * (high - low), high + 0.012 * (high - low))

    def show_layers(self, layers: Mapping[str, bool]) -> None:
        """Which agents are drawn: `{"truth": True, "rnn": False}`."""
        self._layers |= layers
        self.show({key: self._layers.get(key.split("/")[0], True) for key in self.series if "/" in key})

    def set_cursor(self, trial: float | None) -> None:
        """Mark a trial with a line, and set `readout` to what is known of it; None takes both away."""
        self._cursor = trial
        with self.batch():
            for subplot in self.subplots:
                self.add(f"cursor {subplot}", subplot, "rules", CURSOR, listed=False)
                self.set_rules(f"cursor {subplot}", [] if trial is None else [float(trial)])
        self.readout = "" if trial is None else self._trial_in_words(int(trial))

    def _trial_in_words(self, trial: int) -> str:
        words = f"Trial {trial}: {self._outcome(float(trial))}."
        for subplot in self.subplots.values():
            values = [
                f"{one.style.name} {one.y[trial]:.2f}".replace("-", "−")
                for one in self.series.values()
                if one.subplot == subplot.key
                and one.kind == "line"
                and one.visible
                and 0 <= trial < len(one.y)
            ]
            words += f" {subplot.title}: {', '.join(values)}." if values and subplot.visible else ""
        return words

    def _outcome(self, trial: float) -> str:
        for style in ROWS:
            if trial in self.series[style.name].x:
                return f"{self._option()} chosen, {style.name}"
        return f"{self._option()} not chosen"

    def _option(self) -> str:
        """The option on show, inside a sentence."""
        name = f"option {self._arm + 1}"
        if self._arm < len(self.options):
            name = self.options[self._arm]
        return in_sentence(name)

    def x_ticks(self) -> dict[float, str]:
        """Trials that there are."""
        return {at: word for at, word in super().x_ticks().items() if 0 <= at < max(self.n_trials, 1)}

    def _make(self, curves: Mapping[str, Mapping[str, Floats]], looks: Mapping[str, Style]) -> None:
        for label, each in curves.items():
            for subplot in each:
                if subplot not in self.subplots:
                    title = TITLES.get(subplot, subplot).replace("\n", " ")
                    self.add_subplot(Subplot(subplot, title, code=subplot, height=110))
                self.add(f"{label}/{subplot}", subplot, "line", looks[label])

    def _fill(self, curves: Mapping[str, Mapping[str, Floats]]) -> None:
        for key in self.series:
            if "/" in key:
                label, subplot = key.split("/", 1)
                self.set_lines({key: (None, curves.get(label, {}).get(subplot, NOTHING))})

    def _mark(self, here: NDArray[np.bool_], paid: Floats) -> None:
        for style, kind in ((REWARDED, here & (paid > 0)), (UNREWARDED, here & ~(paid > 0))):
            at = np.flatnonzero(kind).astype(float)
            self.set_marks({style.name: (at, np.full(len(at), ROWS[style]))})


def _row(values: ArrayLike, session: int) -> Floats:
    array = np.asarray(values, dtype=float)
    return array[session] if array.ndim == 2 else array


def _length(choices: Floats) -> int:
    seen = np.flatnonzero(choices >= 0)
    return int(seen[-1]) + 1 if len(seen) else 0


def _curves(played: "Record", session: int, arm: int, n: int) -> dict[str, Floats]:
    """P, Q-value and each memory state (in units of the logit) of an arm before each of `n` trials."""

    def of(values: Floats) -> Floats:
        array = np.asarray(values, dtype=float)
        return (array[session] if array.ndim == 3 else array)[:n, arm]

    curves = {"P": of(played.probabilities), "q": of(played.q)}
    for name, values in played.states.items():
        beta = np.ravel(np.asarray(played.betas.get(name, 1.0), dtype=float))
        state = of(values) * beta[session if len(beta) > 1 else 0]
        if np.any(state != 0) and "learning_rate" not in name:
            curves[name] = state
    return curves


def _session_in_words(
    curves: Mapping[str, Mapping[str, Floats]],
    looks: Mapping[str, Style],
    chosen: Floats,
    paid: Floats,
    arm: int,
    option: str,
) -> str:
    here = chosen == arm
    words = (
        f"{option[0].upper()}{option[1:]} is chosen in {here.sum()} of {len(chosen)} trials and rewarded in"
        f" {(paid[here] > 0).sum()} of these."
    )
    first, *others = curves
    for label in others if len(chosen) else []:
        apart = np.abs(curves[label]["P"] - curves[first]["P"])
        words += (
            f" P of {looks[label].name} is off that of {looks[first].name} by {apart.mean():.3f} on average"
            f" and {apart.max():.3f} at most (trial {int(apart.argmax())})."
        )
    return words
