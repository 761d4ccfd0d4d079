"""The contract of what is declared: checks that a mechanism, rival, kind of task or study is as promised.

The package's own pass them, and so should those of a plug-in:

    from spicewidgets import check_mechanism

    def test_contract():
        check_mechanism(Liking())

Each raises an `AssertionError` that says what is not so.
"""

from dataclasses import replace

import numpy as np
import torch

from ..data.simulated import create_dataset
from ..discover.likelihood import NumbersLikelihood
from ..judge.replay import replay
from ..mechanism import Mechanism, ParameterSpec, Trial, Values
from ..mechanisms import PARAMETERS, STATES
from ..models import MODELS
from ..polynomial import moves_of, trial_of, updated_value
from ..rivals.declaration import Rival
from ..rivals.model import AgentRival, RivalRNN
from ..rivals.ready import ALL
from ..settings import Settings
from ..simulate.environments import BanditsDrift
from ..simulate.kinds import make_task
from ..tasks import BANDIT_NAME, TASKS, TaskKind, TaskSetup
from .study import Study

SIZES = {name: 0.1 + 0.07 * at for at, name in enumerate(PARAMETERS)}


def check_mechanism(mechanism: Mechanism) -> None:
    """Check that a mechanism is described, that its parameters are within their ranges, and that its update
    is the same for arrays, for tensors and, where it is a polynomial, in its equation.
    """
    _check_words(mechanism)
    if not mechanism.within:
        _check_update(mechanism)
        _check_equation(mechanism)


def check_rival(rival: Rival, n_actions: int = 2) -> None:
    """Check that a rival of bandits is described, plays, and is as likely compiled as replayed."""
    _check_rival_words(rival)
    values = [[float(it.from_scale(it.mean)) for _, it in rival.columns(n_actions)]] * 3
    agent, task = AgentRival(rival, values, n_actions), BanditsDrift(0.2, n_actions)
    data, _, _ = create_dataset(agent, task, 20, 3, participant=[0, 1, 2], random_state=1)
    played = replay(agent, data).probabilities
    np.testing.assert_allclose(played.sum(-1), 1, atol=1e-6, err_msg=f"{rival.name}: probabilities")
    chosen = np.asarray(data.ys).argmax(-1)
    nll = -np.log(np.take_along_axis(played[:, 1:], chosen[..., None], -1)).sum()
    if values[0]:
        kernel = NumbersLikelihood(RivalRNN(rival, n_actions).double().eval(), data)
        found = kernel(np.array([values])).nll.sum()
        np.testing.assert_allclose(found, nll, rtol=1e-8, err_msg=f"{rival.name}: its compiled likelihood")


def check_task(task: TaskKind) -> None:
    """Check that a kind of task is described, that its transitions are probabilities, and that its model and
    rival are ready ones.
    """
    _require(
        task.title and task.words.endswith((".", "?")),
        f"{task.name}: it needs a title, and words as a sentence",
    )
    _require(task.model in MODELS, f"{task.name}: model must be a ready one, got {task.model!r}")
    _require(task.rival in ALL, f"{task.name}: rival must be a ready one, got {task.rival!r}")
    known = {**{one.name: one for kind in TASKS.values() for one in kind.participant}, **PARAMETERS}
    for one in task.participant:
        _check_parameter(one)
        same = known.get(one.name, one)
        _require(
            replace(one, default=same.default) == same,
            f"{task.name}: another parameter is called {one.name}; give it another name, and `short`",
        )
    if task.simulation is not None:
        _check_simulation(task, task.simulation)
    for row in task.transitions:
        _require(
            np.isclose(sum(row), 1), f"{task.name}: transitions of an option must add up to 1, got {row}"
        )


def _check_simulation(task: TaskKind, setup: TaskSetup) -> None:
    """Check that the task can be played by its rival, with the parameters and options that it declares."""
    played, labels = make_task(task), task.labels or setup.labels or task.options
    n = played.n_actions
    _require(
        len(labels) == n or (not labels and (task.name == BANDIT_NAME or "n_actions" in task.settings)),
        f"{task.name}: its simulation needs a label for each of {n} options, got {len(labels)}",
    )
    columns = {name for name, _ in ALL[task.rival].columns(n)}
    _require(
        columns == {*task.learner},
        f"{task.name}: participant must have the rival's parameters {sorted(columns)}, got"
        f" {sorted(task.learner)}",
    )


