"""Signals of history: what somebody may have counted, timed or averaged before a choice.

A signal has a memory that a trial moves, and it is read after the trial; so it is known before the choice
that it is to explain, and it begins anew with each session. Updates are written with operators that NumPy's
arrays and torch's tensors share: with the one signals of a whole table are computed, with the other the
model that was found plays. Rewards are between 0 and 1, and 1 - r is the size of a loss.

A signal of options has a value for each option, and moves a choice by itself. One of the session has the same
value for all options, and makes another signal larger or smaller.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from ..mechanism import Array, Memory, Trial

Rates = tuple[float, ...]
MIDDLE = 0.5  # of rewards between 0 and 1
SLOW_TO_FAST = (0.05, 0.1, 0.2, 0.4, 0.7)


@dataclass(frozen=True)
class Signal:
    """A signal of history.

    Attributes:
        name: short and unique, as files have it.
        words: what it is; its rates stand in braces, such as {0}.
        update: the memory after a trial, of the memory before it, the trial, and the rates.
        states: its memory, and the value of each part before the first trial.
        read: the part of the memory that is its value.
        of_options: whether each option has a value of its own.
        is_count: whether it is a count, which may act by its logarithm, its reciprocal, or above a threshold.
        grid: the rates at which it is tried; `((),)` where it has none.
    """

    name: str
    words: str
    update: Callable[..., dict[str, Array]] = field(compare=False)
    states: Mapping[str, float] = field(compare=False)
    read: str
    of_options: bool = False
    is_count: bool = False
    grid: tuple[Rates, ...] = ((),)

    def describe(self, rates: Rates) -> str:
        """Return its words, with its rates."""
        return self.words.format(*(f"{rate:.2g}" for rate in rates))


def _ln(values: Array) -> Array:
    return np.log(values) if isinstance(values, np.ndarray) else values.log()


def _sum(values: Array) -> Array:
    """Sum over options, which stay as an axis."""
    return values.sum(-1, keepdims=True)


def _rates(*grids: tuple[float, ...]) -> tuple[Rates, ...]:
    return tuple(product(*grids))


# Of the session


def _run(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"run": (memory["run"] + 1) * trial.chosen}


def _run_length(memory: Memory, trial: Trial) -> dict[str, Array]:
    after = _run(memory, trial)
    return after | {"length": _sum(after["run"]) + 0 * memory["length"]}


def _end_run(memory: Memory, trial: Trial) -> tuple[Array, Array]:
    """Return the length of a run that is over with this trial, else 0; and 1 if one is."""
    ended = _sum(memory["run"] * (1 - trial.chosen))
    return ended, ended.clip(0, 1)


def _earlier_run(memory: Memory, trial: Trial) -> dict[str, Array]:
    ended, over = _end_run(memory, trial)
    return _run(memory, trial) | {"earlier": memory["earlier"] + over * (ended - memory["earlier"])}


def _rhythm(memory: Memory, trial: Trial, rate: Array) -> dict[str, Array]:
    ended, over = _end_run(memory, trial)
    over = over * rate
    summed = memory["summed"] * (1 - over) + over * _ln(ended.clip(1, None))
    weight = memory["weight"] * (1 - over) + over
    return _run(memory, trial) | {
        "summed": summed,
        "weight": weight,
        "rhythm": summed / weight.clip(1e-6, None),
    }


def _since_reward(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"since": (memory["since"] + 1) * (1 - trial.reward)}


def _since_loss(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"since": (memory["since"] + 1) * trial.reward}


def _in_run(memory: Memory, trial: Trial, size: Array) -> dict[str, Array]:
    same = _sum(memory["last"] * trial.chosen)
    return {"last": trial.chosen + 0 * memory["last"], "inside": memory["inside"] * same + size}


def _wins_in_run(memory: Memory, trial: Trial) -> dict[str, Array]:
    return _in_run(memory, trial, trial.reward)


def _losses_in_run(memory: Memory, trial: Trial) -> dict[str, Array]:
    return _in_run(memory, trial, 1 - trial.reward)


def _count_trials(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"trials": memory["trials"] + 1}


def _reward(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"reward": trial.reward + 0 * memory["reward"]}


def _loss(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"loss": 1 - trial.reward + 0 * memory["loss"]}


def _reward_before(memory: Memory, trial: Trial) -> dict[str, Array]:
    return _reward(memory, trial) | {"before": memory["reward"]}


def _mean_reward(memory: Memory, trial: Trial, rate: Array) -> dict[str, Array]:
    return {"mean": memory["mean"] + rate * (trial.reward - memory["mean"])}


def _mean_stay(memory: Memory, trial: Trial, rate: Array) -> dict[str, Array]:
    stayed = _sum(memory["last"] * trial.chosen)
    return {
        "last": trial.chosen + 0 * memory["last"],
        "stays": memory["stays"] + rate * (stayed - memory["stays"]),
    }


def _remember_stay(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {
        "last": trial.chosen + 0 * memory["last"],
        "stayed": _sum(memory["last"] * trial.chosen) + 0 * memory["stayed"],
    }


def _surprise(memory: Memory, trial: Trial, rate: Array) -> dict[str, Array]:
    size = abs(trial.reward - _sum(memory["value"] * trial.chosen))
    return _value(memory, trial, rate) | {"surprise": size + 0 * memory["surprise"]}


def _mean_surprise(memory: Memory, trial: Trial, rate: Array, pace: Array) -> dict[str, Array]:
    size = abs(trial.reward - _sum(memory["value"] * trial.chosen))
    mean = memory["mean"] + pace * (size - memory["mean"])
    return _value(memory, trial, rate) | {"mean": mean}


# Of options


def _last(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"last": trial.chosen + 0 * memory["last"]}


def _two_back(memory: Memory, trial: Trial) -> dict[str, Array]:
    return _last(memory, trial) | {"two": memory["last"] + 0}


def _three_back(memory: Memory, trial: Trial) -> dict[str, Array]:
    return _two_back(memory, trial) | {"three": memory["two"] + 0}


def _kernel(memory: Memory, trial: Trial, rate: Array) -> dict[str, Array]:
    return {"trace": memory["trace"] + rate * (trial.chosen - memory["trace"])}


def _value(memory: Memory, trial: Trial, rate: Array) -> dict[str, Array]:
    return {"value": memory["value"] + rate * trial.chosen * (trial.reward - memory["value"])}


def _value_of_two_rates(memory: Memory, trial: Trial, gain: Array, loss: Array) -> dict[str, Array]:
    rate = gain * trial.reward + loss * (1 - trial.reward)
    return _value(memory, trial, rate)


def _fading_value(memory: Memory, trial: Trial, rate: Array, fading: Array) -> dict[str, Array]:
    learned = _value(memory, trial, rate)["value"]
    return {"value": learned - fading * (1 - trial.chosen) * (learned - MIDDLE)}


def _surprised_value(memory: Memory, trial: Trial, rate: Array, pace: Array) -> dict[str, Array]:
    surprise = trial.chosen * (trial.reward - memory["value"])
    after = memory["value"] + rate * memory["size"] * surprise
    size = memory["size"] + trial.chosen * pace * (abs(surprise) - memory["size"])
    return {"value": after, "size": size}


def _settling_value(memory: Memory, trial: Trial, rate: Array, decline: Array) -> dict[str, Array]:
    after = _value(memory, trial, rate * memory["share"])
    return after | {"share": memory["share"] * (1 - decline)}


def _mean_outcome(memory: Memory, trial: Trial) -> dict[str, Array]:
    times = memory["times"] + trial.chosen
    return {
        "times": times,
        "value": memory["value"] + trial.chosen * (trial.reward - memory["value"]) / (times + 1),
    }


def _wins(memory: Memory, trial: Trial, rate: Array) -> dict[str, Array]:
    return {"trace": memory["trace"] + rate * (trial.chosen * trial.reward - memory["trace"])}


def _losses(memory: Memory, trial: Trial, rate: Array) -> dict[str, Array]:
    return {"trace": memory["trace"] + rate * (trial.chosen * (1 - trial.reward) - memory["trace"])}


def _since_chosen(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"since": (memory["since"] + 1) * (1 - trial.chosen)}


def _since_win_of(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"since": (memory["since"] + 1) * (1 - trial.chosen * trial.reward)}


def _since_loss_of(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"since": (memory["since"] + 1) * (1 - trial.chosen * (1 - trial.reward))}


def _times_chosen(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"times": memory["times"] + trial.chosen}


def _times_won(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"times": memory["times"] + trial.chosen * trial.reward}


def _times_lost(memory: Memory, trial: Trial) -> dict[str, Array]:
    return {"times": memory["times"] + trial.chosen * (1 - trial.reward)}


def _of_session(
    name: str, words: str, update: Callable[..., dict[str, Array]], read: str, **other: object
) -> Signal:
    return Signal(name, words, update, other.pop("states", {read: 0.0}), read, **other)  # type: ignore[arg-type]


def _of_options(
    name: str, words: str, update: Callable[..., dict[str, Array]], read: str, **other: object
) -> Signal:
    return _of_session(name, words, update, read, of_options=True, **other)


PACES = _rates(SLOW_TO_FAST)
VALUE = {"value": MIDDLE}
SIGNALS: Mapping[str, Signal] = {
    signal.name: signal
    for signal in (
        _of_session(
            "run",
            "length of the run",
            _run_length,
            "length",
            is_count=True,
            states={"run": 0.0, "length": 0.0},
        ),
        _of_session(
            "earlier_run",
            "length of the run before",
            _earlier_run,
            "earlier",
            is_count=True,
            states={"run": 0.0, "earlier": 0.0},
        ),
        _of_session(
            "rhythm",
            "usual ln length of earlier runs (rate {0})",
            _rhythm,
            "rhythm",
            grid=_rates((0.1, 0.25, 0.5)),
            states={"run": 0.0, "summed": 0.0, "weight": 0.0, "rhythm": 0.0},
        ),
        _of_session("since_reward", "trials since a reward", _since_reward, "since", is_count=True),
        _of_session("since_loss", "trials since a loss", _since_loss, "since", is_count=True),
        _of_session(
            "wins_in_run",
            "rewards in this run",
            _wins_in_run,
            "inside",
            is_count=True,
            states={"last": 0.0, "inside": 0.0},
        ),
        _of_session(
            "losses_in_run",
            "losses in this run",
            _losses_in_run,
            "inside",
            is_count=True,
            states={"last": 0.0, "inside": 0.0},
        ),
        _of_session("trial", "trials so far", _count_trials, "trials", is_count=True),
        _of_session("reward", "last reward", _reward, "reward"),
        _of_session("loss", "last loss", _loss, "loss"),
        _of_session(
            "reward_before",
            "reward before the last",
            _reward_before,
            "before",
            states={"reward": 0.0, "before": 0.0},
        ),
        _of_session(
            "stayed",
            "whether the last choice was a stay",
            _remember_stay,
            "stayed",
            states={"last": 0.0, "stayed": 0.0},
        ),
        _of_session(
            "mean_reward",
            "mean reward (rate {0})",
            _mean_reward,
            "mean",
            grid=PACES[:4],
            states={"mean": 0.5},
        ),
        _of_session(
            "mean_stay",
            "mean of stays (rate {0})",
            _mean_stay,
            "stays",
            grid=PACES[:4],
            states={"last": 0.0, "stays": 0.5},
        ),
        _of_session(
            "surprise",
            "last surprise (values at rate {0})",
            _surprise,
            "surprise",
            grid=_rates((0.1, 0.3, 0.6)),
            states=VALUE | {"surprise": 0.0},
        ),
        _of_session(
            "mean_surprise",
            "mean surprise (values at rate {0}, mean at {1})",
            _mean_surprise,
            "mean",
            grid=_rates((0.1, 0.3), (0.1, 0.3)),
            states=VALUE | {"mean": 0.5},
        ),
        _of_options("last", "last choice", _last, "last"),
        _of_options("two_back", "choice two back", _two_back, "two", states={"last": 0.0, "two": 0.0}),
        _of_options(
            "three_back",
            "choice three back",
            _three_back,
            "three",
            states={"last": 0.0, "two": 0.0, "three": 0.0},
        ),
        _of_options("kernel", "mean of choices of it (rate {0})", _kernel, "trace", grid=PACES),
        _of_options("value", "value of it (rate {0})", _value, "value", grid=(*PACES, (0.95,)), states=VALUE),
        _of_options(
            "value_of_two_rates",
            "value of it (rate {0} after rewards, {1} after losses)",
            _value_of_two_rates,
            "value",
            grid=((0.4, 0.1), (0.1, 0.4), (0.3, 0.02), (0.02, 0.3)),
            states=VALUE,
        ),
        _of_options(
            "fading_value",
            "value of it that fades (rate {0}, fading {1})",
            _fading_value,
            "value",
            grid=_rates((0.1, 0.3, 0.6), (0.05, 0.2, 0.5)),
            states=VALUE,
        ),
        _of_options(
            "surprised_value",
            "value of it, learned faster after surprises (rate {0}, pace {1})",
            _surprised_value,
            "value",
            grid=_rates((0.3, 0.6, 0.95), (0.1, 0.3, 0.6)),
            states=VALUE | {"size": 1.0},
        ),
        _of_options(
            "settling_value",
            "value of it, learned slower from trial to trial (rate {0}, slower by {1})",
            _settling_value,
            "value",
            grid=_rates((0.3, 0.6, 0.9), (0.01, 0.03, 0.1)),
            states=VALUE | {"share": 1.0},
        ),
        _of_options(
            "mean_outcome",
            "mean of all outcomes of it",
            _mean_outcome,
            "value",
            states=VALUE | {"times": 0.0},
        ),
        _of_options("wins", "mean of rewards from it (rate {0})", _wins, "trace", grid=PACES),
        _of_options("losses", "mean of losses from it (rate {0})", _losses, "trace", grid=PACES),
        _of_options("since_chosen", "trials since its last choice", _since_chosen, "since", is_count=True),
        _of_options("since_win_of", "trials since its last reward", _since_win_of, "since", is_count=True),
        _of_options("since_loss_of", "trials since its last loss", _since_loss_of, "since", is_count=True),
        _of_options("times_chosen", "times that it was chosen", _times_chosen, "times", is_count=True),
        _of_options("times_won", "times that it was rewarded", _times_won, "times", is_count=True),
        _of_options("times_lost", "times that it was not rewarded", _times_lost, "times", is_count=True),
    )
}
