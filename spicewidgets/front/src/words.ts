/** What is said of equations and parameters. */
import type { Model } from "./model";
import type { Evidence } from "./search";
import { NORMAL, termKey, type Table } from "./translation";

export interface TermWords {
  letters: string;
  words: string;
}
/** Words of each module, in the order of its terms. */
export type ModelWords = Readonly<Record<string, { subject: string; terms: readonly TermWords[] }>>;

export function decimal(value: number, digits = 2): string {
  const text = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(text) !== 0 ? "−" : "") + text;
}

/** An equation as a sentence for eyes and ears: "0.71 × its value now + 0.92 × reward − 0.28". */
export function sentence(model: Model, words: ModelWords, module: string, coefficients: ReadonlyMap<string, number>): string {
  const { terms } = model.modules.find(({ name }) => name === module)!;
  const parts = terms.flatMap((term, i) => {
    const value = coefficients.get(termKey(term));
    return value === undefined ? [] : [{ value, own: words[module]!.terms[i]!.words, constant: !term.length }];
  });
  parts.sort((a, b) => Number(a.constant) - Number(b.constant));
  const written = parts.map(({ value, own, constant }, i) => {
    const sign = value < 0 ? (i ? " − " : "−") : i ? " + " : "";
    return `${sign}${decimal(Math.abs(value))}${constant ? "" : ` × ${own}`}`;
  });
  return written.join("") || "0";
}

/** What was found, beside what is true, where that is known; and what the participant has that the network has no part for. */
export function verdict(evidence: Evidence, truth: Table | null, lacking: readonly string[]): string {
  if (lacking.length) return `This network has no part for what the participant has: ${lacking.join(", ")}. Compare what they expect below.`;
  if (!truth) return "Found. No participant of this page is made of these parts: compare what they expect below.";
  const found = evidence.terms.filter(({ number, active }) => active && number.term !== null && truth.has(number.module));
  const count = [...truth.values()].reduce((sum, terms) => sum + terms.size, 0);
  const valueOf = ({ number }: (typeof found)[number]): number | undefined =>
    truth.get(number.module)?.get(termKey(number.term!));
  const wrong = found.filter((term) => valueOf(term) === undefined).length;
  const missed = count - (found.length - wrong);
  if (wrong || missed) {
    const parts = [...(missed ? [`it lacks ${terms(missed)}`] : []), ...(wrong ? [`it has ${terms(wrong)} too many`] : [])];
    return `Not the participant's terms: ${parts.join(", and ")}.`;
  }
  const beyond = found.filter((term) => Math.abs(term.value - valueOf(term)!) > NORMAL * term.error).length;
  const same = "Same terms as the participant";
  if (!beyond) return `${same}; every coefficient within its 95 % interval.`;
  return `${same}; ${beyond} of ${found.length} coefficients beyond the 95 % interval.`;
}

const terms = (count: number): string => (count === 1 ? "one term" : `${count} terms`);

/** A cost as odds where these can be imagined, else in nats. */
export function costInWords(cost: number): string {
  if (!Number.isFinite(cost)) return "";
  if (cost < 12) return `choices ${Math.exp(Math.max(cost, 0)).toFixed(cost < 1 ? 1 : 0)} times less likely without it`;
  return `${Math.round(cost).toLocaleString("en")} nats`;
}
