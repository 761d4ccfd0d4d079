/** From equations to the parameters of a Q-learner and back, as `core/read/translation.py` and `level.py` have it. */
import { rewriteTerms } from "./canonical";
import { evidence as shared, identified } from "./constants.json";
import type { NumberId } from "./likelihood";
import { dot } from "./linear";
import type { Model, Module } from "./model";
import type { Evidence } from "./search";
import { ABSENT, type Participant } from "./simulation";

const NOTHING = 1e-12;
const STEP = 1e-6;
export const NORMAL = 1.959963984540054; // of a 95 % interval

/** Coefficients by sorted factors, by module. */
export type Table = Map<string, Map<string, number>>;

export const termKey = (term: readonly string[]): string => [...term].sort().join(" ");

function rewrite(module: string, coefficients: ReadonlyMap<string, number>, stretch: number, shift: number) {
  const terms = [...coefficients].map(([key, value]) => [key ? key.split(" ") : [], value] as const);
  return rewriteTerms(terms, module, stretch, shift);
}

/** The shift of all values that gives an equation this constant; null where nothing does. */
function level(module: string, coefficients: ReadonlyMap<string, number>, constant: number): number | null {
  const fades = 1 - (coefficients.get(module) ?? 0);
  const plain = [...coefficients].every(([key]) => key === module || !key.split(" ").includes(module));
  return plain && fades > shared.FADES ? (constant - (coefficients.get("") ?? 0)) / fades : null;
}

const roleOf = (model: Model, role: string): Module | undefined => model.modules.find((module) => module.role === role);

/** The participant's own update in the model's units, at the level at which the found equations are written. */
export function truthOf(model: Model, participant: Participant, found: Table): Table {
  const p = (name: string): number => participant[name] ?? (name === "alpha_penalty" ? participant.alpha_reward! : 0);
  const truth: Table = new Map();
  for (const { name, state, truth: update } of model.modules) {
    if (!update || (ABSENT[update.weight ?? ""] === 0 && !p(update.weight!))) continue; // a habit of no weight has no terms to be found
    const sum = (parts: (typeof update.terms)[number][1]): number =>
      parts.reduce((total, [value, names]) => names.reduce((product, own) => product * p(own), value) + total, 0);
    const own = new Map(update.terms.map(([term, parts]) => [termKey(term), sum(parts)] as const).filter(([, value]) => value));
    const { initial, beta } = model.states.find((one) => one.name === state)!;
    const stretch = update.weight && beta === null ? p(update.weight) : 1;
    const shift = initial - stretch * (update.start ? p(update.start) : 0);
    truth.set(name, update.weight ? rewrite(name, own, stretch, shift) : own);
  }
  for (const { name: state } of model.states) {
    const pair = model.modules.filter((one) => one.state === state && one.arms !== "all" && truth.has(one.name));
    const has = pair.map(({ name }) => (found.get(name)?.get("") ?? 0) !== 0);
    if (pair.length < 2 || has[0] === has[1]) continue;
    const { name } = pair[has[0] ? 1 : 0]!;
    const away = level(name, truth.get(name)!, 0);
    if (away) for (const one of pair) truth.set(one.name, rewrite(one.name, truth.get(one.name)!, 1, away));
  }
  for (const terms of truth.values())
    for (const [key, value] of terms) if (Math.abs(value) < NOTHING) terms.delete(key);
  return truth;
}

/** The parameters of the Q-learner that equations stand for; what they leave open is not a number. */
export function readParameters(model: Model, found: Table): Record<string, number> {
  const [chosen, other, rate, habit] = ["value", "other", "rate", "habit"].map((role) => roleOf(model, role));
  const startOf = ({ state }: Module): number => model.states.find(({ name }) => name === state)!.initial;
  const of = ({ name }: Module, ...term: string[]): number => found.get(name)!.get(termKey(term)) ?? 0;
  const result: Record<string, number> = {};
  if (chosen) {
    let own: ReadonlyMap<string, number> = found.get(chosen.name)!;
    const start = startOf(chosen);
    const back = other && level(other.name, found.get(other.name)!, (1 - of(other, other.name)) * start);
    if (back) own = rewrite(chosen.name, own, 1, back);
    const penalty = 1 - (own.get(chosen.name) ?? 0);
    const both = own.get(termKey([chosen.name, "c_reward"])) ?? 0;
    const reward = penalty - both;
    const shift = penalty ? (own.get("") ?? 0) / penalty : NaN;
    const stretch = reward ? ((own.get("c_reward") ?? 0) + both * shift) / reward : NaN;
    Object.assign(result, { alpha_reward: reward, beta_reward: stretch * betaIn(found, chosen.state), q0: stretch ? (start - shift) / stretch : NaN });
    if (both) result.alpha_penalty = penalty;
  }
  if (rate) {
    const rest = 1 - of(rate, rate.name);
    const penalty = of(rate) / rest;
    const value = model.modules.find(({ kind }) => kind === "prediction error")!;
    Object.assign(result, { alpha_reward: penalty + of(rate, "c_reward") / rest, beta_reward: betaIn(found, value.state), q0: startOf(value) });
    if (of(rate, "c_reward")) result.alpha_penalty = penalty;
  }
  if (other) result.forget_rate = 1 - of(other, other.name);
  if (habit) {
    const alpha = 1 - of(habit, habit.name);
    const beta = alpha ? (of(habit) / alpha - startOf(habit)) * betaIn(found, habit.state) : NaN;
    Object.assign(result, { alpha_choice: alpha, beta_choice: beta });
  }
  return result;
}

