"""`spicewidgets translate`: from a published equation to its parameters, and back."""

import pytest
from click.testing import CliRunner

from spicewidgets.cli import main


def run(words):
    return CliRunner().invoke(main, ["translate", *words.split()])


def test_the_published_equation():
    """S73, S74: alpha 0.318, beta 2.79 without being told beta, and q0 0.643."""
    result = run("--constant -0.411 --value 0.682 --reward 0.887")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "x[k+1] = -0.411 + 0.682 x[k] + 0.887 r, starting at x = 0.5",
        "",
        "  w = 1 - alpha              alpha = 1 - w = 1 - 0.682 = 0.318",
        "  g = alpha beta             beta = g / alpha = 0.887 / 0.318 = 2.79",
        "  k = alpha (V0 - beta q0)   q0 = (V0 - k / alpha) / beta = (0.5 - (-0.411) / 0.318) / 2.79 = 0.643",
        "",
        "alpha 0.318  beta 2.79  q0 0.643",
    ]


def test_the_second_published_run():
    result = run("--constant -0.337 --value 0.686 --reward 0.900")
    assert result.stdout.splitlines()[-1] == "alpha 0.314  beta 2.87  q0 0.549"


@pytest.mark.parametrize(
    ("words", "equation"),
    [
        ("--alpha 0.3 --beta 3 --q0 0.5", "-0.300 + 0.700 x[k] + 0.900 r, starting at x = 0.5"),
        ("--alpha 0.3 --beta 3 --q0 0.5 --start 0", "-0.450 + 0.700 x[k] + 0.900 r, starting at x = 0"),
        (
            "--alpha 0.8 --alpha-penalty 0.2 --beta 3 --q0 0.5",
            "-0.200 + 0.800 x[k] + 1.800 r - 0.600 x[k] r, starting at x = 0.5",
        ),
    ],
)
def test_the_way_back(words, equation):
    result = run(words)
    assert (result.exit_code, result.stdout) == (0, f"x[k+1] = {equation}\n")


def test_there_again():
    result = run("--constant -0.2 --value 0.8 --reward 1.8 --value-reward -0.6")
    assert result.stdout.splitlines()[-1] == "alpha_minus 0.2  alpha_plus 0.8  beta 3  q0 0.5"


def test_all_problems_at_once():
    result = run("--alpha 3 --beta -1 --q0 0.5")
    assert [line.split(" must")[0] for line in result.stderr.splitlines()] == [
        "Error: --alpha",
        "Error: --beta",
    ]
