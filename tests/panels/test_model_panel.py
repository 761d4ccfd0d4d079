"""The model panel without a browser: choosing, building row by row, the picture, and a class of one's own."""

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given, settings, strategies as st

import spicewidgets as sw
from spicewidgets.apps import explorer, panel
from spicewidgets.panels.builder import LABELS
from spicewidgets.panels.diagram import diagram
from spicewidgets.state.builder import TEMPLATES, BuiltModel, BuiltModule, BuiltState
from spicewidgets.state.model import YOUR_OWN


@pytest.fixture
def made():
    return panel("model")


def rows(made, what="modules"):
    return getattr(made.builder, what).children


def alerts(made):
    every = [made, made.builder, *rows(made, "states"), *rows(made)]
    return [one.alert.value for one in every if one.alert.value]


def texts(svg):
    """Title, description and words of a picture; it must be well-formed."""
    root = ET.fromstring(svg[svg.index("<svg") :])
    return root, " ".join("".join(node.itertext()) for node in root)


@pytest.mark.seed(91)
@pytest.mark.parametrize("name", TEMPLATES)
def test_every_precoded_model_has_a_picture_and_the_same_in_words(made, name):
    made.names.value = name
    assert made.experiment.model.name == name
    root, told = texts(made.picture.value)
    labels = [root.find(f".//*[@id='{part}']") for part in root.get("aria-labelledby").split()]
    assert all(label is not None and label.text for label in labels)
    for row in (*TEMPLATES[name].states, *TEMPLATES[name].modules):
        assert row.name in told
        assert row.name in made.list.value
    assert made.builder.layout.display == "none"
    assert made.size.layout.display == ("" if TEMPLATES[name].participants else "none")
    assert alerts(made) == []


def test_building_begins_with_a_template(made):
    made.template.value = "choice"
    made.build.click()
    model = made.experiment.model
    assert (model.name, made.names.value) == (YOUR_OWN, YOUR_OWN)
    assert model.built == TEMPLATES["choice"]
    assert made.builder.layout.display == ""
    assert [row.parts["name"].value for row in rows(made)] == [m.name for m in model.built.modules]
    assert made.builder.participants.value is True
    assert "can be written in this model" in made.truth.value
    assert "class YourRNN(BaseRNN):" in made.python.value
    assert alerts(made) == []


def test_a_model_is_put_together_row_by_row(made):
    made.build.click()
    made.builder.add_module.click()  # add a module
    model, row = made.experiment.model, rows(made)[1]
    assert model.built == TEMPLATES["forgetting"]
    row.parts["name"].value = "x_fade"
    row.parts["arms"].value = "all"
    assert alerts(made) == []
    row.parts["activation"].value = "tanh"
    next(box for box in row.inputs.children if box.description == "c_action").value = True
    assert model.built.modules[1] == BuiltModule(
        "x_fade", "x_value_reward", "all", ("c_action",), activation="tanh"
    )
    assert "must be moved by one module" in rows(made, "states")[0].problems.value
    assert made.python.value == ""
    rows(made)[0].remove.click()
    assert made.experiment.problems == []
    assert [row.parts["name"].value for row in rows(made)] == ["x_fade"]
    assert made.picture.value.count('class="module') == 1
    assert "Nothing in the participant stands for" in made.truth.value or "such states" in made.truth.value
    made.builder.undo.click()
    assert len(rows(made)) == len(model.built.modules) == 2
    assert alerts(made) == []


def test_a_renamed_state_is_offered_under_its_new_name(made):
    made.template.value = "learning-rate"
    made.build.click()
    rows(made, "states")[0].parts["name"].value = "x_rate"
    assert made.experiment.problems == []
    assert rows(made)[0].parts["state"].value == "x_rate"
    assert "x_rate" in [box.description for box in rows(made)[1].inputs.children if box.value]


def test_rows_stay_where_they_are_while_values_change(made):
    made.template.value = "choice"
    made.build.click()
    before = rows(made)
    rows(made, "states")[1].parts["initial"].value = 1.5
    assert made.experiment.model.built.states[1].initial == 1.5
    assert rows(made) == before
    rows(made, "states")[1].remove.click()
    assert rows(made) == before[:2]
    assert made.experiment.problems == []


