"""The study of staying: by its command, in reports on its kind of task only, and on no page of bandits."""

import pandas as pd
import pytest
from click.testing import CliRunner
from staged import by_chance

from spicewidgets.cli import main
from spicewidgets.core.judge.staying import Staying
from spicewidgets.core.studies.ready import OF_EVERY_TASK, STUDIES
from spicewidgets.core.studies.source import Source
from spicewidgets.state.stages import STAGES


@pytest.fixture(scope="module")
def data():
    choices = by_chance(5, 80, seed=12)
    choices.ys[:, 157:] = -1  # after the last whole trial
    return choices


def as_table(data):
    """Return a row for each trial that is whole."""
    options = data.choices.numpy()
    first, second = options[:, :-1:2], options[:, 1::2]
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "subject": label,
                    "first_choice": first[place],
                    "second_state": (second[place] - 2) // 2,
                    "second_choice": second[place] - 2,
                    "reward": data.rewards_chosen.numpy()[place, 1::2].astype(int),
                }
            )
            for place, label in enumerate(data.participants)
        ]
    )


def test_the_command_writes_everyones_coefficients(data, tmp_path):
    as_table(data).to_csv(tmp_path / "choices.csv", index=False)
    out = tmp_path / "out"
    arguments = ["staying", "--data", str(tmp_path / "choices.csv"), "--level", "0.9", "--out", str(out)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    written, bars = (pd.read_csv(out / f"{name}.csv") for name in ("staying", "bars"))
    study = STUDIES["staying"](STUDIES["staying"].settings_class(0.9), Source(data))
    for _ in study.steps():
        pass
    tables = study.tables()
    pd.testing.assert_frame_equal(written, tables["staying"])
    assert written["trials"].tolist() == [78] * 5  # the last of 79 whole ones is followed by none
    pd.testing.assert_frame_equal(bars, Staying.of(data).bars(0.9))


def test_it_is_of_one_kind_of_task(tmp_path):
    assert STUDIES["staying"].tasks == ("two-step",)
    assert "staying" not in {*OF_EVERY_TASK, *STAGES}
    table = pd.DataFrame({"choice": [0, 1, 1, 0] * 5, "reward": [1, 0, 1, 1] * 5})
    table.to_csv(tmp_path / "bandit.csv", index=False)
    result = CliRunner().invoke(main, ["staying", "--data", str(tmp_path / "bandit.csv")])
    assert result.exit_code == 2
    assert "choices of two stages" in " ".join(result.output.split())
