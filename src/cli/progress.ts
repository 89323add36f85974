import cliProgress from 'cli-progress';
import type { BenchProgress } from '../bench.ts';
import type { LoadProgress, Progress } from '../node.ts';
import { count, loss, percent } from './output.ts';

/** A bar on stderr that shows one kind of progress; it can be stopped, and begins anew with the next update. */
export interface ProgressBar<T> {
  update(progress: T): void;
  /** Takes the bar off the screen, so that a line can be printed. */
  stop(): void;
}

/** Undefined where stderr is no terminal that can rewrite a line. */
function progressBar<T>(
  describe: (progress: T) => { readonly share: number; readonly before: string; readonly after: string },
): ProgressBar<T> | undefined {
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

/**
 * @param networks of which the samples are one's, and the images per second all of those on the GPU
 * @param task what is trained, where that is one of several
 */
export function trainingBar(networks: number, task = ''): ProgressBar<Progress> | undefined {
  return progressBar((progress) => {
    const { epoch, epochs, samples, samplesPerEpoch, imagesPerSecond } = progress;
    const done = (epoch - 1) * samplesPerEpoch + samples;
    const all = epochs * samplesPerEpoch;
    return {
      share: done / all,
      before: `${task}Epoch ${epoch}/${epochs}`,
      after:
        `${count(imagesPerSecond)} images/s  loss ${loss(progress.loss)}  ` +
        `accuracy ${percent(progress.accuracy)}  ${duration((networks * (all - done)) / imagesPerSecond)} left`,
    };
  });
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
