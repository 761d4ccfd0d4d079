"""Watch a neural network learn how a participant learns, and read what it found as an equation.

This module is the public list and nothing else. A name is loaded when it is first used, so that
`import spicewidgets` is quick and brings in neither torch nor pysindy. Editors and type checkers read the
same list in `__init__.pyi`.
"""

from .loading import load

__version__ = "0.2.0"

_NAMES = {
    "apps": ["explorer", "play", "playground", "quiz"],
    "core.simulate.agents": ["Agent", "AgentQ"],
    "core.diagnose.diagnosis": ["Diagnosis", "diagnose", "standard_errors"],
    "core.discover.bootstrap": ["bootstrap"],
    "core.data.choices": ["Choices", "read_choices"],
    "core.data.convert": ["convert_dataset"],
    "core.data.dataset": ["DatasetRNN"],
    "core.data.events": ["write_events"],
    "core.data.gallery": ["load_choices"],
    "core.data.simulated": ["create_dataset"],
    "core.data.splits": ["concat", "split_data_along_sessiondim", "split_data_along_timedim"],
    "core.simulate.session": ["BanditSession"],
    "core.simulate.environments": [
        "Bandits",
        "BanditsDrift",
        "BanditsFixed",
        "BanditsFlip",
        "BanditsFlip_eckstein2022",
        "BanditsReversal",
        "BanditsSchedule",
        "BanditsSwitch",
        "Bandits_Standard",
    ],
    "core.discover.people": ["people"],
    "core.simulate.graded": ["BanditsGraded", "BanditsNormal"],
    "core.simulate.kinds": ["make_task"],
    "core.simulate.offered": ["BanditsOffered"],
    "core.simulate.two_step": ["TwoStep"],
    "core.equations": ["Equation", "SpiceModel"],
    "core.estimator": ["SpiceConfig", "SpiceEstimator", "SpiceWarning"],
    "core.train.habit": ["HABIT_CONFIG", "HabitRNN"],
    "core.train.modules": ["GRUModule"],
    "core.judge.network_agents": ["AgentNetwork", "AgentSpice"],
    "core.train.precoded": [
        "CHOICE_CONFIG",
        "FORGETTING_RNN_CONFIG",
        "LEARNING_RATE_RNN_CONFIG",
        "PARTICIPANT_EMBEDDING_RNN_CONFIG",
        "RESCOLA_WAGNER_CONFIG",
        "RESCORLA_WAGNER_CONFIG",
        "ChoiceRNN",
        "ForgettingRNN",
        "LearningRateRNN",
        "ParticipantEmbeddingRNN",
        "RescorlaWagnerRNN",
        "TWO_STEP_CONFIG",
        "TwoStepRNN",
    ],
    "core.judge.falsify": ["falsify"],
    "core.judge.regressors": ["regressors"],
    "core.judge.random_effects": ["group_difference", "model_frequencies"],
    "core.judge.replay": ["get_update_dynamics", "replay", "scores"],
    "core.discover.resampling": ["bootstrap_equations"],
    "core.train.rnn": ["BaseRNN"],
    "core.rivals.ceiling": ["Ceiling", "CeilingSettings"],
    "core.rivals.declaration": ["Parameter", "Rival"],
    "core.rivals.design": ["Design"],
    "core.rivals.fit": ["FittedRival", "fit_rival", "fit_rivals"],
    "core.rivals.held_out": ["held_out"],
    "core.rivals.kinds": ["simulate_kind"],
    "core.rivals.ready": ["RIVALS"],
    "core.studies.contract": ["check_mechanism", "check_rival", "check_study", "check_task"],
    "core.search.found": ["FoundModel"],
    "core.search.result": ["search_mechanisms"],
    "core.studies.recovery": ["ModelRecovery", "ParameterRecovery"],
    "core.studies.term_recovery": ["TermRecovery"],
    "core.settings": ["Discovery", "Participant", "SettingsError", "Task", "Training"],
    "core.simulate.run": ["run_experiment"],
    "core.files": ["StorageError"],
    "core.train.training": ["train"],
    "core.read.translation": ["classical_parameters", "term_by_term", "true_model"],
    "panels.question": ["Question"],
    "plots.loss": ["plot_loss"],
    "plots.session": ["plot_session"],
}
_HOME = {name: module for module, names in _NAMES.items() for name in names}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    """Load a public name from its module at first use."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(load(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Every public name, loaded or not."""
    return sorted({*globals(), *__all__})
