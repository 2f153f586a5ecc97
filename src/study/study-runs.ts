import { DataError, UsageError } from '../base/errors.ts';
import { impliedSettings, PRESETS } from '../train/run/presets.ts';
import { checkSchedules } from '../train/run/schedules.ts';
import { SETTING_NAMES, SETTING_SHAPES, type TrainingSettings } from '../train/run/settings.ts';
import type { SomeSettings, Study, StudyGroup } from './study-file.ts';

/** One of the trainings of a study. */
export interface StudyRun {
  /** Of its folder, and of its result. */
  readonly name: string;
  /** All of them, those of the preset included. */
  readonly settings: TrainingSettings;
}

/** The trainings of a study. */
export interface StudyRuns {
  /** The one that the others begin with. */
  readonly start: StudyRun | undefined;
  /** Those that are compared. */
  readonly others: readonly StudyRun[];
}

/**
 * All trainings that a study asks for, in its order; of a grid, the last setting changes first.
 * @param file of the study, for errors
 * @param folderOf the folder of a run
 * @throws {DataError} where settings are missing, of the other model or impossible, or two runs have one name.
 */
export function studyRuns(study: Study, file: string, folderOf: (name: string) => string): StudyRuns {
  const run = (name: string, own: SomeSettings): StudyRun => ({
    name,
    settings: settingsOf(study, { file, name }, own),
  });
  const start = study.start && run(study.start.name, { ...study.settings, ...study.start.settings });
  const begun = start === undefined ? {} : { warmStartFrom: folderOf(start.name) };
  const others = study.runs.flatMap((group) =>
    combinations(group).map(({ name, settings }) =>
      run(name, { ...study.settings, ...begun, ...group.settings, ...settings }),
    ),
  );
  const names = [start, ...others].flatMap((each) => each?.name ?? []);
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined)
    throw new DataError(`has two runs named ${twice}; give their groups other names`, { file });
  return { start, others };
}

function combinations({ name, grid = {} }: StudyGroup): { name: string; settings: SomeSettings }[] {
  let found: { name: string; settings: SomeSettings }[] = [{ name, settings: {} }];
  for (const [setting, values] of Object.entries(grid)) {
    found = found.flatMap((each) =>
      values.map((value) => ({
        name: `${each.name}-${setting}=${inName(value)}`,
        settings: { ...each.settings, [setting]: value },
      })),
    );
  }
  return found;
}

/** What a value is called in the name of a folder. */
function inName(value: unknown): string {
  const written = typeof value === 'string' ? value : JSON.stringify(value);
  return written.replace(/[^\w.+-]+/g, '_');
}

function settingsOf(
  { model, preset = 'small' }: Study,
  { file, name }: { file: string; name: string },
  own: SomeSettings,
): TrainingSettings {
  const foreign = Object.keys(own).find((each) => each === 'model' || !SETTING_NAMES[model].includes(each));
  if (foreign !== undefined) {
    throw new DataError(`run ${name}: ${foreign} is no setting of ${model}; leave it out`, { file });
  }
  const before = PRESETS[model][preset];
  const settings = { ...before, technique: 'dense', seed: 0, ...impliedSettings({ ...before }, own), ...own };
  const flaw = SETTING_SHAPES[model](settings, '');
  if (flaw !== undefined) throw new DataError(`run ${name}: ${flaw}`, { file });
  try {
    checkSchedules(settings as TrainingSettings);
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause;
    throw new DataError(`run ${name}: ${cause.message}`, { file }, { cause });
  }
  return settings as TrainingSettings;
}
