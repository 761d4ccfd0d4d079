/** A model as Python describes it, its network's modules, and the replay of a session. */
import { gru } from "./constants.json";
import type { Vector } from "./linear";
import type { Generator } from "./random";
import { OPTIONS, softmax, type Session } from "./simulation";

const { CLIP } = gru;

export interface State {
  name: string;
  initial: number;
  /** Place of its beta in the flat vector of weights; null where it is added to the logit as it is. */
  beta: number | null;
  acts: boolean;
  /** Whether an option that no module moves keeps its value; else it goes to 0. */
  keeps: boolean;
}

/** A simulated participant's update: products of factors, their coefficients sums of products of parameters. */
export interface Truth {
  terms: readonly (readonly [readonly string[], readonly (readonly [number, readonly string[]])[]])[];
  /** The parameter that weighs the state in the choice; null where the equation is in units of its own. */
  weight: string | null;
  /** The parameter that is its first value; 0 when null. */
  start: string | null;
}

export interface Module {
  name: string;
  state: string;
  /** "chosen", "not chosen" or "all". */
  arms: string;
  inputs: readonly string[];
  activation: string;
  /** "learned", or what is given in its place. */
  kind: string;
  /** What parameters are read off it; empty where none are. */
  role: string;
  truth: Truth | null;
  /** Place of its first weight in the flat vector: gates, scale, offset. */
  at: number;
  /** Candidate terms of its equation, each a list of factors. */
  terms: readonly (readonly string[])[];
}

/** Numbers of one state, by place, that the convention of its scale ties: `drive + sum(others) = 1`. */
export interface Tie {
  beta: number;
  drive: number;
  others: readonly number[];
}

/** What Python has written out for a model; `kernels.py` describes both functions. */
export interface Kernel {
  TAPE: number;
  WIDTH: number;
  loss(rows: Vector, sessions: number, trials: number, weights: Vector, first: Vector, tape: Vector, slopes: Vector | null): number;
  likelihood(rows: Vector, sessions: number, trials: number, numbers: Vector, first: Vector, sums: Vector): void;
}

export interface Model {
  name: string;
  states: readonly State[];
  modules: readonly Module[];
  /** How many weights the network has. */
  weights: number;
  /** The place of each of the kernel's weights among them. */
  places: readonly number[];
  /** The columns of a trial that the kernels read: choice of each option, reward of each option. */
  features: readonly number[];
  /** Values before the first trial, by state and option, as the kernels take them. */
  first: readonly number[];
  /** Pairs of numbers of which the kernel sums the information. */
  pairs: readonly (readonly [number, number])[];
  /** Constants of a state's chosen option and of its others, of which one can be 0: their places among the numbers. */
  levels: readonly (readonly [number, number])[];
  ties: readonly Tie[];
  /** How many states and slopes the likelihood's kernel begins with. */
  carried: number;
  kernel: Kernel;
}

/** The choices of a session, one more than rewards, and what each paid. */
export type Choices = Pick<Session, "choices" | "rewards">;

/** Sessions as kernels read them. */
export interface Rows {
  rows: Vector;
  sessions: number;
  trials: number;
}

export function rowsOf(model: Model, sessions: readonly Choices[], most = Infinity): Rows {
  const trials = Math.min(sessions[0]!.rewards.length, most);
  const width = model.kernel.WIDTH;
  const rows = new Float64Array(sessions.length * trials * width);
  sessions.forEach((session, s) => {
    for (let t = 0; t < trials; t++) {
      const choice = session.choices[t]!;
      const at = (s * trials + t) * width;
      model.features.forEach((column, i) => {
        const option = column % OPTIONS;
        const chosen = option === choice;
        rows[at + i] = column < OPTIONS ? Number(chosen) : chosen ? session.rewards[t]! : -1;
      });
      rows[at + width - 1] = session.choices[t + 1]!;
    }
  });
  return { rows, sessions: sessions.length, trials };
}

/** The next value of a state on one option, from its module. */
export type Step = (module: Module, value: number, signals: readonly number[]) => number;

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** The network's own step: a GRU cell with one hidden unit, as `core/train/gru.py` has it. */
export function networkStep(weights: Vector): Step {
  return (module, value, signals) => {
    const width = 2 + module.inputs.length;
    const gate = (row: number): number => {
      const at = module.at + row * width;
      let sum = weights[at]! + (row === 2 ? 0 : weights[at + 1]! * value);
      if (row < 3) for (let i = 0; i < signals.length; i++) sum += weights[at + 2 + i]! * signals[i]!;
      return sum;
    };
    const candidate = Math.tanh(gate(2) + sigmoid(gate(0)) * gate(3));
    const hidden = candidate + sigmoid(gate(1)) * (value - candidate);
    const end = module.at + 4 * width;
    const after = Math.min(Math.max(value + weights[end]! * hidden + weights[end + 1]!, -CLIP), CLIP);
    if (module.activation === "none") return after;
    return module.activation === "tanh" ? Math.tanh(after) : sigmoid(after);
  };
}

