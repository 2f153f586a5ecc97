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
