import { type BenchProgress, benchKernelNames } from '../src/bench.ts';
import {
  type Dataset,
  decodeModels,
  type ModelsFile,
  Network,
  namedLike,
  namesOfClasses,
  networkLimits,
  openDevice,
  PLAN_NAMES,
  populationTestReport,
  ShadegradError,
  testReport,
} from '../src/index.ts';
import type { AdapterSummary, Reply, Report, Request } from './protocol.ts';
import { measure } from './worker/bench.ts';
import { createBrain } from './worker/brain.ts';
import { loadData, summary } from './worker/data.ts';
import { describeAdapter, describeDevice } from './worker/device.ts';
import { createGate, type Gate } from './worker/gate.ts';
import { createInside } from './worker/inside.ts';
import { cell, type Verdict, worstMistakes } from './worker/inspect.ts';
import { answerOf } from './worker/networks.ts';
import { problemOf } from './worker/problems.ts';
import { runTraining } from './worker/run.ts';
import { pageVersions } from './worker/versions.ts';

// Everything that takes time happens here, so that the page stays free: images, GPU, training, reports.

/** The page's hand on a training. */
interface Training {
  readonly controller: AbortController;
  readonly gate: Gate;
  /** Set where its results are no longer wanted. */
  discarded: boolean;
}

type Of<Kind extends Request['kind']> = Extract<Request, { kind: Kind }>;

const scope = globalThis as unknown as {
  postMessage(message: Reply, transfer: Transferable[]): void;
  onmessage: (event: MessageEvent<Request>) => void;
};

let adapter: AdapterSummary | undefined;
let data: Dataset | undefined;
let loading: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;
let verdict: Verdict | undefined;
let training: Training | undefined;
let bench: AbortController | undefined;
/** Trainings, loaded models and benchmarks run one after the other. */
let work: Promise<void> = Promise.resolve();
const brain = createBrain(post, () => work);
const inside = createInside(post, () => data);

function post(reply: Reply): void {
  const given =
    reply.kind === 'weights'
      ? [reply.weights.values]
      : 'files' in reply
        ? [reply.files.model, reply.files.models].filter((file) => file !== null)
        : [];
  scope.postMessage(
    reply,
    given.map(({ buffer }) => buffer),
  );
}

/** Queues work on the GPU. If it fails, the network is lost, but not the worker. */
function enqueue(run: number, task: () => Promise<void>): void {
  work = work.then(task).catch((error: unknown) => {
    brain.close();
    post({ kind: 'problem', run, problem: problemOf(error) });
  });
}

async function knownAdapter(): Promise<AdapterSummary> {
  adapter ??= await describeAdapter();
  return adapter;
}

function load({ id, source }: Of<'data'>): void {
  loading?.controller.abort();
  const controller = new AbortController();
  const { signal } = controller;
  const done = loadData(source, {
    signal,
    onArrival: (arrival) => post({ kind: 'download', id, arrival }),
  }).then(
    (loaded) => {
      if (signal.aborted) return;
      data = loaded.data;
      post({ kind: 'data', id, data: summary(loaded.data), notice: loaded.notice });
    },
    (error: unknown) => {
      if (!signal.aborted) post({ kind: 'no-data', id, problem: problemOf(error) });
    },
  );
  loading = { controller, done };
}

function startTraining(request: Of<'train'>): void {
  discardTraining();
  const mine: Training = { controller: new AbortController(), gate: createGate(), discarded: false };
  training = mine;
  enqueue(request.run, async () => {
    await loading?.done;
    try {
      if (!mine.discarded) await runOn(request, mine);
    } catch (error) {
      if (!mine.discarded) throw error;
    } finally {
      if (training === mine) training = undefined;
    }
  });
}

async function runOn({ run, epochs, settings }: Of<'train'>, control: Training): Promise<void> {
  if (!data)
    throw new ShadegradError('usage', 'There are no images to train on.', 'Choose or fetch them first.');
  const images = data;
  brain.close();
  inside.close();
  verdict = undefined;
  const { limits: _, features: __, ...info } = await knownAdapter();
  const classNames = namesOfClasses(images);
  await runTraining({
    run,
    data: images,
    settings,
    epochs,
    adapter: info,
    brain,
    signal: control.controller.signal,
    gate: control.gate,
    discarded: () => control.discarded,
    post: (reply) => {
      if (!control.discarded) post(reply);
    },
    onLook: (model, network) => {
      if (!control.discarded) inside.open(run, { model, image: images.shape, classNames, network });
    },
    onVerdict: (given) => {
      verdict = given;
    },
  });
}

function discardTraining(): void {
  if (!training) return;
  training.discarded = true;
  training.controller.abort();
  training.gate.open();
}

function reset(): void {
  discardTraining();
  work = work.then(() => {
    brain.close();
    inside.close();
    verdict = undefined;
  });
}

/** A file that is no model changes nothing: the current network goes only when the new one has been read. */
function startLoading(request: Of<'load'>): void {
  try {
    const file = decodeModels(request.bytes);
    discardTraining();
    enqueue(request.run, () => loadModel(request, file));
  } catch (error) {
    post({ kind: 'problem', run: request.run, problem: problemOf(error) });
  }
}

