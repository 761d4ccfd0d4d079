"""One trial as expressions: what a trace has read off a model's forward."""

import math
from dataclasses import dataclass, replace
from typing import Any

from .graph import Graph, Node, ancestors_of


@dataclass(frozen=True)
class CompiledTrial:
    """The computations of one trial, for one session.

    Attributes:
        graph: of all nodes below.
        logits: of the next choice, one for each arm.
        states: the memory state after the trial; leaf ("state", k) is entry k before it.
        n_globals, n_sessions, n_rows, n_noises: how many leaves there are of each kind.
    """

    graph: Graph
    logits: tuple[Node, ...]
    states: tuple[Node, ...]
    n_globals: int
    n_sessions: int
    n_rows: int
    n_noises: int

    @property
    def key(self) -> tuple[Any, ...]:
        """Equal for trials that compute the same."""
        used = ancestors_of([*self.logits, *self.states])  # not the slopes that a writer adds to the graph
        nodes = tuple((n.number, n.op, *(a.number for a in n.args), repr(n.value)) for n in used)
        ends = tuple(n.number for n in self.logits), tuple(n.number for n in self.states)
        return nodes, ends, self.n_globals, self.n_sessions, self.n_rows, self.n_noises

    def with_offers(self) -> "CompiledTrial":
        """Return the same trial with a further row for each option, which is 0 where the option is not on
        offer for the next choice: then its logit is minus infinity.
        """
        rows = [self.graph.leaf("row", self.n_rows + i) for i in range(len(self.logits))]
        logits = [self.graph("where", row, x, -math.inf) for row, x in zip(rows, self.logits, strict=True)]
        return replace(self, logits=tuple(logits), n_rows=self.n_rows + len(rows))
