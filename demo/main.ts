import { assertWebGpu, MOST_LOSSES, ShadegradError } from '../src/index.ts';
import {
  divergedText,
  historiesOf,
  isRunReport,
  keptText,
  learn,
  learnEnd,
  nothing,
  remembered,
  sameImages,
  testedBy,
  wholeFile,
} from './learned.ts';
import { benchPanel } from './page/bench.ts';
import { connect } from './page/connection.ts';
import { curvesPanel } from './page/curves.ts';
import { createDataset } from './page/dataset.ts';
import { drawPanel } from './page/draw.ts';
import { rightText } from './page/format.ts';
import { insidePanel } from './page/inside.ts';
import { type KeptRun, keepPanel } from './page/keep.ts';
import { machinePanel } from './page/machine.ts';
import { resultsPanels } from './page/results.ts';
import { setupPanel } from './page/setup.ts';
import { type Phase, transport } from './page/transport.ts';
import type { DeviceSummary, Problem, Reply } from './protocol.ts';

// The page: asks the worker, and shows what it answers.

/** Why the worker was given a model: the user chose a file, or the last run, or the worker is new. */
type Load = { readonly why: 'chosen' | 'revived' } | { readonly why: 'restored'; readonly run: KeptRun };

const MNIST_SHAPE = { height: 28, width: 28 };

let phase: Phase = 'loading';
let phaseText = 'Starting';
/** The worker or its device is broken: nothing works until "Start again". */
let broken = false;
/** Number of the last training or load: answers to earlier ones are ignored. */
let run = 0;
let device: DeviceSummary | undefined;
let learned = nothing(10, 1);
let load: Load | undefined;

// Started before the panels, so that the worker fetches and draws images while they are made.
let worker = startWorker();

const bar = transport({ train, pause, resume, stop, reset, startAgain });
const machine = machinePanel();
const curves = curvesPanel();
const inside = insidePanel({ send: (request) => worker.send(request) });
const results = resultsPanels((label, predicted) => worker.send({ kind: 'cell', label, predicted }));
const draw = drawPanel({
  predict: (pixels) => worker.send({ kind: 'predict', pixels }),
  changed: (pixels) => inside.see(pixels),
});
const keep = keepPanel({ load: loadChosen, restore });
const bench = benchPanel({
  run: (choice) => {
    worker.send({ kind: 'bench', choice });
    showPhase(phase, phaseText);
  },
  stop: () => worker.send({ kind: 'stop-bench' }),
});
const setup = setupPanel({
  changed: () => showPhase(phase, phaseText),
  dataChanged: (configuration) => dataset.take(configuration),
  submitted: train,
});
const dataset = createDataset({
  setup,
  send: (request) => worker.send(request),
  obstacle,
  changed: () => {
    if (!running() && !load) rest();
  },
  model: (file) => void keep.read(file),
});

showCurves();
checkWebGpu();
if (setup.configuration) dataset.take(setup.configuration);
else showPhase(phase, 'Correct the marked fields to begin');
void keep.offer();

function startWorker() {
  return connect(onReply, (message) =>
    fail({
      code: 'bug',
      message: `The page's worker broke: ${message}.`,
      nextStep: 'Start again, or reload the page.',
    }),
  );
}

/** Shows at once what is wrong with WebGPU, as far as the page can see it without its worker. */
function checkWebGpu(): void {
  try {
    assertWebGpu();
  } catch (error) {
    if (!(error instanceof ShadegradError)) throw error;
    const { code, message, nextStep } = error;
    fail({ code, message, nextStep });
  }
}

function running(): boolean {
  return phase === 'training' || phase === 'paused';
}

/** Says what must be stopped before other images or another network can be taken; empty where nothing runs. */
function obstacle(): string {
  if (running()) return 'Stop the training first.';
  return bench.running ? 'Stop the benchmark first.' : '';
}

function showPhase(now: Phase, text: string): void {
  phase = now;
  phaseText = text;
  const benchmark = 'A benchmark is running: training waits until it ends or is stopped';
  bar.show(now, bench.running ? benchmark : text, {
    train: setup.configuration !== undefined && !broken && !bench.running,
    reset: (wholeFile(learned.files) !== null || learned.progress !== undefined) && !bench.running,
  });
  setup.lock(running() || bench.running);
  keep.lock(running() || bench.running || broken);
  bench.hinder(hindrance());
}

/** Says why no benchmark can begin; empty where one can. */
function hindrance(): string {
  if (running()) return 'A training is running: measuring waits until it ends or is stopped.';
  return broken ? 'Nothing can be measured until the trouble above is over.' : '';
}

/** Shows the state of the page while nothing runs. */
function rest(): void {
  if (!broken) showPhase(dataset.data ? 'ready' : 'loading', dataset.text());
}

// Training

