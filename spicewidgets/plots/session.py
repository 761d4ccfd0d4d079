"""`plot_session`: one session as its agents live it, trial by trial.

Draws P of choosing an option, its Q-value, and every memory state that an agent has, with marks for the
choices and rewards that all of them see.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from ..core.data.entry import as_dataset
from ..core.judge.replay import get_update_dynamics
from ..core.settings import SettingsError
from ..style import INK, MUTED, REWARDED, UNREWARDED, Style, styles
from .figure import MARKERS, NORMAL, SMALL, WIDTH, caption, legend, line, new_figure, save_figure, tidy
from .printed import kind_look
from .series import Kind, laid_over
from .words import ROWS, STRIP, TITLES

if TYPE_CHECKING:
    from ..core.data.dataset import DatasetRNN
    from ..core.simulate.agents import Agent

Floats = NDArray[np.float64]

KNOWN = ("x_value_reward", "x_value_choice", "x_learning_rate_reward")  # named in the tutorial
ONE = "P at trial t uses the choices and rewards of the trials before t."
SEVERAL = (
    "All agents see the same choices and rewards; P at trial t uses the trials before t.\n"
    "Values may lie apart by a shift that all options share: it does not change P."
)


@dataclass(frozen=True)
class AgentCurves:
    """One agent's P and Q-value of one option, and each memory state, `(n_trials,)`; and their style."""

    style: Style
    kind: Kind
    probability: Floats
    q: Floats
    states: Mapping[str, Floats]


def plot_session(
    agents: "Mapping[str, Agent]",
    experiment: Any,
    labels: Sequence[str] | None = None,
    save: str | os.PathLike[str] | None = None,
    display_choice: int = 0,
    reward_range: tuple[float, float] | Sequence[float] = (0, 1),
    signals_to_plot: Sequence[str] | None = None,
    *,
    dataset: Any = None,
) -> tuple[Figure, NDArray[Any]]:
    """One session through one or more agents, who all see the same choices and rewards.

    Args:
        agents: by label. "groundtruth", "rnn" and "spice" look the same in every plot; any other label gets a
            look of its own.
        experiment: the session: a row of a data set, `(n_trials, n_features)`, a `BanditSession`, or the
            number of a session of `dataset`.
        labels: names for the legend, in the order of the agents.
        save: a file to write, such as "session.png" or "session.pdf".
        display_choice: the option to show, from 0.
        reward_range: lowest and highest reward; the mark of a rewarded choice grows from one to the other.
        signals_to_plot: memory states to show, such as "x_learning_rate_reward"; all but learning rates when
            None. A state that no agent has, or that is 0 throughout for all, has no subplot.
        dataset: the data set that `experiment` counts in.

    Returns:
        The figure, and its axes in an array: P, Q-value, then one for each memory state. P, Q-value and
        states at trial t, from 0, are those before the choice of trial t. Values are in units of the logit.
    """
    n_actions = _n_actions(agents, labels)
    _check(n_actions, display_choice, reward_range)
    session = _one_session(experiment, dataset, n_actions)
    looks = styles(agents)
    curves = [
        _curves(agent, session, display_choice, *laid_over(look, len(looks) == 1))
        for agent, look in zip(agents.values(), looks, strict=True)
    ]
    signals = _signals(curves, signals_to_plot)
    figure, axs = _subplots(2 + len(signals))
    for each in curves:
        _draw(axs, each, signals)
    marks = _mark_choices(axs[0], session, display_choice, reward_range)
    _name_subplots(axs, display_choice, signals)
    names = labels or [look.name for look in looks]
    lines = [
        Line2D([], [], label=str(name), **line(each.style) | kind_look(each.kind, 1))
        for name, each in zip(names, curves, strict=True)
    ]
    legend(figure, [*lines, *marks])
    caption(figure, SEVERAL if len(names) > 1 else ONE)
    save_figure(figure, save)
    return figure, axs


