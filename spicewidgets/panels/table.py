"""A table of one's own: chosen, dropped or pasted; what its columns hold; what was found in it, and what is
done about that.
"""

import hashlib
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from ..app.protocols import ExperimentRunner
from ..app.table import (
    EXAMPLES,
    LARGEST,
    PASTED,
    ROLES,
    ColumnView,
    Upload,
    columns_of,
    example,
    table_of,
    too_large,
    with_role,
)
from ..compat import clear_uploads, tooltip, uploads
from ..markup import Html, escape_text, message, table
from ..state.experiment import Experiment
from .base import (
    FULL,
    Change,
    Panel,
    block,
    button,
    column,
    discard,
    foldable,
    guard,
    row,
    set_if_changed,
    with_label,
)
from .files import File, Files

if TYPE_CHECKING:
    from ..core.data.choices import Choices
    from ..core.data.tables.report import Problem

ABOUT = (
    "One row per trial: who chose, which option, what it paid. The columns may have any names and any order."
    " The file goes to the Python process behind this page and nowhere else; with spicewidgets app that is"
    " your own computer."
)
NO_ROLE = "(not used)"
SURE, UNSURE = 0.9, 0.6  # of a guess, in words
MOST_COLUMNS = 12  # shown at once
USE = "Train, equations and all panels then stand on these choices"
SIMULATE = "Go back to the choices of a simulated participant"
TEXT_ROWS = 5
WIDTH = "148px"  # of a column
# A file that is too large never leaves the browser, and one that is dropped is as one that was chosen. The
# field of a FileUpload is not in the page: it is found by the press that opens it.
DROP = """<style onload="
const box = this.closest('.sw-choices');
const say = (words) => { box.querySelector('.sw-refused .widget-html-content').textContent = words; };
const check = (event) => {
  const file = event.target.files[0];
  const much = file && file.size > LIMIT;
  say(much ? `The page takes files of up to MOST MB; ${file.name} has ${(file.size / 1e6).toFixed(1)} MB.`
    + ' Pack it with gzip, leave out columns, or use the command spicewidgets discover.' : '');
  if (much) event.stopImmediatePropagation();
};
const field = (chooser) => {
  if (chooser.swField || chooser.swOpening) return chooser.swField;
  const kind = HTMLInputElement.prototype, open = kind.click;
  chooser.swOpening = true;
  kind.click = function () { chooser.swField = this; };
  chooser.click();
  kind.click = open;
  chooser.swOpening = false;
  if (chooser.swField) chooser.swField.addEventListener('change', check, true);
  return chooser.swField;
};
box.addEventListener('click', (event) => {
  const chooser = event.target.closest('.sw-chooser');
  if (chooser) field(chooser);
}, true);
const over = (on) => (event) => { event.preventDefault(); box.classList.toggle('sw-over', on); };
box.addEventListener('dragover', over(true));
box.addEventListener('dragleave', over(false));
box.addEventListener('drop', (event) => {
  over(false)(event);
  const input = field(box.querySelector('.sw-chooser'));
  if (!input || !event.dataTransfer.files.length) return;
  input.files = event.dataTransfer.files;
  input.dispatchEvent(new Event('change'));
});
">
.sw-drop{border:1.5px dashed var(--jp-border-color1,#bbb);border-radius:6px;padding:14px 12px;margin:0 0 10px;
 align-items:flex-start}
.sw-over .sw-drop{border-color:#3b8fd9;background:var(--jp-layout-color2,#f3f3f3)}
.sw-refused .widget-html-content:not(:empty){padding:6px 10px;border-left:4px solid #d14a40;
 background:var(--jp-layout-color2,#f3f3f3);font-size:13px}
.sw-choices .sw-field.widget-inline-hbox>textarea{flex:1 1 100%;text-align:left}
.sw-preview{overflow-x:auto;padding-bottom:6px;margin:0 0 10px}
.sw-preview .sw-field.widget-inline-hbox>label{position:absolute;width:1px;height:1px;overflow:hidden;
 clip-path:inset(50%)}
.sw-preview .sw-field.widget-inline-hbox>select{width:100%}
.sw-preview .sw-field.widget-inline-hbox{position:relative}
.sw-cells{font-size:13px;font-variant-numeric:tabular-nums;
 border-top:1px solid var(--jp-border-color2,#e0e0e0)}
.sw-cells div{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;height:22px;line-height:22px}
.sw-cells b{display:block;height:22px;line-height:22px;overflow:hidden;text-overflow:ellipsis;
 white-space:nowrap}
.sw-cells i{display:block;font-style:normal;font-size:12px;height:20px;color:var(--jp-ui-font-color2,#555)}
.sw-panel .sw-facts{border-collapse:collapse;font-size:13px;margin:0}
.sw-panel .sw-facts :is(th,td){text-align:left;font-weight:400;padding:2px 0;white-space:normal}
.sw-panel .sw-facts th{color:var(--jp-ui-font-color2,#555);padding-right:14px;vertical-align:top}
.sw-panel .sw-facts td{overflow-wrap:anywhere;max-width:none}
.sw-problem{margin:0 0 14px}
.sw-problem .sw-field.widget-inline-hbox>label{flex:0 0 auto;font-weight:400}
.sw-problem .sw-field.widget-inline-hbox>select{flex:1 1 200px;max-width:640px}
</style>""".replace("LIMIT", str(LARGEST)).replace("MOST", f"{LARGEST / 1e6:g}")


