/** Thirty choices: the player's own, with a network that bets on them, and the equation that they ask for. */
import { comparePeople, comparePlay } from "./beside";
import { discover } from "./discovery";
import { element, Figure, make, ticksWithin } from "./figures";
import type { Vector } from "./linear";
import { betasOf, equationStep, Follower, networkStep, replay, valuesMet, type Step } from "./model";
import { drawNetwork, markOf, percent, sideOf, SIDES } from "./network";
import { adapt, bet, choicesToHalve, learnerOf, meet, MOST, rateOf, type Chooser, type RateInterval } from "./player";
import { Generator } from "./random";
import { Bandit, simulate } from "./simulation";
import type { Setup } from "./start";
import { equationTables } from "./tables";
import { betasFound, tableOf, vectorsOf } from "./translation";
import { decimal, sentence } from "./words";

const ROUND = 30;
const FIRST_BET = 10; // choices before the network bets
const WORK = 8; // milliseconds between two pictures
const SIMPLER = "What the reward is multiplied by is the rate times how strongly values drive your choices. The equation leaves out what so few choices cannot show, so that it may be simpler than you are.";
const MARGIN = 0.3; // of the values that are shown, beyond those that are met

export function startPlay({ root, find, described, quick, model, task, tell, seed: given }: Setup): void {
  const own = model();
  const { styles, people } = described;
  const isNarrow = find("play").clientWidth < 700;
  const bets = new Figure(find("bets"), isNarrow ? 420 : 1200, isNarrow ? 150 : 130);
  const buttons = SIDES.map((side) => find<HTMLButtonElement>(side));
  const [again, halve] = ["again", "halve"].map((id) => find<HTMLElement>(id)) as [HTMLElement, HTMLElement];
  const rules = task();
  const [seed] = given === null ? crypto.getRandomValues(new Uint32Array(1)) : [given];
  const bandit = new Bandit(rules, new Generator(seed!));
  const played = { choices: [] as number[], rewards: [] as number[] };
  const expected: number[] = []; // P of left before each choice, as the network had it
  const score = { paid: 0, you: 0, network: 0 };
  let known: Vector | null = null; // a network that has seen simulated participants
  let weights: Vector | null = null;
  let equation: Step | null = null;
  let goal = ROUND;
  let more: number | null = null;
  let before: RateInterval | null = null; // of the round before
  let range: [number, number] = [0, 1];

  function say(headline: string, said: string): void {
    find("headline").textContent = headline;
    find("said").textContent = said;
  }

  function draw(): void {
    const n = played.choices.length;
    const pairs = expected.map((p, t) => [t + 1, p] as const).slice(FIRST_BET);
    const last = pairs.at(-1)?.[1] ?? null;
    bets.begin(
      { x: [0.5, goal + 0.5], y: [-0.3, 1.3], xTicks: ticksWithin(1, goal), yTicks: [0, 0.5, 1], xLabel: "choice; P of left" },
      `${n} of ${goal} choices. ${last === null ? "No bet yet." : `Before the last one the network had ${percent(last)} on left.`}`,
    );
    bets.line([[0.5, 0.5], [goal + 0.5, 0.5]], { class: "grid" });
    bets.line([[FIRST_BET + 0.5, 0], [FIRST_BET + 0.5, 1]], { class: "axis", "stroke-dasharray": "3 4" });
    if (n < goal) bets.text(Math.max(n, FIRST_BET) + 1, 0.42, "?", "middle");
    const size = Math.min(8, (isNarrow ? 160 : 440) / goal);
    played.choices.forEach((choice, t) =>
      bets.svg.append(markOf(choice, played.rewards[t] === 1, bets.x(t + 1), bets.y(choice ? -0.22 : 1.22), size, styles.options[choice]!)),
    );
    bets.line(pairs, styles.network.line);
    for (const [t, p] of pairs) {
      if (sideOf(p) === null) continue;
      const hit = sideOf(p) === played.choices[t - 1];
      const [x, y] = [bets.x(t), bets.y(p)];
      bets.add("path", { class: hit ? "won" : "yours", d: hit ? `M${x} ${y - 6}l6 6-6 6-6-6z` : `M${x - 5} ${y}a5 5 0 1 0 10 0a5 5 0 1 0-10 0` });
    }
    if (weights) drawNetwork(find, own, weights, played, last, { styles, range, equation });
  }

  function choose(choice: number): void {
    if (played.choices.length >= goal) return;
    const p = weights ? bet(own, weights, played) : 0.5;
    const reward = bandit.step()[choice]!;
    expected.push(p);
    played.choices.push(choice);
    played.rewards.push(reward);
    const n = played.choices.length;
    const paid = reward ? "It paid." : "It did not pay.";
    score.paid += reward;
    if (n > FIRST_BET && weights) {
      const side = sideOf(p);
      if (side !== null) score[side === choice ? "network" : "you"]++;
      const had = side === null ? "It had no idea. No point." : `It had ${percent(side ? 1 - p : p)} on ${SIDES[side]}. ${side === choice ? "Its" : "Your"} point.`;
      say(had, `You pressed ${SIDES[choice]}. ${paid} Choice ${n} of ${goal}.`);
    } else say(paid, `Choice ${n} of ${goal}. After ten, the network bets on your next: a point for who is right, shown once you have chosen.`);
    find("score").querySelectorAll("b").forEach((field, i) => (field.textContent = String([score.paid, score.you, score.network][i])));
    if (known) weights = adapt(own, known, played);
    draw();
    tell({ choices: [...played.choices], rewards: [...played.rewards], bets: [...expected] });
    if (n === goal) finish();
  }

  function finish(): void {
    const rate = rateOf(played);
    more = choicesToHalve(played, rules);
    say(
      "This is how you seem to learn.",
      `It paid ${score.paid} times, and the network was right about ${score.network} of ${score.network + score.you} choices.` +
        ` One of them seems to move you ${percent(rate.middle)} of the way to what it paid: that is your learning rate. It may be` +
        ` ${percent(rate.low)} to ${percent(rate.high)}, a range that holds the truth in 90 % of cases. ${halving(more)}`,
    );
    find("play").classList.add("over");
    find<HTMLElement>("headline").focus();
    halve.hidden = more === null || more === ROUND;
    halve.textContent = `Play ${more} more`;
    if (!weights) return;
    const evidence = discover(own, [{ choices: played.choices, rewards: played.rewards.slice(0, -1) }], weights, seed!);
    const found = tableOf(own, evidence);
    const betas = betasFound(own, evidence);
    const exact = equationStep(vectorsOf(own, found));
    const follower = (): Chooser => new Follower(own, exact, betas);
    // What is added to the values of all options changes no choice: the equation is drawn at the network's scale and level.
    const met = (step: Step, strengths: readonly number[]): number[] => valuesMet(own, played, step, strengths, own.modules[0]!);
    const level = met(exact, betas);
    const scale = betas[0]! / betasOf(own, weights)[0]!;
    const shift = met(networkStep(weights), betasOf(own, weights)).reduce((sum, value, t) => sum + value - scale * level[t]!, 0) / level.length;
    equation = (module, value, signals) => shift + scale * exact(module, (value - shift) / scale, signals);
    const asked = evidence.terms.some(({ number, active }) => active && number.term !== null);
    if ((find<HTMLElement>("twin").hidden = !asked)) say("So far you could be guessing.", `${find("said").textContent} No equation explains these choices better than guesses.`);
    draw();
    find("after").replaceChildren(rateBar(rate, before), ...equationTables(own, evidence, null, styles, !quick.matches), make("p", {}, SIMPLER));
    showBeside((before = rate), follower);
    tell({
      rate: [rate.middle, rate.low, rate.high],
      more: more ?? MOST,
      terms: Object.fromEntries(own.modules.map(({ name }) => [name, Object.fromEntries(found.get(name)!)])),
      equation: own.modules.map(({ name }) => `${own.words[name]!.subject}, next = ${sentence(own, own.words, name, found.get(name)!)}`).join("\n"),
      expected: replay(own, played, exact, betas).probabilities.slice(0, played.choices.length),
    });
  }

  /** The rate on a line from 0 to 1, with its interval, and paler that of the round before. */
  function rateBar({ middle, low, high }: RateInterval, before: RateInterval | null): Node {
    const svg = element("svg", { role: "img" }) as SVGSVGElement;
    const bar = new Figure(svg, 640, 76);
    const words = `Your learning rate: ${decimal(middle)}, and from ${decimal(low)} to ${decimal(high)} in 90 % of such cases.`;
    bar.begin({ x: [0, 1], y: [0, 1], yTicks: [], xLabel: "learning rate" }, words);
    const ends = { stroke: styles.equation.colour, "stroke-width": 14, "stroke-opacity": 0.35 };
    bar.line([[low, 0.5], [high, 0.5]], ends);
    if (before) bar.line([[before.low, 0.1], [before.high, 0.1]], { ...ends, "stroke-width": 5 });
    if (before) bar.text(before.low, -0.1, "before", before.low < 0.1 ? "start" : "end");
    bar.add("path", { class: "peak", d: `M${bar.x(middle)} ${bar.y(0.9)}l9 18h-18z` });
    return svg;
  }

  /** One press each: a twin, a simulated participant, people. */
  function showBeside(rate: RateInterval, follower: () => Chooser): void {
    const shown = find("beside");
    shown.replaceChildren();
    const looks = styles.options;
    const ways: Record<string, () => Node[]> = {
      twin: () => comparePlay("Your twin, who plays by the equation", played, follower, rules, looks),
      simulated: () => comparePlay(`A learner with rate ${decimal(rate.middle)}`, played, () => learnerOf(rate.middle, rate.beta), rules, looks),
      people: () => comparePeople(people, rate, styles.equation),
    };
    for (const [id, way] of Object.entries(ways)) {
      find<HTMLElement>(id).onclick = () => {
        shown.replaceChildren(...way());
        shown.scrollIntoView({ block: "nearest" });
      };
    }
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

  /** Another round; the network keeps what it knows. */
  function goOn(by: number): void {
    goal += by;
    equation = null;
    find("play").classList.remove("over");
    for (const id of ["after", "beside"]) find(id).replaceChildren();
    say(by === ROUND ? "Thirty more." : `${by} more.`, "The network has kept what it knows of you.");
    draw();
    find<HTMLElement>("headline").focus();
  }

  buttons.forEach((button, choice) => button.addEventListener("click", () => choose(choice)));
  again.addEventListener("click", () => goOn(ROUND));
  halve.addEventListener("click", () => goOn(more ?? ROUND));
  // In a notebook keys are those of who is in the game; Jupyter leaves them to it where what has the focus has the attribute.
  root.addEventListener("focusin", ({ target }) => (target as Element).setAttribute("data-lm-suppress-shortcuts", ""));
  const listens = root instanceof HTMLElement && !root.closest("[data-voila]") ? root : document;
  listens.addEventListener("keydown", (event) => {
    const { target, key, altKey, ctrlKey, metaKey } = event as KeyboardEvent;
    const typing = target instanceof Element && target.closest("input, select, textarea, pre, summary, [role=slider]");
    if (event.defaultPrevented || !find("play").checkVisibility() || typing || altKey || ctrlKey || metaKey || !(key === "ArrowLeft" || key === "ArrowRight")) return;
    event.preventDefault();
    const choice = key === "ArrowLeft" ? 0 : 1;
    if (buttons.includes(document.activeElement as HTMLButtonElement)) setTimeout(() => buttons[choice]!.focus({ preventScroll: true }));
    choose(choice);
  });
  draw();
  void prepare();
}

const halving = (more: number | null): string =>
  more === null ? `More than ${MOST} more choices would be needed to halve that range.` : `About ${more} more choices would halve that range.`;
