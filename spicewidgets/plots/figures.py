"""The explorer's figures: the task's reward probabilities, one session as its agents live it, and the loss.

Each is made once and shown new data with `.draw(...)`; it says what it shows (`.summary`), has a table and
files. They take arrays, and records of any kind with the right names, wherever these come from.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike

from ..style import REWARDED, RNN, TRUTH, UNREWARDED, Style, arm_style, styles
from .live import LiveFigure
from .series import NOTHING, Floats, Panel, grown, smooth
from .words import PHASES, ROWS, STRIP, TITLES, VALIDATION

CURSOR = Style("", "#7a7f85", "solid", "circle", 1.0)
ZERO_TO_ONE = {0.0: "0", 0.25: "", 0.5: "0.5", 0.75: "", 1.0: "1"}


class RewardProbabilities(LiveFigure):
    """How likely each option pays, trial by trial."""

    name = "reward_probabilities"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_panel(
            Panel("p", "Probability of reward, p(r)", height=200, limits=(-0.03, 1.03), ticks=ZERO_TO_ONE)
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


class Played(Protocol):
    """What an agent expects, before each trial (and after the last): a `core.replay.Replay` is one.

    Arrays are `(n_trials, n_actions)` or `(n_sessions, n_trials, n_actions)`.
    """

    probabilities: Any
    q: Any
    states: Mapping[str, Any]
    betas: Mapping[str, Any]


class SessionView(LiveFigure):
    """One session through one or more agents: P of choosing an option, its Q-value and memory states, and
    marks for choices and rewards, on one time axis.
    """

    name = "session"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.n_trials = 0
        self._layers: dict[str, bool] = {}
        self.add_panel(Panel("P", "P(choose option 1)", height=170, limits=(STRIP, 1.03), ticks=ZERO_TO_ONE))
        self.add_panel(Panel("q", "Q-value (logit)", code="q", height=110))
        self.readout = ""
        self._cursor: float | None = None
        for style in ROWS:
            self.add(style.name, "P", "points", replace(style, name=f"chosen, {style.name}"))

    def draw(
        self,
        played: Mapping[str, Played],
        choices: ArrayLike,
        rewards: ArrayLike,
        *,
        session: int = 0,
        arm: int = 0,
    ) -> None:
        """The session of some agents.

        Args:
            played: by label: "truth", "rnn" and "spice" look as everywhere.
            choices, rewards: chosen option (from 0; -1: none) and its reward, `(n_trials,)` or `(n_sessions,
                n_trials)`.
            session, arm: which one is shown, from 0.
        """
        chosen, paid = _row(choices, session), _row(rewards, session)
        n = _length(chosen)
        looks = dict(zip(played, styles(played), strict=True))
        curves = {label: _curves(each, session, arm, n) for label, each in played.items()}
        with self.batch():
            if n != self.n_trials:
                self.n_trials = n
                self.zoom()
            self._make(curves, looks)
            self._fill(curves)
            self._mark(chosen[:n] == arm, paid[:n])
            self.title("P", f"P(choose option {arm + 1})")
            self.summary = _session_in_words(curves, looks, chosen[:n], paid[:n], arm)
            self.show_layers({})
            self.set_cursor(self._cursor)
        self.show_panels({key: any(key in each for each in curves.values()) for key in self.panels})

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
        """A vertical line at a trial in all panels, and `readout`: what is known of that trial. None takes it
        away.
        """
        self._cursor = trial
        with self.batch():
            for panel in self.panels:
                self.add(f"cursor {panel}", panel, "rules", CURSOR, listed=False)
                self.set_rules(f"cursor {panel}", [] if trial is None else [float(trial)])
        self.readout = "" if trial is None else self._told_at(int(trial))

    def _told_at(self, trial: int) -> str:
        words = f"Trial {trial}: {self._outcome(float(trial))}."
        for panel in self.panels.values():
            values = [
                f"{one.style.name} {one.y[trial]:.2f}".replace("-", "−")
                for one in self.series.values()
                if one.panel == panel.key and one.kind == "line" and one.visible and 0 <= trial < len(one.y)
            ]
            words += f" {panel.title}: {', '.join(values)}." if values and panel.visible else ""
        return words

    def _outcome(self, trial: float) -> str:
        for style in ROWS:
            if trial in self.series[style.name].x:
                return f"chosen, {style.name}"
        return "not chosen"

    def x_ticks(self) -> dict[float, str]:
        """Trials that there are."""
        return {at: word for at, word in super().x_ticks().items() if 0 <= at < max(self.n_trials, 1)}

    def _make(self, curves: Mapping[str, Mapping[str, Floats]], looks: Mapping[str, Style]) -> None:
        for label, each in curves.items():
            for panel in each:
                if panel not in self.panels:
                    title = TITLES.get(panel, panel).replace("\n", " ")
                    self.add_panel(Panel(panel, title, code=panel, height=110))
                self.add(f"{label}/{panel}", panel, "line", looks[label])

    def _fill(self, curves: Mapping[str, Mapping[str, Floats]]) -> None:
        for key in self.series:
            if "/" in key:
                label, panel = key.split("/", 1)
                self.set_lines({key: (None, curves.get(label, {}).get(panel, NOTHING))})

    def _mark(self, here: Any, paid: Floats) -> None:
        for style, kind in ((REWARDED, here & (paid > 0)), (UNREWARDED, here & ~(paid > 0))):
            at = np.flatnonzero(kind).astype(float)
            self.set_marks({style.name: (at, np.full(len(at), ROWS[style]))})


def _row(values: ArrayLike, session: int) -> Floats:
    array = np.asarray(values, dtype=float)
    return array[session] if array.ndim == 2 else array


def _length(choices: Floats) -> int:
    seen = np.flatnonzero(choices >= 0)
    return int(seen[-1]) + 1 if len(seen) else 0


def _curves(played: Played, session: int, arm: int, n: int) -> dict[str, Floats]:
    """P, Q-value and each memory state (in units of the logit) of an arm before each of `n` trials."""

    def of(values: Any) -> Floats:
        array = np.asarray(values, dtype=float)
        return (array[session] if array.ndim == 3 else array)[:n, arm]

    curves = {"P": of(played.probabilities), "q": of(played.q)}
    for name, values in played.states.items():
        beta = np.ravel(np.asarray(getattr(played, "betas", {}).get(name, 1.0), dtype=float))
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
) -> str:
    here = chosen == arm
    words = (
        f"Option {arm + 1} is chosen in {here.sum()} of {len(chosen)} trials and rewarded in"
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


TRAINING = replace(RNN, name="training", dash="solid")
SCREENING = replace(RNN, name="screening, first trials", dash="dotted", width=1.4)
CHANCE = Style("chance", "#7a7f85", "dashed", "circle", 1.4)
FLOOR = Style("true agent", TRUTH.colour, "dashed", "circle", 1.4)
EARLIER = Style("earlier run", "#7a7f85", "solid", "circle", 1.0)
PHASE = Style("phase", "#9aa0a6", "solid", "circle", 1.0)
RUNS = 8  # earlier runs that are kept in sight


class LossCurve(LiveFigure):
    """How the loss comes down, between guessing and what the true agent itself leaves unexplained."""

    name = "loss"
    x_title = "Epoch"

    def __init__(self, kind: str | None = None) -> None:
        super().__init__(kind)
        self.add_panel(Panel("loss", "Loss (nats per choice)", height=220))
        self.add("phases", "loss", "rules", PHASE, listed=False)
        self.add("chance", "loss", "level", CHANCE)
        self.add("floor", "loss", "level", FLOOR)
        for run in range(RUNS):
            self.add(f"earlier {run}", "loss", "line", EARLIER, faint=True)
        self.add("raw", "loss", "line", replace(TRAINING, name="training, raw"), faint=True, listed=False)
        self.add("screening", "loss", "line", SCREENING)
        self.add("validation", "loss", "line", VALIDATION)
        self.add("training", "loss", "line", TRAINING)
        self.add("best", "loss", "points", replace(RNN, name="best so far"))
        self.set_x(0.0, 20.0)

    def draw(
        self,
        history: Sequence[Any],
        *,
        earlier: Sequence[Sequence[Any]] = (),
        log: bool = False,
        smoothing: float = 0.0,
    ) -> None:
        """The records of a training so far.

        Args:
            history: `Epoch` records, or dictionaries with the same names.
            earlier: the histories of earlier runs; the last ones are drawn pale.
            log: logarithmic loss.
            smoothing: weight of the past in a moving average, from 0 to below 1; the raw curve stays pale.
        """
        records = _Records(history)
        runs = [_Records(one) for one in earlier[-RUNS:]]
        with self.batch():
            self.set_log("loss", log)
            self.set_span("loss", *_span(records, runs))
            self._levels(records, runs)
            self._curves(records, smoothing)
            for run in range(RUNS):
                y = runs[run].train if run < len(runs) else np.empty(0)
                self.set_lines({f"earlier {run}": (np.arange(1.0, len(y) + 1), y)})
            longest = max([len(records.train), *(len(run.train) for run in runs)])
            self.set_x(0.0, float(grown(longest)))
            self.summary = _loss_in_words(records)

    def _levels(self, records: "_Records", runs: "Sequence[_Records]") -> None:
        told = records if records.chance is not None or not runs else runs[-1]
        self.set_levels({"chance": told.chance, "floor": told.floor})
        starts = [at for at, phase in enumerate(records.phases) if not at or phase != records.phases[at - 1]]
        names = [PHASES.get(records.phases[at], records.phases[at]) for at in starts]
        self.set_rules("phases", [at + 0.5 for at in starts], names)

    def _curves(self, records: "_Records", smoothing: float) -> None:
        epochs = np.arange(1.0, len(records.train) + 1)
        screened = np.array([phase == "screen" for phase in records.phases], dtype=bool)
        kept = np.where(screened, np.nan, records.train)
        at = records.best
        best = (NOTHING, NOTHING) if at is None else (np.array([at + 1.0]), records.judged[at : at + 1])
        self.set_lines(
            {
                "screening": (epochs, np.where(screened, records.train, np.nan)),
                "training": (epochs, smooth(kept, smoothing)),
                "raw": (epochs, kept if smoothing else np.full(len(kept), np.nan)),
                "validation": (epochs, smooth(records.validation, smoothing)),
                "best": best,
            }
        )


class _Records:
    """Columns of the records of a training."""

    def __init__(self, history: Sequence[Any]) -> None:
        rows = [one if isinstance(one, Mapping) else vars(one) for one in history]

        def column(name: str) -> Floats:
            return np.array([_number(row.get(name)) for row in rows], dtype=float)

        self.train, self.validation = column("train_loss"), column("validation_loss")
        self.phases = [str(row.get("phase", "")) for row in rows]
        last = rows[-1] if rows else {}
        self.chance, self.floor = last.get("chance"), last.get("floor")
        self.judged = np.where(np.isnan(self.validation), self.train, self.validation)
        self.best = _best(rows)


def _number(value: Any) -> float:
    number = math.nan if value is None else float(value)
    return number if math.isfinite(number) else math.nan


def _best(rows: Sequence[Mapping[str, Any]]) -> int | None:
    """Place of the record whose weights are kept; a warm start counts its epochs anew."""
    if not rows or not rows[-1].get("best_epoch"):
        return None
    begun = max(at for at, row in enumerate(rows) if row.get("epoch") == rows[0].get("epoch"))
    at = begun + int(rows[-1]["best_epoch"]) - int(rows[begun].get("epoch", 1))
    return at if 0 <= at < len(rows) else None


def _span(records: _Records, runs: Sequence[_Records]) -> tuple[float, float]:
    """From below the lowest loss to above chance. The fall to chance in the first epochs is cut off, since
    all that is to be seen lies below; but never the present loss.
    """
    known = [one for one in (records, *runs) if len(one.train)]
    if not known:
        return 0.5, 0.75
    losses = np.concatenate([[*one.train, *one.validation, one.floor or np.nan] for one in known])
    losses = losses[np.isfinite(losses)]
    chance = known[0].chance or 0.0
    if not len(losses):
        return chance - 0.1, chance + 0.1
    low = min(float(losses.min()), chance or math.inf)
    last = [value for one in known for value in (one.train[-1], one.validation[-1]) if math.isfinite(value)]
    high = max([chance + 0.3 * (chance - low), *last, low])
    room = 0.05 * max(high - low, 0.01)
    return low - room, high + room


def _loss_in_words(records: _Records) -> str:
    n = len(records.train)
    if not n:
        return "No epoch yet."
    last = records.train[-1]
    words = (
        f"Epoch {n}: training loss {last:.3f}" if np.isfinite(last) else f"Epoch {n}: the loss is no number"
    )
    if np.isfinite(records.validation[-1]):
        words += f", validation loss {records.validation[-1]:.3f}"
    words += " nats per choice" if np.isfinite(last) else ""
    if records.chance is not None:
        words += f"; guessing has {records.chance:.3f}"
    if records.floor is not None:
        words += f", the true agent {records.floor:.3f}"
    words += "."
    if records.best is not None:
        words += f" The best is epoch {records.best + 1} with {records.judged[records.best]:.3f}."
    return words
