/** Tables of an equation: each term with its coefficient and what it is worth. */
import { make, type Styles } from "./figures";
import { learnedIn, type Model } from "./model";
import type { Evidence } from "./search";
import { NORMAL, tableOf, termKey, type Table } from "./translation";
import { costInWords, decimal, sentence, type ModelWords } from "./words";

const FALL = [{ transform: "translateY(-24px)", opacity: 0 }, {}];

/** A model with the words of its terms. */
export interface SpokenModel extends Model {
  words: ModelWords;
}

/** A table of texts with its head, in columns whose widths stay the same whatever stands in them. */
export function makeTable(heads: readonly string[], rows: readonly (readonly string[])[] = []): HTMLTableElement {
  const columns = make("colgroup", {}, ...heads.map(() => make("col")));
  const head = make("tr", {}, ...heads.map((words) => make("th", { scope: "col" }, words)));
  const body = rows.map((texts) => make("tr", {}, ...texts.map((text) => make("td", {}, text))));
  return make("table", {}, columns, make("tbody", {}, head, ...body));
}

/** A table of each module. Terms drop in one after the other; where no truth is known, there is no column of it. */
export function equationTables(
  model: SpokenModel,
  evidence: Evidence | null,
  truth: Table | null,
  styles: Styles,
  drops: boolean,
): HTMLTableElement[] {
  const found = evidence && tableOf(model, evidence);
  let order = 0;
  return learnedIn(model).map((module) => {
    const words = model.words[module.name]!;
    const table = makeTable(["term", `${styles.equation.name}, ± 95 %`, ...(truth ? [styles.truth.name] : []), "what it is worth"]);
    const written = found ? sentence(model, model.words, module.name, found.get(module.name)!) : "…";
    table.createCaption().textContent = `${words.subject}, next = ${written}`;
    const places = module.terms.map((_, i) => i);
    places.sort((a, b) => Number(!module.terms[a]!.length) - Number(!module.terms[b]!.length));
    for (const i of places) {
      const term = module.terms[i]!;
      const about = evidence?.terms.find(({ number }) => number.module === module.name && number.term === term);
      const value = about?.active ? `${decimal(about.value)} ± ${decimal(NORMAL * about.error)}` : "0";
      const texts = [about ? value : "…", ...(truth ? [decimal(truth.get(module.name)?.get(termKey(term)) ?? 0)] : [])];
      const { letters, words: title } = words.terms[i]!;
      const row = make("tr", {}, make("td", { className: "term" }, letters || "1", make("small", {}, title)), ...texts.map((text) => make("td", {}, text)));
      table.tBodies[0]!.append(row);
      const worth = row.insertCell();
      if (!about) continue;
      const bar = make("span", { className: "bar" });
      bar.style.width = `${Math.min(100, 25 * Math.log10(1 + Math.max(about.cost, 0)))}%`;
      const [likelier, takes] = [about.cost, about.price].map((nats) => Math.exp(nats).toFixed(1));
      const least = `left out: choices ${likelier} times likelier with it, of ${takes} that it takes`;
      worth.append(bar, make("small", {}, about.active ? costInWords(about.cost) : least));
      row.className = about.active ? "" : "gone";
      const fall = { delay: 250 * order, duration: 500, fill: "both" } as const;
      if (about.active && drops) for (const cell of row.cells) cell.animate(FALL, fall);
      if (about.active) order++;
    }
    return table;
  });
}
