import { queryOf } from './configuration.ts';
import type { State } from './state.ts';

/**
 * The address of the run that is shown, whatever the fields say by now; where none was made here, that of the fields.
 * @param page the page's address, with or without a query
 */
export function linkTo({ shown, fields }: Pick<State, 'shown' | 'fields'>, page: string): string {
  const texts = shown.origin.kind === 'trained' && shown.texts ? shown.texts : fields;
  const link = new URL(page);
  link.search = queryOf(texts).toString();
  link.hash = '';
  return link.href;
}

/** What a link does not hold, and must be said; else empty. */
export function missingIn({ shown, fields }: Pick<State, 'shown' | 'fields'>): string {
  const { origin, texts, rateChanges } = shown;
  const isRun = origin.kind === 'trained' && texts;
  if ((isRun ? texts : fields).data === 'files') return 'It holds the settings, but not your files.';
  return isRun && rateChanges.length > 0 ? 'It does not hold the change of the learning rate.' : '';
}
