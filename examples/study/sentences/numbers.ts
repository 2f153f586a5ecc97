/*
 * Numbers in words, from 0 to 999,999. English with the British "and", German as it is written: one word.
 */

const ENGLISH = [
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven'],
  ...['twelve', 'thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'],
];
const ENGLISH_TENS = ['', '', 'twenty', 'thirty', 'forty', 'fifty', 'sixty', 'seventy', 'eighty', 'ninety'];
const ENGLISH_ORDINALS: Readonly<Record<number, string>> = {
  1: 'first',
  2: 'second',
  3: 'third',
  5: 'fifth',
  8: 'eighth',
  9: 'ninth',
  12: 'twelfth',
};

const GERMAN = [
  ...['null', 'eins', 'zwei', 'drei', 'vier', 'fünf', 'sechs', 'sieben', 'acht', 'neun', 'zehn', 'elf'],
  ...['zwölf', 'dreizehn', 'vierzehn', 'fünfzehn', 'sechzehn', 'siebzehn', 'achtzehn', 'neunzehn'],
];
const GERMAN_TENS = [
  '',
  '',
  'zwanzig',
  'dreißig',
  'vierzig',
  'fünfzig',
  'sechzig',
  'siebzig',
  'achtzig',
  'neunzig',
];
const GERMAN_ORDINALS: Readonly<Record<number, string>> = { 1: 'erst', 3: 'dritt', 7: 'siebt', 8: 'acht' };

export function englishNumber(n: number): string {
  if (n < 20) return ENGLISH[n];
  if (n < 100)
    return n % 10 === 0 ? ENGLISH_TENS[n / 10] : `${ENGLISH_TENS[Math.floor(n / 10)]}-${ENGLISH[n % 10]}`;
  const [unit, size] = n < 1000 ? (['hundred', 100] as const) : (['thousand', 1000] as const);
  const head = `${englishNumber(Math.floor(n / size))} ${unit}`;
  const rest = n % size;
  if (rest === 0) return head;
  return `${head} ${rest < 100 ? 'and ' : ''}${englishNumber(rest)}`;
}

/** @param one how a 1 at the end is said: `eins` when counting, `ein`, `eine`, `einen` before a noun */
export function germanNumber(n: number, one = 'eins'): string {
  if (n === 1) return one;
  if (n < 20) return GERMAN[n];
  if (n < 100) {
    const tens = GERMAN_TENS[Math.floor(n / 10)];
    return n % 10 === 0 ? tens : `${germanNumber(n % 10, 'ein')}und${tens}`;
  }
  const [unit, size] = n < 1000 ? (['hundert', 100] as const) : (['tausend', 1000] as const);
  const rest = n % size;
  // Only a 1 that is the whole number takes an ending: hundertein Euro, einen Euro.
  const end = one === 'eins' ? 'eins' : 'ein';
  return `${germanNumber(Math.floor(n / size), 'ein')}${unit}${rest === 0 ? '' : germanNumber(rest, end)}`;
}

/** From 1 to 99. */
export function englishOrdinal(n: number): string {
  if (ENGLISH_ORDINALS[n]) return ENGLISH_ORDINALS[n];
  if (n < 20) return `${ENGLISH[n]}th`;
  const tens = ENGLISH_TENS[Math.floor(n / 10)];
  return n % 10 === 0 ? `${tens.slice(0, -1)}ieth` : `${tens}-${englishOrdinal(n % 10)}`;
}

/** From 1 to 99. @param ending of the adjective that it is */
export function germanOrdinal(n: number, ending: string): string {
  return `${GERMAN_ORDINALS[n] ?? `${germanNumber(n)}${n < 20 ? 't' : 'st'}`}${ending}`;
}
