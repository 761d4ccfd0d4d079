"""Trained compiled or eager: the same records, the same weights, the same equation."""

import random
import subprocess
import sys
import warnings

import numpy as np
import pytest
import torch

from spicewidgets import (
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceEstimator,
    create_dataset,
)
from spicewidgets.core.settings import Training
from spicewidgets.core.train import objective
from spicewidgets.core.train.compiled import prepare
from spicewidgets.core.train.compiled.kernel import _KERNELS
from spicewidgets.core.train.training import train

from .models import ODD, PRECODED, dataset_of, seeded


def adam(**changes):
    return Training(**{"optimizer": "adam", "epochs": 6, **changes})


SETTINGS = {
    "adam": adam(),
    "screened adam": adam(epochs=12, n_starts=3),
    "screened lbfgs": Training(epochs=40, n_starts=3),
    "lbfgs": Training(epochs=12, n_starts=1),
    "batches": adam(batch_size=3),
    "bagging": adam(bagging=True, batch_size=4),
    "truncated": adam(n_steps_per_call=5),
    "decay": adam(l2_weight_decay=0.1),
    "lbfgs with decay": Training(epochs=12, n_starts=1, l2_weight_decay=0.1),
    "dropout": adam(dropout=0.3),
    "scheduler": adam(scheduler=True),
    "windows": adam(sequence_length=5),
}


def run(model, settings, **arguments):
    return list(train(model, dataset_of(), settings, random_state=0, **arguments))


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize(
    ("name", "validated"), [("rescorla_wagner", False), ("rescorla_wagner", True), ("choice", False)]
)
def test_compiled_is_eager(name, setting, validated):
    compiled, eager = seeded(PRECODED[name]), seeded(PRECODED[name])
    other = {"validation": dataset_of(4, seed=2)} if validated else {}
    records = run(compiled, SETTINGS[setting], compiled=True, **other)
    expected = run(eager, SETTINGS[setting], compiled=False, **other)
    assert {r.eager for r in records} == {""}
    assert [(r.epoch, r.phase, r.learning_rate) for r in records] == [
        (r.epoch, r.phase, r.learning_rate) for r in expected
    ]
    n = sum(r.learning_rate is not None for r in records) or len(records)
    n = n if setting == "screened lbfgs" else len(records)  # L-BFGS makes much of little on its way down
    assert [r.train_loss for r in records[:n]] == pytest.approx(
        [r.train_loss for r in expected[:n]], abs=2e-5
    )
    if validated and setting != "screened lbfgs":
        judged = [r.validation_loss for r in records if r.validation_loss is not None]
        assert judged == pytest.approx(
            [r.validation_loss for r in expected if r.validation_loss is not None], abs=2e-5
        )
    if setting == "screened lbfgs":
        return
    assert objective.loss_of(compiled, objective.Sessions.of(dataset_of())) == pytest.approx(
        objective.loss_of(eager, objective.Sessions.of(dataset_of())), abs=5e-5
    )


@pytest.mark.parametrize("name", ODD)
def test_any_model_is_screened_side_by_side(name):
    """Whatever parameters it has: a kernel takes the weights of all starts at once."""
    records = run(seeded(ODD[name]), Training(epochs=60, n_starts=4), compiled=True)
    assert {r.eager for r in records} == {""}
    assert [r.phase for r in records[:15]] == ["screen"] * 15
    assert records[-1].train_loss < records[0].train_loss


@pytest.mark.parametrize("setting", ["screened lbfgs", "bagging", "dropout"])
def test_equal_seeds_give_equal_bits(setting):
    found = []
    for elsewhere in (1, 2):
        torch.manual_seed(elsewhere)
        np.random.seed(elsewhere)
        model = seeded(PRECODED["choice"])
        records = run(model, SETTINGS[setting], compiled=True)
        found.append(([r.train_loss for r in records], objective.get_flat_parameters(model)))
    assert found[0][0] == found[1][0]
    np.testing.assert_array_equal(found[0][1], found[1][1])


@pytest.mark.parametrize("setting", ["screened lbfgs", "dropout"])
def test_nothing_global_changes(setting):
    def everything():
        return (
            torch.get_rng_state().tolist(),
            str(np.random.get_state()),
            random.getstate(),
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            list(warnings.filters),
            np.geterr(),
        )

    model, dataset = seeded(PRECODED["choice"]), dataset_of()
    before = everything()
    records = train(model, dataset, SETTINGS[setting], compiled=True, random_state=1)
    for _ in range(3):
        next(records)
        assert everything() == before
    records.close()
    assert everything() == before


def test_a_short_training_is_not_worth_it_and_a_long_one_is():
    (record, *_) = run(seeded(PRECODED["rescorla_wagner"]), adam(epochs=3))
    assert record.eager == "The training is too short to be worth compiling."
    record = next(train(seeded(PRECODED["rescorla_wagner"]), dataset_of(), adam(epochs=1000), random_state=0))
    assert record.eager == ""


def test_the_equation_is_the_same():
    dataset, _, _ = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(sigma=0.2), 60, 30, random_state=1)
    dataset.xs[..., -1] = 0
    found = [
        SpiceEstimator(RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG, random_state=0, compiled=compiled).fit(
            dataset
        )
        for compiled in (True, False)
    ]
    assert [estimator.history_[-1].eager for estimator in found] == ["", "It was asked for (compiled=False)."]
    one, other = (estimator.get_spice_features()["x_value_reward_chosen"] for estimator in found)
    assert one.keys() == other.keys()
    assert list(one.values()) == pytest.approx(list(other.values()), abs=1e-4)


def test_kernels_are_ready_before_they_are_needed():
    """`prepare` knows neither the number of sessions nor that of trials."""
    for name, make in PRECODED.items():
        assert prepare(seeded(lambda make=make: make(4))) == "", name
    before = len(_KERNELS)
    for make in PRECODED.values():
        model = seeded(lambda make=make: make(4))
        list(train(model, dataset_of(n_actions=4), Training(epochs=20, n_starts=2), compiled=True))
    assert len(_KERNELS) == before


def test_without_a_compiler_everything_works_and_says_so():
    code = (
        "import sys; sys.modules['llvmlite'] = None; sys.modules['llvmlite.binding'] = None\n"
        "import spicewidgets as sw\n"
        "data = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(), 20, 10, random_state=1)[0]\n"
        "data.xs[..., -1] = 0\n"
        "fit = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, epochs=600).fit(data)\n"
        "print(fit.history_[-1].eager)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("There is no compiler (")
    assert done.stdout.endswith("Install llvmlite.\n")


def test_what_is_neither_yes_nor_no_is_refused():
    with pytest.raises(SettingsError, match="compiled must be True, False or 'auto'; got 'fast'"):
        SpiceEstimator(RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG, compiled="fast").fit(dataset_of())
