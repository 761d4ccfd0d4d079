/** Figures as SVG: axes, lines and marks in the looks that Python declares. */
export interface Style {
  name: string;
  colour: string;
  /** Attributes of its line. */
  line: Readonly<Record<string, string | number>>;
}

/** The looks of what is compared, and of each option. */
export type Styles = Readonly<Record<"truth" | "network" | "equation", Style>> & { options: readonly Style[] };

export type Points = readonly (readonly [number, number])[];

const BOX = { left: 44, right: 8, top: 8, bottom: 34 };

/** Finds what stands in a page, or in a part of one, by its id. */
export const finderIn =
  (root: ParentNode) =>
  <T extends Element>(id: string): T =>
    root.querySelector<T>(`#${id}`)!;
export type Find = ReturnType<typeof finderIn>;

export function element(name: string, attributes: Readonly<Record<string, string | number>>, text = ""): SVGElement {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  node.textContent = text;
  return node;
}

/** An element of HTML with some of its properties, and what it holds. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...held: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...held);
  return node;
}

export interface Axes {
  x: readonly [number, number];
  y: readonly [number, number];
  /** Round numbers within bounds where nothing is said. */
  xTicks?: readonly number[];
  yTicks?: readonly number[];
  xLabel: string;
}

/** A figure that is drawn anew as a whole. */
export class Figure {
  private axes: Axes | null = null;

  constructor(
    readonly svg: SVGSVGElement,
    private readonly width = 480,
    private readonly height = 240,
  ) {
    svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  }

  /** Begin anew, with axes and the words that a screen reader says of the figure. */
  begin(axes: Axes, words: string): void {
    this.axes = axes;
    this.svg.replaceChildren();
    this.svg.setAttribute("aria-label", words);
    const bottom = this.height - BOX.bottom;
    for (const tick of axes.yTicks ?? ticksWithin(...axes.y)) {
      const y = this.y(tick);
      this.add("path", { class: "grid", d: `M${BOX.left} ${y}H${this.width - BOX.right}` });
      this.add("text", { x: BOX.left - 6, y: y + 4, "text-anchor": "end" }, String(tick));
    }
    this.add("path", { class: "axis", d: `M${BOX.left} ${bottom}H${this.width - BOX.right}` });
    for (const tick of axes.xTicks ?? ticksWithin(...axes.x))
      this.add("text", { x: this.x(tick), y: bottom + 16, "text-anchor": "middle" }, String(tick));
    this.add("text", { x: this.width - BOX.right, y: this.height - 2, "text-anchor": "end" }, axes.xLabel);
  }

  x(value: number): number {
    const [low, high] = this.axes!.x;
    return BOX.left + ((value - low) / (high - low || 1)) * (this.width - BOX.left - BOX.right);
  }

  y(value: number): number {
    const [low, high] = this.axes!.y;
    const share = Math.min(Math.max((value - low) / (high - low || 1), 0), 1);
    return this.height - BOX.bottom - share * (this.height - BOX.top - BOX.bottom);
  }

  /** A line through points; what lies beyond the axes is left out. */
  line(points: Points, look: Readonly<Record<string, string | number>>): void {
    const [low, high] = this.axes!.y;
    let path = "";
    let drawn = false;
    for (const [x, y] of points) {
      const within = y >= low && y <= high;
      if (within) path += `${drawn ? "L" : "M"}${this.x(x).toFixed(1)} ${this.y(y).toFixed(1)}`;
      drawn = within;
    }
    if (path) this.add("path", { d: path, ...look });
  }

  text(x: number, y: number, words: string, anchor = "start"): void {
    this.add("text", { x: this.x(x), y: this.y(y) - 5, "text-anchor": anchor }, words);
  }

  /** A short upright stroke for each choice: at the top for the first option, longer where it paid. */
  ticks(choices: readonly number[], rewards: readonly number[], looks: readonly Style[]): void {
    rewards.forEach((reward, t) => {
      const length = reward > 0.5 ? 10 : 4;
      const [from, by] = choices[t] === 0 ? [BOX.top, length] : [this.height - BOX.bottom, -length];
      this.add("path", { d: `M${this.x(t + 1).toFixed(1)} ${from}v${by}`, stroke: looks[choices[t]!]!.colour, "stroke-width": 2 });
    });
  }

  add(name: string, attributes: Readonly<Record<string, string | number>>, text = ""): void {
    this.svg.append(element(name, attributes, text));
  }
}

/** Some round numbers within bounds. */
export function ticksWithin(low: number, high: number, most = 5): number[] {
  const rough = (high - low) / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10);
  const ticks: number[] = [];
  for (let i = Math.ceil(low / step); i * step <= high + 1e-9; i++) ticks.push(Number((i * step).toPrecision(6)));
  return ticks;
}
