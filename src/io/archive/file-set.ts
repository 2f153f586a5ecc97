import { ArchiveTree } from './file-tree.ts';
import type { MemberOpener } from './unpacking.ts';

/** Files that are at hand, such as a user has chosen, by their paths. */
export class FileSet extends ArchiveTree {
  /** @param name what messages call all of them */
  constructor(name: string, files: ReadonlyMap<string, MemberOpener>) {
    super(name, files, async () => {});
  }

  override describe(path: string): string {
    return path === '' ? super.describe('') : path;
  }
}
