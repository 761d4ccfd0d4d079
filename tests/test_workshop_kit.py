"""The kit of the workshop: its minutes add up, its links lead somewhere, and its slides run."""

import json
import re
from itertools import pairwise
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

from spicewidgets.state.experiment import Experiment
from spicewidgets.state.lesson import lesson_of

KIT = Path(__file__).parents[1] / "notebooks" / "workshop"
PLAN = (KIT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("minutes", [90, 45])
def test_the_minutes_of_a_plan_add_up(minutes):
    parts = [re.findall(r"^\| (\d+)-(\d+) \|", part, re.MULTILINE) for part in PLAN.split("## ")]
    (plan,) = [part for part in parts if part and part[-1][1] == str(minutes)]
    assert plan[0][0] == "0"
    assert all(before[1] == after[0] for before, after in pairwise(plan))


def test_its_links_lead_somewhere():
    for page in KIT.glob("*.md"):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (KIT / link).exists(), (page.name, link)


def test_its_example_of_a_lesson_opens():
    lesson = lesson_of(re.search(r"```json\n(.*?)```", PLAN, re.DOTALL)[1].encode(), Experiment())
    assert [scene.how for scene in lesson.story] == ["choose", "guess", "draw"]


def test_the_slides_run_and_say_what_they_show(capsys, monkeypatch):
    monkeypatch.setattr(plt, "show", plt.close)
    notebook, names = json.loads((KIT / "slides.ipynb").read_text(encoding="utf-8")), {}
    with plt.rc_context():
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                exec(compile("".join(cell["source"]), "slides", "exec"), names)
    equation, parameters, likelihood, rate = capsys.readouterr().out.splitlines()
    assert equation.startswith("x' = -0.28 + 0.71 x")
    assert "= 0.29" in parameters
    found, truth = (float(one) for one in re.findall(r"\d\.\d+", likelihood))
    assert abs(truth - found) < 0.01  # "predicts nearly as well"
    assert float(rate.split()[-1]) > 0.35  # and its learning rate is not 0.3
