"""The apps: panels put together, nothing else."""

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import ipywidgets as widgets

from . import compat
from .app.classroom import point_of_result
from .app.follow import Follower
from .app.runner import Runner, call_after
from .core.settings import SettingsError
from .panels import STAGES, Stage
from .panels.base import Change, Panel, button, column, guard
from .panels.classroom import SharePanel
from .panels.guide import Guide
from .panels.head import Head
from .panels.lesson import LessonBanner
from .panels.look import STYLE
from .panels.page import PAGE
from .panels.play import Opening, PlayPanel
from .panels.playground import playground_class
from .panels.quiz import QuizPanel
from .panels.sections import Address
from .panels.settings import SettingsBox
from .panels.story import StoryPanel
from .panels.strip import Strip
from .panels.tiles import OF_THE_RUN, TILES
from .state.experiment import Experiment
from .state.graph import groups_before
from .state.lesson import lesson_from, open_lesson
from .state.link import open_link, to_link
from .state.stages import ROOMS, STAGES as STAGE_ROWS

if TYPE_CHECKING:
    from .core.config import SpiceConfig
    from .core.train.rnn import BaseRNN

SCENE = "scene-"  # begins the word in which a browser has kept where the story was left
PLAYING = "sw-playing"  # the look of an explorer whose game is on show
LESSON = "SPICEWIDGETS_LESSON"  # in the environment: the file of the lesson that a page opens with
Models = Sequence[tuple[type["BaseRNN"], "SpiceConfig"]]


class Panels(Mapping[str, Stage]):
    """The panels of one experiment by name, each made when it is first asked for: all of them together are
    some 1,800 widgets, which a page would wait for.
    """

    def __init__(self, experiment: Experiment, runner: Runner) -> None:
        self._experiment, self._runner = experiment, runner
        self._panels: dict[str, Stage] = {}

    def __getitem__(self, name: str) -> Stage:
        if name not in self._panels:
            self._panels[name] = STAGES[name](self._experiment, self._runner)
        return self._panels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(STAGES)

    def __len__(self) -> int:
        return len(STAGES)


