"""What the product says in the situations of `sentences.txt`: what is called stands behind >>>.

Tests beside this one ask for kinds, fields and numbers. A change of words is a diff here;
`python tests/test_sentences.py` accepts it. A situation is added as a line with >>>.
"""

import io
import re
from collections.abc import Iterable, Iterator
from difflib import unified_diff
from pathlib import Path

import pandas as pd
import pytest
import torch
from click.testing import CliRunner

import spicewidgets as sw
from spicewidgets.cli import main
from spicewidgets.core.judge.quiz import mystery
from spicewidgets.state import Experiment
from spicewidgets.state.lesson import read_lesson

FILE = Path(__file__).with_name("sentences.txt")
CALLED = ">>> "
LISTS = re.compile(r"(among|one of|may name|known are) [^;\n]{100,};")
ROWS = [("a", trial % 2, trial // 2 % 2) for trial in range(10)]
DATA = sw.create_dataset(sw.AgentQ(alpha_reward=0.3), sw.BanditsDrift(sigma=0.2), 8, 4, random_state=1)[0]


def csv(rows: Iterable[tuple[object, ...]], header: str = "id,choice,reward") -> bytes:
    return (header + "\n" + "\n".join(",".join(map(str, row)) for row in rows) + "\n").encode()


def table(**columns: object) -> pd.DataFrame:
    """Two sessions of 3 and 2 trials, with columns put in, replaced, or (None) left out."""
    plain = {"session": [*"bbbaa"], "choice": [0, 1, 1, 1, 0], "reward": [1.0, 0.0, 1.0, 0.5, 0.0]}
    return pd.DataFrame({name: values for name, values in (plain | columns).items() if values is not None})


def simulate(**changed: object) -> object:
    plain = {"agent": sw.AgentQ(), "environment": sw.BanditsFixed(), "n_trials": 5, "n_sessions": 3}
    return sw.create_dataset(**plain | changed)


def dataset(**changed: object) -> object:
    return sw.DatasetRNN(**{"xs": torch.zeros(1, 3, 5), "ys": torch.zeros(1, 3, 2)} | changed)


def fit(**changed: object) -> object:
    model = {"rnn_class": sw.RescorlaWagnerRNN, "spice_config": sw.RESCORLA_WAGNER_CONFIG}
    return sw.SpiceEstimator(**model | changed).fit(DATA)


def lesson(**parts: object) -> object:
    return read_lesson({"lesson": 1, "title": "Drift", "text": "Move.", "settings": {}} | parts, Experiment())


def command(words: str) -> str:
    """What a command writes of what is wrong, else the last line of what it prints."""
    result = CliRunner().invoke(main, words.split())
    return result.stderr.rstrip("\n") if result.exit_code else result.stdout.splitlines()[-1]


PUBLIC = {name: getattr(sw, name) for name in sw.__all__}
OURS = (io, pd, torch, csv, table, simulate, dataset, fit, lesson, mystery, command)
NAMES = PUBLIC | {each.__name__.replace("pandas", "pd"): each for each in OURS} | {"ROWS": ROWS}


def says(code: str) -> str:
    """What is said; long lists of what is allowed, which grow with the package, are left out."""
    try:
        value = eval(code, NAMES)
    except sw.SettingsError as error:
        value = error.problems
    return LISTS.sub(r"\1 ...;", value if isinstance(value, str) else "\n".join(value))


def written(text: str) -> Iterator[str]:
    """The lines of the file, with what is said today."""
    for line in text.splitlines():
        if line.startswith(CALLED):
            yield line
            yield from says(line.removeprefix(CALLED)).splitlines()
        elif not line or line.startswith("#"):
            yield line


@pytest.mark.seed(18, 27)
def test_it_says_what_it_said():
    """S18, S27: each is a sentence: what, allowed, got, what to do."""
    text = FILE.read_text(encoding="utf-8")
    lines = list(written(text))
    diff = "\n".join(unified_diff(text.splitlines(), lines, "as it was", "as it is", lineterm="", n=1))
    assert not diff, f"{diff}\n\nIf it is better so: python tests/{Path(__file__).name}"
    said = [line for line in lines if line and not line.startswith(("#", CALLED))]
    assert [line for line in said if not line.endswith(".")] == []


if __name__ == "__main__":
    FILE.write_text("\n".join(written(FILE.read_text(encoding="utf-8"))) + "\n", encoding="utf-8")
