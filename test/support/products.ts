import type { Scope } from '../../src/graph/device/scope.ts';
import type { Epilogue } from '../../src/wgsl/product-epilogue.ts';
import fc from './fast-check.ts';
import type { Product } from './oracles.ts';
import { floats, type Pattern, randomFrom, sparsify } from './random.ts';

/**
 * Products of every shape, density and epilogue, with magnitudes so far apart that sums cancel and lose bits. Columns come
 * in fours, as the layout of activations demands; nothing else does.
 */
export const productCase: fc.Arbitrary<Product> = fc
  .record({
    rows: fc.integer({ min: 1, max: 40 }),
    depth: fc.integer({ min: 1, max: 30 }),
    columns4: fc.integer({ min: 1, max: 18 }),
    density: fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true })),
    pattern: fc.constantFrom<Pattern>('scattered', 'empty rows', 'one full row'),
    spread: fc.integer({ min: 0, max: 16 }),
    relu: fc.boolean(),
    columnScale: fc.boolean(),
    residual: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ rows, depth, columns4, density, pattern, spread, relu, columnScale, residual, seed }) => {
    const random = randomFrom(seed);
    const columns = 4 * columns4;
    const some = (count: number) => floats(random, count, spread);
    return {
      rows,
      depth,
      columns,
      a: sparsify(random, some(rows * depth), depth, density, pattern),
      b: some(depth * columns),
      bias: some(rows),
      relu,
      columnScale: columnScale ? some(columns).map((value, i) => (i % 3 === 0 ? 0 : value)) : undefined,
      residual: residual ? some(rows * columns) : undefined,
    };
  });

/** `a [rows, depth] · b`, nothing added. */
export function plainProduct(a: Float32Array, rows: number, b: Float32Array, depth: number): Product {
  const columns = b.length / depth;
  const bias = new Float32Array(rows);
  return { rows, depth, columns, a, b, bias, relu: false, columnScale: undefined, residual: undefined };
}

export function epilogueOf({ relu, columnScale, residual }: Product): Epilogue {
  return { relu, columnScale: columnScale !== undefined, residual: residual !== undefined };
}

/** The tensors of the epilogue, by the names of the kernels' bindings. */
export function epilogueTensors(scope: Scope, { rows, columns, columnScale, residual }: Product) {
  return {
    ...(columnScale ? { column_scale: scope.upload('scale', [1, columns], columnScale) } : {}),
    ...(residual ? { residual: scope.upload('residual', [rows, columns], residual) } : {}),
  };
}
