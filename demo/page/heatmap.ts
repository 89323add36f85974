import { heatmapLayout, heatmapOption, heatmapSize } from '../../src/index.ts';
import { createChart } from './chart.ts';
import { byId } from './dom.ts';
import { type CellGrid, matrixTable } from './matrix-table.ts';
import { theme } from './theme.ts';

export interface ShownMatrix {
  /** [classes, classes] */
  readonly matrix: readonly (readonly number[])[];
  /** Of the picture that is saved. */
  readonly title: string;
}

/** The confusion matrix as a heatmap, with the table behind it. */
export function heatmapPanel(onChoose: (label: number, predicted: number) => void) {
  const byRow = byId('by-row', HTMLInputElement);
  const diagonal = byId('diagonal', HTMLInputElement);
  const host = byId('heatmap', HTMLElement);
  let shown: ShownMatrix | undefined;
  let grid: CellGrid = { left: 0, top: 0, cell: 0 };

  const labelsOf = (matrix: ShownMatrix['matrix']): string[] => matrix.map((_, label) => String(label));
  const settings = (matrix: ShownMatrix['matrix']) => ({
    labels: labelsOf(matrix),
    normalize: byRow.checked ? ('row' as const) : ('none' as const),
    includeDiagonal: diagonal.checked,
  });

  const chart = createChart({
    host,
    heightFor: (width) => {
      const natural = heatmapSize(labelsOf(shown?.matrix ?? []));
      return Math.min(natural.height, Math.round((width * natural.height) / natural.width));
    },
    option: ({ width, height, theme }) => {
      const matrix = shown?.matrix ?? [[0]];
      grid = heatmapLayout(labelsOf(matrix), '', { width, height });
      return heatmapOption(matrix, { ...settings(matrix), width, height, theme });
    },
    onDrawn: () => table.place(grid),
    onClick: (value) => {
      if (Array.isArray(value)) onChoose(Number(value[1]), Number(value[0]));
    },
  });
  const table = matrixTable({
    onChoose,
    onPoint(place) {
      if (!place) return chart.unpoint();
      chart.point(grid.left + (place.column + 0.5) * grid.cell, grid.top + (place.row + 0.5) * grid.cell);
    },
  });
  for (const box of [byRow, diagonal]) box.addEventListener('change', chart.changed);

  return {
    show(matrix: ShownMatrix | undefined): void {
      shown = matrix;
      for (const id of ['matrix', 'matrix-caption']) byId(id, HTMLElement).hidden = !matrix;
      byId('matrix-empty', HTMLElement).hidden = matrix !== undefined;
      if (!matrix) return;
      table.show(matrix.matrix, labelsOf(matrix.matrix));
      chart.changed();
    },
    /** The heatmap as it is set to be seen, as a picture of its natural size. */
    async picture(kind: 'png' | 'svg'): Promise<Blob | undefined> {
      if (!shown) return undefined;
      const { title, matrix } = shown;
      const { drawPng, drawSvg } = await import('./pictures.ts');
      const size = heatmapSize(labelsOf(matrix), title);
      const option = heatmapOption(matrix, { ...settings(matrix), title, theme: theme() });
      return kind === 'png' ? drawPng(option, size) : drawSvg(option, size);
    },
  };
}
