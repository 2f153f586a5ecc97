import assert from 'node:assert/strict';
import { test } from 'node:test';
import { below } from '../../examples/study/draws.ts';
import { priceOf, timeOf, year } from '../../examples/study/sentences/calendar.ts';
import {
  type Clause,
  fronted,
  perfect,
  perfectVerbLast,
  question,
  statement,
  verbLast,
} from '../../examples/study/sentences/clauses.ts';
import { corpus } from '../../examples/study/sentences/corpus.ts';
import { type Noun, PERSONS, PLACES, THINGS } from '../../examples/study/sentences/lexicon.ts';
import {
  type Case,
  type Determiner,
  englishPhrase,
  germanPhrase,
  germanPhraseAfterZu,
  type NounPhrase,
} from '../../examples/study/sentences/noun-phrases.ts';
import {
  englishNumber,
  englishOrdinal,
  germanNumber,
  germanOrdinal,
} from '../../examples/study/sentences/numbers.ts';
import { randomFrom } from '../support/random.ts';

test('numbers are said as they are', () => {
  for (const [n, english, german] of [
    [0, 'zero', 'null'],
    [1, 'one', 'eins'],
    [16, 'sixteen', 'sechzehn'],
    [21, 'twenty-one', 'einundzwanzig'],
    [30, 'thirty', 'dreißig'],
    [67, 'sixty-seven', 'siebenundsechzig'],
    [100, 'one hundred', 'einhundert'],
    [101, 'one hundred and one', 'einhunderteins'],
    [217, 'two hundred and seventeen', 'zweihundertsiebzehn'],
    [1001, 'one thousand and one', 'eintausendeins'],
    [21_000, 'twenty-one thousand', 'einundzwanzigtausend'],
    [
      999_999,
      'nine hundred and ninety-nine thousand nine hundred and ninety-nine',
      'neunhundertneunundneunzigtausendneunhundertneunundneunzig',
    ],
  ] as const) {
    assert.deepEqual([englishNumber(n), germanNumber(n)], [english, german]);
  }
  for (const [n, english, german] of [
    [1, 'first', 'erste'],
    [3, 'third', 'dritte'],
    [7, 'seventh', 'siebte'],
    [8, 'eighth', 'achte'],
    [12, 'twelfth', 'zwölfte'],
    [20, 'twentieth', 'zwanzigste'],
    [31, 'thirty-first', 'einunddreißigste'],
  ] as const) {
    assert.deepEqual([englishOrdinal(n), germanOrdinal(n, 'e')], [english, german]);
  }
});

test('times, years and prices are said as they are', () => {
  const said = ({ english, german }: { english: string; german: string }) => [english, german];
  assert.deepEqual(said(timeOf(1, 0)), ["one o'clock", 'ein Uhr']);
  assert.deepEqual(said(timeOf(1, 15)), ['a quarter past one', 'Viertel nach eins']);
  assert.deepEqual(said(timeOf(12, 30)), ['half past twelve', 'halb eins']);
  assert.deepEqual(said(timeOf(2, 45)), ['a quarter to three', 'Viertel vor drei']);
  assert.deepEqual(said(timeOf(2, 1)), ['one minute past two', 'eine Minute nach zwei']);
  assert.deepEqual(said(timeOf(2, 35)), ['twenty-five to three', 'fünfundzwanzig vor drei']);
  assert.deepEqual(said(year(1700)), ['seventeen hundred', 'siebzehnhundert']);
  assert.deepEqual(said(year(1905)), ['nineteen oh five', 'neunzehnhundertfünf']);
  assert.deepEqual(said(year(2000)), ['two thousand', 'zweitausend']);
  assert.deepEqual(said(year(2021)), ['twenty twenty-one', 'zweitausendeinundzwanzig']);
  assert.deepEqual(said(priceOf(1, 1, 'einen')), ['one euro and one cent', 'einen Euro und einen Cent']);
  assert.deepEqual(said(priceOf(101, 0, 'einen')), ['one hundred and one euros', 'einhundertein Euro']);
});

const [MAN, WOMAN, CHILD] = PERSONS.nouns;
const BIG = PERSONS.adjectives[1];