async function loadModel({ run, bytes, best, evaluate }: Of<'load'>, file: ModelsFile): Promise<void> {
  if (evaluate) await loading?.done;
  const { models, image } = file;
  const [first, ...others] = models;
  const { spec } = first;
  const misfit = evaluate ? misfitOf(file) : 'The images are not here yet, so it was not tested on them.';
  const tested = evaluate && misfit === '' && data ? namedLike(data, file.classNames) : undefined;
  const names = tested?.classNames ?? file.classNames;
  const classNames = namesOfClasses({ classes: spec.classes, classNames: names });
  const { limits: _, features: __, ...info } = await knownAdapter();
  brain.close();
  inside.close();
  verdict = undefined;
  const { device } = await openDevice({
    requiredLimits: networkLimits(spec, tested?.test.count ?? 1, models.length),
  });
  brain.take(run, device);
  const network = await Network.create(device, models);
  brain.awake(async (pixels) => answerOf(await network.predictEach(pixels)));
  post({
    kind: 'device',
    device: describeDevice(device, {
      spec,
      image,
      traits: file.traits,
      classNames,
      seeds: models.map((_, i) => file.networks?.[i]?.seed ?? null),
      plan: null,
    }),
  });
  const shown = models[best ?? 0];
  if (image && shown) {
    const which = others.length > 0 ? { index: best ?? 0, of: models.length, best: best !== null } : null;
    inside.open(run, { model: shown, image, classNames, network: which });
  }
  const evaluation = tested && (await network.evaluateAll(tested.test));
  let report: Report | null = null;
  if (tested && evaluation) {
    verdict = { data: tested, evaluation: evaluation.ensemble };
    const rest = { data: tested, adapter: info, toggles: [], versions: pageVersions };
    report =
      others.length > 0
        ? await populationTestReport({ ...rest, models, networks: file.networks, evaluation })
        : await testReport({ ...rest, model: first, evaluation: evaluation.ensemble });
  }
  post({
    kind: 'result',
    run,
    report,
    files:
      others.length > 0 ? { model: null, models: bytes, best } : { model: bytes, models: null, best: null },
    stopped: false,
    notice: [misfit, ...file.assumptions.map(({ text }) => text)].filter((text) => text !== '').join(' '),
    mistakes: verdict ? worstMistakes(verdict) : [],
  });
}

/** Why a model cannot be tested on the images at hand; empty where it can. */
function misfitOf({ models: [model], image }: ModelsFile): string {
  if (!data) return 'There are no images to test it on.';
  const { height, width } = data.shape;
  const { inputs, classes } = model.spec;
  const fits = image ? image.height === height && image.width === width : inputs === height * width;
  if (!fits)
    return `It takes images of another size than ${width} x ${height}, so it was not tested on these.`;
  return data.classes > classes
    ? `It tells ${classes} classes apart, but the images have ${data.classes}, so it was not tested on these.`
    : '';
}

function startBench({ choice }: Of<'bench'>): void {
  const controller = new AbortController();
  const { signal } = controller;
  bench = controller;
  enqueue(0, async () => {
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
    // Waits for images: drawing or fetching them would keep the thread from measuring.
    await Promise.race([loading?.done, stopped]);
    try {
      const onProgress = (progress: BenchProgress) => post({ kind: 'bench-progress', progress });
      onProgress({ label: 'opening a device', done: 0, total: 1 });
      const { limits: _, features: __, ...info } = await knownAdapter();
      const report = await measure(choice, info, { signal, onProgress });
      post({ kind: 'bench-end', report, problem: null });
    } catch (error) {
      if (!(error instanceof ShadegradError) || error.code !== 'usage') throw error;
      post({ kind: 'bench-end', report: null, problem: problemOf(error) });
    }
  });
}

scope.onmessage = ({ data: request }) => {
  switch (request.kind) {
    case 'data':
      return load(request);
    case 'train':
      return startTraining(request);
    case 'pause':
      return training?.gate.close();
    case 'resume':
      return training?.gate.open();
    case 'stop':
      training?.controller.abort();
      return training?.gate.open();
    case 'reset':
      return reset();
    case 'load':
      return startLoading(request);
    case 'predict':
      return void brain.predict(request.pixels);
    case 'evidence':
      return inside.explain(request.pixels);
    case 'unit':
      return void inside.study(request);
    case 'bench':
      return startBench(request);
    case 'stop-bench':
      return bench?.abort();
    case 'cell': {
      const { label, predicted } = request;
      const found = verdict ? cell(label, predicted, verdict) : { total: 0, images: [] };
      return post({ kind: 'cell', label, predicted, ...found });
    }
  }
};

post({ kind: 'bench-names', kernels: benchKernelNames(), plans: PLAN_NAMES });
knownAdapter().then(
  (found) => post({ kind: 'adapter', adapter: found }),
  (error: unknown) => post({ kind: 'problem', run: 0, problem: problemOf(error) }),
);