const betaKey = (state: string): string => `beta ${state}`;

/** The beta of an equation's state; 1 where it has none. */
export const betaIn = (table: Table, state: string): number => table.get(betaKey(state))?.get("") ?? 1;

export const betasFound = (model: Model, evidence: Evidence): number[] =>
  model.states.map(({ name }) => betaIn(tableOf(model, evidence), name));

/** The found coefficients by module and sorted factors, and the betas; terms that are not there are left out. */
export function tableOf(model: Model, evidence: Evidence): Table {
  const table: Table = new Map(model.modules.map(({ name }) => [name, new Map()]));
  for (const { number, value, active } of evidence.terms) if (active) put(table, number, value);
  return table;
}

/** Coefficients of each module in the order of its terms. */
export function vectorsOf(model: Model, table: Table): Map<string, Float64Array> {
  const of = ({ name, terms }: Module) => Float64Array.from(terms, (term) => table.get(name)?.get(termKey(term)) ?? 0);
  return new Map(model.modules.map((module) => [module.name, of(module)]));
}

function put(table: Table, { module, term }: NumberId, value: number): void {
  if (term === null) table.set(betaKey(module), new Map([["", value]]));
  else table.get(module)!.set(termKey(term), value);
}

export interface Read {
  value: number;
  error: number;
}

/** Parameters with standard errors, from the curvature of the likelihood by the delta method. */
export function readWithErrors(model: Model, evidence: Evidence): Record<string, Read> {
  const table = tableOf(model, evidence);
  const values = readParameters(model, table);
  const slopes = evidence.terms.map(({ number, value, active }) => {
    if (!active) return values;
    put(table, number, value + STEP);
    const moved = readParameters(model, table);
    put(table, number, value);
    return moved;
  });
  const parameters = Object.entries(values).map(([name, value]): [string, Read] => {
    const along = slopes.map((moved) => ((moved[name] ?? NaN) - value) / STEP);
    const variance = dot(along, evidence.covariance.map((row) => dot(row, along)));
    return [name, { value, error: Math.sqrt(Math.max(variance, 0)) }];
  });
  return Object.fromEntries(parameters);
}

/** The ends of a 95 % interval, within bounds. */
export function interval({ value, error }: Read, [low, high] = [-Infinity, Infinity]): [number, number] {
  return [Math.max(value - NORMAL * error, low!), Math.min(value + NORMAL * error, high!)];
}

const { EDGE } = identified;
/** Parameters that are read off a coefficient by dividing it by a rate. */
const DIVIDED = { alpha_reward: ["beta_reward", "q0"], alpha_penalty: ["q0"], alpha_choice: ["beta_choice"] };

/** The parameters that the choices do not tell, as `core/discover/identified.py` has it. */
export function notIdentified(model: Model, table: Table, read: Readonly<Record<string, Read>>): Set<string> {
  const [chosen, other, rate, habit] = ["value", "other", "rate", "habit"].map((role) => roleOf(model, role));
  const missing = new Set<string>();
  const add = (...names: string[]): void => names.forEach((name) => missing.add(name));
  const has = (module: Module, ...term: string[]): boolean => table.get(module.name)!.has(termKey(term));
  if (chosen) {
    const both = has(chosen, chosen.name, "c_reward");
    const all = ["alpha_reward", "alpha_penalty", "beta_reward", "q0"];
    if (!both && !has(chosen, "c_reward")) add(...all);
    if (!has(chosen) && !(other && has(other))) add("q0");
    if (!has(chosen, chosen.name)) add(...(both ? ["alpha_penalty"] : all));
  }
  if (rate) add("q0", ...(has(rate) || has(rate, "c_reward") ? [] : ["alpha_reward", "alpha_penalty"]));
  if (other && !has(other, other.name)) add("forget_rate");
  if (habit && !has(habit)) add("alpha_choice", "beta_choice");
  for (const name of ["forget_rate", ...Object.keys(DIVIDED)]) {
    const [low, high] = read[name] ? interval(read[name]) : [1, 1];
    if (!(low > EDGE || high < 1 - EDGE)) add(name);
  }
  for (const [rate, divided] of Object.entries(DIVIDED)) {
    if (!read[rate] || (!missing.has(rate) && interval(read[rate])[0] > EDGE)) continue;
    add(...divided, ...(rate === "alpha_penalty" ? [] : [rate]));
  }
  if (read.beta_reward && !(interval(read.beta_reward)[0] > 0)) add("q0");
  return missing;
}
