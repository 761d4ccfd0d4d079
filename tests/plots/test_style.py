"""The house's colours, measured: contrast on light and dark, and distance to eyes of every kind."""

from itertools import combinations

import numpy as np
import pytest

from spicewidgets.style import (
    ARMS,
    BENCHMARK,
    OTHERS,
    REWARDED,
    RNN,
    SPICE,
    TRUTH,
    UNREWARDED,
    arm_style,
    styles,
)

ALL = [TRUTH, RNN, SPICE, BENCHMARK, REWARDED, UNREWARDED, *OTHERS, *ARMS]

# What dichromats see of linear RGB (Machado, Oliveira & Fernandes 2009, severity 1).
EYES = {
    "trichromat": np.eye(3),
    "protanope": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour: str) -> np.ndarray:
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def contrast(a: str, b: str) -> float:
    """Contrast ratio of WCAG 2."""
    dark, light = sorted(linear(colour) @ XYZ[1] for colour in (a, b))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb: np.ndarray) -> np.ndarray:
    x, y, z = np.cbrt(XYZ @ np.clip(rgb, 0, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("ground", ["#ffffff", "#111111"])
@pytest.mark.parametrize("colour", sorted({style.colour for style in ALL}))
def test_every_colour_stands_on_light_and_on_dark(colour, ground):
    assert contrast(colour, ground) >= 3


@pytest.mark.parametrize("eye", EYES)
@pytest.mark.parametrize(("a", "b"), list(combinations([TRUTH, RNN, SPICE], 2)))
def test_truth_rnn_and_spice_are_told_apart_by_every_eye(a, b, eye):
    seen = [lab(np.array(EYES[eye]) @ linear(style.colour)) for style in (a, b)]
    assert np.linalg.norm(seen[0] - seen[1]) > 20  # CIE76; about 2 is just noticeable


@pytest.mark.parametrize("aspect", ["colour", "dash", "marker"])
def test_truth_rnn_and_spice_differ_in_colour_dash_and_marker(aspect):
    assert len({getattr(style, aspect) for style in (TRUTH, RNN, SPICE)}) == 3


def test_reward_and_no_reward_differ_in_shape():
    assert REWARDED.marker != UNREWARDED.marker
    assert REWARDED.colour != UNREWARDED.colour


@pytest.mark.parametrize("label", ["groundtruth", "GroundTruth", "GROUND TRUTH", "ground_truth", "truth"])
def test_truth_is_known_in_any_spelling(label):  # F9
    assert styles([label, "RNN", "Spice"]) == [TRUTH, RNN, SPICE]


def test_other_labels_get_looks_of_their_own_in_order():
    one, rnn, two = styles(["my model", "rnn", "yours"])
    assert (one.name, two.name) == ("my model", "yours")
    assert rnn == RNN
    looks = {(style.colour, style.dash) for style in (one, two, TRUTH, RNN, SPICE)}
    assert len(looks) == 5


def test_two_spellings_of_one_label_do_not_look_alike():
    one, other = styles(["rnn", "RNN"])
    assert one.colour != other.colour


def test_more_labels_than_looks_still_have_names():
    assert [style.name for style in styles(map(str, range(9)))] == list(map(str, range(9)))


def test_arms_are_numbered_from_one():
    assert [arm_style(arm).name for arm in (0, 5, 6)] == ["Option 1", "Option 6", "Option 7"]
