"""What is read off a forward, as text: three models as they were, line for line."""

from pathlib import Path

import pytest
import torch

from spicewidgets.core.train.compiled import trial_text

from .models import ODD, PRECODED, seeded

LISTINGS = Path(__file__).with_name("listings")


@pytest.mark.parametrize("name", ["rescorla_wagner", "choice", "pearce_hall"])
def test_a_trial_reads_as_it_did(name):
    """To keep a change: write `trial_text` of the model into its file, and read the difference."""
    expected = (LISTINGS / f"{name}.txt").read_text(encoding="utf-8")
    assert trial_text(seeded((PRECODED | ODD)[name])) == expected


def test_dropout_and_additional_inputs_are_in_it():
    model = seeded(PRECODED["rescorla_wagner"]).train()
    model.dropout = 0.2
    assert "2 masks of dropout;" in trial_text(model)
    assert "dropout[1]" in trial_text(model)
    assert "dropout" not in trial_text(model.eval())
    assert trial_text(model, torch.zeros(5, 3, 9)) == trial_text(model)
