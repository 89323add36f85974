import type { Colors } from './palette.ts';

/** The upright axis of a panel, with its name at the left. */
export function valueAxis(name: string, gridIndex: number, { ink, muted, line }: Colors) {
  return {
    type: 'value',
    gridIndex,
    name,
    nameLocation: 'middle',
    nameGap: 52,
    nameRotate: 90,
    nameTextStyle: { color: ink, fontSize: 13 },
    axisLabel: { color: muted, fontSize: 12, formatter: shortNumber },
    splitLine: { lineStyle: { color: line } },
  } as const;
}

/** Six characters at most, which is what there is room for. */
function shortNumber(value: number): string {
  const size = Math.abs(value);
  return size !== 0 && (size < 0.001 || size >= 100_000) ? value.toExponential() : String(value);
}
