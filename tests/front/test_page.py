"""`spicewidgets page`: one file that asks for nothing, with the settings, words and script of Python."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import npm
import pytest
from click.testing import CliRunner

from spicewidgets.cli import main
from spicewidgets.core.mechanisms import FORGETTING, LEARNING, PARAMETERS
from spicewidgets.core.models import built_of
from spicewidgets.core.settings import SettingsError
from spicewidgets.experiment.script import script_of
from spicewidgets.front.files import BUNDLE
from spicewidgets.front.page import LESSONS, write_page
from spicewidgets.state.experiment import Experiment
from spicewidgets.style import RNN, SPICE, TRUTH

FRONT = Path(__file__).parents[2] / "spicewidgets" / "front"
MOST = 500_000  # bytes


@pytest.fixture(scope="module")
def html():
    return write_page()


@pytest.fixture(scope="module")
def described(html):
    return json.loads(re.search(r'id="described">(.*?)</script>', html, re.DOTALL)[1])


def test_one_file_that_asks_for_nothing(html):
    """No address is in it but that of SVG's name space; the policy allows its own script and style alone."""
    assert len(html.encode()) < MOST
    assert set(re.findall(r"https?://[^\"'` ]+", html)) == {"http://www.w3.org/2000/svg"}
    policy = re.search(r'Security-Policy" content="([^"]*)"', html)[1]
    assert "default-src 'none'" in policy
    assert "connect-src 'none'" in policy
    for tag in ("script", "style"):
        text = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)[1]
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy


def test_settings_and_looks_are_those_of_python(described):
    settings = {one["name"]: one for one in described["settings"]}
    for name, one in PARAMETERS.items():
        if name in settings:
            own = settings[name]
            assert (own["label"], own["help"], own["value"]) == (one.label, one.help, one.default)
            assert [own["low"], own["high"], own["step"]] == list(one.slider)
    assert settings["seed"]["value"] == Experiment().data.seed
    assert [described["styles"][key]["colour"] for key in ("truth", "network", "equation")] == [
        style.colour for style in (TRUTH, RNN, SPICE)
    ]


def test_its_script_is_that_of_the_panels(described):
    experiment = Experiment()
    experiment.participant.alpha_reward, experiment.data.seed, experiment.task.kind = 0.61, 7, "fixed"
    values = {one["name"]: one["value"] for one in described["settings"]} | {"alpha_reward": 0.61, "seed": 7}
    scripts = described["models"][0]["scripts"]
    text = re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), scripts["fixed"])
    theirs, ours = (
        {re.sub(r"\(.*\)", "()", line) for line in script.splitlines()}
        for script in (script_of(experiment.snapshot()), text)
    )
    assert ours == theirs
    agent = "alpha_reward=0.61, alpha_penalty=None, beta_reward=3.0, q0=0.5, forget_rate=0.0, beta_choice=0.0"
    assert f"AgentQ(n_actions=2, {agent}, alpha_choice=1.0)" in text
    assert "random_state=7" in text
    compile(text, "script", "exec")


