/** Who is put beside the player: a twin that plays as the equation says, a simulated participant, and people of a table. */
import { element, make, Figure, type Style } from "./figures";
import type { Choices } from "./model";
import { markOf } from "./network";
import { playOn, rateOf, type Chooser, type RateInterval } from "./player";
import type { Task } from "./simulation";
import { makeTable } from "./tables";
import { decimal } from "./words";

const GAMES = 60;
const WIDE = 720;

/** Wins, and how often a choice is repeated after a win and after a loss. */
function numbersOf({ choices, rewards }: Choices): number[] {
  const stays = (paid: number): number => {
    const after = rewards.flatMap((reward, t) => (reward === paid && t + 1 < choices.length ? [Number(choices[t + 1] === choices[t])] : []));
    return (100 * after.reduce((sum, one) => sum + one, 0)) / after.length;
  };
  return [rewards.reduce((sum, one) => sum + one, 0), stays(1), stays(0)];
}

const written = (value: number, i: number): string => (Number.isNaN(value) ? "–" : `${Math.round(value)}${i ? " %" : ""}`);

/** A game of somebody else's in place of the player's, and many of them in numbers beside the player's. */
export function comparePlay(name: string, played: Choices, chooser: () => Chooser, task: Task, looks: readonly Style[]): Node[] {
  const n = played.choices.length;
  const games = Array.from({ length: GAMES }, (_, seed) => playOn({ choices: [], rewards: [] }, chooser(), task, n, seed));
  const strips = ([["You", played], [name, games[0]!]] as const).map(([who, { choices, rewards }]) => {
    const svg = element("svg", { class: "strip", viewBox: `0 0 ${WIDE} 44`, role: "img", "aria-label": `${who}: ${choices.length} choices.` });
    const step = WIDE / n;
    choices.forEach((choice, t) => svg.append(markOf(choice, rewards[t] === 1, (t + 0.5) * step, choice ? 33 : 11, Math.min(8, 0.4 * step), looks[choice]!)));
    return [make("h3", {}, who), svg];
  });
  const own = numbersOf(played);
  const rows = ["times it paid", "stays after a win", "stays after a loss"].map((words, i) => {
    const all = games.map((game) => numbersOf(game)[i]!).filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
    const at = (share: number): number => all[Math.min(Math.floor(share * all.length), all.length - 1)] ?? NaN;
    const mean = all.reduce((sum, one) => sum + one, 0) / all.length;
    return [words, written(own[i]!, i), `${written(mean, i)} (${written(at(0.05), i)} to ${written(at(0.95), i)})`];
  });
  return [...strips.flat(), makeTable(["", "You", `${name}: ${GAMES} games`], rows)];
}

/** The learning rates of people, each a dot, and the player's with its interval. */
export function comparePeople(people: readonly (readonly string[])[], { middle, low, high }: RateInterval, style: Style): Node[] {
  const rates = people.map((runs) => {
    const sessions = runs.map((run) => [...run].map(Number)).map((trials) => ({ choices: trials.map((one) => one >> 1), rewards: trials.map((one) => one & 1) }));
    return rateOf(...sessions).middle;
  });
  const svg = element("svg", { role: "img" }) as SVGSVGElement;
  const figure = new Figure(svg, 720, 150);
  const within = rates.filter((rate) => rate >= low && rate <= high).length;
  const words = `${rates.filter((rate) => rate < middle).length} of ${people.length} learn more slowly than ${decimal(middle)}; ${within} lie inside what you could be.`;
  figure.begin({ x: [0, 1], y: [0, 8], yTicks: [], xLabel: "learning rate" }, words);
  const columns = new Map<number, number>();
  for (const rate of rates) {
    const column = Math.round(40 * rate);
    const up = columns.get(column) ?? 0;
    columns.set(column, up + 1);
    figure.add("circle", { class: "other", cx: figure.x(column / 40), cy: figure.y(up + 0.6), r: 6 });
  }
  figure.line([[low, 7], [high, 7]], { stroke: style.colour, "stroke-width": 9, "stroke-opacity": 0.35 });
  figure.line([[middle, 0], [middle, 7.5]], { stroke: style.colour, "stroke-width": 2, "stroke-dasharray": "3 3" });
  figure.text(middle, 5.4, `you ${decimal(middle)}`, middle > 0.7 ? "end" : "start");
  const title = `${people.length} simulated people (the table two-groups): how fast each learns`;
  return [make("h3", {}, title), svg, make("p", {}, `${words} Nobody took part: they show what people may look like.`)];
}
