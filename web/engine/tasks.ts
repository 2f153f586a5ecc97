import { measureFormats } from './measure.ts';
import { Models } from './models.ts';
import type { TaskName, Tasks } from './protocol.ts';

/** What a task has to work with beside its input. */
export interface TaskContext<Told> {
  readonly tell: (told: Told) => void;
  readonly signal: AbortSignal;
}

type Task<Name extends TaskName> = (
  input: Tasks[Name]['takes'],
  context: TaskContext<Tasks[Name]['tells']>,
) => Promise<Tasks[Name]['gives']>;

const models = new Models();

/** What the engine does for the page. */
export const tasks: { readonly [Name in TaskName]: Task<Name> } = {
  openDevice: async () => (await models.gpu()).adapter,
  loadTransformer: (input, { tell }) => models.loadTransformer(input?.vocabulary, tell),
  translate: (input, { tell, signal }) => models.translate(input, tell, signal),
  loadResNet: (input, { tell }) => models.loadResNet(input, tell),
  classify: (picture) => models.classify(picture),
  inspect: (input) => models.inspect(input),
  measure: async (scale, { tell, signal }) => measureFormats(await models.gpu(), scale, tell, signal),
};
