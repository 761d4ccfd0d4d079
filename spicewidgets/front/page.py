"""A lesson as one file: it simulates, trains a network and finds its equation in any browser.

What is declared in Python (settings, models, colours, words, the script) is written into the page as data;
what the page computes is in `src/`, in TypeScript, of which `front.js` is the bundle. The same in a notebook,
or its game alone in the explorer, has the ready models of `models.js`, which `python
tests/front/test_ready_models.py` writes.
"""

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ..core import checks
from ..core.built import BuiltModel
from ..core.data.gallery import load_choices
from ..core.mechanisms import PARAMETERS
from ..core.models import MODELS
from ..core.read.words import subject, term_in_human_words
from ..core.settings import Discovery, SettingsError, Task
from ..core.simulate.environments import BanditsReversal, BanditsSwitch
from ..core.simulate.kinds import make_environment
from ..experiment.script import script_of
from ..markup import escape_text
from ..state.base import State
from ..state.experiment import Experiment
from ..state.lesson import HOLDABLE, Lesson, lesson_from, open_lesson
from ..state.model import YOUR_OWN
from ..state.task import NEEDED
from ..style import ARMS, RNN, SPICE, TRUTH, Style
from .files import BUNDLE, FOLDER, LEAD, OPTIONS, TITLE, palette, read
from .models import describe, of_one, problem_of

# Lessons that stand without Python, by name; each is called after its notebook, which goes further.
LESSONS = {
    path.stem.split("_", 1)[1].replace("_", "-"): path for path in sorted((FOLDER / "lessons").glob("*.json"))
}
READY = ("rescorla-wagner", "forgetting", "learning-rate", "choice")
ALWAYS = ("alpha_reward", "alpha_penalty", "beta_reward", "q0")  # have an effect in every model
# The settings of the page: the state that has each, its heading, and the models in which it has an effect.
SETTINGS = {
    "Task": ("task", ("kind", "sigma", "boundary", "flip_probability")),
    "Participant": ("participant", (*ALWAYS, "forget_rate", "beta_choice", "alpha_choice")),
    "Choices": ("data", ("n_sessions", "n_trials", "seed")),
}
BLOCKS = ("fixed", "reversal", "switch")  # kinds of tasks whose probabilities are of blocks
PEOPLE = "two-groups"  # the table whose people are put beside a player
KINDS = ("drift", *BLOCKS)  # that the page simulates
OF_RESULT = ("task", "participant", "data", "model", "training", "discovery")  # states a result depends on
HIGHEST = {"n_sessions": 200, "n_trials": 300, "degree": 2}  # what a phone does at once


def write_page(
    models: Sequence[str | BuiltModel] = READY,
    title: str = "",
    lead: str = "",
    *,
    lesson: str | Path | Lesson | None = None,
) -> str:
    """Return the page as one HTML file, which asks for nothing beside it.

    Args:
        models: that can be chosen, the first one at first: names of ready ones, and one of rows.
        title: of the page, and its headline; the lesson's when empty.
        lead: the text below it; the lesson's when empty.
        lesson: one of `LESSONS`, a lesson, or the path of its file: the page has its words, settings, locks
            and questions; where it asks some, it begins at once, without the game.

    Raises:
        SettingsError: a model is not known, or cannot be in a page; or the lesson cannot be read, or has
            what a page has not.
    """
    experiment = Experiment()
    opened = Lesson(title)
    if lesson is not None:
        if isinstance(lesson, Lesson):
            opened = lesson
        else:
            opened = lesson_from(LESSONS.get(str(lesson), lesson), experiment)
        open_lesson(experiment, opened)
        title, lead = title or opened.title, lead or opened.text
        own = experiment.model.built if experiment.model.name == YOUR_OWN else experiment.model.name
        models = [own, *(() if "name" in experiment.model.held else (one for one in models if one != own))]
    title, lead = title or TITLE, lead or LEAD
    described = [_describe_model(one, experiment) for one in models]
    checks.raise_if_any(_problems(experiment))
    kernels = ",\n".join(source for _, source in described)
    script = f"const KERNELS = [{kernels}];\n{BUNDLE.read_text(encoding='utf-8')}"
    style = f"{palette()}\n{read('page.css')}"
    data = _describe_page([description for description, _ in described], experiment)
    data["questions"] = [asdict(question) for question in opened.questions]
    asked = "".join(f"<li>{escape_text(scene.ask)}</li>" for scene in opened.story if scene.how == "look")
    parts = {
        "policy": _policy(script, style),
        "title": escape_text(title),
        "lead": escape_text(lead),
        "steps": f'<ol class="steps">{asked}</ol>' if asked else "",
        "style": style,
        "described": json.dumps(data, separators=(",", ":")).replace("<", "\\u003c"),
        "script": script,
    }
    html = read("page.html")
    if opened.questions:  # a lesson of its own, which begins at once
        html = re.sub(r'<section id="play".*?</section>\n<h2.*?</h2>\n', "", html, flags=re.DOTALL)
    return re.sub(r"\{(\w+)\}", lambda found: parts[found[1]], html)


