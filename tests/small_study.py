"""A study of few people, for the tests of its documents."""

import pandas as pd

import spicewidgets as sw
from spicewidgets.paper.inquiry import Inquiry, Plan

NASTY = '<b>&"x_1" $\\no$ $5 50% #{~}|'  # a group that is no HTML, Markdown or LaTeX
RIVALS = ("random", "choice-kernel", "rescorla-wagner")


def table():
    """Ten people of two groups, two runs of 40 trials each."""
    agent = sw.AgentQ(alpha_reward=0.4, beta_reward=4.0, beta_choice=1.0)
    who = [person for person in range(10) for _ in range(2)]
    data, _, _ = sw.create_dataset(agent, sw.BanditsDrift(0.2), 40, 20, participant=who, random_state=1)
    frame = data.to_frame()
    return pd.DataFrame(
        {
            "participant": [f"p{int(code)}" for code in frame["participant"]],
            "run": frame["session"] % 2 + 1,
            "choice": frame["choice"],
            "reward": data.rewards_chosen.reshape(-1).numpy().astype(int),
            "age": 20 + frame["participant"].astype(int) // 2,
            "diagnosis": [NASTY if code < 5 else "healthy" for code in frame["participant"]],
        }
    )


def estimator():
    return sw.SpiceEstimator(
        sw.ForgettingRNN, sw.FORGETTING_RNN_CONFIG, pooling="group", epochs=20, n_starts=2, random_state=1
    )


def plan(**changes):
    options = {"models": {"forgetting (SPICE)": estimator()}, "rivals": RIVALS, "folds": 2, "repeats": 20}
    return Plan(**options | changes)


def inquiry(**changes):
    return Inquiry(
        sw.read_choices(table()),
        plan(**changes),
        title="Who <chooses> what?",
        source="Choices & more.",
        settings={"seed": "0"},
        script="main(['report'])",
        versions={"spicewidgets": sw.__version__},
    )
