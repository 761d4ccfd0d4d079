"""`SpiceEstimator`: from choices to equations in one call, with the manners of scikit-learn.

Ties the parts together and owns none of their work: training is `train.training`, discovery is
`discover.discovery`, files are `storage`.
"""

import os
import sys
import warnings
from collections.abc import Collection, Hashable, Iterator
from copy import deepcopy
from time import perf_counter
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import torch

from ..loading import later
from . import autospice, storage
from .checks import raise_if_any
from .config import SpiceConfig
from .data.dataset import DatasetRNN
from .data.entry import as_dataset
from .data.participants import Participants, index_participants
from .data.splits import split_data_along_sessiondim, split_data_along_timedim
from .discover.group import Group
from .discover.held_apart import TuningGain, warning_of
from .discover.resampling import FitState
from .discover.sampling import ModuleSamples, sample
from .discover.search import EquationSearch, FoundEquations, Report, check_pooling
from .discover.selection import Evidence
from .equations import SpiceModel, Term
from .judge.network_agents import AgentNetwork, AgentSpice
from .judge.replay import nll_per_trial, replay
from .parameters import Manners, not_fitted, participant_index, problems_of, settings_of
from .random import generator
from .settings import Discovery, SettingsError, SpiceWarning
from .train.new_model import check_model, new_model
from .train.objective import Sessions
from .train.rnn import BaseRNN
from .train.torch_stream import TorchStream
from .train.training import Epoch, train, uses_lbfgs

if TYPE_CHECKING:
    from .search import result
    from .search.result import SearchResult
else:
    result = later(".search.result", __package__)  # it fits rivals, which know estimators

LEAST_P = 1e-6  # of an option under the equations, where a logit is made of it
Given = tuple[Any, Any]  # data and targets, as a caller gives them

__all__ = ["SpiceConfig", "SpiceEstimator", "SpiceWarning"]


