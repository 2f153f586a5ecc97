import type { Checkpoint } from '../../src/io/checkpoint/checkpoint-types.ts';
import {
  type DenseTensor,
  denseTensor,
  elementwise,
  filledTensor,
  reshaped,
} from '../../src/layers/reference/tensor.ts';
import {
  broadcastMatmulTrain,
  embeddingLookupTrain,
  klDivergence,
  matmulTrain,
  type VariationalPair,
} from '../../src/layers/variational-dropout/index.ts';
import { timingSignal } from '../../src/models/transformer/timing.ts';

/** The variables of a checkpoint, its float32 tensors. */
export async function float64Variables(checkpoint: Checkpoint): Promise<Map<string, DenseTensor>> {
  const variables = new Map<string, DenseTensor>();
  for (const name of checkpoint.names()) {
    const { dtype, shape, data } = await checkpoint.read(name);
    if (dtype === 'float32') variables.set(name, denseTensor(shape, data as Float32Array));
  }
  return variables;
}

/** A training step of a Transformer of one layer with variational dropout. */
export interface VariationalStep {
  readonly scope: string;
  readonly embedding: string;
  readonly heads: number;
  readonly clipAlpha: number;
  readonly labelSmoothing: number;
  readonly penaltyWeight: number;
  /** Ids, all sentences of a side of one length, 0 behind their ends. */
  readonly inputs: readonly (readonly number[])[];
  readonly targets: readonly (readonly number[])[];
  /** Where rows are packed: of which sentence of its row each token is, and where in it. */
  readonly packed?: { readonly inputs: PackedPlaces; readonly targets: PackedPlaces } | undefined;
  /** What a site draws, batch first. */
  readonly noise: (site: string) => DenseTensor;
  /** None unless given. */
  readonly dropout?: DroppedOut;
}

/** Of the tokens of rows, by row; 0 for padding. */
export interface PackedPlaces {
  readonly segments: readonly (readonly number[])[];
  readonly positions: readonly (readonly number[])[];
}

/** What dropout leaves; sites are called as the device calls them. */
export interface DroppedOut {
  /** Of activations `[batch, length, features]`, which may be one sentence of all. */
  activations(site: string, x: DenseTensor): DenseTensor;
  /** Factor of a weight of attention. */
  weight(site: string, place: { sentence: number; head: number; query: number; key: number }): number;
}

type Side = 'inputs' | 'targets';

/** Values of the variables by their names. */
export type Variables = ReadonlyMap<string, DenseTensor>;

/**
 * Loss of the step as the original computes it (spec: transformer, 1.7 to 1.11 and 6.3), in float64 and with
 * activations `[batch, length, features]` as there: what the loss of a device, and differences of it the
 * gradients, are to be.
 */
export function variationalTransformerLoss(step: VariationalStep, variables: Variables): number {
  const forward = new Forward(step, variables);
  return forward.crossEntropy() + step.penaltyWeight * forward.divergence();
}

class Forward {
  readonly #step: VariationalStep;
  readonly #variables: Variables;

  constructor(step: VariationalStep, variables: Variables) {
    this.#step = step;
    this.#variables = variables;
  }

