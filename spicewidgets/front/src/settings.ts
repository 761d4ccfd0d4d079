/** The controls, from what Python declares of each setting, and the address that holds them. */
import { make } from "./figures";

export interface Setting {
  group: string;
  name: string;
  label: string;
  help: string;
  unit: string;
  low: number;
  high: number;
  step: number;
  value: number | string | null;
  /** Names of what can be chosen, in place of a number. */
  choices?: readonly string[];
  /** The setting whose value it has when it is null. */
  follows?: string;
  /** Why it cannot be changed; empty where it can. */
  held: string;
  hidden: boolean;
  /** The setting, and its values, with which it has an effect; with all when missing. */
  only?: readonly [string, readonly string[]];
}

export type Values = Record<string, number | string | null>;

export class Settings {
  readonly values: Values;
  private readonly show: (() => void)[] = [];

  constructor(
    form: HTMLFormElement,
    private readonly declared: readonly Setting[],
    private readonly changed: () => void,
  ) {
    this.values = Object.fromEntries(declared.map(({ name, value }) => [name, value]));
    for (const group of new Set(declared.map((setting) => setting.group))) {
      const own = declared.filter((setting) => setting.group === group);
      form.append(make("fieldset", {}, make("legend", {}, group), ...own.map((setting) => this.row(setting))));
    }
    form.addEventListener("submit", (event) => event.preventDefault());
    this.refresh();
  }

  /** Take settings as they are written in an address; what is none, or out of its range, is left as it is. */
  take(given: URLSearchParams): void {
    const before = this.address();
    for (const setting of this.declared) this.accept(setting, given.get(setting.name));
    this.refresh();
    if (this.address() !== before) this.changed();
  }

  numberOf(name: string): number {
    return this.values[name] as number;
  }

  /** Whether a setting has an effect as the others stand. */
  matters({ only }: Setting): boolean {
    return !only || only[1].includes(String(this.values[only[0]]));
  }

  /** The settings as a fragment of the address. */
  address(): string {
    const parts = this.declared.map(({ name }) => [name, String(this.values[name] ?? "")]);
    return `#${new URLSearchParams(parts)}`;
  }

  /** Take a value as it is written; or say why it cannot be taken. */
  private accept({ name, label, low, high, step, choices, follows, held }: Setting, text: string | null): string {
    if (text === null || held) return held;
    const value = choices || text === "" ? text || null : Number(text);
    const whole = Number.isInteger(step) && Number.isInteger(low);
    const within = typeof value === "number" && value >= low && value <= high && (!whole || Number.isInteger(value));
    if (!(choices ? choices.includes(text) : value === null ? follows : within))
      return `${label} must be ${whole ? "a whole number" : "a number"} from ${low} to ${high}.`;
    this.values[name] = value;
    return "";
  }

  private refresh(): void {
    for (const show of this.show) show();
  }

  /** A setting with its name, its control, and why it cannot be changed. */
  private row(setting: Setting): HTMLElement {
    const { name, label, unit, help, held, low, high, step, choices } = setting;
    const bounds = { min: String(low), max: String(high), step: String(step), disabled: held !== "" };
    const field = choices
      ? make("select", { id: name, disabled: bounds.disabled }, ...choices.map((choice) => new Option(choice)))
      : make("input", { type: "number", id: name, ...bounds });
    const slider = make("input", { type: "range", ariaLabel: label, ...bounds });
    const problem = make("span", { className: "problem", role: "alert" });
    const shown = unit && label.toLowerCase() !== unit ? `${label} (${unit})` : label;
    const row = make("div", { className: "setting", title: `${held} ${help}`.trim() }, make("label", { htmlFor: name }, shown), field);
    row.append(...(choices ? [] : [slider, problem]), ...(held ? [make("small", {}, held)] : []));
    for (const input of [field, slider])
      input.addEventListener("input", () => {
        problem.textContent = this.accept(setting, input.value);
        field.ariaInvalid = String(problem.textContent !== "");
        if (problem.textContent) return;
        this.refresh();
        this.changed();
      });
    this.show.push(() => {
      row.hidden = setting.hidden || !this.matters(setting);
      const value = String(this.values[name] ?? this.values[setting.follows ?? ""] ?? "");
      slider.value = value;
      if (choices || document.activeElement !== field) field.value = value;
    });
    return row;
  }
}
