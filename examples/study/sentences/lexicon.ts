/** Grammatical gender. */
export type Gender = 'm' | 'f' | 'n';

/** A noun of both languages. */
export interface Noun {
  readonly english: string;
  readonly englishPlural: string;
  readonly gender: Gender;
  readonly german: string;
  readonly germanPlural: string;
}

function noun(
  english: string,
  englishPlural: string,
  gender: Gender,
  german: string,
  germanPlural: string,
): Noun {
  return { english, englishPlural, gender, german, germanPlural };
}

/** An adjective; some lose an e before an ending. */
export interface Adjective {
  readonly english: string;
  /** As it stands alone. */
  readonly german: string;
  /** What endings follow. */
  readonly stem: string;
}

function adjective(english: string, german: string, stem = german): Adjective {
  return { english, german, stem };
}

const SIZES: readonly Adjective[] = [
  adjective('small', 'klein'),
  adjective('big', 'groß'),
  adjective('old', 'alt'),
  adjective('beautiful', 'schön'),
];
const COLOURS: readonly Adjective[] = [
  adjective('red', 'rot'),
  adjective('green', 'grün'),
  adjective('blue', 'blau'),
  adjective('black', 'schwarz'),
  adjective('white', 'weiß'),
  adjective('dark', 'dunkel', 'dunkl'),
];
const OF_PERSONS: readonly Adjective[] = [
  adjective('young', 'jung'),
  adjective('tired', 'müde', 'müd'),
  adjective('clever', 'klug'),
];
const OF_THINGS: readonly Adjective[] = [
  adjective('new', 'neu'),
  adjective('cheap', 'billig'),
  adjective('expensive', 'teuer', 'teur'),
  adjective('heavy', 'schwer'),
];

/** Nouns, and the adjectives that suit them. */
export interface NounClass {
  readonly nouns: readonly Noun[];
  readonly adjectives: readonly Adjective[];
}

/** Who can do something. */
export const PERSONS: NounClass = {
  nouns: [
    noun('man', 'men', 'm', 'Mann', 'Männer'),
    noun('woman', 'women', 'f', 'Frau', 'Frauen'),
    noun('child', 'children', 'n', 'Kind', 'Kinder'),
    noun('friend', 'friends', 'm', 'Freund', 'Freunde'),
    noun('sister', 'sisters', 'f', 'Schwester', 'Schwestern'),
    noun('brother', 'brothers', 'm', 'Bruder', 'Brüder'),
    noun('daughter', 'daughters', 'f', 'Tochter', 'Töchter'),
  ],
  adjectives: [...SIZES, ...OF_PERSONS],
};

/** What one can see, buy and give. */
export const THINGS: NounClass = {
  nouns: [
    noun('dog', 'dogs', 'm', 'Hund', 'Hunde'),
    noun('cat', 'cats', 'f', 'Katze', 'Katzen'),
    noun('house', 'houses', 'n', 'Haus', 'Häuser'),
    noun('car', 'cars', 'n', 'Auto', 'Autos'),
    noun('table', 'tables', 'm', 'Tisch', 'Tische'),
    noun('lamp', 'lamps', 'f', 'Lampe', 'Lampen'),
    noun('book', 'books', 'n', 'Buch', 'Bücher'),
    noun('apple', 'apples', 'm', 'Apfel', 'Äpfel'),
    noun('flower', 'flowers', 'f', 'Blume', 'Blumen'),
    noun('tree', 'trees', 'm', 'Baum', 'Bäume'),
    noun('picture', 'pictures', 'n', 'Bild', 'Bilder'),
    noun('bag', 'bags', 'f', 'Tasche', 'Taschen'),
    noun('window', 'windows', 'n', 'Fenster', 'Fenster'),
    noun('chair', 'chairs', 'm', 'Stuhl', 'Stühle'),
    noun('clock', 'clocks', 'f', 'Uhr', 'Uhren'),
    noun('bed', 'beds', 'n', 'Bett', 'Betten'),
    noun('hat', 'hats', 'm', 'Hut', 'Hüte'),
  ],
  adjectives: [...SIZES, ...COLOURS, ...OF_THINGS],
};

