"""The kind of task that the trials of a table are of, by what the kinds declare."""

from ...tasks import BANDIT, TASKS, TaskKind
from .layouts import LAYOUTS, plain
from .work import ExaminationContext


def tell_kind(work: ExaminationContext) -> None:
    """`task`: the kind whose columns the table has, of several the one that asks for most; a bandit else. A
    table that names its own kind, or has stages, is of that.
    """
    if work.is_export or work.roles.are_of_stages:
        return
    fitting = [kind for kind in TASKS.values() if not kind.stages and not _lacks(work, kind)]
    found = max(fitting, key=lambda kind: len(kind.roles) + 2 * bool(kind.options and kind.roles))
    if work.layout is not None and (own := _of_layout(work)) is not None:
        found = own
    if found is not BANDIT or "kind" in work.wanted:
        words = f"The columns are those of a task of the kind {found.name}"
        names = [kind.name for kind in fitting] + [found.name] * (found not in fitting)
        found = TASKS[work.decide("kind", ~work.choice.empty, words, found.name, names)]
    work.task = found


def _lacks(work: ExaminationContext, kind: TaskKind) -> bool:
    """Tell whether a table cannot be of a kind."""
    named = {plain(str(label)) for label in work.choice.labels}
    lacks = any(not getattr(work.roles, role) for role in kind.roles)
    return lacks or (bool(kind.options) and not named <= set(kind.options))


def _of_layout(work: ExaminationContext) -> TaskKind | None:
    """Return the kind that the layout of a tool declares, as its codes do not tell it."""
    columns = {plain(name) for name in work.table.names}
    own = (one.task for one in LAYOUTS if one.name == work.recognised.layout and one.needs <= columns)
    name = next((name for name in own if name), "")
    return TASKS[name] if name else None
