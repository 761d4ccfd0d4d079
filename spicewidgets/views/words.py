"""What the parameters of a participant, and rivals, are called in tables and pictures."""

from ..core.mechanisms import ASKED, BEYOND, PARAMETERS as DECLARED
from ..core.rivals.ready import ALL
from ..core.settings import LEVEL
from ..core.studies.source import OWN as OWN
from ..core.tasks import TASKS

SHARE = f"{100 * LEVEL:g} %"  # that an interval holds, unless another is asked for
_LEARNERS = {name: kind.participant for name, kind in TASKS.items() if not kind.is_of_q_learners}
_OF_KINDS = {one.short_name: one for specs in _LEARNERS.values() for one in specs}
PARAMETERS = {name: one.words for name, one in {**_OF_KINDS, **DECLARED}.items()}
LETTERS = {name: one.letter for name, one in DECLARED.items()}
SYMBOLS = {one.symbol: one.letter for one in DECLARED.values()}  # of the rules from an equation to them
# Those that stand beside an equation, and whether also where they are 0.
HEAD = {name: bool(one.default) for name, one in DECLARED.items() if one.in_head}
# Those of who plays a kind of task and is no Q-learner, by its name; first what stands beside equations.
OF_KINDS = {
    name: tuple(one.name for one in sorted(specs, key=lambda one: not one.in_head))
    for name, specs in _LEARNERS.items()
}
# Of these, those that stand beside an equation, with their letters.
HEAD_OF_KINDS = {
    name: {one.name: one.letter for one in specs if one.in_head} for name, specs in _LEARNERS.items()
}
# Beyond Rescorla and Wagner, in the order of their sliders.
FURTHER = tuple(one.name for mechanism in BEYOND if not mechanism.within for one in mechanism.all_parameters)
# The numbers that the quiz asks for, by their labels, and what its form says at first.
ASKED_FOR = {name: f"{one.label}, {one.unit}" if one.unit else one.label for name, one in ASKED.items()}
FIRST = {name: one.guess.first for name, one in ASKED.items() if one.guess}
# Rivals where there is little room, by their labels.
BRIEF = {rival.label: rival.brief for rival in ALL.values()}
