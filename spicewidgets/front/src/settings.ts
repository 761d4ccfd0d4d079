/** The controls, from what Python declares of each setting, and the address that holds them. */
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
    const groups = new Map<string, HTMLFieldSetElement>();
    for (const setting of declared) {
      let group = groups.get(setting.group);
      if (!group) {
        group = document.createElement("fieldset");
        const legend = document.createElement("legend");
        legend.textContent = setting.group;
        group.append(legend);
        groups.set(setting.group, group);
        form.append(group);
      }
      group.append(setting.choices ? this.list(setting, setting.choices) : this.number(setting));
    }
    form.addEventListener("submit", (event) => event.preventDefault());
    this.refresh();
  }

  /** Take what an address says, or what is written as one. */
  take(address: string): void {
    const before = this.address();
    this.read(address);
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

  /** Take the settings of an address; what is none of these, or out of its range, is left as it is. */
  private read(address: string): void {
    const given = new URLSearchParams(address.replace(/^#/, ""));
    for (const setting of this.declared) {
      const text = given.get(setting.name);
      if (text === null || setting.held) continue;
      if (setting.choices) {
        if (setting.choices.includes(text)) this.values[setting.name] = text;
      } else if (text === "" && setting.follows) this.values[setting.name] = null;
      else if (text !== "" && problemOf(setting, Number(text)) === "") this.values[setting.name] = Number(text);
    }
  }

  private put(name: string, value: number | string | null): void {
    this.values[name] = value;
    this.refresh();
    this.changed();
  }

  private refresh(): void {
    for (const show of this.show) show();
  }

  private row(setting: Setting): HTMLDivElement {
    const row = document.createElement("div");
    row.className = "setting";
    row.title = `${setting.held} ${setting.help}`.trim();
    const label = document.createElement("label");
    label.htmlFor = setting.name;
    const unit = setting.label.toLowerCase() === setting.unit ? "" : setting.unit;
    label.textContent = setting.label + (unit ? ` (${unit})` : "");
    row.append(label);
    this.show.push(() => {
      row.hidden = setting.hidden || !this.matters(setting);
    });
    return row;
  }

  private list(setting: Setting, choices: readonly string[]): HTMLElement {
    const row = this.row(setting);
    const select = document.createElement("select");
    select.id = setting.name;
    for (const choice of choices) select.append(new Option(choice, choice));
    select.addEventListener("change", () => this.put(setting.name, select.value));
    this.show.push(() => (select.value = String(this.values[setting.name])));
    select.disabled = setting.held !== "";
    row.append(select, ...note(setting));
    return row;
  }

  private number(setting: Setting): HTMLElement {
    const row = this.row(setting);
    const field = document.createElement("input");
    const slider = document.createElement("input");
    const problem = document.createElement("span");
    field.type = "number";
    field.id = setting.name;
    slider.type = "range";
    slider.setAttribute("aria-label", setting.label);
    problem.className = "problem";
    problem.setAttribute("role", "alert");
    for (const input of [field, slider]) {
      input.min = String(setting.low);
      input.max = String(setting.high);
      input.step = String(setting.step);
      input.disabled = setting.held !== "";
      input.addEventListener("input", () => {
        const value = Number(input.value);
        problem.textContent = input.value === "" ? `Give a number from ${setting.low} to ${setting.high}.` : problemOf(setting, value);
        field.setAttribute("aria-invalid", String(problem.textContent !== ""));
        if (!problem.textContent) this.put(setting.name, value);
      });
    }
    this.show.push(() => {
      const value = String(this.values[setting.name] ?? this.values[setting.follows ?? ""] ?? "");
      if (document.activeElement !== field) field.value = value;
      slider.value = value;
    });
    row.append(field, slider, problem, ...note(setting));
    return row;
  }
}

/** Why a setting cannot be changed, below its control. */
function note({ held }: Setting): HTMLElement[] {
  const words = document.createElement("small");
  words.textContent = held;
  return held ? [words] : [];
}

function problemOf({ low, high, step, label }: Setting, value: number): string {
  const whole = Number.isInteger(step) && Number.isInteger(low);
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return "";
  return `${label} must be ${whole ? "a whole number" : "a number"} from ${low} to ${high}.`;
}
