"""What an equation misses, as a picture."""

from spicewidgets.core.judge.misses import Miss
from spicewidgets.plots.rivals import misses_table


def test_each_history_has_a_row_with_dot_and_interval():
    rows = (
        Miss("a <switch>", 0.9, 0.4, 1.4, 0.2, 0.1, True, 0.3, 0.2),
        Miss("a reward", -0.1, -0.5, 0.3, 0.2, 0.2, False, 0.5, 0.2),
    )
    page = misses_table(rows)
    assert page.count("<tr>") == 1 + len(rows)
    assert "a &lt;switch&gt;" in page
    assert page.count("<u ") == len(rows)