class Explorer(Panel):
    """Six rooms in the order of the method, under a head that stays in sight.

    Attributes:
        experiment: all settings, and how they stand to each other.
        runner: what runs them.
        switch: tiles and views, of which one panel is chosen.
        guide: the one line that says what matters now.
        panels: by name, made when they are first shown.
        rooms: by the name of a panel, where it stands.
        opening: the game that the page begins with; None where it begins with its rooms.
    """

    def __init__(
        self,
        preset: str = "the tutorial",
        models: Models = (),
        lesson: str | os.PathLike[str] = "",
        plays: bool = False,
    ) -> None:
        compat.ensure_colab_manager()
        self.experiment, self.runner = _experiment(preset, models, lesson)
        self.runner.show_recorded()
        plays = plays and self.experiment.lesson is None
        self.settings = SettingsBox(self.experiment, self.runner)
        self.switch = Strip()
        self.story = StoryPanel(self.experiment, self.runner)
        self.guide = Guide(self.experiment, self.runner, self.switch, self.story)
        story = button("Story", "Six scenes of five minutes: begin, or go on", self.guide.start_story)
        look = button("Theme", "Light or dark", lambda: None)
        look.add_class("sw-theme")
        game = [button("Play", "Thirty choices of yours, and a network that bets on them", self._play)]
        tools = (*(game if plays else []), story, look, *self.settings.buttons)
        self.head = Head(self.experiment, self.runner, tools)
        self.panels = Panels(self.experiment, self.runner)
        self.rooms = {name: column() for name in STAGES}
        self.switch.observe(self._show, "value")
        self.experiment.observe(self._go, "view")
        self._link, self._is_due = "", False
        self._drawn: dict[str, tuple[object, ...]] = {}  # what each small picture shows
        self.address = Address("Settings in the page's address", self._take)
        self.banner = LessonBanner(self.experiment)
        shares = [SharePanel(self._point)] if compat.in_class() else []
        self.told = widgets.Text(**compat.tooltip("What the page says of itself"))
        self.told.add_class("sw-told")
        self.told.observe(self._hear, "value")
        self.opening = Opening(self.experiment, self.runner, self.switch) if plays else None
        self._opened: list[widgets.Widget] = [
            widgets.HTML(STYLE + PAGE),
            self.head,
            self.switch.row,
            self.address,
            self.told,
            *([self.opening] if self.opening else []),
            self.guide,
            self.story,
            self.settings,
            self.banner,
            *shares,
            self.switch.views,
            *self.rooms.values(),
        ]
        super().__init__([] if plays else self._opened)
        self.add_class("sw-explorer")
        for room in self.rooms.values():
            room.add_class("sw-room")
        self.experiment.observe(self._refresh, "revision")
        self.experiment.run.observe(self._show_run, "revision")
        self.experiment.playback.observe(self._show_run, "epoch")
        self.experiment.observe(self._begin_lesson, "lesson")
        self.story.story.observe(self._clear_stage, "at")
        self.story.ended = self._end_story
        self._offer()
        if self.opening is None:
            self._open_rooms()
            return
        self.opening.left, self.opening.story = self._leave_game, self.guide.start_story
        self.opening.heard = self._show_game
        self.story.game = self.opening.game
        for asks in (self.head.go, *self.settings.buttons):
            asks.on_click(self._leave_game)
        story.on_click(self._leave_for_own)
        self.head.preset.observe(self._choose_preset, "value")
        for tile in self.switch.tiles.values():
            tile.button.observe(self._press_tile, "value")
        self.children = [self.alert, *self._opened[: self._opened.index(self.opening) + 1]]
        self._play()

    @property
    def is_playing(self) -> bool:
        """Tell whether the game is on show, in place of the rooms."""
        return PLAYING in self._dom_classes

    @guard
    def _play(self) -> None:
        """Show the game in place of the rooms."""
        if self.opening is not None:
            self.add_class(PLAYING)
            self.opening.refresh()
            self._show_game()

    def _show_game(self) -> None:
        if self.opening is not None and self.is_playing:
            self.head.game = self.opening.lines()
            self.head.refresh()

    def _choose_preset(self, _: Change) -> None:
        if not self.head.is_filling:
            self._leave_game()

    def _press_tile(self, change: Change) -> None:
        if change["new"]:
            self._leave_for_own()

    def _leave_for_own(self, _: object = None) -> None:
        """Show the rooms of what the tiles show during a game: the player's choices."""
        if self.opening is not None and self.is_playing:
            self.opening.stand_on_game()
        self._leave_game()

    @guard
    def _leave_game(self, _: object = None) -> None:
        """Show the rooms, as they stand."""
        if self.is_playing:
            self.remove_class(PLAYING)
            self.head.game = None
            self.head.refresh()
            self.switch.show_open()
            self._open_rooms()

    def _open_rooms(self) -> None:
        """Show the rooms; what they need is made when they are first asked for."""
        if len(self.children) <= len(self._opened):
            self.children = [self.alert, *self._opened]
        self._drawn.clear()
        self._show()
        self._show_all()

    def start(self) -> None:
        """Load torch in the background, so that the first run need not wait for it."""
        if not self.runner.foreground:
            self.runner.preload()

    def _point(self) -> list[float]:
        if why := self.experiment.stale_because.get("train"):
            raise SettingsError([why])
        return point_of_result(self.runner.result, self.experiment.person)

    def _offer(self) -> None:
        lesson = self.experiment.lesson
        self.switch.offer(STAGES if lesson is None else lesson.panels)

    @guard
    def _begin_lesson(self, _: Change | None = None) -> None:
        self._leave_game()
        self._offer()
        self.runner.show_run()

    @guard
    def _go(self, change: Change) -> None:
        """Open the panel that an address names, where it is offered."""
        if change["new"] in self.switch.offered:
            self.switch.value = change["new"]

    @guard
    def _show(self, _: Change | None = None) -> None:
        """Show the chosen panel. What was there goes before the views change, so that nothing moves."""
        if self.is_playing:
            return
        chosen = self.experiment.view = self.switch.value
        for name, room in self.rooms.items():
            if name != chosen:
                for each in (room, *room.children):
                    each.layout.display = "none"
        self.switch.show_views()
        room = self.rooms[chosen]
        if not room.children:
            room.children = (self.panels[chosen],)
        for each in (*room.children, room):
            each.layout.display = ""
        self._show_address()

    @guard
    def _hear(self, change: Change) -> None:
        """Take over what the page says of itself, in words that page.py knows."""
        words = change["new"].split()
        self.experiment.playback.watched = "watched" in words
        self.experiment.playback.still = "still" in words
        for word in words:
            if word.startswith(SCENE):
                self.story.story.restore(word.removeprefix(SCENE))
        self.guide.refresh()

    @guard
    def _clear_stage(self, _: Change) -> None:
        """Show a scene of the story alone: the page tells what it asks."""
        (self.remove_class if self.story.story.scene is None else self.add_class)("sw-in-story")

    def _end_story(self) -> None:
        """Show what the story was about: the end of the game, or the equation."""
        if self.story.is_own and self.opening is not None:
            self._play()
        elif "equation" in self.switch.offered:
            self.switch.value = "equation"

    def _show_rooms(self, *names: str) -> None:
        """Show how far each room is, and the small pictures of some, as far as the settings can be used."""
        if self.is_playing:
            return
        self.switch.mark(self._states())
        if self.experiment.sound("task", "participant", "data"):
            for name in names:
                before, shown = self._drawn.get(name), self._parts(name)
                if before is None or any(a is not b for a, b in zip(before, shown, strict=True)):
                    self.switch.tiles[name].draw(*TILES[name](self.experiment, self.runner))
                    self._drawn[name] = shown

    def _parts(self, name: str) -> tuple[object, ...]:
        """Return all that a small picture shows: the same objects, while nothing of it has changed."""
        experiment, run, playback = self.experiment, self.experiment.run, self.experiment.playback
        settings = experiment.peek(), experiment.comparison.peek(), experiment.person
        found = self.runner.result, self.runner.given
        if name not in OF_THE_RUN:
            return (*settings, *found)
        progress = run.live, run.history, run.busy, run.study, run.epoch
        played = playback.playing, playback.epoch, playback.epochs, playback.equations
        return (*settings, *found, *progress, *played)

    @guard
    def _show_run(self, _: Change | None = None) -> None:
        self._show_rooms(*OF_THE_RUN)

    def _states(self) -> dict[str, str]:
        """Return the state of each room: done, stale, to do or running."""
        run, stages = self.experiment.run, self.experiment.stages
        return {
            name: "running" if run.busy and run.phase in room.phases else stages[room.told_by]
            for name, room in ROOMS.items()
        }

    def _take(self, text: str) -> None:
        """Take over the settings that the page has found in its address."""
        problem = ""
        try:
            open_link(self.experiment, text)
            self.runner.show_run()
        except SettingsError as error:
            problem = f"The settings in the address were left out. {' '.join(error.problems)}"
        self._leave_game()
        self._refresh()
        self.show_error(problem)

    def _refresh(self, _: Change | None = None) -> None:
        """Show what follows from a change: the tile of the open room at once, and the others once the room
        itself is drawn, for which somebody waits.
        """
        self._show_open()
        if not self._is_due:
            self._is_due = True
            call_after(self._show_due)

    @guard
    def _show_open(self) -> None:
        self._show_rooms(STAGE_ROWS[self.switch.value].room)

    def _show_due(self) -> None:
        self._is_due = False
        with self.experiment.lock:
            self._show_all()

    @guard
    def _show_all(self) -> None:
        self._show_rooms(*TILES)
        self._show_address()

    def _show_address(self) -> None:
        if not (
            self.is_playing or self.experiment.problems
        ):  # the last sound settings stay in the address, for a reload
            self._link = to_link(self.experiment)
        self.address.show(self._link)


