"""Discovery: what the trained modules do, sampled, filtered, and fitted by SINDy, one sparse equation for
each module and participant.

The only file that imports pysindy (Kaptanoglu et al. 2022; SINDy: Brunton et al. 2016), so that a new version
of it is one file's matter. Sampling and fitting are apart: a changed threshold or library needs no new
samples, and new samples need no training.
"""

import warnings
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pysindy
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..config import SpiceConfig
from ..data.dataset import DatasetRNN
from ..equations import Equation, SpiceModel, Term, polynomial_terms, term_text
from ..random import RandomState, generator
from ..settings import Discovery, SettingsError
from ..simulate.environments import BanditsDrift
from ..train.objective import Sessions
from ..train.rnn import BaseRNN

STIFF = 1e3  # how many times the samples outweigh the optimiser's own penalty
NO_TERM = "The threshold is above every coefficient: no term is left. Lower the threshold."
OFF_POLICY_SIGMA = 0.2  # drift of the random task, per trial
REDUNDANT = (
    1e-7  # share of a term's length that must lie outside the other terms for the data to tell it apart
)

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ModuleSamples:
    """What one module did: value, next value and control signals, each `(n_samples,)`, with the participant's
    index.
    """

    value: Floats
    after: Floats
    controls: Mapping[str, Floats]
    participant: NDArray[np.int64]

    def select(self, config: SpiceConfig, module: str, participant: int) -> "ModuleSamples":
        """The samples of one participant that meet all filters of the config."""
        keep = self.participant == participant
        signals = {module: self.value, **self.controls}
        for condition in config.filters(module):
            _check_names(module, {condition.signal}, signals)
            keep &= np.isclose(signals[condition.signal], condition.value)
        return ModuleSamples(
            self.value[keep],
            self.after[keep],
            {k: v[keep] for k, v in self.controls.items()},
            self.participant[keep],
        )


def sample(
    model: BaseRNN, dataset: DatasetRNN, settings: Discovery, random_state: RandomState = None
) -> dict[str, ModuleSamples]:
    """Run the trained model and note what each module does: the samples to which equations are fitted.

    Off-policy (the default), every participant takes part in a random task in which the same arm is chosen
    several times in a row, so that values are met that the participant's own choices seldom reach. On-policy
    (0 off-policy trials or sessions), the data's own trials are used.

    Returns:
        Samples by module, in float64, over all trials, sessions and arms.
    """
    on_policy = settings.n_trials_off_policy == 0 or settings.n_sessions_off_policy == 0
    if on_policy:
        sessions = Sessions.of(dataset)
        inputs = sessions.inputs
        real = inputs[..., : dataset.n_actions].sum(-1) > 0
    else:
        inputs = _random_task(dataset, settings, generator(random_state))
        real = torch.ones(inputs.shape[:2], dtype=torch.bool)
    return run_modules(model, inputs, real)


def run_modules(model: BaseRNN, inputs: Tensor, real: Tensor) -> dict[str, ModuleSamples]:
    """Samples of every module over the trials marked real; inputs `(n_trials, n_sessions, n_features)`."""
    n_sessions = inputs.shape[1]
    participants = inputs[0, :, -1].long()
    samples = {}
    steps_of, n_rows = _transitions(model, inputs)
    for module, steps in steps_of.items():
        times, rest = divmod(len(steps), n_rows)
        if rest:
            raise SettingsError(
                [
                    f"The module {module!r} is called {len(steps)} times in {n_rows} trials. Call it"
                    " equally often in every trial, with a mask for the arms that it moves."
                ]
            )
        keep = real.repeat_interleave(times, 0).unsqueeze(-1).expand(-1, -1, model._n_actions)

        def kept(tensors: list[Tensor], keep: Tensor = keep, times: int = times) -> Floats:
            rows = torch.stack(tensors).view(n_rows, times, -1, n_sessions, model._n_actions)
            found: Floats = rows.transpose(1, 2).reshape(keep.shape)[keep].numpy()
            return found

        controls = {
            name: kept([step[2][name].expand_as(steps[0][0]) for step in steps])
            for name in steps[0][2]
            if name != module
        }
        who = participants[None, :, None].expand_as(keep)[keep].numpy()
        samples[module] = ModuleSamples(
            kept([step[0] for step in steps]), kept([step[1] for step in steps]), controls, who
        )
    return samples


