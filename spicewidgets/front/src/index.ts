/** The bundle: the engine under one name, for tests in node and for whoever looks in; and the page, where there is one. */
export * from "./discovery";
export * from "./likelihood";
export * from "./model";
export * from "./player";
export * from "./random";
export * from "./search";
export * from "./simulation";
export * from "./training";
export * from "./translation";

if (typeof document !== "undefined") void import("./page");
