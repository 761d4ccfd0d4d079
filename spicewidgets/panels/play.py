"""Be the participant: the bandit is played by mouse or keys, and then fitted as anybody's choices are."""

from functools import partial
from html import escape
from math import exp, log
from typing import TYPE_CHECKING

import ipywidgets as widgets

from ..app.games import BOTH, Game, Yourself, told_of, yourself
from ..app.protocols import ExperimentRunner
from ..experiment.result import Result
from ..markup import Html, bullets, message, table
from ..plots.figures import SessionView
from ..plots.svg import outcome, outcome_strip
from ..state.experiment import Experiment
from ..views.words import PARAMETERS
from .base import Change, Panel, button, column, guard, row
from .controls import control
from .equations import terms_table
from .files import FigureBox, File, Files, csv_file
from .look import STYLE
from .training import run_status
from .words import AGENTS, decimal

if TYPE_CHECKING:
    import pandas as pd

ABOUT = (
    "Two options pay or do not, one more often than the other, and that may turn round. Find out which, 100"
    " times; then see what a Q-learner, a network and an equation make of your choices."
)
KEYS = ("← or 1", "→ or 2")
YOURS = {name: f"Your {PARAMETERS[name]}" for name in BOTH}
TASK = {"kind": "reversal", "flip_probability": 0.03}
CLASSIC = "Rescorla-Wagner"
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
        experiment: whose task is played.
        runner: what trains on the choices.
        n_trials: how often is chosen.
        random_state: seed of what is paid; another game each time when None.
    """

    def __init__(
        self,
        experiment: Experiment,
        runner: ExperimentRunner,
        n_trials: int = 100,
        random_state: int | None = None,
    ) -> None:
        super().__init__()
        self.experiment, self.runner = experiment, runner
        self._n_trials, self._seed = n_trials, random_state
        self.player: Yourself | None = None
        experiment.task.put(TASK)
        self.kind = control(experiment.task, "kind")
        self.kind.layout.max_width = "380px"
        self.outcome, self.status = widgets.HTML(), widgets.HTML()
        self.arms = [self._arm_button(arm, keys) for arm, keys in enumerate(KEYS)]
        self.again = button("New game", "Forget these choices and begin again", self.begin)
        self.results = self._make_results()
        self.children = [
            *self.children,
            widgets.HTML(f"{STYLE}<h2>Be the participant</h2><p>{escape(ABOUT)}</p>"),
            self.kind,
            self.outcome,
            row(*self.arms),
            self.again,
            widgets.HTML(LISTEN),
            self.status,
            self.results,
        ]
        self.add_class("sw-play")
        self.outcome.add_class("sw-said")
        experiment.task.observe(self._change_task, "kind")
        experiment.run.observe(self.refresh, "revision")
        self.begin()

    def _arm_button(self, arm: int, keys: str) -> widgets.Button:
        words = f"Option {arm + 1}  ({keys})"
        pressable = button(words, f"Choose option {arm + 1}", partial(self.choose, arm))
        pressable.add_class("sw-arm")
        return pressable

    def _make_results(self) -> widgets.VBox:
        """Lay out the end of the game; the picture is made then."""
        self.words, self.scores, self.equation = (widgets.HTML() for _ in range(3))
        self.files = Files({"choices as csv": ("Every trial, one row each", self._csv)})
        self.picture = column()
        self.figure: SessionView | None = None
        results = column(self.words, self.scores, self.equation, self.picture, self.files)
        results.add_class("sw-results")
        return results

    @guard
    def begin(self) -> None:
        """Begin a new game."""
        self.runner.stop()
        self.game = Game(self.experiment.task.snapshot(), self._n_trials, self._seed)
        self.player = None
        self.results.layout.display = "none"
        self._show("Choose an option.")

    @guard
    def _change_task(self, _: Change) -> None:
        if not self.game.choices:
            self.begin()

    @guard
    def choose(self, arm: int) -> None:
        """Make the next choice, and show what it pays."""
        if self.game.over:
            return
        paid = self.game.choose(arm)
        words = "reward" if paid else "no reward"
        self._show(f"Option {arm + 1}: {words}.", outcome(bool(paid)))
        if len(self.game.choices) == self.game.n_trials:
            self._finish()

    def _show(self, words: str, mark: str = "") -> None:
        """Show the field: rewards by shape and words, the progress, and all trials as marks."""
        game = self.game
        n, total = len(game.choices), int(game.total)
        so_far = f"Trial {n} of {game.n_trials}; {total} reward{'s' * (total != 1)} so far."
        over = " All trials are played." if game.over else ""
        rewarded = [bool(paid[arm]) for arm, paid in zip(game.choices, game.rewards, strict=True)]
        strip = outcome_strip(game.choices, rewarded, game.task.n_actions)
        self.outcome.value = (
            f'<div class="sw-game"><div class="sw-paid">{mark}<span>{escape(words)}</span></div>'
            f"<div>{so_far}{over}</div>{strip}</div>"
        )
        for pressable in self.arms:
            pressable.disabled = game.over
        self.kind.parts[0].disabled = 0 < n < game.n_trials
        self.again.layout.display = "" if n else "none"

    def _finish(self) -> None:
        """Fit whoever has played, and train on their choices."""
        self.status.value = '<div role="status">Fitting a Q-learner to your choices …</div>'
        self.player = yourself(self.game)
        self.runner.given = self.player.data
        if not self.runner.train():
            self.status.value = '<div role="status">An earlier run is still ending: press New game.</div>'
        self.refresh()

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Show how the training goes, and what has been found."""
        player, run, result = self.player, self.experiment.run, self.runner.result
        if player is None:
            self.status.value = ""
            return
        self.status.value = run_status(run) if run.busy or run.status == "failed" else ""
        if result is not None and (run.busy or result.data is not player.data):
            result = None
        self.words.value = _player_in_words(player)
        self.results.layout.display = ""
        self.scores.value = _scores(player, None if result is None else result.comparison)
        self.equation.value = "" if result is None else _equation(result)
        self._draw(player, result)

    def _draw(self, player: Yourself, result: Result | None) -> None:
        if self.figure is None:
            self.figure = SessionView()
            self.picture.children = [FigureBox(self.figure)]
        session = player.data.sessions[0]
        agents = {CLASSIC: player.played} | ({} if result is None else dict(result.played))
        rewards = [paid[arm] for paid, arm in zip(session.rewards, session.choices, strict=True)]
        self.figure.draw(agents, session.choices, rewards)

    def _csv(self) -> File:
        if self.player is None:
            raise ValueError("There is no game to save yet. Play all trials first.")
        return csv_file("choices", self.player.data.dataset.to_frame())


