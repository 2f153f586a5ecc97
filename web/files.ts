import type { GivenFile } from './engine/protocol.ts';

/** Files of an input; those of a folder with their paths. */
export function chosenFiles(input: HTMLInputElement): GivenFile[] {
  return Array.from(input.files ?? [], (file) => ({ path: file.webkitRelativePath || file.name, file }));
}

/** Lets files be dropped on an element. @param take told of the files, those of dropped folders included */
export function onDrop(target: HTMLElement, take: (files: readonly GivenFile[]) => void): void {
  const show = (isOver: boolean) => {
    target.dataset.state = isOver ? 'over' : 'idle';
  };
  target.addEventListener('dragover', (event) => {
    event.preventDefault();
    show(true);
  });
  target.addEventListener('dragleave', () => show(false));
  target.addEventListener('drop', async (event) => {
    event.preventDefault();
    show(false);
    // They are to be had only while the event is handled.
    const given = Array.from(
      event.dataTransfer?.items ?? [],
      (item) => item.webkitGetAsEntry() ?? item.getAsFile(),
    );
    const nested = await Promise.all(given.map(async (each) => (each === null ? [] : filesOf(each))));
    take(nested.flat());
  });
}

/** Scripts drop files that are no entries of a file system. */
function filesOf(given: FileSystemEntry | File): Promise<GivenFile[]> | GivenFile[] {
  return given instanceof File ? [{ path: given.name, file: given }] : filesIn(given);
}

async function filesIn(entry: FileSystemEntry): Promise<GivenFile[]> {
  if (isDirectory(entry)) return (await Promise.all((await entriesOf(entry)).map(filesIn))).flat();
  const file = await new Promise<File>((resolve, reject) => {
    (entry as FileSystemFileEntry).file(resolve, reject);
  });
  return [{ path: entry.fullPath.replace(/^\//, ''), file }];
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory;
}

/** Browsers give a hundred at a time, and none at the end. */
async function entriesOf(directory: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = directory.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (some.length === 0) return all;
    all.push(...some);
  }
}
