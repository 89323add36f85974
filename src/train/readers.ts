import type { LabelNoise } from '../data/label-noise.ts';
import { fieldsOf } from '../json.ts';
import type { InitialWeights } from '../model/checksum.ts';
import {
  FieldError,
  joined,
  list,
  nullable,
  number,
  object,
  oneOf,
  type Reader,
  text,
  whole,
} from '../model/fields.ts';
import type { ImageShape } from '../model/model-file.ts';
import type { NetworkSettings } from '../model/network-settings.ts';
import type { Versions } from '../versions.ts';
import type { Divergence, EpochRecord, Leg, NetworkRecord } from './history.ts';
import { OPTIMIZER_NAMES } from './optimizer.ts';
import type { RateChange } from './schedule.ts';
import type { TrainerSettings } from './settings.ts';

// What checkpoints and reports say of a training, as it is read from a file.

/** The shaders compute in float32, which holds 1e-38 to 1e38. */
const learningRate = number(1e-30, 1e30);
const weightDecay = number(0, 1);
export const share = number(0, 1);

/** Of SHA-256. */
export const checksum = text(/^[0-9a-f]{64}$/);

/* @__NO_SIDE_EFFECTS__ */
function oneOrMore(read: Reader<number>): Reader<number | number[]> {
  const readAll = list(read, 1);
  return (value, path) => (Array.isArray(value) ? readAll(value, path) : read(value, path));
}

const SCHEDULES = {
  constant: object({ name: oneOf(['constant']) }),
  cosine: object({ name: oneOf(['cosine']), epochs: number(0) }),
  step: object({ name: oneOf(['step']), epochs: number(0), factor: number(0) }),
};

const schedule: Reader<TrainerSettings['schedule']> = (value, path) => {
  const name = oneOf(['constant', 'cosine', 'step'])(fieldsOf(value).name, `${path}.name`);
  return SCHEDULES[name](value, path);
};

const networkSettings = object<NetworkSettings>({ seed: whole(0), learningRate, weightDecay });

const ownSettings = list(networkSettings, 1);

const listOfChanges = list(object<RateChange>({ step: whole(1), learningRate }), 1);

const rateChanges: Reader<RateChange[]> = (value, path) => {
  const changes = listOfChanges(value, path);
  const wrong = changes.findIndex(({ step }, i) => step <= (changes[i - 1]?.step ?? 0));
  if (wrong >= 0) throw new FieldError(`${path}[${wrong}].step is not after the one before`);
  return changes;
};

/** But for the plan, and what is absent where there is none of it. The optimizer's own numbers are checked by `optimizerOf`. */
const settingsFields = {
  hidden: list(whole(1)),
  batchSize: whole(1),
  optimizer: oneOf(OPTIMIZER_NAMES),
  learningRate: oneOrMore(learningRate),
  weightDecay: oneOrMore(weightDecay),
  beta1: number(),
  beta2: number(),
  epsilon: number(),
  momentum: number(),
  schedule,
  warmup: number(0),
  seed: whole(0),
  models: whole(1),
  validationSplit: share,
  patience: nullable(whole(1)),
} satisfies { [K in keyof CommonSettings]: Reader<CommonSettings[K]> };

type CommonSettings = Omit<TrainerSettings, 'plan' | keyof typeof optionalFields>;

const optionalFields = { networks: ownSettings, rateChanges };

const commonSettings = object<CommonSettings>(settingsFields);

/** Whether {@link withSettings} reads a field of the name. */
export function isSetting(name: string): boolean {
  return Object.hasOwn(optionalFields, name) || Object.hasOwn(settingsFields, name);
}

/** A trainer's settings, and what `read` reads beside them. */
/* @__NO_SIDE_EFFECTS__ */
export function withSettings<T extends object>(read: Reader<T>): Reader<Omit<TrainerSettings, 'plan'> & T> {
  return (value, path) => {
    const { networks, rateChanges: changes } = fieldsOf(value);
    return {
      ...commonSettings(value, path),
      ...(networks !== undefined && { networks: ownSettings(networks, `${path}.networks`) }),
      ...(changes !== undefined && { rateChanges: rateChanges(changes, `${path}.rateChanges`) }),
      ...read(value, path),
    };
  };
}

/** What is known of a network: its settings, its epochs and how they ended. */
export const network = joined(
  networkSettings,
  object<Pick<NetworkRecord, 'history' | 'diverged'>>({
    history: list(
      object<EpochRecord>({
        epoch: whole(1),
        loss: number(),
        accuracy: share,
        valLoss: nullable(number()),
        valAccuracy: nullable(share),
        seconds: number(0),
      }),
    ),
    diverged: nullable(object<Divergence>({ epoch: whole(1), batch: nullable(whole(1)) })),
  }),
);

export const initialWeights = nullable(object<InitialWeights>({ file: text(), sha256: checksum }));

const readLabelNoise = object<LabelNoise>({ share, seed: whole(0) });

/** Absent where there is none. */
export const labelNoise: Reader<{ readonly labelNoise?: LabelNoise }> = (value, path) => {
  const { labelNoise: noise } = fieldsOf(value);
  return noise === undefined ? {} : { labelNoise: readLabelNoise(noise, `${path}.labelNoise`) };
};

export const imageSize = nullable(object<ImageShape>({ height: whole(1), width: whole(1) }));

export const versions = object<Versions>({ shadegrad: text(), webgpu: nullable(text()), runtime: text() });

export const legs = list(object<Leg>({ plan: text(), adapter: text(), versions }));
