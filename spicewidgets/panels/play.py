"""Be the participant: the bandit is played by mouse or keys, and then fitted as anybody's choices are."""

from collections.abc import Sequence
from functools import partial
from html import escape
from math import exp, log
from typing import Any

import ipywidgets as widgets

from ..lab.games import Game, Yourself, told_of, yourself
from ..plots.figures import SessionView
from ..style import REWARDED, UNREWARDED
from .base import FULL, FigureBox, Files, Panel, control, decimal, grid, guard, pressed
from .equations import terms_table
from .look import STYLE
from .training import told

ABOUT = (
    "Two options pay or do not, one more often than the other, and that may turn round. Find out which, 100"
    " times; then see what a Q-learner, a network and an equation make of your choices."
)
KEYS = ("← or 1", "→ or 2")
NAMES = {"alpha_reward": "Your learning rate α", "beta_reward": "Your inverse temperature β"}
TASK = {"kind": "reversal", "flip_probability": 0.03}
CLASSIC = "Rescorla-Wagner"
LAST = 27  # trials that are shown as marks
# Keys press the buttons wherever in the panel the focus is, but for fields and results; a key that is held
# down counts once. They are kept from the shortcuts of JupyterLab, which listens after us, or, before 4.1,
# before us, but for what has the attribute. What is said is announced to screen readers.
LISTEN = """<style onload="
const box = this.closest('.sw-play');
box.setAttribute('data-lm-suppress-shortcuts', '');
box.querySelector('.sw-said')?.setAttribute('role', 'status');
box.onkeydown = (event) => {
  const at = { ArrowLeft: 0, 1: 0, ArrowRight: 1, 2: 1 }[event.key];
  if (at === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest('input, select, textarea, .sw-results')) return;
  event.preventDefault();
  if (!event.repeat) box.querySelectorAll('.sw-arm')[at].click();
};
if (document.activeElement === document.body) box.querySelector('.sw-arm')?.focus();
">
.sw-play .sw-arm{min-width:130px;width:auto!important;height:64px!important;font-size:16px!important;
 padding:0 18px;line-height:1.3}
.sw-game{padding:8px 12px;margin:6px 0;background:var(--jp-layout-color2,#f3f3f3);border-radius:4px;
 min-height:84px}
.sw-game .sw-paid{display:flex;align-items:center;gap:10px;font-size:20px;font-weight:600;min-height:30px}
</style>"""


class PlayPanel(Panel):
    """One game, and what is found in it.

    Args:
        n_trials: how often is chosen.
        random_state: seed of what is paid; another game each time when None.
    """

    def __init__(self, experiment: Any, runner: Any, n_trials: int = 100, random_state: Any = None) -> None:
        self.experiment, self.runner = experiment, runner
        self._n_trials, self._seed = n_trials, random_state
        self.found: Yourself | None = None
        experiment.task.put(TASK)
        self.kind = control(experiment.task, "kind")
        self.kind.layout.max_width = "380px"
        self.said, self.status = widgets.HTML(), widgets.HTML()
        self.arms = [self._arm(at, keys) for at, keys in enumerate(KEYS)]
        self.again = pressed("New game", "Forget these choices and begin again", self.begin)
        row = widgets.HBox(self.arms, layout=widgets.Layout(flex_flow="row wrap"))
        self.results = widgets.VBox(layout=widgets.Layout(**FULL))
        self.results.add_class("sw-results")
        head = widgets.HTML(f"{STYLE}<h2>Be the participant</h2><p>{escape(ABOUT)}</p>")
        super().__init__(
            [head, self.kind, self.said, row, self.again, widgets.HTML(LISTEN), self.status, self.results]
        )
        self.add_class("sw-play")
        self.said.add_class("sw-said")
        self._make_results()
        experiment.task.observe(self._other_task, "kind")
        experiment.run.observe(self.refresh, "revision")
        self.begin()

    def _arm(self, at: int, keys: str) -> Any:
        button = pressed(f"Option {at + 1}  ({keys})", f"Choose option {at + 1}", partial(self.choose, at))
        button.add_class("sw-arm")
        return button

    def _make_results(self) -> None:
        """What is shown at the end; the picture is made then."""
        self.words, self.scores, self.equation = (widgets.HTML() for _ in range(3))
        self.files = Files({"choices as csv": ("Every trial, one row each", self._csv)})
        self.picture = widgets.VBox(layout=widgets.Layout(**FULL))
        self.figure: SessionView | None = None
        self.results.children = [self.words, self.scores, self.equation, self.picture, self.files]

    @guard
    def begin(self) -> None:
        """A new game."""
        self.runner.stop()
        self.game = Game(self.experiment.task.snapshot(), self._n_trials, self._seed)
        self.found = None
        self.results.layout.display = "none"
        self._show("Choose an option.")

    @guard
    def _other_task(self, _: Any) -> None:
        if not self.game.choices:
            self.begin()

    @guard
    def choose(self, arm: int) -> None:
        """The next choice, and what it pays."""
        if self.game.over:
            return
        paid = self.game.choose(arm)
        words = "reward" if paid else "no reward"
        self._show(f"Option {arm + 1}: {words}.", paid)
        if len(self.game.choices) == self.game.n_trials:
            self._finish()

    def _show(self, words: str, paid: float | None = None) -> None:
        """The field: what was paid, by shape and words, how far it is, and all trials as marks."""
        game, mark = self.game, ""
        if paid is not None:
            mark = f'<svg width="26" height="26" aria-hidden="true">{_mark(bool(paid), 13, 13, 9)}</svg>'
        n, total = len(game.choices), int(game.total)
        so_far = f"Trial {n} of {game.n_trials}; {total} reward{'s' * (total != 1)} so far."
        over = " All trials are played." if game.over else ""
        self.said.value = (
            f'<div class="sw-game"><div class="sw-paid">{mark}<span>{escape(words)}</span></div>'
            f"<div>{so_far}{over}</div>{_strip(game)}</div>"
        )
        for button in self.arms:
            button.disabled = game.over
        self.kind.parts[0].disabled = 0 < n < game.n_trials
        self.again.layout.display = "" if n else "none"

    def _finish(self) -> None:
        """Fit whoever has played, and train on their choices."""
        self.status.value = '<div role="status">Fitting a Q-learner to your choices …</div>'
        self.found = yourself(self.game)
        self.runner.given = self.found.data
        if not self.runner.train():
            self.status.value = '<div role="status">An earlier run is still ending: press New game.</div>'
        self.refresh()

    @guard
    def refresh(self, _: Any = None) -> None:
        """How the training goes, and what has been found."""
        if self.found is None:
            self.status.value = ""
            return
        run, result = self.experiment.run, self.runner.result
        ready = result is not None and not run.busy and result.data is self.found.data
        self.status.value = told(run) if run.busy or run.status == "failed" else ""
        self.words.value = _honest(self.found)
        self.results.layout.display = ""
        self.scores.value = _scores(self.found, result.comparison if ready else None)
        self.equation.value = _equation(result) if ready else ""
        self._draw(result if ready else None)

    def _draw(self, result: Any) -> None:
        assert self.found is not None
        if self.figure is None:
            self.figure = SessionView()
            self.picture.children = [FigureBox(self.figure)]
        session = self.found.data.sessions[0]
        played: dict[str, Any] = {CLASSIC: self.found.played} | ({} if result is None else result.played)
        paid = [row[arm] for row, arm in zip(session.rewards, session.choices, strict=True)]
        self.figure.draw(played, session.choices, paid)

    def _csv(self) -> tuple[str, bytes, str]:
        if self.found is None:
            raise ValueError("There is no game to save yet. Play all trials first.")
        frame = self.found.data.dataset.to_frame()
        return "choices.csv", frame.to_csv(index=False).encode(), "text/csv"


