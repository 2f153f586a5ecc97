import { pick, pickByShare, type Random } from '../draws.ts';
import {
  AUXILIARIES,
  DATIVE,
  GIVING,
  MOTION,
  PERSONS,
  type Person,
  PLACES,
  PRONOUNS,
  THINGS,
  TRANSITIVE,
  type Verb,
} from './lexicon.ts';
import { englishPhrase, germanPhraseAfterZu, nounPhrase, phrase } from './noun-phrases.ts';
import type { Pair } from './pair.ts';

/** Who does it. */
export interface Subject extends Pair {
  readonly person: Person;
}

/** Someone who does something, in parts that each kind of sentence puts in its own order. */
export interface Clause {
  readonly subject: Subject;
  readonly verb: Verb;
  /** Objects and places, in the order that both languages have them. */
  readonly rest: Pair;
}

/** Someone who does something. */
export function clause(random: Random): Clause {
  const subject = random() < 0.6 ? pick(random, PRONOUNS) : subjectOf(random);
  const kind = pickByShare(random, [
    [6, 'transitive'],
    [1, 'dative'],
    [1.5, 'giving'],
    [1.5, 'motion'],
  ] as const);
  switch (kind) {
    case 'transitive':
      return {
        subject,
        verb: pick(random, TRANSITIVE),
        rest: phrase(nounPhrase(random, THINGS), 'accusative'),
      };
    case 'dative':
      return { subject, verb: pick(random, DATIVE), rest: phrase(nounPhrase(random, PERSONS), 'dative') };
    case 'giving': {
      const to = phrase(nounPhrase(random, PERSONS, { plural: false }), 'dative');
      const what = phrase(nounPhrase(random, THINGS), 'accusative');
      const rest = { english: `${to.english} ${what.english}`, german: `${to.german} ${what.german}` };
      return { subject, verb: pick(random, GIVING), rest };
    }
    case 'motion': {
      const to = nounPhrase(random, PLACES, { plural: false });
      const rest = { english: `to ${englishPhrase(to)}`, german: germanPhraseAfterZu(to) };
      return { subject, verb: pick(random, MOTION), rest };
    }
  }
}

/** He sees the dog. Er sieht den Hund. */
export function statement({ subject, verb, rest }: Clause): Pair {
  return {
    english: `${subject.english} ${englishVerb(verb, subject)} ${rest.english}`,
    german: `${subject.german} ${germanVerb(verb, subject)} ${rest.german}`,
  };
}

/** He has seen the dog. Er hat den Hund gesehen. */
export function perfect({ subject, verb, rest }: Clause): Pair {
  return {
    english: englishPerfect({ subject, verb, rest }),
    german: `${subject.german} ${auxiliary(verb, subject)} ${rest.german} ${verb.germanParticiple}`,
  };
}

/** Does he see the dog? Sieht er den Hund? */
export function question({ subject, verb, rest }: Clause): Pair {
  return {
    english: `${subject.person === 2 ? 'does' : 'do'} ${subject.english} ${verb.english} ${rest.english}`,
    german: `${germanVerb(verb, subject)} ${subject.german} ${rest.german}`,
  };
}

/** Today he sees the dog. Heute sieht er den Hund. @param first what the sentence begins with */
export function fronted(first: Pair, { subject, verb, rest }: Clause): Pair {
  return {
    english: `${first.english} ${statement({ subject, verb, rest }).english}`,
    german: `${first.german} ${germanVerb(verb, subject)} ${subject.german} ${rest.german}`,
  };
}

/** … that he sees the dog. …, dass er den Hund sieht. */
export function verbLast({ subject, verb, rest }: Clause): Pair {
  return {
    english: statement({ subject, verb, rest }).english,
    german: `${subject.german} ${rest.german} ${germanVerb(verb, subject)}`,
  };
}

/** … that he has seen the dog. …, dass er den Hund gesehen hat. */
export function perfectVerbLast({ subject, verb, rest }: Clause): Pair {
  return {
    english: englishPerfect({ subject, verb, rest }),
    german: `${subject.german} ${rest.german} ${verb.germanParticiple} ${auxiliary(verb, subject)}`,
  };
}

function subjectOf(random: Random): Subject {
  const of = nounPhrase(random, PERSONS);
  return { ...phrase(of, 'nominative'), person: of.isPlural ? 3 : 2 };
}

function englishVerb(verb: Verb, { person }: Subject): string {
  return person === 2 ? verb.englishThird : verb.english;
}

function germanVerb(verb: Verb, { person }: Subject): string {
  return verb.german[person];
}

function auxiliary(verb: Verb, { person }: Subject): string {
  return AUXILIARIES[verb.auxiliary][person];
}

function englishPerfect({ subject, verb, rest }: Clause): string {
  const has = subject.person === 2 ? 'has' : 'have';
  return `${subject.english} ${has} ${verb.englishParticiple} ${rest.english}`;
}
