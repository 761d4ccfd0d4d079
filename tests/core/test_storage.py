"""Model files: what comes back is what went in, to the last bit; all else is refused and changes nothing."""

import io
import json
import os
import pickle
import stat
import time
from copy import deepcopy

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from safetensors.torch import load, save
from sklearn.exceptions import NotFittedError

from spicewidgets import (
    FORGETTING_RNN_CONFIG,
    PARTICIPANT_EMBEDDING_RNN_CONFIG,
    RESCORLA_WAGNER_CONFIG,
    AgentQ,
    BanditsDrift,
    BaseRNN,
    ForgettingRNN,
    ParticipantEmbeddingRNN,
    RescorlaWagnerRNN,
    SettingsError,
    SpiceConfig,
    SpiceEstimator,
    create_dataset,
    replay,
)
from spicewidgets.core import files as values, storage
from spicewidgets.core.data.splits import concat
from spicewidgets.core.storage import StorageError

CHOSEN, NOT_CHOSEN = "x_value_reward_chosen", "x_value_reward_not_chosen"
DATA = create_dataset(AgentQ(alpha_reward=0.3), BanditsDrift(sigma=0.2), 15, 6, random_state=1)[0]
NAMED = concat([DATA, DATA], participants=["anna", "bob"])


def new(rnn_class=RescorlaWagnerRNN, spice_config=RESCORLA_WAGNER_CONFIG, **parameters):
    small = {"epochs": 12, "n_starts": 1, "n_trials_off_policy": 60, "random_state": 0}
    return SpiceEstimator(rnn_class, spice_config, **{**small, **parameters})


def embedded(**parameters):
    return new(ParticipantEmbeddingRNN, PARTICIPANT_EMBEDDING_RNN_CONFIG, epochs=9, **parameters)


FITTED = new().fit(DATA)
EMBEDDED = embedded().fit(NAMED)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    FITTED.save_spice(folder / "rnn", folder / "spice")
    EMBEDDED.save_spice(folder / "embedded_rnn", folder / "embedded_spice")
    return folder


def assert_same_answers(a, b, data=DATA):
    for p, q in zip(a.predict(data), b.predict(data), strict=True):
        np.testing.assert_array_equal(p, q)
    assert a.spice_model_ == b.spice_model_
    assert a.participants_ == b.participants_


def known(estimator):
    """All that an estimator holds, and what it answers."""
    holds = {name: id(value) for name, value in vars(estimator).items()}
    answers = [p.tobytes() for p in estimator.predict(DATA)] if hasattr(estimator, "rnn_model_") else []
    return holds, answers


def refused(call, match, estimator=None):
    estimator = estimator or deepcopy(FITTED)
    before = known(estimator)
    with pytest.raises(StorageError, match=match):
        call(estimator)
    assert known(estimator) == before


# What comes back


@pytest.mark.seed(102)
def test_both_files_to_the_last_bit(files):
    """S102: predictions equal to 0.0."""
    assert_same_answers(new().load_spice(files / "rnn", files / "spice"), FITTED)
    assert_same_answers(
        embedded().load_spice(files / "embedded_rnn", files / "embedded_spice"), EMBEDDED, NAMED
    )


@pytest.mark.seed(101, 105)
@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ({"path_rnn": "a.pkl"}, ["a.pkl"]),
        ({"path_spice": "b.anything"}, ["b.anything"]),
        ({"path_rnn": "c", "path_spice": "d.json"}, ["c", "d.json"]),
    ],
)
def test_exactly_the_named_files_are_written(tmp_path, arguments, written):
    """S101, S105: any suffix, or none."""
    FITTED.save_spice(**{name: str(tmp_path / path) for name, path in arguments.items()})
    assert sorted(os.listdir(tmp_path)) == written
    loaded = new().load_spice(**{name: tmp_path / path for name, path in arguments.items()})
    assert loaded.participants_ == (0,)


