/** The network, large: what goes in, what its module makes of a value, the values it keeps, and its bet. */
import { element, Figure, ticksWithin, type Find, type Style, type Styles } from "./figures";
import { betasOf, Follower, networkStep, type Choices, type Step } from "./model";
import type { Vector } from "./linear";
import type { SpokenModel } from "./tables";
import { decimal } from "./words";

export const SIDES = ["left", "right"] as const;
const BAR = 70; // the longest, in units of the drawing
const MARGIN = 0.05; // of the values that are met, beyond them
const REACH = 6; // of the difference of logits

/** The option on which a bet is, 0 or 1; null where its percentage is even. */
export const sideOf = (p: number): 0 | 1 | null => (Math.round(100 * p) === 50 ? null : p > 0.5 ? 0 : 1);

export const percent = (p: number): string => `${Math.round(100 * p)} %`;

/** A circle for left, a square for right; filled where it paid. */
export function markOf(choice: number, paid: boolean, x: number, y: number, r: number, { colour }: Style): SVGElement {
  const look = { fill: paid ? colour : "none", stroke: colour, "stroke-width": 2 };
  if (choice === 0) return element("circle", { cx: x, cy: y, r, ...look });
  return element("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, rx: r / 5, ...look });
}

interface Look {
  styles: Styles;
  /** The values that are shown. */
  range: [number, number];
  /** The step of an equation, where there is one. */
  equation: Step | null;
}

/** Draw a network that has seen some choices, as it was before the last of them and as it is now. */
export function drawNetwork(find: Find, model: SpokenModel, weights: Vector, { choices, rewards }: Choices, p: number | null, look: Look): void {
  const step = networkStep(weights);
  const [choice, reward] = [choices.at(-1), rewards.at(-1)];
  const own = new Follower(model, step, betasOf(model, weights));
  let [low, high] = look.range;
  rewards.slice(0, -1).forEach((paid, t) => own.learn(choices[t]!, paid));
  const before = own.values[0]!;
  if (choice !== undefined) own.learn(choice, reward!);
  const after = own.values[0]!;
  const met = [...before, ...after];
  if (low > Math.min(...met) || high < Math.max(...met)) {
    [low, high] = [Math.min(low, ...met), Math.max(high, ...met)];
    const margin = MARGIN * (high - low);
    look = { ...look, range: [low - margin, high + margin] };
  }
  drawSeen(find("seen"), choice, reward, look.styles);
  drawMind(new Figure(find("mind")), model, step, choice === undefined ? null : [before[choice]!, after[choice]!], look);
  drawValues(find("values"), before, after, look);
  drawBet(find("bet"), p, look.styles);
}

function drawSeen(svg: SVGElement, choice: number | undefined, reward: number | undefined, styles: Styles): void {
  svg.replaceChildren();
  if (choice === undefined) return;
  const words = [SIDES[choice]!, reward ? "it paid" : "it did not pay"];
  svg.append(markOf(choice, Boolean(reward), 60, 70, 44, styles.options[choice]!));
  words.forEach((word, i) => svg.append(element("text", { x: 60, y: 146 + 24 * i, "text-anchor": "middle", class: i ? "" : "large" }, word)));
}

function drawMind(mind: Figure, model: SpokenModel, step: Step, last: [number, number] | null, { styles, range, equation }: Look): void {
  const [module] = model.modules;
  mind.begin(
    { x: range, y: range, xLabel: "value before" },
    "What the network makes of the value of what you chose, after a reward and after none." +
      (last ? ` The last one went from ${decimal(last[0], 1)} to ${decimal(last[1], 1)}.` : ""),
  );
  mind.line([[range[0], range[0]], [range[1], range[1]]], { class: "axis", "stroke-dasharray": "3 4" });
  const values = ticksWithin(...range, 40);
  for (const reward of [1, 0]) {
    const curve = (through: Step) => values.map((value) => [value, through(module!, value, [reward])] as const);
    mind.line(curve(step), { ...styles.network.line, "stroke-width": 3.5 });
    if (equation) mind.line(curve(equation), styles.equation.line);
    const [x, y] = curve(step)[10]!;
    mind.text(x, reward ? y : y - 0.17 * (range[1] - range[0]), reward ? "it paid" : "it did not", reward ? "end" : "start");
  }
  if (!last) return;
  const [x, y0, y1] = [mind.x(last[0]), mind.y(last[0]), mind.y(last[1])];
  mind.add("path", { class: "ink", d: `M${x} ${y0}V${y1}`, "stroke-width": 2.5 });
  mind.add("circle", { class: "ring", cx: x, cy: y0, r: 5 });
  mind.add("circle", { class: "dot", cx: x, cy: y1, r: 7 });
}

function drawValues(svg: SVGElement, before: readonly number[], after: readonly number[], { styles, range }: Look): void {
  svg.replaceChildren(element("path", { class: "axis", d: "M8 105H152" }));
  svg.setAttribute("aria-label", `Values: left ${decimal(after[0]!, 1)}, right ${decimal(after[1]!, 1)}.`);
  const high = (value: number): number => (BAR * value) / Math.max(...range.map(Math.abs));
  const box = (x: number, value: number) => ({ x, width: 44, y: 105 - Math.max(high(value), 0), height: Math.abs(high(value)) });
  after.forEach((value, option) => {
    const [x, { colour }] = [22 + 72 * option, styles.options[option]!];
    svg.append(element("rect", { ...box(x, value), fill: colour }));
    svg.append(element("rect", { ...box(x - 3, before[option]!), width: 50, class: "was" }));
    svg.append(element("text", { x: x + 22, y: value < 0 ? 97 : 125, "text-anchor": "middle", class: "large" }, decimal(value, 1)));
    svg.append(markOf(option, true, x + 22, 192, 7, styles.options[option]!));
  });
}

function drawBet(svg: SVGElement, p: number | null, styles: Styles): void {
  const at = (logit: number): string => `${(75 + (65 * logit) / REACH).toFixed(1)} ${(165 - 130 / (1 + Math.exp(-logit))).toFixed(1)}`;
  const logits = Array.from({ length: 25 }, (_, i) => ((i - 12) / 12) * REACH);
  svg.replaceChildren(element("path", { class: "grid", d: "M75 30V170M10 100H140" }));
  svg.append(element("path", { class: "ink", d: `M${logits.map(at).join("L")}`, "stroke-width": 2.5 }));
  svg.setAttribute("aria-label", p === null ? "No bet yet." : `Its last bet: ${percent(p)} on left.`);
  const side = p === null ? 0 : sideOf(p);
  svg.append(element("text", { x: 152, y: 112, class: "huge" }, p === null ? "?" : percent(side ? 1 - p : p)));
  if (p === null) return;
  const [cx, cy] = at(Math.max(-REACH, Math.min(REACH, Math.log(p / (1 - p))))).split(" ") as [string, string];
  svg.append(element("circle", { cx, cy, r: 7, fill: styles.network.colour }));
  if (side === null) return;
  svg.append(markOf(side, true, 168, 138, 7, styles.options[side]!));
  svg.append(element("text", { x: 184, y: 143, class: "large" }, `on ${SIDES[side]}`));
}
