"""From one trial's expressions to a loop in LLVM's language: forward through the trials, loss, backward.

Every number is a vector of as many sessions as one register holds, so that nothing is left to the compiler's
luck. One call runs all starts and all sessions. `kernel.py` says what the arguments are.
"""

from .graph import EXPENSIVE, LEAVES, Node, ancestors_of, gradient
from .trial import CompiledTrial
from .vectors import RAISED, Vectors

COUNTS = ("starts", "blocks", "trials", "back")
ARRAYS = (
    *("rows", "shares", "globals", "sessions", "states", "noises", "tape"),
    *("loss", "d_globals", "d_sessions", "d_states", "after"),
)
IN_FLOAT64 = ("loss", "d_globals")  # float64 in every kernel


class Writer(Vectors):
    """Writes the source of one kernel.

    Args:
        trial: the expressions.
        double: numbers are float64, else float32.
    """

    def __init__(self, trial: CompiledTrial, double: bool) -> None:
        super().__init__(double)
        self.trial = trial
        self._plan()

    def _plan(self) -> None:
        """Decide what the backward pass computes, and what the forward pass saves for it."""
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
        self.forward = ancestors_of([*trial.logits, *trial.states], values_only=True)
        ahead = {node.number for node in self.forward}
        saved = [node for node in self.forward if node.op in EXPENSIVE]
        back = [*self.d_states, *self.d_globals, *self.d_sessions]
        numbers = {node.number for node in saved}
        used = {node.number for node in ancestors_of(back, lambda node: node.number in numbers)}
        self.saved = [node for node in saved if node.number in used and node.number in ahead]
        numbers = {node.number for node in self.saved}
        self.backward = ancestors_of(back, lambda node: node.number in numbers)
        self.tape_rows = len(trial.states) + len(trial.logits) + len(self.saved)
        self.width = trial.n_rows + 1  # rows of a trial: features, choice

    def source(self) -> str:
        """Return the kernel's source, in the language of LLVM 15; `kernel.py` tells newer ones."""
        self.lines = []
        k, n = range(len(self.trial.states)), self.lanes
        self.write(f"define void @kernel({self._arguments()}) {{", "entry:", "br label %start")
        self.write("start:", "%s = phi i64 [0, %entry], [%s.next, %start.end]", "br label %block")
        self.write("block:", "%b = phi i64 [0, %start], [%b.next, %block.end]")
        self.write(f"%n = mul i64 %blocks, {n}", f"%at = mul i64 %b, {n}")
        self.pointer("share", "shares", f"mul i64 %s, {'%n'}", "%at")
        share = self.load("%share")
        # Sessions that do not count, as those that fill up the last block, must not be multiplied by 0: they
        # may be no number.
        self.write(f"%counts = fcmp une {self.vector} {share}, {self.constant(0.0)}")
        self.write(f"%g.at = mul i64 %s, {self.trial.n_globals}")
        self.write(f"%g = getelementptr {self.scalar}, {self.scalar}* %globals, i64 %g.at")
        self.write("%dg = getelementptr double, double* %d_globals, i64 %g.at")
        self._columns("sessions", self.trial.n_sessions)
        self._columns("d_sessions", self.trial.n_sessions)
        for name in ("states", "d_states", "after"):
            self._columns(name, len(self.trial.states))
        self.write("%sb.0 = mul i64 %s, %blocks", "%sb = add i64 %sb.0, %b", "%sbt = mul i64 %sb, %trials")
        self.write("%bt = mul i64 %b, %trials")
        first = [self.load(self.column("states", i)) for i in k]
        self._forward_pass(first, share)
        self._backward_pass()
        self.write("block.end:", "%b.next = add i64 %b, 1", "%b.more = icmp ult i64 %b.next, %blocks")
        self.write("br i1 %b.more, label %block, label %start.end", "start.end:", "%s.next = add i64 %s, 1")
        self.write("%s.more = icmp ult i64 %s.next, %starts", "br i1 %s.more, label %start, label %end")
        self.write("end:", "ret void", "}", *self._declarations())
        return "\n".join(self.lines)

    def _arguments(self) -> str:
        arrays = (f"{'double' if name in IN_FLOAT64 else self.scalar}* %{name}" for name in ARRAYS)
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
        """Write a pointer to the present block's first value of per-session numbers `(starts, n,
        sessions)`.
        """
        self.write(f"%{name}.s = mul i64 %s, {n}", f"%{name}.sn = mul i64 %{name}.s, %n")
        self.write(f"%{name}.at = add i64 %{name}.sn, %at")
        self.write(f"%{name}.p = getelementptr {self.scalar}, {self.scalar}* %{name}, i64 %{name}.at")

    def column(self, name: str, i: int) -> str:
        """Return a pointer to row `i` of them."""
        if i == 0:
            return f"%{name}.p"
        offset = self.assign(f"mul i64 %n, {i}")
        return self.assign(f"getelementptr {self.scalar}, {self.scalar}* %{name}.p, i64 {offset}")

    def _forward_pass(self, first: list[str], share: str) -> None:
        trial, k = self.trial, range(len(self.trial.states))
        self.write("br label %forward.begin", "forward.begin:", "br label %forward", "forward:")
        self.write("%t = phi i64 [0, %forward.begin], [%t.next, %forward]")
        begin = len(self.lines)  # the states are inserted here, when it is known what follows them
        wide = f"<{self.lanes} x double>"
        self.write(f"%sum = phi {wide} [zeroinitializer, %forward.begin], [%sum.next, %forward]")
        self._pointers("%t", "")
        values: dict[int, str] = {}
        for node in self.forward:
            values[node.number] = f"%st.{int(node.value)}" if node.op == "state" else self.value(node, values)
        for i in k:
            self.store(f"%st.{i}", self.row("%tape.t", i))
        loss, slopes = self._cross_entropy([values[node.number] for node in trial.logits], share)
        for i, slope in enumerate(slopes):
            self.store(slope, self.row("%tape.t", len(trial.states) + i))
        for i, node in enumerate(self.saved):
            self.store(values[node.number], self.row("%tape.t", len(trial.states) + len(trial.logits) + i))
        self.write(f"%sum.next = fadd {wide} %sum, {self.wide(loss)}")
        after = [values[node.number] for node in trial.states]
        self.lines[begin:begin] = [
            f"%st.{i} = phi {self.vector} [{first[i]}, %forward.begin], [{after[i]}, %forward]" for i in k
        ]
        self.write("%t.next = add i64 %t, 1", "%t.more = icmp ult i64 %t.next, %trials")
        self.write("br i1 %t.more, label %forward, label %forward.end", "forward.end:")
        for i in k:
            self.store(after[i], self.column("after", i))
        exact = self.wide(share)
        total = self.assign(f"fmul {wide} %sum.next, {exact}")
        counted = self.assign(f"select {self.mask} %counts, {wide} {total}, {wide} zeroinitializer")
        self.add(counted, "%loss", "%s")
        self.write(
            "%backwards = icmp ne i64 %back, 0", "br i1 %backwards, label %back.begin, label %block.end"
        )

    def _backward_pass(self) -> None:
        trial, zero = self.trial, "zeroinitializer"
        roots = {"st": self.d_states, "g": self.d_globals, "c": self.d_sessions}
        self.write("back.begin:", "br label %backward", "backward:")
        self.write("%left = phi i64 [%trials, %back.begin], [%u, %backward]")
        for name, nodes in roots.items():
            for i in range(len(nodes)):
                of = f"%d.{name}.{i}"
                self.write(f"{of} = phi {self.vector} [{zero}, %back.begin], [{of}.next, %backward]")
        self.write("%u = sub i64 %left, 1")
        self._pointers("%u", ".u")
        n = len(trial.states)
        places = {node.number: n + len(trial.logits) + i for i, node in enumerate(self.saved)}
        values: dict[int, str] = {}
        for node in self.backward:
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
                self.write(f"%d.{name}.{i}.next = fadd {self.vector} {before}, {value}")
        self.write(
            "%u.more = icmp ne i64 %u, 0", "br i1 %u.more, label %backward, label %back.end", "back.end:"
        )
        for i in range(trial.n_globals):
            self.add(self.wide(self.select("%counts", f"%d.g.{i}.next", zero)), "%dg", str(i))
        for name, place in (("c", "d_sessions"), ("st", "d_states")):
            for i in range(len(roots[name])):
                self.store(self.select("%counts", f"%d.{name}.{i}.next", zero), self.column(place, i))
        self.write("br label %block.end")

    def _pointers(self, t: str, end: str) -> None:
        """Where the rows of a trial are: data, noise and tape."""
        n_noise = max(self.trial.n_noises, 1)
        for name, base, width in (
            ("rows", "%bt", self.width),
            ("noises", "%sbt", n_noise),
            ("tape", "0", self.tape_rows),
        ):
            place = self.assign(f"add i64 {base}, {t}")
            offset = self.assign(f"mul i64 {place}, {width * self.lanes}")
            self.write(f"%{name}.t{end} = getelementptr {self.scalar}, {self.scalar}* %{name}, i64 {offset}")

    def _cross_entropy(self, logits: list[str], share: str) -> tuple[str, list[str]]:
        """Loss of a trial, and its slope by each logit times the session's share; 0 where the choice is not
        known (-1).

        From differences to the largest logit only, so that an offset that all logits have in common is lost
        in neither.
        """
        zero = self.constant(0.0)
        choice = self.load(self.row("%rows.t", self.trial.n_rows))
        known = self.assign(f"fcmp oge {self.vector} {choice}, {zero}")
        share = self.select(known, share, zero)
        top = logits[0]
        for logit in logits[1:]:
            top = self.larger(top, logit)
        below = [self.binary("fsub", logit, top) for logit in logits]
        powers = [self.raised_exp(x) for x in below]
        total = powers[0]
        for power in powers[1:]:
            total = self.binary("fadd", total, power)
        is_chosen = [
            self.assign(f"fcmp oeq {self.vector} {choice}, {self.constant(float(i))}")
            for i in range(len(logits))
        ]
        chosen = below[0]
        for here, x in zip(is_chosen[1:], below[1:], strict=True):
            chosen = self.select(here, x, chosen)
        sum_ = self.binary("fmul", total, self.constant(2.0**-RAISED))
        log = self.binary(
            "fadd", self.log_of_normal(sum_), self.binary("fmul", sum_, zero)
        )  # stays no number
        loss = self.select(known, self.binary("fsub", log, chosen), zero)
        one = self.constant(1.0)
        inverse = self.binary("fdiv", one, total)
        slopes = []
        for power, here in zip(powers, is_chosen, strict=True):
            p = self.binary("fmul", power, inverse)
            slopes.append(self.binary("fmul", self.select(here, self.binary("fsub", p, one), p), share))
        return loss, slopes

    # One node.

    def value(self, node: Node, values: dict[int, str], end: str = "") -> str:
        """Write the operation of a node; return the name of its value."""
        if node.op == "const":
            return self.constant(node.value)
        if node.op in LEAVES:
            return self._leaf(node, end)
        if node.op == "custom":
            return values[node.args[0].number]
        args = [values[arg.number] for arg in node.args]
        binary = {"add": "fadd", "sub": "fsub", "mul": "fmul", "div": "fdiv"}.get(node.op)
        if binary is not None:
            return self.binary(binary, args[0], args[1], "")
        if node.op == "fma":
            return self.binary("fadd", self.binary("fmul", args[0], args[1]), args[2])
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
        place = self.assign(f"getelementptr {self.scalar}, {self.scalar}* %g, i64 {i}")
        one = self.assign(f"load {self.scalar}, {self.scalar}* {place}, align {8 if self.double else 4}")
        first = self.assign(f"insertelement {self.vector} zeroinitializer, {self.scalar} {one}, i32 0")
        return self.assign(
            f"shufflevector {self.vector} {first}, {self.vector} zeroinitializer,"
            f" <{self.lanes} x i32> zeroinitializer"
        )
