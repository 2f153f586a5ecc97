import { diskTree } from '../files/disk-tree.ts';
import { diskFile } from '../files/file-source.ts';
import { filesBelow } from '../files/folders.ts';
import { readText } from '../files/read-file.ts';
import { zlibInflate } from '../files/zlib-inflate.ts';
import { arrangePictures, type LabelOptions, type OpenedPictures } from './arrange-pictures.ts';
import { findGiven, type GivenPicture } from './given-pictures.ts';
import { nodeDecodeThreads } from './node-decode-threads.ts';
import { type FoundFiles, foundFile, type PictureSplit, picturesOfFolder } from './picture-kinds.ts';

export type { OpenedPictures } from './arrange-pictures.ts';

/** What belongs to pictures and is not in their files. */
export interface OpenPicturesOptions extends LabelOptions {
  /** A text file with the classes of pictures that are JPEG files; see `labelPictures`. */
  readonly labels?: string | undefined;
  /** Which TFRecord files of a folder are meant; `validation` unless given. */
  readonly split?: PictureSplit | undefined;
}

/**
 * Finds the pictures of an evaluation, or of a training. Each path is a directory with TFRecord files `validation-*`, a TFRecord file, a
 * folder of JPEG files (looked through recursively), or a JPEG file; what kind a file is, its bytes tell. TFRecord files
 * and the pictures of a folder come in the order of their names, single pictures in the order they are given. Files may
 * also be at hand, as Blobs or bytes. Where JPEG files have no labels file, the folders they are in are their classes; see
 * `classFolders`.
 *
 * @throws {DataError} where there is no such file, or a directory has neither.
 * @throws {UsageError} where TFRecord and JPEG files are mixed, or labels are missing or superfluous.
 */
export async function openPictures(
  given: readonly (string | GivenPicture)[],
  options: OpenPicturesOptions = {},
): Promise<OpenedPictures> {
  const { labels, split } = options;
  const found = await Promise.all(
    given.map((each, at) => (typeof each === 'string' ? findOnDisk(each, split) : findGiven(each, at))),
  );
  const labelFile = labels === undefined ? undefined : { file: labels, read: () => readText(labels) };
  return arrangePictures(found, labelFile, options, { inflate: zlibInflate, threads: nodeDecodeThreads });
}

async function findOnDisk(path: string, split?: PictureSplit): Promise<FoundFiles> {
  if ((await diskTree.kind(path)) !== 'directory') {
    return foundFile({ ...diskFile(path), path });
  }
  const files = (await filesBelow(path)).map((each) => ({ ...diskFile(each.path), path: each.below }));
  return picturesOfFolder(path, files, split);
}
