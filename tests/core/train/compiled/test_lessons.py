"""The classes of the tutorials, the templates of the builder, and builder models made at random are compiled,
and compute the same.
"""

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from spicewidgets import BaseRNN
from spicewidgets.core.built import (
    ALL,
    CHOSEN,
    NOT_CHOSEN,
    BuiltModel,
    BuiltModule,
    BuiltState,
    visible_signals,
)
from spicewidgets.core.models import TEMPLATES
from spicewidgets.core.train.built_rnn import rnn_class
from spicewidgets.core.train.compiled import check

from .models import seeded, sessions_of
from .test_loss import assert_same

TUTORIALS = Path(__file__).parents[3] / "test_tutorials.py"
CLASS = re.compile(r"^class \w+\(BaseRNN\):\n(?:(?: .*)?\n)+", re.MULTILINE)


def classes():
    """Every class that a tutorial writes out, by tutorial and name."""
    spec = importlib.util.spec_from_file_location("tutorials", TUTORIALS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = {}
    for lesson in ("RESCORLA_WAGNER", "FORGETTING", "HARDCODED", "INDIVIDUAL", "CHOICE"):
        script = getattr(module, lesson)
        (source,) = CLASS.findall(script)
        names = {"BaseRNN": BaseRNN, "torch": torch}
        exec("".join(re.findall(r"^names = \[[^]]*\]\n", script, re.MULTILINE)), names)
        exec(compile(source, lesson, "exec"), names)
        found[lesson] = next(c for c in names.values() if isinstance(c, type) and c is not BaseRNN)
    return found


LESSONS = classes()


def random_model(seed):
    """A sound description, of up to three states."""
    rng = np.random.default_rng(seed)

    def drawn(*options):
        return options[int(rng.integers(len(options)))]

    names = ("x_a", "x_b", "x_c")[: int(rng.integers(1, 4))]
    states = tuple(
        BuiltState(name, round(float(rng.uniform(-1, 1)), 2), drawn("added", "scaled"), drawn(True, False))
        for name in names
    )
    modules = []
    for name in names:
        for arms in drawn([CHOSEN], [NOT_CHOSEN], [ALL], [NOT_CHOSEN, CHOSEN]):
            module = BuiltModule(f"{name}_{arms.replace(' ', '_')}", name, arms)
            known = visible_signals(BuiltModel(states, ()), module)
            inputs = tuple(rng.permutation(known)[: rng.integers(0, 4)].tolist())
            modules.append(replace(module, inputs=inputs, activation=drawn("none", "sigmoid", "tanh")))
    model = BuiltModel(states, tuple(modules), drawn(True, False))
    assert model.problems() == []
    return model


def made(cls, n_actions=2, seed=0):
    return seeded(lambda: cls(n_actions=n_actions, n_participants=4, embedding_size=3), seed, 0.3).train()


@pytest.mark.parametrize("n_steps", [None, 5])
@pytest.mark.parametrize("lesson", LESSONS)
def test_classes_of_the_tutorials(lesson, n_steps):
    model = made(LESSONS[lesson])
    assert check(model, sessions_of(), n_steps) == ""
    assert_same(model, sessions_of(), 1e-5, n_steps)
    assert_same(model.double(), sessions_of().double(), 1e-9, n_steps)


@pytest.mark.parametrize("name", TEMPLATES)
def test_templates_of_the_builder(name):
    model = made(rnn_class(TEMPLATES[name]), 3)
    assert check(model, sessions_of(n_actions=3)) == ""
    assert_same(model.double(), sessions_of(n_actions=3).double(), 1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_builder_models_made_at_random(seed):
    model = made(rnn_class(random_model(seed)), 2 + seed % 3, seed)
    sessions = sessions_of(n_actions=2 + seed % 3)
    assert check(model, sessions) == ""
    assert_same(model, sessions, 1e-5)
    assert_same(model.double(), sessions.double(), 1e-9)