def test_a_saved_file_can_be_read_by_others(tmp_path):
    """A file of one's own: not only readable by the one who saved it, as temporary files are."""
    FITTED.save_spice(tmp_path / "rnn")
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(os.stat(tmp_path / "rnn").st_mode) == 0o666 & ~umask


@pytest.mark.seed(103)
def test_weights_alone(files):
    """S103: and what is missing is said."""
    loaded = new().load_spice(path_rnn=files / "rnn")
    np.testing.assert_array_equal(
        replay(loaded.rnn_agent, DATA).probabilities[:, 1:], FITTED.predict(DATA)[0]
    )
    with pytest.raises(NotFittedError, match=r"has no spice_agent yet\. Call fit"):
        loaded.predict(DATA)
    with pytest.raises(
        NotFittedError, match="The equations need the data for their samples, which are not saved"
    ):
        loaded.discover()
    assert loaded.load_spice_model(files / "spice") is loaded
    assert_same_answers(loaded, FITTED)


@pytest.mark.seed(103)
def test_equations_alone(files):
    """S103, F13."""
    loaded = new().load_spice(path_spice=files / "spice")
    np.testing.assert_array_equal(
        replay(loaded.spice_agent, DATA).probabilities[:, 1:], FITTED.predict(DATA)[1]
    )
    assert loaded.print_spice_model().text() == FITTED.spice_model_.text()
    with pytest.raises(NotFittedError, match=r"has no rnn_agent yet\. Call fit"):
        loaded.predict(DATA)
    with pytest.raises(NotFittedError, match="has no rnn_model yet"):
        loaded.save_spice("rnn")
    assert loaded.load_rnn_model(files / "rnn") is loaded
    assert not hasattr(loaded, "spice_agent")  # equations of other weights are not taken along


def test_equations_alone_with_betas_of_several_people(files):
    loaded = embedded().load_spice(path_spice=files / "embedded_spice")
    assert loaded.participants_ == ("anna", "bob")
    for label in ("anna", "bob"):
        assert loaded.spice_model_.text(label) == EMBEDDED.spice_model_.text(label)
    np.testing.assert_array_equal(
        replay(loaded.spice_agent, NAMED).probabilities[:, 1:], EMBEDDED.predict(NAMED)[1]
    )


def test_rows_of_the_data_still_stand_for_the_same_people(files):
    """The codes of labelled participants are saved with them."""
    loaded = embedded().load_spice(files / "embedded_rnn", files / "embedded_spice")
    for session in (0, 9):
        for p, q in zip(loaded.predict(NAMED.xs[session]), EMBEDDED.predict(NAMED), strict=True):
            np.testing.assert_allclose(p[0], q[session], atol=1e-12)


class TheSameRNN(RescorlaWagnerRNN):
    """A class of the user's own with the same modules (S104)."""


@pytest.mark.seed(104)
def test_into_another_class_of_the_same_structure(files):
    same = SpiceConfig(
        {CHOSEN: ["c_reward"]}, {CHOSEN: ["c_action", 1, True]}, ["c_action", "c_reward"], [CHOSEN]
    )
    loaded = new(TheSameRNN, same).load_spice(files / "rnn", files / "spice")
    assert_same_answers(loaded, FITTED)
    assert type(loaded.rnn_model_) is TheSameRNN


def test_a_loaded_model_can_be_trained_on_and_saved_again(files, tmp_path):
    loaded = new(warm_start=True, optimizer="adam", n_starts=None).load_spice(files / "rnn", files / "spice")
    assert loaded.fit(DATA).history_[0].train_loss == pytest.approx(FITTED.history_[-1].train_loss, abs=0.02)
    loaded.save_spice(tmp_path / "rnn", tmp_path / "spice")
    assert_same_answers(new().load_spice(tmp_path / "rnn", tmp_path / "spice"), loaded)


