"""What the page has of Python, its ready models and the numbers that its sources share, is that of today.

`python tests/front/test_ready_models.py` writes both; `npm run build` then takes the numbers into the bundle.
"""

import json

import pytest

from spicewidgets.front.files import FOLDER, READY_MODELS
from spicewidgets.front.models import constants
from spicewidgets.front.page import ready_models

MADE = {
    READY_MODELS: ready_models,
    FOLDER / "src" / "constants.json": lambda: json.dumps(constants(), indent=1) + "\n",
}


@pytest.mark.parametrize("path", MADE, ids=lambda path: path.name)
def test_what_is_made_is_that_of_today(path):
    assert path.read_text(encoding="utf-8") == MADE[path]()


if __name__ == "__main__":
    for made, write in MADE.items():
        made.write_text(write(), encoding="utf-8")
