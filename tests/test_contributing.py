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
# Where a rival has to be known: a fit by name, commands, the planner of the page, tables, and the report.
KNOWN = """
from spicewidgets import RIVALS
from spicewidgets.core.rivals.ready import rivals_for
from spicewidgets.cli.study import NAMES
from spicewidgets.views.words import BRIEF
from spicewidgets.state import Experiment
from spicewidgets.state.studies import RIVALS as LABELS

name = "decaying-rate"
choices = Experiment().learners.tags("first")["choices"]
for known in (RIVALS[name].name, LABELS[name], BRIEF[name], list(rivals_for("bandit"))[-1]):
    print(known)
print(*{name} & {*choices})
print(*{name} & {*NAMES})
"""
# An option of a command: its help, its place in the request, its line in the command, and what it refuses.
ASKED = """
from click.testing import CliRunner

from spicewidgets.cli import main
from spicewidgets.cli.study import declared_request
from spicewidgets.core.studies.ready import STUDIES

rivals = main.commands["rivals"]
print("Share of people" in CliRunner().invoke(main, ["rivals", "--help"]).output)
values = rivals.make_context("rivals", ["--data", "a.csv", "--share", "0.5"]).params
request = declared_request(STUDIES["rivals"]).of("rivals", values, ["data", "share"])
print(request.settings.share)
print(request.command)
print(CliRunner().invoke(main, ["rivals", "--data", "a.csv", "--share", "2"]).output)
"""

# Where a mechanism has to be known: slider, option, script, agent, truth, rival, diagnosis.
HAS = """
from click.testing import CliRunner
import spicewidgets as sw
from spicewidgets.apps import explorer
from spicewidgets.cli import main
from spicewidgets.core.diagnose.mechanisms import lacking
from spicewidgets.core.read.translation import true_model
from spicewidgets.experiment.script import script_of

def within(box):
    yield box
    for part in getattr(box, "children", ()):
        yield from within(part)


app = explorer(start=False)
app.experiment.participant.liking = 0.1
slider = app.experiment.participant.traits()["liking"]
print(slider.metadata["label"], slider.help)
print("Liking (per trial)" in [getattr(one, "description", "") for one in within(app.panels["participant"])])
print("--liking" in CliRunner().invoke(main, ["discover", "--help"]).output)
print([line for line in script_of(app.experiment.peek()).splitlines() if "AgentQ(" in line][0])
agent = sw.AgentQ(alpha_reward=0.5, beta_reward=2.0, liking=0.1)
agent.update(0, [1, -1])
print(agent.get_state_value("x_value_reward", False).tolist())
print(true_model(agent, sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG).text())
rival = sw.RIVALS["liking"]
print(rival.words, rival.equation)
print([one.name for one in lacking({"liking": 0.1}, {"x_value_reward_not_chosen": ()})])
"""


# Where a kind of task has to be known: lists, a table of it, its rival and its model, through the command.
CHOSEN_IN = """
import pandas as pd
from click.testing import CliRunner
import spicewidgets as sw
from spicewidgets.cli import main
from spicewidgets.core.models import models_for
from spicewidgets.core.rivals.ready import rivals_for
from spicewidgets.core.tasks import TASKS

kind = TASKS["safe-risky"]
print("risk" in rivals_for(kind.name), kind.model in models_for(kind.name), "risk" in rivals_for("bandit"))
data = sw.simulate_kind(kind, 8, random_state=1)
person, trial = (one.ravel() for one in data.mask.nonzero().T.numpy())
names = [("safe", "risky")[code] for code in data.choices.ravel()]
frame = pd.DataFrame({"person": person, "choice": names, "reward": data.rewards_chosen.ravel() * 2 - 1})
frame.to_csv("risky.csv", index=False)
report = sw.read_choices("risky.csv").report
print(report.task, [option.label for option in report.options], report.rewards.offset)
words = "discover --data risky.csv --pooling group --by time --epochs 5 --out found"
print(CliRunner().invoke(main, words.split()).output.count("Safe or risky: the model safe-risky is taken"))
print(*pd.read_csv("found/held_out.csv")["model"])

from spicewidgets.app.runner import Runner
from spicewidgets.panels.participant import ParticipantPanel
from spicewidgets.panels.task import TaskPanel
from spicewidgets.state import Experiment

experiment = Experiment("safe or risky")
runner = Runner(experiment, foreground=True)
task, person = TaskPanel(experiment, runner), ParticipantPanel(experiment, runner)
shown = [kind for kind, learner in person.learners.items() if learner.layout.display != "none"]
drive = experiment.participant.traits()["drive"]
print("+1.0 with 0.50" in task.diagram.value, *shown, drive.metadata["label"])
experiment.data.put({"n_sessions": 4, "n_trials": 20})
experiment.training.epochs = 2
runner.train()
print(experiment.problems, experiment.run.status, *runner.result.spice.equations)
"""