@pytest.mark.parametrize("deterministic", [False, True])
def test_agents_that_are_loaded_draw_unless_asked_not_to(files, deterministic):
    """F18."""
    loaded = new().load_spice(files / "rnn", files / "spice", deterministic=deterministic)
    for agent in (loaded.rnn_agent, loaded.spice_agent):
        agent.new_sess(n_sessions=200, random_state=0)
        assert len(set(agent.get_choice().tolist())) == 1 + (not deterministic)


def test_equations_of_one_participant_among_several(tmp_path):
    one = embedded(spice_participant_id="bob").fit(NAMED)
    one.save_spice(tmp_path / "rnn", tmp_path / "spice")
    loaded = embedded().load_spice(tmp_path / "rnn", tmp_path / "spice")
    assert list(loaded.get_spice_agents()) == ["bob"]
    assert loaded.spice_model_ == one.spice_model_


@pytest.mark.parametrize(
    "labels", [[7, 3], [2.5, -1], ["ä €", ""], [True, "x"], [np.int64(4), np.float64(0.1)]]
)
def test_labels_come_back(tmp_path, labels):
    data = concat([DATA, DATA], participants=labels)
    embedded().fit(data).save_spice(tmp_path / "rnn", tmp_path / "spice")
    loaded = embedded().load_spice(tmp_path / "rnn", tmp_path / "spice")
    assert loaded.participants_ == tuple(labels)
    assert loaded.predict(data)[1].shape == (12, 15, 2)


def test_labels_that_no_file_can_hold_come_back_as_text(tmp_path):
    data = concat([DATA, DATA], participants=[("a", 1), ("b", 2)])
    embedded().fit(data).save_spice(tmp_path / "rnn", tmp_path / "spice")
    loaded = embedded().load_spice(tmp_path / "rnn", tmp_path / "spice")
    assert loaded.participants_ == ("('a', 1)", "('b', 2)")
    assert loaded.predict(data)[1].shape == (12, 15, 2)  # and are still known


def test_everything_an_equation_says_comes_back(tmp_path):
    wide = new(spice_library_polynomial_degree=2).fit(DATA)
    equation = wide.spice_model_.equation(CHOSEN)
    assert equation.dropped  # r^2 is r in these data
    wide.save_spice(path_spice=tmp_path / "spice")
    assert storage.read_spice_model(tmp_path / "spice").spice.equation(CHOSEN) == equation


def test_files_hold_data_only(files):
    """F13: weights as safetensors, equations as JSON; nothing in them can be run."""
    assert set(load((files / "rnn").read_bytes())) == set(FITTED.rnn_model_.state_dict())
    told = json.loads((files / "spice").read_text())
    assert set(told) == {"format", "participants", "codes", "equations", "betas", "given", "sha256"}


# What does not fit


def test_what_differs_is_listed(files):
    """S104."""
    refused(
        lambda e: e.load_spice(files / "embedded_rnn"),
        r"The weights in 'embedded_rnn' do not fit the model: betas\.x_value_reward\.linear\.bias is in the"
        r" file, not in RescorlaWagnerRNN; .*Load it into the class it was saved from, with the same"
        r" number of arms and participants\.",
    )
    refused(
        lambda e: e.load_spice(files / "rnn"),
        rf"submodules_rnn\.{NOT_CHOSEN}\.gates is missing in the file; ",
        new(ForgettingRNN, FORGETTING_RNN_CONFIG),
    )
    refused(
        lambda e: e.load_spice(path_spice=files / "embedded_spice"),
        r"The equations in 'embedded_spice' are of participants \['anna', 'bob'\], the weights of \[0\]\.",
    )
    refused(
        lambda e: e.load_spice(path_spice=files / "embedded_spice"),
        rf"RescorlaWagnerRNN has no module '{NOT_CHOSEN}'; RescorlaWagnerRNN has no beta for"
        " 'x_value_reward'",
        new(),
    )


