"""What the parameters of a participant, and rivals, are called in tables and pictures."""

from ..core.mechanisms import ASKED, BEYOND, PARAMETERS as DECLARED
from ..core.rivals.ready import ALL
from ..core.settings import LEVEL
from ..core.studies.source import OWN as OWN
from ..core.tasks import TASKS

SHARE = f"{100 * LEVEL:g} %"  # that an interval holds, unless another is asked for
_OF_KINDS = {one.short_name: one for kind in TASKS.values() for one in kind.participant}
PARAMETERS = {name: one.words for name, one in {**DECLARED, **_OF_KINDS}.items()}
LETTERS = {name: one.letter for name, one in DECLARED.items()}
SYMBOLS = {one.symbol: one.letter for one in DECLARED.values()}  # of the rules from an equation to them
# Those that stand beside an equation, and whether also where they are 0.
HEAD = {name: bool(one.default) for name, one in DECLARED.items() if one.in_head}
# Those of who plays another kind of task than a bandit, by its name; first what stands beside equations.
OF_KINDS = {
    name: tuple(one.name for one in sorted(kind.participant, key=lambda one: not one.in_head))
    for name, kind in TASKS.items()
    if kind.participant
}
# Of these, those that stand beside an equation, with their letters.
HEAD_OF_KINDS = {
    name: {one.name: one.letter for one in TASKS[name].participant if one.in_head} for name in OF_KINDS
}
# Beyond Rescorla and Wagner, in the order of their sliders.
FURTHER = tuple(one.name for mechanism in BEYOND if not mechanism.within for one in mechanism.all_parameters)
# The numbers that the quiz asks for, by their labels, and what its form says at first.
ASKED_FOR = {name: f"{one.label}, {one.unit}" if one.unit else one.label for name, one in ASKED.items()}
FIRST = {name: one.guess.first for name, one in ASKED.items() if one.guess}
# Rivals where there is little room, by their labels.
BRIEF = {rival.label: rival.brief for rival in ALL.values()}
