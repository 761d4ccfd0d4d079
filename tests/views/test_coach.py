"""The coach: one fixture for each diagnosis on which it fires, and silence on healthy runs."""

import re
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from spicewidgets import RescorlaWagnerRNN
from spicewidgets.app.recorded import load_recorded
from spicewidgets.app.runner import Runner
from spicewidgets.apps import explorer
from spicewidgets.core.diagnose.facts import MANY_PARTICIPANTS
from spicewidgets.core.diagnose.findings import findings_of
from spicewidgets.core.diagnose.verdict import verdict_of
from spicewidgets.core.discover.held_apart import TuningGain
from spicewidgets.core.read.translation import classical_parameters
from spicewidgets.core.rivals.ready import RIVALS
from spicewidgets.state import Experiment
from spicewidgets.views.coach import findings, rivals_of
from spicewidgets.views.facts import facts_of
from spicewidgets.views.verdict import verdict


def run(**groups):
    """The result of a real run of these settings."""
    experiment = Experiment()
    experiment.from_dict(groups)
    runner = Runner(experiment)
    assert runner.train()
    assert runner.wait(300)
    assert runner.result is not None, experiment.run.message
    return runner.result


@pytest.fixture(scope="module")
def healthy():
    return load_recorded(Experiment().peek())


CHOSEN = "x_value_reward_chosen"


def words_of(row):
    """The text of a row of the coach."""
    return getattr(row, "value", "") or "".join(map(words_of, getattr(row, "children", ())))


def kinds(result):
    return [one.kind for one in findings(result)]


pytestmark = pytest.mark.filterwarnings("ignore::spicewidgets.SpiceWarning")  # the coach says it better

SMALL = {"n_sessions": 40, "n_trials": 60}
ADAM = {"optimizer": "adam", "n_starts": 1}


def test_it_says_nothing_of_a_healthy_run(healthy):
    assert findings(healthy) == ()


def test_not_converged_after_few_epochs_of_adam():
    result = run(data=SMALL, training={**ADAM, "epochs": 60})
    assert kinds(result)[0] in ("not converged", "stuck")
    assert "not converged" in kinds(result) or "epochs" in findings(result)[0].words


@pytest.mark.seed(108)
def test_not_converged(healthy):
    falling = tuple({**row, "train_loss": 0.6 - 2e-3 * at} for at, row in enumerate(healthy.history))
    (found,) = findings(replace(healthy, history=falling))
    assert found.kind == "not converged"
    assert found.action == "continue"


def test_stuck_start():
    result = run(data=SMALL, training={**ADAM, "epochs": 2, "learning_rate": 1e-4})
    found = findings(result)[0]
    assert found.kind == "stuck"
    assert found.changes == {"training": {"n_starts": 16, "epochs": 1024}}
    assert found.remedy == "Train with 16 starts and up to 1024 epochs"


@pytest.mark.seed(110)
def test_unstable_training():
    result = run(data={**SMALL, "seed": 2}, training={**ADAM, "epochs": 60, "learning_rate": 0.4})
    found = findings(result)[0]
    assert found.kind == "unstable"
    assert found.changes == {"training": {"learning_rate": 0.1}}
    assert "stuck" not in kinds(result)


def test_a_loss_that_is_no_number(healthy):
    broken = tuple({**row, "train_loss": float("nan")} for row in healthy.history)
    assert "became infinite" in findings(replace(healthy, history=broken))[0].words


@pytest.mark.seed(109)
def test_overfit(healthy):
    rising = tuple({**row, "validation_loss": 0.6 + 0.001 * at} for at, row in enumerate(healthy.history))
    (found,) = findings(replace(healthy, history=rising))
    assert found.kind == "overfit"
    assert found.changes == {"data": {"n_sessions": 200}}


@pytest.fixture(scope="module")
def asymmetric():
    """Learns from reward only, with a library that cannot say so."""
    return run(
        participant={"alpha_reward": 0.6, "alpha_penalty": 0.05}, data={"n_sessions": 100, "n_trials": 60}
    )


def test_library_too_small(asymmetric):
    (found,) = findings(asymmetric)
    assert found.kind == "library too small"
    assert found.changes == {"discovery": {"degree": 2}}
    assert found.action == "refit"


def test_threshold_too_high():
    result = run(data=SMALL, discovery={"threshold": 0.8})
    found = findings(result)[0]
    assert found.kind == "terms by threshold"
    assert "own value of x_value_reward_chosen fell below the threshold 0.8" in found.words
    assert found.changes == {"discovery": {"selection": "evidence"}}


