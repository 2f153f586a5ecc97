/** Second bytes of the markers of ITU T.81, table B.1, that mean something to a decoder. */
export const SOF0 = 0xc0;
export const SOF1 = 0xc1;
export const SOF2 = 0xc2;
export const DHT = 0xc4;
export const RST0 = 0xd0;
export const SOI = 0xd8;
export const EOI = 0xd9;
export const SOS = 0xda;
export const DQT = 0xdb;
export const DNL = 0xdc;
export const DRI = 0xdd;
export const APP0 = 0xe0;
export const APP14 = 0xee;
export const APP15 = 0xef;
export const COM = 0xfe;
export const TEM = 0x01;
export const DAC = 0xcc;

export function isRestart(marker: number): boolean {
  return marker >= RST0 && marker < SOI;
}

/** The first marker from a byte on, whatever stands before it, and the byte behind it. */
export function nextMarker(bytes: Uint8Array, from: number): { marker: number; end: number } | undefined {
  for (let at = bytes.indexOf(0xff, from); at >= 0; at = bytes.indexOf(0xff, at)) {
    while (bytes[at] === 0xff) at++;
    if (at >= bytes.length) return undefined;
    if (bytes[at] !== 0) return { marker: bytes[at], end: at + 1 };
  }
  return undefined;
}
