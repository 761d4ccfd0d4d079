/** NumPy's `default_rng`: the words of SeedSequence, PCG64, and the kinds of numbers that a simulation draws. */
import widths from "./ziggurat.bin";

const MULTIPLIER = 0x2360ed051fc65da44385df649fccf645n;
const POOL = 4;
const FRACTIONS = 2 ** 52;
const R = 3.6541528853610087963519472518; // where the tail begins
/** Of each layer of NumPy's ziggurat (Marsaglia & Tsang 2000), its width over 2 ** 52: the table `wi_double`. */
const WIDTHS = new Float64Array(widths.buffer);
const HEIGHTS = WIDTHS.map((width, layer) => (layer ? Math.exp(-0.5 * (width * FRACTIONS) ** 2) : 1));
/** How many of the 2 ** 52 fractions of a layer lie within the one above. */
const WITHIN = WIDTHS.map((width, layer) => (layer === 1 ? 0 : (WIDTHS.at(layer - 1)! / width) * FRACTIONS));

/** The words that SeedSequence makes of some whole numbers, 64 bits each. */
function seedWords(entropy: readonly bigint[], count: number): bigint[] {
  const words = entropy.flatMap((whole) => {
    const parts = [Number(whole & 0xffffffffn)];
    for (let rest = whole >> 32n; rest > 0n; rest >>= 32n) parts.push(Number(rest & 0xffffffffn));
    return parts;
  });
  const hashBy = (constant: number, times: number) => (value: number): number => {
    const mixed = value ^ constant;
    constant = Math.imul(constant, times);
    const product = Math.imul(mixed, constant);
    return (product ^ (product >>> 16)) >>> 0;
  };
  const [hash, hashAgain] = [hashBy(0x43b0d7e5, 0x931e8875), hashBy(0x8b51f9dd, 0x58f38ded)];
  const mix = (x: number, y: number): number => {
    const result = Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y);
    return (result ^ (result >>> 16)) >>> 0;
  };
  const pool = Array.from({ length: POOL }, (_, i) => hash(words[i] ?? 0));
  for (let source = 0; source < POOL; source++)
    for (let target = 0; target < POOL; target++)
      if (source !== target) pool[target] = mix(pool[target]!, hash(pool[source]!));
  for (const word of words.slice(POOL))
    for (let target = 0; target < POOL; target++) pool[target] = mix(pool[target]!, hash(word));
  const halves = Array.from({ length: 2 * count }, (_, i) => BigInt(hashAgain(pool[i % POOL]!)));
  return Array.from({ length: count }, (_, i) => halves[2 * i]! | (halves[2 * i + 1]! << 32n));
}

/** `numpy.random.default_rng` of some whole numbers. */
export class Generator {
  private state: bigint;
  private readonly increment: bigint;
  private half: number | null = null;

  constructor(...seed: (number | bigint)[]) {
    const [a, b, c, d] = seedWords(seed.map(BigInt), 4) as [bigint, bigint, bigint, bigint];
    this.increment = (((c << 64n) | d) << 1n) | 1n;
    this.state = this.increment + ((a << 64n) | b);
    this.draw();
  }

  /** Draw the next 64 bits. */
  private draw(): bigint {
    this.state = BigInt.asUintN(128, this.state * MULTIPLIER + this.increment);
    const folded = BigInt.asUintN(64, this.state ^ (this.state >> 64n));
    const turn = this.state >> 122n;
    return BigInt.asUintN(64, (folded >> turn) | (folded << (64n - turn)));
  }

  /** Uniform in [0, 1). */
  random(): number {
    return Number(this.draw() >> 11n) / 2 ** 53;
  }

  /** `integers(2**63)`. */
  seed(): bigint {
    return this.draw() >> 1n;
  }

  /** `integers(n)`, below 2**21. */
  below(n: number): number {
    if (n === 1) return 0;
    for (;;) {
      const product = this.bits32() * n;
      if (product % 2 ** 32 >= 2 ** 32 % n) return Math.floor(product / 2 ** 32);
    }
  }

  private bits32(): number {
    const kept = this.half;
    this.half = null;
    if (kept !== null) return kept;
    const drawn = this.draw();
    this.half = Number(drawn >> 32n);
    return Number(drawn & 0xffffffffn);
  }

  /** Standard normal. */
  normal(): number {
    for (;;) {
      const drawn = this.draw();
      const low = Number(drawn & 0x1ffn);
      const layer = low & 0xff;
      const whole = Number((drawn >> 9n) & 0xfffffffffffffn);
      const x = (low >> 8 ? -1 : 1) * whole * WIDTHS[layer]!;
      if (whole < WITHIN[layer]!) return x;
      if (layer > 0) {
        const [above, own] = [HEIGHTS[layer - 1]!, HEIGHTS[layer]!];
        if ((above - own) * this.random() + own < Math.exp(-0.5 * x * x)) return x;
        continue;
      }
      for (;;) {
        const far = -Math.log1p(-this.random()) * (1 / R);
        const top = -Math.log1p(-this.random());
        if (top + top > far * far) return (whole >> 8) & 1 ? -(R + far) : R + far;
      }
    }
  }

  /** Generators of their own, as `spicewidgets.core.random.children` draws them. */
  children(count: number): Generator[] {
    return Array.from({ length: count }, () => {
      const first = this.seed();
      return new Generator(first, this.seed());
    });
  }
}

const BLOCK = 128;

type Draws = readonly [uniforms: Float64Array, normals: Float64Array];

/** Noise of one session, trial by trial, as `Streams` draws it: of a block of trials, uniform numbers first. */
export function* noise(rng: Generator, uniforms: number, normals = 0): IterableIterator<Draws, never> {
  for (;;) {
    const flat = Float64Array.from({ length: BLOCK * uniforms }, () => rng.random());
    const bell = Float64Array.from({ length: BLOCK * normals }, () => rng.normal());
    for (let t = 0; t < BLOCK; t++)
      yield [flat.subarray(t * uniforms, (t + 1) * uniforms), bell.subarray(t * normals, (t + 1) * normals)];
  }
}