def explorer(
    preset: str = "the tutorial",
    *,
    models: Models = (),
    lesson: str | os.PathLike[str] = "",
    start: bool = True,
    plays: bool = False,
) -> Explorer:
    """Open the explorer: simulate, train, discover, compare, all in one box.

    Args:
        preset: the settings to begin with; see `Experiment.presets`.
        models: `BaseRNN` subclasses of your own, each with its `SpiceConfig`, offered beside the others.
        lesson: the file of a lesson to open with, which then stays; it was saved by "Save as lesson".
        start: whether torch is loaded at once, in the background.
        plays: whether it begins with thirty choices of whoever opens it, where it has no lesson.

    Raises `SettingsError` for a preset that is not known, and for a lesson that cannot be read.
    """
    app = Explorer(preset, models, lesson, plays)
    if start:
        app.start()
    return app


def panel(name: str, preset: str = "the tutorial", *, models: Models = ()) -> Stage:
    """One panel of its own, by its name in `STAGES`, such as "task", "equation" or "report". Raises
    `SettingsError` for another name.
    """
    if name not in STAGES:
        raise SettingsError([f"panel must be one of {', '.join(STAGES)}; got {name!r}. Choose one of these."])
    compat.ensure_colab_manager()
    experiment, runner = _experiment(preset, models)
    runner.show_recorded()
    one = STAGES[name](experiment, runner)
    if name not in groups_before("untrained") and not runner.foreground:
        runner.preload()
    one.children = (widgets.HTML(STYLE), LessonBanner(experiment), *one.children)
    return one