/** Modules that are given, as `core/train/built_rnn.py` has them. */
const GIVEN: Readonly<Record<string, (value: number, signals: readonly number[]) => number>> = {
  "prediction error": (value, [reward, rate]) => value + rate! * (reward! - value),
  "Kalman gain": (value) => value / (1 + value),
};

/** The modules that become equations. */
export const learnedIn = (model: Model): readonly Module[] => model.modules.filter(({ kind }) => !(kind in GIVEN));

/** What a module sees on the option that was chosen: this reward, and states as they begin. */
export function signalsFor({ states }: Model, { inputs }: Module, reward: number): number[] {
  return inputs.map((name) => (name.startsWith("c_reward") ? reward : (states.find((one) => one.name === name)?.initial ?? 1)));
}

/** Coefficients of a module's terms, in their order. */
export type Equations = ReadonlyMap<string, Vector>;

export function equationStep(equations: Equations): Step {
  return (module, value, signals) => {
    const own = equations.get(module.name)!;
    let sum = 0;
    module.terms.forEach((term, i) => {
      if (own[i] === 0) return;
      let product = own[i]!;
      for (const factor of term) product *= factor === module.name ? value : signals[module.inputs.indexOf(factor)]!;
      sum += product;
    });
    return sum;
  };
}

/** What a module did on one option in one trial. */
export interface Transition {
  value: number;
  signals: number[];
  after: number;
}

/** A network or equations that learn from choices and rewards as they come. */
export class Follower {
  /** By state and option. */
  readonly values: number[][];
  readonly transitions: Map<string, Transition[]>;

  constructor(
    private readonly model: Model,
    private readonly step: Step,
    private readonly betas: readonly number[],
  ) {
    this.values = model.states.map((state) => Array<number>(OPTIONS).fill(state.initial));
    this.transitions = new Map(model.modules.map(({ name }) => [name, []]));
  }

  probabilities(): number[] {
    const logits = Array.from({ length: OPTIONS }, (_, option) =>
      this.model.states.reduce((sum, { acts }, k) => (acts ? sum + this.betas[k]! * this.values[k]![option]! : sum), 0),
    );
    return softmax(logits);
  }

  learn(choice: number, reward: number): void {
    this.model.states.forEach((state, k) => {
      this.values[k] = this.values[k]!.map((value, option) => {
        const chosen = option === choice;
        const module = this.model.modules.find(
          (one) => one.state === state.name && (one.arms === "all" || (one.arms === "chosen") === chosen),
        );
        if (!module) return state.keeps ? value : 0;
        const signals = module.inputs.map((name) => {
          const seen = this.model.states.findIndex((other) => other.name === name);
          if (seen >= 0) return this.values[seen]![option]!;
          if (name === "c_action") return Number(chosen);
          return name === "c_reward_chosen" || chosen ? reward : -1;
        });
        const given = GIVEN[module.kind];
        const after = given ? given(value, signals) : this.step(module, value, signals);
        this.transitions.get(module.name)!.push({ value, signals, after });
        return Math.min(Math.max(after, -CLIP), CLIP);
      });
    });
  }
}

/** Let a network or equations learn from a session: P of the first option before each trial and after the last, and what modules did. */
export function replay(model: Model, session: Choices, step: Step, betas: readonly number[]) {
  const own = new Follower(model, step, betas);
  const probabilities = [own.probabilities()[0]!];
  session.rewards.forEach((reward, t) => {
    own.learn(session.choices[t]!, reward);
    probabilities.push(own.probabilities()[0]!);
  });
  return { probabilities, transitions: own.transitions };
}

/** The values of a state before each update of its module, in a session. */
export function valuesMet(model: Model, session: Choices, step: Step, betas: readonly number[], { name }: Module): number[] {
  return replay(model, session, step, betas).transitions.get(name)!.map(({ value }) => value);
}

/** The betas of a network's states; 1 where a state has none. */
export function betasOf(model: Model, weights: Vector): number[] {
  return model.states.map((state) => (state.beta === null ? 1 : weights[state.beta]!));
}

/** New weights, drawn as `GRUModule.reset_parameters` draws them; betas begin at 1. */
export function drawWeights(model: Model, rng: Generator): Vector {
  const weights = new Float64Array(model.weights);
  for (const { inputs, at, kind } of model.modules) {
    if (kind in GIVEN) continue;
    const width = 2 + inputs.length;
    const bound = Math.sqrt(6 / (width - 1 + 4));
    for (let row = 0; row < 4; row++)
      for (let column = 1; column < width; column++)
        weights[at + row * width + column] = bound * (2 * rng.random() - 1);
    weights[at + 4 * width] = 2 * rng.random() - 1;
  }
  for (const { beta } of model.states) if (beta !== null) weights[beta] = 1;
  return weights;
}
