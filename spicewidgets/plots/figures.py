"""Two figures of the explorer: the task's reward probabilities, and one session as its agents live it.

Each is made once and shown new data with `.draw(...)`; it says what it shows (`.summary`), has a table and
files. They take arrays, and records of any kind with the right names, wherever these come from.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import floor, log10
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..style import REWARDED, UNREWARDED, Style, arm_style, styles
from .live import LiveFigure
from .series import NOTHING, TRACES, Floats, Line, Subplot, laid_over
from .table import Cell
from .words import TITLES, in_sentence

if TYPE_CHECKING:
    from ..core.simulate.record import Record

CURSOR = Style("", "#7a7f85", "solid", "circle", 1.0)
ROW = 16  # pixels of an option's row of choices
LEAST = 0.01  # of P that fills the scale of differences: less is no difference to look at
ZERO_TO_ONE = {0.0: "0", 0.25: "", 0.5: "0.5", 0.75: "", 1.0: "1"}


class RewardProbabilities(LiveFigure):
    """The probability that each option pays, trial by trial."""

    name = "reward_probabilities"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_subplot(
            Subplot("p", "Probability of reward, p(r)", height=200, limits=(-0.03, 1.03), ticks=ZERO_TO_ONE)
        )

    def draw(self, probabilities: ArrayLike, options: Mapping[int, str] | None = None) -> None:
        """Draw probabilities.

        Args:
            probabilities: `(n_trials, n_actions)`.
            options: number and name of each of these options, where they are not all there are.
        """
        p = np.asarray(probabilities, dtype=float)
        n_trials, n_actions = p.shape
        styles = {f"arm {arm}": arm_style(arm) for arm in range(n_actions)}
        if options is not None:
            styles = {f"arm {name}": replace(arm_style(arm), name=name) for arm, name in options.items()}
        with self.batch():
            for key, style in styles.items():
                self.add(key, "p", "line", replace(style, width=2.0))
            self.set_lines({key: (None, p[:, arm]) for arm, key in enumerate(styles)})
            self.set_lines({key: ([], []) for key in self.series if key not in styles})
            self.set_x(0.0, max(n_trials - 1.0, 1.0))
            self.summary = _rewards_in_words(p, [in_sentence(style.name) for style in styles.values()])


def _rewards_in_words(p: Floats, names: Sequence[str]) -> str:
    n_trials, n_actions = p.shape
    parts = [
        f"{name} pays with {values[0]:.2f} throughout"
        if np.ptp(values) < 1e-9
        else f"{name} between {values.min():.2f} and {values.max():.2f} (mean {values.mean():.2f})"
        for name, values in zip(names, p.T, strict=True)
    ]
    best = np.bincount(p.argmax(1), minlength=n_actions)
    first = names[int(best.argmax())]
    ahead = f" {first[0].upper()}{first[1:]} is the best in {best.max()} of {n_trials} trials."
    return f"Probability of reward over {n_trials} trials: {', '.join(parts)}.{ahead}"


class SessionView(LiveFigure):
    """One session through one or more agents, on one time axis: P of choosing an option, the choices and
    their rewards, how far the others' P are off the first one's, and values.

    The truth is a pale wide band, the network a thin line on it, and SPICE has a dot at each trial, so that
    all three are seen where they coincide.

    Args:
        kind: as in every live figure.
        alone: whether there is one agent only, which then is a plain line.

    Attributes:
        options: what the options are called; option 1, option 2 ... while it is empty.
        values: which values are drawn: "raw" (Q-value and memory states of the option), "difference" (the
            same, less their mean over the other options, which is all that P depends on) or "" (none).
        differences: whether it is drawn how far P is off.
        names: what agents are called, by label, where not as everywhere.
        middle: a reward above it is a good one.
        outcomes: what a good one is called, and another.
        when: which trials these are, where not all of a session; in words.
    """

    name = "session"

    def __init__(self, kind: str | None = None, alone: bool = False) -> None:
        super().__init__(kind)
        self.n_trials = 0
        self._alone = alone
        self._layers: dict[str, bool] = {}
        self.add_subplot(
            Subplot("P", "P(choose option 1)", height=150, limits=(-0.03, 1.03), ticks=ZERO_TO_ONE)
        )
        self.add_subplot(Subplot("choices", "Choices", height=2 * ROW, limits=(0.0, 2.0), ticks={}))
        self.add_subplot(Subplot("off", "", height=80))
        self.add_subplot(Subplot("q", "Q-value (logit)", code="q", height=110))
        self.readout = ""
        self.options: Sequence[str] = ()
        self.names: Mapping[str, str] = {}
        self.middle, self.outcomes, self.when = 0.0, (REWARDED.name, UNREWARDED.name), ""
        self.values, self.differences = "raw", False
        self._cursor: float | None = None
        self._arm = 0
        self._chosen: Floats = NOTHING
        self._paid: Floats = NOTHING
        for style in (REWARDED, UNREWARDED):
            self.add(style.name, "choices", "points", style, tabled=False)

    def draw(
        self,
        played: "Mapping[str, Record]",
        choices: ArrayLike,
        rewards: ArrayLike,
        *,
        session: int = 0,
        arm: int = 0,
    ) -> None:
        """Draw the session of some agents.

        Args:
            played: by label: "truth", "rnn" and "spice" look as everywhere.
            choices: chosen option (from 0; -1: none), `(n_trials,)` or `(n_sessions, n_trials)`.
            rewards: the reward of each choice, in the same shape.
            session: the session that is shown, from 0.
            arm: the option that is shown, from 0.
        """
        chosen, paid = _row(choices, session), _row(rewards, session)
        n = _length(chosen)
        self._chosen, self._paid = chosen[:n], paid[:n]
        looks = {
            label: replace(style, name=self.names.get(label, style.name))
            for label, style in zip(played, styles(played), strict=True)
        }
        curves = {label: _curves(each, session, arm, n, self.values) for label, each in played.items()}
        self._arm = arm
        with self.batch():
            if n != self.n_trials:
                self.n_trials = n
                self.zoom()
            self._make(curves, looks)
            self._fill(curves)
            self._measure(curves, looks)
            self._mark(max((np.shape(one.probabilities)[-1] for one in played.values()), default=2))
            self._name()
            self.summary = _session_in_words(
                curves, looks, self._chosen, self._paid > self.middle, arm, self._option(), self.outcomes[0]
            )
            self.show_layers({})
            self.set_cursor(self._cursor)
        there = {key: any(key in each for each in curves.values()) for key in self.subplots}
        self.show_subplots(there | {"choices": True, "off": self.differences and len(curves) > 1})

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
        words = f"Trial {trial}: {self._outcome(trial)}."
        for subplot in self.subplots.values():
            values = [
                f"{one.style.name} {one.y[trial]:.2f}".replace("-", "−")
                for one in self.series.values()
                if one.subplot == subplot.key and one.kind in TRACES and one.listed and one.visible
                if 0 <= trial < len(one.y)
            ]
            words += f" {subplot.title}: {', '.join(values)}." if values and subplot.visible else ""
        return words

    def _outcome(self, trial: int) -> str:
        if not 0 <= trial < len(self._chosen) or self._chosen[trial] != self._arm:
            return f"{self._option()} not chosen"
        return f"{self._option()} chosen, {self.outcomes[int(self._paid[trial] <= self.middle)]}"

    def _option(self) -> str:
        """Return the option on show, inside a sentence."""
        return in_sentence(self._options(self._arm + 1)[self._arm])

    def _options(self, n: int) -> list[str]:
        """Name so many options."""
        return [*self.options[:n], *(f"Option {arm + 1}" for arm in range(len(self.options), n))]

    def x_ticks(self) -> dict[float, str]:
        """Trials that there are."""
        return {at: word for at, word in super().x_ticks().items() if 0 <= at < max(self.n_trials, 1)}

    def _columns(self) -> tuple[list[str], Sequence[Sequence[Cell]]]:
        """Return the curves, and in place of the marks what was chosen and what it paid."""
        names, rows = super()._columns()
        options = self._options(int(max(self._chosen, default=0)) + 1)
        more: list[list[Cell]] = []
        for row in rows:
            trial = int(row[0])
            known = trial < len(self._chosen) and self._chosen[trial] >= 0
            outcome = [options[int(self._chosen[trial])], float(self._paid[trial])] if known else ["", ""]
            more.append([*row, *outcome])
        return [*names, "chosen", "reward"], more

    def _make(self, curves: Mapping[str, Mapping[str, Floats]], looks: Mapping[str, Style]) -> None:
        for label, each in curves.items():
            kind, look = laid_over(looks[label], self._alone)
            for subplot in each:
                if subplot not in self.subplots:
                    title = TITLES.get(subplot, subplot).replace("\n", " ")
                    self.add_subplot(Subplot(subplot, title, code=subplot, height=110))
                self.add(f"{label}/{subplot}", subplot, kind, look)
            if len(curves) > 1:
                if kind == "dots":
                    self.add(f"{label}/stems", "off", "line", look, faint=True, listed=False)
                self.add(f"{label}/off", "off", "dots" if kind == "dots" else "line", look)

    def _fill(self, curves: Mapping[str, Mapping[str, Floats]]) -> None:
        for key in self.series:
            if "/" in key:
                label, subplot = key.split("/", 1)
                self.set_lines({key: (None, curves.get(label, {}).get(subplot, NOTHING))})

    def _measure(self, curves: Mapping[str, Mapping[str, Floats]], looks: Mapping[str, Style]) -> None:
        """Show the difference of each agent's P from the first one's, on a scale of its own."""
        if len(curves) < 2 or not self.n_trials:
            return
        first = next(iter(curves))
        off = {label: each["P"] - curves[first]["P"] for label, each in curves.items()}
        data: dict[str, Line] = {f"{label}/off": (None, values) for label, values in off.items()}
        for label, values in off.items():
            if f"{label}/stems" in self.series:
                data[f"{label}/stems"] = _stems(values)
        most = max(float(np.nanmax(np.abs(values), initial=0.0)) for values in off.values())
        power = 10.0 ** floor(log10(max(1.05 * most, LEAST)))
        reach = next(m * power for m in (1, 1.5, 2, 3, 5, 10) if m * power >= max(1.05 * most, LEAST) - 1e-12)
        ticks = {at: f"{at:+.2g}".replace("-", "−") if at else "0" for at in (-reach, 0.0, reach)}
        self.set_limits("off", -1.08 * reach, 1.08 * reach, ticks)
        self.title("off", f"P off {looks[first].name}, magnified")
        self.set_lines(data)

    def _mark(self, n_options: int) -> None:
        """Mark a row for each option: its rewards, and its choices without one."""
        if self.subplots["choices"].high != n_options or not self.subplots["choices"].ticks:
            ticks = {n_options - arm - 0.5: f"{arm + 1}" for arm in range(n_options)}
            self.set_limits("choices", 0.0, float(n_options), ticks)
            self.resize("choices", ROW * n_options)
        heights = n_options - 0.5 - self._chosen
        seen, paid = self._chosen >= 0, self._paid > self.middle
        marks = (REWARDED, seen & paid), (UNREWARDED, seen & ~paid)
        others = [key for key, one in self.series.items() if one.kind == "points"]
        self.set_marks({key: (NOTHING, NOTHING) for key in others if key not in self.outcomes})
        for (style, here), name in zip(marks, self.outcomes, strict=True):
            self.add(name, "choices", "points", replace(style, name=name), tabled=False)
            self.set_marks({name: (np.flatnonzero(here).astype(float), heights[here])})

    def _name(self) -> None:
        """Titles, with the names that the options have."""
        option, n = self._option(), round(self.subplots["choices"].high)
        self.title("P", f"P(choose {option})" + (f", {self.when}" if self.when else ""))
        names = [f"{arm + 1} {name}" for arm, name in enumerate(self._options(n))]
        are_named = any(not name.startswith("Option ") for name in self.options)
        self.title("choices", f"Choices: {', '.join(names)}" if are_named else "Choices of each option")
        rest = " − the other" if n == 2 else " − the others' mean"
        for key in self.subplots:
            if key in ("P", "choices", "off"):
                continue
            title = "Q-value (logit)" if key == "q" else TITLES.get(key, key).replace("\n", " ")
            self.title(key, f"{title}: {option}{rest}" if self.values == "difference" else title)


def _stems(values: Floats) -> Line:
    """Return a line from 0 to each value, and a gap after it."""
    n = len(values)
    y = np.stack([np.zeros(n), values, np.full(n, np.nan)], axis=1).ravel()
    return np.repeat(np.arange(float(n)), 3), y


def _row(values: ArrayLike, session: int) -> Floats:
    rows = np.asarray(values)
    return np.asarray(rows[session] if rows.ndim == 2 else rows, dtype=float)


def _length(choices: Floats) -> int:
    seen = np.flatnonzero(choices >= 0)
    return int(seen[-1]) + 1 if len(seen) else 0


def _curves(played: "Record", session: int, arm: int, n: int, values: str) -> dict[str, Floats]:
    """P of an arm before each of `n` trials, and its Q-value and memory states (in units of the logit), raw,
    or less their mean over the other arms; a single state is what the Q-value is.
    """

    def of(quantity: Floats, apart: bool) -> Floats:
        array = np.asarray(quantity)
        rows = np.asarray((array[session] if array.ndim == 3 else array)[:n], dtype=float)
        others = np.delete(rows, arm, axis=-1)
        return rows[:, arm] - others.mean(-1) if apart and others.shape[-1] else rows[:, arm]

    curves = {"P": of(played.probabilities, False)}
    if not values:
        return curves
    apart, states = values == "difference", {}
    curves["q"] = of(played.q, apart)
    for name, quantity in played.states.items():
        beta = np.ravel(np.asarray(played.betas.get(name, 1.0), dtype=float))
        state = of(quantity, apart) * beta[session if len(beta) > 1 else 0]
        if np.any(state != 0) and "learning_rate" not in name:
            states[name] = state
    return curves | (states if len(states) > 1 or not apart else {})


def _session_in_words(
    curves: Mapping[str, Mapping[str, Floats]],
    looks: Mapping[str, Style],
    chosen: Floats,
    paid: NDArray[np.bool_],
    arm: int,
    option: str,
    outcome: str = REWARDED.name,
) -> str:
    here = chosen == arm
    seen = f" and {outcome}" if outcome == REWARDED.name else f"; {outcome}"
    words = (
        f"{option[0].upper()}{option[1:]} is chosen in {here.sum()} of {len(chosen)} trials{seen}"
        f" in {paid[here].sum()} of these."
    )
    first, *others = curves
    for label in others if len(chosen) else []:
        apart = np.abs(curves[label]["P"] - curves[first]["P"])
        words += (
            f" P of {looks[label].name} is off that of {looks[first].name} by {apart.mean():.3f} on average"
            f" and {apart.max():.3f} at most (trial {int(apart.argmax())})."
        )
    return words
