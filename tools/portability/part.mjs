/** Why a part cannot run on this machine, in words that follow "not run: ". */
export class NotRun extends Error {}

/**
 * What a part is given.
 *
 * @typedef {object} Setting
 * @property {string} folder for what the command sets up and keeps
 * @property {string} project this clone
 * @property {string} log the file that everything prints to
 * @property {string} origin where the bundled tests (`/tests.html`, `/tests/`) and the page (`/demo/`) are served
 */

/**
 * @typedef {object} Outcome
 * @property {string} implementation with its version
 * @property {string} driver with its version
 * @property {string} compiler
 * @property {Report} report
 * @property {Epoch} [page] what the demo page's report says of an epoch of MNIST
 */

/**
 * As Vitest's JSON reporter writes it.
 *
 * @typedef {object} Report
 * @property {readonly TestFile[]} testResults
 *
 * @typedef {object} TestFile
 * @property {string} name
 * @property {string} message why the file as a whole failed, or ''
 * @property {readonly Test[]} assertionResults
 *
 * @typedef {object} Test
 * @property {string} fullName
 * @property {string} status
 * @property {number} [duration] in milliseconds
 * @property {readonly string[]} failureMessages
 * @property {Meta} meta
 *
 * @typedef {object} Meta what the tests in `tests/portability/` and `tests/support/deviation.ts` note
 * @property {{ what: string, error: number, share: number }} [deviation]
 * @property {{ plan: string, what: string, losses: readonly number[] }} [trained]
 * @property {Epoch} [epoch]
 * @property {{ description: string, features: readonly string[] }} [adapter]
 *
 * @typedef {object} Epoch
 * @property {string} plan
 * @property {number} loss
 * @property {number} testAccuracy
 */
