"""Be the participant: thirty choices, and a network that bets on the next one. All of it is computed in the
page (`front`), which tells the kernel of each choice.
"""

from collections.abc import Callable
from html import escape

import ipywidgets as widgets

from ..app.played import ROUND, SIDES, TABLE, Played, played_in
from ..app.protocols import ExperimentRunner
from ..app.table import Upload, table_of
from ..compat import tooltip
from ..front.files import BUNDLE, READY_MODELS, markup, style_within
from ..state.experiment import Experiment
from .base import Change, Panel, button, guard, row
from .equation_lines import GameLines
from .files import File, Files
from .look import STYLE
from .strip import Strip
from .tiles import terms_of_game, tiles_of_game

ABOUT = (
    "Two machines pay or do not. Thirty choices, and a network that bets on your next one; then see the"
    " equation of how you seem to learn, and how sure that is."
)
NEEDS_CODE = "code"  # what a page says that has no server of ours behind it
# The server of `spicewidgets app` has the scripts as files of its own; a notebook asks the kernel for them.
# The kernel hears nothing before the first choice.
BEGIN = """
const box = this.closest('.sw-play'), game = box.querySelector('.sw-front');
const say = (text, tries = 100) => {
  const field = box.querySelector('.sw-heard input');
  if (!field) { if (tries) setTimeout(say, 100, text, tries - 1); return; }
  field.value = text;
  for (const event of ['input', 'change']) field.dispatchEvent(new Event(event, { bubbles: true }));
};
const state = {};
const traits = {
  get: () => null,
  set: (name, value) => { state[name] = value; },
  save_changes: () => state.choices && say(JSON.stringify(state)),
  on: () => {},
};
const load = (name) => new Promise((done, failed) => {
  const script = document.createElement('script');
  Object.assign(script, { onload: done, onerror: failed });
  script.src = `${document.body.dataset.baseUrl}templates/spicewidgets/static/${name}.js`;
  document.head.append(script);
});
window.swFront ??= new Promise((done) => {
  window.swFrontHere = done;
  const begin = (root, traits) => spice.start(root, DESCRIBED, traits);
  if (!document.body.dataset.voila) say('code');
  else load('models').then(() => load('front')).then(() => done(begin));
});
window.swFront.then((start) => {
  start(game, traits);
  const away = document.activeElement === document.body && !document.body.dataset.voila;
  if (away) game.querySelector('#left').focus({ preventScroll: true });
});
"""


class PlayPanel(Panel):
    """The game.

    Args:
        alone: whether its choices can be saved here; in the explorer they are those of room 3.

    Attributes:
        played: the choices so far; None before the first one.
        heard: called with them after each choice, and once more with the equation at the end.
    """

    def __init__(self, alone: bool = True) -> None:
        self.played: Played | None = None
        self.heard: Callable[[Played], object] = lambda played: None
        style = f"<style>{style_within('sw-front')}</style>"
        begin = f'<style onload="{escape(BEGIN)}"></style>'
        self.game = widgets.HTML(f'{style}<div class="sw-front">{markup(game_alone=True)}</div>{begin}')
        self.code, self.told = widgets.HTML(), widgets.Text(**tooltip("What the game says of itself"))
        self.told.add_class("sw-heard")
        self.told.observe(self._hear, "value")
        super().__init__()
        self.children = [self.game, self.code, self.told, self.alert]  # what may appear is below the game
        if alone:
            files = Files({"choices as csv": ("Every choice and what it paid, one row each", self._csv)})
            self.children = [widgets.HTML(STYLE), *self.children, files]
        self.add_class("sw-play")

    @guard
    def _hear(self, change: Change) -> None:
        if change["new"] == NEEDS_CODE:
            scripts = "\n".join(file.read_text(encoding="utf-8") for file in (READY_MODELS, BUNDLE))
            here = "window.swFrontHere((root, traits) => spice.start(root, DESCRIBED, traits));"
            self.code.value = f'<style onload="{escape(scripts + here)}"></style>'
        elif change["new"]:
            self.played = played_in(change["new"])
            self.heard(self.played)

    def _csv(self) -> File:
        if self.played is None:
            raise ValueError("There are no choices to save yet. Press one of the machines first.")
        return File("choices.csv", self.played.table().encode(), "text/csv")


