/** NumPy's random numbers, to the bit: SeedSequence, PCG64, and the methods of Generator that a simulation uses. */
import { FI, INVERSE_R, KI, R, WI } from "./ziggurat";

const MASK128 = (1n << 128n) - 1n;
const MULTIPLIER = limbs(0x2360ed051fc65da44385df649fccf645n);
const POOL = 4;

function limbs(whole: bigint): Uint32Array {
  return Uint32Array.from([0n, 32n, 64n, 96n], (shift) => Number((whole >> shift) & 0xffffffffn));
}

/** The words that SeedSequence makes of some whole numbers, 64 bits each. */
function seedWords(entropy: readonly bigint[], count: number): bigint[] {
  const words = entropy.flatMap((whole) => {
    const parts = [Number(whole & 0xffffffffn)];
    for (let rest = whole >> 32n; rest > 0n; rest >>= 32n) parts.push(Number(rest & 0xffffffffn));
    return parts;
  });
  let constant = 0x43b0d7e5;
  const hash = (value: number): number => {
    const mixed = value ^ constant;
    constant = Math.imul(constant, 0x931e8875);
    const product = Math.imul(mixed, constant);
    return (product ^ (product >>> 16)) >>> 0;
  };
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
  constant = 0x8b51f9dd;
  const halves = Array.from({ length: 2 * count }, (_, i) => {
    const value = pool[i % POOL]! ^ constant;
    constant = Math.imul(constant, 0x58f38ded);
    const product = Math.imul(value, constant);
    return BigInt((product ^ (product >>> 16)) >>> 0);
  });
  return Array.from({ length: count }, (_, i) => halves[2 * i]! | (halves[2 * i + 1]! << 32n));
}

/** The upper half of the product of two 32-bit numbers. */
function multiplyHigh(a: number, b: number): number {
  const low = a & 0xffff;
  const high = a >>> 16;
  const right = b & 0xffff;
  const left = b >>> 16;
  const middle = high * right + ((low * right) >>> 16);
  return (high * left + Math.floor(middle / 65536) + (((middle & 0xffff) + low * left) / 65536)) >>> 0;
}

/** `numpy.random.default_rng` of some whole numbers. Numbers of 128 bits are four of 32, the lowest first. */
export class Generator {
  private readonly state = new Uint32Array(4);
  private readonly increment: Uint32Array;
  private readonly next = new Uint32Array(4);
  private high = 0;
  private low = 0;
  private half: number | null = null;

  constructor(...seed: (number | bigint)[]) {
    const [a, b, c, d] = seedWords(seed.map(BigInt), 4) as [bigint, bigint, bigint, bigint];
    this.increment = limbs(((((c << 64n) | d) << 1n) | 1n) & MASK128);
    this.add(this.increment);
    this.add(limbs((a << 64n) | b));
    this.step();
  }

  private add(other: Uint32Array): void {
    let carry = 0;
    for (let i = 0; i < 4; i++) {
      const sum = this.state[i]! + other[i]! + carry;
      this.state[i] = sum;
      carry = sum > 0xffffffff ? 1 : 0;
    }
  }

  private step(): void {
    const { state, next } = this;
    next.fill(0);
    for (let i = 0; i < 4; i++) {
      let carry = 0;
      for (let j = 0; i + j < 4; j++) {
        const low = (Math.imul(state[i]!, MULTIPLIER[j]!) >>> 0) + next[i + j]! + carry;
        next[i + j] = low;
        carry = multiplyHigh(state[i]!, MULTIPLIER[j]!) + (low > 0x1ffffffff ? 2 : low > 0xffffffff ? 1 : 0);
      }
    }
    state.set(next);
    this.add(this.increment);
  }

  /** Draw the next 64 bits, into `high` and `low`. */
  private draw(): void {
    this.step();
    const { state } = this;
    const even = state[0]! ^ state[2]!;
    const odd = state[1]! ^ state[3]!;
    const turn = state[3]! >>> 26;
    const low = turn & 32 ? odd : even;
    const high = turn & 32 ? even : odd;
    const by = turn & 31;
    this.low = (by ? (low >>> by) | (high << (32 - by)) : low) >>> 0;
    this.high = (by ? (high >>> by) | (low << (32 - by)) : high) >>> 0;
  }

  /** Uniform in [0, 1). */
  random(): number {
    this.draw();
    return (this.high * 2097152 + (this.low >>> 11)) / 9007199254740992;
  }

  /** `integers(2**63)`. */
  seed(): bigint {
    this.draw();
    return ((BigInt(this.high) << 32n) | BigInt(this.low)) >> 1n;
  }

  /** `integers(n)`, below 2**32. */
  below(n: number): number {
    if (n === 1) return 0;
    const threshold = (4294967296 - n) % n;
    for (;;) {
      const bits = this.bits32();
      if (Math.imul(bits, n) >>> 0 >= threshold) return multiplyHigh(bits, n);
    }
  }

  private bits32(): number {
    const kept = this.half;
    if (kept !== null) {
      this.half = null;
      return kept;
    }
    this.draw();
    this.half = this.high;
    return this.low;
  }

  /** Standard normal. */
  normal(): number {
    for (;;) {
      this.draw();
      const { high, low } = this;
      const layer = low & 0xff;
      const whole = (high & 0x1fffffff) * 8388608 + (low >>> 9);
      const x = ((low >>> 8) & 1 ? -1 : 1) * whole * WI[layer]!;
      if (whole < KI[layer]!) return x;
      if (layer > 0) {
        if ((FI[layer - 1]! - FI[layer]!) * this.random() + FI[layer]! < Math.exp(-0.5 * x * x)) return x;
        continue;
      }
      for (;;) {
        const far = -INVERSE_R * Math.log1p(-this.random());
        const top = -Math.log1p(-this.random());
        if (top + top > far * far) return (low >>> 17) & 1 ? -(R + far) : R + far;
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

/** Noise of one session, trial by trial, as `Streams` draws it: uniform numbers first, normal ones after them. */
export class Stream {
  private trial = BLOCK - 1;
  private readonly drawn: Float64Array;

  constructor(
    private readonly rng: Generator,
    private readonly uniforms: number,
    private readonly normals = 0,
  ) {
    this.drawn = new Float64Array(BLOCK * (uniforms + normals));
  }

  /** Go on to the next trial. */
  advance(): void {
    if (++this.trial < BLOCK) return;
    this.trial = 0;
    const middle = BLOCK * this.uniforms;
    for (let i = 0; i < middle; i++) this.drawn[i] = this.rng.random();
    for (let i = middle; i < this.drawn.length; i++) this.drawn[i] = this.rng.normal();
  }

  uniform(i: number): number {
    return this.drawn[this.trial * this.uniforms + i]!;
  }

  normal(i: number): number {
    return this.drawn[BLOCK * this.uniforms + this.trial * this.normals + i]!;
  }
}
