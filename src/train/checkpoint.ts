import { assertBytes } from '../data/bytes.ts';
import type { LabelNoise } from '../data/label-noise.ts';
import { ShadegradError } from '../errors.ts';
import type { AdapterChoice } from '../gpu/adapter.ts';
import { fieldsOf } from '../json.ts';
import type { InitialWeights } from '../model/checksum.ts';
import {
  absent,
  boolean,
  FieldError,
  joined,
  list,
  nullable,
  number,
  numberForJson,
  object,
  oneOf,
  type Reader,
  text,
  whole,
} from '../model/fields.ts';
import { padded } from '../model/layout.ts';
import type { Tensor } from '../model/model.ts';
import { CHECKPOINT_NOTE, type ImageShape, SPEC_NOTE } from '../model/model-file.ts';
import { decodeSafetensors, encodeSafetensors } from '../model/safetensors.ts';
import { denseLayers, type MlpSpec, mlp } from '../model/spec.ts';
import type { Versions } from '../versions.ts';
import { contradictionIn } from './consistency.ts';
import type { Leg } from './history.ts';
import { optimizerOf } from './optimizer.ts';
import { PLAN_NAMES } from './plans/index.ts';
import {
  checksum,
  imageSize,
  initialWeights,
  labelNoise,
  legs,
  network,
  versions,
  withSettings,
} from './readers.ts';
import type { TrainerSettings } from './settings.ts';
import type { EpochSums, NetworkState, RoundState, TrainerState } from './state.ts';

/** Version of the file's content; raised when older programs would misread it. */
const FORMAT = 2;

/** The first version that has what a state has: 1 knows of no changes of the learning rate. */
function formatOf({ settings }: TrainerState): number {
  return settings.rateChanges ? FORMAT : 1;
}

/** What a program needs besides the state to continue a training as it was requested. */
export interface CheckpointNotes {
  /** Where to load the data from again, e.g. a folder. */
  readonly data: string;
  /** The size that pictures were resized to; null if the data were used as they are. */
  readonly imageSize: ImageShape | null;
  /** What was done to the labels of the training samples; absent where nothing was. */
  readonly labelNoise?: LabelNoise;
  /** How many epochs were requested in all. */
  readonly epochs: number;
  /** The model whose weights the training started from; null for none. */
  readonly initial: InitialWeights | null;
  /** The kind of adapter that was requested, and the one that trained: on another one the bits are others. */
  readonly adapter: {
    /** As `openDevice` takes it. */
    readonly choice: AdapterChoice;
    /** As {@link AdapterReport.description}. */
    readonly description: string;
  };
  /** Versions of the software that trained. */
  readonly versions: Versions;
  /** What trained before them, under another plan or adapter, or in other versions. */
  readonly earlier: readonly Leg[];
}

/** The content of a checkpoint file. */
export interface Checkpoint {
  /** From which a {@link Trainer} goes on, as its option `restore`. */
  readonly state: TrainerState;
  /** What to load and to open before that. */
  readonly notes: CheckpointNotes;
}

type Best = NonNullable<NetworkState['best']>;

/** Everything but the tensors. */
interface Header extends Omit<TrainerState, 'rounds' | 'networks'> {
  readonly notes: CheckpointNotes;
  readonly rounds: readonly Omit<RoundState, 'parameters' | 'moments'>[];
  readonly networks: readonly (Omit<NetworkState, 'best'> & {
    readonly best: Omit<Best, 'parameters'> | null;
  })[];
}

const readHeader: Reader<Header> = object<Header>({
  notes: joined(
    object<Omit<CheckpointNotes, 'labelNoise'>>({
      data: text(),
      imageSize,
      epochs: whole(1),
      initial: initialWeights,
      adapter: object<CheckpointNotes['adapter']>({ choice: text(/./), description: text() }),
      versions,
      earlier: absent(legs, []),
    }),
    labelNoise,
  ),
  spec: object<MlpSpec>({ inputs: whole(1), hidden: list(whole(1)), classes: whole(1) }),
  settings: withSettings(object<Pick<TrainerSettings, 'plan'>>({ plan: oneOf(PLAN_NAMES) })),
  dataset: checksum,
  epoch: whole(0),
  rounds: list(
    object({
      t: whole(0),
      place: whole(0),
      seconds: number(0),
      sums: list(object<EpochSums>({ loss: number(), hits: whole(0), diverged: nullable(whole(1)) }), 1),
    }),
    1,
  ),
  networks: list(
    joined(
      network,
      object<Pick<Header['networks'][number], 'stopped' | 'best'>>({
        stopped: boolean,
        best: nullable(object({ epoch: whole(1), valLoss: number() })),
      }),
    ),
    1,
  ),
});

/**
 * A training as one safetensors file, from which it continues as if it had never stopped: {@link decodeCheckpoint}
 * returns every bit of the state, NaNs too. Tensors are float32, in the shaders' layout:
 *
 *     rounds.R.parameters.L    of round R and layer L: [models, inputs + 1, padded(outputs)], the bias as the last row
 *     rounds.R.moments.L       the optimizer's moments: [moments, models, inputs + 1, padded(outputs)]
 *     best.N.parameters.L      of network N, where early stopping keeps its best weights: [inputs + 1, padded(outputs)]
 *
 * The metadata entry `shadegrad.checkpoint` has everything else as JSON, with the number of the format.
 *
 * @throws ShadegradError `bad-model` or `usage` if the state could not be read again, `io` if the file is larger than
 *   memory allows
 */
