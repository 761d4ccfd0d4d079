"""Data sets by name: published ones, fetched once and kept on this computer, and small simulated ones that
are always there.

A published file is taken from a fixed commit and checked by its hash; it is never part of this package. It
stays under the licence named with it, and a paper that uses it cites the authors.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from os import PathLike
from pathlib import Path

from ..settings import SettingsError
from .choices import Choices, read_choices

BUNDLED = Path(__file__).parent / "bundled"
GITHUB = "https://raw.githubusercontent.com"
CACHE = "spicewidgets"  # folder in the cache of the operating system
SECONDS = 30.0  # without a word from the server


@dataclass(frozen=True)
class DataSet:
    """A data set of the gallery.

    Attributes:
        name: by which it is loaded.
        title: what it is.
        question: what it can answer.
        people: how many there are.
        licence: under which it may be used.
        citation: of the authors.
        file: name of the file.
        size: of the file, in bytes.
        sha256: hash of the file.
        url: where it is; None for one that is part of this package.
        remedies: what is known to be right about problems in it.
    """

    name: str
    title: str
    question: str
    people: int
    licence: str
    citation: str
    file: str
    size: int
    sha256: str
    url: str | None = None
    remedies: Mapping[str, str] = field(default_factory=dict)


SIMULATED = "simulated for spicewidgets; nobody took part"
GALLERY = (
    DataSet(
        name="two-groups",
        title="Two arms, two groups of twelve, three runs of unequal length, missed trials",
        question="Does one group learn more slowly, and does it repeat itself more?",
        people=24,
        licence="MIT",
        citation=SIMULATED,
        file="two-groups.csv.gz",
        size=2_030,
        sha256="6a61ae78fa0eb8d79194542917651ca935e3cf6a137f5acafeed8dd40365e92d",
    ),
    DataSet(
        name="reversal",
        title="Three arms of which the best changes, 30 people, four blocks that are one session",
        question="How fast do people follow a reversal, and do gains count for more than losses?",
        people=30,
        licence="MIT",
        citation=SIMULATED,
        file="reversal.csv.gz",
        size=8_894,
        sha256="ede516105e9b667bdb69bc2c78318990de8c3be86f27aaa4f88c48fdcbffc373",
    ),
    DataSet(
        name="pairs",
        title="Two of four options a trial, both outcomes shown, 20 people",
        question="Do people learn from the option that they did not take?",
        people=20,
        licence="MIT",
        citation=SIMULATED,
        file="pairs.csv.gz",
        size=5_007,
        sha256="b85b18f573a7ba7fc9d3f724d2bc87c81493b476dc3643f5e9bd982f7420502b",
    ),
    DataSet(
        name="dezfouli2019",
        title="Two arms, twelve runs, 101 people: healthy, with depression, with bipolar disorder",
        question="What is different in how people with depression or bipolar disorder choose?",
        people=101,
        licence="Apache-2.0",
        citation=(
            "Dezfouli, Griffiths, Ramos, Dayan & Balleine (2019). Models that learn how humans learn:"
            " the case of decision-making and its disorders. PLOS Computational Biology 15(6), e1006903."
        ),
        file="choices_diagno.csv.zip",
        size=929_460,
        sha256="4c88203aaa14303adeff1239d19b246a01f69b0376d7cbbed64b996f17fdf928",
        url=f"{GITHUB}/adezfouli/rnn_beh/99d942f9c6d6232b57b6dbb9f75aad60512740e8/data/BD/choices_diagno.csv.zip",
    ),
    DataSet(
        name="zorowitz2023",
        title="Three arms of which the best changes, 406 people, with questionnaires beside it",
        question="Is a symptom related to how people learn, or to how carelessly they answer?",
        people=406,
        licence="MIT",
        citation=(
            "Zorowitz, Solis, Niv & Bennett (2023). Inattentive responding can induce spurious associations"
            " between task behaviour and symptom measures. Nature Human Behaviour 7, 1667-1681."
        ),
        file="data.csv",
        size=2_275_229,
        sha256="f303f8c2ee5b45dac8a72269cfe1d36ba493ef8618f65cbf0a4c2e2ac95a521d",
        url=f"{GITHUB}/nivlab/sciops/ed7ac3114f394e6942c053abce1e2a6da4742684/01_Original/data/data.csv",
        remedies={"sessions": "carry_on"},
    ),
    DataSet(
        name="fontanesi2019",
        title="Two of four options a trial, rewards in points, response times, 27 people",
        question="How do the values on offer show in choices and response times?",
        people=27,
        licence="MIT",
        citation=(
            "Fontanesi, Gluth, Spektor & Rieskamp (2019). A reinforcement learning diffusion decision model"
            " for value-based decisions. Psychonomic Bulletin & Review 26, 1099-1121."
        ),
        file="data_experiment.csv",
        size=296_715,
        sha256="f8e8be533d4cace8977882e3ded8b91de41f677c61da15350243361bef937c24",
        url=f"{GITHUB}/laurafontanesi/rlssm/b8b8b590d31effee6b5309813196114f1c26fe27/data/data_experiment.csv",
    ),
    DataSet(
        name="hddm",
        title="Three pairs of symbols of 80, 70 and 60 per cent, response times, 28 people",
        question="Do people learn more from gains than from losses?",
        people=28,
        licence="BSD-2-Clause",
        citation=(
            "Pedersen & Frank (2020). Simultaneous hierarchical Bayesian parameter estimation for"
            " reinforcement learning and drift diffusion models: a tutorial and links to neural data."
            " Computational Brain & Behavior 3, 458-471."
        ),
        file="rlddm_data.csv",
        size=161_766,
        sha256="7da583ddc29fe34e8974fc5dc56051dd4c225e17663fb0d8133fa7dd5327c550",
        url=f"{GITHUB}/hddm-devs/hddm/19feaa9849619931d306094b48d9803ef9c8d0bd/hddm/examples/rlddm_data.csv",
    ),
)


def data_set(name: str) -> DataSet:
    """Return the data set of this name.

    Raises:
        SettingsError: where there is none.
    """
    for item in GALLERY:
        if item.name == name:
            return item
    names = ", ".join(item.name for item in GALLERY)
    raise SettingsError([f"There is no data set {name!r}. The gallery has {names}."])


def load_choices(
    name: str, remedies: Mapping[str, str] | None = None, cache: str | PathLike[str] | None = None
) -> Choices:
    """Return a data set of the gallery, with the report of what was read; a published one is fetched once.

    Args:
        name: of the data set, as `spicewidgets data` lists them.
        remedies: as in `read_choices`.
        cache: folder to keep it in; that of the operating system when None.

    Raises:
        SettingsError: for an unknown name, or where the file cannot be fetched.

    >>> load_choices("two-groups").report.roles.groups
    ('group',)
    """
    item = data_set(name)
    return read_choices(path_of(item, cache), remedies={**item.remedies, **(remedies or {})})


def path_of(item: DataSet, cache: str | PathLike[str] | None = None) -> Path:
    """Return the file of a data set on this computer, fetched if it is not there.

    Raises:
        SettingsError: where it cannot be fetched, or where it is not the file it should be.
    """
    if item.url is None:
        return BUNDLED / item.file
    try:
        pooch = import_module("pooch")
    except ImportError:
        raise SettingsError(
            ["Published data sets are fetched by the package pooch. Install it (pip install pooch)."]
        ) from None
    try:
        return Path(
            pooch.retrieve(
                item.url,
                known_hash=f"sha256:{item.sha256}",
                fname=f"{item.name}-{item.file}",
                path=Path(cache) if cache is not None else pooch.os_cache(CACHE),
                downloader=pooch.HTTPDownloader(timeout=SECONDS),
            )
        )
    except ValueError:  # it has another hash
        problem = f"What came from {item.url} is not the file that it should be. Try again later."
    except OSError as error:  # no network, no such page, no room to write
        offline = ", ".join(it.name for it in GALLERY if it.url is None)
        problem = (
            f"{item.name} is not on this computer, and cannot be fetched from {item.url}"
            f" ({type(error).__name__}). Connect to the network once, or use one that needs none: {offline}."
        )
    raise SettingsError([problem])