  divergence(): number {
    const { clipAlpha } = this.#step;
    const kernels = [...this.#variables.keys()].filter((name) => this.#variables.has(companionOf(name)));
    return kernels.reduce((total, name) => total + klDivergence(this.#pair(name), { clipAlpha }).data[0], 0);
  }

  /** Less what a perfect prediction would have. */
  crossEntropy(): number {
    const { embedding, labelSmoothing: wrong, targets, clipAlpha, noise } = this.#step;
    const x = this.#decoded();
    const [batch, length, features] = x.shape;
    const logits = matmulTrain(
      reshaped(x, [batch * length, features]),
      this.#pair(embedding),
      noise('softmax'),
      { transposeB: true, clipAlpha },
    );
    const classes = logits.shape[1];
    const each = wrong / (classes - 1);
    const least = -((1 - wrong) * Math.log(1 - wrong) + wrong * Math.log(each));
    let [total, tokens] = [0, 0];
    targets.flat().forEach((label, row) => {
      if (label === 0) return;
      const scores = logits.data.subarray(row * classes, (row + 1) * classes);
      const largest = Math.max(...scores);
      const rest = scores.reduce((sum, score) => sum + Math.exp(score - largest), 0);
      scores.forEach((score, id) => {
        total += (id === label ? 1 - wrong : each) * (largest + Math.log(rest) - score);
      });
      tokens++;
    });
    return total / tokens - least;
  }

  #decoded(): DenseTensor {
    const { scope, targets } = this.#step;
    const path = `${scope}/body/decoder`;
    const positions = positionsOf(targets, this.#step.packed?.targets);
    const moved = movedOn(this.#embedded(targets, 'targets'), positions);
    const timed = this.#dropped('decoder input', addTiming(moved, positions));
    const self = this.#attention(
      `${path}/layer_0/self_attention`,
      timed,
      undefined,
      (i, j, b) => j <= i && this.#together(['targets', i], ['targets', j], b),
    );
    const { inputs } = this.#step;
    const both = this.#attention(
      `${path}/layer_0/encdec_attention`,
      self,
      this.#encoded(),
      (i, j, b) => inputs[b][j] !== 0 && this.#together(['targets', i], ['inputs', j], b),
    );
    const fed = this.#feedForward(`${path}/layer_0/ffn`, both);
    return this.#norm(path, sum(both, this.#dropped(`${path}/layer_0/ffn/layer_postprocess`, fed)));
  }

  #encoded(): DenseTensor {
    const { scope, inputs } = this.#step;
    const body = `${scope}/body`;
    const space = this.#variable(`${body}/target_space_embedding/kernel`).data;
    const embedded = this.#embedded(inputs, 'inputs');
    const features = embedded.shape[2];
    const placed = { ...embedded, data: embedded.data.map((value, i) => value + space[i % features]) };
    const timed = addTiming(placed, positionsOf(inputs, this.#step.packed?.inputs));
    const x = this.#dropped('encoder input', timed);
    const path = `${body}/encoder/layer_0`;
    const attended = this.#attention(
      `${path}/self_attention`,
      x,
      undefined,
      (i, j, b) => inputs[b][j] !== 0 && this.#together(['inputs', i], ['inputs', j], b),
    );
    // Padding is taken out and the batch is one long sentence: all of it has the noise of one.
    const [batch, length] = attended.shape;
    const joined = reshaped(attended, [1, batch * length, features]);
    const fed = reshaped(this.#feedForward(`${path}/ffn`, joined), attended.shape);
    const ids = inputs.flat();
    const kept = { ...fed, data: fed.data.map((v, i) => (ids[Math.floor(i / features)] === 0 ? 0 : v)) };
    const added = this.#dropped(`${path}/ffn/layer_postprocess`, kept);
    return this.#norm(`${body}/encoder`, sum(attended, added));
  }

  /** Whether two tokens of a row are of one sentence, as all are where rows are not packed; padding, which nobody reads, sees all. */
  #together(query: readonly [Side, number], key: readonly [Side, number], row: number): boolean {
    const { packed } = this.#step;
    if (packed === undefined) return true;
    const [of, by] = [query, key].map(([side, place]) => packed[side].segments[row][place]);
    return of === 0 || of === by;
  }

  /** `[batch, length, features]`, 0 where an id is. */
  #embedded(ids: readonly (readonly number[])[], site: string): DenseTensor {
    const { embedding, clipAlpha, noise } = this.#step;
    const flat = { shape: [ids.length, ids[0].length], data: ids.flat() };
    const rows = embeddingLookupTrain(this.#pair(embedding), flat, noise(site), { clipAlpha });
    const features = rows.shape[2];
    return {
      ...rows,
      data: rows.data.map((v, i) =>
        flat.data[Math.floor(i / features)] === 0 ? 0 : v * Math.sqrt(features),
      ),
    };
  }

  /** `x + MHA(norm(x), memory or the same)` @param sees whether query i of a sentence sees key j */
  #attention(
    path: string,
    x: DenseTensor,
    memory: DenseTensor | undefined,
    sees: (i: number, j: number, sentence: number) => boolean,
  ): DenseTensor {
    const normalised = this.#norm(path, x);
    const part = (leaf: string, of: DenseTensor) => this.#linear(`${path}/multihead_attention/${leaf}`, of);
    const [query, key, value] = [
      part('q', normalised),
      part('k', memory ?? normalised),
      part('v', memory ?? normalised),
    ];
    const [batch, queries, features] = query.shape;
    const keys = key.shape[1];
    const size = features / this.#step.heads;
    const attended = filledTensor(query.shape, 0);
    for (let at = 0; at < batch * queries * this.#step.heads; at++) {
      const first = (at % this.#step.heads) * size;
      const row = Math.floor(at / this.#step.heads);
      const [sentence, i] = [Math.floor(row / queries), row % queries];
      const seen = Array.from({ length: keys }, (_, j) => j).filter((j) => sees(i, j, sentence));
      const scores = seen.map((j) => {
        let dot = 0;
        for (let d = first; d < first + size; d++) {
          dot += query.data[row * features + d] * key.data[(sentence * keys + j) * features + d];
        }
        return dot / Math.sqrt(size);
      });
      const largest = Math.max(...scores);
      const total = scores.reduce((all, score) => all + Math.exp(score - largest), 0);
      seen.forEach((j, k) => {
        const place = { sentence, head: at % this.#step.heads, query: i, key: j };
        const factor = this.#step.dropout?.weight(`${path}/attention_weights`, place) ?? 1;
        const weight = (factor * Math.exp(scores[k] - largest)) / total;
        for (let d = first; d < first + size; d++) {
          attended.data[row * features + d] += weight * value.data[(sentence * keys + j) * features + d];
        }
      });
    }
    return sum(x, this.#dropped(`${path}/layer_postprocess`, part('output_transform', attended)));
  }

  #feedForward(path: string, x: DenseTensor): DenseTensor {
    const inner = elementwise((v) => Math.max(0, v), this.#biased(`${path}/conv1`, this.#norm(path, x)));
    return this.#biased(`${path}/conv2`, this.#dropped(`${path}/relu`, inner));
  }

  #dropped(site: string, x: DenseTensor): DenseTensor {
    return this.#step.dropout?.activations(site, x) ?? x;
  }

  #biased(path: string, x: DenseTensor): DenseTensor {
    const bias = this.#variable(`${path}/bias`).data;
    const y = this.#linear(path, x);
    return { ...y, data: y.data.map((value, i) => value + bias[i % bias.length]) };
  }

  #linear(path: string, x: DenseTensor): DenseTensor {
    const { clipAlpha, noise } = this.#step;
    return broadcastMatmulTrain(x, this.#pair(`${path}/kernel`), noise(`${path}/kernel`), { clipAlpha });
  }

  #norm(path: string, x: DenseTensor): DenseTensor {
    const name = `${path}/layer_prepostprocess/layer_norm/layer_norm`;
    const [scale, bias] = [this.#variable(`${name}_scale`).data, this.#variable(`${name}_bias`).data];
    const features = scale.length;
    const y = filledTensor(x.shape, 0);
    for (let at = 0; at < x.data.length; at += features) {
      const row = x.data.subarray(at, at + features);
      const mean = row.reduce((a, b) => a + b) / features;
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / features;
      row.forEach((value, i) => {
        y.data[at + i] = ((value - mean) / Math.sqrt(variance + 1e-6)) * scale[i] + bias[i];
      });
    }
    return y;
  }

  #pair(name: string): VariationalPair {
    return [this.#variable(name), this.#variable(companionOf(name))];
  }

  #variable(name: string): DenseTensor {
    const variable = this.#variables.get(name);
    if (variable === undefined) throw new Error(`there is no variable ${name}`);
    return variable;
  }
}

/** Where `log σ²` of a kernel, or of the embedding, is. */
function companionOf(name: string): string {
  return name.endsWith('/kernel') ? name.replace(/kernel$/, 'log_sigma2') : `${name}_aux`;
}

/** Place of each column in its sentence. */
function positionsOf(rows: readonly (readonly number[])[], packed?: PackedPlaces): readonly number[] {
  return (packed?.positions ?? rows.map((row) => row.map((_, i) => i))).flat();
}

/** Every sentence moved on by one position, zeros first. */
function movedOn({ shape, data }: DenseTensor, positions: readonly number[]): DenseTensor {
  const features = shape[2];
  const moved = (i: number) => (positions[Math.floor(i / features)] === 0 ? 0 : data[i - features]);
  return { shape, data: data.map((_, i) => moved(i)) };
}

function addTiming({ shape, data }: DenseTensor, positions: readonly number[]): DenseTensor {
  const [, length, features] = shape;
  const signal = timingSignal(length, features);
  const timed = (i: number) => signal[positions[Math.floor(i / features)] * features + (i % features)];
  return { shape, data: data.map((value, i) => value + timed(i)) };
}

function sum(a: DenseTensor, b: DenseTensor): DenseTensor {
  return elementwise((x, y) => x + y, a, b);
}