def _player_in_words(player: Yourself) -> Html:
    """Write what the choices tell, and how little it is."""
    help_text = message(
        f"The most likely values and their intervals, from {int(player.fitted.n_choices[0])} choices: the"
        " percentage is how often such an interval holds the truth. Play again, and see how far they move.",
        "help",
    )
    sentences = bullets(told_of(player.fitted, YOURS))
    return Html(f"<h3>You as a Rescorla-Wagner learner</h3>{sentences}{help_text}")


def _scores(player: Yourself, comparison: "pd.DataFrame | None") -> Html:
    """Tabulate how well each model predicts the choices, and what that is worth."""
    fitted, n = player.fitted, int(player.fitted.n_choices[0])
    agents = [("guessing", 0, n * log(2)), (CLASSIC, len(fitted.names), float(fitted.nll[0]))]
    if comparison is not None:
        agents += [
            (AGENTS[name], int(scores["n_parameters"]), float(scores["nll"]) * n)
            for name, scores in comparison.iterrows()
        ]
    bics = [2 * nll + k * log(n) for _, k, nll in agents]
    rows = [
        [name, k, decimal(exp(-nll / n)), decimal(bic, 1)]
        for (name, k, nll), bic in zip(agents, bics, strict=True)
    ]
    best = agents[bics.index(min(bics))][0]
    words = (
        f"All of them were fitted to the {n} choices that they are tested on, so that more parameters always"
        f" seem to know more. The BIC counts the parameters: the lowest is ahead, here {best}."
    )
    scores_table = table(
        "How your choices are expected", ["who", "parameters", "trial likelihood", "BIC"], rows
    )
    return Html(scores_table + message(words, "help"))


def _equation(result: Result) -> str:
    """Return the equation with its errors."""
    if result.spice is None:
        return ""
    participant = result.spice.participants[0]
    equation = terms_table(result, participant, result.uncertainty.get(participant))
    return f"<h3>Your equation</h3>{equation}"
