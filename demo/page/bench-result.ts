import { type BenchReport, benchFile, type KernelResult } from '../../src/bench.ts';
import { benchHeight } from '../charts/bench.ts';
import type { PicturedReport } from '../charts/protocol.ts';
import { benchParts } from './bench-parts.ts';
import { type Chart, createChart } from './chart.ts';
import { byId, save } from './dom.ts';

export type ResultPanel = ReturnType<typeof resultPanel>;

/** What a benchmark found: figures, their circumstances, a picture, and the report as a file. */
export function resultPanel() {
  const result = byId('bench-result', HTMLElement);
  const picture = picturePanel();
  let shown: BenchReport | undefined;

  byId('bench-save', HTMLButtonElement).addEventListener('click', () => {
    if (shown) void saveReport(shown);
  });

  return {
    show(report: BenchReport): void {
      shown = report;
      result.hidden = false;
      result.dataset.bench = report.bench;
      for (const [part, nodes] of Object.entries(benchParts(report))) {
        byId(`bench-${part}`, HTMLElement).replaceChildren(...nodes);
      }
      picture.show(report);
    },
    hide(): void {
      result.hidden = true;
    },
  };
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
