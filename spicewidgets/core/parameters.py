"""The parameters of `SpiceEstimator`, checked before anything runs: every problem is a sentence, under the
name that the estimator has for it.
"""

import os
from collections.abc import Hashable
from contextlib import suppress
from dataclasses import fields
from inspect import signature
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from .checks import arms, number, raise_if_any
from .config import SpiceConfig
from .settings import Discovery, SettingsError, Training
from .train.rnn import BaseRNN

MOST = 1_000_000  # participants, or entries of an embedding
WHOLE = ("batch_size", "sequence_length", "n_steps_per_call")  # -1 stands for None, as in autospice
DISCOVERY = {  # what the estimator calls the settings of the second stage
    "selection": "selection",
    "price": "price",
    "pooling": "pooling",
    "optimizer": "spice_optimizer_type",
    "threshold": "spice_optim_threshold",
    "regularization": "spice_optim_regularization",
    "degree": "spice_library_polynomial_degree",
    "refine": "spice_refine",
    "n_trials_off_policy": "n_trials_off_policy",
    "n_sessions_off_policy": "n_sessions_off_policy",
    "n_trials_same_action": "n_trials_same_action_off_policy",
}


class Manners:
    """An estimator whose constructor keeps its arguments, as scikit-learn takes one: to be cloned, searched
    over and shown.
    """

    if TYPE_CHECKING:  # the arguments are attributes made at run time

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: object) -> None: ...

    @classmethod
    def _get_param_names(cls) -> list[str]:
        """Return the names of the constructor's arguments, sorted."""
        return sorted({*signature(cls.__init__).parameters} - {"self"})

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the arguments of the constructor, by name."""
        return {name: getattr(self, name) for name in self._get_param_names()}

    def set_params(self, **params: Any) -> Self:
        """Set arguments of the constructor, for the next fit.

        Raises:
            ValueError: one of the names is no argument.
        """
        if not params.keys() <= {*self._get_param_names()}:
            self._twin().set_params(**params)  # scikit-learn says which
        vars(self).update(params)
        return self

    def _twin(self) -> Any:
        """Return an estimator of scikit-learn's own kind with the same attributes."""
        own = type(self)
        names = {name: getattr(own, name) for name in ("__init__", "__module__", "__doc__")}
        kind = type(own.__name__, (_sklearn().base.BaseEstimator,), names)
        twin: Any = object.__new__(kind)
        vars(twin).update(vars(self))
        return twin

    def __repr__(self) -> str:
        return repr(self._twin())

    def _repr_html_(self) -> Any:
        return self._twin()._repr_html_()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self._twin()._repr_mimebundle_(**options)

    def __sklearn_tags__(self) -> Any:
        return self._twin().__sklearn_tags__()


def not_fitted(words: str) -> Exception:
    """Return scikit-learn's `NotFittedError`."""
    error: Exception = _sklearn().exceptions.NotFittedError(words)
    return error


def _sklearn() -> Any:
    """Load scikit-learn, where one of its manners needs it: with scipy's statistics, which it imports, it
    takes half as long as torch, and no fit has a use for it.
    """
    import sklearn.exceptions

    return sklearn


def settings_of(estimator: Any) -> tuple[Training, Discovery]:
    """Return the settings of both stages, or a `SettingsError` with every problem under the estimator's
    names.
    """
    values = {item.name: _plain(getattr(estimator, item.name)) for item in fields(Training)}
    training = Training(
        **(values | {name: None for name in WHOLE if type(values[name]) is int and values[name] == -1})
    )
    discovery = Discovery(**{name: _plain(getattr(estimator, own)) for name, own in DISCOVERY.items()})
    of_discovery = [
        problem.replace(name, own, 1)
        for problem in discovery.problems()
        for name, own in DISCOVERY.items()
        if problem.startswith(f"{name} ")
    ]
    raise_if_any([*problems_of(estimator), *training.problems(), *of_discovery])
    return training, discovery


def participant_index(label: Hashable, participants: tuple[Any, ...]) -> int | None:
    """Return the index of the one participant to find equations for; None for all of them.

    Args:
        label: the estimator's `spice_participant_id`.
        participants: labels, in the order of their indices.

    Raises:
        SettingsError: the participant is not among them.
    """
    if label is None:
        return None
    with suppress(ValueError, TypeError):  # not among them, or nothing that can be compared
        return participants.index(label)
    raise SettingsError(
        [
            f"spice_participant_id must be one of the participants {list(participants)[:20]}, or None for"
            f" all; got {label!r}. Choose one of these."
        ]
    )


