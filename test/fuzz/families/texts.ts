import assert from 'node:assert/strict';
import { parseStateFile } from '../../../src/io/checkpoint/state-file.ts';
import { parseChecksums } from '../../../src/io/download/checksums.ts';
import { numberIn, parseCsv } from '../../../src/io/exchange/csv.ts';
import { parseSmtx } from '../../../src/io/exchange/parse-smtx.ts';
import { labelPictures } from '../../../src/io/pictures/labels.ts';
import { sgmSegments } from '../../../src/io/text/sgm.ts';
import { decodeVocabulary } from '../../../src/io/text/subwords.ts';
import { parsePublishedName } from '../../../src/layers/published-name.ts';
import { parseHparams } from '../../../src/models/hparams.ts';
import { parseCondition } from '../../../src/results/query.ts';
import { below } from '../../support/random.ts';
import { type Family, onlyOf, single, utf8 } from '../family.ts';

function textOf(files: Parameters<Family['read']>[0]): string {
  return new TextDecoder().decode(onlyOf(files));
}

/** Subword vocabularies, and the coding of text by them. */
export const vocabulary: Family = {
  name: 'vocabulary',
  seeds: () => [
    single(
      utf8(
        `'<pad>_'\n'<EOS>_'\n'the_'\n"it's_"\n'\\u_'\n'\\10;_'\n${Array.from('abcxyz0123456789\\_u;', (c) => `'${c}'\n`).join('')}`,
      ),
    ),
    single(utf8("'a'\nplain\n''\n' '\n'ä_'\n'\ud83d\ude00'\n")),
  ],
  read(files, random) {
    const read = decodeVocabulary(onlyOf(files), 'vocab');
    read.decode(Array.from({ length: 20 }, () => below(random, read.size + 2)));
    const text = ['the a_b\\10; x', 'ab\u2028c 12', " it's  \n"][below(random, 3)];
    assert.equal(read.decode(read.encode(text)), text);
  },
};

/** Sparsity patterns as the Deep Learning Matrix Collection has them. */
export const smtx: Family = {
  name: 'smtx',
  seeds: () => [single(utf8('3, 4, 5\n0 2 2 5 \n0 3 1 2 3 \n')), single(utf8('1,1,0\n0 0\n\n'))],
  read(files) {
    const { rows, cols, rowOffsets, columns } = parseSmtx(onlyOf(files));
    assert.equal(rowOffsets.length, rows + 1);
    assert.ok(columns.every((column) => column < cols));
  },
};

/** Tables of results. */
export const csv: Family = {
  name: 'csv',
  seeds: () => [single(utf8('Sparsity,BLEU,name\n0.5,27.1,a\r\n0.9,24.75,b\n'))],
  read(files) {
    const table = parseCsv(textOf(files), 'x.csv');
    for (const row of table.rows)
      for (let i = 0; i < Math.min(2, row.cells.length); i++) numberIn(table, row, i);
  },
};

/** What names a checkpoint's hyper-parameters. */
export const hparams: Family = {
  name: 'hparams',
  seeds: () => [
    single(
      utf8(
        '{"num_heads": 4, "hidden_size": 512, "dropout": NaN, "x": [Infinity, -Infinity, "NaN \\" "], "y": {}}',
      ),
    ),
    single(utf8('{"num_heads": "8"}')),
  ],
  read(files) {
    const { heads } = parseHparams(textOf(files), 'hparams.json');
    assert.ok(heads === undefined || (Number.isSafeInteger(heads) && heads >= 1), `${heads} heads`);
  },
};

const READERS: Readonly<Record<string, (text: string, bytes: Uint8Array) => unknown>> = {
  state: (_, bytes) => parseStateFile(bytes),
  labels: (text) => labelPictures({ file: 'labels', text }, ['a.jpg', 'b.jpg', 'c.jpg'], () => {}),
  checksums: (text) => parseChecksums(text, 'sums'),
  sgm: sgmSegments,
  name: parsePublishedName,
  condition: parseCondition,
};

/** The file "checkpoint", labels, checksums, SGML, names of checkpoints, and conditions; the name of a file tells which. */
export const lines: Family = {
  name: 'lines',
  seeds: () => [
    single(
      utf8('model_checkpoint_path: "m/model.ckpt-12"\nall_model_checkpoint_paths: "a\\n\\x41\\101" # so\n'),
      'state',
    ),
    single(utf8('a.jpg 3\nb.jpg, 4\nc.jpg\t5\n'), 'labels'),
    single(utf8('n01440764\nn01443537\nn01440764\n'), 'labels'),
    single(utf8(`${'0a'.repeat(32)}  a.tar\nMD5 (b.tar) = ${'0b'.repeat(16)}\n# so\n`), 'checksums'),
    single(utf8('<doc><seg id="1"> A  text. </seg>\n<SEG>b</SEG></doc>\n'), 'sgm'),
    single(utf8('magnitude_pruning_0.9_0_400000_10000_0.0_0.1'), 'name'),
    single(utf8('sparsity=0.5..0.9'), 'condition'),
  ],
  read(files) {
    const [name] = files.keys();
    READERS[name](textOf(files), onlyOf(files));
  },
};
