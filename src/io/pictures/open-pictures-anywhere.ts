import { portableInflate } from '../bytes/portable-inflate.ts';
import { arrangePictures, type LabelOptions, type OpenedPictures } from './arrange-pictures.ts';
import { findGiven, type GivenPicture } from './given-pictures.ts';
import { webDecodeThreads } from './web-decode-threads.ts';

/** What belongs to pictures and is not in their files. */
export interface OpenPicturesOptions extends LabelOptions {
  /** The classes of pictures that are JPEG files: the text of a labels file, see `labelPictures`, or a Blob of it. */
  readonly labels?: string | Blob | undefined;
}

/**
 * Takes the pictures of an evaluation where there is no file system: JPEG and TFRecord files as Blobs or bytes; what kind a
 * file is, its bytes tell. TFRecord files come in the order of their names, single pictures in the order they are given.
 *
 * @throws {UsageError} where TFRecord and JPEG files are mixed, or labels are missing or superfluous.
 */
export async function openPictures(
  given: Iterable<GivenPicture>,
  options: OpenPicturesOptions = {},
): Promise<OpenedPictures> {
  const { labels } = options;
  const found = await Promise.all([...given].map(findGiven));
  const read = async () => (labels instanceof Blob ? labels.text() : (labels ?? ''));
  const labelFile = labels === undefined ? undefined : { file: 'the labels', read };
  return arrangePictures(found, labelFile, options, { inflate: portableInflate, threads: webDecodeThreads });
}
