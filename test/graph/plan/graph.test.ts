import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeviceError, DeviceTooSmallError, UsageError } from '../../../src/base/errors.ts';
import { Scope } from '../../../src/graph/device/scope.ts';
import { Graph } from '../../../src/graph/plan/graph.ts';
import { type Grid, kernel } from '../../../src/wgsl/kernel.ts';
import { BLEND, BLEND_LENGTH } from '../../support/blend.ts';
import { testGpu } from '../../support/gpu.ts';

test('a dispatch with a missing or unknown tensor or parameter is refused, and they are named', async () => {
  const graph = new Graph(await testGpu(), 'encoder');
  const [a, b, sum] = ['a', 'b', 'sum'].map((name) => graph.tensor(name, [BLEND_LENGTH]));
  const good = { shift: 0, weight: 1 };
  const refused = (
    parameters: Record<string, number>,
    tensors: Record<string, typeof a>,
    message: RegExp,
  ) => {
    const dispatch = () => graph.dispatch(BLEND, [1, 1, 1], parameters, tensors);
    assert.throws(dispatch, (error: Error) => error instanceof UsageError && message.test(error.message));
  };
  refused(good, { a, b }, /encoder: kernel "blend", tensors: missing \[sum\], unknown \[\]/);
  refused(good, { a, b, sum, bias: b }, /tensors: missing \[\], unknown \[bias\]/);
  refused(good, { a, bb: b, sum }, /tensors: missing \[b\], unknown \[bb\]/);
  refused({ shift: 0 }, { a, b, sum }, /parameters: missing \[weight\], unknown \[\]/);
  refused({ ...good, rows: 1 }, { a, b, sum }, /parameters: missing \[\], unknown \[rows\]/);
});

test('a grid beyond the limits of the device, or empty, is refused', async () => {
  const gpu = await testGpu();
  const graph = new Graph(gpu, 'decoder');
  const tensors = Object.fromEntries(
    ['a', 'b', 'sum'].map((name) => [name, graph.tensor(name, [BLEND_LENGTH])]),
  );
  const most = gpu.limits.maxComputeWorkgroupsPerDimension;
  const dispatch = (grid: Grid) => graph.dispatch(BLEND, grid, { shift: 0, weight: 1 }, tensors);
  dispatch([most, 1, 1]);
  const wrong: readonly Grid[] = [
    [most + 1, 1, 1],
    [1, most + 1, 1],
    [1, 1, most + 1],
  ];
  for (const grid of wrong) assert.throws(() => dispatch(grid), DeviceTooSmallError);
  assert.throws(() => dispatch([1, 0, 1]), UsageError);
  const message = new RegExp(`kernel "blend" needs ${most + 1} x 1 x 1 workgroups.*allows ${most}`);
  assert.throws(() => dispatch([most + 1, 1, 1]), message);
});

test('a kernel that does not compile is reported with its line, every time it is asked for', async () => {
  const gpu = await testGpu();
  const broken = kernel({
    name: 'broken',
    parameters: [],
    bindings: [{ name: 'x', element: 'f32', access: 'read_write' }],
    body: /* wgsl */ `
@compute @workgroup_size(1)
fn main() {
  x[0] = missing_function(1.0);
}`,
  });
  using scope = new Scope(gpu);
  for (let time = 0; time < 2; time++) {
    const graph = new Graph(gpu, 'broken graph');
    graph.dispatch(broken, [1, 1, 1], {}, { x: scope.tensor('x', [1]) });
    await assert.rejects(graph.plan(), (error: Error) => {
      assert.ok(error instanceof DeviceError);
      assert.match(error.message, /Kernel "broken" does not compile/);
      assert.match(error.message, /x\[0\] = missing_function\(1\.0\);/);
      return true;
    });
  }
  // Reported once by the plan, not again by the device.
  await gpu.settled();
});