def ready_models() -> str:
    """Write the script that says what the page must know of the ready models, with their kernels."""
    described = [_describe_model(name, Experiment()) for name in READY]
    data = json.dumps(_describe_page([one for one, _ in described], Experiment()), separators=(",", ":"))
    kernels = ",\n".join(source for _, source in described)
    return f"const KERNELS = [{kernels}];\nconst DESCRIBED = {data};\n"


def _describe_model(model: str | BuiltModel, experiment: Experiment) -> tuple[dict[str, Any], str]:
    ready = MODELS.get(model) if isinstance(model, str) else None
    built = model if isinstance(model, BuiltModel) else ready.built if ready else None
    name = model if isinstance(model, str) else YOUR_OWN
    if built is None or (ready and problem_of(built)):
        known = ", ".join(each for each, one in MODELS.items() if one.built and not problem_of(one.built))
        raise SettingsError([f"A model of a page must be one of {known}; got {name}. Choose one of these."])
    built = of_one(built.checked())
    description, source = describe(name, built, Discovery(degree=experiment.discovery.degree))
    modules = description["modules"]
    words = {
        module["name"]: {
            "subject": subject(module["name"], built),
            "terms": [_in_words(tuple(term), module["name"]) for term in module["terms"]],
        }
        for module in modules
    }
    is_known = any(module["truth"] for module in modules)
    letters = {name for module in modules if module["truth"] for name in _letters(module["truth"])}
    more = {
        "words": words,
        "scripts": dict(_scripts(experiment, name, built)),
        "uses": [one for one in SETTINGS["Participant"][1] if one in {*ALWAYS, *letters} or not is_known],
    }
    return description | more, source


def _letters(truth: dict[str, Any]) -> Iterator[str]:
    """Yield the parameters that an update is made of."""
    yield truth["weight"]
    yield from (name for _, parts in truth["terms"] for _, names in parts for name in names)


def _in_words(term: tuple[str, ...], module: str) -> dict[str, str]:
    letters = ["x" if factor == module else factor.removeprefix("c_")[0] for factor in term]
    return {"letters": " ".join(letters), "words": term_in_human_words(term, module)}


def _describe_page(models: list[dict[str, Any]], experiment: Experiment) -> dict[str, Any]:
    names = [model["name"] for model in models]
    choice = {
        **{"group": "Model", "name": "model", "label": "The network", "help": "", "unit": ""},
        **{"low": 0, "high": 0, "step": 1, "value": names[0], "choices": names},
        **{"held": experiment.model.held.get("name", ""), "hidden": False},
    }
    return {
        "settings": [choice, *_settings(experiment, models)],
        "models": models,
        "styles": {
            "truth": _look_of(TRUTH, {"stroke-width": 9, "stroke-opacity": 0.35}),  # a band
            "network": _look_of(RNN, {"stroke-width": RNN.width, "stroke-dasharray": "8 5"}),
            "equation": _look_of(
                SPICE, {"stroke-width": 3.5, "stroke-dasharray": ".1 6", "stroke-linecap": "round"}
            ),
            "options": [_look_of(style, {"stroke-width": 2}) for style in ARMS[:OPTIONS]],
        },
        "blocks": {kind: _blocks(kind) for kind in BLOCKS},
        "people": _people(),
    }


def _look_of(style: Style, line: dict[str, Any]) -> dict[str, Any]:
    return {"name": style.name, "colour": style.colour, "line": {"stroke": style.colour, **line}}


