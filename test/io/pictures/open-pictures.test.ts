import assert from 'node:assert/strict';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/base/errors.ts';
import {
  type OpenedPictures,
  type OpenPicturesOptions,
  openPictures,
} from '../../../src/io/pictures/open-pictures.ts';
import type { PictureSource } from '../../../src/io/pictures/picture-source.ts';
import { dataErrorOf, withDirectory } from '../support.ts';
import { makeFiles, makeJpeg, makeShards } from './made-pictures.ts';

describe('TFRecord files', () => {
  it('of a directory are its numbered validation shards, in order', () =>
    withDirectory(async (directory) => {
      await makeShards(directory, [1, 1, 1]);
      await writeFile(join(directory, 'validation-00000-of-00009.json'), '{}');
      await makeFiles(directory, ['picture.jpg']);
      const { files, notes } = await openPictures([directory]);
      assert.deepEqual(notes, [`${directory}/validation-*-of-00009: 3 of 9 files are there`]);
      assert.deepEqual(
        files.map((file) => basename(file)),
        ['validation-00000-of-00009', 'validation-00001-of-00009', 'validation-00002-of-00009'],
      );
    }));

  it('may be called validation-anything, and be given one by one in any order', () =>
    withDirectory(async (directory) => {
      await makeShards(directory, [1, 2]);
      const [a, b] = [join(directory, 'validation-a'), join(directory, 'validation-b')];
      await rename(join(directory, 'validation-00001-of-00009'), a);
      await rename(join(directory, 'validation-00000-of-00009'), b);
      const { files, notes } = await openPictures([directory]);
      assert.deepEqual([files, notes], [[a, b], []]);
      assert.deepEqual((await openPictures([b, a])).files, [a, b]);
      assert.deepEqual(await labels(await openPictures([b, a])), [1, 2, 0]);
    }));

  it('have labels from 1, unless told otherwise', () =>
    withDirectory(async (directory) => {
      await makeShards(directory, [2]);
      assert.deepEqual(await labels(await openPictures([directory])), [0, 1]);
      assert.deepEqual(await labels(await openPictures([directory], { labelOffset: 0 })), [1, 2]);
      await refused([directory], /labels.txt is not needed/, { labels: 'labels.txt' });
    }));
});

