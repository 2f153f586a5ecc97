import { between, pick, pickByShare, type Random } from '../draws.ts';
import type { Adjective, Gender, Noun, NounClass } from './lexicon.ts';
import { englishNumber, germanNumber } from './numbers.ts';
import type { Pair } from './pair.ts';

/** Grammatical case, but for the genitive. */
export type Case = 'nominative' | 'accusative' | 'dative';

/** What stands before a noun: the, a, my, no; of several also a number. */
export type Determiner = 'the' | 'a' | 'my' | 'no' | number;

/** What a noun phrase is made of. */
export interface NounPhrase {
  readonly noun: Noun;
  readonly determiner: Determiner;
  readonly adjective?: Adjective | undefined;
  readonly isPlural: boolean;
}

/** A noun with a determiner, often an adjective. */
export function nounPhrase(
  random: Random,
  { nouns, adjectives }: NounClass,
  { plural = true }: { plural?: boolean } = {},
): NounPhrase {
  const noun = pick(random, nouns);
  const adjective = random() < 0.65 ? pick(random, adjectives) : undefined;
  if (plural && random() < 0.35) {
    const determiner = pickByShare<Determiner>(random, [
      [3, between(random, 2, 99)],
      [1, 'the'],
      [1, 'my'],
    ]);
    return { noun, adjective, determiner, isPlural: true };
  }
  const determiner = pickByShare<Determiner>(random, [
    [2, 'the'],
    [2, 'a'],
    [1, 'my'],
    [0.5, 'no'],
  ]);
  return { noun, adjective, determiner, isPlural: false };
}

/** A noun phrase in both languages, in a case. */
export function phrase(of: NounPhrase, inCase: Case): Pair {
  return { english: englishPhrase(of), german: germanPhrase(of, inCase) };
}

export function englishPhrase({ noun, determiner, adjective, isPlural }: NounPhrase): string {
  const words = [adjective?.english, isPlural ? noun.englishPlural : noun.english].filter(isThere).join(' ');
  if (typeof determiner === 'number') return `${englishNumber(determiner)} ${words}`;
  return `${determiner === 'a' && /^[aeiou]/.test(words) ? 'an' : determiner} ${words}`;
}

export function germanPhrase(of: NounPhrase, inCase: Case): string {
  const { noun, determiner } = of;
  const form = formOf(of);
  const first =
    typeof determiner === 'number'
      ? germanNumber(determiner)
      : determiner === 'the'
        ? DEFINITE[inCase][form]
        : `${INDEFINITE[determiner]}${ENDINGS[inCase][form]}`;
  return [first, adjectiveOf(of, inCase), inflected(noun, form, inCase)].filter(isThere).join(' ');
}

/** A phrase after "zu", which melts into the article. */
export function germanPhraseAfterZu(of: NounPhrase): string {
  return `zu ${germanPhrase(of, 'dative')}`.replace(/^zu dem /, 'zum ').replace(/^zu der /, 'zur ');
}

/** Genders are told apart in the singular only. */
type Form = Gender | 'plural';

const DEFINITE: Readonly<Record<Case, Readonly<Record<Form, string>>>> = {
  nominative: { m: 'der', f: 'die', n: 'das', plural: 'die' },
  accusative: { m: 'den', f: 'die', n: 'das', plural: 'die' },
  dative: { m: 'dem', f: 'der', n: 'dem', plural: 'den' },
};

const INDEFINITE = { a: 'ein', my: 'mein', no: 'kein' };
/** Of ein, mein, kein. */
const ENDINGS: Readonly<Record<Case, Readonly<Record<Form, string>>>> = {
  nominative: { m: '', f: 'e', n: '', plural: 'e' },
  accusative: { m: 'en', f: 'e', n: '', plural: 'e' },
  dative: { m: 'em', f: 'er', n: 'em', plural: 'en' },
};

/** Endings of adjectives: weak after der, mixed after ein, strong after a number. */
const WEAK: Readonly<Record<Case, Readonly<Record<Form, string>>>> = {
  nominative: { m: 'e', f: 'e', n: 'e', plural: 'en' },
  accusative: { m: 'en', f: 'e', n: 'e', plural: 'en' },
  dative: { m: 'en', f: 'en', n: 'en', plural: 'en' },
};
const MIXED: typeof WEAK = {
  nominative: { m: 'er', f: 'e', n: 'es', plural: 'en' },
  accusative: { m: 'en', f: 'e', n: 'es', plural: 'en' },
  dative: { m: 'en', f: 'en', n: 'en', plural: 'en' },
};
/** Numbers stand before several only. */
const STRONG_PLURAL: Readonly<Record<Case, string>> = { nominative: 'e', accusative: 'e', dative: 'en' };

function formOf({ noun, isPlural }: NounPhrase): Form {
  return isPlural ? 'plural' : noun.gender;
}

function adjectiveOf(of: NounPhrase, inCase: Case): string | undefined {
  const { adjective, determiner } = of;
  if (adjective === undefined) return undefined;
  if (typeof determiner === 'number') return `${adjective.stem}${STRONG_PLURAL[inCase]}`;
  return `${adjective.stem}${(determiner === 'the' ? WEAK : MIXED)[inCase][formOf(of)]}`;
}

/** Several get an n in the dative, where they do not end in n or s already. */
function inflected({ german, germanPlural }: Noun, form: Form, inCase: Case): string {
  if (form !== 'plural') return german;
  return inCase === 'dative' && !/[ns]$/.test(germanPlural) ? `${germanPlural}n` : germanPlural;
}

function isThere(word: string | undefined): word is string {
  return word !== undefined;
}
