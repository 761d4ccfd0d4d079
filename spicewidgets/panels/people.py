"""The people: one row each, sorted, searched and opened; and one number, or two, across them."""

from functools import partial

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..compat import clear_uploads, tooltip, uploads
from ..core.wording import count_people
from ..markup import Html, escape_text, message, region, table
from ..plots.people import AcrossPeople, TwoNumbers
from ..state.experiment import Experiment
from ..views.people import People as Rows, look_at, people_from, people_in, trials_of
from ..views.words import SHARE
from .base import Change, Panel, block, button, column, guard, row, set_if_changed, with_label
from .controls import control
from .files import FigureBox, File, Files
from .words import NO_EQUATION, between, decimal

PAGE = 12  # rows of the table at a time
FIRST = ("planning w", "learning rate α", "inverse temperature β", "likelihood, SPICE")
RECORDED = "<p>The recorded run is trained again, to show its people.</p>"
SORTS = ("person", "group", "choices")
MOST_NUMBERS = 6  # in the table
# A press of a heading or of a row is told by way of a hidden field, as the page's address is.
PRESS = """<style onload="
const box = this.closest('.sw-choices');
box.addEventListener('click', (event) => {
  const pressed = event.target.closest('[data-do]');
  if (!pressed) return;
  const field = box.querySelector('.sw-pressed input');
  field.value = `${pressed.dataset.do} ${Date.now()}`;
  for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, { bubbles: true }));
});
">
.sw-pressed{display:none!important}
.sw-people button[data-do]{background:none;border:0;padding:2px 0;font:inherit;color:inherit;cursor:pointer;
 text-align:inherit}
.sw-people button[data-do]:hover{text-decoration:underline}
.sw-people tr.sw-own>*{background:var(--jp-layout-color2,#f0f0f0)}
.sw-people .sw-grid{min-width:100%}
.sw-people .sw-grid thead th{vertical-align:bottom;max-width:110px;white-space:normal;padding-right:14px}
.sw-people .sw-grid td{padding-right:14px}
.sw-people .sw-grid button[data-do]{box-shadow:none;appearance:none;min-height:24px}
.sw-people .sw-grid th[scope=row]{min-width:9em;max-width:14em;overflow-wrap:anywhere}
.sw-people small{color:var(--jp-ui-font-color2,#555)}
.sw-people .sw-own small{color:inherit}
</style>"""