def _plain(value: Any) -> Any:
    """Return a number of any kind as Python's own; anything else as it is, for the checks to tell."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return value
    return int(value) if isinstance(value, Integral) else float(value)


def problems_of(estimator: Any) -> list[str]:
    """Return a sentence for every parameter of the model and the data that cannot be used."""
    problems = [arms(estimator.n_actions)]
    if problems == [None] and not isinstance(estimator.n_actions, Integral):
        problems = [
            f"n_actions must be a whole number; got {estimator.n_actions!r}. Write it without a point."
        ]
    model = estimator.rnn_class
    if not (isinstance(model, type) and issubclass(model, BaseRNN)) or model.forward is BaseRNN.forward:
        problems.append(
            f"rnn_class must be a class that inherits from BaseRNN and has its own forward; got"
            f" {model!r:.80}. Give the class itself, such as rnn_class=RescorlaWagnerRNN."
        )
    if not isinstance(estimator.spice_config, SpiceConfig):
        problems.append(
            f"spice_config must be a SpiceConfig; got {estimator.spice_config!r:.80}. Give for example"
            " spice_config=RESCORLA_WAGNER_CONFIG."
        )
    for name, low in (("n_participants", -1), ("embedding_size", 1)):
        value = getattr(estimator, name)
        if value is not None and not (low <= number(value) <= MOST and number(value) % 1 == 0):
            problems.append(
                f"{name} must be a whole number up to {MOST:,}, or None; got {value!r:.80}. Leave it out"
                " to take what the data and the model say."
            )
    for name in ("verbose", "warm_start"):
        if not isinstance(getattr(estimator, name), int | np.bool | None):
            problems.append(
                f"{name} must be True or False; got {getattr(estimator, name)!r:.80}. Use one of the two."
            )
    if not isinstance(estimator.compiled, int | np.bool) and str(estimator.compiled) != "auto":
        problems.append(
            f"compiled must be True, False or 'auto'; got {estimator.compiled!r:.80}. Leave it out, and the"
            " training is compiled where that pays."
        )
    problems.append(_split_problem(estimator.train_test_ratio))
    problems.append(_validation_problem(estimator.validation_share))
    for name in ("save_path_rnn", "save_path_spice"):
        path = getattr(estimator, name)
        if path is not None and not isinstance(path, str | os.PathLike):
            problems.append(f"{name} must be the path of a file, or None; got {path!r:.80}. Give a name.")
        elif path is not None and not _may_be_a_file(path):
            problems.append(
                f"{name} must be a file in a folder that exists; got {os.fspath(path)!r}. Make the folder"
                " first, or choose another name."
            )
    paths = {str(estimator.save_path_rnn), str(estimator.save_path_spice)}
    if len(paths) == 1 and estimator.save_path_rnn is not None:
        problems.append("save_path_rnn and save_path_spice must be two files; got one. Choose two names.")
    try:
        torch.device("cpu" if estimator.device is None else estimator.device)
    except (RuntimeError, TypeError, ValueError, OverflowError):
        problems.append(
            f"device must be the name of a torch device; got {estimator.device!r:.80}. Use 'cpu'."
        )
    return [problem for problem in problems if problem]


def _may_be_a_file(path: str | os.PathLike[str]) -> bool:
    folder, name = os.path.split(os.fspath(path))
    return bool(name) and "\0" not in name and os.path.isdir(folder or ".") and not os.path.isdir(path)


def _split_problem(ratio: Any) -> str | None:
    """Check that the value says which part of the data is kept for the test."""
    if _are_sessions(ratio) or (not _is_list(ratio) and (ratio is None or 0 < number(ratio) <= 1)):
        return None
    return (
        "train_test_ratio must be above 0, at most 1, or a list of sessions to keep for the test; got"
        f" {ratio!r:.80}. Use 0.8 to fit to the first 80 % of each session."
    )


def _validation_problem(share: Any) -> str | None:
    """Check that the value says which part of the data to validate on."""
    if _are_sessions(share) or (not _is_list(share) and 0 <= number(share) < 1):
        return None
    return (
        "validation_share must be 0 or more, below 1, or a list of sessions to validate on; got"
        f" {share!r:.80}. Use 0.2 to choose the epoch by the last 20 % of each session."
    )


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim == 1)


def _are_sessions(value: Any) -> bool:
    return _is_list(value) and len(value) > 0 and all(number(at) >= 0 and number(at) % 1 == 0 for at in value)
