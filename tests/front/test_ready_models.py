"""Kernels, settings and words that ship with the package are those of today.

`python tests/front/test_ready_models.py` writes them.
"""

from spicewidgets.front.files import READY_MODELS
from spicewidgets.front.page import ready_models


def test_ready_models_are_those_of_today():
    assert READY_MODELS.read_text(encoding="utf-8") == ready_models()


if __name__ == "__main__":
    READY_MODELS.write_text(ready_models(), encoding="utf-8")
