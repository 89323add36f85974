import type { BenchProgress } from '../../src/bench.ts';
import {
  type Dataset,
  datasetChecksum,
  decodeModels,
  epochsTrained,
  type Model,
  type ModelsFile,
  namesOfClasses,
  ShadegradError,
  withLabelNoise,
} from '../../src/index.ts';
import { fetchCode } from '../fetch-code.ts';
import { fetchPretrained } from '../pretrained.ts';
import type { AdapterSummary, Reply, Request } from '../protocol.ts';
import { createAside } from './aside.ts';
import { createBrain } from './brain.ts';
import { loadData, summary } from './data.ts';
import { describeAdapter } from './device.ts';
import { createEpochs, type Epochs } from './epochs.ts';
import { createGate, type Gate } from './gate.ts';
import { createInside } from './inside.ts';
import { cell, predictAllOnCpu, type Verdict, worstMistakes } from './inspect.ts';
import { loadModel } from './load.ts';
import { notesOf } from './notes.ts';
import { problemOf } from './problems.ts';
import { runTraining } from './run.ts';
import { createWheel, type Wheel } from './wheel.ts';

/** The page's hand on a training. */
interface Training {
  readonly controller: AbortController;
  readonly gate: Gate;
  readonly wheel: Wheel;
  /** Set where its results are no longer wanted. */
  discarded: boolean;
}

interface Shipped {
  /** The request that it was loaded for. */
  readonly run: number;
  readonly model: Model;
  /** The name of the images that it was tested on. */
  readonly dataset: string;
}

/** How long nothing is to happen before what comes with the page is asked about its test images, unless the user asks. */
const QUIET_MILLISECONDS = 1000;

/** All that the worker holds from one request to the next. */
interface Desk {
  adapter: AdapterSummary | undefined;
  data: Dataset | undefined;
  loading: { readonly controller: AbortController; readonly done: Promise<void> } | undefined;
  /** What the test images say of the networks that answer; undefined where they were not asked. */
  verdict: Verdict | undefined;
  /** The network that comes with the page while it answers. */
  shipped: Shipped | undefined;
  /** What it says to its test images, once they were asked about: once in a visit. */
  judged: Verdict['evaluation'] | undefined;
  judging: Promise<void> | undefined;
  /** Of the networks that were trained last. */
  kept: Epochs | undefined;
  training: Training | undefined;
  bench: AbortController | undefined;
  /** Trainings, loaded models and benchmarks run one after the other. */
  work: Promise<void>;
}

type Of<Kind extends Request['kind']> = Extract<Request, { kind: Kind }>;

/** Requests that what is measured beside gives way to. */
const COMES_FIRST: ReadonlySet<Request['kind']> = new Set([
  'data',
  'train',
  'load',
  'load-shipped',
  'reset',
  'bench',
]);

const benchCode = () => fetchCode('The benchmark', () => import('./bench.ts'));