describe('JPEG files', () => {
  it('of a folder are found in folders of it, in the order of their paths', () =>
    withDirectory(async (directory) => {
      await mkdir(join(directory, 'b'));
      await mkdir(join(directory, '.cache'));
      await makeFiles(directory, ['c.JPEG', 'b/x.jpg', 'a.jpeg', '._a.jpeg', '.cache/d.jpg', 'notes.txt']);
      const { files } = await openPictures([directory], { unlabelled: true });
      assert.deepEqual(
        files,
        ['a.jpeg', 'b/x.jpg', 'c.JPEG'].map((name) => join(directory, name)),
      );
    }));

  it('are told by their bytes or their names, and keep the order they are given in', () =>
    withDirectory(async (directory) => {
      const paths = ['b', 'a.jpg'].map((name) => join(directory, name));
      await writeFile(paths[0], makeJpeg(0));
      await writeFile(paths[1], 'no JPEG');
      assert.deepEqual((await openPictures(paths, { unlabelled: true })).files, paths);
    }));

  it('take their classes from lines of names', () =>
    withDirectory(async (directory) => {
      await mkdir(join(directory, 'b'));
      await makeFiles(directory, ['a a.jpg', 'b/x.jpg', 'c.jpg']);
      const text = '\ufeffc.jpg\t7\r\n\na a.jpg 65\nother.jpg 3\nb/x.jpg, 999\n';
      assert.deepEqual(await labels(await labelled(directory, text)), [65, 999, 7]);
      assert.deepEqual(await labels(await labelled(directory, text.replace('b/x', 'x'))), [65, 999, 7]);
    }));

  it('take their classes from WordNet ids in the order of their names', () =>
    withDirectory(async (directory) => {
      await makeFiles(directory, ['3.jpg', '1.jpg', '2.jpg', '4.jpg']);
      const ids = 'n02086079\nn01440764\nn15075141\nn01440764\n';
      const some = await labelled(directory, ids);
      assert.deepEqual(await labels(some), [154, 0, 999, 0]);
      assert.deepEqual(some.notes, []);
      const others = await labelled(directory, ids.replaceAll('n0', 'n8'));
      assert.deepEqual(await labels(others), [2, 1, 0, 1]);
      assert.match(others.notes.join(), /labels\.txt has 3 WordNet ids, some of which are not ImageNet's/);
      await assert.rejects(
        labelled(directory, `${ids}n01440764\n`),
        /labels 5 pictures in the order of their names, but there are 4/,
      );
    }));

  it("take ImageNet's classes from folders called by WordNet ids, however many of them there are", () =>
    withDirectory(async (directory) => {
      await makeIn(directory, [
        'n15075141/b.JPEG',
        'n02086079/c.JPEG',
        'n02086079/a.JPEG',
        'n01440764/d.JPEG',
      ]);
      const found = await openPictures([directory]);
      assert.deepEqual(await labels(found), [0, 154, 154, 999]);
      assert.deepEqual(found.notes, []);
      // One class is a class too, and a labels file counts for more than folders.
      assert.deepEqual(
        await labels(await openPictures([join(directory, 'n02086079')], { unlabelled: true })),
        [undefined, undefined],
      );
      const given = 'a.JPEG 1\nb.JPEG 2\nc.JPEG 3\nd.JPEG 4\n';
      assert.deepEqual(await labels(await labelled(directory, given)), [4, 1, 3, 2]);
    }));

  it('take their classes from other folders in the order of their names, and say so', () =>
    withDirectory(async (directory) => {
      await makeIn(directory, ['wolf/a.jpg', 'Cat/b.jpg', 'n01440764/c.jpg']);
      const { notes, ...source } = await openPictures([directory]);
      assert.deepEqual(await labels(source), [0, 1, 2]);
      assert.deepEqual(notes, [
        'classes are the 3 folders in the order of their names: 0 is Cat, 1 is n01440764 …',
      ]);
    }));

  it('have no classes where they lie deeper, beside folders, or all in one that is no class of ImageNet', () =>
    withDirectory(async (directory) => {
      for (const [folder, names] of Object.entries({
        deeper: ['n01440764/x/a.jpg', 'n01443537/x/b.jpg'],
        beside: ['n01440764/a.jpg', 'b.jpg'],
        one: ['cats/a.jpg', 'cats/b.jpg'],
      })) {
        await makeIn(join(directory, folder), names);
        await refused(
          [join(directory, folder)],
          /give a labels file, or a folder that has a folder for each/,
        );
      }
    }));

  it('of other formats are told at once where there are no others, else in their turn', () =>
    withDirectory(async (directory) => {
      const [jpeg, png, gif] = ['a.jpg', 'b.png', 'c.jpg'].map((name) => join(directory, name));
      await writeFile(jpeg, makeJpeg(1));
      await writeFile(png, Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'));
      await writeFile(gif, 'GIF89a');
      await dataErrorOf(openPictures([png], { unlabelled: true }), /b\.png: PNG; only JPEG is read/);
      await dataErrorOf(openPictures([gif, png], { unlabelled: true }), /c\.jpg: GIF; only JPEG is read/);
      const several = await openPictures([png, jpeg], { unlabelled: true });
      assert.deepEqual(several.files, [png, jpeg]);
      assert.match(
        (await openPictures([directory], { unlabelled: true })).notes.join(),
        /leaves out 1 .*b\.png/,
      );
      await rm(jpeg);
      await rm(gif);
      await dataErrorOf(openPictures([directory]), /nor JPEG files, but 1 pictures in other formats.*b\.png/);
    }));

  it('need a label each, unless they are to go without', () =>
    withDirectory(async (directory) => {
      await makeFiles(directory, ['a.jpg', 'b.jpg']);
      await refused([directory], /give a labels file/);
      await assert.rejects(labelled(directory, 'a.jpg 1'), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, /has no label for b\.jpg/);
        return true;
      });
      assert.deepEqual(await labels(await openPictures([directory], { unlabelled: true })), [
        undefined,
        undefined,
      ]);
    }));

  for (const [text, complaint] of [
    ['a.jpg 1\nb.jpg\n', /line 2 is not "<picture> <class>"/],
    ['a.jpg -1', /line 1/],
    ['a.jpg 1.5', /line 1/],
    ['17\n18\n', /line 1/],
    ['a.jpg 99999999999999999999', /line 1/],
    ['a.jpg 1\n\na.jpg 2\n', /line 3 gives a\.jpg another class/],
  ] as const) {
    it(`refuse the labels ${JSON.stringify(text)}`, () =>
      withDirectory(async (directory) => {
        await makeFiles(directory, ['a.jpg', 'b.jpg']);
        await dataErrorOf(labelled(directory, text), complaint);
      }));
  }
});

it('names what is not there or of no use', () =>
  withDirectory(async (directory) => {
    await refused([], /no pictures are given/);
    await dataErrorOf(openPictures([join(directory, 'gone')]), /gone: there is no such file/);
    await dataErrorOf(openPictures([directory]), /neither TFRecord files "validation-\*" nor JPEG files/);
    await dataErrorOf(openPictures([directory], { labels: 'gone' }), /neither/);
    await makeShards(directory, [1]);
    await makeFiles(directory, ['a.jpg']);
    await refused([directory, join(directory, 'a.jpg')], /mixed/);
    const gone = { labels: join(directory, 'gone') };
    await dataErrorOf(openPictures([join(directory, 'a.jpg')], gone), /gone: there is no such file/);
  }));

it('a file that has gone is the error of its entry', () =>
  withDirectory(async (directory) => {
    await makeFiles(directory, ['a.jpg']);
    const source = await openPictures([directory], { unlabelled: true });
    await rename(join(directory, 'a.jpg'), join(directory, 'b.jpg'));
    await dataErrorOf(labels(source), /a\.jpg: there is no such file/);
  }));

/** The labels of all pictures, in order. */
async function labels(source: PictureSource): Promise<(number | undefined)[]> {
  const found: (number | undefined)[] = [];
  for await (const entry of source.entries()) found.push((await entry.load()).label);
  return found;
}

/** JPEG files in folders that are made for them. */
async function makeIn(directory: string, names: readonly string[]): Promise<void> {
  for (const name of names) await mkdir(join(directory, dirname(name)), { recursive: true });
  await makeFiles(directory, names);
}

async function labelled(directory: string, text: string): Promise<OpenedPictures> {
  const file = join(directory, 'labels.txt');
  await writeFile(file, text);
  return openPictures([directory], { labels: file });
}

function refused(paths: string[], complaint: RegExp, options?: OpenPicturesOptions): Promise<void> {
  return assert.rejects(openPictures(paths, options), (error) => {
    assert.ok(error instanceof UsageError, `${error}`);
    assert.match(error.message, complaint);
    return true;
  });
}
