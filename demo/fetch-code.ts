import { ShadegradError } from '../src/index.ts';

/**
 * Fetches code that few visitors need, once one does.
 *
 * @param what needs it, as the beginning of a sentence
 * @throws ShadegradError `io` where it does not come
 */
export async function fetchCode<Code>(what: string, load: () => Promise<Code>): Promise<Code> {
  try {
    return await load();
  } catch (error) {
    throw new ShadegradError(
      'io',
      `${what} needs a part of the page that could not be loaded.`,
      // Browsers remember that it did not come.
      'Check the network, save what you want to keep, and load the page again.',
      error,
    );
  }
}
