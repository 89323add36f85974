import type { BenchProgress } from '../../src/bench.ts';
import { ShadegradError } from '../../src/index.ts';
import { fetchCode } from '../fetch-code.ts';
import type { BenchChoice, Reply } from '../protocol.ts';
import { benchForm } from './bench-form.ts';
import type { ResultPanel } from './bench-result.ts';
import { byId, write } from './dom.ts';
import { duration } from './format.ts';
import { troubleBox } from './trouble.ts';

export interface BenchActions {
  /** Asks what kernels and plans there are. */
  readonly names: () => void;
  readonly run: (choice: BenchChoice) => void;
  readonly stop: () => void;
}

const STOPPED = 'Stopped: what is not finished has no result';

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
  let phase: 'idle' | 'loading' | 'measuring' | 'stopping' = 'idle';
  let startedAt = 0;
  /** How the last benchmark ended, and why a new one cannot begin. */
  let outcome = '';
  let hindrance = '';

  const form = benchForm(names, () => void begin());
  stopButton.addEventListener('click', () => {
    if (isIn('measuring')) stop();
    phase = 'stopping';
    showState();
  });

  function showState(): void {
    const running = !isIn('idle');
    runButton.hidden = running || hindrance !== '';
    stopButton.hidden = !running;
    form.lock(running);
    bar.hidden = !running;
    now.hidden = !running;
    const doing = isIn('stopping') ? 'Stopping' : 'Measuring. Leave the machine to it.';
    const text = running ? doing : hindrance || outcome;
    write(status, text);
  }

  function progress({ label, done, total }: BenchProgress): void {
    bar.value = done / total;
    now.textContent = total > 1 ? `${done + 1} of ${total}: ${label}` : label;
  }

  /** What shows results comes first: no benchmark of minutes is lost for want of it. */
  async function begin(): Promise<void> {
    const choice = isIn('idle') && hindrance === '' ? form.choice() : undefined;
    if (!choice) return;
    startedAt = performance.now();
    phase = 'loading';
    result?.hide();
    showTrouble(undefined);
    progress({ label: 'waiting for the images', done: 0, total: 1 });
    showState();
    stopButton.focus();
    try {
      const { resultPanel } = await resultCode();
      result ??= resultPanel();
    } catch (error) {
      ended('');
      if (!(error instanceof ShadegradError)) throw error;
      showTrouble(error);
      return;
    }
    if (isIn('loading') && hindrance === '') {
      phase = 'measuring';
      run(choice);
    } else {
      ended(isIn('stopping') ? STOPPED : '');
    }
  }

  const isIn = (wanted: typeof phase) => phase === wanted;

  function ended(how: string): void {
    const focused = document.activeElement === stopButton;
    phase = 'idle';
    outcome = how;
    showState();
    if (focused) runButton.focus();
  }

  return {
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
      else ended(problem ? '' : STOPPED);
      showTrouble(problem ?? undefined);
    },
    /** Ends the benchmark, since its worker or device is gone. */
    abandon(): void {
      if (!isIn('idle')) ended('');
    },
  };
}
