"""What an equation misses, as a picture."""

from spicewidgets.core.judge.misses import OUTCOMES, RUNS, Miss, cell_of, cells
from spicewidgets.plots.rivals import REPEATS, cells_chart, misses_table


def test_each_history_has_a_row_with_dot_and_interval():
    rows = (
        Miss("a <switch>", 0.9, 0.4, 1.4, 0.2, 0.1, 0.05, 0.3, 0.2),
        Miss("a reward", -0.1, -0.5, 0.3, 0.2, 0.2, 0.05, 0.5, 0.2),
    )
    page = misses_table(rows)
    assert page.count("<tr>") == 1 + len(rows)
    assert "a &lt;switch&gt;" in page
    assert page.count("<u ") == len(rows)


def test_outcome_and_run_are_drawn_where_all_cells_are_there():
    rows = [
        Miss(cell_of(run, outcome), 0.1, 0.0, 0.2, 0.3, 0.2, 0.05, 0.1, 0.1)
        for run in RUNS
        for outcome in OUTCOMES
    ]
    page = cells_chart(cells(rows), "")
    assert len(REPEATS) == len(RUNS)
    assert all(f">{words}<" in page for words in REPEATS)
    assert all(f"after {outcome}" in page for outcome in OUTCOMES)
    assert not cells_chart(cells(rows[1:]), "")
