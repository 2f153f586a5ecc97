import { DataError, UsageError } from '../../base/errors.ts';
import { classesOf } from './class-folders.ts';

/** A text with the classes of pictures, see `labelPictures`, and what errors call it. */
export interface LabelText {
  readonly file: string;
  readonly text: string;
}

/**
 * The classes of pictures, from 0, by a text of either of two kinds:
 *
 * - lines `name class`, separated by blanks, tabs or a comma; a name is a path below the folder of the pictures, or a file
 *   name; in any order, others may be among them (Caffe's `val.txt` is such a file);
 * - one WordNet id (`n01440764`) a line, for the pictures in the order of their names, as TensorFlow's
 *   `imagenet_2012_validation_synset_labels.txt` has them; see `classesOf`.
 *
 * @param names paths of the pictures below their folder, ascending.
 * @param onNote told of labels that may be other classes than the network's.
 * @throws {DataError} where the file cannot be read as either.
 * @throws {UsageError} where it has no label for a picture.
 */
export function labelPictures(
  { file: labelsFile, text }: LabelText,
  names: readonly string[],
  onNote: (note: string) => void,
): number[] {
  const lines = linesOf(text);
  if (lines.length > 0 && lines.every(({ text }) => SYNSET.test(text))) {
    return labelsInOrder(
      labelsFile,
      lines.map(({ text }) => text),
      names,
      onNote,
    );
  }
  const labels = labelsByName(labelsFile, lines);
  return names.map((name) => {
    const label = labels.get(name) ?? labels.get(fileName(name));
    if (label !== undefined) return label;
    throw new UsageError(`${labelsFile} has no label for ${name}; add the line "${name} <class>"`);
  });
}

const SYNSET = /^n\d{8}$/;

interface Line {
  readonly number: number;
  readonly text: string;
}

function linesOf(text: string): Line[] {
  return text
    .split('\n')
    .map((line, at) => ({ number: at + 1, text: line.trim() }))
    .filter((line) => line.text !== '');
}

function labelsInOrder(
  file: string,
  synsets: readonly string[],
  names: readonly string[],
  onNote: (note: string) => void,
): number[] {
  if (synsets.length !== names.length) {
    throw new UsageError(
      `${file} labels ${synsets.length} pictures in the order of their names, but there are ${names.length}; for some of them, give lines "<picture> <class>"`,
    );
  }
  return classesOf(synsets, (count) =>
    onNote(
      `${file} has ${count} WordNet ids, some of which are not ImageNet's, and counts classes among these alone; for a network with other classes give lines "<picture> <class>"`,
    ),
  );
}

function labelsByName(file: string, lines: readonly Line[]): ReadonlyMap<string, number> {
  const labels = new Map<string, number>();
  for (const { number, text } of lines) {
    const [, name, digits] = /^(.*?)\s*[\s,]\s*(\d+)$/.exec(text) ?? [];
    const label = Number(digits);
    if (!name || !Number.isSafeInteger(label)) {
      throw new DataError(`line ${number} is not "<picture> <class>", with a class counted from 0`, { file });
    }
    if ((labels.get(name) ?? label) !== label) {
      throw new DataError(`line ${number} gives ${name} another class than a line before`, { file });
    }
    labels.set(name, label);
  }
  return labels;
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
