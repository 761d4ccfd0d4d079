/** The bundle: the engine under one name, for tests in node and for whoever looks in; and the page, where there is one. */
import { start, type Described } from "./start";
export * from "./discovery";
export * from "./likelihood";
export * from "./model";
export * from "./player";
export * from "./random";
export * from "./search";
export * from "./simulation";
export * from "./training";
export * from "./translation";
export { start };

const data = typeof document === "undefined" ? null : document.getElementById("described");
if (data) start(document, JSON.parse(data.textContent) as Described);
