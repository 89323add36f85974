import {
  type BenchProgress,
  benchKernelNames,
  type Dataset,
  decodeModel,
  type ModelFile,
  modelNotes,
  Network,
  namedLike,
  namesOfClasses,
  networkLimits,
  PLAN_NAMES,
  type Prediction,
  runReport,
  ShadegradError,
  Trainer,
  testReport,
  trainerLimits,
} from '../src/index.ts';
import type { AdapterSummary, Problem, Reply, Request } from './protocol.ts';
import { measure } from './worker/bench.ts';
import { loadData, summary } from './worker/data.ts';
import { describeAdapter, describeDevice, openDevice } from './worker/device.ts';
import { createGate, type Gate } from './worker/gate.ts';
import { cell, type Verdict, weightImages, worstMistakes } from './worker/inspect.ts';
import { train } from './worker/training.ts';
import { pageVersions } from './worker/versions.ts';

// Everything that takes time happens here, so that the page stays free: images, GPU, training, reports.

/** The network that reads drawings, in training or not, and its device. */
interface Brain {
  readonly device: GPUDevice;
  readonly predict: (images: Uint8Array) => Promise<Prediction>;
}

/** Handles to control a training. */
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
let brain: Brain | undefined;
let verdict: Verdict | undefined;
let training: Training | undefined;
let bench: AbortController | undefined;
/** Trainings, loaded models and benchmarks run one after the other. */
let work: Promise<void> = Promise.resolve();

function post(reply: Reply): void {
  const given =
    reply.kind === 'weights' ? [reply.weights.values.buffer] : 'model' in reply ? [reply.model.buffer] : [];
  scope.postMessage(reply, given);
}

function problemOf(error: unknown): Problem {
  if (error instanceof ShadegradError) {
    const { code, message, nextStep } = error;
    return { code, message, nextStep };
  }
  return {
    code: 'bug',
    message: `Something unforeseen went wrong: ${error instanceof Error ? error.message : error}`,
    nextStep: 'Start again; if it stays, please report it.',
  };
}

/** Queues work on the GPU. If it fails, the network is lost, but not the worker. */
function enqueue(run: number, task: () => Promise<void>): void {
  work = work.then(task).catch((error: unknown) => {
    closeBrain();
    post({ kind: 'problem', run, problem: problemOf(error) });
  });
}

function closeBrain(): void {
  const closing = brain;
  brain = undefined;
  closing?.device.destroy();
}

/** Opens a device. The page is told if it is lost, even while nothing waits for the GPU. */
async function open(run: number, limits: Record<string, number>): Promise<GPUDevice> {
  const device = await openDevice(limits);
  void device.lost.then(({ message }) => {
    if (brain?.device !== device) return;
    brain = undefined;
    const problem = new ShadegradError(
      'device-lost',
      `The browser took the graphics device away${message === '' ? '' : ` (${message.trim().replace(/\.$/, '')})`}.`,
      'Start again: what was learned until the last epoch is kept.',
    );
    post({ kind: 'problem', run, problem: problemOf(problem) });
  });
  return device;
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
      if (!mine.discarded) await runTraining(request, mine);
    } catch (error) {
      if (!mine.discarded) throw error;
    } finally {
      if (training === mine) training = undefined;
    }
  });
}

async function runTraining({ run, epochs, settings }: Of<'train'>, control: Training): Promise<void> {
  if (!data)
    throw new ShadegradError('usage', 'There are no images to train on.', 'Choose or fetch them first.');
  const images = data;
  closeBrain();
  verdict = undefined;
  const { limits: _, features: __, ...info } = await knownAdapter();
  const device = await open(run, trainerLimits(images, settings));
  brain = { device, predict: () => Promise.reject(new Error('no network yet')) };
  const trainer = await Trainer.create(device, images, settings);
  brain = { device, predict: (pixels) => trainer.predict(pixels) };
  const { spec, plan } = trainer;
  const notes = modelNotes(images);
  post({
    kind: 'device',
    device: describeDevice(device, spec, notes.image, notes.traits ?? null, namesOfClasses(images), plan),
  });
  const ending = await train({
    run,
    trainer,
    data: images,
    notes,
    epochs,
    signal: control.controller.signal,
    gate: control.gate,
    post: (reply) => {
      if (!control.discarded) post(reply);
    },
    onVerdict: (given) => {
      verdict = given;
    },
  });
  const report = await runReport({
    data: images,
    models: await trainer.models(),
    adapter: info,
    toggles: [],
    versions: pageVersions,
    config: { epochs, ...trainer.settings, plan: plan.name },
    networks: trainer.networks,
    ...trainer.trained,
    evaluation: { networks: [ending.evaluation], ensemble: ending.evaluation },
  });
  if (control.discarded) return;
  post({
    kind: 'result',
    run,
    report,
    model: ending.model,
    stopped: ending.stopped,
    notice: '',
    mistakes: worstMistakes({ data: images, evaluation: ending.evaluation }),
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
    closeBrain();
    verdict = undefined;
  });
}

/** A file that is no model changes nothing: the current network goes only when the new one has been read. */
function startLoading(request: Of<'load'>): void {
  try {
    const file = decodeModel(request.bytes);
    discardTraining();
    enqueue(request.run, () => loadModel(request, file));
  } catch (error) {
    post({ kind: 'problem', run: request.run, problem: problemOf(error) });
  }
}

async function loadModel({ run, bytes, evaluate }: Of<'load'>, file: ModelFile): Promise<void> {
  if (evaluate) await loading?.done;
  const { model, image } = file;
  const misfit = evaluate ? misfitOf(file) : 'The images are not here yet, so it was not tested on them.';
  const tested = evaluate && misfit === '' && data ? namedLike(data, file.classNames) : undefined;
  const names = tested?.classNames ?? file.classNames;
  const { limits: _, features: __, ...info } = await knownAdapter();
  closeBrain();
  verdict = undefined;
  const device = await open(run, networkLimits(model.spec, tested?.test.count ?? 1));
  brain = { device, predict: () => Promise.reject(new Error('no network yet')) };
  const network = await Network.create(device, model);
  brain = { device, predict: (pixels) => network.predict(pixels) };
  const classNames = namesOfClasses({ classes: model.spec.classes, classNames: names });
  post({ kind: 'device', device: describeDevice(device, model.spec, image, file.traits, classNames, null) });
  if (image) post({ kind: 'weights', run, weights: weightImages(model, image) });
  if (tested) verdict = { data: tested, evaluation: await network.evaluate(tested.test) };
  post({
    kind: 'result',
    run,
    report: verdict
      ? await testReport({ ...verdict, model, adapter: info, toggles: [], versions: pageVersions })
      : null,
    model: bytes,
    stopped: false,
    notice: [misfit, ...file.assumptions.map(({ text }) => text)].filter((text) => text !== '').join(' '),
    mistakes: verdict ? worstMistakes(verdict) : [],
  });
}

/** Says why a model cannot be tested on the current images; empty where it can. */
function misfitOf({ model, image }: ModelFile): string {
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

async function predict({ pixels }: Of<'predict'>): Promise<void> {
  const asked = brain;
  try {
    const prediction = await asked?.predict(pixels);
    post({ kind: 'prediction', probabilities: prediction?.probabilities ?? new Float32Array() });
  } catch {
    // The network is gone, or has other inputs. Its training or loading reports why.
    post({ kind: 'prediction', probabilities: new Float32Array() });
  }
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
      return void predict(request);
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
