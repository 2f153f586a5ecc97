import { UsageError } from '../../base/errors.ts';
import { imageNetClasses } from './imagenet-classes.ts';

/**
 * The classes of pictures by the folders they are in, `<class>/<picture>`, as torchvision and timm lay data sets out; see
 * {@link classesOf} for their order. Undefined where pictures are in no folder, in all the same one, or deeper.
 * @param names paths of the pictures below the folder of the data set.
 * @param onNote told which class is which, where that is not ImageNet's.
 */
export function classFolders(
  names: readonly string[],
  onNote: (note: string) => void,
): readonly number[] | undefined {
  const folders = names.map((name) => /^([^/]+)\/[^/]+$/.exec(name)?.[1]);
  if (!folders.every((folder) => folder !== undefined)) return undefined;
  const isImageNet = folders.every((folder) => rankInImageNet(folder) !== undefined);
  if (!isImageNet && new Set(folders).size < 2) return undefined;
  return classesOf(folders, (count) => {
    const [first, second] = [...new Set(folders)].sort();
    onNote(`classes are the ${count} folders in the order of their names: 0 is ${first}, 1 is ${second} …`);
  });
}

/** What the folders of pictures are called, by the number of the class, where that is their rank. */
export function classNames(names: readonly string[]): readonly string[] | undefined {
  const folders = [...new Set(names.map((name) => name.slice(0, name.indexOf('/'))))].sort();
  return folders.every((folder) => rankInImageNet(folder) !== undefined) ? undefined : folders;
}

/** Pictures that may have their classes from the folders they are in. */
interface Classified {
  readonly files: readonly string[];
  /** See {@link classNames}. */
  readonly classNames?: readonly string[] | undefined;
}

/**
 * Refuses to evaluate by folders that would number other classes than those that were trained on.
 * @throws {UsageError} that says which folders differ.
 */
export function requireSameClasses(trained: Classified, evaluated: Classified | undefined): void {
  const [known, found] = [trained.classNames, evaluated?.classNames];
  if (known === undefined || found === undefined || JSON.stringify(found) === JSON.stringify(known)) return;
  const only = (some: readonly string[], others: readonly string[]) =>
    some
      .filter((name) => !others.includes(name))
      .slice(0, 3)
      .join(', ') || 'none';
  throw new UsageError(
    `${evaluated?.files[0]}: folders are classes by the order of their names, and training has others: ` +
      `${only(known, found)} only there, ${only(found, known)} only here; give both the same folders, or TFRecord files`,
  );
}

/**
 * Numbers from 0 for the names of classes: ImageNet's own where all are ids of its synsets, however many of the thousand
 * there are; else their ranks among the names there are.
 * @param onRanks told of how many there are, where they are ranks.
 */
export function classesOf(names: readonly string[], onRanks: (count: number) => void): number[] {
  const known = names.map(rankInImageNet);
  if (known.every((rank) => rank !== undefined)) return known;
  const ranks = new Map([...new Set(names)].sort().map((name, rank) => [name, rank]));
  onRanks(ranks.size);
  return names.map((name) => ranks.get(name)!);
}

function rankInImageNet(id: string): number | undefined {
  ranksInImageNet ??= new Map(imageNetClasses().map(({ id }, rank) => [id, rank]));
  return ranksInImageNet.get(id);
}

let ranksInImageNet: ReadonlyMap<string, number> | undefined;
