import type { Technique } from '../../base/technique.ts';
import type { PublishedModel } from '../../layers/published-name.ts';

/** Colours that also people see apart who do not see all (Okabe and Ito). */
export const COLORS = {
  black: '#000000',
  orange: '#e69f00',
  skyBlue: '#56b4e9',
  green: '#009e73',
  blue: '#0072b2',
  vermilion: '#d55e00',
  purple: '#cc79a7',
  grey: '#888888',
} as const;

/** How a technique is called and coloured in every figure. */
export const TECHNIQUE_STYLE: Readonly<Record<Technique, { label: string; color: string }>> = {
  dense: { label: 'dense', color: COLORS.grey },
  magnitude_pruning: { label: 'magnitude pruning', color: COLORS.blue },
  random_pruning: { label: 'random pruning', color: COLORS.vermilion },
  variational_dropout: { label: 'variational dropout', color: COLORS.green },
  l0_regularization: { label: 'L0 regularization', color: COLORS.purple },
};

/** Magnitude pruning with the extended training of ResNet-50 has curves of its own. */
export const EXTENDED_STYLE = { label: 'magnitude pruning, extended', color: COLORS.skyBlue };

export const MODEL_LABEL: Readonly<Record<PublishedModel, string>> = {
  transformer: 'Transformer',
  rn50: 'ResNet-50',
};

export const QUALITY_LABEL: Readonly<Record<PublishedModel, string>> = {
  transformer: '↑ BLEU, newstest2014',
  rn50: '↑ top-1 accuracy, ImageNet (%)',
};

/** The axis of sparsity, of fractions shown in percent. */
export const SPARSITY_AXIS = { label: 'sparsity (%) →', percent: true, grid: true } as const;
