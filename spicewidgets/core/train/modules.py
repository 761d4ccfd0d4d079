"""The parts of a model: the GRU module that moves a state, equations that take its place, and the constants
that scale a state.

The learned ones also run for several random starts side by side; `starts.py` says how.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..equations import Equation
from ..settings import SettingsError
from .gru import gru_step


class GRUModule(nn.Module):
    """The standard module: how one state moves, given its own value and `input_size` inputs. A GRU cell with
    one hidden unit.

    The first dimension of every parameter counts random starts: 1 for a model of its own, more where training
    compares several starts together (`core/train/screening.py`).
    """

    def __init__(self, input_size: int, embedding_size: int = 0) -> None:
        super().__init__()
        self.input_size, self.embedding_size = input_size, embedding_size
        self.gates = nn.Parameter(
            torch.zeros(1, 4, 2 + input_size)
        )  # rows: reset, update, candidate, candidate of the state
        self.scale = nn.Parameter(torch.zeros(1, 1))
        self.offset = nn.Parameter(torch.zeros(1, 1))
        self.used: Tensor
        used = torch.ones(4, 2 + input_size)
        used[2, 1] = 0  # a GRU's candidate sees the state only through the reset gate ...
        used[3, 2:] = 0  # ... and the reset gate holds back the state, not the inputs
        self.register_buffer("used", used, persistent=False)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights: Xavier uniform (Glorot & Bengio 2010) for state and inputs, small ones for the
        embedding, so that all participants begin alike; biases 0.
        """
        own = self.gates.shape[2] - self.embedding_size
        with torch.no_grad():
            nn.init.xavier_uniform_(self.gates[0, :, 1:own])
            nn.init.uniform_(self.gates[0, :, own:], -0.05, 0.05)
            self.gates[:, :, 0] = 0
            nn.init.uniform_(self.scale, -1.0, 1.0)
            nn.init.zeros_(self.offset)

    def fold(self, embedding: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Return the gates' weights, and what a participant embedding `(n_sessions, embedding_size)`, or one
        for each arm, adds to each gate of each session (or session and arm).
        """
        weights = self.gates * self.used
        if embedding is None:
            return weights, None
        size = embedding.shape[-1]
        rows = embedding.reshape(len(weights), -1, size)
        return weights[:, :, : weights.shape[2] - size], weights[:, :, -size:] @ rows.transpose(1, 2)

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the change of the state, `(n_sessions, n_actions, 1)`, from `(n_sessions, n_actions, 1 +
        input_size)`: value first.
        """
        value, *others = inputs.unbind(-1)
        weights, _ = self.fold(None)
        after = gru_step(value, None, weights, None, self.scale, self.offset, *others)
        return (after - value).unsqueeze(-1)


class Constant(nn.Module):
    """One learned number, such as the inverse noise temperature beta; called with anything, it returns that
    number.
    """

    def __init__(self, value: float = 1.0) -> None:
        super().__init__()
        self.parameter = nn.Parameter(torch.full((1,), value))
        self.rows = 1  # sessions of each start

    def begin(self, participants: Tensor) -> None:
        """Told by the model at the beginning of a pass: the participant's index of each session."""
        self.rows = len(participants) // len(self.parameter)

    def forward(self, *_: Any) -> Tensor:
        """Return the number; where several starts run together, that of each session, `(n_sessions, 1)`."""
        if len(self.parameter) == 1:
            return self.parameter[0]
        return self.parameter.repeat_interleave(self.rows).unsqueeze(-1)


class GivenConstant(nn.Module):
    """A known number for each participant, `(n_participants,)`, where a learned one used to be; called with
    anything, `(n_sessions, 1)`.
    """

    def __init__(self, values: Sequence[float]) -> None:
        super().__init__()
        self.values: Tensor
        self.register_buffer("values", torch.tensor(values, dtype=torch.float64), persistent=False)
        self.codes = torch.zeros(1, dtype=torch.long)

    def begin(self, participants: Tensor) -> None:
        """Told by the model at the beginning of a pass: the participant's index of each session."""
        self.codes = participants if len(self.values) > 1 else torch.zeros_like(participants)

    def forward(self, *_: Any) -> Tensor:
        """Return the number of each session's participant."""
        return self.values[self.codes].unsqueeze(-1)


class EmbeddedConstant(nn.Module):
    """One learned number above 0 for each participant, from their embedding: `(n_sessions, embedding_size)`
    in, `(n_sessions, 1)` out.
    """

    def __init__(self, embedding_size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(embedding_size, 1)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights, so that the number begins near 1."""
        self.linear.reset_parameters()
        nn.init.constant_(self.linear.bias, 0.5413)  # softplus of this is 1

    def forward(self, embedding: Tensor) -> Tensor:
        """Return the number of each session's participant."""
        return nn.functional.softplus(self.linear(embedding))


class ModuleEquations:
    """The equations of one module for all participants, as a model calls them in place of the module."""

    def __init__(self, equations: Sequence[Equation | None]) -> None:
        known = [equation for equation in equations if equation is not None]
        self.module = known[0].module
        by_factors = {tuple(sorted(term)): term for equation in known for term, _ in equation.active}
        self.terms = tuple(by_factors.values())  # a product is one term whatever the order of its factors
        self.fitted = torch.tensor([equation is not None for equation in equations])
        rows = [
            [0.0 if equation is None else equation.coefficient(*term) for term in self.terms]
            for equation in equations
        ]
        self.table = torch.tensor(rows, dtype=torch.float64).reshape(len(equations), len(self.terms))

    def evaluate(self, value: Tensor, signals: Mapping[str, Tensor], participants: Tensor) -> Tensor:
        """Return the next values of sessions.

        Args:
            value: the state, `(n_sessions, n_actions)`.
            signals: the other factors by name, each `(n_sessions, n_actions)`.
            participants: index of each session's participant, `(n_sessions,)`.

        Raises:
            SettingsError: where a participant has no equation.
        """
        codes = participants.new_zeros(participants.shape) if len(self.table) == 1 else participants
        if not bool(self.fitted[codes].all()):
            raise SettingsError(
                [
                    f"No equation of {self.module!r} was fitted for some of these participants. Fit with"
                    " spice_participant_id=None for all."
                ]
            )
        coefficients = self.table[codes].to(value)
        total = value.new_zeros(value.shape)
        for column, term in enumerate(self.terms):
            product = coefficients[:, column : column + 1]
            for factor in term:
                product = product * (value if factor == self.module else signals[factor])
            total = total + product
        return total
