"""Participants who differ: one Q-learner with parameters of its own in each session."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..checks import raise_if_any
from ..random import RandomState
from .agents import AgentQ, each_session


class Cohort(AgentQ):
    """Q-learners side by side, one for each session of a data set, each with parameters of its own.

    A run of as many sessions as there are members gives each session its member; a run of fewer takes the
    first ones.

    Args:
        members: the parameters of each session's participant, as `AgentQ.parameters`, in the order of the
            sessions; q0 is that of the first.
        n_actions: number of arms.
        random_state: where choices come from.
    """

    vectorised = True

    def __init__(
        self, members: Sequence[Mapping[str, Any]], n_actions: int = 2, *, random_state: RandomState = None
    ) -> None:
        raise_if_any(
            [None if members else "A cohort needs one member or more; got none. Give a list of parameters."]
        )
        self.members: tuple[dict[str, Any], ...] = tuple(dict(member) for member in members)
        super().__init__(n_actions, **self.members[0], random_state=random_state)

    def new_sess(
        self,
        sample_parameters: bool = False,
        participant_id: int | ArrayLike = 0,
        *,
        n_sessions: int = 1,
        random_state: RandomState = None,
        **kwargs: Any,
    ) -> None:
        """Start one fresh session, or several; every session has the parameters of its own member."""
        n = len(self.members)
        raise_if_any(
            [
                f"A cohort plays a session for each of its {n} members; got {n_sessions}. Add members."
                if n_sessions > n
                else None
            ]
        )
        super().new_sess(n_sessions=n_sessions, random_state=random_state)
        self._sampled = True
        parameters: dict[str, Any] = {
            name: np.array([[member[name]] for member in self.members[:n_sessions]])
            for name in self.members[0]
        }
        if n_sessions == 1:
            parameters = {name: float(value[0, 0]) for name, value in parameters.items()}
        self._use(parameters)

    def member(self, session: int) -> AgentQ:
        """Return the participant of one session, alone."""
        return AgentQ(self.n_actions, **self.members[session])


def draw_parameters(
    agent: AgentQ, variation: float, n: int, random_state: RandomState, *, one_rate: bool = True
) -> list[dict[str, Any]]:
    """Parameters of participants who differ around an agent.

    Args:
        agent: has the means.
        variation: standard deviation of every rate and beta, as a share of its mean.
        n: number of participants.
        random_state: of the draws.
        one_rate: whether alpha_penalty is the same as alpha_reward in each of them.
    """
    means = agent.parameters
    spread = {name: variation * abs(means[name]) for name in AgentQ.DRAWN}
    if one_rate:
        del spread["alpha_penalty"]
        means["alpha_penalty"] = None
    varied = AgentQ(agent.n_actions, **means, parameter_variance=spread)
    varied.new_sess(sample_parameters=True, n_sessions=n, random_state=random_state)
    return each_session(varied.parameters, n)


def drawn(*arguments: Any, **options: Any) -> list[dict[str, Any]]:
    """Call `draw_parameters`, under the name by which scripts that the page wrote before know it."""
    warnings.warn("drawn is called draw_parameters now.", DeprecationWarning, stacklevel=2)
    return draw_parameters(*arguments, **options)
