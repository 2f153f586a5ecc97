import type { ModelVariable, OtherVariable } from './model-variable.ts';
import { type ResNetSize, resnetLayers } from './resnet-layers.ts';

/** The variables of a pruned ResNet-50, by the names the original gives them. */
export function resnetVariables(size: ResNetSize): ModelVariable[] {
  const top = 'resnet_model/';
  const norm = (index: number, channels: number): OtherVariable[] => {
    const scope = `${top}batch_normalization${index === 0 ? '' : `_${index}`}`;
    return [
      { role: 'other', name: `${scope}/gamma`, shape: [channels], range: [0.5, 1.5] },
      { role: 'other', name: `${scope}/beta`, shape: [channels], range: [-0.2, 0.2] },
      { role: 'other', name: `${scope}/moving_mean`, shape: [channels], range: [-0.2, 0.2] },
      { role: 'other', name: `${scope}/moving_variance`, shape: [channels], range: [0.5, 1.5] },
    ];
  };
  const layers = resnetLayers(size);
  return layers.flatMap((matrix, index): ModelVariable[] => {
    const { name, rows, cols, channels, window } = matrix;
    const scope = top + name;
    const dense = index === layers.length - 1;
    const shape = dense ? [cols, rows] : [window.size, window.size, channels, rows];
    return [
      { role: 'weights', name: `${scope}/weights`, shape, matrix },
      { role: 'mask', name: `${scope}/mask`, shape, matrix, transpose: true },
      ...(dense
        ? [{ role: 'other', name: `${scope}/biases`, shape: [rows], range: [-0.5, 0.5] } as const]
        : norm(index, rows)),
    ];
  });
}