def test_every_field_says_what_it_means(made):
    made.build.click()
    told = "".join(
        one.value for one in made.builder.children if hasattr(one, "value") and isinstance(one.value, str)
    )
    for row in (rows(made, "states")[0], rows(made)[0]):
        for name, part in row.parts.items():
            assert part.description
            assert f"<b>{LABELS[name]}</b>: " in told
    assert "(-10 to 10)" in told
    assert "<b>c_reward_chosen</b>: The reward of the chosen arm, for every arm." in told


def test_what_is_removed_is_closed_and_what_stays_is_the_same_widget(made):
    made.build.click()
    made.builder.add_state.click()
    row, gone = rows(made)[0], rows(made)[1]
    boxes = {box.description: box for box in row.inputs.children}
    assert list(boxes) == ["c_reward", "c_reward_chosen", "x_state"]
    rows(made, "states")[1].remove.click()
    assert [boxes[box.description] is box for box in row.inputs.children] == [True, True]
    assert boxes["x_state"].comm is None
    assert gone.comm is None
    made.experiment.model.built = "nothing"
    assert rows(made) == ()
    made.build.click()
    assert len(rows(made)) == 1
    assert alerts(made) == []


def test_everything_can_be_removed_and_what_is_missing_is_said(made):
    made.build.click()
    rows(made)[0].remove.click()
    rows(made, "states")[0].remove.click()
    assert made.experiment.model.built == BuiltModel((), ())
    assert "one learned module or more" in made.builder.problems.value
    assert made.experiment.blocked["train"]
    texts(made.picture.value)
    for button in (made.builder.add_module, made.builder.add_state):
        button.click()
    assert alerts(made) == []


def test_what_the_participant_does_decides_whether_there_is_a_truth(made):
    made.build.click()
    assert "can be written" in made.truth.value
    made.experiment.participant.forget_rate = 0.2
    assert "The participant has forgetting" in made.truth.value
    made.names.value = "forgetting"
    assert made.truth.value == ""


class Mine(sw.ForgettingRNN):
    """My own <idea> of forgetting."""


class Broken(sw.ForgettingRNN):
    """Does not run."""

    def forward(self, inputs, prev_state=None, batch_first=False):
        raise ZeroDivisionError("in <my> forward")


def test_a_class_of_ones_own_is_in_the_list_with_its_picture():
    made = panel("model", models=[(Mine, sw.FORGETTING_RNN_CONFIG)])
    made.names.value = "Mine"
    assert made.experiment.model.name == "Mine"
    assert "&lt;idea&gt;" in made.description.value
    assert "x_value_reward_not_chosen" in texts(made.picture.value)[1]
    made.template.value = "Mine"
    made.build.click()
    assert made.experiment.model.built == TEMPLATES["forgetting"]
    assert alerts(made) == []


def test_a_class_that_does_not_run_is_a_sentence_and_its_config_is_shown():
    made = panel("model", models=[(Broken, sw.FORGETTING_RNN_CONFIG)])
    made.names.value = "Broken"
    assert "Broken could not be run for a picture: in &lt;my&gt; forward" in made.picture.value
    assert "x_value_reward_not_chosen" in made.list.value
    assert alerts(made) == []


def test_a_class_that_is_registered_later_does_not_change_the_choice(made):
    made.names.value = "forgetting"
    made.experiment.model.register(Mine, sw.FORGETTING_RNN_CONFIG)
    assert "Mine" in made.names.options
    assert made.experiment.model.name == made.names.value == "forgetting"


def test_back_to_defaults_takes_back_what_was_built(made):
    made.template.value = "choice"
    made.build.click()
    made._back()
    assert made.experiment.model.name == "rescorla-wagner"
    assert made.experiment.model.built == BuiltModel()
    assert alerts(made) == []


