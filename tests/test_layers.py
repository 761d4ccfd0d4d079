"""Who may know whom: read from the import statements, and seen from outside in a fresh interpreter.

A layer is a folder or a file of the package. A new one without a row below fails: give it one.
"""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from house import House, cycles
from packaging.requirements import Requirement

import spicewidgets

PACKAGE = Path(spicewidgets.__file__).parent
HOUSE = House(PACKAGE)

# The values and words that every room of the core stands on.
GROUND_NAMES = (
    "built",
    "checks",
    "config",
    "equations",
    "files",
    "mechanism",
    "mechanisms",
    "models",
    "plugins",
    "polynomial",
    "progress",
    "random",
    "settings",
    "tasks",
    "wording",
)
GROUND_FILES = tuple(f"core/{name}" for name in GROUND_NAMES)
GROUND = {"numpy", *(f"spicewidgets.{file.replace('/', '.')}" for file in GROUND_FILES)}
# What a room may import beside the standard library. The most precise row holds for a file.
MAY = {
    "core": {"numpy", "pandas", "scipy", "torch", "spicewidgets.core"},
    **dict.fromkeys(GROUND_FILES, GROUND),
    "core/simulate": GROUND | {"pandas", "spicewidgets.core.simulate"},
    "core/data/tables": {
        "numpy",
        "pandas",
        "spicewidgets.core.checks",
        "spicewidgets.core.data.tables",
        "spicewidgets.core.progress",
        "spicewidgets.core.settings",
        "spicewidgets.core.simulate.session",
        "spicewidgets.core.tasks",
        "spicewidgets.core.wording",
    },
    "core/data": GROUND | {"pandas", "torch", "spicewidgets.core.data", "spicewidgets.core.simulate"},
    "core/train": GROUND
    | {"torch"}
    | {f"spicewidgets.core.{room}" for room in ("simulate", "data", "train")},
    "core/judge": GROUND
    | {"pandas", "scipy", "torch"}
    | {f"spicewidgets.core.{room}" for room in ("simulate", "data", "train", "judge")},
    "core/read": GROUND | {"pandas", "spicewidgets.core.simulate", "spicewidgets.core.read"},
    "core/discover": GROUND
    | {"pandas", "scipy", "torch"}
    | {f"spicewidgets.core.{room}" for room in ("simulate", "data", "train", "judge", "read", "discover")},
    **dict.fromkeys(
        ("core/rivals/declaration", "core/rivals/ready", "core/rivals/two_step", "core/rivals/named"),
        GROUND
        | {
            "spicewidgets.core.rivals.declaration",
            "spicewidgets.core.rivals.two_step",
            "spicewidgets.core.rivals.named",
            "spicewidgets.loading",
        },
    ),
    "core/rivals": GROUND
    | {"pandas", "scipy", "torch", "spicewidgets.core.estimator", "spicewidgets.loading"}
    | {
        f"spicewidgets.core.{room}"
        for room in ("simulate", "data", "train", "judge", "read", "discover", "rivals")
    },
    "core/search": GROUND
    | {"pandas", "scipy", "torch", "spicewidgets.core.storage"}
    | {
        f"spicewidgets.core.{room}"
        for room in ("simulate", "data", "train", "judge", "read", "discover", "rivals", "search")
    },
    "core/studies": {"numpy", "pandas", "scipy", "torch", "spicewidgets.core", "spicewidgets.loading"},
    "loading": set(),
    "state": {
        "traitlets",
        "spicewidgets.core.settings",
        "spicewidgets.core.built",
        "spicewidgets.core.mechanisms",
        "spicewidgets.core.models",
        "spicewidgets.core.rivals.ready",
        "spicewidgets.core.studies.ready",
        "spicewidgets.core.studies.recovery_settings",
        "spicewidgets.core.studies.study",
        "spicewidgets.core.tasks",
        "spicewidgets.core.wording",
        "spicewidgets.state",
    },
    "experiment": {
        "numpy",
        "torch",
        "spicewidgets.core",
        "spicewidgets.experiment",
        "spicewidgets.loading",
        "spicewidgets.state",
    },
    "views": {
        "numpy",
        "pandas",
        "scipy",
        "torch",
        "spicewidgets.core",
        "spicewidgets.experiment",
        "spicewidgets.loading",
        "spicewidgets.state",
        "spicewidgets.views",
    },
    "app": {
        "numpy",
        "pandas",
        "torch",
        "spicewidgets.app",
        "spicewidgets.core",
        "spicewidgets.experiment",
        "spicewidgets.loading",
        "spicewidgets.paper",
        "spicewidgets.state",
        "spicewidgets.views",
    },
    "panels": {
        "ipywidgets",
        "numpy",
        "pandas",
        "traitlets",
        "spicewidgets.core.equations",
        "spicewidgets.core.wording",
        "spicewidgets.app",
        "spicewidgets.compat",
        "spicewidgets.experiment",
        "spicewidgets.front",
        "spicewidgets.loading",
        "spicewidgets.markup",
        "spicewidgets.panels",
        "spicewidgets.plots",
        "spicewidgets.state",
        "spicewidgets.style",
        "spicewidgets.views",
    },
    "panels/playground": {"anywidget", "traitlets", "spicewidgets.front.files"},
    "plots": {
        "bqplot",
        "ipywidgets",
        "matplotlib",
        "numpy",
        "spicewidgets.compat",
        "spicewidgets.core.wording",
        "spicewidgets.markup",
        "spicewidgets.plots",
        "spicewidgets.style",
    },
    "paper": {
        "matplotlib",
        "numpy",
        "pandas",
        "scipy",
        "torch",
        "spicewidgets.core",
        "spicewidgets.markup",
        "spicewidgets.paper",
        "spicewidgets.plots",
        "spicewidgets.style",
    },
    "front": {
        "numpy",
        "torch",
        "spicewidgets.core",
        "spicewidgets.experiment.script",
        "spicewidgets.front",
        "spicewidgets.markup",
        "spicewidgets.state",
        "spicewidgets.style",
    },
    "markup": set(),
    "style": set(),
    "compat": {"IPython", "google.colab", "ipywidgets", "traitlets", "voila"},
    "apps": {"IPython", "ipywidgets", "traitlets", "spicewidgets"},
    "cli": {"click", "matplotlib", "numpy", "pandas", "spicewidgets"},
    "server": {
        "jupyter_client",
        "jupyter_server",
        "psutil",  # what kernels take, on every system
        "spicewidgets.server",
        "tornado",
        "traitlets",
        "voila",
        "zmq",
    },
    "__init__": {"spicewidgets.loading"},
}
# What one file may import beyond its room, and why.
ALSO = {
    "server/parent.py": {
        "ipykernel",
        "matplotlib",
        "numpy",
        "spicewidgets",
        "torch",
    },  # it imports everything
    "core/estimator.py": {"spicewidgets.loading"},  # a search fits rivals, which know estimators
    "core/parameters.py": {"sklearn"},  # the scikit-learn door ...
    "core/judge/behaviour.py": {"sklearn"},  # the lagged logistic regression
    "core/discover/regression.py": {"pysindy"},  # the only file that knows pysindy
    "core/storage.py": {"safetensors"},  # models are kept as data, never as pickles
    "core/rivals/declaration.py": {"torch"},  # when a rival is run
    "core/rivals/named.py": {"torch"},
    "core/studies/data_sets.py": {"joblib"},  # many data sets, wherever its backend runs them
    "core/train/compiled/kernel.py": {"llvmlite"},  # the compiler of the fast path
    "plots/session.py": {
        "spicewidgets.core.data.entry",
        "spicewidgets.core.judge.replay",
        "spicewidgets.core.settings",
    },  # the seed's plot_session takes agents
}
# pyplot keeps figures of its own, global to the process; threads have one place.
PYPLOT = {"matplotlib.pyplot", "matplotlib.pylab", "pylab"}
THREADS = {"threading", "_thread", "concurrent", "multiprocessing", "asyncio"}

