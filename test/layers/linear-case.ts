import { type DenseTensor, denseTensor } from '../../src/layers/reference/tensor.ts';
import fc from '../support/fast-check.ts';
import { below, type Random, randomFrom } from '../support/random.ts';

/** One of the linear operations of the layers with an input of random numbers, on a small and often odd shape. */
export type LinearCase = {
  /** Shape of the weights. */
  readonly weights: readonly number[];
  /** Shape of the result. */
  readonly result: readonly number[];
  readonly seed: number;
} & (
  | {
      readonly kind: 'matmul';
      readonly x: DenseTensor;
      readonly transposeA: boolean;
      readonly transposeB: boolean;
    }
  | { readonly kind: 'broadcast'; readonly x: DenseTensor }
  | {
      readonly kind: 'conv2d';
      readonly x: DenseTensor;
      readonly strides: readonly [number, number];
      readonly padding: 'SAME' | 'VALID';
    }
  | {
      readonly kind: 'embedding';
      readonly ids: { readonly shape: readonly number[]; readonly data: Uint32Array };
    }
);

export type CaseOf<Kind extends LinearCase['kind']> = Extract<LinearCase, { kind: Kind }>;

/** A tensor of float32 values, so that devices hold it exactly. */
export function randomTensor(random: Random, shape: readonly number[], low = -1, high = 1): DenseTensor {
  const count = shape.reduce((product, extent) => product * extent, 1);
  return denseTensor(
    shape,
    Float32Array.from({ length: count }, () => low + (high - low) * random()),
  );
}

/** Weights and log σ² whose log α is on both sides of the default threshold and of bounds of 1 to 3. */
export function randomPair(random: Random, shape: readonly number[]): [DenseTensor, DenseTensor] {
  return [randomTensor(random, shape), randomTensor(random, shape, -5, 3)];
}

/** Standard normal numbers for a test, not the generator's. */
export function randomNormal(random: Random, shape: readonly number[]): DenseTensor {
  const sum = () => Array.from({ length: 12 }, random).reduce((total, u) => total + u, -6);
  const count = shape.reduce((product, extent) => product * extent, 1);
  return denseTensor(shape, Float32Array.from({ length: count }, sum));
}

const extent = fc.integer({ min: 1, max: 6 });
const seed = fc.nat();

export const matmulCase: fc.Arbitrary<CaseOf<'matmul'>> = fc
  .record({ m: extent, n: extent, k: extent, transposeA: fc.boolean(), transposeB: fc.boolean(), seed })
  .map(({ m, n, k, transposeA, transposeB, seed }) => ({
    kind: 'matmul',
    x: randomTensor(randomFrom(seed), transposeA ? [n, m] : [m, n]),
    weights: transposeB ? [k, n] : [n, k],
    result: [m, k],
    transposeA,
    transposeB,
    seed,
  }));

export const broadcastCase: fc.Arbitrary<CaseOf<'broadcast'>> = fc
  .record({
    outer: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    n: extent,
    k: extent,
    seed,
  })
  .map(({ outer, n, k, seed }) => ({
    kind: 'broadcast',
    x: randomTensor(randomFrom(seed), [...outer, n]),
    weights: [n, k],
    result: [...outer, k],
    seed,
  }));

export const convolutionCase: fc.Arbitrary<CaseOf<'conv2d'>> = fc
  .record({
    batch: fc.integer({ min: 1, max: 3 }),
    height: extent,
    width: extent,
    channels: fc.integer({ min: 1, max: 3 }),
    outputs: fc.integer({ min: 1, max: 3 }),
    kernelHeight: fc.integer({ min: 1, max: 3 }),
    kernelWidth: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    padding: fc.constantFrom('SAME' as const, 'VALID' as const),
    seed,
  })
  .filter(
    ({ height, width, kernelHeight, kernelWidth, padding }) =>
      padding === 'SAME' || (height >= kernelHeight && width >= kernelWidth),
  )
  .map((drawn) => {
    const { batch, height, width, channels, outputs, kernelHeight, kernelWidth, stride, padding, seed } =
      drawn;
    const out = (size: number, kernel: number) =>
      Math.ceil((padding === 'SAME' ? size : size - kernel + 1) / stride);
    return {
      kind: 'conv2d',
      x: randomTensor(randomFrom(seed), [batch, height, width, channels]),
      weights: [kernelHeight, kernelWidth, channels, outputs],
      result: [batch, out(height, kernelHeight), out(width, kernelWidth), outputs],
      strides: [stride, stride],
      padding,
      seed,
    };
  });

