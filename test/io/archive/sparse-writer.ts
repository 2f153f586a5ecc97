import { paxRecords, sealHeader, tarHeader, tarMember } from './tar-writer.ts';

/** The ways of GNU tar to store a file without its holes. */
export const SPARSE_FORMS = ['gnu', 'pax 0.0', 'pax 0.1', 'pax 1.0'] as const;

/** A hole and the bytes behind it. */
export interface HoleAndBytes {
  readonly hole: number;
  readonly bytes: Uint8Array;
}

/** A file with holes, and the blocks of a tar that store it without them. */
export function sparseMember(
  form: (typeof SPARSE_FORMS)[number],
  name: string,
  stretches: readonly HoleAndBytes[],
  lastHole: number,
): { content: Buffer; member: Uint8Array[] } {
  const content = Buffer.concat([
    ...stretches.flatMap(({ hole, bytes }) => [new Uint8Array(hole), bytes]),
    new Uint8Array(lastHole),
  ]);
  const stored = Buffer.concat(stretches.map(({ bytes }) => bytes));
  let end = 0;
  const places = stretches.map(({ hole, bytes: { length } }) => {
    end += hole + length;
    return [end - length, length] as const;
  });
  const member = form === 'gnu' ? gnuMember : PAX_MEMBERS[form];
  return { content, member: member(name, content.length, places, stored) };
}

type Writer = (
  name: string,
  size: number,
  places: readonly (readonly [at: number, length: number])[],
  stored: Uint8Array,
) => Uint8Array[];

const PAX_MEMBERS: Record<Exclude<(typeof SPARSE_FORMS)[number], 'gnu'>, Writer> = {
  'pax 0.0': (name, size, places, stored) => [
    ...paxHeader([
      `GNU.sparse.size=${size}`,
      `GNU.sparse.numblocks=${places.length}`,
      ...places.flatMap(([at, length]) => [`GNU.sparse.offset=${at}`, `GNU.sparse.numbytes=${length}`]),
    ]),
    ...tarMember(name, stored),
  ],
  'pax 0.1': (name, size, places, stored) => [
    ...paxHeader([
      `GNU.sparse.size=${size}`,
      `GNU.sparse.numblocks=${places.length}`,
      `GNU.sparse.name=${name}`,
      `GNU.sparse.map=${places.flat().join(',')}`,
    ]),
    ...tarMember('GNUSparseFile.1/other', stored),
  ],
  'pax 1.0': (name, size, places, stored) => {
    const map = Buffer.from([places.length, ...places.flat()].map((number) => `${number}\n`).join(''));
    const filler = new Uint8Array(-map.length & 511);
    return [
      ...paxHeader([
        'GNU.sparse.major=1',
        'GNU.sparse.minor=0',
        `GNU.sparse.name=${name}`,
        `GNU.sparse.realsize=${size}`,
      ]),
      ...tarMember('GNUSparseFile.1/other', Buffer.concat([map, filler, stored])),
    ];
  },
};

function paxHeader(records: readonly string[]): Uint8Array[] {
  return tarMember('PaxHeaders/it', paxRecords(records), 'x');
}

const gnuMember: Writer = (name, size, places, stored) => {
  const header = tarHeader(name, stored.length, 'S');
  writePlaces(header, 386, places.slice(0, 4));
  header[482] = places.length > 4 ? 1 : 0;
  header.write(size.toString(8).padStart(11, '0'), 483);
  const extensions: Buffer[] = [];
  for (let at = 4; at < places.length; at += 21) {
    const block = Buffer.alloc(512);
    writePlaces(block, 0, places.slice(at, at + 21));
    block[504] = places.length > at + 21 ? 1 : 0;
    extensions.push(block);
  }
  return [sealHeader(header), ...extensions, stored, new Uint8Array(-stored.length & 511)];
};

function writePlaces(block: Buffer, start: number, places: readonly (readonly [number, number])[]): void {
  for (const [i, number] of places.flat().entries()) {
    block.write(number.toString(8).padStart(11, '0'), start + 12 * i);
  }
}