MOST_IMPORTS_INSIDE_FUNCTIONS = 40  # only ever less

FILES = HOUSE.files
DEPENDENCIES = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# What is imported under another name than it is installed by, or comes with the place itself.
INSTALLED_AS = {
    "zmq": "pyzmq",
    "jupyter_client": "jupyter-client",
    "jupyter_server": "jupyter-server",
    "sklearn": "scikit-learn",
}
NOT_INSTALLED = {"google", "spicewidgets"}  # google.colab is there on Colab, and nowhere else


def room(file: Path) -> str:
    """The most precise row of the table for a file."""
    places = [Path(*file.parts[:size]).with_suffix("").as_posix() for size in range(len(file.parts), 0, -1)]
    return next(place for place in places if place in MAY)


def within(module: str, allowed: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in allowed)


def imported(file: Path) -> set[str]:
    """Full names of all that a file imports, wherever in it; what only a type checker reads is left out."""
    return {each.name for each in HOUSE.imports[file] if not each.for_types}


def offenders(allows: Callable[[Path, str], bool]) -> list[str]:
    """List each import that a rule does not allow, as `file: module`."""
    return [
        f"{file.as_posix()}: {name}" for file in FILES for name in imported(file) if not allows(file, name)
    ]


def test_files_import_only_what_their_layer_may():
    def allows(file: Path, name: str) -> bool:
        also = [names for place, names in ALSO.items() if file.is_relative_to(place)]
        return within(name, MAY[room(file)].union(sys.stdlib_module_names, *also))

    assert not offenders(allows)


