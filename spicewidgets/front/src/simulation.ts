/** A simulated participant who plays a bandit task: the choices that Python simulates under the same seed. */
import { Generator, noise } from "./random";

export interface Task {
  kind: string;
  sigma: number;
  boundary: string;
  /** Probability that a new block begins, per trial. */
  flip: number;
  /** Probabilities of a reward by option: of each block, for kinds of tasks that have blocks, or for ever. */
  blocks: Readonly<Record<string, readonly (readonly number[])[]>>;
}

/** Parameters of `AgentQ`, by name; `alpha_penalty` null is the same rate as after a reward. */
export type Participant = Readonly<Record<string, number | null>>;

export interface Session {
  /** The choice of each trial, and the one after the last. */
  choices: number[];
  /** What the chosen option paid, by trial. */
  rewards: number[];
  /** P of each option before each trial, and after the last. */
  probabilities: number[][];
}

export const OPTIONS = 2;

export function softmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits);
  const powers = logits.map((logit) => Math.exp(logit - top));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** A task in play: what pays does not depend on what is chosen. */
export class Bandit {
  private chances: readonly number[];
  private readonly noise: ReturnType<typeof noise>;
  private readonly blocks: readonly (readonly number[])[];
  private block = 0;

  constructor(
    private readonly task: Task,
    rng: Generator,
  ) {
    this.blocks = task.blocks[task.kind] ?? [];
    const drifts = !this.blocks.length;
    const flips = this.blocks.length > 1;
    if (flips) this.block = rng.below(this.blocks.length);
    this.chances = this.blocks[this.block] ?? Array.from({ length: OPTIONS }, () => rng.random());
    this.noise = noise(rng, OPTIONS + (flips ? 2 : 0), drifts ? OPTIONS : 0);
  }

  /** What each option pays in this trial. */
  step(): number[] {
    const { blocks } = this;
    const [uniform, normal] = this.noise.next().value;
    const rewards = this.chances.map((chance, option) => (uniform[option]! < chance ? 1 : 0));
    if (blocks.length > 1 && uniform[OPTIONS]! < this.task.flip) {
      this.block = (this.block + 1 + Math.floor(uniform[OPTIONS + 1]! * (blocks.length - 1))) % blocks.length;
      this.chances = blocks[this.block]!;
    }
    if (!blocks.length)
      this.chances = this.chances.map((chance, option) => {
        const walked = chance + this.task.sigma * normal[option]!;
        if (this.task.boundary === "clip") return Math.min(Math.max(walked, 0), 1);
        return 1 - Math.abs(1 - (walked - 2 * Math.floor(walked / 2)));
      });
    return rewards;
  }
}

/** Mechanisms that a participant lacks of which nothing is said. */
export const ABSENT: Readonly<Record<string, number>> = { forget_rate: 0, beta_choice: 0, alpha_choice: 1 };

/** A learner's values and habits, moved as `AgentQ` moves them. */
export class Learner {
  private readonly values: number[];
  private readonly kernel: number[];
  private readonly p: Readonly<Record<string, number>>;

  constructor(participant: Participant) {
    const rate = participant.alpha_reward!;
    this.p = { ...ABSENT, ...participant, alpha_penalty: participant.alpha_penalty ?? rate } as Record<string, number>;
    this.values = Array<number>(OPTIONS).fill(this.p.q0!);
    this.kernel = Array<number>(OPTIONS).fill(0);
  }

  probabilities(): number[] {
    const { p } = this;
    return softmax(this.values.map((q, option) => q * p.beta_reward! + this.kernel[option]! * p.beta_choice!));
  }

  learn(choice: number, reward: number): void {
    const { p, values, kernel } = this;
    const rate = reward > 0.5 ? p.alpha_reward! : p.alpha_penalty!;
    for (let option = 0; option < OPTIONS; option++) {
      const q = values[option]!;
      values[option] = option === choice ? q + rate * (reward - q) : q + p.forget_rate! * (p.q0! - q);
      kernel[option]! += p.alpha_choice! * ((option === choice ? 1 : 0) - kernel[option]!);
    }
  }
}

export function simulate(task: Task, participant: Participant, trials: number, sessions: number, seed: number): Session[] {
  const [ofTask, ofAgent] = new Generator(seed).children(2) as [Generator, Generator];
  const bandits = ofTask.children(sessions).map((rng) => new Bandit(task, rng));
  const draws = ofAgent.children(sessions).map((rng) => noise(rng, 1));
  return bandits.map((bandit, number) => {
    const learner = new Learner(participant);
    const session: Session = { choices: [], rewards: [], probabilities: [] };
    for (let trial = 0; trial <= trials; trial++) {
      const probabilities = learner.probabilities();
      const draw = draws[number]!.next().value[0][0]!;
      let choice = 0;
      for (let sum = probabilities[0]!; sum <= draw && choice < OPTIONS - 1; sum += probabilities[++choice]!);
      session.choices.push(choice);
      session.probabilities.push(probabilities);
      if (trial === trials) break;
      const reward = bandit.step()[choice]!;
      session.rewards.push(reward);
      learner.learn(choice, reward);
    }
    return session;
  });
}