def quiz(level: int = 1, seed: int | None = None) -> QuizPanel:
    """Open the quiz: find out how a mystery participant learns, and guess.

    Args:
        level: 1 hides the numbers of a Rescorla-Wagner learner, 2 its further mechanisms too.
        seed: which mystery, 0 to 9999; any when None.

    Raises `SettingsError` for another level or seed.
    """
    compat.ensure_colab_manager()
    experiment = Experiment()
    runner = Runner(experiment, foreground=compat.foreground())
    Follower(experiment, runner)
    game = QuizPanel(experiment, runner, level, seed)
    runner.preload(game.deal)
    return game


def play() -> PlayPanel:
    """Be the participant: thirty choices, a network that bets on the next one, and your equation."""
    compat.ensure_colab_manager()
    return PlayPanel()


def playground(settings: Mapping[str, object] | None = None, seed: int | None = None) -> widgets.DOMWidget:
    """Open the page in one file as a widget: play, simulate, train and read the equation in the browser.

    Args:
        settings: those below the game, by the names that its trait `settings` has; the others are as usual.
        seed: of what the two machines of the game pay; another game each time when None.

    Returns:
        A widget of anywidget, whose traits tell of settings, choices, bets, learning rate and equation.

    Raises `SettingsError` where anywidget is not installed.
    """
    compat.ensure_colab_manager()
    try:
        made = playground_class()
    except ModuleNotFoundError:
        words = "playground() needs the package anywidget; it is not installed. Run pip install anywidget."
        raise SettingsError([words]) from None
    return made(settings=dict(settings or {}), seed=seed)


def _experiment(
    preset: str, models: Models, lesson: str | os.PathLike[str] = ""
) -> tuple[Experiment, Runner]:
    experiment = Experiment(preset)
    for cls, config in models:
        experiment.model.register(cls, config)
    if path := lesson or os.environ.get(LESSON, ""):
        open_lesson(experiment, lesson_from(os.fspath(path), experiment), stays=True)
    runner = Runner(experiment, foreground=compat.foreground())
    Follower(experiment, runner)
    return experiment, runner
