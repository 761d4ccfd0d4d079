"""What the parameters of a participant are called, in tables and pictures."""

PARAMETERS = {
    "alpha_reward": "learning rate α",
    "alpha_penalty": "α after no reward",
    "beta_reward": "inverse temperature β",
    "q0": "first value q₀",
    "forget_rate": "forgetting",
    "beta_choice": "choice kernel β",
    "alpha_choice": "choice kernel α",
}
