import { readText } from '../../io/files/read-file.ts';

/** Reads names of classes, one a line from class 0 on: `name`, or `n01440764 name`. */
export async function readClassNames(file: string): Promise<string[]> {
  return (await readText(file))
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.trim().replace(/^n\d{8}\s+/, ''));
}