def test_other_numbers_of_arms_or_participants_are_noticed(files):
    refused(
        lambda e: e.load_spice(files / "rnn"), r"it is for 2 arms in the file, 3 here\.", new(n_actions=3)
    )
    refused(
        lambda e: e.load_spice(files / "embedded_rnn"),
        r"participant_embedding\.0\.weight has shape \(2, 8\) in the file, \(5, 8\) in Participant",
        embedded(n_participants=5),
    )


def test_files_that_do_not_belong_together(files):
    refused(
        lambda e: e.load_spice(files / "rnn", files / "embedded_spice"),
        r"are of participants \['anna', 'bob'\], the weights of \[0\]\. Load files that belong together\.",
    )
    refused(
        lambda e: e.load_spice(path_spice=files / "spice"),
        r"are of participants \[0\], the weights of \['anna', 'bob'\]",
        deepcopy(EMBEDDED),
    )


def test_a_config_that_lacks_a_signal_of_the_equations(files):
    narrow = SpiceConfig({CHOSEN: []}, {}, ["c_action"], [CHOSEN])
    refused(
        lambda e: e.load_spice(files / "rnn", files / "spice"),
        rf"the equation of '{CHOSEN}' uses 'c_reward', which is not among the control_parameters"
        r" \['c_action'\]",
        new(spice_config=narrow),
    )


class HalfRNN(ForgettingRNN):
    """Only one of its two modules becomes an equation."""


def test_equations_that_leave_a_module_open_need_the_weights(tmp_path):
    """Else the rest would be weights that nobody has trained."""
    half = SpiceConfig(
        {CHOSEN: ["c_reward"]}, {CHOSEN: ["c_action", 1, True]}, ["c_action", "c_reward"], [CHOSEN]
    )
    fitted = new(HalfRNN, half).fit(DATA)
    fitted.save_spice(tmp_path / "rnn", tmp_path / "spice")
    refused(
        lambda e: e.load_spice(path_spice=tmp_path / "spice"),
        rf"they say nothing of submodules_rnn\.{NOT_CHOSEN}\.gates, .* so that the weights are needed too\.",
        new(HalfRNN, half),
    )
    assert_same_answers(new(HalfRNN, half).load_spice(tmp_path / "rnn", tmp_path / "spice"), fitted)


@pytest.mark.parametrize("swapped", [{"path_rnn": "spice"}, {"path_spice": "rnn"}])
def test_files_in_each_others_place(files, swapped):
    refused(
        lambda e: e.load_spice(**{name: files / path for name, path in swapped.items()}),
        r"is not a (RNN|SPICE) model that can be used .* Save it again with save_spice, or choose another",
    )


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("nowhere", r"There is no file '.*nowhere'\. Check the name and the folder\."),
        (".", r"There is no file"),
        ("no/such/folder/a", r"There is no file"),
        ("a\0b", r"There is no file"),
        ("x" * 5000, r"There is no file '.{0,200}"),
        ("", r"There is no file"),
    ],
)
def test_files_that_are_not_there(path, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(lambda e: e.load_spice(path), told)
    refused(lambda e: e.load_spice(path_spice=path), told)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("no/such/a", r"The folder '.*such' does not exist; 'a' was not saved\. Make the folder first"),
        (".", r"cannot be written"),
        ("x" * 300, r"cannot be written \(File name too long\)\. Choose another name or folder\."),
    ],
)
def test_files_that_cannot_be_written(path, told, tmp_path):
    for arguments in ({"path_rnn": tmp_path / path}, {"path_spice": tmp_path / path}):
        with pytest.raises(StorageError, match=told):
            FITTED.save_spice(**arguments)
    assert os.listdir(tmp_path) == []  # nothing half written is left behind


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    FITTED.save_spice(tmp_path / "rnn", tmp_path / "spice")
    before = (tmp_path / "rnn").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(values.os, "replace", full)
    with pytest.raises(StorageError, match=r"cannot be written \(No space left on device\)"):
        EMBEDDED.save_spice(tmp_path / "rnn")
    assert sorted(os.listdir(tmp_path)) == ["rnn", "spice"]
    assert (tmp_path / "rnn").read_bytes() == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="There are no devices as files here.")
