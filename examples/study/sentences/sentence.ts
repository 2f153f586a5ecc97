import { below, pick, pickByShare, type Random } from '../draws.ts';
import { date, price, time, WEEKDAYS } from './calendar.ts';
import { clause, fronted, perfect, perfectVerbLast, question, statement, verbLast } from './clauses.ts';
import { PERSONS, THINGS } from './lexicon.ts';
import { nounPhrase, phrase } from './noun-phrases.ts';
import { englishNumber, germanNumber } from './numbers.ts';
import type { Pair } from './pair.ts';

/** A sentence, or a number, date, time or price, and its translation. */
export function sentence(random: Random): Pair {
  return pickByShare(random, KINDS)(random);
}

/** How often each kind comes. */
const KINDS: readonly (readonly [share: number, make: (random: Random) => Pair])[] = [
  [25, number],
  [11, (random) => date(random, 'der')],
  [6, dayAndDate],
  [8, time],
  [7, (random) => price(random, 'ein')],
  [11, (random) => ended(statement(clause(random)), '.')],
  [8, (random) => ended(perfect(clause(random)), '.')],
  [4, (random) => ended(question(clause(random)), '?')],
  [4, (random) => ended(fronted(pick(random, FIRST)(random), clause(random)), '.')],
  [5, (random) => subordinate(random, verbLast(clause(random)))],
  [3, (random) => subordinate(random, perfectVerbLast(clause(random)))],
  [4, description],
  [2, cost],
  [2, departure],
];

/** Numbers of all lengths, long ones more often than by chance alone short ones would come. */
function number(random: Random): Pair {
  const n = below(random, pick(random, [100, 10_000, 1_000_000, 1_000_000]));
  return { english: englishNumber(n), german: germanNumber(n) };
}

/** Monday, the first of May. */
function dayAndDate(random: Random): Pair {
  const [day, dated] = [pick(random, WEEKDAYS), date(random, 'der')];
  return { english: `${day.english}, ${dated.english}`, german: `${day.german}, ${dated.german}` };
}

/** What a sentence can begin with, so that the verb comes before its subject. */
const FIRST: readonly ((random: Random) => Pair)[] = [
  () => ({ english: 'today', german: 'heute' }),
  () => ({ english: 'now', german: 'jetzt' }),
  (random) => {
    const day = pick(random, WEEKDAYS);
    return { english: `on ${day.english}`, german: `am ${day.german}` };
  },
  (random) => {
    const { english, german } = date(random, 'am');
    return { english: `on ${english}`, german };
  },
];

const MAIN: readonly Pair[] = [
  { english: 'I know that', german: 'ich weiß, dass' },
  { english: 'he says that', german: 'er sagt, dass' },
  { english: 'we are happy because', german: 'wir sind froh, weil' },
];

function subordinate(random: Random, { english, german }: Pair): Pair {
  const main = pick(random, MAIN);
  return ended({ english: `${main.english} ${english}`, german: `${main.german} ${german}` }, '.');
}

/** The old house is beautiful. */
function description(random: Random): Pair {
  const kind = pick(random, [PERSONS, THINGS]);
  const of = nounPhrase(random, kind);
  const [subject, adjective] = [phrase(of, 'nominative'), pick(random, kind.adjectives)];
  const [is, ist] = of.isPlural ? ['are', 'sind'] : ['is', 'ist'];
  return ended(
    {
      english: `${subject.english} ${is} ${adjective.english}`,
      german: `${subject.german} ${ist} ${adjective.german}`,
    },
    '.',
  );
}

/** The book costs one euro. */
function cost(random: Random): Pair {
  const subject = phrase(nounPhrase(random, THINGS, { plural: false }), 'nominative');
  const { english, german } = price(random, 'einen');
  return ended(
    { english: `${subject.english} costs ${english}`, german: `${subject.german} kostet ${german}` },
    '.',
  );
}

function departure(random: Random): Pair {
  const [day, at] = [pick(random, WEEKDAYS), time(random)];
  return ended(
    {
      english: `the train leaves on ${day.english} at ${at.english}`,
      german: `der Zug fährt am ${day.german} um ${at.german}`,
    },
    '.',
  );
}

function ended({ english, german }: Pair, mark: string): Pair {
  return { english: `${capitalised(english)}${mark}`, german: `${capitalised(german)}${mark}` };
}

function capitalised(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
