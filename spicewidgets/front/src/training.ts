/** Training: several starts side by side for a moment, then the best one with L-BFGS, as `core/train` does it. */
import { descents, screening } from "./constants.json";
import type { Vector } from "./linear";
import { drawWeights, rowsOf, type Choices, type Model, type Rows } from "./model";
import { lbfgs, makeAdam, makePatience, type Answer } from "./optimisers";
import type { Generator as Random } from "./random";

const { TRIALS, CHOICES, EPOCHS, LEARNING_RATE, PATIENCE, GAIN, RANKING_EPOCHS, STARTS, STARTS_PER_MODULE } = screening;
const { LBFGS_PATIENCE, LBFGS_TOLERANCE } = descents;
const SESSIONS = 25; // of the screening: fewer than Python's
const MOST_EPOCHS = 1024;

export interface Epoch {
  epoch: number;
  /** Nats per choice; of the best start, on its first trials, while screening. */
  loss: number;
  weights: Vector;
}

/** The loss of a network's weights in nats per choice, with its gradient, as a function of them. */
export function lossOf({ places, kernel, first }: Model, { rows, sessions, trials }: Rows): (weights: Vector) => Answer {
  const tape = new Float64Array(trials * kernel.TAPE);
  const before = Float64Array.from(first);
  const n = sessions * trials;
  return (weights) => {
    const slopes = new Float64Array(places.length);
    const own = Float64Array.from(places, (place) => weights[place]!);
    const loss = kernel.loss(rows, sessions, trials, own, before, tape, slopes) / n;
    const gradient = new Float64Array(weights.length);
    places.forEach((place, i) => (gradient[place] = slopes[i]! / n));
    return { loss, gradient };
  };
}

/** Train a network; an epoch for each record that is asked for. The last one has the best weights. */
export function* train(model: Model, sessions: readonly Choices[], rng: Random): Generator<Epoch, Epoch> {
  let epoch = 0;
  const first = sessions.slice(0, SESSIONS);
  const loss = lossOf(model, rowsOf(model, first, Math.max(TRIALS, Math.ceil(CHOICES / first.length))));
  let starts = Array.from({ length: Math.max(STARTS, STARTS_PER_MODULE * model.modules.length) }, () => {
    const weights = drawWeights(model, rng);
    return { weights, loss: Infinity, move: makeAdam(LEARNING_RATE, weights.length) };
  });
  const isOver = makePatience(PATIENCE, GAIN);
  for (let i = 0; i < EPOCHS; i++) {
    let best = starts[0]!;
    let reached = best.weights;
    for (const start of starts) {
      const there = loss(start.weights);
      start.loss = Number.isFinite(there.loss) ? there.loss : Infinity;
      if (start === best || start.loss < best.loss) [best, reached] = [start, start.weights.slice()];
      start.move(start.weights, there.gradient);
    }
    yield { epoch: ++epoch, loss: best.loss, weights: reached };
    if (isOver(best.loss)) break;
  }
  for (const start of starts) start.loss = loss(start.weights).loss;
  starts.sort((a, b) => (a.loss < b.loss ? -1 : 1));
  const evaluate = lossOf(model, rowsOf(model, sessions));
  const ranked = model.modules.length > 1 ? starts.slice(0, model.modules.length) : [];
  function* descend(start: (typeof starts)[number], most: number): Generator<Epoch, void> {
    const isOver = makePatience(LBFGS_PATIENCE, LBFGS_TOLERANCE);
    for (const { x, loss } of lbfgs(start.weights, evaluate)) {
      [start.weights, start.loss] = [x, loss];
      yield { epoch: ++epoch, loss, weights: x };
      if (--most <= 0 || isOver(loss)) return;
    }
  }
  for (const start of ranked) yield* descend(start, RANKING_EPOCHS);
  ranked.sort((a, b) => (a.loss < b.loss ? -1 : 1));
  starts = [...ranked, ...starts.slice(ranked.length)];
  let last: Epoch = { epoch, loss: Infinity, weights: starts[0]!.weights };
  for (const start of starts) {
    for (const now of descend(start, MOST_EPOCHS - epoch)) {
      if (now.loss < last.loss) last = now;
      yield now;
    }
    if (last.loss < Math.LN2 || epoch >= MOST_EPOCHS) break;
  }
  return last;
}