def test_a_device_is_not_replaced():
    """As root, a name in its place would take the device from all other programs."""
    before = os.stat("/dev/full")
    with pytest.raises(StorageError, match=r"'/dev/full' cannot be written: it is a folder or a device\."):
        FITTED.save_spice("/dev/full")
    after = os.stat("/dev/full")
    assert (after.st_ino, after.st_rdev) == (before.st_ino, before.st_rdev)


def test_a_link_goes_on_to_lead_to_the_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    FITTED.save_spice(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert new().load_spice(tmp_path / "file").participants_ == (0,)


def test_a_zero_byte_in_a_name(tmp_path):
    with pytest.raises(StorageError, match=r"is no name of a file: it holds a zero byte\. Choose another\."):
        FITTED.save_spice(tmp_path / "a\0b")


def test_what_a_killed_save_left_is_removed_by_a_later_one(tmp_path):
    old, fresh = (tmp_path / f"{values.SAVING}{name}" for name in ("old", "fresh"))
    for path in (old, fresh):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    FITTED.save_spice(tmp_path / "rnn")
    assert sorted(os.listdir(tmp_path)) == [fresh.name, "rnn"]  # that one may still be written


def test_neither_file_or_one_name_for_both(tmp_path):
    with pytest.raises(SettingsError, match=r"save_spice needs path_rnn, path_spice or both; got neither\."):
        FITTED.save_spice()
    with pytest.raises(SettingsError, match=r"load_spice needs path_rnn, path_spice or both; got neither\."):
        new().load_spice()
    with pytest.raises(StorageError, match=r"Weights and equations need a file each"):
        FITTED.save_spice(tmp_path / "a", tmp_path / "a")
    with pytest.raises(SettingsError, match="rnn_class must be a class"):
        new(rnn_class=5).load_spice(tmp_path / "a")


def test_equations_that_are_no_numbers_are_not_saved(tmp_path):
    broken = deepcopy(FITTED)
    equation = broken.spice_model_.equation(CHOSEN)
    object.__setattr__(equation, "values", (float("nan"), 1.0, 1.0))
    with pytest.raises(StorageError, match=r"coefficients that are not numbers; 'spice' was not saved\."):
        broken.save_spice(path_spice=tmp_path / "spice")
    assert os.listdir(tmp_path) == []


# What is no model


class Mine:
    """Code in a pickle."""

    ran = False

    def __reduce__(self):
        return (setattr, (Mine, "ran", True))


def torch_file():
    buffer = io.BytesIO()
    torch.save({"model": FITTED.rnn_model_.state_dict()}, buffer)
    return buffer.getvalue()


@pytest.mark.seed(105)
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"\0" * 8,
        b"\xff" * 1000,
        b"{}",
        b"[]",
        b"null",
        b"3",
        b'"spicewidgets spice 1"',
        b"{" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"format": "spicewidgets spice 1"}',
        b'{"format": "spicewidgets spice 1", "sha256": "0"}',
        b"# equations\n\nx = 3\n",
        b"PK\x03\x04",
        pickle.dumps(Mine()),
        torch_file(),
        save({"a": torch.zeros(3)}),
        save({"a": torch.zeros(3)}, {"format": storage.RNN_FORMAT}),
        (10**9).to_bytes(8, "little") + b"{}",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_foreign_files(content, tmp_path):
    """S105, F13: pickles (the peer's files) are refused unread."""
    (tmp_path / "foreign.pkl").write_bytes(content)
    for arguments in ({"path_rnn": tmp_path / "foreign.pkl"}, {"path_spice": tmp_path / "foreign.pkl"}):
        refused(
            lambda e, given=arguments: e.load_spice(**given),
            r"The file 'foreign\.pkl' is not a (RNN|SPICE) model that can be used \(.+\)\. Save it again with"
            r" save_spice, or choose another file\.",
        )
    assert not Mine.ran


