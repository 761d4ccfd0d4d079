"""What the parameters of a participant, and rivals, are called in tables and pictures."""

from ..core.rivals.ready import RIVALS

PARAMETERS = {
    "alpha_reward": "learning rate α",
    "alpha_penalty": "α after no reward",
    "beta_reward": "inverse temperature β",
    "q0": "first value q₀",
    "forget_rate": "forgetting",
    "beta_choice": "choice kernel β",
    "alpha_choice": "choice kernel α",
}
# Rivals where there is little room, by their labels.
BRIEF = {rival.label: rival.brief for rival in RIVALS.values()}
