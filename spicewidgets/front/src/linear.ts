/** Small dense linear algebra. Matrices are rows of numbers. */
export type Vector = Float64Array;
export type Matrix = Float64Array[];

export function zeros(n: number): Matrix {
  return Array.from({ length: n }, () => new Float64Array(n));
}

export function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Solve `a x = b` for several right sides, by elimination with the largest pivot; `a` stays as it is. */
export function solve(a: Matrix, b: Matrix): Matrix {
  const n = a.length;
  const left = a.map((row) => Float64Array.from(row));
  const right = b.map((row) => Float64Array.from(row));
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(left[i]![k]!) > Math.abs(left[best]![k]!)) best = i;
    [left[k], left[best]] = [left[best]!, left[k]!];
    [right[k], right[best]] = [right[best]!, right[k]!];
    for (let i = k + 1; i < n; i++) {
      const times = left[i]![k]! / left[k]![k]!;
      if (times === 0) continue;
      for (let j = k; j < n; j++) left[i]![j]! -= times * left[k]![j]!;
      for (let j = 0; j < right[i]!.length; j++) right[i]![j]! -= times * right[k]![j]!;
    }
  }
  for (let k = n - 1; k >= 0; k--)
    for (let j = 0; j < right[k]!.length; j++) {
      let sum = right[k]![j]!;
      for (let i = k + 1; i < n; i++) sum -= left[k]![i]! * right[i]![j]!;
      right[k]![j] = sum / left[k]![k]!;
    }
  return right;
}

export function inverse(a: Matrix): Matrix {
  const identity = zeros(a.length);
  identity.forEach((row, i) => (row[i] = 1));
  return solve(a, identity);
}

/** `a b`, both square. */
function multiply(a: Matrix, b: Matrix): Matrix {
  const result = zeros(a.length);
  a.forEach((row, i) =>
    row.forEach((times, k) => {
      if (times !== 0) b[k]!.forEach((value, j) => (result[i]![j]! += times * value));
    }),
  );
  return result;
}

export const transpose = (a: Matrix): Matrix => a.map((_, i) => Float64Array.from(a, (row) => row[i]!));

/** `basis' a basis`. */
export const sandwich = (a: Matrix, basis: Matrix): Matrix => multiply(transpose(basis), multiply(a, basis));

/** Least squares of the columns that can be told apart, simplest first: coefficients, and which were left out. */
export function leastSquares(columns: readonly Vector[], y: Vector, least: number): { values: Vector; told: boolean[] } {
  const basis: Vector[] = [];
  const weights: number[][] = [];
  const told = columns.map((column) => {
    const rest = Float64Array.from(column);
    const own = basis.map(() => 0);
    for (let pass = 0; pass < 2; pass++)
      basis.forEach((unit, k) => {
        const along = dot(unit, rest);
        own[k]! += along;
        for (let i = 0; i < rest.length; i++) rest[i]! -= along * unit[i]!;
      });
    const length = Math.sqrt(dot(rest, rest));
    if (!(length > least * Math.sqrt(dot(column, column)))) return false;
    basis.push(rest.map((x) => x / length));
    weights.push([...own, length]);
    return true;
  });
  const found = basis.map((unit) => dot(unit, y));
  for (let k = found.length - 1; k >= 0; k--) {
    found[k]! /= weights[k]![k]!;
    for (let i = 0; i < k; i++) found[i]! -= weights[k]![i]! * found[k]!;
  }
  const values = new Float64Array(columns.length);
  let at = 0;
  told.forEach((is, i) => {
    if (is) values[i] = found[at++]!;
  });
  return { values, told };
}