def test_a_huge_file_is_not_even_opened(tmp_path):
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(values.MOST_BYTES + 1)
    for arguments in ({"path_rnn": tmp_path / "huge"}, {"path_spice": tmp_path / "huge"}):
        refused(lambda e, given=arguments: e.load_spice(**given), r"more than 256 MB, too much for a model\.")


HEADER = {"format": storage.RNN_FORMAT, "participants": "[0]", "codes": "[0]", "n_actions": "2", "class": "A"}
EMPTY = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}


def weights(metadata, tensors=0):
    """A file of weights that says this, with so many empty tensors."""
    header = json.dumps({f"t{n}": EMPTY for n in range(tensors)} | {"__metadata__": HEADER | metadata})
    return len(header).to_bytes(8, "little") + header.encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b'{"format": "' + b"a" * 10_000_000 + b'"}', "a text of more than 20,000 letters"),
        (b'{"format": "' + b'\\"' * 5_000_000, "a text of more than 20,000 letters"),
        (b"[" + b"[]," * 10_000_000 + b"[]]", "more than 2,000,000 values"),
        (b"[" * 30_000_000, "more than 2,000,000 values"),
        (b"[" + b"1," * 10_000_000 + b"1]", "more than 2,000,000 values"),
        (weights({}, 100_000), "more than 10,000 tensors"),
        ((50_000_000).to_bytes(8, "little") + b" " * 50_000_000, "its header is too large"),
    ],
    ids=["text", "escapes", "lists", "depth", "numbers", "tensors", "header"],
)
def test_what_would_take_long_is_refused_before_it_is_read(content, why, tmp_path):
    """A string of 10 MB took 20 s and 1.9 GB, 120 MB of `[]` 30 s and 3.3 GB, 500,000 empty tensors 17 s."""
    (tmp_path / "huge").write_bytes(content)
    begun = time.process_time()
    load = new().load_spice
    arguments = "path_rnn" if content[0] not in b"[{" else "path_spice"
    with pytest.raises(StorageError, match=why):
        load(**{arguments: tmp_path / "huge"})
    assert time.process_time() - begun < 1


def test_labels_of_a_file_of_weights_are_bounded_too(tmp_path):
    (tmp_path / "huge").write_bytes(weights({"participants": json.dumps(["a" * 30_000]), "sha256": "0"}))
    with pytest.raises(StorageError, match="was changed or damaged"):
        new().load_spice(tmp_path / "huge")
    with pytest.raises(ValueError, match="a text of more than 20,000 letters"):
        values.parse_json(json.dumps(["a" * 30_000]).encode())


def test_files_of_ten_thousand_participants_are_read(tmp_path):
    people = {"participants": list(range(10_000)), "codes": list(range(10_000))}
    equation = {"terms": [[], [CHOSEN], ["c_reward"]], "values": [0.1, 0.7, 0.2], "dropped": [], "notes": []}
    equations = {
        CHOSEN: [equation] * 10_000,
        NOT_CHOSEN: [equation | {"terms": [[], [NOT_CHOSEN], []]}] * 10_000,
    }
    betas = {"x_value_reward": [3.0] * 10_000}
    (tmp_path / "many").write_bytes(signed(people | {"equations": equations, "betas": betas}))
    assert len(storage.read_spice_model(tmp_path / "many").participants) == 10_000


def signed(changes, drop=()):
    """A file of equations with a right checksum, as someone with ideas could make it."""
    data = {"format": storage.SPICE_FORMAT, **FITTED.spice_model_.to_dict(), "codes": [0]} | changes
    data = {name: value for name, value in data.items() if name not in drop}
    return json.dumps(data | {"sha256": values.checksum_of(data)}).encode()


