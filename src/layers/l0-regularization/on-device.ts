/** L0 regularisation on a device: operations and cells recorded on a tape, which derives their gradients. */

export { activated } from '../device/activation.ts';
export * from './device.ts';
export * from './device-recurrent.ts';