def _transitions(model: BaseRNN, inputs: Tensor) -> tuple[dict[str, list[Any]], int]:
    """What each module does, call by call (value, next value, signals), and the number of trials that were
    run one after the other.

    That is 1 where the memory state before each trial is known without a loop, as it is for a model that has
    been trained compiled: then all trials are sessions of one trial.
    """
    from ..train.compiled import states_before

    exact, inputs = deepcopy(model).double().eval(), inputs.double()
    exact.record_transitions = True
    before = states_before(model, inputs)
    with torch.no_grad():
        if before is not None:
            _, after = exact(
                inputs.flatten(0, 1)[None], {k: state.flatten(0, 1) for k, state in before.items()}
            )
            moved = {key: after[key].view_as(state) for key, state in before.items()}
            if all(torch.allclose(moved[k][:-1], before[k][1:], rtol=0, atol=1e-8) for k in before):
                return exact.transitions, 1
        exact(inputs)
    return exact.transitions, len(inputs)


def _random_task(dataset: DatasetRNN, settings: Discovery, rng: np.random.Generator) -> Tensor:
    """Sessions of random runs of choices for every participant, `(n_trials, n_sessions, n_features)`; the
    rest of a row is drawn from the data.
    """
    n, n_trials, n_actions = settings.n_sessions_off_policy, settings.n_trials_off_policy, dataset.n_actions
    rows = []
    codes, observed = dataset.participant_ids, dataset.mask
    for code in codes[observed.any(1)].unique():
        own = dataset.xs[codes == code][observed[codes == code]]
        rows.append(own[torch.from_numpy(rng.integers(len(own), size=(n_trials, n)))])
    inputs = torch.cat(rows, 1)
    inputs[:, :, -3:] = inputs[:1, :, -3:] if inputs.shape[-1] > 2 * n_actions + 1 else inputs[:, :, -3:]
    n_runs = -(-n_trials // settings.n_trials_same_action)
    choice = rng.integers(n_actions, size=(n_runs, inputs.shape[1])).repeat(settings.n_trials_same_action, 0)[
        :n_trials
    ]
    actions = np.eye(n_actions)[choice]
    inputs[:, :, :n_actions] = torch.from_numpy(actions)
    inputs[:, :, n_actions : 2 * n_actions] = torch.from_numpy(_random_rewards(dataset, actions, rng))
    return inputs


def _random_rewards(dataset: DatasetRNN, actions: Floats, rng: np.random.Generator) -> Floats:
    """Rewards of a drifting bandit, or draws from the data's own rewards where these are not just 0 and 1;
    unseen ones are -1.
    """
    _, n_sessions, n_actions = actions.shape
    seen = dataset.rewards[dataset.mask]
    own = seen[~torch.isnan(seen)].numpy()
    if np.isin(own, (0, 1)).all():
        task = BanditsDrift(
            sigma=OFF_POLICY_SIGMA, n_actions=n_actions, counterfactual=True, random_state=rng
        )
        task.new_sess(n_sessions=n_sessions)
        rewards = np.stack([task.step(trial.argmax(-1)).reshape(n_sessions, n_actions) for trial in actions])
    else:
        rewards = rng.choice(own, size=actions.shape)
    counterfactual = bool((~torch.isnan(seen)).all())
    return rewards if counterfactual else np.where(actions > 0, rewards, -1.0)


def check_model(model: BaseRNN, config: SpiceConfig, dataset: DatasetRNN) -> None:
    """Run the model for a few trials, and raise `SettingsError` with all that the config names and the model
    does not do.
    """
    sessions = Sessions.of(dataset)
    few = sessions.first(2).take(torch.arange(min(2, sessions.n_sessions)))
    probe = deepcopy(model).eval()
    probe.record_transitions = True
    with torch.no_grad():
        returned = probe(few.inputs)
    problems = [*_data_problems(dataset), *_model_problems(probe, config)]
    problems += _forward_problems(model, returned, few, dataset.n_actions)
    if problems:
        raise SettingsError(problems)


def _forward_problems(model: BaseRNN, returned: Any, few: Sessions, n_actions: int) -> list[str]:
    """What is wrong with what a forward returns: its kind, its shape, or that nothing is learned by it."""
    end = "End forward with `return self.post_forward_pass(logits, batch_first), self.get_state()`."
    if not isinstance(returned, tuple) or len(returned) != 2 or not isinstance(returned[0], Tensor):
        parts = returned if isinstance(returned, tuple) else (returned,)
        got = ", ".join(type(part).__name__ for part in parts)
        return [f"forward must return the logits as a tensor, and the memory state; got {got}. {end}"]
    needed = (*few.inputs.shape[:2], n_actions)
    if tuple(returned[0].shape) != needed:
        return [
            f"forward returned logits of shape {tuple(returned[0].shape)}; needed is (n_trials, n_sessions,"
            f" n_actions) = {needed}. {end}"
        ]
    with torch.enable_grad():
        learns = deepcopy(model).eval()(few.inputs)[0].requires_grad
    if not learns and any(True for _ in model.parameters()):
        return [
            "The logits do not depend on any learned module. In each trial, write what call_module returns"
            " into self.state, and the values into logits[trial]."
        ]
    return []


def _data_problems(dataset: DatasetRNN) -> Iterator[str]:
    codes = dataset.participant_ids
    unseen = sorted(set(codes.tolist()) - set(codes[dataset.mask.any(1)].tolist()))
    if unseen:
        labels = [dataset.participants[code] for code in unseen]
        yield f"No trial of the participants {labels} was observed. Leave their sessions out."


def _model_problems(probe: BaseRNN, config: SpiceConfig) -> Iterator[str]:
    name = type(probe).__name__
    for module in config.modules:
        if module not in probe.submodules_rnn:
            yield (
                f"rnn_modules names {module!r}; {name} has set up {sorted(probe.submodules_rnn)}. Set it up"
                " in __init__, or correct the name."
            )
        elif module not in probe.transitions:
            yield (
                f"rnn_modules names {module!r}, but the forward of {name} never calls it. Call"
                f" call_module({module!r}, ...) in each trial."
            )
        else:
            ready = probe.transitions[module][0][2]
            for signal in {*config.terms(module), *(f.signal for f in config.filters(module))}:
                if signal not in ready:
                    yield (
                        f"library_setup or filter_setup of {module!r} uses {signal!r}, which {name} has not"
                        f" recorded when it calls the module; recorded by then: {sorted(ready)}. Put"
                        f" record_signal({signal!r}, ...) before call_module({module!r}, ...)."
                    )


def discover(
    samples: Mapping[str, ModuleSamples],
    config: SpiceConfig,
    settings: Discovery | None = None,
    *,
    participants: tuple[Any, ...] = (0,),
    only: int | None = None,
    libraries: Mapping[str, tuple[Term, ...]] | None = None,
) -> SpiceModel:
    """Fit one sparse equation to each module of each participant.

    Args:
        samples: from `sample`.
        config: which modules, which candidate signals, which filters.
        settings: optimiser, threshold, regularisation, degree.
        participants: labels, in the order of their indices.
        only: index of the one participant to fit; None fits all.
        libraries: exact candidate terms for some modules, in place of the polynomial library: `{module: ((),
            ("x",), ...)}`.
    """
    settings = (settings or Discovery()).checked()
    unknown = sorted({*config.modules, *(libraries or {})} - {*samples})
    if unknown:
        raise SettingsError(
            [
                f"There are no samples of the modules {unknown}; there are some of {sorted(samples)}. Correct"
                " the names in rnn_modules or libraries."
            ]
        )
    equations = {}
    for module in config.modules:
        terms = (libraries or {}).get(module) or candidates(module, config, settings)
        equations[module] = tuple(
            (
                fit_equation(module, samples[module].select(config, module, code), terms, settings)
                if only in (None, code)
                else None
            )
            for code in range(len(participants))
        )
    return SpiceModel(participants, equations)


def candidates(module: str, config: SpiceConfig, settings: Discovery) -> tuple[Term, ...]:
    """The polynomial library of a module, without the terms that the config excludes."""
    every = polynomial_terms((module, *config.terms(module)), settings.degree)
    terms = tuple(term for term in every if not config.excludes(module, term))
    if not terms:
        raise SettingsError(
            [
                f"excluded_terms leaves {module!r} no candidate term of {[term_text(t) for t in every]}."
                " Leave one or more in."
            ]
        )
    return terms


def fit_equation(
    module: str, samples: ModuleSamples, terms: tuple[Term, ...], settings: Discovery
) -> Equation:
    """The sparse equation of one module for one participant. Raises `SettingsError` if no sample is left."""
    return Regression.of(module, samples, terms).equation(settings)


@dataclass(frozen=True)
class Regression:
    """The samples of one module, as far as a regression of its next value depends on them: not a row for each
    sample, but one for each term, so that many thresholds can be tried quickly.

    Attributes:
        module, terms: of the equation, with all candidate terms.
        kept, dropped: the terms that the data can tell apart, and why the others were dropped.
        triangle: columns of all terms and of the next value, reduced by QR: sums of squares are the same.
        n_samples: how many samples there were.
    """

    module: str
    terms: tuple[Term, ...]
    kept: tuple[int, ...]
    dropped: Mapping[Term, str]
    triangle: Floats
    n_samples: int

    @classmethod
    def of(cls, module: str, samples: ModuleSamples, terms: tuple[Term, ...]) -> "Regression":
        """From samples. Raises `SettingsError` where there are none, or where they are no numbers."""
        if len(samples.value) == 0:
            raise SettingsError(
                [
                    f"No sample of the module {module!r} meets its filters. Check filter_setup, or sample"
                    " more trials."
                ]
            )
        signals = {module: samples.value, **samples.controls}
        _check_names(module, {factor for term in terms for factor in term}, signals)
        columns = np.column_stack(
            [np.prod([signals[f] for f in t], 0) if t else np.ones(len(samples.value)) for t in terms]
        )
        if not (np.isfinite(columns).all() and np.isfinite(samples.after).all()):
            raise SettingsError(
                [
                    f"The module {module!r} gives values that are no numbers, so that it has no equation."
                    " Train again, with a lower learning rate."
                ]
            )
        triangle: Floats = np.linalg.qr(np.column_stack([columns, samples.after])).R
        kept, dropped = _tell_apart(triangle[:, :-1], terms)
        return cls(module, terms, kept, dropped, triangle, len(columns))

    def equation(self, settings: Discovery) -> Equation:
        """The sparse equation under some settings."""
        kept, after = list(self.kept), self.triangle[:, -1:]
        if not kept:
            return Equation(self.module, self.terms, (0.0,) * len(self.terms), self.dropped)
        columns = self.triangle[:, kept]
        weight = _weight(columns, settings)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            fitted = _optimizer([self.terms[i] for i in kept], settings).fit(weight * columns, weight * after)
        values = np.zeros(len(self.terms))
        values[kept] = fitted.coef_[0]
        notes = [_note(str(w.message)) for w in caught if not issubclass(w.category, DeprecationWarning)]
        if not values.any() and after.any():
            notes.append(NO_TERM)
        values_found, said = tuple(values.tolist()), tuple(dict.fromkeys(notes))
        return Equation(self.module, self.terms, values_found, self.dropped, said)

    def error(self, equation: Equation) -> float:
        """By how much an equation misses the next values of the samples: the root of the mean square."""
        values = np.array([equation.coefficient(*term) for term in self.terms])
        missed = self.triangle[:, :-1] @ values - self.triangle[:, -1]
        return float(np.linalg.norm(missed) / self.n_samples**0.5)


def _check_names(module: str, names: set[str], signals: Mapping[str, Floats]) -> None:
    if unknown := sorted(names - {*signals}):
        raise SettingsError(
            [
                f"The equation of {module!r} or its filter uses {unknown}; sampled are {sorted(signals)}."
                " Record the signal before call_module, or correct the name."
            ]
        )


def _tell_apart(columns: Floats, terms: tuple[Term, ...]) -> tuple[tuple[int, ...], dict[Term, str]]:
    """Terms that the data can tell apart, simplest first, and why the others were dropped (r^2 is r where r
    is 0 or 1).
    """
    kept: list[int] = []
    dropped = {}
    for i, term in enumerate(terms):
        length = float(np.linalg.norm(columns[:, i]))
        basis = columns[:, kept]
        weights = np.linalg.lstsq(basis, columns[:, i], rcond=None)[0] if kept else np.zeros(0)
        rest = float(np.linalg.norm(columns[:, i] - basis @ weights)) if kept else length
        if rest > REDUNDANT * length:
            kept.append(i)
        else:
            same = [
                term_text(terms[j]) for j, weight in zip(kept, weights, strict=True) if abs(weight) > 1e-9
            ]
            why = f"in these data it is the same as {' and '.join(same)}" if same else "it is 0 in these data"
            dropped[term] = f"{term_text(term)} was left out of the library: {why}."
    return tuple(kept), dropped


def _weight(columns: Floats, settings: Discovery) -> float:
    """A weight for all samples, such that a threshold is a threshold.

    SR3 and the ridge of STLSQ set a penalty of fixed size against a sum over samples, so that few samples, or
    values that hardly vary, would lose terms far above the threshold. With this weight the samples outweigh
    the penalty in every direction.
    """
    smallest = float(np.linalg.svd(columns, compute_uv=False)[-1]) ** 2
    stiffness = settings.regularization if settings.optimizer == "STLSQ" else 1 / settings.regularization
    return max(1.0, STIFF * stiffness / smallest) ** 0.5 if settings.regularization > 0 else 1.0


def _optimizer(terms: list[Term], settings: Discovery) -> Any:
    """Pysindy's optimiser. SR3 (Zheng et al. 2019) takes `threshold / nu` as the weight of its regulariser; a
    term of degree d weighs d times as much.
    """
    if settings.optimizer == "STLSQ":
        return pysindy.STLSQ(threshold=settings.threshold, alpha=settings.regularization)
    nu = settings.regularization
    if nu <= 0:
        raise SettingsError(
            [f"SR3 needs a regularization (its relaxation nu) above 0; got {nu}. Set 0.01, or choose STLSQ."]
        )
    weighted = settings.optimizer == "SR3_weighted_l1"
    weights = np.array([[settings.threshold * max(1, len(term)) / nu for term in terms]])
    return pysindy.SR3(
        relax_coeff_nu=nu,
        reg_weight_lam=weights if weighted else settings.threshold / nu,
        regularizer="weighted_l1" if weighted else "l1",
        max_iter=1000,
        unbias=True,
    )


def _note(message: str) -> str:
    if "eliminated all coefficients" in message:
        return NO_TERM
    return f"pysindy: {message}"
