"""What the figures of session and loss are called and where their marks stand, on the page and on the screen
alike. No drawing library is loaded here: the screen needs only its own.
"""

from ..style import REWARDED, UNREWARDED

PHASES = {"screen": "screening", "lbfgs": "L-BFGS", "adam": "Adam"}


def in_sentence(option: str) -> str:
    """Return the name of an option inside a sentence: "Option 1" is option 1, and a table's own names
    stay.
    """
    return f"o{option[1:]}" if option.startswith("Option ") else option


STRIP = -0.16  # the P subplot reaches down to here; marks stand between here and 0
ROWS = {REWARDED: -0.055, UNREWARDED: -0.115}

TITLES = {
    "x_value_reward": "Reward-based\nvalue (logit)",
    "x_value_choice": "Choice-based\nvalue (logit)",
    "x_learning_rate_reward": "Learning rate\n(0 to 1)",
}
