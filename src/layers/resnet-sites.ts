import { DataError } from '../base/errors.ts';
import { COMPANION_LEAF, type Technique } from '../base/technique.ts';
import type { Checkpoint } from '../io/checkpoint/checkpoint-types.ts';
import type { Site } from './site.ts';

/** A layer of the network with its variables. */
export interface ResNetLayer {
  /** The variables it is made of. */
  readonly site: Site;
  /** The checkpoint's, or `dense` for a layer that was left out of sparsification. */
  readonly technique: Technique;
}

/** Finds the variables of layers by the ends of their names: the prefix depends on the technique and how layers were built. */
export class ResNetVariables {
  readonly #checkpoint: Checkpoint;
  readonly #byEnding = new Map<string, string[]>();

  /** Reads the names of a checkpoint, not its values. */
  constructor(checkpoint: Checkpoint) {
    this.#checkpoint = checkpoint;
    for (const name of checkpoint.names()) {
      const ending = name.split('/').slice(-2).join('/');
      this.#byEnding.set(ending, [...(this.#byEnding.get(ending) ?? []), name]);
    }
  }

  /** Layers and batch normalisations there are. */
  scopes(): string[] {
    return [...new Set([...this.#byEnding.keys()].map((ending) => ending.slice(0, ending.indexOf('/'))))];
  }

  /**
   * The kernel of a layer. Only a layer built plain, whose scope is doubled (`…/final_dense/final_dense/weights`), may lack
   * what the technique keeps beside the weights.
   * @param scope such as `bottleneck_2_block_group3_5_1`
   * @throws {DataError} where a variable is missing or there twice.
   */
  layer(scope: string, technique: Technique): ResNetLayer {
    const weights = this.find(scope, 'weights');
    const plain = weights.endsWith(`/${scope}/${scope}/weights`);
    if (technique === 'dense' || (plain && !this.#byEnding.has(`${scope}/${COMPANION_LEAF[technique]}`))) {
      return { technique: 'dense', site: { weights: [weights], companions: [] } };
    }
    const companion = this.find(scope, COMPANION_LEAF[technique]);
    return { technique, site: { weights: [weights], companions: [companion] } };
  }

  /** The full name of `…/scope/leaf`. @throws {DataError} where it is missing or there twice. */
  find(scope: string, leaf: string): string {
    const found = this.#byEnding.get(`${scope}/${leaf}`) ?? [];
    if (found.length === 1) return found[0];
    const file = this.#checkpoint.path;
    if (found.length === 0) {
      throw new DataError(`no variable ends in ${scope}/${leaf}; the checkpoint is incomplete`, { file });
    }
    throw new DataError(`${found.join(' and ')} both end in ${scope}/${leaf}`, { file });
  }
}
