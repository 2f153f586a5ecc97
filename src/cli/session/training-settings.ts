import { UsageError } from '../../base/errors.ts';
import { impliedSettings, PRESETS, type PresetName } from '../../train/run/presets.ts';
import { settingsOfPublished } from '../../train/run/published-settings.ts';
import { findRun, readRunFile } from '../../train/run/run-folder.ts';
import {
  optionName,
  SETTING_NAMES,
  SETTING_SHAPES,
  type TrainingSettings,
} from '../../train/run/settings.ts';
import { ArgumentError } from '../arguments/argument-error.ts';

/** Where settings come from beside options of their own. */
export interface SettingsSources {
  readonly preset?: PresetName | undefined;
  readonly config?: string | undefined;
  readonly like?: string | undefined;
  /** The folder of the run, where one is gone on with. */
  readonly resumed?: string | undefined;
}

/**
 * The settings of a training: those of options count most, then those of a published name, of a file, of the run that is gone on
 * with, of a preset.
 * @throws {ArgumentError} where something is missing, or is not for the model.
 */
export async function trainingSettings(
  model: TrainingSettings['model'],
  options: Readonly<Record<string, unknown>>,
  { preset, config, like, resumed }: SettingsSources,
): Promise<TrainingSettings> {
  if (config !== undefined && preset !== undefined) {
    throw new ArgumentError('--config states all settings, --preset would change none; give one of them');
  }
  const run = resumed === undefined ? undefined : await findRun(resumed);
  const file = config === undefined ? undefined : await readRunFile(config);
  for (const each of [run, file]) {
    if (each === undefined || each.settings.model === model) continue;
    throw new UsageError(`${resumed ?? config}: its run is of ${each.settings.model}, not of ${model}`);
  }
  const base = file?.settings ?? run?.settings;
  const before: Readonly<Record<string, unknown>> = {
    ...(base === undefined || preset !== undefined ? PRESETS[model][preset ?? 'paper'] : {}),
    ...(base === undefined ? { technique: 'dense', seed: 0 } : {}),
    ...base,
    ...(like === undefined ? {} : settingsOfPublished(like, model)),
  };
  const settings = { ...before, ...impliedSettings(before, options), ...options };
  const foreign = Object.keys(options).find((name) => !SETTING_NAMES[model].includes(name));
  if (foreign !== undefined)
    throw new ArgumentError(`${optionName(foreign)} is not for ${model}; leave it out`);
  const flaw = SETTING_SHAPES[model](settings, '');
  if (flaw !== undefined) {
    const isNew = resumed !== undefined && run === undefined;
    throw new ArgumentError(
      isNew ? `${resumed} holds no run to go on with; to begin one, ${asOption(flaw)}` : asOption(flaw),
    );
  }
  return settings as TrainingSettings;
}

/** A flaw of settings, of the option that they come from. */
function asOption(flaw: string): string {
  return flaw.replace(/^[a-z]\w*/i, optionName);
}
