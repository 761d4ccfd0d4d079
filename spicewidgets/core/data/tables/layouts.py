"""The layouts of the field's tools, by the names of their columns, and the names that a role goes by.

A layout that is not here is recognised all the same where its names or its contents say enough. A tool is
added with one entry of `LAYOUTS`.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from . import coding

# Names of columns for each role, the likeliest first, in lower case without anything but letters and digits.
NAMES: Mapping[str, tuple[str, ...]] = {
    "participant": (
        *("participant", "participantid", "subjid", "subjidx", "subject", "subjectid", "subjects", "subid"),
        *("subno", "subj", "sub", "ppt", "pid", "prolificpid", "workerid", "userid", "user", "id", "player"),
        *("who", "person", "mouse", "animal", "rat", "monkey", "file"),
    ),
    "choice": (
        *("choice", "choices", "chosen", "chosenoption", "action", "actions", "response", "responses"),
        *("banditresp", "deck", "selection", "selected", "decision", "choice1", "level1choice", "arm"),
        *("keypressed", "keyrespkeys", "resp", "key", "button", "buttonpressed", "r"),
    ),
    "reward": (
        *("reward", "rewards", "outcome", "outcomes", "feedback", "rew", "payoff", "gain", "points", "win"),
        *("result", "score", "money", "correct", "accuracy", "acc"),
    ),
    "loss": ("loss", "losses"),
    "unchosen": (
        *("outcomeunchosen", "rewardunchosen", "feedbackunchosen", "unchosenoutcome", "unchosenreward"),
        *("outcomeother", "counterfactualoutcome", "counterfactualreward", "forgoneoutcome", "foregone"),
    ),
    "sessions": (
        *("session", "sess", "run", "game", "visit", "day", "blocklabel", "splitby", "block", "blocks"),
        *("blocknumber", "blocknr", "episode", "problem"),
    ),
    "trial": (
        *("trial", "trials", "trialnumber", "trialno", "trialnum", "trialnr", "trialblock", "trialid"),
        *("trialsthisn", "trialindex", "t"),
    ),
    "state": ("context", "contextid", "contexts", "ctx", "cue", "cueid"),  # of a task of one stage
    "time": ("rt", "responsetime", "reactiontime", "banditrt", "choicert", "keyresprt", "latency"),
    "events": ("trialtype", "eventtype", "event", "task", "screen", "phase", "trialpart", "part"),
    "practice": ("practice", "ispractice", "phase", "part", "stage", "blocktype", "task", "trialtype"),
}
OUTCOME = ("reward", "outcome", "payoff", "feedback", "points")  # with a suffix, the outcome of each option
OFFERED = ("stimulus", "stim", "arm", "option", "symbol", "cue", "bandit")  # with a suffix, what is on offer


def plain(name: str) -> str:
    """Return the name of a column as `NAMES` writes it.

    >>> plain("Subj_ID")
    'subjid'
    """
    return re.sub(r"[^a-z0-9]", "", name.lower())


def participant_column(names: Iterable[str], named: Mapping[str, Any]) -> str | None:
    """Return the column of participants: as it is named, else the likeliest name of those that there are.

    Args:
        names: of the columns.
        named: columns by role; only that of "participant" counts.
    """
    names = tuple(names)
    known = [name for it in NAMES["participant"] for name in names if plain(name) == it]
    name = named.get("participant", known[0] if known else None)
    return name if name in names else None


@dataclass(frozen=True)
class Layout:
    """The layout of a tool or of a published data set.

    Attributes:
        name: of the tool or the authors.
        needs: columns that are all there, as in `NAMES`.
        roles: role and column, where the names alone would not say it.
        positions: labels of the choice that stand for the first, second ... column of what is on offer.
        lacks: columns that are not there.
        remedies: what is known to be right for this data set, where a table could not tell.
        contents: columns whose entries all match a pattern.
        task: the name of the kind of task, where columns and options would not say it.
    """

    name: str
    needs: frozenset[str]
    roles: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    positions: tuple[str, ...] = ()
    lacks: frozenset[str] = frozenset()
    remedies: Mapping[str, str] = field(default_factory=dict)
    contents: Mapping[str, str] = field(default_factory=dict)
    task: str = ""


EXPORT = Layout(
    "spicewidgets",
    frozenset({"session", "participant", "trial", "choice", "nextchoice"}),
    {"participant": "participant", "sessions": ("session",), "trial": "trial", "choice": "choice"},
)
_TRIALS: Mapping[str, str | tuple[str, ...]] = {
    **{"participant": "participant", "sessions": ("session",), "trial": "trial"},
    **{"choice": "choice", "reward": "reward"},
}
_AS_WRITTEN = {  # nothing is found in our own tables that was not decided when they were written
    **{"sessions": "start_anew", "spelling": "keep", "missing_code": "option", "missed_trials": "keep"},
    **{"rare_options": "keep", "outlier_rewards": "keep", "scale": "keep", "few_trials": "keep"},
}
MISSED = "missed"  # in the column `used` of our own trials: a trial without a choice
TRIALS = Layout(
    "spicewidgets trials",
    frozenset({"row", "participant", "session", "trial", "choice", "reward", "used", "pchoice"}),
    {**_TRIALS, "events": "used"},
    remedies=_AS_WRITTEN,
)
EVENTS = Layout(
    "spicewidgets events",
    frozenset({"onset", "trialtype", "participant", "session", "trial", "choice", "reward", "pchoice"}),
    {**_TRIALS, "events": "trialtype"},
    remedies=_AS_WRITTEN,
)
OWN = (EXPORT, TRIALS, EVENTS)
LAYOUTS = (
    *OWN,
    Layout(
        "rlssm",
        frozenset({"coroption", "incoption", "accuracy"}),
        {"choice": "accuracy", "offered": ("coroption", "incoption"), "outcomes": ("fcor", "finc")},
        positions=("1", "0"),
    ),
    Layout("cpm", frozenset({"ppt", "feedback"}), {"reward": "feedback"}),
    Layout("HDDM", frozenset({"subjidx", "response", "feedback"})),
    Layout("HSSM", frozenset({"participantid", "response", "feedback", "rt"})),
    Layout("hBayesDM", frozenset({"subjid", "level1choice", "level2choice", "reward"})),
    Layout(  # go or no-go after a cue
        "hBayesDM",
        frozenset({"subjid", "cue", "keypressed", "outcome"}),
        {"choice": "keypressed", "reward": "outcome", "state": "cue"},
        task="go-no-go",
    ),
    Layout(  # pairs of stimuli; 12 is stimulus 1 beside 2
        "hBayesDM",
        frozenset({"subjid", "type", "choice", "reward"}),
        {"offered": ("type",)},
        contents={"type": coding.PAIR.pattern},
    ),
    Layout("hBayesDM", frozenset({"subjid", "choice", "outcome"})),
    Layout("hBayesDM", frozenset({"subjid", "choice", "gain", "loss"}), {"reward": "gain", "loss": "loss"}),
    Layout("Dezfouli 2019", frozenset({"id", "choice", "reward", "trial", "diag"}), {"groups": ("diag",)}),
    Layout(
        "Zorowitz 2023",
        frozenset({"platform", "subject", "block", "trial", "choice", "outcome"}),
        remedies={"sessions": "carry_on"},  # blocks are parts of one session of 90 trials
    ),
    Layout("PsychoPy", frozenset({"psychopyversion"})),
    Layout("jsPsych", frozenset({"trialtype", "trialindex"})),
    Layout("jsPsych", frozenset({"trialtype", "timeelapsed"})),
    Layout("BIDS events", frozenset({"onset", "duration"})),
    Layout(
        "autospice",
        frozenset({"session", "choice", "reward"}),
        {"participant": "session"},
        lacks=frozenset(NAMES["participant"]),
    ),
)
