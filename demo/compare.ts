import { defaults, type FieldName, queryOf, type Texts } from './configuration.ts';
import { epochsOf, type Shown, testedBy } from './shown.ts';
import type { KeptRun, State } from './state.ts';

/** A run beside others. */
export interface Compared {
  /** For the chart, where there is little room: "A", "B" and so on; undefined for the run that is shown. */
  readonly letter: string | undefined;
  /** The settings that are not the same in all runs, e.g. "learning rate 0.01, seed 2". */
  readonly differing: string;
  readonly run: Run;
  /** Trained to their end. */
  readonly epochs: number;
  /** On the test images, 0 to 1, of several networks together; null where they were not tested. */
  readonly accuracy: number | null;
  /** On the test images, in nats; null where they were not tested. */
  readonly loss: number | null;
}

type Run = Pick<KeptRun, 'texts' | 'shown'>;

/** What settings are called. The epochs that were asked for are none of them: those that were trained are. */
const NAMES: Readonly<Record<Exclude<FieldName, 'epochs'>, string>> = {
  data: 'data',
  train: 'training images',
  test: 'test images',
  hidden: 'hidden layers',
  lr: 'learning rate',
  batch: 'batch size',
  seed: 'seed',
  networks: 'networks',
  val: 'validation share',
  optimizer: 'optimizer',
  decay: 'weight decay',
  schedule: 'schedule',
  noise: 'label noise',
};
const names = Object.keys(NAMES) as (keyof typeof NAMES)[];

/** The runs that were chosen to compare, with the one that is shown before them; none where none is chosen. */
export function comparedIn({ kept, compared, shown }: State): readonly Run[] {
  const chosen = kept.filter(({ id }) => compared.includes(id));
  if (chosen.length === 0) return [];
  const others = chosen.filter((run) => !isShown(run, shown));
  const { texts, origin, networks } = shown;
  const isRun = texts && origin.kind === 'trained' && epochsOf({ networks }) > 0;
  return isRun ? [{ texts, shown }, ...others] : others;
}

/** Whether a run is the one on the page. */
export function isShown(run: Run, shown: Shown): boolean {
  return run.shown.report !== undefined && run.shown.report === shown.report;
}

/** @param shown the one on the page, which may be among the runs */
export function comparison(runs: readonly Run[], shown: Shown): readonly Compared[] {
  const differing = names.filter((name) => new Set(runs.map(({ texts }) => settingOf(texts, name))).size > 1);
  let letters = 0;
  return runs.map((run) => {
    const settings = differing.flatMap((name) => {
      const setting = settingOf(run.texts, name);
      return setting === null ? [] : [`${NAMES[name]} ${setting}`];
    });
    const { report } = run.shown;
    const tested = report && testedBy(report);
    return {
      letter: run.shown === shown || isShown(run, shown) ? undefined : String.fromCharCode(65 + letters++),
      differing: settings.join(', ') || 'the same settings',
      run,
      epochs: epochsOf(run.shown),
      accuracy: tested?.accuracy ?? null,
      loss: tested?.results.test.loss ?? null,
    };
  });
}

/** As an address has it; null where the setting means nothing to the run. */
function settingOf(texts: Texts, name: FieldName): string | null {
  const isMeaningless =
    ((name === 'train' || name === 'test') && texts.data !== 'synthetic') ||
    (name === 'decay' && texts.optimizer !== 'adamw');
  if (isMeaningless) return null;
  return (queryOf(texts).get(name) ?? defaults[name]) || 'none';
}
