import type { ResNet50 } from '../../models/resnet50/model.ts';
import { describeThreshold } from './describe-threshold.ts';

/** One line on what is about to run. */
export function describeResNet({ config, weights }: ResNet50): string {
  const sparsity = 100 * (1 - weights.nonzero / weights.total);
  return [
    `ResNet-${config.depth}`,
    config.technique,
    `${sparsity.toFixed(2)} % of all weights are zero`,
    config.threshold && describeThreshold(config.threshold),
  ]
    .filter((part) => part !== undefined)
    .join(', ');
}
