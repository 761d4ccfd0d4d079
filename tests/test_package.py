"""The package as people meet it: its public names, its metadata, and what it asks of the machine."""

import ast
import importlib
import json
import os
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import spicewidgets
from spicewidgets.cli.serve import PACKAGE, TEMPLATES, doors

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# What Google Colab has (image of August 2026; torch is the oldest among its CPU, GPU and TPU images).
COLAB = {
    "anywidget": "0.9.21",
    "bqplot": "0.12.47",
    "click": "8.4.2",
    "ipywidgets": "7.7.1",
    "joblib": "1.5.3",
    "llvmlite": "0.44.0",
    "matplotlib": "3.10.0",
    "numpy": "2.1.3",
    "pandas": "2.2.3",
    "safetensors": "0.8.0",
    "scikit-learn": "1.6.1",
    "scipy": "1.16.3",
    "torch": "2.9.0",
    "traitlets": "5.7.1",
}
NOT_ON_COLAB = {"pysindy"}
# What those ask for in their turn.
BESIDE = {"ipykernel": "6.17.1", "ipython": "7.34.0"}


@pytest.mark.seed(78)
@pytest.mark.parametrize("name", spicewidgets.__all__)
def test_every_public_name_resolves(name):
    assert getattr(spicewidgets, name) is not None


def test_all_is_sorted_and_says_each_name_once():
    assert spicewidgets.__all__ == sorted(set(spicewidgets.__all__))


def test_dir_lists_every_public_name():
    assert set(spicewidgets.__all__) <= set(dir(spicewidgets))


def test_an_unknown_name_is_an_ordinary_attribute_error():
    with pytest.raises(AttributeError, match="module 'spicewidgets' has no attribute 'AgentQQ'"):
        _ = spicewidgets.AgentQQ


def test_editors_see_the_same_list():
    stub = ast.parse((ROOT / "spicewidgets" / "__init__.pyi").read_text(encoding="utf-8"))
    imports = [node for node in stub.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.asname: node.module for node in imports for alias in node.names}
    assert seen == spicewidgets._HOME


def test_the_seeds_spelling_is_an_alias():
    assert spicewidgets.RESCOLA_WAGNER_CONFIG is spicewidgets.RESCORLA_WAGNER_CONFIG


def test_the_installed_version_is_the_packages_own():
    assert metadata.version("spicewidgets") == spicewidgets.__version__


def test_the_command_is_there():
    module, name = PROJECT["scripts"]["spicewidgets"].split(":")
    assert callable(getattr(importlib.import_module(module), name))


@pytest.mark.seed(3)
@pytest.mark.parametrize("line", PROJECT["dependencies"])
def test_installing_on_colab_replaces_nothing(line):
    required = Requirement(line)
    assert required.name in NOT_ON_COLAB or required.specifier.contains(COLAB[required.name])


def test_setting_up_on_colab_brings_nothing_in_another_version(tmp_path):
    """What pip would do where Colab's packages lie.

    Nothing can be fetched, so that all else must be there: whatever pysindy and the others ask for, no other
    numpy, torch or ipywidgets, and so no restart.
    """
    for name, version in (COLAB | BESIDE).items():
        folder = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    report = tmp_path / "told.json"
    ask = [
        "install",
        "--dry-run",
        "--no-index",
        "--no-build-isolation",
        "--no-cache-dir",
        f"--report={report}",
    ]
    lying_there = os.environ | {"PYTHONPATH": str(tmp_path), "PIP_FIND_LINKS": "", "PIP_CONSTRAINT": ""}
    process = subprocess.run(
        [sys.executable, "-m", "pip", *ask, str(ROOT)], env=lying_there, capture_output=True, text=True
    )
    assert process.returncode == 0, process.stderr
    replaced = [each["metadata"]["name"] for each in json.loads(report.read_text())["install"]]
    assert replaced == ["spicewidgets"]


@pytest.mark.parametrize("version", ["3.11.0", "3.12.13", "3.13.15"])
def test_the_supported_pythons(version):
    assert SpecifierSet(PROJECT["requires-python"]).contains(version)


@pytest.mark.seed(4)
def test_a_wheel_holds_the_doors_and_the_page(tmp_path):
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    files = set(ZipFile(wheel).namelist())
    description = ZipFile(wheel).read(f"{wheel.name.split('-py3')[0]}.dist-info/METADATA").decode()
    assert "# spicewidgets" in description
    assert not re.search(r'(\]\(|src=")(?!https:)', description)  # PyPI shows it
    page = TEMPLATES / "voila" / "templates" / "spicewidgets"
    required = {file.relative_to(PACKAGE.parent).as_posix() for file in page.rglob("*") if file.is_file()}
    required |= {f"spicewidgets/notebooks/{door.name}" for door in doors().values()}
    assert required - files == set()


def test_types_are_shipped():
    assert (ROOT / "spicewidgets" / "py.typed").exists()
