"""What the parameters of a participant, and rivals, are called in tables and pictures."""

PARAMETERS = {
    "alpha_reward": "learning rate α",
    "alpha_penalty": "α after no reward",
    "beta_reward": "inverse temperature β",
    "q0": "first value q₀",
    "forget_rate": "forgetting",
    "beta_choice": "choice kernel β",
    "alpha_choice": "choice kernel α",
}
# Rivals where there is little room, by what they are called elsewhere.
BRIEF = {
    "Win-stay, lose-shift": "win-stay",
    "Choice kernel": "kernel",
    "Rescorla-Wagner": "RW",
    "RW + forgetting": "RW+ forget",
    "RW, two rates": "RW, two rates",
    "RW + kernel": "RW+ kernel",
    "RW + not chosen": "RW+ other",
    "Lagged regression": "lagged",
    "Guessing": "guessing",
    "Biased": "biased",
}
