import { AppendedFile } from '../../io/files/appended-file.ts';
import { pathIn } from '../../io/files/paths.ts';
import { recordFrames } from '../../io/records/record-frames.ts';
import { scalarsEvent, startEvent, versionEvent } from './tensorboard-event.ts';

/** Scalars of a run for TensorBoard, in an event file of its own for each time the run is begun or gone on with. */
export class EventFile implements AsyncDisposable {
  readonly #file: AppendedFile;

  private constructor(file: AppendedFile) {
    this.#file = file;
  }

  /** Makes the file. @param step the first that will be told of */
  static async create(folder: string, step: number): Promise<EventFile> {
    const now = Date.now();
    // TensorBoard reads the files of a folder in the order of their names.
    const name = `events.out.tfevents.${String(now).padStart(14, '0')}.tsos`;
    const events = new EventFile(await AppendedFile.open(pathIn(folder, name), 0));
    await events.#append(versionEvent(now / 1000));
    await events.#append(startEvent(now / 1000, step));
    return events;
  }

  async append(step: number, scalars: Readonly<Record<string, number>>): Promise<void> {
    await this.#append(scalarsEvent(Date.now() / 1000, step, scalars));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#file.close();
  }

  async #append(event: Uint8Array): Promise<void> {
    for await (const piece of recordFrames([event])) await this.#file.append(piece);
  }
}
