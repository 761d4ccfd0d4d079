/** One way to write equations that no choices can tell apart: `core/discover/canonical.py` has the derivation. */
import { canonical } from "./constants.json";
import type { NumberId } from "./likelihood";
import type { Vector } from "./linear";
import type { Model, Tie } from "./model";

const { ROUNDING, STEPS, SMALL, ENOUGH } = canonical;

export const keyOf = (module: string, term: readonly string[] | null): string =>
  term === null ? module : `${module}: ${[...term].sort().join(" ")}`;

export function driveOf(tie: Tie, values: Vector): number {
  return 1 - tie.others.reduce((sum, place) => sum + values[place]!, 0);
}

/** Coefficients, by sorted factors, of the same update for a value that is written as `stretch * x + shift`. */
export function rewriteTerms(
  terms: readonly (readonly [readonly string[], number])[],
  own: string,
  stretch: number,
  shift: number,
): Map<string, number> {
  const result = new Map<string, number>([["", shift]]);
  for (const [term, value] of terms) {
    const others = term.filter((factor) => factor !== own);
    const power = term.length - others.length;
    for (let k = 0, ways = 1; k <= power; ways = (ways * (power - k)) / (k + 1), k++) {
      const key = [...Array<string>(k).fill(own), ...others].sort().join(" ");
      const part = ways * (-shift) ** (power - k) * stretch ** (1 - power);
      result.set(key, (result.get(key) ?? 0) + value * part);
    }
  }
  return result;
}

/** The numbers with one state stretched by a factor around its start, and its beta divided by it. */
export function rescale(
  model: Model,
  numbers: readonly NumberId[],
  values: Vector,
  state: string,
  factor: number,
): Vector | null {
  const place = new Map(numbers.map(({ module, term }, i) => [keyOf(module, term), i]));
  const start = model.states.find(({ name }) => name === state)!.initial;
  const result = values.slice();
  result[place.get(state)!]! /= factor;
  for (const module of model.modules) {
    if (module.state !== state) continue;
    const own = numbers.flatMap((n, i) => (n.module === module.name && n.term !== null ? [i] : []));
    const terms = own.flatMap((i) => (values[i] === 0 ? [] : [[numbers[i]!.term!, values[i]!] as const]));
    const stretched = rewriteTerms(terms, module.name, factor, start * (1 - factor));
    for (const i of own) result[i] = stretched.get([...numbers[i]!.term!].sort().join(" ")) ?? 0;
    for (const [key, value] of stretched)
      if (Math.abs(value) > ROUNDING && !place.has(`${module.name}: ${key}`)) return null;
  }
  return result;
}

/** A model's ties among some of its numbers. */
export function tiesAmong({ ties }: Model, places: readonly number[]): Tie[] {
  const at = (place: number): number => places.indexOf(place);
  const among = ties.map(({ beta, drive, others: [weight, ...more] }) => {
    return { beta: at(beta), drive: at(drive), others: [at(weight!), ...more.map(at).filter((i) => i >= 0)] };
  });
  return among.filter(({ beta, drive, others }) => Math.min(beta, drive, others[0]!) >= 0);
}

/** The numbers with a state stretched to the convention's scale; null where there is no such scale. */
export function inScale(
  model: Model,
  numbers: readonly NumberId[],
  values: Vector,
  tie: Tie,
  fades: number,
): Vector | null {
  if (!(1 - values[tie.others[0]!]! > fades && Math.abs(values[tie.drive]!) > fades ** 2)) return null;
  const state = numbers[tie.beta]!.module;
  const away = (at: Vector): number => at[tie.drive]! - driveOf(tie, at);
  let factor = 1;
  for (let count = 0; count < STEPS; count++) {
    const stretched = rescale(model, numbers, values, state, factor);
    const further = rescale(model, numbers, values, state, factor * (1 + SMALL));
    if (stretched === null || further === null) return null;
    const distance = away(stretched);
    if (Math.abs(distance) < ENOUGH) return stretched;
    factor -= distance / ((away(further) - distance) / (SMALL * factor));
    if (!Number.isFinite(factor) || factor === 0) return null;
  }
  return null;
}
