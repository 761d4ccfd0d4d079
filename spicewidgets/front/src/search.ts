/** Which terms an equation has, those that the choices would miss: `core/discover/{evidence,selection}.py`. */
import { driveOf, inScale, keyOf, rescale, tiesAmong } from "./canonical";
import { evidence as shared } from "./constants.json";
import { curvatureOf, maximise, newtonStep, type Derivatives, type Likelihood, type NumberId, type Prior } from "./likelihood";
import type { Tie } from "./model";
import { inverse, sandwich, transpose, zeros, type Matrix, type Vector } from "./linear";

const { UNIT, LEAST, WIDE, KEEPS, FADES, SMALL, SAME, BEYOND, NEAR, INSISTENT, ALIKE, FLOOR, EXACT } = shared;

type Mask = boolean[];

/** A set of terms on the search's way, and the numbers that fit it best. */
export interface SearchStep {
  active: Mask;
  held: Mask;
  values: Vector;
  objective: number;
  there: Derivatives;
  prices: number[];
}

/** What the choices say of one candidate term, or of a beta. */
export interface TermEvidence {
  number: NumberId;
  value: number;
  error: number;
  /** Nats lost without the term, after the others have moved; for one that is not there, what it would gain. */
  cost: number;
  price: number;
  active: boolean;
}

export interface Evidence {
  terms: TermEvidence[];
  covariance: Matrix;
}

class TermSearch {
  private readonly isTerm: Mask;
  private readonly isOwn: Mask;
  private readonly prior: Prior;
  private readonly degrees: number[];
  private readonly rarity: number[];
  /** Terms of which each product is made, by place. */
  private readonly parents: Mask[];
  private readonly bends: Mask[];
  private readonly fullPrice: number;
  private ties: Tie[] = [];
  private fixed: number[] = [];
  path: SearchStep[] = [];

  constructor(private readonly likelihood: Likelihood) {
    const { numbers, choices } = likelihood;
    this.isTerm = numbers.map(({ term }) => term !== null);
    this.isOwn = numbers.map(({ module, term }) => term?.length === 1 && term[0] === module);
    this.prior = {
      mean: Float64Array.from(this.isOwn, (own) => (own ? KEEPS[0]! : 0)),
      sd: Float64Array.from(this.isOwn, (own) => (own ? KEEPS[1]! : WIDE)),
    };
    const degrees = numbers.map(({ term }) => term?.length ?? 0);
    this.degrees = degrees.map((degree) => Math.max(degree, 1));
    this.rarity = degrees.map((d) => (d > 1 ? Math.log(degrees.filter((other) => other === d).length) : 0));
    const without = (term: readonly string[], k: number): string[] => term.filter((_, i) => i !== k);
    this.parents = numbers.map(({ module, term }) => {
      const rests = term && term.length > 1 ? term.map((_, k) => keyOf(module, without(term, k))) : [];
      return numbers.map((other) => other.term !== null && rests.includes(keyOf(other.module, other.term)));
    });
    const powers = numbers.map(({ module, term }) => (term ?? []).filter((f) => f === module).length > 1);
    this.bends = numbers.map((number) => numbers.map((other, j) => powers[j]! && number.module === other.module));
    this.fullPrice = Math.max(LEAST, 0.5 * Math.log(Math.max(choices, UNIT) / UNIT));
  }

  /** Pass all sets of terms on the way from all candidates to few; how many terms are left, after each. */
  *run(start: Vector, candidates: Mask): Generator<number, void> {
    const within = start.map((value, i) => (this.isOwn[i] ? Math.min(Math.max(value, -1), 1) : value));
    let step = this.fitInCanonicalScale(candidates.map((is, i) => is || !this.isTerm[i]), within);
    this.path = [step];
    for (let next: SearchStep | null = step; next !== null; next = this.smaller(step)) {
      step = next;
      if (step !== this.path[0]) this.path.push(step);
      yield step.active.filter((is, i) => is && this.isTerm[i]).length;
    }
  }

  best(): SearchStep {
    return this.path.reduce((best, step) => (this.total(step) < this.total(best) ? step : best));
  }

  total(step: SearchStep): number {
    return step.prices.reduce((sum, price, i) => (step.active[i] && this.isTerm[i] ? sum + price : sum), step.objective);
  }

  /** The best set with its best numbers, so well that it no more matters where they began. */
  top(): SearchStep {
    const { values, active, held } = this.best();
    return this.boundWeights(this.fit(values, active, held, Infinity, EXACT));
  }

