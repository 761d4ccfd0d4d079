/** From equations to the parameters of a Q-learner and back, as `core/read/translation.py` and `level.py` have it. */
import { rewriteTerms } from "./canonical";
import type { Matrix } from "./linear";
import type { Model, Module } from "./model";
import type { Evidence } from "./search";
import type { Participant } from "./simulation";

const FADES = 0.02;
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
  return plain && fades > FADES ? (constant - (coefficients.get("") ?? 0)) / fades : null;
}

/** The two modules of the first state, as far as there are both. */
function pairOf(model: Model): { chosen?: Module; other?: Module } {
  const own = model.modules.filter(({ state }) => state === model.states[0]!.name);
  return { chosen: own.find(({ arms }) => arms === "chosen"), other: own.find(({ arms }) => arms === "not chosen") };
}

/** The participant's own update in the model's units, at the level at which the found equations are written. */
export function truthOf(model: Model, participant: Participant, found: Table): Table {
  const p = (name: string): number => participant[name] ?? participant.alpha_reward!;
  const { chosen, other } = pairOf(model);
  const start = model.states[0]!.initial;
  const stretch = p("beta_reward");
  const shift = start - stretch * p("q0");
  const truth: Table = new Map();
  if (chosen) {
    const both = p("alpha_penalty") - p("alpha_reward");
    const own = new Map([
      [chosen.name, 1 - p("alpha_penalty")],
      ["c_reward", p("alpha_reward")],
      [termKey([chosen.name, "c_reward"]), both],
    ]);
    truth.set(chosen.name, rewrite(chosen.name, own, stretch, shift));
  }
  if (other) {
    const own = new Map([
      [other.name, 1 - p("forget_rate")],
      ["", p("forget_rate") * p("q0")],
    ]);
    truth.set(other.name, rewrite(other.name, own, stretch, shift));
  }
  if (chosen && other) {
    const has = [chosen, other].map(({ name }) => (found.get(name)?.get("") ?? 0) !== 0);
    if (has[0] !== has[1]) {
      const gone = has[0] ? other : chosen;
      const away = level(gone.name, truth.get(gone.name)!, 0);
      if (away) for (const { name } of [chosen, other]) truth.set(name, rewrite(name, truth.get(name)!, 1, away));
    }
  }
  for (const terms of truth.values())
    for (const [key, value] of terms) if (Math.abs(value) < NOTHING) terms.delete(key);
  return truth;
}

/** The parameters of the Q-learner that equations stand for; what they leave open is not a number. */
export function readParameters(model: Model, found: Table): Record<string, number> {
  const { chosen, other } = pairOf(model);
  const start = model.states[0]!.initial;
  const result: Record<string, number> = {};
  if (!chosen) return result;
  let own: ReadonlyMap<string, number> = found.get(chosen.name)!;
  const rest = other && found.get(other.name)!;
  if (rest) {
    const shift = level(other.name, rest, (1 - (rest.get(other.name) ?? 0)) * start);
    if (shift) own = rewrite(chosen.name, own, 1, shift);
  }
  const penalty = 1 - (own.get(chosen.name) ?? 0);
  const both = own.get(termKey([chosen.name, "c_reward"])) ?? 0;
  const reward = penalty - both;
  const shift = penalty ? (own.get("") ?? 0) / penalty : NaN;
  const stretch = reward ? ((own.get("c_reward") ?? 0) + both * shift) / reward : NaN;
  Object.assign(result, { alpha_reward: reward, beta_reward: stretch, q0: stretch ? (start - shift) / stretch : NaN });
  if (both) result.alpha_penalty = penalty;
  if (rest && other) result.forget_rate = 1 - (rest.get(other.name) ?? 0);
  return result;
}

/** The found coefficients by module and sorted factors; terms that are not there are left out. */
export function tableOf(model: Model, evidence: Evidence): Table {
  const table: Table = new Map(model.modules.map(({ name }) => [name, new Map()]));
  for (const { number, value, active } of evidence.terms)
    if (active && number.term !== null) table.get(number.module)!.set(termKey(number.term), value);
  return table;
}

/** Coefficients of each module in the order of its terms. */
export function vectorsOf(model: Model, table: Table): Map<string, Float64Array> {
  const of = ({ name, terms }: Module) => Float64Array.from(terms, (term) => table.get(name)?.get(termKey(term)) ?? 0);
  return new Map(model.modules.map((module) => [module.name, of(module)]));
}

/** The betas of the equation's states; 1 where a state has none. */
export function betasFound(model: Model, { terms }: Evidence): number[] {
  return model.states.map(({ name }) => terms.find(({ number }) => number.term === null && number.module === name)?.value ?? 1);
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
    if (!active || number.term === null) return values;
    const terms = table.get(number.module)!;
    terms.set(termKey(number.term), value + STEP);
    const moved = readParameters(model, table);
    terms.set(termKey(number.term), value);
    return moved;
  });
  const variance = (name: string, covariance: Matrix): number => {
    const along = slopes.map((moved) => ((moved[name] ?? NaN) - values[name]!) / STEP);
    return covariance.reduce((sum, row, i) => sum + row.reduce((own, c, j) => own + c * along[i]! * along[j]!, 0), 0);
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      { value, error: Math.sqrt(Math.max(variance(name, evidence.covariance), 0)) },
    ]),
  );
}

const EDGE = 1e-3;

/** The parameters that the choices do not tell, as `core/discover/identified.py` has it. */
export function notIdentified(model: Model, table: Table, read: Readonly<Record<string, Read>>): Set<string> {
  const { chosen, other } = pairOf(model);
  const missing = new Set<string>();
  const add = (...names: string[]): void => names.forEach((name) => missing.add(name));
  if (!chosen) return missing;
  const own = table.get(chosen.name)!;
  const rest = other && table.get(other.name)!;
  const both = own.has(termKey([chosen.name, "c_reward"]));
  const all = ["alpha_reward", "alpha_penalty", "beta_reward", "q0"];
  if (!both && !own.has("c_reward")) add(...all);
  if (!own.has("") && !rest?.has("")) add("q0");
  if (!own.has(chosen.name)) add(...(both ? ["alpha_penalty"] : all));
  if (other && !rest!.has(other.name)) add("forget_rate");
  const ends = ({ value, error }: Read): [number, number] => [value - NORMAL * error, value + NORMAL * error];
  for (const name of ["alpha_reward", "alpha_penalty", "forget_rate"]) {
    if (!read[name]) continue;
    const [low, high] = ends(read[name]);
    if (!(low > EDGE || high < 1 - EDGE)) add(name);
  }
  for (const rate of ["alpha_reward", "alpha_penalty"]) {
    if (!read[rate] || (!missing.has(rate) && ends(read[rate])[0] > EDGE)) continue;
    add("q0", ...(rate === "alpha_reward" ? [rate, "beta_reward"] : []));
  }
  if (read.beta_reward && !(ends(read.beta_reward)[0] > 0)) add("q0");
  return missing;
}