def test_sign_flipped(healthy):
    flipped = replace(healthy.spice, betas={"x_value_reward": (-1.7,)})
    (found,) = findings(replace(healthy, spice=flipped))
    assert found.kind == "sign flipped"


def test_an_arm_hardly_sampled():
    found = findings(
        run(task={"kind": "fixed"}, participant={"beta_reward": 8}, data={"n_sessions": 30, "n_trials": 100})
    )
    assert "hardly sampled" in [one.kind for one in found]


def test_little_data():
    found = {one.kind: one for one in findings(run(data={"n_sessions": 5, "n_trials": 40}))}
    assert re.search(
        r"195 choices, .* wide errors: the equations' (learning rate α|inverse temperature β) \S+ ± \d",
        found["little data"].words,
    )
    assert found["little data"].changes["data"]["n_sessions"] >= 50


def test_enough_choices_may_be_too_few_for_what_is_claimed():
    """Of 1,600 choices that hardly follow the values, little is known of the participant."""
    result = run(participant={"beta_reward": 0.6}, data={"n_sessions": 17, "n_trials": 100})
    found = {one.kind: one for one in findings(result)}["little data"]
    sure = result.uncertainty[0].parameters
    beta = classical_parameters(result.spice, RescorlaWagnerRNN)["beta_reward"]
    width = max(sure["alpha_reward"] / 0.1, sure["beta_reward"] / (0.25 * abs(beta)))
    assert width > 1
    assert found.words.startswith("All coefficients rest on 1683 choices, which leaves them wide errors: ")
    assert found.changes["data"]["n_sessions"] == min(int(np.ceil(17 * 1.1 * width**2)), 2000)
    assert found.others[0].changes["data"]["n_sessions"] > found.changes["data"]["n_sessions"]


def test_a_redundant_term():
    """Without a threshold every candidate is kept, also what is not true."""
    result = run(data={"n_sessions": 100, "n_trials": 60}, discovery={"degree": 2, "threshold": 0.0})
    found = {one.kind: one for one in findings(result)}["terms by threshold"]
    assert "so that it may as well be 0" in found.words
    assert found.action == "refit"
    assert found.changes == {"discovery": {"selection": "evidence"}}


def test_the_redundant_terms_remedy_leaves_it_out():
    app = explorer(start=False)
    app.experiment.follow_library = False
    app.experiment.data.put({"n_sessions": 100, "n_trials": 60})
    app.experiment.discovery.put({"degree": 2, "threshold": 0.0})
    assert app.runner.train()
    assert app.runner.wait(120)
    said = [row for row in app.guide.coach.rows.children if "terms by threshold" in words_of(row)]
    before = {term for term, _ in app.runner.result.spice.equation(CHOSEN).active}
    said[0].children[1].click()
    assert app.runner.wait(120)
    after = {term for term, _ in app.runner.result.spice.equation(CHOSEN).active}
    assert after < before
    assert app.experiment.discovery.selection == "evidence"
    assert app.guide.coach.alert.value == ""


def test_a_number_that_stands_in_for_others_is_not_redundant(healthy):
    """Its interval covers 0, but only since another number can take its place."""
    sure = healthy.uncertainty[0]
    wide = {CHOSEN: dict.fromkeys(sure.coefficients[CHOSEN], 0.01) | {(): 1.0}}
    alone = {CHOSEN: dict.fromkeys(sure.coefficients[CHOSEN], 0.01)}
    chosen = replace(healthy.snapshot.discovery, selection="threshold")
    for told, known in ((["terms by threshold"], wide), ([], alone)):
        traded = replace(healthy, snapshot=replace(healthy.snapshot, discovery=chosen))
        traded.__dict__["uncertainty"] = {0: replace(sure, coefficients=wide, alone=known)}
        assert kinds(traded) == told


def test_a_beta_within_its_error_is_not_a_flipped_sign(healthy):
    for error, told in ((0.1, []), (0.001, ["sign flipped"]), (inf, ["sign flipped"])):
        flipped = replace(healthy, spice=replace(healthy.spice, betas={"x_value_reward": (-0.02,)}))
        sure = replace(healthy.uncertainty[0], betas={"x_value_reward": error}, parameters={})
        flipped.__dict__["uncertainty"] = {0: sure}
        assert kinds(flipped) == told


def test_of_many_participants_errors_are_not_waited_for(healthy):
    spice = replace(
        healthy.spice,
        participants=tuple(range(MANY_PARTICIPANTS + 1)),
        equations={CHOSEN: healthy.spice.equations[CHOSEN] * (MANY_PARTICIPANTS + 1)},
    )
    crowd = replace(healthy, spice=spice)
    crowd.__dict__["uncertainty"] = None  # would fail
    assert findings(crowd) == ()


