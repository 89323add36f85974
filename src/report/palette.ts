/** Which ground a chart is drawn on. */
export type Theme = 'light' | 'dark';

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** The colours of a chart. */
export interface Colors {
  readonly background: string;
  /** Titles and numbers. */
  readonly ink: string;
  /** Tick labels. */
  readonly muted: string;
  /** The number in an empty cell. */
  readonly faint: string;
  readonly line: string;
  /** A cell that is left out. */
  readonly blank: string;
  readonly training: string;
  readonly validation: string;
  /** The thin line of a training as it goes. */
  readonly running: string;
  /** Other runs' curves. */
  readonly ghost: string;
  /** From the least to the greatest value, evenly spaced. */
  readonly sequence: readonly string[];
  /** The same for mistakes, which must not be taken for right answers: people who see no red or green see these apart. */
  readonly mistakes: readonly string[];
}

/** The sequences of colours. */
export type Sequence = 'sequence' | 'mistakes';

const COLORS: Readonly<Record<Theme, Colors>> = {
  light: {
    background: '#ffffff',
    ink: '#1b2430',
    muted: '#4b5664',
    faint: '#5f6a79',
    line: '#d5dae1',
    blank: '#eceef1',
    training: '#1f66b0',
    validation: '#b94f08',
    running: '#4178b5',
    ghost: '#7f8894',
    sequence: ['#f4f8fd', '#d8e6f5', '#b3d0ea', '#7fb2dc', '#4a90c9', '#256cae', '#0f4a8a', '#08295a'],
    mistakes: ['#fff7f0', '#fee6ce', '#fdd0a2', '#fdae6b', '#f98634', '#e5601a', '#b94008', '#7a2a04'],
  },
  dark: {
    background: '#12171f',
    ink: '#e8edf4',
    muted: '#aeb8c6',
    faint: '#8593a6',
    line: '#333c4a',
    blank: '#232a35',
    training: '#6cb2f5',
    validation: '#f5a15d',
    running: '#4f84ba',
    ghost: '#6f7a89',
    sequence: ['#18222f', '#19334f', '#1b4a78', '#2166a3', '#3b88cb', '#69abe3'],
    mistakes: ['#1b1c20', '#38231a', '#5c3015', '#86430f', '#b55c17', '#e07d33', '#f7a866', '#ffd9b3'],
  },
};

/** Of a chart's series, for a light and a dark ground alike. */
export const SERIES_COLORS = [
  '#1f78c8',
  '#d2691e',
  '#2f9e5b',
  '#a855c8',
  '#b08a1a',
  '#d14664',
  '#1f9aa5',
  '#7d8896',
] as const;
export const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond'] as const;

export function colors(theme: Theme): Colors {
  return COLORS[theme];
}

/** The colour of `share`, 0 to 1, in a theme's sequence, interpolated in sRGB as ECharts does. */
export function sequentialColor(share: number, theme: Theme, sequence: Sequence = 'sequence'): Rgb {
  const stops = COLORS[theme][sequence];
  const position = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const below = Math.min(Math.floor(position), stops.length - 2);
  const from = parseColor(stops[below] as string);
  const to = parseColor(stops[below + 1] as string);
  const mix = (i: 0 | 1 | 2): number => Math.round(from[i] + (to[i] - from[i]) * (position - below));
  return [mix(0), mix(1), mix(2)];
}

/** White or black, whichever stands out more on `ground`: of the two, one has a contrast of 4.58 or more with any colour. */
export function textColorOn(ground: Rgb): string {
  const [light, dark] = ['#ffffff', '#000000'];
  return contrast(parseColor(light), ground) >= contrast(parseColor(dark), ground) ? light : dark;
}

/** Contrast ratio of two colours, 1 to 21, as WCAG 2.1 defines it. */
export function contrast(a: Rgb, b: Rgb): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

/** Relative luminance, 0 to 1, as WCAG 2.1 defines it. */
function luminance(color: Rgb): number {
  const [red, green, blue] = color.map((byte) => {
    const value = byte / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** A colour as `#rrggbb`, in bytes. */
export function parseColor(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [(value >> 16) & 255, (value >> 8) & 255, value & 255];
}
