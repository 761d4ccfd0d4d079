/** The page as a whole, or a part of it in a notebook: settings, the game, and the stage below it where there is one. */
import { finderIn, make, type Find, type Styles } from "./figures";
import type { Kernel } from "./model";
import { startStage } from "./page";
import { startPlay } from "./play";
import { askAll, type Question } from "./questions";
import { Settings, type Setting, type Values } from "./settings";
import type { Participant, Task } from "./simulation";
import type { SpokenModel } from "./tables";

interface DescribedModel extends Omit<SpokenModel, "kernel"> {
  /** The script in Python for each kind of task, with the name of each setting in braces. */
  scripts: Readonly<Record<string, string>>;
  /** Parameters of a participant that its modules can have learned. */
  uses: readonly string[];
}
export interface Described {
  settings: readonly Setting[];
  models: readonly DescribedModel[];
  styles: Styles;
  blocks: Task["blocks"];
  /** Of a lesson. */
  questions?: readonly Question[];
  /** Simulated people of a table: for each, the trials of each session as digits, twice the choice plus the reward. */
  people: readonly (readonly string[])[];
}
declare const KERNELS: readonly Kernel[];

/** The traits of a widget, as anywidget gives them. */
export interface Traits {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, changed: () => void): void;
}

/** What the parts of the page have in common. */
export interface Setup {
  root: Document | HTMLElement;
  find: Find;
  described: Described;
  settings: Settings;
  quick: MediaQueryList;
  model(): DescribedModel & SpokenModel;
  task(): Task;
  participant(): Participant;
  /** Copy a text, and say so where the place is that has this id; or, where that is refused, what to do. */
  copy(text: string, place: string, otherwise: string): Promise<void>;
  /** Let Python know of the game. */
  tell(state: Readonly<Record<string, unknown>>): void;
  /** Of what the machines pay; any when null. */
  seed: number | null;
}

/** Begin a page, or a widget, whose traits Python knows. */
export function start(root: Document | HTMLElement, described: Described, traits: Traits | null = null): void {
  const find = finderIn(root);
  const models = described.models.map((one, i) => ({ ...one, kernel: KERNELS[i]! }));
  let changed = (): void => undefined;
  const settings = new Settings(find("settings") ?? make("form"), described.settings, () => {
    tell({ settings: { ...settings.values } });
    changed();
  });
  function tell(state: Readonly<Record<string, unknown>>): void {
    for (const [name, value] of Object.entries(state)) traits?.set(name, value);
    traits?.save_changes();
  }
  const setup: Setup = {
    root,
    find,
    described,
    settings,
    quick: matchMedia("(prefers-reduced-motion: reduce)"),
    model: () => models.find(({ name }) => name === settings.values.model)!,
    task: () => {
      const { kind, boundary } = settings.values;
      const [sigma, flip] = [settings.numberOf("sigma"), settings.numberOf("flip_probability")];
      return { kind: String(kind), boundary: String(boundary), sigma, flip, blocks: described.blocks };
    },
    participant: () => {
      const values: Record<string, number | null> = { ...(settings.values as Record<string, number | null>) };
      for (const setting of described.settings) if (!settings.matters(setting)) values[setting.name] = 0;
      return values;
    },
    copy: async (text, place, otherwise) => {
      const copied = await navigator.clipboard?.writeText(text).then(() => true, () => false);
      find(place).textContent = copied ? "Copied." : otherwise;
    },
    tell,
    seed: (traits?.get("seed") ?? null) as number | null,
  };
  if (traits) {
    const take = (): void => {
      const given = Object.entries((traits.get("settings") ?? {}) as Values);
      settings.take(new URLSearchParams(given.map(([name, value]) => [name, String(value ?? "")])));
    };
    take();
    tell({ settings: { ...settings.values } });
    traits.on("change:settings", take);
  } else startAddress(setup);
  if (find("stage")) changed = startStage(setup);
  find("questions")?.append(...askAll(described.questions ?? []));
  if (find("play")) startPlay(setup);
}

/** What a page of its own has beside: an address with the settings, and light and dark. */
function startAddress({ find, settings, copy }: Setup): void {
  const take = (): void => settings.take(new URLSearchParams(location.hash.slice(1)));
  take();
  addEventListener("hashchange", take);
  find("share").addEventListener("click", () => {
    location.replace(settings.address());
    void copy(location.href, "shared", "The address above has the settings.");
  });
  const page = document.documentElement;
  const theme = find("theme");
  const isDark = (): boolean =>
    (page.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const show = (): void => theme.setAttribute("aria-pressed", String(isDark()));
  theme.addEventListener("click", () => {
    page.dataset.theme = isDark() ? "light" : "dark";
    show();
  });
  show();
}
