"""Records figures that `spicewidgets reproduce NAME --check` compares with.

    python tests/benchmarks/reproduce.py NAME [--data FILE] [--peer PYTHON]

The figures go into spicewidgets/core/studies/reproduced.json, under the hash of the file.
"""

import argparse
import json

import pandas as pd
from report import machine, today

from spicewidgets import __version__
from spicewidgets.cli.reproduce import read_data
from spicewidgets.core.progress import run_to_completion
from spicewidgets.core.studies.reproduction import RECORDED, REPRODUCTIONS, reproduce_steps


def main() -> None:
    """Make the figures, print them, and record them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=REPRODUCTIONS)
    parser.add_argument("--data")
    parser.add_argument("--peer")
    arguments = parser.parse_args()
    one = REPRODUCTIONS[arguments.name]
    choices = read_data(one.data, arguments.data)
    found = run_to_completion(reproduce_steps(one, choices, peer=arguments.peer))
    print(found.to_string())
    known = json.loads(RECORDED.read_text(encoding="utf-8"))
    known.setdefault(one.name, {})["" if choices is None else choices.report.sha256] = {
        "date": today(),
        "machine": machine(),
        "version": __version__,
        "figures": {
            str(name): [round(value, 6) for value in row if pd.notna(value)] for name, row in found.T.items()
        },
    }
    RECORDED.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
