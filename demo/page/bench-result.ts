import { type BenchReport, benchFile } from '../../src/bench.ts';
import { benchHeight } from '../charts/bench.ts';
import type { PicturedReport } from '../charts/protocol.ts';
import { benchTables, environmentTable } from './bench-tables.ts';
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
      byId('bench-environment', HTMLElement).replaceChildren(environmentTable(report.environment));
      byId('bench-figures', HTMLElement).replaceChildren(...benchTables(report));
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
  const host = byId('bench-chart', HTMLElement);
  let shown: PicturedReport;
  let chart: Chart | undefined;

  host.addEventListener('pointermove', ({ offsetX, offsetY }) => chart?.point({ x: offsetX, y: offsetY }));
  host.addEventListener('pointerleave', () => chart?.point(null));

  return {
    show(report: BenchReport): void {
      host.hidden = report.bench === 'floor';
      if (report.bench === 'floor') return;
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
