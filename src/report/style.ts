import { colors, type Theme } from './palette.ts';

/** Of a chart, in pixels. */
export interface ChartSize {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** What every chart of a theme has in common. Tooltips are drawn, not HTML, because names of classes may hold markup. */
export function chartStyle(theme: Theme) {
  const { background, ink, line } = colors(theme);
  return {
    backgroundColor: background,
    textStyle: { fontFamily: 'Helvetica, Arial, sans-serif', color: ink },
    animation: false,
    tooltip: {
      renderMode: 'richText',
      confine: true,
      backgroundColor: background,
      borderColor: line,
      textStyle: { color: ink },
    },
  } as const;
}

/** An upper estimate of the width of `text`; outside of pages there is no canvas to measure it with. */
export function textWidth(text: string, fontSize: number): number {
  let em = 0;
  for (const character of text) em += (character.codePointAt(0) ?? 0) < 0x1100 ? 0.64 : 1.1;
  return em * fontSize;
}

/** The text size, 16 at most, at which a bold title fits into `width` pixels. */
export function titleSize(title: string, width: number): number {
  return Math.min(16, width / textWidth(title, 1.1));
}

/** A title in the middle of a chart that is `width` pixels wide. */
export function centredTitle(title: string, width: number, color: string) {
  return {
    text: title,
    left: 'center',
    top: 12,
    padding: 0,
    textStyle: { color, fontSize: titleSize(title, width - 24) },
  } as const;
}
