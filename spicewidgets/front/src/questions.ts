/** Questions of a lesson, whose answers are checked; what is right is not shown before it is asked for. */
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

function make<K extends keyof HTMLElementTagNameMap>(name: K, text = ""): HTMLElementTagNameMap[K] {
  const node = document.createElement(name);
  node.textContent = text;
  return node;
}

function form({ words, answer, within, options, hint, because }: Question, place: number): HTMLFormElement {
  const form = make("form");
  const label = make("label", words);
  const field = make(options.length ? "select" : "input");
  const said = make("p");
  said.setAttribute("role", "status");
  label.htmlFor = field.id = `question${place}`;
  if (field instanceof HTMLInputElement) field.inputMode = "decimal";
  for (const option of options.length ? [CHOOSE, ...options] : []) field.append(new Option(option, option));
  const why = because ? ` ${because}` : "";
  function check(): void {
    const value = field.value.trim().replace(",", ".").replace("−", "-");
    if (value === "" || value === CHOOSE || (!options.length && Number.isNaN(Number(value))))
      said.textContent = options.length ? "Choose an answer first." : "Type a number, such as 0.5.";
    else if (options.length ? value === answer : Math.abs(Number(value) - Number(answer)) <= within) said.textContent = `Right.${why}`;
    else said.textContent = hint ? `Not yet. ${hint}` : "Not yet.";
  }
  const button = (text: string, act?: () => string): HTMLButtonElement => {
    const node = make("button", text);
    node.type = act ? "button" : "submit";
    if (act) node.addEventListener("click", () => (said.textContent = act()));
    return node;
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    check();
  });
  const told = typeof answer === "number" ? decimal(answer, 3).replace(/0+$/, "") : answer;
  form.append(label, field, button("Check"), ...(hint ? [button("Hint", () => hint)] : []), button("Show the answer", () => `${told}.${why}`), said);
  return form;
}

/** The questions, each with a field and buttons. */
export function askAll(questions: readonly Question[]): Node[] {
  return questions.length ? [make("h3", "Questions"), ...questions.map(form)] : [];
}