export function encodeCheckpoint(state: TrainerState, notes: CheckpointNotes): Uint8Array<ArrayBuffer> {
  const { rounds, networks, ...rest } = state;
  const written = {
    format: formatOf(state),
    notes,
    ...rest,
    rounds: rounds.map(({ parameters: _, moments: __, ...run }) => run),
    networks: networks.map(({ best, ...network }) => ({
      ...network,
      best: best && { epoch: best.epoch, valLoss: best.valLoss },
    })),
  };
  // Nothing is written that could not be read: JSON has null for NaN and the infinities.
  const { spec, moments } = headerOf(written);
  const json = JSON.stringify(written, numberForJson);
  const tensors = (name: string, layers: readonly Float32Array[], ...leading: number[]): Tensor[] => {
    const shapes = layerShapes(spec, leading);
    if (layers.length !== shapes.length) {
      throw broken(`${name} has ${layers.length} layers, and the network ${shapes.length}`);
    }
    return layers.map((data, l) => ({ name: `${name}.${l}`, shape: shapes[l] ?? [], data }));
  };
  return encodeSafetensors({
    tensors: [
      ...rounds.flatMap((run, r) => [
        ...tensors(`rounds.${r}.parameters`, run.parameters, run.sums.length),
        ...tensors(`rounds.${r}.moments`, run.moments, moments, run.sums.length),
      ]),
      ...networks.flatMap(({ best }, n) => (best ? tensors(`best.${n}.parameters`, best.parameters) : [])),
    ],
    metadata: { [CHECKPOINT_NOTE]: json },
  });
}

/**
 * Reads what {@link encodeCheckpoint} wrote. Everything in the file is checked; only whether the state fits the data is
 * left to the caller, who has the data.
 *
 * @throws ShadegradError `bad-model`, or `usage` if `bytes` is not a `Uint8Array`
 */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  assertBytes(bytes, 'a checkpoint');
  const { tensors, metadata } = orBroken(() => decodeSafetensors(bytes));
  const json = Object.hasOwn(metadata, CHECKPOINT_NOTE) ? metadata[CHECKPOINT_NOTE] : undefined;
  if (json === undefined) throw foreign(Object.hasOwn(metadata, SPEC_NOTE));
  const { header, spec, moments } = headerOf(parse(json));
  const stored = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const take = (group: string, ...leading: number[]): Float32Array<ArrayBuffer>[] =>
    layerShapes(spec, leading).map((shape, l) => {
      const name = `${group}.${l}`;
      const found = stored.get(name);
      if (found?.type !== 'F32' || `${found.shape}` !== `${shape}`) {
        throw broken(`it has no tensor ${name} of float32 and shape [${shape.join(', ')}]`);
      }
      stored.delete(name);
      // Copied as bytes: as numbers, NaNs may become other NaNs. Not by slice, which does not copy Node's Buffers.
      return new Float32Array(new Uint8Array(found.bytes).buffer);
    });
  const { notes, ...rest } = header;
  const state: TrainerState = {
    ...rest,
    rounds: header.rounds.map((run, r) => ({
      ...run,
      parameters: take(`rounds.${r}.parameters`, run.sums.length),
      moments: take(`rounds.${r}.moments`, moments, run.sums.length),
    })),
    networks: header.networks.map(({ best, ...network }, n) => ({
      ...network,
      best: best && { ...best, parameters: take(`best.${n}.parameters`) },
    })),
  };
  if (stored.size > 0) throw broken(`it has ${stored.size} tensors that do not belong there`);
  return { state, notes };
}

/** The error for a file that is no checkpoint, or not a whole one. */
function broken(how: string, cause?: unknown): ShadegradError {
  return new ShadegradError(
    'bad-model',
    `This is not a whole checkpoint: ${how}.`,
    'Go on from another checkpoint, or start the training anew.',
    cause,
  );
}

/** [...leading, inputs + 1, padded(outputs)] of each layer. */
function layerShapes(spec: MlpSpec, leading: readonly number[]): number[][] {
  return denseLayers(spec).map(({ inputs, outputs }) => [...leading, inputs + 1, padded(outputs)]);
}

function foreign(isModel: boolean): ShadegradError {
  return new ShadegradError(
    'bad-model',
    isModel
      ? 'This is a model, and not the checkpoint of a training.'
      : 'This is a file of tensors, such as a model, and not the checkpoint of a training.',
    'Choose the checkpoint.safetensors of a training. A model can be where a new training starts from.',
  );
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw broken('its state is not JSON', error);
  }
}

function headerOf(parsed: unknown): { header: Header; spec: MlpSpec; moments: number } {
  const format = orBroken(() => whole(1)(fieldsOf(parsed).format, 'its format'));
  if (format > FORMAT) {
    throw new ShadegradError(
      'bad-model',
      `This checkpoint is of format ${format}, which a later version of shadegrad wrote; this one reads ${FORMAT}.`,
      'Go on with it in that version.',
    );
  }
  const header = orBroken(() => readHeader(parsed, 'its state'));
  const { spec, moments } = orBroken(() => ({
    spec: mlp(header.spec),
    moments: optimizerOf(header.settings).moments,
  }));
  const contradiction = contradictionIn(header);
  if (contradiction !== undefined) throw broken(contradiction);
  return { header, spec, moments };
}

/** Turns an error about a bad file, field or option into the error of a broken checkpoint. */
function orBroken<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof ShadegradError || error instanceof FieldError)) throw error;
    const how = error.message.replace(/^This is not a whole safetensors file: /, '').replace(/\.$/, '');
    throw broken(how, error);
  }
}