def test_a_built_model_is_trained_and_has_an_equation_and_its_truth():
    app = explorer(start=False)
    app.experiment.data.n_sessions, app.experiment.data.n_trials = 8, 20
    app.experiment.training.epochs = 30
    made = app.panels["model"]
    made.build.click()
    rows(made, "states")[0].parts["name"].value = "x_q"
    assert app.runner.train()
    assert app.runner.wait(120)
    assert app.experiment.run.status == "done", app.experiment.run.message
    assert list(app.runner.result.spice.equations) == ["x_q_chosen"]
    assert app.runner.result.truth.equation("x_q_chosen").coefficient("c_reward") == pytest.approx(0.9)
    rows(made, "states")[0].parts["initial"].value = 0.2
    assert "other states and modules" in app.experiment.stale_because["train"]
    assert alerts(made) == []


def fields(made):
    """Every control of the builder that takes a value, with values to try."""
    for row in (*rows(made, "states"), *rows(made)):
        for part in row.parts.values():
            if hasattr(part, "options"):
                yield part, [value for _, value in part.options]
            else:
                kind = type(part.value)
                yield part, {str: ["x_a", "x_b", "b"], float: [0.0, 99.0], bool: [True, False]}[kind]
        yield from (
            (box, [True, False]) for box in getattr(row, "inputs", row).children if hasattr(box, "indent")
        )


def buttons(made):
    every = (*rows(made, "states"), *rows(made))
    own = (made.builder.add_state, made.builder.add_module, made.builder.undo, made.build)
    return [*own, *(row.remove for row in every)]


@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_no_order_of_clicks_throws_and_the_rows_are_those_of_the_model(data):
    made = panel("model")
    made.build.click()
    for _ in range(data.draw(st.integers(5, 30))):
        if data.draw(st.booleans()):
            buttons(made)[data.draw(st.integers(0, 30)) % len(buttons(made))].click()
        elif known := list(fields(made)):
            part, values = known[data.draw(st.integers(0, 99)) % len(known)]
            part.value = data.draw(st.sampled_from(values))
        assert alerts(made) == []
        built = made.experiment.model.built
        assert [row.parts["name"].value for row in rows(made)] == [m.name for m in built.modules]
        assert [row.parts["choice"].value for row in rows(made, "states")] == [s.choice for s in built.states]


NAMES = st.text(max_size=60) | st.sampled_from(["x_a", "x_b", "x_" + "w" * 38])
ANY = st.builds(
    BuiltModel,
    st.lists(st.builds(BuiltState, NAMES, st.floats(), NAMES), max_size=4).map(tuple),
    st.lists(
        st.builds(BuiltModule, NAMES, NAMES, NAMES, st.lists(NAMES, max_size=4).map(tuple), NAMES, NAMES),
        max_size=5,
    ).map(tuple),
    st.booleans(),
)


@settings(max_examples=60, deadline=None)
@given(ANY)
def test_whatever_is_described_has_a_picture_with_no_foreign_mark_in_it(built):
    svg = diagram(built, "any")
    assert "<script" not in svg
    assert svg.count("<rect") >= len(built.states) + 1
    printable = "".join(c for c in svg if c in "\t\n\r" or (c >= " " and c not in "\ufffe\uffff"))
    if printable == svg and not any(0xD800 <= ord(c) < 0xE000 for c in svg):
        texts(svg)


@settings(max_examples=15, deadline=None)
@given(built=ANY)
def test_rows_show_whatever_is_described(built):
    made = panel("model")
    made.experiment.model.put({"name": YOUR_OWN, "built": built})
    assert len(rows(made)) == len(built.modules)
    assert made.experiment.model.built == built or any(s.initial != s.initial for s in built.states)
    assert alerts(made) == []


def test_a_module_that_is_added_is_valid_or_cannot_be_added():
    made = panel("model")
    made.build.click()
    for _ in range(4):
        if made.builder.add_module.disabled:
            assert "Add a state" in made.builder.add_module.tooltip
            made.builder.add_state.click()
        made.builder.add_module.click()
        assert not made.experiment.model.built.problems(), made.experiment.model.built.problems()
