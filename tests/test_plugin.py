"""What other packages add stands where the package's own does; what cannot be loaded is left out."""

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from test_contributing import BLOCKS, HAS, ROOT, run

from spicewidgets.core import plugins
from spicewidgets.core.mechanism import Mechanism
from spicewidgets.core.studies.ready import ALL as STUDIES
from spicewidgets.core.studies.study import Study

TEMPLATE = Path(__file__).parent / "plugin"
# Beside what a mechanism of the package itself is seen to have: the contract, and the rivals' command.
COMPARED = """
from spicewidgets import RIVALS, BanditsDrift, create_dataset
from spicewidgets.core.studies.contract import check_mechanism, check_rival
from spicewidgets.core.mechanisms import MECHANISMS

check_mechanism(MECHANISMS[-1])
check_rival(RIVALS["liking"])
data, _, _ = create_dataset(sw.AgentQ(liking=0.2), BanditsDrift(0.2), 40, 12, random_state=1)
data.to_frame().to_csv("choices.csv", index=False)
words = ["rivals", "--data", "choices.csv", "--rival", "liking", "--rival", "random", "--folds", "2"]
print("\\nliking " in CliRunner().invoke(main, words).output)
"""


def points(*named: tuple[str, str, str]) -> list[EntryPoint]:
    """Entry points of a kind, by name and what they are."""
    return [EntryPoint(name, value, f"spicewidgets.{kind}") for kind, name, value in named]


@pytest.fixture
def installed(monkeypatch):
    """Sets which entry points other packages have."""
    return lambda *named: monkeypatch.setattr(plugins, "_points", lambda: points(*named))


def test_what_a_package_adds_is_loaded_once_in_the_order_of_names(installed, monkeypatch):
    monkeypatch.syspath_prepend(str(TEMPLATE))
    installed(("mechanisms", "liking", "spicewidgets_liking:Liking"))
    (liking,) = plugins.load_plugins("mechanisms", Mechanism, ["learning"])
    assert liking.name == "liking"
    assert plugins.load_plugins("rivals", object, []) == ()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no_such_package:It", "No module named 'no_such_package'"),
        ("math:pi", "it must be a Mechanism; got 3.14159"),
        ("spicewidgets_liking:Liking", "its names must be its own; taken is liking"),
    ],
)
def test_what_cannot_be_taken_is_left_out_with_a_reason(installed, monkeypatch, value, why):
    monkeypatch.syspath_prepend(str(TEMPLATE))
    installed(("mechanisms", "it", value))
    with pytest.warns(
        plugins.PluginWarning, match=f"The plug-in it .* is left out: {why}.* Mend or uninstall"
    ):
        assert plugins.load_plugins("mechanisms", Mechanism, ["liking"]) == ()


def test_a_study_is_taken_as_a_class(installed):
    installed(("studies", "again", f"{STUDIES[0].__module__}:{STUDIES[0].__name__}"))
    assert plugins.load_plugins("studies", type, []) == (STUDIES[0],)
    assert issubclass(STUDIES[0], Study)


def test_a_template_beside_the_package_has_slider_option_script_truth_rival_and_command(tmp_path):
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "--target", str(tmp_path), str(TEMPLATE)], check=True, timeout=300)
    for name in ("spicewidgets", "notebooks"):
        (tmp_path / name).symlink_to(ROOT / name)
    lines = run(HAS + COMPARED, tmp_path)
    assert lines[0] == "Liking What a choice adds to its value."
    assert lines[3] == "agent = AgentQ(n_actions=2, alpha_reward=0.3, liking=0.1)"
    assert [lines[1], lines[2], lines[-1]] == ["True"] * 3


def test_the_template_is_the_mechanism_of_contributing():
    written = (TEMPLATE / "spicewidgets_liking.py").read_text(encoding="utf-8")
    (block,) = (code for _, code in BLOCKS if "(Mechanism)" in code)
    assert "class" + block.partition("\nclass")[2].partition("\n\n\nlikes")[0] in written
    assert len(written.splitlines()) + len((TEMPLATE / "pyproject.toml").read_text().splitlines()) <= 40
