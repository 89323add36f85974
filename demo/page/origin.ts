import { type Shown, testedBy } from '../shown.ts';
import { datasetText, percent } from './format.ts';

/** What a network is called: where it is from, its shape, and what it was trained on. */
export function originText(
  { origin, summary, report, progress, epochs, networks }: Shown,
  running: boolean,
): string {
  const shape = summary ? shapeOf(summary.spec.inputs, summary.spec.hidden, summary.spec.classes) : '';
  const many = networks.length > 1 ? `${networks.length} networks, ` : '';
  const on = report
    ? `, ${percent(testedBy(report).accuracy)} right on ${datasetText(report.dataset.name)}`
    : '';
  switch (origin.kind) {
    case 'shipped':
      return summary
        ? `The network that comes with this page: ${shape}${on}. Train replaces it with your own.`
        : '';
    case 'file':
      return `${origin.name}: ${many}${shape}${on}.`;
    case 'trained': {
      if (shape === '') return running ? 'A new network is on its way.' : '';
      if (running) return `In training: ${many}${shape}, epoch ${progress?.epoch ?? 1} of ${epochs}.`;
      const when = origin.at
        ? ` at ${origin.at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })}`
        : '';
      return `Trained here${when}: ${many}${shape}${on}.`;
    }
  }
}

/** E.g. "784 – 100 – 10". */
export function shapeOf(inputs: number, hidden: readonly number[], classes: number): string {
  return [inputs, ...hidden, classes].join(' – ');
}
