/** Tables of an equation: each term with its coefficient and what it is worth. */
import type { Style } from "./figures";
import { learnedIn, type Model } from "./model";
import type { Evidence } from "./search";
import { NORMAL, tableOf, termKey, type Table } from "./translation";
import { costInWords, decimal, sentence, type ModelWords } from "./words";

const FALL = [{ transform: "translateY(-24px)", opacity: 0 }, {}];

/** A model with the words of its terms. */
export interface SpokenModel extends Model {
  words: ModelWords;
}

/** A table with its head, in columns whose widths stay the same whatever stands in them. */
export function emptyTable(heads: readonly string[]): HTMLTableElement {
  const table = document.createElement("table");
  const group = document.createElement("colgroup");
  const head = table.insertRow();
  for (const words of heads) {
    group.append(document.createElement("col"));
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.textContent = words;
    head.append(cell);
  }
  table.prepend(group);
  return table;
}

/** A table of each module. Terms drop in one after the other; where no truth is known, there is no column of it. */
export function equationTables(
  model: SpokenModel,
  evidence: Evidence | null,
  truth: Table | null,
  styles: { truth: Style; equation: Style },
  drops: boolean,
): HTMLTableElement[] {
  const found = evidence && tableOf(model, evidence);
  let order = 0;
  return learnedIn(model).map((module) => {
    const words = model.words[module.name]!;
    const table = emptyTable(["term", styles.equation.name, ...(truth ? [styles.truth.name] : []), "what it is worth"]);
    const written = found ? sentence(model, model.words, module.name, found.get(module.name)!) : "…";
    table.createCaption().textContent = `${words.subject}, next = ${written}`;
    const places = module.terms.map((_, i) => i);
    places.sort((a, b) => Number(!module.terms[a]!.length) - Number(!module.terms[b]!.length));
    for (const i of places) {
      const term = module.terms[i]!;
      const about = evidence?.terms.find(({ number }) => number.module === module.name && number.term === term);
      const row = table.insertRow();
      const write = (text: string, look = ""): HTMLTableCellElement => {
        const cell = row.insertCell();
        cell.className = look;
        cell.textContent = text;
        return cell;
      };
      write(words.terms[i]!.letters || "1", "term").title = words.terms[i]!.words;
      const value = about?.active ? `${decimal(about.value)} ± ${decimal(NORMAL * about.error)}` : "0";
      write(about ? value : "…");
      if (truth) write(decimal(truth.get(module.name)?.get(termKey(term)) ?? 0));
      const worth = write("");
      if (!about) continue;
      const bar = document.createElement("span");
      bar.className = "bar";
      bar.style.width = `${Math.min(100, 25 * Math.log10(1 + Math.max(about.cost, 0)))}%`;
      const note = document.createElement("small");
      const least = `left out: worth ${about.cost.toFixed(1)} nats, needs ${about.price.toFixed(1)}`;
      note.textContent = about.active ? costInWords(about.cost) : least;
      worth.append(bar, note);
      row.className = about.active ? "" : "gone";
      const fall = { delay: 250 * order, duration: 500, fill: "both" } as const;
      if (about.active && drops) for (const cell of row.cells) cell.animate(FALL, fall);
      if (about.active) order++;
    }
    return table;
  });
}