def test_missing_trials(healthy):
    choices = healthy.choices.copy()
    choices[0, 50:] = -1
    assert findings(replace(healthy, choices=choices)) == ()  # that session was shorter
    choices[1, 20:50] = -1
    (found,) = findings(replace(healthy, choices=choices))
    assert found.kind == "missing trials"
    assert found.words.startswith(f"{30 / (choices.size - 50):.1%} of the trials have no choice.")
    assert found.remedy == ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10))
def test_it_says_nothing_of_ten_healthy_runs(seed):
    presets = [{}, {"participant": {"forget_rate": 0.2}, "model": {"name": "forgetting"}}]
    assert kinds(run(**presets[seed % 2], data={"seed": seed})) == []


def test_other_resamples_do_not_silence_it(healthy):
    app = explorer(start=False)
    app.runner.store.result = replace(healthy, choices=healthy.choices[:5])
    app.experiment.studied = {"uncertainty": app.experiment.snapshot()}
    app.experiment.uncertainty.n_resamples = 50
    assert list(app.experiment.stale_because) == ["uncertainty"]
    assert "little data" in words_of(app.guide.coach.rows.children[0])


def test_the_remedy_is_tried_by_one_button():
    app = explorer(start=False)
    assert app.guide.coach.rows.children == ()
    app.experiment.follow_library = False
    app.experiment.data.put(SMALL)
    app.experiment.discovery.threshold = 0.8
    assert app.runner.train()
    assert app.runner.wait(120)
    words, button = app.guide.coach.rows.children[0].children
    assert "terms by threshold" in words.value
    assert "Tried: the evidence for the equations is" in words.value
    button.click()
    assert app.runner.wait(120)
    assert app.experiment.discovery.selection == "evidence"
    assert app.runner.result.spice.equation("x_value_reward_chosen").coefficient("x_value_reward_chosen") != 0
    assert app.guide.coach.alert.value == ""
    assert np.isfinite(app.runner.result.comparison.loc["spice", "nll"])
    assert "terms by threshold" not in words_of(app.guide.coach.rows)
    app.experiment.discovery.put({"selection": "auto", "threshold": 0.7})  # by hand: it may be said again
    assert app.runner.refit()
    assert app.runner.wait(120)
    _, button = app.guide.coach.rows.children[0].children
    assert button.description == "Find again, with terms chosen by evidence"


def test_what_does_not_help_is_not_proposed_and_that_is_said():
    """A fixed task samples one option hardly; the numbers are right all the same."""
    experiment = Experiment()
    experiment.from_dict({"task": {"kind": "fixed"}, "participant": {"beta_reward": 8}})
    experiment.data.n_sessions = 30
    runner = Runner(experiment)
    assert runner.train()
    assert runner.wait(120)
    rare = {one.kind: one for one in runner.advice}["hardly sampled"]
    assert rare.remedy == ""
    assert rare.tried == "Tried, and no better: Train on a task with drift σ 0.2."
    assert experiment.task.kind == "fixed"


def test_a_trial_is_given_up_when_the_settings_move_on():
    experiment = Experiment()
    experiment.from_dict({"data": {"n_sessions": 5, "n_trials": 40}})
    runner = Runner(experiment)
    begun = []

    def move(_):
        if experiment.run.phase == "advise" and not begun:
            begun.append(True)
            experiment.data.seed = 7

    experiment.run.observe(move, "phase")
    assert runner.train()
    assert runner.wait(120)
    assert begun
    assert experiment.run.status == "done"
    assert [one.remedy for one in runner.advice] == [""]


def test_participants_of_few_choices_are_pooled():
    result = run(data={"n_participants": 5, "n_sessions": 20, "n_trials": 60}, participant={"variation": 0.2})
    found = {one.kind: one for one in findings(result)}["each alone"]
    assert "each of 5 participants rest on 236 choices of their own" in found.words
    assert found.changes == {"discovery": {"pooling": "group"}}


def test_participants_who_differ_name_the_embedding():
    """A network that cannot tell people apart, and equations with numbers of each one's own."""
    result = run(data={"n_participants": 2}, participant={"variation": 0.3})
    found = {one.kind: one for one in findings(result)}["participants differ"]
    assert found.remedy == "Train the model participant-embedding"
    assert found.changes == {"model": {"name": "participant-embedding"}}


