import type { BenchProgress } from '../../src/bench.ts';
import { ShadegradError } from '../../src/index.ts';
import { fetchCode } from '../fetch-code.ts';
import type { BenchChoice, Reply } from '../protocol.ts';
import { benchForm } from './bench-form.ts';
import type { ResultPanel } from './bench-result.ts';
import { byId } from './dom.ts';
import { duration } from './format.ts';
import { troubleBox } from './trouble.ts';

export interface BenchActions {
  /** Asks what kernels and plans there are. */
  readonly names: () => void;
  readonly run: (choice: BenchChoice) => void;
  readonly stop: () => void;
}

const resultCode = () => fetchCode('The benchmark', () => import('./bench-result.ts'));

/** The benchmark: what to measure, its progress, and its results. */
export function benchPanel({ names, run, stop }: BenchActions) {
  const runButton = byId('bench-run', HTMLButtonElement);
  const stopButton = byId('bench-stop', HTMLButtonElement);
  const status = byId('bench-status', HTMLElement);
  const bar = byId('bench-progress', HTMLProgressElement);
  const now = byId('bench-now', HTMLElement);
  const showTrouble = troubleBox('bench-wrong');
  let result: ResultPanel | undefined;
  let running = false;
  let startedAt = 0;
  /** How the last benchmark ended, and why a new one cannot begin. */
  let outcome = '';
  let hindrance = '';

  const form = benchForm(names, () => void begin());
  stopButton.addEventListener('click', () => {
    status.textContent = 'Stopping';
    stop();
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

  /** What shows results comes first: no benchmark of minutes is lost for want of it. */
  async function begin(): Promise<void> {
    const choice = canBegin() ? form.choice() : undefined;
    if (!choice) return;
    showTrouble(undefined);
    try {
      const { resultPanel } = await resultCode();
      result ??= resultPanel();
    } catch (error) {
      if (!(error instanceof ShadegradError)) throw error;
      showTrouble(error);
      return;
    }
    // It may have been asked for twice, or a training may have begun.
    if (!canBegin()) return;
    startedAt = performance.now();
    running = true;
    result.hide();
    progress({ label: 'waiting for the images', done: 0, total: 1 });
    run(choice);
    showState();
    stopButton.focus();
  }

  const canBegin = () => !running && hindrance === '';

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
    end({ report, problem }: Extract<Reply, { kind: 'bench-end' }>): void {
      if (report) result?.show(report);
      if (report) ended(`Done in ${duration((performance.now() - startedAt) / 1000)}`);
      else ended(problem ? '' : 'Stopped: what is not finished has no result');
      showTrouble(problem ?? undefined);
    },
    /** Ends the benchmark, since its worker or device is gone. */
    abandon(): void {
      if (running) ended('');
    },
  };
}
