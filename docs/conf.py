"""The documentation site: `make docs` writes it to out/site, without a network, and a warning is an error."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "benchmarks"))
sys.path.insert(0, str(Path(__file__).parent))

import pages

from spicewidgets import __version__
from spicewidgets.front.page import LESSONS, write_page

project = "spicewidgets"
author = "The spicewidgets developers"
project_copyright = author
version = release = __version__
extensions = ["myst_nb"]
html_theme = "furo"
html_title = f"spicewidgets {__version__}"
html_show_sphinx = False
myst_enable_extensions = ["colon_fence", "substitution"]
myst_substitutions = pages.measured()
myst_heading_anchors = 4
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True
nitpicky = True

MADE = Path(__file__).parent / "made"
pages.write(MADE)
# The pages that need no Python, beside the others as they are.
html_extra_path = ["made/extra"]
(MADE / "extra").mkdir(exist_ok=True)
(MADE / "extra" / "playground.html").write_text(write_page(), encoding="utf-8")
for name in LESSONS:
    (MADE / "extra" / f"lesson-{name}.html").write_text(write_page(lesson=name), encoding="utf-8")
