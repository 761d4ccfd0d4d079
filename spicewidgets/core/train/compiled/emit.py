"""From one trial's expressions to a loop in LLVM's language: forth through the trials, the loss, and back.

Every number is a vector of as many sessions as one register holds, so that nothing is left to the compiler's
luck. One call runs all starts and all sessions. `kernel.py` says what the arguments are. Knows nothing of
torch.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .graph import EXPENSIVE, LEAVES, Graph, Node, gradient, needed


@dataclass(frozen=True)
class Trial:
    """What one trial computes, for one session.

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
        used = needed([*self.logits, *self.states])  # not the slopes that a writer adds to the graph
        nodes = tuple((n.number, n.op, *(a.number for a in n.args), repr(n.value)) for n in used)
        ends = tuple(n.number for n in self.logits), tuple(n.number for n in self.states)
        return nodes, ends, self.n_globals, self.n_sessions, self.n_rows, self.n_noises

    def with_offers(self) -> "Trial":
        """The same trial with a further row for each option, which is 0 where the option is not on offer for
        the next choice: then its logit is minus infinity.
        """
        rows = [self.graph.leaf("row", self.n_rows + i) for i in range(len(self.logits))]
        logits = [self.graph("where", row, x, -math.inf) for row, x in zip(rows, self.logits, strict=True)]
        return replace(self, logits=tuple(logits), n_rows=self.n_rows + len(rows))


COUNTS = ("starts", "blocks", "trials", "back")
ARRAYS = (
    *("rows", "shares", "globals", "sessions", "states", "noises", "tape"),
    *("loss", "d_globals", "d_sessions", "d_states", "after"),
)
EXACT = ("loss", "d_globals")  # float64 in every kernel
RAISED = 64  # a power of 2, by which the terms of a softmax stay normal numbers


