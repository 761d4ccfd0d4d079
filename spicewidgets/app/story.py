"""The facts that the scenes of a story name: of the choices on the page, and of a case that fools.

The case: a simulated participant with a habit whose 120 choices a learner that forgets explains as well, as
happens to about one in seven. Which of the two it is shows when nothing pays any more.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import exp
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.settings import LEVEL
from ..core.simulate.agents import AgentQ
from ..core.simulate.environments import BanditsSchedule
from ..core.simulate.session import BanditSession
from ..experiment.result import Result
from ..loading import later
from .classroom import point_of_result
from .played import LEVEL as GAME_LEVEL, Played

if TYPE_CHECKING:
    from ..core.data import entry
    from ..core.rivals import fit as fitting
else:
    entry = later("..core.data.entry", __package__)
    fitting = later("..core.rivals.fit", __package__)

Floats = NDArray[np.float64]
LAST = 12  # choices on show
HABIT: dict[str, Any] = {"alpha_reward": 0.4, "beta_reward": 2.2, "alpha_choice": 0.4, "beta_choice": 2.0}
CASE, SEED, MORE = 120, 43, 20  # choices of the case; the seed; choices that do not pay
STORIES = {"habit": "with-kernel", "forgetting": "forgetting"}  # the rivals that both fit


@dataclass(frozen=True)
class StoryFacts:
    """What is told of the choices on the page.

    Attributes:
        numbers: by name, as `state.story.FACTS`.
        choices, paid: the last choices of a session, from 0, and whether each paid; `(n,)`.
        values: of an option before a few wins and losses, the last of which is to be guessed.
    """

    numbers: Mapping[str, float]
    choices: NDArray[np.int64]
    paid: NDArray[np.bool_]
    values: Floats


@dataclass(frozen=True)
class Case:
    """The case that fools.

    Attributes:
        numbers: by name.
        same: P of the same option again, by story: of the last choices and those that do not pay, `(n,)`.
        again: which of the choices that did not pay were the same again, `(MORE,)`.
    """

    numbers: Mapping[str, float]
    same: Mapping[str, Floats]
    again: NDArray[np.bool_]


def facts_of(result: Result, session: int, game: Played | None = None) -> StoryFacts:
    """Return the facts of a run's choices. Loads torch.

    Args:
        result: of the run.
        session: the one on show, from 0.
        game: whose choices these are, so that the story says of them what the game has said.
    """
    data = result.data
    session = min(session, len(data.sessions) - 1)
    played = data.sessions[session]
    seen = np.flatnonzero(played.choices >= 0)
    choices = played.choices[seen]
    paid = played.rewards[seen, choices] > 0.5
    labels = list(result.dataset.participants)
    rate, low, high, *_ = point_of_result(result, labels[played.participant] if labels else None)
    n = sum(int((one.choices >= 0).sum()) for one in data.sessions if one.participant == played.participant)
    more, level = 3 * n, LEVEL
    network = float(result.played["rnn"].probabilities[session, seen[-1], choices[-1]])
    if game is not None and game.rate:
        (rate, low, high), more, level = game.rate, game.more, GAME_LEVEL
        network = game.bets[-1] if choices[-1] == 0 else 1 - game.bets[-1]
    wins = np.array([True, True, False, True, True, False])
    values = [0.5]
    for won in wins:
        values.append(values[-1] + rate * (won - values[-1]))
    again = choices[1:] == choices[:-1]
    half = (high - low) / 2
    return StoryFacts(
        {
            "n": n,
            "choice": int(choices[-1]),
            "chosen": int(choices[-1]) + 1,
            "network": network,
            "after_win": _share(again[paid[:-1]]),
            "after_loss": _share(again[~paid[:-1]]),
            "alpha": rate,
            "alpha_low": low,
            "alpha_high": high,
            "keep": 1 - rate,
            "now": values[-2],
            "after": values[-1],
            "fall": values[-2] - values[-1],
            "doubt": int(np.searchsorted([0.02, 0.1], half)),
            "level": level,
            "more": more,
        },
        choices[-LAST:],
        paid[-LAST:],
        np.array(values),
    )


def _share(again: NDArray[np.bool_]) -> float:
    return float(again.mean()) if again.size else 0.5


@cache
def case(seed: int = SEED) -> Case:
    """Play and fit the case. Loads torch."""
    probabilities = np.array([[0.9, 0.6] if trial // 25 % 2 == 0 else [0.6, 0.9] for trial in range(CASE)])
    environment = BanditsSchedule(np.concatenate([probabilities, np.zeros((MORE, 2))]), random_state=seed)
    agent = AgentQ(**HABIT, random_state=seed)
    environment.new_sess()
    agent.new_sess()
    choices, rewards = [], []
    for _ in range(CASE + MORE):
        choices.append(int(agent.get_choice()))
        rewards.append(environment.step(choices[-1]))
        agent.update(choices[-1], rewards[-1])
    whole = BanditSession(np.array(choices), np.array(rewards), np.zeros(CASE + MORE, int), CASE + MORE)
    all_trials, seen = entry.as_dataset(whole, 2), entry.as_dataset(whole[:CASE], 2)
    same, fit, likelihoods = {}, {}, {}
    stays = whole.choices[1:] == whole.choices[:-1]
    for story, rival in STORIES.items():
        fitted = fitting.fit_rival(rival, seen, "prior")
        expected = fitted.predict(all_trials)[0][: CASE + MORE - 1]  # of each choice after the first
        before = whole.choices[:-1]
        same[story] = expected[np.arange(len(before)), before]
        made = np.where(stays, same[story], 1 - same[story])
        fit[story] = float(np.exp(np.log(made[: CASE - 1]).mean()))
        likelihoods[story] = float(np.log(made[CASE - 1 :]).sum())
    again = stays[CASE - 1 :]
    numbers = {
        "case_n": CASE,
        **fit,
        "again": int(again.sum()),
        "odds": int(float(f"{exp(likelihoods['habit'] - likelihoods['forgetting']):.2g}")),
    }
    return Case(numbers, {story: p[CASE - 25 :] for story, p in same.items()}, again)


# A short history: the option chosen, from 0, and whether it paid.
COURSE = ((0, 1), (0, 1), (0, 0), (1, 1), (1, 0), (0, 1), (0, 1), (0, 0), (0, 0), (1, 0), (1, 1), (0, 1))


def course_of(**parameters: Any) -> tuple[Floats, Floats]:
    """Let a participant go through a short history.

    Args:
        parameters: of `AgentQ`; the others are usual.

    Returns:
        Before each trial and after the last: the value of each option, and P of it, `(13, 2)` each.
    """
    agent: Any = AgentQ(**parameters)
    agent.new_sess()
    values: list[Floats] = [agent.get_state_value("x_value_reward", multiply_with_beta=False)]
    chances: list[Floats] = [agent.get_choice_probs()]
    for choice, paid in COURSE:
        agent.update(choice, [paid if arm == choice else -1 for arm in range(2)])
        values.append(agent.get_state_value("x_value_reward", multiply_with_beta=False))
        chances.append(agent.get_choice_probs())
    return np.array(values), np.array(chances)