class SpiceEstimator(Manners):
    """Train an RNN on choices and find the equation of each of its modules.

    Args:
        rnn_class: the model, a subclass of `BaseRNN`.
        spice_config: which modules become equations, and of what.
        n_actions: number of arms.
        n_participants: participants the model is made for; found in the data when 0.
        epochs, optimizer, n_starts, learning_rate, l2_weight_decay, dropout: see `Training`. With
            `optimizer="auto"`, `epochs` is the most and rarely needed.
        embedding_size: of the participants' embedding; the model's own when None.
        train_test_ratio: share of each session's trials to fit to, or a list of sessions to keep for the
            test; 1 keeps none. The test part steers nothing: `history_` has its loss, with what was learned
            in the training part of the session carried on.
        spice_optimizer_type, spice_optim_threshold, spice_optim_regularization,
            spice_library_polynomial_degree, selection, price, pooling, spice_refine,
            n_trials_off_policy, n_sessions_off_policy,
            n_trials_same_action_off_policy: see `Discovery`.
        spice_participant_id: label of the one participant to find equations for; None finds them for all.
        verbose: write progress and equations to standard output.
        warm_start: a second `fit` goes on from the weights of the first.
        validation_share: share of each session's remaining trials, its last ones, or a list of sessions,
            that choose the epoch whose weights are kept; 0 keeps none for that.
        random_state: seed of weights, batches and sampling.
        compiled: whether to compile the model's forward for the training, which makes it many times faster.
            "auto" does where the training is long enough to gain from it. A forward that cannot be compiled
            is trained all the same; `history_[-1].eager` says why.
        further: arguments of autospice; `core/autospice.py` says what they do here. -1 stands for None in
            these, as there.

    Attributes (after `fit`):
        rnn_model_, spice_model_: the trained model and its equations.
        rnn_agent, spice_agent: the same as agents, for plots and simulations.
        history_: list of `Epoch` records.
        participants_: labels of the participants, in the order of their indices.
        evidence_: by participant's label, what the choices say of each candidate term, in nats; empty where
            the terms were chosen by SINDy's threshold.
        tuning_gains_: by participant's label, by how much choices are more likely under numbers that were
            tuned to other choices than under SINDy's own; without those who have too few choices to tell. A
            warning says where tuning is worse.
        group_: with `pooling="group"`, the group's means and spreads, and every person's numbers with errors.
        samples_: what the equations were fitted to.
        stopped_: whether the training was interrupted; what had been learned was kept.

    Example:
        >>> import spicewidgets as sw
        >>> dataset, _, _ = sw.create_dataset(sw.AgentQ(), sw.BanditsDrift(sigma=0.2), 50, 20, random_state=1)
        >>> estimator = sw.SpiceEstimator(sw.RescorlaWagnerRNN, sw.RESCORLA_WAGNER_CONFIG, random_state=1)
        >>> rnn, spice = estimator.fit(dataset).predict(dataset)
        >>> rnn.shape, spice.shape
        ((20, 50, 2), (20, 50, 2))
    """

    rnn_model_: BaseRNN
    spice_model_: SpiceModel
    rnn_agent: AgentNetwork
    spice_agent: AgentSpice
    participants_: tuple[Any, ...]
    history_: list[Epoch]
    evidence_: dict[Any, Evidence]
    tuning_gains_: dict[Any, TuningGain]
    group_: Group
    samples_: dict[str, ModuleSamples]
    stopped_: bool
    _people: Participants
    _search: EquationSearch
    _found: FoundEquations

    def __init__(
        self,
        rnn_class: type[BaseRNN],
        spice_config: SpiceConfig,
        n_actions: int = 2,
        n_participants: int = 0,
        *,
        epochs: int = 1024,
        optimizer: str = "auto",
        n_starts: int | None = None,
        learning_rate: float = 1e-2,
        l2_weight_decay: float = 0.0,
        dropout: float | None = None,
        embedding_size: int | None = None,
        train_test_ratio: float | list[int] = 1.0,
        validation_share: float | list[int] = 0.0,
        warm_start: bool = False,
        selection: str = "auto",
        price: float | None = None,
        pooling: str = "none",
        spice_refine: bool = True,
        spice_participant_id: Any = None,
        spice_optimizer_type: str = "SR3_weighted_l1",
        spice_optim_threshold: float = 0.05,
        spice_optim_regularization: float = 1e-2,
        spice_library_polynomial_degree: int = 1,
        n_trials_off_policy: int = 1000,
        n_sessions_off_policy: int = 1,
        n_trials_same_action_off_policy: int = 5,
        random_state: Any = None,
        compiled: bool | str = "auto",
        verbose: bool = False,
        **further: Any,
    ) -> None:
        own = {
            name: value for name, value in locals().items() if name not in ("self", "further", "__class__")
        }
        for name, value in (own | autospice.complete(further, own)).items():
            setattr(self, name, value)

    __init__.__signature__ = autospice.signature_of(__init__)  # type: ignore[attr-defined]

    def fit(
        self,
        data: Any,
        targets: Any = None,
        data_test: Any = None,
        target_test: Any = None,
        *,
        data_validation: Any = None,
        target_validation: Any = None,
    ) -> Self:
        """Train the RNN and find the equations.

        Args:
            data: a `DatasetRNN`, or its `xs` `(n_sessions, n_trials, n_features)`.
            targets: its `ys` `(n_sessions, n_trials, n_actions)`; the next choices in `data` itself when
                None.
            data_test: the same, for choices that steer nothing: `history_` has their loss in each epoch, and
                not a number of network or equations would be another without them.
            target_test: the targets of `data_test`.
            data_validation: the same, for choices that are not learned from but choose the epoch whose
                weights are kept. What is told of them is too good to be a test.
            target_validation: the targets of `data_validation`.

        An interrupt (Ctrl-C, or the stop button of a notebook) ends the training, keeps what was learned, and
        goes on to the equations.
        """
        for _ in self.fit_records(
            data,
            targets,
            data_test,
            target_test,
            data_validation=data_validation,
            target_validation=target_validation,
        ):
            pass
        return self

    def fit_records(
        self,
        data: Any,
        targets: Any = None,
        data_test: Any = None,
        target_test: Any = None,
        *,
        data_validation: Any = None,
        target_validation: Any = None,
        report: Report | None = None,
    ) -> Iterator[Epoch]:
        """As `fit`, an epoch for each record that is asked for. Once all have been asked for, the equations
        are found; `report` is then called as by `discover`.
        """
        training, discovery = settings_of(self)
        rng = generator(self.random_state)
        given = self._dataset(data, targets)
        apart = (data_test, target_test), (data_validation, target_validation)
        dataset, people, validation, test = self._parts(given, *apart)
        warm = self._is_warm_start(people.labels)
        model = deepcopy(self.rnn_model_) if warm else self._model(people.labels, TorchStream(rng))
        sessions = Sessions.of(dataset)
        check_model(model, self.spice_config, sessions)
        uses_lbfgs(model, training)
        only = participant_index(self.spice_participant_id, people.labels)
        check_pooling(discovery, people.labels)
        before = self._learned_state()
        for name in SpiceEstimator.__annotations__.keys() - ({"history_"} if warm else ()):
            self.__dict__.pop(name, None)
        self.rnn_model_, self.participants_, self.stopped_ = model, people.labels, False
        self._people, self._dataset_, self._sessions, self._rng = people, dataset, sessions, rng
        self._given = given, *apart
        self._search = EquationSearch(model, sessions, people.labels, dataset.groups)
        records = train(
            model,
            sessions,
            training,
            validation,
            warm_start=warm,
            random_state=rng,
            compiled=self.compiled,
            test=test,
        )
        try:
            yield from self._report_epochs(records)
        except KeyboardInterrupt:
            self.stopped_ = True
        except GeneratorExit:  # whoever asks for the records asks no more
            self.stopped_ = True
            raise
        except Exception:
            self._restore(before)
            raise
        finally:
            records.close()  # type: ignore[attr-defined]
            if getattr(self, "rnn_model_", None) is model:
                self.rnn_agent = AgentNetwork(
                    model, self.n_actions, participants=people.labels, codes=people.codes
                )
        try:
            self._find_equations(discovery, only, report)
        except Exception as error:
            error.add_note("The trained RNN was kept: correct this, then call discover() instead of fit().")
            raise

    def fit_again(self) -> Self:
        """Fit to the data of the last fit, of which the same choices are held back for test and validation.

        Raises:
            NotFittedError: there are no such data.
        """
        self._check_fitted("_given")
        given, (data_test, target_test), (data_validation, target_validation) = self._given
        return self.fit(
            given,
            None,
            data_test,
            target_test,
            data_validation=data_validation,
            target_validation=target_validation,
        )

    def discover(self, *, report: Report | None = None, **changes: Any) -> SpiceModel:
        """Find the equations again, without training: with other parameters (`spice_optim_threshold=0.02`),
        or another `spice_config`.

        Samples are drawn anew only where a parameter of the off-policy task changes. With pooling, a
        `KeyboardInterrupt` ends the search for terms with the best that there is.

        Args:
            report: called with a sentence on how far it is, after every participant or round of pooling.
            changes: parameters of the estimator.
        """
        self._check_fitted("rnn_model_")
        before = self.get_params(deep=False)
        unknown = [name for name in changes if name not in before]
        raise_if_any(
            f"discover has no parameter {name!r}. Name one of the parameters of SpiceEstimator."
            for name in unknown
        )
        self.set_params(**changes)
        try:
            _, discovery = settings_of(self)
            only = participant_index(self.spice_participant_id, self.participants_)
            check_pooling(discovery, self.participants_)
            if hasattr(self, "_sessions"):
                check_model(self.rnn_model_, self.spice_config, self._sessions)
            self._find_equations(
                discovery, only, report, resample=any("off_policy" in name for name in changes)
            )
        except Exception:
            self.set_params(**before)
            raise
        return self.spice_model_

    def weigh(
        self,
        participant: Hashable = None,
        *,
        price: float | None = None,
        keep: Collection[tuple[str, Term]] = (),
        drop: Collection[tuple[str, Term]] = (),
    ) -> Evidence:
        """Weigh each candidate term at another penalty, or with terms that must be there or must not. The
        equations of the fit stay as they are.

        Args:
            participant: the label; the only or first one's when None.
            price: of a term, in nats; as in the fit when None.
            keep: module and factors of each term that must be in the equations:
                `[("x_value_reward_chosen", ("c_reward",))]`.
            drop: the same, of each that must not be.

        Raises:
            NotFittedError: no terms have been chosen by evidence, each participant's alone.
            SettingsError: a participant or a term is not known.
        """
        found: FoundEquations | None = getattr(self, "_found", None)
        if found is None or found.selections is None:
            raise not_fitted(
                "There is no search for terms to ask. Find the equations first, with discover() or fit(), by"
                " evidence and without pooling."
            )
        code = participant_index(participant, self.participants_)
        return found.weigh(code, self.price if price is None else price, keep, drop)

    def suggest(self, data: Any, *, n_numbers: int = 13, random_state: int = 0) -> "SearchResult":
        """Look for what the equations miss: signals of history that are worth adding to them.

        The logits of the equations stand for one term, with a weight of each person; terms are added to it as
        by `spicewidgets search`.

        Args:
            data: choices of known participants, those of the fit or others.
            n_numbers: of each person that are added, at most, the weight of the equations included.
            random_state: seed of the choice of those that judge what is added.

        Returns:
            Its `sentence` says it, `to_frame()` has the path: what was added and tried in vain, and the nats
            that it brings.
        """
        dataset = as_dataset(data, self.n_actions)
        given = np.log(np.maximum(self.predict(dataset)[1], LEAST_P))
        return result.search_mechanisms(dataset, n_numbers=n_numbers, random_state=random_state, given=given)

    @property
    def rnn_model(self) -> BaseRNN:
        """The trained model, by the name that autospice has for it."""
        self._check_fitted("rnn_model_")
        return self.rnn_model_

    def predict(self, conditions: Any) -> tuple[np.ndarray, np.ndarray]:
        """P of the next choice after each trial, by the RNN and by the equations.

        Args:
            conditions: a `DatasetRNN`, or `(n_sessions, n_trials, n_features)`, of any number of sessions of
                known participants.

        Returns:
            Two arrays `(n_sessions, n_trials, n_actions)`. Entry t is P of the choice at trial t + 1, knowing
            trials up to t.
        """
        self._check_fitted("rnn_agent", "spice_agent")
        dataset = as_dataset(conditions, self.n_actions)
        rnn, spice = (
            replay(agent, dataset).probabilities[:, 1:] for agent in (self.rnn_agent, self.spice_agent)
        )
        return rnn, spice

    def score(self, data: Any, targets: Any = None) -> float:
        """Mean ln P that the equations give to the next choices, in nats per choice (higher is better)."""
        dataset = self._dataset(data, targets)
        if not bool(dataset.target_mask.any()):
            raise SettingsError(
                ["score needs next choices; the data have none. Give targets, or longer sessions."]
            )
        self._check_fitted("rnn_agent", "spice_agent")
        expected = replay(self.spice_agent, dataset).probabilities[:, 1:]
        return -float(np.nanmean(nll_per_trial(expected, dataset)))

    def print_spice_model(self, participant_id: Hashable = None) -> SpiceModel:
        """Write the equations of one participant (the first when None) to standard output; returns all
        equations.
        """
        self._check_fitted("spice_model_")
        sys.stdout.write(self.spice_model_.text(participant_id) + "\n")
        return self.spice_model_

    def get_spice_features(self, participant_id: Hashable = None) -> dict[str, dict[str, float]]:
        """Coefficients of one participant: `{module: {term: coefficient}}`."""
        self._check_fitted("spice_model_")
        return {
            module: equation.coefficients
            for module, equation in self.spice_model_.of_participant(participant_id).items()
        }

    def get_spice_agents(self) -> dict[Any, AgentSpice]:
        """Return the agent of each participant that has equations."""
        self._check_fitted("spice_agent")
        return dict.fromkeys(self.spice_agent.get_participant_ids(), self.spice_agent)

    def count_parameters(self) -> dict[Any, int]:
        """Return number of terms and betas of each participant."""
        self._check_fitted("spice_agent")
        return self.spice_agent.count_parameters()

    def get_participant_embeddings(self) -> dict[Any, torch.Tensor]:
        """Return the embedding of each participant, by label; empty where the model has none."""
        self._check_fitted("rnn_model_")
        embedding = getattr(self.rnn_model_, "participant_embedding", None)
        if embedding is None:
            return {}
        with torch.no_grad():
            rows = embedding(torch.arange(len(self.participants_)))
        return dict(zip(self.participants_, rows, strict=True))

    def save_spice(
        self, path_rnn: str | os.PathLike[str] | None = None, path_spice: str | os.PathLike[str] | None = None
    ) -> None:
        """Save the weights, the equations, or both.

        Raises:
            StorageError: a file cannot be written.
        """
        if path_rnn is None and path_spice is None:
            raise SettingsError(
                ["save_spice needs path_rnn, path_spice or both; got neither. Name the files to write."]
            )
        self._check_fitted(*([] if path_rnn is None else ["rnn_model_"]))
        self._check_fitted(*([] if path_spice is None else ["spice_model_"]))
        model, spice = (getattr(self, name, None) for name in ("rnn_model_", "spice_model_"))
        storage.save(path_rnn, path_spice, model, spice, self._people)

    def load_spice(
        self,
        path_rnn: str | os.PathLike[str] | None = None,
        path_spice: str | os.PathLike[str] | None = None,
        deterministic: bool = False,
    ) -> Self:
        """Load weights, equations, or both, into this estimator's class or one of the same structure.

        Raises:
            StorageError: a file is damaged, foreign, or does not fit; this estimator is then as it was.
        """
        if path_rnn is None and path_spice is None:
            raise SettingsError(
                [
                    "load_spice needs path_rnn, path_spice or both; got neither. Name the files that"
                    " save_spice wrote."
                ]
            )
        raise_if_any(problems_of(self))
        own = (self.rnn_model_, self._people) if hasattr(self, "rnn_model_") else None
        loaded = storage.load(
            path_rnn,
            path_spice,
            lambda labels: self._model(labels, TorchStream(generator(0))),
            self.spice_config.controls,
            own,
        )
        if path_rnn is not None:
            self._restore({})
            self.rnn_model_ = loaded.model.eval()
            self.rnn_agent = AgentNetwork(
                loaded.model,
                self.n_actions,
                deterministic=deterministic,
                participants=loaded.participants.labels,
                codes=loaded.participants.codes,
            )
        self.participants_, self._people = loaded.participants.labels, loaded.participants
        if loaded.spice is not None:
            self.spice_model_ = loaded.spice
            self.spice_agent = AgentSpice(
                loaded.model, loaded.spice, self.n_actions, deterministic, codes=self._people.codes
            )
        return self

    def load_rnn_model(self, path_model: str | os.PathLike[str], deterministic: bool = False) -> Self:
        """Load weights only."""
        return self.load_spice(path_rnn=path_model, deterministic=deterministic)

    def load_spice_model(self, path_spice: str | os.PathLike[str], deterministic: bool = False) -> Self:
        """Load equations only."""
        return self.load_spice(path_spice=path_spice, deterministic=deterministic)

    def fitted(self) -> FitState:
        """Return the state of this fit that its resamples need.

        Raises:
            NotFittedError: there are no equations yet.
            SettingsError: the data are not there, as after loading a model.
        """
        self._check_fitted("spice_model_")
        training, discovery = settings_of(self)
        if not hasattr(self, "_sessions"):
            raise SettingsError(
                ["Resampling needs the sessions, which are not saved with a model. Call fit(data) first."]
            )
        return FitState(
            self.rnn_model_,
            self._sessions,
            self.spice_model_,
            self.participants_,
            self.spice_config,
            discovery,
            participant_index(self.spice_participant_id, self.participants_),
            training.l2_weight_decay,
            self.compiled,
        )

    def _dataset(self, data: Any, targets: Any) -> DatasetRNN:
        """Return the data set, checked."""
        dataset = as_dataset(data, self.n_actions, targets)
        blank = int((dataset.xs[..., : self.n_actions] == 0).all(-1).sum())
        if blank:
            warnings.warn(
                f"{blank} trials have no choice among the {self.n_actions} arms (all 0) and are taken as"
                " missing. If there are more arms, set n_actions; write -1 for a missing choice.",
                SpiceWarning,
                stacklevel=4,
            )
        return dataset

    def _model(self, participants: tuple[Any, ...], stream: TorchStream) -> BaseRNN:
        """Return a new model of the class for some participants."""
        arguments = {
            name: value
            for name in ("n_actions", "n_experiments", "embedding_size", "dropout")
            if (value := getattr(self, name)) is not None
        }
        n_participants = max(int(self.n_participants or 0), len(participants))
        return new_model(self.rnn_class, arguments | {"n_participants": n_participants}, stream)

    def _parts(
        self, dataset: DatasetRNN, test: Given, validation: Given
    ) -> tuple[DatasetRNN, Participants, Sessions | None, Sessions | None]:
        """Return the data with participants by index, who they are, what may choose the epoch, and what
        steers nothing; parts that were not given are held back of the data.
        """
        dataset, tested = self._held_back(dataset, *test, self.train_test_ratio)
        share = self.validation_share
        ratio = 1 - share if isinstance(share, int | float) else share
        dataset, validated = self._held_back(dataset, *validation, ratio)
        own, people = index_participants(dataset)
        if not dataset.labelled:
            self._warn_of_many(people, own.n_sessions)
        steering, measured = (
            None if part is None else Sessions.of(index_participants(part, people, name)[0])
            for name, part in (("validation", validated), ("test", tested))
        )
        return own, people, steering, measured

    def _held_back(
        self, dataset: DatasetRNN, data: Any, targets: Any, ratio: Any
    ) -> tuple[DatasetRNN, DatasetRNN | None]:
        """Split the data into choices to fit to and choices to hold back: other data where they were given,
        else a part of these.
        """
        if data is not None:
            return dataset, self._dataset(data, targets)
        if isinstance(ratio, list | tuple | np.ndarray):
            return split_data_along_sessiondim(dataset, [int(at) for at in ratio])
        if ratio is None or ratio == 1:
            return dataset, None
        rest, part = split_data_along_timedim(dataset, float(ratio), carry_on=True)
        return rest, part if bool(part.target_mask.any()) else None

    def _warn_of_many(self, people: Participants, n_sessions: int) -> None:
        if self.spice_participant_id is None and len(people.labels) == n_sessions > 1:
            warnings.warn(
                f"Each of the {n_sessions} sessions is a participant of its own, so that as many"
                " sets of equations will be fitted. If one participant made them all, set"
                " dataset.xs[..., -1] = 0 before the fit.",
                SpiceWarning,
                stacklevel=5,
            )

    def _is_warm_start(self, participants: tuple[Any, ...]) -> bool:
        """Tell whether this fit continues from the present model: asked for, and the model is still the right
        one.
        """
        model = getattr(self, "rnn_model_", None)
        return bool(
            self.warm_start
            and model is not None
            and type(model) is self.rnn_class
            and model._n_actions == self.n_actions
            and self.participants_ == participants
        )

    def _learned_state(self) -> dict[str, Any]:
        """Return the learned state: every attribute that is no parameter."""
        parameters = self.get_params(deep=False)
        return {name: value for name, value in vars(self).items() if name not in parameters}

    def _restore(self, before: dict[str, Any]) -> None:
        """Put back what an earlier fit had learned, in place of all that is."""
        for name in self._learned_state():
            delattr(self, name)
        self.__dict__.update(before)

    def _check_fitted(self, *names: str) -> None:
        missing = [name.strip("_") for name in names if not hasattr(self, name)]
        if missing:
            raise not_fitted(
                f"This SpiceEstimator has no {' and no '.join(missing)} yet. Call fit(data, targets) or"
                " load_spice(...) first."
            )

    def _write(self, line: str) -> None:
        """Print a line now and then, if verbose."""
        if self.verbose and perf_counter() - getattr(self, "_written", -1.0) > 0.5:
            self._written = perf_counter()
            sys.stdout.write(line + "\n")

    def _report_epochs(self, records: Iterator[Epoch]) -> Iterator[Epoch]:
        """Keep the records in `history_`, print one now and then if verbose, and warn of each note."""
        self.history_ = list(getattr(self, "history_", []))
        last_line = -1.0
        record = None
        for record in records:
            self.history_.append(record)
            if self.verbose and perf_counter() - last_line > 0.5:
                last_line = perf_counter()
                sys.stdout.write(_line(record))
            yield record
        if record is not None and self.verbose:
            sys.stdout.write(_line(record))
        if record is not None and record.note:
            warnings.warn(record.note, SpiceWarning, stacklevel=4)

    def _find_equations(
        self, settings: Discovery, only: int | None, report: Report | None, resample: bool = False
    ) -> None:
        if resample or not hasattr(self, "samples_"):
            if not hasattr(self, "_search"):
                raise not_fitted(
                    "The equations need the data for their samples, which are not saved with a model. Call"
                    " fit(data, targets) first."
                )
            self.samples_ = sample(self.rnn_model_, self._sessions, settings, self._rng)
        found = self._search.find(self.samples_, self.spice_config, settings, only, report or self._write)
        self.__dict__.pop("group_", None)
        self._found, self.spice_model_, self.evidence_ = found, found.spice, found.evidence
        self.tuning_gains_ = found.gains()
        if found.group is not None:
            self.group_ = found.group
        self.stopped_ |= found.stopped
        for words in filter(None, (found.note, warning_of(self.tuning_gains_))):
            warnings.warn(words, SpiceWarning, stacklevel=4)
        self.spice_agent = AgentSpice(
            self.rnn_model_, self.spice_model_, self.n_actions, codes=self._people.codes
        )
        if self.verbose:
            sys.stdout.write(self.spice_model_.text() + "\n")
        if self.save_path_rnn is not None or self.save_path_spice is not None:
            self.save_spice(self.save_path_rnn, self.save_path_spice)


def _line(record: Epoch) -> str:
    validation = "" if record.validation_loss is None else f", validation {record.validation_loss:.5f}"
    test = "" if record.test_loss is None else f", test {record.test_loss:.5f}"
    return (
        f"epoch {record.epoch} ({record.phase}): loss {record.train_loss:.5f}{validation}{test},"
        f" {record.seconds:.1f} s\n"
    )
