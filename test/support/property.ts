import fc from './fast-check.ts';

/** Checks a property so many times. The report names the error: reporters leave out what is only its cause. */
export function holds<Drawn>(property: fc.IAsyncProperty<Drawn>, numRuns: number): Promise<void> {
  return fc.assert(property, { numRuns, includeErrorInReport: true });
}