class YourData(Panel):
    """The view "your data": the table that was read last, and whether its choices are used.

    Attributes:
        controls, stage: the two sides, for the panel that shows this view.
    """

    def __init__(self, experiment: Experiment, runner: ExperimentRunner) -> None:
        super().__init__()
        self.experiment, self.runner = experiment, runner
        self._shown: Choices | None = None
        self._names: list[str] = []  # of the columns on show
        self._wanted: tuple[Mapping[str, Any] | None, Mapping[str, str] | None] | None = None
        self.state, self.progress, self.refused = (widgets.HTML() for _ in range(3))
        self.refused.add_class("sw-refused")
        self.use = button("Use these choices", USE, self._use, button_style="primary")
        self.back = button("Back to simulated choices", SIMULATE, self._simulate)
        self.controls = [widgets.HTML(f"<p>{ABOUT}</p>"), self._source()]
        self.preview = widgets.HBox(layout=widgets.Layout(**FULL))
        self.preview.add_class("sw-preview")
        self.more = with_label(
            widgets.Dropdown, "Another column", "A column that is not shown yet", options=[""]
        )
        self.more.observe(self._show_more, "value")
        self.summary, self.problems, self.left_out = widgets.HTML(), column(), widgets.HTML()
        self.files = Files(
            {
                "report as html": ("What was read and done, as a page of its own", self._html),
                "report as json": ("The same for a program", self._json),
            }
        )
        self.read_parts = [self.preview, self.more, self.problems, self.left_out, self.summary, self.files]
        self.stage = [self.alert, self.progress, self.state, row(self.use, self.back), *self.read_parts]
        experiment.table.observe(
            self.refresh, ["revision", "status", "progress", "message", "name", "sha256"]
        )
        experiment.observe(self.refresh, "blocked")
        experiment.run.observe(self._forget, "status")
        self._show(None)
        self.refresh()

    def _source(self) -> widgets.Widget:
        """Where a table comes from."""
        self.chooser = widgets.FileUpload(
            multiple=False,
            description="Choose a file",
            layout=widgets.Layout(width="auto"),
            **tooltip("CSV, TSV, JSON records, Excel or Parquet, also packed by gzip or zip"),
        )
        self.chooser.add_class("sw-chooser")
        self.chooser.observe(self._choose, "value")
        hint = widgets.HTML(message(f"or drop it here; up to {LARGEST / 1e6:g} MB", "help"))
        drop = widgets.VBox([self.chooser, hint, self.refused], layout=widgets.Layout(**FULL))
        drop.add_class("sw-drop")
        placeholder = "subjID,choice,outcome\n7,1,1\n7,2,0"
        words = "A table as text, its header first"
        self.text = with_label(
            widgets.Textarea, "Table as text", words, placeholder=placeholder, rows=TEXT_ROWS
        )
        paste = foldable(
            [self.text, button("Read this text", "Read it as a file", self._paste)], "or paste it"
        )
        examples = row(
            widgets.HTML(message("or take an example (simulated people):", "help")),
            *(button(name, question, partial(self._example, name)) for name, question in EXAMPLES.items()),
            align_items="center",
        )
        return column(drop, paste, examples)

    # What is read

    @guard
    def _choose(self, _: Change) -> None:
        files = uploads(self.chooser)
        if files:
            name, content = files[0]
            clear_uploads(self.chooser)
            self.read(content, name)

    @guard
    def _paste(self) -> None:
        if not self.text.value.strip():
            raise ValueError("There is no text yet. Paste a table with its header, a row per trial.")
        self.read(self.text.value.encode(), PASTED)

    @guard
    def _example(self, name: str) -> None:
        table = example(name)
        self.read(table.getvalue(), table.name)

    def read(self, content: bytes, name: str) -> None:
        """Read a file; as the settings say, where they name this very file."""
        if len(content) > LARGEST:
            raise ValueError(too_large(len(content)))
        settings, roles, remedies = self.experiment.table.peek(), None, None
        if settings.name and hashlib.sha256(content).hexdigest() == settings.sha256:
            roles, remedies = dict(settings.roles) or None, dict(settings.remedies) or None
            self._wanted = roles, remedies
        else:
            self._wanted = None
        self.runner.read(Upload(content, name), roles, remedies)

    def _again(self, roles: Mapping[str, Any] | None, remedies: Mapping[str, str] | None) -> None:
        """Examine the table that was read otherwise."""
        if self.runner.choices is not None:
            self._wanted = None
            self.runner.read(self.runner.choices, roles, remedies)

    @guard
    def _use(self) -> None:
        choices = self.runner.choices
        if choices is not None:
            self.experiment.take_choices(table_of(choices, self.runner.chosen_roles))

    @guard
    def _simulate(self) -> None:
        self.experiment.take_choices(None)

    # What is shown

    @guard
    def refresh(self, _: Change | None = None) -> None:
        """Show how the reading goes, and the table that was read last."""
        state, choices = self.experiment.table, self.runner.choices
        reading = state.status == "reading"
        words = f'<progress max="1" value="{state.progress}"></progress> {escape_text(state.message)} …'
        failed = message(state.message, "alert", "alert") if state.status == "failed" else ""
        set_if_changed(self.progress, f'<div role="status">{words}</div>' if reading else failed)
        if state.status == "failed" and self._shown is not None:
            self._fill(self._names)  # with the roles that they have, whatever was tried
        if choices is not self._shown and not reading:
            self._show(choices)
            if self._wanted is not None and choices is not None and state.status == "done":
                self._wanted = None
                self._use()
        self._show_state(choices)

    @guard
    def _forget(self, _: Change) -> None:
        """Why a file could not be read is old news once something else is done."""
        table = self.experiment.table
        if self.experiment.run.busy and table.status == "failed":
            table.tell(status="idle", message="")

    def _show_state(self, choices: "Choices | None") -> None:
        """Which choices are used."""
        settings = self.experiment.table.peek()
        same = choices is not None and settings == table_of(choices, self.runner.chosen_roles)
        words = "So far the choices are simulated."
        if choices is not None:
            words += " Press “Use these choices” to put this table in their place."
        if settings.name and settings.contents is None:
            words = f"These settings are of {settings.identity}. Choose this file to go on with it."
            if choices is not None and choices.report.sha256 != settings.sha256:
                words += f" {choices.report.name} is another one, or it has changed since."
        elif settings.name:
            words = f"The choices of {settings.identity} are used."
            words += "" if same or choices is None else " What is shown here is not used yet."
        set_if_changed(self.state, message(words, role="status"))
        reason = "" if choices is not None else "There is no table yet. Choose a file first."
        busy = "A run is under way. Stop it first." if self.experiment.run.busy else ""
        block(self.use, reason or busy or ("These choices are used." if same else ""), USE)
        block(self.back, busy or ("" if settings.name else "The choices are simulated."), SIMULATE)

    def _show(self, choices: "Choices | None") -> None:
        self._shown = choices
        for part in self.read_parts:
            part.layout.display = "none" if choices is None else ""
        if choices is None:
            return
        report = choices.report
        self._columns = {one.name: one for one in columns_of(choices)}
        names = list(self._columns)
        with self.filling():
            self.more.options = ["", *names[MOST_COLUMNS:]]
            self.more.value = ""
        self.more.layout.display = "none" if len(names) <= MOST_COLUMNS else ""
        self._fill(names[:MOST_COLUMNS])
        old = self.problems.children
        title = f"<h3>{_count_found(len(report.problems))}</h3>"
        self.problems.children = [widgets.HTML(title), *(self._problem(one) for one in report.problems)]
        discard(*old)
        rows = [(part.reason, f"{part.where.n:,}", part.where.words) for part in report.left_out]
        self.left_out.value = table("Rows left out", ("why", "rows", "which"), rows) if rows else ""
        facts = list(report.summary().items())
        self.summary.value = f"<h3>What was read</h3>{_facts(facts)}"

    def _fill(self, names: list[str]) -> None:
        old, self._names = self.preview.children, names
        self.preview.children = [self._column(self._columns[name]) for name in names]
        discard(*old)

    def _column(self, one: ColumnView) -> widgets.VBox:
        options = [(NO_ROLE, ""), *((words, role) for role, words in ROLES.items())]
        label = f"Column {list(self._columns).index(one.name) + 1} holds"
        tip = f"What {one.name} holds"
        role = with_label(widgets.Dropdown, label, tip, options=options, value=one.role)
        role.observe(partial(self._choose_role, one.name), "value")
        name = escape_text(one.name)
        cells = "".join(f"<div>{escape_text(cell) or '&nbsp;'}</div>" for cell in one.cells)
        head = f'<b title="{name}">{name}</b><i title="{escape_text(one.reason)}">{_sure(one)}</i>'
        parts = [role, widgets.HTML(f'<div class="sw-cells">{head}{cells}</div>')]
        return widgets.VBox(
            parts, layout=widgets.Layout(flex=f"0 0 {WIDTH}", width=WIDTH, margin="0 6px 0 0")
        )

    @guard
    def _choose_role(self, name: str, change: Change) -> None:
        if self._shown is not None:
            self._again(with_role(self._shown, name, change["new"]), None)

    @guard
    def _show_more(self, change: Change) -> None:
        if self._shown is not None and change["new"] and not self.is_filling:
            self._fill([*list(self._columns)[: MOST_COLUMNS - 1], change["new"]])

    def _problem(self, problem: "Problem") -> widgets.VBox:
        """Lay out a problem, its place and its remedies."""
        options = [
            (f"{words}{' (default)' if name == problem.default else ''}", name)
            for name, words in problem.remedies.items()
        ]
        words = "What is done about it"
        remedy = with_label(widgets.Dropdown, "Remedy", words, options=options, value=problem.taken)
        remedy.observe(partial(self._choose_remedy, problem.key), "value")
        found = f"{escape_text(problem.words)} {message(problem.where.words, 'help')}"
        box = column(widgets.HTML(found), remedy)
        box.add_class("sw-problem")
        return box

    @guard
    def _choose_remedy(self, key: str, change: Change) -> None:
        if self._shown is not None:
            self._again(self.runner.chosen_roles, self._shown.report.remedies | {key: change["new"]})

    def _html(self) -> File:
        return File("report.html", self._read().report.to_html().encode(), "text/html")

    def _json(self) -> File:
        return File("report.json", self._read().report.to_json().encode(), "application/json")

    def _read(self) -> "Choices":
        if self.runner.choices is None:
            raise ValueError("There is no table yet. Choose a file first.")
        return self.runner.choices


def _sure(one: ColumnView) -> str:
    """Describe the certainty of a guess, in a word."""
    if not one.role:
        return "&nbsp;"
    return "sure" if one.sure >= SURE else "likely" if one.sure >= UNSURE else "a guess"


def _count_found(n: int) -> str:
    return "No problems were found" if n == 0 else f"{n} thing{'s' * (n != 1)} to decide"


def _facts(rows: list[tuple[str, str]]) -> Html:
    """Names and what they are, with lines that break."""
    cells = "".join(
        f"<tr><th>{escape_text(name)}</th><td>{escape_text(words)}</td></tr>" for name, words in rows
    )
    return Html(f'<table class="sw-facts">{cells}</table>')
