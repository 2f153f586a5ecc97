import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AdapterError, DeviceError, DisposedError, UsageError } from '../../src/base/errors.ts';
import { BufferUsage } from '../../src/graph/device/buffer-usage.ts';
import { type Gpu, openGpu } from '../../src/graph/open-gpu.ts';
import { testGpu } from '../support/gpu.ts';

const STORAGE = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;

describe('openGpu', () => {
  it('names the adapter, library and runtime', async () => {
    const gpu = await testGpu();
    assert.match(gpu.adapter.runtime, /^(node|deno|bun) \d+\.\d+/);
    assert.ok(gpu.describe().includes(gpu.adapter.runtime));
    assert.equal(gpu.deviceClass, gpu.adapter.software ? 'cpu' : 'gpu');
  });

  it('gives limits as numbers, no smaller than what every adapter has', async () => {
    const { limits } = await testGpu();
    for (const [name, value] of Object.entries(limits)) assert.equal(typeof value, 'number', name);
    assert.ok(limits.maxStorageBufferBindingSize >= 128 * 2 ** 20);
    assert.ok(limits.maxStorageBuffersPerShaderStage >= 8);
    assert.ok(limits.maxComputeInvocationsPerWorkgroup >= 256);
  });

  it('finds out whether long loops run to their end, as everywhere but on llvmpipe', async () => {
    const gpu = await testGpu();
    assert.equal(gpu.features.longLoops, !/llvmpipe/i.test(gpu.describe()));
  });

  it('computes', async () => {
    const gpu = await testGpu();
    const input = Float32Array.from({ length: 100 }, (_, i) => i);
    assert.deepEqual(
      await doubled(gpu, input),
      input.map((x) => 2 * x),
    );
  });

  it('refuses software adapters unless they are allowed', async () => {
    const gpu = await testGpu();
    if (!gpu.adapter.software) return;
    await assert.rejects(openGpu({ allowSoftware: false }), (error: Error) => {
      assert.ok(error instanceof AdapterError);
      assert.match(error.message, /on the CPU.*TSOS_SOFTWARE=1/);
      return true;
    });
  });

  it('says in one sentence what to do where there is no adapter', () => {
    const { status, stderr } = openInBareEnvironment();
    assert.match(stderr, /AdapterError/);
    assert.match(stderr, /install|TSOS_SOFTWARE=1/i);
    assert.equal(status, 4, stderr);
  });
});

describe('Gpu', () => {
  it('reads ranges of a buffer', async () => {
    const gpu = await testGpu();
    const buffer = gpu.createBuffer('bytes', 16, STORAGE);
    gpu.device.queue.writeBuffer(
      buffer,
      0,
      Uint8Array.from({ length: 16 }, (_, i) => i),
    );
    assert.deepEqual(new Uint8Array(await gpu.read(buffer, 4, 3)), Uint8Array.of(4, 5, 6));
    assert.equal((await gpu.read(buffer, 16)).byteLength, 0);
    await assert.rejects(gpu.read(buffer, 2, 4), UsageError);
    await assert.rejects(gpu.read(buffer, 12, 8), UsageError);
    buffer.destroy();
  });

  it('refuses buffers above the limits with label and sizes', async () => {
    const gpu = await testGpu();
    const limit = Math.min(gpu.limits.maxBufferSize, gpu.limits.maxStorageBufferBindingSize);
    assert.throws(
      () => gpu.createBuffer('embedding', limit + 4, STORAGE),
      (error: Error) => {
        assert.ok(error instanceof AdapterError);
        assert.match(error.message, new RegExp(`embedding needs ${limit + 4} bytes.* allows ${limit} bytes`));
        return true;
      },
    );
    assert.throws(() => gpu.createBuffer('nothing', 0, STORAGE), UsageError);
  });

  it('throws after disposal, naming the adapter', async () => {
    const gpu = await openGpu({ allowSoftware: true });
    const buffer = gpu.createBuffer('orphan', 4, STORAGE);
    await gpu.close();
    gpu.dispose();
    assert.equal(gpu.lost, true);
    assert.throws(() => gpu.createBuffer('late', 4, STORAGE), DisposedError);
    assert.throws(() => gpu.check(), DisposedError);
    await assert.rejects(gpu.read(buffer), DisposedError);
  });

  it('is disposed at the end of a scope', async () => {
    let escaped: Gpu;
    {
      await using gpu = await openGpu({ allowSoftware: true });
      escaped = gpu;
    }
    assert.throws(() => escaped.device, DisposedError);
  });

  it('reports a lost device at the next await', async () => {
    const gpu = await openGpu({ allowSoftware: true });
    const buffer = gpu.createBuffer('stranded', 4, STORAGE);
    gpu.device.destroy();
    await assert.rejects(gpu.read(buffer), lostDevice);
    await assert.rejects(gpu.settled(), lostDevice);
    assert.equal(gpu.lost, true);
    gpu.dispose();
  });

  it('reports a kernel that does not compile, once', async () => {
    const gpu = await openGpu({ allowSoftware: true });
    gpu.device.createShaderModule({ code: 'fn main() { this is not WGSL }' });
    await assert.rejects(gpu.settled(), (error: Error) => {
      assert.ok(error instanceof DeviceError);
      assert.match(error.message, /refused a command/);
      return true;
    });
    await gpu.settled();
    await gpu.close();
  });

  it('reports an invalid command at the read that depends on it', async () => {
    const gpu = await openGpu({ allowSoftware: true });
    const unreadable = gpu.createBuffer('unreadable', 4, BufferUsage.STORAGE);
    await assert.rejects(gpu.read(unreadable), DeviceError);
    await gpu.close();
  });
});

function lostDevice(error: Error): boolean {
  assert.ok(error instanceof DeviceError);
  assert.match(error.message, /was lost/);
  return true;
}

async function doubled(gpu: Gpu, input: Float32Array): Promise<Float32Array> {
  const { device } = gpu;
  const buffer = gpu.createBuffer('numbers', input.byteLength, STORAGE);
  device.queue.writeBuffer(buffer, 0, input as Float32Array<ArrayBuffer>);
  const module = device.createShaderModule({
    code: /* wgsl */ `
      @group(0) @binding(0) var<storage, read_write> numbers: array<f32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
        if (id.x < arrayLength(&numbers)) { numbers[id.x] *= 2.0; }
      }`,
  });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module, entryPoint: 'main' } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ binding: 0, resource: { buffer } }],
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(input.length / 64));
  pass.end();
  device.queue.submit([encoder.finish()]);
  const result = new Float32Array(await gpu.read(buffer));
  buffer.destroy();
  return result;
}

/** Opens a device in a child process that was not told where a software adapter is, nor allowed to use one. */
function openInBareEnvironment(): { status: number | null; stderr: string } {
  const script = fileURLToPath(new URL('../support/open-gpu-or-exit.ts', import.meta.url));
  const env: NodeJS.ProcessEnv = { ...process.env };
  // Emptied, not removed: Deno hands a child what the parent has on top of what it is given.
  for (const name of ['LD_LIBRARY_PATH', 'VK_DRIVER_FILES', 'VK_ICD_FILENAMES', 'TSOS_SOFTWARE'])
    env[name] = '';
  const { status, stderr } = spawnSync(process.execPath, [...runtimeArguments(), script], {
    env,
    encoding: 'utf8',
  });
  return { status, stderr };
}

/** How this runtime is told to run a TypeScript file. */
function runtimeArguments(): string[] {
  if (process.versions.deno) return ['run', '-A', '--unstable-webgpu'];
  if (process.versions.bun) return [];
  return ['--import', 'tsx'];
}
