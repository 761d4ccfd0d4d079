"""Any order of clicks: a walk over all controls of a running explorer ends with no exception, no dead button,
no forgotten widget, and settings that can be saved and read back.

What the page would send is given to the widgets (`set_state`, `click`), at any time, also while a run is
under way in its thread. Sizes are kept small, so that it takes seconds; bounds, and what lies beyond, are all
tried.
"""

import json
import logging
import random
import threading
from collections.abc import Iterator
from html import unescape
from itertools import chain
from math import inf, nan
from re import findall, search
from typing import Any

import ipywidgets as widgets
import pytest

from spicewidgets.apps import explorer
from spicewidgets.compat import WIDGETS
from spicewidgets.core.settings import SettingsError
from spicewidgets.panels.controls import Control
from spicewidgets.state.experiment import Experiment
from spicewidgets.state.graph import GROUPS
from spicewidgets.state.link import open_link, to_link

ACTIONS, CHECKS = 300, 3
# Usable values of what makes a run long; the bounds and what lies beyond are tried too where that is quick.
QUICK = {
    "n_sessions": (1, 2, 7, 12, 0, 2001),
    "n_trials": (2, 3, 20, 30, 1, 2001),
    "n_participants": (1, 2, 3, 0, 201),
    "epochs": (1, 2, 10, 25, 0, -3),
    "n_starts": (1, 2, 3, 0, 33),
    "batch_size": (1, 4, 500, 0, 501),
    "n_trials_off_policy": (0, 50, 200, -1),
    "n_sessions_off_policy": (0, 1, 2, -1),
    "embedding_size": (1, 3, 8, 0, 257),
    "degree": (1, 2, 3, 0, 6),
}
TEXTS = ("", " ", "0.4", "3", "-1", "nan", "inf", "1e400", "five", "<b>&", "٣", "0" * 300)
# A walk trains on what it comes upon; a training that is stuck says so, as a note.
pytestmark = pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")
SANE = {"data": {"n_sessions": 8, "n_trials": 20}, "training": {"epochs": 20, "n_starts": 2}}
FILES = (
    json.dumps(SANE).encode(),
    b'{"version": 1, "task": {"sigma": -1}, "datas": {}}',
    json.dumps({"lesson": 1, "title": "Q", "fixed": ["task.sigma"], "settings": SANE}).encode(),
    b'{"version": 99}',
    b"[1, 2",
    b"null",
    b"[" * 20_000,
    b"\xff\xfe\x00",
    b" " * 300_000,
)
PYTHON = r"Traceback|<details|\w+(Error|Exception|Warning)\b|object at 0x"
RUNS = ("refit", "continue", "step", "continue", "train", "reset")


def leaves(box: Any, control: Control | None = None) -> Iterator[tuple[Any, Control | None]]:
    """Everything in a box that can be pressed, moved or typed into, with the setting it stands for."""
    for child in getattr(box, "children", ()):
        yield from leaves(child, child if isinstance(child, Control) else control)
    if isinstance(box, widgets.Button | widgets.FileUpload) or (
        hasattr(box, "value") and not isinstance(box, widgets.HTML | widgets.Box)
    ):
        yield box, control


def numbers(box: Any, control: Control | None, rng: random.Random) -> float:
    """A number for a field or a slider: usable, at a bound, beyond it, or none."""
    low, high = getattr(box, "min", None), getattr(box, "max", None)
    name = "" if control is None else control.name
    if name in QUICK:
        value = rng.choice(QUICK[name])
    elif low is not None:
        value = rng.choice([low, high, rng.uniform(low, high)])
        return 10**value if isinstance(box, widgets.FloatLogSlider) else kept(box, value)
    else:
        told = {"low": 0, "high": 1} if control is None else control.state.tags(name)
        low, high = told["low"] or 0, 1e6 if told["high"] is None else told["high"]
        beyond = [low - 1, high + 1, -1e300, 1e300, 10**15, nan, inf, -inf]
        value = rng.choice([low, high, rng.uniform(low, high), (low + high) / 2, rng.choice(beyond)])
    return kept(box, value if low is None else min(max(value, low), high) if hasattr(box, "min") else value)


def kept(box: Any, value: float) -> float:
    """As the page sends it: whole numbers where the widget has them."""
    whole = isinstance(box, widgets.IntText | widgets.IntSlider)
    return (0 if value != value else int(min(max(value, -(10**15)), 10**15))) if whole else value


