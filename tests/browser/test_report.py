"""A report on a phone: nothing is wider than the screen; tables and equations scroll in their own box."""

import pytest

from spicewidgets.core.equations import Equation
from spicewidgets.paper.blocks import Bullets, Code, Formulas, Heading, Paragraph, TableBlock
from spicewidgets.paper.html import html

LONG = "a_name_without_a_space_" * 5
MODULE = "x_value_reward_of_an_option_that_was_not_chosen"
BLOCKS = (
    Heading(f"Choices of {LONG}.csv", 1),
    Paragraph(f"Read {LONG}."),
    Heading(f"Part {LONG}"),
    Bullets((LONG,)),
    Formulas((Equation(MODULE, ((), (MODULE,), ("c_reward",)), (0.1, 0.7, 0.3)),), {MODULE: 3.0}),
    TableBlock(LONG, ("model", *(f"column {at}" for at in range(12))), ((LONG, *["0.123 to 0.456"] * 12),)),
    Code(LONG),
)


@pytest.mark.parametrize("width", [400, 320])
def test_nothing_is_wider_than_a_phone(new_page, width: int):
    page = new_page(width=width)
    page.set_content(html("Choices", BLOCKS))
    assert page.evaluate("document.documentElement.scrollWidth") == width
    scrolls = "[...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth > one.clientWidth)"
    assert page.evaluate(scrolls) == [True]
