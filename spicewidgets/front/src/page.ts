/** The stage: a simulated participant, a network that learns, its equation, and what it means. */
import { search } from "./discovery";
import { element, Figure, make, type Points } from "./figures";
import { betasOf, equationStep, learnedIn, networkStep, replay, signalsFor, valuesMet, type Step } from "./model";
import { Generator } from "./random";
import type { Evidence } from "./search";
import { ABSENT, simulate, type Session } from "./simulation";
import { train, type Epoch } from "./training";
import { betaIn, betasFound, interval, notIdentified, readWithErrors, tableOf, truthOf, vectorsOf, type Table } from "./translation";
import { equationTables, makeTable } from "./tables";
import { decimal, verdict } from "./words";

import type { Setup } from "./start";

const FRAME = 12; // milliseconds of work between two pictures
const PASSES = 2; // of the training between two pictures, so that it can be seen

/** Begin what stands below the game; returns what is to be called when a setting has changed. */
export function startStage({ find, described, settings, quick, model, task, participant, copy }: Setup): () => void {
  const { styles } = described;
  const figures = { loss: new Figure(find("loss")), bend: new Figure(find("bend")), compare: new Figure(find("compare")) };
  const status = find<HTMLElement>("status");
  const trainButton = find<HTMLButtonElement>("train");
  const pass = find<HTMLInputElement>("pass");
  const chosenSession = find<HTMLInputElement>("session");

  let sessions: Session[] = [];
  let epochs: Epoch[] = [];
  let evidence: Evidence | null = null;
  /** A run: stopped, it keeps what was learned; dropped, nothing. */
  let job: { stopped: boolean; dropped: boolean } | null = null;

  let scheduled = false;
  function schedule(): void {
    if (scheduled) return;
    scheduled = true;
    void frame().then(() => {
      scheduled = false;
      begin();
    });
  }

  /** Simulate the participant anew; what was found is of other settings then. */
  function begin(): void {
    const had = epochs.length > 0;
    epochs = [];
    evidence = null;
    const [trials, n, seed] = ["n_trials", "n_sessions", "seed"].map((name) => settings.numberOf(name)) as [number, number, number];
    sessions = simulate(task(), participant(), trials, n, seed);
    chosenSession.max = String(sessions.length);
    status.textContent = had ? "The settings have changed. Train again." : "A participant has played. Press Train.";
    find("script").textContent = model().scripts[task().kind]!.replace(/\{(\w+)\}/g, (_, name: string) => {
      const value = { ...settings.values, ...participant() }[name];
      return value === null || value === undefined ? "None" : String(value);
    });
    draw();
  }

  function draw(): void {
    drawTraining();
    drawBend();
    drawEquation();
    drawParameters();
    drawCompare();
  }

  /** Wait for the next picture; where the page is not seen, no longer than for other work. */
  function frame(): Promise<void> {
    return new Promise((go) => (document.hidden ? setTimeout(go) : requestAnimationFrame(() => go())));
  }

  /** End the run, if there is one; nothing is kept. */
  function end(): void {
    if (job) job.dropped = true;
    job = null;
    trainButton.textContent = "Train";
  }

  async function run(): Promise<void> {
    const mine = { stopped: false, dropped: false };
    job = mine;
    trainButton.textContent = "Stop";
    epochs = [];
    evidence = null;
    draw();
    const own = model();
    const seed = settings.numberOf("seed");
    const training = train(own, sessions, new Generator(seed, 1));
    let best: Epoch | null = null;
    while (!best) {
      const began = performance.now();
      for (let count = 0; !best && performance.now() - began < FRAME && (quick.matches || count < PASSES); count++) {
        const next = training.next();
        if (next.done) best = next.value;
        else epochs.push(next.value);
      }
      if (mine.stopped) best ??= epochs[epochs.length - 1]!;
      status.textContent = `Pass ${epochs.length}: ${epochs[epochs.length - 1]!.loss.toFixed(3)} nats per choice.`;
      drawTraining();
      drawBend();
      await frame();
      if (mine.dropped) return;
    }
    epochs.push({ ...best, epoch: epochs.length + 1 });
    const way = search(own, sessions, best.weights, seed);
    let next = way.next();
    for (; !next.done; next = way.next()) {
      status.textContent = `Finding the equation: ${next.value} ${next.value === 1 ? "term" : "terms"} left.`;
      await frame();
      if (mine.dropped) return;
    }
    evidence = next.value;
    end();
    status.textContent = `${epochs.length} passes; ${best.loss.toFixed(3)} nats per choice, guessing ${Math.LN2.toFixed(3)}.`;
    draw();
  }

  /** Network and equation at the pass that is shown. */
  function shown(): Epoch | undefined {
    return epochs[Number(pass.value) - 1] ?? epochs[epochs.length - 1];
  }

  function drawTraining(): void {
    const n = Math.max(epochs.length, 1);
    pass.disabled = job !== null || !epochs.length;
    pass.max = String(n);
    if (job || !evidence) pass.value = String(n);
    const now = shown();
    const losses = epochs.map(({ loss }) => Math.min(loss, 0.8));
    const low = Math.min(0.4, ...losses) - 0.02;
    const high = Math.max(0.72, ...losses);
    const words = now ? `Loss at pass ${now.epoch}: ${now.loss.toFixed(3)} nats per choice. Guessing is 0.693.` : "No pass yet.";
    figures.loss.begin({ x: [1, Math.max(n, 40)], y: [low, high], xLabel: "pass" }, words);
    figures.loss.line([[1, Math.LN2], [Math.max(n, 40), Math.LN2]], { class: "axis", "stroke-dasharray": "3 4" });
    figures.loss.text(Math.max(n, 40), Math.LN2, "guessing", "end");
    figures.loss.line(losses.map((loss, i): [number, number] => [i + 1, loss]), { ...styles.network.line, "stroke-dasharray": "" });
    if (now) figures.loss.line([[now.epoch, low], [now.epoch, high]], { class: "ink", "stroke-opacity": 0.4 });
  }

  /** The first module that is learned, as a function of its value, for each outcome; in the equation's units. */
  function drawBend(): void {
    const own = model();
    const module = learnedIn(own)[0]!;
    const found: Table = evidence ? tableOf(own, evidence) : new Map();
    const truth = truthOf(own, participant(), found);
    const { initial: start, beta, acts, name: state } = own.states.find(({ name }) => name === module.state)!;
    const half = Math.max(beta === null && acts ? settings.numberOf("beta_reward") / 2 : 0, 0.5) * 1.2;
    const x: [number, number] = acts ? [start - half, start + half] : [-0.1, 1.1];
    const name = own.words[module.name]!.subject;
    const at = shown();
    find("bend-words").textContent = `${name[0]!.toUpperCase()}${name.slice(1)}: next, by now`;
    figures.bend.begin(
      { x, y: x, xLabel: "value now" },
      at
        ? `${name}: what the network makes of it after a reward and after none, at pass ${at.epoch}.`
        : `${name}: what the participant makes of it after a reward and after none.`,
    );
    const values = Array.from({ length: 25 }, (_, i) => x[0] + ((x[1] - x[0]) * i) / 24);
    const scale = evidence ? betaIn(found, state) : settings.numberOf("beta_reward");
    const by = at && beta !== null ? at.weights[beta]! / scale : 1;
    const network = networkStep(at?.weights ?? new Float64Array());
    const met = (step: Step, betas: readonly number[]): number[] => valuesMet(own, sessions[0]!, step, betas, module);
    const participants = equationStep(vectorsOf(own, truth));
    const seen = at ? met(network, betasOf(own, at.weights)).map((value) => start + by * (value - start)) : [];
    // A number that is added to the values of all options changes no choice: the network is drawn at the equation's level.
    const level = evidence || module.truth ? met(evidence ? equationStep(vectorsOf(own, found)) : participants, []) : seen;
    const shift = acts ? seen.reduce((sum, value, t) => sum + level[t]! - value, 0) / Math.max(seen.length, 1) : 0;
    const [low, high] = [Math.min(...seen) + shift, Math.max(...seen) + shift];
    const moved = start + shift;
    const stretched: Step = (part, value, signals) => moved + by * (network(part, start + (value - moved) / by, signals) - start);
    const curve = (step: Step, reward: number): Points => values.map((value) => [value, step(module, value, signalsFor(own, module, reward))]);
    figures.bend.line([[x[0], x[0]], [x[1], x[1]]], { class: "grid" });
    for (const reward of [1, 0]) {
      if (module.truth) figures.bend.line(curve(participants, reward), styles.truth.line);
      if (at) figures.bend.line(curve(stretched, reward).filter(([value]) => value >= low && value <= high), styles.network.line);
      if (evidence) figures.bend.line(curve(equationStep(vectorsOf(own, found)), reward), styles.equation.line);
      if (!at && !module.truth) continue;
      const [along, height] = curve(module.truth ? participants : stretched, reward)[7]!;
      figures.bend.text(along, height + (reward ? 0.06 : -0.14) * (x[1] - x[0]), reward ? "after a reward" : "after none", "end");
    }
  }

  /** Names of mechanisms that the participant has and the network has no part for. */
  function lacking(): string[] {
    const beyond = described.settings.filter(({ name }) => ABSENT[name] === 0 && participant()[name] && !model().uses.includes(name));
    return beyond.map(({ label }) => label);
  }

  function drawEquation(): void {
    const own = model();
    const found: Table = evidence ? tableOf(own, evidence) : new Map();
    const truth = own.modules.some((module) => module.truth) ? truthOf(own, participant(), found) : null;
    find("verdict").textContent = evidence ? verdict(evidence, truth, lacking()) : "Not found yet.";
    find("equation").replaceChildren(...equationTables(own, evidence, truth, styles, !quick.matches));
  }

  function drawParameters(): void {
    const own = model();
    const read = evidence ? readWithErrors(own, evidence) : {};
    const missing = evidence ? notIdentified(own, tableOf(own, evidence), read) : new Set<string>();
    const shown = described.settings.filter(
      (one) => one.group === "Participant" && settings.matters(one) && !(one.follows && settings.values[one.name] === null),
    );
    const rows = shown.map(({ name, label, high }) => {
      const about = read[name];
      const ends = about && interval(about, high === 1 ? [0, 1] : [-Infinity, Infinity]).map((end) => decimal(end));
      const told = about && Number.isFinite(about.value) && !missing.has(name);
      const why = about ? "these choices do not tell it" : "no part of this network";
      const written = told ? `${decimal(about.value)}, ${ends!.join(" to ")}` : why;
      return [label, evidence ? written : "…", decimal(Number(participant()[name]))];
    });
    find("parameters").replaceChildren(makeTable(["parameter", `${styles.equation.name}, 95 % interval`, styles.truth.name], rows));
  }

  function drawCompare(): void {
    const own = model();
    const place = Math.min(Math.max(Math.round(Number(chosenSession.value)) || 1, 1), sessions.length) - 1;
    const session = sessions[place]!;
    const n = session.rewards.length;
    const at = shown();
    const p = (step: Step, betas: readonly number[]): Points =>
      replay(own, session, step, betas).probabilities.slice(0, n).map((value, t) => [t + 1, value]);
    const found = evidence ? p(equationStep(vectorsOf(own, tableOf(own, evidence))), betasFound(own, evidence)) : [];
    const network = at ? p(networkStep(at.weights), betasOf(own, at.weights)) : [];
    const truth = session.probabilities.slice(0, n).map(([first], t): [number, number] => [t + 1, first!]);
    const most = (points: Points): string => Math.max(...points.map(([, value], t) => Math.abs(value - truth[t]![1]))).toFixed(2);
    const words = found.length
      ? `Largest difference from the participant in this session: equation ${most(found)}, network ${most(network)}.`
      : "The participant's probabilities alone, until a network has learned.";
    figures.compare.begin(
      { x: [1, n], y: [-0.08, 1.08], yTicks: [0, 0.5, 1], xLabel: "trial" },
      `P of option 1 before each trial of session ${place + 1}. ${words}`,
    );
    figures.compare.ticks(session.choices, session.rewards, styles.options);
    figures.compare.line(truth, styles.truth.line);
    figures.compare.line(network, styles.network.line);
    figures.compare.line(found, styles.equation.line);
  }

  trainButton.addEventListener("click", () => {
    if (job) job.stopped = true;
    else void run();
  });
  pass.addEventListener("input", () => {
    drawTraining();
    drawBend();
    drawCompare();
  });
  chosenSession.addEventListener("input", drawCompare);
  find("copy").addEventListener("click", () => void copy(find("script").textContent ?? "", "copied", "Select it and copy."));
  for (const style of [styles.truth, styles.network, styles.equation]) {
    const svg = element("svg", { viewBox: "0 0 36 12", "aria-hidden": "true" });
    svg.append(element("path", { d: "M2 6H34", ...style.line }));
    find("key").append(make("span", {}, svg, style.name));
  }
  begin();
  return () => {
    end();
    schedule();
  };
}
