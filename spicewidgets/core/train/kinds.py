"""The models of kinds of tasks as classes, each made of its row in `core/models.py`: `ContextsRNN` and
`CONTEXTS_CONFIG` of the model contexts.
"""

from typing import Any

from ..models import OF_TASKS
from .built_rnn import BuiltRNN

_MODULE = "train.kinds"
_MADE: dict[str, Any] = {}
for _ready in OF_TASKS.values():
    if _ready.module == _MODULE and _ready.built is not None:
        _own = {"built": _ready.built, "__module__": __name__, "__doc__": _ready.about}
        _MADE[_ready.class_name] = type(_ready.class_name, (BuiltRNN,), _own)
        _MADE[_ready.config_name] = _ready.built.config()
globals().update(_MADE)
