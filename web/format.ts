/** Of a share, `90.0 %`, with a thin space as between any number and its unit. */
export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** `1,234,567` */
export function count(value: number): string {
  return value.toLocaleString('en');
}

/** Three significant digits, in milliseconds or seconds. */
export function duration(milliseconds: number): string {
  return milliseconds < 1000
    ? `${Number(milliseconds.toPrecision(3))} ms`
    : `${Number((milliseconds / 1000).toPrecision(3))} s`;
}

/** `1.2 MiB` */
export function bytes(value: number): string {
  return value < 2 ** 20 ? `${(value / 2 ** 10).toFixed(0)} KiB` : `${(value / 2 ** 20).toFixed(1)} MiB`;
}

/** How browsers sign what they say of themselves. Most claim to be Safari and Chrome too: what only one claims comes first. */
const SIGNATURES: readonly (readonly [name: string, signature: RegExp])[] = [
  ['Edge', /Edg\/(\d+)/],
  ['Opera', /OPR\/(\d+)/],
  ['Firefox', /Firefox\/(\d+)/],
  ['headless Chrome', /HeadlessChrome\/(\d+)/],
  ['Chrome', /Chrome\/(\d+)/],
  ['Safari', /Version\/(\d+).*Safari/],
];

/** Name and version of a browser, such as `Chrome 147`, out of its user agent; that itself where it is unknown. */
export function browserName(userAgent: string): string {
  for (const [name, signature] of SIGNATURES) {
    const version = signature.exec(userAgent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return userAgent;
}