def _mark(rewarded: bool, x: float, y: float, r: float) -> str:
    """A disc for a reward, a cross for none, as in all pictures."""
    if rewarded:
        return f'<circle cx="{x}" cy="{y}" r="{r}" fill="{REWARDED.colour}"/>'
    ends = f"M{x - r} {y - r}L{x + r} {y + r}M{x - r} {y + r}L{x + r} {y - r}"
    return f'<path d="{ends}" stroke="{UNREWARDED.colour}" stroke-width="{r / 3:.1f}" fill="none"/>'


def _strip(game: Game) -> str:
    """The last trials as marks, a row for each option; so many as a phone is wide."""
    shown = list(zip(game.choices, game.rewards, strict=True))[-LAST:]
    marks = "".join(
        _mark(bool(paid[arm]), 10 * at + 66, 10 + 18 * arm, 3.5) for at, (arm, paid) in enumerate(shown)
    )
    names = "".join(
        f'<text x="0" y="{14 + 18 * arm}" fill="currentColor" font-size="12">option {arm + 1}</text>'
        for arm in range(game.task.n_actions)
    )
    return f'<svg width="{10 * LAST + 66}" height="38" aria-hidden="true">{names}{marks}</svg>'


def _honest(found: Yourself) -> str:
    """What the choices tell, and how little it is."""
    sentences: Sequence[str] = told_of(found.fitted, NAMES)
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    n = found.fitted.n_choices
    return (
        f"<h3>You as a Rescorla-Wagner learner</h3><ul>{items}</ul>"
        f'<div class="sw-help">The most likely values, ± standard error, from {n} choices: the range would'
        " hold the truth in 9 of 10 games like this. Play again, and see how far they move.</div>"
    )


def _scores(found: Yourself, comparison: Any) -> str:
    """Who expects the choices how well, and what that is worth."""
    fitted = found.fitted
    n = fitted.n_choices
    rows = [("guessing", 0, n * log(2)), (CLASSIC, len(fitted.values), fitted.nll)]
    if comparison is not None:
        names = {"rnn": "RNN", "spice": "SPICE"}
        rows += [
            (names[name], int(row["n_parameters"]), float(row["nll"]) * n)
            for name, row in comparison.iterrows()
        ]
    shown = [[name, k, decimal(exp(-nll / n), 3), decimal(2 * nll + k * log(n), 1)] for name, k, nll in rows]
    table = grid("How your choices are expected", ["who", "numbers", "trial likelihood", "BIC"], shown)
    best = min(rows, key=lambda row: 2 * row[2] + row[1] * log(n))[0]
    words = (
        f"All of them were fitted to the {n} choices that they are tested on, so that more numbers always"
        f" seem to know more. The BIC counts the numbers: the lowest is ahead, here {best}."
    )
    return f'{table}<div class="sw-help">{escape(words)}</div>'


def _equation(result: Any) -> str:
    """The equation with its errors."""
    found = result.spice
    if found is None:
        return ""
    who = found.participants[0]
    return f"<h3>Your equation</h3>{terms_table(result, who, result.uncertainty.get(who))}"
