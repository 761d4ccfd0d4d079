"""A built model as Python: a class and its config, written out as by hand, to paste into a notebook.

The class computes what `built_rnn.BuiltRNN` computes, operation for operation.
"""

from collections.abc import Iterator
from pprint import pformat
from typing import Any

from ..built import (
    ALL,
    CHOSEN,
    NOT_CHOSEN,
    PREDICTION_ERROR,
    REWARD_CHOSEN,
    SCALED,
    UNUSED,
    BuiltModel,
    BuiltModule,
    BuiltState,
)

CLASS, CONFIG = "YourRNN", "YOUR_CONFIG"
MASKS = {CHOSEN: "action", NOT_CHOSEN: "1 - action"}
SIGNALS = {"c_action": "action", "c_reward": "reward", REWARD_CHOSEN: "reward_chosen"}
UPDATE = '''

def prediction_error(value, inputs):
    """The given update: inputs are (signal, learning rate) on the last axis."""
    return value + inputs[..., 1] * (inputs[..., 0] - value)
'''

# A task whose rows tell more than choice and reward keeps its loop over rows, which the description says.
STAGED = """from spicewidgets.core.built import BuiltModel
from spicewidgets.core.train.built_rnn import BuiltRNN


class {cls}(BuiltRNN):
    built = BuiltModel.from_dict({rows})


{config} = {cls}.built.config()
"""


def source(built: BuiltModel) -> str:
    """Return the model as Python source that defines `YourRNN` and `YOUR_CONFIG`. Raises `SettingsError`
    where the description cannot be used.
    """
    built.checked()
    if built.goes_by_rows:
        return STAGED.format(rows=_written(built.to_dict()), cls=CLASS, config=CONFIG)
    has_prediction_error = any(module.kind == PREDICTION_ERROR for module in built.modules)
    needs_torch = any(module.activation != "none" for module in built.learned)
    lines = [
        *(["import torch", ""] if needs_torch else []),
        "from spicewidgets import BaseRNN, SpiceConfig",
        *(UPDATE.splitlines() if has_prediction_error else []),
        "",
        "",
        f"class {CLASS}(BaseRNN):",
        f"    init_values = {_written(built.first_values)}",
        *(
            [f"    acting = {_written(built.acting)}  # the states that act on the choice"]
            if built.acting
            else []
        ),
        "",
        *_init(built),
        "",
        *_forward(built),
        "",
        "",
        *_config(built),
    ]
    return "\n".join(lines) + "\n"


def _init(built: BuiltModel) -> Iterator[str]:
    size = " + embedding_size" if built.participants else ""
    if built.participants:
        yield "    def __init__(self, n_actions, n_participants, embedding_size=8, dropout=0.0, **kwargs):"
        yield "        super().__init__(n_actions, n_participants, embedding_size)"
        yield "        self.participant_embedding = self.setup_embedding("
        yield "            n_participants, embedding_size, dropout=dropout"
        yield "        )"
    else:
        yield "    def __init__(self, n_actions, **kwargs):"
        yield "        super().__init__(n_actions)"
    for state in built.states:
        if state.choice == SCALED:
            yield f'        self.betas["{state.name}"] = self.setup_constant({size.removeprefix(" + ")})'
    for module in built.in_order:
        if module.kind == PREDICTION_ERROR:
            yield f'        self.submodules_eq["{module.name}"] = prediction_error'
        else:
            setup = f"self.setup_module(input_size={len(module.inputs)}{size})"
            yield f'        self.submodules_rnn["{module.name}"] = {setup}'


