"""What is looked at in a result: sessions trial by trial, modules as curves, terms over thresholds.

Takes a `Result` and calls the core. Importing this loads neither torch nor pysindy, and a result that was
recorded earlier needs neither.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..core.equations import Equation, SpiceModel, Term
from ..core.read.contributions import Contributions, compute_contributions
from ..core.read.emergence import Emergence, Look, emergences
from ..core.read.update_function import (
    Curves,
    Function,
    Tabulated,
    VisitedInputs,
    curves,
    module_of,
    rests,
    visits,
)
from ..core.settings import SettingsError
from ..core.simulate.record import mean_nll
from ..experiment.result import Recorded, Result
from ..experiment.settle import config_of
from ..experiment.simulation import people_of
from ..loading import later
from ..state.graph import ExperimentSnapshot
from ..state.run import RunState

if TYPE_CHECKING:
    from ..core.discover import comparison, discovery, sparsity
    from ..core.discover.selection import Evidence
    from ..core.discover.sparsity import SparsityPath
    from ..core.train import row_arrays, structure
else:
    comparison = later("..core.discover.comparison", __package__)
    discovery = later("..core.discover.discovery", __package__)
    sparsity = later("..core.discover.sparsity", __package__)
    row_arrays = later("..core.train.row_arrays", __package__)
    structure = later("..core.train.structure", __package__)

Floats = NDArray[np.float64]
MANY_SESSIONS = 200  # whose likelihood follows a coefficient while it moves
MARGIN, POINTS = 0.2, 241  # of a network's table, in shares of the range of its curve


def modules(result: Result) -> tuple[str, ...]:
    """Return the modules that have an equation, true or discovered."""
    model = result.spice if result.spice is not None else result.truth
    return () if model is None else tuple(model.equations)


def person(result: Result, session: int) -> Any:
    """Return the label of the participant whose session it is."""
    return _people(result.snapshot)[session]


def trial_by_trial(result: Result, session: int) -> dict[str, Contributions]:
    """One session through the equations: "truth" and "spice", where they are known.

    Raises:
        SettingsError: Where the model does what its description cannot tell.
    """
    models = {"truth": result.truth, "spice": result.spice}
    only = np.array([session])
    return {
        name: contributions_of(result, model, only) for name, model in models.items() if model is not None
    }


def differences_of(result: Result, participant: Hashable) -> tuple[list[str], list[str]]:
    """Terms of a participant's truth that were not found, and found ones that are not true, in words, once
    both are written in the same way. Needs the estimator.
    """
    assert result.estimator is not None
    assert result.spice is not None
    model, dataset = result.estimator.rnn_model_, result.estimator._dataset_
    config = config_of(result.snapshot)
    return comparison.differences(result.spice, result.truth, model, dataset, config, participant)


def likelihood(result: Result, model: SpiceModel, sessions: int = MANY_SESSIONS) -> Floats:
    """-ln P per choice of the first sessions under some equations, in nats, `(n_sessions,)`, as in
    `mean_nll`.
    """
    n = min(sessions, len(result.choices))
    return mean_nll(contributions_of(result, model, np.arange(n)).record)


def replace_equation(model: SpiceModel, equation: Equation, participant: Hashable) -> SpiceModel:
    """Return the same model with another equation for one participant."""
    at, rows = model.index(participant), list(model.equations[equation.module])
    rows[at] = equation
    return replace(model, equations={**model.equations, equation.module: tuple(rows)})


def with_coefficient(equation: Equation, term: Term, value: float) -> Equation:
    """Return the same equation with another coefficient for one of its terms."""
    pairs = zip(equation.terms, equation.values, strict=True)
    return replace(equation, values=tuple(value if t == term else old for t, old in pairs))


def curves_of(result: Result, module: str, participant: Hashable) -> Curves:
    """Return a module of one participant as curves: "truth", "rnn" and "spice", where they are known, over
    what its RNN has visited.
    """
    functions: dict[str, Function] = {}
    if result.truth is not None and module in result.truth.equations:
        functions["truth"] = result.truth.equation(module, participant)
    if (network := _network(result, module, participant)) is not None:
        functions["rnn"] = network
    if result.spice is not None:
        functions["spice"] = result.spice.equation(module, participant)
    return curves(_visits(result, module, participant), functions)


def with_equation(drawn: Curves, equation: Equation) -> Curves:
    """Return the same curves with another equation as "spice"."""
    after = np.stack([np.broadcast_to(equation(drawn.value, one), drawn.value.shape) for one in drawn.levels])
    resting = tuple(rests(equation, level, drawn.value) for level in drawn.levels)
    return replace(drawn, after={**drawn.after, "spice": after}, rests={**drawn.rests, "spice": resting})


def table(result: Result, module: str, participant: Hashable) -> Tabulated | None:
    """Tabulate a trained network's module; None where it is not known."""
    function = _network(result, module, participant)
    if function is None or isinstance(function, Tabulated):
        return function
    visited = _visits(result, module, participant)
    value = visited.reach()
    room = MARGIN * (value[-1] - value[0])
    wide, levels = np.linspace(value[0] - room, value[-1] + room, POINTS), visited.levels()
    return Tabulated(levels, wide, np.stack([function(wide, level) for level in levels]))