class Writer:
    """Writes the source of one kernel."""

    def __init__(self, trial: Trial, double: bool) -> None:
        self.trial, self.double = trial, double
        self.lanes = 8 if double else 16
        self.scalar = "double" if double else "float"
        self.vector = f"<{self.lanes} x {self.scalar}>"
        self.integers = f"<{self.lanes} x i{64 if double else 32}>"
        self.mask = f"<{self.lanes} x i1>"
        self.lines: list[str] = []
        self.count = 0
        self._plan()

    def _plan(self) -> None:
        """What is computed on the way back, and what is kept for it on the way forth."""
        trial, leaf = self.trial, self.trial.graph.leaf
        slopes = gradient(
            [(node, leaf("slope", k)) for k, node in enumerate(trial.logits)]
            + [(node, leaf("carried", k)) for k, node in enumerate(trial.states)]
        )
        zero = leaf("const", 0.0)

        def of(kind: str, n: int) -> list[Node]:
            return [slopes.get(leaf(kind, k), zero) for k in range(n)]

        self.d_states = of("state", len(trial.states))
        self.d_globals = of("global", trial.n_globals)
        self.d_sessions = of("session", trial.n_sessions)
        self.forth = needed([*trial.logits, *trial.states], values_only=True)
        ahead = {node.number for node in self.forth}
        kept = [node for node in self.forth if node.op in EXPENSIVE]
        back = [*self.d_states, *self.d_globals, *self.d_sessions]
        numbers = {node.number for node in kept}
        used = {node.number for node in needed(back, lambda node: node.number in numbers)}
        self.kept = [node for node in kept if node.number in used and node.number in ahead]
        numbers = {node.number for node in self.kept}
        self.back = needed(back, lambda node: node.number in numbers)
        self.tape_rows = len(trial.states) + len(trial.logits) + len(self.kept)
        self.width = trial.n_rows + 1  # rows of a trial: features, choice

    def source(self) -> str:
        """The kernel's source, in the language of LLVM 15; `kernel.py` tells newer ones."""
        self.lines = []
        k, n = range(len(self.trial.states)), self.lanes
        self.say(f"define void @kernel({self._arguments()}) {{", "entry:", "br label %start")
        self.say("start:", "%s = phi i64 [0, %entry], [%s.next, %start.end]", "br label %block")
        self.say("block:", "%b = phi i64 [0, %start], [%b.next, %block.end]")
        self.say(f"%n = mul i64 %blocks, {n}", f"%at = mul i64 %b, {n}")
        self.point("share", "shares", f"mul i64 %s, {'%n'}", "%at")
        share = self.load("%share")
        # Sessions that do not count, as those that fill up the last block, must not be multiplied by 0: they
        # may be no number.
        self.say(f"%counts = fcmp une {self.vector} {share}, {self.constant(0.0)}")
        self.say(f"%g.at = mul i64 %s, {self.trial.n_globals}")
        self.say(f"%g = getelementptr {self.scalar}, {self.scalar}* %globals, i64 %g.at")
        self.say("%dg = getelementptr double, double* %d_globals, i64 %g.at")
        self._columns("sessions", self.trial.n_sessions)
        self._columns("d_sessions", self.trial.n_sessions)
        for name in ("states", "d_states", "after"):
            self._columns(name, len(self.trial.states))
        self.say("%sb.0 = mul i64 %s, %blocks", "%sb = add i64 %sb.0, %b", "%sbt = mul i64 %sb, %trials")
        self.say("%bt = mul i64 %b, %trials")
        first = [self.load(self.column("states", i)) for i in k]
        self._forth(first, share)
        self._back()
        self.say("block.end:", "%b.next = add i64 %b, 1", "%b.more = icmp ult i64 %b.next, %blocks")
        self.say("br i1 %b.more, label %block, label %start.end", "start.end:", "%s.next = add i64 %s, 1")
        self.say("%s.more = icmp ult i64 %s.next, %starts", "br i1 %s.more, label %start, label %end")
        self.say("end:", "ret void", "}", *self._declarations())
        return "\n".join(self.lines)

    def _arguments(self) -> str:
        arrays = (f"{'double' if name in EXACT else self.scalar}* %{name}" for name in ARRAYS)
        return ", ".join([*(f"i64 %{name}" for name in COUNTS), *arrays])

    def _declarations(self) -> list[str]:
        wide = f"<{self.lanes} x double>"
        of = f"v{self.lanes}f{64 if self.double else 32}"
        return [
            f"declare double @llvm.vector.reduce.fadd.v{self.lanes}f64(double, {wide})",
            f"declare {self.vector} @llvm.sqrt.{of}({self.vector})",
            f"declare {self.vector} @llvm.fabs.{of}({self.vector})",
        ]

    def _columns(self, name: str, n: int) -> None:
        """A pointer to the present block's first value of per-session numbers `(starts, n, sessions)`."""
        self.say(f"%{name}.s = mul i64 %s, {n}", f"%{name}.sn = mul i64 %{name}.s, %n")
        self.say(f"%{name}.at = add i64 %{name}.sn, %at")
        self.say(f"%{name}.p = getelementptr {self.scalar}, {self.scalar}* %{name}, i64 %{name}.at")

    def column(self, name: str, i: int) -> str:
        """A pointer to row `i` of them."""
        if i == 0:
            return f"%{name}.p"
        offset = self.new(f"mul i64 %n, {i}")
        return self.new(f"getelementptr {self.scalar}, {self.scalar}* %{name}.p, i64 {offset}")

    def _forth(self, first: list[str], share: str) -> None:
        trial, k = self.trial, range(len(self.trial.states))
        self.say("br label %forth.begin", "forth.begin:", "br label %forth", "forth:")
        self.say("%t = phi i64 [0, %forth.begin], [%t.next, %forth]")
        begin = len(self.lines)  # here come the states, when it is known what follows them
        wide = f"<{self.lanes} x double>"
        self.say(f"%sum = phi {wide} [zeroinitializer, %forth.begin], [%sum.next, %forth]")
        self._pointers("%t", "")
        values: dict[int, str] = {}
        for node in self.forth:
            values[node.number] = f"%st.{int(node.value)}" if node.op == "state" else self.value(node, values)
        for i in k:
            self.store(f"%st.{i}", self.row("%tape.t", i))
        loss, slopes = self._cross_entropy([values[node.number] for node in trial.logits], share)
        for i, slope in enumerate(slopes):
            self.store(slope, self.row("%tape.t", len(trial.states) + i))
        for i, node in enumerate(self.kept):
            self.store(values[node.number], self.row("%tape.t", len(trial.states) + len(trial.logits) + i))
        self.say(f"%sum.next = fadd {wide} %sum, {self.wide(loss)}")
        after = [values[node.number] for node in trial.states]
        self.lines[begin:begin] = [
            f"%st.{i} = phi {self.vector} [{first[i]}, %forth.begin], [{after[i]}, %forth]" for i in k
        ]
        self.say("%t.next = add i64 %t, 1", "%t.more = icmp ult i64 %t.next, %trials")
        self.say("br i1 %t.more, label %forth, label %forth.end", "forth.end:")
        for i in k:
            self.store(after[i], self.column("after", i))
        exact = self.wide(share)
        total = self.new(f"fmul {wide} %sum.next, {exact}")
        counted = self.new(f"select {self.mask} %counts, {wide} {total}, {wide} zeroinitializer")
        self.add(counted, "%loss", "%s")
        self.say("%backwards = icmp ne i64 %back, 0", "br i1 %backwards, label %back.begin, label %block.end")

    def _back(self) -> None:
        trial, zero = self.trial, "zeroinitializer"
        roots = {"st": self.d_states, "g": self.d_globals, "c": self.d_sessions}
        self.say("back.begin:", "br label %backward", "backward:")
        self.say("%left = phi i64 [%trials, %back.begin], [%u, %backward]")
        for name, nodes in roots.items():
            for i in range(len(nodes)):
                of = f"%d.{name}.{i}"
                self.say(f"{of} = phi {self.vector} [{zero}, %back.begin], [{of}.next, %backward]")
        self.say("%u = sub i64 %left, 1")
        self._pointers("%u", ".u")
        n = len(trial.states)
        places = {node.number: n + len(trial.logits) + i for i, node in enumerate(self.kept)}
        values: dict[int, str] = {}
        for node in self.back:
            if node.number in places:
                values[node.number] = self.load(self.row("%tape.t.u", places[node.number]))
            elif node.op == "state":
                values[node.number] = self.load(self.row("%tape.t.u", int(node.value)))
            elif node.op == "slope":
                values[node.number] = self.load(self.row("%tape.t.u", n + int(node.value)))
            elif node.op == "carried":
                values[node.number] = f"%d.st.{int(node.value)}"
            else:
                values[node.number] = self.value(node, values, ".u")
        for name, nodes in roots.items():
            for i, node in enumerate(nodes):
                value = values[node.number]
                before = zero if name == "st" else f"%d.{name}.{i}"
                self.say(f"%d.{name}.{i}.next = fadd {self.vector} {before}, {value}")
        self.say(
            "%u.more = icmp ne i64 %u, 0", "br i1 %u.more, label %backward, label %back.end", "back.end:"
        )
        for i in range(trial.n_globals):
            self.add(self.wide(self.choose("%counts", f"%d.g.{i}.next", zero)), "%dg", str(i))
        for name, place in (("c", "d_sessions"), ("st", "d_states")):
            for i in range(len(roots[name])):
                self.store(self.choose("%counts", f"%d.{name}.{i}.next", zero), self.column(place, i))
        self.say("br label %block.end")

    def _pointers(self, t: str, end: str) -> None:
        """Where the rows of a trial are: data, noise and tape."""
        n_noise = max(self.trial.n_noises, 1)
        for name, base, width in (
            ("rows", "%bt", self.width),
            ("noises", "%sbt", n_noise),
            ("tape", "0", self.tape_rows),
        ):
            place = self.new(f"add i64 {base}, {t}")
            offset = self.new(f"mul i64 {place}, {width * self.lanes}")
            self.say(f"%{name}.t{end} = getelementptr {self.scalar}, {self.scalar}* %{name}, i64 {offset}")

    def _cross_entropy(self, logits: list[str], share: str) -> tuple[str, list[str]]:
        """Loss of a trial, and its slope by each logit times the session's share; 0 where the choice is not
        known (-1).

        From differences to the largest logit only, so that an offset that all logits have in common is lost
        in neither.
        """
        zero = self.constant(0.0)
        choice = self.load(self.row("%rows.t", self.trial.n_rows))
        known = self.new(f"fcmp oge {self.vector} {choice}, {zero}")
        share = self.choose(known, share, zero)
        top = logits[0]
        for logit in logits[1:]:
            top = self.larger(top, logit)
        below = [self.real("fsub", logit, top) for logit in logits]
        powers = [self.raised_exp(x) for x in below]
        total = powers[0]
        for power in powers[1:]:
            total = self.real("fadd", total, power)
        is_chosen = [
            self.new(f"fcmp oeq {self.vector} {choice}, {self.constant(float(i))}")
            for i in range(len(logits))
        ]
        chosen = below[0]
        for here, x in zip(is_chosen[1:], below[1:], strict=True):
            chosen = self.choose(here, x, chosen)
        sum_ = self.real("fmul", total, self.constant(2.0**-RAISED))
        log = self.real("fadd", self.log_of_normal(sum_), self.real("fmul", sum_, zero))  # stays no number
        loss = self.choose(known, self.real("fsub", log, chosen), zero)
        one = self.constant(1.0)
        inverse = self.real("fdiv", one, total)
        slopes = []
        for power, here in zip(powers, is_chosen, strict=True):
            p = self.real("fmul", power, inverse)
            slopes.append(self.real("fmul", self.choose(here, self.real("fsub", p, one), p), share))
        return loss, slopes

    # One node.

    def value(self, node: Node, values: dict[int, str], end: str = "") -> str:
        """Writes what computes a node; the name of its value."""
        if node.op == "const":
            return self.constant(node.value)
        if node.op in LEAVES:
            return self._leaf(node, end)
        if node.op == "custom":
            return values[node.args[0].number]
        args = [values[arg.number] for arg in node.args]
        binary = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}.get(node.op)
        if binary is not None:
            return self.real(binary, args[0], args[1], "")
        if node.op == "fma":
            return self.real("fadd", self.real("fmul", args[0], args[1]), args[2])
        written: str = getattr(self, f"_{node.op}")(*args)
        return written

    def _leaf(self, node: Node, end: str) -> str:
        i = int(node.value)
        if node.op == "global":
            return self._spread(i)
        if node.op == "session":
            return self.load(self.column("sessions", i))
        return self.load(self.row(f"%{'rows' if node.op == 'row' else 'noises'}.t{end}", i))

    def _spread(self, i: int) -> str:
        place = self.new(f"getelementptr {self.scalar}, {self.scalar}* %g, i64 {i}")
        one = self.new(f"load {self.scalar}, {self.scalar}* {place}, align {8 if self.double else 4}")
        first = self.new(f"insertelement {self.vector} zeroinitializer, {self.scalar} {one}, i32 0")
        return self.new(
            f"shufflevector {self.vector} {first}, {self.vector} zeroinitializer,"
            f" <{self.lanes} x i32> zeroinitializer"
        )

    def _compared(self, how: str, a: str, b: str) -> str:
        mask = self.new(f"fcmp {how} {self.vector} {a}, {b}")
        return self.choose(mask, self.constant(1.0), self.constant(0.0))

    def _lt(self, a: str, b: str) -> str:
        return self._compared("olt", a, b)

    def _le(self, a: str, b: str) -> str:
        return self._compared("ole", a, b)

    def _eq(self, a: str, b: str) -> str:
        return self._compared("oeq", a, b)

    def _where(self, condition: str, a: str, b: str) -> str:
        return self.choose(self.new(f"fcmp une {self.vector} {condition}, {self.constant(0.0)}"), a, b)

    def _max(self, a: str, b: str) -> str:
        return self._or_none(self.larger(a, b), b)

    def _min(self, a: str, b: str) -> str:
        return self._or_none(self.smaller(a, b), b)

    def _or_none(self, found: str, b: str) -> str:
        """The second where it is no number, else what was found."""
        if b.startswith("<"):  # a constant
            return found
        return self.choose(self.new(f"fcmp uno {self.vector} {b}, {b}"), b, found)

    def _neg(self, a: str) -> str:
        return self.new(f"fneg {self.vector} {a}")

    def _exp(self, a: str) -> str:
        return self.exp(a)

    def _expm1(self, a: str) -> str:
        large = self.real("fsub", self.exp(a), self.constant(1.0))
        return self.choose(self._above(a, 1.0), large, self.exp_minus_one(a))

    def _log(self, a: str) -> str:
        return self.log(a)

    def _log1p(self, a: str) -> str:
        """The logarithm of `1 + a`, and what rounding took from this sum (Kahan)."""
        one = self.constant(1.0)
        more = self.real("fadd", one, a, "")
        log = self.log(more)
        lost = self.real("fsub", a, self.real("fsub", more, one, ""), "")
        exact = self.real("fadd", log, self.real("fdiv", lost, more))
        return self.choose(self.new(f"fcmp ord {self.vector} {exact}, {exact}"), exact, log)

    def _sigmoid(self, a: str) -> str:
        x = self._neg(a)
        rest, bits = self._reduced(self.larger(x, self.constant(-self.least)))
        power = self._scaled(self._polynomial(rest, [1.0, *self._series()]), bits)
        power = self.choose(self._above(x, self.most), self.constant(math.inf), power)
        return self.real("fdiv", self.constant(1.0), self.real("fadd", self.constant(1.0), power))

    def _tanh(self, a: str) -> str:
        less = self.exp_minus_one(self.real("fadd", a, a))
        return self.real("fdiv", less, self.real("fadd", less, self.constant(2.0)))

    def _sqrt(self, a: str) -> str:
        return self._intrinsic("sqrt", a)

    def _abs(self, a: str) -> str:
        return self._intrinsic("fabs", a)

    def _intrinsic(self, name: str, a: str) -> str:
        of = f"v{self.lanes}f{64 if self.double else 32}"
        return self.new(f"call {self.vector} @llvm.{name}.{of}({self.vector} {a})")

    def _sign(self, a: str) -> str:
        zero = self.constant(0.0)
        return self.real("fsub", self._compared("ogt", a, zero), self._compared("olt", a, zero))

    def _hold(self, a: str) -> str:
        return a

    # Functions of a vector, exact to about one unit in the last place.

    @property
    def most(self) -> float:
        """The exponential of more is infinite."""
        return 709.782712893384 if self.double else 88.7228317

    @property
    def least(self) -> float:
        """The exponential of less than minus this is not a normal number."""
        return 708.0 if self.double else 87.0

    def _above(self, x: str, bound: float) -> str:
        return self.new(f"fcmp ogt {self.vector} {x}, {self.constant(bound)}")

    def exp(self, x: str) -> str:
        """The exponential: `2^n` times a polynomial of the rest, the power in two halves, since either end of
        the range is beyond one.
        """
        x = self.smaller(self.larger(x, self.constant(-1.2 * self.least)), self.constant(self.most + 1))
        rest, raised = self._reduced(x)
        power = self._polynomial(rest, [1.0, *self._series()])
        n = self.new(f"sub {self.integers} {raised}, {self._bits(self.constant(self._magic))}")
        half = self.new(f"ashr {self.integers} {n}, {self._integer(1)}")
        for part in (half, self.new(f"sub {self.integers} {n}, {half}")):
            power = self.real("fmul", power, self._scaled(self.constant(1.0), part))
        return power

    def raised_exp(self, x: str) -> str:
        """The exponential of a number up to 0 times `2^RAISED`, which is a normal number, or 0 where the
        exponential itself is less than any number.
        """
        rest, raised = self._reduced(x)
        series = [2.0**RAISED * factor for factor in (1.0, *self._series())]
        power = self._scaled(self._polynomial(rest, series), raised)
        below = self.new(f"fcmp olt {self.vector} {x}, {self.constant(-40 - self.least)}")
        return self.choose(below, self.constant(0.0), power)

    def exp_minus_one(self, x: str) -> str:
        """The exponential less 1, exact near 0 as well; of large numbers that of `least`."""
        bound = self.constant(self.least)
        x = self.smaller(self.larger(x, self.constant(-self.least)), bound)
        rest, raised = self._reduced(x)
        less = self.real("fmul", rest, self._polynomial(rest, self._series()))
        scale = self._scaled(self.constant(1.0), raised)
        return self.real("fadd", self.real("fmul", less, scale), self.real("fsub", scale, self.constant(1.0)))

    def _series(self) -> list[float]:
        """Of (exp(x) - 1) / x."""
        return [1 / math.factorial(i) for i in range(1, 14 if self.double else 8)]

    @property
    def _magic(self) -> float:
        """A number so large that adding it rounds to whole numbers, which are then its last bits."""
        return 1.5 * 2.0 ** (52 if self.double else 23)

    def _reduced(self, x: str) -> tuple[str, str]:
        """What is left of x less a multiple n of ln 2, and the bits of n plus the magic number."""
        magic = self.constant(self._magic)
        raised = self.real("fadd", self.real("fmul", x, self.constant(math.log2(math.e))), magic, "")
        n = self.real("fsub", raised, magic, "")
        high = 6.93147180369123816490e-01 if self.double else 0.693145751953125
        low = 1.90821492927058770002e-10 if self.double else math.log(2) - high
        rest = self.real("fsub", x, self.real("fmul", n, self.constant(high)))
        rest = self.real("fsub", rest, self.real("fmul", n, self.constant(low)))
        return rest, self._bits(raised)

    def _scaled(self, value: str, n: str) -> str:
        """A value times `2^n`, by its exponent; n are the last bits of whole numbers."""
        shifted = self.new(f"shl {self.integers} {n}, {self._integer(52 if self.double else 23)}")
        total = self.new(f"add {self.integers} {self._bits(value)}, {shifted}")
        return self.new(f"bitcast {self.integers} {total} to {self.vector}")

    def _bits(self, value: str) -> str:
        return self.new(f"bitcast {self.vector} {value} to {self.integers}")

    def _integer(self, value: int) -> str:
        """The same whole number in all lanes."""
        return "<" + ", ".join([f"i{64 if self.double else 32} {value}"] * self.lanes) + ">"

    def log(self, x: str) -> str:
        """The natural logarithm of any number: of 0 it is -inf, below it is none."""
        zero = self.constant(0.0)
        tiny = self.new(
            f"fcmp olt {self.vector} {x}, {self.constant(2.0 ** (-1022 if self.double else -126))}"
        )
        raised = self.real("fmul", x, self.constant(2.0**54))
        shift = self.choose(tiny, self.constant(54 * math.log(2)), zero)
        found = self.real("fsub", self.log_of_normal(self.choose(tiny, raised, x)), shift)
        found = self.choose(self.new(f"fcmp oeq {self.vector} {x}, {self.constant(math.inf)}"), x, found)
        outside = self.choose(
            self.new(f"fcmp oeq {self.vector} {x}, {zero}"), self.constant(-math.inf), self.constant(math.nan)
        )
        return self.choose(self._above(x, 0.0), found, outside)

    def log_of_normal(self, x: str) -> str:
        """The natural logarithm of a normal number above 0: exponent, and a series of the rest's `(m - 1) /
        (m + 1)`.
        """
        shift, terms = (52, 12) if self.double else (23, 6)
        bits = self._bits(x)
        half = struct.unpack(">q", struct.pack(">d", math.sqrt(0.5)))[0] if self.double else 0x3F3504F3
        moved = self.new(f"sub {self.integers} {bits}, {self._integer(half)}")
        exponent = self.new(f"ashr {self.integers} {moved}, {self._integer(shift)}")
        removed = self.new(f"shl {self.integers} {exponent}, {self._integer(shift)}")
        rest = self.new(
            f"bitcast {self.integers} {self.new(f'sub {self.integers} {bits}, {removed}')} to {self.vector}"
        )
        n = self.new(f"sitofp {self.integers} {exponent} to {self.vector}")
        ratio = self.real(
            "fdiv",
            self.real("fsub", rest, self.constant(1.0)),
            self.real("fadd", rest, self.constant(1.0)),
        )
        square = self.real("fmul", ratio, ratio)
        series = self._polynomial(square, [2 / (2 * i + 1) for i in range(terms)])
        return self.real(
            "fadd", self.real("fmul", n, self.constant(math.log(2))), self.real("fmul", ratio, series)
        )

    def _polynomial(self, x: str, coefficients: Sequence[float]) -> str:
        value = self.constant(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            value = self.real("fadd", self.real("fmul", value, x), self.constant(coefficient))
        return value

    # Words of the language.

    def say(self, *lines: str) -> None:
        """Write lines."""
        self.lines.extend(lines)

    def new(self, what: str) -> str:
        """Write a line that gives a value; the value's name."""
        self.count += 1
        self.lines.append(f"%v{self.count} = {what}")
        return f"%v{self.count}"

    def real(self, op: str, a: str, b: str, flags: str = "contract ") -> str:
        """Arithmetic; with these flags a product and a sum may become one rounding."""
        return self.new(f"{op} {flags}{self.vector} {a}, {b}")

    def choose(self, mask: str, a: str, b: str) -> str:
        """The first where the mask is set, else the second."""
        return self.new(f"select {self.mask} {mask}, {self.vector} {a}, {self.vector} {b}")

    def wide(self, value: str) -> str:
        """A vector in float64."""
        if self.double:
            return value
        return self.new(f"fpext {self.vector} {value} to <{self.lanes} x double>")

    def larger(self, a: str, b: str) -> str:
        """The larger; no number if the first is none."""
        return self.choose(self.new(f"fcmp olt {self.vector} {a}, {b}"), b, a)

    def smaller(self, a: str, b: str) -> str:
        """The smaller; no number if the first is none."""
        return self.choose(self.new(f"fcmp ogt {self.vector} {a}, {b}"), b, a)

    def constant(self, value: float) -> str:
        """The same number in all lanes."""
        with np.errstate(over="ignore"):
            exact = value if self.double else float(np.float32(value))
        text = f"{self.scalar} 0x{struct.pack('>d', exact).hex().upper()}"
        return "<" + ", ".join([text] * self.lanes) + ">"

    def point(self, name: str, base: str, row: str, at: str) -> None:
        """A pointer `%name` to an element of an array."""
        place = self.new(f"add i64 {self.new(row)}, {at}")
        self.say(f"%{name} = getelementptr {self.scalar}, {self.scalar}* %{base}, i64 {place}")

    def row(self, base: str, i: int) -> str:
        """A pointer to vector `i` after one."""
        return self.new(f"getelementptr {self.scalar}, {self.scalar}* {base}, i64 {i * self.lanes}")

    def load(self, pointer: str) -> str:
        """A vector from memory."""
        place = self.new(f"bitcast {self.scalar}* {pointer} to {self.vector}*")
        return self.new(f"load {self.vector}, {self.vector}* {place}, align {8 if self.double else 4}")

    def store(self, value: str, pointer: str) -> None:
        """A vector to memory."""
        place = self.new(f"bitcast {self.scalar}* {pointer} to {self.vector}*")
        self.say(f"store {self.vector} {value}, {self.vector}* {place}, align {8 if self.double else 4}")

    def add(self, value: str, base: str, index: str) -> None:
        """Add the sum of a vector of doubles to one double in memory."""
        wide = f"<{self.lanes} x double>"
        total = self.new(f"call double @llvm.vector.reduce.fadd.v{self.lanes}f64(double 0.0, {wide} {value})")
        place = self.new(f"getelementptr double, double* {base}, i64 {index}")
        before = self.new(f"load double, double* {place}, align 8")
        self.say(f"store double {self.new(f'fadd double {before}, {total}')}, double* {place}, align 8")
