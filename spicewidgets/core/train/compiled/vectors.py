"""Vectors in LLVM's language: a number of each session of a block, what is computed of them, and memory.

Functions are exact to about one unit in the last place. They are infinite, or no number (NaN), where torch's
are.
"""

import math
import struct
from collections.abc import Sequence

import numpy as np

RAISED = 64  # a power of 2, by which the terms of a softmax stay normal numbers


class Vectors:
    """Writes lines of a source, for vectors of as many numbers as one register holds.

    Args:
        double: numbers are float64, else float32.
    """

    def __init__(self, double: bool) -> None:
        self.double = double
        self.lanes = 8 if double else 16
        self.scalar = "double" if double else "float"
        self.vector = f"<{self.lanes} x {self.scalar}>"
        self.integers = f"<{self.lanes} x i{64 if double else 32}>"
        self.mask = f"<{self.lanes} x i1>"
        self.lines: list[str] = []
        self.count = 0

    def write(self, *lines: str) -> None:
        """Write lines as they are."""
        self.lines.extend(lines)

    def assign(self, expression: str) -> str:
        """Write a line that names the value of an expression; returns the name."""
        self.count += 1
        self.lines.append(f"%v{self.count} = {expression}")
        return f"%v{self.count}"

    def binary(self, op: str, a: str, b: str, flags: str = "contract ") -> str:
        """Return an operation on two vectors; with these flags a product and a sum may be rounded once
        (FMA).
        """
        return self.assign(f"{op} {flags}{self.vector} {a}, {b}")

    def select(self, mask: str, a: str, b: str) -> str:
        """Write `a` where the mask is set, else `b`."""
        return self.assign(f"select {self.mask} {mask}, {self.vector} {a}, {self.vector} {b}")

    def wide(self, value: str) -> str:
        """Return a vector in float64."""
        if self.double:
            return value
        return self.assign(f"fpext {self.vector} {value} to <{self.lanes} x double>")

    def larger(self, a: str, b: str) -> str:
        """Return the larger; NaN where the first is NaN."""
        return self.select(self.assign(f"fcmp olt {self.vector} {a}, {b}"), b, a)

    def smaller(self, a: str, b: str) -> str:
        """Return the smaller; NaN where the first is NaN."""
        return self.select(self.assign(f"fcmp ogt {self.vector} {a}, {b}"), b, a)

    def constant(self, value: float) -> str:
        """Return the same number in all lanes."""
        with np.errstate(over="ignore"):
            exact = value if self.double else float(np.float32(value))
        text = f"{self.scalar} 0x{struct.pack('>d', exact).hex().upper()}"
        return "<" + ", ".join([text] * self.lanes) + ">"

    def pointer(self, name: str, base: str, row: str, at: str) -> None:
        """Write a pointer `%name` to an element of an array."""
        place = self.assign(f"add i64 {self.assign(row)}, {at}")
        self.write(f"%{name} = getelementptr {self.scalar}, {self.scalar}* %{base}, i64 {place}")

    def row(self, base: str, i: int) -> str:
        """Return a pointer to vector `i` after one."""
        return self.assign(f"getelementptr {self.scalar}, {self.scalar}* {base}, i64 {i * self.lanes}")

    def load(self, pointer: str) -> str:
        """Load a vector from memory."""
        place = self.assign(f"bitcast {self.scalar}* {pointer} to {self.vector}*")
        return self.assign(f"load {self.vector}, {self.vector}* {place}, align {8 if self.double else 4}")

    def store(self, value: str, pointer: str) -> None:
        """Store a vector in memory."""
        place = self.assign(f"bitcast {self.scalar}* {pointer} to {self.vector}*")
        self.write(f"store {self.vector} {value}, {self.vector}* {place}, align {8 if self.double else 4}")

    def add(self, value: str, base: str, index: str) -> None:
        """Add the sum of a vector of doubles to one double in memory."""
        wide = f"<{self.lanes} x double>"
        total = self.assign(
            f"call double @llvm.vector.reduce.fadd.v{self.lanes}f64(double 0.0, {wide} {value})"
        )
        place = self.assign(f"getelementptr double, double* {base}, i64 {index}")
        before = self.assign(f"load double, double* {place}, align 8")
        self.write(f"store double {self.assign(f'fadd double {before}, {total}')}, double* {place}, align 8")

    # The operations of a graph, by name.

    def _compare(self, how: str, a: str, b: str) -> str:
        mask = self.assign(f"fcmp {how} {self.vector} {a}, {b}")
        return self.select(mask, self.constant(1.0), self.constant(0.0))

    def _lt(self, a: str, b: str) -> str:
        return self._compare("olt", a, b)

    def _le(self, a: str, b: str) -> str:
        return self._compare("ole", a, b)

    def _eq(self, a: str, b: str) -> str:
        return self._compare("oeq", a, b)

    def _where(self, condition: str, a: str, b: str) -> str:
        return self.select(self.assign(f"fcmp une {self.vector} {condition}, {self.constant(0.0)}"), a, b)

    def _max(self, a: str, b: str) -> str:
        return self._or_nan(self.larger(a, b), b)

    def _min(self, a: str, b: str) -> str:
        return self._or_nan(self.smaller(a, b), b)

    def _or_nan(self, result: str, b: str) -> str:
        """`b` where it is NaN, else the result."""
        if b.startswith("<"):  # a constant
            return result
        return self.select(self.assign(f"fcmp uno {self.vector} {b}, {b}"), b, result)

    def _neg(self, a: str) -> str:
        return self.assign(f"fneg {self.vector} {a}")

    def _exp(self, a: str) -> str:
        return self.exp(a)

    def _expm1(self, a: str) -> str:
        large = self.binary("fsub", self.exp(a), self.constant(1.0))
        return self.select(self._above(a, 1.0), large, self.exp_minus_one(a))

    def _log(self, a: str) -> str:
        return self.log(a)

    def _log1p(self, a: str) -> str:
        """Return the logarithm of `1 + a`, and what rounding took from this sum (Kahan)."""
        one = self.constant(1.0)
        more = self.binary("fadd", one, a, "")
        log = self.log(more)
        lost = self.binary("fsub", a, self.binary("fsub", more, one, ""), "")
        exact = self.binary("fadd", log, self.binary("fdiv", lost, more))
        return self.select(self.assign(f"fcmp ord {self.vector} {exact}, {exact}"), exact, log)

    def _sigmoid(self, a: str) -> str:
        x = self._neg(a)
        rest, bits = self._reduce(self.larger(x, self.constant(-self.least)))
        power = self._scale(self._polynomial(rest, [1.0, *self._series()]), bits)
        power = self.select(self._above(x, self.most), self.constant(math.inf), power)
        return self.binary("fdiv", self.constant(1.0), self.binary("fadd", self.constant(1.0), power))

    def _tanh(self, a: str) -> str:
        less = self.exp_minus_one(self.binary("fadd", a, a))
        return self.binary("fdiv", less, self.binary("fadd", less, self.constant(2.0)))

    def _sqrt(self, a: str) -> str:
        return self._intrinsic("sqrt", a)

    def _abs(self, a: str) -> str:
        return self._intrinsic("fabs", a)

    def _intrinsic(self, name: str, a: str) -> str:
        of = f"v{self.lanes}f{64 if self.double else 32}"
        return self.assign(f"call {self.vector} @llvm.{name}.{of}({self.vector} {a})")

    def _sign(self, a: str) -> str:
        zero = self.constant(0.0)
        return self.binary("fsub", self._compare("ogt", a, zero), self._compare("olt", a, zero))

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
        return self.assign(f"fcmp ogt {self.vector} {x}, {self.constant(bound)}")

    def exp(self, x: str) -> str:
        """Return the exponential: `2^n` times a polynomial of the rest, the power in two halves, since either
        end of the range is beyond one.
        """
        x = self.smaller(self.larger(x, self.constant(-1.2 * self.least)), self.constant(self.most + 1))
        rest, raised = self._reduce(x)
        power = self._polynomial(rest, [1.0, *self._series()])
        n = self.assign(f"sub {self.integers} {raised}, {self._bits(self.constant(self._magic))}")
        half = self.assign(f"ashr {self.integers} {n}, {self._integer(1)}")
        for part in (half, self.assign(f"sub {self.integers} {n}, {half}")):
            power = self.binary("fmul", power, self._scale(self.constant(1.0), part))
        return power

    def raised_exp(self, x: str) -> str:
        """Return the exponential of a number up to 0 times `2^RAISED`, which is a normal number, or 0 where
        the exponential itself is less than any number.
        """
        rest, raised = self._reduce(x)
        series = [2.0**RAISED * factor for factor in (1.0, *self._series())]
        power = self._scale(self._polynomial(rest, series), raised)
        below = self.assign(f"fcmp olt {self.vector} {x}, {self.constant(-40 - self.least)}")
        return self.select(below, self.constant(0.0), power)

    def exp_minus_one(self, x: str) -> str:
        """Return the exponential less 1, exact near 0 as well; of large numbers that of `least`."""
        bound = self.constant(self.least)
        x = self.smaller(self.larger(x, self.constant(-self.least)), bound)
        rest, raised = self._reduce(x)
        less = self.binary("fmul", rest, self._polynomial(rest, self._series()))
        scale = self._scale(self.constant(1.0), raised)
        return self.binary(
            "fadd", self.binary("fmul", less, scale), self.binary("fsub", scale, self.constant(1.0))
        )

    def _series(self) -> list[float]:
        """Of (exp(x) - 1) / x."""
        return [1 / math.factorial(i) for i in range(1, 14 if self.double else 8)]

    @property
    def _magic(self) -> float:
        """A number so large that adding it rounds to whole numbers, which are then its last bits."""
        return 1.5 * 2.0 ** (52 if self.double else 23)

    def _reduce(self, x: str) -> tuple[str, str]:
        """Reduce x by a multiple n of ln 2; return the rest, and the bits of n plus the magic number."""
        magic = self.constant(self._magic)
        raised = self.binary("fadd", self.binary("fmul", x, self.constant(math.log2(math.e))), magic, "")
        n = self.binary("fsub", raised, magic, "")
        high = 6.93147180369123816490e-01 if self.double else 0.693145751953125
        low = 1.90821492927058770002e-10 if self.double else math.log(2) - high
        rest = self.binary("fsub", x, self.binary("fmul", n, self.constant(high)))
        rest = self.binary("fsub", rest, self.binary("fmul", n, self.constant(low)))
        return rest, self._bits(raised)

    def _scale(self, value: str, n: str) -> str:
        """Return a value times `2^n`, by its exponent; n are the last bits of whole numbers."""
        shifted = self.assign(f"shl {self.integers} {n}, {self._integer(52 if self.double else 23)}")
        total = self.assign(f"add {self.integers} {self._bits(value)}, {shifted}")
        return self.assign(f"bitcast {self.integers} {total} to {self.vector}")

    def _bits(self, value: str) -> str:
        return self.assign(f"bitcast {self.vector} {value} to {self.integers}")

    def _integer(self, value: int) -> str:
        """Return the same whole number in all lanes."""
        return "<" + ", ".join([f"i{64 if self.double else 32} {value}"] * self.lanes) + ">"

    def log(self, x: str) -> str:
        """Return the natural logarithm of any number: -inf of 0, and NaN below."""
        zero = self.constant(0.0)
        tiny = self.assign(
            f"fcmp olt {self.vector} {x}, {self.constant(2.0 ** (-1022 if self.double else -126))}"
        )
        raised = self.binary("fmul", x, self.constant(2.0**54))
        shift = self.select(tiny, self.constant(54 * math.log(2)), zero)
        result = self.binary("fsub", self.log_of_normal(self.select(tiny, raised, x)), shift)
        result = self.select(self.assign(f"fcmp oeq {self.vector} {x}, {self.constant(math.inf)}"), x, result)
        outside = self.select(
            self.assign(f"fcmp oeq {self.vector} {x}, {zero}"),
            self.constant(-math.inf),
            self.constant(math.nan),
        )
        return self.select(self._above(x, 0.0), result, outside)

    def log_of_normal(self, x: str) -> str:
        """Return the natural logarithm of a normal number above 0: exponent, and a series of the rest's `(m -
        1) / (m + 1)`.
        """
        shift, terms = (52, 12) if self.double else (23, 6)
        bits = self._bits(x)
        half = struct.unpack(">q", struct.pack(">d", math.sqrt(0.5)))[0] if self.double else 0x3F3504F3
        moved = self.assign(f"sub {self.integers} {bits}, {self._integer(half)}")
        exponent = self.assign(f"ashr {self.integers} {moved}, {self._integer(shift)}")
        removed = self.assign(f"shl {self.integers} {exponent}, {self._integer(shift)}")
        mantissa = self.assign(f"sub {self.integers} {bits}, {removed}")
        rest = self.assign(f"bitcast {self.integers} {mantissa} to {self.vector}")
        n = self.assign(f"sitofp {self.integers} {exponent} to {self.vector}")
        ratio = self.binary(
            "fdiv",
            self.binary("fsub", rest, self.constant(1.0)),
            self.binary("fadd", rest, self.constant(1.0)),
        )
        square = self.binary("fmul", ratio, ratio)
        series = self._polynomial(square, [2 / (2 * i + 1) for i in range(terms)])
        return self.binary(
            "fadd", self.binary("fmul", n, self.constant(math.log(2))), self.binary("fmul", ratio, series)
        )

    def _polynomial(self, x: str, coefficients: Sequence[float]) -> str:
        value = self.constant(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            value = self.binary("fadd", self.binary("fmul", value, x), self.constant(coefficient))
        return value
