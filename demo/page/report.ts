import { type ClassificationReport, formatClassificationReport } from '../../src/index.ts';
import { copyOrShow } from './copy.ts';
import { byId, make, say, scrollByKeys } from './dom.ts';

type Scores = ClassificationReport['macroAvg'];

/** The classification report as a table, to be copied as scikit-learn's text. */
export function reportPanel() {
  const table = byId('report-table', HTMLTableElement);
  const text = byId('report-text', HTMLElement);
  const copied = byId('copied', HTMLElement);
  let shown: ClassificationReport | undefined;

  scrollByKeys(text, 'Classification report as text');
  table.tHead?.replaceChildren(
    make(
      'tr',
      {},
      ...['Class', 'Precision', 'Recall', 'F1', 'Images'].map((name) => make('th', { scope: 'col' }, name)),
    ),
  );
  byId('copy', HTMLButtonElement).addEventListener('click', async () => {
    if (!shown) return;
    await copyOrShow(
      formatClassificationReport(shown),
      { said: copied, text },
      'Copied.',
      'Here is the text:',
    );
  });

  return {
    show(report: ClassificationReport | undefined): void {
      shown = report;
      byId('report', HTMLElement).hidden = !report;
      byId('report-empty', HTMLElement).hidden = report !== undefined;
      say(copied, '');
      say(text, '');
      if (!report) return;
      const { classes, accuracy, microAvg, macroAvg, weightedAvg } = report;
      table.tBodies[0]?.replaceChildren(
        ...classes.map((scores) => row(scores.name, scores)),
        accuracy === null
          ? row('Micro average', microAvg)
          : make(
              'tr',
              { class: 'total' },
              make('th', { scope: 'row' }, 'Accuracy'),
              make('td'),
              make('td'),
              make('td', {}, microAvg.f1Score.toFixed(2)),
              make('td', {}, String(microAvg.support)),
            ),
        row('Macro average', macroAvg),
        row('Weighted average', weightedAvg),
      );
    },
  };
}

function row(name: string, { precision, recall, f1Score, support }: Scores): HTMLTableRowElement {
  return make(
    'tr',
    {},
    make('th', { scope: 'row' }, name),
    ...[precision, recall, f1Score].map((share) => make('td', {}, share.toFixed(2))),
    make('td', {}, String(support)),
  );
}
