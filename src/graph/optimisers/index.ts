/** How parameters follow their gradients, on the device. */

export { Adafactor, type AdafactorOptions } from './adafactor.ts';
export { Adam, type AdamOptions } from './adam.ts';
export { Nesterov } from './nesterov.ts';
export { applyGradients, type Optimiser } from './optimiser.ts';