def test_choices_like_guesses_are_too_noisy_to_tell():
    found = {
        one.kind: one for one in findings(run(participant={"beta_reward": 0.2}, data={"n_sessions": 10}))
    }
    assert "990 choices hardly differ from guesses" in found["too noisy"].words
    assert not found.keys() & {"too slow", "little data"}


def test_learning_may_be_too_slow_to_tell(healthy):
    slow = replace(healthy)
    sure = healthy.uncertainty[0]
    parameters = dict(sure.parameters) | {"alpha_reward": 0.2}
    slow.__dict__["uncertainty"] = {0: replace(sure, parameters=parameters)}
    found = {one.kind: one for one in findings(slow)}
    assert re.search(
        r"equations' learning rate α is 0\.\d+ ± 0\.20 \(delta method\), where the participant's is 0\.3\.",
        found["too slow"].words,
    )
    assert "little data" not in found


def test_a_learning_rate_has_its_owner(healthy):
    """Of two participants, the one of whom it is read."""
    facts = facts_of(healthy)
    sure = healthy.uncertainty[0]
    wide = replace(sure, parameters=dict(sure.parameters) | {"alpha_reward": 0.2})
    spice = replace(
        healthy.spice,
        participants=("ann", "bob"),
        equations={CHOSEN: healthy.spice.equations[CHOSEN] * 2},
        betas={state: values * 2 for state, values in healthy.spice.betas.items()},
    )
    n = len(healthy.choices)
    two = replace(
        facts,
        people=["ann"] * (n // 2) + ["bob"] * (n - n // 2),
        spice=spice,
        truth=None,
        find_errors=lambda: {"ann": sure, "bob": wide},
        parameters=lambda label: {"alpha_reward": {"ann": 0.2, "bob": 0.03}[label]},
    )
    found = {one.kind: one for one in findings_of(two)}
    assert "of the equations of participant bob the learning rate α is 0.03 ±" in found["too slow"].words
    assert "in 1 of 2 participants" in found["too slow"].words


def test_a_parameter_that_people_call_missing_has_no_value_here(healthy):
    """The coach named an α of somebody whose row in the table of people has none."""
    facts = facts_of(healthy)
    sure = healthy.uncertainty[0]
    wide = replace(sure, parameters=dict(sure.parameters) | {"alpha_reward": 0.2})
    slow = replace(facts, find_errors=lambda: {0: wide}, missing=lambda _: {"alpha_reward"})
    assert all(name != "alpha_reward" for _, name, _ in slow.widths)
    words = {one.kind: one for one in findings_of(slow)}["too slow"].words
    assert "the equations' learning rate α is not identified, where the participant's is 0.3" in words
    assert "±" not in words


@pytest.fixture(scope="module")
def repeating():
    """A participant with a choice kernel, and a model without a part for it."""
    return run(participant={"beta_choice": 1.0}, data={"n_sessions": 40, "n_trials": 60})


def test_what_the_coach_takes_for_missing_is_missing_in_people(repeating):
    people = repeating.people
    assert set(facts_of(repeating).missing(0)) == {name for name in people if people[name].isna().all()}


def test_a_mechanism_that_the_model_lacks_is_named_and_epochs_are_not_blamed(repeating):
    found = {one.kind: one for one in findings(repeating)}
    assert not found.keys() & {"stuck", "not converged"}
    missing = found["mechanism missing"]
    assert "choice kernel" in missing.words
    assert missing.changes == {"model": {"name": "choice"}}
    assert verdict_of(facts_of(repeating)).remarks == ("mechanism missing",)


def test_epochs_are_blamed_only_while_the_loss_falls(healthy):
    """A network that rests far above its equations has a bad start."""
    last = healthy.comparison.loc["spice", "nll"] + 0.1
    scores = healthy.comparison.copy()
    scores.loc["rnn", "nll"] = last
    for fall, epochs in ((0.0, False), (2e-3, True)):
        history = tuple({**row, "train_loss": last - fall * at} for at, row in enumerate(healthy.history))
        training = replace(healthy.snapshot.training, epochs=len(history))
        (found,) = findings_of(replace(facts_of(healthy), scores=scores, history=history, training=training))
        assert found.kind == "stuck"
        assert ("epochs" in found.changes["training"]) == epochs


def test_a_rival_that_is_ahead_of_network_and_equations_is_what_is_missing(healthy):
    """By evidence: the network is not charged for its weights."""
    known = facts_of(replace(healthy, truth=None))
    network = -known.score("rnn") * known.n_choices
    behind = replace(known, made_by={}, rivals={"pearce-hall": network + 4.0, "random": network - 900})
    assert behind.leading_rival is None
    ahead = replace(behind, rivals={"pearce-hall": network + 20.0, "random": network - 900})
    found = {one.kind: one for one in findings_of(ahead)}
    assert "pearce-hall (the learning rate of an option follows" in found["mechanism missing"].words
    told = verdict_of(ahead)
    assert told.remarks == ("mechanism missing",)
    assert "by 20 nats" in told.sentences[1]


def test_a_rival_that_has_no_more_than_the_model_is_no_missing_mechanism(healthy):
    known = facts_of(replace(healthy, truth=None))
    best = -(known.score("rnn") - 0.05) * known.n_choices
    found = {one.kind: one for one in findings_of(replace(known, rivals={"two-rates": best}))}
    assert "stuck" in found
    assert "mechanism missing" not in found


def test_on_the_page_rivals_of_a_table_are_asked_before_the_network_is_blamed(repeating):
    """They are fitted once for the choices, and not where the truth is known."""
    data = replace(repeating.data, rivals={})
    table = replace(repeating, truth=None, simulated=data)
    assert "kernel" not in verdict(table)
    asked = dict(rivals_of(table, lambda: len(data.rivals) < 8))
    assert list(asked) == list(data.rivals) == list(RIVALS)[:8]
    assert all(np.isfinite(value) for value in asked.values())
    assert max(asked, key=asked.get) in ("with-kernel", "choice-kernel")
    assert dict(rivals_of(repeating, lambda: True)) == {}
    named = {one.kind for one in findings(table)}
    assert "mechanism missing" in named
    assert "-kernel expects them better than network and equations" in verdict(table)


def test_an_own_value_that_was_left_out_is_brought_back():
    """And no square of it is asked for."""
    experiment = Experiment()
    experiment.from_dict({"data": {"n_sessions": 40, "n_trials": 60}})
    experiment.discovery.change(CHOSEN, without=((CHOSEN,),))
    runner = Runner(experiment)
    assert runner.train()
    assert runner.wait(120)
    own = {one.kind: one for one in runner.advice}["library too small"]
    assert own.action == "refit"
    assert own.tried.startswith("Tried: ")
    (library,) = dict(own.changes["discovery"]["libraries"]).values()
    assert library.without == ()


def test_a_move_in_the_library_trains_nothing(monkeypatch):
    """What was tried after the training stays."""
    experiment = Experiment()
    experiment.from_dict({"data": {"n_sessions": 5, "n_trials": 40}})
    experiment.follow_library = False
    runner = Runner(experiment)
    assert runner.train()
    assert runner.wait(120)
    (before,) = runner.advice
    assert before.remedy.startswith("Train on ")
    monkeypatch.setattr("spicewidgets.app.job.Fit", None)
    experiment.discovery.price = 4.0
    assert runner.refit()
    assert runner.wait(120)
    assert runner.advice == (before,)


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (1.2, "learning rate α −0.20 ± 0.01. Here they mean that the value of an option grows"),
        (-0.5, "learning rate α 1.50 ± 0.01. Here they mean that the value of an option swings"),
    ],
)
def test_numbers_that_no_q_learner_has(healthy, weight, words):
    (equation,) = healthy.spice.equations[CHOSEN]
    values = [weight if term == (CHOSEN,) else value for term, value in equation.active]
    other = replace(equation, terms=tuple(term for term, _ in equation.active), values=tuple(values))
    result = replace(healthy, spice=replace(healthy.spice, equations={CHOSEN: (other,)}))
    result.__dict__["uncertainty"] = healthy.uncertainty
    found = {one.kind: one for one in findings(result)}
    assert words in found["no Q-learner"].words
    assert not found.keys() & {"too slow", "little data"}


def test_numbers_that_were_tuned_for_the_worse(healthy):
    gains = {0: TuningGain(-80.0, 300, 3), 1: TuningGain(12.0, 300, 3)}
    (found,) = findings_of(replace(facts_of(healthy), gains=gains))
    assert found.kind == "tuned for the worse"
    assert found.words.startswith(
        "The coefficients of 1 of 2 participants were tuned to the choices, and predict"
    )
    assert "by 80 nats" in found.words


def test_after_a_while_no_further_trial_is_begun(monkeypatch):
    monkeypatch.setattr("spicewidgets.app.job.PATIENCE", -1.0)
    experiment = Experiment()
    experiment.from_dict({"data": {"n_sessions": 5, "n_trials": 40}})
    runner = Runner(experiment)
    assert runner.train()
    assert runner.wait(120)
    assert [one.remedy for one in runner.advice] == [""]
