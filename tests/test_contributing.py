"""The steps of CONTRIBUTING.md are run as they are written there."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```python ?(?P<path>\S*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
ROW = re.compile(r"^\| `(?P<path>[^`]+)` \| `(?P<after>[^`]+)` \| `(?P<line>[^`]+)` \|$", re.MULTILINE)
BLOCKS = [(match["path"], match["code"]) for match in BLOCK.finditer(TEXT)]
LOOK = """
from spicewidgets.apps import explorer, panel

luck = panel("luck")
print(luck.text.value)
luck.experiment.comparison.session = 1
print(luck.text.value)
app = explorer(start=False)
app.switch.value = "luck"
print(app.panels["luck"].text.value.startswith("Option 1: "), app.experiment.stages["luck"])
"""


@pytest.fixture(scope="module")
def namespace():
    """The names that the blocks for scripts make, one after the other."""
    names: dict = {"__name__": "contributing"}
    for path, code in BLOCKS:
        if not path:
            exec(compile(code, "CONTRIBUTING.md", "exec"), names)
    return names


def test_what_is_drawn_is_there():
    names = re.findall(r'(\w+) ?\["([\w./]+)(?:<br>|: )', TEXT)
    assert len(names) == 10
    for _, name in names:
        assert any((ROOT / "spicewidgets" / folder / name).exists() for folder in ("", "core")), name


@pytest.mark.parametrize("block", BLOCKS, ids=["agent", "module", "rival", "panel"])
def test_each_takes_less_than_forty_lines(block):
    assert block[1].count("\n") < 40


def test_the_agent_stays_with_what_was_rewarded(namespace):
    choices, rewards = (np.asarray(namespace["dataset"].xs[..., at]) for at in (slice(0, 2), slice(2, 4)))
    arm, won = choices.argmax(-1), np.nan_to_num(rewards * choices).sum(-1) > 0.5
    stayed = arm[:, 1:] == arm[:, :-1]
    certain = 1 / (1 + np.exp(-3))
    assert stayed[won[:, :-1]].mean() == pytest.approx(certain, abs=0.02)
    assert stayed[~won[:, :-1]].mean() == pytest.approx(1 - certain, abs=0.02)


def test_the_module_finds_that_the_reward_before_has_no_part(namespace):
    features = namespace["spice"].get_spice_features()["x_value_reward_chosen"]
    assert features["x_value_reward_chosen[k]"] == pytest.approx(0.7, abs=0.1)
    assert features["c_reward[k]"] == pytest.approx(0.9, abs=0.15)
    assert abs(features.get("c_reward_before[k]", 0)) < 0.05
    assert "BeforeRNN" in namespace["app"].experiment.model.registered


def test_the_rival_finds_that_the_learning_rate_does_not_fall(namespace):
    found = namespace["decaying"].to_frame().set_index("parameter")["value"]
    assert found["alpha"] == pytest.approx(0.3, abs=0.1)
    assert found["decay"] < 0.1
    assert found["beta"] == pytest.approx(3.0, abs=0.5)


def test_the_panel_stands_in_the_explorer_and_alone(tmp_path):
    for folder in ("spicewidgets", "notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path, code in BLOCKS:
        if path:
            (tmp_path / path).write_text(code, encoding="utf-8")
    rows = list(ROW.finditer(TEXT))
    assert len(rows) == 1
    for row in rows:
        file = tmp_path / row["path"]
        before, place = file.read_text(encoding="utf-8"), f"{row['after']}\n"
        assert before.count(place) == 1
        file.write_text(before.replace(place, f"{place}{row['line']}\n"), encoding="utf-8")
    process = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    first, second, last = process.stdout.splitlines()
    assert re.fullmatch(r"Option 1: \d+%<br>Option 2: \d+%", first)
    assert first != second
    assert last == "True done"
