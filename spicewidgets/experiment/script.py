"""The settings of the panels as a short Python script that prints the same equations.

Only what differs from the defaults is written. Nothing is run.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pprint import pformat
from typing import TYPE_CHECKING, Any

import numpy as np

from ..core.mechanisms import PARAMETERS
from ..core.models import MODELS, PUBLIC, ReadyModel
from ..core.settings import Discovery, Participant, Task, Training
from ..core.simulate.agents import AgentQ
from ..core.tasks import BANDIT_NAME
from ..loading import later
from ..state.graph import ExperimentSnapshot
from ..state.model import YOUR_OWN
from ..state.table import Table
from .settle import config_of, source_of

if TYPE_CHECKING:
    from ..core import parameters
    from ..core.data import gallery
    from ..core.studies.resampling_study import Resampling
else:
    gallery = later("..core.data.gallery", __package__)
    parameters = later("..core.parameters", __package__)


def script_of(snapshot: ExperimentSnapshot, resampled: "Resampling | None" = None) -> str:
    """Return the script. Its first lines say what must be added where a class of the user's own was trained.
    With `resampled` it also prints the spread over resamples.
    """
    names = {"SpiceEstimator"}
    body = [
        *(_write_simulation(snapshot, names) if snapshot.is_simulated else _table(snapshot.table, names)),
        *_model(snapshot, names),
        *_estimator(snapshot),
        *_resampling(snapshot, resampled, names),
    ]
    own = source_of(snapshot.model.built).splitlines() if snapshot.model.name == YOUR_OWN else []
    imported = [f"from spicewidgets import {', '.join(sorted(names, key=str.lower))}"]
    if snapshot.is_simulated and snapshot.participant.variation and _is_of_q_learners(snapshot):
        imported.append("from spicewidgets.core.simulate.cohort import Cohort, draw_parameters")
    threads = ["", "torch.set_num_threads(1)  # as in the panels, so that every digit is the same", ""]
    return "\n".join(["import torch", "", *imported, *own, *threads, *body]) + "\n"


def _write_simulation(snapshot: ExperimentSnapshot, names: set[str]) -> Iterator[str]:
    """Write how a participant plays a task."""
    names.add("create_dataset")
    if _is_of_q_learners(snapshot):
        names.add("AgentQ")
        yield from _agent(snapshot)
    else:
        yield from _learner(snapshot, names)
    if snapshot.choices_of == BANDIT_NAME:
        yield from _task(snapshot, names)
    else:
        yield from _task_of_kind(snapshot, names)
    yield from _data(snapshot)


def _is_of_q_learners(snapshot: ExperimentSnapshot) -> bool:
    return snapshot.task.declaration.is_of_q_learners


def _task_of_kind(snapshot: ExperimentSnapshot, names: set[str]) -> Iterator[str]:
    """Write the task of another kind than a bandit, by its settings."""
    task = snapshot.task
    setup = task.declaration.simulation
    assert setup is not None
    settings = {argument: getattr(task, name) for name, argument in setup.by.items()}
    changed = {name: value for name, value in settings.items() if value != setup.settings[name]}
    names.add("make_task")
    yield f"environment = make_task({_arguments({'kind': task.kind} | changed)})"


def _learner(snapshot: ExperimentSnapshot, names: set[str]) -> Iterator[str]:
    """Write the participant who is no Q-learner, by its settings."""
    names |= {"Task", "Participant"}
    person, data, kind = snapshot.participant, snapshot.data, snapshot.task.declaration
    yield "from spicewidgets.core.rivals.participants import make_participant"
    yield ""
    own = _changed_settings(person, Participant, tuple(one.name for one in kind.participant))
    yield f"agent = make_participant(Participant({_arguments(own)}), Task(kind={snapshot.task.kind!r}))"
    if person.variation:
        n = data.n_participants if data.n_participants > 1 else data.n_sessions
        yield f"members = agent.vary({person.variation!r}, {n}, {data.seed})"
        whose = "members" if data.n_participants == 1 else f"[members[who] for who in {_people(snapshot)}]"
        yield f"agent = agent.of({whose})"


def _table(table: Table, names: set[str]) -> Iterator[str]:
    """Write how a table is read: by its name, as it was in the page; another file of that name is refused.
    One of the gallery is loaded from there.
    """
    known = next((it for it in gallery.GALLERY if it.sha256 == table.sha256), None)
    reader = "read_choices" if known is None or table.roles else "load_choices"
    names.add(reader)
    arguments = [repr(table.name if known is None or table.roles else known.name)]
    if table.roles:
        yield "from spicewidgets.core.data.tables.roles import Roles"
        roles = ", ".join(f"{name}={value!r}" for name, value in table.roles)
        arguments.append(f"roles=Roles({roles})")
    if table.remedies:
        arguments.append(f"remedies={dict(table.remedies)!r}")
    yield f"choices = {reader}({', '.join(arguments)})"
    if table.sha256 and reader == "read_choices":
        yield f"if choices.report.sha256 != {table.sha256!r}:"
        changed = f"{table.name} is another file than in the page, or has changed since."
        yield f"    raise SystemExit({changed!r})"
    yield "dataset = choices.dataset"


def _agent(snapshot: ExperimentSnapshot) -> Iterator[str]:
    """Yield the participant, or the cohort of those who differ."""
    person, data = snapshot.participant, snapshot.data
    named, changed = inspect.signature(AgentQ).parameters, {}
    for name, one in PARAMETERS.items():
        default = named[name].default if name in named else one.default
        if (value := getattr(person, name)) != default:
            changed[name] = value
    arguments = {"n_actions": snapshot.n_actions, "alpha_reward": person.alpha_reward} | changed
    yield f"agent = AgentQ({_arguments(arguments)})"
    if person.variation:
        n = data.n_participants if data.n_participants > 1 else data.n_sessions
        one_rate = person.alpha_penalty is None
        yield f"members = draw_parameters(agent, {person.variation!r}, {n}, {data.seed}, one_rate={one_rate})"
        whose = "members" if data.n_participants == 1 else f"[members[who] for who in {_people(snapshot)}]"
        yield f"agent = Cohort({whose}, {snapshot.n_actions})"


def _people(snapshot: ExperimentSnapshot) -> str:
    """Return the participant of each session, as `simulation.people_of` has it."""
    data = snapshot.data
    return f"[session * {data.n_participants} // {data.n_sessions} for session in range({data.n_sessions})]"


def _task(snapshot: ExperimentSnapshot, names: set[str]) -> Iterator[str]:
    task = snapshot.task
    more = _changed_settings(task, Task, ("n_actions", "counterfactual"))
    probability = ""
    if task.kind == "drift":
        cls, more = (
            "BanditsDrift",
            {"sigma": task.sigma} | more | _changed_settings(task, Task, ("boundary",)),
        )
    elif task.kind == "fixed":
        cls = "BanditsFixed"
        more = {"reward_probs": np.linspace(0.8, 0.2, task.n_actions).tolist()} | more
        more.pop("n_actions", None)
    else:
        cls = {"reversal": "BanditsReversal", "switch": "BanditsSwitch"}[task.kind]
        probability = f"{task.flip_probability!r}{', ' if more else ''}"
    names.add(cls)
    yield f"environment = {cls}({probability}{_arguments(more)})"


def _data(snapshot: ExperimentSnapshot) -> Iterator[str]:
    data = snapshot.data
    sizes = {"n_trials": data.n_trials, "n_sessions": data.n_sessions}
    people = f", participant={_people(snapshot)}" if data.n_participants > 1 else ""
    arguments = f"{_arguments(sizes)}{people}, random_state={data.seed}"
    yield f"dataset, sessions, parameters = create_dataset(agent, environment, {arguments})"


def _model(snapshot: ExperimentSnapshot, names: set[str]) -> Iterator[str]:
    """Yield the class and its config, spelled out where the library was changed."""
    model = snapshot.model
    ready = MODELS.get(model.name)
    if model.own is not None and ready is None:
        yield f"# {model.own[0].__name__} is your own class: define it above, or import it."
    if any(module in config_of(snapshot).modules for module, _ in snapshot.discovery.libraries):
        names.add("SpiceConfig")
        yield from _config(snapshot)
    elif ready is not None:
        yield from _write_import(ready, ready.config_name, names)
        yield f"config = {ready.config_name}"
    else:
        yield "config = YOUR_CONFIG" + ("" if model.own is None else "  # the SpiceConfig of your class")
    if ready is not None:
        yield from _write_import(ready, ready.class_name, names)


def _write_import(ready: ReadyModel, name: str, names: set[str]) -> Iterator[str]:
    """Yield the import of a ready model's class or config, where it is not a name of `spicewidgets`
    itself.
    """
    if ready.module == PUBLIC:
        names.add(name)
    else:
        yield f"from spicewidgets.core.{ready.module} import {name}"


def _config(snapshot: ExperimentSnapshot) -> Iterator[str]:
    config = config_of(snapshot)
    filters = {m: [[f.signal, f.value, f.remove] for f in config.filters(m)] for m in config.modules}
    yield "config = SpiceConfig("
    yield f"    library_setup={pformat({m: list(config.terms(m)) for m in config.modules})},"
    yield f"    filter_setup={pformat({m: rows for m, rows in filters.items() if rows})},"
    yield f"    control_parameters={list(config.controls)},"
    yield f"    rnn_modules={list(config.modules)},"
    excluded = {m: [list(term) for term in terms] for m, terms in (config.excluded_terms or {}).items()}
    yield f"    excluded_terms={pformat({m: terms for m, terms in excluded.items() if terms})},"
    yield ")"


def _estimator(snapshot: ExperimentSnapshot) -> Iterator[str]:
    model, data = snapshot.model, snapshot.data
    if model.own is not None:
        cls = model.own[0].__name__
    else:
        cls = MODELS[model.name].class_name if model.name in MODELS else "YourRNN"
    settings: dict[str, Any] = {"n_actions": snapshot.n_actions} if snapshot.n_actions != 2 else {}
    if data.validation_share:
        settings["validation_share"] = data.validation_share
    if model.embedding_size is not None:
        settings["embedding_size"] = model.embedding_size
    settings |= _changed_settings(snapshot.training, Training)
    plan = _changed_settings(snapshot.discovery, Discovery)
    names = parameters.DISCOVERY
    settings |= {names[name]: value for name, value in plan.items() if name in names}
    yield f"spice = SpiceEstimator({cls}, config, {_arguments(settings | {'random_state': data.seed})})"
    yield "spice.fit(dataset)"
    if snapshot.n_participants == 1:
        yield "print(spice.spice_model_.text())"
    else:
        yield "for participant in spice.spice_model_.participants:"
        yield "    print(participant, spice.spice_model_.text(participant), sep='\\n')"


def _resampling(
    snapshot: ExperimentSnapshot, resampled: "Resampling | None", names: set[str]
) -> Iterator[str]:
    if resampled is None:
        return
    names.add("bootstrap_equations")
    yield ""
    yield f"resampled = bootstrap_equations(spice, {resampled.n_resamples}, random_state={resampled.seed})"
    level = f"level={resampled.level!r}"
    if snapshot.n_participants == 1:
        yield f"print(resampled.text({level}))"
    else:
        yield "for participant in spice.spice_model_.participants:"
        yield f"    print(participant, resampled.text(participant, {level}), sep='\\n')"


def _changed_settings(settings: Any, kind: type, names: tuple[str, ...] | None = None) -> dict[str, Any]:
    """Return the settings that differ from their defaults."""
    known = [item for item in fields(kind) if names is None or item.name in names]
    values = {item.name: getattr(settings, item.name) for item in known}
    return {item.name: values[item.name] for item in known if values[item.name] != item.default}


def _arguments(values: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in values.items())
