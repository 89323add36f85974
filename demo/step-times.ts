import type { DispatchesReport } from '../src/bench.ts';
import { count, counted, microseconds, percent } from './page/format.ts';
import type { State } from './state.ts';
import { stepSpeed, stepText } from './steps.ts';

/** What the dispatches of the plan that is shown took; undefined where that is not known. */
export function timesOf({
  shown,
  machine: { times },
}: Pick<State, 'shown' | 'machine'>): DispatchesReport | undefined {
  return times && times.plan === shown.plan ? times.report : undefined;
}

/** How dispatches were timed, and what their times do not say. */
export function timesText(
  { dispatches, step, environment }: DispatchesReport,
  state: Pick<State, 'shown' | 'machine' | 'adapter'>,
): string {
  const alone = dispatches.reduce((sum, { time }) => sum + time.median, 0);
  const passes = range(dispatches.map(({ time }) => time.samples));
  const repeats = range(dispatches.map(({ dispatchesPerPass }) => dispatchesPerPass));
  const isByHost = dispatches.some(({ clock }) => clock === 'wall clock');
  const speed = stepSpeed(state);
  const trained = speed
    ? ` In the training a step took ${microseconds(1e6 / speed.perSecond)}, with all that is around it.`
    : '';
  return (
    `Timed on ${environment.adapter.description}: each dispatch ${repeats} times in a pass of its own, medians of ` +
    `${passes} passes${isByHost ? ', some by the clock of the host' : ''}. Alone they come to ${microseconds(alone)}, one ` +
    `after the other to ${microseconds(step.time.median)}: alone, a dispatch finds its buffers in the caches and waits ` +
    `only for itself.${trained}`
  );
}

/** E.g. "7", "120 to 1,300". */
function range(values: readonly number[]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? count(least) : `${count(least)} to ${count(most)}`;
}

/** What the panel says of the steps, as Markdown: the sentence, the adapter, and a table of the dispatches. */
export function markdownOf(state: Pick<State, 'shown' | 'machine' | 'adapter'>): string {
  const { plan, summary, report: run } = state.shown;
  if (!plan) return '';
  const report = timesOf(state);
  const all = report?.dispatches.reduce((sum, { time }) => sum + time.median, 0) ?? 0;
  const { adapter } = run && 'history' in run ? run : { adapter: state.adapter };
  const spec = summary?.spec;
  const columns = ['', 'Kernel', 'Workgroups', 'Constants', 'Buffers', ...(report ? ['Time', 'Share'] : [])];
  const rows = plan.dispatches.map(({ kernel, workgroups, constants, bindings }, i) => {
    const time = report?.dispatches[i]?.time.median ?? 0;
    return [
      String(i + 1),
      kernel,
      workgroups.map(count).join(' x '),
      Object.entries(constants)
        .map(([name, value]) => `${name} ${value}`)
        .join(', '),
      Object.values(bindings).join(', '),
      ...(report ? [microseconds(time), percent(time / all, 0)] : []),
    ];
  });
  return [
    stepText(state),
    '',
    ...(adapter
      ? [`- Adapter: ${escaped(adapter.description)} (${adapter.software ? 'software' : 'hardware'})`]
      : []),
    `- Plan: ${plan.name}`,
    ...(spec
      ? [
          `- Network: ${[spec.inputs, ...spec.hidden, spec.classes].join('-')}, ${counted(plan.networks, 'network')} to a step`,
        ]
      : []),
    '',
    line(columns),
    line(columns.map((name) => (['', 'Time', 'Share'].includes(name) ? '--:' : '---'))),
    ...rows.map((row) => line(row.map(escaped))),
    ...(report ? ['', timesText(report, state)] : []),
    '',
  ].join('\n');
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** Text that Markdown takes for nothing but text. */
function escaped(text: string): string {
  return text.replace(/[\\|_*`<[]/g, '\\$&');
}
