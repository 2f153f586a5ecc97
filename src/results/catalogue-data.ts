/** `[name, figure, kept weights, line of its result file, advertised sparsity where the name's is another]` */
export type CatalogueEntry = readonly [
  name: string,
  figure: number,
  kept: number,
  line?: number | undefined,
  sparsity?: number,
];

/**
 * The 28 published Transformers. The figure is BLEU by the paper's Moses pipeline. The weights kept are those of the 97
 * sparsified matrices, by the Deep Learning Matrix Collection, whose patterns were taken from these checkpoints; the
 * line, from 1 for the header, is that of the run in the CSV of its technique.
 */
export const TRANSFORMERS: readonly CatalogueEntry[] = [
  ['magnitude_pruning_0.5_100000_400000_10000_0.1_0.1', 26.33, 30_541_822, 299],
  ['magnitude_pruning_0.6_100000_400000_1000_0.1_0.1', 25.94, 24_433_401, 227],
  ['magnitude_pruning_0.7_100000_300000_1000_0.1_0.1', 25.21, 18_325_058, 401],
  ['magnitude_pruning_0.8_200000_400000_10000_0.0_0.1', 24.65, 12_216_667, 339],
  ['magnitude_pruning_0.9_0_400000_10000_0.0_0.1', 23.26, 6_108_322, 345],
  ['magnitude_pruning_0.95_100000_300000_1000_0.0_0.1', 20.75, 3_054_144, 429],
  ['magnitude_pruning_0.98_0_300000_1000_0.0_0.0', 16.37, 1_221_594, 436],
  ['variational_dropout_0.5_cubic_400000_100000_2.22E-08_0.1_0.1_2.5', 26.26, 30_577_607, 131],
  ['variational_dropout_0.6_linear_0_500000_2.22E-08_0.0_0.1_2.5', 25.37, 24_341_905, 369],
  ['variational_dropout_0.7_linear_0_500000_2.22E-08_0.0_0.0_1.5', 25.08, 18_302_212, 370],
  ['variational_dropout_0.8_cubic_0_300000_2.22E-08_0.0_0.1_1.5', 24.33, 12_049_716, 288],
  ['variational_dropout_0.9_cubic_0_200000_8.89E-08_0.0_0.1_2.5', 21.43, 6_162_479, 186],
  ['variational_dropout_0.95_cubic_0_200000_2.22E-07_0.0_0.0_2.5', 19.13, 2_973_297, 139],
  ['variational_dropout_0.98_linear_0_1_2.22E-07_0.0_0.1_2.0', 14.45, 1_318_487, 3],
  ['l0_regularization_0.5_cubic_100000_200000_0.000000289_0.0_0.1', 26.72, 30_621_008, 483],
  ['l0_regularization_0.6_cubic_200000_100000_0.000000778_0.0_0.0', 26.16, 24_495_745, 706],
  ['l0_regularization_0.7_cubic_0_100000_0.000000289_0.0_0.0', 25.29, 18_372_883, 388],
  ['l0_regularization_0.8_linear_0_100000_0.000000556_0.0_0.0', 24.15, 12_205_326, 661],
  ['l0_regularization_0.9_cubic_200000_100000_0.000002222_0.1_0.1', 20.05, 6_138_590, 854],
  ['l0_regularization_0.95_cubic_0_400000_0.000002222_0.0_0.0', 19.78, 3_153_363, 916],
  ['l0_regularization_0.98_linear_0_1_0.000002222_0.0_0.1', 16.83, 1_254_920, 930],
  ['random_pruning_0.5_200000_500000_1000_0.0_0.1', 24.56, 30_541_824, 9],
  ['random_pruning_0.6_0_300000_1000_0.0_0.1', 24.45, 24_433_407, 390],
  ['random_pruning_0.7_0_400000_1000_0.0_0.1', 24.01, 18_325_062, 237],
  ['random_pruning_0.8_0_300000_10000_0.0_0.1', 23.15, 12_216_670, 471],
  ['random_pruning_0.9_0_100000_1000_0.0_0.1', 20.67, 6_108_322, 615],
  ['random_pruning_0.95_0_100000_1000_0.0_0.0', 17.42, 3_054_149, 622],
  ['random_pruning_0.98_0_100000_1000_0.0_0.0', 10.94, 1_221_596, 628],
];

/**
 * The 21 published ResNet-50s. The figure is top-1 accuracy in percent. The weights kept are those of the 54 sparsified
 * layers, of extended runs of 53 (the first stays dense), by the same collection. Extended runs are in no CSV, nor is
 * variational dropout at 95 %. The last random one fell short of its target (97.2 %): its final update of the masks
 * came at step 36,000 of 40,000.
 */
export const RESNETS: readonly CatalogueEntry[] = [
  ['standard_threshold_0.5_40000_100000_2000_0.1', 76.53, 12_751_456, 12],
  ['standard_threshold_0.7_40000_100000_4000_0.1', 76.38, 7_650_847, 97],
  ['standard_threshold_0.8_40000_100000_2000_0.1', 75.58, 5_100_553, 163],
  ['standard_threshold_0.9_40000_76000_2000_0.1', 73.91, 2_550_265, 204],
  ['standard_threshold_0.95_40000_68000_2000_0.0', 70.59, 1_275_121, 234],
  ['standard_threshold_0.98_40000_100000_2000_0.1', 57.9, 510_025, 237],
  ['extended_threshold_0.8_12500_40000_2000_0.1', 76.52, 5_102_010],
  ['extended_threshold_0.91_12500_36000_2000_0.1', 75.16, 2_525_669, undefined, 0.9],
  ['extended_threshold_0.96_7500_36000_1000_0.0', 72.71, 1_347_547, undefined, 0.95],
  ['extended_threshold_0.98_12500_36000_500_0.0', 69.26, 878_513, undefined, 0.965],
  ['variational_dropout_0.5_8000_68000_7.80538368534e-09_0.1', 76.55, 12_740_053, 155],
  ['variational_dropout_0.8_40000_68000_3.90269184267e-08_0.0', 75.28, 5_091_828, 113],
  ['variational_dropout_0.9_20000_68000_7.80538368534e-08_0.0', 73.84, 2_482_527, 91],
  ['variational_dropout_0.95_40000_100000_3.90269184267e-07_0.1', 71.91, 1_311_697],
  ['variational_dropout_0.98_8000_76000_7.80538368534e-07_0.1', 67.36, 537_201, 19],
  ['standard_random_cumulative_0.5_20000_40000_4000_0.1', 74.59, 12_751_458, 29],
  ['standard_random_cumulative_0.7_8000_40000_8000_0.1', 72.2, 7_650_849, 69],
  ['standard_random_cumulative_0.8_0_40000_8000_0.0', 70.21, 5_100_554, 144],
  ['standard_random_cumulative_0.9_0_40000_2000_0.0', 65, 2_550_268, 204],
  ['standard_random_cumulative_0.95_0_40000_2000_0.0', 58.04, 1_275_121, 225],
  ['standard_random_cumulative_0.98_20000_40000_8000_0.0', 43.99, 709_984, 285],
];