/** Where one can go. */
export const PLACES: NounClass = {
  nouns: [
    noun('station', 'stations', 'm', 'Bahnhof', 'Bahnhöfe'),
    noun('school', 'schools', 'f', 'Schule', 'Schulen'),
    noun('museum', 'museums', 'n', 'Museum', 'Museen'),
    noun('market', 'markets', 'm', 'Markt', 'Märkte'),
    noun('church', 'churches', 'f', 'Kirche', 'Kirchen'),
  ],
  adjectives: [...SIZES, ...COLOURS],
};

/** A verb of both languages. */
export interface Verb {
  /** As with I, you, we, they. */
  readonly english: string;
  /** As with he and she. */
  readonly englishThird: string;
  readonly englishParticiple: string;
  /** As with ich, du, er, wir. */
  readonly german: readonly [ich: string, du: string, er: string, wir: string];
  readonly germanParticiple: string;
  /** What its perfect is formed with. */
  readonly auxiliary: 'haben' | 'sein';
}

function verb(
  [english, englishThird, englishParticiple]: readonly [string, string, string],
  german: Verb['german'],
  germanParticiple: string,
  auxiliary: Verb['auxiliary'] = 'haben',
): Verb {
  return { english, englishThird, englishParticiple, german, germanParticiple, auxiliary };
}

/** Verbs whose object is an accusative. */
export const TRANSITIVE: readonly Verb[] = [
  verb(['see', 'sees', 'seen'], ['sehe', 'siehst', 'sieht', 'sehen'], 'gesehen'),
  verb(['buy', 'buys', 'bought'], ['kaufe', 'kaufst', 'kauft', 'kaufen'], 'gekauft'),
  verb(['need', 'needs', 'needed'], ['brauche', 'brauchst', 'braucht', 'brauchen'], 'gebraucht'),
  verb(['have', 'has', 'had'], ['habe', 'hast', 'hat', 'haben'], 'gehabt'),
  verb(['find', 'finds', 'found'], ['finde', 'findest', 'findet', 'finden'], 'gefunden'),
  verb(['look for', 'looks for', 'looked for'], ['suche', 'suchst', 'sucht', 'suchen'], 'gesucht'),
  verb(['sell', 'sells', 'sold'], ['verkaufe', 'verkaufst', 'verkauft', 'verkaufen'], 'verkauft'),
  verb(['paint', 'paints', 'painted'], ['male', 'malst', 'malt', 'malen'], 'gemalt'),
  verb(['take', 'takes', 'taken'], ['nehme', 'nimmst', 'nimmt', 'nehmen'], 'genommen'),
];

/** Verbs whose object is a dative. */
export const DATIVE: readonly Verb[] = [
  verb(['help', 'helps', 'helped'], ['helfe', 'hilfst', 'hilft', 'helfen'], 'geholfen'),
  verb(['thank', 'thanks', 'thanked'], ['danke', 'dankst', 'dankt', 'danken'], 'gedankt'),
];

/** Someone is given something. */
export const GIVING: readonly Verb[] = [
  verb(['give', 'gives', 'given'], ['gebe', 'gibst', 'gibt', 'geben'], 'gegeben'),
  verb(['show', 'shows', 'shown'], ['zeige', 'zeigst', 'zeigt', 'zeigen'], 'gezeigt'),
];

/** Verbs of motion. */
export const MOTION: readonly Verb[] = [
  verb(['go', 'goes', 'gone'], ['gehe', 'gehst', 'geht', 'gehen'], 'gegangen', 'sein'),
  verb(['come', 'comes', 'come'], ['komme', 'kommst', 'kommt', 'kommen'], 'gekommen', 'sein'),
];

/** Forms of what perfects are formed with, as with ich, du, er, wir. */
export const AUXILIARIES: Readonly<Record<Verb['auxiliary'], Verb['german']>> = {
  haben: ['habe', 'hast', 'hat', 'haben'],
  sein: ['bin', 'bist', 'ist', 'sind'],
};

/** Which of the forms of a verb goes with a subject: ich, du, er, wir. */
export type Person = 0 | 1 | 2 | 3;

export const PRONOUNS: readonly {
  readonly english: string;
  readonly german: string;
  readonly person: Person;
}[] = [
  { english: 'I', german: 'ich', person: 0 },
  { english: 'you', german: 'du', person: 1 },
  { english: 'he', german: 'er', person: 2 },
  { english: 'she', german: 'sie', person: 2 },
  { english: 'we', german: 'wir', person: 3 },
  { english: 'they', german: 'sie', person: 3 },
];
