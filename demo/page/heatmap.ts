import { heatmapLayout, heatmapSize } from '../../src/charts.ts';
import type { Trouble } from '../protocol.ts';
import { createChart, drawPicture } from './chart.ts';
import { byId } from './dom.ts';
import { type CellGrid, matrixTable } from './matrix-table.ts';

export interface ShownMatrix {
  /** [classes, classes] */
  readonly matrix: readonly (readonly number[])[];
  /** Names of the classes: [classes]. */
  readonly labels: readonly string[];
  /** Title of the picture that is saved. */
  readonly title: string;
}

/** Height at which a window shows the heatmap whole, in pixels; where there are many classes, their cells need more. */
const WHOLE = 560;
const SMALLEST_CELL = 36;

const NOTHING: ShownMatrix = { matrix: [[0]], labels: [''], title: '' };

/** The confusion matrix as a heatmap, with the table behind it. */
export function heatmapPanel(onChoose: (label: number, predicted: number) => void) {
  const byRow = byId('by-row', HTMLInputElement);
  const diagonal = byId('diagonal', HTMLInputElement);
  const host = byId('heatmap', HTMLElement);
  let shown = NOTHING;
  let grid: CellGrid & { readonly side: number } = { left: 0, top: 0, cell: 0, side: 0 };

  const contentOf = (matrix: ShownMatrix) => ({
    kind: 'heatmap' as const,
    ...matrix,
    normalize: byRow.checked ? ('row' as const) : ('none' as const),
    includeDiagonal: diagonal.checked,
  });

  const chart = createChart({
    host,
    heightFor: (width) => {
      const { labels } = shown;
      const natural = heatmapSize(labels);
      const { side } = heatmapLayout(labels, '', natural);
      // The matrix is as large as the width and a look at it allow, with the same room above and below as at its natural size.
      const fitting = heatmapLayout(labels, '', { width, height: Number.POSITIVE_INFINITY }).side;
      const whole = Math.max(WHOLE, SMALLEST_CELL * labels.length);
      return Math.min(natural.height, fitting + natural.height - side, whole);
    },
    // The page has a heading of its own; the title is for the picture that is saved.
    content: () => contentOf({ ...shown, title: '' }),
    onDrawn: (size) => {
      grid = heatmapLayout(shown.labels, '', size);
      table.place(grid);
      // Where the system's colours replace those of the cells, the bars of colours would explain nothing.
      host.style.setProperty('--matrix-end', `${grid.left + grid.side}px`);
    },
  });
  const table = matrixTable({ onChoose, onPoint: chart.point });
  // The pointer finds each cell even where there are too many for buttons.
  const placeAt = ({ offsetX, offsetY }: MouseEvent) => {
    const row = Math.floor((offsetY - grid.top) / grid.cell);
    const column = Math.floor((offsetX - grid.left) / grid.cell);
    return shown.matrix[row]?.[column] === undefined ? null : { row, column };
  };
  host.addEventListener('click', (event) => {
    const place = placeAt(event);
    if (place) onChoose(place.row, place.column);
  });
  host.addEventListener('pointermove', (event) => chart.point(placeAt(event)));
  host.addEventListener('pointerleave', () => chart.point(null));
  for (const box of [byRow, diagonal]) box.addEventListener('change', chart.changed);

  return {
    show(matrix: ShownMatrix | undefined): void {
      shown = matrix ?? NOTHING;
      for (const id of ['matrix', 'matrix-caption']) byId(id, HTMLElement).hidden = !matrix;
      byId('matrix-empty', HTMLElement).hidden = matrix !== undefined;
      table.show(matrix?.matrix ?? [], matrix?.labels ?? []);
      if (!matrix) return;
      chart.changed();
    },
    /** The heatmap with its current settings, as a picture of its natural size; or why there is none. */
    picture(format: 'png' | 'svg'): Promise<Blob | Trouble> {
      const content = contentOf(shown);
      return drawPicture(content, heatmapSize(content.labels, content.title), format);
    },
  };
}
