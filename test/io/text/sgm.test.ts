import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sgmSegments } from '../../../src/io/text/sgm.ts';

test('segments come one a line, without markup and with their entities', () => {
  const text =
    '<srcset setid="x" srclang="any">\n<doc sysid="ref" docid="1">\n<p>\n' +
    '<seg id="1"> One  &amp; two\t&quot;</seg>\n<SEG id="2"></SEG>\n</p><seg id="3">a <b> c\n</seg><seg id=4>d</seg>\n';
  assert.deepEqual(sgmSegments(text), ['One &amp; two &quot;', '', 'a <b> c', 'd']);
  assert.deepEqual(sgmSegments('<segment>no</segment>'), []);
});
