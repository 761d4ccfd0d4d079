"""The RNN: a memory state for every arm, moved from trial to trial by one small module for each cognitive
mechanism.

A model is a subclass of `BaseRNN`. Its `forward` is a loop over trials that reads like the cognitive model it
stands for: record what the equations may use, call the modules, write the new state, put the logits. The same
`forward` serves three purposes: the RNN (modules are small GRU cells), SPICE (some modules are replaced by
equations) and hard-coded equations.

Shapes: state, action and reward are `(n_sessions, n_actions)`; the input of a session is `(n_trials,
n_features)`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..settings import SettingsError
from ..tasks import BANDIT_NAME
from .gru import CLIP, gru_step
from .modules import Constant, EmbeddedConstant, GivenConstant, GRUModule, ModuleEquations

Inputs = Tensor | Sequence[Tensor] | None
Pass = tuple[Tensor, dict[str, Tensor]]  # logits and memory state


class Logits:
    """The results of the loop over trials: `logits[t] = ...` keeps each trial's tensor, and `stack()` joins
    them once.

    A tensor written to in place would cost autograd a copy of all trials at each trial.
    """

    def __init__(self, like: Tensor) -> None:
        self._like = like
        self._trials: list[Tensor] = list(torch.zeros_like(like))
        self.shape = like.shape

    def __len__(self) -> int:
        return len(self._trials)

    def __getitem__(self, trial: Any) -> Tensor:
        return self._trials[int(trial)] if not isinstance(trial, slice) else torch.stack(self._trials[trial])

    def __setitem__(self, trial: Any, value: Tensor) -> None:
        self._trials[int(trial)] = (
            value if value.shape == self._like.shape[1:] else value.expand(self._like.shape[1:])
        )

    def stack(self) -> Tensor:
        """All trials as one tensor `(n_trials, n_sessions, n_actions)`."""
        return torch.stack(self._trials)


class BaseRNN(nn.Module):
    """Base of every model: subclass it, set up modules in `__init__`, and write the loop over trials in
    `forward`.

    Class attribute `init_values` maps each memory state (its name starts with `x_`) to its value before the
    first trial: a number, or one number per arm. Class attribute `task` names the kind of task that it is for
    (`core.tasks.TASKS`).

    Args:
        n_actions: number of arms.
        n_participants: number of participants (for embeddings).
        embedding_size: size of the participant embedding; 0 for none.
        device: where tensors live.

    Attributes:
        submodules_rnn: learned modules by name; `setup_module` makes the standard one.
        submodules_eq: hard-coded equations by name: functions `(value, inputs) -> next value`, inputs stacked
            on the last axis.
        submodules_sindy: discovered equations by name; where one is set it takes the module's place.
        betas: learned scaling factors (inverse noise temperatures) by state.
        state: the memory state, `{name: (n_sessions, n_actions)}`.
        record_transitions: whether to keep, in `transitions`, what each module does: (value, next value,
            signals recorded so far) of each trial.
    """

    init_values: dict[str, Any] = {}
    task: str = BANDIT_NAME

    def __init__(
        self,
        n_actions: int,
        n_participants: int = 0,
        embedding_size: int = 0,
        device: torch.device | str = "cpu",
    ) -> None:
        super().__init__()
        self._n_actions = n_actions
        self.n_participants = n_participants
        self.embedding_size = embedding_size
        self.dropout = 0.0  # share of a module's updates left out while training (Semeniuta et al. 2016)
        self._like: Tensor
        self.register_buffer(
            "_like", torch.zeros(0, device=device), persistent=False
        )  # carries dtype and device
        self.submodules_rnn = nn.ModuleDict()
        self.submodules_eq: dict[str, Callable[[Tensor, Tensor], Tensor]] = {}
        self.submodules_sindy: dict[str, Any] = {}
        self.betas = nn.ModuleDict()
        self.recording: dict[str, list[Tensor]] = {}
        self.record_transitions = False
        self.transitions: dict[str, list[tuple[Tensor, Tensor, dict[str, Tensor]]]] = {}
        self._signals: dict[str, Tensor] = {}
        self._folded: dict[str, tuple[Tensor | None, tuple[Tensor, Tensor | None]]] = {}
        self._participants: Tensor | None = None
        for state in self.init_values:
            if not state.startswith("x_"):
                raise SettingsError(
                    [
                        f"Names of memory states start with 'x_'; got {state!r} in init_values. Call it"
                        f" 'x_{state}'."
                    ]
                )
        self.set_initial_state()

    @property
    def n_weights(self) -> int:
        """Number of learned weights, without those that a GRU's structure keeps at 0."""
        unused = sum(
            int((1 - module.used).sum()) for module in self.modules() if isinstance(module, GRUModule)
        )
        return sum(parameter.numel() for parameter in self.parameters()) - unused

    @property
    def device(self) -> torch.device:
        """Where the model's tensors live."""
        device: torch.device = self._like.device
        return device

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to copy: without intermediate results, which belong to the original's gradient."""
        passing: dict[str, Any] = {
            "recording": {},
            "transitions": {},
            "_signals": {},
            "_folded": {},
            "_participants": None,
        }
        return {**self.__dict__, **passing, "state": self.get_state(detach=True)}

    def forward(
        self, inputs: Tensor, prev_state: dict[str, Tensor] | None = None, batch_first: bool = False
    ) -> tuple[Tensor, Any]:
        """Logits of the next choice after each trial, and the memory state at the end. Write this in the
        subclass.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no forward(inputs, prev_state, batch_first): write the loop over"
            " trials there."
        )

    def init_forward_pass(
        self, inputs: Tensor, prev_state: dict[str, Tensor] | None = None, batch_first: bool = False
    ) -> tuple[tuple[Tensor, Tensor, Tensor, Tensor], tuple[Tensor, Tensor], Any, range]:
        """Cut the input into its parts and set the memory state: the first line of a `forward`.

        Args:
            inputs: `(n_trials, n_sessions, n_features)`, or sessions first with `batch_first`. Features:
                choice one-hot and reward per arm, then any additional inputs, block and experiment (both or
                none), and last the participant's index.
            prev_state: memory state to go on from; None starts from `init_values`.
            batch_first: whether the first axis of `inputs` is that of the sessions.

        Returns:
            (actions, rewards, blocks, additional inputs), (participant ids, experiment ids), logits to fill,
            and the trials' range.
        """
        if batch_first:
            inputs = inputs.permute(1, 0, 2)
        inputs = inputs.to(self._like)
        n, n_features = self._n_actions, inputs.shape[-1]
        if n_features < 2 * n + 1 or n_features == 2 * n + 2:
            raise SettingsError(
                [
                    f"{n} arms need {2 * n + 1} columns (choice and reward of each arm, participant) or"
                    f" {2 * n + 3} and more (also additional inputs, block and experiment before the"
                    f" participant); got {n_features}. Check n_actions and the data set."
                ]
            )
        has_blocks = n_features > 2 * n + 1
        additional = inputs[:, :, 2 * n : -3] if has_blocks else inputs[:, :, :0]
        blocks = inputs[:, :, -3:-2] if has_blocks else torch.zeros_like(inputs[:, :, :1])
        experiments = inputs[0, :, -2:-1].int() if has_blocks else torch.zeros_like(inputs[0, :, :1]).int()
        participants = inputs[0, :, -1:].int()
        self._begin(participants, inputs.shape[1], prev_state)
        actions, rewards = inputs[:, :, :n], inputs[:, :, n : 2 * n]
        blocks = blocks.expand(-1, -1, n)  # as they are in the data: convert_dataset scales them to 0..1
        return (
            (actions, rewards, blocks, additional),
            (participants, experiments),
            Logits(actions),
            range(len(actions)),
        )

    def _begin(self, participants: Tensor, n_sessions: int, prev_state: dict[str, Tensor] | None) -> None:
        self._participants = participants[:, 0].long()
        self._folded.clear()
        self.recording, self.transitions, self._signals = {}, {}, {}
        if prev_state is None:
            self.set_initial_state(n_sessions)
        else:
            self.set_state(dict(prev_state))
        for module in self.modules():
            if isinstance(module, Constant | GivenConstant):
                module.begin(self._participants)

    def post_forward_pass(self, logits: Any, batch_first: bool = False) -> Tensor:
        """Return the logits as one tensor, sessions first with `batch_first`: the last line of a
        `forward`.
        """
        stacked: Tensor = logits.stack() if isinstance(logits, Logits) else logits
        return stacked.permute(1, 0, 2) if batch_first else stacked

    def set_initial_state(self, batch_size: int = 1) -> dict[str, Tensor]:
        """Memory state before the first trial of `batch_size` sessions."""
        shape = (batch_size, self._n_actions)
        kind, device = self._like.dtype, self._like.device
        return self.set_state(
            {
                key: torch.as_tensor(v, dtype=kind, device=device).expand(shape)
                for key, v in self.init_values.items()
            }
        )

    def set_state(self, state_dict: dict[str, Tensor]) -> dict[str, Tensor]:
        """Set the memory state, `{name: (n_sessions, n_actions)}`."""
        self.state = state_dict
        return self.state

    def get_state(self, detach: bool = False) -> dict[str, Tensor]:
        """Return the memory state; it can be handed to the next call as `prev_state`."""
        return {key: value.detach() for key, value in self.state.items()} if detach else dict(self.state)

    def moves_where(self, module: str) -> str | None:
        """Name the signal that is below 0 for options that a module never moves; None without one."""
        return None

    def record_signal(self, key: str, value: Tensor) -> None:
        """Name a signal of the present trial, so that filters and equations can use it. Call it before
        `call_module`.
        """
        self._signals[key] = value
        if not torch.is_grad_enabled():
            self.recording.setdefault(key, []).append(value)

    def get_recording(self, key: str) -> list[Any]:
        """Return a signal as it was recorded in the last pass without gradients, one array for each trial."""
        if key not in self.recording:
            raise KeyError(f"No signal {key!r} was recorded; recorded are {sorted(self.recording)}.")
        return [value.cpu().numpy() for value in self.recording[key]]

    def setup_constant(self, embedding_size: int | None = None, leaky_relu: float = 0.01) -> nn.Module:
        """Make a learned scaling factor (starts at 1), or one for each participant and above 0, computed from
        an embedding of the given size. `leaky_relu` is accepted for compatibility: a slope near 0 would leave
        a beta that once falls below 0 there.
        """
        if embedding_size is None:
            return Constant()
        return EmbeddedConstant(embedding_size)

    def setup_embedding(
        self, num_embeddings: int, embedding_size: int, leaky_relu: float = 0.01, dropout: float = 0.5
    ) -> nn.Module:
        """Make a learned vector for each participant: ids `(n_sessions,)` in, `(n_sessions, size)` out."""
        return nn.Sequential(
            nn.Embedding(num_embeddings, embedding_size), nn.LeakyReLU(leaky_relu), nn.Dropout(dropout)
        )

    def setup_module(self, input_size: int) -> nn.Module:
        """Make the standard module. `input_size` counts its inputs, with the embedding and without the
        state.
        """
        return GRUModule(input_size, min(self.embedding_size, input_size))

    def call_module(
        self,
        key_module: str,
        key_state: str,
        action: Tensor | None = None,
        inputs: Inputs = None,
        participant_embedding: Tensor | None = None,
        participant_index: Tensor | None = None,
        activation_rnn: Callable[[Tensor], Tensor] | None = None,
        scaling: bool = False,
        own_value: bool = True,
    ) -> Tensor:
        """Compute the next value of a state from its module: the discovered equation if there is one, the RNN
        module, or the hard-coded equation.

        Args:
            key_module: name of the module.
            key_state: name of the memory state that it moves.
            action: mask `(n_sessions, n_actions)` of the arms to keep; the others become 0. `1 - action` for
                the arms not chosen.
            inputs: what the module sees besides the state: a tensor `(n_sessions, n_actions)`, a tuple of
                these, or None.
            participant_embedding: `(n_sessions, embedding_size)`.
            participant_index: accepted for compatibility; equations look up their participant in the input
                itself.
            activation_rnn: applied to the RNN module's next value (an equation has learned it already).
            scaling: multiply by the state's beta.
            own_value: whether the module sees the state's own last value and adds to it. Without it the state
                is what its inputs make of it in this trial; a network would otherwise sum these up.

        Returns:
            `(n_sessions, n_actions)`, within -10..10.
        """
        value = self._value(key_module, key_state, scaling)
        value = value if own_value else torch.zeros_like(value)
        columns = self._columns(key_module, inputs, value)
        if action is not None and action.shape != value.shape:
            action = action.expand_as(value)
        if key_module in self.submodules_sindy:
            after = self.submodules_sindy[key_module].evaluate(value, self._signals, self._participants)
        elif key_module in self.submodules_rnn:
            apart = self.record_transitions or activation_rnn or self._dropping()
            learned = action is not None and action.requires_grad  # the fused step gives a mask no gradient
            if not (apart or learned) and isinstance(self.submodules_rnn[key_module], GRUModule):
                fused = self._gru(key_module, value, action, columns, participant_embedding)
                return self._scale_by_beta(fused, key_state, participant_embedding) if scaling else fused
            after = self._rnn(key_module, value, columns, participant_embedding)
            after = activation_rnn(after) if activation_rnn is not None else after
        else:
            after = self.submodules_eq[key_module](
                value, torch.stack(columns, -1) if columns else value.new_zeros(*value.shape, 0)
            )
        if self.record_transitions:
            self.transitions.setdefault(key_module, []).append((value, after, dict(self._signals)))
        after = (after if action is None else after * action).clamp(-CLIP, CLIP)
        return self._scale_by_beta(after, key_state, participant_embedding) if scaling else after

    def _value(self, key_module: str, key_state: str, scaling: bool) -> Tensor:
        known = [*self.submodules_rnn, *self.submodules_eq, *self.submodules_sindy]
        problems = []
        if key_module not in known:
            problems.append(
                f"call_module got the unknown module {key_module!r}; set up are {sorted(set(known))}. Set it"
                " up in __init__."
            )
        if key_state not in self.state:
            problems.append(
                f"call_module got the unknown state {key_state!r}; init_values has {sorted(self.state)}. Add"
                " it there."
            )
        if scaling and key_state not in self.betas:
            problems.append(
                f"call_module got scaling=True, but {key_state!r} has no beta; there are some for"
                f" {sorted(self.betas)}. Set betas[{key_state!r}] = self.setup_constant() in __init__."
            )
        if problems:
            raise SettingsError(problems)
        return self.state[key_state]

    def _columns(self, key_module: str, inputs: Inputs, value: Tensor) -> list[Tensor]:
        if inputs is None:
            return []
        tensors = [inputs] if isinstance(inputs, Tensor) else list(inputs)
        columns = [column for x in tensors for column in (x.unbind(-1) if x.ndim == 3 else (x,))]
        return [x if x.shape == value.shape else x.expand_as(value) for x in columns]

    def _gru(
        self, key: str, value: Tensor, action: Tensor | None, columns: list[Tensor], embedding: Tensor | None
    ) -> Tensor:
        module = self.submodules_rnn[key]
        size = 0 if embedding is None else embedding.shape[-1]
        if module.input_size != len(columns) + size:
            raise SettingsError(
                [
                    f"Module {key!r} was set up with setup_module(input_size={module.input_size}); it is"
                    f" called with {len(columns)} inputs and an embedding of size {size}. Set"
                    f" input_size={len(columns) + size}, or change the inputs of call_module."
                ]
            )
        seen, folded = self._folded.get(key, (None, None))
        if folded is None or seen is not embedding:
            folded = module.fold(embedding)  # type: ignore[operator]
            self._folded[key] = (embedding, folded)
        weights, row_bias = folded
        after = gru_step(value, action, weights, row_bias, module.scale, module.offset, *columns)
        return after

    def _rnn(self, key: str, value: Tensor, columns: list[Tensor], embedding: Tensor | None) -> Tensor:
        if isinstance(self.submodules_rnn[key], GRUModule):
            change = self._gru(key, value, None, columns, embedding) - value
        else:
            rows = [value.unsqueeze(-1), *(x.unsqueeze(-1) for x in columns)]
            if embedding is not None:
                rows.append(
                    embedding.unsqueeze(1).expand(-1, self._n_actions, -1)
                    if embedding.ndim == 2
                    else embedding
                )
            change = self.submodules_rnn[key](torch.cat(rows, -1)).squeeze(-1)
        if self._dropping():
            change = nn.functional.dropout(change, self.dropout)
        return value + change

    def _dropping(self) -> bool:
        return self.training and self.dropout > 0

    def _scale_by_beta(self, value: Tensor, key_state: str, embedding: Tensor | None) -> Tensor:
        scaled: Tensor = value * self.betas[key_state](embedding)
        return scaled

    def integrate_sindy(self, modules: Mapping[str, Any]) -> None:
        """Let equations take the place of modules.

        Args:
            modules: by name, the equation of each participant as in `SpiceModel.modules`, or anything that
                evaluates as `ModuleEquations` do.

        Raises:
            SettingsError: for a module that the model lacks.
        """
        unknown = sorted(set(modules) - set(self.submodules_rnn))
        if unknown:
            raise SettingsError(
                [
                    f"The model has no modules {unknown}; it has {sorted(self.submodules_rnn)}. Check"
                    " rnn_modules of the config."
                ]
            )
        self.submodules_sindy = {
            name: rows if hasattr(rows, "evaluate") else ModuleEquations(rows)
            for name, rows in modules.items()
        }
