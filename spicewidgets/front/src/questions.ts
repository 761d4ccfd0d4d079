/** Questions of a lesson, whose answers are checked; what is right is not shown before it is asked for. */
import { make } from "./figures";
import { decimal } from "./words";

export interface Question {
  words: string;
  answer: number | string;
  /** How far from the answer a number may lie to be right. */
  within: number;
  /** What can be chosen; with none, a number is typed. */
  options: readonly string[];
  hint: string;
  because: string;
}

const CHOOSE = "choose …";

function form({ words, answer, within, options, hint, because }: Question, place: number): HTMLFormElement {
  const id = `question${place}`;
  const field = options.length
    ? make("select", { id }, ...[CHOOSE, ...options].map((option) => new Option(option)))
    : make("input", { id, inputMode: "decimal" });
  const said = make("p", { role: "status" });
  const why = because ? ` ${because}` : "";
  const button = (text: string, says: string): HTMLButtonElement =>
    make("button", { type: "button", onclick: () => (said.textContent = says) }, text);
  const told = typeof answer === "number" ? decimal(answer, 3).replace(/0+$/, "") : answer;
  const hints = hint ? [button("Hint", hint)] : [];
  const check = (): string => {
    const value = field.value.trim().replace(",", ".").replace("−", "-");
    if (options.length ? value === CHOOSE : value === "" || Number.isNaN(Number(value)))
      return options.length ? "Choose an answer first." : "Type a number, such as 0.5.";
    const right = options.length ? field.value === answer : Math.abs(Number(value) - Number(answer)) <= within;
    return right ? `Correct.${why}` : `Not yet. ${hint}`.trim();
  };
  const asked = make("form", {}, make("label", { htmlFor: id }, words), field, make("button", {}, "Check"), ...hints);
  asked.append(button("Show the answer", `${told}.${why}`), said);
  asked.addEventListener("submit", (event) => {
    event.preventDefault();
    said.textContent = check();
  });
  return asked;
}

/** The questions, each with a field and buttons. */
export function askAll(questions: readonly Question[]): Node[] {
  return questions.length ? [make("h3", {}, "Questions"), ...questions.map(form)] : [];
}