function train(): void {
  const { configuration } = setup;
  if (!configuration || broken || obstacle() !== '') return;
  const { hidden, learningRate, batchSize, seed, models, validationSplit, epochs } = configuration;
  forget(nothing(epochs, models));
  bar.trouble(null);
  showPhase('training', dataset.data ? 'Preparing the network' : `${dataset.text()} first`);
  const settings = { hidden, learningRate, batchSize, seed, models, validationSplit };
  worker.send({ kind: 'train', run: ++run, epochs, settings });
}

function pause(): void {
  bar.say('Pausing');
  worker.send({ kind: 'pause' });
}

function resume(): void {
  worker.send({ kind: 'resume' });
  showPhase('training', 'Training');
}

function stop(): void {
  bar.say('Stopping, and testing what was learned');
  worker.send({ kind: 'stop' });
}

function reset(): void {
  run++;
  worker.send({ kind: 'reset' });
  forget(nothing(setup.configuration?.epochs ?? 10, setup.configuration?.models ?? 1));
  if (broken) {
    showPhase(phase, phaseText);
    return;
  }
  bar.trouble(null);
  rest();
}

/** Clears what was learned before from the page. */
function forget(now: ReturnType<typeof nothing>): void {
  learned = now;
  device = undefined;
  load = undefined;
  bar.ended(0, null);
  bar.accuracy(null, now.networks.length);
  showCurves();
  inside.show(undefined);
  results.clear();
  draw.know({ kind: 'nothing', networks: now.networks.length });
  keep.show(now);
  keep.complain('');
}

function showCurves(): void {
  const { running, epochs } = learned;
  curves.show({ histories: historiesOf(learned), running, epochs });
}

/** What the network calls its classes: [classes]. */
function classNames(): readonly string[] {
  return device?.classNames ?? [];
}

function knowDrawings(): void {
  if (!device) return;
  const { image, traits, seeds } = device;
  draw.know({ kind: 'trained', image, traits, classNames: classNames(), seeds });
}

/** How often the training lost its device; empty where it did not. */
function lossesText(): string {
  const { losses } = learned;
  return losses === 0 ? '' : `, on a new device (${losses} of at most ${MOST_LOSSES} times)`;
}

function onProgress({ progress, point }: Extract<Reply, { kind: 'progress' }>): void {
  const first = !learned.progress;
  // Not earlier: until the images are here, they may still change the fields.
  if (first) learned.texts = setup.texts();
  learned.progress = progress;
  if (point) learned.running.push(point);
  bar.progress(progress, learned.networks.length);
  showCurves();
  if (phase === 'training') {
    const where = `epoch ${progress.epoch} of ${learned.epochs}`;
    showPhase(phase, `Training: ${where}${divergedText(learned)}${lossesText()}`);
  }
  if (first) knowDrawings();
}

function onLost({ times }: Extract<Reply, { kind: 'lost' }>): void {
  learned.losses = times;
  const again = `going on with a new one (${times} of at most ${MOST_LOSSES} times)`;
  showPhase('training', `The browser took the graphics device away: ${again}`);
}

function onEpoch({ epoch, records, test, files }: Extract<Reply, { kind: 'epoch' }>): void {
  learn(learned, epoch, records);
  learned.files = files;
  showCurves();
  bar.accuracy(test, learned.networks.length);
  results.showMatrix({
    matrix: test.confusionMatrix,
    labels: classNames(),
    title: `${dataset.data?.name}, epoch ${epoch}`,
    accuracy: test,
    images: 'the test images',
  });
  keep.show(learned);
  knowDrawings();
}

function onResult(reply: Extract<Reply, { kind: 'result' }>): void {
  const { report, files, mistakes } = reply;
  const loaded = load;
  load = undefined;
  knowDrawings();
  if (loaded?.why === 'revived') {
    rest();
    return;
  }
  if (loaded?.why === 'chosen') learned = nothing(learned.epochs, device?.seeds.length ?? 1);
  learned.files = loaded?.why === 'restored' ? loaded.run.files : files;
  learned.report = loaded?.why === 'restored' ? loaded.run.report : (report ?? undefined);
  keep.show(learned);
  if (!learned.report) {
    bar.ended(0, null);
    bar.accuracy(null, learned.networks.length);
    showCurves();
    results.clear();
    showPhase('done', `The network is loaded. ${reply.notice}`);
    return;
  }
  const trained = isRunReport(learned.report) ? learned.report : undefined;
  if (trained) learnEnd(learned, trained);
  const tested = testedBy(learned.report);
  const epochs = trained?.history.length ?? learned.epochs;
  bar.ended(reply.stopped ? null : epochs / learned.epochs, trained?.imagesPerSecond ?? null);
  bar.accuracy(tested, learned.networks.length);
  showCurves();
  results.showReport(tested, learned.report.dataset.name, classNames());
  const atHand = report !== null && sameImages(report, learned.report);
  results.showMistakes(
    atHand ? mistakes : [],
    dataset.data?.shape ?? MNIST_SHAPE,
    atHand
      ? 'None: every test image was recognised.'
      : `The images of ${learned.report.dataset.name} are not here to be shown.`,
  );
  const verdict = `${rightText(tested, tested.results.test.count)}${divergedText(learned)}`;
  if (reply.stopped) showPhase('stopped', `Stopped: ${verdict}`);
  else
    showPhase('done', `${loaded ? (loaded.why === 'chosen' ? 'Loaded' : 'Restored') : 'Done'}: ${verdict}`);
  if (!loaded && learned.texts && trained) {
    void keep.keep({ texts: learned.texts, running: learned.running, report: trained, files });
  }
}

