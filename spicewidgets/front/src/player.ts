/** What is made of a few choices of a player: a network that bets, and what they say of a learning rate. */
import type { Vector } from "./linear";
import { betasOf, networkStep, replay, rowsOf, type Choices, type Model } from "./model";
import { lbfgs, type Answer } from "./optimisers";
import { Generator } from "./random";
import { Bandit, Learner, OPTIONS, simulate, type Session, type Task } from "./simulation";
import { Loss, train, type Epoch } from "./training";

const SEEN = 24; // simulated participants whom the network has seen before
const TRIALS = 60;
const HOLD = 30; // nats that a weight costs which moves by sqrt(2)
const STEPS = 12;
const BETA = { middle: Math.log(3), sd: 0.8 }; // prior of the logarithm of beta
const RATES = 49; // points of the grid
const BETAS = 25;
const LEVEL = 0.9;
const MORE = [30, 60, 120, 240, 480];
const TRIES = 4;

/** Train a network on simulated participants who all differ; an epoch for each record that is asked for. */
export function meet(model: Model, task: Task): Iterator<Epoch, Epoch> {
  const rng = new Generator(1);
  const sessions = Array.from({ length: SEEN }, (_, seed): Session => {
    const participant = {
      alpha_reward: rng.random(),
      beta_reward: Math.exp(BETA.middle + BETA.sd * rng.normal()),
      q0: 0.5,
      forget_rate: rng.random() / 2,
    };
    return simulate(task, participant, TRIALS, 1, seed)[0]!;
  });
  return train(model, sessions, rng);
}

/** The weights of a network that has also seen the choices of a player, held near where it began. */
export function adapt(model: Model, weights: Vector, { choices, rewards }: Choices): Vector {
  const n = choices.length - 1;
  if (n < 1) return weights;
  const loss = new Loss(model, rowsOf(model, [{ choices, rewards: rewards.slice(0, n) }]));
  const evaluate = (x: Vector): Answer => {
    const there = loss.at(x);
    let held = 0;
    const gradient = there.gradient.map((g, i) => {
      const away = x[i]! - weights[i]!;
      held += (HOLD / 2) * away ** 2;
      return n * g + HOLD * away;
    });
    return { loss: n * there.loss + held, gradient };
  };
  let count = 0;
  for (const point of lbfgs(weights, evaluate)) if (++count === STEPS) return point.x;
  return weights;
}

/** P of the first option in the coming choice. */
export function bet(model: Model, weights: Vector, played: Choices): number {
  return replay(model, played, networkStep(weights), betasOf(model, weights)).probabilities.at(-1)!;
}

export interface RateInterval {
  middle: number;
  low: number;
  high: number;
  beta: number;
}

/** The learning rate that a player's sessions stand for, with its 90 % interval: uniform from 0 to 1 before any choice. */
export function rateOf(...sessions: Choices[]): RateInterval {
  const logs = new Float64Array(RATES * BETAS);
  for (let i = 0; i < RATES; i++) {
    const alpha = (i + 0.5) / RATES;
    for (let j = 0; j < BETAS; j++) {
      const z = ((j + 0.5) / BETAS) * 6 - 3;
      const beta = Math.exp(BETA.middle + BETA.sd * z);
      let sum = -(z ** 2) / 2;
      for (const { choices, rewards } of sessions) {
        let [q0, q1] = [0.5, 0.5];
        for (let t = 0; t < choices.length; t++) {
          const difference = choices[t] === 0 ? q1 - q0 : q0 - q1;
          sum -= Math.log1p(Math.exp(beta * difference));
          const reward = rewards[t];
          if (reward === undefined) break;
          if (choices[t] === 0) q0 += alpha * (reward - q0);
          else q1 += alpha * (reward - q1);
        }
      }
      logs[i * BETAS + j] = sum;
    }
  }
  const top = Math.max(...logs);
  const weights = logs.map((log) => Math.exp(log - top));
  const total = weights.reduce((sum, w) => sum + w, 0);
  const at = (share: number): number => {
    let passed = 0;
    for (let i = 0; i < RATES; i++) {
      let own = 0;
      for (let j = 0; j < BETAS; j++) own += weights[i * BETAS + j]! / total;
      if (passed + own >= share) return (i + (share - passed) / own) / RATES;
      passed += own;
    }
    return 1;
  };
  const beta = weights.reduce((sum, w, k) => sum + (w / total) * ((((k % BETAS) + 0.5) / BETAS) * 6 - 3), 0);
  const low = at((1 - LEVEL) / 2);
  return { middle: at(0.5), low, high: at((1 + LEVEL) / 2), beta: Math.exp(BETA.middle + BETA.sd * beta) };
}

/** How many more choices would halve the interval, as a learner like that goes on playing; null for more than 480. */
export function choicesToHalve(played: Choices, task: Task): number | null {
  const now = rateOf(played);
  const half = (now.high - now.low) / 2;
  for (const more of MORE) {
    let width = 0;
    for (let seed = 0; seed < TRIES; seed++) {
      const then = rateOf(playOn(played, learnerOf(now), task, more, seed));
      width += (then.high - then.low) / TRIES;
    }
    if (width <= half) return more;
  }
  return null;
}

/** Who chooses: P of the options now, and learning from what a choice paid. */
export interface Chooser {
  probabilities(): number[];
  learn(choice: number, reward: number): void;
}

/** A simulated participant with the rate and precision that were found. */
export function learnerOf({ middle, beta }: RateInterval): Learner {
  return new Learner({ alpha_reward: middle, beta_reward: beta, q0: 0.5 });
}

/** Let somebody play on from where a player stopped; from the beginning where nothing was played. */
export function playOn({ choices, rewards }: Choices, chooser: Chooser, task: Task, more: number, seed: number): Choices {
  const rng = new Generator(seed);
  const bandit = new Bandit(task, rng);
  const played = { choices: [...choices], rewards: [...rewards] };
  choices.forEach((choice, t) => chooser.learn(choice, rewards[t]!));
  for (let t = 0; t < more; t++) {
    const choice = rng.random() < chooser.probabilities()[0]! ? 0 : OPTIONS - 1;
    const reward = bandit.step()[choice]!;
    chooser.learn(choice, reward);
    played.choices.push(choice);
    played.rewards.push(reward);
  }
  return played;
}