class PeopleBox(Panel):
    """The view "people".

    Attributes:
        controls, stage: the two sides, for the panel that shows this view.
        rows: the people on show; None without.
    """

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        super().__init__()
        self.experiment, self.runner = experiment, runner
        self.rows: Rows | None = None
        self._opened: Rows | None = None  # a saved table
        self._result: object = None
        self._is_seen = False
        self._order: tuple[str, bool] = ("", False)
        self._page = 0
        self.controls = self._make_controls()
        self.stage = self._make_stage()
        experiment.run.observe(self.refresh, "result_revision")
        experiment.observe(self.refresh, ["blocked", "stale_because"])
        experiment.observe(self._mark, "person")

    def _make_controls(self) -> list[widgets.Widget]:
        about = (
            "What was found of each person. Press a heading to sort, a row to open that person in all panels."
        )
        self.find = with_label(widgets.Text, "Find", "A person or a group", placeholder="a person or a group")
        self.find.add_class("sw-text")
        self.find.observe(self._search, "value")
        self.shown = with_label(widgets.Dropdown, "Shown above", "The parameter in the picture", options=[""])
        self.against = with_label(
            widgets.Dropdown, "Against it", "The parameter of the small picture", options=[""]
        )
        self.person = with_label(
            widgets.Dropdown, "Person", "Who is opened in all panels", options=[("", None)]
        )
        self.shown.observe(self._choose, "value")
        self.against.observe(self._choose, "value")
        self.person.observe(self._open, "value")
        self.pooling = control(self.experiment.discovery, "pooling")
        self.again = button("Find again", "Find the equations again, without training", self._find_again)
        self.groups = widgets.HTML()
        self.saved = widgets.FileUpload(
            accept=".csv",
            multiple=False,
            description="Open a saved table",
            layout=widgets.Layout(width="auto"),
            **tooltip("A table of people that was saved here, to see the same picture again"),
        )
        self.saved.observe(self._read, "value")
        self.leave = button("Back to the present people", "Close the saved table", self._close)
        return [
            widgets.HTML(f"<p>{about}</p>"),
            self.find,
            self.shown,
            self.against,
            self.person,
            self.pooling,
            self.again,
            self.groups,
            row(self.saved, self.leave),
        ]

    def _make_stage(self) -> list[widgets.Widget]:
        self.note, self.table, self.count = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.across, self.two = AcrossPeople(), TwoNumbers()
        self.pressed = widgets.Text(**tooltip("What was pressed"))
        self.pressed.add_class("sw-pressed")
        self.pressed.observe(self._press, "value")
        before = button("Earlier", "The rows before these", partial(self._turn, -1))
        after = button("Further", "The rows after these", partial(self._turn, 1))
        self.files = Files(
            {
                "people as csv": ("All people and parameters; this view opens it again", self._csv),
                "trials as csv": (
                    "Values, prediction errors and P of every choice, row by row",
                    self._trials,
                ),
            }
        )
        self.parts = column(
            FigureBox(self.across),
            row(before, after, self.count, align_items="center"),
            self.table,
            self.files,
            FigureBox(self.two),
        )
        self.parts.add_class("sw-people")
        return [widgets.HTML(PRESS), self.alert, self.note, self.pressed, self.parts]

    @property
    def is_seen(self) -> bool:
        """Tell whether the view is on show; what takes long waits until it is."""
        return self._is_seen

    @is_seen.setter
    def is_seen(self, seen: bool) -> None:
        if seen and not self._is_seen:
            self._is_seen = True
            self.refresh()
        self._is_seen = seen

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Show the people of the present result, or of the saved table."""
        if not self._is_seen:
            return
        self.runner.recall()  # a recorded run has no people; in the foreground it is there at once
        result = self.runner.result
        self.leave.layout.display = "" if self._opened is not None else "none"
        block(
            self.again, self.experiment.blocked.get("refit", ""), "Find the equations again, without training"
        )
        there = result is not None and result.spice is not None and result.estimator is not None
        stale = self.experiment.stale_because.get("equation", "")
        if self._opened is not None:
            self.note.value = message(f"A saved table of {count_people(len(self._opened))}.", role="status")
        else:
            none = NO_EQUATION if result is None or result.spice is None else RECORDED
            self.note.value = message(stale, role="status") if there else none
            if there and not stale and result and (n := people_in(result).n_others):
                self.note.value = message(
                    f"{n} of {len(people_in(result))} people have equations that are no Q-learner's, so that"
                    " they have no α, β and q₀ here. Translate says what theirs do instead."
                )
        for part in (self.parts, self.shown, self.against, self.person, self.find, self.groups):
            part.layout.display = "" if there or self._opened is not None else "none"
        source: object = self._opened if self._opened is not None else result
        if source is self._result or not (there or self._opened is not None):
            return
        self._result = source
        self.rows = self._opened if self._opened is not None else people_in(result) if result else None
        self._offer()
        self._draw()

    def _offer(self) -> None:
        assert self.rows is not None
        names, rows = list(self.rows.numbers), self.rows
        first = [name for name in FIRST if name in names] + names
        with self.filling():
            for choice, default in (
                (self.shown, first[0]),
                (self.against, first[1] if len(first) > 1 else first[0]),
            ):
                before = choice.value
                choice.options = names
                choice.value = before if before in names else default
            self.person.options = [("", None), *((label, at) for at, label in enumerate(rows.labels))]
            self.person.value = self._row_of(self.experiment.person)
        self._page = 0
        if self._order[0] not in (*SORTS, *names):
            self._order = (self.shown.value, False)

    def _row_of(self, label: object) -> int | None:
        rows = self.rows
        if rows is None:
            return None
        keys = rows.keys or rows.labels
        return next((at for at, key in enumerate(keys) if key == label or str(key) == str(label)), None)

    # What a person does

    @guard
    def _choose(self, _: Change) -> None:
        if not self.is_filling:
            self._draw()

    @guard
    def _search(self, _: Change) -> None:
        self._page = 0
        self._show_table()

    @guard
    def _open(self, change: Change) -> None:
        if not self.is_filling and self.rows is not None and change["new"] is not None:
            keys = self.rows.keys or self.rows.labels
            look_at(
                self.experiment, None if self._opened is not None else self.runner.result, keys[change["new"]]
            )

    @guard
    def _press(self, change: Change) -> None:
        """Act on a press of a heading or a row."""
        what, _, rest = str(change["new"]).partition(" ")
        at = rest.split(" ")[0]
        if self.rows is None or not at.isdecimal():
            return
        columns = self._columns()
        if what == "sort" and int(at) < len(columns):
            name = columns[int(at)]
            self._order = (name, not self._order[1] if name == self._order[0] else False)
            self._page = 0
            self._show_table()
        elif what == "open" and int(at) < len(self.rows):
            self.person.value = int(at)

    @guard
    def _turn(self, by: int) -> None:
        self._page = max(0, self._page + by)
        self._show_table()

    @guard
    def _find_again(self) -> None:
        self.runner.refit()

    @guard
    def _read(self, _: Change) -> None:
        files = uploads(self.saved)
        if files:
            clear_uploads(self.saved)
            self._opened = people_from(files[0][1])
            self.refresh()

    @guard
    def _close(self) -> None:
        self._opened = None
        self.refresh()

    def _csv(self) -> File:
        if self.rows is None:
            raise ValueError("There are no people yet. Train first.")
        return File("people.csv", self.rows.to_csv(), "text/csv")

    def _trials(self) -> File:
        if self.runner.result is None:
            raise ValueError("There are no equations yet. Train first.")
        return File("trials.csv", trials_of(self.runner.result), "text/csv")

    # What is shown

    def _draw(self) -> None:
        rows = self.rows
        if rows is None or not rows.numbers:
            return
        one, other = rows.numbers[self.shown.value], rows.numbers[self.against.value]
        self.across.draw(self.shown.value, one, rows.labels, rows.groups)
        names = self.shown.value, self.against.value
        self.two.draw(names, one.values, other.values, rows.labels, rows.groups)
        self.groups.value = _groups_table(rows, self.shown.value)
        self._mark()

    @guard
    def _mark(self, _: Change | None = None) -> None:
        """Mark who is looked at, in pictures and table."""
        if not self._is_seen or self.rows is None:
            return
        at = self._row_of(self.experiment.person)
        label = "" if at is None else self.rows.labels[at]
        with self.filling():
            if self.person.value != at:
                self.person.value = at
        self.across.choose(at, label)
        self.two.choose(at, label)
        self._show_table()

    def _columns(self) -> list[str]:
        """Return the columns of the table: who, then the numbers, those on show first."""
        assert self.rows is not None
        chosen = [self.shown.value, self.against.value]
        numbers = dict.fromkeys([*chosen, *self.rows.numbers])
        named = any(self.rows.groups)
        return ["person", *(["group"] if named else []), "choices", *list(numbers)[:MOST_NUMBERS]]

    def _show_table(self) -> None:
        rows = self.rows
        if rows is None:
            return
        found = rows.order(*self._order, only=rows.search(self.find.value))
        pages = max(1, -(-len(found) // PAGE))
        self._page = min(self._page, pages - 1)
        shown = found[self._page * PAGE : (self._page + 1) * PAGE]
        set_if_changed(
            self.count,
            message(f"{len(found):,} of {len(rows):,} people, page {self._page + 1} of {pages}", "help"),
        )
        names, own = self._columns(), self._row_of(self.experiment.person)
        heads = "".join(
            f'<th scope="col"{self._sort(name)}>{_press(f"sort {at}", name)}</th>'
            for at, name in enumerate(names)
        )
        body = "".join(self._line(int(at), names, own) for at in shown)
        grid = f'<table class="sw-grid"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'
        set_if_changed(self.table, region("People", Html(grid)))

    def _sort(self, name: str) -> str:
        if name != self._order[0]:
            return ""
        return f' aria-sort="{"descending" if self._order[1] else "ascending"}"'

    def _line(self, at: int, names: list[str], own: int | None) -> str:
        rows = self.rows
        assert rows is not None
        cells = []
        for name in names[1:]:
            if name in ("group", "choices"):
                cells.append(
                    escape_text(rows.groups[at] if name == "group" else f"{rows.n_choices[at]:,.0f}")
                )
                continue
            number = rows.numbers[name]
            value, low, high = (float(part[at]) for part in (number.values, number.low, number.high))
            shown = "–" if value != value else decimal(value)
            cells.append(f"{shown} <small>{between(low, high)}</small>" if low == low else shown)
        look = ' class="sw-own" aria-current="true"' if at == own else ""
        head = f'<th scope="row">{_press(f"open {at}", rows.labels[at])}</th>'
        return f"<tr{look}>{head}{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _press(what: str, words: str) -> str:
    return f'<button type="button" data-do="{escape_text(what)}">{escape_text(words)}</button>'


def _groups_table(rows: Rows, name: str) -> Html:
    """Mean with its interval, and standard deviation, of each group."""
    lines = []
    for one in rows.in_groups(name):
        interval = between(*one.ends) if one.ends[0] == one.ends[0] else ""
        spread = decimal(one.spread, 2) if one.spread == one.spread else ""
        lines.append([one.group or "all", f"{one.n} of {one.n_all}", decimal(one.mean, 2), interval, spread])
    head = [rows.group_name or "people", "identified", "mean", SHARE, "SD"]
    pooled = " Each person's own parameter is drawn to the mean of the group." * rows.is_pooled
    words = message(f"Ranges: {SHARE} intervals. –: the choices do not identify it.{pooled}", "help")
    return Html(table(name, head, lines) + words + _in_model(rows, name))


def _in_model(rows: Rows, name: str) -> Html:
    """Compare the groups in the group model: the means and tests of the report and of groups.csv."""
    groups = rows.compared.get(name, ())
    lines = [
        [
            one.group,
            decimal(one.mean, 2),
            between(one.low, one.high),
            decimal(one.apart, 2, sign="+") if one.apart == one.apart else "",
            between(one.apart_low, one.apart_high) if one.apart == one.apart else "",
            ("< 0.001" if one.holm < 0.001 else decimal(one.holm)) if one.holm == one.holm else "",
        ]
        for one in groups
    ]
    if not lines:
        return Html("")
    head = ["group", "mean", SHARE, "difference", SHARE, f"p of {groups[0].n_tests}"]
    words = "A mean for each group in one model of all: a difference is not shrunk. p by Holm over all tests."
    return Html(table(f"{name}, in the group model", head, lines) + message(words, "help"))
