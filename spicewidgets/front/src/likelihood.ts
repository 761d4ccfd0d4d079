/** How likely the choices are under equations, and the most likely numbers: `core/discover/{likelihood,maximum}.py`. */
import { limits, maximum } from "./constants.json";
import { dot, sandwich, solve, transpose, zeros, type Matrix, type Vector } from "./linear";
import type { Model, Rows } from "./model";

/** A coefficient of a module's equation; or the beta of a state, where the term is null. */
export interface NumberId {
  module: string;
  term: readonly string[] | null;
}

export interface Derivatives {
  nll: number;
  gradient: Vector;
  information: Matrix;
}

/** All numbers of a model's equations: those of every candidate term, then the betas. */
export function numbersOf(model: Model): NumberId[] {
  const terms = model.modules.flatMap(({ name, terms }) => terms.map((term) => ({ module: name, term })));
  const betas = model.states.filter((state) => state.beta !== null);
  return [...terms, ...betas.map(({ name }) => ({ module: name, term: null }))];
}

/** ln L of the choices as a function of some of a model's numbers; the others are 0. */
export type Likelihood = ReturnType<typeof likelihoodOf>;

export function likelihoodOf(model: Model, { rows, sessions, trials }: Rows, places: readonly number[]) {
  const every = numbersOf(model);
  const sums = new Float64Array(1 + every.length + model.pairs.length);
  const first = new Float64Array(model.carried);
  first.set(model.first);
  function at(values: Vector): Derivatives {
    const all = new Float64Array(every.length);
    places.forEach((place, i) => (all[place] = values[i]!));
    model.kernel.likelihood(rows, sessions, trials, all, first, sums);
    const whole = zeros(all.length);
    model.pairs.forEach(([i, j], at) => {
      whole[i]![j] = whole[j]![i] = sums[1 + all.length + at]!;
    });
    const nll = sums[0]!;
    return {
      nll: Number.isFinite(nll) ? nll : Infinity,
      gradient: Float64Array.from(places, (place) => sums[1 + place]!),
      information: places.map((i) => Float64Array.from(places, (j) => whole[i]![j]!)),
    };
  }
  return { model, places, numbers: places.map((place) => every[place]!), choices: sessions * trials, at };
}

/** Independent normal distributions of the numbers. */
export interface Prior {
  mean: Vector;
  sd: Vector;
}

function penalty(values: Vector, free: readonly boolean[], prior: Prior): number {
  return values.reduce((sum, value, i) => (free[i] ? sum + ((value - prior.mean[i]!) / prior.sd[i]!) ** 2 / 2 : sum), 0);
}

const finite = (x: number): number => (Number.isFinite(x) ? x : 0);

/** Information of choices and prior together, about the free numbers; the identity for the others. */
export function curvatureOf(information: Matrix, free: readonly boolean[], prior: Prior, basis: Matrix): Matrix {
  const whole = sandwich(information.map((row) => row.map(finite)), basis);
  return whole.map((row, i) =>
    row.map((value, j) => {
      if (!free[i] || !free[j]) return i === j ? 1 : 0;
      return i === j ? value * (1 + maximum.DAMPING) + prior.sd[i]! ** -2 : value;
    }),
  );
}

/** The way to the top of the quadratic that slope and information describe, and what it gains in nats. */
export function newtonStep(
  values: Vector,
  there: Derivatives,
  free: readonly boolean[],
  prior: Prior,
  basis: Matrix,
): { step: Vector; gain: number } {
  const gradient = there.gradient.map(finite);
  const slope = Float64Array.from(transpose(basis), (column, j) =>
    free[j] ? dot(column, gradient) - (values[j]! - prior.mean[j]!) / prior.sd[j]! ** 2 : 0,
  );
  const curvature = curvatureOf(there.information, free, prior, basis);
  const own = Float64Array.from(solve(curvature, Array.from(slope, (value) => Float64Array.of(value))), ([value]) => value!);
  return { step: Float64Array.from(basis, (row) => dot(row, own)), gain: dot(own, slope) / 2 };
}

/** Climb from some numbers to the most likely ones by Fisher scoring. */
export function maximise(
  look: (values: Vector) => Derivatives,
  start: Vector,
  free: readonly boolean[],
  prior: Prior,
  basis: Matrix,
  hopeless = Infinity,
  enough = limits.enough,
) {
  let values = start.slice();
  let there = look(values);
  let objective = there.nll + penalty(values, free, prior);
  for (let count = 0; count < limits.most_steps; count++) {
    const { step, gain } = newtonStep(values, there, free, prior, basis);
    if (!(gain > enough) || !(objective - 3 * gain < hopeless)) break;
    let moved = false;
    for (let halving = 0, size = 1; halving < limits.halvings && !moved; halving++, size /= 2) {
      const tried = values.map((value, i) => value + size * step[i]!);
      const then = look(tried);
      const reached = then.nll + penalty(tried, free, prior);
      if (reached < objective - 0.1 * enough) [values, there, objective, moved] = [tried, then, reached, true];
    }
    if (!moved) break;
  }
  return { values, objective, there };
}