def _curves(agent: "Agent", session: "DatasetRNN", option: int, kind: Kind, style: Style) -> AgentCurves:
    names = list(getattr(agent, "_state", {}))
    (q, signals), probabilities, _ = get_update_dynamics(session, agent, names)
    states = {name: values[:, option] for name, values in signals.items()}
    return AgentCurves(style, kind, probabilities[:, option], q[:, option], states)


def _signals(curves: Sequence[AgentCurves], wanted: Sequence[str] | None) -> list[str]:
    """Return the states that have a subplot, in order."""
    had = list(dict.fromkeys(name for each in curves for name in each.states))
    if wanted is None:
        chosen = [name for name in had if "learning_rate" not in name]
    else:
        chosen = [wanted] if isinstance(wanted, str) else list(dict.fromkeys(wanted))
        unknown = [name for name in chosen if name not in had and name not in KNOWN]
        if unknown:
            raise SettingsError(
                [
                    f"signals_to_plot must name memory states of the agents, of {had}; got {unknown}. Leave"
                    " it out to see all that there are."
                ]
            )
    return [name for name in chosen if any(np.any(each.states.get(name, 0) != 0) for each in curves)]


def _subplots(n: int) -> tuple[Figure, NDArray[Any]]:
    figure = new_figure(1.1 + 2.3 + 1.45 * (n - 1))
    ratios = [2.3, *[1.45] * (n - 1)]
    axs: NDArray[Any] = figure.subplots(n, 1, sharex=True, squeeze=False, height_ratios=ratios)[:, 0]
    for ax in axs:
        tidy(ax)
    return figure, axs


def _draw(axs: NDArray[Any], curves: AgentCurves, signals: Sequence[str]) -> None:
    n = len(curves.q)
    thin = min(1.0, max((150 / max(n, 1)) ** 0.5, 0.4))  # so that a long session is no blot
    look = line(curves.style, linewidth=thin * curves.style.width) | kind_look(curves.kind, n)
    lines = (curves.probability, curves.q, *map(curves.states.get, signals))
    for ax, values in zip(axs, lines, strict=True):
        if values is not None:
            ax.plot(np.arange(n), values, **look)


def _mark_choices(
    ax: Axes, session: "DatasetRNN", option: int, reward_range: Sequence[float]
) -> list[Line2D]:
    """Return marks below 0 at the trials in which the option was chosen: what paid above, what did not below.

    Returns the marks for the legend.
    """
    n = int(session.lengths[0])
    low, high = map(float, reward_range)
    chosen = np.asarray(session.choices[0, :n]) == option
    rewards = np.asarray(session.rewards_chosen[0, :n], dtype=float)
    share = np.clip((np.where(chosen, rewards, low) - low) / (high - low), 0, 1)
    size = min(max(0.85 * 72 * WIDTH * 0.85 / max(n, 1), 2.0), 4.2)  # points: neighbours hardly touch
    for style, here in ((REWARDED, chosen & (share > 0)), (UNREWARDED, chosen & (share == 0))):
        at = np.flatnonzero(here)
        area = size**2 * np.maximum(share[at], 0.12) if style is REWARDED else np.full(len(at), size**2 * 0.8)
        ax.scatter(
            at,
            np.full(len(at), ROWS[style]),
            s=area,
            c=style.colour,
            marker=MARKERS[style.marker],
            linewidths=0.0 if style is REWARDED else max(0.25 * size, 0.5),
            label=style.name,
            zorder=3,
        )
    graded = " (larger: more)" if np.any((share > 0) & (share < 1)) else ""
    words = {REWARDED: f"{REWARDED.name}{graded}", UNREWARDED: UNREWARDED.name}
    return [
        Line2D(
            [],
            [],
            linestyle="none",
            color=style.colour,
            marker=MARKERS[style.marker],
            markersize=5,
            label=f"option {option + 1} chosen, {words[style]}",
        )
        for style in ROWS
    ]


