/**
 * TensorFlow.js with its WebGPU backend.
 * @returns {Promise<import('./spmm.mjs').Peer>}
 */
export async function openTfjs() {
  const tf = await import('@tensorflow/tfjs-core');
  await import('@tensorflow/tfjs-backend-webgpu');
  await tf.setBackend('webgpu');
  return {
    name: `tfjs-backend-webgpu ${tf.version_core}`,
    async product({ rows, cols, n, a, b }) {
      const left = tf.tensor2d(a, [rows, cols]);
      const right = tf.tensor2d(b, [cols, n]);
      return {
        async run(times) {
          for (let time = 0; time < times; time++) tf.matMul(left, right).dispose();
          // It batches its work and has no call that only sends what is there.
          tf.backend().endComputePassEncoder();
          tf.backend().submitQueue();
        },
        async result() {
          const c = tf.matMul(left, right);
          const values = await c.data();
          c.dispose();
          return values;
        },
        async dispose() {
          tf.dispose([left, right]);
        },
      };
    },
  };
}
