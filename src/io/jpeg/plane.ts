import type { Component, Frame } from './frame.ts';
import type { Window } from './window.ts';

/** The samples of one component that a window of the picture needs. */
export interface Plane {
  readonly component: Component;
  readonly samples: Uint8Array;
  /** The same, four samples to a word. */
  readonly words: Int32Array;
  readonly stride: number;
  /** Row of the component that stands first. */
  readonly firstRow: number;
  /** Number of columns of the component that are looked at. */
  readonly width: number;
}

/** Grey planes of whole MCUs: blocks that the data does not reach stay as they are. */
export function planesFor(frame: Frame, window: Window): Plane[] {
  const mcusWide = window.endMcuColumn - window.firstMcuColumn;
  const mcusHigh = window.endMcuRow - window.firstMcuRow;
  return frame.components.map((component) => {
    const { h, v } = component;
    const stride = 8 * h * mcusWide;
    const samples = new Uint8Array(stride * 8 * v * mcusHigh).fill(128);
    return {
      component,
      samples,
      words: new Int32Array(samples.buffer),
      stride,
      firstRow: 8 * v * window.firstMcuRow,
      width: Math.ceil((window.columns * h) / frame.maxH),
    };
  });
}
