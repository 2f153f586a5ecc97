import { Vocabulary } from '../../src/io/text/subwords.ts';
import type { Transformer, TranslateOptions } from '../../src/models/transformer/model.ts';

/** A vocabulary of single characters: encoding and decoding lose nothing. */
export const CHARACTERS = new Vocabulary([
  '<pad>_',
  '<EOS>_',
  ...Array.from('abcdefghijklmnopqrstuvwxyz ABC_\\;0123456789'),
]);

/** What was asked of an `echoTransformer`. */
export interface EchoCall {
  readonly ids: readonly (readonly number[])[];
  readonly options: TranslateOptions;
}

/** A model that needs no device: what it is given comes back, up to the limit of the length. */
export function echoTransformer(): Transformer & { readonly calls: EchoCall[] } {
  const calls: EchoCall[] = [];
  const unused = () => Promise.reject(new Error('the echo does not do this'));
  return {
    config: {
      scope: 'sparse_transformer',
      embeddingScope: 'sparse_transformer/symbol_modality_45_8/shared',
      technique: 'magnitude_pruning',
      threshold: undefined,
      valuePrecision: 'f32',
      hidden: 8,
      vocabulary: CHARACTERS.size,
      heads: 2,
      headsSource: 'option',
      encoderLayers: 1,
      decoderLayers: 1,
    },
    vocabularySize: CHARACTERS.size,
    weights: { nonzero: 1, total: 2, sparseLayers: 1, denseLayers: 0 },
    byteLength: 0,
    calls,
    encode: unused,
    logits: unused,
    async translate(ids, options = {}) {
      options.signal?.throwIfAborted();
      calls.push({ ids, options });
      const longest = Math.max(...ids.map(({ length }) => length));
      const limit = options.maxLength ?? longest + (options.extraLength ?? 100);
      return ids.map((sentence) => ({
        ids: sentence.slice(0, Math.max(0, limit)),
        score: -sentence.length,
        beams: [],
      }));
    },
    dispose() {},
    [Symbol.dispose]() {},
  };
}