/** Takes the page's requests, one after the other, and answers by `post`. */
export function createDesk(post: (reply: Reply) => void): (request: Request) => void {
  const desk: Desk = {
    adapter: undefined,
    data: undefined,
    loading: undefined,
    verdict: undefined,
    shipped: undefined,
    judged: undefined,
    judging: undefined,
    kept: undefined,
    training: undefined,
    bench: undefined,
    work: Promise.resolve(),
  };
  const brain = createBrain(post, () => desk.work);
  const inside = createInside(post, () => desk.data);
  const aside = createAside(
    post,
    adapterReport,
    () => desk.data,
    () => desk.work,
  );

  /** Queues work on the GPU. If it fails, the network is lost, but not the worker. */
  function enqueue(run: number, task: () => Promise<void>): void {
    desk.work = desk.work.then(task).catch((error: unknown) => {
      brain.close();
      post({ kind: 'problem', run, problem: problemOf(error) });
    });
  }

  /** Takes the network before off the desk. */
  function clear(): void {
    brain.close();
    inside.close();
    desk.verdict = undefined;
    desk.shipped = undefined;
    desk.kept = undefined;
  }

  async function adapterReport() {
    desk.adapter ??= await describeAdapter();
    const { limits: _, features: __, ...report } = desk.adapter;
    return report;
  }

  function load({ id, source }: Of<'data'>): void {
    desk.loading?.controller.abort();
    const controller = new AbortController();
    const { signal } = controller;
    const done = loadData(source, {
      signal,
      onArrival: (arrival) => post({ kind: 'download', id, arrival }),
    }).then(
      ({ data, notice }) => {
        if (signal.aborted) return;
        desk.data = data;
        post({ kind: 'data', id, data: summary(data), notice });
        // Now, where nobody waits for it: a training begins with it.
        notesOf(data);
        void showMistakes();
      },
      (error: unknown) => {
        if (!signal.aborted) post({ kind: 'no-data', id, problem: problemOf(error) });
      },
    );
    desk.loading = { controller, done };
  }

  function startTraining({ run, ...rest }: Of<'train'>): void {
    discardTraining();
    const postOwn = (reply: Reply) => {
      if (!mine.discarded) post(reply);
    };
    const mine: Training = {
      controller: new AbortController(),
      gate: createGate(),
      wheel: createWheel(run, postOwn),
      discarded: false,
    };
    desk.training = mine;
    enqueue(run, async () => {
      await desk.loading?.done;
      try {
        if (mine.discarded) return;
        const images = desk.data;
        if (!images)
          throw new ShadegradError(
            'usage',
            'There are no images to train on.',
            'Choose or fetch them first.',
          );
        const data = rest.labelNoise ? withLabelNoise(images, rest.labelNoise) : images;
        if (rest.from && rest.from.dataset !== (await datasetChecksum(data))) {
          postOwn({ kind: 'other-images', run });
          return;
        }
        // Networks that go on keep the epochs that they had.
        const before = rest.from ? desk.kept : undefined;
        clear();
        const kept = before ?? createEpochs(post, inside.open);
        desk.kept = kept;
        if (rest.from) kept.goOn(run, epochsTrained(rest.from));
        await runTraining({
          ...rest,
          run,
          data,
          adapter: await adapterReport(),
          brain,
          signal: mine.controller.signal,
          gate: mine.gate,
          wheel: mine.wheel,
          kept,
          discarded: () => mine.discarded,
          post: postOwn,
          onVerdict: (verdict) => {
            desk.verdict = verdict;
          },
        });
      } catch (error) {
        if (!mine.discarded) throw error;
      } finally {
        if (desk.training === mine) desk.training = undefined;
      }
    });
  }

  function discardTraining(): void {
    const { training } = desk;
    if (!training) return;
    training.discarded = true;
    training.controller.abort();
    training.gate.open();
  }

  function reset(): void {
    discardTraining();
    desk.work = desk.work.then(clear);
  }

  /** A file that is no model changes nothing: the current network goes only when the new one has been read. */
  function startLoading(request: Of<'load'>): void {
    const { run, evaluate } = request;
    let file: ModelsFile;
    try {
      file = decodeModels(request.bytes);
    } catch (error) {
      post({ kind: 'problem', run, problem: problemOf(error) });
      return;
    }
    discardTraining();
    enqueue(run, async () => {
      if (evaluate) await desk.loading?.done;
      const adapter = await adapterReport();
      clear();
      const onVerdict = (verdict: Verdict) => {
        desk.verdict = verdict;
      };
      await loadModel({ request, file, data: desk.data, adapter, brain, inside, post, onVerdict });
    });
  }

  /** Where it cannot be had, the page goes without. */
  function loadShipped({ run }: Of<'load-shipped'>): void {
    enqueue(run, async () => {
      const fetched = await fetchPretrained().catch((error: unknown) => {
        post({ kind: 'no-shipped', run, problem: problemOf(error) });
      });
      if (!fetched) return;
      const { file, bytes, report } = fetched;
      const { models, image, traits, classNames } = file;
      const [model] = models;
      clear();
      brain.awakeOnCpu(models);
      desk.shipped = { run, model, dataset: report.dataset.name };
      const names = namesOfClasses({ classes: model.spec.classes, classNames });
      const network = { spec: model.spec, image, traits, classNames: names, seeds: [null] };
      post({ kind: 'network', run, network, device: null });
      if (image) inside.open(run, { model, image, classNames: names, network: null });
      post({
        kind: 'result',
        run,
        report,
        files: { model: bytes, models: null, best: null },
        state: null,
        stopped: false,
        notice: '',
        mistakes: [],
      });
      void showMistakes();
    });
  }

  /**
   * Has the network that comes with the page asked about its test images, in the pauses of all else, if these are here. That
   * takes about 0.7 s of a processor, once.
   */
  async function judge(): Promise<void> {
    const { data, shipped } = desk;
    if (desk.verdict || !shipped || data?.name !== shipped.dataset) return;
    // Meanwhile another network may answer, or other images be here.
    const isWanted = () => desk.shipped === shipped && desk.data === data;
    const goesOn = async () => {
      await new Promise((resolve) => setTimeout(resolve));
      // A training or a benchmark that was asked for comes first.
      await desk.work;
      return isWanted();
    };
    // What was begun for a network or images before these may have been given up.
    while (!desk.judged && isWanted()) {
      desk.judging ??= predictAllOnCpu(shipped.model, data.test, goesOn).then((evaluation) => {
        desk.judging = undefined;
        desk.judged = evaluation ?? undefined;
      });
      await desk.judging;
    }
    if (desk.judged && isWanted()) desk.verdict = { data, evaluation: desk.judged };
  }

  /** Shows the worst mistakes of the network that comes with the page, once nothing else is to be done. */
  async function showMistakes(): Promise<void> {
    const { data, shipped } = desk;
    if (!data || !shipped) return;
    await new Promise((resolve) => setTimeout(resolve, QUIET_MILLISECONDS));
    if (desk.shipped !== shipped || desk.data !== data) return;
    await judge();
    if (desk.shipped !== shipped || desk.verdict?.data !== data) return;
    post({ kind: 'mistakes', run: shipped.run, mistakes: worstMistakes(desk.verdict) });
  }

  async function showCell({ label, predicted }: Of<'cell'>): Promise<void> {
    await judge();
    const verdict = desk.kept?.verdict ?? desk.verdict;
    const found = verdict ? cell(label, predicted, verdict) : { total: null, images: [] };
    post({ kind: 'cell', label, predicted, ...found });
  }

  function startBench({ choice }: Of<'bench'>): void {
    const controller = new AbortController();
    const { signal } = controller;
    desk.bench = controller;
    enqueue(0, async () => {
      const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      // Waits for images: drawing or fetching them would keep the thread from measuring.
      await Promise.race([desk.loading?.done, stopped]);
      try {
        const onProgress = (progress: BenchProgress) => post({ kind: 'bench-progress', progress });
        onProgress({ label: 'opening a device', done: 0, total: 1 });
        const { measure } = await benchCode();
        const report = await measure(choice, await adapterReport(), { signal, onProgress });
        post({ kind: 'bench-end', report, problem: null });
      } catch (error) {
        if (!(error instanceof ShadegradError) || !/^(usage|io)$/.test(error.code)) throw error;
        post({ kind: 'bench-end', report: null, problem: problemOf(error) });
      }
    });
  }

  /** Where they do not come, starting the benchmark says so. */
  async function nameBench(): Promise<void> {
    const code = await benchCode().catch(() => undefined);
    if (code) post({ kind: 'bench-names', ...code.benchNames() });
  }

  const handle = (request: Request) => {
    if (COMES_FIRST.has(request.kind)) aside.stop();
    switch (request.kind) {
      case 'data':
        return load(request);
      case 'train':
        return startTraining(request);
      case 'pause':
        return desk.training?.gate.close();
      case 'resume':
        return desk.training?.gate.open();
      case 'stop':
        desk.training?.controller.abort();
        return desk.training?.gate.open();
      case 'step':
        return desk.training?.gate.step();
      case 'pace':
        return desk.training?.gate.slow(request.pace === 'slow');
      case 'rate':
        return desk.training?.wheel.turn(request.learningRate);
      case 'epoch-view':
        return desk.kept?.view(request.run, request.epoch);
      case 'reset':
        return reset();
      case 'load-shipped':
        return loadShipped(request);
      case 'load':
        return startLoading(request);
      case 'predict':
        return void brain.predict(request.pixels);
      case 'evidence':
        return inside.explain(request.pixels);
      case 'unit':
        return void inside.study(request);
      case 'bench-names':
        return void nameBench();
      case 'bench':
        return startBench(request);
      case 'stop-bench':
        return desk.bench?.abort();
      case 'cell':
        return void showCell(request);
      case 'floor':
        return aside.floor(request.step);
      case 'time-dispatches':
        return aside.time(request.training);
      case 'stop-timing':
        return aside.stop();
    }
  };

  adapterReport().then(
    () => {
      if (desk.adapter) post({ kind: 'adapter', adapter: desk.adapter });
    },
    (error: unknown) => post({ kind: 'problem', run: 0, problem: problemOf(error) }),
  );
  return handle;
}