def _people() -> list[list[str]]:
    """Return the trials of each simulated person of a table, session by session, as digits: twice the choice
    plus the reward.
    """
    rows = load_choices(PEOPLE).rows
    digits = 2 * rows.arms + (np.nan_to_num(rows.rewards).max(axis=1) > 0.5)
    people: dict[float, dict[int, str]] = {}
    for person, session, digit in zip(rows.ids[:, -1], rows.session, digits, strict=True):
        if digit >= 0:  # the choice is there
            runs = people.setdefault(person, {})
            runs[session] = runs.get(session, "") + str(digit)
    return [list(runs.values()) for runs in people.values()]


def _problems(experiment: Experiment) -> Iterator[str]:
    """Yield a sentence for each setting of a lesson that a page has not."""
    usual = Experiment()
    shown = {f"{where}.{name}" for where, names in SETTINGS.values() for name in names}
    for place in HOLDABLE:
        where, name = place.split(".")
        value, other = (getattr(one.group(where), name) for one in (experiment, usual))
        most = HIGHEST.get(name)
        if place == "task.kind" and value not in KINDS:
            other = f"one of {', '.join(KINDS)}"
        elif place in {*shown, "discovery.degree"} and most is not None and value > most:
            other = f"at most {most}"
        elif where not in OF_RESULT or place in {*shown, "model.name", "discovery.degree"} or value == other:
            continue
        yield (
            f"{place} must be {other} in a page; the lesson has {value}. Change it, or serve the lesson with"
            " spicewidgets app --lesson."
        )


def _settings(experiment: Experiment, models: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield what the page must know of each setting, from its declaration and its control."""
    only = {name: ("kind", kinds) for name, kinds in NEEDED.items()}
    for heading, (where, names) in SETTINGS.items():
        state: State[Any] = getattr(experiment, where)
        for name in names:
            tags, value = state.tags(name), getattr(state, name)
            item = {key: tags[key] for key in ("label", "help", "unit")}
            item |= {"group": heading, "name": name, "value": value}
            item |= {"held": state.held.get(name, ""), "hidden": name in state.hidden}
            if tags["choices"]:
                choices = KINDS if name == "kind" else tags["choices"]
                item |= {"choices": list(choices), "low": 0, "high": 0, "step": 1}
            else:
                low, high, step = tags["slider"]
                item |= {"low": low, "high": min(high, HIGHEST.get(name, high)), "step": step}
            if name in PARAMETERS and PARAMETERS[name].follows:
                item["follows"] = PARAMETERS[name].follows
            if where == "participant" and value == PARAMETERS[name].default:  # what a lesson's has, it keeps
                only[name] = ("model", tuple(model["name"] for model in models if name in model["uses"]))
            if name in only:
                item["only"] = only[name]
            yield item


def _blocks(kind: str) -> list[list[float]]:
    """Return the probabilities of a reward in each block of a task."""
    task = make_environment(Task(kind, OPTIONS), 0)
    table = task._table if isinstance(task, BanditsReversal | BanditsSwitch) else [task.reward_probs]
    return np.asarray(table, dtype=float).tolist()  # type: ignore[no-any-return]


def _scripts(experiment: Experiment, model: str, built: BuiltModel) -> Iterator[tuple[str, str]]:
    """Yield a model's script for each kind of task, with the name of each setting in braces in its place.

    It is written for numbers that stand for nothing else, which the names then replace.
    """
    for kind in KINDS:
        own = Experiment()
        own.discovery.degree, own.task.kind, own.task.boundary = experiment.discovery.degree, kind, "reflect"
        own.model.built, own.model.name = built, model
        marks: dict[str, Any] = {}
        numbers = [(where, name) for where, names in SETTINGS.values() for name in names]
        for i, (where, name) in enumerate(numbers):
            state: State[Any] = getattr(own, where)
            if not state.tags(name)["choices"]:
                marks[name] = 1001 + i if state.tags(name)["kind"] == "int" else float(f"0.5{i:03}1")
                setattr(state, name, marks[name])
        text = script_of(own.snapshot()).replace("'reflect'", "'{boundary}'")
        for name, mark in marks.items():
            text = text.replace(repr(mark), f"{{{name}}}")
        yield kind, text


def _policy(script: str, style: str) -> str:
    """Return the content security policy: this script and this style, and no request to anywhere."""
    own, looks = (
        f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
        for text in (script, style)
    )
    return (
        f"default-src 'none'; script-src {own}; style-src {looks}; img-src data:; connect-src 'none';"
        " base-uri 'none'; form-action 'none'"
    )
