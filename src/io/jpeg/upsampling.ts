import type { Component, Frame } from './frame.ts';

/**
 * How libjpeg stretches a component to the size of the picture: as it is, by one of the triangle filters (2
 * to 1 across, down, or both), or by repeating samples.
 */
export type Upsampling = 'full' | 'h2v1' | 'h1v2' | 'h2v2' | 'replicate';

/**
 * @param width columns of the component that the choice goes by: the filters that go across want more than 2.
 */
export function upsamplingOf(frame: Frame, { h, v }: Component, fancy: boolean, width: number): Upsampling {
  const across = frame.maxH / h;
  const down = frame.maxV / v;
  if (across === 1 && down === 1) return 'full';
  if (fancy && across === 2 && down === 1 && width > 2) return 'h2v1';
  if (fancy && across === 1 && down === 2) return 'h1v2';
  if (fancy && across === 2 && down === 2 && width > 2) return 'h2v2';
  return 'replicate';
}
