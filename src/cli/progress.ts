import cliProgress from 'cli-progress';
import type { BenchProgress } from '../bench.ts';
import type { LoadProgress, Progress } from '../node.ts';
import { count, loss, percent } from './output.ts';

/** A bar's share, 0 to 1, and the texts before and behind it. */
interface Description {
  readonly share: number;
  readonly before: string;
  readonly after: string;
}

/** Shows one kind of progress on stderr; it can be stopped, and begins anew with the next update. */
export interface ProgressBar<T> {
  update(progress: T): void;
  /** To be called before something else is printed: takes the bar off the screen. */
  stop(): void;
}

/** Undefined where stderr is no terminal that can rewrite a line. */
function progressBar<T>(describe: (progress: T) => Description): ProgressBar<T> | undefined {
  if (!process.stderr.isTTY || process.env.TERM === 'dumb') return undefined;
  let running: cliProgress.SingleBar | undefined;
  return {
    update: (progress) => {
      const { share, ...texts } = describe(progress);
      if (!running) {
        running = new cliProgress.SingleBar({
          format: (options, { progress: done }, { before, after }) =>
            `${before} [${cliProgress.Format.BarFormat(done, options)}] ${after}`,
          stream: process.stderr,
          barsize: 24,
          barCompleteChar: '#',
          barIncompleteChar: '.',
          clearOnComplete: true,
          // Lines are cut at the terminal's width, without switching its wrapping off.
          linewrap: true,
          gracefulExit: false,
        });
        running.start(1, share, texts);
      }
      running.update(share, texts);
    },
    stop: () => {
      running?.stop();
      running = undefined;
    },
  };
}

/** How long a training says nothing at most where there is no bar. */
const QUIET_MILLISECONDS = 30_000;

/**
 * A training's progress: a bar, or, where stderr is no terminal, a line where nothing was printed for half a minute.
 *
 * @param networks of which the samples are one's, and the images per second all of those on the GPU
 * @param print what prints a line
 * @param task what is trained, where that is one of several
 */
export function trainingProgress(
  networks: number,
  print: (line: string) => void,
  task = '',
): ProgressBar<Progress> {
  const describe = (progress: Progress) => describeTraining(progress, networks, task);
  return progressBar(describe) ?? progressLines(describe, print);
}

/** Label and bar are of the whole training. What matters most comes first: a narrow terminal cuts the rest off. */
export function describeTraining(progress: Progress, networks: number, task = ''): Description {
  const { epoch, epochs, samples, samplesPerEpoch, imagesPerSecond } = progress;
  const done = (epoch - 1) * samplesPerEpoch + samples;
  const all = epochs * samplesPerEpoch;
  // Never more than there is.
  const trained = (Math.floor((10 * done) / samplesPerEpoch) / 10).toFixed(1);
  return {
    share: done / all,
    before: `${task}${trained} of ${epochs} ${epochs === 1 ? 'epoch' : 'epochs'}`,
    after:
      `${duration((networks * (all - done)) / imagesPerSecond)} left  loss ${loss(progress.loss)}  ` +
      `accuracy ${percent(progress.accuracy)}  ${count(imagesPerSecond)} images/s`,
  };
}

/** @param now a clock, in milliseconds */
export function progressLines<T>(
  describe: (progress: T) => Description,
  print: (line: string) => void,
  now: () => number = () => performance.now(),
): ProgressBar<T> {
  let last = now();
  return {
    update: (progress) => {
      if (now() - last < QUIET_MILLISECONDS) return;
      last = now();
      const { share, before, after } = describe(progress);
      print(`${before} (${Math.floor(100 * share)} %)  ${after}`);
    },
    // Something else is printed.
    stop: () => {
      last = now();
    },
  };
}

export function loadingBar(): ProgressBar<LoadProgress> | undefined {
  return progressBar((progress) => {
    if ('images' in progress) {
      const { folder, images, total } = progress;
      return {
        share: images / total,
        before: `Reading ${folder}`,
        after: `${count(images)} of ${count(total)} pictures`,
      };
    }
    const { file, received, total } = progress;
    return {
      share: total === null ? 0 : received / total,
      before: `Downloading ${file}`,
      after: `${(received / 1e6).toFixed(1)} MB${total === null ? '' : ` of ${(total / 1e6).toFixed(1)} MB`}`,
    };
  });
}

export function benchBar(): ProgressBar<BenchProgress> | undefined {
  return progressBar(({ label, done, total }) => ({
    share: done / total,
    before: `${done}/${total}`,
    after: label,
  }));
}

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.ceil(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number): string => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
