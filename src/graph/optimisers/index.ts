/** How parameters follow their gradients, on the device. */

export { Adafactor, type AdafactorOptions } from './adafactor.ts';
export { Adam, type AdamOptions } from './adam.ts';
export { Nesterov, type NesterovOptions } from './nesterov.ts';
export { applyGradients, type Optimiser, type OptimiserOptions } from './optimiser.ts';