class Opening(Panel):
    """The game as the explorer opens on it: its choices fill the tiles, and become those of room 3.

    Args:
        experiment: which takes the choices.
        runner: which reads them, and trains on them.
        strip: the tiles.

    Attributes:
        heard: called with each choice.
        left: called when the rooms are asked for.
        story: called when the story is.
    """

    def __init__(self, experiment: Experiment, runner: ExperimentRunner, strip: Strip) -> None:
        self.experiment, self.runner, self.strip = experiment, runner, strip
        self.heard: Callable[[], object] = lambda: None
        self.left: Callable[[], object] = lambda: None
        self.story: Callable[[], object] = lambda: None
        self.play = PlayPanel(alone=False)
        self.play.heard = self._hear
        tip = "A finished run, with all its rooms"
        self.watch = button("Watch a simulated participant", tip, self._watch)
        self.on = button("Next: the story of your choices", "Six scenes of five minutes", self._tell)
        self.on.add_class("sw-next")
        super().__init__()
        self.children = [self.play, row(self.on, self.watch), self.alert]
        self.add_class("sw-first")
        experiment.table.observe(self._take, "revision")

    def refresh(self) -> None:
        """Show in the tiles how far the game is."""
        self.on.layout.display = "" if self._tells() else "none"
        for number, (name, (picture, words)) in enumerate(tiles_of_game(self.play.played).items(), 1):
            tile = self.strip.tiles[name]
            tile.set_open(False)
            tile.show("done" if self.play.played else "todo", number)
            tile.draw(picture, words)

    def stand_on_game(self) -> None:
        """Let the rooms stand on what was played, where they show something else."""
        played = self.play.played
        if played is not None and self._tells() and self.experiment.table.name != TABLE:
            self._read(played)

    def _read(self, played: Played) -> None:
        self.runner.read(Upload(played.table().encode(), TABLE))

    def _hear(self, played: Played) -> None:
        self.refresh()
        self.heard()
        if played.rate and len(set(played.choices)) == 1:
            raise ValueError(
                f"All {len(played.choices)} choices are {SIDES[played.choices[0]]}: the rooms need both"
                " machines to learn from. Play on, and try the other one, too."
            )
        if played.rate:
            self._read(played)

    @guard
    def _take(self, _: Change) -> None:
        """Take the choices that were read, and train on them; the rooms then stand on them."""
        choices = self.runner.choices
        if choices is not None and choices.report.name == TABLE and self.play.played is not None:
            self.experiment.take_choices(table_of(choices))
            self.runner.train_anew()

    @guard
    def _tell(self) -> None:
        self.stand_on_game()
        self.left()
        self.story()

    def _tells(self) -> bool:
        """Tell whether the rooms and the story can stand on the choices."""
        played = self.play.played
        return played is not None and bool(played.rate) and len(set(played.choices)) > 1

    def game(self) -> Played | None:
        """Return what was played so far."""
        return self.play.played

    def lines(self) -> GameLines:
        """Return what the head says of the game."""
        played = self.play.played
        if played is None or not played.rate:
            return GameLines() if played is None or len(played.choices) < ROUND else GameLines("play on.")
        rate, low, high = (f"{100 * end:.0f} %" for end in played.rate)
        module, terms = terms_of_game(played)
        return GameLines(f"move {rate} of the way, {low} to {high}.", terms, module)

    @guard
    def _watch(self) -> None:
        if self.experiment.table.name == TABLE:
            self.experiment.take_choices(None)
        self.runner.show_recorded()
        self.left()
