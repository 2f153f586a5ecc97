import assert from 'node:assert/strict';
import { test } from 'node:test';
import { distinctFileNames } from '../../src/base/distinct-names.ts';
import fc from '../support/fast-check.ts';

test('names of files stay short where they can, and never meet, whatever the disk makes of case and accents', () => {
  const things = [
    { short: 'conv', full: 'a/conv' },
    { short: 'Conv', full: 'b/Conv' },
    { short: 'dense', full: 'a/dense' },
    { short: 'e\u0301', full: 'a/x' },
    { short: '\u00e9', full: 'A/X' },
    { short: '..', full: '..' },
  ];
  assert.deepEqual(distinctFileNames(things), ['a_conv', 'b_Conv', 'dense', 'a_x', 'A_X_2', '__']);
});

test('whatever the names, the files are as many, and names of files', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.constantFrom('a', 'A', 'a/b', 'a_b', 'a_b_2'),
  );
  const thing = fc.record({ short: name, full: name });
  fc.assert(
    fc.property(fc.array(thing, { maxLength: 30 }), (things) => {
      const names = distinctFileNames(things);
      assert.equal(new Set(names.map((each) => each.normalize('NFC').toLowerCase())).size, things.length);
      for (const each of names) {
        assert.match(each, /^[^\p{Cc}\p{Cs}<>:"/\\|?*]+$/u);
        assert.ok(new TextEncoder().encode(each).length <= 250 && each !== '.' && each !== '..');
      }
    }),
  );
});

test('a name of the length that the collection has stays whole', () => {
  const short = 'body_decoder_layer_0_encdec_attention_multihead_attention_output_transform_fully_connected';
  assert.deepEqual(distinctFileNames([{ short, full: `sparse_transformer/${short}` }]), [short]);
});
