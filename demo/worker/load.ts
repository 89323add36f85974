import {
  type AdapterReport,
  type Dataset,
  type ModelsFile,
  Network,
  namedLike,
  namesOfClasses,
  networkLimits,
  openDevice,
  populationTestReport,
  testReport,
} from '../../src/index.ts';
import type { Reply, Report, Request } from '../protocol.ts';
import type { Brain } from './brain.ts';
import { describeDevice } from './device.ts';
import type { Inside } from './inside.ts';
import { type Verdict, worstMistakes } from './inspect.ts';
import { answerOf } from './networks.ts';
import { pageVersions } from './versions.ts';

export interface LoadOptions {
  readonly request: Extract<Request, { kind: 'load' }>;
  /** What the request's bytes hold. */
  readonly file: ModelsFile;
  /** The images at hand. */
  readonly data: Dataset | undefined;
  readonly adapter: AdapterReport;
  readonly brain: Brain;
  readonly inside: Inside;
  readonly post: (reply: Reply) => void;
  /** Called with what the test images say, where they were asked. */
  readonly onVerdict: (verdict: Verdict) => void;
}

/**
 * Lets networks of a file answer for drawings, and tests them where that is wanted.
 * @throws ShadegradError as `openDevice` and `Network.create`
 */
export async function loadModel(options: LoadOptions): Promise<void> {
  const { request, file, data, adapter, brain, inside, post, onVerdict } = options;
  const { run, bytes, best, evaluate } = request;
  const { models, image } = file;
  const [first, ...others] = models;
  const { spec } = first;
  const misfit = evaluate
    ? misfitOf(file, data)
    : 'The images are not here yet, so it was not tested on them.';
  const tested = evaluate && misfit === '' && data ? namedLike(data, file.classNames) : undefined;
  const classNames = namesOfClasses({
    classes: spec.classes,
    classNames: tested?.classNames ?? file.classNames,
  });
  const { device } = await openDevice({
    requiredLimits: networkLimits(spec, tested?.test.count ?? 1, models.length),
  });
  brain.take(run, device);
  const network = await Network.create(device, models);
  brain.awake(async (pixels) => answerOf(await network.predictEach(pixels)));
  post({
    kind: 'network',
    run,
    network: {
      spec,
      image,
      traits: file.traits,
      classNames,
      seeds: models.map((_, i) => file.networks?.[i]?.seed ?? null),
    },
    device: describeDevice(device, null),
  });
  const shown = models[best ?? 0];
  if (image && shown) {
    const which = others.length > 0 ? { index: best ?? 0, of: models.length, best: best !== null } : null;
    inside.open(run, { model: shown, image, classNames, network: which });
  }
  const evaluation = tested && (await network.evaluateAll(tested.test));
  let report: Report | null = null;
  let verdict: Verdict | undefined;
  if (tested && evaluation) {
    verdict = { data: tested, evaluation: evaluation.ensemble };
    onVerdict(verdict);
    const rest = { data: tested, adapter, toggles: [], versions: pageVersions };
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
    state: null,
    stopped: false,
    notice: [misfit, ...file.assumptions.map(({ text }) => text)].filter((text) => text !== '').join(' '),
    mistakes: verdict ? worstMistakes(verdict) : [],
  });
}

/** Why a model cannot be tested on the images at hand; empty where it can. */
function misfitOf({ models: [model], image }: ModelsFile, data: Dataset | undefined): string {
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
