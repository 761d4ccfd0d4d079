/** Adam and L-BFGS over flat vectors of weights, step by step those of `core/train/optimisers.py`. */
import { optimisers } from "./constants.json";
import { dot, type Vector } from "./linear";

export interface Answer {
  loss: number;
  gradient: Vector;
}
export type Evaluate = (x: Vector) => Answer;

const { HISTORY, LEAST_STEP, LEAST_SLOPE, SEARCH, ARMIJO, WOLFE } = optimisers;

/** Adam (Kingma & Ba 2015), for so many weights; each call moves them, in place. */
export function makeAdam(rate: number, n: number): (weights: Vector, gradient: Vector) => void {
  const [mean, square] = [new Float64Array(n), new Float64Array(n)];
  let steps = 0;
  return (weights, gradient) => {
    steps++;
    const size = rate / (1 - 0.9 ** steps);
    const scale = Math.sqrt(1 - 0.999 ** steps);
    gradient.forEach((g, i) => {
      mean[i]! += 0.1 * (g - mean[i]!);
      square[i] = 0.999 * square[i]! + 0.001 * g * g;
      weights[i]! -= (size * mean[i]!) / (Math.sqrt(square[i]!) / scale + 1e-8);
    });
  };
}

/** The stopping rule of a descent: asked for each loss, it says whether some iterations have gained too little. */
export function makePatience(iterations: number, tolerance: number): (loss: number) => boolean {
  const recent = Array<number>(iterations).fill(Infinity);
  return (loss) => !(recent[recent.push(loss) - 1 - iterations]! - loss > tolerance);
}

export interface Point extends Answer {
  x: Vector;
}
interface Trial extends Answer {
  t: number;
  slope: number;
}

/** L-BFGS with a strong Wolfe line search (Nocedal & Wright 2006); yields a point after each iteration, for ever. */
export function* lbfgs(x: Vector, evaluate: Evaluate): Generator<Point, never> {
  let { loss, gradient } = evaluate(x);
  const steps: { s: Vector; y: Vector; rho: number }[] = [];
  let scale = 1;
  let first = true;
  for (;;) {
    const direction = gradient.map((g) => -g);
    const weights = steps.map(() => 0);
    for (let k = steps.length - 1; k >= 0; k--) {
      const { s, y, rho } = steps[k]!;
      weights[k] = rho * dot(s, direction);
      for (let i = 0; i < y.length; i++) direction[i]! -= weights[k]! * y[i]!;
    }
    for (let i = 0; i < direction.length; i++) direction[i]! *= scale;
    steps.forEach(({ s, y, rho }, k) => {
      const along = weights[k]! - rho * dot(y, direction);
      for (let i = 0; i < s.length; i++) direction[i]! += along * s[i]!;
    });
    const slope = dot(gradient, direction);
    const largest = gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    if (largest <= LEAST_SLOPE || slope > -LEAST_STEP || !Number.isFinite(loss)) {
      yield { x, loss, gradient };
      continue;
    }
    const sum = gradient.reduce((total, g) => total + Math.abs(g), 0);
    const t = first ? Math.min(1, 1 / sum) : 1;
    first = false;
    const best = search(x, { t: 0, loss, gradient, slope }, direction, t, evaluate);
    const s = direction.map((d) => best.t * d);
    const y = best.gradient.map((g, i) => g - gradient[i]!);
    const sy = dot(s, y);
    if (sy > 1e-10) {
      steps.push({ s, y, rho: 1 / sy });
      if (steps.length > HISTORY) steps.shift();
      scale = sy / dot(y, y);
    }
    x = x.map((value, i) => value + s[i]!);
    ({ loss, gradient } = best);
    yield { x, loss, gradient };
  }
}

function search(x: Vector, zero: Trial, direction: Vector, t: number, evaluate: Evaluate): Trial {
  const tryStep = (size: number): Trial => {
    const { loss, gradient } = evaluate(x.map((value, i) => value + size * direction[i]!));
    return { t: size, loss: Number.isFinite(loss) ? loss : Infinity, gradient, slope: dot(gradient, direction) };
  };
  let before = zero;
  let trial = tryStep(t);
  for (let count = 0; count < SEARCH; count++) {
    if (tooHigh(trial, zero) || (count > 1 && trial.loss >= before.loss))
      return zoom(before, trial, zero, direction, tryStep, count);
    if (Math.abs(trial.slope) <= -WOLFE * zero.slope) return trial;
    if (trial.slope >= 0) return zoom(before, trial, zero, direction, tryStep, count);
    const next = cubic(before, trial, trial.t + 0.01 * (trial.t - before.t), trial.t * 10);
    before = trial;
    trial = tryStep(next);
  }
  return zero.loss <= trial.loss ? zero : trial;
}

function zoom(
  a: Trial,
  b: Trial,
  zero: Trial,
  direction: Vector,
  tryStep: (t: number) => Trial,
  count: number,
): Trial {
  let [low, high] = a.loss <= b.loss ? [a, b] : [b, a];
  const size = direction.reduce((most, d) => Math.max(most, Math.abs(d)), 0);
  let slow = false;
  for (; count < SEARCH && Math.abs(high.t - low.t) * size >= LEAST_STEP; count++) {
    const left = Math.min(low.t, high.t);
    const right = Math.max(low.t, high.t);
    let t = cubic(low, high, left, right);
    const margin = 0.1 * (right - left);
    const near = Math.min(right - t, t - left) < margin;
    if (near && (slow || t >= right || t <= left)) {
      t = Math.abs(t - right) < Math.abs(t - left) ? right - margin : left + margin;
      slow = false;
    } else slow = near;
    const trial = tryStep(t);
    if (tooHigh(trial, zero) || trial.loss >= low.loss) {
      [low, high] = low.loss <= trial.loss ? [low, trial] : [trial, low];
    } else if (Math.abs(trial.slope) <= -WOLFE * zero.slope) {
      return trial;
    } else {
      if (trial.slope * (high.t - low.t) >= 0) high = low;
      low = trial;
    }
  }
  return low;
}

function tooHigh(trial: Trial, zero: Trial): boolean {
  return trial.loss > zero.loss + ARMIJO * trial.t * zero.slope;
}

/** Where the cubic through two losses and slopes is lowest, within bounds. */
function cubic(a: Trial, b: Trial, left: number, right: number): number {
  const middle = (left + right) / 2;
  if (!Number.isFinite(a.loss + b.loss + a.slope + b.slope) || a.t === b.t) return middle;
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (square < 0) return middle;
  const d2 = Math.sqrt(square);
  const [first, last] = a.t > b.t ? [b, a] : [a, b];
  const below = last.slope - first.slope + 2 * d2;
  if (below === 0) return middle;
  return Math.min(Math.max(last.t - (last.t - first.t) * ((last.slope + d2 - d1) / below), left), right);
}