export const embeddingCase: fc.Arbitrary<CaseOf<'embedding'>> = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 3 }),
    v: extent,
    d: extent,
    seed,
  })
  .map(({ shape, v, d, seed }) => {
    const random = randomFrom(seed);
    const count = shape.reduce((product, size) => product * size, 1);
    return {
      kind: 'embedding',
      ids: { shape, data: Uint32Array.from({ length: count }, () => below(random, v)) },
      weights: [v, d],
      result: [...shape, d],
      seed,
    };
  });

/** Any of the four. */
export const linearCase: fc.Arbitrary<LinearCase> = fc.oneof(
  matmulCase,
  broadcastCase,
  convolutionCase,
  embeddingCase,
);

/** The plain operation, straight from its definition: what every technique must reduce to. */
export function plain(given: LinearCase, weights: DenseTensor, x?: DenseTensor): DenseTensor {
  switch (given.kind) {
    case 'matmul':
      return plainMatmul(given, weights, x ?? given.x);
    case 'broadcast': {
      const input = x ?? given.x;
      const [n] = weights.shape;
      const rows = { kind: 'matmul', transposeA: false, transposeB: false, seed: 0 } as const;
      const flat = denseTensor([input.data.length / n, n], input.data);
      const { data } = plainMatmul({ ...rows, x: flat, weights: weights.shape, result: [] }, weights, flat);
      return denseTensor(given.result, data);
    }
    case 'conv2d':
      return plainConvolution(given, weights, x ?? given.x);
    case 'embedding': {
      const [, d] = weights.shape;
      const rows = Array.from(given.ids.data, (id) => [...weights.data.slice(id * d, (id + 1) * d)]);
      return denseTensor(given.result, rows.flat());
    }
  }
}

function plainMatmul(
  { transposeA, transposeB }: CaseOf<'matmul'>,
  w: DenseTensor,
  x: DenseTensor,
): DenseTensor {
  const [m, n] = transposeA ? [x.shape[1], x.shape[0]] : x.shape;
  const k = w.shape[transposeB ? 0 : 1];
  const y = Array.from({ length: m * k }, (_, i) => {
    const [row, column] = [Math.floor(i / k), i % k];
    let sum = 0;
    for (let j = 0; j < n; j++) {
      sum +=
        x.data[transposeA ? j * m + row : row * n + j] * w.data[transposeB ? column * n + j : j * k + column];
    }
    return sum;
  });
  return denseTensor([m, k], y);
}

function plainConvolution(
  { result, strides, padding }: CaseOf<'conv2d'>,
  w: DenseTensor,
  x: DenseTensor,
): DenseTensor {
  const [, height, width, channels] = x.shape;
  const [kernelHeight, kernelWidth, , outputs] = w.shape;
  const [, outHeight, outWidth] = result;
  const before = (out: number, size: number, kernel: number, stride: number) =>
    padding === 'SAME' ? Math.floor(Math.max((out - 1) * stride + kernel - size, 0) / 2) : 0;
  const top = before(outHeight, height, kernelHeight, strides[0]);
  const left = before(outWidth, width, kernelWidth, strides[1]);
  const y = denseTensor(result, new Float64Array(result.reduce((product, size) => product * size, 1)));
  for (let i = 0; i < y.data.length; i++) {
    const o = i % outputs;
    const column = Math.floor(i / outputs) % outWidth;
    const row = Math.floor(i / (outputs * outWidth)) % outHeight;
    const b = Math.floor(i / (outputs * outWidth * outHeight));
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let kx = 0; kx < kernelWidth; kx++) {
        const [py, px] = [row * strides[0] + ky - top, column * strides[1] + kx - left];
        if (py < 0 || py >= height || px < 0 || px >= width) continue;
        for (let c = 0; c < channels; c++) {
          y.data[i] +=
            x.data[((b * height + py) * width + px) * channels + c] *
            w.data[((ky * kernelWidth + kx) * channels + c) * outputs + o];
        }
      }
    }
  }
  return y;
}
