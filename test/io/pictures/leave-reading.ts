/**
 * Begins to read pictures with two threads and leaves: `leave-reading.ts <break|throw|forget|finish> <TFRecord files>`. The
 * process is to end by itself.
 */
import process from 'node:process';
import { openPictures } from '../../../src/io/pictures/open-pictures.ts';
import { readPictures } from '../../../src/io/pictures/read-pictures.ts';

const [, , leaving, ...files] = process.argv;
const pictures = readPictures(await openPictures(files), { workers: 2 });
try {
  if (leaving === 'forget') await pictures.next();
  else {
    for await (const _ of pictures) {
      if (leaving === 'break') break;
      if (leaving === 'throw') throw new Error('thrown');
    }
  }
} catch (error) {
  if ((error as Error).message !== 'thrown') throw error;
}
console.log(`left by ${leaving}`);