test('articles, adjectives and nouns agree in gender, number and case', () => {
  const cases: readonly Case[] = ['nominative', 'accusative', 'dative'];
  const inAllCases = (noun: Noun, determiner: Determiner, isPlural = false) =>
    cases.map((each) => germanPhrase({ noun, determiner, adjective: BIG, isPlural }, each));
  for (const [phrases, expected] of [
    [inAllCases(MAN, 'the'), ['der große Mann', 'den großen Mann', 'dem großen Mann']],
    [inAllCases(MAN, 'a'), ['ein großer Mann', 'einen großen Mann', 'einem großen Mann']],
    [inAllCases(WOMAN, 'the'), ['die große Frau', 'die große Frau', 'der großen Frau']],
    [inAllCases(WOMAN, 'my'), ['meine große Frau', 'meine große Frau', 'meiner großen Frau']],
    [inAllCases(CHILD, 'the'), ['das große Kind', 'das große Kind', 'dem großen Kind']],
    [inAllCases(CHILD, 'no'), ['kein großes Kind', 'kein großes Kind', 'keinem großen Kind']],
    [inAllCases(MAN, 'the', true), ['die großen Männer', 'die großen Männer', 'den großen Männern']],
    [inAllCases(MAN, 'my', true), ['meine großen Männer', 'meine großen Männer', 'meinen großen Männern']],
    [inAllCases(WOMAN, 2, true), ['zwei große Frauen', 'zwei große Frauen', 'zwei großen Frauen']],
  ]) {
    assert.deepEqual(phrases, expected);
  }
  const [station, school] = PLACES.nouns;
  const to = (noun: Noun, determiner: Determiner) =>
    germanPhraseAfterZu({ noun, determiner, isPlural: false });
  assert.deepEqual(
    [to(station, 'the'), to(school, 'the'), to(station, 'a')],
    ['zum Bahnhof', 'zur Schule', 'zu einem Bahnhof'],
  );
  const dark = THINGS.adjectives.find(({ german }) => german === 'dunkel');
  const lamp = THINGS.nouns.find(({ german }) => german === 'Lampe')!;
  const phrase: NounPhrase = { noun: lamp, determiner: 'a', adjective: dark, isPlural: false };
  assert.deepEqual(
    [englishPhrase(phrase), germanPhrase(phrase, 'dative')],
    ['a dark lamp', 'einer dunklen Lampe'],
  );
  const old = { ...phrase, adjective: PERSONS.adjectives[2] };
  assert.equal(englishPhrase(old), 'an old lamp');
});

test('verbs agree with their subjects and stand where they belong', () => {
  const clause: Clause = {
    subject: { english: 'she', german: 'sie', person: 2 },
    verb: {
      english: 'see',
      englishThird: 'sees',
      englishParticiple: 'seen',
      german: ['sehe', 'siehst', 'sieht', 'sehen'],
      germanParticiple: 'gesehen',
      auxiliary: 'haben',
    },
    rest: { english: 'the dog', german: 'den Hund' },
  };
  assert.deepEqual(statement(clause), { english: 'she sees the dog', german: 'sie sieht den Hund' });
  assert.deepEqual(perfect(clause), {
    english: 'she has seen the dog',
    german: 'sie hat den Hund gesehen',
  });
  assert.deepEqual(question(clause), { english: 'does she see the dog', german: 'sieht sie den Hund' });
  assert.deepEqual(fronted({ english: 'today', german: 'heute' }, clause), {
    english: 'today she sees the dog',
    german: 'heute sieht sie den Hund',
  });
  assert.equal(verbLast(clause).german, 'sie den Hund sieht');
  assert.equal(perfectVerbLast(clause).german, 'sie den Hund gesehen hat');
  const we = { english: 'we', german: 'wir', person: 3 } as const;
  const moving = { ...clause, subject: we, verb: { ...clause.verb, auxiliary: 'sein' as const } };
  assert.equal(perfect(moving).german, 'wir sind den Hund gesehen');
});

const SIZES = { test: 200, dev: 100, train: 3000 };
const seeded = (seed: number) => (i: number) => randomFrom(seed * 1_000_003 + i);

test('a seed gives the same text, another seed another', () => {
  assert.deepEqual(corpus(SIZES, seeded(1)), corpus(SIZES, seeded(1)));
  assert.notDeepEqual(corpus(SIZES, seeded(1)).train, corpus(SIZES, seeded(2)).train);
});

test('no sentence for testing is trained on, in either language', () => {
  const { test: tested, dev, train } = corpus(SIZES, seeded(3));
  assert.deepEqual([tested.length, dev.length, train.length], [200, 100, 3000]);
  for (const language of ['english', 'german'] as const) {
    const texts = [...tested, ...dev].map((pair) => pair[language]);
    const trained = new Set(train.map((pair) => pair[language]));
    assert.equal(new Set(texts).size, texts.length);
    assert.deepEqual(
      texts.filter((text) => trained.has(text)),
      [],
    );
  }
});

test('all kinds of sentences come, and nothing that is no word', () => {
  const { train } = corpus(SIZES, seeded(4));
  for (const kind of [
    /^[a-z -]+ hundred and [a-z-]+$/,
    /^the [a-z-]+ of [A-Z]/,
    /^Monday, the /,
    /o'clock$/,
    /euros? and [a-z-]+ cents?$/,
    / have (?:seen|bought|gone|given) /,
    /^Does .*\?$/,
    /^On [A-Z]\w+ \w+/,
    / because /,
    / (?:is|are) [a-z]+\.$/,
    / costs /,
  ]) {
    assert.ok(
      train.some(({ english }) => kind.test(english)),
      `${kind}`,
    );
  }
  for (const { english, german } of train) {
    assert.match(english, /^[A-Za-z][a-z]*(?:[ ,'-]+[A-Za-z]+)*[.?]?$/);
    assert.match(german, /^[A-Za-zÄÖÜäöüß]+(?:,? [A-Za-zÄÖÜäöüß]+)*[.?]?$/);
    assert.equal(/[.?]$/.exec(english)?.[0], /[.?]$/.exec(german)?.[0]);
  }
  // A number's translation is found again by counting.
  const random = randomFrom(9);
  const numbers = Array.from({ length: 500 }, () => below(random, 1_000_000));
  assert.equal(new Set(numbers.map((n) => germanNumber(n))).size, new Set(numbers).size);
  assert.equal(new Set(numbers.map((n) => englishNumber(n))).size, new Set(numbers).size);
});
