import { reasonOf, ShadegradError } from '../errors.ts';
import type { AdapterReport } from '../gpu/adapter.ts';
import { fieldsOf } from '../json.ts';
import {
  absent,
  boolean,
  FieldError,
  joined,
  list,
  nullable,
  number,
  object,
  type Reader,
  text,
  whole,
} from '../model/fields.ts';
import { quote } from '../model/safetensors.ts';
import {
  checksum,
  imageSize,
  initialWeights,
  isSetting,
  labelNoise,
  legs,
  network,
  share,
  versions,
  withSettings,
} from '../train/readers.ts';
import type { TrainerSettings } from '../train/settings.ts';
import type { DataSource, NetworkReport, RunConfig, RunReport, TestResults } from './run-report.ts';

/** Test results as a file has them. */
export type StoredTest = RunReport['test'];

/** What a run's report says of the run, as it is needed to repeat it. */
export interface StoredReport
  extends Pick<RunReport, 'processor' | 'toggles' | 'versions' | 'test' | 'confusionMatrix'> {
  /** Its backend is null where an older version wrote the file. */
  readonly adapter: Omit<AdapterReport, 'backend'> & {
    /** As {@link AdapterReport.backend}. */
    readonly backend: string | null;
  };
  /** What it was trained on. */
  readonly dataset: Pick<RunReport['dataset'], 'name' | 'train' | 'test' | 'sha256'>;
  /** What was trained and how. */
  readonly config: RunConfig;
  /** Those of `config` that a trainer takes. */
  readonly settings: Omit<TrainerSettings, 'plan'>;
  /** [networks]; checksums are null too where an older version wrote the file. */
  readonly models: readonly NetworkReport[];
  /** Index in `models` of the best network. */
  readonly best: number;
  /** Of all networks together; null where there is one. */
  readonly ensemble: Pick<TestResults, 'test' | 'confusionMatrix'> | null;
  /** The whole file, parsed. */
  readonly content: Readonly<Record<string, unknown>>;
}

const configFields = {
  epochs: whole(1),
  plan: text(/./),
  matrixUnits: nullable(text()),
  initial: initialWeights,
  source: absent(nullable(object<DataSource>({ data: text(/./), imageSize })), null),
  earlier: absent(legs, []),
} satisfies {
  [K in keyof Omit<RunConfig, keyof TrainerSettings | 'labelNoise'> | 'plan']: Reader<RunConfig[K]>;
};

const readSettings = withSettings(object({}));

const results = {
  test: object<StoredTest>({ loss: number(0), accuracy: share, count: whole(1) }),
  confusionMatrix: list(list(whole(0)), 1),
};

const readStored = object<Omit<StoredReport, 'content' | 'settings'>>({
  dataset: object<StoredReport['dataset']>({
    name: text(),
    train: whole(1),
    test: whole(1),
    sha256: checksum,
  }),
  adapter: object<StoredReport['adapter']>({
    vendor: text(),
    architecture: text(),
    description: text(),
    software: boolean,
    backend: absent(nullable(text()), null),
  }),
  processor: absent(nullable(text()), null),
  toggles: list(text()),
  versions,
  ...results,
  config: withSettings(joined(object<Pick<RunConfig, keyof typeof configFields>>(configFields), labelNoise)),
  models: list(
    joined(
      network,
      object<Pick<NetworkReport, 'epoch' | 'stopped' | 'test' | 'sha256'>>({
        epoch: whole(0),
        stopped: boolean,
        test: nullable(object({ loss: number(0), accuracy: share })),
        sha256: absent(nullable(checksum), null),
      }),
    ),
    1,
  ),
  best: whole(0),
  ensemble: nullable(object(results)),
});

/**
 * Reads a run's `report.json`, and refuses one whose run cannot be repeated.
 *
 * @param name the file's, for messages
 * @throws ShadegradError `bad-data` where it is none or damaged, where it has settings that this version does not know, and
 *   where the run was stopped by hand
 */
export function readRunReport(name: string, json: string): StoredReport {
  const content = parsed(name, json);
  if (content.file !== undefined && content.networks !== undefined) {
    throw new ShadegradError(
      'bad-data',
      `${name} is the report of a sweep, and only the run of a training can be repeated by itself.`,
      'Run the sweep again into another folder (sweep --out) and give both to "npx shadegrad merge": it names the tasks whose results differ.',
    );
  }
  if (content.config === undefined) {
    throw new ShadegradError(
      'bad-data',
      `${name} is not the report of a training: it has no settings.`,
      'Name the folder that a training wrote to (train --out).',
    );
  }
  const config = fieldsOf(content.config);
  const shadegrad = fieldsOf(content.versions).shadegrad;
  const unknown = Object.keys(config).find(
    (setting) => !isSetting(setting) && setting !== 'labelNoise' && !Object.hasOwn(configFields, setting),
  );
  if (unknown !== undefined) {
    throw new ShadegradError(
      'bad-data',
      `${name} has a setting that this version does not know: ${quote(unknown)}.`,
      `Verify it with the version of Shadegrad that wrote it${typeof shadegrad === 'string' ? `, ${quote(shadegrad)}` : ''}.`,
    );
  }
  const report = readFields(name, content);
  const { epochs } = report.config;
  const short = report.models.find(
    ({ history, diverged, stopped }) => !diverged && !stopped && history.length < epochs,
  );
  if (!report.models[report.best]) throw damaged(name, 'its best network is none of its networks');
  if (short) {
    throw new ShadegradError(
      'bad-data',
      `The run of ${name} was stopped after ${short.history.length} of ${epochs} epochs, within the next one perhaps: where, the report does not say.`,
      'Verify a run that came to its end.',
    );
  }
  return report;
}

function parsed(name: string, json: string): Readonly<Record<string, unknown>> {
  try {
    return fieldsOf(JSON.parse(json));
  } catch (cause) {
    throw damaged(name, reasonOf(cause), cause);
  }
}

function readFields(name: string, content: Readonly<Record<string, unknown>>): StoredReport {
  try {
    const settings = readSettings(content.config, 'its config');
    return { ...readStored(content, 'it'), settings, content };
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    throw damaged(name, error.message, error);
  }
}

function damaged(name: string, how: string, cause?: unknown): ShadegradError {
  return new ShadegradError(
    'bad-data',
    `${name} is not a whole report of a training: ${how}.`,
    'Use the report as the training wrote it.',
    cause,
  );
}
