/** Thirty choices: the player's own, with a network that bets on them, and the equation that they ask for. */
import { discover } from "./discovery";
import { Figure, lineLook, ticksWithin, type Style } from "./figures";
import { betasOf, equationStep, networkStep, replay, type Step } from "./model";
import type { Vector } from "./linear";
import { adapt, bet, choicesToHalve, meet, rateOf } from "./player";
import { Generator } from "./random";
import { Bandit, simulate, type Task } from "./simulation";
import { equationTables, type SpokenModel } from "./tables";
import { tableOf, termKey } from "./translation";
import { decimal } from "./words";

const ROUND = 30;
const FIRST_BET = 10; // choices before the network bets
const WORK = 8; // milliseconds between two pictures
const MARGIN = 0.3; // of the values that are shown, beyond those that are met
const SIDES = ["left", "right"] as const;

interface Place {
  model: () => SpokenModel;
  task: () => Task;
  styles: { truth: Style; network: Style; equation: Style; options: readonly Style[] };
  quick: boolean;
}

const find = <T extends Element>(id: string): T => document.getElementById(id) as unknown as T;

export function startPlay({ model, task, styles, quick }: Place): void {
  const own = model();
  const bets = new Figure(find("bets"));
  const mind = new Figure(find("mind"));
  const buttons = SIDES.map((side) => find<HTMLButtonElement>(side));
  const again = find<HTMLButtonElement>("again");
  const rules = task();
  const [seed] = crypto.getRandomValues(new Uint32Array(1)) as unknown as [number];
  const bandit = new Bandit(rules, new Generator(seed));
  const played = { choices: [] as number[], rewards: [] as number[] };
  const expected: number[] = []; // P of left before each choice, as the network had it
  const score = { you: 0, network: 0 };
  let known: Vector | null = null; // a network that has seen simulated participants
  let weights: Vector | null = null;
  let goal = ROUND;
  let range: [number, number] = [0, 1];

  function say(headline: string, said: string): void {
    find("headline").textContent = headline;
    find("said").textContent = said;
  }

  function draw(step: Step | null = null): void {
    const n = played.choices.length;
    const pairs = expected.map((p, t) => [t + 1, p] as const).slice(FIRST_BET);
    const last = pairs.at(-1);
    bets.begin(
      { x: [1, goal], y: [-0.08, 1.08], xTicks: ticksWithin(1, goal), yTicks: [0, 0.5, 1], xLabel: "choice" },
      `${n} of ${goal} choices. ${last ? `Before the last one the network had ${percent(last[1])} on left.` : "No bet yet."}`,
    );
    bets.ticks(played.choices, played.rewards, styles.options);
    bets.line(pairs, lineLook(styles.network));
    mind.begin(
      { x: range, y: range, xTicks: ticksWithin(...range), yTicks: ticksWithin(...range), xLabel: "value now" },
      "What the network makes of the value of what you chose, after a reward and after none.",
    );
    const [module] = own.modules;
    const values = ticksWithin(...range, 40);
    for (const reward of [1, 0]) {
      const curve = (through: Step) => values.map((value) => [value, through(module!, value, [reward])] as const);
      if (weights) mind.line(curve(networkStep(weights)), lineLook(styles.network));
      if (step) mind.line(curve(step), lineLook(styles.equation));
      if (weights) mind.text(...curve(networkStep(weights))[12]!, reward ? "after a reward" : "after none", "end");
    }
  }

  function choose(choice: number): void {
    if (played.choices.length >= goal) return;
    if (weights) expected.push(bet(own, weights, played));
    else expected.push(0.5);
    const p = expected.at(-1)!;
    const reward = bandit.step()[choice]!;
    played.choices.push(choice);
    played.rewards.push(reward);
    const n = played.choices.length;
    const paid = reward ? "It paid." : "It did not pay.";
    if (n > FIRST_BET && weights) {
      const side = p > 0.5 ? 0 : 1;
      const hit = side === choice;
      score[hit ? "network" : "you"]++;
      const had = `It had ${percent(side ? 1 - p : p)} on ${SIDES[side]}.`;
      say(`${had} ${hit ? "Its point." : "Your point."}`, `You pressed ${SIDES[choice]}. ${paid} Choice ${n} of ${goal}.`);
    } else say(paid, `Choice ${n} of ${goal}. The network bets from the eleventh on, and shows its bet after your choice.`);
    const [you, network] = find("score").querySelectorAll("b");
    you!.textContent = String(score.you);
    network!.textContent = String(score.network);
    if (known) weights = adapt(own, known, played);
    draw();
    if (n === goal) finish();
  }

  function finish(): void {
    const rate = rateOf(played);
    say(
      "This is how you seem to learn.",
      `If you learn at one rate, it is about ${decimal(rate.middle)}; after ${played.choices.length} choices it could be` +
        ` ${decimal(rate.low)} to ${decimal(rate.high)} (90 %). ${halving(choicesToHalve(played, rules))}`,
    );
    again.disabled = false;
    if (!weights) return;
    const rewards = played.rewards.slice(0, -1);
    const evidence = discover(own, [{ choices: played.choices, rewards }], weights, seed);
    const found = tableOf(own, evidence);
    const numbers = new Map(
      own.modules.map(({ name, terms }) => [
        name,
        Float64Array.from(terms, (term) => found.get(name)!.get(termKey(term)) ?? 0),
      ]),
    );
    draw(equationStep(numbers));
    find("after").replaceChildren(...equationTables(own, evidence, null, styles, !quick));
  }

  /** The values that a network meets in a session, and somewhat beyond. */
  function valuesOf(network: Vector): [number, number] {
    const person = { alpha_reward: 0.5, beta_reward: 3, q0: 0.5 };
    const [session] = simulate(rules, person, 2 * ROUND, 1, 1);
    const met = replay(own, session!, networkStep(network), betasOf(own, network)).transitions.get(own.modules[0]!.name)!;
    const values = met.flatMap(({ value, after }) => [value, after]);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return [low - MARGIN * (high - low), high + MARGIN * (high - low)];
  }

  async function prepare(): Promise<void> {
    const training = meet(own, rules);
    for (;;) {
      const began = performance.now();
      while (performance.now() - began < WORK) {
        const next = training.next();
        if (!next.done) continue;
        known = next.value.weights;
        range = valuesOf(known);
        weights = adapt(own, known, played);
        return draw();
      }
      await new Promise((go) => setTimeout(go));
    }
  }

  buttons.forEach((button, choice) => button.addEventListener("click", () => choose(choice)));
  again.addEventListener("click", () => {
    goal += ROUND;
    again.disabled = true;
    find("after").replaceChildren();
    say("Thirty more.", "The network has kept what it knows of you.");
    draw();
    buttons[0]!.focus();
  });
  document.addEventListener("keydown", (event) => {
    const { target, key } = event;
    const typing = target instanceof Element && target.closest("input, select, pre, summary");
    if (typing || event.altKey || event.ctrlKey || event.metaKey || !(key === "ArrowLeft" || key === "ArrowRight")) return;
    event.preventDefault();
    choose(key === "ArrowLeft" ? 0 : 1);
  });
  draw();
  void prepare();
}

function percent(p: number): string {
  return `${Math.round(100 * p)} %`;
}

function halving(more: number | null): string {
  return more === null ? "More than 480 more would be needed to halve that." : `About ${more} more would halve that.`;
}
