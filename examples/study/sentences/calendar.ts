import { below, between, pick, pickByShare, type Random } from '../draws.ts';
import { englishNumber, englishOrdinal, germanNumber, germanOrdinal } from './numbers.ts';
import type { Pair } from './pair.ts';

const MONTHS: readonly (readonly [english: string, german: string, days: number])[] = [
  ['January', 'Januar', 31],
  ['February', 'Februar', 29],
  ['March', 'März', 31],
  ['April', 'April', 30],
  ['May', 'Mai', 31],
  ['June', 'Juni', 30],
  ['July', 'Juli', 31],
  ['August', 'August', 31],
  ['September', 'September', 30],
  ['October', 'Oktober', 31],
  ['November', 'November', 30],
  ['December', 'Dezember', 31],
];

/** Days of the week. */
export const WEEKDAYS: readonly Pair[] = [
  ['Monday', 'Montag'],
  ['Tuesday', 'Dienstag'],
  ['Wednesday', 'Mittwoch'],
  ['Thursday', 'Donnerstag'],
  ['Friday', 'Freitag'],
  ['Saturday', 'Samstag'],
  ['Sunday', 'Sonntag'],
].map(([english, german]) => ({ english, german }));

/** A day of a month, sometimes with its year: "the first of May", "der erste Mai", or "am ersten Mai". */
export function date(random: Random, form: 'der' | 'am'): Pair {
  const [month, monat, days] = pick(random, MONTHS);
  const day = between(random, 1, days);
  const dated = {
    english: `the ${englishOrdinal(day)} of ${month}`,
    german: `${form} ${germanOrdinal(day, form === 'der' ? 'e' : 'en')} ${monat}`,
  };
  return random() < 0.6 ? dated : joined(dated, year(between(random, 1700, 2099)));
}

/** Years from 1100 to 2099. */
export function year(n: number): Pair {
  const [century, rest] = [Math.floor(n / 100), n % 100];
  const end = (value: string) => (rest === 0 ? '' : value);
  if (n >= 2000 && n < 2010) {
    return {
      english: `two thousand${end(` and ${englishNumber(rest)}`)}`,
      german: `zweitausend${end(germanNumber(rest))}`,
    };
  }
  const spoken = rest === 0 ? 'hundred' : rest < 10 ? `oh ${englishNumber(rest)}` : englishNumber(rest);
  return {
    english: `${englishNumber(century)} ${spoken}`,
    german:
      n > 2000
        ? `zweitausend${germanNumber(rest)}`
        : `${germanNumber(century)}hundert${end(germanNumber(rest))}`,
  };
}

/** A time of the day, as it is said. */
export function time(random: Random): Pair {
  const minute = pick(random, [0, 0, 5, 10, 15, 20, 30, 30, 40, 45, 50, 55, 1, 2, 3, 4, 7, 12, 17, 25, 35]);
  return timeOf(between(random, 1, 12), minute);
}

/** @param hour from 1 to 12 @param minute from 0 to 59 */
export function timeOf(hour: number, minute: number): Pair {
  const next = (hour % 12) + 1;
  const [h, n] = [englishNumber(hour), englishNumber(next)];
  const [stunde, folgende] = [germanNumber(hour), germanNumber(next)];
  if (minute === 0) return { english: `${h} o'clock`, german: `${germanNumber(hour, 'ein')} Uhr` };
  if (minute === 15) return { english: `a quarter past ${h}`, german: `Viertel nach ${stunde}` };
  if (minute === 30) return { english: `half past ${h}`, german: `halb ${folgende}` };
  if (minute === 45) return { english: `a quarter to ${n}`, german: `Viertel vor ${folgende}` };
  if (minute < 30) {
    const { english, german } = minutes(minute);
    return { english: `${english} past ${h}`, german: `${german} nach ${stunde}` };
  }
  const { english, german } = minutes(60 - minute);
  return { english: `${english} to ${n}`, german: `${german} vor ${folgende}` };
}

/** Minutes are named where they are no multiple of five. */
function minutes(n: number): Pair {
  if (n === 1) return { english: 'one minute', german: 'eine Minute' };
  if (n % 5 === 0) return { english: englishNumber(n), german: germanNumber(n) };
  return { english: `${englishNumber(n)} minutes`, german: `${germanNumber(n)} Minuten` };
}

/** A price. @param form of what costs 1: "ein Euro" by itself, "einen Euro" as an object */
export function price(random: Random, form: 'ein' | 'einen'): Pair {
  const most = pickByShare(random, [
    [1, 20],
    [1, 999],
    [1, 9999],
  ]);
  const euros = between(random, 1, most);
  return priceOf(euros, random() < 2 / 3 ? 0 : 1 + below(random, 99), form);
}

export function priceOf(euros: number, cents: number, form: 'ein' | 'einen'): Pair {
  const whole = {
    english: `${englishNumber(euros)} ${euros === 1 ? 'euro' : 'euros'}`,
    german: `${germanNumber(euros, form)} Euro`,
  };
  if (cents === 0) return whole;
  return {
    english: `${whole.english} and ${englishNumber(cents)} ${cents === 1 ? 'cent' : 'cents'}`,
    german: `${whole.german} und ${germanNumber(cents, form)} Cent`,
  };
}

function joined(a: Pair, b: Pair): Pair {
  return { english: `${a.english} ${b.english}`, german: `${a.german} ${b.german}` };
}