EQUATION = {"terms": [[], [CHOSEN]], "values": [1.0, 2.0], "dropped": [], "notes": []}


@pytest.mark.parametrize(
    "content",
    [
        signed({}, drop=("codes",)),
        signed({}, drop=("betas",)),
        signed({"participants": []}),
        signed({"participants": [0, 1]}),
        signed({"participants": [0, 0], "codes": [0, 0], "equations": {CHOSEN: [EQUATION, EQUATION]}}),
        signed({"participants": [[0]]}),
        signed({"participants": "0"}),
        signed({"codes": ["0"]}),
        signed({"codes": [0.5]}),
        signed({"equations": {}}),
        signed({"equations": []}),
        signed({"equations": {CHOSEN: [None]}}),
        signed({"equations": {CHOSEN: EQUATION}}),
        signed({"equations": {CHOSEN: [EQUATION | {"values": [1.0]}]}}),
        signed({"equations": {CHOSEN: [EQUATION | {"values": [1.0, "__import__('os')"]}]}}),
        signed({"equations": {CHOSEN: [EQUATION | {"values": [10**400, 1.0]}]}}),
        signed({"equations": {CHOSEN: [EQUATION | {"terms": 5}]}}),
        signed({"equations": {CHOSEN: [EQUATION | {"terms": [[], ["open('/etc/passwd')"]]}]}}),
        signed({"equations": {"forward": [EQUATION]}}),
        signed({"equations": {"": [EQUATION]}}),
        signed({"betas": {"x.value": [1.0]}}),
        signed({"betas": {"x_value_reward": [1.0]}}),
        signed({"betas": {"x_value_reward": []}}),
        signed({"given": 3}),
    ],
    ids=range(24),
)
def test_files_with_a_right_checksum_and_wrong_content(content, tmp_path):
    (tmp_path / "spice").write_bytes(content)
    refused(lambda e: e.load_spice(path_spice=tmp_path / "spice"), r"'spice' (is not|do not|are of)")


def write_weights(path, tensors, **changes):
    """Write a file of weights with a right checksum."""
    told = {
        "format": storage.RNN_FORMAT,
        "class": "A",
        "n_actions": "2",
        "participants": "[0]",
        "codes": "[0]",
    }
    told |= changes
    path.write_bytes(save(tensors, told | {"sha256": storage._sum_of_weights(told, tensors)}))


@pytest.mark.parametrize(
    "change",
    [
        {"n_actions": "two"},
        {"n_actions": "3"},
        {"participants": "{"},
        {"participants": "5"},
        {"participants": "[]"},
        {"participants": "[0, 1]"},
        {"codes": "[]"},
        {"codes": "[null]"},
    ],
)
def test_weights_with_a_right_checksum_and_wrong_content(change, tmp_path):
    write_weights(tmp_path / "rnn", FITTED.rnn_model_.state_dict(), **change)
    refused(lambda e: e.load_spice(tmp_path / "rnn"), r"'rnn' (is not|do not)")


@pytest.mark.parametrize(
    "dtype", [torch.int64, torch.float64, torch.bool, torch.complex64, torch.float8_e5m2]
)
def test_weights_of_another_kind(dtype, tmp_path):
    tensors = {name: tensor.to(dtype) for name, tensor in FITTED.rnn_model_.state_dict().items()}
    write_weights(tmp_path / "rnn", tensors)
    refused(lambda e: e.load_spice(tmp_path / "rnn"), r"has values that are not numbers")


def test_weights_that_are_no_numbers(tmp_path):
    tensors = FITTED.rnn_model_.state_dict()
    name = next(iter(tensors))
    tensors[name] = torch.full_like(tensors[name], torch.nan)
    write_weights(tmp_path / "rnn", tensors)
    refused(lambda e: e.load_spice(tmp_path / "rnn"), rf"{name} has values that are not numbers")