def check_study(study: type[Study]) -> None:
    """Check that a study is described and that its settings are declared."""
    _require(issubclass(study, Study), f"{study!r} must be a class of Study")
    _require(
        study.title and study.about.endswith("."), f"{study.name}: it needs a title, and `about` as sentences"
    )
    _require(
        all(issubclass(kind, Settings) for kind in study.groups().values()), f"{study.name}: its settings"
    )


def _check_words(mechanism: Mechanism) -> None:
    name, words = mechanism.name, mechanism.words
    _require(words and words[0].islower() and words[-1] not in ".;", f"{name}: words go within a sentence")
    _require(mechanism.equation, f"{name}: an equation in symbols is missing")
    _require(mechanism.asked is None or mechanism.hint.endswith((".", "?")), f"{name}: hint is a sentence")
    for one in mechanism.all_parameters:
        _check_parameter(one)


def _check_parameter(one: ParameterSpec) -> None:
    _require(one.help.endswith("."), f"{one.name}: help is a sentence")
    low, high, _ = one.slider
    _require(one.low <= low < high <= one.high, f"{one.name}: its slider leaves its range")
    _require(one.default is None or one.low <= one.default <= one.high, f"{one.name}: default out of range")


def _sizes(mechanism: Mechanism) -> dict[str, float]:
    return dict.fromkeys((one.name for one in mechanism.all_parameters), 0.3) | SIZES


def _check_update(mechanism: Mechanism) -> None:
    rng, sizes = np.random.default_rng(1), _sizes(mechanism)
    chosen = np.eye(3)[rng.integers(3, size=8)]
    outcomes, seen = rng.random((8, 3)), np.maximum(chosen, rng.integers(2, size=(8, 3)))
    arrays = Trial(chosen, (chosen * outcomes).sum(-1, keepdims=True), np.where(seen, outcomes, -1), seen)
    state = {one.name: rng.random((8, 3)) for one in dict.fromkeys((*STATES, *mechanism.states))}
    tensors = Trial(*(torch.as_tensor(part) for part in arrays[:4]))
    ours = mechanism.change(Values(**sizes), state, arrays)
    p = Values(**{name: torch.full((8, 1), size, dtype=torch.float64) for name, size in sizes.items()})
    theirs = mechanism.change(p, {name: torch.as_tensor(value) for name, value in state.items()}, tensors)
    _require(ours and ours.keys() == theirs.keys(), f"{mechanism.name}: its update moves no state")
    for name, change in ours.items():
        said = f"{mechanism.name}: arrays and tensors"
        np.testing.assert_array_equal(change, theirs[name].numpy(), err_msg=said)
        _require(np.abs(change).max() > 0, f"{mechanism.name}: its update never moves {name}")


def _check_equation(mechanism: Mechanism) -> None:
    sizes = _sizes(mechanism)
    for move in moves_of(mechanism):
        for reward in (0.0, 1.0):
            before = {one.name: np.array([[0.4, 0.4]]) for one in dict.fromkeys((*STATES, *mechanism.states))}
            chosen = np.array([[1.0, 0.0]])
            outcomes = np.array([[reward, -1.0]])
            trial = Trial(chosen, np.array([[reward]]), outcomes, chosen)
            change = mechanism.change(Values(**sizes), before, trial)[move.state.name]
            after = 0.4 + float(np.broadcast_to(change, chosen.shape)[0, 0 if move.chosen else 1])
            found = updated_value(
                [mechanism], Values(**sizes), move.state, "x", trial_of(move.chosen, seen=False)
            )
            numbers = {"x": 0.4, "c_reward": reward, "c_reward_chosen": reward}
            total = found.evaluate(numbers)
            _require(
                np.isclose(total, after), f"{mechanism.name}: its equation gives {total}, its update {after}"
            )


def _require(is_so: object, sentence: str) -> None:
    if not is_so:
        raise AssertionError(sentence)


def _check_rival_words(rival: Rival) -> None:
    _require(rival.words.endswith("."), f"{rival.name}: words are a sentence")
    _require(rival.equation and rival.source, f"{rival.name}: it needs an equation and a source")
    for parameter in rival.parameters:
        _require(
            parameter.words and parameter.prior_words, f"{rival.name}: {parameter.name} is not described"
        )