  evidence(): Evidence {
    const step = this.top();
    const costs = this.without(step, step.active.map((is, i) => is && this.isTerm[i]!));
    const covariance = this.covariance(step.there.information, step.active, step.held);
    const terms = this.likelihood.numbers.map((number, i) => {
      const active = step.active[i]!;
      const rest = costs.get(i);
      const error = Math.sqrt(Math.max(covariance[i]![i]!, 0));
      return {
        number,
        value: step.values[i]!,
        error,
        cost: active ? (rest ? rest.objective - step.objective : Infinity) : this.gain(step, i),
        price: active ? step.prices[i]! : this.fullPrice + this.rarity[i]!, // an absent own value tells none
        active,
      };
    });
    return { terms, covariance };
  }

  private gain(step: SearchStep, place: number): number {
    const active = step.active.map((is, i) => is || i === place);
    const { free, basis } = this.moves(active, step.held);
    const beforehand = (this.prior.mean[place]! / this.prior.sd[place]!) ** 2 / 2;
    return Math.max(0, newtonStep(step.values, step.there, free, this.prior, basis).gain - beforehand);
  }

  private covariance(information: Matrix, active: Mask, held: Mask): Matrix {
    const { free, basis } = this.moves(active, held);
    const whole = inverse(curvatureOf(information, free, this.prior, basis));
    const kept = whole.map((row, i) => row.map((value, j) => (free[i] && free[j] ? value : 0)));
    return sandwich(kept, transpose(basis));
  }

  /** Which numbers move by themselves in a set of terms, and the ties of the others to them. */
  private moves(active: Mask, held: Mask): { free: Mask; basis: Matrix } {
    const free = active.map((is, i) => is && !held[i] && !this.fixed.includes(i));
    const basis = zeros(free.length);
    basis.forEach((row, i) => (row[i] = 1));
    for (const { beta, drive, others } of this.ties) {
      if (!active[drive]) {
        free[beta] = false;
        continue;
      }
      free[drive] = false;
      basis[drive]![drive] = 0;
      for (const other of others) if (free[other]) basis[drive]![other] = -1;
    }
    return { free, basis };
  }

  private fit(start: Vector, active: Mask, holding: Mask, hopeless = Infinity, enough?: number): SearchStep {
    const values = start.map((value, i) => (active[i] ? value : 0));
    for (const tie of this.ties) values[tie.drive] = active[tie.drive] ? driveOf(tie, values) : 0;
    const held = holding.map((is, i) => is && active[i]!);
    const { free, basis } = this.moves(active, held);
    const best = maximise((x) => this.likelihood.at(x), values, free, this.prior, basis, hopeless, enough);
    return { active, held, ...best, prices: this.prices(best.there.information, active, held) };
  }

  private prices(information: Matrix, active: Mask, held: Mask): number[] {
    const posterior = this.covariance(information, active, held);
    return this.rarity.map((rarity, i) => {
      const variance = posterior[i]![i]!;
      const known = this.prior.sd[i]! ** 2 / Math.max(variance, FLOOR);
      const laplace = variance > 0 ? 0.5 * Math.log(Math.max(known, 1)) : 0;
      const fades = this.isOwn[i]! && !this.bends[i]!.some((bends, j) => bends && active[j]!);
      return rarity + (fades ? Math.min(laplace, this.fullPrice) : this.fullPrice);
    });
  }

  /** All terms with their best numbers, in the canonical scale. */
  private fitInCanonicalScale(active: Mask, start: Vector): SearchStep {
    const { model, numbers } = this.likelihood;
    const ties = tiesAmong(model, this.likelihood.places);
    this.fixed = ties.map(({ beta }) => beta);
    let step = this.refitBounded(active, start);
    const freedoms = this.fixed.filter((beta) => this.mayStretch(beta, step.values));
    if (freedoms.length < this.fixed.length) {
      this.fixed = freedoms;
      step = this.refitBounded(active, step.values);
    }
    let { values } = step;
    for (const tie of ties) {
      const stretched = this.fixed.includes(tie.beta) ? inScale(model, numbers, values, tie, FADES) : null;
      if (stretched === null) continue;
      values = stretched;
      this.ties.push(tie);
      this.fixed = this.fixed.filter((beta) => beta !== tie.beta);
    }
    return this.ties.length ? this.refitBounded(active, values) : step;
  }

  /** Whether no choice is more or less likely after a stretch of a state; tried with small values. */
  private mayStretch(beta: number, values: Vector): boolean {
    const { model, numbers, choices } = this.likelihood;
    const nll = SMALL.map((factor) => {
      const table = rescale(model, numbers, values, numbers[beta]!.module, factor);
      return table === null ? NaN : this.likelihood.at(table).nll;
    });
    return Math.abs(nll[1]! - nll[0]!) <= SAME * choices;
  }