# Damage


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged")


WHOLE = {}


@pytest.fixture(scope="module", autouse=True)
def whole(files):
    WHOLE.update({name: (files / name).read_bytes() for name in ("rnn", "spice", "embedded_spice")})


TARGET = deepcopy(FITTED)
BEFORE = known(TARGET)


def assert_refused(place, kind, content):
    path = place / kind
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"\.$"):
        TARGET.load_spice(**{"path_rnn" if kind == "rnn" else "path_spice": path})
    assert known(TARGET) == BEFORE


@settings(max_examples=200)
@given(kind=st.sampled_from(["rnn", "spice"]), at=st.floats(0, 1, exclude_max=True), byte=st.integers(1, 255))
def test_one_byte_that_is_another_is_noticed(place, kind, at, byte):
    content = bytearray(WHOLE[kind])
    content[int(at * len(content))] ^= byte
    try:
        same = kind == "spice" and json.loads(content) == json.loads(WHOLE[kind])
    except ValueError:
        same = False
    if not same:  # a blank between words may be another one
        assert_refused(place, kind, bytes(content))


@settings(max_examples=60)
@given(kind=st.sampled_from(["rnn", "spice"]), at=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_short_is_noticed(place, kind, at):
    assert_refused(place, kind, WHOLE[kind][: int(at * (len(WHOLE[kind]) - 1))])


@settings(max_examples=60)
@given(
    kind=st.sampled_from(["rnn", "spice"]),
    at=st.floats(0, 1),
    more=st.binary(min_size=1, max_size=40).filter(lambda more: more.strip()),
)
def test_bytes_put_in_are_noticed(place, kind, at, more):
    content = WHOLE[kind]
    cut = int(at * len(content))
    assert_refused(place, kind, content[:cut] + more + content[cut:])


@settings(max_examples=60)
@given(kind=st.sampled_from(["rnn", "spice"]), content=st.binary(max_size=300))
def test_any_bytes_are_no_model(place, kind, content):
    assert_refused(place, kind, content)


def test_a_model_with_a_beta_of_its_own_class(tmp_path):
    """A class that is not precoded, with all kinds of parts, goes to a file and back."""
    fitted = new(ManyPartsRNN).fit(DATA)
    fitted.save_spice(tmp_path / "rnn", tmp_path / "spice")
    assert_same_answers(new(ManyPartsRNN).load_spice(tmp_path / "rnn", tmp_path / "spice"), fitted)
    with pytest.raises(StorageError, match=r"they say nothing of bias, so that the weights are needed too"):
        new(ManyPartsRNN).load_spice(path_spice=tmp_path / "spice")


class ManyPartsRNN(BaseRNN):
    init_values = {"x_value_reward": 0.5}

    def __init__(self, n_actions, **kwargs):
        super().__init__(n_actions=n_actions)
        self.submodules_rnn[CHOSEN] = self.setup_module(input_size=1)
        self.betas["x_value_reward"] = self.setup_constant()
        self.bias = torch.nn.Parameter(torch.zeros(n_actions))

    def forward(self, inputs, prev_state=None, batch_first=False):
        inputs, _, logits, timesteps = self.init_forward_pass(inputs, prev_state, batch_first)
        actions, rewards, _, _ = inputs
        for timestep, action, reward in zip(timesteps, actions, rewards, strict=True):
            self.record_signal("c_action", action)
            self.record_signal("c_reward", reward)
            chosen = self.call_module(CHOSEN, "x_value_reward", action, reward)
            self.state["x_value_reward"] = chosen + self.state["x_value_reward"] * (1 - action)
            logits[timestep] = self.state["x_value_reward"] * self.betas["x_value_reward"]() + self.bias
        return self.post_forward_pass(logits, batch_first), self.get_state()
