/** What is made of a few choices of a player: a network that bets, and what they say of a learning rate. */
import type { Vector } from "./linear";
import { betasOf, networkStep, replay, rowsOf, type Choices, type Model } from "./model";
import { lbfgs, type Answer } from "./optimisers";
import { Generator } from "./random";
import { Bandit, Learner, OPTIONS, simulate, type Session, type Task } from "./simulation";
import { lossOf, train, type Epoch } from "./training";

const SEEN = 24; // simulated participants whom the network has seen before
const TRIALS = 60;
const HOLD = 30; // nats that a weight costs which moves by sqrt(2)
const STEPS = 12;
const BETA = { middle: Math.log(3), sd: 0.8 }; // prior of the logarithm of beta
const RATES = 49; // points of the grid
const BETAS = 25;
const LEVEL = 0.9;
const TAILS = 20; // ways to share what an interval leaves out between its ends
const STRIDE = 10; // choices
export const MOST = 480;
const TRIES = 9;
const ENOUGH = 6;

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
  const loss = lossOf(model, rowsOf(model, [{ choices, rewards: rewards.slice(0, n) }]));
  const evaluate = (x: Vector): Answer => {
    const there = loss(x);
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

/** What choices say of a rate and of beta: uniform from 0 to 1 in the rate before any choice, log-normal in beta. */
class Posterior {
  private readonly logs = Float64Array.from({ length: RATES * BETAS }, (_, k) => -(zOf(k) ** 2) / 2);
  private values = startValues(); // of each option, by rate

  /** Begin another session: no option has paid yet. */
  begin(): void {
    this.values = startValues();
  }

  see(choice: number, reward: number | undefined): void {
    const own = this.values[choice]!;
    const other = this.values[OPTIONS - 1 - choice]!;
    for (let i = 0; i < RATES; i++) {
      const difference = other[i]! - own[i]!;
      for (let j = 0; j < BETAS; j++) this.logs[i * BETAS + j]! -= Math.log1p(Math.exp(PRECISIONS[j]! * difference));
      if (reward !== undefined) own[i]! += rateAt(i) * (reward - own[i]!);
    }
  }

  private weights(): Vector {
    const top = this.logs.reduce((most, log) => Math.max(most, log), -Infinity);
    const weights = this.logs.map((log) => Math.exp(log - top));
    const total = weights.reduce((sum, w) => sum + w, 0);
    return weights.map((w) => w / total);
  }

  read(): RateInterval {
    const weights = this.weights();
    const own = Array.from({ length: RATES }, (_, i) => weights.subarray(i * BETAS, (i + 1) * BETAS).reduce((sum, w) => sum + w));
    const at = (share: number): number => {
      let passed = 0;
      for (let i = 0; i < RATES; passed += own[i++]!) if (passed + own[i]! >= share) return (i + (share - passed) / own[i]!) / RATES;
      return 1;
    };
    // The shortest one. Equal tails would leave out rates near 0 too often after few choices, and those in the middle hardly ever.
    let [low, high] = [0, 1];
    for (let k = 0; k <= TAILS; k++) {
      const below = ((1 - LEVEL) * k) / TAILS;
      const [from, to] = [at(below), at(below + LEVEL)];
      if (to - from < high - low) [low, high] = [from, to];
    }
    const z = weights.reduce((sum, w, k) => sum + w * zOf(k), 0);
    return { middle: at(0.5), low, high, beta: Math.exp(BETA.middle + BETA.sd * z) };
  }

  /** The learner whom the choices fit best. */
  likeliest(): Learner {
    const k = this.logs.indexOf(this.logs.reduce((most, log) => Math.max(most, log)));
    return learnerOf(rateAt(Math.floor(k / BETAS)), PRECISIONS[k % BETAS]!);
  }
}

const rateAt = (i: number): number => (i + 0.5) / RATES;
const zOf = (k: number): number => (((k % BETAS) + 0.5) / BETAS) * 6 - 3;
const PRECISIONS = Array.from({ length: BETAS }, (_, j) => Math.exp(BETA.middle + BETA.sd * zOf(j)));
const startValues = (): Vector[] => Array.from({ length: OPTIONS }, () => new Float64Array(RATES).fill(0.5));

function posteriorOf(sessions: readonly Choices[]): Posterior {
  const posterior = new Posterior();
  for (const { choices, rewards } of sessions) {
    posterior.begin();
    choices.forEach((choice, t) => posterior.see(choice, rewards[t]));
  }
  return posterior;
}

/** The learning rate that a player's sessions stand for, with the shortest interval that holds 90 % of what it could be. */
export function rateOf(...sessions: Choices[]): RateInterval {
  return posteriorOf(sessions).read();
}

/**
 * After how many more choices the interval is half as wide, as the likeliest learner goes on; null for more than 480.
 * In two of three tries, since who plays is not quite the likeliest: then it is so for about half of the players.
 */
export function choicesToHalve(played: Choices, task: Task): number | null {
  const now = posteriorOf([played]);
  const { low, high } = now.read();
  const tries = Array.from({ length: TRIES }, (_, seed) => ({
    posterior: posteriorOf([played]),
    ahead: goOn(played, now.likeliest(), task, new Generator(seed)),
  }));
  for (let more = STRIDE; more <= MOST; more += STRIDE) {
    let halved = 0;
    for (const { posterior, ahead } of tries) {
      for (let t = 0; t < STRIDE; t++) posterior.see(...ahead.next().value);
      const then = posterior.read();
      if (then.high - then.low <= (high - low) / 2) halved++;
    }
    if (halved >= ENOUGH) return more;
  }
  return null;
}

/** Who chooses: P of the options now, and learning from what a choice paid. */
export interface Chooser {
  probabilities(): number[];
  learn(choice: number, reward: number): void;
}

/** A simulated participant with the rate and precision that were found. */
export function learnerOf(rate: number, beta: number): Learner {
  return new Learner({ alpha_reward: rate, beta_reward: beta, q0: 0.5 });
}

/** Choices and what they pay, for ever, of somebody who plays on from where a player stopped. */
function* goOn({ choices, rewards }: Choices, chooser: Chooser, task: Task, rng: Generator): IterableIterator<[number, number], never> {
  const bandit = new Bandit(task, rng);
  choices.forEach((choice, t) => chooser.learn(choice, rewards[t]!));
  for (;;) {
    const choice = rng.random() < chooser.probabilities()[0]! ? 0 : OPTIONS - 1;
    const reward = bandit.step()[choice]!;
    chooser.learn(choice, reward);
    yield [choice, reward];
  }
}

/** The choices of a player with so many more of somebody who plays on; from the beginning where nothing was played. */
export function playOn(before: Choices, chooser: Chooser, task: Task, more: number, seed: number): Choices {
  const played = { choices: [...before.choices], rewards: [...before.rewards] };
  const ahead = goOn(before, chooser, task, new Generator(seed));
  for (let t = 0; t < more; t++) {
    const [choice, reward] = ahead.next().value;
    played.choices.push(choice);
    played.rewards.push(reward);
  }
  return played;
}
