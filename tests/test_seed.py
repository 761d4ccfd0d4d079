"""The tutorial from which this package began, step by step: each of its 112 steps is shown by a test.

A test that shows steps 15 and 16 is marked `@pytest.mark.seed(15, 16)`; `python tests/test_seed.py` lists the
steps with their tests.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

TESTS = Path(__file__).parent
LESSON = TESTS.parent / "notebooks" / "01_rescorla_wagner.ipynb"

# What each step is.
STEPS = {
    1: "badge that opens the notebook on Colab",
    2: "one set-up cell, harmless when run twice",
    3: "set-up replaces nothing that Colab has",
    4: "one line installs it, no compiler",
    5: "what one must know before",
    6: "controls explain themselves",
    7: "first the ready model, then one of one's own",
    8: "the order of the steps",
    9: "the equation with its symbols",
    10: "lambda and V are reward and Q",
    11: "the update written in three ways",
    12: "what beta does to choices",
    13: "a choice pays 0 or 1",
    14: "rewards come with their probability",
    15: "fixed probabilities",
    16: "drifting probabilities",
    17: "a random walk with normal steps",
    18: "sigma, its default and its bounds",
    19: "more than two arms",
    20: "probabilities stay in 0 to 1",
    21: "reward_probs can be read, not changed",
    22: "step(choice=0) lets it drift",
    23: "picture of the drift",
    24: "sessions begin afresh",
    25: "other tasks",
    26: "seeds",
    27: "parameters are checked",
    28: "AgentQ follows its formula",
    29: "beta has a default that is shown",
    30: "q0 can be seen",
    31: "softmax",
    32: "parameters drawn for each session",
    33: "parameters fixed by default",
    34: "other mechanisms off by default",
    35: "an agent replayed on a session",
    36: "create_dataset gives three things",
    37: "xs and ys",
    38: "every column has a name",
    39: "choices one-hot, rewards not seen -1",
    40: "ys is the next choice",
    41: "who played, also by hand",
    42: "sessions to read",
    43: "inputs and targets shown",
    44: "which session is looked at",
    45: "agents by label, with fixed looks",
    46: "a session in any form",
    47: "figure and axes",
    48: "panel of P",
    49: "panel of the logit",
    50: "panel of the reward-based value",
    51: "panel of the choice-based value where there is one",
    52: "panel of the learning rate when asked for",
    53: "marks at the choices, by colour and shape",
    54: "one legend, inside",
    55: "layers can be switched",
    56: "the same history for all",
    57: "which option is shown",
    58: "works with pyplot, changes no setting",
    59: "SpiceEstimator and its arguments",
    60: "the ready model and config, in both spellings",
    61: "fit takes tensors, arrays and data sets",
    62: "two stages that can be seen",
    63: "the training live",
    64: "loss with chance and floor",
    65: "verbose=False is silent",
    66: "equations of one participant only",
    67: "print_spice_model writes the same line",
    68: "the equation as a result of its own",
    69: "the expected numbers",
    70: "an interrupt keeps what was learned",
    71: "each term has a meaning",
    72: "the constant: what leaving it out costs",
    73: "alpha from the equation",
    74: "beta from the equation",
    75: "whether the mechanism was found, in numbers",
    76: "truth, network and equation compared",
    77: "off-policy samples",
    78: "no name that is not there",
    79: "BaseRNN is a torch module",
    80: "forward's arguments",
    81: "names of memory states",
    82: "init_values",
    83: "setup_module",
    84: "init_forward_pass",
    85: "record_signal",
    86: "call_module, for the chosen or the other arm",
    87: "the other value is carried over",
    88: "memory is the sum of both",
    89: "logits of the next choice",
    90: "the memory can be handed on",
    91: "picture of the network's structure",
    92: "every argument explained",
    93: "custom and ready give the same",
    94: "rnn_modules",
    95: "control_parameters",
    96: "library_setup",
    97: "filter_setup",
    98: "a filter takes its signal out of the terms",
    99: "several conditions",
    100: "configs can be used again",
    101: "save either or both",
    102: "load into another estimator",
    103: "load one of them",
    104: "the ready model into one's own class",
    105: "any file name, data only",
    106: "try other parameters",
    107: "on to forgetting",
    108: "poor convergence and what helps",
    109: "overfitting and what helps",
    110: "unstable training and what helps",
    111: "an equation for each participant",
    112: "the same notebook everywhere",
}

# What has to stand in the lesson itself.
SAID = {
    5: "You need: some Python",
    7: "## 4. A network that is ready to use",
    9: r"\Delta V = \alpha\,(\lambda - V)",
    10: r"| $\lambda$, the most there is to learn | $r$, the reward of this trial",
    11: r"Q' \;=\; Q + \alpha\,(r - Q) \;=\; (1 - \alpha)\,Q + \alpha\,r",
    12: "**inverse noise temperature**: at 0 the choices are a coin flip",
    29: "Keep an eye on `beta_reward` and on `q0`",
    43: 'columns=["next_choice_0", "next_choice_1"]',
    91: "diagram(describe(CustomRNN(n_actions))",
    92: "prev_state: a memory to go on from",
    106: "change `alpha_reward`, `sigma` or the number of sessions",
    107: "(02_forgetting.ipynb)",
    108: "**It has not converged.**",
    109: "**It overfits.**",
    110: "**It is unstable.**",
}

# In this order.
WAY = (
    "pip install",
    "BanditsDrift(sigma=0.2, n_actions=n_actions",
    "environment.step(choice=0)",
    "AgentQ(n_actions=n_actions, alpha_reward=0.3)",
    "create_dataset(",
    'plot_session(agents={"groundtruth": agent}, experiment=dataset.xs[0])',
    "rnn_class=RescorlaWagnerRNN",
    "spice.fit(dataset)",
    "spice.print_spice_model()",
    "## 5. What the numbers mean",
    "plot_session(agents, dataset.xs[0]",
    "BaseRNN",
    "def forward(self, inputs, prev_state=None, batch_first=False)",
    "SpiceConfig(",
    "custom.fit(dataset.xs, dataset.ys)",
    "spice.save_spice(",
    "loaded.load_spice(",
    "## When it does not work so well",
    "**Next:**",
)


def marked() -> Iterator[tuple[int, str]]:
    """Each step with a test that is marked with it, read from the files of all tests."""
    for file in sorted(file for file in TESTS.rglob("test_*.py") if "/." not in file.as_posix()):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for mark in node.decorator_list:
                    if ast.unparse(mark).startswith("pytest.mark.seed("):
                        test = f"{file.relative_to(TESTS).as_posix()}::{node.name}"
                        yield from ((ast.literal_eval(step), test) for step in mark.args)


def lesson() -> str:
    return "\n".join(cell.source for cell in nbformat.read(LESSON, as_version=4).cells)


def test_every_step_has_words_and_a_test():
    assert list(STEPS) == list(range(1, 113))
    assert {step for step, _ in marked()} == set(STEPS)


@pytest.mark.seed(5, 7, 9, 10, 11, 12, 29, 43, 91, 92, 106, 107, 108, 109, 110)
@pytest.mark.parametrize("step", SAID, ids=str)
def test_lesson_1_says_it(step, request):
    assert step in request.node.get_closest_marker("seed").args
    assert SAID[step] in lesson().replace("\n", " ") or SAID[step] in lesson()


@pytest.mark.seed(7, 8)
def test_lesson_1_goes_the_same_way():
    text, at = lesson(), 0
    for step in WAY:
        at = text.find(step, at)
        assert at >= 0, step


if __name__ == "__main__":
    for number, words in STEPS.items():
        print(f"{number}. {words}:", *sorted(test for step, test in marked() if step == number))
