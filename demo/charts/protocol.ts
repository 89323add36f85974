import type { KernelsReport, TrainingReport } from '../../src/bench.ts';
import type { GhostCurves, RunningPoint } from '../../src/charts.ts';
import type { History, RateChangeRecord } from '../../src/index.ts';
import type { Trouble } from '../protocol.ts';

// What the page and the worker that draws its charts say to each other.

/** A benchmark's report that has a picture. */
export type PicturedReport = KernelsReport | TrainingReport;

/** What a chart shows. The worker makes ECharts' option from it: options hold functions, which cannot be sent. */
export type ChartContent =
  | {
      readonly kind: 'curves';
      /** Of each network. */
      readonly histories: readonly History[];
      readonly running: readonly RunningPoint[];
      /** Where the axis ends. */
      readonly epochs: number;
      readonly logLoss: boolean;
      /** Where the learning rate was changed, first to last. */
      readonly rateChanges: readonly RateChangeRecord[];
      /** Other runs' curves. */
      readonly ghosts: readonly GhostCurves[];
    }
  | {
      readonly kind: 'heatmap';
      /** [classes, classes] */
      readonly matrix: readonly (readonly number[])[];
      readonly labels: readonly string[];
      readonly normalize: 'none' | 'row';
      readonly includeDiagonal: boolean;
      readonly title: string;
    }
  | { readonly kind: 'bench'; readonly report: PicturedReport };

/** What a chart is drawn on: sizes in CSS pixels. */
export interface Ground {
  readonly width: number;
  readonly height: number;
  readonly pixelRatio: number;
  readonly theme: 'light' | 'dark';
}

/** Where the tooltip is: at a place of the chart, in CSS pixels, or at a cell of the matrix; null for none. */
export type Pointed =
  | { readonly x: number; readonly y: number }
  | { readonly row: number; readonly column: number }
  | null;

export type ChartRequest =
  | { readonly kind: 'create'; readonly chart: string; readonly canvas: OffscreenCanvas }
  | {
      readonly kind: 'draw';
      readonly chart: string;
      readonly content: ChartContent;
      readonly ground: Ground;
    }
  | { readonly kind: 'point'; readonly chart: string; readonly at: Pointed }
  | {
      readonly kind: 'picture';
      readonly id: number;
      readonly format: 'png' | 'svg';
      readonly content: ChartContent;
      readonly ground: Ground;
    };

export interface ChartReply {
  readonly kind: 'picture';
  readonly id: number;
  /** Or why there is none. */
  readonly picture: Blob | Trouble;
}