def path_of(result: Result, module: str, participant: Hashable) -> "SparsityPath | None":
    """Return the sparsity path of a module of one participant; None where there are no samples of it."""
    if result.estimator is None:
        return (
            None
            if (recorded := _recorded_result(result, participant)) is None
            else recorded.paths.get(module)
        )
    config, settings = config_of(result.snapshot), result.snapshot.discovery
    code = list(result.estimator.participants_).index(participant)
    samples = result.estimator.samples_[module].select(config, module, code)
    terms = discovery.candidates(module, config, settings)
    return sparsity.sparsity_path(module, samples, terms, settings)


def weigh(
    result: Result,
    participant: Hashable,
    price: float | None = None,
    *,
    keep: Collection[tuple[str, Term]] = (),
    drop: Collection[tuple[str, Term]] = (),
) -> "Evidence | None":
    """Weigh each term by a participant's choices, as `SpiceEstimator.weigh` does; None where the terms were
    not chosen by evidence, or were recorded.
    """
    if result.estimator is None or not getattr(result.estimator, "evidence_", None):
        return None
    return result.estimator.weigh(participant, price=price, keep=keep, drop=drop)


def same_paths(one: Result, other: Result | None) -> bool:
    """Tell whether two results differ in the threshold at most, so that their sparsity paths are the same."""
    if other is None or one.estimator is None or other.estimator is None:
        return False
    plans = [replace(result.snapshot.discovery, threshold=0.0) for result in (one, other)]
    return one.estimator.samples_ is other.estimator.samples_ and plans[0] == plans[1]


def emerging(glimpses: Sequence[tuple[int, Look]]) -> dict[str, Emergence]:
    """Return the first participant's equations over the epochs of a run that goes on, by module, as
    `Result.emergence` has them afterwards.
    """
    return emergences(glimpses)


def at_hand(result: Result | None, run: RunState) -> Mapping[str, Emergence]:
    """Return the emergence of the first participant's equations as far as it is known at once: of the run
    that goes on, or of the last one, at its last epoch alone where nobody has looked at the others.
    """
    if run.glimpses:
        return emerging(run.glimpses)
    return {} if result is None or result.history is not run.history else result.ending


def with_curves_first(modules: Mapping[str, Emergence]) -> tuple[str, ...]:
    """Return the names of the modules, those whose curve is known before the others."""
    return tuple(sorted(modules, key=lambda name: not modules[name].tables))