@pytest.mark.parametrize("for_types", [False, True])
def test_no_files_import_each_other_in_a_circle(for_types):
    assert not list(cycles(HOUSE.graph(for_types)))


def test_imports_inside_functions_become_fewer():
    assert len(HOUSE.inside()) <= MOST_IMPORTS_INSIDE_FUNCTIONS


def test_all_that_is_imported_is_a_dependency():
    optional = DEPENDENCIES["optional-dependencies"]["voila"]
    declared = {Requirement(line).name for line in [*DEPENDENCIES["dependencies"], *optional]}
    names = {name.partition(".")[0] for file in FILES for name in imported(file)}
    packages = {INSTALLED_AS.get(name, name) for name in names - NOT_INSTALLED - sys.stdlib_module_names}
    assert packages <= declared


@pytest.mark.parametrize("line", DEPENDENCIES["dependencies"])
def test_no_dependency_is_left_from_before(line):
    names = {name.partition(".")[0] for file in FILES for name in imported(file)}
    assert Requirement(line).name in {INSTALLED_AS.get(name, name) for name in names}


def test_no_file_imports_pyplot():
    assert not offenders(lambda file, name: not within(name, PYPLOT))


def test_only_the_runner_knows_threads():
    assert not offenders(lambda file, name: file.as_posix() == "app/runner.py" or not within(name, THREADS))


def prints(file: Path) -> Iterator[str]:
    """Each call of print or display outside functions whose names begin with `print_`, as `file:line`."""
    tree = HOUSE.trees[file]
    named_so = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("print_")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or node in named_so:
            continue
        if ast.unparse(node.func) in {"print", "display"}:
            yield f"{file.as_posix()}:{node.lineno}"


def test_only_the_command_line_prints_and_what_is_called_print():
    assert not [place for file in FILES if room(file) != "cli" for place in prints(file)]


def run(code: str) -> str:
    """What a fresh interpreter prints; its errors fail the test."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# The packages we stand on do as they please when they are first imported, so they go first.
UNTOUCHED = """
import importlib, os, pkgutil, random, sys, warnings
import click, ipykernel.kernelapp, matplotlib, matplotlib.figure, numpy, pandas, pysindy
import safetensors.torch, sklearn.base, torch
import voila.app
import spicewidgets

def state():
    return {
        "warning filters": list(warnings.filters),
        "rcParams": dict(matplotlib.rcParams),
        "random": random.getstate(),
        "numpy random": repr(numpy.random.get_state(legacy=False)),
        "numpy errors": numpy.geterr(),
        "numpy printing": numpy.get_printoptions(),
        "torch random": torch.get_rng_state().tolist(),
        "torch threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "torch dtype": torch.get_default_dtype(),
        "environment": dict(os.environ),
        "excepthook": sys.excepthook,
    }

before = state()
for module in pkgutil.walk_packages(spicewidgets.__path__, "spicewidgets."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
after = state()
print(*[name for name in before if before[name] != after[name]], sep="\\n")
"""


def test_importing_all_of_it_changes_no_global_state():
    assert run(UNTOUCHED).split("\n") == ["", ""]