def test_the_command(tmp_path):
    out = tmp_path / "lesson.html"
    done = CliRunner().invoke(main, ["page", "--model", "forgetting", "--title", '<b>&"', "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "kB. Open it" in done.output
    text = out.read_text(encoding="utf-8")
    assert "<title>&lt;b&gt;&amp;&quot;</title>" in text
    assert '"choices":["forgetting"]' in text


def test_a_model_of_rows_brings_its_kernels_and_its_source():
    own = built_of(LEARNING, FORGETTING)
    rows = [replace(module, name=module.name.replace("reward", "own")) for module in own.modules]
    html = write_page((replace(own, modules=tuple(rows)), "rescorla-wagner"))
    model, ready = json.loads(re.search(r'id="described">(.*?)</script>', html, re.DOTALL)[1])["models"]
    assert [one["name"] for one in (model, ready)] == ["your own", "rescorla-wagner"]
    assert [module["truth"] for module in model["modules"]] == [None, None]
    assert "class YourRNN(" in model["scripts"]["drift"]
    assert "x_value_own_chosen" in model["scripts"]["drift"]
    assert html.count("function loss(") == 2


@pytest.mark.parametrize("name", ["habit", "nobody", "two-step"])
def test_what_cannot_be_in_a_page_is_a_sentence(name, tmp_path):
    with pytest.raises(SettingsError, match=f"must be one of rescorla-wagner, forgetting.*; got {name}"):
        write_page((name,))
    where = str(tmp_path / "no" / "lesson.html")
    done = CliRunner().invoke(main, ["page", "--model", name, "--out", where])
    assert done.exit_code == 2
    assert f"got {name}" in done.output


def lesson_file(folder, **parts):
    path = folder / "lesson.json"
    words = {"lesson": 1, "title": "Forget it", "text": "Find the forgetting."}
    path.write_text(json.dumps(words | parts), encoding="utf-8")
    return path


def test_a_lesson_brings_its_settings_words_and_locks(tmp_path):
    settings = {"participant": {"forget_rate": 0.35}, "model": {"name": "forgetting"}, "data": {"seed": 9}}
    fixed, hidden = ["participant.forget_rate", "model.name"], ["data.seed"]
    html = write_page(lesson=lesson_file(tmp_path, settings=settings, fixed=fixed, hidden=hidden))
    assert "<h1>Forget it</h1>" in html
    assert "Find the forgetting." in html
    data = json.loads(re.search(r'id="described">(.*?)</script>', html, re.DOTALL)[1])
    found = {one["name"]: one for one in data["settings"]}
    assert found["model"]["choices"] == ["forgetting"]
    assert (found["forget_rate"]["value"], found["seed"]["value"]) == (0.35, 9)
    assert found["forget_rate"]["held"] == found["model"]["held"] == "The lesson “Forget it” fixes this."
    assert (found["seed"]["hidden"], found["sigma"]["hidden"], found["sigma"]["held"]) == (True, False, "")


@pytest.mark.parametrize("name", LESSONS)
def test_a_ready_lesson_asks_what_its_notebook_asks(name):
    """It begins at once, with steps and questions, whose hints and reasons are the notebook's."""
    html = write_page(lesson=name)
    data = json.loads(re.search(r'id="described">(.*?)</script>', html, re.DOTALL)[1])
    notebook = json.loads((FRONT.parents[1] / "notebooks" / f"{LESSONS[name].stem}.ipynb").read_text())
    words = re.sub(r"\W+", " ", "".join(line for cell in notebook["cells"] for line in cell["source"]))
    assert len(data["questions"]) > 1
    for question in data["questions"]:
        assert re.sub(r"\W+", " ", question["hint"]) in words
    assert '<ol class="steps"><li>' in html
    assert 'id="play"' not in html
    assert len(html.encode()) < MOST


@pytest.mark.parametrize(
    ("question", "problem"),
    [
        ({"words": "Which?"}, "A question has words and an answer"),
        ({"words": "Which?", "answer": "a"}, "must be numbers"),
        ({"words": "Which?", "answer": float("nan")}, "must be numbers"),
        ({"words": "Which?", "answer": "a", "options": ["b"]}, "must be one of the options; got 'a'"),
        ({"words": 3, "answer": 1}, "The words of a question of a lesson must be a text"),
        (3, "A question has words and an answer"),
    ],
)
def test_what_is_no_question_is_a_sentence(question, problem, tmp_path):
    with pytest.raises(SettingsError, match=problem):
        write_page(lesson=lesson_file(tmp_path, questions=[question]))


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        (
            {"participant": {"alpha_counterfactual_reward": 0.4}},
            "participant.alpha_counterfactual_reward must be",
        ),
        ({"task": {"counterfactual": True}}, "task.counterfactual must be False in a page"),
        ({"data": {"n_sessions": 900}}, "data.n_sessions must be at most 200 in a page; the lesson has 900"),
        ({"discovery": {"degree": 3}}, "discovery.degree must be at most 2 in a page"),
        ({"model": {"name": "habit"}}, "A model of a page must be one of"),
    ],
)
def test_what_a_page_has_not_is_a_sentence(settings, problem, tmp_path):
    path = lesson_file(tmp_path, settings=settings)
    out = tmp_path / "lesson.html"
    done = CliRunner().invoke(main, ["page", "--lesson", str(path), "--out", str(out)])
    assert done.exit_code == 2, done.output
    assert problem in done.output
    assert not out.exists()


def test_the_file_must_be_one_that_can_be_written(tmp_path):
    done = CliRunner().invoke(main, ["page", "--out", str(tmp_path)])
    assert done.exit_code == 2
    assert "--out must be a file that can be written" in done.output


def test_the_bundle_is_what_the_sources_give(tmp_path):
    folder = npm.front(FRONT)
    if folder is None:
        pytest.skip("esbuild is missing, and npm, which would fetch it.")
    shutil.copytree(FRONT / "src", tmp_path / "src")
    for name in ("build.mjs", "tsconfig.json"):
        shutil.copy(FRONT / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(folder / "node_modules")
    build = ["node", str(tmp_path / "build.mjs"), str(tmp_path / "front.js")]
    done = subprocess.run(build, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "front.js").read_bytes() == BUNDLE.read_bytes()  # npm run build
    check = [str(folder / "node_modules" / ".bin" / "tsc"), "--noEmit", "-p", str(FRONT)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
