import {
  agreeing,
  anything,
  either,
  fields,
  listOf,
  oneOf,
  onlyFields,
  optional,
  recordOf,
  type Shape,
  text,
} from '../base/json-shape.ts';
import { readJson } from '../io/files/read-json.ts';
import type { ModelKind } from '../models/model-kind.ts';
import type { PresetName } from '../train/run/presets.ts';

/** Settings of trainings by their names, as `run.json` has them. */
export type SomeSettings = Readonly<Record<string, unknown>>;

/** Runs that differ in some settings only. */
export interface StudyGroup {
  /** Begins the names of its runs. */
  readonly name: string;
  /** What they have in common, beside what all of the study have. */
  readonly settings?: SomeSettings | undefined;
  /** Values of the settings in which they differ: there is a run for each combination. */
  readonly grid?: Readonly<Record<string, readonly unknown[]>> | undefined;
}

/** What the finished runs are measured with. */
export type StudyTest =
  | { readonly inputs: readonly string[]; readonly targets: readonly string[] }
  | { readonly data: readonly string[] };

/** A file that says what is to be trained and compared; see `schemas/study.schema.json`. */
export interface Study {
  /** What is trained. */
  readonly model: ModelKind;
  /** What settings are that nobody states; `small` unless given. */
  readonly preset?: PresetName | undefined;
  /** Of all runs. */
  readonly settings: SomeSettings;
  /** A run that is done first, and whose variables the others begin with. */
  readonly start?: { readonly name: string; readonly settings?: SomeSettings | undefined } | undefined;
  /** What is compared. */
  readonly runs: readonly StudyGroup[];
  /** What it is measured with, once trained. */
  readonly test: StudyTest;
}

/**
 * Reads a study from a file of JSON.
 * @throws {DataError} where it cannot be read, or says something else.
 */
export function readStudy(file: string): Promise<Study> {
  return readJson(file, STUDY, 'study for "tsos sweep"');
}

/** Runs have folders of their names. */
const NAME = text('letters, digits, dots, dashes and underscores', /^[A-Za-z0-9][\w.-]*$/);
const SETTINGS = recordOf(anything);
const list = listOf(text(), { least: 1 });

const STUDY: Shape<Study> = agreeing(
  onlyFields({
    $schema: optional(text()),
    model: oneOf('transformer', 'rn50'),
    preset: optional(oneOf('paper', 'small')),
    settings: SETTINGS,
    start: optional(onlyFields({ name: NAME, settings: optional(SETTINGS) })),
    runs: listOf(
      onlyFields({
        name: NAME,
        settings: optional(SETTINGS),
        grid: optional(recordOf(listOf(anything, { least: 1 }))),
      }),
      { least: 1 },
    ),
    test: either(fields({ inputs: list, targets: list }), fields({ data: list })),
  }),
  ({ model, test }) => {
    const wanted = model === 'transformer' ? 'inputs' : 'data';
    return wanted in test ? undefined : `test.${wanted} is missing, which ${model} is measured with`;
  },
);