def _name_subplots(axs: NDArray[Any], option: int, signals: Sequence[str]) -> None:
    axs[0].set_ylim(STRIP, 1.03)
    axs[0].set_yticks([0, 0.25, 0.5, 0.75, 1], labels=["0", "", "0.5", "", "1"])
    axs[0].spines["left"].set_bounds(0, 1)
    titles = [
        f"P(choose option {option + 1})",
        "Q-value\n(logit)",
        *(TITLES.get(name, name) for name in signals),
    ]
    for ax, title, code in zip(axs, titles, ["", "q", *signals], strict=True):
        ax.set_ylabel(title, fontsize=NORMAL, color=INK)
        if code:
            words = f"{code}, option {option + 1}"
            ax.set_title(words, loc="right", fontsize=SMALL, color=MUTED, pad=2, family="monospace")
    axs[-1].set_xlabel("Trial t", fontsize=NORMAL, color=INK)
    axs[0].figure.align_ylabels(axs)


def _n_actions(agents: Any, labels: Sequence[str] | None) -> int:
    if not isinstance(agents, Mapping) or not agents:
        got = f"a {type(agents).__name__}" if not isinstance(agents, Mapping) else "none"
        raise SettingsError(
            [
                f"plot_session needs a dictionary of one or more agents by label; got {got}. Give for example"
                " {'groundtruth': agent}."
            ]
        )
    if labels is not None and (isinstance(labels, str) or len(labels) != len(agents)):
        raise SettingsError(
            [
                f"labels must be a list with a name for each of the {len(agents)} agents; got {labels!r}."
                " Leave it out to use the agents' own labels."
            ]
        )
    counts = {label: int(agent._n_actions) for label, agent in agents.items()}
    if len(set(counts.values())) > 1:
        counted = ", ".join(f"{n} for {label!r}" for label, n in counts.items())
        raise SettingsError(
            [
                f"All agents must have the same number of options; got {counted}. Plot them one after the"
                " other."
            ]
        )
    return next(iter(counts.values()))


def _check(n_actions: int, option: Any, reward_range: Any) -> None:
    problems = []
    if not _is_count(option, n_actions):
        problems.append(
            f"display_choice must be an option from 0 to {n_actions - 1}; got {option!r}. Options count from"
            " 0: 0 shows option 1."
        )
    if not _is_range(reward_range):
        problems.append(
            "reward_range must be the lowest and the highest reward, the first below the second; got"
            f" {reward_range!r}. Use (0, 1) for rewards of 0 and 1."
        )
    if problems:
        raise SettingsError(problems)


def _is_count(value: Any, n: int) -> bool:
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and 0 <= int(value) < n


def _is_range(values: Any) -> bool:
    try:
        low, high = map(float, values)
    except (TypeError, ValueError):
        return False
    return -np.inf < low < high < np.inf


def _one_session(experiment: Any, dataset: Any, n_actions: int) -> "DatasetRNN":
    """Return the session to show, as a data set of one session."""
    if isinstance(experiment, int | np.integer) and dataset is None:
        raise SettingsError(
            [
                f"experiment is the number {experiment}, and the data set that it counts in is missing. Give"
                f" it too: plot_session(agents, {experiment}, dataset=dataset)."
            ]
        )
    session = as_dataset(experiment if dataset is None else dataset, n_actions)
    if dataset is not None:
        session = _row(session, experiment)
    if session.n_sessions != 1:
        raise SettingsError(
            [
                f"plot_session shows one session; got {session.n_sessions}. Take one of them:"
                " plot_session(agents, dataset.xs[0]), or plot_session(agents, 0, dataset=dataset)."
            ]
        )
    if not int(session.lengths[0]):
        raise SettingsError(["The session has no trial whose choice is known. Choose another session."])
    return session


def _row(dataset: "DatasetRNN", number: Any) -> "DatasetRNN":
    """Session `number` of a data set, with the labels of its participants."""
    n = dataset.n_sessions
    if not _is_count(number, n):
        raise SettingsError(
            [f"experiment must be the number of a session, from 0 to {n - 1}; got {number!r}. Choose one."]
        )
    at = slice(int(number), int(number) + 1)
    return type(dataset)(
        dataset.xs[at],
        dataset.ys[at],
        participants=dataset.participants if dataset.labelled else None,
        additional_inputs=dataset.additional_inputs,
    )