  /** A set of terms with its best numbers, weights within ±1 unless the choices insist. */
  private refitBounded(active: Mask, start: Vector): SearchStep {
    return this.boundWeights(this.fit(start, active, active.map(() => false)));
  }

  private boundWeights(step: SearchStep): SearchStep {
    for (;;) {
      let worst = -1;
      step.values.forEach((value, i) => {
        const beyond = this.isOwn[i] && step.active[i] && !step.held[i] && Math.abs(value) > 1;
        if (beyond && (worst < 0 || Math.abs(value) > Math.abs(step.values[worst]!))) worst = i;
      });
      if (worst < 0) return step;
      const held = step.held.map((is, i) => is || i === worst);
      const values = step.values.slice();
      values[worst] = Math.sign(values[worst]!);
      const bounded = this.fit(values, step.active, held);
      if (bounded.objective - step.objective > INSISTENT) return step;
      step = bounded;
    }
  }

  /** The equations without each of some of their terms. */
  private without(step: SearchStep, may: Mask, hopeless = Infinity): Map<number, SearchStep> {
    const covariance = this.covariance(step.there.information, step.active, step.held);
    const rests = new Map<number, SearchStep>();
    may.forEach((is, term) => {
      if (!is) return;
      const active = step.active.map((there, i) => there && i !== term);
      const held = step.held.map((there, i) => there && i !== term);
      const variance = covariance[term]![term]!;
      const value = step.values[term]!;
      const start = step.values.map((before, i) => {
        const along = value ** 2 < 2 * NEAR * variance ? (covariance[term]![i]! / variance) * value : 0;
        return this.isOwn[i] ? Math.min(Math.max(before - along, -1), 1) : before - along;
      });
      let rest = this.fit(start, active, held, hopeless);
      if (rest.objective - step.objective > 5 + (2 * value ** 2) / Math.max(variance, FLOOR)) {
        const again = this.fit(step.values, active, held, hopeless);
        if (again.objective < rest.objective) rest = again;
      }
      rests.set(term, rest);
    });
    return rests;
  }

  /** The next set on the way: without the term that is least worth its price. */
  private smaller(step: SearchStep): SearchStep | null {
    const loose = step.active.map(
      (is, i) => is && this.isTerm[i]! && !this.parents.some((own, j) => step.active[j]! && own[i]!),
    );
    const limit = BEYOND * this.fullPrice;
    const rests = this.without(step, loose, step.objective + limit);
    let excess = [...rests].map(([i, rest]) => ({ i, worth: rest.objective - step.objective - step.prices[i]! }));
    if (!excess.length) return null;
    const little = excess.filter(({ worth }) => worth < 0);
    const highest = Math.max(1, ...little.map(({ i }) => this.degrees[i]!));
    excess = excess.filter(({ i, worth }) => worth >= 0 || (little.length > 0 && this.degrees[i] === highest));
    const best = excess.reduce((least, one) => (one.worth < least.worth ? one : least));
    const alike = excess.filter(({ worth }) => worth < Math.min(0, best.worth + ALIKE)).map(({ i }) => i);
    const rest = rests.get(this.constantToDrop(best.i, alike))!;
    return rest.objective - step.objective > limit ? null : this.boundWeights(rest);
  }

  /** Which constant goes, where that of the chosen arm could: that of the other arms, if it could as well. */
  private constantToDrop(best: number, mayGo: readonly number[]): number {
    const { model, places } = this.likelihood;
    const pair = model.levels.find(([own]) => own === places[best]);
    return mayGo.find((i) => places[i] === pair?.[1]) ?? best;
  }
}

/** The terms that are worth their price, and why; on the way, how many terms are left. */
export function* select(likelihood: Likelihood, start: Vector): Generator<number, Evidence> {
  const level = likelihood.places.map((place) => likelihood.model.levels.some(([, other]) => other === place));
  const searches: TermSearch[] = [];
  const both = level.map(() => true);
  const one = level.map((is) => !is);
  for (const candidates of level.includes(true) ? [one, both, one] : [both]) {
    const search = new TermSearch(likelihood);
    yield* search.run(searches.at(-1)?.top().values ?? start, candidates);
    searches.push(search);
  }
  const total = (search: TermSearch): number => search.total(search.best()) - (search === searches.at(-1) ? ALIKE : 0);
  return searches.reduce((least, search) => (total(search) < total(least) ? search : least)).evidence();
}