def act(box: Any, control: Control | None, rng: random.Random) -> None:
    """What a learner does to a control, as the page tells it to the kernel."""
    if isinstance(box, widgets.Button):
        box.click()
    elif isinstance(box, widgets.FileUpload):
        upload(box, rng.choice(FILES))
    elif isinstance(box, widgets.Checkbox | widgets.ToggleButton):
        box.set_state({"value": not box.value})
    elif isinstance(box, widgets.Dropdown | widgets.ToggleButtons):
        if box.options:
            box.set_state({"index": rng.randrange(len(box.options))})
    elif isinstance(box, widgets.IntRangeSlider):
        box.set_state({"value": sorted(rng.randint(box.min, box.max) for _ in range(2))})
    elif isinstance(box, widgets.Text | widgets.Textarea):
        box.set_state({"value": rng.choice(TEXTS)})
    else:
        box.set_state({"value": numbers(box, control, rng)})


def upload(box: Any, content: bytes) -> None:
    if WIDGETS < 8:
        box.set_trait("value", {"settings.json": {"metadata": {"name": "settings.json"}, "content": content}})
    else:
        told = {"name": "settings.json", "type": "application/json", "size": len(content)}
        box.set_state({"value": [{**told, "content": memoryview(content), "last_modified": 0}]})


def alerts(app: Any) -> list[str]:
    """What the panels complain of, as plain text."""
    found = chain.from_iterable(
        findall(r'class="sw-alert"[^>]*>(.*?)</div>', one.value) for one in texts(app)
    )
    return [unescape(told) for told in found]


def texts(box: Any) -> Iterator[Any]:
    for child in getattr(box, "children", ()):
        yield from texts(child)
    if isinstance(box, widgets.HTML):
        yield box


def a_sentence(told: str) -> bool:
    """Plain words to the end, with nothing of Python in them."""
    return told.endswith(".") and not search(
        r"Traceback|<details|\w+(Error|Exception|Warning)\b|object at 0x", told
    )


def check(app: Any) -> None:
    """At rest: whatever can be pressed works or says why not, and the settings can be saved and read."""
    app.experiment.follow_training = app.experiment.follow_library = False
    app.runner.stop()
    assert app.runner.wait(60)
    round_trip(app.experiment)
    run, buttons = app.experiment.run, app.panels["train"].buttons
    for what in RUNS:
        if app.experiment.blocked[what]:
            continue
        (app.panels["equation"].again if what == "refit" else buttons[what]).click()
        assert app.runner.wait(120), what
        assert run.details == "", f"{what}: {run.message} {run.details}"
        assert run.status in ("done", "idle", "failed"), (what, run.status, run.message)
        assert run.status != "failed" or a_sentence(run.message), run.message


def round_trip(experiment: Experiment) -> None:
    """Sound settings come back the same from a file and from an address; others are refused as a whole."""
    told = experiment.to_dict()
    other, third = Experiment(), Experiment()
    if any(experiment.group(name).problems for name in GROUPS):
        with pytest.raises(SettingsError):
            other.from_dict(json.loads(json.dumps(told)))
        assert other.to_dict() == third.to_dict()
        return
    other.from_dict(json.loads(json.dumps(told)))
    open_link(third, to_link(experiment))
    if experiment.table.name:  # an address tells name and hash only, and none of them has the table open
        assert other.to_dict() == told
        assert third.table.sha256 == experiment.table.sha256
        return
    assert other.to_dict() == third.to_dict() == told
    assert other.snapshot() == third.snapshot() == experiment.snapshot()


def registered() -> int:
    """How many widgets the kernel keeps."""
    return len(widgets.Widget.widgets if WIDGETS < 8 else widgets.widgets.widget._instances)


@pytest.fixture
def failures(monkeypatch, caplog):
    """What failed unseen: in the log, or in a thread."""
    told: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", lambda arguments: told.append(arguments))
    yield told
    told += [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert told == []


def walk(seed: int, actions: int) -> None:
    rng, app = random.Random(seed), explorer(start=False)
    for name in app.panels:
        app.switch.value = name  # each panel is made when it is first shown
    app.experiment.from_dict(SANE)
    first, done = registered(), []
    for at in range(1, actions + 1):
        sections = [box for box in app.children if next(leaves(box), None) is not None]
        box, control = rng.choice(list(leaves(rng.choice(sections))))
        done.append(f"{type(box).__name__} {getattr(box, 'description', '')!r}")
        act(box, control, rng)
        done[-1] += f" {getattr(box, 'value', '')!r:.60}"
        for told in alerts(app):
            assert a_sentence(told), (told, done[-8:])
        if at % (actions // CHECKS) == 0:
            check(app)
            app.experiment.follow_training = rng.random() < 0.5
    app.experiment.from_dict(SANE)
    check(app)
    app.head.go.click()
    assert app.runner.wait(60)
    assert app.experiment.run.status == "done", app.experiment.run.message
    assert alerts(app) == []
    assert registered() < 1.5 * first


def test_any_order_of_clicks(failures):
    walk(0, ACTIONS)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(1, 11))
def test_many_orders_of_clicks(seed, failures):
    walk(seed, 2 * ACTIONS)