# Where a study has to be known: settings, panel, explorer, files, command, report. Of the people in the table
# the first stays with whatever it chose, and the others choose by chance.
STUDIED = """
import numpy as np
import pandas as pd
from click.testing import CliRunner
from spicewidgets import RESCORLA_WAGNER_CONFIG, RescorlaWagnerRNN, SpiceEstimator, read_choices
from spicewidgets.apps import explorer
from spicewidgets.cli import main
from spicewidgets.experiment.simulation import Simulated
from spicewidgets.paper.documents import documents
from spicewidgets.paper.inquiry import Inquiry, Plan

rng = np.random.default_rng(1)
choices = rng.integers(2, size=(4, 2, 60))
choices[0] = np.repeat(rng.integers(2, size=(2, 6)), 10, axis=-1)
person, session, trial = np.indices(choices.shape).reshape(3, -1)
frame = pd.DataFrame({"person": person, "session": session, "choice": choices.ravel()})
frame.assign(reward=rng.integers(2, size=len(frame))).to_csv("choices.csv", index=False)

words = ["repeats", "--data", "choices.csv", "--shuffles", "99", "--out", "found"]
printed = CliRunner().invoke(main, words).stdout
answer, table = printed.split("\\n\\n")[1:3]
head = table.splitlines()[0]
print(answer)
print(head.split())
print(pd.read_csv("found/repeats.csv")["p"].tolist())
print(CliRunner().invoke(main, ["repeats", "--data", "a.csv", "--shuffles", "9"]).output.split("Error: ")[1])

app = explorer(start=False)
app.runner.foreground = True
app.experiment.from_dict({"data": {"n_sessions": 6, "n_trials": 40, "n_participants": 3}})
app.experiment.repeats.n_shuffles = 20
app.switch.value = "repeats"
panel = app.panels["repeats"]
panel.study.go.click()
print(panel.alert.value, app.experiment.stages["repeats"], panel.table.value.count("<tr>"))
print(panel.found.sentence in panel.sentence.value.replace("&lt;", "<"))
app.experiment.repeats.seed = 3
print(app.experiment.stale_because["repeats"])
print(app.experiment.to_dict()["repeats"])

small = SpiceEstimator(RescorlaWagnerRNN, RESCORLA_WAGNER_CONFIG, epochs=5, n_starts=1)
plan = Plan({"rw": small}, ("random", "biased"), folds=2, repeats=0, datasets=0, stability=False)
inquiry = Inquiry(read_choices("choices.csv"), plan)
for step in inquiry.run():
    pass
files = documents(inquiry.findings)
print("## Repeats: who stays with what did not pay?" in files["report.md"].decode())
print(answer[0] == inquiry.findings.studies["repeats"].sentence[0], "tables/repeats.csv" in files)
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
    assert len(names) == 11
    for _, name in names:
        assert any((ROOT / "spicewidgets" / folder / name).exists() for folder in ("", "core")), name


@pytest.mark.parametrize(
    "block", BLOCKS, ids=["agent", "mechanism", "module", "rival", "kind", "its rival", "panel", "study"]
)
def test_each_takes_less_than_forty_lines(block):
    assert block[1].count("\n") < 40


def test_the_agent_stays_with_what_was_rewarded(namespace):
    choices, rewards = (np.asarray(namespace["dataset"].xs[..., at]) for at in (slice(0, 2), slice(2, 4)))
    arm, won = choices.argmax(-1), np.nan_to_num(rewards * choices).sum(-1) > 0.5
    stayed = arm[:, 1:] == arm[:, :-1]
    certain = 1 / (1 + np.exp(-3))
    assert stayed[won[:, :-1]].mean() == pytest.approx(certain, abs=0.02)
    assert stayed[~won[:, :-1]].mean() == pytest.approx(1 - certain, abs=0.02)


def test_the_rival_of_a_mechanism_finds_that_nothing_is_liked_for_being_chosen(namespace):
    found = namespace["likes"].to_frame().set_index("parameter")
    assert list(found.index) == ["alpha", "liking", "beta"]
    assert found["value"]["alpha"] > 0.9


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


def copy_package(folder: Path) -> None:
    """Copy the package, with each line that a row of CONTRIBUTING adds."""
    for name in ("spicewidgets", "notebooks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for row in ROW.finditer(TEXT):
        file = folder / row["path"]
        before, place = file.read_text(encoding="utf-8"), f"{row['after']}\n"
        assert before.count(place) == 1
        file.write_text(before.replace(place, f"{place}{row['line']}\n"), encoding="utf-8")


def run(code: str, folder: Path) -> list[str]:
    """Run code with the package of a folder, and return the lines that it prints."""
    process = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return process.stdout.splitlines()


@pytest.fixture(scope="module")
def contributed(tmp_path_factory):
    """The package as CONTRIBUTING changes it: a mechanism and a rival in one file each, a panel in two, an
    option of a command in one line.
    """
    folder = tmp_path_factory.mktemp("contributed")
    copy_package(folder)
    for base, name, place in (
        ("class DecayingRate", "rivals/ready", "\n\n\nALL"),
        ("class Risk", "rivals/ready", "\n\n\nALL"),
        ("class Liking", "mechanisms", "\n\n\nFORGETTING, "),
        ("SAFE_RISKY =", "tasks", "\nTASKS: "),
    ):
        code = next(code for _, code in BLOCKS if base in code)
        file = folder / "spicewidgets" / "core" / f"{name}.py"
        written = base + re.split(r"\n\n\n(?=\w+ = )", code.partition(base)[2])[0]
        before, end = file.read_text(encoding="utf-8"), place
        assert before.count(end) == 1
        gap = "\n" * (end.count("\n"))
        file.write_text(before.replace(end, f"{gap}{written}{end}"), encoding="utf-8")
    for path, code in BLOCKS:
        if path:
            (folder / path).write_text(code, encoding="utf-8")
    return folder


def test_a_rival_of_one_file_is_in_commands_page_and_report(contributed):
    lines = run(KNOWN, contributed)
    assert lines == ["decaying-rate"] * len(lines)
    assert len(lines) == 6


def test_a_kind_of_task_of_three_files_is_read_simulated_and_learned(contributed):
    section = TEXT.partition("## A kind of task\n")[2].partition("\n## ")[0]
    declared = next(code for _, code in BLOCKS if "SAFE_RISKY =" in code).partition("SAFE_RISKY")[2]
    assert declared.count("\n") <= 30
    assert len({match["path"] for match in ROW.finditer(section)}) <= 3
    lists, read, taken, held_out, picture, result = run(CHOSEN_IN, contributed)
    assert lists == "True True False"
    assert read == "safe-risky ['safe', 'risky'] -1.0"
    assert taken == "1"
    assert held_out == "equations network risk chance"
    assert picture == "True safe-risky Drive to risk"
    assert result == "[] done x_value_reward_chosen"


def test_a_mechanism_of_one_file_has_slider_option_script_truth_rival_and_sentence(contributed):
    slider, control, option, script, values, truth, rival, missing = run(HAS, contributed)
    assert slider == "Liking What a choice adds to its value."
    assert (control, option) == ("True", "True")
    assert script == "agent = AgentQ(n_actions=2, alpha_reward=0.3, liking=0.1)"
    assert values == "[0.85, 0.5]"
    assert rival == (
        "As rescorla-wagner; what was chosen gains in value, whatever it paid."
        " Q_c += alpha (r - Q_c); Q_c += liking; logit = beta Q"
    )
    assert missing == "['liking']"
    # V = 2 Q - .5: the constant is -.25, and what a choice adds, 2 * .1.
    assert (
        truth
        == "(x_value_reward_chosen)[k+1] = -0.050 1 + 0.500 x_value_reward_chosen[k] + 1.000 c_reward[k]"
    )


def test_an_option_of_one_line_is_in_help_request_command_and_refused(contributed):
    assert run(ASKED, contributed) == [
        "True",
        "0.5",
        "spicewidgets rivals --data a.csv --share 0.5 --seed 0",
        "Error: --share must be above 0, at most 1; got 2. Share of people that are compared.",
        "",
    ]


def test_a_study_of_two_files_has_panel_command_files_and_part_of_the_report(contributed):
    section = TEXT.partition("## A study\n")[2].partition("\n## ")[0]
    touched = {match["path"] for match in [*BLOCK.finditer(section), *ROW.finditer(section)]}
    assert len(touched) <= 4
    answer, head, p, refused, *rest = run(STUDIED, contributed)
    assert answer == "1 of 4 do so beyond chance, p <= 5 %."
    assert head == "['person', 'stays', 'by', 'chance', 'p']"
    first, *others = eval(p)
    assert first == 0.01
    assert min(others) > 0.05
    assert refused.startswith("--shuffles must be between 20 and 10000; got 9.")
    blank, shown, has_sentence, stale, settings, heading, part = rest
    assert blank == ""
    assert shown == " done 4"
    assert (has_sentence, heading, part) == ("True", "True", "True True")
    assert stale == "This result is for seed = 0. Shuffle again."
    assert settings == "{'n_shuffles': 20, 'seed': 3}"


def test_the_panel_stands_in_the_explorer_and_alone(contributed):
    first, second, last = run(LOOK, contributed)
    assert re.fullmatch(r"Option 1: \d+%<br>Option 2: \d+%", first)
    assert first != second
    assert last == "True done"
