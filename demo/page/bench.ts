import type { BenchProgress, BenchReport } from '../../src/bench.ts';
import { ShadegradError } from '../../src/index.ts';
import { fetchCode } from '../fetch-code.ts';
import type { BenchChoice, Reply, Trouble } from '../protocol.ts';
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

  const form = benchForm(names, () => {
    const choice = running || hindrance !== '' ? undefined : form.choice();
    if (!choice) return;
    startedAt = performance.now();
    running = true;
    result?.hide();
    showTrouble(undefined);
    // It comes while measuring. Where it does not, that is said in the end.
    resultCode().catch(() => undefined);
    progress({ label: 'waiting for the images', done: 0, total: 1 });
    run(choice);
    showState();
    stopButton.focus();
  });
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

  /** @returns why it could not be shown */
  async function show(report: BenchReport): Promise<Trouble | undefined> {
    try {
      const { resultPanel } = await resultCode();
      result ??= resultPanel();
    } catch (error) {
      if (error instanceof ShadegradError) return error;
      throw error;
    }
    result.show(report);
    return undefined;
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
    async end({ report, problem }: Extract<Reply, { kind: 'bench-end' }>): Promise<void> {
      const took = duration((performance.now() - startedAt) / 1000);
      const trouble = report ? await show(report) : (problem ?? undefined);
      if (report) ended(`Done in ${took}`);
      else ended(problem ? '' : 'Stopped: what is not finished has no result');
      showTrouble(trouble);
    },
    /** Ends the benchmark, since its worker or device is gone. */
    abandon(): void {
      if (running) ended('');
    },
  };
}
