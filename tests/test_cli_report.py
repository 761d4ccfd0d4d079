"""`spicewidgets report`: of a table, of a simulated participant, repeated by its script, stopped, refused."""

import json
import os
import runpy
import signal

import pytest
from click.testing import CliRunner
from small_study import table as small_table

from spicewidgets.cli import main
from spicewidgets.cli.progress import ProgressBar

FEW = ("--rival", "random", "--rival", "choice-kernel", "--folds", "2")
SHORT = ("--repeats", "0", "--datasets", "0", "--no-stability")


def run(*arguments):
    return CliRunner().invoke(main, list(map(str, arguments)))


def output_of(*arguments):
    result = run(*arguments)
    assert (result.exit_code, result.stderr) == (0, ""), (result.output, result.exception)
    return result.stdout


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("table") / "choices & more.csv"
    small_table().to_csv(path, index=False)
    return path


def test_a_table_is_reported_and_the_script_beside_it_does_the_same(table, tmp_path, monkeypatch):
    out = tmp_path / "out"
    text = output_of("report", table, *FEW, *SHORT, "--model", "forgetting", "--seed", 3, "--out", out)
    assert "10 people made" in text
    assert "choices & more.csv" in (out / "report.md").read_text().replace("&amp;", "&")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(out / "repeat.py"), run_name="__main__")
    assert not ended.value.code
    for file in ("report.html", "card.html", "report.md", "report.tex", "repeat.py", "tables/people.csv"):
        assert (tmp_path / "again" / file).read_bytes() == (out / file).read_bytes(), file
    table.write_text(table.read_text() + "p9,1,0,1,healthy\n")
    with pytest.raises(AssertionError, match="This is another table"):
        runpy.run_path(str(out / "repeat.py"), run_name="__main__")


def test_a_simulated_participant_is_reported_beside_the_truth(tmp_path):
    text = output_of(
        "report", *FEW, "--sessions", 12, "--trials", 40, "--sigma", 0.2, "--repeats", 20, "--datasets", 0,
        "--no-stability", "--out", tmp_path,
    )  # fmt: skip
    assert "rescorla-wagner (SPICE)" in text
    words = (tmp_path / "report.md").read_text()
    assert "The simulated participant's update and the one that was found" in words
    assert "were estimated from" not in words  # the task is known
    assert "alpha\\_reward 0.3" in words


def test_what_is_finished_when_it_is_interrupted_is_reported(table, tmp_path, monkeypatch):
    def interrupted(self, record):
        if record.words.startswith("falsification"):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressBar, "part", interrupted)
    output_of("report", table, *FEW, "--model", "forgetting", "--out", tmp_path)
    words = (tmp_path / "report.md").read_text()
    assert "Not done: recovery of parameters" in words
    assert json.dumps("report")[1:-1] in (tmp_path / "repeat.py").read_text()


def test_interrupted_before_there_is_anything_it_says_so(table, tmp_path, monkeypatch):
    monkeypatch.setattr(ProgressBar, "part", lambda *_: signal.raise_signal(signal.SIGINT))
    result = run("report", table, *FEW, "--model", "forgetting", "--out", tmp_path)
    assert result.exit_code == 1
    assert "Aborted" in result.stderr
    assert not (tmp_path / "report.html").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="There is no fork here.")
def test_killed_in_the_study_the_earlier_report_stays(table, tmp_path):
    """As it is written, too: tests/paper/test_documents.py."""
    (tmp_path / "report.html").write_text("earlier")
    child = os.fork()
    if not child:
        ProgressBar.part = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
        run("report", table, *FEW, *SHORT, "--model", "forgetting", "--out", tmp_path)
        os._exit(1)  # it was not killed
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert (tmp_path / "report.html").read_text() == "earlier"


def test_what_is_wrong_with_its_options_is_a_line_each(tmp_path):
    result = run("report", "--by", "x", "--model", "me", "--repeats", "5", "--sigma", "7", "--out", tmp_path)
    assert result.exit_code == 2
    lines = result.stderr.splitlines()
    assert [line.split(" must")[0] for line in lines] == [
        "Error: --model",
        "Error: --by",
        "Error: --sigma",
        "Error: --repeats",
    ]
    missing = run("report", tmp_path / "none.csv", "--out", tmp_path)
    assert missing.exit_code == 2
    assert "none.csv" in missing.stderr