// Networks from files and earlier visits

function loadChosen(bytes: Uint8Array): void {
  keep.complain(obstacle());
  if (obstacle() !== '') return;
  load = { why: 'chosen' };
  showPhase('loading', 'Reading the network');
  worker.send({ kind: 'load', run: ++run, bytes, best: null, evaluate: dataset.data !== undefined });
}

function restore(keptRun: KeptRun): void {
  const { texts, report, running: points, files } = keptRun;
  const bytes = wholeFile(files);
  if (!bytes) return;
  setup.set(texts);
  if (setup.configuration) dataset.take(setup.configuration);
  forget(remembered(report, points, texts));
  bar.trouble(null);
  load = { why: 'restored', run: keptRun };
  showPhase('loading', 'Restoring the last run');
  const evaluate = report.dataset.name === texts.data;
  worker.send({ kind: 'load', run: ++run, bytes, best: files.best, evaluate });
}

// Trouble

function onProblem(reply: Extract<Reply, { kind: 'problem' }>): void {
  const { problem } = reply;
  if (problem.code !== 'bad-model') {
    fail(problem);
    return;
  }
  load = undefined;
  keep.complain(`${problem.message} ${problem.nextStep}`);
  if (learned.report) showPhase('done', 'The file was not taken; the network before it is still here');
  else rest();
}

function fail(problem: Problem): void {
  if (broken) return;
  // An error that a change of a field can mend needs no new worker.
  broken = problem.code !== 'usage' && problem.code !== 'diverged';
  load = undefined;
  bench.abandon();
  const nextStep = problem.code === 'device-lost' ? 'Press "Start again".' : problem.nextStep;
  bar.trouble({ ...problem, nextStep: `${nextStep} ${keptText(learned)}` });
  machine.showTrouble(problem.message);
  if (learned.progress) draw.know({ kind: 'gone' });
  showPhase('error', 'Something went wrong');
}

/** Starts a new worker with a new device, the same images, and the network as it was after the last epoch. */
function startAgain(): void {
  worker.close();
  broken = false;
  bar.trouble(null);
  bench.abandon();
  draw.forget();
  inside.forget();
  run++;
  worker = startWorker();
  checkWebGpu();
  dataset.takeAgain();
  const bytes = wholeFile(learned.files);
  if (!bytes || broken) return;
  load = { why: 'revived' };
  worker.send({ kind: 'load', run, bytes, best: learned.files.best, evaluate: false });
}

function onReply(reply: Reply): void {
  if ('run' in reply && reply.run !== 0 && reply.run !== run) return;
  switch (reply.kind) {
    case 'adapter':
      machine.showAdapter(reply.adapter);
      break;
    case 'download':
    case 'data':
    case 'no-data':
      dataset.onReply(reply);
      break;
    case 'device':
      device = reply.device;
      machine.showDevice(reply.device);
      break;
    case 'progress':
      onProgress(reply);
      break;
    case 'paused':
      showPhase('paused', `Paused in epoch ${learned.progress?.epoch ?? 1} of ${learned.epochs}`);
      break;
    case 'lost':
      onLost(reply);
      break;
    case 'epoch':
      onEpoch(reply);
      break;
    case 'weights':
      inside.show(reply.weights);
      if (learned.progress) knowDrawings();
      break;
    case 'result':
      onResult(reply);
      break;
    case 'prediction':
      draw.answer(reply);
      break;
    case 'evidence':
      inside.explain(reply);
      break;
    case 'unit':
      inside.tell(reply);
      break;
    case 'cell':
      results.showCell(reply, dataset.data?.shape ?? MNIST_SHAPE);
      break;
    case 'bench-names':
      bench.offer(reply);
      break;
    case 'bench-progress':
      bench.progress(reply.progress);
      break;
    case 'bench-end':
      bench.end(reply);
      showPhase(phase, phaseText);
      break;
    case 'problem':
      onProblem(reply);
      break;
  }
}
