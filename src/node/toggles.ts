import { readFile } from 'node:fs/promises';
import { ShadegradError } from '../errors.ts';
import { dawnLibrary } from './dawn.ts';

/** Dawn's switches by name, e.g. `skip_validation`: true turns one on, false off; the others keep Dawn's defaults. */
export type Toggles = Readonly<Record<string, boolean>>;

/**
 * Looks for the names among the strings of Dawn's library. Dawn ignores a toggle that it does not know, and who measures
 * that would measure nothing.
 *
 * @throws ShadegradError `usage` where Dawn has no such toggle
 */
export async function checkToggles(toggles: Toggles): Promise<void> {
  const names = Object.keys(toggles);
  if (names.length === 0) return;
  const library = await readFile(dawnLibrary());
  const unknown = names.find((name) => !/^\w+$/.test(name) || !library.includes(`\0${name}\0`));
  if (unknown === undefined) return;
  throw new ShadegradError(
    'usage',
    `Dawn has no toggle "${unknown}".`,
    "Use a name from Dawn's src/dawn/native/Toggles.cpp, e.g. disable_robustness or skip_validation.",
  );
}

/** What Dawn's `create` takes for these toggles. */
export function dawnFlags(toggles: Toggles): string[] {
  const names = Object.keys(toggles).sort();
  return (['enable', 'disable'] as const).flatMap((verb) => {
    const chosen = names.filter((name) => toggles[name] === (verb === 'enable'));
    return chosen.length === 0 ? [] : [`${verb}-dawn-features=${chosen.join(',')}`];
  });
}

/** As reports name them: `skip_validation`, `timestamp_quantization=off`. */
export function toggleNames(toggles: Toggles): string[] {
  return Object.keys(toggles)
    .sort()
    .map((name) => (toggles[name] ? name : `${name}=off`));
}
