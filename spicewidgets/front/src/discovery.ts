/** From a trained network to equations: samples of its modules, a regression, and the terms that the choices ask for. */
import { regression } from "./constants.json";
import { likelihoodOf } from "./likelihood";
import { leastSquares, type Vector } from "./linear";
import { betasOf, networkStep, replay, rowsOf, type Choices, type Model, type Module, type Transition } from "./model";
import { Generator } from "./random";
import { select, type Evidence } from "./search";
import { Bandit, OPTIONS } from "./simulation";

const DRIFT = 0.2;
const TRIALS = 1000;
const SAME = 5;

/** A random task in which the same option is chosen several times in a row. */
function randomTask(rng: Generator): { choices: number[]; rewards: number[] } {
  const bandit = new Bandit({ kind: "drift", sigma: DRIFT, boundary: "clip", flip: 0, blocks: {} }, rng);
  const choices: number[] = [];
  for (let t = 0; t < TRIALS; t++) choices.push(t % SAME ? choices[t - 1]! : rng.below(OPTIONS));
  return { choices, rewards: choices.map((choice) => bandit.step()[choice]!) };
}

function factorOf(module: Module, { value, signals }: Transition, name: string): number {
  return name === module.name ? value : signals[module.inputs.indexOf(name)]!;
}

/** Find the equations of a trained network; on the way, how many terms are left. */
export function* search(model: Model, sessions: readonly Choices[], weights: Vector, seed: number): IterableIterator<number, Evidence> {
  const betas = betasOf(model, weights);
  const { transitions } = replay(model, randomTask(new Generator(seed)), networkStep(weights), betas);
  const start: number[] = [];
  const places: number[] = [];
  let place = 0;
  for (const module of model.modules) {
    const samples = transitions.get(module.name)!;
    const columns = module.terms.map((term) =>
      Float64Array.from(samples, (sample) => term.reduce((product, name) => product * factorOf(module, sample, name), 1)),
    );
    const after = Float64Array.from(samples, (sample) => sample.after);
    const { values, told } = leastSquares(columns, after, regression.REDUNDANT);
    values.forEach((value, i) => {
      if (told[i]) {
        start.push(value);
        places.push(place + i);
      }
    });
    place += module.terms.length;
  }
  model.states.forEach((state, k) => {
    if (state.beta === null) return;
    start.push(betas[k]!);
    places.push(place++);
  });
  return yield* select(likelihoodOf(model, rowsOf(model, sessions), places), Float64Array.from(start));
}

/** The same, at once. */
export function discover(...of: Parameters<typeof search>): Evidence {
  const way = search(...of);
  let next = way.next();
  while (!next.done) next = way.next();
  return next.value;
}