def _forward(built: BuiltModel) -> Iterator[str]:
    who = "(participants, _)" if built.participants else "_"
    yield "    def forward(self, inputs, prev_state=None, batch_first=False):"
    yield f"        (actions, rewards, _, _), {who}, logits, trials = self.init_forward_pass("
    yield "            inputs, prev_state, batch_first"
    yield "        )"
    if built.participants:
        yield "        who = self.participant_embedding(participants[:, 0])"
    known = "who" if built.participants else ""
    for state in built.states:
        if state.choice == SCALED:
            yield f'        beta_{state.name} = self.betas["{state.name}"]({known})'
    yield "        for trial, action, reward in zip(trials, actions, rewards):"
    for line in _trial(built):
        yield f"            {line}"
    yield "        return self.post_forward_pass(logits, batch_first), self.get_state()"


def _trial(built: BuiltModel) -> Iterator[str]:
    yield 'self.record_signal("c_action", action)'
    yield 'self.record_signal("c_reward", reward)'
    if any(REWARD_CHOSEN in module.inputs for module in built.modules):
        yield "reward_chosen = (action * reward).sum(-1, keepdim=True)"
        yield f'self.record_signal("{REWARD_CHOSEN}", reward_chosen)'
    states = [state.name for state in built.states]
    for state in built.states:
        modules = built.modules_of(state.name)
        for seen in dict.fromkeys(name for module in modules for name in module.inputs if name in states):
            yield f'self.record_signal("{seen}", self.state["{seen}"])'
        for module in modules:
            yield from _call(module, built.participants)
        yield f'self.state["{state.name}"] = {" + ".join(_parts(state, modules))}'
    first, *others = _logits(built)
    if not others:
        yield f"logits[trial] = {first}"
        return
    yield "logits[trial] = ("
    yield f"    {first}"
    yield from (f"    + {other}" for other in others)
    yield ")"


def _call(module: BuiltModule, participants: bool) -> Iterator[str]:
    seen = [SIGNALS.get(name, f'self.state["{name}"]') for name in module.inputs]
    yield f"{module.name} = self.call_module("
    yield f'    "{module.name}",'
    yield f'    "{module.state}",'
    if module.arms != ALL:
        yield f"    action={MASKS[module.arms]},"
    if seen:
        yield f"    inputs={seen[0] if len(seen) == 1 else '(' + ', '.join(seen) + ')'},"
    if participants:
        yield "    participant_embedding=who,"
    if module.activation != "none":
        yield f"    activation_rnn=torch.{module.activation},"
    if not module.own_value:
        yield "    own_value=False,"
    yield ")"


def _parts(state: BuiltState, modules: tuple[BuiltModule, ...]) -> Iterator[str]:
    """Yield the summands of a state's next value."""
    moved = [module.arms for module in modules]
    yield from (module.name for module in modules)
    if state.keeps and ALL not in moved:
        rest = (mask for arms, mask in MASKS.items() if arms not in moved)
        yield from (f'self.state["{state.name}"] * ({mask})'.replace("(action)", "action") for mask in rest)


def _logits(built: BuiltModel) -> Iterator[str]:
    for state in built.states:
        scale = f" * beta_{state.name}" if state.choice == SCALED else ""
        if state.choice != UNUSED:
            yield f'self.state["{state.name}"]{scale}'


def _config(built: BuiltModel) -> Iterator[str]:
    names = [module.name for module in built.learned]
    library = {module.name: list(module.inputs) for module in built.learned}
    at = {CHOSEN: 1, NOT_CHOSEN: 0}
    filters = {m.name: ["c_action", at[m.arms], True] for m in built.learned if m.arms in at}
    parts = {
        "rnn_modules": names,
        "control_parameters": list(built.controls),
        "library_setup": library,
        "filter_setup": filters,
    }
    yield f"{CONFIG} = SpiceConfig("
    for name, value in parts.items():
        first, *rest = _written(value).splitlines()
        lines = [f"    {name}={first}", *(f"    {' ' * len(name)} {line}" for line in rest)]
        yield "\n".join(lines) + ","
    yield ")"


def _written(value: Any) -> str:
    return pformat(value, width=70, sort_dicts=False).replace("'", '"')
