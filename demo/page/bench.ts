import { type BenchProgress, type BenchReport, benchFile, type KernelResult } from '../../src/bench.ts';
import { benchHeight } from '../charts/bench.ts';
import type { PicturedReport } from '../charts/protocol.ts';
import type { BenchChoice, Reply } from '../protocol.ts';
import { benchForm } from './bench-form.ts';
import type { BenchParts } from './bench-result.ts';
import { type Chart, createChart } from './chart.ts';
import { byId, save, say } from './dom.ts';
import { duration } from './format.ts';

const NOT_LOADED =
  'The tables of the results could not be loaded. Download JSON has all figures; for tables reload the page and measure again.';

const PARTS = ['verdict', 'caption', 'figures', 'environment'] as const satisfies (keyof BenchParts)[];

export interface BenchActions {
  readonly run: (choice: BenchChoice) => void;
  readonly stop: () => void;
}

/** The benchmark: what to measure, its progress, and its results. */
export function benchPanel({ run, stop }: BenchActions) {
  const runButton = byId('bench-run', HTMLButtonElement);
  const stopButton = byId('bench-stop', HTMLButtonElement);
  const status = byId('bench-status', HTMLElement);
  const bar = byId('bench-progress', HTMLProgressElement);
  const now = byId('bench-now', HTMLElement);
  const wrong = byId('bench-wrong', HTMLElement);
  const picture = picturePanel();
  let running = false;
  let startedAt = 0;
  /** How the last benchmark ended, and why a new one cannot begin. */
  let outcome = '';
  let hindrance = '';
  let report: BenchReport | undefined;

  const form = benchForm(() => {
    const choice = running || hindrance !== '' ? undefined : form.choice();
    if (!choice) return;
    startedAt = performance.now();
    running = true;
    show(undefined);
    say(wrong, '');
    progress({ label: 'waiting for the images', done: 0, total: 1 });
    run(choice);
    showState();
    stopButton.focus();
  });
  stopButton.addEventListener('click', () => {
    status.textContent = 'Stopping';
    stop();
  });
  byId('bench-save', HTMLButtonElement).addEventListener('click', () => {
    if (report) void saveReport(report);
  });

  function showState(): void {
    runButton.hidden = running || hindrance !== '';
    stopButton.hidden = !running;
    form.lock(running);
    bar.hidden = !running;
    now.hidden = !running;
    const text = running ? 'Measuring. Leave the machine to it.' : hindrance || outcome;
    // Screen readers read this aloud whenever it is set.
    if (status.textContent !== text) status.textContent = text;
  }

  function progress({ label, done, total }: BenchProgress): void {
    bar.value = done / total;
    now.textContent = total > 1 ? `${done + 1} of ${total}: ${label}` : label;
  }

  function show(measured: BenchReport | undefined): void {
    report = measured;
    const result = byId('bench-result', HTMLElement);
    result.hidden = !measured;
    if (!measured) return;
    result.dataset.bench = measured.bench;
    void showResult(measured);
  }

  /** What few visitors see is loaded when it is asked for. */
  async function showResult(measured: BenchReport): Promise<void> {
    picture.show(measured);
    fill({});
    try {
      const { benchResult } = await import('./bench-result.ts');
      if (report === measured) fill(benchResult(measured));
    } catch {
      say(wrong, NOT_LOADED);
    }
  }

  function ended(how: string): void {
    const focused = document.activeElement === stopButton;
    running = false;
    outcome = how;
    showState();
    if (focused) runButton.focus();
  }

  return {
    get running(): boolean {
      return running;
    },
    offer: form.offer,
    /** @param why the reason that no benchmark can begin; empty where one can */
    hinder(why: string): void {
      hindrance = why;
      showState();
    },
    progress,
    end({ report: measured, problem }: Extract<Reply, { kind: 'bench-end' }>): void {
      show(measured ?? undefined);
      if (measured) ended(`Done in ${duration((performance.now() - startedAt) / 1000)}`);
      else ended(problem ? '' : 'Stopped: what is not finished has no result');
      say(wrong, problem ? `${problem.message} ${problem.nextStep}` : '');
    },
    /** Ends the benchmark, since its worker or device is gone. */
    abandon(): void {
      if (running) ended('');
    },
  };
}

/** Parts of a result by the ends of their elements' names; what is not given is emptied. */
function fill(parts: Partial<BenchParts>): void {
  for (const part of PARTS) byId(`bench-${part}`, HTMLElement).replaceChildren(...(parts[part] ?? []));
}

async function saveReport(report: BenchReport): Promise<void> {
  const json = await benchFile(report);
  save(`bench-${report.bench}.json`, new Blob([json], { type: 'application/json' }));
}

/** The picture of a report, for reports that have one. */
function picturePanel() {
  const frame = byId('bench-picture', HTMLElement);
  const host = byId('bench-chart', HTMLElement);
  let shown: PicturedReport;
  let chart: Chart | undefined;

  host.addEventListener('pointermove', ({ offsetX, offsetY }) => chart?.point({ x: offsetX, y: offsetY }));
  host.addEventListener('pointerleave', () => chart?.point(null));

  return {
    show(report: BenchReport): void {
      frame.hidden = !hasPicture(report);
      if (!hasPicture(report)) return;
      shown = report;
      host.setAttribute(
        'aria-label',
        report.bench === 'kernels'
          ? 'Roofline plot: GFLOP/s of each kernel against its operations per byte. The table has the figures.'
          : 'Images per second against what was varied. The table has the figures.',
      );
      chart ??= createChart({
        host,
        heightFor: (width) => benchHeight(shown, width),
        content: () => ({ kind: 'bench', report: shown }),
      });
      chart.changed();
    },
  };
}

/** A single point, or none, is no picture. */
function hasPicture(report: BenchReport): report is PicturedReport {
  if (report.bench === 'floor') return false;
  const results: readonly { readonly status: string }[] =
    report.bench === 'kernels' ? report.kernels.filter(hasArithmetic) : report.training;
  return results.filter(({ status }) => status === 'measured').length > 1;
}

/** The others have no place on a logarithmic scale. */
function hasArithmetic(kernel: KernelResult): boolean {
  return kernel.status === 'measured' && kernel.flops > 0;
}