def _network(result: Result, module: str, participant: Hashable) -> Function | None:
    if result.estimator is None:
        return (
            None
            if (recorded := _recorded_result(result, participant)) is None
            else recorded.tables.get(module)
        )
    built, code = result.description, list(result.estimator.participants_).index(participant)
    try:
        return structure.ModuleFunction(result.estimator.rnn_model_, module_of(built, module), code)
    except SettingsError:
        return None


def _recorded_result(result: Result, participant: Hashable) -> Recorded | None:
    """Return the recorded result in place of the network; only the first participant's was recorded."""
    return result.recorded if participant in (None, _people(result.snapshot)[0]) else None


def _visits(result: Result, module: str, participant: Hashable) -> VisitedInputs:
    own = [
        session for session, label in enumerate(_people(result.snapshot)) if str(label) == str(participant)
    ]
    played = result.played["rnn"]
    states = {name: np.asarray(values)[own] for name, values in played.states.items()}
    built, shown_module = result.description, module_of(result.description, module)
    if not built.goes_by_rows:
        return visits(shown_module, states, result.choices[own], result.outcomes[own])
    parts = row_arrays.visited_rows(
        built, shown_module, states, result.choices[own], result.outcomes[own], _further(result)[own]
    )
    values, inputs = zip(*parts, strict=True)
    seen = {name: np.concatenate([one[name] for one in inputs]) for name in shown_module.inputs}
    return VisitedInputs(np.concatenate(values), seen)


def contributions_of(result: Result, model: SpiceModel, sessions: NDArray[np.int64]) -> Contributions:
    """Return some sessions through equations.

    Raises:
        SettingsError: Where the model does what its description cannot tell.
    """
    people = _people(result.snapshot)
    built = result.description
    if unknown := [m.name for m in built.in_order if m.kind == "given" or m.arms == "some"]:
        raise SettingsError(
            [
                f"The equations cannot be followed trial by trial: {', '.join(unknown)} of your model does"
                " what its description does not tell. Take a model that is put together from modules."
            ]
        )
    labels = [people[session] for session in sessions]
    choices, outcomes = result.choices[sessions], result.outcomes[sessions]
    rows: dict[str, Any] = {}
    if built.goes_by_rows:
        rows = {
            "rows": row_arrays.RowArrays(built, len(sessions), outcomes.shape[-1]),
            "further": _further(result)[sessions],
            "offered": _options_offered(result, sessions),
        }
    through = compute_contributions(built, model, choices, outcomes, labels, **rows)
    final = result.final_choices
    if final is None:
        return through
    return through._replace(record=replace(through.record, final_choices=final[sessions]))


def _further(result: Result) -> Floats:
    """Return the additional inputs of each row, `(n_sessions, n_rows, n_inputs)`."""
    n, inputs = result.outcomes.shape[-1], np.asarray(result.dataset.xs, dtype=float)
    return inputs[..., 2 * n : -3] if inputs.shape[-1] > 2 * n + 1 else inputs[..., :0]


def _options_offered(result: Result, sessions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return the options that were on offer before each row and after the last: those that the network, which
    was told, expects at all.
    """
    known = result.played["rnn"].probabilities[sessions] > 0
    return known | ~known.any(-1, keepdims=True)


def _people(snapshot: ExperimentSnapshot) -> list[Any]:
    """Return the label of the participant of each session."""
    people = people_of(snapshot)
    return [0] * len(people) if snapshot.is_simulated and snapshot.n_participants == 1 else people


def tables_of(result: Result) -> Mapping[str, Tabulated]:
    """Return the tables of all modules, of the first participant."""
    participant = _people(result.snapshot)[0]
    tables = {module: table(result, module, participant) for module in modules(result)}
    return {module: one for module, one in tables.items() if one is not None}


def paths_of(result: Result) -> "Mapping[str, SparsityPath]":
    """Return the sparsity paths of all modules, of the first participant."""
    participant = _people(result.snapshot)[0]
    paths = {module: path_of(result, module, participant) for module in modules(result)}
    return {module: path for module, path in paths.items() if path is not None}
